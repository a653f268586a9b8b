//! The correction of an HPA and its metric, as data: oppscale's own loop within the HPA's bounds.

use oppscale_core::resources::{Amount, CPU, Resources};
use oppscale_core::units;

use super::context::LoopContext;
use super::control_loop::{Analysis, Stability, Target};
use super::reserve::ReserveNeed;
use crate::simulation::{FillersInMetric, MetricModel, MetricTiming, MetricUnit, filler_behavior};
use crate::{
    ControllerConfig, FeatureGates, HpaSpec, MetricIdentifier, MetricSource, MetricSpec,
    MetricTarget,
};

/// Name of the metric that states how many replicas fit.
pub const METRIC_NAME: &str = "oppscale_fit_replicas";

/// Whether this is the name of that metric, or KEDA's name for it, which adds the trigger's
/// number and valueLocation: `s0-metric-api-oppscale_fit_replicas{namespace="…"}`.
#[must_use]
pub fn is_fit_replicas_metric(name: &str) -> bool {
    let of_keda = name.strip_prefix('s').and_then(|rest| rest.split_once("-metric-api-"));
    let series = match of_keda {
        Some((number, series)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            series.split('{').next().unwrap_or_default()
        }
        _ => name,
    };
    series == METRIC_NAME
}

/// Whether one of the metrics of an HPA is that metric.
#[must_use]
pub fn uses_fit_replicas(spec: &HpaSpec) -> bool {
    let mut metrics = spec.effective_metrics().iter();
    metrics
        .any(|metric| !metric.source.is_per_pod() && is_fit_replicas_metric(metric.source.name()))
}

/// The HPA that oppscale recommends for a filler, and renders: the replicas that fit, scaled
/// down at once.
///
/// Without the gate it has no tolerance: the API server would drop the field, and GitOps would
/// restore it for ever.
#[must_use]
pub fn recommended_spec(
    (kind, name): (&str, &str),
    min_replicas: Option<u32>,
    max_replicas: u32,
    gates: FeatureGates,
) -> HpaSpec {
    let mut behavior = filler_behavior();
    if !gates.configurable_tolerance {
        behavior.drop_tolerance();
    }
    let source = MetricSource::Object {
        metric: MetricIdentifier::named(METRIC_NAME),
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    HpaSpec {
        min_replicas,
        max_replicas,
        metrics: vec![MetricSpec { source, target: MetricTarget::average_value(1000) }],
        behavior: Some(behavior),
    }
}

/// The HPA and the metric as they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// The HPA.
    pub spec: HpaSpec,
    /// The metric, with the reserve that the corrected loop needs.
    pub metric: MetricModel,
    /// Terms of that reserve.
    pub reserve: ReserveNeed,
    /// Differences, the most important first.
    pub changes: Vec<Change>,
}

/// One difference between an HPA and its correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Exclude the filler's pods from the metric.
    ExcludeFillerPods,
    /// Compare the metric with an `AverageValue`.
    UseAverageValue,
    /// Serve replicas that fit instead of cores.
    UseFitReplicas,
    /// Subtract this reserve in the metric, millicores.
    SetReserve(Amount),
    /// Set the scale-down stabilization window to 0.
    RemoveScaleDownWindow,
    /// Set both tolerances to 0.
    RemoveTolerance,
    /// Upgrade: tolerances need Kubernetes 1.35, and until then the reserve makes up for them.
    ToleranceNeedsKubernetes135,
    /// Read capacity from a watch instead of a scrape.
    UseWatch,
    /// Give the filler a PriorityClass below that of paid pods.
    LowerPriority,
    /// Let paid pods preempt: the filler's priority is below theirs already.
    LetPaidPodsPreempt,
}

