//! Requests that end: with bytes, or with a sentence, and in time.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use kube::client::Body;
use serde::de::DeserializeOwned;

use super::access::Access;
use super::connect::Endpoint;
use super::encoded_object::StatusDetails;
use super::encoding::Encoding;
use super::error::ClusterError;
use super::transport;
use super::typed;

/// How often a request is sent when the server asks to come back later. The API server's own
/// Retry-After is 1 s: three tries outlast a short burst and still fail quickly.
pub(super) const TRIES: u32 = 3;
/// Bytes that are read of the body of a refusal; the rest of it is left out. A `Status` has some
/// hundred, and a server that is broken may send without an end.
const MAX_REFUSAL: usize = 64 << 10;
/// The longest Retry-After that a single request follows.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A connection to an API server.
#[derive(Clone)]
pub struct Cluster {
    access: Access,
    endpoint: Endpoint,
    context: Option<String>,
    namespace: String,
    timeout: Option<Duration>,
    /// Whether it has answered that it does not accept requests for protobuf.
    refuses_protobuf: Arc<AtomicBool>,
}

impl Cluster {
    pub(super) fn new(
        access: Access,
        endpoint: Endpoint,
        context: Option<String>,
        namespace: String,
        timeout: Option<Duration>,
    ) -> Self {
        Self { access, endpoint, context, namespace, timeout, refuses_protobuf: Arc::default() }
    }

    /// The address of the API server.
    pub fn server(&self) -> &str {
        &self.endpoint.server
    }

    /// Time limit of a request, if there is one.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The address of the API server, and how it is trusted.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The context of the kubeconfig; `None` where there is none, as in a pod.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// The namespace of the context.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The body of a GET of `path`, which is JSON; `operation` is what an error says was tried.
    ///
    /// # Errors
    /// On every status but 200, and when the answer does not come whole and in time.
    pub async fn get(
        &self,
        operation: &Operation<'_>,
        path: &str,
    ) -> Result<Vec<u8>, ClusterError> {
        let exchange = async {
            let (_, body) = self.begin(operation, path, Encoding::Json).await?;
            self.rest(&operation.description, body, usize::MAX).await
        };
        self.in_time(operation, exchange).await
    }

    /// As [`Self::get`] of a server that is asked again soon anyway: a body of more than
    /// `max_bytes` is an error, and so is an answer that asks to come back later.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) async fn get_once(
        &self,
        operation: &Operation<'_>,
        path: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, ClusterError> {
        let exchange = async {
            let (_, body) = self.ask(operation, path, Encoding::Json, 1).await?;
            self.rest(&operation.description, body, max_bytes).await
        };
        self.in_time(operation, exchange).await
    }

    /// The kubelet of a node at this address, with the credentials of now. Its certificate must be
    /// for the node's name, and of `authority`, or of that of the API server if it is `None`.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the authority cannot be read.
    pub(super) async fn kubelet(
        &self,
        address: SocketAddr,
        node: &str,
        authority: Option<&Path>,
    ) -> Result<Self, ClusterError> {
        let access = self.access.kubelet(address, node, authority).await?;
        let endpoint = Endpoint { server: access.server().to_owned(), ..self.endpoint.clone() };
        let (context, namespace) = (self.context.clone(), self.namespace.clone());
        Ok(Self::new(access, endpoint, context, namespace, self.timeout))
    }

