//! A request as the fake API server saw it.

use std::fmt;

use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

/// A request: what was asked, and by whom.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    /// What was sent along.
    pub body: Vec<u8>,
    /// Whether a certificate of this server's authority came with the connection.
    pub client_certificate: bool,
}

impl Request {
    pub fn new(method: Method, uri: &Uri, headers: HeaderMap, client_certificate: bool) -> Self {
        let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self {
            method,
            path: uri.path().to_owned(),
            query: query.map(decoded).collect(),
            headers,
            body: Vec::new(),
            client_certificate,
        }
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it changes something: reviews and dry runs do not.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET
            && !self.path.ends_with("reviews")
            && self.parameter("dryRun") != Some("All")
    }

    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// A parameter of a query, with its value.
fn decoded(pair: &str) -> (String, String) {
    let text = |part: &str| {
        let bytes = percent_decode_str(&part.replace('+', " ")).collect::<Vec<u8>>();
        String::from_utf8(bytes).unwrap()
    };
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (text(name), text(value))
}

/// One line, the query decoded for the eye.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        for ((key, value), mark) in self.query.iter().zip("?".chars().chain("&".chars().cycle())) {
            write!(f, "{mark}{key}={value}")?;
        }
        Ok(())
    }
}
