//! The arguments of `oppscale render-hpa`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hpa_model::{KubernetesVersion, sizing};
use oppscale_cluster::RequestedNames;
use oppscale_core::error::Error;
use oppscale_core::kinds;
use oppscale_core::names::{
    is_annotation_key, is_config_map_key, is_priority_class, is_subdomain, is_variable,
};
use oppscale_core::policy::{Basis, parse_burn};
use oppscale_core::quantity::Quantity;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, PODS, Resources};
use oppscale_core::units::amount_of;

use crate::commands::args::{ClusterArgs, OutputArgs, parse_label, parse_name, parse_namespace};
use crate::completion::Values;
use crate::filler::NodeAutoscaler;

/// Arguments of `oppscale render-hpa`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale render-hpa --workload app.yaml --explain |
    kubectl apply --server-side -f -
      make a workload of your own opportunistic, sized for this cluster
  oppscale render-hpa --workload batch --image ghcr.io/acme/worker@sha256:... \\
    --reserve 15% --output-dir deploy/filler
      a set of files with a kustomization.yaml, for GitOps
  kubectl get nodes,pods -A -o json > cluster.json
  oppscale render-hpa --from cluster.json --workload miner --image IMAGE \\
    --pool stratum+tcp://HOST:PORT --wallet WALLET --worker NAME --explain=table
      the article's miner, sized without touching a cluster

