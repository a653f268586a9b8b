//! The input of a simulation, as plain data, and the checks on it.

use std::collections::BTreeMap;

use oppscale_core::policy::Basis;
use oppscale_core::replica::{ONE_PER_NODE, Replica};
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::usage::REQUEST;
use thiserror::Error;

use super::load::Load;
use super::metric::MetricModel;
use super::usage::UsageModel;
use crate::{ControllerConfig, HpaSpec, Invalid, validate};

/// A cluster, what runs on it, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The nodes.
    pub nodes: Vec<NodePool>,
    /// The scheduler.
    pub scheduler: SchedulerOptions,
    /// The opportunistic workload.
    pub filler: Filler,
    /// Usage of pods; required on the usage basis.
    pub usage: Option<UsageModel>,
    /// The paid applications.
    pub paid: Vec<PaidApp>,
    /// Delay of the Deployment and ReplicaSet controllers after a write, milliseconds.
    pub controller_ms: u64,
    /// The last moment that is simulated, milliseconds.
    pub end_ms: u64,
    /// From one sample of the series to the next, milliseconds, positive.
    pub sample_ms: u64,
    /// Sets the phases and jitter that a real cluster leaves to chance.
    pub seed: u64,
}

/// Equal nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePool {
    /// Number of nodes.
    pub count: u32,
    /// Allocatable of each.
    pub allocatable: Resources,
}

/// Options of the scheduler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedulerOptions {
    /// Which of the nodes with room it takes.
    pub strategy: Strategy,
    /// Pods that it tries per second; `None` for no limit.
    pub pods_per_second: Option<u32>,
}

/// The scoring strategy of the plugin NodeResourcesFit, cpu and memory weighing the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The emptiest node: the default of Kubernetes.
    #[default]
    LeastAllocated,
    /// The fullest node.
    MostAllocated,
}

/// Template of a workload's pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodTemplate {
    /// Requests of a pod.
    pub replica: Replica,
    /// The value of its PriorityClass; 0 without one.
    pub priority: i32,
    /// Whether it may preempt pods of lower priority: not with `preemptionPolicy: Never`.
    pub preempts: bool,
    /// From being bound to Ready, milliseconds.
    pub start_ms: u64,
    /// From being deleted to being gone, milliseconds: at most the grace period.
    pub grace_ms: u64,
}

/// The opportunistic workload, a Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Filler {
    /// Its pods.
    pub template: PodTemplate,
    /// Its replicas at the start, which are Ready as far as there is room.
    pub start_replicas: u32,
    /// Order in which its pods are deleted.
    pub deletion_cost: DeletionCost,
    /// Its autoscaler.
    pub autoscaler: Autoscaler,
}

/// The annotation `controller.kubernetes.io/pod-deletion-cost` (beta since 1.22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionCost {
    /// The annotation is not set.
    #[default]
    Unset,
    /// Written before each scale-down so that pods beside the largest hole go first, which
    /// leaves holes that large paid pods fit into.
    LargestHoleFirst,
}

/// An HPA and the controller that runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaler {
    /// The HPA as applied; the API server's defaults are added. Its metrics are External or
    /// Object, and all of them answer with `metric`.
    pub spec: HpaSpec,
    /// Version, gates and flags of the controller manager.
    pub config: ControllerConfig,
    /// Definition of the metric.
    pub metric: MetricModel,
    /// Timing of its syncs.
    pub timing: SyncTiming,
}

/// Timing of an HPA's syncs: each begins a period after the last one *ended*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncTiming {
    /// `--horizontal-pod-autoscaler-sync-period`, milliseconds, positive; 15 000.
    pub period_ms: u64,
    /// Longest duration of a run, milliseconds; each run takes a random time up to this.
    pub jitter_ms: u64,
}

/// A paid application, a Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct PaidApp {
    /// Its name.
    pub name: String,
    /// Its pods.
    pub template: PodTemplate,
    /// The source of its replica count.
    pub scaling: PaidScaling,
}

