//! The count, from objects to headroom, without a cluster.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod demand;
mod demand_states;
mod footprint;
mod headroom;
mod ledger;
mod node;
mod pressure;
mod quantity;
mod share;
mod usage;
