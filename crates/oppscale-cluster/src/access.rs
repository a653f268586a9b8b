//! The client and the credentials of a connection, renewed when they end or are refused.
//!
//! Credentials that say when they end (those of a plugin, a token in a file) are renewed early.
//! After a 401, and when the server cannot be trusted, oppscale rereads the kubeconfig. A kubelet,
//! which no kubeconfig leads to, only refuses that request.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::Body;

use super::blocking;
use super::connect::{ConnectOptions, Connection, Credentials, Login, Terminal};
use super::error::ClusterError;
use super::transport;

/// Credentials younger than this are not renewed.
const MIN_AGE: Duration = Duration::from_secs(1);
/// How long before their end credentials are renewed, so that none ends on its way.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_secs(10);

/// A client and its credentials; clones share them.
#[derive(Clone)]
pub(super) struct Access(Arc<Shared>);

struct Shared {
    held: RwLock<Held>,
    /// Locked while credentials are renewed.
    renewing: tokio::sync::Mutex<()>,
    /// Options that led to the server; `None` for a kubelet.
    options: Option<ConnectOptions>,
    server: String,
    user_agent: HeaderValue,
}

#[derive(Clone)]
struct Held {
    connection: Arc<Connection>,
    client: Client,
    credentials: Credentials,
    /// Time at which they were read.
    since: Instant,
    /// Time at which they must be renewed.
    renew_at: Option<Timestamp>,
}

impl Held {
    fn new(connection: Arc<Connection>, client: Client, credentials: Credentials) -> Self {
        let now = Timestamp::now();
        let renew_at = credentials.expires.map(|end| {
            let early = end.checked_sub(RENEW_BEFORE).unwrap_or(end);
            // Those that live shorter are used to their end.
            if early > now { early } else { end }
        });
        Self { connection, client, credentials, since: Instant::now(), renew_at }
    }

    fn is_over(&self) -> bool {
        self.renew_at.is_some_and(|end| end <= Timestamp::now()) && self.since.elapsed() >= MIN_AGE
    }
}

impl Access {
    /// Gets credentials for `connection`, which `options` have led to.
    ///
    /// # Errors
    /// When there are none, or TLS cannot be set up.
    pub(super) async fn open(
        connection: Connection,
        options: ConnectOptions,
    ) -> Result<Self, ClusterError> {
        let terminal = match options.is_unattended {
            true => Terminal::Taken,
            false => Terminal::Shared,
        };
        let credentials = connection.credentials(terminal).await?;
        let client = connection.client(&credentials)?;
        let server = connection.server();
        let held = Held::new(Arc::new(connection), client, credentials);
        Ok(Self(Arc::new(Shared {
            held: RwLock::new(held),
            renewing: tokio::sync::Mutex::default(),
            options: Some(options),
            server,
            user_agent: user_agent(),
        })))
    }

    /// A way to the kubelet of a node at this address, with the credentials of now.
    ///
    /// # Errors
    /// When TLS cannot be set up, or `authority` cannot be read.
    pub(super) async fn kubelet(
        &self,
        address: SocketAddr,
        node: &str,
        authority: Option<&Path>,
    ) -> Result<Self, ClusterError> {
        let Held { connection, credentials, .. } = self.held();
        let connection = connection.to_kubelet(address, node, authority).await?;
        let client = connection.client(&credentials)?;
        Ok(Self(Arc::new(Shared {
            server: connection.server(),
            held: RwLock::new(Held::new(Arc::new(connection), client, credentials)),
            renewing: tokio::sync::Mutex::default(),
            options: None,
            user_agent: self.0.user_agent.clone(),
        })))
    }

    /// The server's address.
    pub(super) fn server(&self) -> &str {
        &self.0.server
    }

