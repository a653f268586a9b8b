//! The capacity history: what happened to a cluster's capacity, written as it happens and
//! played again. The format is described in docs/history.md.
//!
//! | file | holds |
//! |---|---|
//! | `line` | a line of the file |
//! | `tape` | what changes, put into lines as it happens |
//! | `recorder` | [`Recorder`]: the lines, put into a file |
//! | `reader` | [`Reader`]: the file, moment by moment |
//! | `state` | what the lines read so far mean |
//! | `player` | [`Player`]: the moments, put into a picture when their time has come |

mod line;
mod player;
mod reader;
mod recorder;
mod state;
mod tape;

pub use line::{Header, Workload};
pub use player::Player;
pub use reader::{HistoryError, Reader, is_history};
pub use recorder::{Recorder, WRITE_EVERY};
