//! The simulation of an application: second by second, and sync by sync.

use super::measure::{Measure, MetricPath};
use super::outcome::{Outcome, Run, Sample};
use super::setup::{ApplicationError, ApplicationSetup, Target};
use crate::replay::{Delays, Workload};
use crate::replica_calculator::Tolerances;
use crate::simulation::{Prng, Rescale};
use crate::{
    AbleToScale, Controller, HpaSpec, MetricError, Observation, Pod, PodReading, Pods, Scale,
    ScalingActive, Selector,
};

/// Length of a step, milliseconds.
const STEP_MS: u64 = 1_000;
/// The controller cuts utilization to whole per cent, which is up to this much of a target of 70.
const PER_CENT_ROUNDING: f64 = 0.0145;
/// The simulation's start on the controller's clock: the first pods are old.
const EPOCH_MS: u64 = 3_600_000;

/// Simulates an application and its HPA.
///
/// # Errors
/// When the API server would refuse the HPA, or a figure is not above 0.
pub fn simulate(setup: &ApplicationSetup) -> Result<Run, ApplicationError> {
    setup.check()?;
    let mut simulation = Simulation::new(setup);
    let mut now = 0;
    while now < setup.end_ms {
        simulation.step(now);
        now += STEP_MS;
    }
    Ok(simulation.finish())
}

/// Sums from the start up to each step.
#[derive(Default)]
struct History {
    /// Demand times steps.
    demand: Vec<f64>,
    /// Work of a warm pod times steps.
    warm_work: Vec<f64>,
    /// Work of a cold pod times steps, as what it would cost a warm one.
    cold_work: Vec<f64>,
    /// Demand for each ready pod times steps.
    per_pod: Vec<f64>,
    /// Work that waits.
    queue: Vec<f64>,
}

struct Simulation<'s> {
    setup: &'s ApplicationSetup,
    spec: HpaSpec,
    tolerances: Tolerances,
    workload: Workload,
    controller: Controller,
    prng: Prng,
    /// The first measurement of each metric, milliseconds.
    phases: Vec<u64>,
    next_sync_ms: u64,
    next_sample_ms: u64,
    history: History,
    queue: f64,
    overloaded_since: Option<u64>,
    short_since: Option<u64>,
    all_demand: f64,
    unserved: f64,
    run: Run,
}

impl<'s> Simulation<'s> {
    fn new(setup: &'s ApplicationSetup) -> Self {
        let spec = setup.spec.stored(setup.config.gates);
        let mut prng = Prng::new(setup.seed);
        let phases = setup.metrics.iter().map(|path| prng.below(path.period_ms)).collect();
        let delays = Delays {
            status_ms: crate::Series::STATUS_DELAY_MS,
            start_ms: setup.application.start_ms,
            stop_ms: setup.application.grace_ms,
        };
        let start = setup.start_replicas;
        let outcome = Outcome { least_replicas: start, most_replicas: start, ..Outcome::default() };
        Self {
            tolerances: Tolerances::of(&spec, &setup.config),
            spec,
            workload: Workload::new(start, delays),
            controller: Controller::new(setup.config),
            next_sync_ms: prng.below(setup.timing.period_ms),
            next_sample_ms: 0,
            prng,
            phases,
            history: History::default(),
            queue: 0.0,
            overloaded_since: None,
            short_since: None,
            all_demand: 0.0,
            unserved: 0.0,
            run: Run { outcome, ..Run::default() },
            setup,
        }
    }

    fn step(&mut self, now: u64) {
        let demand = self.setup.demand.at(now);
        let (cold, warm) = self.workload.serving(at(now), self.setup.application.warmup_ms);
        self.serve(now, demand, (cold, warm));
        self.count(now, demand, cold + warm);
        while self.next_sync_ms < now + STEP_MS {
            self.sync(self.next_sync_ms);
            let jitter = self.prng.below(self.setup.timing.jitter_ms.saturating_add(1));
            self.next_sync_ms += self.setup.timing.period_ms.saturating_add(jitter);
        }
        if let Target::Shared { bounds, .. } = &self.setup.target
            && now % self.setup.timing.period_ms < STEP_MS
        {
            // A sync of the others.
            let from = self.workload.spec_replicas();
            let to = bounds.apply(from);
            if from != to {
                self.rescale(now, to);
            }
        }
        self.workload.forget_before(at(now));
    }

