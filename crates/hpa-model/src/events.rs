//! The events of a run, word for word, and the chain of sentences around the error of a metric,
//! quirks included. Rendered on demand.

use super::conditions::ScalingActive;
use super::controller::Controller;
use super::outcome::{Action, Event, EventType, MetricStatus, Outcome, RescaleReason};
use super::replica_calculator::MetricError;
use super::spec::{HpaSpec, MetricIdentifier, MetricSource, MetricSpec, TargetType};

// === impl RescaleReason ===

impl RescaleReason {
    /// The reason's text in the event.
    #[must_use]
    pub fn text(self, spec: &HpaSpec) -> String {
        match self {
            Self::AboveMax => "Current number of replicas above Spec.MaxReplicas".to_owned(),
            Self::BelowMin => "Current number of replicas below Spec.MinReplicas".to_owned(),
            Self::MetricAboveTarget(index) => {
                metric_at(spec, index, String::new(), description) + " above target"
            }
            Self::AllBelowTarget => "All metrics below target".to_owned(),
            Self::Empty => String::new(),
        }
    }
}

// === impl Controller ===

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
            let message = inner(metric, *error, namespace);
            events.push(warning(reason(metric), message));
        }
        match outcome.action {
            Action::Held => {
                let message = if let Some((metric, error)) = failed.first() {
                    format!(
                        "invalid metrics ({} invalid out of {}), first error is: {}",
                        failed.len(),
                        metrics.len(),
                        outer(metric, *error, namespace)
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
pub(super) fn metric_at<T>(
    spec: &HpaSpec,
    index: usize,
    none: T,
    render: impl Fn(&MetricSpec) -> T,
) -> T {
    spec.effective_metrics().get(index).map_or(none, render)
}

/// The reason of a failed metric's event and condition.
pub(super) fn reason(metric: &MetricSpec) -> &'static str {
    match metric.source {
        MetricSource::External(_) => "FailedGetExternalMetric",
        MetricSource::Object { .. } => "FailedGetObjectMetric",
        MetricSource::Pods(_) => "FailedGetPodsMetric",
        MetricSource::Resource(_) => "FailedGetResourceMetric",
        MetricSource::ContainerResource { .. } => "FailedGetContainerResourceMetric",
    }
}

/// What the controller calls a metric in reasons and conditions.
pub(super) fn description(metric: &MetricSpec) -> String {
    let average = metric.target.average_value.is_some();
    match &metric.source {
        MetricSource::Object { metric: id, kind, .. }
            if metric.target.kind == TargetType::Value =>
        {
            format!("{kind} metric {}", id.name)
        }
        // Upstream says "external" of Object metrics with an average, too.
        MetricSource::External(id) | MetricSource::Object { metric: id, .. } => {
            format!("external metric {}({})", id.name, selector(id))
        }
        MetricSource::Pods(id) => format!("pods metric {}", id.name),
        MetricSource::Resource(name) | MetricSource::ContainerResource { resource: name, .. }
            if average =>
        {
            format!("{name} resource")
        }
        MetricSource::Resource(name) => {
            format!("{name} resource utilization (percentage of request)")
        }
        MetricSource::ContainerResource { resource, .. } => {
            format!("{resource} container resource utilization (percentage of request)")
        }
    }
}

/// A label selector as Go prints it.
fn selector(id: &MetricIdentifier) -> String {
    let Some(labels) = &id.match_labels else {
        return "nil".to_owned();
    };
    let labels: String = labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{}},}}"
    )
}

/// The error as it stands in the metric's own event and in the condition.
pub(super) fn inner(metric: &MetricSpec, error: MetricError, namespace: &str) -> String {
    let target = &metric.target;
    let api = match metric.source {
        MetricSource::External(_) => "external",
        MetricSource::Object { .. } | MetricSource::Pods(_) => "custom",
        MetricSource::Resource(_) | MetricSource::ContainerResource { .. } => "resource",
    };
    let cause = match error {
        MetricError::Fetch | MetricError::NoItems => format!("{error} from {api} metrics API"),
        _ => error.to_string(),
    };
    let fetching = matches!(error, MetricError::Fetch | MetricError::NoItems);
    match &metric.source {
        _ if error == MetricError::NoTarget => match &metric.source {
            MetricSource::External(_) => "invalid external metric source: neither a value target \
                                          nor an average value target was set"
                .to_owned(),
            MetricSource::Object { .. } => "invalid object metric source: neither a value target \
                                            nor an average value target was set"
                .to_owned(),
            _ => "invalid resource metric source: neither an average utilization target nor an \
                  average value (usage) target was set"
                .to_owned(),
        },
        MetricSource::External(id) if fetching => format!(
            "unable to get external metric {namespace}/{}/{}: {cause}",
            id.name,
            selector(id)
        ),
        // The arguments are in the wrong order upstream.
        MetricSource::Object { metric: id, kind, name } if fetching => {
            format!("unable to get metric {}: {kind} on {namespace} {name}/{cause}", id.name)
        }
        MetricSource::External(_) | MetricSource::Object { .. } => {
            format!("unable to calculate ready pods: {cause}")
        }
        MetricSource::Pods(id) if fetching => format!("unable to get metric {}: {cause}", id.name),
        MetricSource::Pods(_) => cause,
        MetricSource::Resource(name) | MetricSource::ContainerResource { resource: name, .. } => {
            let what = if target.average_value.is_some() { "usage" } else { "utilization" };
            let cause = match error {
                _ if fetching => format!("unable to get metrics for resource {name}: {cause}"),
                MetricError::MissingRequest => format!("{cause} for {name}"),
                _ => cause,
            };
            format!("failed to get {name} {what}: {cause}")
        }
    }
}

/// The error as it stands in `FailedComputeMetricsReplicas`.
pub(super) fn outer(metric: &MetricSpec, error: MetricError, namespace: &str) -> String {
    let inner = inner(metric, error, namespace);
    let with_target = error != MetricError::NoTarget;
    let average = metric.target.average_value.is_some();
    match &metric.source {
        MetricSource::External(id) => {
            let name = &id.name;
            let middle = match (with_target, average) {
                (true, true) => format!("failed to get {name} external metric: "),
                (true, false) => format!("failed to get external metric {name}: "),
                (false, _) => String::new(),
            };
            format!("failed to get {name} external metric value: {middle}{inner}")
        }
        MetricSource::Object { metric: id, .. } => {
            let middle = if with_target && metric.target.kind == TargetType::AverageValue {
                format!("failed to get {} object metric: ", id.name)
            } else {
                String::new()
            };
            format!("failed to get object metric value: {middle}{inner}")
        }
        MetricSource::Pods(_) => format!("failed to get pods metric value: {inner}"),
        MetricSource::Resource(name) => {
            format!("failed to get {name} resource metric value: {inner}")
        }
        MetricSource::ContainerResource { container, .. } => {
            format!("failed to get {container} container metric value: {inner}")
        }
    }
}
