//! Connections, TLS, one request.

use std::error::Error;
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

use super::failure::{Failure, LookupError};
use super::plan::Plan;

/// How long a connection is kept that nobody uses: as long as a Go server keeps it, or less.
const IDLE: Duration = Duration::from_secs(60);

/// Asks one URL; clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    pool: Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    plan: Plan,
    body: Bytes,
}

/// The system's resolver, whose errors have a type: the connector's own error has none that can
/// be seen.
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

/// What became of a request.
pub struct Asked {
    /// The status of the answer.
    pub outcome: Result<StatusCode, (Failure, String)>,
    /// Bytes of its body.
    pub bytes: u64,
}

/// Why nothing can be asked.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The authorities of the system cannot be used.
    #[error("the system's certificate authorities cannot be used: {0}")]
    System(std::io::Error),
    /// The given ones cannot.
    #[error("{file}: {problem}")]
    Authority {
        /// Whose.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

impl Client {
    /// A client for `plan`, which trusts the authorities in `pem`, a file's name and text, or
    /// those of the system.
    ///
    /// # Errors
    /// When no authority can be read.
    pub fn new(plan: &Plan, pem: Option<(&str, &[u8])>) -> Result<Self, ClientError> {
        let tls = ClientConfig::builder();
        let tls = match pem {
            Some((file, pem)) => tls.with_root_certificates(roots(file, pem)?),
            // A bare container has no authorities, and plain HTTP needs none.
            None if plan.url.scheme() == Some(&Scheme::HTTP) => {
                tls.with_root_certificates(RootCertStore::empty())
            }
            None => tls
                .try_with_platform_verifier()
                .map_err(|error| ClientError::System(std::io::Error::other(error)))?,
        };
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        // Requests are small and whole: nothing is won by waiting for more.
        http.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
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
            // Some servers ask for it where there could be a body.
            plan.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let body = Bytes::from(plan.body.clone());
        Ok(Self(Arc::new(Inner { pool, plan, body })))
    }

    /// Sends one request and waits for its whole answer.
    pub async fn ask(&self) -> Asked {
        match tokio::time::timeout(self.0.plan.timeout, self.exchange()).await {
            Ok(asked) => asked,
            Err(_) => {
                let words = format!("no whole answer within {:?}", self.0.plan.timeout);
                Asked { outcome: Err((Failure::TimedOut, words)), bytes: 0 }
            }
        }
    }

    async fn exchange(&self) -> Asked {
        let plan = &self.0.plan;
        let mut request = Request::new(Full::new(self.0.body.clone()));
        *request.method_mut() = plan.method.clone();
        *request.uri_mut() = plan.url.clone();
        *request.headers_mut() = plan.headers.clone();
        let failed = |error: &(dyn Error + 'static), bytes| Asked {
            outcome: Err((Failure::of(error), words(error))),
            bytes,
        };
        let answer = match self.0.pool.request(request).await {
            Ok(answer) => answer,
            Err(error) => return failed(&error, 0),
        };
        let status = answer.status();
        let (mut body, mut bytes) = (answer.into_body(), 0);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
                Err(error) => return failed(&error, bytes),
            }
        }
        Asked { outcome: Ok(status), bytes }
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
        true => Err(wrong("holds no certificate in PEM".to_owned())),
        false => Ok(roots),
    }
}

/// An error and its causes, each once.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !words.ends_with(&next) {
            words = format!("{words}: {next}");
        }
        cause = error.source();
    }
    words
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