    /// Spreads the demand over the ready pods.
    fn serve(&mut self, now: u64, demand: f64, (cold, warm): (u32, u32)) {
        let application = &self.setup.application;
        let (cold_pods, warm_pods) = (f64::from(cold), f64::from(warm));
        let (cold_most, warm_most) =
            (application.capacity * application.cold_share, application.capacity);
        let most = cold_pods * cold_most + warm_pods * warm_most;
        let ready = (cold_pods + warm_pods).max(1.0);
        let (cold_work, warm_work) = if application.queues {
            // Pods take from the queue what they can do.
            let waiting = self.queue + demand;
            let done = waiting.min(most);
            self.queue = waiting - done;
            let share = if most > 0.0 { done / most } else { 0.0 };
            self.unserved += (demand - most).max(0.0);
            (cold_most * share, warm_most * share)
        } else {
            let each = demand / ready;
            let work = (each.min(cold_most), each.min(warm_most));
            let served = work.0 * cold_pods + work.1 * warm_pods;
            self.unserved += (demand - served).max(0.0);
            work
        };
        self.all_demand += demand;
        // A thousandth of the demand is rounding, not an overload.
        let is_overloaded = demand > most * 1.001;
        time(is_overloaded, &mut self.overloaded_since, now, |ms| {
            let outcome = &mut self.run.outcome;
            outcome.longest_overload_ms = outcome.longest_overload_ms.max(ms);
        });
        self.run.outcome.overloaded_ms += if is_overloaded { STEP_MS } else { 0 };
        let history = &mut self.history;
        for (sums, value) in [
            (&mut history.demand, demand),
            (&mut history.warm_work, warm_work),
            (&mut history.cold_work, cold_work / application.cold_share),
            (&mut history.per_pod, demand / ready),
        ] {
            let last = sums.last().copied().unwrap_or(0.0);
            sums.push(last + value);
        }
        history.queue.push(self.queue);
    }

    /// Adds a step to the figures of the run.
    fn count(&mut self, now: u64, demand: f64, ready: u32) {
        let setup = self.setup;
        let needed = setup.needed(demand);
        let (exist, _) = self.workload.total_and_ready(at(now));
        let desired = self.workload.spec_replicas();
        let ratio = demand / f64::from(ready.max(1)) / setup.application.target_load;
        let outcome = &mut self.run.outcome;
        let is_within =
            self.tolerances.contain(ratio) || self.tolerances.contain(ratio - PER_CENT_ROUNDING);
        if !is_within && ratio > 1.0 {
            outcome.above_target_ms += STEP_MS;
        } else if !is_within && desired > self.spec.effective_min() {
            outcome.below_target_ms += STEP_MS;
        }
        outcome.missing_pod_ms += u64::from(needed.saturating_sub(ready)) * STEP_MS;
        outcome.spare_pod_ms += u64::from(exist.saturating_sub(needed)) * STEP_MS;
        let request = setup.application.reserved_milli;
        outcome.requested_milli_ms =
            outcome.requested_milli_ms.saturating_add(u64::from(exist) * request * STEP_MS);
        let queue_milli = (self.queue * 1000.0) as u64;
        outcome.longest_queue_milli = outcome.longest_queue_milli.max(queue_milli);
        // Within the tolerance the HPA leaves it at that.
        let is_short = ready < needed && !is_within;
        time(is_short, &mut self.short_since, now, |ms| {
            let outcome = &mut self.run.outcome;
            outcome.longest_shortfall_ms = outcome.longest_shortfall_ms.max(ms);
        });
        if now >= self.next_sample_ms {
            self.next_sample_ms = now.saturating_add(self.setup.sample_ms);
            let queue = self.queue;
            self.run.samples.push(Sample { at_ms: now, demand, desired, ready, needed, queue });
        }
    }

