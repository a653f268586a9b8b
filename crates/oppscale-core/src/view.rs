//! The rows of a report: the cluster by node, pool, namespace, workload, pod or container, and
//! trees of them.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::figures::{Column, Context};
use super::headroom::{Headroom, NodeHeadroom, Totals};
use super::ledger::{Bound, Group, Ledger};
use super::node::Unusable;
use super::pods::PodDetail;
use super::resources::{Amount, PODS, Resources};
use super::share::Share;
use super::units;

/// Kind of object that each row is of.
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
    /// A pod.
    Pod,
    /// A container.
    Container,
    /// A filler, and its share.
    Filler,
}

impl By {
    /// The kind of its rows.
    pub fn row_kind(&self) -> RowKind {
        match self {
            Self::Node => RowKind::Node,
            Self::Pool(_) => RowKind::Pool,
            Self::Namespace => RowKind::Namespace,
            Self::Workload => RowKind::Workload,
            Self::Pod => RowKind::Pod,
            Self::Container => RowKind::Container,
            Self::Filler => RowKind::Filler,
        }
    }
}

/// Kind of object that a row is of.
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
    /// A pod.
    Pod,
    /// A container of a pod.
    Container,
    /// A filler, and its share.
    Filler,
    /// Some pods of one node, such as those of a workload.
    NodeOfWorkload,
    /// A resource, in a tree.
    Resource,
    /// All rows that are shown, where they are not nodes or pools.
    RowsTotal,
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
            Self::Pod => "POD",
            Self::Container => "CONTAINER",
            Self::Filler => "FILLER",
            Self::Resource => "RESOURCE",
            Self::UsableTotal | Self::AllTotal | Self::RowsTotal => "TOTAL",
        }
    }

    /// Singular noun of such rows.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Node | Self::NodeOfWorkload => "node",
            Self::Pool => "pool",
            Self::Namespace => "namespace",
            Self::Workload => "workload",
            Self::Pod => "pod",
            Self::Container => "container",
            Self::Filler => "filler",
            Self::Resource => "resource",
            Self::UsableTotal | Self::AllTotal | Self::RowsTotal => "row",
        }
    }

    /// Whether a row is the total of the others.
    pub fn is_total(self) -> bool {
        matches!(self, Self::UsableTotal | Self::AllTotal | Self::RowsTotal)
    }
}

/// One row. Figures that are unknown, or that such a row does not have, are `None`.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Kind of object that it is of.
    pub row_kind: RowKind,
    /// Depth in the tree, 0 for the top.
    pub depth: usize,
    /// The resource that its amounts are of, in a tree that has a level of resources.
    pub resource: Option<String>,
    /// The namespace, for workloads, pods and containers.
    pub namespace: Option<String>,
    /// The kind, for workloads.
    pub kind: Option<String>,
    /// The node, pool, namespace or workload.
    pub name: String,
    /// The pod, for containers.
    pub pod: Option<String>,
    /// The node, for pods and containers.
    pub node: Option<String>,
    /// Kind and name of the workload, for pods and containers: `deployment/web`.
    pub owner: Option<String>,
    /// The priority, for pods and containers.
    pub priority: Option<i32>,
    /// The QoS class, for pods and containers.
    pub qos: Option<&'static str>,
    /// The phase, for pods and containers.
    pub phase: Option<String>,
    /// `app`, `init` or `sidecar`, for containers.
    pub role: Option<&'static str>,
    /// The labels that are shown, for nodes and pods.
    pub labels: BTreeMap<String, String>,
    /// One word for its state, for nodes.
    pub state: Option<&'static str>,
    /// Whether the node is usable, or every node of the pool is.
    pub usable: Option<bool>,
    /// Reasons why not.
    pub reasons: Vec<String>,
    /// Number of usable nodes of a pool, and of all its nodes.
    pub nodes: Option<(usize, usize)>,
    /// Capacity of the nodes.
    pub capacity: Option<Resources>,
    /// Allocatable resources of the nodes, or of the node of a pod.
    pub allocatable: Option<Resources>,
    /// Limits of all pods.
    pub limits: Option<Resources>,
    /// Requests of paid pods.
    pub paid: Option<Resources>,
    /// Requests of opportunistic pods.
    pub opportunistic: Option<Resources>,
    /// Allocatable − paid requests; of several nodes see [`Totals::remaining`].
    pub remaining: Option<Resources>,
    /// Allocatable − all requests; of several nodes see [`Totals::free`].
    pub free: Option<Resources>,
    /// Number of replicas that fit.
    pub slots: Option<Amount>,
    /// Number of replicas of each further shape that fit.
    pub further_slots: Vec<Option<Amount>>,
    /// Number of replicas that a filler may have in all; `None` if it is held.
    pub fit: Option<Amount>,
    /// Number of replicas of a filler that run and are not being deleted.
    pub running: Option<Amount>,
    /// Largest part of the allocatable amount of any resource that `fit` replicas request, in
    /// percent.
    pub share_percent: Option<Amount>,
    /// One word for what stops a filler's next replica.
    pub limited_by: Option<String>,
    /// Usage, where it was requested.
    pub usage: Option<Resources>,
    /// Resources of which it is unknown how much there is and is left.
    pub unknown: Vec<Box<str>>,
}