/// The source of a paid application's replica count.
#[derive(Clone, Debug, PartialEq)]
pub enum PaidScaling {
    /// A script or a recording.
    Scripted(Load),
    /// An HPA of its own.
    Autoscaled(Box<PaidAutoscaler>),
}

/// The HPA of a paid application.
#[derive(Clone, Debug, PartialEq)]
pub struct PaidAutoscaler {
    /// The HPA as applied. External and Object metrics answer with the work in all; Pods and
    /// Resource metrics with the Ready pods' equal shares of it.
    pub spec: HpaSpec,
    /// Version, gates and flags of the controller manager.
    pub config: ControllerConfig,
    /// Timing of its syncs.
    pub timing: SyncTiming,
    /// The work to be done, in thousandths of the metric: millicores for CPU.
    pub work: Load,
    /// Age of the metric when it is read, and the interval between values, in milliseconds.
    pub age_ms: u64,
    /// The replicas at the start.
    pub start_replicas: u32,
}

impl NodePool {
    /// Nodes of this many millicores and bytes, and the usual 110 pods.
    #[must_use]
    pub fn new(count: u32, cpu_milli: Amount, memory: Amount) -> Self {
        let allocatable =
            Resources::default().with(CPU, cpu_milli).with(MEMORY, memory).with(PODS, 110);
        Self { count, allocatable }
    }
}

impl PodTemplate {
    /// A paid pod of this many millicores: priority 0, ready in 5 s, gone in 30 s.
    #[must_use]
    pub fn paid(cpu_milli: Amount) -> Self {
        Self {
            replica: Replica::from_footprint(Resources::default().with(CPU, cpu_milli)),
            priority: 0,
            preempts: true,
            start_ms: 5_000,
            grace_ms: 30_000,
        }
    }

    /// The millicores it takes.
    #[must_use]
    pub fn cpu_milli(&self) -> Amount {
        self.replica.footprint().get(CPU)
    }
}

impl Default for PodTemplate {
    /// A paid pod that requests nothing.
    fn default() -> Self {
        Self::paid(0)
    }
}

impl Default for SyncTiming {
    /// Every 15 s after a run of at most 0.1 s, as kube-controller-manager 1.36 was measured.
    fn default() -> Self {
        Self { period_ms: 15_000, jitter_ms: 100 }
    }
}

impl PaidApp {
    /// An application that follows a script.
    #[must_use]
    pub fn scripted(name: &str, template: PodTemplate, load: Load) -> Self {
        Self { name: name.to_owned(), template, scaling: PaidScaling::Scripted(load) }
    }

    /// One application per pod size in rows of `(milliseconds, replicas, millicores)`: each
    /// row says what runs from then on. A new size replaces the pods of the old one.
    #[must_use]
    pub fn from_rows(name: &str, template: &PodTemplate, rows: &[(u64, u32, Amount)]) -> Vec<Self> {
        let mut loads: BTreeMap<Amount, Load> = BTreeMap::new();
        let mut before = None;
        for (at_ms, replicas, size) in rows.iter().copied() {
            if let Some(old) = before.filter(|old| *old != size).and_then(|old| loads.get_mut(&old))
            {
                *old = std::mem::take(old).step(at_ms, 0);
            }
            // Before its first row nothing of a size runs.
            let new = || if at_ms > 0 { Load::constant(0) } else { Load::default() };
            let load = loads.entry(size).or_insert_with(new);
            *load = std::mem::take(load).step(at_ms, replicas);
            before = Some(size);
        }
        let of_size = |(size, load)| {
            let mut template = template.clone();
            let footprint = template.replica.footprint().clone().with(CPU, size);
            template.replica = Replica::from_footprint(footprint);
            Self::scripted(&format!("{name}-{size}m"), template, load)
        };
        loads.into_iter().map(of_size).collect()
    }
}

/// The longest time that is simulated, milliseconds: 10 years.
const MAX_DURATION_MS: u64 = 10 * 366 * 24 * 3_600_000;
/// The most pods that a workload, or all paid applications at their peaks, may have. A simulated
/// or replayed pod takes some hundred bytes.
pub(crate) const MAX_PODS: u32 = 1_000_000;
/// The most samples of a run, of some hundred bytes each: a day of one every second.
pub const MAX_SAMPLES: u64 = 100_000;

