//! A copy of the cluster in which shares are counted again and again.
//!
//! Between two counts few nodes change, and each account that is read waits for memory. So what
//! follows from the accounts is kept, and those that are other ones are counted anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::capacity::SharedCapacity;
use super::{Held, ShareRequest};
use crate::disruption::{Disruption, Readiness};
use crate::ledger::{Ledger, NodeAccount, PodCounts};
use crate::resources::{Amount, PODS};
use crate::usage::PaidUsage;

/// A copy of the cluster, and what is counted in it.
#[derive(Debug, Default)]
pub struct Counting {
    ledger: Ledger,
    /// Pods on nodes of each tracked workload.
    placed: Vec<PodCounts>,
    readiness: Readiness,
    capacity: Option<SharedCapacity>,
    /// Accounts that are others now than `capacity` knows, by place.
    changed: BTreeMap<usize, Option<Arc<NodeAccount>>>,
}

impl Counting {
    /// Takes over what has changed in `live`.
    pub fn update(&mut self, live: &mut Ledger) {
        let Self { ledger, placed, readiness, changed, .. } = self;
        live.update_copy(ledger, |place, now, before| {
            for (account, sign) in before.as_deref().map(|b| (b, -1)).into_iter().chain([(now, 1)])
            {
                for (id, tally) in account.tallies() {
                    let id = id as usize;
                    if placed.len() <= id {
                        placed.resize(id + 1, PodCounts::default());
                    }
                    placed[id].placed += sign * tally.sum.get(PODS);
                    placed[id].unyielding += sign * Amount::from(tally.unyielding);
                }
                match (&account.record, sign) {
                    (Some(record), 1) => readiness.add(record),
                    (Some(record), _) => readiness.subtract(record),
                    (None, _) => {}
                }
            }
            changed.entry(place).or_insert(before);
        });
    }

    /// Takes what has changed so far into the capacity of the last count, so that less is left for
    /// the next one.
    pub fn prepare(&mut self) {
        if let Some(before) = self.capacity.take() {
            let changed = std::mem::take(&mut self.changed);
            self.capacity = before.with_accounts(&self.ledger, changed);
        }
    }

    /// The copy.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Number of pods of each of the first `workloads` workloads of [`Ledger::track`].
    pub fn pod_counts(&self, workloads: usize) -> Vec<PodCounts> {
        let mut counts = self.placed.clone();
        counts.resize(workloads, PodCounts::default());
        self.ledger.count_waiting(&mut counts);
        counts
    }

    /// Whether most nodes are down.
    pub fn disruption(&self) -> Option<Disruption> {
        self.readiness.disruption()
    }

    /// The capacity to share between `requests`, as [`SharedCapacity::of`].
    pub fn capacity(
        &mut self,
        requests: &[Result<ShareRequest, Held>],
        usage: &PaidUsage,
    ) -> &SharedCapacity {
        let changed = std::mem::take(&mut self.changed);
        let before = self.capacity.take();
        let updated = before.and_then(|it| it.updated(&self.ledger, changed, requests, usage));
        self.capacity
            .insert(updated.unwrap_or_else(|| SharedCapacity::of(&self.ledger, requests, usage)))
    }
}
