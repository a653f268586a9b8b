//! Named ways to drive a filler: the article's HPA, the usual mistakes, and oppscale's.
//!
//! The letters are those of the table in the design page on the HPA. Left out are `A`, the
//! controller of 2018, which the HPA model does not know, and `M`, which writes the scale
//! without an HPA.

use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU};

use super::metric::{FillerPods, MetricModel, MetricUnit};
use super::setup::Setup;
use crate::{
    Behavior, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, MetricTarget, Policy,
    PolicyType, ScalingRules, Tolerance,
};

/// The filler's side of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// A short name for tables.
    pub key: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// The HPA; its limits are those of the blog's cluster.
    pub spec: HpaSpec,
    /// What its metric measures.
    pub metric: MetricModel,
    /// The filler's priority; below 0, paid pods evict its pods.
    pub priority: i32,
    /// The filler's grace period, milliseconds.
    pub grace_ms: u64,
}

/// The article's limits on its 184 cores.
const MIN: u32 = 15;
const MAX: u32 = 150;
/// Its allocatable cpu, millicores.
const ARTICLE_CLUSTER: Amount = 184_000;
/// Its reserve, millicores.
const ARTICLE_RESERVE: i64 = 30_000;
/// What a fast loop needs, millicores.
const SMALL_RESERVE: i64 = 8_000;
/// The value of the filler's PriorityClass.
const OPPORTUNISTIC: i32 = -1000;

/// Every configuration, in the order of the table.
#[must_use]
pub fn configurations() -> Vec<Configuration> {
    let article = Configuration {
        key: "B",
        title: "the article's HPA: Value 30 on a metric that includes filler pods",
        spec: spec(MetricTarget::value(ARTICLE_RESERVE), None),
        metric: MetricModel::article(),
        priority: 0,
        grace_ms: 30_000,
    };
    let excluding = |reserve| MetricModel {
        filler_pods: FillerPods::Excluded,
        reserve: Reserve::Cpu(reserve),
        counts_demand: true,
        ..MetricModel::article()
    };
    let average = |behavior| spec(MetricTarget::average_value(1000), behavior);
    let watched = |reserve| MetricModel {
        unit: MetricUnit::Cores,
        ..MetricModel::oppscale(Reserve::Cpu(reserve))
    };
    vec![
        article.clone(),
        Configuration {
            key: "C",
            title: "B with scale-down window 0",
            spec: spec(MetricTarget::value(ARTICLE_RESERVE), Some(window_0())),
            ..article.clone()
        },
        Configuration {
            key: "D",
            title: "B with preemption and 5 s grace",
            priority: OPPORTUNISTIC,
            grace_ms: 5_000,
            ..article.clone()
        },
        Configuration {
            key: "E",
            title: "B slowed down: up 4 pods/60 s, down 4 pods/15 s, window 0",
            spec: spec(MetricTarget::value(ARTICLE_RESERVE), Some(slow())),
            ..article.clone()
        },
        Configuration {
            key: "F",
            title: "Value 30 on a metric that excludes filler pods",
            metric: excluding(0),
            ..article.clone()
        },
        Configuration {
            key: "G",
            title: "AverageValue 1, filler pods and 30 cores excluded, HPA defaults",
            spec: average(None),
            metric: excluding(ARTICLE_RESERVE),
            ..article.clone()
        },
        Configuration {
            key: "H",
            title: "G with scale-down window 0 and 5 s grace",
            spec: average(Some(window_0())),
            metric: excluding(ARTICLE_RESERVE),
            grace_ms: 5_000,
            ..article.clone()
        },
        Configuration {
            key: "J",
            title: "H with tolerance 0 down/0.03 up, up window 60 s, a watch, reserve 15",
            spec: average(Some(tolerant())),
            metric: watched(15_000),
            grace_ms: 5_000,
            ..article.clone()
        },
        Configuration {
            key: "K",
            title: "J with preemption and reserve 8",
            spec: average(Some(tolerant())),
            metric: watched(SMALL_RESERVE),
            priority: OPPORTUNISTIC,
            grace_ms: 5_000,
        },
        Configuration {
            key: "L",
            title: "G with preemption, reserve 8 and 5 s grace",
            spec: average(None),
            metric: excluding(SMALL_RESERVE),
            priority: OPPORTUNISTIC,
            grace_ms: 5_000,
        },
        Configuration {
            key: "oppscale",
            title: "fit replicas, AverageValue 1, tolerance 0, preemption, reserve 8",
            spec: average(Some(filler_behavior())),
            metric: MetricModel::oppscale(Reserve::Cpu(SMALL_RESERVE)),
            priority: OPPORTUNISTIC,
            grace_ms: 5_000,
        },
    ]
}