The reason for every field: docs/manifests.md")]
pub struct RenderHpaArgs {
    /// Workload: miner, transcode, batch, cache, sample-app, or the file of your own
    /// Deployment
    #[arg(long, value_name = "NAME|FILE", add = Values::Words(workload_words),
          required_unless_present = "image")]
    pub workload: Option<String>,
    /// Image to run; without --workload, any program
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Name of the Deployment [default: the workload's name, or filler]
    #[arg(long, value_name = "NAME", value_parser = parse_deployment)]
    pub name: Option<String>,
    /// Namespace [default: opportunistic; sample-app for that workload]
    #[arg(short, long, value_name = "NAMESPACE", value_parser = parse_namespace, add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: Option<String>,
    /// With miner: URL of the pool
    #[arg(long, value_name = "URL")]
    pub pool: Option<String>,
    /// With miner: wallet address; stored in a Secret
    #[arg(long, value_name = "ADDRESS")]
    pub wallet: Option<String>,
    /// With miner: file with the wallet address; - for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "wallet")]
    pub wallet_file: Option<PathBuf>,
    /// With miner: worker name at the pool
    #[arg(long, value_name = "NAME")]
    pub worker: Option<String>,
    /// With miner: pass pool and worker by configmap or args
    #[arg(long, value_enum, default_value_t, value_name = "WHERE", hide_possible_values = true)]
    pub config_as: ConfigAs,
    /// Word of the command, instead of the image's; repeatable
    #[arg(long = "command", value_name = "WORD", allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// Argument, instead of the workload's own; repeatable
    #[arg(long = "arg", value_name = "WORD", allow_hyphen_values = true)]
    pub args: Vec<String>,
    /// Environment variable; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub env: Vec<(String, String)>,
    /// Environment variable stored in a Secret, or of a file, @- for stdin; repeatable
    #[arg(long, value_name = "NAME=VALUE|NAME=@FILE", value_parser = parse_secret_variable)]
    pub secret_env: Vec<(String, String)>,
    /// Label of Deployment and pods; repeatable
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = parse_label)]
    pub labels: Vec<(String, String)>,
    /// Annotation of Deployment and pods; repeatable
    #[arg(long = "annotation", value_name = "KEY=VALUE", value_parser = parse_annotation)]
    pub annotations: Vec<(String, String)>,
    /// Port of the container; adds a Service
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Make the Service a NodePort Service with this port
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub node_port: Option<u16>,
    /// User ID of the container; never root
    #[arg(
        long,
        value_name = "UID",
        default_value_t = 65_532,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX))
    )]
    pub run_as_user: u32,
    /// PriorityClass, which is rendered, too [default: NAMESPACE.NAME, of this filler only]
    #[arg(long, value_name = "NAME", value_parser = parse_priority_class)]
    pub priority_class: Option<String>,
    /// Grace period in seconds; paid pods wait that long for room [default: 5]
    #[arg(long, alias = "grace", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub grace_period: Option<u32>,

    /// Shape of a replica: cpu=1,memory=1Gi, or auto, which wastes least of the nodes
    /// [default: auto, or the Deployment's own]
    #[arg(long, value_name = "SHAPE", value_parser = parse_replica, add = Values::Amounts, help_heading = SIZE)]
    pub replica: Option<ReplicaFlag>,
    /// Reserve to keep free: cores (30), a share (15%), cpu=30,nvidia.com/gpu=1, a place for a paid
    /// pod (pod:cpu=4), 15%+2xpod:cpu=4, or auto, which the loop needs
    /// [default: auto, or the Deployment's annotation]
    #[arg(
        long,
        value_name = "CORES|SHARE",
        value_parser = parse_reserve,
        conflicts_with = "target_utilization",
        help_heading = SIZE
    )]
    pub reserve: Option<ReserveFlag>,
    /// Reserve as a target utilization: 85% keeps 15% free
    // Hidden: --reserve 15% says the same.
    #[arg(
        long,
        hide = true,
        value_name = "PERCENT",
        value_parser = Reserve::from_target_utilization,
        help_heading = SIZE
    )]
    pub target_utilization: Option<Reserve>,
    /// With --reserve auto: growth of paid requests in cores (12/m, 0.2/s), or the fastest minute
    /// of a history that top --record wrote, or of a scenario file
    #[arg(
        long,
        alias = "recording",
        value_name = "CORES/TIME|FILE",
        value_parser = parse_growth,
        conflicts_with = "target_utilization",
        help_heading = SIZE
    )]
    pub growth: Option<GrowthFlag>,
    /// minReplicas [default: 0 where the version or KEDA allows it, else 1]
    #[arg(long, value_name = "REPLICAS", help_heading = SIZE)]
    pub min: Option<u32>,
    /// maxReplicas [default: what fits at zero paid load, or the Deployment's
    /// annotation]
    #[arg(
        long,
        value_name = "REPLICAS",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)),
        help_heading = SIZE
    )]
    pub max: Option<u32>,
    /// What counts as free CPU: requests (what paid pods do not request) or usage (also what
    /// they request and leave idle) [default: requests, or the Deployment's annotation]
    #[arg(long, value_name = "BASIS", help_heading = SIZE)]
    pub basis: Option<Basis>,
    /// With --basis usage: cores that a replica uses [default: the CPU of --replica, or the
    /// Deployment's annotation or CPU limit]
    #[arg(long, value_name = "CORES", value_parser = parse_burn, help_heading = SIZE)]
    pub burn: Option<i64>,
    /// With --basis usage: limit each replica to what it burns
    #[arg(long, help_heading = SIZE)]
    pub burn_limit: bool,
    /// Quota of all replicas together: cpu=100,memory=300Gi,pods=120
    #[arg(long, value_name = "AMOUNTS", value_parser = parse_quota, add = Values::Amounts, help_heading = SIZE)]
    pub quota: Option<Resources>,

    /// Path of the metric to the HPA: native (custom.metrics.k8s.io), external
    /// (external.metrics.k8s.io), keda or prometheus
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "PIPELINE",
        hide_possible_values = true,
        help_heading = SURROUNDINGS
    )]
    pub pipeline: PipelineFlag,
    /// Node autoscaler: cluster-autoscaler, karpenter or none [default: detected]
    #[arg(long, value_name = "WHO", help_heading = SURROUNDINGS)]
    pub autoscaler: Option<NodeAutoscaler>,
    /// Kubernetes version, 1.33 to 1.37 [default: the server's; 1.36 with --from]
    #[arg(long, value_name = "VERSION", help_heading = SURROUNDINGS)]
    pub kubernetes_version: Option<KubernetesVersion>,
    /// Also render an admission policy: the PriorityClass is for this namespace only, and
    /// this namespace for such pods only
    #[arg(long, help_heading = SURROUNDINGS)]
    pub admission_policy: bool,
    /// Also render a network policy: ingress to the port, egress to DNS and the pool
    #[arg(long, help_heading = SURROUNDINGS)]
    pub network_policy: bool,
    /// With --network-policy: additional egress port; repeatable
    #[arg(
        long = "egress-port",
        value_name = "PORT",
        requires = "network_policy",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = SURROUNDINGS
    )]
    pub egress_ports: Vec<u16>,
    /// With keda: URL of oppscale's /metrics
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://oppscale.oppscale:8080/metrics",
        help_heading = SURROUNDINGS
    )]
    pub metrics_url: String,
    /// With prometheus: namespace of prometheus-adapter
    #[arg(long, value_name = "NAMESPACE", default_value = "monitoring", value_parser = parse_namespace, add = Values::Names(&kinds::NAMESPACE), help_heading = SURROUNDINGS)]
    pub adapter_namespace: String,
    /// With sample-app: label by which your Prometheus selects ServiceMonitors
    #[arg(long = "monitor-label", value_name = "KEY=VALUE", value_parser = parse_label, help_heading = SURROUNDINGS)]
    pub monitor_labels: Vec<(String, String)>,

    /// Output format
    #[command(flatten, next_help_heading = OUTPUT)]
    pub output: OutputArgs<Output>,
    /// Write a file per object and a kustomization.yaml to this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "diff"], help_heading = OUTPUT)]
    pub output_dir: Option<PathBuf>,
    /// Show what applying would change, by a server-side dry run; exit with 1 on a change
    #[arg(long, conflicts_with_all = ["from", "output"], help_heading = OUTPUT)]
    pub diff: bool,
    /// Explain each number: as comments in the YAML, or as a table on stderr
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "comments",
        value_name = "HOW",
        hide_possible_values = true,
        help_heading = OUTPUT
    )]
    pub explain: Option<Explain>,
    /// Folder with templates that replace the built-in ones; see oppscale templates
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub templates: Option<PathBuf>,
    /// Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = SIZE)]
    pub from: Vec<String>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// The workloads that need no file, for completion.
