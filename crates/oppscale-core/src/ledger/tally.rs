//! What chosen workloads occupy on each node, kept with every change.
//!
//! The two sides of an account tell opportunistic pods from others. Where several workloads
//! share a cluster, each must know its own; a tally is kept for those that are tracked.

use std::hash::Hash;

use hashbrown::{Equivalent, HashMap};

use super::{Group, Ledger, NodeAccount};
use crate::resources::{Amount, PODS, Resources};

/// The place of a workload in the list that [`Ledger::track`] was given.
pub type TrackId = u32;

/// How many pods a tracked workload has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Population {
    /// Those that have a node.
    pub placed: Amount,
    /// Those that wait for one.
    pub waiting: Amount,
}

/// The workloads that are tracked.
#[derive(Debug, Default)]
pub(super) struct Tracked(HashMap<Group, TrackId>);

impl Tracked {
    pub(super) fn id<K: Hash + Equivalent<Group>>(&self, group: &K) -> Option<TrackId> {
        if self.0.is_empty() { None } else { self.0.get(group).copied() }
    }
}

impl Ledger {
    /// Keeps a tally of exactly these workloads from now on. A workload may have several groups
    /// of pods. Reads every pod once, unless they are tracked already.
    pub fn track(&mut self, groups: impl IntoIterator<Item = (Group, TrackId)>) {
        let tracked: HashMap<Group, TrackId> = groups.into_iter().collect();
        if tracked == self.tracked.0 {
            return;
        }
        self.tracked = Tracked(tracked);
        for account in &mut self.accounts {
            account.tallies.clear();
        }
        for pod in self.pods.values() {
            let id = self.tracked.id(&*pod.group);
            if let Some(account) = self.accounts.get_mut(pod.place as usize) {
                account.tally(id, &pod.footprint);
            }
        }
    }
}

impl Ledger {
    /// Whether a tally is kept for this workload.
    pub fn is_tracked(&self, group: &Group) -> bool {
        self.tracked.id(group).is_some()
    }

    /// How many pods each of the first `workloads` has that [`Self::track`] was given.
    pub fn populations(&self, workloads: usize) -> Vec<Population> {
        let mut all = vec![Population::default(); workloads];
        for (id, sum) in self.nodes().flat_map(|(_, account)| account.tallies()) {
            if let Some(population) = all.get_mut(id as usize) {
                population.placed += sum.get(PODS);
            }
        }
        for id in self.waiting().filter_map(|pod| self.tracked.id(&*pod.group)) {
            if let Some(population) = all.get_mut(id as usize) {
                population.waiting += 1;
            }
        }
        all
    }
}

impl NodeAccount {
    /// What pods of tracked workloads occupy here, by the workload's place in the list.
    pub fn tallies(&self) -> impl Iterator<Item = (TrackId, &Resources)> {
        self.tallies.iter().map(|(id, sum)| (*id, sum))
    }

    pub(super) fn tally(&mut self, id: Option<TrackId>, footprint: &Resources) {
        let Some(id) = id else { return };
        match self.tallies.iter_mut().find(|(known, _)| *known == id) {
            Some((_, sum)) => sum.add(footprint),
            None => self.tallies.push((id, footprint.clone())),
        }
    }

    pub(super) fn untally(&mut self, id: Option<TrackId>, footprint: &Resources) {
        let Some(at) = self.tallies.iter().position(|(known, _)| Some(*known) == id) else {
            return;
        };
        if let Some((_, sum)) = self.tallies.get_mut(at) {
            sum.subtract(footprint);
            // Every pod takes a place, so nothing left means no pod left.
            if *sum == Resources::default() {
                self.tallies.swap_remove(at);
            }
        }
    }
}
