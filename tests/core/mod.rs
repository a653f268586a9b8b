//! The count, from objects to headroom, without a cluster.

mod footprint;
mod headroom;
mod ledger;
mod node;
mod quantity;
