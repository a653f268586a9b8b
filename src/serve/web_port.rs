//! The port for people and Prometheus: the page, `/metrics`, and probes. It tells a few
//! numbers and takes nothing in, so it asks nobody who they are.

use std::convert::Infallible;
use std::sync::Arc;

use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::api_port::respond;
use super::autoscalers::Autoscalers;
use super::board::Board;
use super::exposition::Format;
use super::health::Health;
use super::history::History;
use super::listener::{Body, Handler, accept};
use super::page::{self, Pieces, View};
use super::prometheus::Exporter;
use super::trust::Peer;
use crate::metrics_api::Answer;

pub(super) struct WebPort {
    pub(super) health: Health,
    pub(super) exporter: Arc<Exporter>,
    pub(super) page: Arc<Page>,
    /// The newest pieces: of the short page, and of the one with all nodes.
    pub(super) pieces: [watch::Receiver<Arc<Pieces>>; 2],
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
    fn handle(&self, _: &Peer, request: Request<Incoming>) -> (Response<Body>, bool) {
        let (path, query) = (request.uri().path(), request.uri().query());
        if let Some(answer) = self.health.answer(path) {
            return (respond(answer), false);
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
        (response, false)
    }
}

impl WebPort {
    fn get(&self, path: &str, query: Option<&str>, request: &Request<Incoming>) -> Response<Body> {
        let all_nodes = query == Some("nodes=all");
        match path {
            "/" => text("text/html; charset=utf-8", self.page.view(all_nodes).page()),
            "/page.css" => text("text/css; charset=utf-8", page::CSS),
            "/page.js" => text("text/javascript; charset=utf-8", page::SCRIPT),
            "/icon.svg" => text("image/svg+xml", page::ICON),
            "/events" => {
                let [short, all] = &self.pieces;
                events(if all_nodes { all.clone() } else { short.clone() })
            }
            "/metrics" => {
                let format = Format::of(&accept(request.headers()));
                text(format.content_type(), self.exporter.expose(format))
            }
            _ => plain(404, "there is no such page\n"),
        }
    }
}

fn text(content_type: &'static str, body: impl Into<String>) -> Response<Body> {
    respond(Answer::text(200, content_type, body))
}

fn plain(status: u16, body: &str) -> Response<Body> {
    respond(Answer::text(status, "text/plain; charset=utf-8", body))
}

/// Server-sent events: all pieces first, and then those that have changed. They end when
/// the server does.
fn events(mut pieces: watch::Receiver<Arc<Pieces>>) -> Response<Body> {
    // What was rendered for those before may be old.
    pieces.mark_changed();
    let stream = stream::unfold((pieces, Pieces::default()), |(mut pieces, sent)| async move {
        loop {
            pieces.changed().await.ok()?;
            let now = Arc::clone(&pieces.borrow_and_update());
            if let Some(event) = event(&now, &sent) {
                let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(event)));
                return Some((frame, (pieces, Pieces::clone(&now))));
            }
        }
    });
    let mut response = Response::new(StreamBody::new(stream).boxed());
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

/// What of `now` was not `sent`, as an event.
fn event(now: &Pieces, sent: &Pieces) -> Option<String> {
    let changed: Map<String, Value> = now
        .0
        .iter()
        .filter(|piece| !sent.0.contains(piece))
        .map(|(id, html)| ((*id).to_owned(), Value::from(html.as_str())))
        .collect();
    // JSON has no line breaks, which would end the event.
    let data = json!({"version": env!("CARGO_PKG_VERSION"), "pieces": changed});
    (!changed.is_empty()).then(|| format!("data: {data}\n\n"))
}
