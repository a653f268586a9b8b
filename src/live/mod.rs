//! The live screen of `oppscale top`.
//!
//! Only `app` knows the terminal and the clock. Measurements, answers and keys change the state,
//! and the screen is drawn from that state into a buffer.
//!
//! ```text
//! cluster changed ─→ Measurement (other thread) ─┐
//! key, mouse ─→ input ───────────────────────────┼─→ State ─→ draw ─→ buffer
//! answer of the API server ─→ query ─────────────┘
//! ```

mod app;
mod column;
mod connection;
mod draw;
mod history;
mod hpas;
mod input;
mod measurement;
mod notices;
mod pane;
mod pods;
mod query;
mod source;
mod state;
#[cfg(test)]
mod testing;
mod usage;
mod view;

pub use app::live;
pub use draw::draw;
pub use input::{Effect, handle_key};
pub use measurement::{Measurement, MeasurementRequest};
pub use source::{Playback, Replay, Saved, Source, SourceCommand};
pub use state::{Setup, State};
pub use view::View;