/// A setup that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The API server would refuse an HPA.
    #[error("the HPA of {workload} is invalid: {problem}")]
    Hpa {
        /// Workload of the HPA.
        workload: String,
        /// The API server's reason.
        problem: Invalid,
    },
    /// A metric of the filler's HPA is not the capacity metric.
    #[error("the filler's HPA needs External or Object metrics; metric {0} is of another type")]
    Metric(usize),
    /// There is nowhere to run.
    #[error("the cluster has no node")]
    NoNodes,
    /// Time would stand still.
    #[error("{0} must be positive")]
    NotPositive(&'static str),
    /// A number is beyond what makes sense.
    #[error("{what} is {value}; at most {limit} can be simulated")]
    TooLarge {
        /// The quantity that is too large.
        what: String,
        /// Its value.
        value: u64,
        /// Its limit.
        limit: u64,
    },
    /// A script goes back in time.
    #[error("the load of {0} goes back in time")]
    Order(String),
    /// An amount is below 0 or beyond what any machine has.
    #[error("{what} has {resource} {amount}; expected 0 to 2^53")]
    Amount {
        /// Object that states the amount.
        what: String,
        /// Resource.
        resource: String,
        /// Amount.
        amount: Amount,
    },
}

impl Setup {
    /// Puts the filler on the usage basis: its CPU becomes what it burns, unless `burn_milli` says
    /// more, and it requests little. `paid` is what paid pods use of their requests.
    pub fn on_usage_basis(&mut self, burn_milli: Option<Amount>, paid: Load) {
        let template = &mut self.filler.template;
        let cpu = template.cpu_milli();
        let footprint = template.replica.footprint().clone().with(CPU, cpu.min(REQUEST));
        template.replica = Replica::from_footprint(footprint);
        // A scenario that is on the basis already has no cores in its template any more.
        let known = self.usage.as_ref().map(|usage| usage.burn_milli);
        let burn_milli = burn_milli.or(known).unwrap_or(cpu);
        self.usage = Some(UsageModel { basis: Basis::Usage, burn_milli, paid });
    }

    /// Lets a node hold one replica of the filler only, whatever it requests.
    pub fn hold_one_filler_per_node(&mut self) {
        let replica = &mut self.filler.template.replica;
        *replica = Replica::from_footprint(replica.footprint().clone().with(ONE_PER_NODE, 1));
        for pool in &mut self.nodes {
            pool.allocatable.set(ONE_PER_NODE, 1);
        }
    }

    /// Checks that the setup can be simulated, in time and memory that do not depend on its
    /// numbers.
    ///
    /// # Errors
    /// When it contradicts itself, is too large, or the API server would refuse one of its HPAs.
    pub fn check(&self) -> Result<(), SetupError> {
        check(self)
    }
}

