//! Nodes and what stands on them, kept by apply and delete in any order.
//!
//! Every change costs the same however large the cluster is: the ledger remembers what
//! it last counted for each pod, takes exactly that back, and adds the new. So nothing
//! drifts when a pod is resized, moves from waiting to bound, or changes whose it is. A
//! pod may come before its node, and a node may go before its pods.
//!
//! All that the pods of a workload have in common is kept once, so that a pod takes a key, a
//! pointer and its node; likewise the labels and amounts that nodes have in common.

mod devices;
mod interned;
mod pod_map;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::Arc;

use hashbrown::{Equivalent, HashMap};

use crate::devices::{ClaimRef, DeviceInventory, IMPLICIT_PREFIX};
use crate::node::NodeRecord;
use crate::placement::Placement;
use crate::record::{PodKey, PodRecord, PodState, Queueing};
use crate::resources::{Amount, CPU, MEMORY, PODS, Resources};

pub use self::devices::DeviceChanges;
use self::devices::{DevicesAsked, NodeDevices};
use self::interned::Interned;
use self::pod_map::PodMap;

/// The accounts of a cluster.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The place in `accounts` of each name that a node has or a pod is bound to.
    names: HashMap<Arc<str>, Place>,
    /// Shared with copies of the ledger until either changes one.
    accounts: Vec<Arc<NodeAccount>>,
    /// Places that may be given to another name.
    vacant: Vec<Place>,
    pods: PodMap<Counted>,
    /// `NAMESPACE/NAME` of the opportunistic pods among them: usage is by name.
    own_names: PodMap<Arc<str>>,
    waiting: HashMap<PodKey, Arc<Waiting>>,
    /// Pods that could not be counted, in a stable order for reports.
    unknown: BTreeMap<PodKey, UnknownPod>,
    /// Keys and values of the nodes' labels.
    texts: Interned<str>,
    amounts: Interned<Resources>,
    placements: Interned<Placement>,
    groups: Interned<Group>,
    classes: Interned<PodClass>,
    /// The workloads whose pods are also added up by themselves.
    tracked: Tracked,
    devices: DeviceInventory,
    /// The claims of pods that have some.
    claims: HashMap<PodKey, Box<[ClaimRef]>>,
    /// Device requests that are counted.
    devices_asked: DevicesAsked,
    /// Whether devices must be counted anew, for a pod or node has changed that concerns them.
    devices_are_stale: bool,
    /// Which list of pods is being read, or was read last.
    generation: Generation,
}

/// Numbers lists of pods; only neighbours are ever compared, so it may wrap around.
type Generation = u8;

/// An index into the accounts.
type Place = u32;

/// Kinds whose pods are on a node as long as it is there: a DaemonSet's, and static pods,
/// whose owner is the node.
const STANDING: [&str; 2] = ["DaemonSet", "Node"];

impl Ledger {
    /// Makes room for this many pods, so that the ledger need not grow by copying itself.
    pub fn reserve_pods(&mut self, pods: usize) {
        self.pods.reserve(pods);
    }

    /// Takes in a node, new or changed. Whether anything that counts changed.
    pub fn apply_node(&mut self, mut record: NodeRecord) -> bool {
        let place = self.place(&record.name);
        let Some(account) = self.accounts.get(place as usize) else { return false };
        account.offer_devices(&mut record);
        let known = account.record.as_deref();
        if known == Some(&record) {
            return false;
        }
        let reaches_others = known.is_none_or(|known| known.labels != record.labels);
        self.devices_are_stale |= reaches_others && !self.devices.is_empty();
        let Self { texts, amounts, .. } = self;
        record.share(
            |text| texts.of(text, |text| text.into()),
            |resources| amounts.of(&**resources, |_| Arc::clone(resources)),
        );
        if let Some(account) = account_mut(&mut self.accounts, place) {
            account.record = Some(Arc::new(record));
        }
        true
    }

    /// Forgets a node. Pods still bound to it stay counted against its name. Whether it was
    /// known.
    pub fn delete_node(&mut self, name: &str) -> bool {
        let Some(&place) = self.names.get(name) else { return false };
        let mut was_known = false;
        self.with(place, |account| was_known = account.record.take().is_some());
        was_known
    }

    /// Forgets every node, as before a new list of them.
    pub fn reset_nodes(&mut self) {
        for place in 0..self.accounts.len() as Place {
            self.with(place, |account| account.record = None);
        }
    }

