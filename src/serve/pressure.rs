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
use oppscale_core::ledger::Tally;
use oppscale_core::pressure::{
    Ending, NodePressure, PressureChange, PressureCounts, PressureGuard, Unread,
};
use oppscale_core::resources::PODS;
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
    /// Whether the log says last that the pressure of a node is unknown.
    is_warned: bool,
}

/// What the readings of all nodes tell together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Endings {
    /// Whether the pressure of each is known.
    is_whole: bool,
    /// Whether none lacks a permission.
    is_permitted: bool,
    /// Whether each lacks it.
    is_forbidden: bool,
}

impl Endings {
    fn of(guard: &PressureGuard) -> Self {
        let (mut nodes, mut known, mut forbidden) = (0_usize, 0, 0);
        for ending in guard.endings() {
            nodes += 1;
            known += usize::from(ending == Ending::Known);
            forbidden += usize::from(ending == Ending::Forbidden);
        }
        Self {
            is_whole: known == nodes,
            is_permitted: forbidden == 0,
            is_forbidden: nodes > 0 && forbidden == nodes,
        }
    }
}

impl Default for PressureStore {
    fn default() -> Self {
        Self::new(f64::INFINITY, false)
    }
}

impl PressureStore {
    fn new(threshold: f64, is_on: bool) -> Self {
        let guard = PressureGuard::new(threshold);
        let state = State { guard, version: 0, is_on, is_warned: false };
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
        let (nodes, before) = self.due(state);
        let mut readings = stream::iter(nodes)
            .map(|node| async move {
                let reading = read_pressure(cluster, access, &node).await;
                (node, reading)
            })
            .buffer_unordered(MAX_REQUESTS);
        let (mut read, mut incomplete) = (Vec::new(), Vec::new());
        while let Some((node, reading)) = readings.next().await {
            let problem = match reading {
                Ok(reading) => {
                    let found = state
                        .cluster_state()
                        .read(|snapshot, _| NodePressure::of(&node, &reading, &snapshot.ledger));
                    let Some(found) = found else {
                        incomplete.push((node, reading));
                        continue;
                    };
                    self.take(&node, found)
                }
                Err(error) => {
                    let is_forbidden = matches!(error, ClusterError::Forbidden { .. });
                    let (unread, takes) = match is_forbidden {
                        true => {
                            (Unread::Forbidden, format!("; it takes get {}", access.subresource()))
                        }
                        false => (Unread::Failed, String::new()),
                    };
                    self.apply(&node, Err(unread)).map(|_| line(&error) + &takes)
                }
            };
            read.push((node, problem));
        }
        // All pods are read for these, under the lock that watches wait for: once a round.
        let found = state
            .cluster_state()
            .read(|snapshot, _| NodePressure::of_all(&incomplete, &snapshot.ledger));
        read.extend(incomplete.into_iter().zip(found).map(|((node, _), found)| {
            let problem = self.take(&node, found);
            (node, problem)
        }));
        self.note(before, &read)
    }

    /// Takes in what a reading of a node tells. Why the pressure is unknown now, if it is.
    fn take(&self, node: &str, found: NodePressure) -> Option<String> {
        let has_none = found == NodePressure::Unknown;
        self.apply(node, Ok(found)).map(|missing| match missing {
            _ if has_none => NO_PRESSURE.to_owned(),
            1 => "its kubelet reports nothing of a paid pod".to_owned(),
            pods => format!("its kubelet reports nothing of {pods} paid pods"),
        })
    }

    /// The nodes to read now, and what the readings so far tell of those that there are.
    fn due(&self, state: &MetricsState) -> (Vec<Arc<str>>, Endings) {
        let accounts: Vec<(Arc<str>, bool)> = state.cluster_state().read(|snapshot, _| {
            let accounts = snapshot.ledger.accounts();
            let accounts = accounts.filter(|(_, account)| account.record.is_some());
            let has_fillers = |(_, tally): (_, &Tally)| tally.sum.get(PODS) > 0;
            accounts
                .map(|(name, account)| (Arc::clone(name), account.tallies().any(has_fillers)))
                .collect()
        });
        // Not under the lock of the cluster state, which watches wait for.
        let nodes: HashSet<Arc<str>> = accounts.iter().map(|(name, _)| Arc::clone(name)).collect();
        let with_fillers = accounts.into_iter().filter(|(_, has_fillers)| *has_fillers);
        let with_fillers: HashSet<Arc<str>> = with_fillers.map(|(name, _)| name).collect();
        let has_fillers = |node: &str| with_fillers.contains(node);
        let mut state = self.state();
        let due = state.guard.due(self.start.elapsed(), &nodes, has_fillers, MAX_NODES);
        (due, Endings::of(&state.guard))
    }

    /// Takes in a reading of a node, or why there was none. If the pressure is unknown now, how
    /// many paid pods have no figure.
    fn apply(&self, node: &str, reading: Result<NodePressure, Unread>) -> Option<usize> {
        let mut state = self.state();
        match state.guard.apply(self.start.elapsed(), node, reading) {
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
        let is_unknown = state.guard.ending(node) != Some(Ending::Known);
        is_unknown.then(|| state.guard.missing_pods(node))
    }

    /// Ends a round of readings, each with why its node is unknown if it is. Logs when the pressure
    /// of a first node becomes unknown, or a first one for want of a permission, and when that of
    /// all is known again, because the last unknown node was read or deleted. Whether the
    /// permission is missing for all nodes so far.
    fn note(&self, before: Endings, read: &[(Arc<str>, Option<String>)]) -> bool {
        let mut state = self.state();
        state.version += 1;
        let now = Endings::of(&state.guard);
        let mut unknown = read.iter().filter_map(|(node, why)| Some((node, why.as_deref()?)));
        let is_forbidden = |node: &str| state.guard.ending(node) == Some(Ending::Forbidden);
        let forbidden = unknown.clone().find(|(node, _)| before.is_permitted && is_forbidden(node));
        let new = forbidden.or_else(|| unknown.next().filter(|_| before.is_whole));
        if let Some((node, why)) = new {
            state.is_warned = true;
            tracing::warn!(
                reason = "PressureUnknown",
                "the CPU pressure of {} of {} nodes is unknown, and they are not held: node {node}: {why}",
                read.iter().filter(|(_, why)| why.is_some()).count(),
                read.len(),
            );
        } else if state.is_warned && now.is_whole && state.guard.endings().next().is_some() {
            state.is_warned = false;
            tracing::info!(reason = "PressureRead", "the CPU pressure of nodes is read again");
        }
        now.is_forbidden
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
        let round = |nodes: &[(&str, Result<NodePressure, Unread>)]| {
            let before = Endings::of(&store.state().guard);
            let read = nodes.iter().map(|(node, reading)| {
                let missing = store.apply(node, reading.clone());
                (Arc::from(*node), missing.map(|_| String::new()))
            });
            let read: Vec<_> = read.collect();
            store.note(before, &read)
        };
        let (known, failed) = (Ok(NodePressure::Limited), Err(Unread::Failed));
        let forbidden = Err(Unread::Forbidden);
        assert!(!round(&[]), "no node was read yet");
        assert!(round(&[("a", forbidden.clone()), ("b", forbidden.clone())]));
        assert!(round(&[]), "nothing was due");
        assert!(!round(&[("a", known), ("b", failed)]));
        assert!(!round(&[("c", forbidden.clone())]), "a round of one node, which refuses");
        assert!(!round(&[("b", forbidden.clone())]), "a is known");
        assert!(round(&[("a", forbidden)]));
    }
}
