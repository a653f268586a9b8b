//! What a node offers, and whether opportunistic work may use it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::malformed::{Malformed, Problem};
use super::model::{Node, Taint};
use super::placement::Placement;
use super::pool;
use super::requests::amount_in;
use super::resources::{Amount, CPU, MEMORY, PODS, Resources};
use super::selector::Labels;
use super::units::quantity_text;

/// Taints by which a node autoscaler announces that it removes the node: Cluster
/// Autoscaler, Karpenter, and Karpenter before 1.0. No toleration makes such a node
/// worth filling.
const DRAINING_TAINTS: [&str; 3] =
    ["ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption"];
/// Taints that Kubernetes sets for what the node's own fields already say.
const IMPLIED_TAINTS: [&str; 3] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
];

/// Whether a controller may put this taint on any node and remove it again: that of the node
/// lifecycle (1.36), a cloud provider, Karpenter or Cluster Autoscaler.
pub fn is_temporary_taint(key: &str) -> bool {
    const PREFIXES: [&str; 3] =
        ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "karpenter.sh/"];
    DRAINING_TAINTS.contains(&key)
        || key == "DeletionCandidateOfClusterAutoscaler"
        || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// A node as it is remembered: what counting needs, owning its text.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRecord {
    /// The node's name.
    pub name: Box<str>,
    /// Its labels.
    pub labels: Arc<Labels<'static>>,
    /// The pool that its annotations name, for providers that set no label.
    pub annotated_pool: Option<Arc<str>>,
    /// Allocatable, or why it is unknown.
    pub allocatable: Result<Arc<Resources>, Malformed>,
    /// The names that the node lists without an amount that pods could take: of 0, or unreadable.
    unavailable: Vec<(Box<str>, Option<Malformed>)>,
    /// The names that devices offer, beside those that the node lists itself.
    offered: Vec<Box<str>>,
    /// Capacity; empty if the node does not report it. No count depends on it.
    pub capacity: Arc<Resources>,
    taints: Vec<Taint<'static>>,
    pub(crate) ready: bool,
    pub(crate) cordoned: bool,
    pub(crate) deleting: bool,
}

/// Why opportunistic work may not use a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// Its allocatable or its pods are unknown.
    Unknown(String),
    /// It is not Ready.
    NotReady,
    /// It is being deleted.
    Deleting,
    /// An autoscaler drains it, with this taint.
    Draining(String),
    /// It is cordoned (`spec.unschedulable`).
    Cordoned,
    /// It has a taint that the workload does not tolerate, as `key=value:effect`.
    Tainted(String),
    /// The workload's node selector or required node affinity excludes it.
    NotSelected,
}

impl NodeRecord {
    /// Reads a node. One without allocatable, or whose cpu, memory or pods are no quantity, is
    /// kept with its capacity unknown. Of any other resource only that resource is unknown.
    pub fn of(node: Node<'_>) -> Self {
        let (allocatable, unavailable) = match allocatable(&node) {
            Ok((allocatable, unavailable)) => (Ok(Arc::new(allocatable)), unavailable),
            Err(problem) => (Err(problem), Vec::new()),
        };
        let written_by_hand =
            !node.metadata.passed_api_server() && node.status.conditions.is_empty();
        let ready = node.status.conditions.iter().find(|c| &*c.kind == "Ready");
        Self {
            name: node.metadata.name.as_str().into(),
            allocatable,
            unavailable,
            offered: Vec::new(),
            capacity: Arc::new(capacity(&node)),
            ready: ready.map_or(written_by_hand, |c| &*c.status == "True"),
            cordoned: node.spec.unschedulable,
            deleting: node.metadata.deletion_timestamp.is_some(),
            annotated_pool: pool::of_annotations(&node.metadata.annotations).map(Arc::from),
            labels: Arc::new(node.metadata.labels.into_owned()),
            taints: node.spec.taints.into_iter().map(Taint::into_owned).collect(),
        }
    }

