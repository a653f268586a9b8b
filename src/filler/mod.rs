//! The manifests of an opportunistic workload: which there are, and what stands in them.
//!
//! From a [`Workload`], a sizing and a configuration to a linted set of documents. Reads and
//! writes nothing: files and clusters are the caller's.

mod admission;
mod built_in;
mod complete;
mod context;
mod hpa;
mod node_autoscaler;
mod pod_security;
mod render;
mod user_workload;

pub use built_in::{BuiltInWorkload, Miner};
pub use context::{literal, priority_class};
pub use hpa::{CorrectedHpa, KEDA_OWNS, correct_hpa, yaml};
pub use node_autoscaler::{FILLABLE_LABEL, NodeAutoscaler};
pub use render::{RenderConfig, Rendered, UsageBasis, Workload, comment, render, table};
pub use user_workload::UserWorkload;