fn check(setup: &Setup) -> Result<(), SetupError> {
    if setup.nodes.iter().all(|pool| pool.count == 0) {
        return Err(SetupError::NoNodes);
    }
    for pool in &setup.nodes {
        amounts("a node", &pool.allocatable)?;
    }
    let nodes = setup.nodes.iter().map(|pool| u64::from(pool.count)).sum();
    at_most("the number of nodes", nodes, 100_000)?;
    at_most("the length in milliseconds", setup.end_ms, MAX_DURATION_MS)?;
    at_most("the controllers' delay in milliseconds", setup.controller_ms, MAX_DURATION_MS)?;
    positive("the sample interval", setup.sample_ms)?;
    at_most("the number of samples", setup.end_ms / setup.sample_ms, MAX_SAMPLES)?;
    if setup.scheduler.pods_per_second == Some(0) {
        return Err(SetupError::NotPositive("the scheduler's pods per second"));
    }
    let filler = &setup.filler;
    template("the filler", &filler.template)?;
    replicas("the filler's replicas", filler.start_replicas)?;
    let scaler = &filler.autoscaler;
    hpa("the filler", &scaler.spec, &scaler.config, scaler.timing)?;
    if let Some(usage) = &setup.usage {
        let burn = u64::try_from(usage.burn_milli).unwrap_or(0);
        positive("what a replica burns", burn)?;
        at_most("what a replica burns in millicores", burn, 1 << 53)?;
        load("what paid pods use", &usage.paid)?;
        let most = usage.paid.points().iter().map(|point| point.level).max().unwrap_or(0);
        at_most("what paid pods use, in thousandths of their requests,", most.into(), 1_000_000)?;
    }
    let mut metrics = scaler.spec.effective_metrics().iter();
    if let Some(other) = metrics.position(|metric| metric.source.is_per_pod()) {
        return Err(SetupError::Metric(other));
    }
    let timing = scaler.metric.timing;
    positive("the metric's period", timing.period_ms())?;
    at_most("the metric's age in milliseconds", timing.worst_age_ms(), MAX_DURATION_MS)?;
    let mut paid = 0_u64;
    for app in &setup.paid {
        template(&app.name, &app.template)?;
        match &app.scaling {
            PaidScaling::Scripted(script) => {
                load(&app.name, script)?;
                let most = script.points().iter().map(|point| point.level).max().unwrap_or(0);
                replicas(&app.name, most)?;
                paid += u64::from(most);
            }
            PaidScaling::Autoscaled(scaler) => {
                load(&app.name, &scaler.work)?;
                hpa(&app.name, &scaler.spec, &scaler.config, scaler.timing)?;
                positive("the age of a paid metric", scaler.age_ms)?;
                at_most("the age of a paid metric", scaler.age_ms, MAX_DURATION_MS)?;
                replicas(&app.name, scaler.start_replicas)?;
                paid += u64::from(scaler.spec.max_replicas.max(scaler.start_replicas));
            }
        }
    }
    at_most("the number of paid pods", paid, MAX_PODS.into())
}

fn positive(what: &'static str, value: u64) -> Result<(), SetupError> {
    if value == 0 { Err(SetupError::NotPositive(what)) } else { Ok(()) }
}

fn at_most(what: &str, value: u64, limit: u64) -> Result<(), SetupError> {
    let what = what.to_owned();
    if value > limit { Err(SetupError::TooLarge { what, value, limit }) } else { Ok(()) }
}

fn replicas(what: &str, count: u32) -> Result<(), SetupError> {
    at_most(what, count.into(), MAX_PODS.into())
}

fn template(name: &str, template: &PodTemplate) -> Result<(), SetupError> {
    at_most("the grace period in milliseconds", template.grace_ms, MAX_DURATION_MS)?;
    at_most("the start time in milliseconds", template.start_ms, MAX_DURATION_MS)?;
    amounts(name, template.replica.footprint())
}

/// Amounts that stay exact when they are multiplied by a cluster and a decade.
fn amounts(what: &str, amounts: &Resources) -> Result<(), SetupError> {
    let what = what.to_owned();
    match amounts.present().find(|(_, amount)| !(0..=1 << 53).contains(amount)) {
        Some((resource, amount)) => {
            Err(SetupError::Amount { what, resource: resource.to_owned(), amount })
        }
        None => Ok(()),
    }
}

fn load(name: &str, load: &Load) -> Result<(), SetupError> {
    if load.is_in_order() { Ok(()) } else { Err(SetupError::Order(name.to_owned())) }
}

fn hpa(
    name: &str,
    spec: &HpaSpec,
    config: &ControllerConfig,
    timing: SyncTiming,
) -> Result<(), SetupError> {
    positive("the sync period", timing.period_ms)?;
    at_most("the sync period in milliseconds", timing.period_ms, MAX_DURATION_MS)?;
    at_most("the sync jitter in milliseconds", timing.jitter_ms, MAX_DURATION_MS)?;
    at_most("maxReplicas", spec.max_replicas.into(), MAX_PODS.into())?;
    validate(spec, config.gates)
        .map_err(|problem| SetupError::Hpa { workload: name.to_owned(), problem })
}
