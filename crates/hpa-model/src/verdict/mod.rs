//! Whether a filler's HPA can converge, told from the HPA, its target and what its metric
//! measures, without running anything.
//!
//! With own pods in the metric and a `Value` target the replicas follow the logistic map:
//! `n' = n·(K − n·c)/T`, where K is what others leave, c a replica and T the target. Around
//! its resting point a deviation is multiplied by −g, `g = K/T − 1`, and a value that is d
//! syncs old allows `g < 2·sin(π / (2·(2d+1)))`. Own pods out of the metric make `Value` run
//! to a limit and `AverageValue` rest at once, whatever the delay.
//!
//! | file | holds |
//! |---|---|
//! | `circumstances` | [`LoopContext`]: the cluster around the HPA, in figures |
//! | `target` | what of the HPA the judgement needs, with defaults and gates applied |
//! | `gain` | the loop: its gain, its delay, its limit, and what follows |
//! | `reserve` | [`ReserveNeed`]: what this loop must leave free, term by term |
//! | `correction` | [`Correction`]: what to change, as data |

mod circumstances;
mod control_loop;
mod correction;
mod reserve;

use crate::{ControllerConfig, HpaSpec};
use thiserror::Error;

use crate::simulation::MetricModel;

pub use circumstances::LoopContext;
pub use control_loop::{ControlLoop, Stability};
pub use correction::{Change, Correction, METRIC_NAME, is_fit_replicas_metric, uses_fit_replicas};
pub use reserve::ReserveNeed;

/// The judgement on an HPA.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it will do.
    pub finding: Stability,
    /// The figures behind it.
    pub control: ControlLoop,
    /// Why, in one sentence.
    pub why: String,
    /// What this loop must leave free.
    pub reserve: ReserveNeed,
    /// What to change; `None` when nothing needs to be.
    pub correction: Option<Correction>,
}

/// An HPA that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerdictError {
    /// It has no metric that could be one of capacity.
    #[error("the HPA has no External or Object metric with a value or averageValue above 0")]
    NoCapacityMetric,
    /// A replica that takes no cpu has no effect on a metric of cores.
    #[error("a replica of the workload requests no cpu")]
    NoRequest,
}

/// Judges an HPA whose first External or Object metric is of this nature.
///
/// # Errors
/// When there is no such metric, or a replica requests nothing.
pub fn judge(
    spec: &HpaSpec,
    config: &ControllerConfig,
    nature: &MetricModel,
    context: &LoopContext,
) -> Result<Verdict, VerdictError> {
    if context.replica_milli <= 0 {
        return Err(VerdictError::NoRequest);
    }
    let stored = spec.stored(config.gates);
    let target = control_loop::Target::of(&stored, config).ok_or(VerdictError::NoCapacityMetric)?;
    let analysis = control_loop::judge(&target, nature, context);
    let reserve = ReserveNeed::of(&target, nature, context, analysis.control.settles_at);
    let correction = correction::correct(spec, config, nature, context, &analysis, &reserve);
    Ok(Verdict {
        finding: analysis.finding,
        control: analysis.control,
        why: analysis.why,
        reserve,
        correction,
    })
}
