//! The outputs for people and scripts: one report, several formats.

pub mod application;
pub mod csv;
pub mod dry_run;
pub mod findings;
pub mod json;
pub mod load;
pub mod simulation;
pub mod table;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use oppscale_cluster::{Snapshot, Usage};
use oppscale_core::demand::what_if::Outcome;
use oppscale_core::figures::{Choice, Context};
use oppscale_core::headroom::{Headroom, NodeHeadroom, Query};
use oppscale_core::pods::PodDetail;
use oppscale_core::price::{self, Cost, Price};
use oppscale_core::replica::Replica;
use oppscale_core::resources::{CPU, MEMORY, PODS, Resources};
use oppscale_core::view::{By, Row, RowKind};

/// Everything that `top` prints.
#[derive(Debug)]
pub struct Report {
    /// Kind of object that each row is of.
    pub by: By,
    /// The kinds of the rows: several in a tree.
    pub kinds: Vec<RowKind>,
    /// The figures to show.
    pub choice: Choice,
    /// Resources to show, in order.
    pub resources: Vec<String>,
    /// The rows, sorted.
    pub rows: Vec<Row>,
    /// The sums over usable nodes, and over all nodes whose figures are known.
    pub totals: [Row; 2],
    /// The sum of rows that are not nodes or pools.
    pub rows_total: Option<Row>,
    /// Labels whose values are shown.
    pub labels: Vec<String>,
    /// Whether tables and CSV have headings.
    pub has_headings: bool,
    /// Whether the rows are a tree, each below the last one of a smaller depth.
    pub is_tree: bool,
    /// The counts for further shapes of a replica.
    pub further: Vec<(Replica, Headroom)>,
    /// Effect of the changes of nodes.
    pub what_if: Option<Outcome>,
    /// Prices of an hour.
    pub prices: Vec<Price>,
    /// The count.
    pub headroom: Headroom,
    /// The settings of the count.
    pub query: Query,
    /// Objects that could not be counted.
    pub unknown: Vec<Unknown>,
}

impl Report {
    /// Monthly cost of the usable nodes.
    pub fn cost(&self) -> Cost {
        let usable = self.headroom.nodes.iter().filter(|node| node.is_usable());
        price::cost(&self.prices, usable)
    }

    /// Monthly cost of the usable nodes of each pool.
    pub fn costs_of_pools(&self) -> BTreeMap<&str, Cost> {
        let mut pools: BTreeMap<&str, Vec<&NodeHeadroom>> = BTreeMap::new();
        for node in self.headroom.nodes.iter().filter(|node| node.is_usable()) {
            pools.entry(node.pool(None)).or_default().push(node);
        }
        let cost = |(pool, nodes): (_, Vec<&NodeHeadroom>)| {
            (pool, price::cost(&self.prices, nodes.into_iter()))
        };
        pools.into_iter().map(cost).collect()
    }

    /// The context of its rows' values, for `resource`.
    pub fn context<'r>(&'r self, resource: &'r str) -> Context<'r> {
        Context { resource, cluster: Some(&self.headroom.usable.allocatable), now: 0 }
    }

    /// The rows that are shown to people: unusable nodes only when `show_unusable`, unknown
    /// ones always.
    pub fn shown_rows(&self, show_unusable: bool) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| show_unusable || !row.is_hidden())
    }
}

/// An object that could not be counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// `Node` or `Pod`.
    pub kind: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its node, if it has one.
    pub node: Option<String>,
    /// The resource of it that could not be counted, if the rest could.
    pub resource: Option<String>,
    /// Why it could not be counted.
    pub problem: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
        if let Some(resource) = &self.resource {
            write!(f, "{resource} of ")?;
        }
        write!(
            f,
            "{} {namespace}{} is unknown: {}",
            self.kind.to_lowercase(),
            self.name,
            self.problem
        )?;
        match &self.node {
            Some(node) => write!(f, "; so is what remains on node {node}"),
            None => Ok(()),
        }
    }
}

