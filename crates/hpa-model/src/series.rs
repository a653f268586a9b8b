//! The replay of one recorded scenario: an HPA, a workload, metrics over time.
//!
//! The controller runs at a fixed distance after its last run *ended*, so the runs drift against
//! the clock, and the edge of a window is never met exactly, as in a real cluster.
//!
//! Phase and drift of a recording are unknown, and a run a moment before or after a change of the
//! metric answers it one period apart. With the measured drift (35 ms a run on
//! kube-controller-manager 1.36.2) every recording is met to the second by some phase; the
//! defaults here are those that stay within one period of as many phases as possible.

use thiserror::Error;

use super::controller::Controller;
use super::flags::ControllerConfig;
use super::metric::MetricError;
use super::observation::Observation;
use super::observation::PodReading;
use super::observation::Pods;
use super::observation::Sample;
use super::observation::Scale;
use super::observation::Selector;
use super::spec::HpaSpec;
use super::spec::MetricSource;
use super::validate::Invalid;
use super::validate::validate;
use super::workload::Delays;
use super::workload::Workload;

/// Where the scenario's zero lies on the controller's clock: the first pods are an hour old.
const EPOCH_MS: u64 = 3_600_000;
/// The window of one pod's reading, metrics-server's usual resolution.
const READING_WINDOW_MS: u64 = 15_000;

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
    /// How long a run takes; see [`Series::RUN_MS`].
    pub run_ms: u64,
    /// From a write of the scale to `status.replicas`; see [`Series::STATUS_DELAY_MS`].
    pub status_delay_ms: u64,
    /// From a pod's creation until it is ready.
    pub pod_start_ms: u64,
    /// From a pod's deletion until it is gone; it stays ready that long.
    pub pod_stop_ms: u64,
    /// One feed per metric of the spec.
    pub feeds: Vec<Feed>,
    /// `kubectl scale`, in any order.
    pub manual_scales: Vec<ManualScale>,
    /// Edits of the HPA, in any order.
    pub edits: Vec<Edit>,
    /// The last moment that is replayed.
    pub end_ms: u64,
}

/// What the metrics API answers for one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The answers over time.
    pub serving: Serving,
    /// The request of every pod in thousandths, for utilization.
    pub pod_request_milli: Option<i64>,
}

/// How a feed's answers come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Serving {
    /// Each answer holds from its time on; before the first one the API fails.
    Served(Vec<Served>),
    /// `base − status.replicas × amount`, computed anew at every refresh.
    ClosedLoop {
        /// The value without any replicas, thousandths.
        base_milli: i64,
        /// What each replica takes off, thousandths.
        minus_milli_per_status_replica: i64,
        /// From one refresh to the next, positive.
        refresh_ms: u64,
        /// The first refresh; before it the value is that of the start.
        phase_ms: u64,
    },
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// From when on.
    pub at_ms: u64,
    /// The items in thousandths, or a failure. Object metrics take the first item; Pods and
    /// Resource metrics take it as the value of every ready pod.
    pub answer: Result<Vec<i64>, MetricError>,
}

/// Somebody sets the scale by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManualScale {
    /// When.
    pub at_ms: u64,
    /// To how many.
    pub replicas: u32,
}

/// Somebody edits the HPA. It does not run earlier for that.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// When.
    pub at_ms: u64,
    /// The whole new spec; it needs as many metrics as the first.
    pub spec: HpaSpec,
}

/// A change of `spec.replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, milliseconds.
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
}

// === impl Series ===

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
            if let Serving::ClosedLoop { refresh_ms: 0, .. } = feed.serving {
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
        Ok(())
    }

    /// How far back a closed loop may look.
    fn longest_refresh(&self) -> u64 {
        self.feeds.iter().fold(0, |longest, feed| match feed.serving {
            Serving::ClosedLoop { refresh_ms, .. } => longest.max(refresh_ms),
            Serving::Served(_) => longest,
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
    let keep_ms = series.longest_refresh().saturating_add(series.sync_period_ms);

    let mut now = series.first_run_ms;
    loop {
        let until = now.min(series.end_ms);
        while let Some(scale) = manual.next_if(|scale| scale.at_ms <= until) {
            set_scale(&mut workload, &mut changes, scale.at_ms, scale.replicas);
        }
        if now > series.end_ms {
            return Ok(changes);
        }
        while let Some(edit) = edits.next_if(|edit| edit.at_ms <= now) {
            spec = edit.spec.stored(series.config.gates);
        }
        let outcome = sync(series, &spec, &workload, &mut controller, now);
        if let Some(replicas) = outcome {
            set_scale(&mut workload, &mut changes, now, replicas);
        }
        workload.forget_before(at(now).saturating_sub(keep_ms));
        now = now.saturating_add(series.run_ms).saturating_add(series.sync_period_ms);
    }
}

fn at(ms: u64) -> u64 {
    ms.saturating_add(EPOCH_MS)
}

fn set_scale(workload: &mut Workload, changes: &mut Vec<Change>, at_ms: u64, replicas: u32) {
    if replicas != workload.spec_replicas() {
        workload.scale(at(at_ms), replicas);
        changes.push(Change { at_ms, spec_replicas: replicas });
    }
}

/// One run against the workload as it is.
fn sync(
    series: &Series,
    spec: &HpaSpec,
    workload: &Workload,
    controller: &mut Controller,
    now: u64,
) -> Option<u32> {
    let answers: Vec<_> = series.feeds.iter().map(|feed| feed.answer(now, workload)).collect();
    let by_pod = |source: &MetricSource| {
        !matches!(source, MetricSource::External(_) | MetricSource::Object { .. })
    };
    let metrics = spec.effective_metrics();
    let listed =
        metrics.iter().any(|metric| by_pod(&metric.source)).then(|| workload.list(at(now)));
    let readings: Vec<Vec<PodReading>> = series
        .feeds
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
        .map(|((metric, answer), readings)| match (&metric.source, answer) {
            (_, Err(error)) => Sample::Failed(*error),
            (MetricSource::External(_), Ok(items)) => Sample::External(items),
            (MetricSource::Object { .. }, Ok(items)) => items
                .first()
                .map_or(Sample::Failed(MetricError::Fetch), |value| Sample::Object(*value)),
            (_, Ok(_)) => Sample::Pods(readings),
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

// === impl Feed ===

impl Feed {
    fn answer(&self, now: u64, workload: &Workload) -> Result<Vec<i64>, MetricError> {
        match &self.serving {
            Serving::Served(answers) => answers
                .iter()
                .filter(|served| served.at_ms <= now)
                .max_by_key(|served| served.at_ms)
                .map_or(Err(MetricError::Fetch), |served| served.answer.clone()),
            Serving::ClosedLoop {
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
