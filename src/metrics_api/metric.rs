//! The metrics, and how their values are written.

use oppscale_core::quantity::{Format, Quantity};
use oppscale_core::resources::Amount;

use super::reading::Values;

/// A metric of a workload or node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How many replicas the workload may have in all: what an HPA should follow, with
    /// `AverageValue` 1.
    FitReplicas,
    /// Cores that remain, in thousandths.
    RemainingCpuCores,
    /// Bytes of memory that remain.
    RemainingMemoryBytes,
    /// Millicores that remain, as a plain number: the metric of the article of 2018, but
    /// without the workload's own pods and with its reserve taken off.
    CpuCapacityRemaining,
}

impl Metric {
    /// All of them.
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

    /// Its value as a quantity; `None` when there is none of it.
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

/// An amount as it is published: never negative.
fn whole(amount: Amount) -> i64 {
    i64::try_from(amount.max(0)).unwrap_or(i64::MAX)
}
