//! `/livez`, `/readyz`, and what the log says of readiness and stale data.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::front_proxy::TrustStore;
use super::state::{Freshness, MetricsState};
use crate::metrics_api::Response;
use oppscale_cluster::Heartbeat;

/// Interval between checks for the log.
const LOG_INTERVAL: Duration = Duration::from_secs(1);
/// Time after which the log says what the server waits for; then after twice as long, and so on.
const FIRST_NOTICE: Duration = Duration::from_secs(5);

/// Reports whether the server is ready. Clones share it.
///
/// The server is ready once nodes, pods, workloads and the ConfigMap have been listed, and stays
/// ready until it shuts down: if an outage of the API server made every replica unready, the API
/// group would be unavailable, and that blocks namespace deletion.
#[derive(Debug, Clone)]
pub(super) struct HealthReporter {
    state: MetricsState,
    /// Trusted front proxy; `None` if no API is served.
    trust: Option<TrustStore>,
    was_ready: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
    /// Heartbeats of all tasks, once they have started.
    heartbeats: Arc<OnceLock<Vec<Heartbeat>>>,
}

impl HealthReporter {
    pub(super) fn new(state: MetricsState, trust: Option<TrustStore>) -> Self {
        Self {
            state,
            trust,
            was_ready: Arc::default(),
            stopping: Arc::default(),
            heartbeats: Arc::default(),
        }
    }

    /// Marks the server as shutting down, so that `/readyz` fails.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Makes `/livez` depend on these tasks.
    pub(super) fn monitor(&self, heartbeats: Vec<Heartbeat>) {
        // They are known once.
        let _ = self.heartbeats.set(heartbeats);
    }

    /// Why a task is not alive; `None` if all are. It takes no lock, which a task that is not
    /// alive may hold.
    fn problem(&self) -> Option<String> {
        self.heartbeats.get()?.iter().find_map(Heartbeat::problem)
    }

    /// Why the server is not ready; `None` if it is.
    pub(super) fn unready(&self) -> Option<String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        if self.was_ready.load(Ordering::Relaxed) {
            return None;
        }
        match self.state.freshness() {
            Freshness::Starting(why) | Freshness::Stale(why, None) => return Some(why),
            Freshness::Fresh(_) | Freshness::Stale(_, Some(_)) => {}
        }
        if self.trust.as_ref().is_some_and(|trust| !trust.is_known()) {
            return Some("the front proxy's ConfigMap has not been listed yet".to_owned());
        }
        if !self.was_ready.swap(true, Ordering::Relaxed) {
            tracing::info!("ready");
        }
        None
    }

    /// Logs when the server becomes ready, and when the data becomes stale or fresh again.
    pub(super) async fn log_changes(self) {
        let mut was_stale = false;
        let (start, mut notice) = (Instant::now(), FIRST_NOTICE);
        loop {
            // Logs readiness, too.
            let unready = self.unready();
            if let Some(why) = unready.filter(|_| start.elapsed() >= notice) {
                notice *= 2;
                tracing::warn!("not ready yet: {why}");
            }
            match self.state.freshness() {
                Freshness::Stale(reason, _) if !was_stale => {
                    was_stale = true;
                    tracing::error!(reason = "Stale", "the data is stale: {reason}");
                }
                Freshness::Fresh(_) if was_stale => {
                    was_stale = false;
                    tracing::info!(reason = "Fresh", "the data is fresh again");
                }
                _ => {}
            }
            tokio::time::sleep(LOG_INTERVAL).await;
        }
    }

    /// Whether `path` is a probe's.
    pub(super) fn is_probe(path: &str) -> bool {
        matches!(path, "/livez" | "/healthz" | "/readyz")
    }

    /// The response to a probe; `None` if `path` is not a probe's.
    pub(super) fn response(&self, path: &str) -> Option<Response> {
        const TEXT: &str = "text/plain; charset=utf-8";
        match path {
            "/livez" | "/healthz" => Some(match self.problem() {
                None => Response::text(200, TEXT, "ok\n"),
                Some(why) => Response::text(503, TEXT, format!("not alive: {why}\n")),
            }),
            "/readyz" => Some(match self.unready() {
                None => Response::text(200, TEXT, "ok\n"),
                Some(why) => Response::text(503, TEXT, format!("not ready: {why}\n")),
            }),
            _ => None,
        }
    }
}
