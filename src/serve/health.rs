//! `/livez` and `/readyz`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::board::{Board, Sight};
use super::trust::Trust;
use crate::metrics_api::Answer;

/// Whether requests should come here. Clones are the same.
///
/// Ready once nodes, pods, workloads and the ConfigMap have been read, and from then on
/// until the end: an outage of the API server that took every replica out of its Service
/// would take the whole API group with it, and that blocks namespace deletion.
#[derive(Debug, Clone)]
pub(super) struct Health {
    board: Board,
    /// `None` where no API is served.
    trust: Option<Trust>,
    was_ready: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
}

impl Health {
    pub(super) fn new(board: Board, trust: Option<Trust>) -> Self {
        Self { board, trust, was_ready: Arc::default(), stopping: Arc::default() }
    }

    /// The end has come: no more requests, please.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Why not ready, if so.
    pub(super) fn unready(&self) -> Option<String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        if self.was_ready.load(Ordering::Relaxed) {
            return None;
        }
        match self.board.sight() {
            Sight::Starting(why) | Sight::Blind(why, None) => return Some(why),
            Sight::Clear(_) | Sight::Blind(_, Some(_)) => {}
        }
        if self.trust.as_ref().is_some_and(|trust| !trust.is_known()) {
            return Some("the front proxy's ConfigMap has not been read yet".to_owned());
        }
        if !self.was_ready.swap(true, Ordering::Relaxed) {
            tracing::info!("ready");
        }
        None
    }

    /// The answer to a probe; `None` when `path` is none.
    pub(super) fn answer(&self, path: &str) -> Option<Answer> {
        const TEXT: &str = "text/plain; charset=utf-8";
        match path {
            "/livez" | "/healthz" => Some(Answer::text(200, TEXT, "ok\n")),
            "/readyz" => Some(match self.unready() {
                None => Answer::text(200, TEXT, "ok\n"),
                Some(why) => Answer::text(503, TEXT, format!("not ready: {why}\n")),
            }),
            _ => None,
        }
    }
}
