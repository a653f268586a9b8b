//! What would become of paid pods if nodes were lost or added.
//!
//! The pods of a lost node become demand, and are placed as waiting pods are (see
//! [`demand`](super)): in the order of the scheduler's queue, beside what stays. But fillers are
//! there: a pod goes into free room if a node has enough, and evicts fillers of one node if none
//! has, as the scheduler does. DaemonSet and static pods go with their node. As everywhere,
//! volumes, inter-pod affinity, topology spread and disruption budgets are not looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use serde_json::json;

use super::super::devices::IMPLICIT_PREFIX;
use super::super::headroom::{NodeHeadroom, Query};
use super::super::ledger::{Ledger, Unoffered, Waiting};
use super::super::model::Node;
use super::super::nearest::nearest;
use super::super::node::NodeRecord;
use super::super::placement::check_effect;
use super::super::pods::PodDetail;
use super::super::record::{PodKey, PodRecord, PodState};
use super::super::replica::Replica;
use super::super::reserve::check_name;
use super::super::resources::{PODS, Resources};
use super::super::units::quantity_text;
use super::placer::Placer;
use super::{Fillers, PlacedPod, compare_turns, queue, with_fillers};

/// The label of a node's zone.
const ZONE: &str = "topology.kubernetes.io/zone";
/// Default number of pods of an added node, as of the kubelet.
const MAX_PODS: i128 = 110;
/// A loss of more nodes than one in this many looks at every node: there are at most so many.
const LARGE: usize = 64;

/// Nodes to add: `3xcpu=32,memory=128Gi,label=pool=batch,taint=dedicated=batch:NoSchedule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedNodes {
    count: usize,
    allocatable: Resources,
    labels: BTreeMap<String, String>,
    taints: Vec<(String, String, String)>,
}

impl FromStr for AddedNodes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected COUNTxcpu=32,memory=128Gi[,label=KEY=VALUE][,taint=KEY:EFFECT]";
        let (count, rest) = text.split_once('x').ok_or(expected)?;
        let count = count.parse().ok().filter(|count| (1..=10_000).contains(count));
        let count = count.ok_or("expected a count from 1 to 10000, as in 3xcpu=32,memory=128Gi")?;
        let (mut amounts, mut pods) = (Vec::new(), MAX_PODS);
        let (mut labels, mut taints) = (BTreeMap::new(), Vec::new());
        for part in rest.split(',') {
            let (name, value) = part.split_once('=').ok_or(expected)?;
            match name {
                "label" => {
                    let (key, value) = value.split_once('=').ok_or("expected label=KEY=VALUE")?;
                    labels.insert(key.to_owned(), value.to_owned());
                }
                "taint" => {
                    let (taint, effect) =
                        value.rsplit_once(':').ok_or("expected taint=KEY[=VALUE]:EFFECT")?;
                    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
                    if key.is_empty() {
                        return Err(expected.to_owned());
                    }
                    check_effect(effect)?;
                    taints.push((key.to_owned(), value.to_owned(), effect.to_owned()));
                }
                PODS => {
                    pods =
                        value.parse().ok().filter(|pods| *pods > 0).ok_or("expected pods=110")?;
                }
                _ => amounts.push(part),
            }
        }
        // A node is a shape as a replica is.
        let shape: Replica = amounts.join(",").parse().map_err(|_| expected)?;
        shape.footprint().present().try_for_each(|(name, _)| check_name(name))?;
        let allocatable = shape.footprint().clone().with(PODS, pods);
        Ok(Self { count, allocatable, labels, taints })
    }
}

impl AddedNodes {
    /// Adds the nodes, named `added-1` and so on from `first`. Returns how many.
    pub fn add_to(&self, ledger: &mut Ledger, first: usize) -> usize {
        let amounts: BTreeMap<&str, String> =
            self.allocatable.present().map(|(name, a)| (name, quantity_text(name, a))).collect();
        let taints: Vec<_> = self
            .taints
            .iter()
            .map(|(key, value, effect)| json!({ "key": key, "value": value, "effect": effect }))
            .collect();
        for number in first..first + self.count {
            let object = json!({
                "metadata": { "name": format!("added-{number}"), "labels": self.labels },
                "spec": { "taints": taints },
                "status": {
                    "allocatable": amounts, "capacity": amounts,
                    "conditions": [{ "type": "Ready", "status": "True" }],
                },
            });
            let text = object.to_string();
            if let Ok(node) = serde_json::from_str::<Node<'_>>(&text) {
                ledger.apply_node(NodeRecord::of(node));
            }
        }
        self.count
    }
}

