//! Paid demand: where waiting paid pods would go, and what that leaves.
//!
//! Paid pods that have no node are placed one after the other, as the scheduler would
//! place them:
//!
//! * In the order of its queue: higher priority first, then the older one
//!   (`PrioritySort` of `framework/plugins/queuesort`, 1.36; it takes the time at which a pod
//!   was queued, which is that of its creation unless it was tried before). Of one priority,
//!   pods with a nominated node come first, for the scheduler keeps that room for them.
//! * On a node that admits it: ready, not cordoned, no untolerated taint, selected by node
//!   selector and required affinity. The nominated node is tried first.
//! * Beside what stays there: paid pods, and the waiting pods placed before. Fillers are as if
//!   they were not there if the pod's priority is above theirs and its `preemptionPolicy` is not
//!   `Never`: the metric must not depend on where fillers run, or the HPA would chase its own
//!   tail. Beside a pod that may not preempt them, they stay.
//!
//! Which of several nodes the scheduler takes is not knowable. Here it is the one with the
//! greatest free share of cpu and memory, as `LeastAllocated`, the default of
//! `NodeResourcesFit`, has it among equal nodes. It depends on the cluster alone, so that every
//! command and every workload sees the same placement; and it spreads pods, which breaks more
//! slots than packing them would.
//!
//! A pod that no node could hold takes nothing, or one typing error would starve every filler
//! for ever.

mod placer;
pub mod room_tree;
pub mod what_if;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::headroom::Query;
use super::ledger::{Ledger, NodeAccount, Waiting};
use super::node::NodeRecord;
use super::record::PodKey;
use super::resources::{Amount, Resources};
use placer::Placer;

/// The value of the PriorityClass that `render-hpa` renders, and the priority of fillers whose
/// pod template names a class and no value. It is below Cluster Autoscaler's cutoff of -10, and
/// far enough below it for balloon pods in between.
pub const FILLER_PRIORITY: i32 = -1000;

/// The fillers that waiting pods are placed beside.
pub struct Fillers<'q> {
    /// Which pods they are.
    pub selection: FillerSelection<'q>,
    /// Whether they can use a node. Nodes without allocatable or with pods that cannot be
    /// counted are left out before.
    pub is_usable: &'q dyn Fn(&NodeRecord) -> bool,
}

/// Which pods count as fillers, and their priorities.
#[derive(Debug, Clone, Copy)]
pub enum FillerSelection<'q> {
    /// The pods that the ledger counts as opportunistic, all of this priority.
    Opportunistic(i32),
    /// The pods of the workloads that the ledger tracks, with a priority for each in the order
    /// of [`Ledger::track`]. Those of `None` stay as paid pods do.
    Tracked(&'q [Option<i32>]),
}

/// A paid pod without a node, and what becomes of it.
#[derive(Debug, Clone)]
pub struct PlacedPod<'l> {
    /// Its key.
    pub key: &'l PodKey,
    /// The pod.
    pub pod: &'l Waiting,
    /// Its demand state.
    pub state: DemandState,
    /// The node where it would go, if it is placeable or goes elsewhere.
    pub node: Option<&'l str>,
    /// Whether fillers must make room for it there.
    pub preempts: bool,
    /// Why it is unplaceable.
    pub reason: Option<Arc<str>>,
}

/// Demand state of a paid pod without a node.
///
/// A node is usable here if any of the workloads can use it, for any of them can yield.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemandState {
    /// It goes to a usable node, whose room is kept for it.
    Placeable,
    /// It goes to a node that no opportunistic workload can use, or it could if that node were
    /// ready, not cordoned, or without a taint.
    Elsewhere,
    /// Every node that could hold it is full of pods that stay for it. It takes nothing.
    Blocked,
    /// Its priority is not above that of the fillers, so it takes nothing from them.
    Outranked,
    /// No node could hold it beside its DaemonSet and static pods.
    Unplaceable,
    /// Scheduling gates hold it back.
    Gated,
}

impl DemandState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Placeable,
        Self::Elsewhere,
        Self::Blocked,
        Self::Outranked,
        Self::Unplaceable,
        Self::Gated,
    ];

    /// The state as a label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Placeable => "placeable",
            Self::Elsewhere => "elsewhere",
            Self::Blocked => "blocked",
            Self::Outranked => "outranked",
            Self::Unplaceable => "unplaceable",
            Self::Gated => "gated",
        }
    }
}

impl Fillers<'_> {
    fn is_paid(&self, ledger: &Ledger, pod: &Waiting) -> bool {
        let is_tracked = match self.selection {
            FillerSelection::Opportunistic(_) => false,
            FillerSelection::Tracked(_) => ledger.is_tracked(pod),
        };
        !pod.opportunistic && !is_tracked
    }

    /// The priorities of the fillers, ascending.
    fn priorities(&self) -> Vec<i32> {
        let distinct: BTreeSet<i32> = match self.selection {
            FillerSelection::Opportunistic(priority) => [priority].into(),
            FillerSelection::Tracked(priorities) => priorities.iter().flatten().copied().collect(),
        };
        distinct.into_iter().collect()
    }

    /// Footprints of the fillers on a node, by priority.
    fn on<'a>(&self, account: &'a NodeAccount) -> Vec<(i32, &'a Resources)> {
        match self.selection {
            FillerSelection::Opportunistic(priority) => vec![(priority, &account.opportunistic)],
            FillerSelection::Tracked(priorities) => {
                let priority = |id: u32| priorities.get(id as usize).copied().flatten();
                let tallies = account.tallies();
                tallies.filter_map(|(id, tally)| Some((priority(id)?, &tally.sum))).collect()
            }
        }
    }
}

