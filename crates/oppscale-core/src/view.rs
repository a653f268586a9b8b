//! The rows of a report: the cluster by node, pool, namespace or workload.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::figures::{Context, Figure};
use super::headroom::{Headroom, NodeHeadroom, Totals};
use super::ledger::{Bound, Group, Ledger};
use super::node::Unusable;
use super::resources::{Amount, PODS, Resources};
use super::units;

/// What a row stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum By {
    /// A node.
    #[default]
    Node,
    /// The nodes with the same value of a label; `None` chooses the label for each node.
    Pool(Option<String>),
    /// The pods of a namespace.
    Namespace,
    /// The pods of a workload.
    Workload,
}

impl By {
    /// The kind of its rows.
    pub fn row_kind(&self) -> RowKind {
        match self {
            Self::Node => RowKind::Node,
            Self::Pool(_) => RowKind::Pool,
            Self::Namespace => RowKind::Namespace,
            Self::Workload => RowKind::Workload,
        }
    }
}

/// What one row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowKind {
    /// A node.
    #[default]
    Node,
    /// The nodes of a pool.
    Pool,
    /// The pods of a namespace.
    Namespace,
    /// The pods of a workload.
    Workload,
    /// The pods of a workload on one node.
    NodeOfWorkload,
    /// All usable nodes.
    UsableTotal,
    /// All nodes whose figures are known.
    AllTotal,
}

impl RowKind {
    /// Whether a row is a sum over nodes, and not over pods wherever they are.
    pub fn is_of_nodes(self) -> bool {
        matches!(self, Self::Node | Self::Pool | Self::UsableTotal | Self::AllTotal)
    }

    /// The heading of the names of such rows.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Node | Self::NodeOfWorkload => "NODE",
            Self::Pool => "POOL",
            Self::Namespace => "NAMESPACE",
            Self::Workload => "WORKLOAD",
            Self::UsableTotal | Self::AllTotal => "TOTAL",
        }
    }
}

/// One row. Figures that are unknown, or that such a row does not have, are `None`.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What it stands for.
    pub row_kind: RowKind,
    /// The namespace, for workloads.
    pub namespace: Option<String>,
    /// The kind, for workloads.
    pub kind: Option<String>,
    /// The node, pool, namespace or workload.
    pub name: String,
    /// One word for its state, for nodes.
    pub state: Option<&'static str>,
    /// Whether the node is usable, or every node of the pool is.
    pub usable: Option<bool>,
    /// Reasons why not.
    pub reasons: Vec<String>,
    /// Number of usable nodes of a pool, and of all its nodes.
    pub nodes: Option<(usize, usize)>,
    /// Allocatable resources of the nodes.
    pub allocatable: Option<Resources>,
    /// Requests of paid pods.
    pub paid: Option<Resources>,
    /// Requests of opportunistic pods.
    pub opportunistic: Option<Resources>,
    /// Allocatable − paid requests; of several nodes see [`Totals::remaining`].
    pub remaining: Option<Resources>,
    /// Allocatable − all requests; of several nodes see [`Totals::free`].
    pub free: Option<Resources>,
    /// How many replicas fit.
    pub slots: Option<Amount>,
    /// Usage, where it was requested.
    pub usage: Option<Resources>,
    /// Resources of which it is unknown how much there is and is left.
    pub unknown: Vec<Box<str>>,
}

impl Row {
    /// Number of pods.
    pub fn pods(&self) -> Option<Amount> {
        Some(self.paid.as_ref()?.get(PODS) + self.opportunistic.as_ref()?.get(PODS))
    }

    /// Whether the row is a node that is left out unless unusable nodes are asked for. Nodes
    /// whose figures are unknown are never left out.
    pub fn is_hidden(&self) -> bool {
        let unknown = Unusable::Unknown(String::new()).word();
        self.row_kind == RowKind::Node && self.usable == Some(false) && self.state != Some(unknown)
    }

    /// The name as people read it: `deployment/checkout`, or `(none)` for nodes without a pool.
    pub fn title(&self) -> String {
        match (&self.kind, &*self.name) {
            (Some(kind), name) => format!("{}/{name}", kind.to_lowercase()),
            (None, "") => "(none)".to_owned(),
            (None, name) => name.to_owned(),
        }
    }

    /// Namespace, kind and name, empty where there are none.
    pub fn names(&self) -> (&str, &str, &str) {
        let [namespace, kind] =
            [&self.namespace, &self.kind].map(|text| text.as_deref().unwrap_or(""));
        (namespace, kind, &self.name)
    }
}

/// One row for each node.
pub fn by_node(headroom: &Headroom) -> Vec<Row> {
    headroom.nodes.iter().map(node_row).collect()
}

fn node_row(node: &NodeHeadroom) -> Row {
    Row {
        name: node.name.clone(),
        state: Some(node.reasons.first().map_or("Ready", |reason| reason.word())),
        usable: Some(node.is_usable()),
        reasons: node.reasons.iter().map(ToString::to_string).collect(),
        allocatable: node.allocatable.clone(),
        paid: node.paid.clone(),
        opportunistic: node.opportunistic.clone(),
        remaining: node.remaining(),
        free: node.free(),
        slots: node.slots,
        unknown: node.unknown.clone(),
        ..Row::default()
    }
}

