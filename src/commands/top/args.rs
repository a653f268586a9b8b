//! The arguments of `oppscale top`, and the settings that they resolve to.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use oppscale_cluster::{TypedNames, WorkloadRef};
use oppscale_core::error::Error;
use oppscale_core::figures::{self, FIGURES, Figure, Format};
use oppscale_core::nearest::nearest;
use oppscale_core::quantity::Quantity;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, MEMORY};
use oppscale_core::selector::Selector;
use oppscale_core::units::{amount_of, parse_nonzero_duration};
use oppscale_core::view::By;

use crate::commands::args::{ClusterArgs, OutputArgs};

const EXAMPLES: &str = "\
Examples:
  oppscale top --replica cpu=2,memory=4Gi --reserve 15%
      how many such replicas fit if 15 % of the cluster stays free
  oppscale top --workload idle/deploy/miner
      the same for a Deployment, with its shape, tolerations and pods
  oppscale top -n shop
      the requests of each workload of a namespace
  oppscale top -o json | jq .totals.usable.resources.cpu.remaining
      millicores, for a script
  kubectl get nodes,pods -A -o json | oppscale top --from -
      from a saved list, without a cluster
  oppscale top --explain shop/checkout-7d9c5b6f8-x2x7k
      how the requests of a pod are counted";

/// Arguments of `oppscale top`.
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub struct TopArgs {
    /// Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub from: Vec<String>,
    /// Row per node, namespace, workload, pool (the label is chosen for each node) or pool=LABEL
    #[arg(long, value_name = "WHAT", value_parser = parse_by)]
    pub by: Option<By>,
    /// Resources to show, sorted by the first: cpu,memory,pods,nvidia.com/gpu
    #[arg(
        long = "resource",
        visible_alias = "resources",
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub resources: Vec<String>,
    /// Sort by a column
    #[arg(
        long,
        alias = "sort",
        value_name = "KEY[:ORDER]",
        value_parser = parse_sort,
        help = format!("Sort by {}; :asc or :desc", sort_keys())
    )]
    pub sort_by: Option<Sort>,
    /// Only nodes with these labels
    #[arg(short = 'l', long, value_name = "LABELS", value_parser = Selector::parse)]
    pub selector: Option<Selector>,
    /// Only rows of this namespace; also the namespace of --workload KIND/NAME
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The filler: [NAMESPACE/]KIND/NAME, or a label selector of pods
    /// [default: oppscale.dev/opportunistic=true]
    #[arg(long, value_name = "WORKLOAD")]
    pub workload: Option<WorkloadRef>,
    /// Shape of a replica for SLOTS [default: the workload's, or cpu=1]
    #[arg(long, value_name = "SHAPE")]
    pub replica: Option<Replica>,
    /// Reserve to keep free: cores (30) or a share of cpu and memory (15%)
    #[arg(long, value_name = "CORES|SHARE", conflicts_with = "target_utilization")]
    pub reserve: Option<Reserve>,
    /// Reserve as a target utilization: 85% keeps 15% free
    #[arg(long, value_name = "PERCENT", value_parser = Reserve::from_target_utilization)]
    pub target_utilization: Option<Reserve>,
    /// Also show nodes that fillers cannot use, and why
    #[arg(long)]
    pub show_unusable: bool,
    /// Also show current usage, from metrics.k8s.io
    #[arg(long, conflicts_with = "from")]
    pub usage: bool,
    /// Output format
    #[command(flatten)]
    pub output: OutputArgs<Output>,
    /// Explain how the requests of this pod are counted
    #[arg(long, value_name = "[NAMESPACE/]POD", conflicts_with_all = ["output", "by", "fail_below"])]
    pub explain: Option<String>,
    /// Exit with 1 if less remains: cpu=10,memory=64Gi,replicas=5
    #[arg(long, value_name = "LIMITS", value_parser = parse_limits)]
    pub fail_below: Option<Limits>,
    /// Live options.
    #[command(flatten)]
    pub live: LiveArgs,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// How the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people, as wide as the terminal
    #[default]
    Table,
    /// With memory, what is free now, and why a node is not usable
    Wide,
    /// Integers: millicores, bytes, counts
    Json,
    /// The same as YAML
    Yaml,
    /// The rows, integers
    Csv,
    /// Only names, as kubectl takes them
    Name,
}

