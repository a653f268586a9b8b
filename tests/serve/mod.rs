//! `oppscale serve`: the real binary between a fake API server and real clients.

mod chaos;
pub mod client;
mod contract;
mod corrected_hpa;
mod events;
mod faults;
mod limits;
mod log;
mod monitoring;
mod page;
mod pressure;
mod prometheus;
mod promql;
mod replicas;
pub mod rig;
mod scraper;
mod soak;
mod tenants;
mod token_review;
mod trust;
mod usage;
mod waits;
