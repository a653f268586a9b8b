//! A watch, event by event: what happened to which object.

use std::borrow::Cow;

use oppscale_core::protobuf::{self, DecodeError, Envelope, Fields};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::encoded_object::{EncodedObject, Status};
use crate::encoding::{Encoding, MAX_OBJECT};

/// The annotation of the bookmark behind the initial events of a streaming list.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A watch event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'e> {
    /// The object is new or has changed.
    Applied(EncodedObject<'e>),
    /// The object was deleted, or has left the selection. Its last state.
    Deleted(EncodedObject<'e>),
    /// Bookmark: no further changes up to this resource version.
    Bookmark {
        /// Whether it ends the initial list.
        is_list_end: bool,
        /// An object with nothing but a resource version.
        object: EncodedObject<'e>,
    },
    /// The watch has failed.
    Failed(Status),
    /// Not a watch event, with the reason.
    Garbage(String),
}

impl<'e> Event<'e> {
    fn new(kind: &str, object: EncodedObject<'e>) -> Self {
        match kind {
            "ADDED" | "MODIFIED" => Self::Applied(object),
            "DELETED" => Self::Deleted(object),
            "BOOKMARK" => {
                let is_list_end = object.has_annotation(INITIAL_EVENTS_END, "true");
                Self::Bookmark { is_list_end, object }
            }
            "ERROR" => Self::Failed(Status::of(object)),
            other => Self::Garbage(format!("an event of the unknown type {other:?}")),
        }
    }

    fn json(line: &'e [u8]) -> Self {
        #[derive(Deserialize)]
        struct EventJson<'e> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'e, str>,
            #[serde(borrow)]
            object: &'e RawValue,
        }
        match serde_json::from_slice::<EventJson<'_>>(line) {
            Ok(event) => Self::new(&event.kind, EncodedObject::Json(event.object.get())),
            Err(error) => Self::Garbage(error.to_string()),
        }
    }

    fn protobuf(frame: &'e [u8]) -> Self {
        let read = || {
            // An API server wraps the object, and not the event.
            let frame = match frame.starts_with(protobuf::MAGIC) {
                true => Envelope::open(frame)?.raw,
                false => frame,
            };
            let (mut kind, mut object) = ("", None);
            for field in Fields::of(frame) {
                match field? {
                    (1, value) => {
                        let text = std::str::from_utf8(value.bytes()?);
                        kind = text.map_err(|_| DecodeError::Text)?;
                    }
                    (2, value) => {
                        for field in Fields::of(value.bytes()?) {
                            if let (1, value) = field? {
                                object = Some(Envelope::open(value.bytes()?)?.raw);
                            }
                        }
                    }
                    _ => {}
                }
            }
            object.map(|object| (kind, object)).ok_or(DecodeError::Cut)
        };
        match read() {
            Ok((kind, object)) => Self::new(kind, EncodedObject::Protobuf(object)),
            Err(error) => Self::Garbage(error.to_string()),
        }
    }

    /// The version up to which everything is known after this event; empty when it does not say.
    pub(crate) fn version(&self) -> String {
        match self {
            Self::Applied(object) | Self::Deleted(object) | Self::Bookmark { object, .. } => {
                object.version()
            }
            Self::Failed(_) | Self::Garbage(_) => String::new(),
        }
    }
}

/// Takes a watch as it comes, and gives its events as soon as their bytes are there.
#[derive(Debug)]
pub(crate) struct EventReader {
    encoding: Encoding,
    buffer: Vec<u8>,
    /// Number of bytes of the buffer that have been read.
    read: usize,
}

