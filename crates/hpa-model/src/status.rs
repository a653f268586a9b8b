//! What a run comes to: its decision, the conditions of the HPA's status as enums, and events. The
//! controller's sentences are rendered on demand, quirks included.
//!
//! Where upstream quotes another text (an API error, the names of pods or of other HPAs), the
//! sentence stops before the quotation.

use super::controller::Controller;
use super::metric::MetricSpec;
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
            message: limited.text().1.to_owned(),
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

impl AbleToScale {
    /// The condition's status.
    #[must_use]
    pub fn status(self) -> bool {
        !matches!(self, Self::FailedGetScale | Self::FailedUpdateScale)
    }

    /// The condition's reason.
    #[must_use]
    pub fn reason(self) -> &'static str {
        self.text().0
    }

    /// Reason and message.
    fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::SucceededGetScale => (
                "SucceededGetScale",
                "the HPA controller was able to get the target's current scale",
            ),
            Self::FailedGetScale => (
                "FailedGetScale",
                "the HPA controller was unable to get the target's current scale",
            ),
            Self::ReadyForNewScale => ("ReadyForNewScale", "recommended size matches current size"),
            Self::ScaleUpStabilized => (
                "ScaleUpStabilized",
                "recent recommendations were lower than current one, applying the lowest recent \
                 recommendation",
            ),
            Self::ScaleDownStabilized => (
                "ScaleDownStabilized",
                "recent recommendations were higher than current one, applying the highest recent \
                 recommendation",
            ),
            Self::SucceededRescale(_) => {
                ("SucceededRescale", "the HPA controller was able to update the target scale to ")
            }
            Self::FailedUpdateScale => {
                ("FailedUpdateScale", "the HPA controller was unable to update the target scale")
            }
        }
    }

    fn message(self) -> String {
        let message = self.text().1;
        match self {
            Self::SucceededRescale(to) => format!("{message}{to}"),
            _ => message.to_owned(),
        }
    }
}

impl ScalingActive {
    /// The condition's status.
    #[must_use]
    pub fn status(self) -> bool {
        matches!(self, Self::ValidMetricFound(_))
    }

    /// The condition's reason; that of a failed metric depends on its source.
    #[must_use]
    pub fn reason(self, spec: &HpaSpec) -> &'static str {
        match self {
            Self::ValidMetricFound(_) => "ValidMetricFound",
            Self::ScalingDisabled => "ScalingDisabled",
            Self::MissingSelector | Self::UnparsableSelector => "InvalidSelector",
            Self::AmbiguousSelector => "AmbiguousSelector",
            Self::FailedGetMetric(index, _) => {
                metric_at(spec, index, "", MetricSpec::failure_reason)
            }
        }
    }

    fn message(self, spec: &HpaSpec, namespace: &str) -> String {
        match self {
            Self::ValidMetricFound(index) => format!(
                "the HPA was able to successfully calculate a replica count from {}",
                metric_at(spec, index, String::new(), MetricSpec::description)
            ),
            Self::ScalingDisabled => {
                "scaling is disabled since the replica count of the target is zero".to_owned()
            }
            Self::MissingSelector => "the HPA target's scale is missing a selector".to_owned(),
            Self::UnparsableSelector | Self::AmbiguousSelector => self.selector_error().to_owned(),
            Self::FailedGetMetric(index, error) => format!(
                "the HPA was unable to compute the replica count: {}",
                metric_at(spec, index, String::new(), |metric| metric.failure(error, namespace))
            ),
        }
    }

    /// The problem of the selector; empty if there is none.
    fn selector_error(self) -> &'static str {
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

impl ScalingLimited {
    /// The condition's status: true when the count is not the wanted one.
    #[must_use]
    pub fn status(self) -> bool {
        self != Self::DesiredWithinRange
    }