/// A sort order.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    /// The figure.
    pub figure: &'static Figure,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// Thresholds of `--fail-below`, by resource; `replicas` means fit replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits(pub Vec<(String, Amount)>);

/// The name in `--fail-below` that means fit replicas.
pub(super) const REPLICAS: &str = "replicas";

/// The settings that the arguments resolve to, apart from the cluster.
#[derive(Debug)]
pub struct TopSettings {
    /// What a row stands for.
    pub by: By,
    /// Resources to show; empty means all.
    pub resources: Vec<String>,
    /// The order of rows.
    pub sort: Sort,
    /// The reserve.
    pub reserve: Reserve,
}

impl TopArgs {
    /// Resolves flags that depend on each other.
    ///
    /// # Errors
    /// When flags contradict each other.
    pub fn resolve(&self) -> Result<TopSettings, Error> {
        let named_in_namespace =
            matches!(self.workload, Some(WorkloadRef::Object { namespace: None, .. }));
        let by = match (&self.by, &self.namespace) {
            (Some(By::Node | By::Pool(_)), Some(_)) if !named_in_namespace => {
                return Err(Error::usage(
                    "-n selects rows of namespaces and workloads, not of nodes",
                )
                .hint("leave --by out, or use --by workload"));
            }
            (Some(by), _) => by.clone(),
            (None, Some(_)) if !named_in_namespace => By::Workload,
            (None, _) => By::Node,
        };
        let kind = by.row_kind();
        let default = if kind.is_of_nodes() { "remaining" } else { "others" };
        let sort = match (self.sort_by, figures::find(default)) {
            (Some(sort), _) => sort,
            (None, figure) => Sort { figure: figure.unwrap_or(&FIGURES[0]), descending: true },
        };
        let needs_usage = sort.figure.formats.contains(&Format::Usage);
        if !sort.figure.rows.contains(&kind) || needs_usage && !self.usage {
            return Err(Error::usage("--sort-by names a column that these rows do not have")
                .hint("see which columns there are without --sort-by; usage needs --usage"));
        }
        let resources = match (self.output.format, self.resources.is_empty()) {
            (_, false) => self.resources.clone(),
            (_, true) if self.live.watch || self.live.replay.is_some() => Vec::new(),
            (Output::Table | Output::Name, true) => vec![CPU.to_owned()],
            (Output::Wide, true) => vec![CPU.to_owned(), MEMORY.to_owned()],
            (_, true) => Vec::new(),
        };
        let reserve = self.reserve.or(self.target_utilization).unwrap_or_default();
        Ok(TopSettings { by, resources, sort, reserve })
    }
}

impl TopArgs {
    /// Each resource that is named, after its flag.
    pub fn named_resources(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let shown = self.resources.iter().map(|name| ("--resource", name.as_str()));
        let limits = self.fail_below.iter().flat_map(|Limits(limits)| limits);
        let limits = limits.map(|(name, _)| ("--fail-below", name.as_str()));
        let limits = limits.filter(|(_, name)| *name != REPLICAS);
        let replica = self.replica.iter().flat_map(|replica| replica.footprint().present());
        shown.chain(limits).chain(replica.map(|(name, _)| ("--replica", name)))
    }

    /// The names that must be those of something in the cluster.
    pub fn typed_names(&self, settings: &TopSettings) -> TypedNames {
        let resources = self.named_resources().map(|(flag, name)| (flag, name.to_owned()));
        let has_namespaces = matches!(settings.by, By::Namespace | By::Workload);
        TypedNames {
            resources: resources.collect(),
            keywords: self.fail_below.iter().map(|_| REPLICAS).collect(),
            nodes: self.selector.clone().unwrap_or_default(),
            pool_label: match &settings.by {
                By::Pool(label) => label.clone(),
                _ => None,
            },
            namespace: self.namespace.clone().filter(|_| has_namespaces),
            pods: match &self.workload {
                Some(WorkloadRef::Labels(selector)) => Some(selector.clone()),
                _ => None,
            },
        }
    }
}

