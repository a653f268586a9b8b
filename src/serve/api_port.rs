//! The port of the metrics API: only the front proxy is answered, and probes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};
use rustls::pki_types::CertificateDer;

use super::board::Board;
use super::front_proxy::Distrust;
use super::health::Health;
use super::prometheus::Exporter;
use super::trust::{Peer, Trust};
use crate::http_port::{self, Answered, Body, Handler, accept};
use crate::metrics_api::{Answer, Api, CUSTOM, EXTERNAL, Refusal, Request as ApiRequest};

/// How often a refusal is logged. Whoever is refused may ask a thousand times a second.
const SELDOM: Duration = Duration::from_secs(10);

pub(super) struct ApiPort {
    pub(super) api: Api,
    pub(super) board: Board,
    pub(super) trust: Trust,
    pub(super) health: Health,
    pub(super) exporter: Arc<Exporter>,
    pub(super) refusals: Refusals,
}

/// Refusals since they were last logged.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<(Option<Instant>, u64)>);

impl Handler for ApiPort {
    type Peer = Peer;

    fn peer(&self, chain: Vec<CertificateDer<'static>>) -> Peer {
        Peer::new(chain)
    }

    fn handle(&self, peer: &Peer, request: Request<Incoming>) -> Answered {
        let began = Instant::now();
        let path = request.uri().path();
        if let Some(answer) = self.health.answer(path) {
            return respond(answer).into();
        }
        let (answer, is_trusted) = match self.trust.identify(peer, request.headers()) {
            Err(distrust) => {
                self.refusals.add(&distrust);
                (Refusal::unauthorized(format!("oppscale: {distrust}")).answer(), false)
            }
            Ok(identity) => {
                let accept = accept(request.headers());
                let query = request.uri().query();
                let asked = ApiRequest::new(request.method().as_str(), path, query, &accept);
                let answer = self.api.answer(&asked, &self.board);
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
        self.exporter.requests.add(group_of(path), answer.status, began.elapsed());
        Answered { response: respond(answer), is_trusted }
    }
}

/// The group of a path, for counting: few values, whatever is asked for.
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

impl Refusals {
    fn add(&self, distrust: &Distrust) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, since) = &mut *state;
        *since += 1;
        if last.is_none_or(|last| last.elapsed() >= SELDOM) {
            tracing::warn!(requests = *since, "refused (401): {distrust}");
            (*last, *since) = (Some(Instant::now()), 0);
        }
    }
}
