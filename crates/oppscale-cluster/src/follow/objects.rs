//! Objects of any other kind, handed on as JSON.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use super::health::Feed;
use super::sink::{Dial, Sink};
use crate::decode::fold_list;

/// What happens to the objects of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'o> {
    /// A new list begins. The objects known so far stay until it is whole.
    Begin,
    /// An object is new or has changed. In a list it has no `kind` and `apiVersion`.
    Applied(&'o str),
    /// An object is gone; this is what it was last.
    Gone(&'o str),
    /// The list is whole: what it did not name is gone.
    End,
    /// The objects may not be read (403): nothing is known of them.
    Refused,
}

/// Hands changes on, and remembers how well they are heard.
pub(super) struct Objects {
    pub(super) on_change: Box<dyn FnMut(Change<'_>) + Send>,
    pub(super) feed: FeedCell,
    pub(super) listed: u64,
}

/// How well a kind is heard, shared by those who ask.
#[derive(Debug, Clone)]
pub(super) struct FeedCell(pub(super) Arc<Mutex<Feed>>);

impl FeedCell {
    pub(super) fn get(&self) -> Feed {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Objects {
    fn begin(&mut self) {
        self.listed = 0;
        (self.on_change)(Change::Begin);
    }

    fn page(&mut self, page: &[u8]) -> Result<u64, String> {
        let text = std::str::from_utf8(page).map_err(|error| error.to_string())?;
        fold_list(text, |raw: &RawValue| self.applied(raw.get()))
            .map_err(|error| error.to_string())?;
        Ok(self.listed)
    }

    fn applied(&mut self, json: &str) {
        self.listed += 1;
        (self.on_change)(Change::Applied(json));
    }

    fn deleted(&mut self, json: &str) {
        (self.on_change)(Change::Gone(json));
    }

    fn end(&mut self) {
        (self.on_change)(Change::End);
    }

    fn refused(&mut self, _why: &str) {
        (self.on_change)(Change::Refused);
    }

    fn dial(&self) -> Dial {
        let cell = self.feed.clone();
        Dial::new(move |change| {
            change(&mut cell.0.lock().unwrap_or_else(PoisonError::into_inner));
        })
    }
}
