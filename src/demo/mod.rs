//! The demonstration: the article's cluster twice, driven by two HPAs under the same load.
//!
//! Nothing here knows of a terminal but `live`: the state is advanced by time that is given
//! to it, and the screen is drawn from that state into a buffer.
//!
//! | file | holds |
//! |---|---|
//! | `race` | [`Race`]: both clusters on one clock |
//! | `side` | [`Side`]: one cluster, its history and what happened to it |
//! | `burst` | [`Burst`]: when the paid work comes and goes |
//! | `comparison` | [`Comparison`]: both in figures, and what made the difference |
//! | `plain` | lines for pipes and files |
//! | `view` | [`View`]: all that the screen depends on |
//! | `layout` | what is shown at which size, and what is hidden |
//! | `screen`, `panel`, `overlay`, `bar`, `chart` | drawing, into a buffer |
//! | `key` | what a key means |
//! | `live` | the terminal: events in, frames out, and all as before at the end |

mod bar;
mod burst;
mod chart;
mod comparison;
mod key;
mod layout;
pub mod live;
mod overlay;
mod panel;
mod plain;
mod race;
mod screen;
mod side;
mod view;

pub use burst::Burst;
pub use comparison::Comparison;
pub use plain::plain;
pub use race::Race;
pub use side::{Note, Side};
pub use view::{MAX_SPEED, View};

use oppscale_core::resources::Amount;

/// What the demonstration says of itself, first of all.
pub const DISCLAIMER: &str = "oppscale demo: this cluster is simulated, no Kubernetes is touched";

/// Milliseconds as minutes and seconds.
fn clock(ms: u64) -> String {
    oppscale_core::units::clock(std::time::Duration::from_millis(ms))
}

/// Millicores as whole cores, rounded to the nearest.
fn cores(milli: Amount) -> Amount {
    (milli + 500).div_euclid(1000)
}
