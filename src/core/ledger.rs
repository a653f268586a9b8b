//! Nodes and what stands on them, kept by apply and delete in any order.
//!
//! Every change costs the same however large the cluster is: the ledger remembers what
//! it last counted for each pod, takes exactly that back, and adds the new. So nothing
//! drifts when a pod is resized, moves from waiting to bound, or changes whose it is. A
//! pod may come before its node, and a node may go before its pods.
//!
//! Footprints, workloads and node names are shared between the pods that have the same,
//! which keeps an entry at a few dozen bytes.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use hashbrown::{Equivalent, HashMap, HashSet};

use super::node::NodeRecord;
use super::placement::Placement;
use super::record::{PodKey, PodRecord, Standing};
use super::resources::Resources;

/// The accounts of a cluster.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The place in `accounts` of each name that a node has or a pod is bound to.
    names: HashMap<Arc<str>, Place>,
    accounts: Vec<NodeAccount>,
    /// Places that may be given to another name.
    vacant: Vec<Place>,
    pods: HashMap<PodKey, Counted>,
    waiting: HashMap<PodKey, Waiting>,
    /// Pods that could not be counted, in a stable order for reports.
    unknown: BTreeMap<PodKey, UnknownPod>,
    footprints: HashSet<Arc<Resources>>,
    groups: HashSet<Arc<Group>>,
}

/// An index into the accounts.
type Place = u32;

/// A node, and the sums of what stands on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAccount {
    /// The name that the node has, or would have.
    name: Option<Arc<str>>,
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

/// A group that is looked for, without owning its text.
#[derive(Hash)]
struct GroupKey<'p> {
    namespace: &'p str,
    kind: &'p str,
    name: &'p str,
}

impl Equivalent<Arc<Group>> for GroupKey<'_> {
    fn equivalent(&self, group: &Arc<Group>) -> bool {
        *group.namespace == *self.namespace
            && *group.kind == *self.kind
            && *group.name == *self.name
    }
}

/// A bound pod as it was last counted.
#[derive(Debug)]
struct Counted {
    place: Place,
    footprint: Arc<Resources>,
    group: Arc<Group>,
    own: bool,
}

/// A pod that occupies a node.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'l> {
    /// Its node.
    pub node: &'l str,
    /// What it occupies.
    pub footprint: &'l Resources,
    /// Its workload.
    pub group: &'l Group,
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

impl NodeAccount {
    fn side(&mut self, own: bool) -> &mut Resources {
        if own { &mut self.opportunistic } else { &mut self.others }
    }

    fn is_vacant(&self) -> bool {
        self.record.is_none() && self.bound == 0
    }
}

impl Ledger {
    /// Makes room for this many pods, so that the ledger need not grow by copying itself.
    pub fn reserve_pods(&mut self, pods: usize) {
        self.pods.reserve(pods);
    }

    /// Takes in a node, new or changed.
    pub fn apply_node(&mut self, record: NodeRecord) {
        let place = self.place(&record.name);
        if let Some(account) = self.accounts.get_mut(place as usize) {
            account.record = Some(record);
        }
    }

    /// Forgets a node. Pods still bound to it stay counted against its name.
    pub fn delete_node(&mut self, name: &str) {
        if let Some(&place) = self.names.get(name) {
            self.with(place, |account| account.record = None);
        }
    }

    /// Forgets every node, as before a new list of them.
    pub fn reset_nodes(&mut self) {
        for place in 0..self.accounts.len() as Place {
            self.with(place, |account| account.record = None);
        }
    }

