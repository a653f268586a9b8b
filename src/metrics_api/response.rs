//! Responses, and errors as Status objects of the Kubernetes API.

use serde_json::{Value, json};

/// Content type of everything but aggregated discovery.
const JSON: &str = "application/json";

/// A response: status, content type and body. There are no other headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// An error response. The HPA shows the message in its condition `ScalingActive`, and
/// leaves the replicas as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusError {
    code: u16,
    reason: &'static str,
    message: String,
}

impl Response {
    /// 200 with a JSON body.
    pub fn json(value: &Value) -> Self {
        Self::text(200, JSON, value.to_string())
    }

    /// Any text.
    pub fn text(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status, content_type, body: body.into().into_bytes() }
    }
}

impl StatusError {
    /// 404: there is no such path, object or metric.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { code: 404, reason: "NotFound", message: message.into() }
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into() }
    }

    /// 401: the caller is not authenticated.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self { code: 401, reason: "Unauthorized", message: message.into() }
    }

    /// 503: the value is not known at present.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self { code: 503, reason: "ServiceUnavailable", message: message.into() }
    }

    /// 405: metrics can only be read.
    pub(super) fn method(method: &str) -> Self {
        let message = format!("metrics can be read with GET, not with {method}");
        Self { code: 405, reason: "MethodNotAllowed", message }
    }

    /// The response with the Status object.
    pub fn response(&self) -> Response {
        let status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        Response::text(self.code, JSON, status.to_string())
    }
}
