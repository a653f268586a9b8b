//! The port for people and Prometheus: the page, `/metrics`, and probes. It tells a few
//! numbers and takes nothing in, so it asks nobody who they are.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response};
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;
use tokio::time::timeout;

use super::api_port::respond;
use super::autoscalers::Autoscalers;
use super::board::Board;
use super::health::Health;
use super::history::History;
use super::issue::{self, Issue};
use super::page::{self, View};
use super::prometheus::Exporter;
use super::shared::Shared;
use crate::exposition::Format;
use crate::http_port::{Answered, Body, Handler, accept, full};
use crate::metrics_api::Answer;

/// How long a page, or what `/metrics` says, is shared by those who ask.
const SHARED: Duration = Duration::from_millis(100);
/// How often those who look at the page hear something, at least: the page takes a longer
/// silence for the end of the connection.
const BEAT: Duration = Duration::from_secs(5);

pub(super) struct WebPort {
    pub(super) health: Health,
    pub(super) exporter: Arc<Exporter>,
    pub(super) page: Arc<Page>,
    /// The newest issues: of the short page, and of the one with all nodes.
    pub(super) issues: [watch::Receiver<Arc<Issue>>; 2],
    /// The last answers: the two pages, and the two formats of `/metrics`.
    pub(super) shared: [Shared; 4],
}

/// What the page is made from.
pub(super) struct Page {
    pub(super) board: Board,
    pub(super) history: Arc<History>,
    pub(super) autoscalers: Autoscalers,
}

impl Page {
    pub(super) fn view(&self, all_nodes: bool) -> View<'_> {
        View {
            board: &self.board,
            history: &self.history,
            autoscalers: self.autoscalers.all(),
            all_nodes,
        }
    }
}

impl Handler for WebPort {
    type Peer = ();

    fn peer(&self, _: Vec<CertificateDer<'static>>) {}

    fn handle(&self, (): &(), request: Request<Incoming>) -> Answered {
        let (path, query) = (request.uri().path(), request.uri().query());
        if let Some(answer) = self.health.answer(path) {
            return respond(answer).into();
        }
        let mut response = match (request.method(), path) {
            (&Method::GET | &Method::HEAD, _) => self.get(path, query, &request),
            _ => {
                let mut response = plain(405, "this can only be read\n");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            }
        };
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_SECURITY_POLICY, page::SECURITY_POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response.into()
    }
}

impl WebPort {
    fn get(&self, path: &str, query: Option<&str>, request: &Request<Incoming>) -> Response<Body> {
        let all_nodes = query == Some("nodes=all");
        let [short, all, plain_text, open] = &self.shared;
        match path {
            "/" => {
                let shared = if all_nodes { all } else { short };
                let page = shared.get(SHARED, || self.page.view(all_nodes).page());
                whole("text/html; charset=utf-8", page)
            }
            "/page.css" => whole("text/css; charset=utf-8", page::CSS),
            "/page.js" => whole("text/javascript; charset=utf-8", page::SCRIPT),
            "/icon.svg" => whole("image/svg+xml", page::ICON),
            "/events" => {
                let [short, all] = &self.issues;
                events(if all_nodes { all.clone() } else { short.clone() })
            }
            "/metrics" => {
                let format = Format::of(&accept(request.headers()));
                let shared = if format == Format::Text { plain_text } else { open };
                whole(format.content_type(), shared.get(SHARED, || self.exporter.expose(format)))
            }
            _ => plain(404, "there is no such page\n"),
        }
    }
}

fn whole(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn plain(status: u16, body: &str) -> Response<Body> {
    respond(Answer::text(status, "text/plain; charset=utf-8", body))
}

/// Server-sent events: all pieces first, and then those that have changed. They end when
/// the server does.
fn events(mut issues: watch::Receiver<Arc<Issue>>) -> Response<Body> {
    // It was written for those who looked before, perhaps long ago; the next one comes soon.
    issues.mark_unchanged();
    let stream = stream::unfold((issues, None), |(mut issues, mut sent)| async move {
        loop {
            let event = match timeout(BEAT, issues.changed()).await {
                Err(_) => Some(issue::beat()),
                Ok(changed) => {
                    changed.ok()?;
                    let now = Arc::clone(&issues.borrow_and_update());
                    let is_next = sent.replace(now.number) == Some(now.number - 1);
                    if is_next { now.change.clone() } else { Some(now.whole.clone()) }
                }
            };
            if let Some(event) = event {
                return Some((Ok::<_, Infallible>(Frame::data(event)), (issues, sent)));
            }
        }
    });
    let mut response = Response::new(StreamBody::new(stream).boxed());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}
