//! Who we are to an API server, and finding that out anew when it no longer knows us.
//!
//! The client library renews tokens that say when they expire, and token files now and then.
//! What a credential plugin gives without a time, or as a certificate, holds until the server
//! answers with 401; it is then asked for again, and the kubeconfig read again.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::StatusCode;
use http::{Request, Response};
use kube::Client;
use kube::client::Body;

use super::connect::ConnectOptions;
use super::error::ClusterError;
use super::transport;

/// Credentials that are younger are those that there are.
const YOUNG: Duration = Duration::from_secs(1);

/// A client with the credentials of the last time; clones are the same one.
#[derive(Clone)]
pub(super) struct Access(Arc<Shared>);

struct Shared {
    held: RwLock<Held>,
    /// Held by who renews, while others wait.
    renewing: tokio::sync::Mutex<()>,
    options: ConnectOptions,
    server: String,
}

#[derive(Clone)]
struct Held {
    client: Client,
    since: Instant,
}

impl Access {
    /// Access to `server` by `client`, which `options` have led to.
    pub(super) fn new(client: Client, options: ConnectOptions, server: String) -> Self {
        let held = RwLock::new(Held { client, since: Instant::now() });
        Self(Arc::new(Shared { held, renewing: tokio::sync::Mutex::default(), options, server }))
    }

    /// Sends a request. Where it fails for who we are, the next one is sent with the
    /// credentials of now.
    ///
    /// # Errors
    /// When no answer comes.
    pub(super) async fn send(
        &self,
        action: &str,
        request: Request<Body>,
    ) -> Result<Response<Body>, ClusterError> {
        let Held { client, since } = self.held();
        let sent = client.send(request).await;
        let sent = sent.map_err(|error| transport::transport(action, &self.0.server, &error));
        let is_stranger = match &sent {
            Ok(response) => response.status() == StatusCode::UNAUTHORIZED,
            Err(error) => matches!(
                error,
                ClusterError::Credentials(_)
                    | ClusterError::Certificate { .. }
                    | ClusterError::Tls { .. }
            ),
        };
        if is_stranger && let Err(error) = self.renew(since).await {
            // It knows best why: the plugin was not left to talk to the terminal.
            return Err(error);
        }
        sent
    }

    /// Takes another client, unless that of `since` was replaced meanwhile or is new.
    async fn renew(&self, since: Instant) -> Result<(), ClusterError> {
        let Shared { renewing, options, server, .. } = &*self.0;
        let _guard = renewing.lock().await;
        let held = self.held();
        if held.since != since || since.elapsed() < YOUNG {
            return Ok(());
        }
        tracing::info!("asking for credentials again");
        let renewed = options.client_again(server).await;
        // Also after a failure it is not tried again at once.
        let client = renewed.as_ref().map_or(held.client, Clone::clone);
        let held = Held { client, since: Instant::now() };
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = held;
        renewed.map(drop)
    }

    fn held(&self) -> Held {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
