//! Named clusters with their paid load. Each has the article's HPA until a
//! [`super::Configuration`] is applied.

use std::fmt;
use std::str::FromStr;

use oppscale_core::demand::FILLER_PRIORITY;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU};
use thiserror::Error;

use super::load::Load;
use super::metric::{FillersInMetric, MetricModel, MetricUnit};
use super::prng::Prng;
use super::setup::{
    Autoscaler, DeletionCost, Filler, NodePool, PaidApp, PodTemplate, SchedulerOptions, Setup,
    SyncTiming,
};
use crate::{
    Behavior, ControllerConfig, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, MetricTarget,
    Policy, PolicyType, ScalingRules, Tolerance,
};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const GIB: Amount = 1 << 30;

/// A named cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltInScenario {
    /// The article's: 6 nodes, 184 cores, 30 of them paid for; its sample application goes
    /// from 2 to 17 replicas of 4 cores within 5 minutes, stays 15, and goes back. 100 minutes.
    Blog,
    /// The same cluster; three times 10 pods of 4 cores come at once. 90 minutes.
    Burst,
    /// 500 nodes and about 10 000 pods over a day; paid work between 45 % and 90 %.
    Day,
    /// The article's cluster; paid work goes from 30 to 70 cores once. 60 minutes.
    Step,
}

/// There is no scenario of this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name:?} is not a scenario: expected blog, burst, day or step")]
pub struct UnknownScenario {
    /// The unknown name.
    pub name: String,
}

impl BuiltInScenario {
    /// Every scenario.
    pub const ALL: [Self; 4] = [Self::Blog, Self::Burst, Self::Day, Self::Step];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blog => "blog",
            Self::Burst => "burst",
            Self::Day => "day",
            Self::Step => "step",
        }
    }

    /// The setup, with the article's HPA.
    #[must_use]
    pub fn setup(self) -> Setup {
        match self {
            Self::Blog => article_cluster(100, demo()),
            Self::Burst => article_cluster(90, bursts()),
            Self::Step => article_cluster(60, Load::constant(2).step(10 * MINUTE_MS, 12)),
            Self::Day => day(),
        }
    }
}

/// The article's sample application: 2 replicas until minute 20, 17 from 25 to 40, back at 45.
fn demo() -> Load {
    Load::constant(2)
        .step(20 * MINUTE_MS, 2)
        .ramp(25 * MINUTE_MS, 17)
        .step(40 * MINUTE_MS, 17)
        .ramp(45 * MINUTE_MS, 2)
}

/// 10 more pods from minutes 10, 35 and 60, each time for 10 minutes.
fn bursts() -> Load {
    [10, 35, 60].into_iter().fold(Load::constant(2), |load, minute| {
        load.step(minute * MINUTE_MS, 12).step((minute + 10) * MINUTE_MS, 2)
    })
}

/// 5 nodes of 32 cores and one of 24. Of the 30 paid cores 8 are the sample application's.
fn article_cluster(minutes: u64, sample: Load) -> Setup {
    let base = PaidApp::scripted("base", PodTemplate::paid(2_000), Load::constant(11));
    let sample = PaidApp::scripted("sample", PodTemplate::paid(4_000), sample);
    Setup {
        usage: None,
        nodes: vec![NodePool::new(5, 32_000, 128 * GIB), NodePool::new(1, 24_000, 96 * GIB)],
        scheduler: SchedulerOptions::default(),
        filler: filler(15, 15, 150, MetricTarget::value(30_000)),
        paid: vec![base, sample],
        controller_ms: 200,
        end_ms: minutes * MINUTE_MS,
        sample_ms: 10_000,
        seed: 1,
    }
}

/// A miner of 1 core that is ready in 10 s and takes its whole grace period of 30 s.
fn filler(start_replicas: u32, min: u32, max: u32, target: MetricTarget) -> Filler {
    let source = MetricSource::External(MetricIdentifier::named("remaining_cpu"));
    let template = PodTemplate { preempts: false, start_ms: 10_000, ..PodTemplate::paid(1_000) };
    Filler {
        template,
        start_replicas,
        deletion_cost: DeletionCost::Unset,
        autoscaler: Autoscaler {
            spec: HpaSpec {
                min_replicas: Some(min),
                max_replicas: max,
                metrics: vec![MetricSpec { source, target }],
                behavior: None,
            },
            config: ControllerConfig::default(),
            metric: MetricModel::article(),
            timing: SyncTiming::default(),
        },
    }
}

/// 24 applications with pods of 1, 2 and 4 cores, each on a day of its own around the curve
/// of all: lowest at 4 o'clock, highest at 20.
fn day() -> Setup {
    /// Paid work by the hour, per cent of the 16 000 cores.
    const CURVE: [u64; 25] = [
        60, 54, 49, 46, 45, 46, 50, 55, 60, 63, 65, 66, 66, 65, 65, 66, 69, 74, 80, 86, 90, 88, 80,
        70, 60,
    ];
    const APPS: u64 = 24;
    const CORES: u64 = 16_000;
    let mut prng = Prng::new(20);
    let app = |at: u64| {
        let cores = [1, 2, 4][(at % 3) as usize];
        let pods = |percent: u64| (CORES * percent / 100 / APPS / cores) as u32;
        let mut load = Load::constant(pods(CURVE[0]));
        for (hour, percent) in CURVE.iter().enumerate().skip(1) {
            // Up to 4 % more or less, and up to 10 minutes late.
            let wobble = percent * (96 + prng.below(9)) / 100;
            let at_ms = hour as u64 * HOUR_MS + prng.below(10 * MINUTE_MS);
            load = load.ramp(at_ms, pods(wobble));
        }
        PaidApp::scripted(&format!("app-{at}"), PodTemplate::paid(Amount::from(cores) * 1000), load)
    };
    let paid = (0..APPS).map(app).collect();
    Setup {
        usage: None,
        nodes: vec![NodePool::new(500, 32_000, 128 * GIB)],
        scheduler: SchedulerOptions { pods_per_second: Some(300), ..SchedulerOptions::default() },
        // As much in proportion as on the article's cluster.
        filler: filler(4_000, 100, 12_000, MetricTarget::value(2_400_000)),
        paid,
        controller_ms: 200,
        end_ms: 24 * HOUR_MS,
        sample_ms: MINUTE_MS,
        seed: 1,
    }
}

