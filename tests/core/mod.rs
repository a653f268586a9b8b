//! The count, from objects to headroom, without a cluster.

mod footprint;
mod headroom;
mod intake;
mod ledger;
mod node;
mod prospect;
mod quantity;
mod share;
mod sizing;
