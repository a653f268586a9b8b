//! The cluster around an HPA, in the figures that its loop depends on.

use oppscale_core::resources::{Amount, CPU};

use crate::simulation::{PaidScaling, Setup};

/// Over how long growth is measured, milliseconds: long enough to see a rate in single pods.
const GROWTH_WINDOW_MS: u64 = 60_000;
/// The distance of two looks at the paid load, milliseconds.
const SAMPLE_STEP_MS: u64 = 10_000;

/// The cluster around an HPA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopContext {
    /// What pods may take on usable nodes, millicores.
    pub allocatable_milli: Amount,
    /// What paid pods request, millicores.
    pub paid_milli: Amount,
    /// What a replica of the filler requests, millicores.
    pub replica_milli: Amount,
    /// The largest paid pod, millicores.
    pub largest_paid_milli: Amount,
    /// How fast paid requests grow when they grow fast, millicores per second.
    pub growth_milli_per_second: Amount,
    /// How long a deleted replica keeps its room, milliseconds.
    pub grace_ms: u64,
    /// From one run of the HPA to the next, milliseconds.
    pub sync_period_ms: u64,
    /// Whether paid pods evict the filler's.
    pub preemption: bool,
}

impl LoopContext {
    /// Those of a simulation: paid work as at its start, its fastest growth over a minute.
    /// Applications with an HPA of their own count with their first replicas.
    #[must_use]
    pub fn of(setup: &Setup) -> Self {
        let paid_at = |ms: u64| -> Amount {
            let apps = setup.paid.iter().map(|app| {
                let replicas = match &app.scaling {
                    PaidScaling::Scripted(load) => load.level(ms),
                    PaidScaling::Autoscaled(scaler) => scaler.start_replicas,
                };
                Amount::from(replicas) * app.template.cpu_milli()
            });
            apps.sum()
        };
        // At most some ten thousand looks, however long the simulation is.
        let step = SAMPLE_STEP_MS.max(setup.end_ms / 10_000);
        let looks = (0..=setup.end_ms / step).map(|at| at * step);
        let growth =
            looks.map(|ms| paid_at(ms.saturating_add(GROWTH_WINDOW_MS)) - paid_at(ms)).max();
        let filler = &setup.filler;
        let lowest_paid = setup.paid.iter().map(|app| app.template.priority).min();
        let preempting = setup.paid.iter().all(|app| app.template.preempts);
        Self {
            allocatable_milli: setup
                .nodes
                .iter()
                .map(|pool| Amount::from(pool.count) * pool.allocatable.get(CPU))
                .sum(),
            paid_milli: paid_at(0),
            replica_milli: filler.template.cpu_milli(),
            largest_paid_milli: setup
                .paid
                .iter()
                .map(|app| app.template.cpu_milli())
                .max()
                .unwrap_or(0),
            growth_milli_per_second: growth.unwrap_or(0).max(0)
                / Amount::from(GROWTH_WINDOW_MS / 1000),
            grace_ms: filler.template.grace_ms,
            sync_period_ms: filler.autoscaler.timing.period_ms,
            preemption: preempting && lowest_paid.is_some_and(|p| p > filler.template.priority),
        }
    }
}
