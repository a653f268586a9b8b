//! The thread that takes in what a feed has loaded, in order.

use tokio::sync::{mpsc, oneshot};

use super::event::{Event, version_in};
use super::health::Phase;
use super::sink::{Dial, Sink};
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
    pub(super) trouble: Option<Trouble>,
}

/// What ended a list or a watch from within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
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
    sink: S,
    dial: Dial,
    version: String,
    trouble: Option<Trouble>,
    /// Whether the events are those of a list that is not whole yet.
    is_listing: bool,
    /// How many objects it has named.
    listed: u64,
    notices: mpsc::UnboundedSender<Notice>,
}

/// Works until nobody has work any more. Blocks: call it on a thread of its own.
pub(super) fn fold(
    sink: impl Sink,
    mut work: mpsc::Receiver<Work>,
    empties: &mpsc::UnboundedSender<Vec<u8>>,
    notices: mpsc::UnboundedSender<Notice>,
) {
    let mut folder = Folder {
        dial: sink.dial(),
        sink,
        version: String::new(),
        trouble: None,
        is_listing: false,
        listed: 0,
        notices,
    };
    while let Some(work) = work.blocking_recv() {
        match work {
            Work::Begin => {
                folder.trouble = None;
                folder.version.clear();
                folder.is_listing = true;
                folder.listed = 0;
                folder.sink.begin();
            }
            Work::Page(page) => {
                folder.page(&page);
                // Nobody takes it back behind the last page.
                let _ = empties.send(page);
            }
            Work::Lines(lines) => folder.lines(&lines),
            Work::End(version) => {
                if folder.trouble.is_none() {
                    folder.version = version;
                    folder.end();
                }
            }
            Work::Refused(why) => folder.sink.refused(&why),
            Work::Ask(answer) => {
                let trouble = folder.trouble.take();
                // Who asked may have been dropped.
                let _ = answer.send(Position { version: folder.version.clone(), trouble });
            }
        }
    }
}

impl<S: Sink> Folder<S> {
    fn page(&mut self, page: &[u8]) {
        if self.trouble.is_some() {
            return;
        }
        match self.sink.page(page) {
            Ok(listed) => self.tell_listed(listed),
            Err(cause) => self.fail(Trouble::Garbage(cause)),
        }
    }

    fn lines(&mut self, lines: &[u8]) {
        let mut buffer = Vec::new();
        let mut last = None;
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if self.trouble.is_some() {
                break;
            }
            match Event::read(line, self.sink.keep(), &mut buffer) {
                Ok(Event::Applied(json)) => {
                    self.sink.applied(json);
                    self.listed += 1;
                }
                Ok(Event::Deleted(json)) => self.sink.deleted(json),
                Ok(Event::Bookmark { is_list_end }) => {
                    if is_list_end && self.is_listing {
                        self.version = version_in(line).unwrap_or_default();
                        self.end();
                        let _ = self.notices.send(Notice::Whole);
                    }
                }
                Ok(Event::Failed(code, message)) => {
                    self.fail(Trouble::Failed(code, message));
                    continue;
                }
                Err(cause) => {
                    self.fail(Trouble::Garbage(cause));
                    continue;
                }
            }
            last = Some(line);
        }
        // Events of a list do not come in the order of their versions.
        if self.is_listing {
            self.tell_listed(self.listed);
            return;
        }
        if let Some(version) = last.and_then(version_in) {
            self.version = version;
        }
        if last.is_some() {
            self.dial.hear();
        }
    }

    fn end(&mut self) {
        self.is_listing = false;
        self.sink.end();
        self.dial.hear();
    }

    fn fail(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
        // A feed that is gone need not know.
        let _ = self.notices.send(Notice::Failed);
    }

    /// Says how far the first list has come.
    fn tell_listed(&self, listed: u64) {
        self.dial.set(|feed| {
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
