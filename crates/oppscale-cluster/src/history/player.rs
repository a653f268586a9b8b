//! The moments, put into a picture when their time has come.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::line::{Header, resources};
use super::reader::{HistoryError, Reader};
use super::state::{State, heard, placement};
use crate::Snapshot;
use crate::follow::{Health, Picture};
use oppscale_core::placement::Placement;
use oppscale_core::replica::Replica;
use oppscale_core::resources::Resources;

/// Plays a history.
#[derive(Debug)]
pub struct Player {
    reader: Reader,
    state: State,
    picture: Picture,
    /// The next moment.
    next: usize,
    position: Duration,
}

impl Player {
    /// Opens a history at its first moment.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let reader = Reader::open(path)?;
        let picture = Picture::new(Snapshot::default(), Health::default());
        let mut player =
            Self { reader, state: State::default(), picture, next: 0, position: Duration::ZERO };
        player.advance(player.start())?;
        Ok(player)
    }

    /// What is played into.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// What the history says of itself.
    pub fn header(&self) -> &Header<'static> {
        self.reader.header()
    }

    /// The shape of the replica that the history was recorded for, and where it may go.
    pub fn workload(&self) -> (Option<Replica>, Placement) {
        let replica = resources(&self.state.workload.replica);
        let replica = (replica != Resources::default()).then(|| Replica::from_footprint(replica));
        (replica, placement(&self.state.workload.placement).unwrap_or_default())
    }

    /// The time of the first moment: before it, the cluster was being listed.
    pub fn start(&self) -> Duration {
        self.reader.moments().first().map_or(Duration::ZERO, |moment| moment.at)
    }

    /// The time of the last moment.
    pub fn end(&self) -> Duration {
        self.reader.moments().last().map_or(Duration::ZERO, |moment| moment.at)
    }

    /// The time that is shown.
    pub fn position(&self) -> Duration {
        self.position
    }

    /// When that was.
    pub fn wall(&self) -> Timestamp {
        let moment = self.next.checked_sub(1).and_then(|last| self.reader.moments().get(last));
        moment.map_or_else(Timestamp::default, |moment| moment.wall)
    }

    /// The time of the next moment; `None` at the end.
    pub fn next_at(&self) -> Option<Duration> {
        self.reader.moments().get(self.next).map(|moment| moment.at)
    }

    /// Goes on, or back, to this time.
    ///
    /// # Errors
    /// When the history is damaged there.
    pub fn seek(&mut self, to: Duration) -> Result<(), HistoryError> {
        let to = to.clamp(self.start(), self.end());
        if to < self.position {
            // Lines say what changes, so what was before is found from the start.
            self.next = 0;
            self.state = State::default();
            self.picture.change(|intake, _| {
                intake.clear();
                true
            });
        }
        self.advance(to)
    }

    /// Plays on to this time.
    ///
    /// # Errors
    /// When the history is damaged before it.
    pub fn advance(&mut self, to: Duration) -> Result<(), HistoryError> {
        let mut outcome = Ok(());
        let Self { reader, state, picture, next, .. } = self;
        let before = *next;
        picture.change(|intake, health| {
            while let Some(moment) = reader.moments().get(*next).copied()
                && moment.at <= to
            {
                outcome = reader.read(&moment, |line| state.apply(line, intake, health));
                if outcome.is_err() {
                    break;
                }
                *next += 1;
            }
            heard(health);
            // How it was heard may have changed too; a moment is rarely without news.
            intake.take_changed() | (*next != before)
        });
        self.position = to.min(self.end());
        outcome
    }
}
