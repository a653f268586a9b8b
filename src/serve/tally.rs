//! What was asked and answered, and what happened to the cluster, counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::exposition::{Bound, Family, Histogram, Kind};
use oppscale_cluster::ChangeObserver;
use oppscale_core::node::NodeRecord;
use oppscale_core::record::{PodKey, PodRecord};

/// Upper bounds of the histogram, in microseconds: an answer takes some ten of them, a
/// count of a large cluster some thousand.
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

/// Requests to the metrics API.
#[derive(Debug, Default)]
pub(super) struct RequestTally(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By group and status. Both are few: what is not served has the group `other`.
    answers: BTreeMap<(&'static str, u16), u64>,
    durations: BTreeMap<&'static str, Histogram<9>>,
}

impl RequestTally {
    /// Counts an answer.
    pub(super) fn add(&self, group: &'static str, code: u16, took: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state.answers.entry((group, code)).or_default() += 1;
        let durations = state.durations.entry(group);
        durations.or_insert_with(|| Histogram::new(&BUCKETS)).add(took);
    }

    /// The families.
    pub(super) fn families(&self) -> [Family; 2] {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answers = Family::counter(
            "oppscale_api_requests_total",
            "Requests to the metrics API, by group and HTTP status.",
        );
        for ((group, code), count) in &state.answers {
            answers.add(&[("group", group), ("code", &code.to_string())], count);
        }
        let mut durations = Family::new(
            "oppscale_api_request_duration_seconds",
            "How long answers of the metrics API took.",
            Kind::Histogram,
        )
        .unit("seconds");
        for (group, histogram) in &state.durations {
            histogram.write(&mut durations, &[("group", group)]);
        }
        [answers, durations]
    }
}

/// Changes of the cluster that count. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct ChangeTally(Arc<[AtomicU64; 2]>);

impl ChangeTally {
    pub(super) fn family(&self) -> Family {
        let mut family = Family::counter(
            "oppscale_changes_total",
            "Changes of nodes and pods that changed what is counted.",
        );
        for (kind, count) in ["node", "pod"].into_iter().zip(&*self.0) {
            family.add(&[("kind", kind)], count.load(Ordering::Relaxed));
        }
        family
    }

    fn add(&self, kind: usize) {
        if let Some(count) = self.0.get(kind) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ChangeObserver for ChangeTally {
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
