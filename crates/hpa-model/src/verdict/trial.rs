//! Trials: the HPA of a filler run against its metric at a constant paid load.
//!
//! The formulas of [`super::control_loop`] are those of a small deviation. Bounds, policies,
//! windows, pods without a node and the count of ready pods decide what becomes of a large one,
//! and a trial has them all. A filler is kept as cohorts of equal pods, so a trial takes about a
//! millisecond whatever the cluster's size.

use super::context::LoopContext;
use crate::replay::{Delays, Workload};
use crate::simulation::{FillersInMetric, MetricModel, Prng};
use crate::{
    Controller, ControllerConfig, HpaSpec, Observation, Pods, Sample, Scale, Selector, Series,
};

/// A trial's start on the controller's clock.
const EPOCH_MS: u64 = 3_600_000;
/// Shortest length of a trial, milliseconds.
const SHORTEST_MS: u64 = 4 * 3_600_000;
/// From a pod's creation until it is Ready, milliseconds.
const POD_START_MS: u64 = 10_000;
/// Time that a run of the controller takes at most, milliseconds. Runs of different length move
/// the syncs against the metric, as in a real cluster, so that no phase lasts.
const MAX_RUN_MS: u64 = 100;

/// The behaviour of a filler's HPA in all its trials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It stopped in each, at these replicas.
    Rests(Vec<u32>),
    /// It went on turning round in one of them, between these counts.
    Oscillates {
        /// Fewest replicas of the cycle.
        least: u32,
        /// Most replicas of the cycle.
        most: u32,
    },
    /// It was still moving in one direction when a trial ended.
    Moves,
}

/// An HPA with one metric, and what this metric would read.
pub(super) struct Bench<'a> {
    /// The HPA as stored, with its capacity metric alone.
    pub(super) spec: HpaSpec,
    pub(super) config: &'a ControllerConfig,
    pub(super) metric: &'a MetricModel,
    pub(super) context: &'a LoopContext,
    /// Metric with no replica of the filler, thousandths.
    pub(super) empty: f64,
    /// Amount by which one replica lowers the metric, thousandths.
    pub(super) per_replica: f64,
}

/// One trial as it went.
struct Trial {
    /// Time and count of each write of the scale.
    changes: Vec<(u64, u32)>,
    has_stopped: bool,
    last: u32,
}

