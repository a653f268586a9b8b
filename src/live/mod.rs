//! The live screen of `oppscale top`.
//!
//! Nothing here knows of a terminal but `run`, and nothing of a clock either: the state is
//! fed with what was measured, answered and pressed, and the screen is drawn from that state
//! into a buffer.
//!
//! ```text
//! picture changed ─→ measure (another thread) ─┐
//! key, mouse ─→ key ───────────────────────────┼─→ State ─→ draw ─→ buffer
//! answer of the API server ─→ ask ─────────────┘
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `source` | [`Source`]: what is looked at: a cluster that is followed, or a record that is played |
//! | `playing` | [`Playing`]: a record, its time faster or slower |
//! | `state` | [`State`]: all that the screen depends on |
//! | `pane`, `order`, `filter` | one table: its rows, sorted, filtered, and which one is chosen |
//! | `view` | [`View`]: what a table is about, and where Enter leads |
//! | `column`, `item` | what a table shows of a row |
//! | `measured` | [`Measured`]: the count, as the screen needs it |
//! | `history` | what remained over the last minutes |
//! | `feed` | how well the cluster is heard, in words |
//! | `ask` | what is asked of the API server on demand: the pods of a node, HPAs |
//! | `question` | when it is asked, and when again |
//! | `draw` | drawing, into a buffer |
//! | `key`, `mouse` | what a key or the mouse means |
//! | `run` | the terminal: events in, frames out, and all as before at the end |

mod ask;
mod column;
mod draw;
mod feed;
mod filter;
mod history;
mod item;
mod key;
mod measured;
mod mouse;
mod order;
mod pane;
mod playing;
mod question;
mod run;
mod source;
mod state;
#[cfg(test)]
mod testing;
mod view;

pub use draw::draw;
pub use key::{Next, press};
pub use measured::{Asked, Measured};
pub use playing::Playing;
pub use run::live;
pub use source::{Replay, Source, Steer};
pub use state::{Setup, State};
pub use view::View;
