//! The demonstration: the article's cluster twice, driven by two HPAs under the same load; or by
//! one HPA on either basis.
//!
//! Nothing here knows of a terminal but `live`: the state is advanced by time that is given
//! to it, and the screen is drawn from that state into a buffer.

mod comparison;
mod draw;
pub mod live;
mod race;
mod recording;

pub use comparison::{Comparison, plain};
pub use live::{MAX_SPEED, View};
pub use race::{Burst, Note, Race, Side};
pub use recording::Recording;

use oppscale_core::policy::Basis;
use oppscale_core::resources::Amount;

/// The disclaimer, which is shown first.
pub const DISCLAIMER: &str = "oppscale demo: this cluster is simulated, no Kubernetes is touched";

/// Who competes for what, in words for those who have read nothing.
fn rules(basis: Basis) -> [&'static str; 2] {
    match basis {
        Basis::Requests => [
            "Paid pods come first. Filler pods use what is idle, and must make room at once.",
            "Two HPAs scale the filler of one cluster: which one harvests more, unnoticed?",
        ],
        Basis::Usage => [
            "Paid pods come first. They request most of the cluster, and use a part of it.",
            "One filler fills what is not requested, one what is not used: which does more?",
        ],
    }
}

/// Milliseconds as minutes and seconds.
fn clock(ms: u64) -> String {
    oppscale_core::units::clock(std::time::Duration::from_millis(ms))
}

/// Millicores as whole cores, rounded to the nearest.
fn cores(milli: Amount) -> Amount {
    (milli + 500).div_euclid(1000)
}