    /// The node as an object that holds what counts; [`Self::of`] reads the same from it,
    /// but for the reasons why amounts are unknown.
    pub fn to_object(&self) -> Value {
        let labels: BTreeMap<&str, &str> =
            self.labels.iter().map(|(key, value)| (key, value.as_str())).collect();
        let taints: Vec<_> = self
            .taints
            .iter()
            .map(|taint| json!({
                "key": taint.key.as_str(), "value": taint.value.as_str(), "effect": taint.effect.as_str()
            }))
            .collect();
        let ready = if self.ready { "True" } else { "False" };
        let mut node = json!({
            "metadata": { "name": self.name, "labels": labels },
            "spec": { "unschedulable": self.cordoned, "taints": taints },
            "status": { "conditions": [{ "type": "Ready", "status": ready }] },
        });
        if self.deleting {
            // When it began to go does not count.
            node["metadata"]["deletionTimestamp"] = "1970-01-01T00:00:00Z".into();
        }
        if let Some(pool) = &self.annotated_pool {
            let annotations: BTreeMap<&str, &str> = pool::annotations(pool).into();
            node["metadata"]["annotations"] = json!(annotations);
        }
        if let Ok(allocatable) = &self.allocatable {
            let amounts = allocatable.present().map(|(name, a)| (name, quantity_text(name, a)));
            let unavailable = self.unavailable.iter().map(|(name, problem)| {
                (&**name, problem.as_ref().map_or("0", |_| "unknown").to_owned())
            });
            let amounts: BTreeMap<&str, String> = amounts.chain(unavailable).collect();
            node["status"]["allocatable"] = json!(amounts);
        }
        node
    }

    /// A node of which only the name is known.
    pub fn unknown(name: &str, problem: Malformed) -> Self {
        Self {
            name: name.into(),
            labels: Arc::default(),
            annotated_pool: None,
            allocatable: Err(problem),
            unavailable: Vec::new(),
            offered: Vec::new(),
            capacity: Arc::default(),
            taints: Vec::new(),
            ready: false,
            cordoned: false,
            deleting: false,
        }
    }

    /// Replaces what other nodes may have, too, by what `text` and `resources` keep for equal ones:
    /// nodes differ in few of their labels, and those of one type offer the same.
    pub(crate) fn share(
        &mut self,
        text: impl FnMut(&str) -> Arc<str>,
        mut resources: impl FnMut(&Arc<Resources>) -> Arc<Resources>,
    ) {
        self.labels = Arc::new(self.labels.shared(text));
        if let Ok(allocatable) = &mut self.allocatable {
            *allocatable = resources(allocatable);
        }
        self.capacity = resources(&self.capacity);
    }

    /// Every reason why a workload placed by `placement` may not use this node, the
    /// gravest first. A node without reasons is usable.
    pub fn unusable(&self, placement: &Placement) -> Vec<Unusable> {
        let mut reasons = Vec::new();
        if let Err(problem) = &self.allocatable {
            reasons.push(Unusable::Unknown(problem.to_string()));
        }
        if !self.ready {
            reasons.push(Unusable::NotReady);
        }
        if self.deleting {
            reasons.push(Unusable::Deleting);
        }
        let draining = |taint: &&Taint<'_>| DRAINING_TAINTS.contains(&taint.key.as_str());
        if let Some(taint) = self.taints.iter().find(draining) {
            reasons.push(Unusable::Draining(taint.key.to_string()));
        }
        if self.cordoned {
            reasons.push(Unusable::Cordoned);
        }
        for taint in placement.untolerated(&self.taints).filter(|taint| !draining(taint)) {
            let implied = IMPLIED_TAINTS.contains(&taint.key.as_str());
            if !(implied && (!self.ready || self.cordoned)) {
                reasons.push(Unusable::Tainted(taint_text(taint)));
            }
        }
        if !placement.selects(&self.name, &self.labels) {
            reasons.push(Unusable::NotSelected);
        }
        reasons
    }

    /// Whether a workload placed by `placement` may use this node, as [`Self::unusable`].
    pub fn is_usable(&self, placement: &Placement) -> bool {
        self.allocatable.is_ok()
            && self.ready
            && !self.deleting
            && !self.cordoned
            && !self.taints.iter().any(|taint| DRAINING_TAINTS.contains(&taint.key.as_str()))
            && placement.untolerated(&self.taints).next().is_none()
            && placement.selects(&self.name, &self.labels)
    }

    /// Its taints.
    pub fn taints(&self) -> &[Taint<'static>] {
        &self.taints
    }

    /// Whether the node lists the resource, be it with an amount of 0, as when its device plugin
    /// has gone.
    pub fn lists(&self, name: &str) -> bool {
        self.listed().any(|listed| listed == name)
    }