    /// One run of the controller.
    fn sync(&mut self, now: u64) {
        if matches!(self.setup.target, Target::Paused { .. }) {
            return;
        }
        let metrics = self.spec.effective_metrics();
        let lists_pods = metrics.iter().any(|metric| metric.source.is_per_pod());
        let listed = if lists_pods { self.workload.list(at(now)) } else { Vec::new() };
        let paths = self.setup.metrics.iter().zip(&self.phases);
        let measured: Vec<_> = paths.map(|(path, phase)| path.measured_at(now, *phase)).collect();
        let total = |(path, at): (&MetricPath, &Option<u64>)| self.whole(path, *at);
        let totals: Vec<_> = self.setup.metrics.iter().zip(&measured).map(total).collect();
        let readings: Vec<Vec<PodReading>> = metrics
            .iter()
            .zip(self.setup.metrics.iter().zip(&measured))
            .map(|(metric, (path, at))| match metric.source.is_per_pod() {
                true => listed.iter().map(|pod| self.reading(path, *at, pod)).collect(),
                false => Vec::new(),
            })
            .collect();
        let samples = metrics.iter().zip(totals.iter().zip(&readings));
        let samples: Vec<_> = samples
            .map(|(metric, (total, readings))| {
                let is_answered = match metric.source.is_per_pod() {
                    true => !readings.is_empty(),
                    false => total.is_some(),
                };
                match is_answered {
                    true => metric.source.sample(total.as_slice().as_flattened(), readings),
                    false => crate::Sample::Failed(MetricError::Fetch),
                }
            })
            .collect();
        let (total, ready) = self.workload.total_and_ready(at(now));
        let scale = Scale {
            spec_replicas: self.workload.spec_replicas(),
            status_replicas: self.workload.status_replicas(at(now)),
        };
        let target = &self.setup.target;
        let observation = Observation {
            scale: (!matches!(target, Target::NoScale(_))).then_some(scale),
            selector: match target {
                Target::Shared { .. } => Selector::Ambiguous,
                Target::Scalable | Target::NoScale(_) | Target::Paused { .. } => Selector::Valid,
            },
            pods: match lists_pods {
                true => Pods::Listed(&listed),
                false => Pods::Counted { total, ready },
            },
            metrics: &samples,
            update_accepted: true,
        };
        let outcome = self.controller.run(at(now), &self.spec, &observation);
        let conditions = &outcome.conditions;
        let is_able = conditions.able_to_scale.is_none_or(AbleToScale::status);
        let is_active = conditions.scaling_active.is_none_or(ScalingActive::status);
        if !is_able || !is_active {
            self.run.failed_syncs += 1;
            let kind = if is_able { "ScalingActive" } else { "AbleToScale" };
            let conditions = conditions.render(&self.spec, "default");
            let failed = conditions.into_iter().find(|condition| condition.kind == kind);
            self.run.failure = failed.map(|c| format!("{}: {}", c.reason, c.message));
        }
        if let Some(to) = outcome.rescaled_to() {
            self.rescale(now, to);
        }
    }

    fn rescale(&mut self, now: u64, to: u32) {
        let from = self.workload.spec_replicas();
        self.workload.scale(at(now), to);
        self.run.rescales.push(Rescale { at_ms: now, from, to });
        let outcome = &mut self.run.outcome;
        outcome.least_replicas = outcome.least_replicas.min(to);
        outcome.most_replicas = outcome.most_replicas.max(to);
    }

    /// The value of a metric that is not per pod, thousandths.
    fn whole(&self, path: &MetricPath, measured_ms: Option<u64>) -> Option<[i64; 1]> {
        let (at, window) = (measured_ms?, path.window_ms);
        let value = match path.measure {
            Measure::Demand(factor) => factor * mean(&self.history.demand, at, window, 0),
            Measure::DemandPerPod(factor) => factor * mean(&self.history.per_pod, at, window, 0),
            Measure::Queue(factor) => {
                let step = usize::try_from(at / STEP_MS).unwrap_or(usize::MAX);
                let queue = self.history.queue.get(step).or(self.history.queue.last());
                factor * queue.copied().unwrap_or(0.0)
            }
            Measure::Constant(value) => value,
            Measure::Cpu | Measure::Memory(_) | Measure::WorkOfPod(_) | Measure::Missing => {
                return None;
            }
        };
        Some([milli(value)])
    }

    /// The reading of one pod.
    fn reading(&self, path: &MetricPath, measured_ms: Option<u64>, pod: &Pod) -> PodReading {
        let application = &self.setup.application;
        let request = match path.measure {
            Measure::Memory(_) => application.request_bytes.map(|bytes| bytes.saturating_mul(1000)),
            _ => application.request_milli,
        };
        let measured = measured_ms.unwrap_or(0);
        let ready = pod.ready.map(|ready| ready.since_ms.saturating_sub(EPOCH_MS));
        // Usage is the difference of two measurements: a pod that is younger has none.
        let started = pod.started_ms.unwrap_or(0).saturating_sub(EPOCH_MS);
        let is_known = measured_ms.is_some()
            && (started == 0 || started.saturating_add(path.window_ms) <= measured);
        let value = ready.filter(|_| is_known && path.measure != Measure::Missing);
        let value = value.map(|ready| match path.measure {
            Measure::Cpu => {
                milli(self.work(path, measured, ready) * application.milli_per_unit / 1000.0)
            }
            Measure::Memory(bytes) => milli(bytes),
            Measure::WorkOfPod(factor) => milli(factor * self.work(path, measured, ready)),
            Measure::Demand(value)
            | Measure::DemandPerPod(value)
            | Measure::Queue(value)
            | Measure::Constant(value) => milli(value),
            Measure::Missing => 0,
        });
        PodReading {
            value,
            request: request.and_then(|request| i64::try_from(request).ok()),
            timestamp_ms: at(measured),
            window_ms: path.window_ms,
        }
    }

