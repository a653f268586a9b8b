//! The arguments of `oppscale simulate`.

use clap::{ArgGroup, Args, ValueEnum};
use oppscale_core::policy::{Basis, parse_burn};
use oppscale_core::units::{WHOLE, parse_duration, parse_nonzero_duration, parse_percent};
use std::time::Duration;

use hpa_model::KubernetesVersion;
use hpa_model::simulation::{BuiltInScenario, Configuration, configurations};
use oppscale_cluster::WorkloadRef;
use oppscale_core::error::Error;
use oppscale_core::kinds;
use oppscale_core::nearest::nearest;
use oppscale_core::reserve::Reserve;

use super::sweep::Sweep;
use crate::commands::args::{ClusterArgs, OutputArgs};
use crate::completion::Values;
use crate::scenario::LoadMetric;

/// Arguments of `oppscale simulate`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("namespaced").args(["workload", "live"]).multiple(true)))]
#[command(after_help = "\
Examples:
  oppscale simulate
      the article's cluster under its own HPA, others, and oppscale's
  oppscale simulate --scenario day --config settles --config oppscale
      500 nodes over a day, two ways to fill them
  oppscale simulate -f web.yaml --load day
      an HPA on cpu over a day, before you apply it
  oppscale simulate -f web.yaml --load rps.csv --sweep target=50%..80%:5
      which target serves a recorded load best
  oppscale simulate -f miner.yaml --metric excludes-own
      the HPA of a filler, and what it should be instead
  kubectl get nodes,pods -A -o json > cluster.json
  oppscale simulate --from cluster.json -f miner.yaml
      the same on a cluster like yours
  oppscale simulate -f miner.yaml --corrected > better.yaml
      only the corrected manifest
  oppscale simulate --live -f new.yaml --record run.jsonl
      a dry run beside the HPA in the cluster; it writes nothing
  oppscale simulate --series run.jsonl -f newer.yaml
      another HPA on what was recorded
  oppscale simulate --series recorded.json
      replicas over time for a recorded metric, as CSV

