//! oppscale.
pub mod core;
