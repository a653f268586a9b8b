//! The adapter from files to what the core simulates: series, scenarios, HPA manifests,
//! saved clusters and capacity histories.
//!
//! Everything here ends in a `hpa_model::Series`, a `hpa_model::HpaSpec` or a
//! `hpa_model::simulation::Setup`. What is wrong with a file is said with its name, the line, the
//! field and what was expected.

mod application;
mod from_cluster;
mod load_file;
mod manifest;
mod recording_file;
mod scenario_file;
mod series_file;
mod source_file;
mod wire;

pub use application::{LoadMetric, MetricAssumptions, PodAssumptions, StatedPod, amount, targets};
pub use from_cluster::{Recorded, from_cluster, from_history, recorded_pods};
pub use load_file::load;
pub use manifest::{Manifest, WorkloadFile, manifests, workload};
pub use recording_file::{RecordedHpa, Recording, RecordingHeader, line_of_reading, recording};
pub use scenario_file::setup;
pub use series_file::series;
pub use source_file::{SourceFile, SourceFileError};