    /// Takes in a pod, new or changed in any way. Whether anything that counts changed.
    pub fn apply_pod(&mut self, mut pod: PodRecord<'_>) -> bool {
        let claims = self.count_claims(&mut pod);
        if self.is_unchanged(&pod) {
            self.remember_claims(&pod.key, claims);
            return false;
        }
        let was_held = self.take_back(&pod.key);
        self.remember_claims(&pod.key, claims);
        self.devices_are_stale |= self.requests_devices(&pod);
        let generation = self.generation;
        match &pod.state {
            PodState::Gone => return was_held,
            PodState::Bound { node, footprint } => {
                let place = self.place(node);
                let class = self.class(&class_key(&pod, footprint));
                let tracked = self.tracked.id(&*class.group);
                let counted = Counted { class, place, ready: pod.ready, generation };
                let class = &*counted.class;
                if let Some(account) = account_mut(&mut self.accounts, place) {
                    account.side(class.opportunistic).add(footprint);
                    account.running += class.running();
                    if class.is_standing() {
                        account.standing.add(footprint);
                    }
                    account.bound += 1;
                    account.tally(tracked, footprint, class.kind);
                    account.ready_unthrottled += counted.ready_unthrottled();
                    match &class.limits {
                        Some(limits) => account.limits.add(limits),
                        None => account.unknown_limits += 1,
                    }
                }
                if class.opportunistic {
                    let name = format!("{}/{}", pod.namespace, pod.name).into();
                    self.own_names.insert(pod.key.clone(), name);
                }
                self.pods.insert(pod.key, counted);
            }
            PodState::Waiting { .. } => self.wait(pod),
            PodState::Unknown { node, problem } => {
                let node = node.and_then(|node| {
                    let place = self.place(node);
                    let account = account_mut(&mut self.accounts, place)?;
                    account.unknown_pods += 1;
                    account.bound += 1;
                    account.name.clone()
                });
                let unknown = UnknownPod {
                    namespace: pod.namespace.into(),
                    name: pod.name.into(),
                    node,
                    problem: problem.to_string(),
                    generation,
                };
                self.unknown.insert(pod.key, unknown);
            }
        }
        true
    }

    /// Forgets a pod. Whether it was known.
    pub fn delete_pod(&mut self, key: &PodKey) -> bool {
        self.take_back(key)
    }

    /// Forgets every pod, as before a new list of them.
    pub fn reset_pods(&mut self) {
        self.pods.clear();
        self.own_names.clear();
        self.waiting.clear();
        self.unknown.clear();
        self.claims.clear();
        for place in 0..self.accounts.len() as Place {
            self.with(place, |account| {
                let (name, record) = (account.name.take(), account.record.take());
                *account = NodeAccount { name, record, ..NodeAccount::default() };
            });
        }
    }

    /// A copy to count in: nodes with the sums on them and waiting pods, but no single pod that has
    /// a node. It shares what neither changes, so that it costs a pointer for each.
    pub fn to_count(&mut self) -> Self {
        let mut copy = Self::default();
        self.update_copy(&mut copy, |_, _, _| {});
        copy
    }

    /// Makes an earlier copy of [`Self::to_count`] a copy of now, and tells each account in it that
    /// is another one: its place, and what is there now and was before.
    pub(crate) fn update_copy(
        &mut self,
        copy: &mut Self,
        mut tell: impl FnMut(usize, &NodeAccount, Option<Arc<NodeAccount>>),
    ) {
        // Accounts are never removed, but made vacant.
        let known = copy.accounts.len();
        for (place, (old, now)) in copy.accounts.iter_mut().zip(&self.accounts).enumerate() {
            if !Arc::ptr_eq(old, now) {
                let old = std::mem::replace(old, Arc::clone(now));
                tell(place, now, Some(old));
            }
        }
        for (place, now) in self.accounts.iter().enumerate().skip(known) {
            tell(place, now, None);
        }
        copy.accounts.extend(self.accounts.iter().skip(known).cloned());
        copy.waiting.clone_from(&self.waiting);
        copy.tracked.clone_from(&self.tracked);
        copy.devices.clone_from(&self.devices);
        copy.devices_asked.clone_from(&self.devices_asked);
    }

    /// Whether the pod is known in any standing.
    pub fn holds(&self, key: &PodKey) -> bool {
        self.pods.contains_key(key)
            || self.waiting.contains_key(key)
            || self.unknown.contains_key(key)
    }

    /// The footprint that a bound or waiting pod is counted with.
    pub fn footprint(&self, key: &PodKey) -> Option<&Resources> {
        let bound = self.pods.get(key).map(|pod| &*pod.class.footprint);
        bound.or_else(|| self.waiting.get(key).map(|pod| &*pod.footprint))
    }

