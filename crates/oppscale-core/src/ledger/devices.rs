//! Devices in the accounts: what pods hold is a part of their footprints, and what can be
//! allocated beside that is a part of what nodes offer.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{Ledger, NodeAccount, Place, STANDING, forget, share};
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
    /// What the node offers by resource, or why that is not known.
    offered: Vec<Offer>,
    /// Free devices that other nodes reach, too, by resource.
    shared: Arc<[(Box<str>, DeviceId)]>,
    /// What claims hold here that no pod uses; it counts as paid.
    unused: Resources,
}

impl NodeAccount {
    /// Free devices that other nodes reach, too, by resource.
    pub fn shared_devices(&self) -> &Arc<[(Box<str>, DeviceId)]> {
        &self.devices.shared
    }

    /// Adds to a node what its devices offer.
    pub(super) fn offer_devices(&self, record: &mut NodeRecord) {
        record.withdraw();
        for (name, amount) in &self.devices.offered {
            record.offer(name, amount.clone());
        }
    }

    /// Forgets what claims hold that no pod uses.
    fn forget_unused(&mut self) {
        let unused = std::mem::take(&mut self.devices.unused);
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

    /// Counts these devices from now on, in place of those before. Reads every pod and node.
    pub fn set_devices(&mut self, mut devices: DeviceInventory) {
        devices.assign(|key| self.pods.contains_key(key));
        self.devices = devices;
        for key in self.pods.keys().cloned().collect::<Vec<_>>() {
            self.recount(&key);
        }
        for key in self.waiting.keys().cloned().collect::<Vec<_>>() {
            self.recount_waiting(&key);
        }
        self.offer_all();
    }

    /// Lets those of `resources` that are devices be unknown if devices are. Returns why they are
    /// if any is one.
    pub fn expect_devices<'r>(
        &mut self,
        resources: impl IntoIterator<Item = &'r str>,
    ) -> Option<String> {
        let why = self.devices.unknown()?.to_owned();
        let mut are_expected = false;
        for name in resources.into_iter().filter(|name| is_of_devices(name)) {
            are_expected = true;
            self.devices.set_unknown_resource(name);
        }
        (are_expected || !self.claims.is_empty() || !self.unoffered().is_empty()).then_some(why)
    }

    /// Lets slots be counted for replicas of `namespace` that use these claims. Returns what a
    /// replica takes of devices.
    pub fn set_replica_claims(&mut self, namespace: &str, claims: &[ClaimRef]) -> Resources {
        let mut taken = self.devices.needed(namespace, claims);
        if claims.is_empty() || self.devices.is_plain(namespace, claims) {
            return taken;
        }
        let names: Vec<&str> = claims.iter().map(ClaimRef::name).collect();
        let name = format!("{CLAIM_PREFIX}{}", names.join("+"));
        taken.set(&name, 1);
        if !self.devices.knows(namespace, claims) {
            self.devices.set_unknown_resource(&name);
            return taken;
        }
        // Slots are counted beside paid pods: what own pods hold is free for replicas.
        let is_own = |key: &PodKey| self.pods.get(key).is_some_and(|pod| pod.opportunistic);
        let beside_paid = self.devices.released(is_own);
        for account in &mut self.accounts {
            let Some(record) = &mut account.record else { continue };
            let fitting = beside_paid.fitting(record, namespace, claims);
            let fitting = fitting.map_err(Malformed::whole);
            record.offer(&name, fitting.clone());
            account.devices.offered.push((name.as_str().into(), fitting));
        }
        taken
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
        if claims.is_empty() {
            self.claims.remove(key);
        } else {
            self.claims.insert(key.clone(), claims.into());
        }
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

    /// Counts the devices of a bound pod anew.
    fn recount(&mut self, key: &PodKey) {
        let Some(counted) = self.pods.get(key) else { return };
        let claims = self.claims.get(key).map_or(&[][..], |claims| claims);
        let base = without_devices(&counted.footprint);
        let name = self.accounts.get(counted.place as usize).and_then(|a| a.name.clone());
        let Some(name) = name else { return };
        let mut footprint = base;
        let (held, _) = self.held_by(key, &counted.group.namespace, claims, &footprint, &name);
        footprint.add(&held);
        if footprint == *counted.footprint {
            return;
        }
        let (place, opportunistic) = (counted.place, counted.opportunistic);
        let tracked = self.tracked.id(&*counted.group);
        let before = Arc::clone(&counted.footprint);
        let group = Arc::clone(&counted.group);
        if let Some(account) = self.accounts.get_mut(place as usize) {
            account.side(opportunistic).subtract(&before);
            account.side(opportunistic).add(&footprint);
            if !opportunistic && STANDING.contains(&&*group.kind) {
                account.standing.subtract(&before);
                account.standing.add(&footprint);
            }
            account.untally(tracked, &before);
            account.tally(tracked, &footprint);
        }
        let footprint = share(&mut self.footprints, &footprint, Resources::clone);
        if let Some(counted) = self.pods.get_mut(key) {
            counted.footprint = footprint;
        }
        forget(&mut self.footprints, before);
    }

    /// Counts the devices that a waiting pod needs anew.
    fn recount_waiting(&mut self, key: &PodKey) {
        let Some(waiting) = self.waiting.get(key) else { return };
        let claims = self.claims.get(key).map_or(&[][..], |claims| claims);
        let mut footprint = without_devices(&waiting.footprint);
        let needed = self.needed_by(&waiting.group.namespace, claims, &footprint);
        footprint.add(&needed);
        let footprint = share(&mut self.footprints, &footprint, Resources::clone);
        if let Some(waiting) = self.waiting.get_mut(key) {
            let before = std::mem::replace(&mut waiting.footprint, footprint);
            forget(&mut self.footprints, before);
        }
    }

    /// Works out what each node offers.
    fn offer_all(&mut self) {
        for account in &mut self.accounts {
            account.forget_unused();
        }
        // Devices whose place is known, by the node of their pod, and nodes with pods whose
        // claims are not.
        let mut located: HashMap<Place, Resources> = HashMap::new();
        let mut unread: BTreeSet<Place> = BTreeSet::new();
        for (key, claims) in &self.claims {
            let Some(counted) = self.pods.get(key) else { continue };
            let (held, missing) = self.devices.held(key, &counted.group.namespace, claims);
            located.entry(counted.place).or_default().add(&held);
            if missing.claims > 0 {
                unread.insert(counted.place);
            }
        }
        for (held, node) in self.devices.unused() {
            let Some(place) = self.names.get(node) else { continue };
            if let Some(account) = self.accounts.get_mut(*place as usize) {
                account.paid.add(held);
                account.devices.unused.add(held);
                located.entry(*place).or_default().add(held);
            }
        }
        let used = self.used_extended();
        let is_known = self.devices.unknown().is_none();
        for place in 0..self.accounts.len() {
            let account = &self.accounts[place];
            let Some(record) = account.record.as_ref().filter(|_| is_known) else { continue };
            let nothing = Resources::default();
            let located = located.get(&(place as Place)).unwrap_or(&nothing);
            let is_unread = unread.contains(&(place as Place));
            let (offered, shared) = self.offered(account, record, located, is_unread, &used);
            let account = &mut self.accounts[place];
            account.devices.offered = offered;
            account.devices.shared = shared.into();
            if let Some(mut record) = account.record.take() {
                account.offer_devices(&mut record);
                account.record = Some(record);
            }
        }
    }

    /// The extended resources that pods request.
    fn used_extended(&self) -> BTreeSet<Box<str>> {
        let held = self.accounts.iter().flat_map(NodeAccount::held_beside_basics);
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
