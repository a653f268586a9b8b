//! The adapter to Kubernetes: from an API server, or from lists saved from one.
//!
//! Everything here ends in a [`Snapshot`]: a ledger and what could not be read. What it
//! means is the core's business, how it looks the renderer's.

mod access;
mod apply;
mod ask;
pub mod autoscaler;
mod client;
mod connect;
mod context;
mod decode;
mod discovery;
mod error;
mod facts;
mod fields;
pub mod follow;
pub mod history;
mod intake;
mod objects;
mod pages;
mod progress;
mod read;
mod saved;
mod skim;
mod snapshot;
mod trouble;
mod usage;
mod workload;

pub use apply::{DryRun, dry_run};
pub use ask::{Ask, Reply};
pub use autoscaler::Autoscaler;
pub use client::{Action, Cluster};
pub use connect::{ClusterArgs, Endpoint};
pub use decode::{ListEnd, fold_list};
pub use error::ClusterError;
pub use facts::{autoscalers, exists, saved_autoscalers, server_version};
pub use intake::{BadPage, Intake, Journal};
pub use objects::{Applied, Apply, FIELD_MANAGER};
pub use pages::{Listing, percent_encode};
pub use progress::ReadProgress;
pub use read::{Request, read};
pub use saved::{SavedFiles, read_saved};
pub use snapshot::{Oddity, Snapshot, Usage};
pub use workload::{KindRef, ResolvedWorkload, WorkloadRef};
