//! Arguments that several commands have.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use oppscale_cluster::{Cluster, ClusterError, ConnectOptions};
use oppscale_core::kinds;
use oppscale_core::names::{is_dns_label, is_label_value, is_qualified_name};
use oppscale_core::units::parse_duration;

use crate::completion::Values;

/// The output format.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs<F: ValueEnum + Default + Send + Sync + 'static> {
    /// Output format.
    #[arg(
        short = 'o',
        long = "output",
        id = "output",
        value_enum,
        // default_value_t keeps its text in a static, which all F would share.
        default_value = name(&F::default()),
        value_name = "FORMAT",
        hide_possible_values = true,
        help = format!("Output format: {}", choices::<F>())
    )]
    pub format: F,
}

/// The cluster to connect to, and as which user, by kubectl's flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster options")]
pub struct ClusterArgs {
    /// Its address.
    #[command(flatten)]
    pub address: AddressArgs,
    /// The rest.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// The address of a cluster, and how it is trusted.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cluster options")]
pub struct AddressArgs {
    /// Address of the API server to use instead of the kubeconfig's
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the CA of the API server, in PEM
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Name in the certificate of the API server, if not its address
    #[arg(long, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// Do not verify the certificate of the API server; insecure
    #[arg(long, conflicts_with = "certificate_authority")]
    pub insecure_skip_tls_verify: bool,
}

/// Flags about the connection: kubeconfig, context, user, time limit.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster options")]
pub struct ConnectionArgs {
    /// Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig to use
    #[arg(long, value_name = "NAME", add = Values::Contexts)]
    pub context: Option<String>,
    /// Cluster of the kubeconfig to use
    #[arg(long, value_name = "NAME", add = Values::Clusters)]
    pub cluster: Option<String>,
    /// User of the kubeconfig to use
    #[arg(long, value_name = "NAME", add = Values::Users)]
    pub user: Option<String>,
    /// Bearer token to use instead of the user's; other users of this
    /// machine see it in the list of processes
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// File with a client certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// File with the key of the client certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER")]
    pub impersonate: Option<String>,
    /// Group to impersonate; repeatable
    #[arg(long = "as-group", value_name = "GROUP", requires = "impersonate")]
    pub impersonate_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", value_name = "UID", requires = "impersonate")]
    pub impersonate_uid: Option<String>,
    /// Longest wait for one request or credential plugin: 5s, 2m, or 0 for no
    /// limit [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub request_timeout: Option<Duration>,
}

impl ClusterArgs {
    /// Connects; nothing is sent before the first request.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub async fn connect(&self) -> Result<Cluster, ClusterError> {
        self.connection.connect(&self.address).await
    }
}

impl ConnectionArgs {
    /// Connects to the cluster at `address`; nothing is sent before the first request.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub async fn connect(&self, address: &AddressArgs) -> Result<Cluster, ClusterError> {
        self.options(address).connect().await
    }

    /// Options of a connection to the cluster at `address`.
    pub fn options(&self, address: &AddressArgs) -> ConnectOptions {
        let Self {
            kubeconfig,
            context,
            cluster,
            user,
            token,
            client_certificate,
            client_key,
            impersonate,
            impersonate_groups,
            impersonate_uid,
            request_timeout,
        } = self.clone();
        let AddressArgs {
            server,
            certificate_authority,
            tls_server_name,
            insecure_skip_tls_verify,
        } = address.clone();
        ConnectOptions {
            kubeconfig,
            context,
            cluster,
            user,
            server,
            certificate_authority,
            tls_server_name,
            insecure_skip_tls_verify,
            token,
            client_certificate,
            client_key,
            impersonate,
            impersonate_groups,
            impersonate_uid,
            request_timeout,
            is_unattended: false,
        }
    }
}

/// The metrics server in a cluster.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Namespace of the metrics server
    #[arg(short, long, value_name = "NAME", default_value = "oppscale", add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: String,
    /// Service in front of the metrics server
    #[arg(long, value_name = "NAME", default_value = "oppscale", add = Values::Names(&kinds::SERVICE))]
    pub service: String,
    /// Secret with the serving certificate of the metrics server
    #[arg(long, value_name = "NAME", default_value = "oppscale-tls")]
    pub secret: String,
}

/// Parses the name of an object of a kind, whose names follow this rule.
pub(super) fn parse_name(text: &str, kind: &str, rule: fn(&str) -> bool) -> Result<String, String> {
    match rule(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("not a name that a {kind} can have")),
    }
}

/// Parses the name of a namespace.
pub(super) fn parse_namespace(text: &str) -> Result<String, String> {
    parse_name(text, "Namespace", is_dns_label)
}

/// Parses a label.
pub(super) fn parse_label(text: &str) -> Result<(String, String), String> {
    let is_label = |(key, value): &(&str, &str)| is_qualified_name(key) && is_label_value(value);
    let pair = text.split_once('=').filter(is_label);
    let (key, value) = pair.ok_or("expected KEY=VALUE, as objects have labels")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One object a line
    Json,
}

fn name<F: ValueEnum>(value: &F) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// `table, short or json`
fn choices<F: ValueEnum>() -> String {
    let names: Vec<_> = F::value_variants().iter().map(name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Whether `text` can be the name of an image. The registry has the last word, but no name has
/// a blank in it.
pub(super) fn is_image(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
