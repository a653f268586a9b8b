//! The arguments of `oppscale serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::completion::Values;
use crate::metrics_api::Groups;
use crate::serve::certificate::CertificateSource;
use crate::serve::pressure::PressureSettings;
use crate::serve::state::{OnStale, StalenessPolicy};
use crate::serve::{HttpAuth, Settings};
use oppscale_cluster::{KindRef, KubeletAccess};
use oppscale_core::error::Error;
use oppscale_core::kinds;
use oppscale_core::units::{self, parse_duration};

use crate::commands::args::{ClusterArgs, LogFormat};

/// Arguments of `oppscale serve`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  oppscale serve --tls-cert-file tls.crt --tls-private-key-file tls.key
  oppscale serve --self-signed                   with insecureSkipTLSVerify
  oppscale serve --apis none                     only the page and /metrics")]
pub struct ServeArgs {
    /// APIs to serve: custom, external, both with a comma, or none
    #[arg(long, value_name = "APIS", default_value = "custom", value_parser = parse_apis)]
    pub apis: Groups,
    /// Address of the APIs, with TLS [default: every address, port 10250]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address of the web page and /metrics [default: every address, port 8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen_http: Option<SocketAddr>,
    /// Who may read the web page and /metrics: none (every client) or token-review (over TLS,
    /// bearers of tokens that may get /metrics)
    #[arg(long, value_enum, default_value_t, value_name = "HOW", hide_possible_values = true)]
    pub http_auth: HttpAuth,
    /// Serving certificate in PEM; reloaded when it changes
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of the serving certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// Generate a certificate for these names, in memory only
    #[arg(
        long,
        value_name = "NAMES",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "localhost",
        value_delimiter = ',',
        conflicts_with = "tls_cert_file"
    )]
    pub self_signed: Option<Vec<String>>,
    /// Age from which the cluster state is stale
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub max_staleness: Duration,
    /// Response when stale: hold (503, replicas stay) or zero (scale down)
    #[arg(long, value_enum, default_value_t, value_name = "WHAT", hide_possible_values = true)]
    pub on_stale: OnStale,
    /// Also serve workloads of this kind, RESOURCE.GROUP with a /scale subresource;
    /// repeatable
    #[arg(long = "workload-kind", value_name = "KIND")]
    pub workload_kinds: Vec<KindRef>,
    /// Serve only workloads of these namespaces, with or without the label
    /// oppscale.dev/opportunistic=true, which opens a namespace otherwise
    #[arg(long, value_name = "NAMESPACES", value_delimiter = ',', add = Values::Names(&kinds::NAMESPACE))]
    pub namespaces: Vec<String>,
    /// Also expose the ten gauges of the 2018 article
    #[arg(long)]
    pub legacy_metrics: bool,
    /// Also expose a series per node
    #[arg(long)]
    pub node_metrics: bool,
    /// On the usage basis, hold nodes whose paid pods wait for CPU; how to ask kubelets: kubelet
    /// (directly, takes get nodes/stats) or proxy (through the API server, takes get nodes/proxy)
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true)]
    pub pressure_guard: Option<GuardAccess>,
    /// Part of a minute that a paid pod may wait for CPU before its node is held
    // Beside idle cores a pod hardly waits; the default leaves room for moments in which it has more
    // tasks than its node has cores.
    #[arg(
        long,
        value_name = "PERCENT",
        default_value = "5%",
        value_parser = parse_threshold,
        requires = "pressure_guard"
    )]
    pub pressure_threshold: f64,
    /// Authority of the kubelets' serving certificates, PEM [default: that of the API server]
    #[arg(long, value_name = "FILE", requires = "pressure_guard")]
    pub kubelet_certificate_authority: Option<PathBuf>,
    /// Log format: text or json
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,
    /// On SIGTERM, time to be unready before the ports close
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub shutdown_delay: Duration,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

impl ServeArgs {
    /// Resolves the arguments to settings.
    ///
    /// # Errors
    /// When there is no certificate, or a duration makes no sense.
    pub fn resolve(&self) -> Result<Settings, Error> {
        let serves = self.apis.custom || self.apis.external;
        let certificate = match (&self.tls_cert_file, &self.tls_private_key_file, &self.self_signed)
        {
            (Some(certificate), Some(key), _) => {
                CertificateSource::Files { certificate: certificate.clone(), key: key.clone() }
            }
            (.., Some(names)) => CertificateSource::SelfSigned(names.clone()),
            _ if !serves => CertificateSource::SelfSigned(vec!["localhost".to_owned()]),
            _ => {
                return Err(Error::usage("the API needs a serving certificate").hint(
                    "give --tls-cert-file and --tls-private-key-file, or --self-signed with \
                         insecureSkipTLSVerify in the APIService",
                ));
            }
        };
        let max_staleness = units::time_limit(self.max_staleness).ok_or_else(|| {
            Error::usage("--max-staleness must be more than 0")
                .hint("the default of 30s is twice the period of the HPA")
        })?;
        let pressure = match (self.pressure_guard, &self.kubelet_certificate_authority) {
            (None, _) => None,
            (Some(GuardAccess::Proxy), Some(_)) => {
                return Err(Error::usage(
                    "--kubelet-certificate-authority has no effect with --pressure-guard=proxy: the \
                     API server verifies kubelets",
                ));
            }
            (Some(GuardAccess::Proxy), None) => Some(KubeletAccess::Proxy),
            (Some(GuardAccess::Kubelet), authority) => {
                Some(KubeletAccess::Direct { authority: authority.clone() })
            }
        };
        let threshold = self.pressure_threshold;
        Ok(Settings {
            pressure: pressure.map(|access| PressureSettings { access, threshold }),
            groups: self.apis,
            api_address: self.listen,
            web_address: self.listen_http,
            http_auth: self.http_auth,
            certificate,
            staleness: StalenessPolicy { max_staleness, on_stale: self.on_stale },
            workload_kinds: self.workload_kinds.clone(),
            namespaces: (!self.namespaces.is_empty())
                .then(|| self.namespaces.iter().cloned().collect()),
            legacy_metrics: self.legacy_metrics,
            node_metrics: self.node_metrics,
        })
    }
}

/// How `--pressure-guard` asks kubelets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum GuardAccess {
    /// Directly.
    Kubelet,
    /// Through the API server.
    Proxy,
}

fn parse_threshold(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = number.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.ok_or_else(|| "expected a part of a minute in percent, such as 5%".to_owned())
}

fn parse_apis(text: &str) -> Result<Groups, String> {
    let mut groups = Groups { custom: false, external: false };
    if text == "none" {
        return Ok(groups);
    }
    for name in text.split(',') {
        match name {
            "custom" => groups.custom = true,
            "external" => groups.external = true,
            _ => return Err("expected custom, external, custom,external or none".to_owned()),
        }
    }
    Ok(groups)
}
