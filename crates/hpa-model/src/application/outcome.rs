//! The result of an application's simulation.

use crate::simulation::Rescale;

/// A finished run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The figures of the whole run.
    pub outcome: Outcome,
    /// Every write of the scale.
    pub rescales: Vec<Rescale>,
    /// The state at regular moments, for charts.
    pub samples: Vec<Sample>,
    /// Syncs at which the controller could not read the scale, or had no usable metric.
    pub failed_syncs: u64,
    /// Reason and message of the condition that was False at the last of them.
    pub failure: Option<String>,
}

/// The figures of a whole run, integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Length, milliseconds.
    pub length_ms: u64,
    /// Writes of the scale.
    pub scale_events: u64,
    /// Changes of direction between them.
    pub reversals: u64,
    /// Fewest desired replicas.
    pub least_replicas: u32,
    /// Most desired replicas.
    pub most_replicas: u32,
    /// Time with more load on each ready pod than the target and its tolerance, milliseconds.
    pub above_target_ms: u64,
    /// Time with less, above `minReplicas`, milliseconds.
    pub below_target_ms: u64,
    /// Time in which demand exceeded what the ready pods can do, milliseconds.
    pub overloaded_ms: u64,
    /// The longest of these times, milliseconds.
    pub longest_overload_ms: u64,
    /// Longest time with fewer ready pods than the demand needs at the target, milliseconds: how
    /// long a step took to be reached.
    pub longest_shortfall_ms: u64,
    /// Demand that was not served when it came, in thousandths of a per cent of all demand.
    pub unserved_milli_percent: u64,
    /// Longest queue, in thousandths of a unit of work.
    pub longest_queue_milli: u64,
    /// Ready pods missing from what the demand needs at the target, milliseconds of a pod.
    pub missing_pod_ms: u64,
    /// Pods beyond that need, milliseconds of a pod.
    pub spare_pod_ms: u64,
    /// Cpu requests of all pods, millicore-milliseconds.
    pub requested_milli_ms: u64,
}

/// The application at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Time, in milliseconds.
    pub at_ms: u64,
    /// The demand.
    pub demand: f64,
    /// Desired replicas.
    pub desired: u32,
    /// Ready pods that take work.
    pub ready: u32,
    /// Replicas that the demand needs at the target.
    pub needed: u32,
    /// Work that waits.
    pub queue: f64,
}

impl Outcome {
    /// Cpu requests over time, in thousandths of a core-hour.
    #[must_use]
    pub fn milli_core_hours(&self) -> u64 {
        self.requested_milli_ms / 3_600_000
    }
}
