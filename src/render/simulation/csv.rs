//! `-o csv` of `simulate`, and the changes of a replayed series.

use std::fmt::Write as _;

use crate::render::csv::line;
use hpa_model::Change;

use super::table::stability;
use super::{Comparison, Entry};

/// The columns of `-o csv`.
const COLUMNS: [&str; 13] = [
    "name",
    "verdict",
    "length_seconds",
    "utilisation_milli_percent",
    "paid_milli_percent",
    "scale_events",
    "reversals",
    "own_killed",
    "own_preempted",
    "paid_delayed",
    "paid_never_started",
    "longest_delay_milliseconds",
    "harvested_milli_core_hours",
];

/// One line a configuration, integers.
pub fn csv(comparison: &Comparison) -> String {
    let mut text = String::new();
    line(&mut text, COLUMNS.map(str::to_owned).to_vec());
    for entry in &comparison.entries {
        line(&mut text, cells(entry));
    }
    text
}

fn cells(entry: &Entry) -> Vec<String> {
    let o = &entry.run.outcome;
    let figures = [
        o.length_ms / 1000,
        o.utilisation_milli_percent,
        o.paid_milli_percent,
        o.scale_events,
        o.reversals,
        o.filler_deleted,
        o.filler_preempted,
        o.paid_delayed,
        o.paid_never_started,
        o.longest_delay_ms,
        o.harvested_milli_core_hours,
    ];
    let names = [entry.name.clone(), stability(entry)];
    names.into_iter().chain(figures.map(|figure| figure.to_string())).collect()
}

/// Every change of the replicas, as docs/series.md describes it.
pub fn changes(changes: &[Change]) -> String {
    let mut text = String::from("t_seconds,spec_replicas\n");
    for Change { at_ms, spec_replicas } in changes {
        let _ = writeln!(text, "{}.{:03},{spec_replicas}", at_ms / 1000, at_ms % 1000);
    }
    text
}
