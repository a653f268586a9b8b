//! How much a loop must leave free so that paid pods need not wait for it.
//!
//! `R ≥ growth·τ + largest paid pod + tolerance·n·c + c`, where τ is the time from a paid
//! pod's request until the filler has yielded: the metric's age, one sync, the scale-down
//! window and the grace period, each at its worst.

use oppscale_core::resources::Amount;

use super::circumstances::LoopContext;
use super::control_loop::Target;
use crate::simulation::MetricModel;

/// How long the scheduler takes to notice and choose victims, milliseconds.
const SCHEDULING_MS: u64 = 1_000;

/// The reserve that a loop needs, term by term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveNeed {
    /// How old the metric may be, milliseconds.
    pub metric_age_ms: u64,
    /// From one run of the HPA to the next, milliseconds.
    pub sync_ms: u64,
    /// The scale-down stabilization window, milliseconds.
    pub window_ms: u64,
    /// The filler's grace period, milliseconds.
    pub grace_ms: u64,
    /// What paid requests grow by in the four together, millicores.
    pub growth_milli: Amount,
    /// The largest paid pod, millicores.
    pub largest_paid_milli: Amount,
    /// What the HPA overlooks within its tolerance, millicores.
    pub tolerance_milli: Amount,
    /// One replica, by which the count may be rounded up, millicores.
    pub rounding_milli: Amount,
    /// How long a paid pod waits at most where it evicts the filler's instead, milliseconds.
    pub preemption_ms: Option<u64>,
}

impl ReserveNeed {
    /// The need of a loop that rests at this many replicas.
    pub(super) fn of(
        target: &Target,
        nature: &MetricModel,
        context: &LoopContext,
        settles_at: u32,
    ) -> Self {
        let mut need = Self {
            metric_age_ms: nature.freshness.worst_age_ms(),
            sync_ms: context.sync_period_ms,
            window_ms: u64::from(target.window_down_seconds) * 1000,
            grace_ms: context.grace_ms,
            growth_milli: 0,
            largest_paid_milli: context.largest_paid_milli,
            tolerance_milli: 0,
            rounding_milli: context.replica_milli,
            preemption_ms: context.preemption.then(|| context.grace_ms + SCHEDULING_MS),
        };
        let grown = context.growth_milli_per_second * Amount::from(need.latency_ms());
        need.growth_milli = grown / 1000 + Amount::from(grown % 1000 != 0);
        // Billionths are as fine as a tolerance can be written.
        let tolerance = (target.tolerance_down * 1e9).round() as Amount;
        let replicas_milli = Amount::from(settles_at) * context.replica_milli;
        need.tolerance_milli = replicas_milli.saturating_mul(tolerance) / 1_000_000_000;
        need
    }

    /// τ: until the filler has yielded by the HPA alone, milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> u64 {
        self.metric_age_ms
            .saturating_add(self.sync_ms)
            .saturating_add(self.window_ms)
            .saturating_add(self.grace_ms)
    }

    /// The sum of the terms, millicores.
    #[must_use]
    pub fn total_milli(&self) -> Amount {
        self.growth_milli + self.largest_paid_milli + self.tolerance_milli + self.rounding_milli
    }
}
