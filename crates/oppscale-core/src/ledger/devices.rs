//! Devices in the accounts: what pods hold is a part of their footprints, and what can be
//! allocated beside that is a part of what nodes offer.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{Ledger, NodeAccount, OwnKind, Place, PodClass, account_mut, owned};
use crate::devices::model::ResourceClaim;
use crate::devices::{CLAIM_PREFIX, ClaimRef, DeviceId, DeviceInventory, is_of_devices};
use crate::malformed::Malformed;
use crate::node::NodeRecord;
use crate::record::{PodKey, PodRecord, PodState};
use crate::resources::{Amount, Resources};

/// A resource that a node offers, and its amount or why that is not known.
type Offer = (Box<str>, Result<Amount, Malformed>);

/// Devices of a node, as its account keeps them for the next version of the node.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NodeDevices {
    /// Devices of the node by resource, or why they are unknown.
    offered: Vec<Offer>,
    /// Free devices that other nodes reach, too, by resource.
    shared: Arc<[(Box<str>, DeviceId)]>,
    /// Devices of claims that no pod uses; they count as paid.
    unused: Resources,
}

/// Changes of a count of devices.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DeviceChanges {
    /// Pods that hold or need other devices than before.
    pub pods: Vec<PodKey>,
    /// Nodes that offer other devices than before.
    pub nodes: Vec<Box<str>>,
}

/// Device requests that are counted with the devices.
#[derive(Debug, Clone, Default)]
pub(super) struct DevicesAsked {
    /// Namespaces and claims of replicas.
    replicas: Vec<(Box<str>, Box<[ClaimRef]>)>,
    /// Resources that are unknown as long as devices are.
    resources: BTreeSet<Box<str>>,
}

impl NodeAccount {
    /// Free devices that other nodes reach, too, by resource.
    pub fn shared_devices(&self) -> Arc<[(Box<str>, DeviceId)]> {
        self.devices.as_ref().map(|devices| Arc::clone(&devices.shared)).unwrap_or_default()
    }

    /// Changes what is known of its devices.
    fn change_devices(&mut self, change: impl FnOnce(&mut NodeDevices)) {
        let mut devices = self.devices.take().map_or_else(NodeDevices::default, |known| *known);
        change(&mut devices);
        self.devices = (devices != NodeDevices::default()).then(|| Box::new(devices));
    }

    /// Adds to a node what its devices offer.
    pub(super) fn offer_devices(&self, record: &mut NodeRecord) {
        record.withdraw();
        for (name, amount) in self.devices.iter().flat_map(|devices| &devices.offered) {
            record.offer(name, amount.clone());
        }
    }

    /// Forgets what claims hold that no pod uses.
    fn forget_unused(&mut self) {
        let mut unused = Resources::default();
        self.change_devices(|devices| unused = std::mem::take(&mut devices.unused));
        self.paid.subtract(&unused);
    }

    fn held(&self, name: &str) -> Amount {
        self.paid.get(name) + self.opportunistic.get(name)
    }
}

impl Ledger {
    /// The devices of the cluster.
    pub fn devices(&self) -> &DeviceInventory {
        &self.devices
    }

    /// Counts these devices from now on, in place of those before.
    pub fn set_devices(&mut self, devices: DeviceInventory) -> DeviceChanges {
        self.devices = devices;
        self.devices_are_stale = true;
        self.recount_devices()
    }

    /// Counts these claims from now on, in place of those before.
    pub fn set_claims(&mut self, claims: Vec<ResourceClaim>) -> DeviceChanges {
        self.devices.set_claims(claims);
        self.devices_are_stale = true;
        self.recount_devices()
    }