/// Nodes that are lost together: each node by itself, or the nodes with the same value of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureDomain {
    /// A node.
    Node,
    /// A pool.
    Pool,
    /// The nodes with one value of this label.
    Label(String),
}

impl FromStr for FailureDomain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected 1 (any single node), zone, pool or the key of a label";
        match text {
            "1" | "node" => Ok(Self::Node),
            "zone" => Ok(Self::Label(ZONE.to_owned())),
            "pool" => Ok(Self::Pool),
            _ if text.contains(['/', '.']) => Ok(Self::Label(text.to_owned())),
            _ => match nearest(text, ["node", "zone", "pool"]) {
                Some(near) => Err(format!("{expected}; did you mean {near}?")),
                None => Err(expected.to_owned()),
            },
        }
    }
}

impl FailureDomain {
    /// The nodes of each domain, by its name. A node without the label is in none.
    pub fn groups<'h>(&self, nodes: &'h [NodeHeadroom]) -> BTreeMap<&'h str, Vec<&'h str>> {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in nodes {
            let group = match self {
                Self::Node => &node.name,
                Self::Pool => node.pool(None),
                Self::Label(label) => node.pool(Some(label)),
            };
            if !group.is_empty() {
                groups.entry(group).or_default().push(&node.name);
            }
        }
        groups
    }
}

/// Effect of the loss of nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loss {
    /// The nodes.
    pub nodes: Vec<String>,
    /// Number of paid pods that must move.
    pub displaced: usize,
    /// Their requests.
    pub requests: Resources,
    /// Number of lost fillers.
    pub fillers: usize,
    /// Paid pods that have a node now and would find none.
    pub unplaced: Vec<UnplacedPod>,
}

/// A paid pod that finds no node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnplacedPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The reason why no node can hold it.
    pub reason: String,
}

/// The changes that were tried, and their effect.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Number of added nodes.
    pub added: usize,
    /// Effect of the loss of the nodes of the command line.
    pub loss: Option<Loss>,
    /// Paid pods that find no place although nodes were added; only if none was lost.
    pub unplaced: Vec<UnplacedPod>,
    /// Effect of single failures.
    pub survival: Option<Survival>,
}

/// Effect of the loss of each failure domain.
#[derive(Debug)]
pub struct Survival {
    /// Failure domain: `node`, `pool` or the key of a label.
    pub domain: String,
    /// Number of domains.
    pub tried: usize,
    /// The names of those after whose loss paid pods find no place.
    pub fatal: Vec<String>,
    /// The name of the worst: it leaves the most paid pods without a place, else moves the most
    /// cpu.
    pub worst: String,
    /// Effect of its loss.
    pub loss: Loss,
}

impl Outcome {
    /// Whether every paid pod finds a place.
    pub fn is_passed(&self) -> bool {
        self.unplaced.is_empty()
            && self.loss.as_ref().is_none_or(|loss| loss.unplaced.is_empty())
            && self.survival.as_ref().is_none_or(|survival| survival.fatal.is_empty())
    }
}

/// Tries the loss of nodes.
pub struct WhatIf<'p> {
    pods: HashMap<&'p str, Vec<&'p PodDetail>>,
    /// Footprints of the fillers of each node, the oldest first.
    fillers: HashMap<&'p str, Vec<&'p Resources>>,
    /// Paid pods that have no place as things are.
    unplaced: HashSet<PodKey>,
}