    /// Takes in a pod, new or changed in any way.
    pub fn apply_pod(&mut self, pod: PodRecord<'_>) {
        if self.is_unchanged(&pod) {
            return;
        }
        self.take_back(&pod.key);
        match &pod.standing {
            Standing::Gone => {}
            Standing::Bound { node, footprint } => {
                let place = self.place(node);
                if let Some(account) = self.accounts.get_mut(place as usize) {
                    account.side(pod.own).add(footprint);
                    account.bound += 1;
                }
                let footprint = share(&mut self.footprints, footprint, Resources::clone);
                let group = self.group(&pod);
                self.pods.insert(pod.key, Counted { place, footprint, group, own: pod.own });
            }
            Standing::Waiting { .. } => self.wait(pod),
            Standing::Unknown { node, problem } => {
                let node = node.and_then(|node| {
                    let place = self.place(node);
                    let account = self.accounts.get_mut(place as usize)?;
                    account.unknown_pods += 1;
                    account.bound += 1;
                    account.name.clone()
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
        for place in 0..self.accounts.len() as Place {
            self.with(place, |account| {
                let (name, record) = (account.name.take(), account.record.take());
                *account = NodeAccount { name, record, ..NodeAccount::default() };
            });
        }
    }

    /// Whether the pod is known in any standing.
    pub fn holds(&self, key: &PodKey) -> bool {
        self.pods.contains_key(key)
            || self.waiting.contains_key(key)
            || self.unknown.contains_key(key)
    }

    /// The account of every name that a node has or a pod is bound to, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &NodeAccount)> {
        self.accounts.iter().filter_map(|account| Some((&**account.name.as_ref()?, account)))
    }

    /// Every node that exists.
    pub fn records(&self) -> impl Iterator<Item = &NodeRecord> {
        self.accounts.iter().filter_map(|account| account.record.as_ref())
    }

    /// The node of this name, if it exists.
    pub fn record(&self, name: &str) -> Option<&NodeRecord> {
        self.accounts.get(*self.names.get(name)? as usize)?.record.as_ref()
    }

    /// Every pod that occupies a node, in no order.
    pub fn bound(&self) -> impl Iterator<Item = Bound<'_>> {
        self.pods.values().filter_map(|pod| {
            Some(Bound {
                node: self.accounts.get(pod.place as usize)?.name.as_deref()?,
                footprint: &pod.footprint,
                group: &pod.group,
                own: pod.own,
            })
        })
    }

    /// Every pod that waits for a node, in no order.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values()
    }

    /// Every pod that could not be counted.
    pub fn unknown(&self) -> impl Iterator<Item = &UnknownPod> {
        self.unknown.values()
    }

    /// Whether the pod is counted already just as it is: most events of a running pod
    /// change nothing that counts.
    fn is_unchanged(&self, pod: &PodRecord<'_>) -> bool {
        let Standing::Bound { node, footprint } = &pod.standing else { return false };
        self.pods.get(&pod.key).is_some_and(|counted| {
            let name = self.accounts.get(counted.place as usize).and_then(|a| a.name.as_deref());
            counted.own == pod.own
                && name == Some(*node)
                && *counted.footprint == *footprint
                && group_key(pod).equivalent(&counted.group)
        })
    }

    /// The place of `name`, given to it now if it has none.
    fn place(&mut self, name: &str) -> Place {
        if let Some(place) = self.names.get(name) {
            return *place;
        }
        let name: Arc<str> = Arc::from(name);
        let account = NodeAccount { name: Some(Arc::clone(&name)), ..NodeAccount::default() };
        let place = match self.vacant.pop() {
            Some(place) => {
                self.accounts[place as usize] = account;
                place
            }
            None => {
                self.accounts.push(account);
                (self.accounts.len() - 1) as Place
            }
        };
        self.names.insert(name, place);
        place
    }

    /// Changes an account, and gives its place away when nothing is left of it.
    fn with(&mut self, place: Place, change: impl FnOnce(&mut NodeAccount)) {
        let Some(account) = self.accounts.get_mut(place as usize) else { return };
        change(account);
        if account.is_vacant()
            && let Some(name) = account.name.take()
        {
            *account = NodeAccount::default();
            self.names.remove(&name);
            self.vacant.push(place);
        }
    }

    fn wait(&mut self, pod: PodRecord<'_>) {
        let group = self.group(&pod);
        if let Standing::Waiting { footprint, placement, gated } = pod.standing {
            let footprint = share(&mut self.footprints, &footprint, Resources::clone);
            let (name, own) = (pod.name.into(), pod.own);
            let waiting = Waiting { name, footprint, group, own, placement, gated };
            self.waiting.insert(pod.key, waiting);
        }
    }

    fn group(&mut self, pod: &PodRecord<'_>) -> Arc<Group> {
        share(&mut self.groups, &group_key(pod), |key| Group {
            namespace: key.namespace.into(),
            kind: key.kind.into(),
            name: key.name.into(),
        })
    }

    /// Undoes what `key` was last counted as.
    fn take_back(&mut self, key: &PodKey) {
        if let Some(counted) = self.pods.remove(key) {
            self.with(counted.place, |account| {
                account.side(counted.own).subtract(&counted.footprint);
                account.bound -= 1;
            });
            forget(&mut self.footprints, counted.footprint);
            forget(&mut self.groups, counted.group);
        } else if let Some(waiting) = self.waiting.remove(key) {
            forget(&mut self.footprints, waiting.footprint);
            forget(&mut self.groups, waiting.group);
        } else if let Some(unknown) = self.unknown.remove(key)
            && let Some(place) = unknown.node.and_then(|node| self.names.get(&node).copied())
        {
            self.with(place, |account| {
                account.unknown_pods -= 1;
                account.bound -= 1;
            });
        }
    }
}

fn group_key<'p>(pod: &PodRecord<'p>) -> GroupKey<'p> {
    let (kind, name) = pod.workload;
    GroupKey { namespace: pod.namespace, kind, name }
}

/// The shared copy of what `key` stands for, made now if there is none.
fn share<T, K>(pool: &mut HashSet<Arc<T>>, key: &K, make: impl FnOnce(&K) -> T) -> Arc<T>
where
    T: Eq + Hash,
    K: Hash + Equivalent<Arc<T>>,
{
    match pool.get(key) {
        Some(shared) => Arc::clone(shared),
        None => {
            let shared = Arc::new(make(key));
            pool.insert(Arc::clone(&shared));
            shared
        }
    }
}

/// Drops a use of a shared value, and the value with its last use.
fn forget<T: Eq + Hash>(pool: &mut HashSet<Arc<T>>, shared: Arc<T>) {
    // Two are left: this one and the pool's.
    if Arc::strong_count(&shared) == 2 {
        pool.remove(&shared);
    }
}
