//! The adapter to people and scripts: one report, several ways to write it.

pub mod csv;
pub mod diff;
pub mod findings;
mod footer;
pub mod json;
pub mod load;
pub mod simulation;
pub mod table;

use std::collections::HashMap;
use std::fmt;

use oppscale_cluster::{Snapshot, Usage};
use oppscale_core::headroom::{Headroom, Query};
use oppscale_core::node::Unusable;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS};
use oppscale_core::view::{By, Row};

/// Everything that `top` shows.
#[derive(Debug)]
pub struct Report {
    /// What a row stands for.
    pub by: By,
    /// The resources to show, in order.
    pub resources: Vec<String>,
    /// The rows, sorted.
    pub rows: Vec<Row>,
    /// What they were made from.
    pub headroom: Headroom,
    /// What was asked.
    pub query: Query,
    /// What could not be counted.
    pub unknown: Vec<Unknown>,
    /// Whether usage was asked for.
    pub usage: bool,
}

/// Something that could not be counted, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// `Node` or `Pod`.
    pub kind: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The node it stands on, if any.
    pub node: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
        write!(
            f,
            "{} {namespace}{} is unknown: {}",
            self.kind.to_lowercase(),
            self.name,
            self.problem
        )?;
        match &self.node {
            Some(node) => write!(f, "; so is what is left on node {node}"),
            None => Ok(()),
        }
    }
}

/// The resources to show: those asked for, or all that the nodes have.
pub fn resources(asked: &[String], headroom: &Headroom) -> Vec<String> {
    if !asked.is_empty() {
        // One column each, however often it is named.
        let first = |(at, name): &(usize, &String)| !asked[..*at].contains(name);
        return asked.iter().enumerate().filter(first).map(|(_, name)| name.clone()).collect();
    }
    let mut names: Vec<String> = [CPU, MEMORY, PODS].map(str::to_owned).to_vec();
    for node in &headroom.nodes {
        for (name, _) in [&node.allocatable, &node.others, &node.opportunistic]
            .into_iter()
            .flatten()
            .flat_map(|resources| resources.present())
        {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names[3..].sort();
    names
}

/// What could not be counted: pods, nodes, and nodes that are not there.
pub fn unknown(snapshot: &Snapshot, headroom: &Headroom) -> Vec<Unknown> {
    let pods = snapshot.ledger.unknown().map(|pod| Unknown {
        kind: "Pod".to_owned(),
        namespace: Some(pod.namespace.to_string()),
        name: pod.name.to_string(),
        node: pod.node.as_deref().map(str::to_owned),
        problem: pod.problem.clone(),
    });
    let nodes = snapshot.ledger.records().filter_map(|node| {
        let problem = node.allocatable.as_ref().err()?.to_string();
        headroom
            .nodes
            .iter()
            .any(|known| *known.name == *node.name)
            .then(|| of_node(&node.name, problem))
    });
    let missing = snapshot.ledger.nodes().filter(|(_, account)| account.record.is_none()).map(
        |(name, account)| {
            let pods = account.others.get(PODS) + account.opportunistic.get(PODS);
            let verb = if pods == 1 { "pod is" } else { "pods are" };
            of_node(name, format!("{pods} {verb} bound to it, but there is no such node"))
        },
    );
    let oddities = snapshot.oddities.iter().map(|oddity| Unknown {
        kind: oddity.kind.clone(),
        ..of_node(&oddity.name, oddity.problem.clone())
    });
    let mut unknown: Vec<_> = nodes.chain(missing).chain(pods).chain(oddities).collect();
    unknown.sort();
    unknown
}

fn of_node(name: &str, problem: String) -> Unknown {
    let kind = "Node".to_owned();
    Unknown { kind, namespace: None, name: name.to_owned(), node: None, problem }
}

/// Puts usage into the rows.
pub fn add_usage(rows: &mut [Row], usage: &Usage, by: &By, headroom: &Headroom) {
    let mut namespaces: HashMap<&str, oppscale_core::resources::Resources> = HashMap::new();
    for ((namespace, _, _), used) in &usage.workloads {
        namespaces.entry(namespace).or_default().add(used);
    }
    for row in rows {
        row.usage = match by {
            By::Node => usage.nodes.get(&row.name).cloned(),
            By::Pool(label) => pool_usage(row, usage, label.as_deref(), headroom),
            By::Namespace => namespaces.get(row.name.as_str()).cloned(),
            By::Workload => {
                let key = |text: &Option<String>| text.clone().unwrap_or_default();
                usage
                    .workloads
                    .get(&(key(&row.namespace), key(&row.kind), row.name.clone()))
                    .cloned()
            }
        };
    }
}

/// What a row uses of a resource; metrics.k8s.io knows of cpu and memory only.
fn usage_of(row: &Row, resource: &str) -> Option<Amount> {
    let known = matches!(resource, CPU | MEMORY);
    row.usage.as_ref().filter(|_| known).map(|usage| usage.get(resource))
}

/// The sum over a pool's nodes; `None` when one of them has no figure.
fn pool_usage(
    row: &Row,
    usage: &Usage,
    label: Option<&str>,
    headroom: &Headroom,
) -> Option<oppscale_core::resources::Resources> {
    let label = label.or_else(|| oppscale_core::view::pool_label(headroom))?;
    let mut sum = oppscale_core::resources::Resources::default();
    for node in &headroom.nodes {
        if node.labels.get(label).map_or("", |value| value) == row.name {
            sum.add(usage.nodes.get(&node.name)?);
        }
    }
    Some(sum)
}

/// Whether a row is shown to people: unusable nodes only when asked for. One that is
/// unknown is always shown.
pub fn is_shown(row: &Row, by: &By, show_unusable: bool) -> bool {
    let unknown = row.state == Some(Unusable::Unknown(String::new()).word());
    *by != By::Node || show_unusable || unknown || row.usable != Some(false)
}

/// Only names, as kubectl and `--workload` take them.
pub fn names(report: &Report, show_unusable: bool) -> String {
    let line = |row: &Row| match (&report.by, &row.namespace, &row.kind) {
        (By::Node, _, _) => format!("node/{}\n", row.name),
        (By::Namespace, _, _) => format!("namespace/{}\n", row.name),
        (By::Workload, Some(namespace), Some(kind)) => {
            format!("{namespace}/{}/{}\n", kind.to_lowercase(), row.name)
        }
        _ => format!("{}\n", row.name),
    };
    report.rows.iter().filter(|row| is_shown(row, &report.by, show_unusable)).map(line).collect()
}
