//! `oppscale serve`: the real binary between a fake API server and real clients.

mod client;
mod contract;
mod faults;
mod page;
mod prometheus;
pub mod rig;
mod trust;
mod waits;
