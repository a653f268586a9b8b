//! Any request to the API server, and its whole response, whatever its status.

use http::header::{ACCEPT, CONTENT_TYPE, DATE, WARNING};
use http::{HeaderMap, Method, StatusCode};
use jiff::fmt::rfc2822;
use kube::client::Body;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{Cluster, LONGEST_WAIT, Operation, TRIES, refusal};
use super::encoded_object::StatusDetails;
use super::error::ClusterError;
use super::transport;
use super::typed;

/// A request to the API server.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    method: Method,
    path: String,
    accept: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    impersonated: Option<&'static str>,
}

/// A response of the API server, whatever its status.
#[derive(Clone)]
pub struct ApiResponse {
    /// Description of the operation, for errors.
    action: String,
    /// Address of the server, for errors.
    server: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// Its body. It may hold a secret, and is not shown.
    pub body: Vec<u8>,
    /// The texts of its Warning headers.
    pub warnings: Vec<String>,
    /// The server's clock, seconds since 1970, by the Date header.
    pub date: Option<i64>,
}

impl ApiRequest {
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

    fn to_http(&self) -> Result<http::Request<Body>, ClusterError> {
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

impl ApiResponse {
    /// Parses the body as JSON.
    ///
    /// # Errors
    /// When the body is not a JSON document of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClusterError> {
        typed::from_slice(&self.body)
            .map_err(|error| ClusterError::invalid_response(&self.action, &self.server, error))
    }

    /// The server's words, where it refuses.
    pub fn message(&self) -> String {
        transport::words_of(&self.body)
    }

    /// Whether the answer to a create is the refusal of an admission plugin, such as of a namespace
    /// that is being deleted, a quota or a policy, and not of a missing permission. An authorizer
    /// does not know the new object's name, and admission always gives it
    /// (`responsewriters.ForbiddenStatusError` and `admission.NewForbidden`, 1.36).
    pub fn is_refused_by_admission(&self) -> bool {
        let details = StatusDetails::read(&self.body);
        self.status == StatusCode::FORBIDDEN
            && (!details.name.is_empty() || !details.causes.is_empty())
    }

    /// The body of a success, or what a refusal of `operation` means.
    ///
    /// # Errors
    /// On every status but 2xx.
    pub fn success(self, operation: &Operation<'_>) -> Result<Self, ClusterError> {
        match self.status.is_success() {
            true => Ok(self),
            false => Err(refusal(operation, &self.server, self.status, None, &self.body)),
        }
    }
}

impl Cluster {
    /// Sends a request and returns the whole response, whatever its status. Retries when the
    /// server sends Retry-After.
    ///
    /// # Errors
    /// When no whole response arrives in time.
    pub async fn send(
        &self,
        operation: &Operation<'_>,
        request: &ApiRequest,
    ) -> Result<ApiResponse, ClusterError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let request = request.to_http()?;
            let exchange = async {
                let response = self.send_http(&operation.description, request).await?;
                let (warnings, date) = (warnings(response.headers()), date(response.headers()));
                let answer = self.whole(&operation.description, response).await?;
                let response = ApiResponse {
                    action: operation.description.to_string(),
                    server: self.server().to_owned(),
                    status: answer.status,
                    body: answer.body,
                    warnings,
                    date,
                };
                Ok((response, answer.retry_after))
            };
            match self.in_time(operation, exchange).await? {
                (response, Some(wait)) if tries < TRIES && !response.status.is_success() => {
                    let status = response.status;
                    tracing::info!(%status, ?wait, "{}: asked to come back later", operation.description);
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                }
                (response, _) => return Ok(response),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_not_json_is_an_error_that_names_the_server() {
        let response = ApiResponse {
            action: "get a node".to_owned(),
            server: "https://api.example".to_owned(),
            status: StatusCode::OK,
            body: b"<html>".to_vec(),
            warnings: Vec::new(),
            date: None,
        };
        let error = response.json::<Value>().unwrap_err();
        assert!(matches!(error, ClusterError::InvalidResponse { .. }), "{error}");
        assert!(error.to_string().contains("https://api.example"), "{error}");
    }
}
