//! The replay of one recorded scenario: an HPA, a workload, metrics over time.
//!
//! The controller runs at a fixed distance after its last run *ended*, so the runs drift against
//! the clock, and the edge of a window is never met exactly, as in a real cluster.
//!
//! Phase and drift of a recording are unknown, and a run a moment before or after a change of the
//! metric answers it one period apart. With the measured drift (35 ms a run on
//! kube-controller-manager 1.36.2) every recording is met to the second by some phase; the
//! defaults here are those that stay within one period of as many phases as possible.
//!
//! Pods of one rescale behave alike, so they are kept as cohorts. The newest go first: that is
//! the ReplicaSet's order here, since newer pods are never readier than older ones.

use thiserror::Error;

use super::config::ControllerConfig;
use super::controller::Controller;
use super::observation::{
    Observation, Phase, Pod, PodReading, Pods, ReadyCondition, ReadyStatus, Sample, Scale, Selector,
};
use super::replica_calculator::MetricError;
use super::simulation::MAX_PODS;
use super::spec::HpaSpec;
use super::validate::{Invalid, validate};

/// The scenario's zero on the controller's clock: the first pods are an hour old.
const EPOCH_MS: u64 = 3_600_000;
/// The window of one pod's reading, metrics-server's usual resolution.
const READING_WINDOW_MS: u64 = 15_000;
/// Limit of the runs that are replayed: two years of one every 15 s.
const MAX_RUNS: u64 = 5_000_000;

/// One scenario. All times are milliseconds since its start.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Version, gates and flags.
    pub config: ControllerConfig,
    /// The HPA as applied; the API server's defaults are added.
    pub spec: HpaSpec,
    /// The replicas at the start, all ready.
    pub start_replicas: u32,
    /// From the end of a run to the next, positive; 15 000.
    pub sync_period_ms: u64,
    /// The first run; see [`Series::first_run_after`].
    pub first_run_ms: u64,
    /// Duration of a run, milliseconds; see [`Series::RUN_MS`].
    pub run_ms: u64,
    /// From a write of the scale to `status.replicas`; see [`Series::STATUS_DELAY_MS`].
    pub status_delay_ms: u64,
    /// From a pod's creation until it is ready.
    pub pod_start_ms: u64,
    /// From a pod's deletion until it is gone; it stays ready that long.
    pub pod_stop_ms: u64,
    /// One feed per metric of the spec.
    pub feeds: Vec<MetricFeed>,
    /// `kubectl scale`, in any order.
    pub manual_scales: Vec<ManualScale>,
    /// Edits of the HPA, in any order.
    pub edits: Vec<Edit>,
    /// The last moment that is replayed.
    pub end_ms: u64,
}

/// The answers of the metrics API for one metric over time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFeed {
    /// The answers over time.
    pub serving: FeedSource,
    /// The request of every pod in thousandths, for utilization.
    pub pod_request_milli: Option<i64>,
}

/// The source of a feed's answers.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedSource {
    /// Each answer holds from its time on; before the first one the API fails.
    Recorded(Vec<MetricAnswer>),
    /// `base − status.replicas × amount`, computed anew at every refresh.
    ClosedLoop {
        /// The value without any replicas, thousandths.
        base_milli: i64,
        /// Amount that each replica subtracts, thousandths.
        minus_milli_per_status_replica: i64,
        /// From one refresh to the next, positive.
        refresh_ms: u64,
        /// The first refresh. Until then the initial value is served.
        phase_ms: u64,
    },
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricAnswer {
    /// Start of its validity, in milliseconds.
    pub at_ms: u64,
    /// The items in thousandths, or a failure. Object metrics take the first item; Pods and
    /// Resource metrics take it as the value of every ready pod.
    pub answer: Result<Vec<i64>, MetricError>,
}

/// A change of the scale by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManualScale {
    /// Time, in milliseconds.
    pub at_ms: u64,
    /// New count.
    pub replicas: u32,
}

/// An edit of the HPA, which does not make it run earlier.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Time, in milliseconds.
    pub at_ms: u64,
    /// The whole new spec; it needs as many metrics as the first.
    pub spec: HpaSpec,
}

/// A change of `spec.replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Time, in milliseconds.
    pub at_ms: u64,
    /// The new count.
    pub spec_replicas: u32,
}