impl Change {
    /// The change as an instruction.
    #[must_use]
    pub fn text(self) -> String {
        let text = match self {
            Self::ExcludeFillerPods => "Exclude the workload's own pods from the metric.",
            Self::UseAverageValue => "Use a target of type AverageValue.",
            Self::UseFitReplicas => "Serve the number of replicas that fit, with averageValue 1.",
            Self::SetReserve(milli) => {
                let cores = units::counted(&units::cores(milli), "core");
                return format!("Subtract a reserve of {cores} in the metric.");
            }
            Self::RemoveScaleDownWindow => {
                "Set behavior.scaleDown.stabilizationWindowSeconds to 0."
            }
            Self::RemoveTolerance => "Set the tolerance of both directions to 0.",
            Self::ToleranceNeedsKubernetes135 => {
                "Upgrade to Kubernetes 1.35, which has tolerances; until then the reserve covers \
                 10 % of the replicas."
            }
            Self::UseWatch => "Serve the metric from a watch, not from a scrape.",
            Self::LetPaidPodsPreempt => {
                "Give paid pods a PriorityClass with preemptionPolicy PreemptLowerPriority: with \
                 Never they wait for the HPA, although the workload's priority is below theirs."
            }
            Self::LowerPriority => {
                "Give the workload a PriorityClass below that of paid pods, with preemptionPolicy \
                 Never."
            }
        };
        text.to_owned()
    }
}

/// The correction, if anything needs to change.
pub(super) fn correct(
    before: &Target,
    config: &ControllerConfig,
    metric: &MetricModel,
    context: &LoopContext,
    analysis: &Analysis,
) -> Option<Correction> {
    let has_gate = config.gates.configurable_tolerance;
    let (min, max) = (before.min, before.max);
    let spec = recommended_spec(("Deployment", "filler"), Some(min), max, config.gates);
    let target = Target::of(&spec.stored(config.gates), config)?;
    let timing = match metric.timing {
        MetricTiming::Scraped { .. } => MetricTiming::Watched { lag_ms: 1_000 },
        watched @ MetricTiming::Watched { .. } => watched,
    };
    let mut corrected = MetricModel { timing, ..MetricModel::oppscale(metric.reserve.clone()) };
    let free = context.allocatable_milli - context.paid_milli;
    let fit = u32::try_from((free / context.replica_milli).max(0)).unwrap_or(u32::MAX);
    let reserve = ReserveNeed::of(&target, &corrected, context, fit.max(min).min(max));
    let reserve_milli = reserve.whole_cores_milli();
    let allocatable = Resources::default().with(CPU, context.allocatable_milli);
    let is_short = metric.reserve.of(&allocatable).get(CPU) < reserve.total_milli();
    // A reserve that is larger than the loop needs is the user's to choose.
    if is_short {
        let milli = i64::try_from(reserve_milli).unwrap_or(i64::MAX);
        corrected.reserve = corrected.reserve.with_cpu(milli);
    }
    let had_tolerance = before.tolerance_down > 0.0 || before.tolerance_up > 0.0;
    let changes = [
        (metric.filler_pods == FillersInMetric::Included, Change::ExcludeFillerPods),
        (before.is_value, Change::UseAverageValue),
        (metric.unit == MetricUnit::Cores, Change::UseFitReplicas),
        (corrected.reserve != metric.reserve, Change::SetReserve(reserve_milli)),
        (before.window_down_seconds > 0, Change::RemoveScaleDownWindow),
        (had_tolerance && has_gate, Change::RemoveTolerance),
        (had_tolerance && !has_gate, Change::ToleranceNeedsKubernetes135),
        (timing != metric.timing, Change::UseWatch),
        (!context.has_lowest_priority, Change::LowerPriority),
        (context.has_lowest_priority && !context.preemption, Change::LetPaidPodsPreempt),
    ];
    let changes: Vec<_> = changes.into_iter().filter(|c| c.0).map(|c| c.1).collect();
    let is_fine = analysis.stability == Stability::Stable && changes.is_empty();
    (!is_fine).then_some(Correction { spec, metric: corrected, reserve, changes })
}