    /// The account of every name that a node has or a pod is bound to, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &NodeAccount)> {
        self.accounts().map(|(name, account)| (&**name, account))
    }

    /// As [`Self::nodes`], with names to share.
    pub fn accounts(&self) -> impl Iterator<Item = (&Arc<str>, &NodeAccount)> {
        self.places().map(|(name, _, account)| (name, account))
    }

    /// As [`Self::accounts`], with the place of each.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&Arc<str>, usize, &NodeAccount)> {
        let places = self.accounts.iter().enumerate();
        places.filter_map(|(place, account)| Some((account.name()?, place, &**account)))
    }

    /// The account in a place that [`Self::update_copy`] told.
    pub(crate) fn account_at(&self, place: usize) -> Option<&Arc<NodeAccount>> {
        self.accounts.get(place)
    }

    /// Every node that exists.
    pub fn records(&self) -> impl Iterator<Item = &NodeRecord> {
        self.accounts.iter().filter_map(|account| account.record.as_deref())
    }

    /// The node of this name, if it exists.
    pub fn record(&self, name: &str) -> Option<&NodeRecord> {
        self.accounts.get(*self.names.get(name)? as usize)?.record.as_deref()
    }

    /// Every pod that occupies a node, in no order.
    pub fn bound(&self) -> impl Iterator<Item = Bound<'_>> {
        self.pods.values().filter_map(|pod| self.bound_of(pod))
    }

    /// A pod that occupies a node, and whether it is ready.
    pub(crate) fn bound_pod(&self, key: &PodKey) -> Option<(Bound<'_>, bool)> {
        let pod = self.pods.get(key)?;
        Some((self.bound_of(pod)?, pod.ready))
    }

    /// The paid pods that request CPU, have no CPU limit and are ready, each with its node, in no
    /// order. Reads every pod once.
    pub(crate) fn ready_unthrottled(&self) -> impl Iterator<Item = (&str, PodKey)> {
        let pods = self.pods.iter().filter(|(_, pod)| pod.ready_unthrottled() == 1);
        pods.filter_map(|(key, pod)| {
            Some((self.accounts.get(pod.place as usize)?.name.as_deref()?, key))
        })
    }

    /// The account of a name that a node has or a pod is bound to.
    pub fn account(&self, name: &str) -> Option<&NodeAccount> {
        Some(&**self.accounts.get(*self.names.get(name)? as usize)?)
    }

    fn bound_of<'l>(&'l self, pod: &'l Counted) -> Option<Bound<'l>> {
        Some(Bound {
            node: self.accounts.get(pod.place as usize)?.name.as_deref()?,
            footprint: &pod.class.footprint,
            limits: pod.class.limits.as_deref(),
            group: &pod.class.group,
            opportunistic: pod.class.opportunistic,
        })
    }

    /// Every pod that waits for a node, in no order.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values().map(|pod| &**pod)
    }

    /// The same with the keys of the pods.
    pub fn waiting_keys(&self) -> impl Iterator<Item = (&PodKey, &Waiting)> {
        self.waiting.iter().map(|(key, pod)| (key, &**pod))
    }

    /// Every pod that could not be counted.
    pub fn unknown(&self) -> impl Iterator<Item = &UnknownPod> {
        self.unknown.values()
    }

    /// The resources that pods hold and no node lists, by name. Another component counts such a
    /// resource, for example by Dynamic Resource Allocation or a scheduler extender: what is left
    /// of it is unknown.
    pub fn unoffered(&self) -> Unoffered {
        let held = self.accounts.iter().flat_map(|account| account.held_beside_basics());
        // Implicit extended resources of device classes are never a node's (KEP-5004).
        let implicit = self.waiting.values().flat_map(|pod| {
            let names = pod.footprint.present().map(|(name, _)| name);
            names.filter(|name| name.starts_with(IMPLICIT_PREFIX))
        });
        let unknown = self.devices.unknown_resources();
        let mut names: BTreeSet<&str> = held.chain(implicit).chain(unknown).collect();
        names.retain(|name| !self.records().any(|node| node.lists(name)));
        Unoffered(names.into_iter().map(Box::from).collect())
    }

    /// Whether the pod is counted already just as it is: most events of a running pod
    /// change nothing that counts. It is of the list that is being read then.
    fn is_unchanged(&mut self, pod: &PodRecord<'_>) -> bool {
        let generation = self.generation;
        match &pod.state {
            PodState::Bound { node, footprint } => {
                self.pods.get_mut(&pod.key).is_some_and(|counted| {
                    counted.generation = generation;
                    if counted.ready != pod.ready {
                        let before = counted.ready_unthrottled();
                        counted.ready = pod.ready;
                        let after = counted.ready_unthrottled();
                        // No sum that is shown depends on it.
                        if before != after
                            && let Some(account) = account_mut(&mut self.accounts, counted.place)
                        {
                            account.ready_unthrottled -= before;
                            account.ready_unthrottled += after;
                        }
                    }
                    let account = self.accounts.get(counted.place as usize);
                    account.and_then(|a| a.name.as_deref()) == Some(*node)
                        && class_key(pod, footprint).equivalent(&counted.class)
                })
            }
            PodState::Waiting { footprint, placement, gated, queueing } => {
                self.waiting.get_mut(&pod.key).is_some_and(|waiting| {
                    if waiting.generation != generation {
                        Arc::make_mut(waiting).generation = generation;
                    }
                    waiting.opportunistic == pod.opportunistic
                        && waiting.yields == pod.yields
                        && waiting.gated == *gated
                        && *waiting.footprint == *footprint
                        && *waiting.placement == **placement
                        && waiting.queueing.as_ref() == *queueing
                        && group_key(pod).equivalent(&waiting.group)
                })
            }
            PodState::Unknown { node, problem } => {
                self.unknown.get_mut(&pod.key).is_some_and(|unknown| {
                    unknown.generation = generation;
                    unknown.node.as_deref() == *node && unknown.problem == problem.to_string()
                })
            }
            PodState::Gone => !self.holds(&pod.key),
        }
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
                self.accounts[place as usize] = Arc::new(account);
                place
            }
            None => {
                self.accounts.push(Arc::new(account));
                (self.accounts.len() - 1) as Place
            }
        };
        self.names.insert(name, place);
        place
    }

    /// Changes an account, and gives its place away when nothing is left of it.
    fn with(&mut self, place: Place, change: impl FnOnce(&mut NodeAccount)) {
        let Some(account) = account_mut(&mut self.accounts, place) else { return };
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
        let group = self.groups.of(&group_key(&pod), GroupKey::to_owned);
        if let PodState::Waiting { footprint, placement, gated, queueing } = pod.state {
            let waiting = Waiting {
                name: pod.name.into(),
                footprint: self.amounts.of(&footprint, owned),
                group,
                opportunistic: pod.opportunistic,
                yields: pod.yields,
                placement: self.placements.of(&*placement, owned),
                gated,
                queueing: queueing.to_owned(),
                generation: self.generation,
            };
            self.waiting.insert(pod.key, Arc::new(waiting));
        }
    }

    fn class(&mut self, key: &PodClassKey<'_>) -> Arc<PodClass> {
        let Self { classes, amounts, groups, .. } = self;
        classes.of(key, |key| {
            Arc::new(PodClass {
                footprint: amounts.of(key.footprint, owned),
                limits: key.limits.map(|limits| amounts.of(limits, owned)),
                group: groups.of(&key.group, GroupKey::to_owned),
                opportunistic: key.opportunistic,
                kind: key.kind,
            })
        })
    }

    /// Undoes what `key` was last counted as. Whether it was.
    fn take_back(&mut self, key: &PodKey) -> bool {
        self.devices_are_stale |= self.claims.remove(key).is_some();
        if let Some(counted) = self.pods.remove(key) {
            let class = &*counted.class;
            if class.opportunistic {
                self.own_names.remove(key);
            }
            let tracked = self.tracked.id(&*class.group);
            self.with(counted.place, |account| {
                account.side(class.opportunistic).subtract(&class.footprint);
                account.running -= class.running();
                if class.is_standing() {
                    account.standing.subtract(&class.footprint);
                }
                account.bound -= 1;
                account.ready_unthrottled -= counted.ready_unthrottled();
                account.untally(tracked, &class.footprint, class.kind);
                match &class.limits {
                    Some(limits) => account.limits.subtract(limits),
                    None => account.unknown_limits -= 1,
                }
            });
        } else if let Some(unknown) = self.unknown.remove(key) {
            if let Some(place) = unknown.node.and_then(|node| self.names.get(&node).copied()) {
                self.with(place, |account| {
                    account.unknown_pods -= 1;
                    account.bound -= 1;
                });
            }
        } else {
            return self.waiting.remove(key).is_some();
        }
        true
    }
}

