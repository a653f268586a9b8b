//! The HTTP client: connections, TLS, one request, and why it failed.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, USER_AGENT};
use hyper::http::uri::Scheme;
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tower_service::Service;

use super::plan::Plan;

/// Idle connections are closed after this time; Go servers keep them at least as long.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a request got no response. A response of any status is no failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The host name does not resolve.
    Name,
    /// The port is closed.
    Refused,
    /// There is no route to the host.
    Unreachable,
    /// The TLS handshake failed.
    Tls,
    /// The connection broke before the response was complete.
    Broken,
    /// The response took longer than the timeout.
    TimedOut,
    /// The response is not HTTP.
    NotHttp,
    /// This process has reached its limit of open files.
    OpenFiles,
    /// Not sent: too many requests were under way.
    NotSent,
    /// Any other cause.
    Other,
}

/// A failed lookup of a host name.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct LookupError(std::io::Error);

/// EMFILE, "too many open files", on every Unix.
const EMFILE: i32 = 24;

impl Failure {
    /// The kind of `error`, by its innermost known cause.
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut found = Self::Other;
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(kind) = Self::of_one(error) {
                found = kind;
            }
            cause = error.source();
        }
        found
    }

    fn of_one(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
                return Some(Self::Broken);
            }
            return (hyper.is_parse() || hyper.is_parse_too_large()).then_some(Self::NotHttp);
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            // The error inside is not its source, and may be an io::Error again.
            if let Some(kind) = io.get_ref().and_then(|inner| Self::of_one(inner)) {
                return Some(kind);
            }
            return match io.kind() {
                ErrorKind::ConnectionRefused => Some(Self::Refused),
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                    Some(Self::Unreachable)
                }
                ErrorKind::TimedOut => Some(Self::TimedOut),
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => Some(Self::Broken),
                _ if io.raw_os_error() == Some(EMFILE) => Some(Self::OpenFiles),
                _ => None,
            };
        }
        if error.is::<rustls::Error>() {
            return Some(Self::Tls);
        }
        error.is::<LookupError>().then_some(Self::Name)
    }

    /// Its name in machine output.
    pub fn key(self) -> &'static str {
        self.names().0
    }

    /// Its names: in machine output, and in prose.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("unknownHost", "unknown host"),
            Self::Refused => ("connectionRefused", "connection refused"),
            Self::Unreachable => ("unreachable", "unreachable"),
            Self::Tls => ("tls", "TLS failed"),
            Self::Broken => ("connectionBroken", "connection broken"),
            Self::TimedOut => ("timedOut", "timed out"),
            Self::NotHttp => ("notHttp", "not HTTP"),
            Self::OpenFiles => ("tooManyOpenFiles", "too many open files"),
            Self::NotSent => ("notSent", "not sent, too many under way"),
            Self::Other => ("other", "other"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().1)
    }
}

/// Sends requests to one URL; clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    pool: Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    plan: Plan,
    body: Bytes,
}

/// The system's resolver with an error type that [`Failure::of`] can recognize; the
/// connector's own error type is private.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = LookupError;
    type Future = BoxFuture<'static, Result<GaiAddrs, LookupError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
        self.0.poll_ready(context).map_err(LookupError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.call(name).map_err(LookupError).boxed()
    }
}

/// The result of one request.
pub struct Exchange {
    /// The status of the response.
    pub result: Result<StatusCode, (Failure, String)>,
    /// Size of the response body, in bytes.
    pub bytes: u64,
}

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The system's certificate authorities cannot be loaded.
    #[error("the system's certificate authorities cannot be used: {0}")]
    System(std::io::Error),
    /// The given file of certificate authorities cannot be read.
    #[error("{file}: {problem}")]
    Authority {
        /// Name of the file.
        file: String,
        /// The problem.
        problem: String,
    },
}

impl Client {
    /// A client for `plan` that trusts the authorities in `pem` (name and content of a file),
    /// or else those of the system.
    ///
    /// # Errors
    /// When no authority can be read.
    pub fn new(plan: &Plan, pem: Option<(&str, &[u8])>) -> Result<Self, ClientError> {
        let tls = ClientConfig::builder();
        let tls = match pem {
            Some((file, pem)) => tls.with_root_certificates(roots(file, pem)?),
            // Plain HTTP works in a container without certificate authorities.
            None if plan.url.scheme() == Some(&Scheme::HTTP) => {
                tls.with_root_certificates(RootCertStore::empty())
            }
            None => tls
                .try_with_platform_verifier()
                .map_err(|error| ClientError::System(std::io::Error::other(error)))?,
        };
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        http.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(plan.most_under_way)
            .build(connector);
        let mut plan = plan.clone();
        let agent = HeaderValue::from_static(concat!("oppscale/", env!("CARGO_PKG_VERSION")));
        plan.headers.entry(USER_AGENT).or_insert(agent);
        if !plan.keep_alive {
            plan.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if plan.body.is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(&plan.method)
        {
            // Some servers demand a length from these methods.
            plan.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let body = Bytes::from(plan.body.clone());
        Ok(Self(Arc::new(Inner { pool, plan, body })))
    }

    /// Sends one request and waits for the complete response.
    pub async fn send(&self) -> Exchange {
        self.exchange_in_time(|_| ()).await
    }

    /// Sends one request and returns the body of the response, too, as far as it has come.
    pub async fn fetch(&self) -> (Exchange, Vec<u8>) {
        let mut body = Vec::new();
        let exchange = self.exchange_in_time(|data| body.extend_from_slice(data)).await;
        (exchange, body)
    }

    async fn exchange_in_time(&self, take: impl FnMut(&[u8])) -> Exchange {
        match tokio::time::timeout(self.0.plan.timeout, self.exchange(take)).await {
            Ok(exchange) => exchange,
            Err(_) => {
                let message = format!("no complete response within {:?}", self.0.plan.timeout);
                Exchange { result: Err((Failure::TimedOut, message)), bytes: 0 }
            }
        }
    }

    async fn exchange(&self, mut take: impl FnMut(&[u8])) -> Exchange {
        let plan = &self.0.plan;
        let mut request = Request::new(Full::new(self.0.body.clone()));
        *request.method_mut() = plan.method.clone();
        *request.uri_mut() = plan.url.clone();
        *request.headers_mut() = plan.headers.clone();
        let failed = |error: &(dyn Error + 'static), bytes| Exchange {
            result: Err((Failure::of(error), error_chain(error))),
            bytes,
        };
        let response = match self.0.pool.request(request).await {
            Ok(response) => response,
            Err(error) => return failed(&error, 0),
        };
        let status = response.status();
        let (mut body, mut bytes) = (response.into_body(), 0);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => {
                    let data = frame.data_ref().map_or(&[][..], |data| data);
                    bytes += data.len() as u64;
                    take(data);
                }
                Err(error) => return failed(&error, bytes),
            }
        }
        Exchange { result: Ok(status), bytes }
    }
}

fn roots(file: &str, pem: &[u8]) -> Result<RootCertStore, ClientError> {
    let wrong = |problem: String| ClientError::Authority { file: file.to_owned(), problem };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(wrong("has no PEM certificate".to_owned())),
        false => Ok(roots),
    }
}

/// The messages of an error and its causes, without repetition.
fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !chain.ends_with(&next) {
            chain = format!("{chain}: {next}");
        }
        cause = error.source();
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unknown_name_is_known_by_its_type() {
        let mut connector = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        let url = "http://no-such-host.invalid".parse().unwrap();
        let error = connector.call(url).await.unwrap_err();
        assert_eq!(Failure::of(&error), Failure::Name, "{error:?}");
    }
}
