//! Where the objects of a list and its watch go.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cluster_state::ClusterState;
use super::event::Event;
use super::health::{Phase, WatchStatus};
use crate::builder::SnapshotBuilder;
use crate::encoded_object::EncodedObject;
use crate::encoding::Encoding;
use crate::error::ClusterError;

/// Subscribers are notified this often that a watch is alive; otherwise the data's age would run
/// from the last counted change. They allow for twice as much.
const FRESHNESS_RESOLUTION: Duration = Duration::from_secs(5);

/// Takes the objects of one kind as they are listed, changed and deleted. It holds the lock that
/// the tasks which serve and draw wait for.
pub(super) trait EventHandler: Send + 'static {
    /// The encoding that is requested. JSON is always understood.
    const ENCODING: Encoding;
    /// A list begins, or begins anew. The objects known so far stay until it is whole.
    fn begin(&mut self);
    /// A page of it begins. If it `is_repeated`, what came since the last page began comes once
    /// more; only what has no name of its own could count twice.
    fn begin_page(&mut self, _is_repeated: bool) {}
    /// Objects of it.
    fn listed(&mut self, objects: &[EncodedObject<'_>]);
    /// Objects that were added, changed or deleted.
    fn changed(&mut self, events: &[Event<'_>]);
    /// The list is whole.
    fn end(&mut self);
    /// The API server refuses to list the kind, for this reason.
    fn refused(&mut self, error: &ClusterError);
    /// The status of the watch, to be updated.
    fn status(&self) -> StatusHandle;
}

/// Changes the status of a watch, and tells whether subscribers are to be notified.
type StatusUpdate<'u> = &'u mut dyn FnMut(&mut WatchStatus) -> bool;

/// Handle to the [`WatchStatus`] of a kind; clones share it.
#[derive(Clone)]
pub(super) struct StatusHandle(Arc<dyn Fn(StatusUpdate<'_>) + Send + Sync>);

impl StatusHandle {
    /// A handle whose changes `set` carries out.
    pub(super) fn new(set: impl Fn(StatusUpdate<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }

    /// Changes the status. Subscribers are notified when `change` says so.
    pub(super) fn set(&self, mut change: impl FnMut(&mut WatchStatus) -> bool) {
        (self.0)(&mut change);
    }

    /// The server answered just now.
    pub(super) fn mark_fresh(&self) {
        self.set(|feed| mark_fresh_at(feed, Instant::now()));
    }

    /// This is going on now.
    pub(super) fn set_phase(&self, phase: &Phase) {
        self.set(|feed| {
            let is_new = feed.phase != *phase;
            feed.phase = phase.clone();
            is_new
        });
    }
}

/// Notes a message of the server at `now`. Returns whether subscribers must be notified.
fn mark_fresh_at(feed: &mut WatchStatus, now: Instant) -> bool {
    feed.fresh_at.replace(now).is_none_or(|before| interval_of(before) != interval_of(now))
}

/// The number of the span of [`FRESHNESS_RESOLUTION`] in which a time lies.
fn interval_of(time: Instant) -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    time.saturating_duration_since(*START).as_secs() / FRESHNESS_RESOLUTION.as_secs()
}

/// The pods of a cluster state.
pub(super) struct Pods(pub(super) ClusterState);

/// The nodes of a cluster state.
pub(super) struct Nodes(pub(super) ClusterState);

impl EventHandler for Pods {
    const ENCODING: Encoding = Encoding::Protobuf;

    fn begin(&mut self) {
        self.0.change(|builder, _| {
            builder.begin_pods();
            false
        });
    }

    fn begin_page(&mut self, is_repeated: bool) {
        self.0.change(|builder, _| {
            builder.begin_page(is_repeated);
            false
        });
    }

    fn listed(&mut self, objects: &[EncodedObject<'_>]) {
        change(&self.0, |builder| objects.iter().for_each(|object| builder.raw_pod(*object)));
    }

    fn changed(&mut self, events: &[Event<'_>]) {
        change(&self.0, |builder| {
            for event in events {
                match event {
                    Event::Applied(object) => builder.raw_pod(*object),
                    Event::Deleted(object) => builder.raw_pod_gone(*object),
                    Event::Bookmark { .. } | Event::Failed(_) | Event::Garbage(_) => {}
                }
            }
        });
    }

    fn end(&mut self) {
        self.0.change(|builder, health| {
            builder.end_pods();
            builder.know_pods();
            is_first(&health.pods) | builder.take_changed()
        });
    }

    fn refused(&mut self, error: &ClusterError) {
        self.0.change(|builder, health| {
            builder.refuse_pods(&error.to_string());
            health.pods.fresh_at = None;
            builder.take_changed()
        });
    }

    fn status(&self) -> StatusHandle {
        let cluster_state = self.0.clone();
        StatusHandle::new(move |change| cluster_state.change(|_, health| change(&mut health.pods)))
    }
}

impl EventHandler for Nodes {
    const ENCODING: Encoding = Encoding::Protobuf;

    fn begin(&mut self) {
        self.0.change(|builder, _| {
            builder.begin_nodes();
            false
        });
    }

    fn listed(&mut self, objects: &[EncodedObject<'_>]) {
        change(&self.0, |builder| objects.iter().for_each(|object| builder.raw_node(*object)));
    }

    fn changed(&mut self, events: &[Event<'_>]) {
        change(&self.0, |builder| {
            for event in events {
                match event {
                    Event::Applied(object) => builder.raw_node(*object),
                    Event::Deleted(object) => builder.raw_node_gone(*object),
                    Event::Bookmark { .. } | Event::Failed(_) | Event::Garbage(_) => {}
                }
            }
        });
    }

    fn end(&mut self) {
        self.0.change(|builder, health| {
            builder.end_nodes();
            builder.expect_pods();
            is_first(&health.nodes) | builder.take_changed()
        });
    }

    /// What was known of them last stays, and grows old: nothing can be counted without.
    fn refused(&mut self, _error: &ClusterError) {}

    fn status(&self) -> StatusHandle {
        let cluster_state = self.0.clone();
        StatusHandle::new(move |change| cluster_state.change(|_, health| change(&mut health.nodes)))
    }
}

fn change(cluster_state: &ClusterState, change: impl FnOnce(&mut SnapshotBuilder)) {
    cluster_state.change(|builder, _| {
        change(builder);
        builder.take_changed()
    });
}

fn is_first(feed: &WatchStatus) -> bool {
    !feed.is_whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_knows_that_a_busy_server_is_heard() {
        let (mut feed, start) = (WatchStatus::new(), Instant::now());
        let mut told = start;
        let mut times = 0;
        for second in 0..60 {
            let now = start + Duration::from_secs(second);
            if mark_fresh_at(&mut feed, now) {
                (told, times) = (now, times + 1);
            }
            assert!(
                now - told <= FRESHNESS_RESOLUTION,
                "after {second} s the last word is of {:?}",
                now - told
            );
        }
        assert!(times <= 13, "{times} times in a minute");
    }
}

/// What happens to the objects of a kind.
#[derive(Debug, Clone, Copy)]
pub enum Change<'o> {
    /// A new list begins. The objects known so far stay until it is whole.
    Begin,
    /// An object is new or has changed. In a list it has no `kind` and `apiVersion`.
    Applied(&'o str),
    /// An object is gone; this is what it was last.
    Gone(&'o str),
    /// The list is whole: what it did not name is gone.
    End,
    /// The objects may not be read (403), or the server has no such kind (404): nothing is known of
    /// them.
    Refused(&'o ClusterError),
}

/// Hands changes on, and remembers how fresh they are.
pub(super) struct Objects {
    pub(super) on_change: Box<dyn FnMut(Change<'_>) + Send>,
    pub(super) feed: SharedStatus,
}

/// How fresh a kind is, shared by those who ask.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedStatus(pub(super) Arc<Mutex<WatchStatus>>);

impl SharedStatus {
    pub(super) fn get(&self) -> WatchStatus {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventHandler for Objects {
    const ENCODING: Encoding = Encoding::Json;

    fn begin(&mut self) {
        (self.on_change)(Change::Begin);
    }

    fn listed(&mut self, objects: &[EncodedObject<'_>]) {
        for object in objects {
            if let EncodedObject::Json(json) = object {
                (self.on_change)(Change::Applied(json));
            }
        }
    }

    fn changed(&mut self, events: &[Event<'_>]) {
        for event in events {
            match event {
                Event::Applied(EncodedObject::Json(json)) => {
                    (self.on_change)(Change::Applied(json))
                }
                Event::Deleted(EncodedObject::Json(json)) => (self.on_change)(Change::Gone(json)),
                _ => {}
            }
        }
    }

    fn end(&mut self) {
        (self.on_change)(Change::End);
    }

    fn refused(&mut self, error: &ClusterError) {
        (self.on_change)(Change::Refused(error));
    }

    fn status(&self) -> StatusHandle {
        let cell = self.feed.clone();
        StatusHandle::new(move |change| {
            change(&mut cell.0.lock().unwrap_or_else(PoisonError::into_inner));
        })
    }
}
