//! State and freshness of the watches.

use std::time::{Duration, Instant};

/// The status of each watch.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// Nodes.
    pub nodes: WatchStatus,
    /// Pods.
    pub pods: WatchStatus,
    /// The server's version, `v1.36.2`; `None` before it has answered.
    pub version: Option<String>,
}

/// The status of the watch of one kind.
#[derive(Debug, Clone)]
pub struct WatchStatus {
    /// State of the watch.
    pub phase: Phase,
    /// When the data was last known to be current: by an event, a bookmark, or a watch that began
    /// or ended in order. `None` before the first list is whole.
    pub fresh_at: Option<Instant>,
    /// How often the watch was lost, or the list read again, since the beginning.
    pub restarts: u64,
}

/// What a watch is doing, how often it was tried, and whether its list is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    word: &'static str,
    tries: u32,
    is_whole: bool,
}

/// State of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Its first list is being read; so many objects have come. Nothing of it is whole yet.
    Listing(u64),
    /// Its watch is up.
    Following,
    /// The watch is lost and will be tried again. The data is that of the last event.
    Reconnecting {
        /// Why, as a sentence.
        why: String,
        /// Number of tries since.
        tries: u32,
        /// Time of the next try, if known.
        next_try: Option<Instant>,
    },
    /// Its list is being read again, from the start. The data is that of the last event, updated
    /// object by object from the new list.
    Relisting {
        /// Why, as a sentence.
        why: String,
    },
    /// It may be listed, but not watched: the list is read again and again.
    Polling {
        /// Why, as a sentence.
        why: String,
        /// Interval of the lists.
        every: Duration,
    },
    /// It may not be read (403), and nothing of it is known. It is tried again now and then.
    Refused {
        /// Why, as a sentence.
        why: String,
        /// The hint.
        hint: Option<String>,
    },
}

impl Phase {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Listing(_) => "listing",
            Self::Following => "following",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Relisting { .. } => "relisting",
            Self::Polling { .. } => "polling",
            Self::Refused { .. } => "refused",
        }
    }

    /// Why it is not as it should be.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Listing(_) | Self::Following => None,
            Self::Reconnecting { why, .. }
            | Self::Relisting { why }
            | Self::Polling { why, .. }
            | Self::Refused { why, .. } => Some(why),
        }
    }
}

impl WatchStatus {
    /// A feed of which nothing has come yet.
    pub fn new() -> Self {
        Self { phase: Phase::Listing(0), fresh_at: None, restarts: 0 }
    }

    /// Whether a whole list has been read, now or before.
    pub fn is_whole(&self) -> bool {
        self.fresh_at.is_some()
    }

    /// Highest possible age of the data.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.fresh_at.map(|fresh_at| now.saturating_duration_since(fresh_at))
    }
}

impl Default for WatchStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// Whether nodes and pods are completely listed. Pods that may not be read do not count.
    pub fn is_ready(&self) -> bool {
        let ready =
            |feed: &WatchStatus| feed.is_whole() || matches!(feed.phase, Phase::Refused { .. });
        self.nodes.is_whole() && ready(&self.pods)
    }

    /// The changes that a user must see at once, even if the rest is redrawn seldom.
    pub(super) fn summary(&self) -> [Summary; 2] {
        [&self.nodes, &self.pods].map(|feed| Summary {
            word: feed.phase.word(),
            tries: match feed.phase {
                Phase::Reconnecting { tries, .. } => tries,
                _ => 0,
            },
            is_whole: feed.is_whole(),
        })
    }

    /// How old the older of the two may be; `None` before both are whole. Pods that are
    /// refused have no age.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        match &self.pods.phase {
            Phase::Refused { .. } => self.nodes.age(now),
            _ => Some(self.nodes.age(now)?.max(self.pods.age(now)?)),
        }
    }
}
