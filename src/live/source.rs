//! What is looked at.

use std::time::Duration;

use tokio::sync::watch;

use oppscale_cluster::follow::{Follower, Picture};
use oppscale_cluster::{Cluster, ResolvedWorkload};

/// A cluster that is followed, or a record that is played.
pub trait Source: Send + Sync {
    /// What is known of it.
    fn picture(&self) -> &Picture;

    /// The API server, where there is one to ask.
    fn cluster(&self) -> Option<&Cluster> {
        None
    }

    /// The opportunistic workload, as it is now and as it changes; `None` where it is known
    /// once and for all.
    fn workload(&self) -> Option<watch::Receiver<ResolvedWorkload>> {
        None
    }

    /// Where in a record this is; `None` when it is no record.
    fn replay(&self) -> Option<Replay> {
        None
    }

    /// Does what a key asked for.
    fn steer(&self, _steer: Steer) {}
}

/// Where in a record a player is.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// What the record is called.
    pub name: String,
    /// How far from its beginning.
    pub position: Duration,
    /// How long it is.
    pub length: Duration,
    /// Recorded seconds in a second.
    pub speed: f64,
    /// Whether time stands still.
    pub paused: bool,
}

/// What a key asks of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// Try again at once, whatever the wait that was meant.
    Reconnect,
    /// Stop the time of a record, or let it go on.
    Pause,
    /// Play faster.
    Faster,
    /// Play slower.
    Slower,
    /// Jump forward.
    Forward,
    /// Jump back.
    Back,
}

impl Source for Follower {
    fn picture(&self) -> &Picture {
        Self::picture(self)
    }

    fn cluster(&self) -> Option<&Cluster> {
        Some(Self::cluster(self))
    }

    fn workload(&self) -> Option<watch::Receiver<ResolvedWorkload>> {
        Some(Self::workload(self))
    }

    fn steer(&self, steer: Steer) {
        if steer == Steer::Reconnect {
            self.reconnect();
        }
    }
}
