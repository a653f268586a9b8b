//! The verdict on a filler's HPA, from the HPA, its target and what its metric measures: control
//! theory explains it, and trials at a constant paid load correct it where the formulas do not
//! reach.
//!
//! If the metric includes the filler's pods and the target is a `Value`, the replicas follow
//! the logistic map `n' = n·(K − n·c)/T`: K is what paid pods leave, c a replica, T the target.
//! Around the point where it settles, a deviation is multiplied by −g, the loop gain
//! `g = K/T − 1`. With a delay of d syncs the loop is stable for `g < 2·sin(π / (2·(2d+1)))`.
//! If the metric excludes the filler's pods, `Value` runs to a bound, and `AverageValue` settles
//! at once, whatever the delay.

mod context;
mod control_loop;
mod correction;
mod reserve;
mod trial;

use thiserror::Error;

use crate::simulation::MetricModel;
use crate::{ControllerConfig, HpaSpec};

pub use context::LoopContext;
pub use control_loop::{ControlLoop, Stability, capacity_metric};
pub use correction::{
    Change, Correction, METRIC_NAME, is_fit_replicas_metric, recommended_spec, uses_fit_replicas,
};
pub use reserve::ReserveNeed;

/// The verdict on an HPA.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Its predicted behaviour.
    pub stability: Stability,
    /// The figures behind it.
    pub control: ControlLoop,
    /// The reason, in one sentence.
    pub why: String,
    /// Reserve that this loop needs.
    pub reserve: ReserveNeed,
    /// Correction; `None` if nothing needs to change.
    pub correction: Option<Correction>,
}

/// An HPA on which there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerdictError {
    /// No metric can be one of capacity.
    #[error("the HPA has no External or Object metric with a value or averageValue above 0")]
    NoCapacityMetric,
    /// A replica without cpu has no effect on a metric of cores.
    #[error("a replica of the workload requests no cpu")]
    NoRequest,
}

/// Judges an HPA whose [`capacity_metric`] measures `metric`.
///
/// # Errors
/// When there is no such metric, or a replica requests no cpu.
pub fn judge(
    spec: &HpaSpec,
    config: &ControllerConfig,
    metric: &MetricModel,
    context: &LoopContext,
) -> Result<Verdict, VerdictError> {
    if context.replica_milli <= 0 {
        return Err(VerdictError::NoRequest);
    }
    let stored = spec.stored(config.gates);
    let target = control_loop::Target::of(&stored, config).ok_or(VerdictError::NoCapacityMetric)?;
    let analysis = control_loop::analyse(&target, config, metric, context);
    let reserve = ReserveNeed::of(&target, metric, context, analysis.control.settles_at);
    let correction = correction::correct(&target, config, metric, context, &analysis);
    let control_loop::Analysis { stability, control, why } = analysis;
    Ok(Verdict { stability, control, why, reserve, correction })
}
