//! The pressure guard: reads the CPU pressure of nodes while a workload on the usage basis is
//! served, and holds those whose paid pods wait.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;

use super::state::MetricsState;
use super::usage::POLL_INTERVAL;
use oppscale_cluster::{Cluster, ClusterError, KubeletAccess, read_pressure};
use oppscale_core::pressure::{
    DEFAULT_THRESHOLD, NodePressure, PressureChange, PressureCounts, PressureGuard,
};
use oppscale_core::usage::PaidUsage;

/// Time between two rounds of readings.
const ROUND: Duration = Duration::from_secs(15);
/// Nodes that are read in a round at most: 20 a second, so that 1,200 nodes are read once a minute,
/// and each of 5,000 every 250 s.
const MAX_NODES: usize = 300;
/// Requests at the same time at most. With 20 a second each may take 0.8 s.
const MAX_REQUESTS: usize = 16;
/// Time until the next round when the permission is missing.
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(300);

/// Settings of the guard, which runs only while they are given.
#[derive(Debug, Clone)]
pub struct PressureSettings {
    /// How kubelets are asked.
    pub access: KubeletAccess,
    /// Part of a minute that paid pods may wait, in percent.
    pub threshold: f64,
}

/// CPU pressure of the nodes. Clones share it.
#[derive(Debug, Clone)]
pub struct PressureStore {
    state: Arc<Mutex<State>>,
    start: Instant,
}

#[derive(Debug)]
struct State {
    guard: PressureGuard,
    /// Number of rounds.
    version: u64,
    /// Whether pressure is read at all.
    is_on: bool,
    /// Why the last round could read nothing, or not all; empty if it read all.
    problem: String,
}

impl Default for PressureStore {
    fn default() -> Self {
        Self::new(DEFAULT_THRESHOLD, false)
    }
}

impl PressureStore {
    fn new(threshold: f64, is_on: bool) -> Self {
        let guard = PressureGuard::new(threshold);
        let state = State { guard, version: 0, is_on, problem: String::new() };
        Self { state: Arc::new(Mutex::new(state)), start: Instant::now() }
    }

    /// Pressure that [`Self::follow`] reads if there are settings.
    pub(super) fn of(settings: Option<&PressureSettings>) -> Self {
        settings.map_or_else(Self::default, |settings| Self::new(settings.threshold, true))
    }

    /// Reads the pressure of nodes while `state` serves a workload on the usage basis.
    pub(super) async fn follow(self, cluster: Cluster, access: KubeletAccess, state: MetricsState) {
        let mut due = Instant::now();
        loop {
            if Instant::now() >= due && state.needs_usage() {
                let is_forbidden = self.round(&cluster, &access, &state).await;
                due = Instant::now() + if is_forbidden { FORBIDDEN_PAUSE } else { ROUND };
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Reads the nodes that are due. Whether the permission is missing.
    async fn round(&self, cluster: &Cluster, access: &KubeletAccess, state: &MetricsState) -> bool {
        let nodes = self.due(state);
        let count = nodes.len();
        let mut readings = stream::iter(nodes)
            .map(|node| async move {
                let reading = read_pressure(cluster, access, &node).await;
                (node, reading)
            })
            .buffer_unordered(MAX_REQUESTS);
        let (mut failed, mut first_problem, mut is_forbidden) = (0_usize, None, false);
        while let Some((node, reading)) = readings.next().await {
            let (pressure, problem) = match reading {
                Ok(reading) => {
                    let found = state
                        .cluster_state()
                        .read(|snapshot, _| NodePressure::of(&node, &reading, &snapshot.ledger));
                    let untold = "it tells no CPU pressure: that takes cgroup v2, Linux with PSI \
                                  and Kubernetes 1.34";
                    let problem = (found == NodePressure::Untold).then(|| untold.to_owned());
                    (Some(found), problem)
                }
                Err(error @ ClusterError::Forbidden { .. }) => {
                    is_forbidden = true;
                    (None, Some(format!("{error}; it takes get {}", access.subresource())))
                }
                Err(error) => (None, Some(error.to_string())),
            };
            if let Some(problem) = problem {
                failed += 1;
                first_problem.get_or_insert_with(|| format!("node {node}: {problem}"));
            }
            self.apply(&node, pressure);
            // With one refusal every further one is to be expected.
            if is_forbidden {
                break;
            }
        }
        self.note(count, failed, first_problem);
        is_forbidden
    }

    /// The nodes to read now.
    fn due(&self, state: &MetricsState) -> Vec<Arc<str>> {
        let (nodes, with_fillers) = state.cluster_state().read(|snapshot, _| {
            let nodes = snapshot.ledger.records().map(|node| Arc::from(&*node.name));
            let fillers = snapshot.ledger.own_pods();
            let fillers = fillers.filter(|(.., workload)| workload.is_some());
            let with_fillers = fillers.map(|(_, _, node, _)| Arc::clone(node));
            (nodes.collect::<HashSet<Arc<str>>>(), with_fillers.collect::<HashSet<Arc<str>>>())
        });
        let has_fillers = |node: &str| with_fillers.contains(node);
        self.state().guard.due(self.start.elapsed(), &nodes, has_fillers, MAX_NODES)
    }

    fn apply(&self, node: &str, pressure: Option<NodePressure>) {
        let mut state = self.state();
        match state.guard.apply(self.start.elapsed(), node, pressure) {
            Some(PressureChange::Held(pod, percent)) => tracing::warn!(
                reason = "PressureHeld",
                node,
                pod = &*pod,
                "held on the usage basis: a paid pod waited for CPU {percent:.1} % of the last minute"
            ),
            Some(PressureChange::Released) => {
                tracing::info!(
                    reason = "PressureReleased",
                    node,
                    "no longer held: paid pods do not wait"
                );
            }
            None => {}
        }
    }

    /// Ends a round, and logs what it could not read if that is new.
    fn note(&self, count: usize, failed: usize, problem: Option<String>) {
        let mut state = self.state();
        state.version += 1;
        // A round without nodes tells nothing.
        if count == 0 {
            return;
        }
        let was_whole = state.problem.is_empty();
        match problem {
            Some(problem) => {
                if was_whole {
                    tracing::warn!(
                        reason = "PressureUnknown",
                        "the CPU pressure of {failed} of {count} nodes is unknown, and they are not \
                         held: {problem}"
                    );
                }
                state.problem = problem;
            }
            None => {
                if !was_whole {
                    tracing::info!(
                        reason = "PressureRead",
                        "the CPU pressure of nodes is read again"
                    );
                }
                state.problem.clear();
            }
        }
    }

    /// Lets no CPU count as idle on nodes that are held.
    pub(super) fn hold(&self, usage: &mut PaidUsage) {
        let state = self.state();
        usage.hold(state.guard.held(self.start.elapsed()));
    }

    /// How many of these nodes there are of each kind; `None` if pressure is not read.
    pub(super) fn counts<'n>(
        &self,
        nodes: impl IntoIterator<Item = &'n str>,
    ) -> Option<PressureCounts> {
        let state = self.state();
        state.is_on.then(|| state.guard.counts(self.start.elapsed(), nodes))
    }

    /// Number of rounds so far.
    pub(super) fn version(&self) -> u64 {
        self.state().version
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
