//! Usage of nodes and filler pods, read while a workload on the usage basis is served.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::state::MetricsState;
use oppscale_cluster::{Cluster, compute, read_usage};
use oppscale_core::ownership::Ownership;
use oppscale_core::resources::Amount;
use oppscale_core::usage::{INTERVAL, PaidUsage, UsageReading, UsageTracker, own_pods_and_cpu};

/// Interval at which a new workload on the usage basis is noticed.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Usage of the cluster. Clones share it.
#[derive(Debug, Clone)]
pub struct UsageStore {
    state: Arc<Mutex<State>>,
    start: Instant,
}

#[derive(Debug, Default)]
struct State {
    tracker: UsageTracker,
    /// Why the last reading failed; `None` if it succeeded.
    problem: Option<String>,
    /// Number of readings.
    version: u64,
}

impl Default for UsageStore {
    fn default() -> Self {
        Self { state: Arc::default(), start: Instant::now() }
    }
}

impl UsageStore {
    /// Reads the usage of `cluster` every [`INTERVAL`] while `state` serves a workload on the usage
    /// basis.
    pub(super) async fn follow(self, cluster: Cluster, state: MetricsState) {
        let mut due = Instant::now();
        loop {
            if Instant::now() >= due && state.needs_usage() {
                due = Instant::now() + INTERVAL;
                match read_usage(&cluster, &Ownership::default()).await {
                    Ok(reading) => {
                        let (store, state) = (self.clone(), state.clone());
                        compute(move || store.apply(&reading, &state)).await;
                    }
                    Err(problem) => self.fail(problem),
                }
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Paid usage as of now.
    pub fn paid(&self) -> PaidUsage {
        self.state().tracker.paid(self.start.elapsed())
    }

    /// Why idle CPU is unknown on every node.
    pub fn problem(&self) -> String {
        let state = self.state();
        // Without the age: a reason that changes every second would be logged every second.
        match (&state.problem, state.version) {
            (Some(problem), _) => problem.clone(),
            (None, 0) => "metrics.k8s.io has not been read yet".to_owned(),
            (None, _) => "metrics.k8s.io has no recent usage of any node".to_owned(),
        }
    }

    /// Age of the newest usage of a node; `None` if there is none.
    pub fn age(&self) -> Option<Duration> {
        self.state().tracker.age(self.start.elapsed())
    }

    /// Number of readings so far.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    fn apply(&self, reading: &UsageReading, state: &MetricsState) {
        // Its order is that of the workloads that the ledger tracks.
        let counted = state.counted();
        let burns: Vec<Amount> = counted.workloads.iter().map(|(served, _)| served.cpu()).collect();
        let burn =
            |workload: Option<_>| burns.get(workload? as usize).copied().filter(|burn| *burn > 0);
        let (own, allocatable) =
            state.cluster_state().read(|snapshot, _| own_pods_and_cpu(&snapshot.ledger, burn));
        let mut usage = self.state();
        if let Some(problem) = usage.problem.take() {
            tracing::info!(reason = "UsageRead", "usage is read again, after: {problem}");
        }
        usage.version += 1;
        let now = self.start.elapsed();
        usage.tracker.apply(now, reading, &own, |node| allocatable.get(node).copied());
    }

    fn fail(&self, problem: String) {
        let mut usage = self.state();
        if usage.problem.as_ref() != Some(&problem) {
            tracing::warn!(reason = "UsageUnknown", "usage cannot be read: {problem}");
        }
        usage.version += 1;
        usage.problem = Some(problem);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
