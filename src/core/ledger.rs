//! Nodes and what stands on them, kept by apply and delete in any order.
//!
//! Every change costs the same however large the cluster is: the ledger remembers what
//! it last counted for each pod, takes exactly that back, and adds the new. So nothing
//! drifts when a pod is resized, moves from waiting to bound, or changes whose it is. A
//! pod may come before its node, and a node may go before its pods.
//!
//! Footprints, workloads and node names are shared between the pods that have the same,
//! which keeps an entry at a few dozen bytes.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::node::NodeRecord;
use super::placement::Placement;
use super::record::{PodKey, PodRecord, Standing};
use super::resources::Resources;

/// The accounts of a cluster.
#[derive(Debug, Default)]
pub struct Ledger {
    nodes: HashMap<Arc<str>, NodeAccount>,
    pods: HashMap<PodKey, Counted>,
    waiting: HashMap<PodKey, Waiting>,
    /// Pods that could not be counted, in a stable order for reports.
    unknown: BTreeMap<PodKey, UnknownPod>,
    footprints: HashSet<Arc<Resources>>,
    groups: HashSet<Arc<Group>>,
}

/// A node, and the sums of what stands on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAccount {
    /// The node; `None` while pods are bound to a name that no node has.
    pub record: Option<NodeRecord>,
    /// What pods of others occupy.
    pub others: Resources,
    /// What opportunistic pods occupy.
    pub opportunistic: Resources,
    /// How many pods stand here that could not be counted.
    pub unknown_pods: usize,
    /// How many pods stand here in all.
    bound: usize,
}

/// The workload a pod belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its kind.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// A bound pod as it was last counted.
#[derive(Debug)]
pub struct Counted {
    /// Its node.
    pub node: Arc<str>,
    /// What it occupies.
    pub footprint: Arc<Resources>,
    /// Its workload.
    pub group: Arc<Group>,
    /// Whether it is the opportunistic workload's own.
    pub own: bool,
}

/// A pod without a node.
#[derive(Debug)]
pub struct Waiting {
    /// Its name.
    pub name: Box<str>,
    /// What it will occupy.
    pub footprint: Arc<Resources>,
    /// Its workload, with the namespace.
    pub group: Arc<Group>,
    /// Whether it is the opportunistic workload's own.
    pub own: bool,
    /// Where it may go.
    pub placement: Box<Placement>,
    /// Held back by scheduling gates.
    pub gated: bool,
}

/// A pod that occupies nobody knows what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPod {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its node, if it has one.
    pub node: Option<Arc<str>>,
    /// What is wrong with it.
    pub problem: String,
}

impl Ledger {
    /// Takes in a node, new or changed.
    pub fn apply_node(&mut self, record: NodeRecord) {
        let name: Arc<str> = Arc::from(&*record.name);
        self.nodes.entry(name).or_default().record = Some(record);
    }

    /// Forgets a node. Pods still bound to it stay counted against its name.
    pub fn delete_node(&mut self, name: &str) {
        if let Some(account) = self.nodes.get_mut(name) {
            account.record = None;
            self.drop_if_empty(name);
        }
    }

    /// Forgets every node, as before a new list of them.
    pub fn reset_nodes(&mut self) {
        self.nodes.retain(|_, account| {
            account.record = None;
            account.bound > 0
        });
    }

    /// Takes in a pod, new or changed in any way.
    pub fn apply_pod(&mut self, pod: PodRecord<'_>) {
        self.take_back(&pod.key);
        match &pod.standing {
            Standing::Gone => {}
            Standing::Bound { node, footprint } => {
                let footprint = share(&mut self.footprints, footprint);
                let (node, account) = self.account(node);
                let side = if pod.own { &mut account.opportunistic } else { &mut account.others };
                side.add(&footprint);
                account.bound += 1;
                let group = self.group(&pod);
                self.pods.insert(pod.key, Counted { node, footprint, group, own: pod.own });
            }
            Standing::Waiting { .. } => self.wait(pod),
            Standing::Unknown { node, problem } => {
                let node = node.map(|node| {
                    let (node, account) = self.account(node);
                    account.unknown_pods += 1;
                    account.bound += 1;
                    node
                });
                let unknown = UnknownPod {
                    namespace: pod.namespace.into(),
                    name: pod.name.into(),
                    node,
                    problem: problem.to_string(),
                };
                self.unknown.insert(pod.key, unknown);
            }
        }
    }

    /// Forgets a pod.
    pub fn delete_pod(&mut self, key: &PodKey) {
        self.take_back(key);
    }