impl Bench<'_> {
    /// Runs the HPA from each of these counts, with so many phases of the metric against the syncs.
    pub(super) fn outcome(&self, starts: &[u32], phases: u64) -> Outcome {
        let mut starts = starts.to_vec();
        starts.sort_unstable();
        starts.dedup();
        let mut lasts = Vec::new();
        let mut moves = false;
        for start in starts {
            for phase in 0..phases {
                let part = (phase, phases);
                let trial = self.run(start, part, self.empty, |_| false);
                if trial.has_stopped {
                    lasts.push(trial.last);
                    continue;
                }
                // What happened in the first third was the way there.
                let end = trial.changes.last().map_or(0, |(at, _)| *at);
                let late = trial.changes.iter().filter(|(at, _)| *at >= end / 3);
                let counts: Vec<u32> = late.map(|(_, count)| *count).collect();
                let ups: Vec<bool> = counts.windows(2).map(|pair| pair[1] > pair[0]).collect();
                let turns = ups.windows(2).filter(|pair| pair[0] != pair[1]).count();
                if turns >= 2 {
                    let (least, most) = (counts.iter().min(), counts.iter().max());
                    let (least, most) = (*least.unwrap_or(&0), *most.unwrap_or(&0));
                    return Outcome::Oscillates { least, most };
                }
                moves = true;
            }
        }
        if moves { Outcome::Moves } else { Outcome::Rests(lasts) }
    }

    /// Time until half of `start` replicas, as far as `minReplicas` lets them, have been deleted
    /// and are gone once paid pods want everything, milliseconds; `None` if that never happens.
    pub(super) fn yields_within_ms(&self, start: u32) -> Option<u64> {
        let floor = self.spec.effective_min().max(start / 2);
        if start <= floor {
            return Some(0);
        }
        let trial = self.run(start, (0, 1), 0.0, |count| count <= floor);
        let (at, count) = trial.changes.last()?;
        (*count <= floor).then(|| at.saturating_add(self.context.grace_ms))
    }

    fn run(
        &self,
        start: u32,
        (phase, phases): (u64, u64),
        empty: f64,
        is_done: impl Fn(u32) -> bool,
    ) -> Trial {
        let delays = Delays {
            status_ms: Series::STATUS_DELAY_MS,
            start_ms: POD_START_MS,
            stop_ms: self.context.grace_ms,
        };
        let mut workload = Workload::new(start, delays);
        let mut controller = Controller::new(*self.config);
        let (period, served_after) =
            (self.metric.timing.period_ms().max(1), self.metric.timing.served_after_ms());
        let first = period / phases.max(1) * phase + 1;
        let keep = self.metric.timing.worst_age_ms().saturating_add(2 * period);
        let sync_ms = self.context.sync_period_ms.max(1);
        let mut prng = Prng::new(u64::from(start) + phase);
        let settled_ms = self.quiet_ms();
        let end = SHORTEST_MS.saturating_add(settled_ms.saturating_mul(4));
        let mut trial = Trial { changes: Vec::new(), has_stopped: false, last: start };
        let mut now = sync_ms;
        while now <= end {
            let measured = now.checked_sub(served_after).and_then(|ms| ms.checked_sub(first));
            let measured = measured.map_or(0, |since| first + since - since % period);
            let value = self.value(empty, workload.total_and_ready(at(measured)).0);
            let outcome = self.sync(&mut controller, &workload, now, value);
            if let Some(to) = outcome.filter(|to| *to != trial.last) {
                workload.scale(at(now), to);
                trial.changes.push((now, to));
                trial.last = to;
                if is_done(to) {
                    break;
                }
            }
            let last = trial.changes.last().map_or(0, |(at, _)| *at);
            if now.saturating_sub(last) > settled_ms {
                trial.has_stopped = true;
                break;
            }
            workload.forget_before(at(now).saturating_sub(keep));
            now += sync_ms + prng.below(MAX_RUN_MS + 1);
        }
        trial
    }

    fn sync(
        &self,
        controller: &mut Controller,
        workload: &Workload,
        now: u64,
        value: i64,
    ) -> Option<u32> {
        let (total, ready) = workload.total_and_ready(at(now));
        let items = [value];
        let metric = self.spec.metrics.first();
        let sample =
            metric.map_or(Sample::External(&items), |metric| metric.source.sample(&items, &[]));
        let observation = Observation {
            scale: Some(Scale {
                spec_replicas: workload.spec_replicas(),
                status_replicas: workload.status_replicas(at(now)),
            }),
            selector: Selector::Valid,
            pods: Pods::Counted { total, ready: ready.min(self.room()) },
            metrics: &[sample],
            update_accepted: true,
        };
        controller.run(at(now), &self.spec, &observation).rescaled_to()
    }

    /// The metric while this many of the filler's pods exist.
    fn value(&self, empty: f64, pods: u32) -> i64 {
        let taken = match self.metric.filler_pods {
            FillersInMetric::Included => f64::from(pods.min(self.room())) * self.per_replica,
            FillersInMetric::Excluded => 0.0,
        };
        (empty - taken).max(0.0) as i64
    }

    /// Replicas that find a node.
    fn room(&self) -> u32 {
        let left = (self.context.allocatable_milli - self.context.paid_milli).max(0);
        u32::try_from(left / self.context.replica_milli.max(1)).unwrap_or(u32::MAX)
    }

    /// Time without a change after which none follows, milliseconds.
    fn quiet_ms(&self) -> u64 {
        let flag = self.config.downscale_stabilization_seconds;
        let slowest = self.spec.behavior.as_ref().map_or(i32::try_from(flag).unwrap_or(0), |b| {
            let rules = [b.up(), b.down(flag)];
            rules.iter().map(|r| r.window_seconds.max(r.longest_period())).max().unwrap_or(0)
        });
        let lag = self.metric.timing.worst_age_ms();
        u64::try_from(slowest).unwrap_or(0) * 1000
            + 4 * (lag + self.context.sync_period_ms + self.context.grace_ms + POD_START_MS)
    }
}

fn at(ms: u64) -> u64 {
    ms.saturating_add(EPOCH_MS)
}
