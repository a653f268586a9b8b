//! The state of the simulated cluster, and the life of a pod in it.
//!
//! Sums that are read often are kept up to date, so that an event costs the same however many
//! pods there are. `room` counts how often capacity was freed: a pod that found no node is not
//! tried again before it changes.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use oppscale_core::resources::{Amount, CPU, Resources};

use super::autoscaler::{MetricFeed, Scaler};
use super::demand::Demand;
use super::load::Load;
use super::metric::MetricUnit;
use super::nodes::Nodes;
use super::outcome::{Counters, DELAYED_MS, Outcome, Run, Sample};
use super::pod::{PodId, PodRef, PodStage, Pods};
use super::prng::Prng;
use super::scheduler::SchedulerRate;
use super::setup::{PaidScaling, PodTemplate, Setup, SetupError, Strategy, SyncTiming};
use super::usage::{READING_MS, Readings, UsageModel};
use super::workload::Workload;
use crate::{Controller, ControllerConfig, HpaSpec};

/// The filler's place among the workloads.
pub(super) const FILLER: usize = 0;

/// The cluster at a moment.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// Milliseconds since the start.
    pub(super) now: u64,
    pub(super) queue: EventQueue,
    /// Phases and jitter.
    pub(super) prng: Prng,
    /// The scheduler's chances, so that they do not shift the phases of everything else.
    pub(super) scheduler_prng: Prng,
    pub(super) nodes: Nodes,
    pub(super) pods: Pods,
    /// The filler, then the paid applications.
    pub(super) workloads: Vec<Workload>,
    pub(super) scalers: Vec<Scaler>,
    pub(super) controller_ms: u64,
    pub(super) sample_ms: u64,
    pub(super) strategy: Strategy,
    pub(super) rate: SchedulerRate,
    pub(super) next_turn_ms: u64,
    /// Whether the scheduler's next turn is planned.
    pub(super) scheduling: bool,
    /// Number of times that room was freed.
    pub(super) room: u64,
    /// The workloads that have pods without a node.
    pub(super) with_pending: BTreeSet<usize>,
    /// Nodes with nominated pods on which room was freed since the last scheduling cycle.
    pub(super) freed: Vec<usize>,
    /// The priorities in use, the least first.
    pub(super) priorities: Vec<i32>,
    /// Number of times that a pod began or ceased to wait, or was nominated.
    pub(super) waiting_changes: u64,
    /// The unit of the filler's metric.
    pub(super) unit: MetricUnit,
    /// Nodes where paid pods without a node would go, as of the last measurement.
    pub(super) placed: Demand,
    /// Number of paid pods without a node.
    pub(super) paid_pending: u32,
    pub(super) counters: Counters,
    /// Usage of pods, and its readings.
    pub(super) usage: Option<(UsageModel, Readings)>,
}

impl World {
    /// Lets time pass until `at_ms`.
    pub(super) fn pass_until(&mut self, at_ms: u64) {
        let passed = at_ms - self.now;
        if passed > 0 {
            let filler = &self.workloads[FILLER];
            self.counters.pass(passed, &self.nodes, filler);
            if let Some((usage, _)) = &self.usage {
                let replica = &filler.template.replica;
                let of_node = |node| usage.of_node(node, replica, self.now);
                self.nodes.iter().map(of_node).for_each(|used| self.counters.burn(passed, used));
            }
            self.now = at_ms;
        }
    }

    /// One pod more or less of the workload waits for a node; its lists say so already.
    pub(super) fn pending_changes(&mut self, at: usize, more: bool) {
        self.waiting_changes += 1;
        let owner = &self.workloads[at];
        if owner.pending() > 0 {
            self.with_pending.insert(at);
        } else {
            self.with_pending.remove(&at);
        }
        if !owner.is_filler {
            self.paid_pending = if more { self.paid_pending + 1 } else { self.paid_pending - 1 };
        }
    }