    /// The answer to a GET of `path`, read as JSON.
    ///
    /// # Errors
    /// As [`Self::get`], and when the answer is something else.
    pub(super) async fn get_json<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        path: &str,
    ) -> Result<T, ClusterError> {
        let body = self.get(operation, path).await?;
        typed::from_slice(&body)
            .map_err(|error| self.invalid_response(&operation.description, error))
    }

    /// The error that an answer is not what an API server says.
    pub fn invalid_response(&self, action: &str, cause: impl fmt::Display) -> ClusterError {
        ClusterError::invalid_response(action, self.server(), cause)
    }

    /// Opens an answer that goes on, such as a watch: it is not limited in time once it has
    /// begun. A server that asks to come back later is left to the caller, who has time.
    ///
    /// # Errors
    /// On every status but 200, and when the answer does not begin in time.
    pub(super) async fn open(
        &self,
        operation: &Operation<'_>,
        path: &str,
        encoding: Encoding,
    ) -> Result<(Encoding, Body), ClusterError> {
        self.in_time(operation, self.ask(operation, path, encoding, 1)).await
    }

    /// Sends a GET of `path` and waits for its answer to begin, in `encoding` or in JSON. A server
    /// that asks to come back later is asked again.
    ///
    /// # Errors
    /// On every status but 200.
    pub(super) async fn begin(
        &self,
        operation: &Operation<'_>,
        path: &str,
        encoding: Encoding,
    ) -> Result<(Encoding, Body), ClusterError> {
        self.ask(operation, path, encoding, TRIES).await
    }

    /// Sends a GET until it is answered, `max_tries` times if the server asks to come back later.
    async fn ask(
        &self,
        operation: &Operation<'_>,
        path: &str,
        encoding: Encoding,
        max_tries: u32,
    ) -> Result<(Encoding, Body), ClusterError> {
        let mut encoding = match self.refuses_protobuf.load(Ordering::Relaxed) {
            true => Encoding::Json,
            false => encoding,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let response = self.send_get(&operation.description, path, encoding).await?;
            if response.status() == StatusCode::OK {
                let answered = Encoding::of(response.headers());
                if answered == Encoding::Protobuf && encoding == Encoding::Json {
                    return Err(self.invalid_response(
                        &operation.description,
                        "it is protobuf, and JSON was asked for",
                    ));
                }
                return Ok((answered, response.into_body()));
            }
            let answer = self.whole(&operation.description, response).await?;
            match (answer.status, answer.retry_after) {
                // Not an API server's answer, which has a list of types to choose from.
                (StatusCode::NOT_ACCEPTABLE | StatusCode::UNSUPPORTED_MEDIA_TYPE, _)
                    if encoding != Encoding::Json =>
                {
                    tracing::info!(status = %answer.status, "the server refuses protobuf");
                    self.refuses_protobuf.store(true, Ordering::Relaxed);
                    encoding = Encoding::Json;
                }
                (status, Some(wait)) if tries < max_tries => {
                    tracing::info!(%status, ?wait, "{}: asked to come back later", operation.description);
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                }
                (status, after) => {
                    return Err(refusal(operation, self.server(), status, after, &answer.body));
                }
            }
        }
    }

    pub(super) async fn in_time<T>(
        &self,
        operation: &Operation<'_>,
        request: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        let Some(timeout) = self.timeout else { return request.await };
        match tokio::time::timeout(timeout, request).await {
            Ok(answer) => answer,
            Err(_) => Err(ClusterError::TimedOut {
                action: operation.description.to_string(),
                server: self.endpoint.server.clone(),
                seconds: timeout.as_secs_f64(),
            }),
        }
    }

    async fn send_get(
        &self,
        action: &str,
        path: &str,
        encoding: Encoding,
    ) -> Result<Response<Body>, ClusterError> {
        let request = http::Request::get(path)
            .header(ACCEPT, encoding.accept())
            .body(Body::empty())
            .map_err(|error| ClusterError::BadConfig(error.to_string()))?;
        self.send_http(action, request).await
    }

    pub(super) async fn send_http(
        &self,
        action: &str,
        request: http::Request<Body>,
    ) -> Result<Response<Body>, ClusterError> {
        // What is behind a pod's or a service's proxy may well be a page.
        let is_proxied = request.uri().path().contains("/proxy/");
        let response = self.access.send(action, request).await?;
        let media = response.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok());
        let is_page = media.is_some_and(|media| media.trim_start().starts_with("text/html"));
        if is_proxied || !is_page {
            return Ok(response);
        }
        Err(ClusterError::HtmlPage {
            action: action.to_owned(),
            server: self.endpoint.server.clone(),
            code: response.status().as_u16(),
            title: title_of(response.into_body()).await,
        })
    }

    pub(super) async fn whole(
        &self,
        action: &str,
        response: Response<Body>,
    ) -> Result<Answer, ClusterError> {
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = if status.is_success() {
            self.rest(action, response.into_body(), usize::MAX).await?
        } else {
            let mut body = self.start(action, response.into_body(), MAX_REFUSAL).await?;
            body.truncate(MAX_REFUSAL);
            body
        };
        Ok(Answer { status, retry_after, body })
    }

    /// All that comes of an answer, which must not be more than this.
    async fn rest(
        &self,
        action: &str,
        body: Body,
        max_bytes: usize,
    ) -> Result<Vec<u8>, ClusterError> {
        let bytes = self.start(action, body, max_bytes).await?;
        if bytes.len() > max_bytes {
            return Err(
                self.invalid_response(action, format!("it has more than {max_bytes} bytes"))
            );
        }
        Ok(bytes)
    }

    /// What comes of an answer, until it ends or is more than this.
    async fn start(
        &self,
        action: &str,
        mut body: Body,
        max_bytes: usize,
    ) -> Result<Vec<u8>, ClusterError> {
        // What the server says of its length is only a hint: no more than so much is taken at once.
        let length = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(length.min(max_bytes).min(8 << 20));
        while bytes.len() <= max_bytes
            && let Some(frame) = body.frame().await
        {
            let frame =
                frame.map_err(|error| transport::cut(action, &self.endpoint.server, &error))?;
            bytes.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
        }
        Ok(bytes)
    }
}

