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

mod app;
mod column;
mod connection;
mod draw;
mod history;
mod hpas;
mod input;
mod items;
mod measurement;
mod pane;
mod pods;
mod query;
mod source;
mod state;
#[cfg(test)]
mod testing;
mod view;

pub use app::live;
pub use draw::draw;
pub use input::{Effect, handle_key};
pub use measurement::{Measurement, MeasurementRequest};
pub use source::{Playback, Replay, Source, SourceCommand};
pub use state::{Setup, State};
pub use view::View;
