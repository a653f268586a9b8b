//! A simulated cluster: an HPA and a scheduler at work on a filler and on paid pods.
//!
//! Discrete events on a clock of whole milliseconds. Nothing is random but what a seed says,
//! so the same setup gives the same run, byte for byte. The HPA is the model of
//! [`crate::Controller`], the amounts are those of `oppscale_core::resources`, the metric follows
//! the rules of `oppscale_core::headroom`; a test holds the running sums against it.
//!
//! What is modelled: nodes with capacity; a scheduler that places by request with priorities,
//! preemption and nominated nodes; Deployments whose ReplicaSets create pods at once and
//! choose their victims in the controller's order; start and grace times; the HPA's timing
//! and the metric's age. What is not: nodes that come and go, PodDisruptionBudgets, taints,
//! affinity and spreading (but that of fillers on the usage basis), rollouts, creation in batches,
//! failing pods.

mod autoscaler;
mod demand;
#[cfg(test)]
mod invariants;
mod load;
mod metric;
mod nodes;
mod outcome;
mod pod;
mod prng;
mod scenario;
mod scheduler;
mod setup;
mod usage;
mod workload;
mod world;

pub use load::{Load, Point};
pub use metric::{FillersInMetric, MetricModel, MetricTiming, MetricUnit};
pub use outcome::{Outcome, Rescale, Run, Sample};
pub(crate) use prng::Prng;
pub use scenario::{
    BuiltInScenario, Configuration, UnknownScenario, configurations, filler_behavior,
};
pub(crate) use setup::MAX_PODS;
pub use setup::{
    Autoscaler, DeletionCost, Filler, MAX_SAMPLES, NodePool, PaidApp, PaidAutoscaler, PaidScaling,
    PodTemplate, SchedulerOptions, Setup, SetupError, Strategy, SyncTiming,
};
pub use usage::{PAID_USAGE, UsageModel};
pub use world::{SimulatedNode, SimulatedPod, Simulation, simulate};
