//! What is measured, as far as the API tells it.

use std::sync::Arc;

use oppscale_core::model::{Pairs, Text};
use oppscale_core::resources::Amount;
use oppscale_core::selector::Labels;

use super::status::Refusal;

/// Where values come from.
pub trait Source {
    /// What is known of the workloads, as of the last event.
    ///
    /// # Errors
    /// When nothing can be said: why not.
    fn workloads(&self) -> Result<Readings, Refusal>;
    /// What is known of the nodes.
    ///
    /// # Errors
    /// As [`Self::workloads`].
    fn nodes(&self) -> Result<Found<NodeReading>, Refusal>;
}

/// What is known of the workloads.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// When the cluster was last heard, as RFC 3339.
    pub time: String,
    /// The workloads, by namespace, kind and name.
    pub workloads: Arc<Vec<WorkloadReading>>,
}

/// Things that were found, and as of when.
#[derive(Debug, Clone, Default)]
pub struct Found<T> {
    /// As of when, as RFC 3339.
    pub time: String,
    /// What was found.
    pub items: Vec<T>,
}

/// What is known of a workload.
#[derive(Debug, Clone)]
pub struct WorkloadReading {
    /// Its namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
    /// Its own labels.
    pub labels: Arc<Labels<'static>>,
    /// The values, or why it is held.
    pub values: Result<Values, String>,
}

/// What is known of a node.
#[derive(Debug, Clone)]
pub struct NodeReading {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Arc<Labels<'static>>,
    /// The values, or why they are not known.
    pub values: Result<Values, String>,
}

/// Values of all metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Values {
    /// How many replicas fit; of a workload only.
    pub fit_replicas: Option<Amount>,
    /// Millicores that remain.
    pub cpu_milli: Amount,
    /// Bytes of memory that remain.
    pub memory_bytes: Amount,
}

/// A kind of workload that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 ReplicaSet that nobody controls.
    ReplicaSet,
    /// apps/v1 StatefulSet.
    StatefulSet,
}

impl WorkloadKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deployment, Self::ReplicaSet, Self::StatefulSet];

    /// The kind as objects write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
        }
    }

    /// Its resource: `deployments`.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
        }
    }

    /// The kind in lower case, which is its label in external metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::ReplicaSet => "replicaset",
            Self::StatefulSet => "statefulset",
        }
    }

    /// The kind of a resource as paths name it: `deployments.apps`, or without the group.
    pub fn of_resource(text: &str) -> Option<Self> {
        let resource = text.strip_suffix(".apps").unwrap_or(text);
        Self::ALL.into_iter().find(|kind| kind.resource() == resource)
    }
}

impl WorkloadReading {
    /// The labels of its series: its own, and before them what names it.
    pub(super) fn series_labels(&self) -> Labels<'static> {
        let mut labels: Labels<'static> = Pairs::default();
        for (name, value) in self.labels.entries() {
            labels.insert(name.clone(), value.clone());
        }
        let of = |name: &'static str, value: &str| (Text::from(name), Text::from(value.to_owned()));
        for (name, value) in [
            of("namespace", &self.namespace),
            of("kind", self.kind.name()),
            of("workload", &self.name),
            of(self.kind.label(), &self.name),
        ] {
            labels.insert(name, value);
        }
        labels
    }
}
