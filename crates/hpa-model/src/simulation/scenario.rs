//! Named clusters with their paid load. Each has the article's HPA until a
//! [`super::Configuration`] is applied.

use std::fmt;
use std::str::FromStr;

use oppscale_core::resources::Amount;
use thiserror::Error;

use super::load::Load;
use super::metric::MetricModel;
use super::prng::Prng;
use super::setup::{
    Autoscaler, DeletionCost, Filler, NodePool, PaidApp, SchedulerOptions, Setup, SyncTiming,
    Template,
};
use crate::{ControllerConfig, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, MetricTarget};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const GIB: Amount = 1 << 30;

/// A named cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
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
#[error("{name:?} is no scenario: expected blog, burst, day or step")]
pub struct UnknownScenario {
    /// What was asked for.
    pub name: String,
}

impl Scenario {
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
    let base = PaidApp::scripted("base", Template::paid(2_000), Load::constant(11));
    let sample = PaidApp::scripted("sample", Template::paid(4_000), sample);
    Setup {
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
    let template = Template { preempts: false, start_ms: 10_000, ..Template::paid(1_000) };
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
        PaidApp::scripted(&format!("app-{at}"), Template::paid(Amount::from(cores) * 1000), load)
    };
    let paid = (0..APPS).map(app).collect();
    Setup {
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

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        let known = Self::ALL.into_iter().find(|scenario| scenario.name() == name);
        known.ok_or_else(|| UnknownScenario { name: name.to_owned() })
    }
}