impl fmt::Display for BuiltInScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BuiltInScenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        let known = Self::ALL.into_iter().find(|scenario| scenario.name() == name);
        known.ok_or_else(|| UnknownScenario { name: name.to_owned() })
    }
}

/// The filler's side of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// A short name for tables.
    pub key: &'static str,
    /// Description, in one line.
    pub title: &'static str,
    /// The HPA; its limits are those of the blog's cluster.
    pub spec: HpaSpec,
    /// Definition of its metric.
    pub metric: MetricModel,
    /// The filler's priority. Below 0, paid pods preempt its pods.
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
/// Reserve that a fast loop needs, millicores.
const SMALL_RESERVE: i64 = 8_000;

/// The former names of configurations, accepted for one release.
const LETTERS: [(&str, &str); 10] = [
    ("B", "naive"),
    ("C", "eager"),
    ("D", "preempted"),
    ("E", "damped"),
    ("F", "saturated"),
    ("G", "settles"),
    ("H", "settles-fast"),
    ("J", "watched"),
    ("K", "watched-preempted"),
    ("L", "settles-preempted"),
];

/// Every configuration, in the order of the table.
#[must_use]
pub fn configurations() -> Vec<Configuration> {
    let article = Configuration {
        key: "naive",
        title: "the article's HPA: Value 30 on a metric that includes filler pods",
        spec: spec(MetricTarget::value(ARTICLE_RESERVE), None),
        metric: MetricModel::article(),
        priority: 0,
        grace_ms: 30_000,
    };
    let excluding = |reserve| MetricModel {
        filler_pods: FillersInMetric::Excluded,
        reserve: Reserve::cpu(reserve),
        counts_demand: true,
        ..MetricModel::article()
    };
    let average = |behavior| spec(MetricTarget::average_value(1000), behavior);
    let watched = |reserve| MetricModel {
        unit: MetricUnit::Cores,
        ..MetricModel::oppscale(Reserve::cpu(reserve))
    };
    vec![
        article.clone(),
        Configuration {
            key: "eager",
            title: "naive with scale-down window 0",
            spec: spec(MetricTarget::value(ARTICLE_RESERVE), Some(window_0())),
            ..article.clone()
        },
        Configuration {
            key: "preempted",
            title: "naive with preemption and 5 s grace",
            priority: FILLER_PRIORITY,
            grace_ms: 5_000,
            ..article.clone()
        },
        Configuration {
            key: "damped",
            title: "naive slowed down: up 4 pods/60 s, down 4 pods/15 s, window 0",
            spec: spec(MetricTarget::value(ARTICLE_RESERVE), Some(slow())),
            ..article.clone()
        },
        Configuration {
            key: "saturated",
            title: "Value 30 on a metric that excludes filler pods",
            metric: excluding(0),
            ..article.clone()
        },
        Configuration {
            key: "settles",
            title: "AverageValue 1, filler pods and 30 cores excluded, HPA defaults",
            spec: average(None),
            metric: excluding(ARTICLE_RESERVE),
            ..article.clone()
        },
        Configuration {
            key: "settles-fast",
            title: "settles with scale-down window 0 and 5 s grace",
            spec: average(Some(window_0())),
            metric: excluding(ARTICLE_RESERVE),
            grace_ms: 5_000,
            ..article.clone()
        },
        Configuration {
            key: "watched",
            title: "settles-fast with tolerance 0 down/0.03 up, up window 60 s, a watch, reserve 15",
            spec: average(Some(tolerant())),
            metric: watched(15_000),
            grace_ms: 5_000,
            ..article.clone()
        },
        Configuration {
            key: "watched-preempted",
            title: "watched with preemption and reserve 8",
            spec: average(Some(tolerant())),
            metric: watched(SMALL_RESERVE),
            priority: FILLER_PRIORITY,
            grace_ms: 5_000,
        },
        Configuration {
            key: "settles-preempted",
            title: "settles with preemption, reserve 8 and 5 s grace",
            spec: average(None),
            metric: excluding(SMALL_RESERVE),
            priority: FILLER_PRIORITY,
            grace_ms: 5_000,
        },
        Configuration {
            key: "oppscale",
            title: "fit replicas, AverageValue 1, tolerance 0, preemption, reserve 8",
            spec: average(Some(filler_behavior())),
            metric: MetricModel::oppscale(Reserve::cpu(SMALL_RESERVE)),
            priority: FILLER_PRIORITY,
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

impl Configuration {
    /// The configuration of this name, or of its former letter, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let former = LETTERS.into_iter().find(|(letter, _)| letter.eq_ignore_ascii_case(name));
        let name = former.map_or(name, |(_, key)| key);
        configurations().into_iter().find(|known| known.key.eq_ignore_ascii_case(name))
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
        filler.autoscaler.metric = self.metric.clone();
        if let Some(milli) = self.metric.reserve.cpu_alone() {
            filler.autoscaler.metric.reserve = Reserve::cpu(grown(milli));
        }
        filler.template.priority = self.priority;
        filler.template.grace_ms = self.grace_ms;
        setup
    }
}
