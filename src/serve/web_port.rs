//! The port for people and Prometheus: the page, `/metrics`, and probes. It is read-only and
//! shows only figures, so it needs no authentication; with a [`TokenReviewer`] it has one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response};
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;
use tokio::time::timeout;

use super::api_port::into_http;
use super::health::HealthReporter;
use super::page;
use super::page::update::{CachedText, Page, PageUpdate, keep_alive};
use super::prometheus::Exporter;
use super::token_review::{ADMISSION_LIFE, Refusal, TokenReviewer};
use crate::exposition::Format;
use crate::http_port::{Answered, Body, Handler, accept, full};
use crate::metrics_api;

/// Time for which requests share a rendered page or `/metrics`.
const MAX_CACHE_AGE: Duration = Duration::from_millis(100);
/// Interval between events at most: the page takes a longer silence for a lost connection.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct WebPort {
    pub(super) health: HealthReporter,
    pub(super) exporter: Arc<Exporter>,
    pub(super) page: Arc<Page>,
    /// Latest updates of the short page, and of the page with all nodes.
    pub(super) updates: [watch::Receiver<Arc<PageUpdate>>; 2],
    /// Cached responses: the two pages, and the two formats of `/metrics`.
    pub(super) cache: [CachedText; 4],
    /// Decides who may read; `None` if everybody may.
    pub(super) reviewer: Option<TokenReviewer>,
}

impl Handler for WebPort {
    type Peer = ();

    fn peer(&self, _: Vec<CertificateDer<'static>>) {}

    async fn refuse(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        if HealthReporter::is_probe(request.uri().path()) {
            return None;
        }
        let refusal = self.reviewer.as_ref()?.review(request.headers()).await.err()?;
        Some(hardened(refused(&refusal)))
    }

    fn is_quick(&self, request: &Request<Incoming>) -> bool {
        !matches!(request.uri().path(), "/" | "/metrics")
    }

    fn handle(&self, (): &(), request: Request<Incoming>, _: Instant) -> Answered {
        let (path, query) = (request.uri().path(), request.uri().query());
        if let Some(response) = self.health.response(path) {
            return into_http(response).into();
        }
        let response = match (request.method(), path) {
            (&Method::GET | &Method::HEAD, _) => self.get(path, query, &request),
            _ => {
                let mut response = plain(405, "only GET and HEAD are allowed\n");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            }
        };
        Answered { response: hardened(response), is_trusted: self.reviewer.is_some() }
    }
}

/// The response with headers for browsers.
fn hardened(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, page::SECURITY_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The response to a request that may not be answered, with what to do.
fn refused(refusal: &Refusal) -> Response<Body> {
    const GRANT: &str = "kubectl create clusterrole metrics-reader --verb=get \
                         --non-resource-url=/metrics\nkubectl create clusterrolebinding \
                         metrics-reader --clusterrole=metrics-reader \
                         --serviceaccount=NAMESPACE:NAME\n";
    let (status, what_to_do) = match refusal {
        Refusal::NoToken | Refusal::BadToken => (
            401,
            "Send a token of Kubernetes, as the password in a browser, with any user name, or as a \
             header:\nTOKEN=$(kubectl -n NAMESPACE create token NAME)\ncurl -k -H \"Authorization: \
             Bearer $TOKEN\" https://ADDRESS/metrics\n",
        ),
        Refusal::Forbidden(_) => (403, "An administrator can grant it:\n"),
        Refusal::Unreviewed => {
            (503, "Try again when the API server answers; the log of oppscale has the cause.\n")
        }
    };
    let grant = if status == 503 { "" } else { GRANT };
    let mut response = plain(status, &format!("{refusal}\n\n{what_to_do}{grant}"));
    response.headers_mut().remove(WWW_AUTHENTICATE);
    if status == 401 {
        for challenge in ["Bearer", "Basic realm=\"oppscale: a token of Kubernetes as password\""] {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().append(WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

impl WebPort {
    fn get(&self, path: &str, query: Option<&str>, request: &Request<Incoming>) -> Response<Body> {
        let all_nodes = query == Some("nodes=all");
        let [short, all, plain_text, open] = &self.cache;
        match path {
            "/" => {
                let cached = if all_nodes { all } else { short };
                let page = cached.get(MAX_CACHE_AGE, || self.page.view(all_nodes).page());
                whole("text/html; charset=utf-8", page)
            }
            "/page.css" => whole("text/css; charset=utf-8", page::CSS),
            "/page.js" => whole("text/javascript; charset=utf-8", page::SCRIPT),
            "/icon.svg" => whole("image/svg+xml", page::ICON),
            "/events" => {
                let [short, all] = &self.updates;
                // Who may no longer read is found out when the page reconnects.
                let end = self.reviewer.is_some().then(|| Instant::now() + ADMISSION_LIFE);
                events(if all_nodes { all.clone() } else { short.clone() }, end)
            }
            "/metrics" => {
                let format = Format::of(&accept(request.headers()));
                let cached = if format == Format::Text { plain_text } else { open };
                whole(
                    format.content_type(),
                    cached.get(MAX_CACHE_AGE, || self.exporter.render(format)),
                )
            }
            _ => plain(404, "not found\n"),
        }
    }
}

fn whole(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn plain(status: u16, body: &str) -> Response<Body> {
    into_http(metrics_api::Response::text(status, "text/plain; charset=utf-8", body))
}

/// Server-sent events: all pieces first, then the changed ones, until the server stops or `end`
/// has come.
fn events(mut updates: watch::Receiver<Arc<PageUpdate>>, end: Option<Instant>) -> Response<Body> {
    // The page reconnects at once after the end, and an event tells it that it is connected.
    let first = end.map(|_| Bytes::from([b"retry: 100\n", &*keep_alive()].concat()));
    let first = first.map(|event| Ok::<_, Infallible>(Frame::data(event)));
    // The latest update may be old, for it is rendered only while there are subscribers.
    updates.mark_unchanged();
    let stream = stream::unfold((updates, None), move |(mut updates, mut sent)| async move {
        while end.is_none_or(|end| Instant::now() < end) {
            let event = match timeout(KEEP_ALIVE_INTERVAL, updates.changed()).await {
                Err(_) => Some(keep_alive()),
                Ok(changed) => {
                    changed.ok()?;
                    let now = Arc::clone(&updates.borrow_and_update());
                    let is_next = sent.replace(now.number) == Some(now.number - 1);
                    if is_next { now.changed.clone() } else { Some(now.all.clone()) }
                }
            };
            if let Some(event) = event {
                return Some((Ok(Frame::data(event)), (updates, sent)));
            }
        }
        None
    });
    let stream = stream::iter(first).chain(stream);
    let mut response = Response::new(BodyExt::boxed(StreamBody::new(stream)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}
