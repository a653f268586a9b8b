//! Watches, as a real API server serves them, and the ways in which they break.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::answer;
use super::body::{Body, streamed};
use super::protobuf;
use super::request::Request;
use super::routes::{has_labels, selects};
use super::world::World;

/// All that has happened since the beginning.
pub struct History {
    /// The version of the last change.
    pub revision: u64,
    /// The oldest version from which a watch can still go on.
    pub oldest: u64,
    log: Vec<Entry>,
}

/// A change of one object: as it was, and as it is.
#[derive(Clone)]
struct Entry {
    revision: u64,
    path: &'static str,
    before: Option<Value>,
    after: Option<Value>,
}

/// How watches are served from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Whether they say nothing at all any more, not even that they end.
    pub is_silent: bool,
    /// Watches that began under another number end.
    pub round: u64,
    /// How they end then.
    pub ending: Ending,
}

/// How a watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In order.
    Whole,
    /// In the middle of a line.
    HalfALine,
    /// With a line that is no event.
    Garbage,
    /// With an ERROR event that says 410.
    Gone,
}

/// A change of one object of a list, by its place there.
pub enum Edit {
    Add(Value),
    Replace(usize, Value),
    /// The last object takes its place.
    Remove(usize),
}

/// Changes that a long run remembers: those of half a minute.
const LONG_HISTORY: usize = 100_000;

/// What watches share.
pub struct Watches {
    pub history: Mutex<History>,
    changes: watch::Sender<u64>,
    pub control: watch::Sender<Control>,
    /// Whether lists can be streamed.
    pub streams: bool,
}

impl Watches {
    pub fn new(revision: u64, streams: bool) -> Self {
        let control = Control { is_silent: false, round: 0, ending: Ending::Whole };
        Self {
            history: Mutex::new(History { revision, oldest: 0, log: Vec::new() }),
            changes: watch::Sender::new(revision),
            control: watch::Sender::new(control),
            streams,
        }
    }

    /// Changes the world; every object that is another one then is an event.
    pub fn change(&self, world: &mut World, change: impl FnOnce(&mut World)) {
        let before = world.clone();
        change(world);
        let mut history = self.history.lock().unwrap();
        for (path, before) in before.collections() {
            let list = world.collection_mut(path);
            if list.is_copy_of(before) {
                continue;
            }
            let mut gone: HashMap<_, _> = before.iter().map(|old| (identity(old), old)).collect();
            for object in list.iter_mut() {
                let old = gone.remove(&identity(object));
                if old == Some(object) {
                    continue;
                }
                history.revision += 1;
                object["metadata"]["resourceVersion"] = history.revision.to_string().into();
                let (revision, before) = (history.revision, old.cloned());
                let after = Some(object.clone());
                history.log.push(Entry { revision, path, before, after });
            }
            for old in before.iter().filter(|old| gone.contains_key(&identity(old))) {
                history.revision += 1;
                let (revision, before) = (history.revision, Some(old.clone()));
                history.log.push(Entry { revision, path, before, after: None });
            }
        }
        self.changes.send_replace(history.revision);
    }

    /// Makes one change, in the same time whatever the size of the world. Of a long history, the
    /// older half is forgotten.
    pub fn edit(&self, world: &mut World, path: &'static str, edit: Edit) {
        let list = world.collection_mut(path);
        let mut history = self.history.lock().unwrap();
        history.revision += 1;
        let revision = history.revision;
        let (before, after) = match edit {
            Edit::Add(object) => {
                list.push(object);
                (None, list.last_mut())
            }
            Edit::Replace(at, object) => {
                (Some(std::mem::replace(&mut list[at], object)), list.get_mut(at))
            }
            Edit::Remove(at) => (Some(list.swap_remove(at)), None),
        };
        let after = after.map(|object| {
            object["metadata"]["resourceVersion"] = revision.to_string().into();
            object.clone()
        });
        history.log.push(Entry { revision, path, before, after });
        if history.log.len() > LONG_HISTORY {
            history.log.drain(..LONG_HISTORY / 2);
            history.oldest = history.log[0].revision;
        }
        self.changes.send_replace(revision);
    }