Scenario files, columns and what the model leaves out: docs/simulate.md")]
pub struct SimulateArgs {
    /// File of metric values to replay one HPA on, see docs/series.md; or what --record wrote,
    /// with -f for another HPA on it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["scenario", "from", "workload", "namespace", "configs",
            "metric", "reserve_in_metric", "load", "pod_capacity", "ready_after", "warm_up",
            "sweeps", "prometheus", "seed", "duration", "show", "corrected", "svg", "basis", "burn",
            "paid_usage"]
    )]
    pub series: Option<String>,
    /// With -f: run it beside the cluster's HPA, on the cluster's metrics, until Ctrl-C or
    /// --duration; writes nothing
    #[arg(
        long,
        requires = "hpas",
        conflicts_with_all = ["series", "scenario", "from", "workload", "configs",
            "reserve_in_metric", "load", "pod_capacity", "ready_after", "warm_up", "sweeps",
            "prometheus", "seed", "show", "corrected", "svg", "basis", "burn", "paid_usage"]
    )]
    pub live: bool,
    /// With --live: new file that keeps what was read, for --series
    #[arg(long, value_name = "FILE", requires = "live")]
    pub record: Option<std::path::PathBuf>,
    /// With --live: sync period of the controller [default: 15s]
    #[arg(long, value_name = "DURATION", requires = "live", value_parser = parse_nonzero_duration)]
    pub sync_period: Option<Duration>,
    /// Cluster and paid load: blog, burst, day, step or a file [default: blog]
    #[arg(long, value_name = "NAME|FILE", add = Values::Words(scenario_words))]
    pub scenario: Option<String>,
    /// Saved lists with nodes and paid load (files of kubectl or a directory); or a capacity
    /// history that top --record wrote
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "scenario")]
    pub from: Vec<String>,
    /// With --from: filler whose pods do not count: [NAMESPACE/]KIND/NAME, or a label
    /// selector [default: oppscale.dev/opportunistic=true]
    #[arg(long, value_name = "WORKLOAD", requires = "from")]
    pub workload: Option<WorkloadRef>,
    /// Namespace of --workload KIND/NAME, or with --live of the HPA
    #[arg(short, long, value_name = "NAMESPACE", requires = "namespaced",
          add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: Option<String>,
    /// Named configuration, repeatable: naive, eager, preempted, damped, saturated, settles,
    /// settles-fast, settles-preempted, watched, watched-preempted, oppscale
    /// [default: naive saturated settles settles-fast oppscale]
    #[arg(long = "config", value_name = "NAME", add = Values::Words(config_words))]
    pub configs: Vec<String>,
    /// Manifest with HorizontalPodAutoscalers to try, each also as corrected; repeatable
    #[arg(short = 'f', long = "filename", alias = "hpa", value_name = "FILE")]
    pub hpas: Vec<String>,
    /// With -f: what its External or Object metric measures: load, queue or per-pod (load
    /// shared by the pods); or idle capacity that includes-own pods use up, or excludes-own
    #[arg(long, value_enum, value_name = "NATURE", requires = "hpas", hide_possible_values = true)]
    pub metric: Option<MetricKind>,
    /// With -f: reserve that the metric already excludes: cores (30), a share (15%),
    /// cpu=30,nvidia.com/gpu=1 or a place for a paid pod (pod:cpu=4)
    #[arg(long, value_name = "CORES|SHARE", requires = "hpas")]
    pub reserve_in_metric: Option<Reserve>,
    /// What counts as free CPU: requests, or usage: paid pods use a part of what they request,
    /// and the filler burns what is left, by weight [default: the scenario's, or that of the
    /// workload of --from --workload, or beside an HPA of -f]
    #[arg(long, value_name = "BASIS", conflicts_with_all = ["load", "prometheus"])]
    pub basis: Option<Basis>,
    /// On the usage basis: cores that a replica burns [default: the scenario's, the annotation or
    /// CPU limit of the workload, or the CPU of its size]
    #[arg(long, value_name = "CORES", conflicts_with_all = ["load", "prometheus"],
        value_parser = parse_burn)]
    pub burn: Option<i64>,
    /// On the usage basis: part of their requests that paid pods use [default: the scenario's, or
    /// 25%]
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["load", "prometheus"],
        value_parser = thousandths)]
    pub paid_usage: Option<u32>,
    /// With -f: load that the pods serve: step, ramp, day, spike, noise or constant, as in
    /// step:5..40; or a file (CSV, query_range's JSON, promtool) [default: step]
    #[arg(
        long,
        value_name = "SHAPE|FILE",
        requires = "hpas",
        conflicts_with_all = ["scenario", "from", "configs"]
    )]
    pub load: Option<String>,
    /// With -f: Prometheus to read the load from; needs --query
    #[arg(long, value_name = "URL", requires = "query", conflicts_with = "load")]
    pub prometheus: Option<String>,
    /// With --prometheus: PromQL expression of the load, one series, such as a sum of rates
    #[arg(long, value_name = "PROMQL", requires = "prometheus")]
    pub query: Option<String>,
    /// With --prometheus: how far back the load is read
    #[arg(long, value_name = "DURATION", default_value = "1d", requires = "prometheus",
        value_parser = parse_nonzero_duration)]
    pub since: Duration,
    /// With -f: load that one pod can serve at most [default: its cpu limit, or 1.5 times its
    /// target]
    #[arg(long, value_name = "NUMBER", requires = "hpas", value_parser = positive)]
    pub pod_capacity: Option<f64>,
    /// With -f: time until a new pod is ready [default: 10s, and its probes' delay]
    #[arg(long, value_name = "DURATION", requires = "hpas", value_parser = parse_duration)]
    pub ready_after: Option<Duration>,
    /// With -f: time until a ready pod is warm; until then it does half [default: 0s]
    #[arg(long, value_name = "DURATION", requires = "hpas", value_parser = parse_duration)]
    pub warm_up: Option<Duration>,
    /// With -f: values of a field to try, repeatable: target=50%..80%:5,
    /// scaleDown.stabilizationWindowSeconds=0,60,300
    #[arg(long = "sweep", value_name = "FIELD=VALUES", requires = "hpas")]
    pub sweeps: Vec<Sweep>,
    /// Kubernetes version of the HPA controller, 1.33 to 1.37 [default: 1.36]
    #[arg(long, value_name = "VERSION")]
    pub kubernetes_version: Option<KubernetesVersion>,
    /// Random seed; equal seeds give equal runs
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Simulated duration [default: the scenario's]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,
    /// Configuration to show in detail [default: the first]
    #[arg(long, value_name = "NAME", add = Values::Words(config_words))]
    pub show: Option<String>,
    /// Output format
    #[command(flatten)]
    pub output: OutputArgs<Output>,
    /// Print only the corrected manifest of the configuration shown in detail
    #[arg(long, conflicts_with = "output")]
    pub corrected: bool,
    /// Also write the chart to this SVG file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<std::path::PathBuf>,
    /// The cluster of --live.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// A table, a chart and the verdict, for people
    #[default]
    Table,
    /// Everything, in integers
    Json,
    /// The table, in integers
    Csv,
}

