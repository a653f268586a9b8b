//! The HPA that is rendered, and the judgement on it.

use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU};

use super::ask::Ask;
use super::usable_nodes::Rooms;
use crate::simulation::yielding_behavior;
use crate::verdict::{self, Circumstances, METRIC_NAME, ReserveNeed, Unjudgeable, Verdict};
use crate::{
    Behavior, ControllerConfig, HpaSpec, KubernetesVersion, MetricIdentifier, MetricSource,
    MetricSpec, MetricTarget,
};

/// The HPA of a Deployment between these bounds. Before 1.35 it has no tolerance: the API
/// server would drop the field, and GitOps would try to put it back for ever.
pub fn spec(name: &str, min: u32, max: u32, version: KubernetesVersion) -> HpaSpec {
    let mut behavior = yielding_behavior();
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
pub(super) fn around(
    rooms: &Rooms,
    ask: &Ask,
    replica_milli: Amount,
    growth_milli_per_second: Amount,
) -> Circumstances {
    Circumstances {
        allocatable_milli: rooms.allocatable.get(CPU),
        paid_milli: rooms.paid_milli,
        replica_milli,
        largest_paid_milli: rooms.largest_paid_milli,
        growth_milli_per_second,
        grace_ms: ask.grace_ms,
        sync_period_ms: 15_000,
        // The rendered class is below every other and paid pods preempt unless told otherwise.
        preemption: true,
    }
}

/// What the HPA model says of the rendered HPA.
pub(super) fn judge(
    ask: &Ask,
    around: &Circumstances,
    bounds: (u32, u32),
    reserve: Reserve,
) -> Result<Verdict, Unjudgeable> {
    let spec = spec("", bounds.0, bounds.1, ask.version);
    let config = ControllerConfig::of(ask.version);
    verdict::judge(&spec, &config, &ask.pipeline.nature(reserve), around)
}

/// What the loop needs to leave free at its fullest: at zero paid load, where the replicas
/// that a tolerance overlooks are the most.
pub(super) fn need(
    ask: &Ask,
    around: &Circumstances,
    bounds: (u32, u32),
) -> Result<ReserveNeed, Unjudgeable> {
    let emptied = Circumstances { paid_milli: 0, ..*around };
    judge(ask, &emptied, bounds, Reserve::Cpu(0)).map(|verdict| verdict.reserve)
}