fn parse_by(text: &str) -> Result<By, String> {
    match text {
        "node" | "nodes" => Ok(By::Node),
        "namespace" | "ns" => Ok(By::Namespace),
        "workload" | "workloads" => Ok(By::Workload),
        "pool" => Ok(By::Pool(None)),
        _ => match text.strip_prefix("pool=").filter(|label| !label.is_empty()) {
            Some(label) => Ok(By::Pool(Some(label.to_owned()))),
            None => {
                let expected = "expected node, namespace, workload, pool or pool=LABEL";
                let near = nearest(text, ["node", "namespace", "workload", "pool"]);
                Err(near.map_or(expected.to_owned(), |near| {
                    format!("{expected}; did you mean {near}?")
                }))
            }
        },
    }
}

fn parse_sort(text: &str) -> Result<Sort, String> {
    let (key, order) = text.split_once(':').map_or((text, None), |(key, order)| (key, Some(order)));
    let wanted = figures::find(&key.to_ascii_lowercase());
    let is_key = |figure: &Figure| figures::sort_keys().any(|key| key.id == figure.id);
    let Some(figure) = wanted.filter(|figure| is_key(figure)) else {
        let near = nearest(key, figures::sort_keys().map(|key| key.id));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(format!("expected {}{near}", sort_keys()));
    };
    let descending = match order {
        None => !figure.is_text(),
        Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err("expected the order asc or desc".to_owned()),
    };
    Ok(Sort { figure, descending })
}

/// The keys of `--sort-by`, as a list for people.
fn sort_keys() -> String {
    let mut keys: Vec<_> = figures::sort_keys().map(|figure| figure.id).collect();
    let last = keys.pop().unwrap_or_default();
    format!("{} or {last}", keys.join(", "))
}

/// The examples, and what each column is.
fn after_help() -> String {
    let mut text = EXAMPLES.to_owned() + "\n\nColumns:\n";
    for figure in FIGURES.iter().filter(|figure| !figure.heading.is_empty()) {
        text.push_str(&format!("  {:<14}{}\n", figure.heading, figure.meaning));
    }
    text + "\nHow the numbers are counted: docs/how-it-counts.md"
}

fn parse_limits(text: &str) -> Result<Limits, String> {
    let expected = "expected RESOURCE=QUANTITY,... such as cpu=10,memory=64Gi or replicas=5";
    let limit = |part: &str| {
        let (name, quantity) = part.split_once('=').ok_or(expected)?;
        let starts_well = quantity.starts_with(|c: char| c.is_ascii_digit());
        let quantity: Quantity =
            quantity.parse().ok().filter(|_| starts_well && !name.is_empty()).ok_or(expected)?;
        Ok((name.to_owned(), amount_of(name, quantity).ok_or(expected)?))
    };
    text.split(',').map(limit).collect::<Result<_, String>>().map(Limits)
}

/// Arguments of `oppscale top` about time.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Live options")]
pub struct LiveArgs {
    /// Print one table and exit, also on a terminal
    #[arg(long, conflicts_with_all = ["watch", "record", "replay"])]
    pub once: bool,
    /// Print a line of JSON for every change until Ctrl-C, for scripts
    #[arg(short, long, conflicts_with_all = ["from", "output", "explain", "fail_below", "usage"])]
    pub watch: bool,
    /// Minimum time between two lines of --watch or two frames of the screen: 500ms, 10s
    #[arg(long, value_name = "DURATION", value_parser = parse_nonzero_duration)]
    pub interval: Option<Duration>,
    /// Also write the capacity history to a file, which grows and may be cut off
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "output", "explain", "fail_below"])]
    pub record: Option<PathBuf>,
    /// Replay a recorded capacity history instead of reading a cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "record", "workload", "explain", "usage", "fail_below", "output"])]
    pub replay: Option<PathBuf>,
    /// Replay speed as a factor: 1 to 86400
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        requires = "replay",
        value_parser = clap::value_parser!(u32).range(1..=86_400)
    )]
    pub speed: u32,
    /// Lifetime of a watch; a silent one is detected 5 s after it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_nonzero_duration)]
    pub watch_life: Duration,
}
