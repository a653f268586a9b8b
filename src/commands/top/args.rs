//! The arguments of `oppscale top`, and the settings that they resolve to.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use oppscale_cluster::{RequestedNames, WorkloadRef};
use oppscale_core::demand::what_if::{AddedNodes, FailureDomain};
use oppscale_core::error::Error;
use oppscale_core::figures::{self, Choice, ColumnKey, FIGURES, Figure, Format, Kind};
use oppscale_core::headroom::TaintFilter;
use oppscale_core::kinds;
use oppscale_core::nearest::nearest;
use oppscale_core::placement::TaintPattern;
use oppscale_core::pods::PodQuery;
use oppscale_core::policy::{Basis, parse_burn};
use oppscale_core::price::Price;
use oppscale_core::quantity::Quantity;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, MEMORY};
use oppscale_core::selector::Selector;
use oppscale_core::units::{amount_of, parse_nonzero_duration};
use oppscale_core::view::{By, Level, RowKind};

use crate::commands::args::{ClusterArgs, OutputArgs};
use crate::completion::Values;
use crate::demo::Recording;

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
  oppscale top --demo
      the screen on a simulated cluster, without Kubernetes
  oppscale top --survive zone
      whether paid pods find a place after the loss of any zone
  oppscale top --explain shop/checkout-7d9c5b6f8-x2x7k
      how the requests of a pod are counted";