    /// A pod that waited has a node, or is no more wanted.
    pub(super) fn note_delay(&mut self, id: PodId) {
        let pod = &self.pods[id];
        if !self.workloads[pod.workload].is_filler {
            self.counters.paid_waited(self.now - pod.created_ms);
        }
    }

    /// There is more room than before on this node.
    pub(super) fn room_freed(&mut self, node: usize) {
        self.room += 1;
        if !self.nodes[node].nominated.is_empty() {
            self.freed.push(node);
        }
    }

    /// Deletes a pod that has a node: its containers get their grace period, and until they
    /// have ended it keeps its room. One that is not Ready will not become so.
    pub(super) fn delete_pod(&mut self, id: PodId) {
        let pod = &mut self.pods[id];
        pod.deleting = true;
        let owner = &mut self.workloads[pod.workload];
        owner.working -= u32::from(pod.stage == PodStage::Ready);
        if let Some(node) = pod.node.filter(|_| owner.is_filler) {
            self.nodes[node].terminating_fillers += 1;
        }
        let gone_ms = self.now + owner.template.grace_ms;
        owner.deactivate(id, &mut self.pods);
        self.queue.push(gone_ms, Event::Gone(self.pods.reference(id)));
    }

    /// The pod's containers have started.
    pub(super) fn pod_ready(&mut self, pod: PodRef) {
        if self.pods.find(pod).is_some_and(|pod| !pod.deleting && pod.stage == PodStage::Starting) {
            let now = self.now;
            let pod = &mut self.pods[pod.id];
            pod.stage = PodStage::Ready;
            pod.ready_ms = now;
            let owner = &mut self.workloads[pod.workload];
            owner.ready += 1;
            owner.working += 1;
        }
    }

    /// The pod's containers have ended.
    pub(super) fn pod_gone(&mut self, pod: PodRef) {
        let Some(found) = self.pods.find(pod) else { return };
        let Some(node) = found.node else { return };
        let owner = &mut self.workloads[found.workload];
        owner.total -= 1;
        owner.ready -= u32::from(found.stage == PodStage::Ready);
        self.nodes.release(node, pod.id, owner, &mut self.pods);
        self.pods.forget(pod.id);
        self.room_freed(node);
        self.schedule_soon();
    }
}

/// A cluster that runs.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub(super) world: World,
    end_ms: u64,
    held: Resources,
}

/// A node of a simulation.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedNode<'a> {
    /// Allocatable of the node.
    pub allocatable: &'a Resources,
    /// Requests of its pods, those being deleted included.
    pub requested: &'a Resources,
    /// The part of paid pods.
    pub paid: &'a Resources,
    /// Usage of paid pods, millicores: their requests, unless the setup has usage.
    pub paid_used: Amount,
    /// Millicores that filler pods use.
    pub burnt: Amount,
}

/// A pod of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedPod {
    /// Its number: older pods have lower ones.
    pub number: u64,
    /// 0 for the filler, then the paid applications of the setup from 1.
    pub workload: usize,
    /// The place of its node among [`Simulation::nodes`], if it has one.
    pub node: Option<usize>,
}

/// Simulates a setup to its end.
///
/// # Errors
/// When the setup contradicts itself, or the API server would refuse one of its HPAs.
pub fn simulate(setup: &Setup) -> Result<Run, SetupError> {
    let mut simulation = Simulation::new(setup)?;
    simulation.advance_to(setup.end_ms);
    Ok(simulation.finish())
}

