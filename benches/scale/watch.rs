//! The watches of the benchmark's API server: it does what its stdin says.
//!
//! | line | what follows |
//! |---|---|
//! | `stream` | lists are streamed from now on, which is said when they can be |
//! | `rate N` | N events of pods a second; every eighth changes what a pod asks for |
//! | `cordon 0` or `cordon 1` | an event of node 0 |

use std::convert::Infallible;
use std::io::{BufRead, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::generate::{self, Size};
use super::protobuf;

/// Pods of which events tell; each in two shapes.
const CHANGING: usize = 1000;
/// A second's events are sent in so many parts.
const PARTS: usize = 100;
/// Lines of a streamed list in one piece.
const PIECE: usize = 500;

/// What watches share.
pub struct Watches {
    size: Size,
    /// The rate of pod events, a second.
    rate: AtomicUsize,
    /// The streamed lists of nodes and of pods, once that was asked for.
    lists: OnceLock<[Vec<Encoded>; 2]>,
    nodes: broadcast::Sender<Encoded>,
    changes: Vec<Encoded>,
}

impl Watches {
    pub fn start(size: Size) -> Arc<Self> {
        let changes = (0..CHANGING * 2).map(|number| {
            let pod = generate::pod(number / 2 * (size.pods / CHANGING).max(1), size.nodes);
            // What does not count in seven of eight.
            let pod = match number % 8 {
                1 => pod.replace(r#""cpu":"50m""#, r#""cpu":"60m""#),
                _ => pod,
            };
            Encoded::event("MODIFIED", "Pod", &pod)
        });
        let watches = Arc::new(Self {
            size,
            rate: AtomicUsize::new(0),
            lists: OnceLock::new(),
            nodes: broadcast::Sender::new(64),
            changes: changes.collect(),
        });
        let obeying = Arc::clone(&watches);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                obeying.obey(&line.unwrap());
            }
        });
        watches
    }

    /// Whether lists are streamed.
    pub fn is_streaming(&self) -> bool {
        self.lists.get().is_some()
    }

    fn obey(&self, command: &str) {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["stream"] => {
                self.lists.get_or_init(|| {
                    let Size { nodes, pods } = self.size;
                    [
                        pieces("Node", nodes, generate::node),
                        pieces("Pod", pods, |number| generate::pod(number, nodes)),
                    ]
                });
                println!("streaming");
                std::io::stdout().flush().unwrap();
            }
            ["rate", rate] => self.rate.store(rate.parse().unwrap(), Ordering::Relaxed),
            ["cordon", how] => {
                let spec = format!(r#""spec":{{"unschedulable":{},"#, how == "1");
                let node = generate::node(0).replacen(r#""spec":{"#, &spec, 1);
                // Nobody may be watching yet.
                let _ = self.nodes.send(Encoded::event("MODIFIED", "Node", &node));
            }
            _ => panic!("{command}"),
        }
    }

    /// A watch, which begins with the list if that is asked for.
    pub fn open(
        self: Arc<Self>,
        path: &str,
        is_list: bool,
        life: Option<u64>,
        wants_protobuf: bool,
    ) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
        let end = Instant::now() + Duration::from_secs(life.unwrap_or(1800));
        let is_node = path.ends_with("nodes");
        if !is_node && path != "/api/v1/pods" {
            if is_list {
                // Only nodes and pods are streamed; a client then lists.
                let mut refusal = Response::new(StreamBody::new(stream::empty()).boxed_unsync());
                *refusal.status_mut() = hyper::StatusCode::UNPROCESSABLE_ENTITY;
                return refusal;
            }
            // Of the few other objects nothing happens.
            let silence =
                stream::once(tokio::time::sleep_until(end)).map(|()| Ok(Frame::data(Bytes::new())));
            return Response::new(StreamBody::new(silence).boxed_unsync());
        }
        let list = self.lists.get().filter(|_| is_list);
        let list = list.map(|[nodes, pods]| if is_node { nodes } else { pods });
        let first = stream::iter(list.cloned().unwrap_or_default());
        let news = match is_node {
            true => node_events(self.nodes.subscribe(), end).boxed(),
            false => pod_events(self, end).boxed(),
        };
        let events = first.chain(news).map(move |events| {
            Ok(Frame::data(if wants_protobuf { events.protobuf } else { events.json }))
        });
        let mut response = Response::new(StreamBody::new(events).boxed_unsync());
        if wants_protobuf {
            let content_type = format!("{};stream=watch", protobuf::MEDIA_TYPE);
            response.headers_mut().insert("content-type", content_type.parse().unwrap());
        }
        response
    }
}

/// Events in both encodings.
#[derive(Debug, Clone, Default)]
struct Encoded {
    json: Bytes,
    protobuf: Bytes,
}

impl Encoded {
    /// An event of an object of a list, which does not name its kind.
    fn event(event: &str, kind: &str, object: &str) -> Self {
        let mut value: serde_json::Value = serde_json::from_str(object).unwrap();
        value["kind"] = kind.into();
        value["apiVersion"] = "v1".into();
        Self {
            json: format!("{{\"type\":\"{event}\",\"object\":{object}}}\n").into(),
            protobuf: protobuf::event(event, &value).unwrap().into(),
        }
    }

    fn join(events: impl Iterator<Item = Self>) -> Self {
        let (mut json, mut protobuf) = (Vec::new(), Vec::new());
        for event in events {
            json.extend_from_slice(&event.json);
            protobuf.extend_from_slice(&event.protobuf);
        }
        Self { json: json.into(), protobuf: protobuf.into() }
    }
}

/// The events of a streamed list, and the bookmark behind.
fn pieces(kind: &str, count: usize, object: impl Fn(usize) -> String) -> Vec<Encoded> {
    let numbers: Vec<usize> = (0..count).collect();
    let piece = |numbers: &[usize]| {
        Encoded::join(numbers.iter().map(|n| Encoded::event("ADDED", kind, &object(*n))))
    };
    let end = r#"{"metadata":{"resourceVersion":"123456","annotations":{"k8s.io/initial-events-end":"true"}}}"#;
    numbers.chunks(PIECE).map(piece).chain([Encoded::event("BOOKMARK", kind, end)]).collect()
}

fn node_events(
    events: broadcast::Receiver<Encoded>,
    end: Instant,
) -> impl Stream<Item = Encoded> + Send {
    stream::unfold(events, move |mut events| async move {
        let event = timeout_at(end, events.recv()).await.ok()?.ok()?;
        Some((event, events))
    })
}

fn pod_events(watches: Arc<Watches>, end: Instant) -> impl Stream<Item = Encoded> + Send {
    let start = Instant::now();
    stream::unfold((watches, 0_usize, start), move |(watches, sent, mut tick)| async move {
        loop {
            tick += Duration::from_secs(1) / PARTS as u32;
            if tick >= end {
                return None;
            }
            sleep_until(tick).await;
            let count = watches.rate.load(Ordering::Relaxed) / PARTS;
            if count == 0 {
                continue;
            }
            let events = (sent..sent + count)
                .map(|number| watches.changes[number % watches.changes.len()].clone());
            let events = Encoded::join(events);
            return Some((events, (watches, sent + count, tick)));
        }
    })
}
