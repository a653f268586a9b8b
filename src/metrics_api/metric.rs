//! The metrics and their values as quantities.

use oppscale_core::quantity::{Format, Quantity};
use oppscale_core::resources::Amount;

use super::reading::Values;

/// A metric of a workload or node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Total number of replicas that fit: the metric for an HPA, with `AverageValue` 1.
    FitReplicas,
    /// Remaining CPU in cores.
    RemainingCpuCores,
    /// Remaining memory in bytes.
    RemainingMemoryBytes,
    /// Remaining CPU in millicores as a plain number: the metric of the 2018 article, but without
    /// the workload's own pods, and less its reserve.
    CpuCapacityRemaining,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 4] = [
        Self::FitReplicas,
        Self::RemainingCpuCores,
        Self::RemainingMemoryBytes,
        Self::CpuCapacityRemaining,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FitReplicas => "oppscale_fit_replicas",
            Self::RemainingCpuCores => "oppscale_remaining_cpu_cores",
            Self::RemainingMemoryBytes => "oppscale_remaining_memory_bytes",
            Self::CpuCapacityRemaining => "cpu_capacity_remaining",
        }
    }

    /// The metric of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Its value as a quantity; `None` if the object has no such metric.
    pub(super) fn value(self, values: &Values) -> Option<String> {
        let units = |amount: Amount| Quantity::from_units(whole(amount));
        let quantity = match self {
            Self::FitReplicas => units(values.fit_replicas?),
            Self::RemainingCpuCores => Quantity::from_milli(whole(values.cpu_milli)),
            Self::RemainingMemoryBytes => units(values.memory_bytes).with_format(Format::BinarySi),
            Self::CpuCapacityRemaining => units(values.cpu_milli),
        };
        Some(quantity.to_string())
    }
}

/// A published amount is never negative.
fn whole(amount: Amount) -> i64 {
    i64::try_from(amount.max(0)).unwrap_or(i64::MAX)
}