    /// Counts devices anew if pods or nodes that concern them have changed.
    pub fn recount_devices(&mut self) -> DeviceChanges {
        if !std::mem::take(&mut self.devices_are_stale) {
            return DeviceChanges::default();
        }
        let pods = &self.pods;
        self.devices.assign(|key| pods.contains_key(key));
        let names = |footprint: &Resources| {
            let mut names = footprint.present().map(|(name, _)| name);
            names.any(|name| is_of_devices(name) || self.devices.maps(name))
        };
        let concerned: HashSet<*const Resources> =
            self.amounts.iter().filter(|of| names(of)).map(Arc::as_ptr).collect();
        let is_concerned = |key: &PodKey, footprint: &Arc<Resources>| {
            concerned.contains(&Arc::as_ptr(footprint)) || self.claims.contains_key(key)
        };
        let bound = self.pods.iter().filter(|(key, pod)| is_concerned(key, &pod.class.footprint));
        let mut pods: Vec<PodKey> = bound.map(|(key, _)| key).collect();
        let waiting = self.waiting.iter().filter(|(key, pod)| is_concerned(key, &pod.footprint));
        pods.extend(waiting.map(|(key, _)| key.clone()));
        pods.retain(|key| self.recount(key) || self.recount_waiting(key));
        DeviceChanges { pods, nodes: self.offer_all() }
    }

    /// Whether a pod requests an extended resource that a class maps.
    pub(super) fn requests_devices(&self, pod: &PodRecord<'_>) -> bool {
        match &pod.state {
            PodState::Bound { footprint, .. } | PodState::Waiting { footprint, .. } => {
                !self.devices.is_empty()
                    && footprint.present().any(|(name, _)| self.devices.maps(name))
            }
            PodState::Gone | PodState::Unknown { .. } => false,
        }
    }

