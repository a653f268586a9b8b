//! The engine of checks: what is right and wrong in a cluster, with the fix for each.
//!
//! One file a category. A check looks through [`Doctor::look`], which asks the server once for
//! a thing and knows three answers besides the thing itself: absent, denied, broken. What is
//! denied is unknown, never wrong.

mod adapter;
mod aggregation;
mod autoscaling;
mod capacity;
mod certificates;
mod connection;
mod doctor;
mod engine;
mod leftovers;
mod metrics_server;
mod nodes;
mod owners;
mod prometheus;
mod rights;
mod running_flags;
mod server;

pub use doctor::{Doctor, Found, Look, Subject};
pub use engine::{Patience, Verdicts, examine};
pub use leftovers::of_manifests;
pub use owners::{Owner, alternative, owner_of};
pub use prometheus::wanted_labels;
