//! The readings behind the metrics.

use std::sync::Arc;

use oppscale_core::kinds::Kind;
use oppscale_core::model::Pairs;
use oppscale_core::resources::Amount;
use oppscale_core::selector::Labels;

use super::response::StatusError;

/// Source of the values.
pub trait Source {
    /// Readings of the workloads, as of the last event.
    ///
    /// # Errors
    /// When the cluster state is stale or incomplete.
    fn workloads(&self) -> Result<Readings, StatusError>;
    /// Readings of the nodes.
    ///
    /// # Errors
    /// As [`Self::workloads`].
    fn nodes(&self) -> Result<NodeReadings, StatusError>;
}

/// Readings of all workloads.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// Time of the last event from the cluster, in RFC 3339.
    pub time: String,
    /// The workloads, by namespace, kind and name.
    pub workloads: Arc<Vec<WorkloadReading>>,
}

/// Readings of all nodes.
#[derive(Debug, Clone, Default)]
pub struct NodeReadings {
    /// Their time, in RFC 3339.
    pub time: String,
    /// The readings.
    pub nodes: Vec<NodeReading>,
}

/// Readings of a workload.
#[derive(Debug, Clone)]
pub struct WorkloadReading {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its kind.
    pub kind: &'static Kind,
    /// Its name.
    pub name: Arc<str>,
    /// Its own labels.
    pub labels: Arc<Labels<'static>>,
    /// The values, or why the workload is on hold.
    pub values: Result<Values, String>,
}

/// Readings of a node.
#[derive(Debug, Clone)]
pub struct NodeReading {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Arc<Labels<'static>>,
    /// The values, or why they are unknown.
    pub values: Result<Values, String>,
}

/// Values of all metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Values {
    /// Number of replicas that fit; `None` for a node.
    pub fit_replicas: Option<Amount>,
    /// Remaining CPU, in millicores.
    pub cpu_milli: Amount,
    /// Remaining memory, in bytes.
    pub memory_bytes: Amount,
}

impl WorkloadReading {
    /// The labels of its series: its own labels and its identity.
    pub(super) fn series_labels(&self) -> Labels<'static> {
        let mut labels: Labels<'static> = Pairs::default();
        for (name, value) in self.labels.entries() {
            labels.insert(name.clone(), value.clone());
        }
        for (name, value) in [
            ("namespace".to_owned(), &*self.namespace),
            ("kind".to_owned(), self.kind.name),
            ("workload".to_owned(), &*self.name),
            (self.kind.singular(), &*self.name),
        ] {
            labels.insert(name.into(), value.to_owned().into());
        }
        labels
    }
}
