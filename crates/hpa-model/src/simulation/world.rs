//! The state of the simulated cluster, and the life of a pod in it.
//!
//! Everything that is asked for often is a running sum, so that an event costs the same
//! however many pods there are. `room` counts how often room was freed: who found none knows
//! from it that asking again is of no use.

use std::collections::BTreeSet;

use oppscale_core::resources::Resources;

use super::autoscaler::Scaler;
use super::metric::Sums;
use super::nodes::{Nodes, PodClass};
use super::outcome::Counters;
use super::pod::{PodId, PodRef, PodStage, Pods};
use super::prng::Prng;
use super::queue::{Event, EventQueue};
use super::scheduler::SchedulerRate;
use super::setup::Strategy;
use super::workload::Workload;

/// The filler's place among the workloads.
pub(super) const FILLER: usize = 0;

/// The cluster at a moment.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// Milliseconds since the start.
    pub(super) now: u64,
    pub(super) queue: EventQueue,
    /// Phases and jitter.
    pub(super) prng: Prng,
    /// The scheduler's chances, so that they do not shift the phases of everything else.
    pub(super) scheduler_prng: Prng,
    pub(super) nodes: Nodes,
    pub(super) pods: Pods,
    /// The filler, then the paid applications.
    pub(super) workloads: Vec<Workload>,
    pub(super) scalers: Vec<Scaler>,
    pub(super) controller_ms: u64,
    pub(super) sample_ms: u64,
    pub(super) strategy: Strategy,
    pub(super) rate: SchedulerRate,
    pub(super) next_turn_ms: u64,
    /// Whether the scheduler's next turn is planned.
    pub(super) scheduling: bool,
    /// How often room was freed.
    pub(super) room: u64,
    /// The workloads that have pods without a node.
    pub(super) with_pending: BTreeSet<usize>,
    /// Nodes with room freed since the last turn on which someone waits.
    pub(super) freed: Vec<usize>,
    /// The priorities in use, the least first.
    pub(super) priorities: Vec<i32>,
    /// What paid pods without a node request, as far as a node could hold them.
    pub(super) demand: Resources,
    /// How many paid pods have no node.
    pub(super) paid_pending: u32,
    pub(super) counters: Counters,
}

impl World {
    /// Lets time pass until `at_ms`.
    pub(super) fn pass_until(&mut self, at_ms: u64) {
        let passed = at_ms - self.now;
        if passed > 0 {
            let filler = &self.workloads[FILLER];
            self.counters.pass(passed, &self.nodes, filler);
            self.now = at_ms;
        }
    }

    /// What metrics are made of.
    pub(super) fn sums(&self) -> Sums<'_> {
        Sums {
            allocatable: &self.nodes.allocatable,
            requested: &self.nodes.requested,
            paid: &self.nodes.paid,
            demand: &self.demand,
            slots: self.nodes.slots,
            free_slots: self.nodes.free_slots,
        }
    }

    /// One pod more or less of the workload waits for a node; its lists say so already.
    pub(super) fn demand_changes(&mut self, at: usize, more: bool) {
        let owner = &self.workloads[at];
        if owner.pending() > 0 {
            self.with_pending.insert(at);
        } else {
            self.with_pending.remove(&at);
        }
        if owner.is_filler {
            return;
        }
        let footprint = owner.template.replica.footprint();
        match (more, owner.placeable) {
            (true, true) => self.demand.add(footprint),
            (false, true) => self.demand.subtract(footprint),
            (_, false) => {}
        }
        self.paid_pending = if more { self.paid_pending + 1 } else { self.paid_pending - 1 };
    }

    /// A pod that waited has a node, or is no more wanted.
    pub(super) fn note_delay(&mut self, id: PodId) {
        let pod = &self.pods[id];
        if !self.workloads[pod.workload].is_filler {
            self.counters.paid_waited(self.now - pod.created_ms);
        }
    }

    /// There is more room than before on this node.
    pub(super) fn room_freed(&mut self, node: usize) {
        self.room += 1;
        if !self.nodes[node].nominees.is_empty() {
            self.freed.push(node);
        }
    }

    /// Deletes a pod that has a node: its containers get their grace period, and until they
    /// have ended it keeps its room. One that is not Ready will not become so.
    pub(super) fn delete_pod(&mut self, id: PodId) {
        let pod = &mut self.pods[id];
        pod.deleting = true;
        let owner = &mut self.workloads[pod.workload];
        owner.working -= u32::from(pod.stage == PodStage::Ready);
        let gone_ms = self.now + owner.template.grace_ms;
        owner.deactivate(id, &mut self.pods);
        self.queue.push(gone_ms, Event::Gone(self.pods.reference(id)));
    }

    /// The pod's containers have started.
    pub(super) fn pod_ready(&mut self, pod: PodRef) {
        if self.pods.find(pod).is_some_and(|pod| !pod.deleting && pod.stage == PodStage::Starting) {
            let now = self.now;
            let pod = &mut self.pods[pod.id];
            pod.stage = PodStage::Ready;
            pod.ready_ms = now;
            let owner = &mut self.workloads[pod.workload];
            owner.ready += 1;
            owner.working += 1;
        }
    }

    /// The pod's containers have ended.
    pub(super) fn pod_gone(&mut self, pod: PodRef) {
        let Some(found) = self.pods.find(pod) else { return };
        let Some(node) = found.node else { return };
        let owner = &mut self.workloads[found.workload];
        owner.total -= 1;
        owner.ready -= u32::from(found.stage == PodStage::Ready);
        let side = PodClass { is_filler: owner.is_filler, level: owner.level };
        let footprint = owner.template.replica.footprint();
        self.nodes.release(node, pod.id, footprint, side, &mut self.pods);
        self.pods.forget(pod.id);
        self.room_freed(node);
        self.schedule_soon();
    }
}
