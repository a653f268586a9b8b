//! How large an opportunistic workload may be on a cluster, and where each number comes from.
//!
//! * **room** of a node = allocatable − what always stands there: pods of DaemonSets and
//!   static pods. It is the capacity at zero paid load.
//! * **slots** = replicas that fit into the rooms, node by node.
//! * **maxReplicas** = the least of slots, what the rooms together hold after the reserve, and
//!   the quota.
//! * **reserve**, where it is not given = what the loop needs until it reacts
//!   ([`crate::verdict::ReserveNeed`]), in whole cores.

mod request;
mod size;
mod usable_nodes;

pub use request::{
    Growth, GrowthSource, Origins, Pipeline, ReplicaChoice, ReserveChoice, SizingRequest,
};
pub use size::{Line, Sizing, Subject, has_scoped_quota, size};