impl Row {
    /// Requests of all pods.
    pub fn requests(&self) -> Option<Resources> {
        let mut sum = self.paid.clone()?;
        sum.add(self.opportunistic.as_ref()?);
        Some(sum)
    }

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
        capacity: Some(node.capacity.clone()),
        allocatable: node.allocatable.clone(),
        limits: node.limits.clone(),
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
            capacity: Some(all.capacity),
            allocatable: Some(all.allocatable),
            limits: all.limits,
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
        capacity: Some(totals.capacity.clone()),
        allocatable: Some(totals.allocatable.clone()),
        limits: totals.limits.clone(),
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

/// Requests and limits of pods.
#[derive(Debug, Clone)]
struct Requests {
    paid: Resources,
    opportunistic: Resources,
    limits: Option<Resources>,
}

impl Default for Requests {
    fn default() -> Self {
        let zero = Resources::default;
        Self { paid: zero(), opportunistic: zero(), limits: Some(zero()) }
    }
}

impl Requests {
    fn add(&mut self, pod: &Bound<'_>) {
        if pod.opportunistic { &mut self.opportunistic } else { &mut self.paid }.add(pod.footprint);
        self.add_limits(pod.limits);
    }

    fn add_sum(&mut self, other: &Self) {
        self.paid.add(&other.paid);
        self.opportunistic.add(&other.opportunistic);
        self.add_limits(other.limits.as_ref());
    }

    fn add_limits(&mut self, more: Option<&Resources>) {
        match (&mut self.limits, more) {
            (Some(limits), Some(more)) => limits.add(more),
            (limits, _) => *limits = None,
        }
    }

    fn into_row(self, row_kind: RowKind, name: &str) -> Row {
        Row {
            row_kind,
            name: name.to_owned(),
            paid: Some(self.paid),
            opportunistic: Some(self.opportunistic),
            limits: self.limits,
            ..Row::default()
        }
    }
}

/// One row for each namespace of `pods`, over those on the nodes that `is_counted` accepts.
pub fn by_namespace<'l>(
    pods: impl Iterator<Item = Bound<'l>>,
    is_counted: impl Fn(&str) -> bool,
) -> Vec<Row> {
    let mut sums: BTreeMap<&str, Requests> = BTreeMap::new();
    for (group, requests) in by_group(pods, is_counted) {
        sums.entry(&group.namespace).or_default().add_sum(&requests);
    }
    let row = |(name, sum): (&str, Requests)| sum.into_row(RowKind::Namespace, name);
    sums.into_iter().map(row).collect()
}