/// A value to keep in place of one that is borrowed.
fn owned<T: Clone>(value: &T) -> Arc<T> {
    Arc::new(value.clone())
}

/// An account to change, which copies of the ledger do not see.
fn account_mut(accounts: &mut [Arc<NodeAccount>], place: Place) -> Option<&mut NodeAccount> {
    accounts.get_mut(place as usize).map(Arc::make_mut)
}

/// A node, and the sums of its pods' footprints.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAccount {
    /// The name that the node has, or would have.
    name: Option<Arc<str>>,
    /// The node; `None` while pods are bound to a name that no node has. Copies share it: pods
    /// change more often.
    pub record: Option<Arc<NodeRecord>>,
    /// Footprint of paid pods.
    pub paid: Resources,
    /// Part of `paid` that DaemonSet and static pods occupy, as long as the node exists.
    pub standing: Resources,
    /// Footprint of opportunistic pods.
    pub opportunistic: Resources,
    /// Opportunistic pods that are not being deleted.
    pub running: Amount,
    /// The limits of the pods, but for those of which they are unknown.
    limits: Resources,
    /// Number of pods on the node with unknown limits.
    unknown_limits: usize,
    /// Number of paid pods on the node that request CPU, have no CPU limit and are ready.
    pub(crate) ready_unthrottled: usize,
    /// Number of pods on the node that could not be counted.
    pub unknown_pods: usize,
    /// Number of pods on the node.
    bound: usize,
    /// Most nodes have none.
    devices: Option<Box<NodeDevices>>,
    /// Pods of tracked workloads; without those that have none.
    tallies: Vec<Tally>,
}

