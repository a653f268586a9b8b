//! A request as the fake API server saw it.

use std::fmt;

use axum::extract::Query;
use axum::http::{HeaderMap, Method, Uri};

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
        let Query(query) = Query::try_from_uri(uri).unwrap();
        Self {
            method,
            path: uri.path().to_owned(),
            query,
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
