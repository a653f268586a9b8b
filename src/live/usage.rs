//! Usage of nodes, read while the screen counts on the usage basis. Peaks are followed as the server
//! follows them, from the first reading on.

use std::time::Instant;

use oppscale_cluster::follow::ClusterState;
use oppscale_core::resources::{Amount, CPU};
use oppscale_core::usage::{INTERVAL, OwnPod, PaidUsage, UsageReading, UsageTracker};

use super::state::State;

/// The readings so far, and when the next one is due.
#[derive(Debug)]
pub(super) struct UsageFollower {
    tracker: UsageTracker,
    start: Instant,
    is_running: bool,
    /// Time of the last query.
    asked_at: Option<Instant>,
}

impl Default for UsageFollower {
    fn default() -> Self {
        let tracker = UsageTracker::default();
        Self { tracker, start: Instant::now(), is_running: false, asked_at: None }
    }
}

impl UsageFollower {
    /// When the next reading is due; `None` while none is needed.
    pub(super) fn due(&self, state: &State, now: Instant) -> Option<Instant> {
        let is_needed = state.is_by_usage() && state.setup.has_cluster && !state.frozen;
        (is_needed && !self.is_running).then(|| self.asked_at.map_or(now, |at| at + INTERVAL))
    }

    /// Records that the usage is asked for.
    pub(super) fn asked(&mut self, now: Instant) {
        (self.is_running, self.asked_at) = (true, Some(now));
    }

    /// Takes in a reading, or why there is none. What paid pods use, or why that is unknown. `burn` are
    /// the millicores that an own pod without a reading is expected to use.
    pub(super) fn apply(
        &mut self,
        reading: Result<UsageReading, String>,
        cluster_state: &ClusterState,
        burn: Amount,
    ) -> Result<PaidUsage, String> {
        self.is_running = false;
        let now = self.start.elapsed();
        let problem = match reading {
            Ok(reading) => {
                cluster_state.read(|snapshot, _| {
                    let ledger = &snapshot.ledger;
                    let own = ledger.own_pods().map(|(namespace, name, node, _)| OwnPod {
                        id: format!("{namespace}/{name}").into(),
                        node: node.clone(),
                        burn,
                    });
                    let own: Vec<OwnPod> = own.collect();
                    let allocatable =
                        |node: &str| Some(ledger.record(node)?.allocatable.as_ref().ok()?.get(CPU));
                    self.tracker.apply(now, &reading, &own, allocatable);
                });
                "metrics.k8s.io has no recent usage of any node".to_owned()
            }
            Err(problem) => problem,
        };
        let paid = self.tracker.paid(now);
        if paid.is_known() { Ok(paid) } else { Err(problem) }
    }
}
