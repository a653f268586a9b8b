//! The parts of a request that determine its response.

use std::borrow::Cow;

use oppscale_core::selector::Selector;
use percent_encoding::percent_decode_str;

use super::response::StatusError;

/// A request for the API.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its method; only `GET` is allowed.
    pub method: String,
    /// The undecoded path, for messages.
    pub path: String,
    /// Its segments, decoded: `pods/%2A` is `pods` and `*`.
    pub(super) segments: Vec<String>,
    /// The parameters, decoded.
    parameters: Vec<(String, String)>,
    /// The `Accept` header; empty if there is none.
    pub accept: String,
}

impl Request {
    /// A request for `path` with `query`, both as in the request line.
    pub fn new(method: &str, path: &str, query: Option<&str>, accept: &str) -> Self {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let parameters = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            segments: segments.map(|segment| decode(segment, false)).collect(),
            parameters: parameters
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(name, value)| (decode(name, true), decode(value, true)))
                .collect(),
            accept: accept.to_owned(),
        }
    }

    /// The label selector in the parameter `name`; it selects everything if there is none.
    pub(super) fn selector(&self, name: &str) -> Result<Selector, StatusError> {
        let text = self.parameters.iter().find(|(known, _)| known == name);
        let text = text.map_or("", |(_, value)| value.as_str());
        Selector::parse(text).map_err(|error| StatusError::bad_request(format!("{name}: {error}")))
    }
}

/// Decodes percent-encoding; in a query, `+` is a space. Invalid encodings stay.
fn decode(text: &str, query: bool) -> String {
    let text = if query { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_where_they_are_ones() {
        assert_eq!(decode("%2A", false), "*");
        assert_eq!(decode("a+b%3Dc", false), "a+b=c");
        assert_eq!(decode("a+in+%28x%2Cy%29", true), "a in (x,y)");
        assert_eq!(decode("100%", true), "100%");
        assert_eq!(decode("%zz%4", true), "%zz%4");
        assert_eq!(decode("%ff", true), "\u{fffd}");
    }
}