/// Places the waiting pods of `ledger` that are not fillers' own, in the order of the
/// scheduler's queue. Gated ones are in it, too, though they take nothing.
pub fn place<'l>(ledger: &'l Ledger, fillers: &Fillers<'_>) -> Vec<PlacedPod<'l>> {
    let queue = queue(ledger, fillers);
    if queue.is_empty() {
        return Vec::new();
    }
    let mut placer = Placer::new(ledger, fillers, &queue, ledger.unoffered());
    queue.into_iter().map(|(key, pod)| placer.place(key, pod)).collect()
}

/// The waiting pods of `ledger` that are not fillers' own, in the order of the scheduler's queue.
fn queue<'l>(ledger: &'l Ledger, fillers: &Fillers<'_>) -> Vec<(&'l PodKey, &'l Waiting)> {
    let paid = |(_, pod): &(_, &Waiting)| fillers.is_paid(ledger, pod);
    let mut queue: Vec<(&PodKey, &Waiting)> = ledger.waiting_keys().filter(paid).collect();
    queue.sort_unstable_by(|a, b| compare_turns(*a, *b));
    queue
}

/// Which of two pods is first in the scheduler's queue.
fn compare_turns((a_key, a): (&PodKey, &Waiting), (b_key, b): (&PodKey, &Waiting)) -> Ordering {
    let turn =
        |pod: &Waiting| (Reverse(pod.queueing.priority), pod.queueing.nominated_node.is_empty());
    let age = || a.queueing.created.cmp(&b.queueing.created);
    turn(a).cmp(&turn(b)).then_with(age).then_with(|| a_key.cmp(b_key))
}

/// Places as [`place`] does, for the workload that is asked about.
fn with_fillers<T>(query: &Query, place: impl FnOnce(&Fillers<'_>) -> T) -> T {
    let is_usable = |node: &NodeRecord| query.selects(node) && node.is_usable(&query.placement);
    let priority = query.filler_priority.unwrap_or(FILLER_PRIORITY);
    place(&Fillers { selection: FillerSelection::Opportunistic(priority), is_usable: &is_usable })
}

/// As [`place`], for the workload that is asked about.
pub fn place_for<'l>(ledger: &'l Ledger, query: &Query) -> Vec<PlacedPod<'l>> {
    with_fillers(query, |fillers| place(ledger, fillers))
}

/// Room that is kept on each usable node for the pods placed there.
pub fn kept<'l>(placed: &[PlacedPod<'l>]) -> HashMap<&'l str, Resources> {
    let mut kept: HashMap<&str, Resources> = HashMap::new();
    for (node, pod) in placed.iter().filter_map(PlacedPod::kept_on) {
        kept.entry(node).or_default().add(&pod.footprint);
    }
    kept
}

impl<'l> PlacedPod<'l> {
    /// Why no node takes the pod as things are; `None` if one does, or if it waits for a gate.
    pub fn obstacle(&self) -> Option<&str> {
        match (self.state, self.node) {
            (DemandState::Placeable | DemandState::Gated, _)
            | (DemandState::Elsewhere, Some(_)) => None,
            (DemandState::Elsewhere, None) => {
                Some("the nodes that could hold it are cordoned, not ready, tainted or unknown")
            }
            (DemandState::Blocked, _) => Some("every node that could hold it is full"),
            (DemandState::Outranked, _) => Some("its priority is not above the filler's"),
            (DemandState::Unplaceable, _) => Some(self.reason.as_deref().unwrap_or("unknown")),
        }
    }

    /// The usable node whose room is kept for the pod, and the pod.
    pub fn kept_on(&self) -> Option<(&'l str, &'l Waiting)> {
        (self.state == DemandState::Placeable).then_some((self.node?, self.pod))
    }
}

/// Requests of paid pods without a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaidDemand {
    /// The sum over those that go to usable nodes: what is kept for paid demand.
    pub placeable: Resources,
    /// The sum over those that go elsewhere.
    pub elsewhere: Resources,
    /// The sum over those that wait until paid pods end.
    pub blocked: Resources,
    /// The sum over those whose priority is not above the filler's.
    pub outranked: Resources,
    /// Number of pods that wait for scheduling gates.
    pub gated: usize,
    /// Pods that no node could hold, by namespace and name.
    pub unplaceable: Vec<Unplaceable>,
}

/// A pod that no node of the cluster could ever hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unplaceable {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Its requests, as `(resource, amount)`.
    pub asks: Vec<(String, Amount)>,
}

impl PaidDemand {
    /// Adds up what became of the waiting pods.
    pub fn of(placed: &[PlacedPod<'_>]) -> Self {
        let mut demand = Self::default();
        for PlacedPod { pod, state, reason, .. } in placed {
            match state {
                DemandState::Placeable => demand.placeable.add(&pod.footprint),
                DemandState::Elsewhere => demand.elsewhere.add(&pod.footprint),
                DemandState::Blocked => demand.blocked.add(&pod.footprint),
                DemandState::Outranked => demand.outranked.add(&pod.footprint),
                DemandState::Gated => demand.gated += 1,
                DemandState::Unplaceable => demand.unplaceable.push(Unplaceable {
                    namespace: pod.group.namespace.to_string(),
                    name: pod.name.to_string(),
                    reason: reason.as_deref().unwrap_or_default().to_owned(),
                    asks: pod.footprint.present().map(|(n, a)| (n.to_owned(), a)).collect(),
                }),
            }
        }
        demand.unplaceable.sort();
        demand
    }
}
