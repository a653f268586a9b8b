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

use crate::http_port::{OpenPorts, Port};
use crate::open_files;
use answers::Answers;

/// Open connections at once. A load that outruns the application opens one for each request
/// that waits; a connection without TLS takes some kilobytes.
const CONNECTIONS: usize = 8192;

/// The application, answering.
pub struct SampleApp {
    address: SocketAddr,
    answers: Arc<Answers>,
    ports: OpenPorts,
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
        let mut ports = OpenPorts::new();
        ports.serve(port, Arc::clone(&answers));
        Ok(Self { address, answers, ports })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends in order: unready for `delay`, so that nobody is sent here any more, then the
    /// port closes and requests that came are answered, for `patience` at most.
    pub async fn stop(self, delay: Duration, patience: Duration) {
        let Self { answers, ports, .. } = self;
        ports.end(|| answers.stop(), delay, patience).await;
        tracing::info!(requests = answers.count(), "requests were answered");
    }
}
