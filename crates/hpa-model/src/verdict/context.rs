//! The cluster around an HPA, in the figures that its loop depends on.

use oppscale_core::resources::{Amount, CPU};

use crate::simulation::{PaidScaling, Setup};

/// Time over which growth is measured, in milliseconds: long enough for a rate in single pods.
const GROWTH_WINDOW_MS: u64 = 60_000;
/// Step between samples of the paid load, in milliseconds.
const SAMPLE_STEP_MS: u64 = 10_000;
/// Number of those samples at most, however long the simulation is.
const MAX_SAMPLES: u64 = 10_000;

/// The cluster around an HPA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopContext {
    /// Allocatable cpu of the usable nodes, in millicores.
    pub allocatable_milli: Amount,
    /// Requests of the paid pods, in millicores.
    pub paid_milli: Amount,
    /// Requests of one replica of the filler, in millicores.
    pub replica_milli: Amount,
    /// Largest paid pod, in millicores.
    pub largest_paid_milli: Amount,
    /// Growth of the paid requests at its fastest, in millicores per second.
    pub growth_milli_per_second: Amount,
    /// Time for which a deleted replica keeps its node's resources, in milliseconds.
    pub grace_ms: u64,
    /// Sync period of the HPA controller, in milliseconds.
    pub sync_period_ms: u64,
    /// Whether paid pods preempt the filler's.
    pub preemption: bool,
    /// Whether the filler's priority is below that of every paid pod. Without preemption, some
    /// paid pods have `preemptionPolicy: Never`.
    pub has_lowest_priority: bool,
}

impl LoopContext {
    /// The context in a simulation: paid work as at its start, its fastest growth over a minute.
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
        let step = SAMPLE_STEP_MS.max(setup.end_ms / MAX_SAMPLES);
        let growth = (0..=setup.end_ms / step)
            .map(|at| paid_at((at * step).saturating_add(GROWTH_WINDOW_MS)) - paid_at(at * step))
            .max();
        let pools = setup.nodes.iter();
        let (filler, paid) = (&setup.filler, &setup.paid);
        let lowest_paid = paid.iter().map(|app| app.template.priority).min();
        let has_lowest_priority = lowest_paid.is_some_and(|p| p > filler.template.priority);
        let preempts = paid.iter().all(|app| app.template.preempts);
        let largest_paid = paid.iter().map(|app| app.template.cpu_milli()).max();
        Self {
            allocatable_milli: pools
                .map(|pool| Amount::from(pool.count) * pool.allocatable.get(CPU))
                .sum(),
            paid_milli: paid_at(0),
            replica_milli: filler.template.cpu_milli(),
            largest_paid_milli: largest_paid.unwrap_or(0),
            growth_milli_per_second: growth.unwrap_or(0).max(0)
                / Amount::from(GROWTH_WINDOW_MS / 1000),
            grace_ms: filler.template.grace_ms,
            sync_period_ms: filler.autoscaler.timing.period_ms,
            preemption: preempts && has_lowest_priority,
            has_lowest_priority,
        }
    }
}