/// Arguments of `oppscale top`.
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub struct TopArgs {
    /// Saved lists to read instead of a cluster: files of kubectl, a directory, or - for stdin
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub from: Vec<String>,
    /// Row per node, namespace, workload, pod, container, filler, pool (the label is chosen for
    /// each node) or pool=LABEL
    #[arg(long, value_name = "WHAT", value_parser = parse_by,
          add = Values::NodeLabelKeys(by_words))]
    pub by: Option<By>,
    /// Tree of rows: node,pod or any order of resource, node, namespace, workload and pod
    #[arg(
        long,
        value_name = "LEVELS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = parse_levels,
        add = Values::Words(level_words),
        conflicts_with_all = ["explain"]
    )]
    pub tree: Option<Levels>,
    /// Resources to show, sorted by the first: cpu,memory,pods,nvidia.com/gpu
    #[arg(
        long = "resource",
        alias = "resources",
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        add = Values::Resources
    )]
    pub resources: Vec<String>,
    /// Columns, as [RESOURCE.]FIGURE[%]: name,requests,memory.limits%
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = parse_column,
          add = Values::Words(column_words))]
    pub columns: Vec<ColumnKey>,
    /// Also show the values of these labels, of nodes or pods
    #[arg(short = 'L', long, value_name = "KEYS", value_delimiter = ',',
          add = Values::NodeLabelKeys(Vec::new))]
    pub label_columns: Vec<String>,
    /// Also show limits, and the capacity of nodes
    #[arg(long, conflicts_with_all = ["watch", "record", "replay"])]
    pub limits: bool,
    /// Also show amounts in percent of allocatable
    #[arg(long)]
    pub percent: bool,
    /// Show what is free out of allocatable instead of the amounts in between
    #[arg(long, conflicts_with = "columns")]
    pub available: bool,
    /// Leave the headings of a table or CSV out
    #[arg(long)]
    pub no_headers: bool,
    /// Sort by a column
    #[arg(
        long,
        alias = "sort",
        value_name = "KEY[:ORDER]",
        value_parser = parse_sort,
        add = Values::Words(sort_words),
        help = format!(
            "Sort by [RESOURCE.]KEY[%][:asc|:desc], where KEY is {}", sort_keys()
        )
    )]
    pub sort_by: Option<Sort>,
    /// What counts as free CPU: requests, or usage: also what paid pods request and do not
    /// use now, from metrics.k8s.io (implies --usage, except on the live screen)
    /// [default: requests]
    #[arg(long, value_name = "BASIS", default_value_t, hide_default_value = true,
          conflicts_with_all = ["watch", "record", "replay", "from", "explain"])]
    pub basis: Basis,
    /// With --basis usage: cores that a replica uses [default: the CPU of --replica, or
    /// the annotation or CPU limit of --workload]
    #[arg(long, value_name = "CORES", value_parser = parse_burn)]
    pub burn: Option<i64>,
    /// Only nodes with these labels
    #[arg(short = 'l', long, value_name = "LABELS", value_parser = Selector::parse,
          add = Values::NodeLabels)]
    pub selector: Option<Selector>,
    /// Only nodes with this taint, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable
    #[arg(long, value_name = "TAINT", conflicts_with = "no_taint", add = Values::Taints)]
    pub taint: Vec<TaintPattern>,
    /// Only nodes without taints
    #[arg(long)]
    pub no_taint: bool,
    /// Only pods of this namespace; also the namespace of --workload KIND/NAME
    #[arg(short, long, value_name = "NAMESPACE", add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: Option<String>,
    /// Pods of all namespaces, which is the default
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Only pods of namespaces with these labels
    #[arg(long, value_name = "LABELS", value_parser = Selector::parse)]
    pub namespace_selector: Option<Selector>,
    /// Only pods with these labels
    #[arg(long, value_name = "LABELS", value_parser = Selector::parse)]
    pub pod_selector: Option<Selector>,
    /// Only pods in these phases; those that have ended occupy nothing
    #[arg(long, value_name = "PHASES", value_delimiter = ',', ignore_case = true,
          value_parser = ["Pending", "Running", "Succeeded", "Failed", "Unknown"],
          hide_possible_values = true)]
    pub phase: Vec<String>,
    /// The filler: [NAMESPACE/]KIND/NAME, or a label selector of pods
    /// [default: oppscale.dev/opportunistic=true]
    #[arg(long, value_name = "WORKLOAD", add = Values::Workloads)]
    pub workload: Option<WorkloadRef>,
    /// Shape of a replica for SLOTS; repeat it to compare several [default: the workload's,
    /// or cpu=1]
    #[arg(long, value_name = "SHAPE", add = Values::Amounts)]
    pub replica: Vec<Replica>,
    /// Taint that replicas tolerate besides, as KEY, KEY=VALUE or KEY=VALUE:EFFECT; repeatable
    #[arg(long, value_name = "TAINT", add = Values::Taints)]
    pub tolerate: Vec<TaintPattern>,
    /// Reserve to keep free: cores (30), a share of cpu and memory (15%),
    /// cpu=30,nvidia.com/gpu=1, a place for a paid pod (pod:cpu=4,memory=8Gi), or 15%+2xpod:cpu=4
    #[arg(long, value_name = "CORES|SHARE", conflicts_with = "target_utilization")]
    pub reserve: Option<Reserve>,
    /// Reserve as a target utilization: 85% keeps 15% free
    // Hidden: --reserve 15% says the same.
    #[arg(long, hide = true, value_name = "PERCENT", value_parser = Reserve::from_target_utilization)]
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
    #[arg(long, value_name = "[NAMESPACE/]POD", add = Values::Objects(&kinds::POD),
          conflicts_with_all = ["output", "by", "fail_below"])]
    pub explain: Option<String>,
    /// Exit with 1 if less remains: cpu=10,memory=64Gi,replicas=5
    #[arg(long, value_name = "LIMITS", value_parser = parse_limits, add = Values::Amounts)]
    pub fail_below: Option<Limits>,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArgs,
    /// Price of an hour: cpu=0.031,memory=0.004,gpu=2 per core, GiB and device; with pool=NAME
    /// that of a pool; repeatable
    #[arg(long, value_name = "PRICES")]
    pub price: Vec<Price>,
    /// Live options.
    #[command(flatten)]
    pub live: LiveArgs,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Output format.
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

