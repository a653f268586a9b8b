//! `oppscale serve`: the real binary between a fake API server and real clients.

pub mod client;
mod contract;
mod faults;
mod limits;
mod page;
mod prometheus;
pub mod rig;
mod trust;