/// One row for each pool, over the nodes whose figures are known; see [`NodeHeadroom::pool`].
/// Nodes without a pool are under the empty name.
pub fn by_pool(headroom: &Headroom, label: Option<&str>) -> Vec<Row> {
    let mut pools: BTreeMap<&str, Vec<&NodeHeadroom>> = BTreeMap::new();
    for node in &headroom.nodes {
        pools.entry(node.pool(label)).or_default().push(node);
    }
    let pods_unknown = headroom.all.paid.is_none();
    let rows = pools.into_iter().map(|(name, nodes)| {
        let usable = Totals::over(nodes.iter().copied().filter(|n| n.is_usable()), pods_unknown);
        let known = nodes.iter().copied().filter(|n| n.is_known());
        let all = Totals::over(known, pods_unknown);
        Row {
            row_kind: RowKind::Pool,
            name: name.to_owned(),
            usable: Some(usable.nodes == nodes.len()),
            reasons: nodes
                .iter()
                .flat_map(|node| node.reasons.iter().map(move |r| format!("{}: {r}", node.name)))
                .collect(),
            nodes: Some((usable.nodes, nodes.len())),
            allocatable: Some(all.allocatable),
            paid: all.paid,
            opportunistic: all.opportunistic,
            remaining: usable.remaining,
            free: usable.free,
            slots: usable.slots,
            unknown: all.unknown,
            ..Row::default()
        }
    });
    rows.collect()
}

/// The sums of `headroom` as rows: the usable nodes, whose remaining and free resources are
/// what waiting paid pods and the reserve leave of them, and all known nodes, which have neither.
pub fn totals(headroom: &Headroom) -> [Row; 2] {
    let row = |row_kind, label: &str, totals: &Totals| Row {
        row_kind,
        name: format!("{label} ({})", units::plural(totals.nodes, "node")),
        usable: Some(row_kind == RowKind::UsableTotal),
        nodes: Some((totals.nodes, totals.nodes)),
        allocatable: Some(totals.allocatable.clone()),
        paid: totals.paid.clone(),
        opportunistic: totals.opportunistic.clone(),
        slots: totals.slots,
        unknown: totals.unknown.clone(),
        ..Row::default()
    };
    let usable = Row {
        remaining: headroom.remaining.clone(),
        free: headroom.free.clone(),
        ..row(RowKind::UsableTotal, "usable", &headroom.usable)
    };
    [usable, row(RowKind::AllTotal, "all", &headroom.all)]
}

/// The requests of pods.
#[derive(Debug, Clone, Default)]
struct Requests {
    paid: Resources,
    opportunistic: Resources,
}

impl Requests {
    fn add(&mut self, pod: &Bound<'_>) {
        if pod.opportunistic { &mut self.opportunistic } else { &mut self.paid }.add(pod.footprint);
    }

    fn into_row(self, row_kind: RowKind, name: &str) -> Row {
        Row {
            row_kind,
            name: name.to_owned(),
            paid: Some(self.paid),
            opportunistic: Some(self.opportunistic),
            ..Row::default()
        }
    }
}

/// One row for each namespace, over the pods on the nodes that `is_counted` accepts.
pub fn by_namespace(ledger: &Ledger, is_counted: impl Fn(&str) -> bool) -> Vec<Row> {
    let mut sums: BTreeMap<&str, Requests> = BTreeMap::new();
    for (group, requests) in by_group(ledger, is_counted) {
        let sum = sums.entry(&group.namespace).or_default();
        sum.paid.add(&requests.paid);
        sum.opportunistic.add(&requests.opportunistic);
    }
    let row = |(name, sum): (&str, Requests)| sum.into_row(RowKind::Namespace, name);
    sums.into_iter().map(row).collect()
}

/// One row for each workload, over the pods on the nodes that `is_counted` accepts.
pub fn by_workload(ledger: &Ledger, is_counted: impl Fn(&str) -> bool) -> Vec<Row> {
    let mut rows: Vec<_> = by_group(ledger, is_counted)
        .into_iter()
        .map(|(group, requests)| Row {
            namespace: Some(group.namespace.to_string()),
            kind: Some(group.kind.to_string()),
            ..requests.into_row(RowKind::Workload, &group.name)
        })
        .collect();
    rows.sort_by(|a, b| a.names().cmp(&b.names()));
    rows
}

fn by_group(ledger: &Ledger, is_counted: impl Fn(&str) -> bool) -> HashMap<&Group, Requests> {
    // Thousands of pods share a group: comparing addresses first is faster than comparing names.
    let mut groups: HashMap<*const Group, (&Group, Requests)> = HashMap::new();
    for pod in ledger.bound().filter(|pod| is_counted(pod.node)) {
        let (_, sum) = groups.entry(pod.group).or_insert_with(|| (pod.group, Requests::default()));
        sum.add(&pod);
    }
    let mut sums: HashMap<&Group, Requests> = HashMap::new();
    for (group, requests) in groups.into_values() {
        let sum = sums.entry(group).or_default();
        sum.paid.add(&requests.paid);
        sum.opportunistic.add(&requests.opportunistic);
    }
    sums
}

/// One row for each node with pods of a workload, which is given as namespace, kind and name.
pub fn nodes_of_workload(ledger: &Ledger, workload: (&str, &str, &str)) -> Vec<Row> {
    let mut sums: BTreeMap<&str, Requests> = BTreeMap::new();
    for pod in ledger.bound() {
        if (&*pod.group.namespace, &*pod.group.kind, &*pod.group.name) == workload {
            sums.entry(pod.node).or_default().add(&pod);
        }
    }
    let row = |(node, sum): (&str, Requests)| sum.into_row(RowKind::NodeOfWorkload, node);
    sums.into_iter().map(row).collect()
}

/// Sorts `rows` by `figure`. What is unknown comes last either way; equals are in the order of
/// their names.
pub fn sort(rows: &mut [Row], figure: &Figure, descending: bool, context: &Context<'_>) {
    rows.sort_by(|a, b| {
        let by_name = a.names().cmp(&b.names());
        match figure.id {
            "name" if descending => by_name.reverse(),
            "name" => by_name,
            _ => figure.of(a, context).compare(&figure.of(b, context), descending).then(by_name),
        }
    });
}
