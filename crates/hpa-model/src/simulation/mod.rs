//! A cluster that is simulated: what an HPA and a scheduler make of a filler and of paid work.
//!
//! Discrete events on a clock of whole milliseconds. Nothing is random but what a seed says,
//! so the same setup gives the same run, byte for byte. The HPA is the model of [`crate::Controller`],
//! the amounts are those of `core::resources`, the metric follows the rules of
//! `core::headroom`; a test holds the running sums against it.
//!
//! What is modelled: nodes with capacity; a scheduler that places by request with priorities,
//! preemption and nominated nodes; Deployments whose ReplicaSets create pods at once and
//! choose their victims in the controller's order; start and grace times; the HPA's timing
//! and the metric's age. What is not: nodes that come and go, PodDisruptionBudgets, taints,
//! affinity and spreading, rollouts, creation in batches, failing pods.
//!
//! | file | holds |
//! |---|---|
//! | `setup` | [`Setup`]: the cluster and what runs on it, as data |
//! | `load` | [`Load`]: a level over time, steps, ramps or a recording |
//! | `metric` | [`MetricModel`]: what the filler's metric measures, and how old it is |
//! | `check` | [`SetupError`]: setups that cannot be simulated |
//! | `run` | [`simulate()`], and [`Simulation`] for a live view |
//! | `world` | the state at a moment, and the life of a pod |
//! | `queue` | events in their order |
//! | `pod`, `workload` | pods, and the Deployments they belong to |
//! | `node`, `nodes` | nodes, running sums over them, and the order of choice |
//! | `replica_set` | how many pods there should be, and who goes first |
//! | `scheduler`, `preemption` | which pod goes where, and who makes room |
//! | `autoscaler` | what an HPA is shown, and when |
//! | `counters`, `outcome` | what is counted, and the figures that come of it |
//! | `scenario` | named clusters: `blog`, `burst`, `day`, `step` |
//! | `configuration` | named HPAs for them: the article's, the usual mistakes, oppscale's |
//! | `prng` | random numbers from a seed |

mod autoscaler;
mod configuration;
#[cfg(test)]
mod invariants;
mod load;
mod metric;
mod nodes;
mod outcome;
mod pod;
mod prng;
mod queue;
mod run;
mod scenario;
mod scheduler;
mod setup;
mod workload;
mod world;

pub use configuration::{Configuration, configurations, filler_behavior};
pub use load::{Load, Point};
pub use metric::{FillerPods, Freshness, MetricModel, MetricUnit};
pub use outcome::{Outcome, Rescale, Run, Sample};
pub use run::{Simulation, simulate};
pub use scenario::{Scenario, UnknownScenario};
pub use setup::SetupError;
pub use setup::{
    Autoscaler, DeletionCost, Filler, NodePool, PaidApp, PaidAutoscaler, PaidScaling,
    SchedulerOptions, Setup, Strategy, SyncTiming, Template,
};
