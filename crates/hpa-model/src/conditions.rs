//! The conditions of an HPA's status, as enums, and their sentences, rendered on demand.
//!
//! Where upstream quotes another text (an API error, the names of pods or of other HPAs), the
//! sentence stops before the quotation.

use super::events::{description, inner, metric_at, reason};

use super::replica_calculator::MetricError;
use super::spec::HpaSpec;

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

/// One condition as `kubectl describe hpa` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedCondition {
    /// `type`.
    pub kind: &'static str,
    /// `status`: True or False.
    pub status: bool,
    /// `reason`.
    pub reason: &'static str,
    /// `message`.
    pub message: String,
}

// === impl Conditions ===

impl Conditions {
    /// The conditions that are set, in the order in which the controller first sets them.
    #[must_use]
    pub fn render(&self, spec: &HpaSpec, namespace: &str) -> Vec<RenderedCondition> {
        let able = self.able_to_scale.map(|able| RenderedCondition {
            kind: "AbleToScale",
            status: able.status(),
            reason: able.reason(),
            message: able.message(),
        });
        let active = self.scaling_active.map(|active| RenderedCondition {
            kind: "ScalingActive",
            status: active.status(),
            reason: active.reason(spec),
            message: active.message(spec, namespace),
        });
        let limited = self.scaling_limited.map(|limited| RenderedCondition {
            kind: "ScalingLimited",
            status: limited.status(),
            reason: limited.reason(),
            message: limited.message().to_owned(),
        });
        let zero = self.scaled_to_zero.map(|by_hpa| RenderedCondition {
            kind: "ScaledToZero",
            status: by_hpa,
            reason: if by_hpa { "ScaledToZero" } else { "NotScaledToZero" },
            message: if by_hpa {
                "the HPA controller scaled the workload to zero".to_owned()
            } else {
                "the HPA controller did not scale the workload to zero".to_owned()
            },
        });
        [able, active, limited, zero].into_iter().flatten().collect()
    }
}

// === impl AbleToScale ===

impl AbleToScale {
    fn message(self) -> String {
        match self {
            Self::SucceededGetScale => {
                "the HPA controller was able to get the target's current scale".to_owned()
            }
            Self::FailedGetScale => {
                "the HPA controller was unable to get the target's current scale".to_owned()
            }
            Self::ReadyForNewScale => "recommended size matches current size".to_owned(),
            Self::ScaleUpStabilized => "recent recommendations were lower than current one, \
                                        applying the lowest recent recommendation"
                .to_owned(),
            Self::ScaleDownStabilized => "recent recommendations were higher than current one, \
                                          applying the highest recent recommendation"
                .to_owned(),
            Self::SucceededRescale(to) => {
                format!("the HPA controller was able to update the target scale to {to}")
            }
            Self::FailedUpdateScale => {
                "the HPA controller was unable to update the target scale".to_owned()
            }
        }
    }
}

// === impl ScalingActive ===

impl ScalingActive {
    /// The condition's reason; that of a failed metric depends on its source.
    #[must_use]
    pub fn reason(self, spec: &HpaSpec) -> &'static str {
        match self {
            Self::ValidMetricFound(_) => "ValidMetricFound",
            Self::ScalingDisabled => "ScalingDisabled",
            Self::MissingSelector | Self::UnparsableSelector => "InvalidSelector",
            Self::AmbiguousSelector => "AmbiguousSelector",
            Self::FailedGetMetric(index, _) => metric_at(spec, index, "", reason),
        }
    }

    fn message(self, spec: &HpaSpec, namespace: &str) -> String {
        match self {
            Self::ValidMetricFound(index) => format!(
                "the HPA was able to successfully calculate a replica count from {}",
                metric_at(spec, index, String::new(), description)
            ),
            Self::ScalingDisabled => {
                "scaling is disabled since the replica count of the target is zero".to_owned()
            }
            Self::MissingSelector => "the HPA target's scale is missing a selector".to_owned(),
            Self::UnparsableSelector | Self::AmbiguousSelector => self.selector_error().to_owned(),
            Self::FailedGetMetric(index, error) => format!(
                "the HPA was unable to compute the replica count: {}",
                metric_at(spec, index, String::new(), |metric| inner(metric, error, namespace))
            ),
        }
    }

    /// What is wrong with the selector; empty for anything else.
    pub(super) fn selector_error(self) -> &'static str {
        match self {
            Self::MissingSelector => "selector is required",
            Self::UnparsableSelector => {
                "couldn't convert selector into a corresponding internal selector object"
            }
            Self::AmbiguousSelector => "pods by selector are controlled by multiple HPAs",
            _ => "",
        }
    }
}

// === impl ScalingLimited ===

impl ScalingLimited {
    fn message(self) -> &'static str {
        match self {
            Self::DesiredWithinRange => "the desired count is within the acceptable range",
            Self::TooFewReplicas => {
                "the desired replica count is less than the minimum replica count"
            }
            Self::TooManyReplicas => {
                "the desired replica count is more than the maximum replica count"
            }
            Self::ScaleUpLimit => {
                "the desired replica count is increasing faster than the maximum scale rate"
            }
            Self::ScaleDownLimit => {
                "the desired replica count is decreasing faster than the maximum scale rate"
            }
        }
    }
}
