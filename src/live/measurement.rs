//! The count, as the live screen needs it.

use std::collections::{BTreeMap, HashSet};

use crate::render;
use oppscale_cluster::follow::{Health, Phase};
use oppscale_cluster::{RequestedNames, Snapshot, UnmatchedName};
use oppscale_core::devices::ClaimRef;
use oppscale_core::headroom::{self, Headroom, Query};
use oppscale_core::ledger::Ledger;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{CPU, MEMORY, PODS, Resources};
use oppscale_core::view::{self, Row};

use super::history::Shares;
use super::view::View;

/// A request for a measurement.
#[derive(Debug, Clone)]
pub struct MeasurementRequest {
    /// Replica shape, reserve and placement.
    pub query: Query,
    /// The namespace of the replica and its claims, whose devices are added to its shape.
    pub claims: (String, Vec<ClaimRef>),
    /// The requested resources; empty means the usual ones.
    pub resources: Vec<String>,
    /// Kind of object that each row is of.
    pub view: View,
    /// The label that names pools; otherwise it is chosen for each node.
    pub pool_label: Option<String>,
    /// The only namespace whose rows are shown.
    pub namespace: Option<String>,
    /// Names of the command line; those that nothing has are warned of.
    pub typed: RequestedNames,
}

/// A measurement: everything is of one moment.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// The state of the watches.
    pub health: Health,
    /// Kind of object that each row is of.
    pub view: View,
    /// The rows, unsorted.
    pub rows: Vec<Row>,
    /// The resources to show, in order.
    pub resources: Vec<String>,
    /// The sums over usable nodes, as a row.
    pub total: Row,
    /// The count.
    pub headroom: Headroom,
    /// States of unusable nodes, and how many nodes have each.
    pub unusable: Vec<(&'static str, usize)>,
    /// Sentences about objects that cannot be counted.
    pub unknown: Vec<String>,
    /// Notes about the list that was read.
    pub notes: Vec<String>,
    /// Sentences about typed names that nothing has.
    pub unmatched: Vec<String>,
    /// Why pods are unknown, if they are.
    pub pods_unknown: Option<String>,
    /// Paid and opportunistic requests on the open node, by which its changes are noticed.
    pub on_node: Option<(Resources, Resources)>,
    /// Namespace, kind and name of the opportunistic workloads, for the view of HPAs.
    pub own: HashSet<(String, String, String)>,
}

impl Measurement {
    /// Measures what `asked` requests.
    pub fn of(snapshot: &Snapshot, health: &Health, asked: &MeasurementRequest) -> Self {
        let pods_listed = health.pods.is_whole();
        let refused = matches!(health.pods.phase, Phase::Refused { .. });
        let ledger = &snapshot.ledger;
        let (namespace, claims) = &asked.claims;
        let mut replica = asked.query.replica.footprint().clone();
        replica.add(&ledger.replica_devices(namespace, claims));
        let query = Query {
            replica: Replica::from_footprint(replica),
            // A sum over part of the pods would look like room.
            pods_unknown: snapshot.pods_unknown.is_some() || refused || !pods_listed,
            ..asked.query.clone()
        };
        let headroom = headroom::measure(ledger, &query);
        let mut unusable: BTreeMap<&'static str, usize> = BTreeMap::new();
        for node in &headroom.nodes {
            if let Some(reason) = node.reasons.first() {
                *unusable.entry(reason.word()).or_default() += 1;
            }
        }
        let [usable, _] = view::totals(&headroom);
        let mut measured = Self {
            health: health.clone(),
            view: asked.view.clone(),
            rows: Vec::new(),
            resources: resources(&asked.resources, &headroom),
            unusable: unusable.into_iter().collect(),
            unknown: unknown(snapshot, &headroom),
            unmatched: match pods_listed {
                true => {
                    asked.typed.unmatched(snapshot).iter().map(UnmatchedName::sentence).collect()
                }
                false => Vec::new(),
            },
            notes: snapshot.notes.clone(),
            pods_unknown: snapshot.pods_unknown.clone(),
            on_node: None,
            own: HashSet::new(),
            total: usable,
            headroom,
        };
        measured.rows = measured.rows_of(ledger, asked.pool_label.as_deref(), query.pods_unknown);
        if let Some(namespace) = &asked.namespace {
            measured.keep_namespace(namespace);
        }
        measured
    }

