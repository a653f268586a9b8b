//! The reserve that a loop needs so that paid pods do not wait for it.
//!
//! `R ≥ growth·τ + largest paid pod + tolerance·n·c + c`. τ is the time from a paid pod's
//! request until the filler has yielded: the metric's age, one sync, the scale-down window and
//! the grace period, each at its worst.

use oppscale_core::resources::Amount;

use super::context::LoopContext;
use super::control_loop::Target;
use crate::simulation::MetricModel;

/// Time for the scheduler to notice a pod and choose its victims, in milliseconds.
const SCHEDULING_MS: u64 = 1_000;

/// The reserve that a loop needs, term by term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveNeed {
    /// Age of the metric at worst, in milliseconds.
    pub metric_age_ms: u64,
    /// Sync period of the HPA controller, in milliseconds.
    pub sync_ms: u64,
    /// Scale-down stabilization window, in milliseconds.
    pub window_ms: u64,
    /// Grace period of the filler, in milliseconds.
    pub grace_ms: u64,
    /// Growth of the paid requests in those four together, in millicores.
    pub growth_milli: Amount,
    /// Largest paid pod, in millicores.
    pub largest_paid_milli: Amount,
    /// Replicas that the tolerance ignores, in millicores.
    pub tolerance_milli: Amount,
    /// One replica, by which the count may be rounded up, in millicores.
    pub rounding_milli: Amount,
    /// Longest wait of a paid pod that evicts filler pods instead, in milliseconds.
    pub preemption_ms: Option<u64>,
}

impl ReserveNeed {
    /// The need of a loop that settles at this many replicas.
    pub(super) fn of(
        target: &Target,
        metric: &MetricModel,
        context: &LoopContext,
        settles_at: u32,
    ) -> Self {
        let mut need = Self {
            metric_age_ms: metric.timing.worst_age_ms(),
            sync_ms: context.sync_period_ms,
            window_ms: u64::from(target.window_down_seconds) * 1000,
            grace_ms: context.grace_ms,
            growth_milli: 0,
            largest_paid_milli: context.largest_paid_milli,
            tolerance_milli: 0,
            rounding_milli: context.replica_milli,
            preemption_ms: context.preemption.then(|| context.grace_ms + SCHEDULING_MS),
        };
        let growth = context.growth_milli_per_second * Amount::from(need.latency_ms());
        need.growth_milli = growth / 1000 + Amount::from(growth % 1000 != 0);
        // A tolerance has at most nine decimals.
        let tolerance = (target.tolerance_down * 1e9).round() as Amount;
        let replicas_milli = Amount::from(settles_at) * context.replica_milli;
        need.tolerance_milli = replicas_milli.saturating_mul(tolerance) / 1_000_000_000;
        need
    }

    /// τ: time until the filler has yielded by its HPA alone, in milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> u64 {
        self.metric_age_ms
            .saturating_add(self.sync_ms)
            .saturating_add(self.window_ms)
            .saturating_add(self.grace_ms)
    }

    /// Sum of the terms, in millicores.
    #[must_use]
    pub fn total_milli(&self) -> Amount {
        self.growth_milli + self.largest_paid_milli + self.tolerance_milli + self.rounding_milli
    }

    /// The sum in whole cores, rounded up, in millicores.
    #[must_use]
    pub fn whole_cores_milli(&self) -> Amount {
        (self.total_milli() + 999) / 1000 * 1000
    }
}
