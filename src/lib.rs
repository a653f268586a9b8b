//! oppscale fills the idle capacity of a Kubernetes cluster with opportunistic work and
//! gives it back the moment paid work needs it.
//!
//! The rooms, and which may call which:
//!
//! ```text
//! cli ─→ commands ─┬─→ cluster, scenario, history ──────→ core
//!                  ├─→ filler ───→ manifest ────────────→ core
//!                  ├─→ checks ───→ setup, certificates ─→ cluster, manifest, core
//!                  ├─→ serve ────→ metrics_api, cluster ─→ core; http_port, exposition
//!                  ├─→ sample_app ─→ http_port, exposition
//!                  ├─→ live ─────→ cluster, history, core; terminal
//!                  ├─→ demo ─────→ core; terminal
//!                  ├─→ render ───→ core
//!                  ├─→ load
//!                  └─→ printer, progress, files, open_files, exit
//! ```
//!
//! docs/architecture.md has the whole table, and `tests/purity.rs` holds the code against it.
//! `core` is pure and knows none of the others.

pub mod certificates;
pub mod checks;
pub mod cli;
pub mod commands;
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
pub mod printer;
pub mod progress;
pub mod render;
mod run;
pub mod sample_app;
pub mod scenario;
pub mod serve;
pub mod setup;
pub mod terminal;

pub use run::run;