impl Simulation {
    /// The cluster at its start: all pods that there is room for are Ready, paid ones first.
    ///
    /// # Errors
    /// As [`simulate`].
    pub fn new(setup: &Setup) -> Result<Self, SetupError> {
        setup.check()?;
        let mut world = World::empty(setup);
        let filler = &setup.filler;
        world.add_workload(&filler.template, true);
        world.workloads[FILLER].deletion_cost = filler.deletion_cost;
        let nature = filler.autoscaler.metric.clone();
        let reserve = nature.reserve.clone();
        let scaler = Scaler {
            refresh_ms: nature.timing.period_ms(),
            served_after_ms: nature.timing.served_after_ms(),
            ..Scaler::new(FILLER, &filler.autoscaler.spec, &filler.autoscaler.config)
        };
        let timing = filler.autoscaler.timing;
        world.scalers.push(Scaler { timing, feed: MetricFeed::Capacity(nature), ..scaler });
        for app in &setup.paid {
            let at = world.add_workload(&app.template, false);
            match &app.scaling {
                PaidScaling::Scripted(load) => {
                    world.workloads[at].script = Some(load.clone());
                    world.start_with(at, load.level(0));
                }
                PaidScaling::Autoscaled(paid) => {
                    world.start_with(at, paid.start_replicas);
                    world.scalers.push(Scaler {
                        timing: paid.timing,
                        feed: MetricFeed::Work(paid.work.clone()),
                        refresh_ms: paid.age_ms,
                        ..Scaler::new(at, &paid.spec, &paid.config)
                    });
                }
            }
        }
        world.start_with(FILLER, filler.start_replicas);
        if world.is_by_usage() {
            world.read_usage();
        }
        for at in 0..world.workloads.len() {
            world.plan_load(at);
        }
        for at in 0..world.scalers.len() {
            world.start_scaler(at);
        }
        world.queue.push(0, Event::Sample);
        world.schedule_soon();
        let held = reserve.of(&world.nodes.total.allocatable);
        Ok(Self { world, end_ms: setup.end_ms, held })
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.world.now
    }

    /// Lets the simulation run until `at_ms`, or to its end if that is earlier.
    pub fn advance_to(&mut self, at_ms: u64) {
        let until = at_ms.min(self.end_ms).max(self.world.now);
        while let Some((at_ms, event)) = self.world.queue.pop_until(until) {
            self.world.pass_until(at_ms);
            self.world.counters.events += 1;
            if event == Event::Sample {
                let sample = self.sample();
                self.world.counters.samples.push(sample);
                let next_ms = at_ms.saturating_add(self.world.sample_ms);
                self.world.queue.push(next_ms, Event::Sample);
            } else {
                self.world.handle(event);
            }
        }
        self.world.pass_until(until);
    }

    /// The cluster as it is now.
    #[must_use]
    pub fn sample(&self) -> Sample {
        let world = &self.world;
        let filler = &world.workloads[FILLER];
        let (nodes, cpu) = (&world.nodes, |sum: &Resources| sum.get(CPU));
        let paid = cpu(&nodes.total.paid);
        Sample {
            at_ms: world.now,
            allocatable_milli: cpu(&nodes.total.allocatable),
            paid_milli: paid,
            filler_milli: cpu(&nodes.total.requested) - paid,
            filler_running: filler.working,
            filler_desired: filler.desired,
            remaining_milli: cpu(&nodes.total.allocatable)
                - paid
                - cpu(&world.demand().placed)
                - cpu(&self.held),
            pending_paid: world.paid_pending,
            pending_filler: u32::try_from(filler.pending()).unwrap_or(u32::MAX),
        }
    }

