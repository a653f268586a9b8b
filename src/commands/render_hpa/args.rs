//! What is typed after `oppscale render-hpa`.

use std::path::PathBuf;

use clap::Args;

use crate::filler::NodeAutoscaler;
use hpa_model::KubernetesVersion;
use oppscale_cluster::ClusterArgs;
use oppscale_core::error::Error;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, Resources};

use super::values::{
    ConfigAs, Explain, Output, PipelineFlag, ReplicaFlag, ReserveFlag, parse_growth, parse_pair,
    parse_quota, parse_replica, parse_reserve,
};
use crate::commands::args::OutputArgs;

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
    /// What to run: miner, transcode, batch, cache, sample-app, or the file of a
    /// Deployment of your own
    #[arg(long, value_name = "NAME|FILE", required_unless_present = "image")]
    pub workload: Option<String>,
    /// The image to run; alone, any program
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// What it is called [default: the workload's name, or filler]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where it lives [default: opportunistic; sample-app for that]
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// With miner: the pool's URL
    #[arg(long, value_name = "URL")]
    pub pool: Option<String>,
    /// With miner: who is paid; becomes a Secret
    #[arg(long, value_name = "ADDRESS")]
    pub wallet: Option<String>,
    /// With miner: what the pool calls these pods
    #[arg(long, value_name = "NAME")]
    pub worker: Option<String>,
    /// With miner: whether pool and worker are a configmap or args
    #[arg(long, value_enum, default_value_t, value_name = "WHERE", hide_possible_values = true)]
    pub config_as: ConfigAs,
    /// A word of the command, instead of the image's; may be given several times
    #[arg(long = "command", value_name = "WORD", allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// An argument, instead of the workload's own; may be given several times
    #[arg(long = "arg", value_name = "WORD", allow_hyphen_values = true)]
    pub args: Vec<String>,
    /// An environment variable; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub env: Vec<(String, String)>,
    /// An environment variable that goes by way of a Secret
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub secret_env: Vec<(String, String)>,
    /// A label of Deployment and pods; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = parse_pair)]
    pub labels: Vec<(String, String)>,
    /// An annotation of Deployment and pods; may be given several times
    #[arg(long = "annotation", value_name = "KEY=VALUE", value_parser = parse_pair)]
    pub annotations: Vec<(String, String)>,
    /// The port that it serves; makes a Service
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Make it a NodePort Service at this port of every node
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub node_port: Option<u16>,
    /// The user that it runs as; never root
    #[arg(
        long,
        value_name = "UID",
        default_value_t = 65_532,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX))
    )]
    pub run_as_user: u32,
    /// Its PriorityClass, which is rendered too [default: opportunistic]
    #[arg(long, value_name = "NAME")]
    pub priority_class: Option<String>,
    /// How long it may take to go: paid pods wait as long [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub grace: Option<u32>,

    /// Shape of a replica: cpu=1,memory=1Gi, or auto: lose least of the nodes
    /// [default: auto, or the Deployment's own]
    #[arg(long, value_name = "SHAPE", value_parser = parse_replica, help_heading = SIZE)]
    pub replica: Option<ReplicaFlag>,
    /// What must stay free: cores (30), a share (15%), or auto: what the loop needs
    /// [default: auto, or the Deployment's annotation]
    #[arg(
        long,
        value_name = "CORES|SHARE",
        value_parser = parse_reserve,
        conflicts_with = "target_utilization",
        help_heading = SIZE
    )]
    pub reserve: Option<ReserveFlag>,
    /// The same, as the utilisation to fill up to: 85%
    #[arg(
        long,
        value_name = "PERCENT",
        value_parser = Reserve::from_target_utilization,
        help_heading = SIZE
    )]
    pub target_utilization: Option<Reserve>,
    /// With --reserve auto: how fast paid requests grow: 12/m, 0.2/s (cores)
    #[arg(
        long,
        value_name = "CORES/TIME",
        value_parser = parse_growth,
        conflicts_with_all = ["recording", "target_utilization"],
        help_heading = SIZE
    )]
    pub growth: Option<Amount>,
    /// The same, measured: the fastest minute of what top --record wrote, or of a
    /// scenario file
    #[arg(long, value_name = "FILE", conflicts_with = "target_utilization", help_heading = SIZE)]
    pub recording: Option<String>,
    /// The least replicas [default: 0 where the version or KEDA can, else 1]
    #[arg(long, value_name = "REPLICAS", help_heading = SIZE)]
    pub min: Option<u32>,
    /// The most replicas [default: what fits at zero paid load, or the Deployment's
    /// annotation]
    #[arg(
        long,
        value_name = "REPLICAS",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)),
        help_heading = SIZE
    )]
    pub max: Option<u32>,
    /// The most that all replicas may take: cpu=100,memory=300Gi,pods=120
    #[arg(long, value_name = "AMOUNTS", value_parser = parse_quota, help_heading = SIZE)]
    pub quota: Option<Resources>,

    /// How the metric gets to the HPA: native (oppscale serves custom.metrics.k8s.io),
    /// external (it serves the other group), keda, prometheus
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WAY",
        hide_possible_values = true,
        help_heading = SURROUNDINGS
    )]
    pub pipeline: PipelineFlag,
    /// Who adds nodes: cluster-autoscaler, karpenter or none [default: detected]
    #[arg(long, value_name = "WHO", help_heading = SURROUNDINGS)]
    pub autoscaler: Option<NodeAutoscaler>,
    /// Whose HPA controller: 1.33 to 1.37 [default: the server's; 1.36 with --from]
    #[arg(long, value_name = "VERSION", help_heading = SURROUNDINGS)]
    pub kubernetes_version: Option<KubernetesVersion>,
    /// Also render a policy: the class only here, and here only pods that yield
    #[arg(long, help_heading = SURROUNDINGS)]
    pub admission_policy: bool,
    /// Also render a policy: in to the port that it serves, out to DNS and a pool
    #[arg(long, help_heading = SURROUNDINGS)]
    pub network_policy: bool,
    /// With --network-policy: a port that may be reached anywhere; several times
    #[arg(
        long = "egress-port",
        value_name = "PORT",
        requires = "network_policy",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = SURROUNDINGS
    )]
    pub egress_ports: Vec<u16>,
    /// With keda: where oppscale serves its metrics
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://oppscale.oppscale:8080/metrics",
        help_heading = SURROUNDINGS
    )]
    pub metrics_url: String,
    /// With prometheus: the namespace of prometheus-adapter
    #[arg(long, value_name = "NAMESPACE", default_value = "monitoring", help_heading = SURROUNDINGS)]
    pub adapter_namespace: String,
    /// With sample-app: a label by which your Prometheus selects ServiceMonitors
    #[arg(long = "monitor-label", value_name = "KEY=VALUE", value_parser = parse_pair, help_heading = SURROUNDINGS)]
    pub monitor_labels: Vec<(String, String)>,

    /// Output format
    #[command(flatten, next_help_heading = OUTPUT)]
    pub output: OutputArgs<Output>,
    /// Write one file each and a kustomization.yaml into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "diff"], help_heading = OUTPUT)]
    pub output_dir: Option<PathBuf>,
    /// Show what applying would change, by a dry run of the server; exit with 1 if it would
    #[arg(long, conflicts_with_all = ["from", "output"], help_heading = OUTPUT)]
    pub diff: bool,
    /// Tell where each number comes from: comments in the YAML, or a table on stderr
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
    /// Use the templates of this folder where it has them; see oppscale templates
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub templates: Option<PathBuf>,
    /// Size it for saved lists instead of a cluster: JSON or YAML of kubectl; - is stdin
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = SIZE)]
    pub from: Vec<String>,
    /// Cluster to read
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

const SIZE: &str = "Size";
const SURROUNDINGS: &str = "Surroundings";
const OUTPUT: &str = "Output";

impl RenderHpaArgs {
    /// Refuses flags that contradict each other.
    ///
    /// # Errors
    /// When some do.
    pub fn check(&self) -> Result<(), Error> {
        let is_auto = matches!(self.reserve, None | Some(ReserveFlag::Auto));
        if !is_auto && (self.growth.is_some() || self.recording.is_some()) {
            return Err(Error::usage("--growth and --recording are for --reserve auto")
                .hint("leave --reserve out, or give --reserve auto"));
        }
        let inputs = self.from.iter().chain(&self.workload).filter(|file| *file == "-").count();
        if inputs > 1 {
            return Err(Error::usage("standard input (-) can be read only once"));
        }
        Ok(())
    }
}