/// One row for each workload of `pods`, over those on the nodes that `is_counted` accepts.
pub fn by_workload<'l>(
    pods: impl Iterator<Item = Bound<'l>>,
    is_counted: impl Fn(&str) -> bool,
) -> Vec<Row> {
    let mut rows: Vec<_> = by_group(pods, is_counted)
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

fn by_group<'l>(
    pods: impl Iterator<Item = Bound<'l>>,
    is_counted: impl Fn(&str) -> bool,
) -> HashMap<&'l Group, Requests> {
    // Thousands of pods share a group: comparing addresses first is faster than comparing names.
    let mut groups: HashMap<*const Group, (&Group, Requests)> = HashMap::new();
    for pod in pods.filter(|pod| is_counted(pod.node)) {
        let (_, sum) = groups.entry(pod.group).or_insert_with(|| (pod.group, Requests::default()));
        sum.add(&pod);
    }
    let mut sums: HashMap<&Group, Requests> = HashMap::new();
    for (group, requests) in groups.into_values() {
        sums.entry(group).or_default().add_sum(&requests);
    }
    sums
}

/// One row for each node with pods of a workload, which is given as namespace, kind and name.
pub fn nodes_of_workload(ledger: &Ledger, workload: (&str, &str, &str)) -> Vec<Row> {
    let is_of =
        |pod: &Bound<'_>| (&*pod.group.namespace, &*pod.group.kind, &*pod.group.name) == workload;
    nodes_of(ledger.bound().filter(is_of))
}

/// One row for each node with some of `pods`, over those only.
pub fn nodes_of<'l>(pods: impl Iterator<Item = Bound<'l>>) -> Vec<Row> {
    let mut sums: BTreeMap<&str, Requests> = BTreeMap::new();
    pods.for_each(|pod| sums.entry(pod.node).or_default().add(&pod));
    let row = |(node, sum): (&str, Requests)| sum.into_row(RowKind::NodeOfWorkload, node);
    sums.into_iter().map(row).collect()
}

/// One row for each pod.
pub fn by_pod<'p>(pods: impl Iterator<Item = &'p PodDetail>) -> Vec<Row> {
    pods.map(pod_row).collect()
}

/// One row for each container of each pod; init containers first.
pub fn by_container<'p>(pods: impl Iterator<Item = &'p PodDetail>) -> Vec<Row> {
    let rows = pods.flat_map(|pod| {
        pod.containers.iter().map(|container| {
            let zero = Resources::default;
            let [paid, opportunistic] = match pod.opportunistic {
                false => [container.requests.clone(), zero()],
                true => [zero(), container.requests.clone()],
            };
            Row {
                row_kind: RowKind::Container,
                name: container.name.to_string(),
                pod: Some(pod.name.to_string()),
                role: Some(container.role),
                paid: Some(paid),
                opportunistic: Some(opportunistic),
                limits: container.limits.clone(),
                usage: container.usage.clone(),
                ..pod_row(pod)
            }
        })
    });
    rows.collect()
}

fn pod_row(pod: &PodDetail) -> Row {
    let mut requests = Requests::default();
    let side = match pod.opportunistic {
        true => &mut requests.opportunistic,
        false => &mut requests.paid,
    };
    side.add(&pod.footprint);
    requests.limits.clone_from(&pod.limits);
    Row {
        namespace: Some(pod.group.namespace.to_string()),
        node: pod.node.as_deref().map(str::to_owned),
        owner: Some(format!("{}/{}", pod.group.kind.to_lowercase(), pod.group.name)),
        priority: Some(pod.priority),
        qos: Some(pod.qos),
        phase: (!pod.phase.is_empty()).then(|| pod.phase.to_string()),
        labels: pod.labels.clone(),
        usage: pod.usage.clone(),
        ..requests.into_row(RowKind::Pod, &pod.name)
    }
}