impl<'p> WhatIf<'p> {
    /// Looks at a cluster as it is. Of `pods`, their placement inputs must be known.
    pub fn new(ledger: &Ledger, query: &Query, pods: impl Iterator<Item = &'p PodDetail>) -> Self {
        let mut by_node: HashMap<&str, Vec<&PodDetail>> = HashMap::new();
        for (node, pod) in pods.filter_map(|pod| Some((pod.node.as_deref()?, pod))) {
            by_node.entry(node).or_default().push(pod);
        }
        let fillers = by_node.iter().map(|(node, pods)| {
            let mut fillers: Vec<_> = pods.iter().filter(|pod| pod.opportunistic).collect();
            fillers.sort_by_key(|pod| {
                let created = pod
                    .placement_inputs
                    .as_ref()
                    .map(|placement_inputs| &placement_inputs.queueing.created);
                (created, &pod.key)
            });
            (*node, fillers.into_iter().map(|pod| &pod.footprint).collect())
        });
        let fillers = fillers.collect();
        let mut what_if = Self { pods: by_node, fillers, unplaced: HashSet::new() };
        what_if.unplaced = what_if.place(ledger, query).into_iter().map(|(key, _)| key).collect();
        what_if
    }

    /// Paid pods that find no place in a cluster as it is, by namespace and name.
    pub fn unplaced(&self, ledger: &Ledger, query: &Query) -> Vec<UnplacedPod> {
        let unplaced = self.place(ledger, query).into_iter();
        let mut unplaced: Vec<_> = unplaced.map(|(_, pod)| pod).collect();
        unplaced.sort();
        unplaced
    }

    /// Places the waiting pods, and returns those without a place.
    fn place(&self, ledger: &Ledger, query: &Query) -> Vec<(PodKey, UnplacedPod)> {
        with_fillers(query, |fillers| {
            let queue = queue(ledger, fillers);
            let mut placer = self.placer(ledger, fillers, &queue, ledger.unoffered());
            let placed = queue.into_iter().map(|(key, pod)| placer.place(key, pod));
            placed
                .filter_map(|placed| Some((placed.key.clone(), UnplacedPod::of(&placed)?)))
                .collect()
        })
    }

