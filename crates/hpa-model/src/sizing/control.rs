//! The HPA that is rendered, and the judgement on it.

use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU};

use super::request::SizingRequest;
use super::usable_nodes::UsableNodes;
use crate::simulation::filler_behavior;
use crate::verdict::{self, LoopContext, METRIC_NAME, ReserveNeed, Verdict, VerdictError};
use crate::{
    Behavior, ControllerConfig, HpaSpec, KubernetesVersion, MetricIdentifier, MetricSource,
    MetricSpec, MetricTarget,
};

/// The HPA of a Deployment between these bounds. Before 1.35 it has no tolerance: the API
/// server would drop the field, and GitOps would try to put it back for ever.
pub fn spec(name: &str, min: u32, max: u32, version: KubernetesVersion) -> HpaSpec {
    let mut behavior = filler_behavior();
    if !version.default_gates().configurable_tolerance {
        let Behavior { scale_up, scale_down } = &mut behavior;
        for rules in [scale_up, scale_down].into_iter().flatten() {
            rules.tolerance = None;
        }
    }
    let source = MetricSource::Object {
        metric: MetricIdentifier::named(METRIC_NAME),
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
    };
    HpaSpec {
        min_replicas: Some(min),
        max_replicas: max,
        metrics: vec![MetricSpec { source, target: MetricTarget::average_value(1000) }],
        behavior: Some(behavior),
    }
}

/// The cluster around the HPA.
pub(super) fn context(
    nodes: &UsableNodes,
    request: &SizingRequest,
    replica_milli: Amount,
    growth_milli_per_second: Amount,
) -> LoopContext {
    LoopContext {
        allocatable_milli: nodes.allocatable.get(CPU),
        paid_milli: nodes.paid_milli,
        replica_milli,
        largest_paid_milli: nodes.largest_paid_milli,
        growth_milli_per_second,
        grace_ms: request.grace_ms,
        sync_period_ms: 15_000,
        // The rendered class is below every other and paid pods preempt unless told otherwise.
        preemption: true,
    }
}

/// What the HPA model says of the rendered HPA.
pub(super) fn judge(
    request: &SizingRequest,
    context: &LoopContext,
    bounds: (u32, u32),
    reserve: Reserve,
) -> Result<Verdict, VerdictError> {
    let spec = spec("", bounds.0, bounds.1, request.version);
    let config = ControllerConfig::of(request.version);
    verdict::judge(&spec, &config, &request.pipeline.nature(reserve), context)
}

/// What the loop needs to leave free at its fullest: at zero paid load, where the replicas
/// that a tolerance overlooks are the most.
pub(super) fn need(
    request: &SizingRequest,
    context: &LoopContext,
    bounds: (u32, u32),
) -> Result<ReserveNeed, VerdictError> {
    let emptied = LoopContext { paid_milli: 0, ..*context };
    judge(request, &emptied, bounds, Reserve::Cpu(0)).map(|verdict| verdict.reserve)
}