    /// The resources that the node lists.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        let present = self.allocatable.iter().flat_map(|allocatable| allocatable.present());
        let unavailable = self.unavailable.iter().map(|(name, _)| &**name);
        present.map(|(name, _)| name).chain(unavailable)
    }

    /// Whether the node itself lists the resource, and not only its devices offer it.
    pub fn lists_itself(&self, name: &str) -> bool {
        !self.offered.iter().any(|offered| **offered == *name) && self.lists(name)
    }

    /// Adds a resource that devices of the node offer.
    pub(crate) fn offer(&mut self, name: &str, amount: Result<Amount, Malformed>) {
        if self.lists_itself(name) {
            return;
        }
        let Ok(allocatable) = &mut self.allocatable else { return };
        self.offered.push(name.into());
        match amount {
            Ok(0) => self.unavailable.push((name.into(), None)),
            Ok(amount) => Arc::make_mut(allocatable).set(name, amount),
            Err(problem) => self.unavailable.push((name.into(), Some(problem))),
        }
    }

    /// Removes what [`Self::offer`] added.
    pub(crate) fn withdraw(&mut self) {
        for name in std::mem::take(&mut self.offered) {
            if let Ok(allocatable) = &mut self.allocatable {
                Arc::make_mut(allocatable).set(&name, 0);
            }
            self.unavailable.retain(|(other, _)| *other != name);
        }
    }

    /// The resources whose allocatable amount cannot be read, and why.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &Malformed)> {
        self.unavailable.iter().filter_map(|(name, problem)| Some((&**name, problem.as_ref()?)))
    }

    /// Whether the allocatable amount of a resource cannot be read.
    pub fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable().any(|(unreadable, _)| unreadable == name)
    }

    /// Whether the node takes pods with these tolerations now. Node selector and affinity are not
    /// looked at, see [`Placement::selects`].
    pub fn admits(&self, placement: &Placement) -> bool {
        self.ready
            && !self.deleting
            && (!self.cordoned || placement.tolerates_cordon())
            && placement.untolerated(&self.taints).next().is_none()
    }
}

fn capacity(node: &Node<'_>) -> Resources {
    let readable = |(name, raw)| Some((name, amount_in(name, raw).ok()?));
    let amounts = node.status.capacity.iter().filter_map(readable);
    amounts.fold(Resources::default(), |capacity, (name, amount)| capacity.with(name, amount))
}

/// Allocatable, and the names of resources without a valid amount.
type Allocatable = (Resources, Vec<(Box<str>, Option<Malformed>)>);

fn allocatable(node: &Node<'_>) -> Result<Allocatable, Malformed> {
    let missing = || Malformed::new("status.allocatable", Problem::Missing);
    let list = node.status.allocatable.as_ref().filter(|l| !l.is_empty()).ok_or_else(missing)?;
    let mut resources = Resources::default();
    let mut unavailable: Vec<(Box<str>, _)> = Vec::new();
    for (name, raw) in list.iter() {
        match amount_in(name, raw) {
            Ok(0) => unavailable.push((name.into(), None)),
            Ok(amount) => resources.set(name, amount),
            Err(problem) => {
                let problem = Malformed::new(format_args!("status.allocatable.{name}"), problem);
                // Every pod needs these, so without one of them nothing is known of the node.
                if [CPU, MEMORY, PODS].contains(&name) {
                    return Err(problem);
                }
                unavailable.push((name.into(), Some(problem)));
            }
        }
    }
    unavailable.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok((resources, unavailable))
}

fn taint_text(taint: &Taint<'_>) -> String {
    let (key, effect) = (&*taint.key, &*taint.effect);
    match &*taint.value {
        "" => format!("{key}:{effect}"),
        value => format!("{key}={value}:{effect}"),
    }
}

impl Unusable {
    /// One word for a table, as `kubectl get nodes` would choose it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "Unknown",
            Self::NotReady => "NotReady",
            Self::Deleting => "Deleting",
            Self::Draining(_) => "Draining",
            Self::Cordoned => "Cordoned",
            Self::Tainted(_) => "Tainted",
            Self::NotSelected => "NotSelected",
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(problem) => write!(f, "unknown: {problem}"),
            Self::NotReady => f.write_str("not ready"),
            Self::Deleting => f.write_str("being deleted"),
            Self::Draining(taint) => write!(f, "draining: taint {taint}"),
            Self::Cordoned => f.write_str("cordoned"),
            Self::Tainted(taint) => write!(f, "taint {taint}"),
            Self::NotSelected => {
                f.write_str("not selected by the workload's node selector or affinity")
            }
        }
    }
}
