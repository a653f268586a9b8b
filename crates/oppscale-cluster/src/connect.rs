//! Which cluster, as which user, with which time limit: kubectl's options with kubectl's meaning.

use std::path::PathBuf;
use std::time::Duration;

use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use oppscale_core::units::time_limit;

use super::access::Access;
use super::client::Cluster;
use super::error::ClusterError;
use super::transport;

/// How to connect to a cluster. The default is what kubectl does without flags, without a time
/// limit.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// Kubeconfig file to use instead of `KUBECONFIG` or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig to use.
    pub context: Option<String>,
    /// Cluster of the kubeconfig to use.
    pub cluster: Option<String>,
    /// User of the kubeconfig to use.
    pub user: Option<String>,
    /// User to impersonate.
    pub impersonate: Option<String>,
    /// Groups to impersonate.
    pub impersonate_groups: Vec<String>,
    /// Longest wait for one request; zero for no limit.
    pub request_timeout: Duration,
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
    /// The namespace of the context.
    pub namespace: String,
}

impl ConnectOptions {
    /// Connects; nothing is sent before the first request.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub async fn connect(&self) -> Result<Cluster, ClusterError> {
        let config = self.settings().await?;
        let server = address(&config);
        let namespace = config.default_namespace.clone();
        let client = client(config).await?;
        // Whoever switches the context meanwhile does not mean this connection.
        let context = self.context_name().filter(|name| !name.is_empty());
        let again = Self { context, ..self.clone() };
        let access = Access::new(client, again, server.clone());
        Ok(Cluster::new(access, server, namespace, time_limit(self.request_timeout)))
    }

    /// Another client to `server`, with the credentials of now. A plugin is not let at the
    /// terminal: a screen may be open there.
    ///
    /// # Errors
    /// When there are none, or when they lead elsewhere by now.
    pub(super) async fn client_again(&self, server: &str) -> Result<Client, ClusterError> {
        let mut config = self.settings().await?;
        let now = address(&config);
        if now != server {
            let cause = format!("it led to {server} and now leads to {now}");
            return Err(ClusterError::BadConfig(cause));
        }
        if let Some(exec) = &mut config.auth_info.exec {
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        client(config).await
    }

    /// What the library is to know.
    async fn settings(&self) -> Result<Config, ClusterError> {
        let mut config = self.config().await?;
        if let Some(user) = &self.impersonate {
            config.auth_info.impersonate = Some(user.clone());
            let groups = self.impersonate_groups.clone();
            config.auth_info.impersonate_groups = (!groups.is_empty()).then_some(groups);
        }
        // The library's retry waits for minutes; a person at a prompt would not know why.
        config.default_retry = false;
        // Connecting counts to the request's time, which is limited where requests are sent.
        config.connect_timeout = None;
        Ok(config)
    }

    /// Where the cluster is and how it is trusted, for whoever else is to reach it.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub async fn endpoint(&self) -> Result<Endpoint, ClusterError> {
        let config = self.config().await?;
        let pem = |ders: Vec<Vec<u8>>| {
            use base64::Engine as _;
            use base64::engine::general_purpose::STANDARD;
            let one = |der: Vec<u8>| {
                let body = STANDARD.encode(der);
                format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
            };
            ders.into_iter().map(one).collect::<String>()
        };
        Ok(Endpoint {
            server: address(&config),
            authority_pem: config.root_cert.map(pem),
            tls_server_name: config.tls_server_name,
            namespace: config.default_namespace,
        })
    }

    async fn config(&self) -> Result<Config, ClusterError> {
        let options = KubeConfigOptions {
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
        };
        let chosen = self.kubeconfig.is_some()
            || options.context.is_some()
            || options.cluster.is_some()
            || options.user.is_some();
        let kubeconfig = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        // The library would go on as nobody.
        if let (Ok(kubeconfig), Some(user)) = (&kubeconfig, &options.user)
            && !kubeconfig.auth_infos.iter().any(|known| known.name == *user)
        {
            return Err(ClusterError::BadConfig(format!("there is no user {user:?} in it")));
        }
        let config = match kubeconfig {
            Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
            Err(error) => Err(error),
        };
        config.or_else(|error| match (chosen, Config::incluster()) {
            (false, Ok(inside)) => Ok(inside),
            _ => Err(transport::kubeconfig(&error)),
        })
    }
}

/// The address of the API server, as a kubeconfig writes it.
fn address(config: &Config) -> String {
    config.cluster_url.to_string().trim_end_matches('/').to_owned()
}

/// A client of the library's. A credential plugin may wait for a person, who may think better
/// of it with Ctrl-C.
async fn client(config: Config) -> Result<Client, ClusterError> {
    let server = address(&config);
    let plugin = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
    let client = tokio::task::spawn_blocking(|| Client::try_from(config))
        .await
        .map_err(|error| ClusterError::Credentials(error.to_string()))?;
    client.map_err(|error| match (transport::transport("connect", &server, &error), plugin) {
        (ClusterError::Credentials(why), Some(plugin)) => {
            ClusterError::Credentials(format!("{plugin}: {why}"))
        }
        (error, _) => error,
    })
}

impl ConnectOptions {
    /// The context that is used; `None` inside of a cluster, where there is none.
    pub fn context_name(&self) -> Option<String> {
        let kubeconfig = || match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        self.context.clone().or_else(|| kubeconfig().ok()?.current_context)
    }
}
