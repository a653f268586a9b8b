//! Counters of requests to the metrics API and of changes of the cluster.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::exposition::{Bound, Family, Histogram};
use oppscale_cluster::ChangeObserver;
use oppscale_core::node::NodeRecord;
use oppscale_core::record::{PodKey, PodRecord};

/// Upper bounds of the histogram, in microseconds: an answer takes about ten, counting a large
/// cluster a few thousand.
const BUCKETS: [Bound; 9] = [
    (50, "0.00005"),
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (25_000, "0.025"),
    (100_000, "0.1"),
];

/// Answers of the metrics API and their durations.
#[derive(Debug, Default)]
pub(super) struct RequestCounter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Number of answers by group and status. Unknown paths have the group `other`.
    answers: BTreeMap<(&'static str, u16), u64>,
    durations: BTreeMap<&'static str, Histogram<9>>,
}

impl RequestCounter {
    /// Counts an answer and its duration.
    pub(super) fn add(&self, group: &'static str, code: u16, took: Duration) {
        let mut state = self.state();
        *state.answers.entry((group, code)).or_default() += 1;
        let durations = state.durations.entry(group);
        durations.or_insert_with(|| Histogram::new(&BUCKETS)).add(took);
    }

    /// Adds the number of answers by group and status.
    pub(super) fn add_answers_to(&self, family: &mut Family) {
        for ((group, code), count) in &self.state().answers {
            family.add(&[("group", group), ("code", &code.to_string())], count);
        }
    }

    /// Adds the durations by group.
    pub(super) fn add_durations_to(&self, family: &mut Family) {
        for (group, histogram) in &self.state().durations {
            histogram.write(family, &[("group", group)]);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Panics since the start.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Counts a panic.
pub(crate) fn count_panic() {
    PANICS.fetch_add(1, Ordering::Relaxed);
}

/// The number of panics since the start.
pub(super) fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Number of changes of nodes and pods that changed what is counted. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct ChangeCounter(Arc<[AtomicU64; 2]>);

impl ChangeCounter {
    pub(super) fn add_to(&self, family: &mut Family) {
        for (kind, count) in ["node", "pod"].into_iter().zip(&*self.0) {
            family.add(&[("kind", kind)], count.load(Ordering::Relaxed));
        }
    }

    fn add(&self, kind: usize) {
        if let Some(count) = self.0.get(kind) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ChangeObserver for ChangeCounter {
    fn node(&mut self, _: &NodeRecord) {
        self.add(0);
    }

    fn node_gone(&mut self, _: &str) {
        self.add(0);
    }

    fn pod(&mut self, _: &PodRecord<'_>) {
        self.add(1);
    }

    fn pod_gone(&mut self, _: &PodKey) {
        self.add(1);
    }

    fn pods_unknown(&mut self, _: Option<&str>) {}
}
