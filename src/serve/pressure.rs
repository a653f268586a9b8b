//! The pressure guard: reads the CPU pressure of nodes while a workload on the usage basis is
//! served, and holds those whose paid pods wait.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;

use super::state::MetricsState;
use super::usage::POLL_INTERVAL;
use oppscale_cluster::{Cluster, ClusterError, KubeletAccess, read_pressure};
use oppscale_core::pressure::{NodePressure, PressureChange, PressureCounts, PressureGuard};
use oppscale_core::usage::PaidUsage;

/// Time between two rounds of readings.
const ROUND: Duration = Duration::from_secs(15);
/// Nodes that are read in a round at most: 20 a second. 1,200 nodes are read once a minute; of
/// 5,000, those without fillers every 5 minutes, which leaves enough to read 1,200 with fillers
/// every 3.
const MAX_NODES: usize = 300;
/// Requests at the same time at most. With 20 a second each may take 0.8 s.
const MAX_REQUESTS: usize = 16;
/// Time until the next round when the permission is missing.
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(300);
/// Why a reading tells no CPU pressure at all.
const NO_PRESSURE: &str =
    "it reports no CPU pressure: that needs cgroup v2, Linux with PSI and Kubernetes 1.34";

/// Settings of the guard, which runs only while they are given.
#[derive(Debug, Clone)]
pub struct PressureSettings {
    /// Access to the kubelets.
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
    /// How the last reading of each node ended.
    endings: HashMap<Arc<str>, Ending>,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Known,
    Unknown,
    /// A permission is missing.
    Forbidden,
}

/// Why the pressure of a node is unknown.
struct Problem {
    text: String,
    is_forbidden: bool,
}

impl Default for PressureStore {
    fn default() -> Self {
        Self::new(f64::INFINITY, false)
    }
}

