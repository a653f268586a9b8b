//! Time that paid pods wait for a node, which is what fillers yield for.
//!
//! A wait runs from the event that showed the pod without a node (or without its last
//! scheduling gate) to the event that showed it with one, on the monotonic clock. A list may
//! report what happened long before, so a wait that begins or ends in a list is not measured.
//! A pod whose wait began in a list is still known to wait since then at least.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::state::Counted;
use crate::exposition::{Bound, Family, Histogram};
use crate::shares::workloads::WorkloadStore;
use oppscale_cluster::ChangeObserver;
use oppscale_core::demand::DemandState;
use oppscale_core::node::NodeRecord;
use oppscale_core::record::{PodKey, PodRecord, PodState};

/// Upper bounds of the histogram. A pod that fits has a node within 0.1 to 1 s. Preemption takes
/// the grace period of 5 s, the kubelet, and the scheduler's backoff of 1 to 10 s, so the bounds
/// are close from 4 to 15 s. An HPA that must notice first takes a sync of 15 s and the grace
/// period: 30 s. Longer waits are for new nodes (minutes). Bounds are written as OpenMetrics
/// requires.
const BUCKETS: [Bound; 14] = [
    (100_000, "0.1"),
    (500_000, "0.5"),
    (1_000_000, "1.0"),
    (2_500_000, "2.5"),
    (4_000_000, "4.0"),
    (5_000_000, "5.0"),
    (6_000_000, "6.0"),
    (7_500_000, "7.5"),
    (10_000_000, "10.0"),
    (15_000_000, "15.0"),
    (30_000_000, "30.0"),
    (60_000_000, "60.0"),
    (300_000_000, "300.0"),
    (900_000_000, "900.0"),
];

/// Number of paid pods in each state.
pub(super) type WaitingCounts = [(DemandState, u64); DemandState::ALL.len()];

/// Waiting times of paid pods. Clones share one state.
#[derive(Debug, Clone)]
pub(super) struct PendingPods(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Workloads whose pods are not paid.
    workloads: WorkloadStore,
    /// Begin of each current wait; as many as waiting pods in the ledger.
    since: HashMap<PodKey, Since>,
    is_listing: bool,
    durations: Histogram<14>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    at: Instant,
    /// Whether it began then, not some time before.
    is_exact: bool,
}

impl PendingPods {
    /// No waits yet, of pods that belong to no workload of `workloads`.
    pub(super) fn new(workloads: WorkloadStore) -> Self {
        Self(Arc::new(Mutex::new(State {
            workloads,
            since: HashMap::new(),
            is_listing: false,
            durations: Histogram::new(&BUCKETS),
        })))
    }

    /// Adds the durations of finished waits.
    pub(super) fn add_finished_to(&self, family: &mut Family) {
        self.state().durations.write(family, &[]);
    }

    /// Numbers of paid pods that wait now, by state, and the longest wait of a placeable one.
    pub(super) fn current(&self, counted: &Counted) -> (WaitingCounts, Duration) {
        let now = Instant::now();
        let mut counts = DemandState::ALL.map(|state| (state, 0_u64));
        let mut longest = Duration::ZERO;
        let waits = self.state();
        for (key, state) in &counted.waiting {
            for (known, count) in &mut counts {
                *count += u64::from(known == state);
            }
            if *state == DemandState::Placeable
                && let Some(since) = waits.since.get(key)
            {
                longest = longest.max(now.saturating_duration_since(since.at));
            }
        }
        (counts, longest)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, key: &PodKey) {
        if !self.since.contains_key(key) {
            let since = Since { at: Instant::now(), is_exact: !self.is_listing };
            self.since.insert(key.clone(), since);
        }
    }

    fn end(&mut self, pod: &PodRecord<'_>) {
        let Some(since) = self.since.remove(&pod.key) else { return };
        let (kind, name) = pod.workload;
        if since.is_exact && !self.is_listing && !self.workloads.serves(pod.namespace, kind, name) {
            self.durations.add(since.at.elapsed());
        }
    }
}

impl ChangeObserver for PendingPods {
    fn node(&mut self, _: &NodeRecord) {}

    fn node_gone(&mut self, _: &str) {}

    fn pod(&mut self, pod: &PodRecord<'_>) {
        let mut state = self.state();
        match &pod.state {
            // A pod with the opportunistic label is not paid, whether or not its workload is
            // served.
            _ if pod.opportunistic => drop(state.since.remove(&pod.key)),
            PodState::Waiting { gated: false, .. } => state.begin(&pod.key),
            PodState::Bound { .. } | PodState::Unknown { node: Some(_), .. } => state.end(pod),
            // A gated pod begins to wait when its last gate goes.
            PodState::Waiting { .. } | PodState::Gone => drop(state.since.remove(&pod.key)),
            PodState::Unknown { .. } => {}
        }
    }

    fn pod_gone(&mut self, key: &PodKey) {
        self.state().since.remove(key);
    }

    fn pods_unknown(&mut self, _: Option<&str>) {}

    fn pods_listing(&mut self, is_begun: bool) {
        self.state().is_listing = is_begun;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::Kind;
    use oppscale_core::record::Queueing;
    use oppscale_core::resources::Resources;

    fn record<'p>(name: &'p str, standing: PodState<'p>) -> PodRecord<'p> {
        PodRecord::paid(PodKey::of_parts("", "shop", name), "shop", name, standing)
    }

    fn waiting(gated: bool) -> PodState<'static> {
        let (footprint, placement) = (Resources::default(), Box::default());
        PodState::Waiting { footprint, placement, gated, queueing: Queueing::default() }
    }

    fn bound() -> PodState<'static> {
        PodState::Bound { node: "n", footprint: Resources::default() }
    }

    fn counts(waits: &PendingPods) -> (usize, String) {
        let mut family = Family::new("", "", Kind::Histogram);
        waits.add_finished_to(&mut family);
        let count = family.samples.iter().find(|sample| sample.suffix == "_count").unwrap();
        (waits.state().since.len(), count.value.clone())
    }

    #[test]
    fn no_wait_outlives_its_pod() {
        let mut waits = PendingPods::new(WorkloadStore::default());
        let names: Vec<String> = (0..1000).map(|number| format!("p{number}")).collect();
        for name in &names {
            waits.pod(&record(name, waiting(false)));
            waits.pod(&record(name, waiting(false)));
        }
        assert_eq!(counts(&waits), (1000, "0".to_owned()));
        for (number, name) in names.iter().enumerate() {
            let mut pod = record(name, bound());
            match number % 5 {
                0 => waits.pod_gone(&pod.key),
                1 => waits.pod(&record(name, waiting(true))),
                2 => waits.pod(&record(name, PodState::Gone)),
                3 => {
                    pod.opportunistic = true;
                    waits.pod(&pod);
                }
                _ => waits.pod(&pod),
            }
        }
        assert_eq!(counts(&waits), (0, "200".to_owned()), "only pods that got a node count");
    }

    #[test]
    fn waits_that_begin_or_end_in_a_list_are_not_measured() {
        let mut waits = PendingPods::new(WorkloadStore::default());
        waits.pods_listing(true);
        waits.pod(&record("early", waiting(false)));
        waits.pods_listing(false);
        waits.pod(&record("seen", waiting(false)));
        waits.pod(&record("late", waiting(false)));
        assert_eq!(counts(&waits), (3, "0".to_owned()));
        waits.pod(&record("early", bound()));
        waits.pod(&record("seen", bound()));
        waits.pods_listing(true);
        waits.pod(&record("late", bound()));
        waits.pods_listing(false);
        assert_eq!(counts(&waits), (0, "1".to_owned()));
    }
}
