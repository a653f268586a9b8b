//! Preemption: on which node, and whom.
//!
//! `SelectVictimsOnNode` and `pickOneNodeForPreemption` of kube-scheduler 1.36, without
//! PodDisruptionBudgets, which a filler should not have. All pods of lower priority are taken
//! away in thought, those being deleted included; then as many as possible are let back in,
//! the most important first and among equals the one that has run longest. Of the nodes the
//! one is taken whose most important victim is the least, then the least sum, then the fewest,
//! then the latest started. As upstream, at most a tenth of the nodes but at least 100 are
//! looked at, from a random one on.

use std::cmp::Reverse;

use super::pod::PodId;
use super::world::World;

/// `minCandidateNodesPercentage` and `minCandidateNodesAbsolute`.
const CANDIDATE_SHARE: usize = 10;
const CANDIDATES_AT_LEAST: usize = 100;

/// A priority made positive, so that each victim adds to a sum.
fn weight(priority: i32) -> i64 {
    i64::from(priority) + i64::from(i32::MAX) + 1
}

/// The victims on one node, with the order in which nodes are preferred.
struct Candidate {
    node: usize,
    victims: Vec<PodId>,
    preference: (i64, i64, usize, Reverse<u64>),
}

impl World {
    /// The node and the victims that make room for the pod, if any can.
    pub(super) fn choose_victims(
        &mut self,
        workload: usize,
        id: PodId,
    ) -> Option<(usize, Vec<PodId>)> {
        let count = self.nodes.len();
        let offset = self.scheduler_prng.below(count as u64) as usize;
        let enough = (count * CANDIDATE_SHARE / 100).max(CANDIDATES_AT_LEAST);
        let ask = self.workloads[workload].ask(self.pods[id].number);
        let mut best: Option<Candidate> = None;
        let candidates = (0..count)
            .map(|step| (offset + step) % count)
            .filter(|node| self.nodes[*node].fits_after_preemption(ask))
            .take(enough);
        for node in candidates {
            let candidate = self.victims_on(node, workload, id);
            let better = |best: &Candidate| candidate.preference < best.preference;
            if !candidate.victims.is_empty() && best.as_ref().is_none_or(better) {
                best = Some(candidate);
            }
        }
        best.map(|candidate| (candidate.node, candidate.victims))
    }

    fn victims_on(&self, node: usize, workload: usize, id: PodId) -> Candidate {
        let owner = &self.workloads[workload];
        let ask = owner.ask(self.pods[id].number);
        let priority = |id: PodId| self.workloads[self.pods[id].workload].template.priority;
        let mut lower: Vec<_> = self.nodes[node]
            .pods
            .iter()
            .copied()
            .filter(|id| self.workloads[self.pods[*id].workload].level < owner.level)
            .collect();
        lower.sort_by_key(|id| {
            (Reverse(priority(*id)), self.pods[*id].bound_ms, self.pods[*id].number)
        });
        let mut taken = self.nodes[node].requested.clone();
        for id in &lower {
            taken.subtract(self.workloads[self.pods[*id].workload].template.replica.footprint());
        }
        let mut victims = Vec::new();
        for id in lower {
            let footprint = self.workloads[self.pods[id].workload].template.replica.footprint();
            taken.add(footprint);
            if !self.nodes[node].fits_beside(ask, &taken) {
                taken.subtract(footprint);
                victims.push(id);
            }
        }
        let highest = victims.first().map_or(0, |id| weight(priority(*id)));
        let sum = victims.iter().map(|id| weight(priority(*id))).sum();
        let first_started = victims
            .iter()
            .filter(|id| weight(priority(**id)) == highest)
            .map(|id| self.pods[*id].bound_ms)
            .min();
        let preference = (highest, sum, victims.len(), Reverse(first_started.unwrap_or(0)));
        Candidate { node, victims, preference }
    }

    /// Deletes a victim; one that is already going only learns why.
    pub(super) fn evict(&mut self, id: PodId) {
        self.pods[id].preempted = true;
        if !self.pods[id].deleting {
            let workload = self.pods[id].workload;
            self.tally.own_preempted += u64::from(self.workloads[workload].own);
            self.delete_pod(id);
            self.reconcile_soon(workload);
        }
    }
}
