//! What is measured, as far as the API tells it.

use std::sync::Arc;

use oppscale_core::kinds::Kind;
use oppscale_core::model::Pairs;
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
    pub kind: &'static Kind,
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

impl WorkloadReading {
    /// The labels of its series: its own, and before them what names it.
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