    /// Ends all watches so.
    pub fn end(&self, ending: Ending) {
        self.control.send_modify(|control| {
            control.ending = ending;
            control.round += 1;
        });
    }
}

/// What makes an object the same one.
fn identity(object: &Value) -> [Option<String>; 3] {
    let metadata = &object["metadata"];
    ["namespace", "name", "uid"].map(|key| metadata[key].as_str().map(str::to_owned))
}

/// What is watched.
pub struct What {
    pub version: &'static str,
    pub kind: &'static str,
    /// The last part of the path.
    pub path: &'static str,
    pub namespace: Option<String>,
}

/// The objects of a watch that are to be seen.
struct Selection {
    what: What,
    is_protobuf: bool,
    fields: String,
    labels: String,
}

impl Selection {
    fn has(&self, object: &Value) -> bool {
        let namespace = self.what.namespace.as_ref();
        namespace.is_none_or(|namespace| object["metadata"]["namespace"] == *namespace)
            && selects(&self.fields, object) == Some(true)
            && has_labels(&self.labels, object)
    }

    /// Objects of a watch name their kind; those of a list do not.
    fn typed(&self, object: &Value) -> Value {
        let mut whole = json!({"kind": self.what.kind, "apiVersion": self.what.version});
        for (key, value) in object.as_object().unwrap() {
            whole[key] = value.clone();
        }
        whole
    }

    fn bookmark(&self, revision: u64, metadata: Value) -> Bytes {
        let mut mark = self.typed(&json!({"metadata": metadata}));
        mark["metadata"]["resourceVersion"] = revision.to_string().into();
        self.event("BOOKMARK", &mark)
    }

    /// An event as it is written.
    fn event(&self, kind: &str, object: &Value) -> Bytes {
        let binary = self.is_protobuf.then(|| protobuf::event(kind, object)).flatten();
        binary.map_or_else(|| line(kind, object), Bytes::from)
    }

    fn gone(&self) -> Bytes {
        self.event(
            "ERROR",
            &json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "too old resource version: 1 (1000)", "reason": "Expired", "code": 410
            }),
        )
    }
}

