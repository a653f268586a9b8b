//! The rows of a report: the cluster by node, pool, namespace or workload.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::headroom::{Headroom, NodeHeadroom, Totals};
use super::ledger::{Group, Ledger};
use super::resources::{Amount, PODS, Resources};

/// What a row stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A node.
    Node,
    /// The nodes with the same value of a label; `None` looks for the label that cloud
    /// providers set.
    Pool(Option<String>),
    /// The pods of a namespace.
    Namespace,
    /// The pods of a workload.
    Workload,
}

/// Labels that name a node's pool: GKE, EKS, AKS, Karpenter, and what people choose.
pub const POOL_LABELS: [&str; 6] = [
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "node-pool",
    "pool",
];

/// One row. What is unknown, or makes no sense for what the row stands for, is `None`.
#[derive(Debug, Clone, Default)]
pub struct Row {
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
    /// Why not.
    pub reasons: Vec<String>,
    /// How many nodes are in a pool, and how many of them are usable.
    pub nodes: Option<(usize, usize)>,
    /// What pods may take.
    pub allocatable: Option<Resources>,
    /// What others occupy.
    pub others: Option<Resources>,
    /// What opportunistic pods occupy.
    pub opportunistic: Option<Resources>,
    /// Allocatable less others; for a pool only what is above zero on its usable nodes.
    pub remaining: Option<Resources>,
    /// How many replicas fit.
    pub slots: Option<Amount>,
    /// What is used, where it was asked for.
    pub usage: Option<Resources>,
}

impl Row {
    /// How many pods stand here.
    pub fn pods(&self) -> Option<Amount> {
        Some(self.others.as_ref()?.get(PODS) + self.opportunistic.as_ref()?.get(PODS))
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
        others: node.others.clone(),
        opportunistic: node.opportunistic.clone(),
        remaining: node.remaining(),
        slots: node.slots,
        ..Row::default()
    }
}

/// The label that tells the pools of these nodes, if they carry one of the usual.
pub fn pool_label(headroom: &Headroom) -> Option<&'static str> {
    POOL_LABELS
        .into_iter()
        .find(|label| headroom.nodes.iter().any(|node| node.labels.get(label).is_some()))
}

/// One row for each value of `label`, over the nodes whose figures are known; nodes
/// without it come under the empty name.
pub fn by_pool(headroom: &Headroom, label: &str) -> Vec<Row> {
    let mut pools: BTreeMap<&str, Vec<&NodeHeadroom>> = BTreeMap::new();
    for node in &headroom.nodes {
        pools.entry(node.labels.get(label).map_or("", |value| value)).or_default().push(node);
    }
    let pods_unknown = headroom.all.others.is_none();
    let rows = pools.into_iter().map(|(name, nodes)| {
        let usable = Totals::over(nodes.iter().copied().filter(|n| n.is_usable()), pods_unknown);
        let known = nodes.iter().copied().filter(|n| n.is_known());
        let all = Totals::over(known, pods_unknown);
        Row {
            name: name.to_owned(),
            usable: Some(usable.nodes == nodes.len()),
            reasons: nodes
                .iter()
                .flat_map(|node| node.reasons.iter().map(move |r| format!("{}: {r}", node.name)))
                .collect(),
            nodes: Some((usable.nodes, nodes.len())),
            allocatable: Some(all.allocatable),
            others: all.others,
            opportunistic: all.opportunistic,
            remaining: usable.remaining,
            slots: usable.slots,
            ..Row::default()
        }
    });
    rows.collect()
}

/// One row for each namespace, or for each workload, over the pods that stand on the
/// nodes of `headroom`.
pub fn by_owner(ledger: &Ledger, headroom: &Headroom, by_workload: bool) -> Vec<Row> {
    let nodes: HashSet<&str> = headroom.nodes.iter().map(|node| &*node.name).collect();
    // Thousands of pods share a group: it is told by where it is before it is told by name.
    let mut groups: HashMap<*const Group, (&Group, Resources, Resources)> = HashMap::new();
    for pod in ledger.bound().filter(|pod| nodes.contains(pod.node)) {
        let zero = || (pod.group, Resources::default(), Resources::default());
        let (_, others, own) = groups.entry(pod.group).or_insert_with(zero);
        if pod.own { own } else { others }.add(pod.footprint);
    }
    let mut sums: BTreeMap<(&str, &str, &str), (Resources, Resources)> = BTreeMap::new();
    for (group, others_of_group, own_of_group) in groups.into_values() {
        let key = match by_workload {
            true => (&*group.namespace, &*group.kind, &*group.name),
            false => (&*group.namespace, "", ""),
        };
        let (others, own) = sums.entry(key).or_default();
        others.add(&others_of_group);
        own.add(&own_of_group);
    }
    sums.into_iter()
        .map(|((namespace, kind, name), (others, opportunistic))| Row {
            namespace: by_workload.then(|| namespace.to_owned()),
            kind: by_workload.then(|| kind.to_owned()),
            name: if by_workload { name } else { namespace }.to_owned(),
            others: Some(others),
            opportunistic: Some(opportunistic),
            ..Row::default()
        })
        .collect()
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// The name.
    Name,
    /// The state.
    State,
    /// What pods may take.
    Allocatable,
    /// What others occupy.
    Others,
    /// What opportunistic pods occupy.
    Opportunistic,
    /// What remains.
    Remaining,
    /// Slots.
    Slots,
    /// How many pods stand there.
    Pods,
    /// What is used.
    Usage,
}

/// Sorts `rows` by `key`, amounts being those of `resource`. What is unknown comes last
/// either way; equals are in the order of their names.
pub fn sort(rows: &mut [Row], key: SortKey, descending: bool, resource: &str) {
    let amount = |row: &Row| -> Option<Amount> {
        let of = |resources: &Option<Resources>| Some(resources.as_ref()?.get(resource));
        match key {
            SortKey::Name | SortKey::State => None,
            SortKey::Allocatable => of(&row.allocatable),
            SortKey::Others => of(&row.others),
            SortKey::Opportunistic => of(&row.opportunistic),
            SortKey::Remaining => of(&row.remaining),
            SortKey::Slots => row.slots,
            SortKey::Pods => row.pods(),
            SortKey::Usage => of(&row.usage),
        }
    };
    let name = |row: &Row| (row.namespace.clone(), row.kind.clone(), row.name.clone());
    let turn = |order: Ordering| if descending { order.reverse() } else { order };
    rows.sort_by(|a, b| {
        let by_key = match key {
            SortKey::Name => return turn(name(a).cmp(&name(b))),
            SortKey::State => turn(a.state.cmp(&b.state)),
            _ => match (amount(a), amount(b)) {
                (Some(a), Some(b)) => turn(a.cmp(&b)),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
            },
        };
        by_key.then_with(|| name(a).cmp(&name(b)))
    });
}
