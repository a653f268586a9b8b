//! The front proxy that is believed now, swapped while requests go on.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::front_proxy::{CONFIG_MAP, Distrust, FrontProxy, Identity, NAMESPACE};

/// How long the outcome of a check is believed: a certificate may expire on a connection
/// that lives for days.
const RECHECK: Duration = Duration::from_secs(60);

/// Who is believed. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Trust(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    /// Counts changes, so that connections notice them.
    number: u64,
    front_proxy: Option<Arc<FrontProxy>>,
    /// The JSON that it was read from; a list names it again and again.
    source: String,
    /// Why there is none, as it was last told.
    missing: Option<&'static str>,
}

/// The chain that a client has shown, and what became of it.
#[derive(Debug, Default)]
pub struct Peer {
    chain: Vec<CertificateDer<'static>>,
    checked: Mutex<Option<Checked>>,
}

#[derive(Debug, Clone)]
struct Checked {
    number: u64,
    at: Instant,
    outcome: Result<(), Distrust>,
}

impl Trust {
    /// Believes the front proxy that the ConfigMap tells of. When it cannot be used, nobody
    /// is believed: what was there before is no longer what the cluster says.
    pub fn set(&self, json: &str) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.source == json {
            return;
        }
        state.number += 1;
        state.missing = None;
        json.clone_into(&mut state.source);
        state.front_proxy = match FrontProxy::of(json) {
            Ok(front_proxy) => {
                tracing::info!("front proxy taken from ConfigMap {NAMESPACE}/{CONFIG_MAP}");
                Some(Arc::new(front_proxy))
            }
            Err(error) => {
                tracing::error!(
                    %error,
                    "ConfigMap {NAMESPACE}/{CONFIG_MAP} cannot be used: every request is refused"
                );
                None
            }
        };
    }

    /// Believes nobody any more, for the ConfigMap `is_missing`.
    pub fn drop_all(&self, is_missing: &'static str) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // A right that is missing is found missing again and again.
        if state.missing != Some(is_missing) {
            tracing::error!(
                "ConfigMap {NAMESPACE}/{CONFIG_MAP} {is_missing}: every request is refused"
            );
        }
        let (number, missing) = (state.number + 1, Some(is_missing));
        *state = State { number, missing, ..State::default() };
    }

    /// Whether there is a front proxy to believe.
    pub fn is_known(&self) -> bool {
        self.current().1.is_some()
    }

    /// Who asks over a connection of `peer` with these headers.
    ///
    /// # Errors
    /// When it is not the front proxy who says so.
    pub fn identify(&self, peer: &Peer, headers: &HeaderMap) -> Result<Identity, Distrust> {
        let (number, front_proxy) = self.current();
        let front_proxy = front_proxy.ok_or(Distrust::NotConfigured)?;
        peer.check(number, &front_proxy)?;
        front_proxy.identity(headers)
    }

    fn current(&self) -> (u64, Option<Arc<FrontProxy>>) {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (state.number, state.front_proxy.clone())
    }
}

impl Peer {
    /// A client that has shown this chain in its handshake.
    pub fn new(chain: Vec<CertificateDer<'static>>) -> Self {
        Self { chain, checked: Mutex::default() }
    }

    /// Checks the chain, or remembers how it came out a moment ago.
    fn check(&self, number: u64, front_proxy: &FrontProxy) -> Result<(), Distrust> {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*checked {
            Some(known) if known.number == number && known.at.elapsed() < RECHECK => {
                known.outcome.clone()
            }
            _ => {
                let outcome = front_proxy.check(&self.chain, UnixTime::now());
                let at = Instant::now();
                *checked = Some(Checked { number, at, outcome: outcome.clone() });
                outcome
            }
        }
    }
}
