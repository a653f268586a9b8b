//! The article's sample application: paid work that counts its requests.
//!
//! It answers every path with its name and its number of requests, and exports that number as
//! `http_requests_total`, by which an HPA scales it. `render-hpa --workload sample-app` renders
//! it, `oppscale load` sends it requests.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::exposition::{Family, Format};
use crate::http_port::{Answered, Handler, OpenPorts, Port, accept, answer};
use crate::open_files;
use oppscale_cluster::Heartbeat;

/// Open connections at once. A load that outruns the application opens one for each request
/// that waits; a connection without TLS takes some kilobytes.
const CONNECTIONS: usize = 8192;

/// The running application.
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
        ports.serve(Heartbeat::new("the port"), port, Arc::clone(&answers));
        Ok(Self { address, answers, ports })
    }

    /// Address of the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends in order: unready for `delay`, so that load balancers stop sending requests, then the
    /// port closes and requests that came are answered, for `timeout` at most.
    pub async fn stop(self, delay: Duration, timeout: Duration) {
        let Self { answers, ports, .. } = self;
        ports.stop(|| answers.stop(), delay, timeout).await;
        tracing::info!(requests = answers.count(), "requests were answered");
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// The responses of the application, and what it counts.
struct Answers {
    name: String,
    /// Answered requests, without probes and scrapes.
    requests: AtomicU64,
    stopping: AtomicBool,
    started: OffsetDateTime,
}

impl Answers {
    fn new(name: String) -> Self {
        Self {
            name,
            requests: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            started: OffsetDateTime::now_utc(),
        }
    }

    /// Makes `/readyz` fail.
    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn metrics(&self, format: Format) -> String {
        let requests = Family::counter("http_requests_total", "Requests that were answered.");
        let mut build = Family::gauge("oppscale_build_info", "1, with the version as a label.");
        build.add(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        let help = "When the process started.";
        let start = Family::gauge("process_start_time_seconds", help).unit("seconds");
        format.write(&[
            requests.with(self.count()),
            build,
            start.with(self.started.unix_timestamp()),
        ])
    }
}

impl Handler for Answers {
    type Peer = ();

    fn peer(&self, _: Vec<CertificateDer<'static>>) {}

    fn is_quick(&self, _: &Request<Incoming>) -> bool {
        true
    }

    fn handle(&self, (): &(), request: Request<Incoming>, _: Instant) -> Answered {
        let response = match request.uri().path() {
            "/livez" | "/healthz" => answer(StatusCode::OK, TEXT, "ok\n"),
            "/readyz" if self.stopping.load(Ordering::Relaxed) => {
                answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not ready: stopping\n")
            }
            "/readyz" => answer(StatusCode::OK, TEXT, "ok\n"),
            "/metrics" => {
                let format = Format::of(&accept(request.headers()));
                answer(StatusCode::OK, format.content_type(), self.metrics(format))
            }
            // The article's words, and as there every path and method is a request.
            _ => {
                let count = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
                let text = format!(
                    "Hello! My name is {}. I have served {count} requests so far.\n",
                    self.name
                );
                answer(StatusCode::OK, TEXT, text)
            }
        };
        response.into()
    }
}