/// The row of a filler: its share, or why it is held.
pub fn filler_row(
    [namespace, kind, name]: [&str; 3],
    replica: Option<&Resources>,
    share: Result<&Share, &str>,
) -> Row {
    let row = Row {
        row_kind: RowKind::Filler,
        namespace: Some(namespace.to_owned()),
        kind: Some(kind.to_owned()),
        name: name.to_owned(),
        ..Row::default()
    };
    let share = match share {
        Ok(share) => share,
        Err(why) => {
            let (limited_by, reasons) = (Some("held".to_owned()), vec![why.to_owned()]);
            return Row { limited_by, reasons, ..row };
        }
    };
    let part = |(name, need): (&str, Amount)| {
        let all = share.allocatable.get(name);
        (all > 0).then(|| share.fit * need * 100 / all)
    };
    Row {
        fit: Some(share.fit),
        running: Some(share.running),
        share_percent: replica.and_then(|replica| replica.present().filter_map(part).max()),
        limited_by: Some(share.limit.word().to_owned()),
        reasons: vec![share.limit.to_string()],
        ..row
    }
}

/// The sum of rows that are not nodes or pools.
pub fn sum_of(rows: &[Row], noun: &str) -> Row {
    let mut sum = Requests::default();
    let mut usage: Option<Resources> = None;
    for row in rows {
        if let Some((paid, opportunistic)) = row.paid.as_ref().zip(row.opportunistic.as_ref()) {
            sum.paid.add(paid);
            sum.opportunistic.add(opportunistic);
        }
        sum.add_limits(row.limits.as_ref());
        if let Some(used) = &row.usage {
            usage.get_or_insert_default().add(used);
        }
    }
    let name = format!("total ({})", units::plural(rows.len(), noun));
    Row { usage, ..sum.into_row(RowKind::RowsTotal, &name) }
}

/// A level of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Resources; each has its own tree below.
    Resource,
    /// Nodes.
    Node,
    /// Namespaces.
    Namespace,
    /// Workloads.
    Workload,
    /// Pods.
    Pod,
}

impl Level {
    /// Every level, with its word.
    pub const ALL: [(&'static str, Self); 5] = [
        ("resource", Self::Resource),
        ("node", Self::Node),
        ("namespace", Self::Namespace),
        ("workload", Self::Workload),
        ("pod", Self::Pod),
    ];

    /// The kind of its rows.
    pub fn row_kind(self) -> RowKind {
        match self {
            Self::Resource => RowKind::Resource,
            Self::Node => RowKind::Node,
            Self::Namespace => RowKind::Namespace,
            Self::Workload => RowKind::Workload,
            Self::Pod => RowKind::Pod,
        }
    }
}

/// A tree of rows, each above those that it is the sum of, siblings in the order of `sort`. Of
/// resources, those of `resources`. Unless `pods` are a filtered part, nodes at the top have all
/// figures of nodes; below another level they have those of the pods that are meant.
pub fn tree(
    levels: &[Level],
    pods: &[&PodDetail],
    headroom: &Headroom,
    resources: &[String],
    is_filtered: bool,
    sort: &dyn Fn(&mut [Row], Option<&str>),
) -> Vec<Row> {
    let mut rows = Vec::new();
    let tree = Tree { headroom, resources, is_filtered, sort };
    tree.grow(levels, pods, None, 0, &mut rows);
    rows
}

struct Tree<'t> {
    headroom: &'t Headroom,
    resources: &'t [String],
    is_filtered: bool,
    sort: &'t dyn Fn(&mut [Row], Option<&str>),
}