impl EventReader {
    /// A reader of a watch in this encoding.
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { encoding, buffer: Vec::new(), read: 0 }
    }

    /// Takes bytes, and gives the events that are whole.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Event<'_>> {
        self.buffer.drain(..self.read);
        // The bytes behind the last line were looked through before.
        let mut searched = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        self.read = 0;
        let mut events = Vec::new();
        loop {
            let rest = &self.buffer[self.read..];
            let (event, length) = match self.encoding {
                Encoding::Json => {
                    let new = rest.get(searched..).unwrap_or_default();
                    let Some(end) = new.iter().position(|byte| *byte == b'\n') else { break };
                    let end = searched + end;
                    searched = 0;
                    let line = rest[..end].trim_ascii();
                    ((!line.is_empty()).then(|| Event::json(line)), end + 1)
                }
                Encoding::Protobuf => {
                    let Some((length, frames)) = rest.split_first_chunk::<4>() else { break };
                    let length = u32::from_be_bytes(*length) as usize;
                    if length > MAX_OBJECT {
                        events.push(Event::Garbage(format!("an event of {length} bytes")));
                        break;
                    }
                    let Some(frame) = frames.get(..length) else { break };
                    (Some(Event::protobuf(frame)), 4 + length)
                }
            };
            self.read += length;
            events.extend(event);
        }
        if self.buffer.len() - self.read > MAX_OBJECT + 4 {
            events.push(Event::Garbage("a line without an end".to_owned()));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What events say, without their objects.
    fn read(encoding: Encoding, bytes: &[u8], piece: usize) -> Vec<String> {
        let mut reader = EventReader::new(encoding);
        let mut seen = Vec::new();
        for piece in bytes.chunks(piece) {
            seen.extend(reader.push(piece).iter().map(|event| match event {
                Event::Applied(_) => format!("applied {}", event.version()),
                Event::Deleted(_) => format!("deleted {}", event.version()),
                Event::Bookmark { is_list_end, .. } => {
                    format!("bookmark {} {is_list_end}", event.version())
                }
                other => format!("{other:?}"),
            }));
        }
        seen
    }

    const LINES: &str = r#"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}}

{"object":{"metadata":{"name":"a","resourceVersion":"6"}},"type":"DELETED"}
{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}
{"type":"BO\u004fKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"8"}}}
{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}}
{"type":"ADDED","object":{"#;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        for piece in 1..=LINES.len() {
            assert_eq!(
                read(Encoding::Json, LINES.as_bytes(), piece),
                [
                    "applied 5",
                    "deleted 6",
                    "bookmark 7 true",
                    "bookmark 8 false",
                    r#"Failed(Status { code: 410, message: "too old" })"#,
                ],
                "pieces of {piece}"
            );
        }
        for bad in ["{}", "nonsense", r#"{"type":"ADDED"}"#, r#"{"type":"NEW","object":{}}"#] {
            let seen = read(Encoding::Json, format!("{bad}\n").as_bytes(), 1_000);
            assert!(seen.len() == 1 && seen[0].starts_with("Garbage"), "{bad}: {seen:?}");
        }
    }

    /// Written by upstream's own types, serializer and framer.
    #[test]
    fn frames_come_whole_however_they_are_cut() {
        const FRAMES: &[u8] =
            include_bytes!("../../../../tests/fixtures/mixed-cluster/nodes.watch.pb");
        let expected = read(Encoding::Protobuf, FRAMES, FRAMES.len());
        assert_eq!(expected.len(), 17);
        assert_eq!((&*expected[0], &*expected[2]), ("applied 1070", "deleted 268"), "{expected:?}");
        assert_eq!(
            expected[15..],
            [
                "bookmark 12345 true",
                r#"Failed(Status { code: 410, message: "too old resource version: 1 (1000)" })"#
            ]
        );
        for piece in [1, 3, 5, 100, 4_096] {
            assert_eq!(read(Encoding::Protobuf, FRAMES, piece), expected, "pieces of {piece}");
        }
        for bad in [&b"<html>bad gateway</html>\n"[..], b"\0\0\0\x02\xff\xff", b"\0\0\0\0"] {
            let seen = read(Encoding::Protobuf, bad, 1_000);
            assert!(seen.len() == 1 && seen[0].starts_with("Garbage"), "{bad:?}: {seen:?}");
        }
    }

    /// Bytes changed, lost, doubled or inserted anywhere: events come out, or garbage is named, and
    /// how the bytes are cut changes nothing. `PROPTEST_CASES` makes a run longer.
    #[test]
    fn mutated_events_are_read_or_named() {
        use proptest::prelude::*;
        const FRAMES: &[u8] =
            include_bytes!("../../../../tests/fixtures/mixed-cluster/nodes.watch.pb");
        let mutation = (any::<prop::sample::Index>(), any::<u8>(), 0..5);
        let mutations = prop::collection::vec(mutation, 1..8);
        proptest!(|(mutations in mutations, is_json: bool, piece in 1_usize..300)| {
            let (encoding, original) = match is_json {
                true => (Encoding::Json, LINES.as_bytes()),
                false => (Encoding::Protobuf, FRAMES),
            };
            let mut bytes = original.to_vec();
            for (at, value, kind) in mutations {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = value,
                    1 => bytes[at] ^= 1 << (value % 8),
                    2 => bytes.insert(at, value),
                    3 if bytes.len() > 1 => drop(bytes.remove(at)),
                    _ => {
                        let end = (at + usize::from(value)).min(bytes.len());
                        let doubled = bytes[at..end].to_vec();
                        bytes.splice(at..at, doubled);
                    }
                }
            }
            let until_garbage = |events: Vec<String>| -> Vec<String> {
                // A watch ends with the first one.
                let garbage = events.iter().position(|event| event.starts_with("Garbage"));
                let end = garbage.map_or(events.len(), |at| at + 1);
                events.into_iter().take(end).collect()
            };
            let whole = until_garbage(read(encoding, &bytes, bytes.len()));
            let cut = until_garbage(read(encoding, &bytes, piece));
            prop_assert_eq!(whole, cut);
        });
    }
}
