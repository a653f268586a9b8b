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
    /// The pods that were asked for one by one, by their keys.
    pub pods: HashMap<PodKey, PodDetail>,
    /// Why nothing is known of pods, if that is so.
    pub pods_unknown: Option<String>,
    /// Whether they are unknown for want of permissions.
    pub permissions_missing: bool,
    /// What is used, where it was asked for and could be had.
    pub usage: Option<Usage>,
    /// What the reader of the result should know besides.
    pub notes: Vec<String>,
    /// Names that were read though the ledger has nothing of them.
    pub seen: Seen,
}

/// Names that were read and count nothing. Who types one of them has made no typing error.
#[derive(Debug, Default)]
pub struct Seen {
    /// Resources that some node reports, be it with 0.
    pub resources: BTreeSet<Box<str>>,
    /// Namespaces of pods that have ended.
    pub namespaces: BTreeSet<Box<str>>,
    /// Whether a pod was opportunistic, be it one that has ended.
    pub opportunistic: bool,
}

/// Something in a list that is no countable object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidObject {
    /// Its kind, as far as that is known.
    pub kind: String,
    /// What it is called, or where it stands.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Usage as metrics.k8s.io reports it.
#[derive(Debug, Default)]
pub struct Usage {
    /// By node.
    pub nodes: HashMap<String, Resources>,
    /// By workload: namespace, kind and name.
    pub workloads: HashMap<(String, String, String), Resources>,
    /// Of opportunistic pods, by node.
    pub own: HashMap<String, Resources>,
}
