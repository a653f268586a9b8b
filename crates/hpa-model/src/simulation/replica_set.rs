//! The ReplicaSet controller: as many pods as are wanted, and who goes when they are too many.
//!
//! `ActivePodsWithRanks` of `pkg/controller/controller_utils.go` (1.36): first pods without a
//! node, then those not Running, then those not Ready, then by lower
//! `controller.kubernetes.io/pod-deletion-cost`, then those that share their node with more
//! pods of the same workload, then the newest. Upstream compares ages by their logarithm to
//! base 2 and lets chance decide within a step; here the newer pod always goes.

use std::cmp::Reverse;

use oppscale_core::resources::{Amount, CPU};

use super::pod::{PodId, Stage};
use super::setup::DeletionCost;
use super::world::World;

/// The order of leaving: the least goes first.
type LeavingOrder = (Stage, Amount, Reverse<u32>, Reverse<u64>, Reverse<u64>);

impl World {
    /// Sets `spec.replicas`; the controllers follow a moment later.
    pub(super) fn scale(&mut self, workload: usize, replicas: u32) {
        self.workloads[workload].desired = replicas;
        self.reconcile_soon(workload);
    }

    /// Has the ReplicaSet controller look at the workload.
    pub(super) fn reconcile_soon(&mut self, workload: usize) {
        if !std::mem::replace(&mut self.workloads[workload].reconciling, true) {
            let at = self.now + self.controller_ms;
            self.queue.push(at, super::queue::Event::Reconcile(workload));
        }
    }

    /// Creates what is missing, deletes what is too much.
    pub(super) fn reconcile(&mut self, workload: usize) {
        self.workloads[workload].reconciling = false;
        let wanted = self.workloads[workload].desired as usize;
        let there = self.workloads[workload].active.len();
        for _ in there..wanted {
            self.create_pod(workload);
        }
        let excess = there.saturating_sub(wanted);
        let unassigned = excess.min(self.workloads[workload].pending());
        for _ in 0..unassigned {
            self.delete_newest_pending(workload);
        }
        for id in self.leaving(workload, excess - unassigned) {
            self.tally.own_scaled_down += u64::from(self.workloads[workload].own);
            self.delete_pod(id);
        }
        self.schedule_soon();
    }

    fn create_pod(&mut self, workload: usize) {
        let owner = &mut self.workloads[workload];
        let id = self.pods.create(workload, self.now, owner.active.len());
        owner.active.push(id);
        owner.waiting.push_back(id);
        owner.total += 1;
        self.demand_changes(workload, true);
    }

    fn delete_newest_pending(&mut self, workload: usize) {
        let owner = &self.workloads[workload];
        let age = |id: Option<&PodId>| id.map(|id| self.pods[*id].number);
        let promised = age(owner.nominated.back()) > age(owner.waiting.back());
        let owner = &mut self.workloads[workload];
        let last = if promised { owner.nominated.pop_back() } else { owner.waiting.pop_back() };
        let Some(id) = last else { return };
        if promised {
            self.withdraw_promise(id);
        }
        let owner = &mut self.workloads[workload];
        owner.deactivate(id, &mut self.pods);
        owner.total -= 1;
        self.demand_changes(workload, false);
        self.note_delay(id);
        self.pods.forget(id);
    }

    /// The pods with a node that go first.
    fn leaving(&self, workload: usize, count: usize) -> Vec<PodId> {
        if count == 0 {
            return Vec::new();
        }
        let owner = &self.workloads[workload];
        let mut beside = vec![0_u32; self.nodes.len()];
        let assigned = || owner.active.iter().filter_map(|id| Some((*id, self.pods[*id].node?)));
        for (_, node) in assigned() {
            beside[node] += 1;
        }
        let cost = |node: usize| match owner.deletion_cost {
            DeletionCost::Unset => 0,
            DeletionCost::LargestHoleFirst => {
                // Of equal holes one is chosen, or both would grow by half as much.
                let (taken, all) = (&self.nodes[node].requested, &self.nodes[node].allocatable);
                (taken.get(CPU) - all.get(CPU)) * self.nodes.len() as Amount + node as Amount
            }
        };
        let order = |id: PodId, node: usize| -> LeavingOrder {
            let pod = &self.pods[id];
            (
                pod.stage,
                cost(node),
                Reverse(beside[node]),
                Reverse(pod.ready_ms),
                Reverse(pod.number),
            )
        };
        let mut keyed: Vec<_> = assigned().map(|(id, node)| (order(id, node), id)).collect();
        if count < keyed.len() {
            keyed.select_nth_unstable(count - 1);
            keyed.truncate(count);
        }
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, id)| id).collect()
    }
}