/// An operation on a cluster, as errors describe it.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// The operation, such as `list pods`.
    pub description: Cow<'a, str>,
    /// The RBAC rule that it takes, as flags of `kubectl create clusterrole`; empty if it takes
    /// none.
    pub required_rbac: Cow<'a, str>,
}

impl<'a> Operation<'a> {
    /// An operation with this description, which takes this rule.
    pub fn new(
        description: impl Into<Cow<'a, str>>,
        required_rbac: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self { description: description.into(), required_rbac: required_rbac.into() }
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// The title of an HTML page, as far as its first bytes tell.
async fn title_of(mut body: Body) -> String {
    const MAX_BYTES: usize = 1 << 14;
    const MAX_CHARS: usize = 80;
    let mut bytes = Vec::new();
    while bytes.len() < MAX_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&bytes);
    // Lower case for ASCII alone keeps every position.
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|start| {
        let start = start + lower[start..].find('>')? + 1;
        let end = start + lower[start..].find('<')?;
        text.get(start..end)
    });
    let words = title.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MAX_CHARS).collect()
}

/// The error for a refusal of `operation`.
pub(super) fn refusal(
    operation: &Operation<'_>,
    server: &str,
    status: StatusCode,
    retry_after: Option<Duration>,
    body: &[u8],
) -> ClusterError {
    let message = transport::words_of(body);
    // Only admission has causes, such as NamespaceTerminating: no permission is missing.
    let is_of_admission = || !StatusDetails::read(body).causes.is_empty();
    let required_rbac = operation.required_rbac.to_string();
    let (action, server) = (operation.description.to_string(), server.to_owned());
    match status {
        StatusCode::UNAUTHORIZED => ClusterError::Unauthorized { action, server },
        StatusCode::FORBIDDEN if !is_of_admission() => {
            ClusterError::Forbidden { action, message, required_rbac }
        }
        StatusCode::NOT_FOUND => ClusterError::NotFound { action, server, message },
        StatusCode::GONE => ClusterError::Expired { action, times: 1 },
        StatusCode::TOO_MANY_REQUESTS => {
            ClusterError::TooManyRequests { action, server, message, retry_after }
        }
        _ => {
            let code = status.as_u16();
            ClusterError::Status { action, server, code, message, retry_after }
        }
    }
}
