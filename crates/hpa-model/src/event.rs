//! The events of a run, word for word, rendered only on demand.

use super::condition::ScalingActive;
use super::controller::Controller;
use super::failure;
use super::failure::description;
use super::failure::metric_at;
use super::outcome::Action;
use super::outcome::Event;
use super::outcome::EventType;
use super::outcome::MetricStatus;
use super::outcome::Outcome;
use super::outcome::RescaleReason;
use super::spec::HpaSpec;

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
            Self::Unsaid => String::new(),
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
            let message = failure::inner(metric, *error, namespace);
            events.push(warning(failure::reason(metric), message));
        }
        match outcome.action {
            Action::Held => {
                let message = if let Some((metric, error)) = failed.first() {
                    format!(
                        "invalid metrics ({} invalid out of {}), first error is: {}",
                        failed.len(),
                        metrics.len(),
                        failure::outer(metric, *error, namespace)
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
