//! A line of a watch: what happened to which object.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field_mask;
use crate::field_mask::FieldMask;

/// The annotation of the bookmark behind the initial events of a streaming list.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A watch event.
#[derive(Debug, PartialEq)]
pub(super) enum Event<'e> {
    /// The object is new or has changed.
    Applied(&'e str),
    /// The object is gone, or has left the selection; as it was last.
    Deleted(&'e str),
    /// Nothing happened up to here.
    Bookmark {
        /// Whether the list that came before is whole.
        is_list_end: bool,
    },
    /// The watch has failed: the code and words of a Status.
    Failed(u16, String),
}

#[derive(Deserialize)]
struct EventJson<'e> {
    #[serde(rename = "type")]
    kind: &'e str,
    #[serde(borrow)]
    object: &'e RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bookmark {
    metadata: BookmarkMeta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BookmarkMeta {
    resource_version: String,
    annotations: Option<std::collections::HashMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusJson {
    code: u16,
    message: String,
}

#[derive(Deserialize)]
struct Versioned {
    object: Bookmark,
}

impl<'e> Event<'e> {
    /// Reads a line. The object is reduced to `keep`, in the memory of `buffer`.
    ///
    /// # Errors
    /// When the line is no watch event.
    pub(super) fn read(
        line: &'e [u8],
        mask: Option<&FieldMask>,
        buffer: &'e mut Vec<u8>,
    ) -> Result<Self, String> {
        if let Some(mask) = mask {
            let skimmed = field_mask::event(line, mask, buffer);
            if let (Some(kind @ (b"ADDED" | b"MODIFIED" | b"DELETED")), Ok(object)) =
                (skimmed, std::str::from_utf8(buffer))
            {
                return Ok(match kind {
                    b"DELETED" => Self::Deleted(object),
                    _ => Self::Applied(object),
                });
            }
        }
        let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
        let event: EventJson<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match event.kind {
            "ADDED" | "MODIFIED" => Ok(Self::Applied(event.object.get())),
            "DELETED" => Ok(Self::Deleted(event.object.get())),
            "BOOKMARK" => {
                let bookmark: Bookmark = serde_json::from_str(event.object.get())
                    .map_err(|error| format!("a bookmark: {error}"))?;
                let annotations = bookmark.metadata.annotations.unwrap_or_default();
                let end = annotations.get(INITIAL_EVENTS_END).is_some_and(|value| value == "true");
                Ok(Self::Bookmark { is_list_end: end })
            }
            "ERROR" => {
                let status: StatusJson = serde_json::from_str(event.object.get())
                    .map_err(|error| format!("an error: {error}"))?;
                Ok(Self::Failed(status.code, status.message))
            }
            other => Err(format!("an event of the unknown type {other:?}")),
        }
    }
}

/// The version of the object in a line, from which a watch can go on.
pub(super) fn version_in(line: &[u8]) -> Option<String> {
    let versioned: Versioned = serde_json::from_slice(line).ok()?;
    Some(versioned.object.metadata.resource_version).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_mask;

    fn read(line: &str, mask: Option<&FieldMask>) -> String {
        format!("{:?}", Event::read(line.as_bytes(), mask, &mut Vec::new()))
    }

    #[test]
    fn lines_read_the_same_reduced_and_whole() {
        for mask in [None, Some(&field_mask::POD)] {
            let pod = r#"{"metadata":{"name":"a"}}"#;
            let added = format!(r#"{{"type":"ADDED","object":{pod}}}"#);
            assert_eq!(read(&added, mask), format!("Ok(Applied({pod:?}))"));
            let turned = format!(r#"{{"object":{pod},"type":"DELETED"}}"#);
            assert_eq!(read(&turned, mask), format!("Ok(Deleted({pod:?}))"));
            let end = r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}"#;
            assert_eq!(read(end, mask), "Ok(Bookmark { is_list_end: true })");
            assert_eq!(version_in(end.as_bytes()).as_deref(), Some("7"));
            let gone = r#"{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}}"#;
            assert_eq!(read(gone, mask), r#"Ok(Failed(410, "too old"))"#);
            for bad in
                ["{}", "", "nonsense", r#"{"type":"ADDED"}"#, r#"{"type":"NEW","object":{}}"#]
            {
                assert!(read(bad, mask).starts_with("Err"), "{bad}");
            }
        }
    }
}

/// The longest line: an object may hold some megabytes, more is no object.
const LONGEST: usize = 64 << 20;

/// Bytes that wait for the end of their line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

/// A line that does not end.
#[derive(Debug)]
pub(super) struct LineTooLong;

impl Lines {
    /// Takes bytes, and gives all whole lines up to their end.
    ///
    /// # Errors
    /// When a line is longer than any object may be.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, LineTooLong> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.extend_from_slice(bytes);
            return if self.rest.len() > LONGEST { Err(LineTooLong) } else { Ok(None) };
        };
        let (whole, rest) = bytes.split_at(end + 1);
        let mut lines = std::mem::take(&mut self.rest);
        lines.extend_from_slice(whole);
        self.rest.extend_from_slice(rest);
        Ok(Some(lines))
    }
}

#[cfg(test)]
mod lines_tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"one\ntwo\n\nthree\nhalf";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for piece in text.chunks(size) {
                let whole = lines.push(piece).unwrap().unwrap_or_default();
                assert!(whole.is_empty() || whole.ends_with(b"\n"));
                seen.extend(whole);
            }
            assert_eq!(seen, b"one\ntwo\n\nthree\n", "pieces of {size}");
        }
    }
}
