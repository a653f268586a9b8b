//! The port of the metrics API, which answers only the front proxy and probes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};
use rustls::pki_types::CertificateDer;

use super::front_proxy::{AuthError, Peer, TrustStore};
use super::health::HealthReporter;
use super::prometheus::Exporter;
use super::state::MetricsState;
use crate::http_port::{self, Answered, Body, Handler, accept};
use crate::metrics_api::{Answer, Api, CUSTOM, EXTERNAL, Refusal, Request as ApiRequest};

/// Interval between log lines about rejected requests, of which there may be thousands a second.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct ApiPort {
    pub(super) api: Api,
    pub(super) state: MetricsState,
    pub(super) trust: TrustStore,
    pub(super) health: HealthReporter,
    pub(super) exporter: Arc<Exporter>,
    pub(super) rejections: RejectionLog,
}

/// Time of the last log line about rejected requests, and their number since.
#[derive(Debug, Default)]
pub(super) struct RejectionLog(Mutex<(Option<Instant>, u64)>);

impl Handler for ApiPort {
    type Peer = Peer;

    fn peer(&self, chain: Vec<CertificateDer<'static>>) -> Peer {
        Peer::new(chain)
    }

    fn handle(&self, peer: &Peer, request: Request<Incoming>) -> Answered {
        let start = Instant::now();
        let path = request.uri().path();
        if let Some(answer) = self.health.answer(path) {
            return respond(answer).into();
        }
        let (answer, is_trusted) = match self.trust.identify(peer, request.headers()) {
            Err(error) => {
                self.rejections.add(&error);
                (Refusal::unauthorized(format!("oppscale: {error}")).answer(), false)
            }
            Ok(identity) => {
                let accept = accept(request.headers());
                let query = request.uri().query();
                let asked = ApiRequest::new(request.method().as_str(), path, query, &accept);
                let answer = self.api.answer(&asked, &self.state);
                tracing::debug!(
                    user = identity.user,
                    groups = identity.groups.join(","),
                    path,
                    query,
                    status = answer.status,
                    "answered"
                );
                (answer, true)
            }
        };
        self.exporter.requests.add(group_of(path), answer.status, start.elapsed());
        Answered { response: respond(answer), is_trusted }
    }
}

/// The group of a path as a label: few values, whatever the path.
fn group_of(path: &str) -> &'static str {
    match path.strip_prefix("/apis/").and_then(|rest| rest.split('/').next()) {
        Some(CUSTOM) => CUSTOM,
        Some(EXTERNAL) => EXTERNAL,
        _ if path == "/apis" || path.starts_with("/openapi/") => "discovery",
        _ => "other",
    }
}

pub(super) fn respond(answer: Answer) -> Response<Body> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = http_port::answer(status, answer.content_type, answer.body);
    if answer.status == 401 {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Mutual"));
    }
    response
}

impl RejectionLog {
    fn add(&self, error: &AuthError) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, since) = &mut *state;
        *since += 1;
        if last.is_none_or(|last| last.elapsed() >= LOG_INTERVAL) {
            tracing::warn!(requests = *since, "rejected (401): {error}");
            (*last, *since) = (Some(Instant::now()), 0);
        }
    }
}
