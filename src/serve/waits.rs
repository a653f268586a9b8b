//! How long paid pods wait for a node: what yielding is for.
//!
//! The scheduler's preemption takes a filler's grace period, 5 s; the HPA takes a sync (15 s)
//! on top. A wait is measured from the event that showed the pod without a node, or without
//! its last scheduling gate, to the event that showed it with one. Both come equally late, and
//! the clock is one that nobody sets. What a list tells may have happened long before, so a
//! wait that begins or ends in a list is not measured; it is remembered all the same, for at
//! least so long the pod waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::board::Board;
use super::catalog::Catalog;
use crate::exposition::{Bound, Family, Histogram, Kind};
use oppscale_cluster::ChangeObserver;
use oppscale_core::node::NodeRecord;
use oppscale_core::placement::Placement;
use oppscale_core::prospect::{self, Prospect};
use oppscale_core::record::{PodKey, PodRecord, PodState};

/// Upper bounds of the histogram. Where there is room, a pod has a node within 0.1 to 1 s.
/// Preemption takes the grace period of 5 s, the kubelet, and the scheduler's backoff of 1 to
/// 10 s: the bounds are close from 4 to 15 s, where being good and being late part. An HPA that must
/// notice first takes 15 s and the grace period: 30 s. Beyond is waiting for nodes (minutes).
/// Whole numbers are written as OpenMetrics wants them.
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

/// The waits of paid pods. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Waits(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Tells whose pods are not paid.
    catalog: Catalog,
    /// The pods that wait now, as many as the ledger holds; none outlives its pod there.
    since: HashMap<PodKey, Since>,
    is_listing: bool,
    durations: Histogram<14>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    at: Instant,
    /// Whether it began then, and not some time before.
    is_exact: bool,
}

impl Waits {
    /// Those of pods that belong to no workload of `catalog`.
    pub(super) fn new(catalog: Catalog) -> Self {
        Self(Arc::new(Mutex::new(State {
            catalog,
            since: HashMap::new(),
            is_listing: false,
            durations: Histogram::new(&BUCKETS),
        })))
    }

    /// The waits that have ended.
    pub(super) fn ended(&self) -> Family {
        let mut family = Family::new(
            "oppscale_paid_pod_wait_seconds",
            "How long paid pods waited for a node, from when they were first seen without one.",
            Kind::Histogram,
        )
        .unit("seconds");
        self.state().durations.write(&mut family, &[]);
        family
    }

    /// The waits that go on, by what may become of the pods.
    pub(super) fn going_on(&self, board: &Board) -> [Family; 2] {
        let counted = board.counted();
        let placements: Vec<&Placement> = counted
            .workloads
            .iter()
            .filter_map(|(entry, _)| Some(&entry.claimant.as_ref().ok()?.placement))
            .collect();
        let now = Instant::now();
        let mut counts = Prospect::ALL.map(|prospect| (prospect, 0_u64));
        let mut longest = Duration::ZERO;
        board.cluster_state().read(|snapshot, _| {
            let state = self.state();
            prospect::each(&snapshot.ledger, &placements, |key, prospect| {
                for (known, count) in &mut counts {
                    *count += u64::from(*known == prospect);
                }
                if prospect == Prospect::Placeable
                    && let Some(since) = state.since.get(key)
                {
                    longest = longest.max(now.saturating_duration_since(since.at));
                }
            });
        });
        let mut waiting = Family::gauge(
            "oppscale_paid_waiting_pods",
            "Paid pods without a node: placeable where an opportunistic workload may run, only \
             elsewhere, nowhere (unplaceable), or held back by scheduling gates (gated).",
        );
        for (prospect, count) in counts {
            waiting.add(&[("state", prospect.word())], count);
        }
        let longest = Family::gauge(
            "oppscale_paid_longest_wait_seconds",
            "How long the placeable paid pod that has waited longest was seen to wait; 0 if none.",
        )
        .unit("seconds")
        .with(format!("{:.3}", longest.as_secs_f64()));
        [waiting, longest]
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
        if since.is_exact && !self.is_listing && !self.catalog.serves(pod.namespace, kind, name) {
            self.durations.add(since.at.elapsed());
        }
    }
}

impl ChangeObserver for Waits {
    fn node(&mut self, _: &NodeRecord) {}

    fn node_gone(&mut self, _: &str) {}

    fn pod(&mut self, pod: &PodRecord<'_>) {
        let mut state = self.state();
        match &pod.state {
            // Whoever carries the label is not paid, whatever is served.
            _ if pod.opportunistic => drop(state.since.remove(&pod.key)),
            PodState::Waiting { gated: false, .. } => state.begin(&pod.key),
            PodState::Bound { .. } | PodState::Unknown { node: Some(_), .. } => state.end(pod),
            // The wait of a gated pod begins with its last gate's end.
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
    use oppscale_core::resources::Resources;

    fn record<'p>(name: &'p str, state_of_pod: PodState<'p>) -> PodRecord<'p> {
        let key = PodKey::of_parts("", "shop", name);
        let workload = ("Deployment", "checkout");
        PodRecord {
            key,
            namespace: "shop",
            name,
            workload,
            opportunistic: false,
            state: state_of_pod,
        }
    }

    fn waiting(gated: bool) -> PodState<'static> {
        let (footprint, placement) = (Resources::default(), Box::default());
        PodState::Waiting { footprint, placement, gated }
    }

    fn bound() -> PodState<'static> {
        PodState::Bound { node: "n", footprint: Resources::default() }
    }

    fn counts(waits: &Waits) -> (usize, String) {
        let ended = waits.ended();
        let count = ended.samples.iter().find(|sample| sample.suffix == "_count").unwrap();
        (waits.state().since.len(), count.value.clone())
    }

    #[test]
    fn nothing_is_left_of_pods_that_go_whatever_happened_to_them() {
        let mut waits = Waits::new(Catalog::default());
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
        assert_eq!(counts(&waits), (0, "200".to_owned()), "only those that got a node count");
    }

    #[test]
    fn what_a_list_tells_is_remembered_and_not_measured() {
        let mut waits = Waits::new(Catalog::default());
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
