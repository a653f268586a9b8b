//! Ports that are served, and their end in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::listener::{Handler, Port};

/// Ports that answer until they are all ended.
pub(crate) struct OpenPorts {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl OpenPorts {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { stop: watch::Sender::new(false), tasks: Vec::new() }
    }

    /// Becomes true when the ports close.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Serves one more.
    pub(crate) fn serve(&mut self, port: Port, handler: Arc<impl Handler>) {
        self.tasks.push(tokio::spawn(port.serve(handler, self.stopped())));
    }

    /// Ends in order: who is `unready` is sent nobody any more after `delay`; then the ports
    /// close, and requests that came are answered. Gives up after `patience`.
    pub(crate) async fn end(self, unready: impl FnOnce(), delay: Duration, patience: Duration) {
        unready();
        tracing::info!(?delay, "stopping: not ready any more");
        tokio::time::sleep(delay).await;
        self.stop.send_replace(true);
        let all = async {
            for task in self.tasks {
                // A port that panicked has ended, too.
                let _ = task.await;
            }
        };
        match tokio::time::timeout(patience, all).await {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!("stopped; some connections were still at work"),
        }
    }
}