    /// The nodes, in the order of the setup's pools.
    pub fn nodes(&self) -> impl Iterator<Item = SimulatedNode<'_>> {
        let World { nodes, usage, workloads, now, .. } = &self.world;
        nodes.iter().map(move |node| {
            let sums = &node.sums;
            let (paid_used, burnt) = match usage {
                Some((usage, _)) => {
                    let used = usage.of_node(node, &workloads[FILLER].template.replica, *now);
                    (used.paid, used.burnt)
                }
                None => (sums.paid.get(CPU), sums.requested.get(CPU) - sums.paid.get(CPU)),
            };
            SimulatedNode {
                allocatable: &sums.allocatable,
                requested: &sums.requested,
                paid: &sums.paid,
                paid_used,
                burnt,
            }
        })
    }

    /// The pods that exist, those being deleted included.
    pub fn pods(&self) -> impl Iterator<Item = SimulatedPod> {
        self.world.pods.iter().map(|pod| SimulatedPod {
            number: pod.number,
            workload: pod.workload,
            node: pod.node,
        })
    }

    /// The figures so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let (world, counters) = (&self.world, &self.world.counters);
        let length = Amount::from(world.now);
        let most = (world.nodes.total.allocatable.get(CPU) * length).max(1);
        let whole = |amount: Amount| u64::try_from(amount).unwrap_or(u64::MAX);
        let mut outcome = Outcome {
            length_ms: world.now,
            utilisation_milli_percent: whole(counters.requested * 100_000 / most),
            paid_milli_percent: whole(counters.paid * 100_000 / most),
            scale_events: counters.rescales.len() as u64,
            reversals: counters.reversals(),
            filler_deleted: counters.filler_scaled_down + counters.filler_preempted,
            filler_preempted: counters.filler_preempted,
            paid_delayed: counters.paid_delayed,
            paid_never_started: 0,
            longest_delay_ms: counters.longest_delay_ms,
            harvested_milli_core_hours: whole(counters.harvested / 3_600_000),
            burnt_milli_core_hours: whole(counters.burnt / 3_600_000),
            idle_used_milli_percent: whole(counters.burnt_idle * 100_000 / counters.idle.max(1)),
            paid_lost_milli_core_seconds: whole(counters.paid_lost / 1000),
            pods_created: world.pods.created(),
            events: counters.events,
        };
        for workload in &world.workloads[1..] {
            for id in workload.waiting.iter().chain(&workload.nominated) {
                let waited = world.now - world.pods[*id].created_ms;
                outcome.paid_never_started += u64::from(waited >= DELAYED_MS);
                outcome.longest_delay_ms = outcome.longest_delay_ms.max(waited);
            }
        }
        outcome.paid_delayed += outcome.paid_never_started;
        outcome
    }

    /// The figures and the series.
    #[must_use]
    pub fn finish(self) -> Run {
        let outcome = self.outcome();
        let Counters { rescales, samples, .. } = self.world.counters;
        Run { outcome, rescales, samples }
    }
}

impl Scaler {
    fn new(workload: usize, spec: &HpaSpec, config: &ControllerConfig) -> Self {
        Self {
            workload,
            controller: Controller::new(*config),
            spec: spec.stored(config.gates),
            timing: SyncTiming::default(),
            feed: MetricFeed::Work(Load::default()),
            refresh_ms: 1,
            served_after_ms: 0,
            values: VecDeque::new(),
        }
    }
}

impl World {
    fn empty(setup: &Setup) -> Self {
        let mut levels: Vec<_> = setup.paid.iter().map(|app| app.template.priority).collect();
        levels.push(setup.filler.template.priority);
        levels.sort_unstable();
        levels.dedup();
        Self {
            now: 0,
            queue: EventQueue::default(),
            prng: Prng::new(setup.seed),
            scheduler_prng: Prng::new(!setup.seed),
            nodes: Nodes::new(&setup.nodes, &setup.filler.template.replica, levels.len()),
            pods: Pods::default(),
            workloads: Vec::new(),
            scalers: Vec::new(),
            controller_ms: setup.controller_ms,
            sample_ms: setup.sample_ms,
            strategy: setup.scheduler.strategy,
            rate: SchedulerRate::of(setup.scheduler.pods_per_second),
            next_turn_ms: 0,
            scheduling: false,
            room: 0,
            with_pending: BTreeSet::new(),
            freed: Vec::new(),
            waiting_changes: 0,
            unit: setup.filler.autoscaler.metric.unit,
            placed: Demand::default(),
            paid_pending: 0,
            counters: Counters::default(),
            usage: setup.usage.clone().map(|usage| (usage, Readings::default())),
            priorities: levels,
        }
    }

