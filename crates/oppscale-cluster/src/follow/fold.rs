//! The thread that takes in what a feed has loaded, in order.

use tokio::sync::{mpsc, oneshot};

use super::event::{Event, version_in};
use super::handler::{EventHandler, StatusHandle};
use super::health::Phase;
use crate::pages::Piece;

/// What a feed has for the thread.
pub(super) enum Work {
    /// A list begins, or begins anew.
    Begin,
    /// A page of it.
    Page(Vec<u8>),
    /// Whole lines of a watch.
    Lines(Vec<u8>),
    /// The paged list is whole, at this version.
    End(String),
    /// The objects may not be read.
    Refused(String),
    /// Tells where the watch stands when all before has been done.
    Ask(oneshot::Sender<Position>),
}

impl From<Piece> for Work {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Page(page) => Self::Page(page),
            Piece::Restart => Self::Begin,
        }
    }
}

/// Where a feed stands.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// The version up to which all is known; empty before a list is whole.
    pub(super) version: String,
    /// Why it cannot go on from there.
    pub(super) failure: Option<WatchError>,
}

/// What ended a list or a watch from within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WatchError {
    /// An ERROR event.
    Failed(u16, String),
    /// Something that is no event, or no page.
    Garbage(String),
}

/// What the thread tells at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The streaming list is whole.
    Whole,
    /// The watch has failed; ask for the position.
    Failed,
}

struct Folder<S> {
    handler: S,
    status: StatusHandle,
    version: String,
    failure: Option<WatchError>,
    /// Whether the events are those of a list that is not whole yet.
    is_listing: bool,
    /// How many objects it has named.
    listed: u64,
    notices: mpsc::UnboundedSender<Notice>,
}

/// Works until nobody has work any more. Blocks: call it on a thread of its own.
pub(super) fn fold(
    handler: impl EventHandler,
    mut work: mpsc::Receiver<Work>,
    empties: &mpsc::UnboundedSender<Vec<u8>>,
    notices: mpsc::UnboundedSender<Notice>,
) {
    let mut folder = Folder {
        status: handler.status(),
        handler,
        version: String::new(),
        failure: None,
        is_listing: false,
        listed: 0,
        notices,
    };
    while let Some(work) = work.blocking_recv() {
        match work {
            Work::Begin => {
                folder.failure = None;
                folder.version.clear();
                folder.is_listing = true;
                folder.listed = 0;
                folder.handler.begin();
            }
            Work::Page(page) => {
                folder.page(&page);
                // Nobody takes it back behind the last page.
                let _ = empties.send(page);
            }
            Work::Lines(lines) => folder.lines(&lines),
            Work::End(version) => {
                if folder.failure.is_none() {
                    folder.version = version;
                    folder.end();
                }
            }
            Work::Refused(why) => folder.handler.refused(&why),
            Work::Ask(answer) => {
                let failure = folder.failure.take();
                // Who asked may have been dropped.
                let _ = answer.send(Position { version: folder.version.clone(), failure });
            }
        }
    }
}

impl<S: EventHandler> Folder<S> {
    fn page(&mut self, page: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        match self.handler.page(page) {
            Ok(listed) => self.report_listed(listed),
            Err(cause) => self.fail(WatchError::Garbage(cause)),
        }
    }

    fn lines(&mut self, lines: &[u8]) {
        let mut buffer = Vec::new();
        let mut last = None;
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if self.failure.is_some() {
                break;
            }
            match Event::read(line, self.handler.mask(), &mut buffer) {
                Ok(Event::Applied(json)) => {
                    self.handler.applied(json);
                    self.listed += 1;
                }
                Ok(Event::Deleted(json)) => self.handler.deleted(json),
                Ok(Event::Bookmark { is_list_end }) => {
                    if is_list_end && self.is_listing {
                        self.version = version_in(line).unwrap_or_default();
                        self.end();
                        let _ = self.notices.send(Notice::Whole);
                    }
                }
                Ok(Event::Failed(code, message)) => {
                    self.fail(WatchError::Failed(code, message));
                    continue;
                }
                Err(cause) => {
                    self.fail(WatchError::Garbage(cause));
                    continue;
                }
            }
            last = Some(line);
        }
        // Events of a list do not come in the order of their versions.
        if self.is_listing {
            self.report_listed(self.listed);
            return;
        }
        if let Some(version) = last.and_then(version_in) {
            self.version = version;
        }
        if last.is_some() {
            self.status.mark_fresh();
        }
    }

    fn end(&mut self) {
        self.is_listing = false;
        self.handler.end();
        self.status.mark_fresh();
    }

    fn fail(&mut self, failure: WatchError) {
        self.failure = Some(failure);
        // A feed that is gone need not know.
        let _ = self.notices.send(Notice::Failed);
    }

    /// Says how far the first list has come.
    fn report_listed(&self, listed: u64) {
        self.status.set(|feed| {
            let is_first = !feed.is_whole();
            match &mut feed.phase {
                Phase::Listing(count) => std::mem::replace(count, listed) != listed,
                phase @ Phase::Reconnecting { .. } if is_first => {
                    *phase = Phase::Listing(listed);
                    true
                }
                _ => false,
            }
        });
    }
}
