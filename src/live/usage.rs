//! Usage of nodes, read while the screen counts on the usage basis. Peaks are followed as the
//! server follows them, from the first reading on.

use std::time::Instant;

use oppscale_cluster::follow::{ClusterState, Health};
use oppscale_cluster::{Cluster, compute, read_usage};
use oppscale_core::ownership::Ownership;
use oppscale_core::resources::Amount;
use oppscale_core::usage::{INTERVAL, PaidUsage, UsageReading, UsageTracker, own_pods_and_cpu};

use super::state::State;

/// The readings so far, and when the next one is due.
#[derive(Debug)]
pub(super) struct UsageFollower {
    /// `None` while a reading is under way.
    readings: Option<Readings>,
    /// Time of the last query.
    asked_at: Option<Instant>,
}

/// The readings so far.
#[derive(Debug)]
pub(super) struct Readings {
    tracker: UsageTracker,
    start: Instant,
}

impl Default for UsageFollower {
    fn default() -> Self {
        let readings = Readings { tracker: UsageTracker::default(), start: Instant::now() };
        Self { readings: Some(readings), asked_at: None }
    }
}

impl UsageFollower {
    /// Time until the next reading; `None` while none is needed.
    pub(super) fn due(&self, state: &State, now: Instant) -> Option<Instant> {
        // Before all pods are known, those of fillers would count as paid, and peaks fall slowly.
        let is_known = state.health().is_some_and(Health::is_ready);
        let is_needed = state.is_by_usage() && state.setup.has_cluster && !state.frozen && is_known;
        let is_idle = self.readings.is_some();
        (is_needed && is_idle).then(|| self.asked_at.map_or(now, |at| at + INTERVAL))
    }

    /// Begins a reading: the readings so far, which [`Self::finish`] takes back.
    pub(super) fn begin(&mut self, now: Instant) -> Option<Readings> {
        self.asked_at = Some(now);
        self.readings.take()
    }

    /// Ends a reading.
    pub(super) fn finish(&mut self, readings: Readings) {
        self.readings = Some(readings);
    }
}

impl Readings {
    /// Reads the usage once more, and counts it on another thread: what paid pods use, or why that
    /// is unknown. `burn` are the millicores that an own pod without a reading is expected to use.
    pub(super) async fn read(
        mut self,
        cluster: &Cluster,
        own: &Ownership,
        cluster_state: ClusterState,
        burn: Amount,
    ) -> (Self, Result<PaidUsage, String>) {
        let reading = read_usage(cluster, own).await;
        compute(move || {
            let paid = self.apply(reading, &cluster_state, burn);
            (self, paid)
        })
        .await
    }

    fn apply(
        &mut self,
        reading: Result<UsageReading, String>,
        cluster_state: &ClusterState,
        burn: Amount,
    ) -> Result<PaidUsage, String> {
        let now = self.start.elapsed();
        let problem = match reading {
            Ok(reading) => {
                let (own, allocatable) = cluster_state
                    .read(|snapshot, _| own_pods_and_cpu(&snapshot.ledger, |_| Some(burn)));
                let allocatable = |node: &str| allocatable.get(node).copied();
                self.tracker.apply(now, &reading, &own, allocatable);
                "metrics.k8s.io has no recent usage of any node".to_owned()
            }
            Err(problem) => problem,
        };
        let paid = self.tracker.paid(now);
        if paid.is_known() { Ok(paid) } else { Err(problem) }
    }
}