    /// Sends a request. If the server refuses the credentials, the next request is sent with those
    /// of that time.
    ///
    /// # Errors
    /// When no response arrives.
    pub(super) async fn send(
        &self,
        action: &str,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, ClusterError> {
        let mut held = self.held();
        if held.is_over() {
            self.renew(&held).await?;
            held = self.held();
        }
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert_with(|| self.0.user_agent.clone());
        if let Some(authorization) = &held.credentials.authorization {
            headers.entry(AUTHORIZATION).or_insert_with(|| authorization.clone());
        }
        let sent = held.client.send(request).await;
        let sent = sent.map_err(|error| transport::transport(action, &self.0.server, &error));
        let is_untrusted = match &sent {
            Ok(response) => response.status() == StatusCode::UNAUTHORIZED,
            Err(error) => {
                matches!(error, ClusterError::Certificate { .. } | ClusterError::Tls { .. })
            }
        };
        if is_untrusted
            && held.since.elapsed() >= MIN_AGE
            && let Some(options) = &self.0.options
        {
            self.reconnect(options, held.since).await?;
        }
        sent
    }

    /// Replaces the credentials, unless those of `old` were replaced meanwhile. The client stays
    /// if TLS does not change.
    async fn renew(&self, old: &Held) -> Result<(), ClusterError> {
        let _guard = self.0.renewing.lock().await;
        let held = self.held();
        if held.since != old.since {
            return Ok(());
        }
        tracing::debug!("renewing credentials");
        let Held { connection, client, credentials: before, .. } = held;
        let credentials = match connection.credentials(Terminal::Taken).await {
            Ok(credentials) => credentials,
            // As client-go does, this goes on with the last token of a file.
            Err(error) if matches!(connection.login, Login::TokenFile { .. }) => {
                tracing::warn!("{error}");
                let expires = Timestamp::now().checked_add(RENEW_BEFORE * 2).ok();
                Credentials { expires, ..before.clone() }
            }
            Err(error) => return Err(error),
        };
        let client = match credentials.identity == before.identity {
            true => client,
            false => connection.client(&credentials)?,
        };
        self.hold(Held::new(connection, client, credentials));
        Ok(())
    }

    /// Reads the kubeconfig again, unless the client of `since` was replaced meanwhile.
    async fn reconnect(
        &self,
        options: &ConnectOptions,
        since: Instant,
    ) -> Result<(), ClusterError> {
        let _guard = self.0.renewing.lock().await;
        let mut held = self.held();
        if held.since != since {
            return Ok(());
        }
        tracing::info!("asking for credentials again");
        let renewed = self.connect_again(options).await;
        match renewed {
            Ok(renewed) => {
                self.hold(renewed);
                Ok(())
            }
            Err(error) => {
                // It is not tried again at once.
                held.since = Instant::now();
                self.hold(held);
                Err(error)
            }
        }
    }

    async fn connect_again(&self, options: &ConnectOptions) -> Result<Held, ClusterError> {
        let server = &self.0.server;
        let file = options.kubeconfig.clone().unwrap_or_else(|| "the kubeconfig".into());
        let again = options.clone();
        let connection = blocking::run(&file, move || Connection::of(&again))
            .await
            .map_err(|error| ClusterError::BadConfig(format!("{}: {error}", file.display())))??;
        let now = connection.server();
        if now != *server {
            let cause = format!("it led to {server} and now leads to {now}");
            return Err(ClusterError::BadConfig(cause));
        }
        let credentials = connection.credentials(Terminal::Taken).await?;
        let client = connection.client(&credentials)?;
        Ok(Held::new(Arc::new(connection), client, credentials))
    }

    fn hold(&self, held: Held) {
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = held;
    }

    fn held(&self) -> Held {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `oppscale/0.1.0 (linux/amd64)`, with Go's names of systems, as all clients of Kubernetes have.
fn user_agent() -> HeaderValue {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    let text = format!("oppscale/{} ({system}/{processor})", env!("CARGO_PKG_VERSION"));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("oppscale"))
}