/// Pods of a tracked workload on a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    workload: TrackId,
    /// Number of pods that yield and are not being deleted.
    pub active: u32,
    /// Number of pods that do not yield, and count as paid.
    pub unyielding: u32,
    /// Footprint of the pods that yield.
    pub sum: Resources,
}

/// What a pod is to the workload that it belongs to, should that be tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum OwnKind {
    /// It yields to paid pods.
    Active,
    /// It yields, and is being deleted.
    Terminating,
    /// It does not yield.
    Unyielding,
}

impl OwnKind {
    fn of(yields: bool, terminating: bool) -> Self {
        match (yields, terminating) {
            (false, _) => Self::Unyielding,
            (true, true) => Self::Terminating,
            (true, false) => Self::Active,
        }
    }
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

impl GroupKey<'_> {
    fn to_owned(&self) -> Arc<Group> {
        let Self { namespace, kind, name } = *self;
        Arc::new(Group { namespace: namespace.into(), kind: kind.into(), name: name.into() })
    }
}

impl Equivalent<Arc<Group>> for GroupKey<'_> {
    fn equivalent(&self, group: &Arc<Group>) -> bool {
        self.equivalent(&**group)
    }
}

/// What the bound pods of a workload mostly have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PodClass {
    footprint: Arc<Resources>,
    limits: Option<Arc<Resources>>,
    group: Arc<Group>,
    opportunistic: bool,
    kind: OwnKind,
}

/// A class that is looked for. Its fields are hashed as those of [`PodClass`].
#[derive(Hash)]
struct PodClassKey<'p> {
    footprint: &'p Resources,
    limits: Option<&'p Resources>,
    group: GroupKey<'p>,
    opportunistic: bool,
    kind: OwnKind,
}

impl Equivalent<Arc<PodClass>> for PodClassKey<'_> {
    fn equivalent(&self, class: &Arc<PodClass>) -> bool {
        self.opportunistic == class.opportunistic
            && self.kind == class.kind
            && *self.footprint == *class.footprint
            && self.limits == class.limits.as_deref()
            && self.group.equivalent(&*class.group)
    }
}

impl PodClass {
    /// 1 for an opportunistic pod that is not being deleted.
    fn running(&self) -> Amount {
        Amount::from(self.opportunistic && self.kind != OwnKind::Terminating)
    }

    /// Whether it is paid, and on the node as long as the node is there.
    fn is_standing(&self) -> bool {
        !self.opportunistic && STANDING.contains(&&*self.group.kind)
    }
}

/// A bound pod as it was last counted.
#[derive(Debug)]
struct Counted {
    class: Arc<PodClass>,
    place: Place,
    ready: bool,
    generation: Generation,
}

impl Counted {
    /// 1 for one that is ready and [`unthrottled`].
    fn ready_unthrottled(&self) -> usize {
        let PodClass { footprint, limits, opportunistic, .. } = &*self.class;
        match self.ready {
            true => unthrottled(*opportunistic, footprint, limits.as_deref()),
            false => 0,
        }
    }
}

/// 1 for a paid pod that requests CPU and has no CPU limit: if it waits for CPU, it waits for
/// others.
fn unthrottled(opportunistic: bool, footprint: &Resources, limits: Option<&Resources>) -> usize {
    let has_no_limit = limits.is_some_and(|limits| limits.get(CPU) == 0);
    usize::from(!opportunistic && footprint.get(CPU) != 0 && has_no_limit)
}

/// A pod that occupies a node.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'l> {
    /// Its node.
    pub node: &'l str,
    /// Its footprint.
    pub footprint: &'l Resources,
    /// The sum of its limits, if it is known.
    pub limits: Option<&'l Resources>,
    /// Its workload.
    pub group: &'l Group,
    /// Whether it is the opportunistic workload's own.
    pub opportunistic: bool,
}