impl Tree<'_> {
    fn grow(
        &self,
        levels: &[Level],
        pods: &[&PodDetail],
        resource: Option<&str>,
        depth: usize,
        rows: &mut Vec<Row>,
    ) {
        let Some((level, below)) = levels.split_first() else { return };
        if *level == Level::Resource {
            for resource in self.resources {
                let mut of_cluster = self.of_cluster();
                of_cluster.name.clone_from(resource);
                of_cluster.resource = Some(resource.clone());
                of_cluster.depth = depth;
                rows.push(of_cluster);
                let some: Vec<_> =
                    pods.iter().copied().filter(|p| p.footprint.get(resource) != 0).collect();
                self.grow(below, &some, Some(resource), depth + 1, rows);
            }
            return;
        }
        let mut groups: BTreeMap<(&str, &str, &str), Vec<&PodDetail>> = BTreeMap::new();
        let is_top = depth == 0 || depth == 1 && resource.is_some();
        let is_whole = *level == Level::Node && is_top && !self.is_filtered;
        if is_whole {
            for node in &self.headroom.nodes {
                groups.insert(("", "", &node.name), Vec::new());
            }
        }
        for pod in pods {
            let group = &pod.group;
            let key = match level {
                Level::Resource | Level::Node => ("", "", pod.node.as_deref().unwrap_or("")),
                Level::Namespace => ("", "", &*group.namespace),
                Level::Workload => (&*group.namespace, &*group.kind, &*group.name),
                Level::Pod => (&*group.namespace, "", &*pod.name),
            };
            groups.entry(key).or_default().push(pod);
        }
        let mut siblings: Vec<Row> = groups
            .iter()
            .map(|((namespace, kind, name), pods)| Row {
                namespace: (!namespace.is_empty()).then(|| (*namespace).to_owned()),
                kind: (!kind.is_empty()).then(|| (*kind).to_owned()),
                resource: resource.map(str::to_owned),
                depth,
                ..self.row(*level, name, pods, is_whole)
            })
            .collect();
        (self.sort)(&mut siblings, resource);
        for row in siblings {
            let (namespace, kind, name) = row.names();
            let pods = groups.get(&(namespace, kind, name)).cloned().unwrap_or_default();
            let is_shown = resource.is_none_or(|resource| {
                !pods.is_empty() || row.allocatable.as_ref().is_some_and(|a| a.get(resource) != 0)
            });
            if is_shown {
                rows.push(row);
                self.grow(below, &pods, resource, depth + 1, rows);
            }
        }
    }

    fn row(&self, level: Level, name: &str, pods: &[&PodDetail], is_whole: bool) -> Row {
        if let (Level::Pod, [pod]) = (level, pods) {
            return pod_row(pod);
        }
        let nodes = &self.headroom.nodes;
        let node = (level == Level::Node)
            .then(|| nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok())
            .flatten()
            .map(|at| &nodes[at]);
        if let Some(node) = node.filter(|_| is_whole) {
            return node_row(node);
        }
        let mut sum = Requests::default();
        pods.iter().filter_map(|pod| pod.as_bound()).for_each(|pod| sum.add(&pod));
        let kind = match level {
            Level::Node => RowKind::NodeOfWorkload,
            _ => level.row_kind(),
        };
        let mut row = sum.into_row(kind, name);
        row.allocatable = node.and_then(|node| node.allocatable.clone());
        let mut used = pods.iter().map(|pod| pod.usage.as_ref()).peekable();
        if used.peek().is_some() {
            row.usage = used.try_fold(Resources::default(), |mut sum, used| {
                sum.add(used?);
                Some(sum)
            });
        }
        row
    }

    /// The sums over all nodes, as the row of a resource.
    fn of_cluster(&self) -> Row {
        let [usable, all] = totals(self.headroom);
        Row { row_kind: RowKind::Resource, free: usable.free, remaining: usable.remaining, ..all }
    }
}

/// Sorts `rows` by a column. What is unknown comes last either way; equals are in the order of
/// their names.
pub fn sort(rows: &mut [Row], column: &Column<'_>, descending: bool, context: &Context<'_>) {
    rows.sort_by(|a, b| {
        let by_name = a.names().cmp(&b.names()).then_with(|| a.pod.cmp(&b.pod));
        match column.figure.id {
            "name" if descending => by_name.reverse(),
            "name" => by_name,
            _ => {
                let (a, b) = (column.of(a, context), column.of(b, context));
                a.compare(&b, descending).then(by_name)
            }
        }
    });
}