/// A scenario that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SeriesError {
    /// The API server would refuse the HPA.
    #[error("the HPA is invalid: {0}")]
    Spec(#[from] Invalid),
    /// The spec and the feeds do not match.
    #[error("the HPA has {metrics} metrics, but {feeds} are fed")]
    Feeds {
        /// Metrics of the spec.
        metrics: usize,
        /// Feeds.
        feeds: usize,
    },
    /// Time would stand still.
    #[error("{0} must be positive")]
    Period(&'static str),
    /// A number is beyond what makes sense.
    #[error("{what} is {value}; at most {limit} can be replayed")]
    TooLarge {
        /// The quantity that is too large.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Its limit.
        limit: u64,
    },
}

impl Series {
    /// The default of [`Series::run_ms`]: a run takes 35 ms, but in 110 it gets clear sooner of
    /// the whole multiples of the period, where recordings change their metrics.
    pub const RUN_MS: u64 = 110;
    /// The default of [`Series::status_delay_ms`]: 0.1 s for few pods, 0.5 s and more for many.
    pub const STATUS_DELAY_MS: u64 = 600;

    /// The first run of a new HPA: one sync period after it was created, the best part of a
    /// second of which has passed when a recording starts (0.2 to 1.4 s were measured).
    #[must_use]
    pub fn first_run_after(sync_period_ms: u64) -> u64 {
        sync_period_ms.saturating_sub(850)
    }

    fn check(&self) -> Result<(), SeriesError> {
        if self.sync_period_ms == 0 {
            return Err(SeriesError::Period("the sync period"));
        }
        for feed in &self.feeds {
            if let FeedSource::ClosedLoop { refresh_ms: 0, .. } = feed.serving {
                return Err(SeriesError::Period("the refresh of a closed loop"));
            }
        }
        for spec in std::iter::once(&self.spec).chain(self.edits.iter().map(|edit| &edit.spec)) {
            validate(spec, self.config.gates)?;
            let (metrics, feeds) = (spec.effective_metrics().len(), self.feeds.len());
            if metrics != feeds {
                return Err(SeriesError::Feeds { metrics, feeds });
            }
        }
        let period = self.sync_period_ms.saturating_add(self.run_ms);
        at_most("the number of runs of the HPA", self.end_ms / period, MAX_RUNS)
    }

    /// The longest refresh interval of a closed loop, in milliseconds.
    fn longest_refresh(&self) -> u64 {
        self.feeds.iter().fold(0, |longest, feed| match feed.serving {
            FeedSource::ClosedLoop { refresh_ms, .. } => longest.max(refresh_ms),
            FeedSource::Recorded(_) => longest,
        })
    }
}

/// Replays a scenario: `spec.replicas` at the start, and every change of it.
///
/// # Errors
///
/// When the HPA would be refused, or the scenario contradicts itself.
pub fn replay(series: &Series) -> Result<Vec<Change>, SeriesError> {
    series.check()?;
    let delays = Delays {
        status_ms: series.status_delay_ms,
        start_ms: series.pod_start_ms,
        stop_ms: series.pod_stop_ms,
    };
    pods(series.start_replicas)?;
    let mut workload = Workload::new(series.start_replicas, delays);
    let mut changes = vec![Change { at_ms: 0, spec_replicas: series.start_replicas }];
    let mut controller = Controller::new(series.config);
    let mut spec = series.spec.stored(series.config.gates);
    let mut manual: Vec<_> = series.manual_scales.iter().collect();
    manual.sort_by_key(|scale| scale.at_ms);
    let mut manual = manual.into_iter().peekable();
    let mut edits: Vec<_> = series.edits.iter().collect();
    edits.sort_by_key(|edit| edit.at_ms);
    let mut edits = edits.into_iter().peekable();
    let mut feeds = series.feeds.clone();
    for feed in &mut feeds {
        if let FeedSource::Recorded(answers) = &mut feed.serving {
            answers.sort_by_key(|served| served.at_ms);
        }
    }
    let keep_ms = series.longest_refresh().saturating_add(series.sync_period_ms);

    let mut now = series.first_run_ms;
    loop {
        let until = now.min(series.end_ms);
        while let Some(scale) = manual.next_if(|scale| scale.at_ms <= until) {
            set_scale(&mut workload, &mut changes, scale.at_ms, scale.replicas)?;
        }
        if now > series.end_ms {
            return Ok(changes);
        }
        while let Some(edit) = edits.next_if(|edit| edit.at_ms <= now) {
            spec = edit.spec.stored(series.config.gates);
        }
        let outcome = sync(&feeds, &spec, &workload, &mut controller, now);
        if let Some(replicas) = outcome {
            set_scale(&mut workload, &mut changes, now, replicas)?;
        }
        workload.forget_before(at(now).saturating_sub(keep_ms));
        now = now.saturating_add(series.run_ms).saturating_add(series.sync_period_ms);
    }
}

fn at(ms: u64) -> u64 {
    ms.saturating_add(EPOCH_MS)
}

fn set_scale(
    workload: &mut Workload,
    changes: &mut Vec<Change>,
    at_ms: u64,
    replicas: u32,
) -> Result<(), SeriesError> {
    if replicas != workload.spec_replicas() {
        workload.scale(at(at_ms), replicas);
        pods(workload.pods(at(at_ms)))?;
        changes.push(Change { at_ms, spec_replicas: replicas });
    }
    Ok(())
}

/// Refuses more pods than are listed one by one.
fn pods(count: u32) -> Result<(), SeriesError> {
    at_most("the number of pods", count.into(), MAX_PODS.into())
}

fn at_most(what: &'static str, value: u64, limit: u64) -> Result<(), SeriesError> {
    if value > limit { Err(SeriesError::TooLarge { what, value, limit }) } else { Ok(()) }
}

/// One run against the workload as it is.
fn sync(
    feeds: &[MetricFeed],
    spec: &HpaSpec,
    workload: &Workload,
    controller: &mut Controller,
    now: u64,
) -> Option<u32> {
    let answers: Vec<_> = feeds.iter().map(|feed| feed.answer(now, workload)).collect();
    let metrics = spec.effective_metrics();
    let lists_pods = metrics.iter().any(|metric| metric.source.is_per_pod());
    let listed = lists_pods.then(|| workload.list(at(now)));
    let readings: Vec<Vec<PodReading>> = feeds
        .iter()
        .zip(&answers)
        .map(|(feed, answer)| {
            let value = answer.as_ref().ok().and_then(|items| items.first().copied());
            let pods = listed.iter().flatten();
            pods.map(|pod| PodReading {
                value: value.filter(|_| pod.ready.is_some()),
                request: feed.pod_request_milli,
                timestamp_ms: at(now),
                window_ms: READING_WINDOW_MS,
            })
            .collect()
        })
        .collect();
    let samples: Vec<_> = metrics
        .iter()
        .zip(&answers)
        .zip(&readings)
        .map(|((metric, answer), readings)| match answer {
            Err(error) => Sample::Failed(*error),
            Ok(items) => metric.source.sample(items, readings),
        })
        .collect();
    let (total, ready) = workload.total_and_ready(at(now));
    let observation = Observation {
        scale: Some(Scale {
            spec_replicas: workload.spec_replicas(),
            status_replicas: workload.status_replicas(at(now)),
        }),
        selector: Selector::Valid,
        pods: listed.as_deref().map_or(Pods::Counted { total, ready }, Pods::Listed),
        metrics: &samples,
        update_accepted: true,
    };
    controller.run(at(now), spec, &observation).rescaled_to()
}

impl MetricFeed {
    /// The answer at a time; those of a recording are in order.
    fn answer(&self, now: u64, workload: &Workload) -> Result<Vec<i64>, MetricError> {
        match &self.serving {
            FeedSource::Recorded(answers) => {
                let next = answers.partition_point(|served| served.at_ms <= now);
                let last = next.checked_sub(1).and_then(|last| answers.get(last));
                last.map_or(Err(MetricError::Fetch), |served| served.answer.clone())
            }
            FeedSource::ClosedLoop {
                base_milli,
                minus_milli_per_status_replica,
                refresh_ms,
                phase_ms,
            } => {
                let since = now.saturating_sub(*phase_ms);
                let refreshed = now - since % refresh_ms.max(&1);
                let refreshed = if now < *phase_ms { 0 } else { refreshed };
                let replicas = i64::from(workload.status_replicas(at(refreshed)));
                let taken = minus_milli_per_status_replica.saturating_mul(replicas);
                Ok(vec![base_milli.saturating_sub(taken)])
            }
        }
    }
}

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

    /// Forgets pods that were gone before a time that is no longer needed.
    pub(super) fn forget_before(&mut self, ms: u64) {
        self.cohorts.retain(|cohort| cohort.gone_ms >= ms);
    }

    /// Pods that exist, or will.
    fn pods(&self, at_ms: u64) -> u32 {
        self.sum(|cohort| cohort.gone_ms > at_ms)
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

    /// Ready pods that are not being deleted: those ready for less than `warmup_ms`, and others.
    pub(super) fn serving(&self, at_ms: u64, warmup_ms: u64) -> (u32, u32) {
        let serves = |cohort: &Cohort| cohort.ready_ms <= at_ms && cohort.deleted_ms > at_ms;
        // Pods of the start have been ready for long.
        let is_warm = |cohort: &Cohort| {
            cohort.ready_ms == 0 || cohort.ready_ms.saturating_add(warmup_ms) <= at_ms
        };
        let cold = self.sum(|cohort| serves(cohort) && !is_warm(cohort));
        (cold, self.sum(|cohort| serves(cohort) && is_warm(cohort)))
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
