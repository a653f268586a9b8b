//! Where the objects of a feed go.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::health::{Feed, Phase};
use super::picture::Picture;
use crate::fields;
use crate::intake::Intake;
use crate::skim::Keep;

/// Those who look are told this often that a server is still heard, or they would take the
/// data for as old as the last thing that counted. They allow for twice as much.
const NOTED: Duration = Duration::from_secs(5);

/// Takes the objects of one kind as they are listed, as they change and as they go.
pub(super) trait Sink: Send + 'static {
    /// The fields that are read, where not all are.
    fn keep(&self) -> Option<&'static Keep> {
        None
    }
    /// A list begins, or begins anew. What is known stays until it is whole.
    fn begin(&mut self);
    /// A page of it; as many objects have come since it began.
    fn page(&mut self, page: &[u8]) -> Result<u64, String>;
    /// An object that is new or has changed.
    fn applied(&mut self, json: &str);
    /// An object that is gone.
    fn deleted(&mut self, json: &str);
    /// The list is whole.
    fn end(&mut self);
    /// Nothing may be known any more, for this reason.
    fn refused(&mut self, why: &str);
    /// Where is said how well the objects are heard.
    fn dial(&self) -> Dial;
}

/// A change of what is said of a feed, and whether that is news.
type Turn<'t> = &'t mut dyn FnMut(&mut Feed) -> bool;

/// Shows how well a kind is heard; clones are the same dial.
#[derive(Clone)]
pub(super) struct Dial(Arc<dyn Fn(Turn<'_>) + Send + Sync>);

impl Dial {
    /// A dial that `set` turns.
    pub(super) fn new(set: impl Fn(Turn<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }

    /// Changes what it shows. Those who look are told when `change` says so.
    pub(super) fn set(&self, mut change: impl FnMut(&mut Feed) -> bool) {
        (self.0)(&mut change);
    }

    /// The server was heard just now.
    pub(super) fn hear(&self) {
        self.set(|feed| hear_at(feed, Instant::now()));
    }

    /// This is going on now.
    pub(super) fn enter(&self, phase: &Phase) {
        self.set(|feed| {
            let is_new = feed.phase != *phase;
            feed.phase = phase.clone();
            is_new
        });
    }
}

/// Notes that the server was heard `now`, and tells whether that is news.
fn hear_at(feed: &mut Feed, now: Instant) -> bool {
    feed.heard.replace(now).is_none_or(|before| span_of(before) != span_of(now))
}

/// The number of the span of [`NOTED`] in which a time lies.
fn span_of(time: Instant) -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    time.saturating_duration_since(*START).as_secs() / NOTED.as_secs()
}

/// The pods of a picture.
pub(super) struct Pods(pub(super) Picture);

/// The nodes of a picture.
pub(super) struct Nodes(pub(super) Picture);

impl Sink for Pods {
    fn keep(&self) -> Option<&'static Keep> {
        Some(&fields::POD)
    }

    fn begin(&mut self) {
        self.0.change(|intake, _| {
            intake.begin_pods();
            false
        });
    }

    fn page(&mut self, page: &[u8]) -> Result<u64, String> {
        let mut outcome = Ok(0);
        self.0.change(|intake, _| {
            outcome = intake.pod_page(page).map(|()| intake.pods());
            intake.take_changed()
        });
        outcome.map_err(|error| error.to_string())
    }

    fn applied(&mut self, json: &str) {
        change(&self.0, |intake| intake.raw_pod(json));
    }

    fn deleted(&mut self, json: &str) {
        change(&self.0, |intake| intake.raw_pod_gone(json));
    }

    fn end(&mut self) {
        self.0.change(|intake, health| {
            intake.end_pods();
            intake.know_pods();
            is_first(&health.pods) | intake.take_changed()
        });
    }

    fn refused(&mut self, why: &str) {
        self.0.change(|intake, health| {
            intake.refuse_pods(why);
            health.pods.heard = None;
            intake.take_changed()
        });
    }

    fn dial(&self) -> Dial {
        let picture = self.0.clone();
        Dial::new(move |change| picture.change(|_, health| change(&mut health.pods)))
    }
}

impl Sink for Nodes {
    fn begin(&mut self) {
        self.0.change(|intake, _| {
            intake.begin_nodes();
            false
        });
    }

    fn page(&mut self, page: &[u8]) -> Result<u64, String> {
        let mut outcome = Ok(0);
        self.0.change(|intake, _| {
            outcome = intake.node_page(page).map(|()| intake.nodes_listed());
            intake.take_changed()
        });
        outcome.map_err(|error| error.to_string())
    }

    fn applied(&mut self, json: &str) {
        change(&self.0, |intake| intake.raw_node(json));
    }

    fn deleted(&mut self, json: &str) {
        change(&self.0, |intake| intake.raw_node_gone(json));
    }

    fn end(&mut self) {
        self.0.change(|intake, health| {
            intake.end_nodes();
            intake.expect_pods();
            is_first(&health.nodes) | intake.take_changed()
        });
    }

    /// What was known of them last stays, and grows old: nothing can be counted without.
    fn refused(&mut self, _why: &str) {}

    fn dial(&self) -> Dial {
        let picture = self.0.clone();
        Dial::new(move |change| picture.change(|_, health| change(&mut health.nodes)))
    }
}

fn change(picture: &Picture, change: impl FnOnce(&mut Intake)) {
    picture.change(|intake, _| {
        change(intake);
        intake.take_changed()
    });
}

fn is_first(feed: &Feed) -> bool {
    !feed.is_whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_knows_that_a_busy_server_is_heard() {
        let (mut feed, start) = (Feed::new(), Instant::now());
        let mut told = start;
        let mut times = 0;
        for second in 0..60 {
            let now = start + Duration::from_secs(second);
            if hear_at(&mut feed, now) {
                (told, times) = (now, times + 1);
            }
            assert!(now - told <= NOTED, "after {second} s the last word is of {:?}", now - told);
        }
        assert!(times <= 13, "{times} times in a minute");
    }
}