impl Bound<'_> {
    /// Whether it is paid, requests CPU and has no CPU limit.
    pub fn is_unthrottled(&self) -> bool {
        unthrottled(self.opportunistic, self.footprint, self.limits) == 1
    }

    /// Whether it is on the node as long as the node is there.
    pub fn is_standing(&self) -> bool {
        STANDING.contains(&&*self.group.kind)
    }
}

/// A pod without a node.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its name.
    pub name: Box<str>,
    /// Its footprint once it has a node.
    pub footprint: Arc<Resources>,
    /// Its workload, with the namespace.
    pub group: Arc<Group>,
    /// Whether it is the opportunistic workload's own.
    pub opportunistic: bool,
    /// Whether it yields to paid pods.
    pub yields: bool,
    /// Its placement.
    pub placement: Arc<Placement>,
    /// Held back by scheduling gates.
    pub gated: bool,
    /// Its turn in the scheduler's queue.
    pub queueing: Queueing<Box<str>>,
    generation: Generation,
}

/// A pod with an unknown footprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPod {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its node, if it has one.
    pub node: Option<Arc<str>>,
    /// The problem.
    pub problem: String,
    generation: Generation,
}

impl Equivalent<Group> for GroupKey<'_> {
    fn equivalent(&self, group: &Group) -> bool {
        *group.namespace == *self.namespace
            && *group.kind == *self.kind
            && *group.name == *self.name
    }
}

/// Names of resources that pods hold and no node lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unoffered(Vec<Box<str>>);

impl Unoffered {
    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `footprint` without these resources: the part that nodes can be compared with.
    pub fn strip<'r>(&self, footprint: &'r Resources) -> Cow<'r, Resources> {
        footprint.without(self.names())
    }
}

impl NodeAccount {
    /// The resources of which it is unknown what this node has left, ordered by name: those whose
    /// amount is unreadable, and those that pods hold here although the node does not list them.
    pub fn unknown_resources(&self) -> Vec<Box<str>> {
        let Some(record) = &self.record else { return Vec::new() };
        let held = self.held_beside_basics().filter(|name| !record.lists(name));
        let names: BTreeSet<&str> = held.chain(record.unreadable().map(|(name, _)| name)).collect();
        names.into_iter().map(Box::from).collect()
    }

    /// The resources that pods hold here, but for those that every node lists.
    pub(crate) fn held_beside_basics(&self) -> impl Iterator<Item = &str> {
        let held = self.paid.present().chain(self.opportunistic.present());
        held.map(|(name, _)| name).filter(|name| ![CPU, MEMORY, PODS].contains(name))
    }

    /// The sum of the limits of all pods here; `None` if some are unknown.
    pub fn limits(&self) -> Option<&Resources> {
        (self.unknown_limits == 0 && self.unknown_pods == 0).then_some(&self.limits)
    }

    /// The name that the node has, or would have; `None` for a place that is vacant.
    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    fn side(&mut self, opportunistic: bool) -> &mut Resources {
        if opportunistic { &mut self.opportunistic } else { &mut self.paid }
    }

    fn is_vacant(&self) -> bool {
        self.record.is_none() && self.bound == 0
    }
}

fn class_key<'p>(pod: &'p PodRecord<'_>, footprint: &'p Resources) -> PodClassKey<'p> {
    PodClassKey {
        footprint,
        limits: pod.limits.as_ref(),
        group: group_key(pod),
        opportunistic: pod.opportunistic,
        kind: OwnKind::of(pod.yields, pod.terminating),
    }
}

fn group_key<'p>(pod: &PodRecord<'p>) -> GroupKey<'p> {
    let (kind, name) = pod.workload;
    GroupKey { namespace: pod.namespace, kind, name }
}

impl Ledger {
    /// Begins a new list of pods: those that it does not name are gone when it is whole.
    /// Until then they stay, so that the sums never fall to what happens to be listed.
    pub fn begin_pods(&mut self) {
        let last = self.generation;
        self.generation = last.wrapping_add(1);
        // A list that broke off has left pods of the one before it behind. They count as of
        // the last one, and the numbers may come round.
        for pod in self.pods.values_mut() {
            pod.generation = last;
        }
        for pod in self.waiting.values_mut() {
            Arc::make_mut(pod).generation = last;
        }
        for pod in self.unknown.values_mut() {
            pod.generation = last;
        }
    }

    /// Ends the list that [`Self::begin_pods`] began, and tells which pods are gone.
    pub fn end_pods(&mut self) -> Vec<PodKey> {
        let now = self.generation;
        let pods = self.pods.iter().filter(|(_, pod)| pod.generation != now).map(|(key, _)| key);
        let waiting =
            self.waiting.iter().filter(|(_, pod)| pod.generation != now).map(|(key, _)| key);
        let unknown =
            self.unknown.iter().filter(|(_, pod)| pod.generation != now).map(|(key, _)| key);
        let gone: Vec<PodKey> = pods.chain(waiting.chain(unknown).cloned()).collect();
        for key in &gone {
            self.take_back(key);
        }
        gone
    }
}

