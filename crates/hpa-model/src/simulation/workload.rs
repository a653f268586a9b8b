//! A Deployment and its ReplicaSet: how many pods are wanted, and which there are.
//!
//! All pods of a workload ask for the same. If the scheduler finds no room for one, it finds
//! none for the next until room is freed somewhere: this is remembered once for all of them.

use std::collections::VecDeque;

use super::load::Load;
use super::node::Ask;
use super::pod::{PodId, Pods};
use super::setup::{DeletionCost, Template};

/// A workload as it runs.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) template: Template,
    /// Whether it is the opportunistic one.
    pub(super) own: bool,
    pub(super) level: usize,
    pub(super) deletion_cost: DeletionCost,
    /// The script that sets its replicas, if one does.
    pub(super) script: Option<Load>,
    /// Whether some node could hold one of its pods.
    pub(super) placeable: bool,
    /// `spec.replicas`.
    pub(super) desired: u32,
    /// Its pods but for those being deleted; their number is `status.replicas`.
    pub(super) active: Vec<PodId>,
    /// Those without a node and without a promise, oldest first.
    pub(super) waiting: VecDeque<PodId>,
    /// Those without a node that have been promised one, oldest first.
    pub(super) nominated: VecDeque<PodId>,
    /// Pods that exist, those being deleted included.
    pub(super) total: u32,
    /// Pods that are Running and Ready, those being deleted included.
    pub(super) ready: u32,
    /// Pods that are Running and Ready and stay.
    pub(super) working: u32,
    /// The state of the cluster's room in which no pod of this workload found any.
    pub(super) no_room_at: Option<u64>,
    /// The same for its promised pods, on nodes other than theirs.
    pub(super) no_other_room_at: Option<u64>,
    /// Whether the ReplicaSet controller is already going to look.
    pub(super) reconciling: bool,
}

impl Workload {
    /// A workload without pods.
    pub(super) fn new(template: &Template, own: bool, level: usize, placeable: bool) -> Self {
        Self {
            template: template.clone(),
            own,
            level,
            deletion_cost: DeletionCost::Unset,
            script: None,
            placeable,
            desired: 0,
            active: Vec::new(),
            waiting: VecDeque::new(),
            nominated: VecDeque::new(),
            total: 0,
            ready: 0,
            working: 0,
            no_room_at: None,
            no_other_room_at: None,
            reconciling: false,
        }
    }

    /// How many of its pods have no node.
    pub(super) fn pending(&self) -> usize {
        self.waiting.len() + self.nominated.len()
    }

    /// What one of its pods asks for.
    pub(super) fn ask(&self, number: u64) -> Ask<'_> {
        Ask { footprint: self.template.replica.footprint(), level: self.level, number }
    }

    /// Takes a pod off the list of those that stay.
    pub(super) fn deactivate(&mut self, id: PodId, pods: &mut Pods) {
        let place = pods[id].place_in_workload;
        self.active.swap_remove(place);
        if let Some(moved) = self.active.get(place) {
            pods[*moved].place_in_workload = place;
        }
    }

    /// Puts a pod back among those that wait, by age.
    pub(super) fn wait_again(&mut self, id: PodId, pods: &Pods) {
        let number = pods[id].number;
        let at = self.waiting.partition_point(|other| pods[*other].number < number);
        self.waiting.insert(at, id);
    }
}