    fn placer<'l>(
        &self,
        ledger: &'l Ledger,
        fillers: &Fillers<'_>,
        queue: &[(&'l PodKey, &'l Waiting)],
        unoffered: Unoffered,
    ) -> Placer<'l> {
        let on = |node: &str| self.fillers.get(node).into_iter().flatten().copied();
        Placer::new(ledger, fillers, queue, unoffered).evicting(on)
    }

    /// Removes nodes from `ledger`, and returns the effect on their pods.
    pub fn lose(&self, ledger: &mut Ledger, query: &Query, nodes: &[&str]) -> Loss {
        let mut loss = Loss::default();
        for name in nodes {
            loss.nodes.push((*name).to_owned());
            ledger.delete_node(name);
            for pod in self.pods_on(name) {
                ledger.delete_pod(&pod.key);
                if pod.opportunistic {
                    loss.fillers += 1;
                } else if let Some(record) = displaced(pod) {
                    loss.displaced += 1;
                    loss.requests.add(&pod.footprint);
                    ledger.apply_pod(record);
                }
            }
        }
        let is_new = |(key, _): &(PodKey, _)| !self.unplaced.contains(key);
        let unplaced = self.place(ledger, query).into_iter();
        loss.unplaced = unplaced.filter(is_new).map(|(_, pod)| pod).collect();
        loss.unplaced.sort();
        loss
    }

    /// The effect of the loss of each of `groups` alone, in their order.
    pub fn try_each(
        &self,
        ledger: &mut Ledger,
        query: &Query,
        groups: &BTreeMap<&str, Vec<&str>>,
        tell: impl FnMut(&str, Loss),
    ) {
        let largest = 1 + ledger.records().count() / LARGE;
        self.try_each_with(ledger, query, groups, largest, tell);
    }

    /// The same, with one placer for groups of up to `largest` nodes.
    fn try_each_with(
        &self,
        ledger: &mut Ledger,
        query: &Query,
        groups: &BTreeMap<&str, Vec<&str>>,
        largest: usize,
        mut tell: impl FnMut(&str, Loss),
    ) {
        // The cluster as it is, but for pods that wait if their node is lost.
        let mut trial = ledger.to_count();
        let small = groups.values().filter(|nodes| nodes.len() <= largest);
        for pod in small.flatten().flat_map(|name| self.pods_on(name)) {
            if let Some(record) = displaced(pod).filter(|_| !pod.opportunistic) {
                trial.apply_pod(record);
            }
        }
        let base = ledger.to_count();
        let scarce = Scarce::of(&base, ledger.unoffered());
        let waiting: HashMap<&PodKey, &Waiting> = trial.waiting_keys().collect();
        with_fillers(query, |fillers| {
            let of = |(key, _): (&PodKey, _)| waiting.get_key_value(key);
            let paid = |(_, pod): &(_, &Waiting)| fillers.is_paid(&trial, pod);
            let standing = base.waiting_keys().filter(paid).filter_map(of);
            let mut standing: Vec<_> = standing.map(|(key, pod)| (*key, *pod)).collect();
            standing.sort_unstable_by(|a, b| compare_turns(*a, *b));
            let all: Vec<_> = trial.waiting_keys().filter(paid).collect();
            let mut placer = self.placer(&trial, fillers, &all, scarce.unoffered.clone());
            for (group, nodes) in groups {
                if nodes.len() > largest {
                    tell(group, self.lose_anew(ledger, query, nodes));
                    continue;
                }
                let mut loss = Loss::default();
                let mut queue = standing.clone();
                for name in nodes {
                    loss.nodes.push((*name).to_owned());
                    for pod in self.pods_on(name) {
                        if pod.opportunistic {
                            loss.fillers += 1;
                        } else if let Some((key, waiting)) = waiting.get_key_value(&pod.key) {
                            loss.displaced += 1;
                            loss.requests.add(&pod.footprint);
                            queue.push((*key, *waiting));
                        }
                    }
                }
                if scarce.changes_with(nodes, &queue[standing.len()..]) {
                    tell(group, self.lose_anew(ledger, query, nodes));
                    continue;
                }
                // Both parts are short runs: a stable sort merges them.
                queue.sort_by(|a, b| compare_turns(*a, *b));
                placer.lose(nodes, &queue);
                for (key, pod) in queue {
                    if self.unplaced.contains(key) {
                        placer.seat(pod);
                    } else {
                        loss.unplaced.extend(UnplacedPod::of(&placer.place(key, pod)));
                    }
                }
                placer.undo();
                loss.unplaced.sort();
                tell(group, loss);
            }
        });
    }

    /// As [`Self::lose`], and then gives the nodes back. It looks at every node, so it is for
    /// losses of which there are few: of many nodes, or of the last node that has a resource.
    fn lose_anew(&self, ledger: &mut Ledger, query: &Query, nodes: &[&str]) -> Loss {
        let records: Vec<_> =
            nodes.iter().filter_map(|name| ledger.record(name).cloned()).collect();
        let loss = self.lose(ledger, query, nodes);
        for record in records {
            ledger.apply_node(record);
        }
        for pod in nodes.iter().flat_map(|name| self.pods_on(name)) {
            if let (Some(node), Some(record)) = (pod.node.as_deref(), record_of(pod)) {
                let footprint = pod.footprint.clone();
                ledger
                    .apply_pod(PodRecord { state: PodState::Bound { node, footprint }, ..record });
            }
        }
        loss
    }

    fn pods_on(&self, node: &str) -> impl Iterator<Item = &'p PodDetail> {
        self.pods.get(node).into_iter().flatten().copied()
    }
}

impl UnplacedPod {
    /// The pod, if it has no place.
    fn of(placed: &PlacedPod<'_>) -> Option<Self> {
        let (reason, pod) = (placed.obstacle()?.to_owned(), placed.pod);
        let (namespace, name) = (pod.group.namespace.to_string(), pod.name.to_string());
        Some(Self { namespace, name, reason })
    }
}

/// Who has resources that not every node has. Where the last node goes that lists one or whose pods
/// hold it, other pods need something else than before (see [`Ledger::unoffered`]).
struct Scarce<'l> {
    unoffered: Unoffered,
    /// Relation of each node to each resource.
    of_node: HashMap<&'l str, BTreeSet<(Tie, &'l str)>>,
    /// Number of nodes of each relation.
    counts: HashMap<(Tie, &'l str), usize>,
}

