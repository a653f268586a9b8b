//! What the ledger holds: accounts of nodes, and pods as they were counted.

use std::sync::Arc;

use hashbrown::Equivalent;

use super::{Generation, Place, TrackId};
use crate::node::NodeRecord;
use crate::placement::Placement;
use crate::record::PodRecord;
use crate::resources::Resources;

/// A node, and the sums of what stands on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAccount {
    /// The name that the node has, or would have.
    pub(super) name: Option<Arc<str>>,
    /// The node; `None` while pods are bound to a name that no node has.
    pub record: Option<NodeRecord>,
    /// What pods of others occupy.
    pub others: Resources,
    /// What opportunistic pods occupy.
    pub opportunistic: Resources,
    /// How many pods stand here that could not be counted.
    pub unknown_pods: usize,
    /// How many pods stand here in all.
    pub(super) bound: usize,
    /// What pods of tracked workloads occupy, by [`TrackId`]; without those that have none.
    pub(super) tallies: Vec<(TrackId, Resources)>,
}

/// The workload a pod belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its kind.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// A group that is looked for, without owning its text.
#[derive(Hash)]
pub(super) struct GroupKey<'p> {
    pub(super) namespace: &'p str,
    pub(super) kind: &'p str,
    pub(super) name: &'p str,
}

impl Equivalent<Arc<Group>> for GroupKey<'_> {
    fn equivalent(&self, group: &Arc<Group>) -> bool {
        *group.namespace == *self.namespace
            && *group.kind == *self.kind
            && *group.name == *self.name
    }
}

/// A bound pod as it was last counted.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) place: Place,
    pub(super) footprint: Arc<Resources>,
    pub(super) group: Arc<Group>,
    pub(super) own: bool,
    pub(super) generation: Generation,
}

/// A pod that occupies a node.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'l> {
    /// Its node.
    pub node: &'l str,
    /// What it occupies.
    pub footprint: &'l Resources,
    /// Its workload.
    pub group: &'l Group,
    /// Whether it is the opportunistic workload's own.
    pub own: bool,
}

/// A pod without a node.
#[derive(Debug)]
pub struct Waiting {
    /// Its name.
    pub name: Box<str>,
    /// What it will occupy.
    pub footprint: Arc<Resources>,
    /// Its workload, with the namespace.
    pub group: Arc<Group>,
    /// Whether it is the opportunistic workload's own.
    pub own: bool,
    /// Where it may go.
    pub placement: Box<Placement>,
    /// Held back by scheduling gates.
    pub gated: bool,
    pub(super) generation: Generation,
}

/// A pod that occupies nobody knows what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPod {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its node, if it has one.
    pub node: Option<Arc<str>>,
    /// What is wrong with it.
    pub problem: String,
    pub(super) generation: Generation,
}

impl Equivalent<Group> for GroupKey<'_> {
    fn equivalent(&self, group: &Group) -> bool {
        *group.namespace == *self.namespace
            && *group.kind == *self.kind
            && *group.name == *self.name
    }
}

impl NodeAccount {
    pub(super) fn side(&mut self, own: bool) -> &mut Resources {
        if own { &mut self.opportunistic } else { &mut self.others }
    }

    pub(super) fn is_vacant(&self) -> bool {
        self.record.is_none() && self.bound == 0
    }
}

pub(super) fn group_key<'p>(pod: &PodRecord<'p>) -> GroupKey<'p> {
    let (kind, name) = pod.workload;
    GroupKey { namespace: pod.namespace, kind, name }
}
