//! JSON and protobuf: which one is asked for, and which one came.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// The media type of protobuf.
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
/// The longest object: it may hold some megabytes, more is no object.
pub(crate) const MAX_OBJECT: usize = 64 << 20;

/// Encoding of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, an event of a watch on a line.
    Json,
    /// Protobuf, an event of a watch behind its length.
    Protobuf,
}

impl Encoding {
    /// The encodings of which an answer may have one. JSON is what proxies and servers of
    /// other kinds fall back to, whatever is asked for.
    pub(crate) fn accept(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/vnd.kubernetes.protobuf, application/json",
        }
    }

    /// The encoding of an answer.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.and_then(|text| text.split(';').next()).map(str::trim);
        match essence.is_some_and(|essence| essence.eq_ignore_ascii_case(PROTOBUF)) {
            true => Self::Protobuf,
            false => Self::Json,
        }
    }
}
