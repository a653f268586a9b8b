//! What is known of a cluster, shared by those who read it and those who look at it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::health::Health;
use crate::intake::Intake;
use crate::snapshot::Snapshot;

/// The picture of a cluster, and how well it is heard.
#[derive(Debug, Clone)]
pub struct Picture {
    state: Arc<Mutex<State>>,
    /// Counts changes of either.
    changes: watch::Sender<u64>,
    /// Counts changes of how well it is heard, of which there are few.
    turns: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    intake: Intake,
    health: Health,
}

impl Picture {
    /// A picture that begins so.
    pub fn new(snapshot: Snapshot, health: Health) -> Self {
        Self::of(Intake::of(snapshot), health)
    }

    /// A picture of what an intake takes in.
    pub(super) fn of(intake: Intake, health: Health) -> Self {
        let state = Arc::new(Mutex::new(State { intake, health }));
        Self { state, changes: watch::Sender::new(0), turns: watch::Sender::new(0) }
    }

    /// Looks at the picture. It stands still meanwhile, so be quick.
    pub fn look<R>(&self, look: impl FnOnce(&Snapshot, &Health) -> R) -> R {
        let state = self.state();
        look(state.intake.snapshot(), &state.health)
    }

    /// Tells of changes; how many there were is of no meaning.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells when a list becomes whole, a connection is lost or comes back, or is refused.
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Changes the picture; those who wait for changes are told when `change` says that
    /// something did.
    pub fn change(&self, change: impl FnOnce(&mut Intake, &mut Health) -> bool) {
        let mut state = self.state();
        let state = &mut *state;
        let before = state.health.standing();
        if change(&mut state.intake, &mut state.health) {
            self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
        }
        if state.health.standing() != before {
            self.turns.send_modify(|turns| *turns = turns.wrapping_add(1));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it looked has changed nothing half-way: every change
        // is one of the ledger, which keeps its sums by each step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
