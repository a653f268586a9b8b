//! What a setup must be like to be simulated.

use crate::{ControllerConfig, HpaSpec, Invalid, MetricSource, validate};
use oppscale_core::resources::{Amount, Resources};
use thiserror::Error;

use super::load::Load;
use super::setup::{PaidScaling, Rhythm, Setup, Template};

/// The longest time that is simulated, milliseconds: 10 years.
const LONGEST_MS: u64 = 10 * 366 * 24 * 3_600_000;
/// The most replicas a load or a workload may have.
const MOST_REPLICAS: u32 = 1_000_000;

/// A setup that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The API server would refuse an HPA.
    #[error("the HPA of {workload} is invalid: {problem}")]
    Hpa {
        /// Whose HPA.
        workload: String,
        /// What the API server has against it.
        problem: Invalid,
    },
    /// The filler's HPA looks at something that is not the capacity metric.
    #[error("the filler's HPA needs External or Object metrics; metric {0} is of another type")]
    Metric(usize),
    /// There is nowhere to run.
    #[error("the cluster has no node")]
    NoNodes,
    /// Time would stand still.
    #[error("{0} must be positive")]
    NotPositive(&'static str),
    /// A number is beyond what makes sense.
    #[error("{what} is {value}; at most {limit} can be simulated")]
    TooLarge {
        /// What is too large.
        what: String,
        /// How large it is.
        value: u64,
        /// How large it may be.
        limit: u64,
    },
    /// A script goes back in time.
    #[error("the load of {0} goes back in time")]
    Order(String),
    /// An amount is below 0 or beyond what any machine has.
    #[error("{what} has {resource} {amount}; expected 0 to 2^53")]
    Amount {
        /// Whose amount.
        what: String,
        /// Of what.
        resource: String,
        /// How much.
        amount: Amount,
    },
}

/// Checks a setup.
pub(super) fn check(setup: &Setup) -> Result<(), SetupError> {
    if setup.nodes.iter().all(|pool| pool.count == 0) {
        return Err(SetupError::NoNodes);
    }
    for pool in &setup.nodes {
        amounts("a node", &pool.allocatable)?;
    }
    let nodes = setup.nodes.iter().map(|pool| u64::from(pool.count)).sum();
    at_most("the number of nodes", nodes, 100_000)?;
    at_most("the length in milliseconds", setup.end_ms, LONGEST_MS)?;
    at_most("the controllers' delay in milliseconds", setup.controller_ms, LONGEST_MS)?;
    positive("the sample interval", setup.sample_ms)?;
    if setup.scheduler.pods_per_second == Some(0) {
        return Err(SetupError::NotPositive("the scheduler's pods per second"));
    }
    let filler = &setup.filler;
    template("the filler", &filler.template)?;
    replicas("the filler's replicas", filler.start_replicas)?;
    let scaler = &filler.autoscaler;
    hpa("the filler", &scaler.spec, &scaler.config, scaler.rhythm)?;
    let is_capacity = |source: &MetricSource| {
        matches!(source, MetricSource::External(_) | MetricSource::Object { .. })
    };
    let mut sources = scaler.spec.effective_metrics().iter();
    if let Some(other) = sources.position(|metric| !is_capacity(&metric.source)) {
        return Err(SetupError::Metric(other));
    }
    let freshness = scaler.metric.freshness;
    positive("the metric's period", freshness.period_ms())?;
    at_most("the metric's age in milliseconds", freshness.worst_age_ms(), LONGEST_MS)?;
    for app in &setup.paid {
        template(&app.name, &app.template)?;
        match &app.scaling {
            PaidScaling::Scripted(script) => {
                load(&app.name, script)?;
                let most = script.points().iter().map(|point| point.level).max();
                replicas(&app.name, most.unwrap_or(0))?;
            }
            PaidScaling::Autoscaled(scaler) => {
                load(&app.name, &scaler.work)?;
                hpa(&app.name, &scaler.spec, &scaler.config, scaler.rhythm)?;
                positive("the age of a paid metric", scaler.age_ms)?;
                at_most("the age of a paid metric", scaler.age_ms, LONGEST_MS)?;
                replicas(&app.name, scaler.start_replicas)?;
            }
        }
    }
    Ok(())
}

fn positive(what: &'static str, value: u64) -> Result<(), SetupError> {
    if value == 0 { Err(SetupError::NotPositive(what)) } else { Ok(()) }
}

fn at_most(what: &str, value: u64, limit: u64) -> Result<(), SetupError> {
    let what = what.to_owned();
    if value > limit { Err(SetupError::TooLarge { what, value, limit }) } else { Ok(()) }
}

fn replicas(what: &str, count: u32) -> Result<(), SetupError> {
    at_most(what, count.into(), MOST_REPLICAS.into())
}

fn template(name: &str, template: &Template) -> Result<(), SetupError> {
    at_most("the grace period in milliseconds", template.grace_ms, LONGEST_MS)?;
    at_most("the start time in milliseconds", template.start_ms, LONGEST_MS)?;
    amounts(name, template.replica.footprint())
}

/// Amounts that stay exact when they are multiplied by a cluster and a decade.
fn amounts(what: &str, amounts: &Resources) -> Result<(), SetupError> {
    let what = what.to_owned();
    match amounts.present().find(|(_, amount)| !(0..=1 << 53).contains(amount)) {
        Some((resource, amount)) => {
            Err(SetupError::Amount { what, resource: resource.to_owned(), amount })
        }
        None => Ok(()),
    }
}

fn load(name: &str, load: &Load) -> Result<(), SetupError> {
    if load.is_in_order() { Ok(()) } else { Err(SetupError::Order(name.to_owned())) }
}

fn hpa(
    name: &str,
    spec: &HpaSpec,
    config: &ControllerConfig,
    rhythm: Rhythm,
) -> Result<(), SetupError> {
    positive("the sync period", rhythm.period_ms)?;
    at_most("the sync period in milliseconds", rhythm.period_ms, LONGEST_MS)?;
    at_most("the sync jitter in milliseconds", rhythm.jitter_ms, LONGEST_MS)?;
    at_most("maxReplicas", spec.max_replicas.into(), MOST_REPLICAS.into())?;
    validate(spec, config.gates)
        .map_err(|problem| SetupError::Hpa { workload: name.to_owned(), problem })
}
