//! The capacity history: what happened to a cluster's capacity, written as it happens and
//! played again. The format is described in docs/history.md.

mod line;
mod player;
mod reader;
mod recorder;

pub use line::{Header, Workload};
pub use player::Player;
pub use reader::{HistoryError, Reader, is_history};
pub use recorder::{Recorder, WRITE_EVERY};
