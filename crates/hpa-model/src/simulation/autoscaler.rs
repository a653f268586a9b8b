//! The HPAs of a simulation: when they run, and what they are shown.
//!
//! The controller is the model of [`crate::Controller`]. A value of a metric is computed at its own
//! moments and served some time later; an HPA that runs in between reads a stale one
//! without knowing it.

use std::collections::VecDeque;

use oppscale_core::resources::Amount;
use oppscale_core::resources::CPU;

use super::load::Load;
use super::metric::{MetricModel, MetricUnit};
use super::outcome::Rescale;
use super::pod::PodStage;
use super::setup::SyncTiming;
use super::world::{Event, FILLER, World};
use crate::{
    Controller, HpaSpec, MetricError, MetricSpec, Observation, Phase, Pod, PodReading, Pods,
    ReadyCondition, ReadyStatus, Sample, Scale, Selector,
};

/// The simulation's start on the controller's clock: the first pods are old.
const START_MS: u64 = 3_600_000;
/// The window of one pod's reading, milliseconds: metrics-server's usual resolution.
const READING_WINDOW_MS: u64 = 15_000;

/// An HPA as it runs.
#[derive(Clone, Debug)]
pub(super) struct Scaler {
    pub(super) workload: usize,
    pub(super) controller: Controller,
    /// The spec as the API server stores it.
    pub(super) spec: HpaSpec,
    pub(super) timing: SyncTiming,
    pub(super) feed: MetricFeed,
    /// From one value of the metric to the next.
    pub(super) refresh_ms: u64,
    /// From a value's moment until it is served.
    pub(super) served_after_ms: u64,
    /// Values with the moment from which they are served, oldest first.
    pub(super) values: VecDeque<(u64, i64)>,
}

/// The inputs of an HPA's metric.
#[derive(Clone, Debug)]
pub(super) enum MetricFeed {
    /// The cluster's capacity.
    Capacity(MetricModel),
    /// The work that a paid application has to do.
    Work(Load),
}

impl World {
    /// Plans the first value and the first run, at phases that the seed decides.
    pub(super) fn start_scaler(&mut self, at: usize) {
        self.measure(at);
        let scaler = &self.scalers[at];
        let (refresh, sync) = (scaler.refresh_ms, scaler.timing.period_ms);
        let refresh_phase = 1 + self.prng.below(refresh);
        let sync_phase = 1 + self.prng.below(sync);
        self.queue.push(refresh_phase, Event::Refresh(at));
        self.queue.push(sync_phase, Event::Sync(at));
        // The value of the start has been served for long.
        if let Some(first) = self.scalers[at].values.front_mut() {
            first.0 = 0;
        }
    }

    /// The metric gets a new value, and the next one is planned.
    pub(super) fn refresh(&mut self, at: usize) {
        self.measure(at);
        self.queue.push(self.now + self.scalers[at].refresh_ms, Event::Refresh(at));
    }

    /// The metric gets a new value.
    fn measure(&mut self, at: usize) {
        self.update_demand();
        let scaler = &self.scalers[at];
        let value = match &scaler.feed {
            MetricFeed::Capacity(nature)
                if self.is_by_usage() && nature.unit == MetricUnit::FitReplicas =>
            {
                let fit = self.usage.as_ref().map(|(usage, readings)| {
                    usage.fit(readings, &self.nodes, &self.placed, &nature.reserve, self.now)
                });
                let replica = &self.workloads[scaler.workload].template.replica;
                let most =
                    nature.beside_holes(&self.nodes, &self.placed, replica).unwrap_or(Amount::MAX);
                i64::try_from(fit.unwrap_or(0).min(most) * 1000).unwrap_or(i64::MAX)
            }
            MetricFeed::Capacity(nature) => {
                let replica = &self.workloads[scaler.workload].template.replica;
                nature.value_milli(&self.nodes, &self.placed, replica)
            }
            MetricFeed::Work(work) => i64::from(work.level(self.now)),
        };
        let scaler = &mut self.scalers[at];
        scaler.values.push_back((self.now + scaler.served_after_ms, value));
    }

    /// The HPA runs.
    pub(super) fn sync(&mut self, at: usize) {
        let now = self.now;
        let scaler = &mut self.scalers[at];
        while scaler.values.get(1).is_some_and(|(served_ms, _)| *served_ms <= now) {
            scaler.values.pop_front();
        }
        let value = scaler.values.front().map(|(_, value)| *value);
        let workload = scaler.workload;
        let lists_pods = scaler.spec.effective_metrics().iter().any(|m| m.source.is_per_pod());
        let listed = if lists_pods { self.list_pods(workload) } else { Vec::new() };
        let readings = self.readings(workload, &listed, value);
        let items = value.map(|value| [value]);
        let sample = |metric: &MetricSpec| match &items {
            None => Sample::Failed(MetricError::Fetch),
            Some(items) => metric.source.sample(items, &readings),
        };
        let scaler = &mut self.scalers[at];
        let metrics: Vec<_> = scaler.spec.effective_metrics().iter().map(sample).collect();
        let owner = &self.workloads[workload];
        let observation = Observation {
            scale: Some(Scale {
                spec_replicas: owner.desired,
                status_replicas: u32::try_from(owner.active.len()).unwrap_or(u32::MAX),
            }),
            selector: Selector::Valid,
            pods: if lists_pods {
                Pods::Listed(&listed)
            } else {
                Pods::Counted { total: owner.total, ready: owner.ready }
            },
            metrics: &metrics,
            update_accepted: true,
        };
        let outcome = scaler.controller.run(now + START_MS, &scaler.spec, &observation);
        let SyncTiming { period_ms, jitter_ms } = scaler.timing;
        let run_ms = self.prng.below(jitter_ms.saturating_add(1));
        self.queue.push(now + period_ms + run_ms, Event::Sync(at));
        if let Some(to) = outcome.rescaled_to() {
            let from = self.workloads[workload].desired;
            if workload == FILLER {
                self.counters.rescales.push(Rescale { at_ms: now, from, to });
            }
            self.scale(workload, to);
        }
    }

    /// The workload's pods as the controller lists them.
    fn list_pods(&self, workload: usize) -> Vec<Pod> {
        let pods = self.workloads[workload].active.iter().map(|id| {
            let pod = &self.pods[*id];
            let ready = pod.stage == PodStage::Ready;
            Pod {
                phase: if ready { Phase::Running } else { Phase::Pending },
                deleting: false,
                started_ms: pod.node.map(|_| clock(pod.bound_ms)),
                ready: ready.then_some(ReadyCondition {
                    status: ReadyStatus::True,
                    since_ms: clock(pod.ready_ms),
                }),
            }
        });
        pods.collect()
    }

    /// The readings of metrics-server: the Ready pods share the work.
    fn readings(&self, workload: usize, listed: &[Pod], value: Option<i64>) -> Vec<PodReading> {
        let sharing = listed.iter().filter(|pod| pod.ready.is_some()).count();
        let request = i64::try_from(self.workloads[workload].template.replica.footprint().get(CPU));
        let share = value.and_then(|work| work.checked_div(i64::try_from(sharing).ok()?));
        let reading = |pod: &Pod| PodReading {
            value: share.filter(|_| pod.ready.is_some()),
            request: request.ok(),
            timestamp_ms: self.now + START_MS,
            window_ms: READING_WINDOW_MS,
        };
        listed.iter().map(reading).collect()
    }
}

/// A moment on the controller's clock; pods of the start began with the clock.
fn clock(ms: u64) -> u64 {
    if ms == 0 { 0 } else { ms + START_MS }
}
