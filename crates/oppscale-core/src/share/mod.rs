//! Shares of what remains, for several opportunistic workloads that never claim a core twice.
//!
//! A single workload gets what [`headroom`](super::headroom) counts: slots beside paid pods, in sum
//! no more than remains after paid demand and reserve. With several, each replica allocated to one
//! is no longer free for the next:
//!
//! * The highest priority is served first; the rest goes to the next. A priority above what the
//!   namespace allows counts as the highest that it allows, and orders workloads within it only.
//! * Within a priority, the next replica goes to the namespace with the smallest dominant share for
//!   its weight: the largest part that its replicas take of any resource of the cluster (Ghodsi et
//!   al., *Dominant Resource Fairness*, NSDI 2011). The weight of a namespace is that of its
//!   workloads together, up to what it allows. Within the namespace, workloads share alike.
//! * A namespace never gets more than its `max-share` of any resource.
//! * Replicas that run stay where they are, until another workload that is entitled to more
//!   claims their place: on each node, those of the lowest priority go first. A workload claims from
//!   others only what its autoscaler can reach at its next sync. Capacity that no workload claims is
//!   offered to all, in the same order.
//! * A workload that nothing scales keeps its pods and claims nothing more.
//! * Replicas that run on unusable nodes, such as a cordoned one, are part of the share: without
//!   them the autoscaler would delete as many elsewhere.
//! * A reserve must be free before a workload gets one more replica. A workload with a smaller
//!   reserve continues where one with a larger stops. A [hole](super::hole) must stay free wherever
//!   the replicas go that are offered and do not run yet.
//! * A workload on the usage basis ([`Basis::Usage`]) needs its small request and its memory by
//!   requests, and its burn of each node's idle CPU, of which a part of its reserve stays free. The
//!   requests basis goes first: what is requested is a pod's own, whatever runs beside it. What its
//!   replicas request is taken from idle CPU too, so that no core is claimed twice.
//! * Nodes that few workloads can use are divided first, so that a workload that can run anywhere
//!   does not take the only place of one that cannot.
//!
//! A workload whose policy cannot be read is held ([`Held`]): its pods count as paid, so that no
//! workload gets their place or the CPU that they burn, and it gets nothing itself.
//!
//! The result depends on the cluster and the requests alone, not on the order of events: two
//! servers with the same state, the same [`Uptake`] and the same peaks of usage compute the same
//! shares.

mod capacity;
mod counting;
mod division;
mod queue;
mod rows;
mod seats;
mod terms;

use std::fmt;
use std::sync::Arc;

use super::headroom::Limit;
use super::placement::Placement;
use super::policy::{Basis, NamespaceLimits, Policy};
use super::replica::Replica;
use super::resources::{Amount, CPU, Resources};

pub use capacity::SharedCapacity;
pub use counting::Counting;

/// Every resource that some workload requests and no node lists: however many names there are, a
/// node has one amount of them, 0.
const UNLISTED: &str = "unlisted";

/// Idle CPU of a node, in millicores: what a replica on the usage basis burns.
const IDLE_CPU: &str = "idle-cpu";

/// A workload's request for a share.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareRequest {
    /// Namespace of the workload.
    pub namespace: Arc<str>,
    /// Limits of that namespace.
    pub limits: NamespaceLimits,
    /// Shape of a replica.
    pub replica: Replica,
    /// Nodes that its pods can run on.
    pub placement: Arc<Placement>,
    /// Priority of its pods; `None` if the pod template does not tell it.
    pub pod_priority: Option<i32>,
    /// Limits, weight and priority.
    pub policy: Policy,
    /// Sum of the CPU limits of a replica, in millicores; 0 if a container has none.
    pub cpu_limit: Amount,
    /// How far replicas take the share up.
    pub uptake: Uptake,
}

impl ShareRequest {
    /// Millicores of idle CPU that a replica burns; `None` on the requests basis.
    pub fn burn(&self) -> Option<Amount> {
        let burn = self.policy.burn.map_or(self.cpu_limit, Amount::from);
        (self.policy.basis == Basis::Usage).then_some(burn)
    }

