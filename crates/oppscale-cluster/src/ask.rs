//! Any request, and its whole answer, whatever its status.

use http::header::{ACCEPT, CONTENT_TYPE, DATE, WARNING};
use http::{HeaderMap, Method, StatusCode};
use jiff::fmt::rfc2822;
use kube::client::Body;
use serde_json::Value;

use super::client::{Cluster, LONGEST_WAIT, Operation, TRIES, refusal};
use super::error::ClusterError;
use super::transport;

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    path: String,
    accept: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    impersonated: Option<&'static str>,
}

/// An answer, whatever its status.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its body. It may hold a secret, and is not shown.
    pub body: Vec<u8>,
    /// The texts of its Warning headers.
    pub warnings: Vec<String>,
    /// The server's clock, seconds since 1970, by the Date header.
    pub date: Option<i64>,
}

impl Ask {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            accept: "application/json",
            content_type: "application/json",
            body: Vec::new(),
            impersonated: None,
        }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST of an object.
    pub fn post(path: impl Into<String>, object: &Value) -> Self {
        Self::new(Method::POST, path).body("application/json", object)
    }

    /// With an object, as this media type.
    #[must_use]
    pub fn body(self, content_type: &'static str, object: &Value) -> Self {
        Self { content_type, body: object.to_string().into_bytes(), ..self }
    }

    /// Wants the answer as this media type.
    #[must_use]
    pub fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    fn request(&self) -> Result<http::Request<Body>, ClusterError> {
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(ACCEPT, self.accept);
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, self.content_type);
        }
        if let Some(user) = self.impersonated {
            request = request.header("Impersonate-User", user);
        }
        request
            .body(Body::from(self.body.clone()))
            .map_err(|error| ClusterError::BadConfig(error.to_string()))
    }

    /// In the name of another user.
    #[must_use]
    pub fn as_user(self, user: &'static str) -> Self {
        Self { impersonated: Some(user), ..self }
    }
}

impl Reply {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The server's words, where it refuses.
    pub fn message(&self) -> String {
        transport::words_of(&self.body)
    }

    /// The body of a success, or what a refusal of `action` means.
    ///
    /// # Errors
    /// On every status but 2xx.
    pub fn success(self, operation: &Operation<'_>) -> Result<Self, ClusterError> {
        match self.status.is_success() {
            true => Ok(self),
            false => Err(refusal(operation, self.status, &self.body)),
        }
    }
}

impl Cluster {
    /// Sends a request and gives the whole answer, whatever its status. A server that asks to
    /// come back later is asked again.
    ///
    /// # Errors
    /// When no whole answer comes in time.
    pub async fn ask(&self, operation: &Operation<'_>, ask: &Ask) -> Result<Reply, ClusterError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let request = ask.request()?;
            let exchange = async {
                let response = self.send_request(&operation.description, request).await?;
                let (warnings, date) = (warnings(response.headers()), date(response.headers()));
                let answer = self.whole(&operation.description, response, Vec::new()).await?;
                let reply = Reply { status: answer.status, body: answer.body, warnings, date };
                Ok((reply, answer.retry_after))
            };
            match self.in_time(operation, exchange).await? {
                (reply, Some(wait)) if tries < TRIES && !reply.status.is_success() => {
                    let status = reply.status;
                    tracing::info!(%status, ?wait, "{}: asked to come back later", operation.description);
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                }
                (reply, _) => return Ok(reply),
            }
        }
    }
}

/// The texts of RFC 7234's `299 - "text"`.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(WARNING).iter().filter_map(|value| value.to_str().ok());
    let texts = values.filter_map(|value| {
        let (_, quoted) = value.split_once('"')?;
        let text = quoted.rsplit_once('"').map_or(quoted, |(text, _)| text);
        Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
    });
    texts.collect()
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(rfc2822::parse(text).ok()?.timestamp().as_second())
}
