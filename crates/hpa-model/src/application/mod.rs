//! An application under load and the HPA that scales it.
//!
//! Demand over time is spread evenly over the ready pods. A pod does so much and no more; a new
//! one takes a while until it is ready, and a while longer until it is warm. What the pods do
//! becomes a metric, which the HPA reads late: metrics-server measures every 15 s, Prometheus
//! scrapes and averages over a window. The HPA is the model of [`crate::Controller`], so unready
//! pods and missing readings count as the controller counts them.
//!
//! Time goes in steps of a second. Not modelled: nodes (every pod finds room), rollouts, failing
//! pods, retries of refused work, and load balancers that spread unevenly.

mod demand;
mod dominant_delays;
mod measure;
mod outcome;
mod setup;
mod simulation;
mod verdict;

pub use demand::{Demand, MAX_LEVEL, Shape, UnknownShape};
pub use dominant_delays::{Delay, DominantDelays, WithoutDelay, dominant_delays};
pub use measure::{Measure, MetricPath};
pub use outcome::{Outcome, Run, Sample};
pub use setup::{
    Application, ApplicationError, ApplicationSetup, CommonBounds, MAX_LENGTH_MS, Target,
    ambiguous, stopped,
};
pub use simulation::simulate;
pub use verdict::{ApplicationVerdict, SteadyState, judge};
