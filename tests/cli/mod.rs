//! The real binary, end to end: few tests, each for what a user would notice.

mod completion;
mod connection;
mod credentials;
mod demo;
mod dry_run;
mod fault_matrix;
mod hpa_files;
mod kubeconfig;
mod load;
mod record;
mod sample_app;
mod saved_lists;
mod screen;
mod simulate;
mod simulate_input;
mod simulate_load;
mod top_demand;
mod top_devices;
mod top_faults;
mod top_figures;
mod top_fillers;
mod top_live;
mod top_pace;
mod top_page;
mod top_replay;
mod top_rotation;
mod top_rows;
mod top_saved;
mod top_screen;
mod top_states;
mod top_usage;
pub mod top_watch;
mod typing_errors;

/// Names of nodes are all that these tests need to know that a cluster was read.
const NAMES: [&str; 3] = ["top", "-o", "name"];

fn names_and(more: &[&'static str]) -> Vec<&'static str> {
    [&NAMES, more].concat()
}
