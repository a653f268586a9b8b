//! Why a run of the controller came to its count, in a clause for people.

use oppscale_core::units;

use super::controller::Controller;
use super::metric::{MetricSpec, ResourceName};
use super::replica_calculator::{MetricError, Tolerances};
use super::spec::{HpaSpec, SelectPolicy};
use super::status::{
    Action, MetricStatus, MetricValue, Outcome, RescaleReason, ScalingActive, ScalingLimited,
};

/// Why the run that just ended with `outcome` came to its count: a clause without a period.
/// `current` is the count before it.
#[must_use]
pub fn explain(spec: &HpaSpec, controller: &Controller, outcome: &Outcome, current: u32) -> String {
    match outcome.action {
        Action::ScaleUnknown => return "the scale cannot be read, so the count stays".to_owned(),
        Action::Disabled => {
            return "the workload has 0 replicas, and an HPA does not start it from there"
                .to_owned();
        }
        Action::Held => return held(spec, outcome),
        Action::Rescaled { reason: RescaleReason::AboveMax, .. } => {
            return format!("{current} is above maxReplicas {}", spec.max_replicas);
        }
        Action::Rescaled { reason: RescaleReason::BelowMin, .. } => {
            return format!("{current} is below minReplicas {}", spec.effective_min());
        }
        Action::Rescaled { .. } | Action::RescaleFailed { .. } | Action::Unchanged => {}
    }
    let Some(ScalingActive::ValidMetricFound(at)) = outcome.conditions.scaling_active else {
        return String::new();
    };
    let metrics = spec.effective_metrics();
    let (Some(metric), Some(MetricStatus::Current(value))) =
        (metrics.get(at), controller.current_metrics().get(at))
    else {
        return String::new();
    };
    let proposed = i64::from(outcome.proposed_replicas.unwrap_or(0));
    let (current, result) = (i64::from(current), i64::from(outcome.desired_replicas));
    let mut text = reading(metric, *value);
    if metrics.len() > 1 {
        text.push_str(&format!(" and asks for the most of {} metrics", metrics.len()));
    }
    let ratio = ratio(metric, *value);
    text.push_str(&match proposed == current {
        true if Tolerances::of(spec, controller.config()).contain(ratio) => {
            format!(", near enough to keep {current}")
        }
        true => {
            let alone = (ratio * current as f64 - 1e-9).ceil();
            let others = match alone == current as f64 {
                true => "",
                false => " (pods that are not ready, have ended or have no value count otherwise)",
            };
            format!(", so it asks for the {current} that there are{others}")
        }
        false => format!(", so it asks for {proposed}"),
    });
    if proposed != result {
        text.push_str(&limit(spec, controller, outcome, proposed, result));
    }
    text
}

/// Why nothing was computed.
fn held(spec: &HpaSpec, outcome: &Outcome) -> String {
    let reason = match outcome.conditions.scaling_active {
        Some(ScalingActive::FailedGetMetric(at, error)) => {
            let metric = spec.effective_metrics().get(at);
            let name = metric.map_or("a metric", |metric| metric.source.name());
            let problem = match error {
                MetricError::Fetch => "cannot be read".to_owned(),
                MetricError::NoItems => "has no value".to_owned(),
                MetricError::MissingRequest => {
                    "is compared with the requests, and a container has none".to_owned()
                }
                other => format!("gives no count: {other}"),
            };
            format!("{name} {problem}")
        }
        Some(ScalingActive::AmbiguousSelector) => "other HPAs have the same pods".to_owned(),
        _ => "the scale has no usable selector".to_owned(),
    };
    format!("{reason}, so the count stays")
}

/// The limit that changed the proposal.
fn limit(
    spec: &HpaSpec,
    controller: &Controller,
    outcome: &Outcome,
    proposed: i64,
    result: i64,
) -> String {
    let config = controller.config();
    let window = |is_up: bool| match (&spec.behavior, is_up) {
        (Some(behavior), true) => behavior.up().window_seconds,
        (Some(behavior), false) => {
            behavior.down(config.downscale_stabilization_seconds).window_seconds
        }
        (None, _) => super::convert::int32(config.downscale_stabilization_seconds),
    };
    let policies = |direction: &str, select: Option<SelectPolicy>| match select {
        Some(SelectPolicy::Disabled) => format!(", but {direction} is Disabled"),
        _ => format!(", and the policies of {direction} allow {result} now"),
    };
    let behavior = spec.behavior.as_ref();
    match outcome.conditions.scaling_limited {
        Some(ScalingLimited::TooFewReplicas) => {
            format!(", but minReplicas is {}", spec.effective_min())
        }
        Some(ScalingLimited::TooManyReplicas) => {
            format!(", but maxReplicas is {}", spec.max_replicas)
        }
        Some(ScalingLimited::ScaleUpLimit) => {
            policies("scaleUp", behavior.map(|behavior| behavior.up().select))
        }
        Some(ScalingLimited::ScaleDownLimit) => {
            policies("scaleDown", behavior.map(|behavior| behavior.down(0).select))
        }
        Some(ScalingLimited::DesiredWithinRange) | None if proposed < result => {
            format!(", but more was asked for within {} s", window(false))
        }
        Some(ScalingLimited::DesiredWithinRange) | None => {
            format!(", but less was asked for within {} s", window(true))
        }
    }
}

/// The value of a metric as a multiple of its target.
fn ratio(metric: &MetricSpec, value: MetricValue) -> f64 {
    let target = &metric.target;
    let (value, target) = match value {
        MetricValue::Utilization { percent, .. } => {
            return f64::from(percent) / f64::from(target.average_utilization.unwrap_or_default());
        }
        MetricValue::AverageValue(milli) => (milli, target.average_value),
        MetricValue::Value(milli) => (milli, target.value),
    };
    value as f64 / target.unwrap_or_default() as f64
}

/// `cpu is 91 % of the requests, its target 70 %`.
fn reading(metric: &MetricSpec, value: MetricValue) -> String {
    let amount = |milli: i64| match metric.source.resource() {
        Some(ResourceName::Memory) => units::amount("memory", i128::from(milli / 1000)),
        _ => units::decimal(i128::from(milli), 3),
    };
    let target = &metric.target;
    let target_amount = |milli: Option<i64>| milli.map(amount).unwrap_or_default();
    let name = metric.source.name();
    match value {
        MetricValue::Utilization { percent, .. } => format!(
            "{name} is {percent} % of the requests, its target {} %",
            target.average_utilization.unwrap_or_default()
        ),
        MetricValue::AverageValue(milli) => format!(
            "{name} is {} a pod, its target {}",
            amount(milli),
            target_amount(target.average_value)
        ),
        MetricValue::Value(milli) => {
            format!("{name} is {}, its target {}", amount(milli), target_amount(target.value))
        }
    }
}