    /// The condition's reason.
    #[must_use]
    pub fn reason(self) -> &'static str {
        self.text().0
    }

    /// Reason and message.
    fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::DesiredWithinRange => {
                ("DesiredWithinRange", "the desired count is within the acceptable range")
            }
            Self::TooFewReplicas => (
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
            ),
            Self::TooManyReplicas => (
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            ),
            Self::ScaleUpLimit => (
                "ScaleUpLimit",
                "the desired replica count is increasing faster than the maximum scale rate",
            ),
            Self::ScaleDownLimit => (
                "ScaleDownLimit",
                "the desired replica count is decreasing faster than the maximum scale rate",
            ),
        }
    }
}

/// The result of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The action of the run.
    pub action: Action,
    /// `status.desiredReplicas`; the one of an earlier run when this one stopped early.
    pub desired_replicas: u32,
    /// The raw wish of the metrics, before normalization; `None` when they were not asked or did
    /// not give one.
    pub proposed_replicas: Option<i32>,
    /// `status.conditions` after the run.
    pub conditions: Conditions,
}

/// The action of a run on the scale.
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

impl RescaleReason {
    /// The reason's text in the event.
    #[must_use]
    pub fn text(self, spec: &HpaSpec) -> String {
        match self {
            Self::AboveMax => "Current number of replicas above Spec.MaxReplicas".to_owned(),
            Self::BelowMin => "Current number of replicas below Spec.MinReplicas".to_owned(),
            Self::MetricAboveTarget(index) => {
                metric_at(spec, index, String::new(), MetricSpec::description) + " above target"
            }
            Self::AllBelowTarget => "All metrics below target".to_owned(),
            Self::Empty => String::new(),
        }
    }
}

impl Controller {
    /// The events of the run that just ended with `outcome`, in the controller's order.
    #[must_use]
    pub fn events(&self, spec: &HpaSpec, namespace: &str, outcome: &Outcome) -> Vec<Event> {
        let mut events = Vec::new();
        if outcome.action == Action::ScaleUnknown {
            let message = "unable to get the target's current scale".to_owned();
            events.push(warning("FailedGetScale", message));
            return events;
        }
        let metrics = spec.effective_metrics();
        let failed: Vec<_> = metrics
            .iter()
            .zip(self.current_metrics())
            .filter_map(|(metric, status)| match status {
                MetricStatus::Failed(error) => Some((metric, *error)),
                MetricStatus::Current(_) => None,
            })
            .collect();
        for (metric, error) in &failed {
            let message = metric.failure(*error, namespace);
            events.push(warning(metric.failure_reason(), message));
        }
        match outcome.action {
            Action::Held => {
                let message = if let Some((metric, error)) = failed.first() {
                    format!(
                        "invalid metrics ({} invalid out of {}), first error is: {}",
                        failed.len(),
                        metrics.len(),
                        metric.computation_failure(*error, namespace)
                    )
                } else {
                    let active = outcome.conditions.scaling_active;
                    let message = active.map_or("", ScalingActive::selector_error).to_owned();
                    let reason = match active {
                        Some(ScalingActive::MissingSelector) => "SelectorRequired",
                        Some(ScalingActive::AmbiguousSelector) => "AmbiguousSelector",
                        _ => "InvalidSelector",
                    };
                    events.push(warning(reason, message.clone()));
                    message
                };
                events.push(warning("FailedComputeMetricsReplicas", message));
            }
            Action::Rescaled { to, reason } => events.push(Event {
                kind: EventType::Normal,
                reason: "SuccessfulRescale",
                message: format!("New size: {to}; reason: {}", reason.text(spec)),
            }),
            Action::RescaleFailed { to, reason } => events.push(warning(
                "FailedRescale",
                format!("New size: {to}; reason: {}; error", reason.text(spec)),
            )),
            Action::Unchanged | Action::Disabled | Action::ScaleUnknown => {}
        }
        events
    }
}

fn warning(reason: &'static str, message: String) -> Event {
    Event { kind: EventType::Warning, reason, message }
}

/// Renders the metric at an index of the spec.
fn metric_at<T>(spec: &HpaSpec, index: usize, none: T, render: impl Fn(&MetricSpec) -> T) -> T {
    spec.effective_metrics().get(index).map_or(none, render)
}