/// The place of a workload in the list that [`Ledger::track`] was given.
pub type TrackId = u32;

/// Number of pods of a tracked workload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PodCounts {
    /// Pods that have a node.
    pub placed: Amount,
    /// Pods that wait for a node.
    pub waiting: Amount,
    /// Pods with or without a node that do not yield, and count as paid. They are in no other
    /// figure.
    pub unyielding: Amount,
}

/// The workloads that are tracked: the groups of their pods. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tracked(Arc<HashMap<Group, TrackId>>);

impl<I: IntoIterator<Item = (Group, TrackId)>> From<I> for Tracked {
    fn from(groups: I) -> Self {
        Self(Arc::new(groups.into_iter().collect()))
    }
}

impl Tracked {
    fn id<K: Hash + Equivalent<Group>>(&self, group: &K) -> Option<TrackId> {
        if self.0.is_empty() { None } else { self.0.get(group).copied() }
    }
}

impl Ledger {
    /// Keeps a tally of exactly these workloads from now on. A workload may have several groups
    /// of pods. Reads every pod once, unless they are tracked already.
    pub fn track(&mut self, groups: impl Into<Tracked>) {
        let tracked = groups.into();
        // The same allocation is equal without a look at what is in it.
        if tracked.0 == self.tracked.0 {
            return;
        }
        self.tracked = tracked;
        for account in &mut self.accounts {
            if !account.tallies.is_empty() {
                Arc::make_mut(account).tallies.clear();
            }
        }
        for pod in self.pods.values() {
            let id = self.tracked.id(&*pod.class.group);
            if let Some(account) = account_mut(&mut self.accounts, pod.place) {
                account.tally(id, &pod.class.footprint, pod.class.kind);
            }
        }
    }
}

impl Ledger {
    /// Makes exactly the pods of these groups opportunistic. Reads every pod once.
    pub fn set_opportunistic(&mut self, is_own: impl Fn(&Group) -> bool) {
        for pod in self.pods.values_mut() {
            let is_own = is_own(&pod.class.group);
            if pod.class.opportunistic == is_own {
                continue;
            }
            let class = PodClass { opportunistic: is_own, ..PodClass::clone(&pod.class) };
            let class = self.classes.of(&class, owned);
            let ready_before = pod.ready_unthrottled();
            let before = std::mem::replace(&mut pod.class, class);
            if let Some(account) = account_mut(&mut self.accounts, pod.place) {
                account.side(!is_own).subtract(&before.footprint);
                account.side(is_own).add(&before.footprint);
                account.running -= before.running();
                account.running += pod.class.running();
                account.ready_unthrottled -= ready_before;
                account.ready_unthrottled += pod.ready_unthrottled();
            }
        }
        for pod in self.waiting.values_mut() {
            let pod = Arc::make_mut(pod);
            pod.opportunistic = is_own(&pod.group);
        }
        self.devices_are_stale |= !self.claims.is_empty();
    }

    /// The opportunistic pods that have a node: `NAMESPACE/NAME`, node and the workload, if that is
    /// tracked.
    pub fn own_pods(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, Option<TrackId>)> {
        self.own_names.iter().filter_map(|(key, name)| {
            let pod = self.pods.get(&key)?;
            let node = self.accounts.get(pod.place as usize)?.name.as_ref()?;
            Some((name, node, self.tracked.id(&*pod.class.group)))
        })
    }

    /// Whether the pod belongs to a tracked workload and yields.
    pub fn is_tracked(&self, pod: &Waiting) -> bool {
        pod.yields && self.tracked.id(&*pod.group).is_some()
    }

    /// Adds the pods that wait for a node to the numbers of the first workloads of [`Self::track`].
    pub(crate) fn count_waiting(&self, counts: &mut [PodCounts]) {
        for pod in self.waiting() {
            let id = self.tracked.id(&*pod.group);
            let Some(counts) = id.and_then(|id| counts.get_mut(id as usize)) else { continue };
            match pod.yields {
                true => counts.waiting += 1,
                false => counts.unyielding += 1,
            }
        }
    }
}

impl NodeAccount {
    /// Pods of tracked workloads here, by the workload's place in the list.
    pub fn tallies(&self) -> impl Iterator<Item = (TrackId, &Tally)> {
        self.tallies.iter().map(|tally| (tally.workload, tally))
    }