    /// The shares of the usable nodes; `None` while pods are unknown.
    pub(super) fn shares(&self) -> Option<Shares> {
        let (total, headroom) = (&self.total, &self.headroom);
        let mut kept = headroom.reserve.clone();
        if let Some(demand) = &headroom.demand {
            kept.add(&demand.placeable);
        }
        Some(Shares {
            paid: total.paid.clone()?,
            filler: total.opportunistic.clone()?,
            kept,
            allocatable: total.allocatable.clone()?,
        })
    }

    fn rows_of(
        &mut self,
        ledger: &Ledger,
        pool_label: Option<&str>,
        pods_unknown: bool,
    ) -> Vec<Row> {
        let headroom = &self.headroom;
        let nodes: HashSet<&str> = headroom.nodes.iter().map(|node| &*node.name).collect();
        let is_counted = |node: &str| nodes.contains(node);
        match &self.view {
            View::Nodes { pool: None } => view::by_node(headroom),
            View::Nodes { pool: Some(pool) } => {
                let mut rows = view::by_node(headroom);
                let mut nodes = headroom.nodes.iter();
                // Rows are in the order of the nodes.
                rows.retain(|_| nodes.next().is_some_and(|node| node.pool(pool_label) == pool));
                rows
            }
            View::Pools => view::by_pool(headroom, pool_label),
            _ if pods_unknown => Vec::new(),
            View::Namespaces => view::by_namespace(ledger.bound(), is_counted),
            View::Workloads { namespace } => {
                let mut rows = view::by_workload(ledger.bound(), is_counted);
                if let Some(namespace) = namespace {
                    rows.retain(|row| row.namespace.as_ref() == Some(namespace));
                }
                rows
            }
            View::NodesOfWorkload { namespace, kind, name } => {
                view::nodes_of_workload(ledger, (namespace, kind, name))
            }
            View::OnNode { name } => {
                let account = ledger.nodes().find(|(node, _)| node == name);
                self.on_node = account.map(|(_, a)| (a.paid.clone(), a.opportunistic.clone()));
                view::by_workload(ledger.bound(), |node| node == name)
            }
            View::Hpas => {
                let own = ledger.bound().filter(|pod| pod.opportunistic).map(|pod| pod.group);
                let own = own
                    .chain(ledger.waiting().filter(|pod| pod.opportunistic).map(|pod| &*pod.group));
                let text = |text: &str| text.to_owned();
                // References first: thousands of pods share a group.
                let own: HashSet<_> = own.collect();
                self.own = own
                    .into_iter()
                    .map(|group| (text(&group.namespace), text(&group.kind), text(&group.name)))
                    .collect();
                Vec::new()
            }
        }
    }

    fn keep_namespace(&mut self, namespace: &str) {
        match self.view {
            View::Namespaces => self.rows.retain(|row| row.name == namespace),
            View::Workloads { namespace: None } => {
                self.rows.retain(|row| row.namespace.as_deref() == Some(namespace));
            }
            _ => {}
        }
    }
}

/// Sentences about what cannot be counted.
fn unknown(snapshot: &Snapshot, headroom: &Headroom) -> Vec<String> {
    let devices = snapshot.ledger.devices_unknown();
    let devices = devices.map(|why| format!("devices are unknown: {why}"));
    let objects = render::unknown(snapshot, headroom);
    devices.into_iter().chain(objects.iter().map(ToString::to_string)).collect()
}

/// The requested resources, or cpu, memory and all devices. Pods have a column of their own;
/// storage and huge pages seldom run out.
fn resources(named: &[String], headroom: &Headroom) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let mut names = vec![CPU.to_owned(), MEMORY.to_owned()];
    for (name, _) in headroom.all.allocatable.present() {
        let usual = [CPU, MEMORY, PODS, "ephemeral-storage"].contains(&name);
        let special = name.starts_with("hugepages-") || name.starts_with("attachable-volumes-");
        if !usual && !special {
            names.push(name.to_owned());
        }
    }
    names
}