/// Arguments of `oppscale top` about a cluster with other nodes. Exit code 1 when a paid pod that
/// has a place finds none then.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What if")]
pub struct WhatIfArgs {
    /// Without this node, or the nodes with these labels: would its paid pods find a place?
    #[arg(long, value_name = "NODE|LABELS", add = Values::NodesOrLabels,
          conflicts_with_all = ["explain", "watch", "record", "replay"])]
    pub without: Vec<String>,
    /// With more nodes: 3xcpu=32,memory=128Gi[,label=KEY=VALUE][,taint=KEY:EFFECT]
    #[arg(long, value_name = "NODES", conflicts_with_all = ["explain", "watch", "record", "replay"])]
    pub add: Vec<AddedNodes>,
    /// Would paid pods find a place after the loss of any 1 node, zone, pool or value of a LABEL?
    #[arg(long, value_name = "1|zone|pool|LABEL", add = Values::NodeLabelKeys(domain_words),
          conflicts_with_all = ["explain", "watch", "record", "replay"])]
    pub survive: Option<FailureDomain>,
}

impl WhatIfArgs {
    /// Whether anything is tried.
    pub fn is_asked(&self) -> bool {
        !self.without.is_empty() || !self.add.is_empty() || self.survive.is_some()
    }
}

/// The levels of a tree; empty for the usual ones of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(pub Vec<Level>);

/// A sort order.
#[derive(Debug, Clone)]
pub struct Sort {
    /// The column.
    pub key: ColumnKey,
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
    /// Kind of object that each row is of.
    pub by: By,
    /// Resources to show; empty means all.
    pub resources: Vec<String>,
    /// The order of rows.
    pub sort: Sort,
    /// The reserve; `None` is that of the workload.
    pub reserve: Option<Reserve>,
    /// The figures to show.
    pub choice: Choice,
    /// The levels of a tree, if rows are one.
    pub tree: Option<Vec<Level>>,
    /// Which pods are read one by one, if some are.
    pub pods: Option<PodQuery>,
}

impl TopSettings {
    /// The kinds of the rows.
    pub fn row_kinds(&self) -> Vec<RowKind> {
        let is_part = self.pods.as_ref().is_some_and(PodQuery::is_filter);
        match &self.tree {
            Some(levels) => levels
                .iter()
                .enumerate()
                .map(|(depth, level)| match level {
                    Level::Node if depth > 0 || is_part => RowKind::NodeOfWorkload,
                    level => level.row_kind(),
                })
                .collect(),
            None if is_part && self.by == By::Node => vec![RowKind::NodeOfWorkload],
            None => vec![self.by.row_kind()],
        }
    }
}

impl TopArgs {
    /// Whether a cluster is read, and no saved list, recording or simulation.
    pub(super) fn reads_cluster(&self) -> bool {
        self.from.is_empty() && self.live.replay.is_none() && !self.live.demo
    }

    /// Whether a live screen will be drawn.
    pub fn has_screen(&self) -> bool {
        super::screen::is_wanted(self)
    }

    /// Whether it runs until it is ended.
    pub fn runs_on(&self) -> bool {
        self.live.watch || self.live.record.is_some() || self.has_screen()
    }

