//! Connecting to a cluster: kubectl's options and kubeconfigs with kubectl's meaning.
//!
//! [`kubeconfig`] reads the files and [`connection`] turns what they say of one cluster and user
//! into addresses, headers and keys, so that the client library has nothing left to interpret.

mod connection;
mod http;
mod identity;
mod kubeconfig;
#[cfg(test)]
mod mutations;
mod plugin;
mod proxy;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

use oppscale_core::units::time_limit;

pub(crate) use connection::{Connection, Credentials, Login};
pub(crate) use kubeconfig::Kubeconfig;
pub use kubeconfig::kubeconfig_document;
pub(crate) use plugin::Terminal;
pub(crate) use proxy::ProxyEnvironment;

use crate::access::Access;
use crate::client::Cluster;
use crate::error::ClusterError;

/// The time limit of a request where none is chosen.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How to connect to a cluster. The default is what kubectl does without flags, with a time limit
/// of 30 s.
#[derive(Clone, Default)]
pub struct ConnectOptions {
    /// Kubeconfig file to use instead of `KUBECONFIG` or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig to use.
    pub context: Option<String>,
    /// Cluster of the kubeconfig to use.
    pub cluster: Option<String>,
    /// User of the kubeconfig to use.
    pub user: Option<String>,
    /// Address of the API server, instead of the kubeconfig's.
    pub server: Option<String>,
    /// File with the authorities that sign the server's certificate, in PEM.
    pub certificate_authority: Option<PathBuf>,
    /// Name in the server's certificate, where it differs from the address.
    pub tls_server_name: Option<String>,
    /// Whether the server's certificate is not verified.
    pub insecure_skip_tls_verify: bool,
    /// Bearer token.
    pub token: Option<String>,
    /// File with the client certificate, in PEM.
    pub client_certificate: Option<PathBuf>,
    /// File with the key of the client certificate, in PEM.
    pub client_key: Option<PathBuf>,
    /// User to impersonate.
    pub impersonate: Option<String>,
    /// Groups to impersonate.
    pub impersonate_groups: Vec<String>,
    /// UID to impersonate.
    pub impersonate_uid: Option<String>,
    /// Longest wait for one request, and for a credential plugin; zero for no limit. If it is not
    /// set, requests end after 30 s, and a plugin that can ask a person has no limit.
    pub request_timeout: Option<Duration>,
    /// Whether no user can answer a credential plugin, as while a shell completes a word: the
    /// plugin gets no terminal, and its stderr is not shown.
    pub is_unattended: bool,
}

/// Where a cluster is, and how it is trusted.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The API server's address.
    pub server: String,
    /// The authority of its certificate, PEM; `None` for the system's.
    pub authority_pem: Option<String>,
    /// The name in its certificate, where it differs from the address.
    pub tls_server_name: Option<String>,
    /// The proxy that the kubeconfig names, without user and password.
    pub proxy_url: Option<String>,
    /// Whether its certificate is not verified.
    pub is_insecure: bool,
}

/// The names in a kubeconfig, sorted.
#[derive(Debug, Clone, Default)]
pub struct KubeconfigNames {
    /// Names of contexts.
    pub contexts: Vec<String>,
    /// Names of clusters.
    pub clusters: Vec<String>,
    /// Names of users.
    pub users: Vec<String>,
}

impl KubeconfigNames {
    /// Reads the file `explicit`, else those of `KUBECONFIG`, else `~/.kube/config`.
    ///
    /// # Errors
    /// When `explicit` does not exist, or a file cannot be read or is no kubeconfig.
    pub fn read(explicit: Option<&Path>) -> Result<Self, ClusterError> {
        let Kubeconfig { contexts, clusters, users, .. } = Kubeconfig::read(explicit)?;
        Ok(Self {
            contexts: contexts.into_keys().collect(),
            clusters: clusters.into_keys().collect(),
            users: users.into_keys().collect(),
        })
    }
}

impl ConnectOptions {
    /// Connects; nothing is sent before the first request, but a credential plugin is run.
    ///
    /// # Errors
    /// When there is no kubeconfig, it cannot be used, or there are no credentials.
    pub async fn connect(&self) -> Result<Cluster, ClusterError> {
        // The kubeconfig may come from a pipe: Ctrl-C and SIGTERM must work meanwhile.
        let options = self.clone();
        let opened = tokio::task::spawn_blocking(move || Connection::of(&options)).await;
        let connection = opened.map_err(|error| ClusterError::BadConfig(error.to_string()))??;
        let (context, namespace) = (connection.context.clone(), connection.namespace.clone());
        let endpoint = connection.endpoint();
        // The current context may be switched meanwhile; this connection stays with its own.
        let options =
            Self { context: context.clone().or_else(|| self.context.clone()), ..self.clone() };
        let timeout = time_limit(self.request_timeout.unwrap_or(REQUEST_TIMEOUT));
        let access = Access::open(connection, options).await?;
        Ok(Cluster::new(access, endpoint, context, namespace, timeout))
    }
}
