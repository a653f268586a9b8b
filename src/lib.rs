//! oppscale fills the idle capacity of a Kubernetes cluster with opportunistic work and
//! gives it back the moment paid work needs it.
//!
//! This is the program. It counts with `oppscale-core`, models HPAs with `hpa-model`, and reads
//! clusters with `oppscale-cluster`. docs/architecture.md shows what is where.

pub mod certificates;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod completion;
pub mod demo;
pub mod exit;
mod exposition;
pub mod files;
pub mod filler;
mod http_port;
pub mod live;
pub mod load;
pub mod manifest;
pub mod metrics_api;
pub mod open_files;
pub mod palette;
pub mod printer;
pub mod progress;
pub mod render;
mod run;
pub mod sample_app;
pub mod scenario;
pub mod serve;
pub mod setup;
pub mod shares;
mod stderr;
pub mod terminal;

pub use run::run;
