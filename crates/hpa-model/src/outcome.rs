//! What a run comes to: the decision, `status.currentMetrics`, and events.

use super::conditions::Conditions;
use super::replica_calculator::MetricError;

/// The result of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was done.
    pub action: Action,
    /// `status.desiredReplicas`; the one of an earlier run when this one stopped early.
    pub desired_replicas: u32,
    /// The raw wish of the metrics, before normalization; `None` when they were not asked or did
    /// not give one.
    pub proposed_replicas: Option<i32>,
    /// `status.conditions` after the run.
    pub conditions: Conditions,
}

/// What a run did with the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The scale was set.
    Rescaled {
        /// To this count.
        to: u32,
        /// For this reason.
        reason: RescaleReason,
    },
    /// The scale should have been set, but the API server refused.
    RescaleFailed {
        /// To this count.
        to: u32,
        /// For this reason.
        reason: RescaleReason,
    },
    /// The count is right.
    Unchanged,
    /// The target has zero replicas and it is not for this HPA to change that.
    Disabled,
    /// The scale could not be read.
    ScaleUnknown,
    /// Too little could be measured, or the selector is unusable; the count is held.
    Held,
}

/// The reason in a `SuccessfulRescale` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RescaleReason {
    /// "Current number of replicas above Spec.MaxReplicas".
    AboveMax,
    /// "Current number of replicas below Spec.MinReplicas".
    BelowMin,
    /// "… above target": the metric at this index of the spec.
    MetricAboveTarget(usize),
    /// "All metrics below target"; also when stabilization then raises the count.
    AllBelowTarget,
    /// An empty reason: the metrics are content, but recent recommendations or limits are not.
    Empty,
}

/// One entry of `status.currentMetrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricStatus {
    /// The metric's value.
    Current(MetricValue),
    /// The metric failed; the API shows `{"type":""}`.
    Failed(MetricError),
}

/// A value as the status shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricValue {
    /// `value`, thousandths.
    Value(i64),
    /// `averageValue`, thousandths.
    AverageValue(i64),
    /// `averageUtilization` and `averageValue`.
    Utilization {
        /// Whole per cent of the requests.
        percent: i32,
        /// Average usage, thousandths.
        average: i64,
    },
}

/// An event the controller records on the HPA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `type`.
    pub kind: EventType,
    /// `reason`.
    pub reason: &'static str,
    /// `message`.
    pub message: String,
}

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// Normal.
    Normal,
    /// Warning.
    Warning,
}

// === impl Outcome ===

impl Outcome {
    /// The count that was written, if one was.
    #[must_use]
    pub fn rescaled_to(&self) -> Option<u32> {
        match self.action {
            Action::Rescaled { to, .. } => Some(to),
            _ => None,
        }
    }
}