    /// Lets those of `resources` that are devices be unknown as long as devices are.
    pub fn expect_devices<'r>(&mut self, resources: impl IntoIterator<Item = &'r str>) {
        let devices = resources.into_iter().filter(|name| is_of_devices(name));
        self.devices_asked.resources.extend(devices.map(Box::from));
        self.offer_all();
    }

    /// Why devices are unknown, if that concerns anything that is asked or counted.
    pub fn devices_unknown(&self) -> Option<&str> {
        let why = self.devices.unknown()?;
        let are_asked =
            !self.devices_asked.resources.is_empty() || !self.devices_asked.replicas.is_empty();
        (are_asked || !self.claims.is_empty() || !self.unoffered().is_empty()).then_some(why)
    }

    /// Lets slots be counted for exactly these replicas: each with its namespace and claims.
    pub fn expect_replicas<'r>(
        &mut self,
        replicas: impl IntoIterator<Item = (&'r str, &'r [ClaimRef])>,
    ) -> DeviceChanges {
        let mut asked: Vec<(Box<str>, Box<[ClaimRef]>)> = Vec::new();
        for (namespace, claims) in replicas.into_iter().filter(|(_, claims)| !claims.is_empty()) {
            let replica = (namespace.into(), claims.into());
            if !asked.contains(&replica) {
                asked.push(replica);
            }
        }
        if self.devices_asked.replicas == asked {
            return DeviceChanges::default();
        }
        self.devices_asked.replicas = asked;
        DeviceChanges { pods: Vec::new(), nodes: self.offer_all() }
    }

    /// Devices of a replica of `namespace` that uses these claims.
    pub fn replica_devices(&self, namespace: &str, claims: &[ClaimRef]) -> Resources {
        let mut taken = self.devices.needed(namespace, claims);
        if let Some(name) = self.replica_resource(namespace, claims) {
            taken.set(&name, 1);
        }
        taken
    }

    /// The resource that stands for all claims of a replica, unless its classes tell everything.
    fn replica_resource(&self, namespace: &str, claims: &[ClaimRef]) -> Option<String> {
        let is_known = self.devices.knows(namespace, claims);
        if claims.is_empty() || is_known && self.devices.is_counted_by_class(namespace, claims) {
            return None;
        }
        let names = |claims: &[ClaimRef]| {
            let names: Vec<&str> = claims.iter().map(ClaimRef::name).collect();
            names.join("+")
        };
        let name = names(claims);
        let replicas = &self.devices_asked.replicas;
        let first = replicas.iter().find(|(_, other)| names(other) == name);
        // The claims of another namespace may have the same names.
        Some(match first.is_none_or(|(of, other)| **of == *namespace && **other == *claims) {
            true => format!("{CLAIM_PREFIX}{name}"),
            false => format!("{CLAIM_PREFIX}{namespace}/{name}"),
        })
    }

    /// Works out how many of the replicas that are asked for each node has devices for, and which
    /// resources are unknown.
    fn offer_asked(&mut self) {
        if self.devices.unknown().is_some() {
            for name in &self.devices_asked.resources {
                self.devices.set_unknown_resource(name);
            }
        }
        let mut beside_paid = None;
        for at in 0..self.devices_asked.replicas.len() {
            let (namespace, claims) = &self.devices_asked.replicas[at];
            let Some(name) = self.replica_resource(namespace, claims) else { continue };
            if !self.devices.knows(namespace, claims) {
                self.devices.set_unknown_resource(&name);
                continue;
            }
            // Slots are counted beside paid pods: what own pods hold is free for replicas.
            let is_own =
                |key: &PodKey| self.pods.get(key).is_some_and(|pod| pod.class.opportunistic);
            let beside_paid = beside_paid.get_or_insert_with(|| self.devices.released(is_own));
            for account in self.accounts.iter_mut().map(Arc::make_mut) {
                let Some(record) = account.record.as_mut().map(Arc::make_mut) else { continue };
                let fitting = beside_paid.fitting(record, namespace, claims);
                let fitting = fitting.map_err(Malformed::whole);
                record.offer(&name, fitting.clone());
                let name = name.as_str().into();
                account.change_devices(|devices| devices.offered.push((name, fitting)));
            }
        }
    }

    /// Adds the devices that a pod holds or needs. Returns its claims.
    pub(super) fn count_claims(&self, pod: &mut PodRecord<'_>) -> Vec<ClaimRef> {
        let claims = std::mem::take(&mut pod.claims);
        let (node, footprint) = match &mut pod.state {
            PodState::Bound { node, footprint } => (Some(*node), footprint),
            PodState::Waiting { footprint, .. } => (None, footprint),
            PodState::Gone | PodState::Unknown { .. } => return Vec::new(),
        };
        let devices = match node {
            Some(node) => self.held_by(&pod.key, pod.namespace, &claims, footprint, node).0,
            None => self.needed_by(pod.namespace, &claims, footprint),
        };
        footprint.add(&devices);
        claims
    }

    /// Remembers the claims of a pod.
    pub(super) fn remember_claims(&mut self, key: &PodKey, claims: Vec<ClaimRef>) {
        let before = match claims.is_empty() {
            true => self.claims.remove(key),
            false => self.claims.insert(key.clone(), claims.clone().into()),
        };
        self.devices_are_stale |= before.unwrap_or_default() != claims.into();
    }

    /// The devices that a bound pod holds, and whether all of its claims are known.
    fn held_by(
        &self,
        key: &PodKey,
        namespace: &str,
        claims: &[ClaimRef],
        footprint: &Resources,
        node: &str,
    ) -> (Resources, bool) {
        let (mut held, missing) = self.devices.held(key, namespace, claims);
        if !missing.is_served {
            let record = self.record(node);
            let is_delegated = |name: &str| record.is_none_or(|record| !record.lists_itself(name));
            held.add(&self.devices.of_extended(footprint, is_delegated));
        }
        (held, missing.claims == 0)
    }

    /// The devices that a waiting pod needs at least.
    fn needed_by(&self, namespace: &str, claims: &[ClaimRef], footprint: &Resources) -> Resources {
        let mut needed = self.devices.needed(namespace, claims);
        let is_delegated = |name: &str| !self.records().any(|node| node.lists_itself(name));
        needed.add(&self.devices.of_extended(footprint, is_delegated));
        needed
    }

    /// Counts the devices of a bound pod anew. Whether that changed anything.
    fn recount(&mut self, key: &PodKey) -> bool {
        let Some(counted) = self.pods.get(key) else { return false };
        let claims = self.claims.get(key).map_or(&[][..], |claims| claims);
        let class = Arc::clone(&counted.class);
        let place = counted.place;
        let name = self.accounts.get(place as usize).and_then(|a| a.name.clone());
        let Some(name) = name else { return false };
        let mut footprint = without_devices(&class.footprint);
        let (held, _) = self.held_by(key, &class.group.namespace, claims, &footprint, &name);
        footprint.add(&held);
        if footprint == *class.footprint {
            return false;
        }
        let tracked = self.tracked.id(&*class.group);
        if let Some(account) = account_mut(&mut self.accounts, place) {
            account.side(class.opportunistic).subtract(&class.footprint);
            account.side(class.opportunistic).add(&footprint);
            if class.is_standing() {
                account.standing.subtract(&class.footprint);
                account.standing.add(&footprint);
            }
            account.untally(tracked, &class.footprint, class.kind);
            account.tally(tracked, &footprint, class.kind);
        }
        let footprint = self.amounts.of(&footprint, owned);
        let now = PodClass { footprint, ..PodClass::clone(&class) };
        let now = self.classes.of(&now, owned);
        if let Some(counted) = self.pods.get_mut(key) {
            counted.class = now;
        }
        true
    }

    /// Counts the devices that a waiting pod needs anew. Whether that changed anything.
    fn recount_waiting(&mut self, key: &PodKey) -> bool {
        let Some(waiting) = self.waiting.get(key) else { return false };
        let claims = self.claims.get(key).map_or(&[][..], |claims| claims);
        let mut footprint = without_devices(&waiting.footprint);
        let needed = self.needed_by(&waiting.group.namespace, claims, &footprint);
        footprint.add(&needed);
        if footprint == *waiting.footprint {
            return false;
        }
        let footprint = self.amounts.of(&footprint, owned);
        if let Some(waiting) = self.waiting.get_mut(key) {
            Arc::make_mut(waiting).footprint = footprint;
        }
        true
    }

    /// Works out what each node offers. Returns the nodes of which that has changed.
    fn offer_all(&mut self) -> Vec<Box<str>> {
        let before: Vec<Option<Box<NodeDevices>>> =
            self.accounts.iter().map(|account| account.devices.clone()).collect();
        for account in self.accounts.iter_mut().map(Arc::make_mut) {
            account.forget_unused();
        }
        // Devices whose place is known, by the node of their pod, and nodes with pods whose
        // claims are not.
        let mut located: HashMap<Place, Resources> = HashMap::new();
        let mut unread: BTreeSet<Place> = BTreeSet::new();
        for (key, claims) in &self.claims {
            let Some(counted) = self.pods.get(key) else { continue };
            let (held, missing) = self.devices.held(key, &counted.class.group.namespace, claims);
            located.entry(counted.place).or_default().add(&held);
            if missing.claims > 0 {
                unread.insert(counted.place);
            }
        }
        for (held, node) in self.devices.unused() {
            let Some(place) = self.names.get(node) else { continue };
            if let Some(account) = account_mut(&mut self.accounts, *place) {
                account.paid.add(held);
                account.change_devices(|devices| devices.unused.add(held));
                located.entry(*place).or_default().add(held);
            }
        }
        let used = self.used_extended();
        let is_known = self.devices.unknown().is_none();
        for place in 0..self.accounts.len() {
            let account = &self.accounts[place];
            let Some(record) = &account.record else { continue };
            let nothing = Resources::default();
            let located = located.get(&(place as Place)).unwrap_or(&nothing);
            let is_unread = unread.contains(&(place as Place));
            let (offered, shared) = match is_known {
                true => self.offered(account, record, located, is_unread, &used),
                false => (Vec::new(), Vec::new()),
            };
            let account = Arc::make_mut(&mut self.accounts[place]);
            account.change_devices(|devices| {
                devices.offered = offered;
                devices.shared = shared.into();
            });
            if let Some(mut record) = account.record.take() {
                account.offer_devices(Arc::make_mut(&mut record));
                account.record = Some(record);
            }
        }
        self.offer_asked();
        let all = self.accounts.iter().zip(&before);
        let changed = all.filter(|(account, before)| account.devices != **before);
        changed.filter_map(|(account, _)| Some(account.record.as_ref()?.name.clone())).collect()
    }

    /// A node as it is counted, less the devices of claims that no pod uses: what its pods can use.
    pub fn record_for_pods(&self, name: &str) -> Option<NodeRecord> {
        let account = self.accounts.get(*self.names.get(name)? as usize)?;
        let mut record = NodeRecord::clone(account.record.as_ref()?);
        let devices = account.devices.iter();
        for (name, amount) in devices.flat_map(|devices| devices.unused.present()) {
            if let Ok(allocatable) = &mut record.allocatable {
                let left = allocatable.get(name) - amount;
                Arc::make_mut(allocatable).set(name, left);
            }
        }
        Some(record)
    }

    /// A bound or waiting pod as it is counted. The name of a bound one is not remembered.
    pub fn pod(&self, key: &PodKey) -> Option<PodRecord<'_>> {
        let (group, name, opportunistic, kind, state) =
            match (self.pods.get(key), self.waiting.get(key)) {
                (Some(pod), _) => {
                    let node = self.accounts.get(pod.place as usize)?.name.as_deref()?;
                    let footprint = (*pod.class.footprint).clone();
                    let state = PodState::Bound { node, footprint };
                    (&pod.class.group, "", pod.class.opportunistic, pod.class.kind, state)
                }
                (None, Some(pod)) => {
                    let state = PodState::Waiting {
                        footprint: (*pod.footprint).clone(),
                        placement: Box::new((*pod.placement).clone()),
                        gated: pod.gated,
                        queueing: pod.queueing.as_ref(),
                    };
                    let kind = OwnKind::of(pod.yields, false);
                    (&pod.group, &*pod.name, pod.opportunistic, kind, state)
                }
                (None, None) => return None,
            };
        Some(PodRecord {
            key: key.clone(),
            namespace: &group.namespace,
            name,
            workload: (&group.kind, &group.name),
            opportunistic,
            yields: kind != OwnKind::Unyielding,
            terminating: kind == OwnKind::Terminating,
            ready: self.pods.get(key).is_some_and(|pod| pod.ready),
            claims: Vec::new(),
            limits: self.pods.get(key).and_then(|pod| pod.class.limits.as_deref().cloned()),
            state,
        })
    }

    /// The extended resources that pods request.
    fn used_extended(&self) -> BTreeSet<Box<str>> {
        let held = self.accounts.iter().flat_map(|account| account.held_beside_basics());
        let waiting = self.waiting.values().flat_map(|pod| pod.footprint.present());
        held.chain(waiting.map(|(name, _)| name)).map(Box::from).collect()
    }

    fn offered(
        &self,
        account: &NodeAccount,
        record: &NodeRecord,
        located: &Resources,
        is_unread: bool,
        used: &BTreeSet<Box<str>>,
    ) -> (Vec<Offer>, Vec<(Box<str>, DeviceId)>) {
        let mut offered = Vec::new();
        let mut shared = Vec::new();
        let available = self.devices.available_on(record);
        for ((resource, extended), available) in self.devices.classes().zip(available) {
            let held = account.held(resource);
            let (available, ids) = match available {
                None if held == 0 => continue,
                None => (Ok(0), Vec::new()),
                Some(Ok(_)) if is_unread => {
                    (Err("a ResourceClaim of a pod on it was not read".to_owned()), Vec::new())
                }
                Some(Ok(available)) => {
                    let elsewhere = held - located.get(resource);
                    let left = (available.available - elsewhere.max(0)).max(0);
                    (Ok(left), available.shared)
                }
                Some(Err(problem)) => (Err(problem), Vec::new()),
            };
            let is_used = |name: &String| used.contains(name.as_str());
            let explicit = |name: &String| !name.starts_with(crate::devices::IMPLICIT_PREFIX);
            let extended = extended.into_iter().filter(|name| explicit(name) || is_used(name));
            for name in [resource.to_owned()].into_iter().chain(extended) {
                if record.lists_itself(&name) {
                    continue;
                }
                let amount = available.clone().map(|left| account.held(&name) + left);
                let most = available.as_ref().map_or(0, |left| usize::try_from(*left).unwrap_or(0));
                shared.extend(ids.iter().take(most).map(|id| (name.as_str().into(), *id)));
                offered.push((name.into(), amount.map_err(Malformed::whole)));
            }
        }
        (offered, shared)
    }
}

fn without_devices(footprint: &Resources) -> Resources {
    let names = footprint.present().map(|(name, _)| name).filter(|name| is_of_devices(name));
    footprint.without(names).into_owned()
}