fn workload_words() -> Vec<String> {
    super::workload::NAMES.split(", ").map(str::to_owned).collect()
}

const SIZE: &str = "Size";
const SURROUNDINGS: &str = "Surroundings";
const OUTPUT: &str = "Output";

impl RenderHpaArgs {
    /// The names that must be those of something in the cluster.
    pub fn requested_names(&self) -> RequestedNames {
        let of_flag = |flag: &'static str, resources: &Resources| -> Vec<_> {
            resources.present().map(|(name, _)| (flag, name.to_owned())).collect()
        };
        let replica = match &self.replica {
            Some(ReplicaFlag::Given(replica)) => of_flag("--replica", replica.footprint()),
            _ => Vec::new(),
        };
        let quota = self.quota.iter().flat_map(|quota| of_flag("--quota", quota));
        let reserve = match &self.reserve {
            Some(ReserveFlag::Given(reserve)) => {
                reserve.resources().map(|name| ("--reserve", name.to_owned())).collect()
            }
            _ => Vec::new(),
        };
        RequestedNames {
            resources: replica.into_iter().chain(quota).chain(reserve).collect(),
            ..Default::default()
        }
    }

    /// Checks for flags that contradict each other.
    ///
    /// # Errors
    /// When two flags contradict each other.
    pub fn check(&self) -> Result<(), Error> {
        let is_auto = matches!(self.reserve, None | Some(ReserveFlag::Auto));
        if !is_auto && self.growth.is_some() {
            return Err(Error::usage("--growth is for --reserve auto")
                .hint("leave --reserve out, or give --reserve auto"));
        }
        let inputs = self.from.iter().chain(&self.workload).filter(|file| *file == "-").count()
            + usize::from(self.wallet_file.as_deref() == Some(Path::new("-")))
            + self.secret_env.iter().filter(|(_, value)| value == "@-").count();
        if inputs > 1 {
            return Err(Error::usage("standard input (-) can be read only once"));
        }
        Ok(())
    }
}

/// Where a miner's pool and worker go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ConfigAs {
    /// A ConfigMap, which variables are read from
    #[default]
    Configmap,
    /// Arguments
    Args,
}

/// How the metric gets to the HPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PipelineFlag {
    /// oppscale serves custom.metrics.k8s.io
    #[default]
    Native,
    /// oppscale serves external.metrics.k8s.io
    External,
    /// A ScaledObject on oppscale's /metrics
    Keda,
    /// Rules for prometheus-adapter
    Prometheus,
}

/// Output format of the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// One YAML stream
    #[default]
    Yaml,
    /// One List
    Json,
}

/// Place of the explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Explain {
    /// Above the objects
    Comments,
    /// On stderr
    Table,
}

/// A replica's shape, or that it is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaFlag {
    /// This one.
    Given(Replica),
    /// The best one.
    Auto,
}

/// A reserve, or that it is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReserveFlag {
    /// This much.
    Given(Reserve),
    /// What the loop needs.
    Auto,
}

impl From<PipelineFlag> for sizing::Pipeline {
    fn from(flag: PipelineFlag) -> Self {
        match flag {
            PipelineFlag::Native => Self::Native,
            PipelineFlag::External => Self::External,
            PipelineFlag::Keda => Self::Keda,
            PipelineFlag::Prometheus => Self::Prometheus,
        }
    }
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    pair(text, is_variable, "not a name that an environment variable can have")
}

/// The name is a key of the Secret, too.
fn parse_secret_variable(text: &str) -> Result<(String, String), String> {
    pair(text, is_config_map_key, "not a key that a Secret can have: letters, digits, -, _ and .")
}

