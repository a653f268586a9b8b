//! The open connections of a port, and which one goes when there are too many.
//!
//! A connection with TLS takes some ten kilobytes. Whoever can reach the port could open
//! ten thousand and take the memory of the pod, or, were new ones turned away, the place of
//! the API server. So there is a limit, and a new connection at the limit ends the one that
//! was idle for longest; those on which somebody trusted has asked go last.
//!
//! Connections are files to the process, too. Where it may open few of them, as with the 1024
//! of many systems, the ports must leave some for the watches, and the limit is lower.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Open connections.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    state: Mutex<State>,
    /// One more than the limit: the new one is there before the one that makes room has gone.
    places: Arc<Semaphore>,
}

/// The right to one more connection, with its files and memory.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: HashMap<u64, Seat>,
}

#[derive(Debug)]
struct Seat {
    idle_since: Instant,
    requests: usize,
    trusted: bool,
    leave: Arc<Notify>,
}

/// An open connection; it is closed when this is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    connections: Connections,
    number: u64,
    leave: Arc<Notify>,
    _place: Place,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        let places = Arc::new(Semaphore::new(limit + 1));
        Self(Arc::new(Inner { limit, state: Mutex::default(), places }))
    }

    /// Waits until those that make room have gone.
    pub(crate) async fn place(&self) -> Place {
        // It is never closed.
        Place { _permit: Arc::clone(&self.0.places).acquire_owned().await.ok() }
    }

    /// Takes in a new connection, and ends another one if there are too many.
    pub(super) fn enter(&self, place: Place) -> Connection {
        let mut state = self.state();
        if state.open.len() >= self.0.limit {
            state.make_room();
        }
        let number = state.next;
        state.next += 1;
        let leave = Arc::new(Notify::new());
        let seat = Seat {
            idle_since: Instant::now(),
            requests: 0,
            trusted: false,
            leave: Arc::clone(&leave),
        };
        state.open.insert(number, seat);
        drop(state);
        Connection { connections: self.clone(), number, leave, _place: place }
    }

    /// Ends the one that may go first.
    pub(super) fn make_room(&self) {
        self.state().make_room();
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.state().open.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self) {
        let last = self
            .open
            .iter()
            .min_by_key(|(_, seat)| (seat.requests > 0, seat.trusted, seat.idle_since))
            .map(|(number, _)| *number);
        if let Some(seat) = last.and_then(|number| self.open.remove(&number)) {
            tracing::debug!("too many connections: the one that was idle for longest is ended");
            seat.leave.notify_one();
        }
    }
}

impl Connection {
    /// A request has begun.
    pub(super) fn begin(&self) {
        self.change(|seat| seat.requests += 1);
    }

    /// A request has been answered; `trusted` if its connection is to be kept longer.
    pub(super) fn end(&self, trusted: bool) {
        self.change(|seat| {
            seat.requests = seat.requests.saturating_sub(1);
            seat.trusted |= trusted;
            seat.idle_since = Instant::now();
        });
    }

    /// Waits until the connection must make room.
    pub(super) async fn must_leave(&self) {
        self.leave.notified().await;
    }

    fn change(&self, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.connections.state().open.get_mut(&self.number) {
            change(seat);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn enter(connections: &Connections) -> Connection {
        connections.enter(connections.place().await)
    }

    #[tokio::test]
    async fn the_idle_stranger_goes_first() {
        let connections = Connections::new(3);
        let proxy = enter(&connections).await;
        proxy.begin();
        proxy.end(true);
        let busy = enter(&connections).await;
        busy.begin();
        let idle = enter(&connections).await;
        let new = enter(&connections).await;
        idle.must_leave().await;
        assert_eq!(connections.count(), 3);
        // Its place is free when it has gone, and not before.
        let waiting = connections.place();
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err());
        drop(idle);
        // The new one is now the only idle stranger.
        let _newer = enter(&connections).await;
        new.must_leave().await;
        drop(new);
        assert_eq!(connections.count(), 3, "who was ended is not counted down twice");
        drop(proxy);
        assert_eq!(connections.count(), 2);
    }
}