/// Answers a watch of objects, which are `list` now.
pub fn serve(
    watches: &Arc<Watches>,
    what: What,
    list: &[Value],
    request: &Request,
    wants_protobuf: bool,
) -> Response<Body> {
    let history = watches.history.lock().unwrap();
    let fields = request.parameter("fieldSelector").unwrap_or_default().to_owned();
    let labels = request.parameter("labelSelector").unwrap_or_default().to_owned();
    let is_protobuf = wants_protobuf && matches!(what.kind, "Node" | "Pod");
    let selection = Selection { what, is_protobuf, fields, labels };
    let is_list = request.parameter("sendInitialEvents") == Some("true");
    if is_list && !watches.streams {
        let message = "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: \
                       sendInitialEvents is forbidden for watch unless the WatchList feature \
                       gate is enabled";
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": "Invalid", "code": 422
        });
        return answer::json(StatusCode::UNPROCESSABLE_ENTITY, &status);
    }
    let mut first = Vec::new();
    let since = if is_list {
        for object in list.iter().filter(|object| selection.has(object)) {
            first.push(selection.event("ADDED", &selection.typed(object)));
        }
        let end = json!({"annotations": {"k8s.io/initial-events-end": "true"}});
        first.push(selection.bookmark(history.revision, end));
        history.revision
    } else {
        let since = request.parameter("resourceVersion").unwrap_or_default();
        match since.parse() {
            Ok(since) if since >= history.oldest => since,
            _ => {
                first.push(selection.gone());
                u64::MAX
            }
        }
    };
    let life = request.parameter("timeoutSeconds").and_then(|s| s.parse().ok()).unwrap_or(1800);
    let (sender, receiver) = mpsc::channel(8);
    let session = Session {
        watches: Arc::clone(watches),
        changes: watches.changes.subscribe(),
        control: watches.control.subscribe(),
        round: watches.control.borrow().round,
        selection,
        since,
        end: Instant::now() + Duration::from_secs(life),
        lines: sender,
    };
    drop(history);
    tokio::spawn(session.run(first));
    let stream = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let mut response = Response::new(streamed(stream));
    let content_type = match is_protobuf {
        true => "application/vnd.kubernetes.protobuf;stream=watch",
        false => "application/json",
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

struct Session {
    watches: Arc<Watches>,
    changes: watch::Receiver<u64>,
    control: watch::Receiver<Control>,
    round: u64,
    selection: Selection,
    since: u64,
    end: Instant,
    lines: mpsc::Sender<io::Result<Bytes>>,
}

impl Session {
    async fn run(mut self, first: Vec<Bytes>) {
        for line in first {
            if self.lines.send(Ok(line)).await.is_err() {
                return;
            }
        }
        if self.since == u64::MAX {
            return;
        }
        // The real server writes one 2 s before the end; a shorter watch gets none.
        let mut bookmark = Some(self.end - Duration::from_secs(2).min(self.end - Instant::now()));
        loop {
            let control = *self.control.borrow_and_update();
            if control.is_silent {
                // Until the connection is given up from the other side.
                self.lines.closed().await;
                return;
            }
            if control.round != self.round {
                return self.end_so(control.ending).await;
            }
            for line in self.news() {
                if self.lines.send(Ok(line)).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                _ = self.changes.changed() => {}
                _ = self.control.changed() => {}
                () = sleep_until(bookmark.unwrap_or(self.end)), if bookmark.is_some() => {
                    bookmark = None;
                    // Of what was sent: a bookmark promises that nothing before it is missing.
                    let mark = self.selection.bookmark(self.since, json!({}));
                    if self.lines.send(Ok(mark)).await.is_err() {
                        return;
                    }
                }
                () = sleep_until(self.end) => return,
                () = self.lines.closed() => return,
            }
        }
    }

    /// What has happened since the last look, as lines.
    fn news(&mut self) -> Vec<Bytes> {
        let history = self.watches.history.lock().unwrap();
        let start = history.log.partition_point(|entry| entry.revision <= self.since);
        self.since = history.revision;
        let news =
            history.log[start..].iter().filter(|entry| entry.path == self.selection.what.path);
        news.filter_map(|entry| {
            let of =
                |object: &Option<Value>| object.clone().filter(|object| self.selection.has(object));
            let (kind, mut object) = match (of(&entry.before), of(&entry.after)) {
                (None, None) => return None,
                (None, Some(new)) => ("ADDED", new),
                (Some(_), Some(new)) => ("MODIFIED", new),
                // As it is now, even when it only left the selection.
                (Some(old), None) => ("DELETED", entry.after.clone().unwrap_or(old)),
            };
            object["metadata"]["resourceVersion"] = entry.revision.to_string().into();
            Some(self.selection.event(kind, &self.selection.typed(&object)))
        })
        .collect()
    }

    async fn end_so(self, ending: Ending) {
        let last = match ending {
            Ending::Whole => return,
            Ending::Garbage => Bytes::from_static(b"<html>bad gateway</html>\n"),
            Ending::Gone => self.selection.gone(),
            Ending::HalfALine => {
                let mut half = self.selection.gone();
                half.truncate(half.len() / 2);
                let _ = self.lines.send(Ok(half)).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                let _ = self.lines.send(Err(io::Error::other("cut"))).await;
                return;
            }
        };
        let _ = self.lines.send(Ok(last)).await;
    }
}

fn line(kind: &str, object: &Value) -> Bytes {
    let mut line = json!({"type": kind, "object": object}).to_string();
    line.push('\n');
    line.into()
}