fn parse_annotation(text: &str) -> Result<(String, String), String> {
    pair(text, is_annotation_key, "not a key that an annotation can have")
}

fn pair(text: &str, takes: fn(&str) -> bool, why: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or_else(|| "expected NAME=VALUE".to_owned())?;
    if takes(key) { Ok((key.to_owned(), value.to_owned())) } else { Err(why.to_owned()) }
}

pub(super) fn parse_replica(text: &str) -> Result<ReplicaFlag, String> {
    match text {
        "auto" => Ok(ReplicaFlag::Auto),
        _ => text
            .parse()
            .map(ReplicaFlag::Given)
            .map_err(|error: oppscale_core::replica::ReplicaError| error.to_string()),
    }
}

pub(super) fn parse_reserve(text: &str) -> Result<ReserveFlag, String> {
    match text {
        "auto" => Ok(ReserveFlag::Auto),
        _ => text
            .parse()
            .map(ReserveFlag::Given)
            .map_err(|error: oppscale_core::reserve::ReserveError| error.to_string()),
    }
}

/// Growth of paid requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrowthFlag {
    /// A rate, in millicores per second.
    Rate(Amount),
    /// A file that holds a history or a scenario.
    File(String),
}

fn parse_deployment(text: &str) -> Result<String, String> {
    parse_name(text, "Deployment", is_subdomain)
}

fn parse_priority_class(text: &str) -> Result<String, String> {
    if text.starts_with("system-") {
        return Err("names that begin with system- are the cluster's own".to_owned());
    }
    parse_name(text, "PriorityClass", is_priority_class)
}

/// Reads a rate, `CORES/TIME`, rounded up. What does not begin with a number of cores, or has no
/// unit of time and exists, is a file.
fn parse_growth(text: &str) -> Result<GrowthFlag, String> {
    let error = || "expected cores in a time (12/m, 0.2/s) or a file".to_owned();
    let (cores, time) = text.split_once('/').unwrap_or((text, ""));
    let Ok(cores) = cores.parse::<Quantity>() else {
        return Ok(GrowthFlag::File(text.to_owned()));
    };
    let seconds = match time {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ if Path::new(text).exists() => return Ok(GrowthFlag::File(text.to_owned())),
        _ => return Err(error()),
    };
    let milli = amount_of(CPU, cores).filter(|milli| *milli >= 0).ok_or_else(error)?;
    Ok(GrowthFlag::Rate((milli + seconds - 1) / seconds))
}

pub(super) fn parse_quota(text: &str) -> Result<Resources, String> {
    let error = || "expected amounts such as cpu=100,memory=300Gi,pods=120".to_owned();
    let mut quota = Resources::default();
    for part in text.split(',') {
        let (name, amount) = part.split_once('=').ok_or_else(error)?;
        let name = name.strip_prefix("requests.").unwrap_or(name);
        let quantity: Quantity = amount.parse().map_err(|_| error())?;
        let amount = amount_of(name, quantity).filter(|amount| *amount > 0).ok_or_else(error)?;
        if !sizing::has_scoped_quota(name) {
            return Err(format!(
                "{name}: a quota of a PriorityClass counts cpu, memory, pods and extended resources"
            ));
        }
        if name.is_empty() || (name == PODS && amount > Amount::from(i32::MAX)) {
            return Err(error());
        }
        quota.set(name, amount);
    }
    Ok(quota)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_cores_in_a_time() {
        assert_eq!(parse_growth("12/m"), Ok(GrowthFlag::Rate(200)));
        assert_eq!(parse_growth("0.2/s"), Ok(GrowthFlag::Rate(200)));
        assert_eq!(parse_growth("100m/min"), Ok(GrowthFlag::Rate(2)), "rounded up");
        for bad in ["12", "12/d", "-1/s", "12/"] {
            assert!(parse_growth(bad).is_err(), "{bad}");
        }
        for file in ["monday.history", "/tmp/load.yaml", "runs/12/s"] {
            assert_eq!(parse_growth(file), Ok(GrowthFlag::File(file.to_owned())));
        }
    }

    #[test]
    fn quotas_are_amounts_above_zero() {
        let quota = parse_quota("requests.cpu=1500m,memory=2Gi,pods=3").unwrap();
        assert_eq!((quota.get("cpu"), quota.get("memory"), quota.get("pods")), (1500, 2 << 30, 3));
        for bad in ["", "cpu", "cpu=0", "cpu=-1", "=1", "cpu=x"] {
            assert!(parse_quota(bad).is_err(), "{bad}");
        }
    }
}
