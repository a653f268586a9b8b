//! A Deployment and its ReplicaSet: how many pods are wanted, and which there are.
//!
//! All pods of a workload request the same. If the scheduler finds no room for one, it finds
//! none for the next until room is freed somewhere: this is remembered once for all of them.
//!
//! The ReplicaSet controller deletes excess pods in the order of `ActivePodsWithRanks` of
//! `pkg/controller/controller_utils.go` (1.36): first pods without a node, then those not Running,
//! then those not Ready, then by lower `controller.kubernetes.io/pod-deletion-cost`, then those
//! that share their node with more pods of the same workload, then the newest. Upstream compares
//! ages by their logarithm to base 2 and lets chance decide within a step; here the newer pod
//! always goes.

use std::cmp::Reverse;
use std::collections::VecDeque;

use oppscale_core::resources::{Amount, CPU};

use super::load::Load;
use super::nodes::PodRequest;
use super::pod::{PodId, PodStage, Pods};
use super::setup::{DeletionCost, PodTemplate};
use super::world::{Event, World};

/// A workload as it runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Workload {
    pub(super) template: PodTemplate,
    /// Whether it is the opportunistic one.
    pub(super) is_filler: bool,
    pub(super) level: usize,
    pub(super) deletion_cost: DeletionCost,
    /// The script that sets its replicas, if one does.
    pub(super) script: Option<Load>,
    /// `spec.replicas`.
    pub(super) desired: u32,
    /// Its pods but for those being deleted; their number is `status.replicas`.
    pub(super) active: Vec<PodId>,
    /// Pods without a node that are not nominated to one, oldest first.
    pub(super) waiting: VecDeque<PodId>,
    /// Pods without a node that are nominated to one, oldest first.
    pub(super) nominated: VecDeque<PodId>,
    /// Pods that exist, those being deleted included.
    pub(super) total: u32,
    /// Pods that are Running and Ready, those being deleted included.
    pub(super) ready: u32,
    /// Pods that are Running and Ready and stay.
    pub(super) working: u32,
    /// The state of the cluster's room in which no pod of this workload found any.
    pub(super) no_fit_at: Option<u64>,
    /// The same for its nominated pods, on nodes other than theirs.
    pub(super) no_other_fit_at: Option<u64>,
    /// Whether a reconciliation by the ReplicaSet controller is planned.
    pub(super) reconciling: bool,
}

impl Workload {
    /// Number of its pods without a node.
    pub(super) fn pending(&self) -> usize {
        self.waiting.len() + self.nominated.len()
    }

    /// The request of one of its pods.
    pub(super) fn request(&self, number: u64) -> PodRequest<'_> {
        PodRequest { footprint: self.template.replica.footprint(), level: self.level, number }
    }

    /// Removes a pod from the active ones.
    pub(super) fn deactivate(&mut self, id: PodId, pods: &mut Pods) {
        let place = pods[id].place_in_workload;
        self.active.swap_remove(place);
        if let Some(moved) = self.active.get(place) {
            pods[*moved].place_in_workload = place;
        }
    }

    /// Puts a pod back into the queue, by age.
    pub(super) fn wait_again(&mut self, id: PodId, pods: &Pods) {
        let number = pods[id].number;
        let at = self.waiting.partition_point(|other| pods[*other].number < number);
        self.waiting.insert(at, id);
    }
}

/// The order in which pods are deleted: the least goes first.
type ScaleDownRank = (PodStage, Amount, Reverse<u32>, Reverse<u64>, Reverse<u64>);

impl World {
    /// Sets `spec.replicas`; the controllers follow a moment later.
    pub(super) fn scale(&mut self, workload: usize, replicas: u32) {
        self.workloads[workload].desired = replicas;
        self.reconcile_soon(workload);
    }

    /// Plans a reconciliation of the workload.
    pub(super) fn reconcile_soon(&mut self, workload: usize) {
        if !std::mem::replace(&mut self.workloads[workload].reconciling, true) {
            let at = self.now + self.controller_ms;
            self.queue.push(at, Event::Reconcile(workload));
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
        for id in self.scale_down_victims(workload, excess - unassigned) {
            self.counters.filler_scaled_down += u64::from(self.workloads[workload].is_filler);
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
        self.pending_changes(workload, true);
    }

    fn delete_newest_pending(&mut self, workload: usize) {
        let owner = &self.workloads[workload];
        let age = |id: Option<&PodId>| id.map(|id| self.pods[*id].number);
        let nominated_before = age(owner.nominated.back()) > age(owner.waiting.back());
        let owner = &mut self.workloads[workload];
        let last =
            if nominated_before { owner.nominated.pop_back() } else { owner.waiting.pop_back() };
        let Some(id) = last else { return };
        if nominated_before {
            self.withdraw_nomination(id);
        }
        let owner = &mut self.workloads[workload];
        owner.deactivate(id, &mut self.pods);
        owner.total -= 1;
        self.pending_changes(workload, false);
        self.note_delay(id);
        self.pods.forget(id);
    }

    /// The pods with a node that go first.
    fn scale_down_victims(&self, workload: usize, count: usize) -> Vec<PodId> {
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
                let (taken, all) =
                    (&self.nodes[node].sums.requested, &self.nodes[node].sums.allocatable);
                (taken.get(CPU) - all.get(CPU)) * self.nodes.len() as Amount + node as Amount
            }
        };
        let order = |id: PodId, node: usize| -> ScaleDownRank {
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
