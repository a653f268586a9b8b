//! What cannot be sized, and what to do about it.

use thiserror::Error;

/// A workload that cannot be sized for a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SizingError {
    /// Nothing may be filled.
    #[error("no node of {nodes} is usable: {reasons}")]
    NoUsableNode {
        /// How many nodes there are.
        nodes: usize,
        /// Why not, and how many for that.
        reasons: String,
    },
    /// A replica without cpu.
    #[error("a replica of {replica} requests no cpu: the loop is one of cores")]
    NoCpu {
        /// Its shape.
        replica: String,
    },
    /// No node can hold one.
    #[error(
        "a replica of {replica} fits no usable node: node {node} comes closest, with \
         {has} of {resource} where it needs {needs}"
    )]
    FitsNowhere {
        /// Its shape.
        replica: String,
        /// The node that comes closest.
        node: String,
        /// What it is shortest of.
        resource: String,
        /// How much of it there is beside DaemonSets.
        has: String,
        /// How much a replica needs.
        needs: String,
    },
    /// More is to stay free than there is.
    #[error(
        "the reserve of {reserve} leaves nothing: the usable nodes have {capacity} cores beside \
         DaemonSets, and a replica takes {replica}"
    )]
    ReserveAboveCapacity {
        /// What is to stay free.
        reserve: String,
        /// What there is.
        capacity: String,
        /// What a replica takes.
        replica: String,
    },
    /// The quota holds no replica.
    #[error("the quota of {quota} {resource} holds no replica of {replica}")]
    QuotaBelowReplica {
        /// The resource that is short.
        resource: String,
        /// How much of it the quota allows.
        quota: String,
        /// The replica's shape.
        replica: String,
    },
    /// More replicas at least than fit.
    #[error("min {min} is above the {slots} replicas that fit at zero paid load ({why})")]
    MinAboveSlots {
        /// What was asked for.
        min: u32,
        /// What there is room for.
        slots: u32,
        /// What limits it.
        why: String,
    },
    /// More replicas at least than at most.
    #[error("min {min} is above max {max}")]
    MinAboveMax {
        /// What was asked for at least.
        min: u32,
        /// What was asked for at most.
        max: u32,
    },
    /// The API server takes no HPA that goes to zero.
    #[error("min 0: before Kubernetes 1.37 an HPA keeps one replica at least")]
    MinZero,
    /// More replicas than the quota lets be made.
    #[error("max {max} is above the {holds} replicas that the quota of {quota} {resource} holds")]
    MaxAboveQuota {
        /// What was asked for.
        max: u32,
        /// How much the quota allows.
        quota: String,
        /// Of what.
        resource: String,
        /// How many replicas that is.
        holds: u32,
    },
}

impl SizingError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoUsableNode { .. } => {
                "see each node's reason: oppscale top --show-unusable -o wide"
            }
            Self::NoCpu { .. } => "add cpu to --replica, or to resources.requests of the pods",
            Self::FitsNowhere { .. } => {
                "ask for less with --replica, or let --replica auto find a shape"
            }
            Self::ReserveAboveCapacity { .. } => {
                "keep less free with --reserve; see what there is: oppscale top"
            }
            Self::QuotaBelowReplica { .. } => "raise --quota, or ask for less with --replica",
            Self::MinAboveSlots { .. } => "lower --min, or ask for less with --replica",
            Self::MinAboveMax { .. } => "lower --min, or raise --max",
            Self::MinZero => "leave --min out, or let KEDA go to zero: --pipeline keda",
            Self::MaxAboveQuota { .. } => "lower --max, or raise --quota",
        }
    }
}
