//! The port of the metrics API, for the front proxy and probes only.

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
use crate::metrics_api::{self, Api, CUSTOM, EXTERNAL, StatusError};

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

    fn is_quick(&self, request: &Request<Incoming>) -> bool {
        HealthReporter::is_probe(request.uri().path())
    }

    fn handle(&self, peer: &Peer, request: Request<Incoming>, arrival: Instant) -> Answered {
        let path = request.uri().path();
        if let Some(response) = self.health.response(path) {
            return into_http(response).into();
        }
        let (response, is_trusted) = match self.trust.identify(peer, request.headers()) {
            Err(error) => {
                self.rejections.add(&error);
                (StatusError::unauthorized(format!("oppscale: {error}")).response(), false)
            }
            Ok(identity) => {
                let accept = accept(request.headers());
                let query = request.uri().query();
                let method = request.method().as_str();
                let request = metrics_api::Request::new(method, path, query, &accept);
                let response = self.api.respond(&request, &self.state);
                tracing::debug!(
                    user = identity.user,
                    groups = identity.groups.join(","),
                    path,
                    query,
                    status = response.status,
                    "answered"
                );
                (response, true)
            }
        };
        self.exporter.requests.add(group_of(path), response.status, arrival.elapsed());
        Answered { response: into_http(response), is_trusted }
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

pub(super) fn into_http(response: metrics_api::Response) -> Response<Body> {
    let code = response.status;
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = http_port::answer(status, response.content_type, response.body);
    if code == 401 {
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