/// What a manifest's metric measures, as far as its name does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MetricKind {
    /// Capacity that paid pods leave: filler pods do not change it
    ExcludesOwn,
    /// Free capacity: filler pods use it up
    IncludesOwn,
    /// The whole load, which the replicas do not change
    Load,
    /// Work that waits until the pods have done it
    Queue,
    /// The load of each pod, which falls as pods are added
    PerPod,
}

impl MetricKind {
    /// The kind of metric of an HPA that follows load; `None` for a filler's.
    pub fn load_metric(self) -> Option<LoadMetric> {
        match self {
            Self::Load => Some(LoadMetric::Load),
            Self::Queue => Some(LoadMetric::Queue),
            Self::PerPod => Some(LoadMetric::PerPod),
            Self::IncludesOwn | Self::ExcludesOwn => None,
        }
    }
}

/// Reads a percentage as thousandths.
fn thousandths(text: &str) -> Result<u32, String> {
    let share = text.strip_suffix('%').and_then(parse_percent);
    let thousandths = share.and_then(|share| u32::try_from(share * 1000 / WHOLE).ok());
    thousandths.ok_or_else(|| "expected a percentage from 0% to 100%".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    let number = number.filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "expected a number above 0".to_owned())
}

/// The scenarios that need no file, for completion.
fn scenario_words() -> Vec<String> {
    BuiltInScenario::ALL.map(|scenario| scenario.name().to_owned()).to_vec()
}

/// The configurations that have a name, for completion.
fn config_words() -> Vec<String> {
    configurations().into_iter().map(|one| one.key.to_owned()).collect()
}

/// The configurations that are compared by default.
const USUAL: [&str; 5] = ["naive", "saturated", "settles", "settles-fast", "oppscale"];

impl SimulateArgs {
    /// The names of the configurations to compare.
    pub fn config_names(&self) -> Vec<&str> {
        match (self.configs.is_empty(), self.hpas.is_empty()) {
            (false, _) => self.configs.iter().map(String::as_str).collect(),
            (true, true) => USUAL.to_vec(),
            (true, false) => Vec::new(),
        }
    }

    /// Given flags that only a simulation of fillers uses.
    pub fn filler_flags(&self) -> Vec<&'static str> {
        given(&[
            ("--scenario", self.scenario.is_some()),
            ("--from", !self.from.is_empty()),
            ("--workload", self.workload.is_some()),
            ("--namespace", self.namespace.is_some()),
            ("--config", !self.configs.is_empty()),
            ("--basis", self.basis.is_some()),
            ("--burn", self.burn.is_some()),
            ("--paid-usage", self.paid_usage.is_some()),
            ("--reserve-in-metric", self.reserve_in_metric.is_some()),
        ])
    }

    /// Given flags that only a simulation under load uses.
    pub fn load_flags(&self) -> Vec<&'static str> {
        given(&[
            ("--load", self.load.is_some()),
            ("--prometheus", self.prometheus.is_some()),
            ("--pod-capacity", self.pod_capacity.is_some()),
            ("--ready-after", self.ready_after.is_some()),
            ("--warm-up", self.warm_up.is_some()),
            ("--sweep", !self.sweeps.is_empty()),
        ])
    }

    /// Finds what is looked at closely.
    ///
    /// # Errors
    /// When nothing of that name is compared.
    pub fn shown<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<usize, Error> {
        let Some(wanted) = &self.show else { return Ok(0) };
        let names: Vec<&str> = names.collect();
        let is_wanted = |name: &&str, wanted: &str| name.eq_ignore_ascii_case(wanted);
        let found = names.iter().position(|name| is_wanted(name, wanted)).or_else(|| {
            let configuration = Configuration::named(wanted)?;
            names.iter().position(|name| is_wanted(name, configuration.key))
        });
        found.ok_or_else(|| {
            Error::usage(format!("--show {wanted}: nothing of that name is compared"))
                .hint(format!("{}expected one of {}", meant(wanted, &names), names.join(", ")))
        })
    }
}

fn given(flags: &[(&'static str, bool)]) -> Vec<&'static str> {
    flags.iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| *flag).collect()
}

/// `did you mean NAME? ` for the nearest of `names`, or nothing.
pub(super) fn meant(typed: &str, names: &[&str]) -> String {
    let near = nearest(typed, names.iter().copied());
    near.map(|name| format!("did you mean {name}? ")).unwrap_or_default()
}
