//! The open connections of a port, and which one is closed if there are too many.
//!
//! A connection with TLS takes some ten kilobytes. A client could open ten thousand and exhaust
//! the memory of the pod, or, if new ones were rejected, lock out the API server. So at the limit
//! a new connection closes another one: first of those that have sent no request, then of those
//! that were idle for longest, which neither sent nor took a byte; trusted clients' go last.
//!
//! Connections are open files, too. Where the process may have few, as with the 1024 of many
//! systems, the limit is lower, to evict some for the watches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Open connections.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    state: Mutex<State>,
    /// One more than the limit: a new connection opens before the one it reslots has closed.
    slots: Arc<Semaphore>,
}

/// Permission to open a connection, which accounts for its file descriptor and memory.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: HashMap<u64, OpenConnection>,
}

#[derive(Debug)]
struct OpenConnection {
    activity: Arc<Activity>,
    /// Whether it has sent a request.
    has_asked: bool,
    /// Requests that are being answered.
    requests: usize,
    trusted: bool,
    evict: Arc<Notify>,
}

/// Time of the last byte that a client sent or took, in milliseconds of the process. Of a stream,
/// only bytes say that it is still read.
#[derive(Debug)]
pub(super) struct Activity(AtomicU64);

impl Activity {
    fn new() -> Self {
        Self(AtomicU64::new(Self::now()))
    }

    /// Notes that bytes were sent or taken.
    pub(super) fn note(&self) {
        self.0.store(Self::now(), Ordering::Relaxed);
    }

    fn last(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn now() -> u64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// An open connection, removed when this is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    connections: Connections,
    number: u64,
    activity: Arc<Activity>,
    evict: Arc<Notify>,
    _slot: ConnectionSlot,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        let slots = Arc::new(Semaphore::new(limit + 1));
        Self(Arc::new(Inner { limit, state: Mutex::default(), slots }))
    }

    /// Waits for a slot.
    pub(crate) async fn slot(&self) -> ConnectionSlot {
        // The semaphore is never closed.
        ConnectionSlot { _permit: Arc::clone(&self.0.slots).acquire_owned().await.ok() }
    }

    /// Adds a connection, and closes another one if there are too many.
    pub(super) fn add(&self, slot: ConnectionSlot) -> Connection {
        let mut state = self.state();
        if state.open.len() >= self.0.limit {
            state.evict();
        }
        let number = state.next;
        state.next += 1;
        let evict = Arc::new(Notify::new());
        let activity = Arc::new(Activity::new());
        let open = OpenConnection {
            activity: Arc::clone(&activity),
            has_asked: false,
            requests: 0,
            trusted: false,
            evict: Arc::clone(&evict),
        };
        state.open.insert(number, open);
        drop(state);
        Connection { connections: self.clone(), number, activity, evict, _slot: slot }
    }

    /// Closes the connection that is needed least.
    pub(super) fn evict(&self) {
        self.state().evict();
    }

    /// Number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.state().open.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn evict(&mut self) {
        let last = self
            .open
            .iter()
            .min_by_key(|(number, open)| {
                let activity = open.activity.last();
                (open.requests > 0, open.trusted, open.has_asked, activity, **number)
            })
            .map(|(number, _)| *number);
        if let Some(open) = last.and_then(|number| self.open.remove(&number)) {
            tracing::debug!("too many connections: closing the one that is needed least");
            open.evict.notify_one();
        }
    }
}

impl Connection {
    /// Counts the begin of a request.
    pub(super) fn begin(&self) {
        self.change(|open| {
            open.has_asked = true;
            open.requests += 1;
        });
    }

    /// Counts the end of a request; `trusted` if the connection is to be kept longer.
    pub(super) fn end(&self, trusted: bool) {
        self.change(|open| {
            open.requests = open.requests.saturating_sub(1);
            open.trusted |= trusted;
        });
    }

    /// Time of its client's last activity.
    pub(super) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    /// Waits until the connection is evicted.
    pub(super) async fn evicted(&self) {
        self.evict.notified().await;
    }

    fn change(&self, change: impl FnOnce(&mut OpenConnection)) {
        if let Some(open) = self.connections.state().open.get_mut(&self.number) {
            change(open);
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

    async fn add(connections: &Connections) -> Connection {
        connections.add(connections.slot().await)
    }

    #[tokio::test]
    async fn a_stream_that_is_read_stays_longer_than_silent_connections() {
        let connections = Connections::new(3);
        let viewer = add(&connections).await;
        viewer.begin();
        viewer.end(false);
        let asked_once = add(&connections).await;
        asked_once.begin();
        asked_once.end(false);
        for _ in 0..64 {
            let silent = add(&connections).await;
            let _next = add(&connections).await;
            silent.evicted().await;
        }
        std::thread::sleep(Duration::from_millis(5));
        // A client that accepts bytes is not idle.
        viewer.activity().note();
        let also_asks = add(&connections).await;
        also_asks.begin();
        also_asks.end(false);
        let _newest = add(&connections).await;
        assert_eq!(connections.count(), 3);
        asked_once.evicted().await;
    }

    #[tokio::test]
    async fn the_idle_untrusted_client_goes_first() {
        let connections = Connections::new(3);
        let proxy = add(&connections).await;
        proxy.begin();
        proxy.end(true);
        let busy = add(&connections).await;
        busy.begin();
        let idle = add(&connections).await;
        let new = add(&connections).await;
        idle.evicted().await;
        assert_eq!(connections.count(), 3);
        // Its slot is free only when it has closed.
        let waiting = connections.slot();
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err());
        drop(idle);
        // The new one is now the only idle untrusted client.
        let _newer = add(&connections).await;
        new.evicted().await;
        drop(new);
        assert_eq!(connections.count(), 3, "an evicted connection is not counted down twice");
        drop(proxy);
        assert_eq!(connections.count(), 2);
    }
}