    /// The flags that rows of fillers cannot follow, and whether they are given.
    fn not_for_fillers(&self) -> [(&'static str, bool); 20] {
        [
            ("--demo", self.live.demo),
            ("--tree", self.tree.is_some()),
            ("--basis usage", self.basis == Basis::Usage),
            ("--burn", self.burn.is_some()),
            ("--usage", self.usage),
            ("--selector", self.selector.is_some()),
            ("--taint", !self.taint.is_empty()),
            ("--no-taint", self.no_taint),
            ("--namespace-selector", self.namespace_selector.is_some()),
            ("--pod-selector", self.pod_selector.is_some()),
            ("--phase", !self.phase.is_empty()),
            ("--workload", self.workload.is_some()),
            ("--replica", !self.replica.is_empty()),
            ("--tolerate", !self.tolerate.is_empty()),
            ("--reserve", self.reserve.is_some()),
            ("--target-utilization", self.target_utilization.is_some()),
            ("--watch", self.live.watch),
            ("--record", self.live.record.is_some()),
            ("--replay", self.live.replay.is_some()),
            ("--without, --add and --survive", self.what_if.is_asked()),
        ]
    }

    /// Resolves flags that depend on each other.
    ///
    /// # Errors
    /// When flags contradict each other.
    pub fn resolve(&self) -> Result<TopSettings, Error> {
        let named_in_namespace =
            matches!(self.workload, Some(WorkloadRef::Object { namespace: None, .. }));
        let namespace = self.namespace.as_ref().filter(|_| !named_in_namespace);
        let selects_pods = self.pod_selector.is_some()
            || self.namespace_selector.is_some()
            || !self.phase.is_empty();
        let by = match &self.by {
            Some(By::Pool(_)) if namespace.is_some() || selects_pods => {
                return Err(Error::usage("--by pool counts all pods of its nodes: it takes no selection of pods")
                    .hint("leave -n, --pod-selector, --namespace-selector and --phase out, or use --by node or --by workload"));
            }
            Some(by) => by.clone(),
            None if namespace.is_some() || selects_pods => By::Workload,
            None => By::Node,
        };
        if by == By::Filler
            && let Some((flag, _)) = self.not_for_fillers().iter().find(|(_, given)| *given)
        {
            return Err(Error::usage(format!(
                "{flag} does not go with rows of fillers: they are the shares that oppscale serve \
                 counts now, on every node, each with its own replica and the policy of its own \
                 annotations"
            ))
            .hint("leave it out, or choose rows of nodes, namespaces or workloads"));
        }
        let tree = self.tree.as_ref().map(|Levels(levels)| match (levels.is_empty(), &by) {
            (false, _) => levels.clone(),
            (true, By::Namespace) => vec![Level::Namespace, Level::Workload, Level::Pod],
            (true, By::Workload) if self.by.is_some() => vec![Level::Workload, Level::Pod],
            (true, _) => vec![Level::Node, Level::Pod],
        });
        let is_of_pods = matches!(by, By::Pod | By::Container) || tree.is_some() || selects_pods;
        let keeps_pods = is_of_pods || by == By::Node && namespace.is_some();
        if self.live.speed.is_some() && !self.live.demo && self.live.replay.is_none() {
            return Err(Error::usage("--speed is that of --replay or --demo"));
        }
        if self.live.demo && (keeps_pods || self.what_if.is_asked()) {
            return Err(Error::usage(
                "the simulated cluster of --demo has no pods to show one by one",
            )
            .hint("choose rows of nodes, namespaces or workloads"));
        }
        if keeps_pods
            && (self.live.watch || self.live.record.is_some() || self.live.replay.is_some())
        {
            return Err(Error::usage("pods are not followed one by one")
                .hint("leave --watch, --record or --replay out, or choose rows of workloads"));
        }
        let pods = (keeps_pods || self.what_if.is_asked()).then(|| PodQuery {
            namespaces: namespace.map(|name| [name.clone()].into()),
            namespace_labels: self.namespace_selector.clone(),
            labels: self.pod_selector.clone().unwrap_or_default(),
            phases: self.phase.clone(),
            label_columns: self.label_columns.clone(),
            containers: by == By::Container,
            placements: self.what_if.is_asked(),
        });
        if self.what_if.is_asked() && pods.as_ref().is_some_and(PodQuery::is_filter) {
            return Err(Error::usage("what would happen depends on all pods")
                .hint("leave -n, --pod-selector, --namespace-selector and --phase out"));
        }
        let mut settings = TopSettings {
            resources: self.shown_resources(),
            sort: self.order(&by),
            by,
            reserve: self
                .reserve
                .clone()
                .or_else(|| self.target_utilization.clone())
                .or_else(|| self.live.demo.then(Recording::reserve)),
            choice: Choice {
                usage: self.usage,
                limits: self.limits,
                available: self.available,
                percent: self.percent,
                columns: (!self.columns.is_empty()).then(|| self.columns.clone()),
            },
            tree,
            pods,
        };
        let kinds = settings.row_kinds();
        let has = |figure: &Figure| kinds.iter().any(|kind| figure.rows.contains(kind));
        if self.sort_by.is_none() && !has(settings.sort.key.figure) {
            settings.sort = Sort::of("requests", true);
        }
        let columns = self.columns.iter().map(|key| ("--columns", key));
        for (flag, key) in columns.chain([("--sort-by", &settings.sort.key)]) {
            let needs_usage = key.figure.formats.contains(&Format::Usage) && !self.usage;
            if !has(key.figure) || needs_usage {
                return Err(Error::usage(format!(
                    "{flag} names a column that these rows do not have: {}",
                    key.figure.id
                ))
                .hint("see which columns there are with -o csv; usage needs --usage"));
            }
        }
        Ok(settings)
    }

    fn shown_resources(&self) -> Vec<String> {
        let is_followed = self.live.watch || self.live.replay.is_some();
        match (self.output.format, self.resources.is_empty()) {
            (_, false) => self.resources.clone(),
            (_, true) if is_followed => Vec::new(),
            // Its pods request nothing else.
            (Output::Table | Output::Wide, true) if self.live.demo => vec![CPU.to_owned()],
            (Output::Table | Output::Wide | Output::Name, true) => {
                vec![CPU.to_owned(), MEMORY.to_owned()]
            }
            (_, true) => Vec::new(),
        }
    }

    fn order(&self, by: &By) -> Sort {
        let kind = by.row_kind();
        match &self.sort_by {
            Some(sort) if sort.key.figure.id == "node" && kind.is_of_nodes() => {
                Sort::of("name", sort.descending)
            }
            Some(sort) => sort.clone(),
            None if *by == By::Filler => Sort::of("fit", true),
            None => Sort::of(if kind.is_of_nodes() { "remaining" } else { "others" }, true),
        }
    }

    /// Whether a flag is given that the live screen does not have.
    pub fn prints_once(&self) -> bool {
        matches!(self.by, Some(By::Pod | By::Container | By::Filler))
            || self.tree.is_some()
            || self.available
            || self.no_headers
            || self.no_taint
            || self.what_if.is_asked()
            || self.replica.len() > 1
            || self.namespace_selector.is_some()
            || self.pod_selector.is_some()
            || ![
                self.columns.is_empty(),
                self.label_columns.is_empty(),
                self.phase.is_empty(),
                self.taint.is_empty(),
                self.tolerate.is_empty(),
                self.price.is_empty(),
            ]
            .iter()
            .all(|is_empty| *is_empty)
    }

    /// The taints of the nodes to look at.
    pub fn taint_filter(&self) -> TaintFilter {
        match (self.no_taint, self.taint.is_empty()) {
            (true, _) => TaintFilter::Untainted,
            (false, true) => TaintFilter::Any,
            (false, false) => TaintFilter::Tainted(self.taint.clone()),
        }
    }
}

impl Sort {
    fn of(id: &str, descending: bool) -> Self {
        let figure = figures::find(id).unwrap_or(&FIGURES[0]);
        Self { key: ColumnKey { figure, resource: None, percent: false }, descending }
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
        let reserve = self.reserve.iter().flat_map(Reserve::resources);
        let columns = self.columns.iter().map(|key| ("--columns", key));
        let keys = columns.chain(self.sort_by.iter().map(|sort| ("--sort-by", &sort.key)));
        shown
            .chain(limits)
            .chain(replica.map(|(name, _)| ("--replica", name)))
            .chain(reserve.map(|name| ("--reserve", name)))
            .chain(keys.filter_map(|(flag, key)| Some((flag, key.resource.as_deref()?))))
    }

