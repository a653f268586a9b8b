//! What would become of paid pods if nodes were lost or added.
//!
//! The pods of a lost node become demand, and are placed as waiting pods are (see
//! [`demand`](super)): in the order of the scheduler's queue, beside what stays. DaemonSet and static
//! pods go with their node. As everywhere, volumes, inter-pod affinity, topology spread and
//! disruption budgets are not looked at.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;

use serde_json::json;

use super::super::headroom::{NodeHeadroom, Query};
use super::super::ledger::Ledger;
use super::super::model::Node;
use super::super::nearest::nearest;
use super::super::node::NodeRecord;
use super::super::pods::PodDetail;
use super::super::record::{PodKey, PodRecord, PodState};
use super::super::replica::Replica;
use super::super::resources::{PODS, Resources};
use super::super::units::quantity_text;
use super::place_for;

/// The label of a node's zone.
const ZONE: &str = "topology.kubernetes.io/zone";
/// How many pods an added node takes unless it says otherwise, as the kubelet has it.
const MAX_PODS: i128 = 110;

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

/// What is lost at once: each node by itself, or the nodes with the same value of a label.
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

/// What the loss of nodes does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loss {
    /// The nodes.
    pub nodes: Vec<String>,
    /// How many paid pods must move.
    pub displaced: usize,
    /// What they request.
    pub requests: Resources,
    /// How many fillers are lost.
    pub fillers: usize,
    /// The paid pods that find no place then, and had one before.
    pub homeless: Vec<Homeless>,
}

/// A paid pod without a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Homeless {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why no node takes it.
    pub reason: String,
}

/// What was tried, and what came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many nodes were added.
    pub added: usize,
    /// What the loss of the nodes of the command line does.
    pub loss: Option<Loss>,
    /// Where nodes were added and none lost: the paid pods that find no place even so.
    pub homeless: Vec<Homeless>,
    /// What single failures do.
    pub survival: Option<Survival>,
}

/// What the loss of each of several domains does.
#[derive(Debug)]
pub struct Survival {
    /// What is lost at once: `node`, `pool` or the key of a label.
    pub domain: String,
    /// How many there are.
    pub tried: usize,
    /// The names of those after whose loss paid pods find no place.
    pub fatal: Vec<String>,
    /// The name of the worst: it leaves the most paid pods without a place, else moves the most
    /// cpu.
    pub worst: String,
    /// What its loss does.
    pub loss: Loss,
}

impl Outcome {
    /// Whether every paid pod finds a place.
    pub fn is_passed(&self) -> bool {
        self.homeless.is_empty()
            && self.loss.as_ref().is_none_or(|loss| loss.homeless.is_empty())
            && self.survival.as_ref().is_none_or(|survival| survival.fatal.is_empty())
    }
}

/// Tries the loss of nodes.
pub struct WhatIf<'p> {
    pods: HashMap<&'p str, Vec<&'p PodDetail>>,
    /// Paid pods that have no place as things are.
    homeless: HashSet<PodKey>,
}

impl<'p> WhatIf<'p> {
    /// Looks at a cluster as it is. Of `pods`, their placing must be known.
    pub fn new(ledger: &Ledger, query: &Query, pods: impl Iterator<Item = &'p PodDetail>) -> Self {
        let mut by_node: HashMap<&str, Vec<&PodDetail>> = HashMap::new();
        for (node, pod) in pods.filter_map(|pod| Some((pod.node.as_deref()?, pod))) {
            by_node.entry(node).or_default().push(pod);
        }
        let homeless = homeless(ledger, query).map(|(key, _)| key).collect();
        Self { pods: by_node, homeless }
    }

    /// Takes nodes away from `ledger`, and tells what becomes of their pods. They stay away.
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
        let is_new = |(key, _): &(PodKey, _)| !self.homeless.contains(key);
        loss.homeless = homeless(ledger, query).filter(is_new).map(|(_, pod)| pod).collect();
        loss.homeless.sort();
        loss
    }

    /// As [`Self::lose`], and then gives the nodes back.
    pub fn try_losing(&self, ledger: &mut Ledger, query: &Query, nodes: &[&str]) -> Loss {
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

/// Paid pods that have no place in a cluster as it is.
pub fn homeless<'l>(
    ledger: &'l Ledger,
    query: &Query,
) -> impl Iterator<Item = (PodKey, Homeless)> + use<'l> {
    place_for(ledger, query).into_iter().filter_map(|placed| {
        let reason = placed.obstacle()?.to_owned();
        let pod = placed.pod;
        let (namespace, name) = (pod.group.namespace.to_string(), pod.name.to_string());
        Some((placed.key.clone(), Homeless { namespace, name, reason }))
    })
}

fn record_of(pod: &PodDetail) -> Option<PodRecord<'_>> {
    let placing = pod.placing.as_ref()?;
    Some(PodRecord {
        key: pod.key.clone(),
        namespace: &pod.group.namespace,
        name: &pod.name,
        workload: (&pod.group.kind, &pod.group.name),
        opportunistic: pod.opportunistic,
        yields: pod.opportunistic,
        terminating: placing.is_leaving,
        claims: placing.claims.clone(),
        limits: pod.limits.clone(),
        state: PodState::Gone,
    })
}

/// The pod as it waits for another node; `None` if it does not outlive the loss of its own.
fn displaced(pod: &PodDetail) -> Option<PodRecord<'_>> {
    let placing = pod.placing.as_ref()?;
    if placing.is_leaving || pod.as_bound()?.is_standing() {
        return None;
    }
    let state = PodState::Waiting {
        footprint: pod.footprint.clone(),
        placement: Box::new(placing.placement.clone()),
        gated: false,
        queueing: placing.queueing.as_ref(),
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
        let query = PodQuery { placements: true, ..PodQuery::default() };
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
            let text = pod.to_string();
            let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
            let record = PodRecord::of(&pod, &Ownership::default());
            details.push(query.detail(&pod, &record));
            ledger.apply_pod(record);
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
        assert_eq!((loss.displaced, loss.fillers, loss.homeless.len()), (1, 0, 0));
    }

    #[test]
    fn a_pod_that_finds_no_place_is_named_with_its_reason() {
        let pods =
            [("p", "a", 6, "ReplicaSet"), ("q", "b", 6, "ReplicaSet"), ("r", "c", 6, "ReplicaSet")];
        let (mut ledger, details) = cluster(&NODES, &pods);
        let query = Query::default();
        let what_if = WhatIf::new(&ledger, &query, details.iter());
        let before = measure(&ledger, &query);
        let loss = what_if.try_losing(&mut ledger, &query, &["a"]);
        assert_eq!(loss.homeless.len(), 1);
        assert_eq!(loss.homeless[0].name, "p");
        assert_eq!(loss.homeless[0].reason, "every node that could hold it is full");
        // A trial leaves nothing behind.
        let after = measure(&ledger, &query);
        assert_eq!((after.remaining, after.fit), (before.remaining, before.fit));
        // One more node holds it.
        "1xcpu=8,memory=16Gi".parse::<AddedNodes>().unwrap().add_to(&mut ledger, 1);
        let loss = what_if.lose(&mut ledger, &query, &["a"]);
        assert!(loss.homeless.is_empty(), "{loss:?}");
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
}
