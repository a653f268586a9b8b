//! What a simulation starts from, as plain data.

use crate::{ControllerConfig, HpaSpec};
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};

use super::load::Load;
use super::metric::MetricNature;

/// A cluster, what runs on it, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The nodes.
    pub nodes: Vec<NodePool>,
    /// The scheduler.
    pub scheduler: SchedulerOptions,
    /// The opportunistic workload.
    pub filler: Filler,
    /// Everything that is paid for.
    pub paid: Vec<PaidApp>,
    /// How late the Deployment and ReplicaSet controllers act on a write, milliseconds.
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
    /// How many.
    pub count: u32,
    /// What pods may take on each.
    pub allocatable: Resources,
}

/// How the scheduler works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedulerOptions {
    /// Which of the nodes with room it takes.
    pub strategy: Strategy,
    /// How many pods it tries in a second; `None` for as many as there are.
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

/// What every pod of a workload is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it takes from its node.
    pub replica: Replica,
    /// The value of its PriorityClass; 0 without one.
    pub priority: i32,
    /// Whether pods of lower priority may be evicted for it: not with `preemptionPolicy: Never`.
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
    pub template: Template,
    /// Its replicas at the start, which are Ready as far as there is room.
    pub start_replicas: u32,
    /// Who of its pods goes first.
    pub deletion_cost: DeletionCost,
    /// Its autoscaler.
    pub autoscaler: Autoscaler,
}

/// The annotation `controller.kubernetes.io/pod-deletion-cost` (beta since 1.22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionCost {
    /// Nobody writes it.
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
    /// What the metric measures.
    pub metric: MetricNature,
    /// When it runs.
    pub rhythm: Rhythm,
}

/// When an HPA runs: a period after the last run *ended*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// `--horizontal-pod-autoscaler-sync-period`, milliseconds, positive; 15 000.
    pub period_ms: u64,
    /// How long a run takes at most, milliseconds; each takes a time of its own up to this.
    pub jitter_ms: u64,
}

/// A paid application, a Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct PaidApp {
    /// Its name.
    pub name: String,
    /// Its pods.
    pub template: Template,
    /// Who sets its replicas.
    pub scaling: PaidScaling,
}

/// Who sets the replicas of a paid application.
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
    /// When it runs.
    pub rhythm: Rhythm,
    /// The work to be done, in thousandths of the metric: millicores for CPU.
    pub work: Load,
    /// How old the metric is when it is read, milliseconds; a new value comes as often.
    pub age_ms: u64,
    /// The replicas at the start.
    pub start_replicas: u32,
}

// === impl NodePool ===

impl NodePool {
    /// Nodes of this many millicores and bytes, and the usual 110 pods.
    #[must_use]
    pub fn new(count: u32, cpu_milli: Amount, memory: Amount) -> Self {
        let allocatable =
            Resources::default().with(CPU, cpu_milli).with(MEMORY, memory).with(PODS, 110);
        Self { count, allocatable }
    }
}

// === impl Template ===

impl Template {
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

// === impl Rhythm ===

impl Default for Rhythm {
    /// Every 15 s after a run of at most 0.1 s, as kube-controller-manager 1.36 was measured.
    fn default() -> Self {
        Self { period_ms: 15_000, jitter_ms: 100 }
    }
}

// === impl PaidApp ===

impl PaidApp {
    /// An application that follows a script.
    #[must_use]
    pub fn scripted(name: &str, template: Template, load: Load) -> Self {
        Self { name: name.to_owned(), template, scaling: PaidScaling::Scripted(load) }
    }

    /// One application per pod size in rows of `(milliseconds, replicas, millicores)`: each
    /// row says what runs from then on. A new size replaces the pods of the old one.
    #[must_use]
    pub fn from_rows(name: &str, template: &Template, rows: &[(u64, u32, Amount)]) -> Vec<Self> {
        let mut sizes: Vec<_> = rows.iter().map(|row| row.2).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let of_size = |size: Amount| {
            let mut template = template.clone();
            let footprint = template.replica.footprint().clone().with(CPU, size);
            template.replica = Replica::from_footprint(footprint);
            // Before its first row nothing of the application runs.
            let before = rows.first().is_some_and(|row| row.0 > 0).then(|| Load::constant(0));
            let load = rows.iter().fold(before.unwrap_or_default(), |load, row| {
                load.step(row.0, if row.2 == size { row.1 } else { 0 })
            });
            Self::scripted(&format!("{name}-{size}m"), template, load)
        };
        sizes.into_iter().map(of_size).collect()
    }
}