    /// The names that must be those of something in the cluster.
    pub fn requested_names(&self, settings: &TopSettings) -> RequestedNames {
        let resources = self.named_resources().map(|(flag, name)| (flag, name.to_owned()));
        let has_namespaces = !settings.by.row_kind().is_of_nodes() || settings.pods.is_some();
        RequestedNames {
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
            taints: self.taint.clone(),
            prices: self.price.clone(),
            kept: settings.pods.clone(),
        }
    }
}

/// The rows that `--by` chooses by one word.
const BY_WORDS: [&str; 7] = ["node", "namespace", "workload", "filler", "pod", "container", "pool"];

/// The words of `--by`, for completion.
fn by_words() -> Vec<String> {
    BY_WORDS.into_iter().chain(["pool="]).map(str::to_owned).collect()
}

/// The levels of `--tree`, for completion.
fn level_words() -> Vec<String> {
    Level::ALL.map(|(word, _)| word.to_owned()).to_vec()
}

/// The columns of `--columns`, for completion.
fn column_words() -> Vec<String> {
    let columns = FIGURES.iter().filter(|figure| figure.kind != Kind::Bar);
    columns.map(|figure| figure.id.to_owned()).collect()
}

/// The keys of `--sort-by`, for completion.
fn sort_words() -> Vec<String> {
    figures::sort_keys().map(|figure| figure.id.to_owned()).collect()
}

/// The words of `--survive`, for completion.
fn domain_words() -> Vec<String> {
    ["1", "zone", "pool"].map(str::to_owned).to_vec()
}

fn parse_by(text: &str) -> Result<By, String> {
    match text {
        "node" | "nodes" => Ok(By::Node),
        "namespace" | "ns" => Ok(By::Namespace),
        "workload" | "workloads" => Ok(By::Workload),
        "pod" | "pods" => Ok(By::Pod),
        "container" | "containers" => Ok(By::Container),
        "filler" | "fillers" => Ok(By::Filler),
        "pool" => Ok(By::Pool(None)),
        _ => match text.strip_prefix("pool=").filter(|label| !label.is_empty()) {
            Some(label) => Ok(By::Pool(Some(label.to_owned()))),
            None => {
                let expected = "expected node, namespace, workload, filler, pod, container, pool or pool=LABEL";
                let near = nearest(text, BY_WORDS);
                Err(near.map_or(expected.to_owned(), |near| {
                    format!("{expected}; did you mean {near}?")
                }))
            }
        },
    }
}

fn parse_levels(text: &str) -> Result<Levels, String> {
    let words = Level::ALL.map(|(word, _)| word);
    let mut levels = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let Some((_, level)) = Level::ALL.iter().find(|(word, _)| *word == part) else {
            let near = nearest(part, words);
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(format!("expected levels of {}{near}", words.join(", ")));
        };
        if levels.contains(level) {
            return Err(format!("the level {part} is given twice"));
        }
        if *level == Level::Resource && !levels.is_empty() {
            return Err("the level resource comes first".to_owned());
        }
        if levels.last() == Some(&Level::Pod) {
            return Err("nothing is below a pod".to_owned());
        }
        levels.push(*level);
    }
    Ok(Levels(levels))
}