    /// Forgets every pod, as before a new list of them.
    pub fn reset_pods(&mut self) {
        self.pods.clear();
        self.waiting.clear();
        self.unknown.clear();
        self.footprints.clear();
        self.groups.clear();
        self.nodes.retain(|_, account| {
            let record = account.record.take();
            *account = NodeAccount { record, ..NodeAccount::default() };
            account.record.is_some()
        });
    }

    /// Whether the pod is known in any standing.
    pub fn holds(&self, key: &PodKey) -> bool {
        self.pods.contains_key(key)
            || self.waiting.contains_key(key)
            || self.unknown.contains_key(key)
    }

    /// The account of every name that a node has or a pod is bound to, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &NodeAccount)> {
        self.nodes.iter().map(|(name, account)| (&**name, account))
    }

    /// Every node that exists.
    pub fn records(&self) -> impl Iterator<Item = &NodeRecord> {
        self.nodes.values().filter_map(|account| account.record.as_ref())
    }

    /// The node of this name, if it exists.
    pub fn record(&self, name: &str) -> Option<&NodeRecord> {
        self.nodes.get(name)?.record.as_ref()
    }

    /// Every pod that occupies a node, in no order.
    pub fn bound(&self) -> impl Iterator<Item = &Counted> {
        self.pods.values()
    }

    /// Every pod that waits for a node, in no order.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values()
    }

    /// Every pod that could not be counted.
    pub fn unknown(&self) -> impl Iterator<Item = &UnknownPod> {
        self.unknown.values()
    }

    fn account(&mut self, name: &str) -> (Arc<str>, &mut NodeAccount) {
        let name = match self.nodes.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(name),
        };
        let account = self.nodes.entry(Arc::clone(&name)).or_default();
        (name, account)
    }

    fn wait(&mut self, pod: PodRecord<'_>) {
        let group = self.group(&pod);
        if let Standing::Waiting { footprint, placement, gated } = pod.standing {
            let footprint = share(&mut self.footprints, &footprint);
            let (name, own) = (pod.name.into(), pod.own);
            let waiting = Waiting { name, footprint, group, own, placement, gated };
            self.waiting.insert(pod.key, waiting);
        }
    }

    fn group(&mut self, pod: &PodRecord<'_>) -> Arc<Group> {
        let (kind, name) = pod.workload;
        share(
            &mut self.groups,
            &Group { namespace: pod.namespace.into(), kind: kind.into(), name: name.into() },
        )
    }

    /// Undoes what `key` was last counted as.
    fn take_back(&mut self, key: &PodKey) {
        if let MapEntry::Occupied(entry) = self.pods.entry(key.clone()) {
            let counted = entry.remove();
            if let Some(account) = self.nodes.get_mut(&counted.node) {
                let side =
                    if counted.own { &mut account.opportunistic } else { &mut account.others };
                side.subtract(&counted.footprint);
                account.bound -= 1;
            }
            self.drop_if_empty(&counted.node);
            forget(&mut self.footprints, counted.footprint);
            forget(&mut self.groups, counted.group);
        } else if let Some(waiting) = self.waiting.remove(key) {
            forget(&mut self.footprints, waiting.footprint);
            forget(&mut self.groups, waiting.group);
        } else if let Some(unknown) = self.unknown.remove(key)
            && let Some(node) = unknown.node
        {
            if let Some(account) = self.nodes.get_mut(&node) {
                account.unknown_pods -= 1;
                account.bound -= 1;
            }
            self.drop_if_empty(&node);
        }
    }

    fn drop_if_empty(&mut self, node: &str) {
        if self.nodes.get(node).is_some_and(|a| a.record.is_none() && a.bound == 0) {
            self.nodes.remove(node);
        }
    }
}

/// The shared copy of `value`.
fn share<T: Clone + Eq + std::hash::Hash>(pool: &mut HashSet<Arc<T>>, value: &T) -> Arc<T> {
    match pool.get(value) {
        Some(shared) => Arc::clone(shared),
        None => {
            let shared = Arc::new(value.clone());
            pool.insert(Arc::clone(&shared));
            shared
        }
    }
}

/// Drops a use of a shared value, and the value with its last use.
fn forget<T: Eq + std::hash::Hash>(pool: &mut HashSet<Arc<T>>, shared: Arc<T>) {
    // Two are left: this one and the pool's.
    if Arc::strong_count(&shared) == 2 {
        pool.remove(&shared);
    }
}