    fn tally(&mut self, id: Option<TrackId>, footprint: &Resources, kind: OwnKind) {
        let Some(id) = id else { return };
        let at = self.tallies.iter().position(|known| known.workload == id).unwrap_or_else(|| {
            self.tallies.reserve_exact(1);
            self.tallies.push(Tally { workload: id, ..Tally::default() });
            self.tallies.len() - 1
        });
        let Some(tally) = self.tallies.get_mut(at) else { return };
        match kind {
            OwnKind::Unyielding => tally.unyielding += 1,
            OwnKind::Active | OwnKind::Terminating => tally.sum.add(footprint),
        }
        tally.active += u32::from(kind == OwnKind::Active);
    }

    fn untally(&mut self, id: Option<TrackId>, footprint: &Resources, kind: OwnKind) {
        let Some(at) = self.tallies.iter().position(|known| Some(known.workload) == id) else {
            return;
        };
        if let Some(tally) = self.tallies.get_mut(at) {
            match kind {
                OwnKind::Unyielding => tally.unyielding -= 1,
                OwnKind::Active | OwnKind::Terminating => tally.sum.subtract(footprint),
            }
            tally.active -= u32::from(kind == OwnKind::Active);
            // Every pod takes a place, so nothing left means no pod left.
            if *tally == (Tally { workload: tally.workload, ..Tally::default() }) {
                self.tallies.swap_remove(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pressure guard reads every pod of the cluster for a node that misses a ready one.
    #[test]
    fn pods_count_as_unthrottled_while_they_are_ready() {
        let pod = |ready| {
            let footprint = Resources::default().with(CPU, 100);
            let state = PodState::Bound { node: "n1", footprint };
            let limits = Some(Resources::default());
            PodRecord { ready, limits, ..PodRecord::paid(PodKey::of_uid(1), "shop", "any", state) }
        };
        let mut ledger = Ledger::default();
        for (ready, count) in [(false, 0), (true, 1), (true, 1), (false, 0), (true, 1)] {
            ledger.apply_pod(pod(ready));
            assert_eq!(ledger.account("n1").unwrap().ready_unthrottled, count, "{ready}");
        }
        ledger.set_opportunistic(|_| true);
        assert_eq!(ledger.account("n1").unwrap().ready_unthrottled, 0);
        ledger.set_opportunistic(|_| false);
        assert_eq!(ledger.account("n1").unwrap().ready_unthrottled, 1);
        ledger.apply_pod(PodRecord { state: PodState::Gone, ..pod(true) });
        let left = ledger.account("n1").map_or(0, |account| account.ready_unthrottled);
        assert_eq!(left, 0);
    }

    #[test]
    fn nodes_share_what_they_have_in_common() {
        let mut ledger = Ledger::default();
        for (name, memory) in [("n1", "8Gi"), ("n2", "8Gi"), ("n3", "4Gi")] {
            let node = serde_json::json!({
                "metadata": {"name": name, "labels": {"zone": "a", "host": name}},
                "status": {"allocatable": {"cpu": "2", "memory": memory, "pods": "9"}}
            });
            let node = node.to_string();
            ledger.apply_node(NodeRecord::of(serde_json::from_str(&node).unwrap()));
        }
        let texts: Vec<&str> = ledger.texts.iter().map(|text| &**text).collect();
        assert_eq!(BTreeSet::from_iter(texts), ["a", "host", "n1", "n2", "n3", "zone"].into());
        let of = |name| ledger.record(name).unwrap().allocatable.as_ref().unwrap();
        assert!(Arc::ptr_eq(of("n1"), of("n2")));
        assert_eq!(of("n3").get(MEMORY), 4 << 30);
    }

    #[test]
    fn pods_share_what_they_have_in_common_and_leave_little_behind() {
        let pod = |uid, cpu| {
            let footprint = Resources::default().with(CPU, cpu);
            let state = PodState::Bound { node: "n1", footprint };
            let limits = Some(Resources::default().with(CPU, 2 * cpu));
            PodRecord { limits, ..PodRecord::paid(PodKey::of_uid(uid), "shop", "any", state) }
        };
        let mut ledger = Ledger::default();
        let sizes = |ledger: &Ledger| {
            let Ledger { classes, amounts, groups, .. } = ledger;
            [classes.iter().count(), amounts.iter().count(), groups.iter().count()]
        };
        ledger.apply_pod(pod(1, 100));
        ledger.apply_pod(pod(2, 100));
        assert_eq!(sizes(&ledger), [1, 2, 1]);
        // Limits of the one are the requests of the other.
        ledger.apply_pod(pod(2, 200));
        assert_eq!(sizes(&ledger), [2, 3, 1]);
        for cpu in 1000..9000 {
            ledger.apply_pod(pod(3, cpu));
        }
        let sizes = sizes(&ledger);
        assert!(sizes.iter().all(|size| *size < 500), "{sizes:?}");
    }
}
