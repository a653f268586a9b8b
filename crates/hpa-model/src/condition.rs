//! The conditions of an HPA's status. They are kept as what happened; reasons and sentences are
//! rendered only when somebody asks (`words`).

use super::metric::MetricError;

/// `status.conditions`. `None` means that the condition was never set. A run that stops early
/// leaves the others as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `AbleToScale`.
    pub able_to_scale: Option<AbleToScale>,
    /// `ScalingActive`.
    pub scaling_active: Option<ScalingActive>,
    /// `ScalingLimited`.
    pub scaling_limited: Option<ScalingLimited>,
    /// `ScaledToZero`, 1.36 and later with `HPAScaleToZero` only: whether it was the HPA that
    /// took the last pod away.
    pub scaled_to_zero: Option<bool>,
}

/// Why the controller can or cannot change the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbleToScale {
    /// True: the scale was read.
    SucceededGetScale,
    /// False: the scale could not be read.
    FailedGetScale,
    /// True: stabilization changed nothing.
    ReadyForNewScale,
    /// True: an earlier, lower recommendation holds the count down.
    ScaleUpStabilized,
    /// True: an earlier, higher recommendation holds the count up.
    ScaleDownStabilized,
    /// True: the scale was set to this count.
    SucceededRescale(u32),
    /// False: the scale could not be written.
    FailedUpdateScale,
}

/// Whether the HPA computes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalingActive {
    /// True: the metric at this index of the spec decided.
    ValidMetricFound(usize),
    /// False: the target has zero replicas.
    ScalingDisabled,
    /// False: the selector is missing.
    MissingSelector,
    /// False: the selector does not parse.
    UnparsableSelector,
    /// False: other HPAs have the same pods.
    AmbiguousSelector,
    /// False: too little could be measured; this is the first metric that failed, and why.
    FailedGetMetric(usize, MetricError),
}

/// Whether a limit changed the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalingLimited {
    /// False.
    DesiredWithinRange,
    /// True: `minReplicas`.
    TooFewReplicas,
    /// True: `maxReplicas`.
    TooManyReplicas,
    /// True: the scale-up policies, or twice the replicas and at least 4 without `behavior`.
    ScaleUpLimit,
    /// True: the scale-down policies.
    ScaleDownLimit,
}

// === impl AbleToScale ===

impl AbleToScale {
    /// The condition's status.
    #[must_use]
    pub fn status(self) -> bool {
        !matches!(self, Self::FailedGetScale | Self::FailedUpdateScale)
    }

    /// The condition's reason.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::SucceededGetScale => "SucceededGetScale",
            Self::FailedGetScale => "FailedGetScale",
            Self::ReadyForNewScale => "ReadyForNewScale",
            Self::ScaleUpStabilized => "ScaleUpStabilized",
            Self::ScaleDownStabilized => "ScaleDownStabilized",
            Self::SucceededRescale(_) => "SucceededRescale",
            Self::FailedUpdateScale => "FailedUpdateScale",
        }
    }
}

// === impl ScalingActive ===

impl ScalingActive {
    /// The condition's status.
    #[must_use]
    pub fn status(self) -> bool {
        matches!(self, Self::ValidMetricFound(_))
    }
}

// === impl ScalingLimited ===

impl ScalingLimited {
    /// The condition's status: true when the count is not the wanted one.
    #[must_use]
    pub fn status(self) -> bool {
        self != Self::DesiredWithinRange
    }

    /// The condition's reason.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::DesiredWithinRange => "DesiredWithinRange",
            Self::TooFewReplicas => "TooFewReplicas",
            Self::TooManyReplicas => "TooManyReplicas",
            Self::ScaleUpLimit => "ScaleUpLimit",
            Self::ScaleDownLimit => "ScaleDownLimit",
        }
    }
}
