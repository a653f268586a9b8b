//! The adapter to Kubernetes: from an API server, or from lists saved from one.
//!
//! [`read`] lists a cluster once and [`read_saved`] reads saved lists; both return a [`Snapshot`]:
//! a ledger, and what could not be read. [`follow`] keeps a snapshot current by watches, and
//! [`history`] records and replays one. The crate renders nothing and decides nothing: counting is
//! `oppscale-core`'s part, and exit codes and output are the program's.

mod access;
mod api_request;
pub mod autoscaler;
mod blocking;
mod builder;
mod client;
mod connect;
pub mod containers;
mod decode;
mod devices;
mod discovery;
pub mod documents;
mod encoded_object;
mod encoding;
mod error;
mod facts;
pub mod follow;
#[doc(hidden)]
pub mod fuzzing;
pub mod history;
pub mod label_selector;
mod objects;
mod pages;
mod pod_rules;
mod pressure;
mod read;
mod saved;
mod snapshot;
mod tar;
mod tasks;
mod transport;
pub mod typed;
mod unmatched_names;
mod usage;
mod workload;
pub mod yaml;
mod yaml_anchors;
mod yaml_list;

pub use api_request::{ApiRequest, ApiResponse};
pub use autoscaler::Autoscaler;
pub use blocking::{compute, read_file};
pub use builder::{ChangeObserver, SnapshotBuilder};
pub use client::{Cluster, Operation};
pub use connect::{ConnectOptions, Endpoint, KubeconfigNames, kubeconfig_document};
pub use decode::{ListEnd, ListReader, fold_list};
pub use discovery::custom_kind;
pub use encoded_object::EncodedObject;
pub use encoding::Encoding;
pub use error::ClusterError;
pub use facts::{ServerInfo, autoscalers, exists, saved_autoscalers, server_info};
pub use objects::{Applied, Apply, DryRun};
pub use pages::{Listing, list_objects};
pub use pod_rules::PodRules;
pub use pressure::{KubeletAccess, read_pressure};
pub use read::{ReadProgress, Request, read};
pub use saved::{SavedFiles, read_saved, read_saved_as};
pub use snapshot::{InvalidObject, KnownNames, Snapshot, Usage};
pub use tasks::{Heartbeat, Tasks};
pub use unmatched_names::{NameKind, RequestedNames, UnmatchedName};
pub use usage::read_usage;
pub use workload::{KindRef, ResolvedWorkload, WorkloadRef, each_metadata, object_names};
