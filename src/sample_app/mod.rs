//! The article's sample application: paid work that counts its requests.
//!
//! It answers every path with its name and how many requests it has served, and tells
//! Prometheus the same as `http_requests_total`, by which an HPA scales it. Rendered by
//! `render-hpa --workload sample-app`, asked by `oppscale load`.

mod answers;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::open_files;
use crate::serve::listener::Port;
use answers::Answers;

/// Open connections at once. A load that outruns the application opens one for each request
/// that waits; a connection without TLS takes some kilobytes.
const CONNECTIONS: usize = 8192;

/// The application, answering.
pub struct SampleApp {
    address: SocketAddr,
    answers: Arc<Answers>,
    stop: watch::Sender<bool>,
    port: JoinHandle<()>,
}

impl SampleApp {
    /// Opens the port, `address` or every address at `port`, and answers as `name`.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn start(name: String, address: Option<SocketAddr>, port: u16) -> io::Result<Self> {
        let limit = open_files::connections(1, CONNECTIONS);
        let port = match address {
            Some(address) => Port::open(address, None, limit).await?,
            None => Port::open_all(port, None, limit).await?,
        };
        let address = port.address()?;
        let answers = Arc::new(Answers::new(name));
        let (stop, stopped) = watch::channel(false);
        let port = tokio::spawn(port.serve(Arc::clone(&answers), stopped));
        Ok(Self { address, answers, stop, port })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends in order: unready for `delay`, so that nobody is sent here any more, then the
    /// port closes and requests that came are answered, for `patience` at most.
    pub async fn stop(self, delay: Duration, patience: Duration) {
        self.answers.stop();
        tracing::info!(?delay, "stopping: not ready any more");
        tokio::time::sleep(delay).await;
        self.stop.send_replace(true);
        match tokio::time::timeout(patience, self.port).await {
            Ok(_) => tracing::info!(requests = self.answers.count(), "stopped"),
            Err(_) => tracing::warn!("stopped; some connections were still at work"),
        }
    }
}