/// Relation of a node to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tie {
    /// Its pods hold it.
    Holds,
    /// It lists it, or its devices offer it.
    Lists,
    /// It lists it itself.
    ListsItself,
}

impl<'l> Scarce<'l> {
    fn of(ledger: &'l Ledger, unoffered: Unoffered) -> Self {
        let (mut of_node, mut counts) = (HashMap::new(), HashMap::new());
        for (name, account) in ledger.nodes() {
            let mut all: BTreeSet<(Tie, &str)> =
                account.held_beside_basics().map(|held| (Tie::Holds, held)).collect();
            if let Some(record) = &account.record {
                for name in record.listed() {
                    all.insert((Tie::Lists, name));
                    if record.lists_itself(name) {
                        all.insert((Tie::ListsItself, name));
                    }
                }
            }
            for one in &all {
                *counts.entry(*one).or_default() += 1;
            }
            of_node.insert(name, all);
        }
        Self { unoffered, of_node, counts }
    }

    /// Whether the loss of `nodes`, whose pods are `displaced` then, changes what pods need.
    fn changes_with(&self, nodes: &[&str], displaced: &[(&PodKey, &Waiting)]) -> bool {
        let mut lost: HashMap<(Tie, &str), usize> = HashMap::new();
        for one in nodes.iter().filter_map(|name| self.of_node.get(name)).flatten() {
            *lost.entry(*one).or_default() += 1;
        }
        let is_unknown = |name: &str| {
            name.starts_with(IMPLICIT_PREFIX) && !self.unoffered.names().any(|known| known == name)
        };
        lost.iter().any(|(one, count)| self.counts.get(one) == Some(count))
            || displaced.iter().any(|(_, pod)| pod.footprint.present().any(|(n, _)| is_unknown(n)))
    }
}

fn record_of(pod: &PodDetail) -> Option<PodRecord<'_>> {
    let placement_inputs = pod.placement_inputs.as_ref()?;
    Some(PodRecord {
        key: pod.key.clone(),
        namespace: &pod.group.namespace,
        name: &pod.name,
        workload: (&pod.group.kind, &pod.group.name),
        opportunistic: pod.opportunistic,
        yields: pod.opportunistic,
        terminating: placement_inputs.is_leaving,
        ready: true,
        claims: placement_inputs.claims.clone(),
        limits: pod.limits.clone(),
        state: PodState::Gone,
    })
}

