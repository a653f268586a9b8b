//! Arguments that several commands have.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use oppscale_cluster::{Cluster, ClusterError, ConnectOptions, Endpoint};
use oppscale_core::units::parse_duration;

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

/// The cluster to connect to, as kubectl's flags name it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster options")]
pub struct ClusterArgs {
    /// Kubeconfig file to use instead of KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Cluster of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// User of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER")]
    pub impersonate: Option<String>,
    /// Group to impersonate; repeatable
    #[arg(long = "as-group", value_name = "GROUP", requires = "impersonate")]
    pub impersonate_groups: Vec<String>,
    /// Longest wait for one request: 5s, 2m, or 0 for no limit
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "30s",
        value_parser = parse_duration
    )]
    pub request_timeout: Duration,
}

impl ClusterArgs {
    /// Connects; nothing is sent before the first request.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub async fn connect(&self) -> Result<Cluster, ClusterError> {
        self.options().connect().await
    }

    /// The address of the cluster and how it is trusted.
    ///
    /// # Errors
    /// When there is no kubeconfig, or it cannot be used.
    pub async fn endpoint(&self) -> Result<Endpoint, ClusterError> {
        self.options().endpoint().await
    }

    /// The context that is used; `None` inside a cluster.
    pub fn context_name(&self) -> Option<String> {
        self.options().context_name()
    }

    fn options(&self) -> ConnectOptions {
        let Self {
            kubeconfig,
            context,
            cluster,
            user,
            impersonate,
            impersonate_groups,
            request_timeout,
        } = self.clone();
        ConnectOptions {
            kubeconfig,
            context,
            cluster,
            user,
            impersonate,
            impersonate_groups,
            request_timeout,
        }
    }
}

/// The metrics server in a cluster.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Namespace of the metrics server
    #[arg(short, long, value_name = "NAME", default_value = "oppscale")]
    pub namespace: String,
    /// Service in front of the metrics server
    #[arg(long, value_name = "NAME", default_value = "oppscale")]
    pub service: String,
    /// Secret with the serving certificate of the metrics server
    #[arg(long, value_name = "NAME", default_value = "oppscale-tls")]
    pub secret: String,
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
