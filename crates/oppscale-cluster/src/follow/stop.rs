//! Why a feed's list or watch did not go on.

use std::time::Duration;

use super::fold::Trouble;
use crate::error::ClusterError;

/// Why a list or a watch did not go on.
pub(super) enum Stop {
    /// A failure of the network or of the server.
    Failed(ClusterError),
    /// No byte came for so long.
    Silent(Duration),
    /// The server answered with something else than events.
    Garbage(String),
    /// The version is too old, or unknown: the list must be read again.
    Expired(String),
    /// The list is to be read again, after a pause.
    Relist,
    /// Somebody asked to connect anew.
    Woken,
    /// The thread that takes in has ended; only a bug or the end of all does that.
    Over,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Failed(410, message) => Self::Expired(format!("{message} (410 Gone)")),
            Trouble::Failed(code, message) => Self::Garbage(format!("{message} ({code})")),
            Trouble::Garbage(cause) => Self::Garbage(cause),
        }
    }
}