impl PressureStore {
    fn new(threshold: f64, is_on: bool) -> Self {
        let guard = PressureGuard::new(threshold);
        let state = State { guard, version: 0, is_on, endings: HashMap::new() };
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
            let start = Instant::now();
            if start >= due && state.needs_usage() {
                let is_forbidden = self.round(&cluster, &access, &state).await;
                due = start + if is_forbidden { FORBIDDEN_PAUSE } else { ROUND };
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Reads the nodes that are due. Whether the permission is missing for all nodes so far; one
    /// kubelet that refuses is a matter of its own.
    async fn round(&self, cluster: &Cluster, access: &KubeletAccess, state: &MetricsState) -> bool {
        let nodes = self.due(state);
        let mut readings = stream::iter(nodes)
            .map(|node| async move {
                let reading = read_pressure(cluster, access, &node).await;
                (node, reading)
            })
            .buffer_unordered(MAX_REQUESTS);
        let mut read = Vec::new();
        while let Some((node, reading)) = readings.next().await {
            let problem = match reading {
                Ok(reading) => {
                    let found = state
                        .cluster_state()
                        .read(|snapshot, _| NodePressure::of(&node, &reading, &snapshot.ledger));
                    let has_none = found == NodePressure::Unknown;
                    let text = match self.apply(&node, Some(found)) {
                        0 if has_none => Some(NO_PRESSURE.to_owned()),
                        0 => None,
                        1 => Some("its kubelet reports nothing of a paid pod".to_owned()),
                        pods => Some(format!("its kubelet reports nothing of {pods} paid pods")),
                    };
                    text.map(|text| Problem { text, is_forbidden: false })
                }
                Err(error) => {
                    self.apply(&node, None);
                    let is_forbidden = matches!(error, ClusterError::Forbidden { .. });
                    let takes = format!("; it takes get {}", access.subresource());
                    let text = line(&error) + if is_forbidden { &takes } else { "" };
                    Some(Problem { text, is_forbidden })
                }
            };
            read.push((node, problem));
        }
        self.note(&read)
    }

    /// The nodes to read now.
    fn due(&self, state: &MetricsState) -> Vec<Arc<str>> {
        let (nodes, with_fillers) = state.cluster_state().read(|snapshot, _| {
            let nodes = snapshot.ledger.records().map(|node| node.name.clone());
            let fillers = snapshot.ledger.own_pods();
            let fillers = fillers.filter(|(.., workload)| workload.is_some());
            let with_fillers = fillers.map(|(_, node, _)| Arc::clone(node));
            (nodes.collect::<Vec<_>>(), with_fillers.collect::<Vec<_>>())
        });
        // Not under the lock of the cluster state, which watches wait for.
        let nodes: HashSet<Arc<str>> = nodes.into_iter().map(Arc::from).collect();
        let with_fillers: HashSet<Arc<str>> = with_fillers.into_iter().collect();
        let has_fillers = |node: &str| with_fillers.contains(node);
        let mut state = self.state();
        state.endings.retain(|node, _| nodes.contains(node));
        state.guard.due(self.start.elapsed(), &nodes, has_fillers, MAX_NODES)
    }

    /// Takes in a reading of a node, or that there was none. How many paid pods make it unknown.
    fn apply(&self, node: &str, pressure: Option<NodePressure>) -> usize {
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
                    "no longer held: no paid pod is known to have waited"
                );
            }
            None => {}
        }
        state.guard.unknown_pods(node)
    }

    /// Ends a round, and logs when the pressure of a first node becomes unknown, or a first one for
    /// want of a permission, and when that of the last is known again. Whether the permission is
    /// missing for all nodes so far.
    fn note(&self, read: &[(Arc<str>, Option<Problem>)]) -> bool {
        let mut state = self.state();
        state.version += 1;
        let is_whole = |state: &State| state.endings.values().all(|end| *end == Ending::Known);
        let was_whole = is_whole(&state);
        let was_permitted = !state.endings.values().any(|end| *end == Ending::Forbidden);
        let mut new = None;
        for (node, problem) in read {
            let ending = match problem {
                None => Ending::Known,
                Some(Problem { is_forbidden: true, .. }) => Ending::Forbidden,
                Some(_) => Ending::Unknown,
            };
            state.endings.insert(Arc::clone(node), ending);
            let Some(problem) = problem else { continue };
            if was_permitted && problem.is_forbidden {
                new = Some((node, problem));
            } else if was_whole {
                new.get_or_insert((node, problem));
            }
        }
        if let Some((node, problem)) = new {
            tracing::warn!(
                reason = "PressureUnknown",
                "the CPU pressure of {} of {} nodes is unknown, and they are not held: node {node}: {}",
                read.iter().filter(|(_, problem)| problem.is_some()).count(),
                read.len(),
                problem.text
            );
        } else if !was_whole && is_whole(&state) {
            tracing::info!(reason = "PressureRead", "the CPU pressure of nodes is read again");
        }
        !state.endings.is_empty() && state.endings.values().all(|end| *end == Ending::Forbidden)
    }

    /// Lets no CPU count as idle on nodes that are held.
    pub(super) fn hold(&self, usage: &mut PaidUsage) {
        let state = self.state();
        usage.hold(state.guard.held(self.start.elapsed()));
    }

    /// Number of these nodes of each kind; `None` if pressure is not read.
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

/// The start of an error as a line of the log: the owner of a node controls the answers of its
/// kubelet.
fn line(error: &ClusterError) -> String {
    const MAX_CHARS: usize = 300;
    error.to_string().replace(char::is_control, " ").chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_pause_while_the_permission_is_missing_for_all_nodes() {
        let store = PressureStore::default();
        let note = |nodes: &[(&str, Option<bool>)]| {
            let read = nodes.iter().map(|(node, is_forbidden)| {
                let problem =
                    is_forbidden.map(|is_forbidden| Problem { text: String::new(), is_forbidden });
                (Arc::from(*node), problem)
            });
            store.note(&read.collect::<Vec<_>>())
        };
        assert!(!note(&[]), "no node was read yet");
        assert!(note(&[("a", Some(true)), ("b", Some(true))]));
        assert!(note(&[]), "nothing was due");
        assert!(!note(&[("a", None), ("b", Some(false))]));
        assert!(!note(&[("c", Some(true))]), "a round of one node, which refuses");
        assert!(!note(&[("b", Some(true))]), "a is known");
        assert!(note(&[("a", Some(true))]));
    }
}