/// The pod as it waits for another node; `None` if it does not outlive the loss of its own.
fn displaced(pod: &PodDetail) -> Option<PodRecord<'_>> {
    let placement_inputs = pod.placement_inputs.as_ref()?;
    if placement_inputs.is_leaving || pod.as_bound()?.is_standing() {
        return None;
    }
    let state = PodState::Waiting {
        footprint: pod.footprint.clone(),
        placement: Box::new(placement_inputs.placement.clone()),
        gated: false,
        queueing: placement_inputs.queueing.as_ref(),
    };
    Some(PodRecord { state, ..record_of(pod)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headroom::measure;
    use crate::model::Pod;
    use crate::ownership::Ownership;
    use crate::pods::PodQuery;
    use proptest::prelude::*;

    /// Adds a pod to the ledger, and returns its details.
    fn added(ledger: &mut Ledger, pod: &serde_json::Value) -> PodDetail {
        let text = pod.to_string();
        let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
        let record = PodRecord::of(&pod, &Ownership::default());
        let query = PodQuery { placements: true, ..PodQuery::default() };
        let detail = query.detail(&pod, &record);
        ledger.apply_pod(record);
        detail
    }

    /// A cluster of nodes `(name, cores, zone)` and pods `(name, node, cores, kind)`.
    fn cluster(
        nodes: &[(&str, u32, &str)],
        pods: &[(&str, &str, u32, &str)],
    ) -> (Ledger, Vec<PodDetail>) {
        let mut ledger = Ledger::default();
        for (name, cores, zone) in nodes {
            let node = json!({
                "metadata": { "name": name, "labels": { ZONE: zone } },
                "status": { "allocatable": { "cpu": cores, "memory": "64Gi", "pods": 110 } },
            });
            ledger.apply_node(NodeRecord::of(serde_json::from_str(&node.to_string()).unwrap()));
        }
        let mut details = Vec::new();
        for (name, node, cores, kind) in pods {
            let pod = json!({
                "metadata": {
                    "name": name, "namespace": "d", "uid": "",
                    "labels": { "oppscale.dev/opportunistic": (*kind == "filler").to_string() },
                    "ownerReferences": [{ "kind": kind, "name": "o", "controller": true }],
                },
                "spec": {
                    "nodeName": node, "priority": if *kind == "filler" { -1000 } else { 0 },
                    "containers": [{ "name": "c", "resources": { "requests": { "cpu": cores } } }],
                },
            });
            details.push(added(&mut ledger, &pod));
        }
        (ledger, details)
    }

    const NODES: [(&str, u32, &str); 3] = [("a", 8, "x"), ("b", 8, "x"), ("c", 8, "y")];

    #[test]
    fn pods_of_a_lost_node_are_placed_elsewhere_before_fillers() {
        let pods =
            [("p", "a", 6, "ReplicaSet"), ("f", "b", 8, "filler"), ("d", "a", 1, "DaemonSet")];
        let (mut ledger, details) = cluster(&NODES, &pods);
        let what_if = WhatIf::new(&ledger, &Query::default(), details.iter());
        let loss = what_if.lose(&mut ledger, &Query::default(), &["a"]);
        assert_eq!((loss.displaced, loss.fillers, loss.unplaced.len()), (1, 0, 0));
    }

    /// The largest node is not emptied of fillers for a small pod while another has free room: a
    /// large pod needs it afterwards.
    #[test]
    fn free_room_is_taken_before_fillers_are_evicted() {
        let nodes = [("a", 9, "x"), ("b", 8, "x"), ("c", 4, "y")];
        let pods = [
            ("p", "a", 2, "ReplicaSet"),
            ("q", "a", 7, "ReplicaSet"),
            ("f", "b", 8, "filler"),
            ("r", "c", 1, "ReplicaSet"),
        ];
        let (mut ledger, details) = cluster(&nodes, &pods);
        let query = Query::default();
        let loss = WhatIf::new(&ledger, &query, details.iter()).lose(&mut ledger, &query, &["a"]);
        assert_eq!(loss.unplaced, []);
    }

    #[test]
    fn pods_of_no_higher_priority_than_fillers_find_free_room_alone() {
        let query = Query { filler_priority: Some(0), ..Query::default() };
        let lose = |filler: u32| {
            let pods = [
                ("p", "a", 6, "ReplicaSet"),
                ("f", "b", filler, "filler"),
                ("g", "c", 8, "filler"),
            ];
            let (mut ledger, details) = cluster(&NODES, &pods);
            WhatIf::new(&ledger, &query, details.iter()).lose(&mut ledger, &query, &["a"]).unplaced
        };
        assert_eq!(lose(2), []);
        let unplaced = lose(3);
        assert_eq!(unplaced[0].reason, "its priority is not above the filler's");
    }

    #[test]
    fn a_pod_that_finds_no_place_is_named_with_its_reason() {
        let pods =
            [("p", "a", 6, "ReplicaSet"), ("q", "b", 6, "ReplicaSet"), ("r", "c", 6, "ReplicaSet")];
        let (mut ledger, details) = cluster(&NODES, &pods);
        let query = Query::default();
        let what_if = WhatIf::new(&ledger, &query, details.iter());
        let before = measure(&ledger, &query);
        let loss = what_if.lose_anew(&mut ledger, &query, &["a"]);
        assert_eq!(loss.unplaced.len(), 1);
        assert_eq!(loss.unplaced[0].name, "p");
        assert_eq!(loss.unplaced[0].reason, "every node that could hold it is full");
        // A trial leaves nothing behind.
        let after = measure(&ledger, &query);
        assert_eq!((after.remaining, after.fit), (before.remaining, before.fit));
        // One more node holds it.
        "1xcpu=8,memory=16Gi".parse::<AddedNodes>().unwrap().add_to(&mut ledger, 1);
        let loss = what_if.lose(&mut ledger, &query, &["a"]);
        assert!(loss.unplaced.is_empty(), "{loss:?}");
    }

    #[test]
    fn nodes_fail_one_by_one_or_with_their_zone() {
        let (ledger, _) = cluster(&NODES, &[]);
        let headroom = measure(&ledger, &Query::default());
        let groups = |text: &str| {
            let domain: FailureDomain = text.parse().unwrap();
            domain.groups(&headroom.nodes).len()
        };
        assert_eq!((groups("1"), groups("zone")), (3, 2));
        assert!("zones".parse::<FailureDomain>().unwrap_err().contains("did you mean zone?"));
    }

    #[test]
    fn slips_in_added_nodes_are_refused() {
        for bad in ["", "cpu=1", "0xcpu=1", "3x", "3xcpu", "3xcpu=1,label=a", "3xcpu=1,pods=0"] {
            assert!(bad.parse::<AddedNodes>().is_err(), "{bad}");
        }
    }

    /// A node: cores, GiB, zone, listed gpus and widgets, and whether it has a taint.
    type Host = (u8, u8, u8, Option<u8>, Option<u8>, bool);
    /// A pod: node or none, cores, gpus, widgets, kind, zone of its node selector, priority,
    /// whether it is nominated, and whether it may preempt.
    type Guest = (Option<u8>, u8, u8, u8, u8, Option<u8>, u8, bool, bool);

    fn random_cluster(hosts: &[Host], guests: &[Guest]) -> (Ledger, Vec<PodDetail>) {
        let mut ledger = Ledger::default();
        for (number, (cores, memory, zone, gpus, widgets, is_tainted)) in hosts.iter().enumerate() {
            let mut allocatable =
                json!({ "cpu": cores, "memory": format!("{memory}Gi"), "pods": 5 });
            for (name, amount) in [("example.com/gpu", gpus), ("example.com/widget", widgets)] {
                if let Some(amount) = amount {
                    allocatable[name] = json!(amount);
                }
            }
            let taints = json!([{ "key": "k", "value": "", "effect": "NoSchedule" }]);
            let node = json!({
                "metadata": { "name": format!("n{number}"), "labels": { ZONE: format!("z{zone}") } },
                "spec": { "taints": if *is_tainted { taints } else { json!([]) } },
                "status": { "allocatable": allocatable },
            });
            ledger.apply_node(NodeRecord::of(serde_json::from_str(&node.to_string()).unwrap()));
        }
        let mut details = Vec::new();
        for (number, guest) in guests.iter().enumerate() {
            let (node, cores, gpus, widgets, kind, zone, priority, is_nominated, preempts) = guest;
            let kind = ["ReplicaSet", "ReplicaSet", "ReplicaSet", "DaemonSet", "filler"]
                [usize::from(*kind)];
            let node = node.map(|node| format!("n{}", usize::from(node) % hosts.len()));
            let mut requests = json!({ "cpu": cores, "memory": format!("{}Gi", number % 3) });
            if *gpus > 0 {
                requests["example.com/gpu"] = json!(gpus);
            }
            if *widgets > 0 {
                requests["example.com/widget"] = json!(widgets);
            }
            let priorities = [0, 0, 7, -500, -1000];
            let mut pod = json!({
                "metadata": {
                    "name": format!("p{number}"), "namespace": "d", "uid": format!("00000000-0000-4000-8000-{number:012}"),
                    "labels": { "oppscale.dev/opportunistic": (kind == "filler").to_string() },
                    "ownerReferences": [{ "kind": kind, "name": "o", "controller": true }],
                },
                "spec": {
                    "priority": if kind == "filler" { -1000 } else { priorities[usize::from(*priority)] },
                    "preemptionPolicy": if *preempts { "PreemptLowerPriority" } else { "Never" },
                    "containers": [{ "name": "c", "resources": { "requests": requests } }],
                },
            });
            if let Some(zone) = zone {
                pod["spec"]["nodeSelector"] = json!({ ZONE: format!("z{zone}") });
            }
            match node {
                Some(node) => pod["spec"]["nodeName"] = json!(node),
                None if *is_nominated => pod["status"] = json!({ "nominatedNodeName": "n1" }),
                None => {}
            }
            details.push(added(&mut ledger, &pod));
        }
        (ledger, details)
    }

    /// Tries the loss of each domain with one placer for all, and with a new one for each.
    fn assert_losses_agree(hosts: &[Host], guests: &[Guest], domain: &str) {
        let (mut ledger, details) = random_cluster(hosts, guests);
        let query = Query::default();
        let what_if = WhatIf::new(&ledger, &query, details.iter());
        let nodes = measure(&ledger, &query).nodes;
        let groups = domain.parse::<FailureDomain>().unwrap().groups(&nodes);
        let mut losses = Vec::new();
        what_if.try_each_with(&mut ledger, &query, &groups, 9, |name, loss| {
            losses.push((name.to_owned(), loss));
        });
        assert_eq!(losses.len(), groups.len());
        for ((name, loss), (group, nodes)) in losses.iter().zip(&groups) {
            let (mut ledger, _) = random_cluster(hosts, guests);
            assert_eq!(name, group);
            assert_eq!(loss, &what_if.lose(&mut ledger, &query, nodes), "{name}");
        }
    }

    /// While a node lists widgets, be it none, a pod that needs one waits. Without the node, nobody
    /// counts widgets, and the pod is placed: see [`Ledger::unoffered`].
    #[test]
    fn the_last_node_that_lists_a_resource_without_an_amount_changes_what_pods_need() {
        let hosts = [(6, 6, 0, None, Some(0), false), (6, 6, 0, None, None, false)];
        let guest = |node| (Some(node), 1, 0, 1, 0, None, 0, false, true);
        assert_losses_agree(&hosts, &[guest(0), guest(1)], "1");
    }

    /// Node `n2` is overcommitted. The waiting pod, which needs cpu, evicts one of its fillers; the
    /// other stays although it holds a widget, which no node offers, for the waiting pod needs none.
    /// So the pod of `n1` finds no room, whether or not another pod that is displaced by another
    /// loss needs a widget.
    #[test]
    fn fillers_stay_if_they_hold_only_what_the_pod_does_not_request() {
        let host = |cores, zone| (cores, cores, zone, None, None, false);
        let hosts = [host(1, 1), host(1, 0), host(4, 1)];
        let guests = [
            (Some(2), 3, 0, 0, 4, None, 0, false, false),
            (Some(2), 0, 0, 1, 0, None, 0, false, false),
            (Some(1), 1, 0, 0, 0, None, 4, false, false),
            (Some(2), 2, 0, 1, 4, None, 0, false, false),
            (None, 2, 0, 0, 0, None, 0, false, true),
        ];
        assert_losses_agree(&hosts, &guests, "1");
        let (mut ledger, details) = random_cluster(&hosts, &guests);
        let query = Query::default();
        let what_if = WhatIf::new(&ledger, &query, details.iter());
        let mut unplaced = BTreeMap::new();
        let groups = BTreeMap::from([("n1", vec!["n1"]), ("n2", vec!["n2"])]);
        what_if.try_each_with(&mut ledger, &query, &groups, 9, |name, loss| {
            let names = loss.unplaced.into_iter().map(|pod| pod.name);
            unplaced.insert(name.to_owned(), names.collect::<Vec<_>>());
        });
        assert_eq!(unplaced["n1"], ["p2"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]
        /// One placer for every loss tells what a new one for each does.
        #[test]
        fn losses_one_after_the_other_are_as_each_alone(
            hosts in prop::collection::vec(
                (
                    1_u8..7, 1_u8..7, 0_u8..3, prop::option::of(0_u8..4),
                    prop::option::of(0_u8..2), prop::bool::weighted(0.15),
                ),
                1..10,
            ),
            guests in prop::collection::vec(
                (
                    prop::option::weighted(0.8, 0_u8..20), 0_u8..5, (0_u8..8).prop_map(|n| n.saturating_sub(5)),
                    (0_u8..8).prop_map(|n| n.saturating_sub(5)), 0_u8..5, prop::option::weighted(0.2, 0_u8..3),
                    0_u8..5, any::<bool>(), any::<bool>(),
                ),
                0..25,
            ),
            domain in prop::sample::select(vec!["1", "zone"]),
        ) {
            assert_losses_agree(&hosts, &guests, domain);
        }
    }
}
