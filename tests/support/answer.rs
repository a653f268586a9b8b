//! How the fake API server answers: as it should, or in one of the ways that hurt.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use serde_json::Value;

use super::body::{Body, full, streamed};
use super::protobuf;
use super::world::{World, json_of};

/// The answer to one request of a path.
#[derive(Clone)]
pub enum Answer {
    /// What a healthy server says.
    Serve,
    /// After something has changed and old versions are forgotten: continue tokens handed
    /// out before are answered with 410, everything else is served.
    Compacted(fn(&mut World)),
    /// An error that a real server gave: a file of `fixtures/errors`.
    Recorded(&'static str),
    /// Anything else.
    Raw(u16, Vec<(&'static str, &'static str)>, &'static str),
    /// An error whose body is JSON and never ends.
    Endless(u16),
    /// The connection ends without an answer.
    HangUp,
    /// The connection ends in the middle of the right answer.
    Cut(Framing),
    /// Nothing comes, for ever.
    Silence,
    /// The first half of the right answer comes, and then nothing, for ever.
    SilenceInTheMiddle,
}

/// How the length of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    ContentLength,
    Chunked,
}

/// The size from which on a real API server compresses for those who accept it.
const COMPRESSED_FROM: usize = 128 << 10;

/// A JSON answer.
pub fn json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(full(serde_json::to_vec(value).unwrap()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A list, as protobuf if it is to be and can be. Metadata comes before the items, as the real
/// server writes it.
pub fn list(
    (kind, version): (&str, &str),
    metadata: &Value,
    items: &[&Value],
    is_protobuf: bool,
) -> Response<Body> {
    let binary = is_protobuf.then(|| protobuf::list(kind, metadata, items)).flatten();
    let (media_type, body) = match binary {
        Some(binary) => (protobuf::MEDIA_TYPE, binary),
        // Each item by itself: as one value they would all be copied first.
        None => {
            let items: Vec<_> = items.iter().map(|item| item.to_string()).collect();
            let list = format!(
                r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{metadata},"items":[{}]}}"#,
                items.join(",")
            );
            ("application/json", list.into_bytes())
        }
    };
    let mut response = Response::new(full(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A JSON answer as protobuf, if it can be written so.
pub async fn as_protobuf(response: Response<Body>) -> Response<Body> {
    if response.headers().get(CONTENT_TYPE).is_some_and(|is| is == protobuf::MEDIA_TYPE) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let mut bytes = whole(body).await;
    if let Some(binary) = serde_json::from_slice(&bytes).ok().as_ref().and_then(protobuf::object) {
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(protobuf::MEDIA_TYPE));
        bytes = binary.into();
    }
    Response::from_parts(parts, full(bytes))
}

/// A recorded error answer.
pub fn recorded(name: &str) -> Response<Body> {
    let error = json_of(&format!("errors/{name}.json"));
    let body = match &error["body"] {
        Value::String(text) => text.clone(),
        object => object.to_string(),
    };
    let mut response = Response::builder().status(error["status"].as_u64().unwrap() as u16);
    for (name, value) in error["headers"].as_object().unwrap() {
        response = response.header(name, value.as_str().unwrap());
    }
    response.body(full(body)).unwrap()
}

/// Any answer.
pub fn raw(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(full(body)).unwrap()
}

/// Compresses `response` as a real server would for a client that accepts it.
pub async fn compressed(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    if bytes.len() < COMPRESSED_FROM {
        return Response::from_parts(parts, full(bytes));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&bytes).unwrap();
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, full(encoder.finish().unwrap()))
}

/// The first half of `response`; then the connection breaks.
pub async fn cut(response: Response<Body>, framing: Framing) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    if framing == Framing::ContentLength {
        parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
    }
    let broken = stream::once(async {
        // What was written so far must reach the wire before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::Error::other("cut"))
    });
    let half = bytes.slice(..bytes.len() / 2);
    Response::from_parts(parts, streamed(stream::iter([Ok(half)]).chain(broken)))
}

/// The first half of `response`, and then silence.
pub async fn silent_in_the_middle(response: Response<Body>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    let bytes = whole(body).await;
    let half = bytes.slice(..bytes.len() / 2);
    let silence = stream::pending::<io::Result<Bytes>>();
    Response::from_parts(parts, streamed(stream::iter([Ok(half)]).chain(silence)))
}

/// An error whose body never ends.
pub fn endless(status: u16) -> Response<Body> {
    let start = Bytes::from_static(br#"{"kind":"Status","message":""#);
    let more = stream::repeat(Bytes::from_static(&[b'x'; 1 << 16]));
    let body = streamed(stream::iter([start]).chain(more).map(Ok));
    Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body).unwrap()
}

async fn whole(body: Body) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}