    /// Mean work of a pod that has been ready since `ready_ms`, over the path's window.
    fn work(&self, path: &MetricPath, measured_ms: u64, ready_ms: u64) -> f64 {
        let warmup = self.setup.application.warmup_ms;
        let window = path.window_ms.max(STEP_MS);
        // It serves from the first whole step on; what the others did in the one before is not its.
        let ready_ms = ready_ms.next_multiple_of(STEP_MS);
        let warm_ms = if ready_ms == 0 { 0 } else { ready_ms.saturating_add(warmup) };
        let warm = mean(&self.history.warm_work, measured_ms, window, warm_ms);
        if measured_ms.saturating_sub(window) >= warm_ms {
            return warm;
        }
        let until = measured_ms.min(warm_ms);
        let from = measured_ms.saturating_sub(window).max(ready_ms);
        let cold = sum(&self.history.cold_work, until) - sum(&self.history.cold_work, from);
        warm + cold.max(0.0) * STEP_MS as f64 / window as f64
    }

    fn finish(mut self) -> Run {
        let end = self.setup.end_ms;
        let outcome = &mut self.run.outcome;
        let until = |since: Option<u64>| since.map_or(0, |since| end.saturating_sub(since));
        outcome.longest_overload_ms = outcome.longest_overload_ms.max(until(self.overloaded_since));
        outcome.longest_shortfall_ms = outcome.longest_shortfall_ms.max(until(self.short_since));
        outcome.length_ms = end;
        outcome.scale_events = self.run.rescales.len() as u64;
        outcome.reversals = reversals(&self.run.rescales);
        if self.all_demand > 0.0 {
            outcome.unserved_milli_percent =
                (self.unserved / self.all_demand * 100_000.0).round() as u64;
        }
        self.run
    }
}

/// Changes of direction in a sequence of rescales.
pub(super) fn reversals(rescales: &[Rescale]) -> u64 {
    let ups: Vec<_> = rescales.iter().map(|change| change.to > change.from).collect();
    ups.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
}

/// Keeps since when something holds, and reports how long it held when it ends.
fn time(holds: bool, since: &mut Option<u64>, now: u64, ended: impl FnOnce(u64)) {
    match (holds, *since) {
        (true, None) => *since = Some(now),
        (false, Some(start)) => {
            *since = None;
            ended(now - start);
        }
        _ => {}
    }
}

fn at(ms: u64) -> u64 {
    ms.saturating_add(EPOCH_MS)
}

fn milli(value: f64) -> i64 {
    // The same sum in another order must not become another pod.
    (value * 1000.0 - 1e-6).ceil() as i64
}

/// The running sum at a moment.
fn sum(sums: &[f64], ms: u64) -> f64 {
    let steps = usize::try_from(ms / STEP_MS).unwrap_or(usize::MAX).min(sums.len());
    steps.checked_sub(1).and_then(|at| sums.get(at)).copied().unwrap_or(0.0)
}

/// The mean over the window that ends at a moment; nothing counts before `from_ms`. What was
/// before the start was as at the start.
fn mean(sums: &[f64], end_ms: u64, window_ms: u64, from_ms: u64) -> f64 {
    let first = sums.first().copied().unwrap_or(0.0);
    if window_ms < STEP_MS {
        let step = usize::try_from(end_ms / STEP_MS).unwrap_or(usize::MAX);
        let step = step.min(sums.len().saturating_sub(1));
        let before = step.checked_sub(1).and_then(|at| sums.get(at)).copied().unwrap_or(0.0);
        return sums.get(step).copied().unwrap_or(0.0) - before;
    }
    let window = window_ms as f64 / STEP_MS as f64;
    let begin = end_ms.saturating_sub(window_ms).max(from_ms);
    let known = sum(sums, end_ms) - sum(sums, begin);
    let early = match from_ms {
        0 => window_ms.saturating_sub(end_ms) as f64 / STEP_MS as f64 * first,
        _ => 0.0,
    };
    (known.max(0.0) + early) / window
}
