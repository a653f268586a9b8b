//! What to change about an HPA and its metric, as data: oppscale's own loop, with the limits
//! of the HPA at hand.

use oppscale_core::reserve::Reserve;
use oppscale_core::resources::Amount;

use super::circumstances::LoopContext;
use super::control_loop::{Analysis, Stability, Target};
use super::reserve::ReserveNeed;
use crate::simulation::{FillerPods, Freshness, MetricModel, MetricUnit, filler_behavior};
use crate::{ControllerConfig, HpaSpec, MetricSource, MetricSpec, MetricTarget};

/// The metric that says how many replicas fit.
pub const METRIC_NAME: &str = "oppscale_fit_replicas";

/// Whether a metric of this name is that one, KEDA's name for it included:
/// `s0-metric-api-oppscale_fit_replicas{namespace="…"}`, the trigger's number and valueLocation.
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

/// Whether an HPA goes by that metric.
pub fn uses_fit_replicas(spec: &HpaSpec) -> bool {
    spec.effective_metrics().iter().any(|metric| match &metric.source {
        MetricSource::External(metric) | MetricSource::Object { metric, .. } => {
            is_fit_replicas_metric(&metric.name)
        }
        _ => false,
    })
}

/// The HPA and the metric as they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// The HPA.
    pub spec: HpaSpec,
    /// What its metric measures. The reserve is what the corrected loop needs.
    pub metric: MetricModel,
    /// How that reserve comes about.
    pub reserve: ReserveNeed,
    /// What is different, the most important first.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Take the workload's own pods out of the metric.
    ExcludeFillerPods,
    /// Compare it with an `AverageValue`.
    UseAverageValue,
    /// Serve replicas that fit instead of cores.
    UseFitReplicas,
    /// Take the reserve off in the metric; millicores.
    SetReserve(Amount),
    /// Set the scale-down window to 0.
    RemoveScaleDownWindow,
    /// Set both tolerances to 0.
    RemoveTolerance,
    /// Tolerances need Kubernetes 1.35; the reserve makes up for it.
    ToleranceNeedsKubernetes135,
    /// Read capacity from a watch instead of a scrape.
    UseWatch,
    /// Give the filler a PriorityClass below that of paid pods.
    LowerPriority,
}

impl Change {
    /// The change as an instruction.
    #[must_use]
    pub fn text(self) -> String {
        let text = match self {
            Self::ExcludeFillerPods => "Take the workload's own pods out of the metric.",
            Self::UseAverageValue => "Use a target of type AverageValue.",
            Self::UseFitReplicas => "Serve the number of replicas that fit, and averageValue 1.",
            Self::SetReserve(milli) => {
                let cores = milli as f64 / 1000.0;
                return format!("Take a reserve of {cores} cores off in the metric.");
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
            Self::LowerPriority => {
                "Give the workload a PriorityClass below that of paid pods, with preemptionPolicy \
                 Never."
            }
        };
        text.to_owned()
    }
}

/// What to change, if anything.
pub(super) fn correct(
    spec: &HpaSpec,
    config: &ControllerConfig,
    nature: &MetricModel,
    context: &LoopContext,
    analysis: &Analysis,
    need: &ReserveNeed,
) -> Option<Correction> {
    let has_gate = config.gates.configurable_tolerance;
    let fixed = corrected_spec(spec);
    let target = Target::of(&fixed.stored(config.gates), config)?;
    let before = Target::of(&spec.stored(config.gates), config)?;
    let watched = match nature.freshness {
        Freshness::Scraped { .. } => Freshness::Watched { lag_ms: 1_000 },
        watched @ Freshness::Watched { .. } => watched,
    };
    let mut metric = MetricModel { freshness: watched, ..MetricModel::oppscale(nature.reserve) };
    let free = context.allocatable_milli - context.paid_milli;
    let most = u32::try_from((free / context.replica_milli).max(0)).unwrap_or(u32::MAX);
    let reserve = ReserveNeed::of(&target, &metric, context, most.max(before.min).min(before.max));
    // Whole cores are easier to talk about.
    let reserve_milli = (reserve.total_milli() + 999) / 1000 * 1000;
    let held = held_milli(nature, context);
    let is_slow = need.latency_ms() > reserve.latency_ms();
    let reserve_is_short = held < reserve.total_milli();
    if reserve_is_short || is_slow || before.is_value {
        metric.reserve = Reserve::Cpu(i64::try_from(reserve_milli).unwrap_or(i64::MAX));
    }
    let had_tolerance = before.tolerance_down > 0.0 || before.tolerance_up > 0.0;
    let changes = [
        (nature.filler_pods == FillerPods::Included, Change::ExcludeFillerPods),
        (before.is_value, Change::UseAverageValue),
        (nature.unit == MetricUnit::Cores, Change::UseFitReplicas),
        (metric.reserve != nature.reserve, Change::SetReserve(reserve_milli)),
        (before.window_down_seconds > 0, Change::RemoveScaleDownWindow),
        (had_tolerance && has_gate, Change::RemoveTolerance),
        (had_tolerance && !has_gate, Change::ToleranceNeedsKubernetes135),
        (watched != nature.freshness, Change::UseWatch),
        (!context.preemption, Change::LowerPriority),
    ];
    let changes: Vec<_> = changes.into_iter().filter(|c| c.0).map(|c| c.1).collect();
    let fine = analysis.finding == Stability::Stable && changes.is_empty();
    (!fine).then_some(Correction { spec: fixed, metric, reserve, changes })
}

fn held_milli(nature: &MetricModel, context: &LoopContext) -> Amount {
    use oppscale_core::resources::{CPU, Resources};
    nature.reserve.of(&Resources::default().with(CPU, context.allocatable_milli)).get(CPU)
}

/// The same HPA on the number of replicas that fit.
fn corrected_spec(spec: &HpaSpec) -> HpaSpec {
    let capacity = spec.effective_metrics().iter().map(|metric| &metric.source);
    let source = capacity.filter_map(renamed).take(1);
    HpaSpec {
        min_replicas: spec.min_replicas,
        max_replicas: spec.max_replicas,
        metrics: source
            .map(|source| MetricSpec { source, target: MetricTarget::average_value(1000) })
            .collect(),
        behavior: Some(filler_behavior()),
    }
}

/// The source of a capacity metric under oppscale's name.
fn renamed(source: &MetricSource) -> Option<MetricSource> {
    let mut source = source.clone();
    match &mut source {
        MetricSource::External(metric) | MetricSource::Object { metric, .. } => {
            metric.name = METRIC_NAME.to_owned();
            Some(source)
        }
        _ => None,
    }
}
