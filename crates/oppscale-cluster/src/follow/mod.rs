//! A cluster followed by watches: a [`Snapshot`](super::Snapshot) that is kept as the
//! cluster is.
//!
//! The client library's own watcher keeps whole objects, reads them in full and does not
//! notice a watch that went silent. This one takes events as they come, by the same lean types as
//! a list, and renews its watches every half minute.

mod backoff;
mod clocks;
mod cluster_state;
mod devices;
mod event;
mod follower;
mod handler;
mod health;
mod object_store;
mod reflector;
mod workload_follower;

pub use cluster_state::ClusterState;
pub(crate) use event::EventReader;
pub use follower::{Followed, Follower, WATCH_LIFE, WatchConfig};
pub use handler::Change;
pub use health::{Health, Phase, WatchStatus};
pub use object_store::{ListState, ObjectStore};
