//! Several opportunistic workloads share what remains, and never claim a core twice.
//!
//! What a single one may have is what [`headroom`](super::headroom) says: slots beside the
//! others, no more in sum than remains after paid demand and reserve. With several, each
//! replica that is offered to one is taken from what the next may have:
//!
//! * The higher priority takes first; what it leaves goes to the next.
//! * Within a priority, the next replica goes to whoever holds the least for its weight.
//!   What one holds is its dominant share: the largest part that its replicas take of any
//!   resource of the cluster (Ghodsi et al., *Dominant Resource Fairness*, NSDI 2011).
//! * A reserve is what a workload must see free before it takes one more. One with a
//!   smaller reserve goes on where one with a larger stops.
//! * Nodes that few may use are handed out first, so that who may go anywhere does not take
//!   the only place of who may not.
//!
//! A workload whose policy cannot be read is held: its pods count as others' here, so that
//! nobody is offered what it stands on, and nothing is offered to it.
//!
//! The result depends on the cluster and the workloads alone, not on the order in which
//! events came: two servers that see the same say the same.

mod fill;
mod room;

use super::headroom::Limit;
use super::placement::Placement;
use super::policy::Policy;
use super::replica::Replica;
use super::resources::{Amount, Resources};

pub use room::Room;

/// A workload that asks for a share.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimant {
    /// The shape of a replica.
    pub replica: Replica,
    /// Where its pods may go.
    pub placement: Placement,
    /// How much it may take, and before whom.
    pub policy: Policy,
}

/// What a workload may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// How many replicas it may have in all, those that run included.
    pub fit: Amount,
    /// What stops the next one.
    pub limit: ShareLimit,
    /// What remains for it: what those replicas take, and its part of what nobody takes.
    /// Never below 0, and over all workloads never more than there is.
    pub remaining: Resources,
    /// How many nodes it may use.
    pub usable_nodes: usize,
    /// What those nodes have in all.
    pub allocatable: Resources,
    /// What paid pods without a node ask for on them.
    pub demand: Resources,
    /// What stays free of them.
    pub reserve: Resources,
}

/// What stops the next replica of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareLimit {
    /// As for a single workload, or what other workloads take has brought it about.
    Headroom(Limit),
    /// Its own `max-replicas`.
    MaxReplicas,
}

/// Replicas that are offered on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<'r> {
    /// The node.
    pub node: &'r str,
    /// The workload, by its place in the list.
    pub claimant: usize,
    /// How many.
    pub replicas: Amount,
}

impl Room {
    /// Divides the room between its claimants: one share for each, in their order; `None`
    /// for one that is held.
    pub fn divide(&self) -> Vec<Option<Share>> {
        self.divide_with(|_| {})
    }

    /// As [`Self::divide`], telling each offer.
    pub fn divide_with(&self, tell: impl FnMut(Offer<'_>)) -> Vec<Option<Share>> {
        fill::divide(self, tell)
    }
}
