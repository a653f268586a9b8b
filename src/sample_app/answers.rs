//! What the sample application answers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::exposition::{Family, Format};
use crate::http_port::{Answered, Handler, accept, answer};

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) struct Answers {
    name: String,
    /// Requests that were answered; probes and scrapes are none.
    requests: AtomicU64,
    stopping: AtomicBool,
    started: OffsetDateTime,
}

impl Answers {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            requests: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            started: OffsetDateTime::now_utc(),
        }
    }

    /// No more requests, please.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
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

    fn handle(&self, (): &(), request: Request<Incoming>) -> Answered {
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