    /// Millicores that a replica keeps busy: its burn, or what it requests.
    pub fn cpu(&self) -> Amount {
        self.burn().unwrap_or(self.replica.footprint().get(CPU))
    }
}

/// A workload that gets no share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Reason.
    pub why: String,
    /// Millicores that each of its pods keeps busy; 0 if [`PaidUsage`](super::usage::PaidUsage)
    /// counts them as paid.
    pub cpu: Amount,
}

/// How far replicas of a workload can take up its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uptake {
    /// Nothing that is known. The workload keeps the pods that it has, and is offered what no other
    /// claims.
    Unscaled,
    /// An autoscaler.
    Scaled {
        /// Replicas that it can have after its next sync: what it claims from others.
        reach: Amount,
        /// Its maximum.
        max: Amount,
    },
}

impl Uptake {
    /// An autoscaler without limits.
    pub const UNLIMITED: Self = Self::Scaled { reach: Amount::MAX, max: Amount::MAX };
}

/// Share of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Replicas that it may have in all, running ones included, those on unusable nodes, too.
    pub fit: Amount,
    /// Replicas of its own that run and are not being deleted.
    pub running: Amount,
    /// Limit that stops the next replica.
    pub limit: ShareLimit,
    /// Remaining resources: requests of those replicas, and its part of what no workload takes.
    /// Never below 0, and over all workloads never more than there is.
    pub remaining: Resources,
    /// Number of nodes it can use.
    pub usable_nodes: usize,
    /// Allocatable resources of those nodes.
    pub allocatable: Resources,
    /// Requests of paid pods without a node that would go to one of them.
    pub demand: Resources,
    /// Reserve that stays free on them.
    pub reserve: Resources,
    /// Idle CPU on them; `None` on the requests basis.
    pub idle: Option<IdleCpu>,
}

/// Idle CPU of the nodes that a workload can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleCpu {
    /// Millicores that paid pods did not use at their peak, before reserve.
    pub millicores: Amount,
    /// Millicores that a replica burns.
    pub burn: Amount,
    /// Nodes without a recent reading. They have no slots.
    pub unknown_nodes: usize,
    /// Nodes whose paid pods wait for CPU. They have no slots.
    pub waiting_nodes: usize,
    /// Running replicas beyond the slots of their node: the scheduler does not see usage. They get
    /// little CPU there.
    pub crowded: Amount,
}

/// Limit of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareLimit {
    /// The limit of a single workload, perhaps because of the shares of other workloads.
    Headroom(Limit),
    /// The `max-share` of its namespace.
    MaxShare,
    /// The number that its autoscaler can reach at its next sync.
    NextSync,
    /// Idle CPU of the nodes.
    IdleCpu,
}

impl ShareLimit {
    /// One word for it: that of the [`Limit`], or `max-share`, `next-sync` or `idle-cpu`.
    pub fn word(&self) -> &str {
        match self {
            Self::Headroom(limit) => limit.word(),
            Self::MaxShare => "max-share",
            Self::NextSync => "next-sync",
            Self::IdleCpu => "idle-cpu",
        }
    }
}

impl fmt::Display for ShareLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headroom(limit) => write!(f, "{limit}"),
            Self::MaxShare => f.write_str("the max-share of its namespace"),
            Self::IdleCpu => f.write_str("idle cpu on every node"),
            Self::NextSync => f.write_str("what its autoscaler can take up at its next sync"),
        }
    }
}

/// Replicas allocated on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation<'r> {
    /// Name of the node.
    pub node: &'r str,
    /// Index of the workload's request.
    pub request: usize,
    /// Number of replicas.
    pub replicas: Amount,
}

impl SharedCapacity {
    /// Divides the capacity between the requests: a share for each, in their order; `None` for a
    /// held workload.
    pub fn divide(&self) -> Vec<Option<Share>> {
        self.divide_with(|_| {})
    }

    /// As [`Self::divide`], and reports where the replicas would run.
    pub fn divide_with(&self, report: impl FnMut(Allocation<'_>)) -> Vec<Option<Share>> {
        division::divide(self, report)
    }
}
