//! A cluster followed by watches: a [`Snapshot`] that is kept as the cluster is.
//!
//! | file | holds |
//! |---|---|
//! | `health` | [`Health`]: how well the cluster is heard |
//! | `picture` | [`Picture`]: what is known, shared by those who read and those who look |

mod health;
mod picture;

pub use health::{Feed, Health, Phase};
pub use picture::Picture;
