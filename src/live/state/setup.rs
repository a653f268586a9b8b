//! How a screen begins.

use std::time::Duration;

use crate::terminal::Look;
use oppscale_cluster::{ResolvedWorkload, WorkloadRef};
use oppscale_core::figures::Figure;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::selector::Selector;
use oppscale_core::view::By;

/// How a screen begins.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Which characters and colours the terminal takes.
    pub look: Look,
    /// What the cluster is called: the context of the kubeconfig, or the server.
    pub context: String,
    /// The shape of a replica; otherwise the workload's.
    pub replica: Option<Replica>,
    /// What must stay free.
    pub reserve: Reserve,
    /// Which nodes are looked at at all.
    pub nodes: Selector,
    /// The workload that was named.
    pub workload: Option<WorkloadRef>,
    /// The namespace of a workload that was named without one.
    pub namespace: String,
    /// What is known of it.
    pub resolved: ResolvedWorkload,
    /// What a row stands for at first.
    pub by: By,
    /// How rows are sorted at first: a figure, and whether the greatest comes first.
    pub sort: Option<(&'static Figure, bool)>,
    /// The resources to show; empty means those that matter.
    pub resources: Vec<String>,
    /// Only rows of this namespace.
    pub only_namespace: Option<String>,
    /// Whether nodes that opportunistic work may not use are shown.
    pub show_unusable: bool,
    /// Whether there is an API server to ask for more.
    pub has_cluster: bool,
    /// The least time between two frames of new data; otherwise a tenth of a second.
    pub interval: Option<Duration>,
    /// How old data is at the most while all is well.
    pub fresh: Duration,
}
