//! What was read of a cluster, and what was not.

use std::collections::{BTreeSet, HashMap};

use oppscale_core::ledger::Ledger;
use oppscale_core::pods::PodDetail;
use oppscale_core::record::PodKey;
use oppscale_core::resources::Resources;

/// A cluster as it was read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Nodes and pods.
    pub ledger: Ledger,
    /// Objects that could not be put into the ledger at all.
    pub invalid_objects: Vec<InvalidObject>,
    /// Details of requested pods, by their keys.
    pub pods: HashMap<PodKey, PodDetail>,
    /// Why nothing is known of pods, if that is so.
    pub pods_unknown: Option<String>,
    /// Whether they are unknown for want of permissions.
    pub permissions_missing: bool,
    /// Usage, if it was requested and could be read.
    pub usage: Option<Usage>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// Names that exist in the cluster although the ledger has nothing of them.
    pub known_names: KnownNames,
}

/// Names that exist but count nothing. A user who types one of them has made no typing error.
#[derive(Debug, Default)]
pub struct KnownNames {
    /// Resources that some node reports, be it with 0.
    pub resources: BTreeSet<Box<str>>,
    /// Namespaces of pods that have ended.
    pub namespaces: BTreeSet<Box<str>>,
    /// Whether a pod was opportunistic, be it one that has ended.
    pub opportunistic: bool,
    /// Whether a pod that has ended has the labels of those that are kept one by one; `None` if
    /// pods that have ended were not listed.
    pub ended: Option<bool>,
}

/// Something in a list that is no countable object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidObject {
    /// Its kind, as far as that is known.
    pub kind: String,
    /// Its name, or its position.
    pub name: String,
    /// The problem.
    pub problem: String,
}

/// Usage as metrics.k8s.io reports it.
#[derive(Debug, Default)]
pub struct Usage {
    /// By node.
    pub nodes: HashMap<String, Resources>,
    /// By workload: namespace, kind and name.
    pub workloads: HashMap<(String, String, String), Resources>,
    /// Usage of opportunistic pods, by node.
    pub own: HashMap<String, Resources>,
}