fn spec(target: MetricTarget, behavior: Option<Behavior>) -> HpaSpec {
    let source = MetricSource::External(MetricIdentifier::named("remaining_cpu"));
    HpaSpec {
        min_replicas: Some(MIN),
        max_replicas: MAX,
        metrics: vec![MetricSpec { source, target }],
        behavior,
    }
}

fn window_0() -> Behavior {
    let down = ScalingRules { stabilization_window_seconds: Some(0), ..ScalingRules::default() };
    Behavior { scale_up: None, scale_down: Some(down) }
}

fn slow() -> Behavior {
    let four_pods_in = |period_seconds| ScalingRules {
        stabilization_window_seconds: Some(0),
        policies: Some(vec![Policy { kind: PolicyType::Pods, value: 4, period_seconds }]),
        ..ScalingRules::default()
    };
    Behavior { scale_up: Some(four_pods_in(60)), scale_down: Some(four_pods_in(15)) }
}

/// oppscale's behavior: down at once, up after a minute in steps, no tolerance.
#[must_use]
pub fn filler_behavior() -> Behavior {
    let zero = Some(Tolerance::from_nano(0));
    let up = ScalingRules {
        stabilization_window_seconds: Some(60),
        tolerance: zero,
        policies: Some(vec![
            Policy { kind: PolicyType::Percent, value: 50, period_seconds: 30 },
            Policy { kind: PolicyType::Pods, value: 10, period_seconds: 30 },
        ]),
        ..ScalingRules::default()
    };
    let down = ScalingRules {
        stabilization_window_seconds: Some(0),
        tolerance: zero,
        policies: Some(vec![Policy { kind: PolicyType::Percent, value: 100, period_seconds: 15 }]),
        ..ScalingRules::default()
    };
    Behavior { scale_up: Some(up), scale_down: Some(down) }
}

/// The same with a tolerance of 0.03 on the way up.
fn tolerant() -> Behavior {
    let mut behavior = filler_behavior();
    if let Some(up) = &mut behavior.scale_up {
        up.tolerance = Some(Tolerance::from_nano(30_000_000));
    }
    behavior
}

// === impl Configuration ===

impl Configuration {
    /// The configuration of this name, in any case.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        configurations().into_iter().find(|known| known.key.eq_ignore_ascii_case(key))
    }

    /// The setup with this configuration's HPA, metric, priority and grace period. Limits are
    /// the setup's own, and targets and reserves grow with its cluster.
    #[must_use]
    pub fn apply(&self, mut setup: Setup) -> Setup {
        let cpu = setup.nodes.iter().map(|n| Amount::from(n.count) * n.allocatable.get(CPU)).sum();
        let grown = |milli: i64| {
            let grown = Amount::from(milli) * Amount::max(cpu, 1) / ARTICLE_CLUSTER;
            i64::try_from(grown).unwrap_or(i64::MAX).max(milli.min(1))
        };
        let filler = &mut setup.filler;
        let limits = &filler.autoscaler.spec;
        let mut spec = HpaSpec {
            min_replicas: limits.min_replicas,
            max_replicas: limits.max_replicas,
            ..self.spec.clone()
        };
        for metric in &mut spec.metrics {
            metric.target.value = metric.target.value.map(grown);
        }
        filler.autoscaler.spec = spec;
        filler.autoscaler.metric = self.metric;
        if let Reserve::Cpu(milli) = self.metric.reserve {
            filler.autoscaler.metric.reserve = Reserve::Cpu(grown(milli));
        }
        filler.template.priority = self.priority;
        filler.template.grace_ms = self.grace_ms;
        setup
    }
}