    fn add_workload(&mut self, template: &PodTemplate, is_filler: bool) -> usize {
        let level = self.priorities.partition_point(|priority| *priority < template.priority);
        let template = template.clone();
        let workload = Workload { template, is_filler, level, ..Workload::default() };
        self.workloads.push(workload);
        self.workloads.len() - 1
    }

    /// Gives the workload its first replicas; those that fit have been Ready for long.
    fn start_with(&mut self, workload: usize, replicas: u32) {
        self.workloads[workload].desired = replicas;
        self.reconcile(workload);
        let rate = std::mem::replace(&mut self.rate, SchedulerRate::of(None));
        self.schedule();
        self.rate = rate;
        for at in 0..self.workloads[workload].active.len() {
            let id = self.workloads[workload].active[at];
            if self.pods[id].stage == PodStage::Starting {
                self.pod_ready(self.pods.reference(id));
            }
        }
    }

    pub(super) fn is_by_usage(&self) -> bool {
        self.usage.as_ref().is_some_and(|(usage, _)| usage.is_by_usage())
    }

    /// The usage of nodes and pods is read, and the next reading is planned.
    fn read_usage(&mut self) {
        if let Some((usage, readings)) = &mut self.usage {
            let replica = &self.workloads[FILLER].template.replica;
            usage.read(readings, &self.nodes, replica, self.now);
            self.queue.push(self.now + READING_MS, Event::Reading);
        }
    }

    fn plan_load(&mut self, workload: usize) {
        let script = self.workloads[workload].script.as_ref();
        if let Some(at_ms) = script.and_then(|script| script.next_change(self.now)) {
            self.queue.push(at_ms, Event::Load(workload));
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Load(workload) => {
                let script = self.workloads[workload].script.as_ref();
                let replicas = script.map_or(0, |script| script.level(self.now));
                self.scale(workload, replicas);
                self.plan_load(workload);
            }
            Event::Reconcile(workload) => self.reconcile(workload),
            Event::Schedule => self.schedule(),
            Event::Ready(pod) => self.pod_ready(pod),
            Event::Gone(pod) => self.pod_gone(pod),
            Event::Refresh(scaler) => self.refresh(scaler),
            Event::Sync(scaler) => self.sync(scaler),
            Event::Reading => self.read_usage(),
            Event::Sample => {}
        }
    }
}

/// Something that happens in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The script of this workload changes its replicas.
    Load(usize),
    /// The ReplicaSet controller reconciles this workload.
    Reconcile(usize),
    /// The scheduler takes the next pods from its queue.
    Schedule,
    /// The pod becomes Ready.
    Ready(PodRef),
    /// The pod has ended and leaves its node.
    Gone(PodRef),
    /// The metric of this autoscaler is computed anew.
    Refresh(usize),
    /// This autoscaler runs.
    Sync(usize),
    /// The usage of nodes and pods is read.
    Reading,
    /// The series gets its next sample.
    Sample,
}

/// Planned events.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    planned: u64,
}

impl EventQueue {
    /// Plans `event` for `at_ms`.
    pub(super) fn push(&mut self, at_ms: u64, event: Event) {
        self.planned += 1;
        self.heap.push(Reverse((at_ms, self.planned, event)));
    }

    /// The next event, if it is not after `end_ms`.
    pub(super) fn pop_until(&mut self, end_ms: u64) -> Option<(u64, Event)> {
        let Reverse((at_ms, ..)) = self.heap.peek()?;
        if *at_ms > end_ms {
            return None;
        }
        self.heap.pop().map(|Reverse((at_ms, _, event))| (at_ms, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_moment_come_in_the_order_they_were_planned() {
        let mut queue = EventQueue::default();
        queue.push(5, Event::Sample);
        queue.push(5, Event::Load(0));
        queue.push(1, Event::Schedule);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_until(5)).collect();
        assert_eq!(order, [(1, Event::Schedule), (5, Event::Sample), (5, Event::Load(0))]);
        queue.push(6, Event::Sample);
        assert_eq!(queue.pop_until(5), None);
    }
}