fn parse_column(text: &str) -> Result<ColumnKey, String> {
    ColumnKey::parse(text, FIGURES.iter().filter(|figure| figure.kind != Kind::Bar))
}

fn parse_sort(text: &str) -> Result<Sort, String> {
    let (key, order) = match text.rsplit_once(':') {
        Some((key, order)) => (key, Some(order)),
        None => (text, None),
    };
    let key = ColumnKey::parse(key, figures::sort_keys())?;
    let descending = match order {
        None => !key.figure.is_text(),
        Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err("expected the order asc or desc".to_owned()),
    };
    Ok(Sort { key, descending })
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
    text + "\nRequests are counted as the scheduler counts them; --explain shows how for a pod."
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
    /// Show a simulated cluster during a burst of paid work, without Kubernetes
    #[arg(long, conflicts_with_all = ["from", "watch", "record", "replay", "workload", "explain", "usage"])]
    pub demo: bool,
    /// Replay speed as a factor: 1 to 86400 [default: 1, with --demo 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub speed: Option<u32>,
    /// Lifetime of a watch; a silent one is detected 5 s after it
    // Hidden: nobody has needed another one.
    #[arg(long, hide = true, value_name = "DURATION", default_value = "30s",
          value_parser = parse_nonzero_duration)]
    pub watch_life: Duration,
}