/// The resources to show: the requested ones, or all that nodes or pods have.
pub fn resources(asked: &[String], headroom: &Headroom) -> Vec<String> {
    if !asked.is_empty() {
        // A resource that is given twice has one column.
        let first = |(at, name): &(usize, &String)| !asked[..*at].contains(name);
        return asked.iter().enumerate().filter(first).map(|(_, name)| name.clone()).collect();
    }
    let mut names: Vec<String> = [CPU, MEMORY, PODS].map(str::to_owned).to_vec();
    for node in &headroom.nodes {
        let amounts = [&node.allocatable, &node.paid, &node.opportunistic].into_iter().flatten();
        let known = amounts.flat_map(|amounts| amounts.present().map(|(name, _)| name));
        for name in known.chain(node.unknown.iter().map(|name| &**name)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names[3..].sort();
    names
}

/// Everything that could not be counted: pods, nodes, and nodes that do not exist.
pub fn unknown(snapshot: &Snapshot, headroom: &Headroom) -> Vec<Unknown> {
    let pods = snapshot.ledger.unknown().map(|pod| Unknown {
        kind: "Pod".to_owned(),
        namespace: Some(pod.namespace.to_string()),
        name: pod.name.to_string(),
        node: pod.node.as_deref().map(str::to_owned),
        resource: None,
        problem: pod.problem.clone(),
    });
    let is_counted = |name: &str| headroom.nodes.iter().any(|known| known.name == name);
    let nodes = snapshot.ledger.records().filter_map(|node| {
        let problem = node.allocatable.as_ref().err()?.to_string();
        is_counted(&node.name).then(|| of_node(&node.name, problem))
    });
    let unreadable = snapshot.ledger.records().flat_map(|node| {
        let unreadable = node.unreadable().filter(|_| is_counted(&node.name));
        unreadable.map(|(resource, problem)| Unknown {
            resource: Some(resource.to_owned()),
            ..of_node(&node.name, problem.to_string())
        })
    });
    let missing = snapshot.ledger.nodes().filter(|(_, account)| account.record.is_none()).map(
        |(name, account)| {
            let pods = account.paid.get(PODS) + account.opportunistic.get(PODS);
            let verb = if pods == 1 { "pod is" } else { "pods are" };
            of_node(name, format!("{pods} {verb} bound to it, but there is no such node"))
        },
    );
    let invalid_objects = snapshot.invalid_objects.iter().map(|invalid| Unknown {
        kind: invalid.kind.clone(),
        ..of_node(&invalid.name, invalid.problem.clone())
    });
    let mut unknown: Vec<_> =
        nodes.chain(unreadable).chain(missing).chain(pods).chain(invalid_objects).collect();
    unknown.sort();
    unknown
}

fn of_node(name: &str, problem: String) -> Unknown {
    let kind = "Node".to_owned();
    let (namespace, node, resource) = (None, None, None);
    Unknown { kind, namespace, name: name.to_owned(), node, resource, problem }
}

/// Puts usage into the rows and totals of a report.
///
/// Rows of a part of the pods have the usage of `pods`, which are that part; it is empty otherwise.
pub fn add_usage(report: &mut Report, usage: &Usage, pods: &[&PodDetail]) {
    let headroom = &report.headroom;
    let label = match &report.by {
        By::Pool(label) => label.as_deref(),
        _ => None,
    };
    // The sum over nodes; `None` when one of them has no figure.
    let of_nodes = |is_counted: &dyn Fn(&NodeHeadroom) -> bool| {
        let mut nodes = headroom.nodes.iter().filter(|node| is_counted(node)).peekable();
        nodes.peek()?;
        nodes.try_fold(Resources::default(), |mut sum, node| {
            sum.add(usage.nodes.get(&node.name)?);
            Some(sum)
        })
    };
    let mut namespaces: HashMap<&str, Resources> = HashMap::new();
    for ((namespace, _, _), used) in &usage.workloads {
        namespaces.entry(namespace).or_default().add(used);
    }
    // The sum over some pods; `None` when one of them has no figure.
    let of_pods = |is_counted: &dyn Fn(&PodDetail) -> bool| {
        let mut some = pods.iter().filter(|pod| is_counted(pod)).peekable();
        some.peek()?;
        some.try_fold(Resources::default(), |mut sum, pod| {
            sum.add(pod.usage.as_ref()?);
            Some(sum)
        })
    };
    let is_part = !pods.is_empty();
    for row in report.rows.iter_mut().chain(&mut report.totals) {
        row.usage = match row.row_kind {
            RowKind::Pod | RowKind::Container | RowKind::Filler | RowKind::RowsTotal => continue,
            // Sums of a tree are made of its pods.
            RowKind::Namespace | RowKind::Workload | RowKind::NodeOfWorkload if report.is_tree => {
                continue;
            }
            RowKind::NodeOfWorkload if is_part => {
                of_pods(&|pod| pod.node.as_deref() == Some(&row.name))
            }
            RowKind::Namespace if is_part => of_pods(&|pod| *pod.group.namespace == *row.name),
            RowKind::Workload if is_part => of_pods(&|pod| {
                let group = &pod.group;
                (&*group.namespace, &*group.kind, &*group.name) == row.names()
            }),
            RowKind::Node | RowKind::NodeOfWorkload => usage.nodes.get(&row.name).cloned(),
            RowKind::Pool => of_nodes(&|node| node.pool(label) == row.name),
            RowKind::Namespace => namespaces.get(row.name.as_str()).cloned(),
            RowKind::Workload => {
                let (namespace, kind, name) = row.names();
                let key = (namespace.to_owned(), kind.to_owned(), name.to_owned());
                usage.workloads.get(&key).cloned()
            }
            RowKind::UsableTotal => of_nodes(&NodeHeadroom::is_usable),
            RowKind::AllTotal | RowKind::Resource => of_nodes(&NodeHeadroom::is_known),
        };
    }
}

/// Only names, as kubectl and `--workload` take them.
pub fn names(report: &Report, show_unusable: bool) -> String {
    let line = |row: &Row| match (&report.by, &row.namespace, &row.kind) {
        (By::Node, _, _) => format!("node/{}\n", row.name),
        (By::Namespace, _, _) => format!("namespace/{}\n", row.name),
        (By::Workload | By::Filler, Some(namespace), Some(kind)) => {
            format!("{namespace}/{}/{}\n", kind.to_lowercase(), row.name)
        }
        (By::Pod, _, _) => format!("pod/{}\n", row.name),
        (By::Container, Some(namespace), _) => {
            format!("{namespace}/{}/{}\n", row.pod.as_deref().unwrap_or(""), row.name)
        }
        _ => format!("{}\n", row.name),
    };
    // Nodes without a pool have a row, and it has no name.
    report.shown_rows(show_unusable).filter(|row| !row.name.is_empty()).map(line).collect()
}
