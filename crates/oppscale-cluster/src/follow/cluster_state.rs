//! The state of the cluster, shared by the watches and its readers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::health::Health;
use crate::builder::SnapshotBuilder;
use crate::snapshot::Snapshot;

/// The cluster state of a cluster, and how fresh it is.
#[derive(Debug, Clone)]
pub struct ClusterState {
    state: Arc<Mutex<State>>,
    /// Counts changes of either.
    changes: watch::Sender<u64>,
    /// Counts changes of how fresh it is, of which there are few.
    health_changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    builder: SnapshotBuilder,
    health: Health,
}

impl ClusterState {
    /// A cluster state that begins so.
    pub fn new(snapshot: Snapshot, health: Health) -> Self {
        Self::of(SnapshotBuilder::of(snapshot), health)
    }

    /// A cluster state that starts from what a builder holds.
    pub(super) fn of(builder: SnapshotBuilder, health: Health) -> Self {
        let state = Arc::new(Mutex::new(State { builder, health }));
        Self { state, changes: watch::Sender::new(0), health_changes: watch::Sender::new(0) }
    }

    /// Reads the cluster state under its lock, so `read` must be quick.
    pub fn read<R>(&self, read: impl FnOnce(&Snapshot, &Health) -> R) -> R {
        let state = self.state();
        read(state.builder.snapshot(), &state.health)
    }

    /// Subscribes to changes; their number has no meaning.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Subscribes to changes of health: a list is complete, a connection is lost, restored or
    /// refused.
    pub fn health_changes(&self) -> watch::Receiver<u64> {
        self.health_changes.subscribe()
    }

    /// Changes the cluster state; notifies subscribers if `change` returns true.
    pub fn change(&self, change: impl FnOnce(&mut SnapshotBuilder, &mut Health) -> bool) {
        let mut state = self.state();
        let state = &mut *state;
        let before = state.health.summary();
        if change(&mut state.builder, &mut state.health) {
            self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
        }
        if state.health.summary() != before {
            self.health_changes
                .send_modify(|health_changes| *health_changes = health_changes.wrapping_add(1));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it looked has changed nothing half-way: every change
        // is one of the ledger, which keeps its sums by each step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
