//! What to send: target, rate, duration.

use std::time::Duration;

use hyper::http::uri::Scheme;
use hyper::{HeaderMap, Method, Uri};
use thiserror::Error;

use super::rate::Rate;

/// A load to send.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Target URL.
    pub url: Uri,
    /// HTTP method.
    pub method: Method,
    /// Additional headers.
    pub headers: HeaderMap,
    /// Body of each request.
    pub body: String,
    /// Request rate.
    pub rate: Rate,
    /// Test duration.
    pub duration: Duration,
    /// Longest wait for a complete response.
    pub timeout: Duration,
    /// Whether connections are reused. Behind a Service, a kept connection leads to one pod.
    pub keep_alive: bool,
    /// Maximum number of concurrent requests; a request beyond it is not sent.
    pub most_under_way: usize,
}

/// Why a URL is not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// It cannot be parsed.
    #[error("{0:?} is not a URL")]
    NoUrl(String),
    /// Its scheme is neither http nor https.
    #[error("{0:?} is neither http:// nor https://")]
    Scheme(String),
    /// Its port is out of range.
    #[error("{0:?} has an invalid port: expected 1 to 65535")]
    Port(String),
    /// It has a user name.
    #[error("a URL must have no user name: give --header 'Authorization: …'")]
    User,
}

impl Plan {
    /// Total number of requests.
    pub fn total(&self) -> u64 {
        self.rate.within(self.duration)
    }

    /// Parses a URL; `http://` and the path may be omitted.
    ///
    /// # Errors
    /// When it is not a URL that a load can be sent to.
    pub fn url(text: &str) -> Result<Uri, PlanError> {
        // A query may hold another URL.
        let scheme = text.split(['/', '?']).next().unwrap_or_default();
        let whole = match scheme.ends_with(':') && text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        let url: Uri = whole.parse().map_err(|_| PlanError::NoUrl(text.to_owned()))?;
        if url.scheme() != Some(&Scheme::HTTP) && url.scheme() != Some(&Scheme::HTTPS) {
            return Err(PlanError::Scheme(text.to_owned()));
        }
        if url.host().is_none_or(str::is_empty) {
            return Err(PlanError::NoUrl(text.to_owned()));
        }
        let authority = url.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(PlanError::User);
        }
        // The parser ignores a port that is too large, and the default would be taken.
        let has_port = authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
        if has_port && url.port_u16().is_none_or(|port| port == 0) {
            return Err(PlanError::Port(text.to_owned()));
        }
        Ok(url)
    }

    /// Host and port of the server.
    pub fn server(&self) -> (String, u16) {
        let host = self.url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let usual = if self.url.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        (host, self.url.port_u16().unwrap_or(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_curl_reads_it() {
        let read = |text: &str| Plan::url(text).map(|url| url.to_string());
        assert_eq!(read("localhost:8080").as_deref(), Ok("http://localhost:8080/"));
        assert_eq!(read("https://a.example/b?c").as_deref(), Ok("https://a.example/b?c"));
        assert_eq!(read("http://[::1]:8080/").as_deref(), Ok("http://[::1]:8080/"));
        assert_eq!(read("a:80/?u=http://x").as_deref(), Ok("http://a:80/?u=http://x"));
        for bad in ["http://a:99999/", "[::1]:65536", "a:0"] {
            assert_eq!(read(bad), Err(PlanError::Port(bad.to_owned())));
        }
        assert_eq!(read("ftp://a"), Err(PlanError::Scheme("ftp://a".to_owned())));
        assert_eq!(read("http://u:p@a/"), Err(PlanError::User));
        for bad in ["", "http://", "a b", "http://:80/", "http:///x"] {
            assert_eq!(read(bad), Err(PlanError::NoUrl(bad.to_owned())));
        }
    }
}
