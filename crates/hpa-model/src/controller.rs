//! One HPA in the controller: its memory, and one run (`reconcileAutoscaler`).

use super::config::ControllerConfig;
use super::convert::{count, int32, stamp};
use super::normalize::{self, Recommendations, ScaleEvents};
use super::observation::{Observation, Sample, Scale, Selector};
use super::replica_calculator::{Calculation, MetricError, Tolerances};
use super::spec::HpaSpec;
use super::status::{
    AbleToScale, Action, Conditions, MetricStatus, Outcome, RescaleReason, ScalingActive,
};

/// The controller's side of one HPA: what it remembers, and the status it has written.
#[derive(Clone, Debug, Default)]
pub struct Controller {
    config: ControllerConfig,
    recommendations: Recommendations,
    ups: ScaleEvents,
    downs: ScaleEvents,
    conditions: Conditions,
    desired_replicas: u32,
    last_scale_ms: Option<u64>,
    current_metrics: Vec<MetricStatus>,
}

/// The result of `computeReplicasForMetrics`: the proposal of all metrics of one run.
struct Proposed {
    replicas: i32,
    metric: usize,
}

impl Controller {
    /// A controller that has not seen its HPA yet.
    #[must_use]
    pub fn new(config: ControllerConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// The release, gates and flags in force.
    #[must_use]
    pub fn config(&self) -> &ControllerConfig {
        &self.config
    }

    /// `status.conditions`.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// `status.currentMetrics`; empty when the last run did not ask for metrics.
    #[must_use]
    pub fn current_metrics(&self) -> &[MetricStatus] {
        &self.current_metrics
    }

    /// `status.lastScaleTime`, in the milliseconds of [`Controller::run`].
    #[must_use]
    pub fn last_scale_ms(&self) -> Option<u64> {
        self.last_scale_ms
    }

    /// kube-controller-manager restarts or another replica takes over: recommendations and scale
    /// events are gone, the status in the API stays.
    pub fn restart(&mut self) {
        self.recommendations = Recommendations::default();
        self.ups = ScaleEvents::default();
        self.downs = ScaleEvents::default();
    }

    /// One run at `now_ms`, milliseconds on any clock that never goes back.
    ///
    /// The spec may differ from run to run, as when the HPA is edited. It should have passed
    /// [`super::validate()`]; defaults need not be filled in.
    pub fn run(&mut self, now_ms: u64, spec: &HpaSpec, seen: &Observation<'_>) -> Outcome {
        let Some(scale) = seen.scale else {
            self.conditions.able_to_scale = Some(AbleToScale::FailedGetScale);
            return self.outcome(Action::ScaleUnknown, None);
        };
        self.conditions.able_to_scale = Some(AbleToScale::SucceededGetScale);
        let now = stamp(now_ms);
        let current = int32(scale.spec_replicas);
        self.recommendations.start_with(current, now);
        self.current_metrics.clear();

        let (min, max) = (int32(spec.effective_min()), int32(spec.max_replicas));
        let by_hpa = self.is_scaled_to_zero();
        if current == 0 && !self.wakes_from_zero(spec, min, by_hpa) {
            self.conditions.scaling_active = Some(ScalingActive::ScalingDisabled);
            if !self.config.gates.scale_to_zero {
                self.conditions.scaled_to_zero = None;
            }
            self.desired_replicas = 0;
            return self.outcome(Action::Disabled, None);
        }
        // Outside the limits nothing is measured, stabilized or recorded.
        if current != 0 && current > max {
            return self.write(now_ms, spec, seen, max, RescaleReason::AboveMax, None);
        }
        if current != 0 && current < min {
            return self.write(now_ms, spec, seen, min, RescaleReason::BelowMin, None);
        }

        let Some(proposed) = self.measure(now_ms, spec, seen, scale) else {
            return self.outcome(Action::Held, None);
        };
        let desired = proposed.replicas.max(0);
        let mut reason = match desired.cmp(&current) {
            std::cmp::Ordering::Greater => RescaleReason::MetricAboveTarget(proposed.metric),
            std::cmp::Ordering::Less => RescaleReason::AllBelowTarget,
            std::cmp::Ordering::Equal => RescaleReason::Empty,
        };
        let request = normalize::Request {
            current,
            desired,
            min,
            max,
            now,
            flag_seconds: self.config.downscale_stabilization_seconds,
            saturate: self.config.saturate_replicas,
        };
        let normalized = match &spec.behavior {
            None => normalize::without_behavior(request, &mut self.recommendations),
            Some(behavior) => normalize::with_behavior(
                request,
                behavior,
                &mut self.recommendations,
                &self.ups,
                &self.downs,
            ),
        };
        self.conditions.able_to_scale = Some(normalized.able);
        self.conditions.scaling_limited = Some(normalized.limited);
        let mut replicas = normalized.replicas;
        if current == 0 && min != 0 && by_hpa && replicas < min {
            // minReplicas was raised while the HPA held the target at zero.
            replicas = min;
            if reason == RescaleReason::Empty {
                reason = RescaleReason::BelowMin;
            }
        }
        if replicas != current {
            return self.write(now_ms, spec, seen, replicas, reason, Some(proposed.replicas));
        }
        self.desired_replicas = count(current);
        self.outcome(Action::Unchanged, Some(proposed.replicas))
    }

    fn outcome(&self, action: Action, proposed_replicas: Option<i32>) -> Outcome {
        Outcome {
            action,
            desired_replicas: self.desired_replicas,
            proposed_replicas,
            conditions: self.conditions,
        }
    }

    fn is_scaled_to_zero(&self) -> bool {
        self.config.version.remembers_scaled_to_zero()
            && self.config.gates.scale_to_zero
            && self.conditions.scaled_to_zero == Some(true)
    }

    /// Whether a target at zero replicas is still this HPA's business.
    fn wakes_from_zero(&self, spec: &HpaSpec, min: i32, by_hpa: bool) -> bool {
        if self.config.version.remembers_scaled_to_zero() {
            by_hpa && (min != 0 || spec.has_object_or_external_metric())
        } else {
            // Up to 1.35 the controller neither remembers what scaled to zero nor asks for the
            // gate.
            min == 0
        }
    }

    /// `computeReplicasForMetrics`: the highest proposal, or `None` when the count must be held.
    fn measure(
        &mut self,
        now_ms: u64,
        spec: &HpaSpec,
        seen: &Observation<'_>,
        scale: Scale,
    ) -> Option<Proposed> {
        let unusable = match seen.selector {
            Selector::Valid => None,
            Selector::Missing => Some(ScalingActive::MissingSelector),
            Selector::Unparsable => Some(ScalingActive::UnparsableSelector),
            Selector::Ambiguous => Some(ScalingActive::AmbiguousSelector),
        };
        if unusable.is_some() {
            self.conditions.scaling_active = unusable;
            return None;
        }

        let calculation = Calculation {
            config: &self.config,
            tolerances: Tolerances::of(spec, &self.config),
            now_ms,
            spec_replicas: int32(scale.spec_replicas),
            status_replicas: int32(scale.status_replicas),
            pods: seen.pods,
        };
        let metrics = spec.effective_metrics();
        let mut highest = Proposed { replicas: 0, metric: 0 };
        let mut first_failure = None;
        let mut failures = 0;
        for (index, metric) in metrics.iter().enumerate() {
            let sample = seen.metrics.get(index).copied();
            let sample = sample.unwrap_or(Sample::Failed(MetricError::Fetch));
            match calculation.propose(metric, sample) {
                Ok(proposal) => {
                    // Zero stands for "nothing yet", so a negative proposal can replace it.
                    if highest.replicas == 0 || proposal.replicas > highest.replicas {
                        highest = Proposed { replicas: proposal.replicas, metric: index };
                    }
                    self.current_metrics.push(MetricStatus::Current(proposal.value));
                }
                Err(error) => {
                    failures += 1;
                    first_failure = first_failure.or(Some((index, error)));
                    self.current_metrics.push(MetricStatus::Failed(error));
                }
            }
        }
        // A broken metric might have wanted more: up is fine, down is not.
        if let Some((index, error)) = first_failure
            && (failures >= metrics.len() || highest.replicas < int32(scale.spec_replicas))
        {
            self.conditions.scaling_active = Some(ScalingActive::FailedGetMetric(index, error));
            return None;
        }
        self.conditions.scaling_active = Some(ScalingActive::ValidMetricFound(highest.metric));
        Some(highest)
    }

    /// PUT of the scale, and what is remembered of it.
    fn write(
        &mut self,
        now_ms: u64,
        spec: &HpaSpec,
        seen: &Observation<'_>,
        replicas: i32,
        reason: RescaleReason,
        proposed: Option<i32>,
    ) -> Outcome {
        let to = count(replicas);
        if !seen.update_accepted {
            self.conditions.able_to_scale = Some(AbleToScale::FailedUpdateScale);
            return self.outcome(Action::RescaleFailed { to, reason }, proposed);
        }
        self.conditions.able_to_scale = Some(AbleToScale::SucceededRescale(to));
        let current = seen.scale.map_or(0, |scale| int32(scale.spec_replicas));
        if let Some(behavior) = &spec.behavior {
            let now = stamp(now_ms);
            if replicas > current {
                let longest = behavior.up().longest_period();
                self.ups.store(replicas.wrapping_sub(current), longest, now);
            } else {
                let longest = behavior.down(0).longest_period();
                self.downs.store(current.wrapping_sub(replicas), longest, now);
            }
        }
        if self.config.version.remembers_scaled_to_zero() {
            self.conditions.scaled_to_zero = self.config.gates.scale_to_zero.then(|| {
                current > 0
                    && replicas == 0
                    && spec.effective_min() == 0
                    && spec.has_object_or_external_metric()
            });
        }
        self.desired_replicas = to;
        self.last_scale_ms = Some(now_ms);
        self.outcome(Action::Rescaled { to, reason }, proposed)
    }
}
