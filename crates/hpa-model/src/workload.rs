//! The pods of a replayed workload: how late they appear, get ready and go.
//!
//! Pods of one rescale behave alike, so they are kept as cohorts. The newest go first: that is
//! the ReplicaSet's order here, since newer pods are never readier than older ones.

use super::observation::Phase;
use super::observation::Pod;
use super::observation::ReadyCondition;
use super::observation::ReadyStatus;

/// Delays between a write of the scale and what can be seen of it, milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delays {
    /// Until `status.replicas` follows.
    pub(super) status_ms: u64,
    /// From then until new pods are ready.
    pub(super) start_ms: u64,
    /// From then until deleted pods are gone.
    pub(super) stop_ms: u64,
}

/// A scalable workload over time. Times only go forward, except that a look back at
/// `status.replicas` is allowed.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    delays: Delays,
    replicas: u32,
    cohorts: Vec<Cohort>,
}

#[derive(Clone, Copy, Debug)]
struct Cohort {
    count: u32,
    from_ms: u64,
    ready_ms: u64,
    deleted_ms: u64,
    gone_ms: u64,
}

// === impl Workload ===

impl Workload {
    /// A workload whose pods have been ready for long.
    pub(super) fn new(replicas: u32, delays: Delays) -> Self {
        let cohort = Cohort {
            count: replicas,
            from_ms: 0,
            ready_ms: 0,
            deleted_ms: u64::MAX,
            gone_ms: u64::MAX,
        };
        Self { delays, replicas, cohorts: vec![cohort] }
    }

    /// `spec.replicas`.
    pub(super) fn spec_replicas(&self) -> u32 {
        self.replicas
    }

    /// Sets `spec.replicas` at a time.
    pub(super) fn scale(&mut self, now_ms: u64, replicas: u32) {
        let seen = now_ms.saturating_add(self.delays.status_ms);
        if replicas > self.replicas {
            self.cohorts.push(Cohort {
                count: replicas - self.replicas,
                from_ms: seen,
                ready_ms: seen.saturating_add(self.delays.start_ms),
                deleted_ms: u64::MAX,
                gone_ms: u64::MAX,
            });
        }
        let mut excess = self.replicas.saturating_sub(replicas);
        let gone = seen.saturating_add(self.delays.stop_ms);
        let mut split = Vec::new();
        for cohort in self.cohorts.iter_mut().rev() {
            if excess == 0 {
                break;
            }
            if cohort.deleted_ms != u64::MAX {
                continue;
            }
            let removed = cohort.count.min(excess);
            excess -= removed;
            cohort.count -= removed;
            split.push(Cohort { count: removed, deleted_ms: seen, gone_ms: gone, ..*cohort });
        }
        self.cohorts.retain(|cohort| cohort.count > 0);
        // In front, so that the living stay in the order of their age.
        self.cohorts.splice(0..0, split);
        self.replicas = replicas;
    }

    /// Forgets pods that were gone before a time nobody will ask about again.
    pub(super) fn forget_before(&mut self, ms: u64) {
        self.cohorts.retain(|cohort| cohort.gone_ms >= ms);
    }

    /// `status.replicas`: pods that exist and are not being deleted.
    pub(super) fn status_replicas(&self, at_ms: u64) -> u32 {
        self.sum(|cohort| cohort.from_ms <= at_ms && cohort.deleted_ms > at_ms)
    }

    /// All pods a selector finds, and those Running and Ready, terminating ones included.
    pub(super) fn total_and_ready(&self, at_ms: u64) -> (u32, u32) {
        let total = self.sum(|cohort| cohort.is_there(at_ms));
        let ready = self.sum(|cohort| cohort.is_there(at_ms) && cohort.ready_ms <= at_ms);
        (total, ready)
    }

    /// The pods one by one: Pending until ready.
    pub(super) fn list(&self, at_ms: u64) -> Vec<Pod> {
        let there = self.cohorts.iter().filter(|cohort| cohort.is_there(at_ms));
        there
            .flat_map(|cohort| {
                let is_ready = cohort.ready_ms <= at_ms;
                let pod = Pod {
                    phase: if is_ready { Phase::Running } else { Phase::Pending },
                    deleting: cohort.deleted_ms <= at_ms,
                    started_ms: Some(cohort.from_ms),
                    ready: is_ready.then_some(ReadyCondition {
                        status: ReadyStatus::True,
                        since_ms: cohort.ready_ms,
                    }),
                };
                std::iter::repeat_n(pod, cohort.count as usize)
            })
            .collect()
    }

    fn sum(&self, which: impl Fn(&Cohort) -> bool) -> u32 {
        self.cohorts
            .iter()
            .filter(|cohort| which(cohort))
            .fold(0, |sum, cohort| sum.saturating_add(cohort.count))
    }
}

// === impl Cohort ===

impl Cohort {
    fn is_there(&self, at_ms: u64) -> bool {
        self.from_ms <= at_ms && self.gone_ms > at_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload() -> Workload {
        let delays = Delays { status_ms: 100, start_ms: 1_000, stop_ms: 2_000 };
        Workload::new(10, delays)
    }

    #[test]
    fn pods_come_late_and_get_ready_later() {
        let mut pods = workload();
        pods.scale(50_000, 15);
        assert_eq!(pods.spec_replicas(), 15);
        assert_eq!(pods.status_replicas(50_099), 10);
        assert_eq!(pods.status_replicas(50_100), 15);
        assert_eq!(pods.total_and_ready(51_099), (15, 10));
        assert_eq!(pods.total_and_ready(51_100), (15, 15));
    }

    #[test]
    fn terminating_pods_stay_ready_until_they_are_gone() {
        let mut pods = workload();
        pods.scale(50_000, 4);
        assert_eq!(pods.status_replicas(50_100), 4);
        assert_eq!(pods.total_and_ready(52_099), (10, 10));
        assert_eq!(pods.total_and_ready(52_100), (4, 4));
    }

    #[test]
    fn the_newest_pods_go_first() {
        let mut pods = workload();
        pods.scale(50_000, 15);
        pods.scale(50_500, 12);
        assert_eq!(pods.total_and_ready(60_000), (12, 12));
        assert_eq!(pods.total_and_ready(50_700), (15, 10));
        pods.scale(50_600, 9);
        assert_eq!(pods.total_and_ready(50_800), (15, 10));
        assert_eq!(pods.total_and_ready(60_000), (9, 9));
        assert_eq!(pods.list(60_000).len(), 9);
    }
}
