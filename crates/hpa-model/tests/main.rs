//! The HPA model against recordings and upstream's cases; the simulation; sizing.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod application;
mod hpa;
mod recorded_load;
mod simulation;
mod sizing;
