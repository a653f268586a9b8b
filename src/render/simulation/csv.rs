//! `-o csv` of `simulate`, and the changes of a replayed series.

use std::fmt::Write as _;

use crate::render::csv::line;
use hpa_model::Change;

use super::table::stability;
use super::{Comparison, OUTCOME};

/// One line a configuration, integers.
pub fn csv(comparison: &Comparison) -> String {
    let columns: Vec<_> = OUTCOME.iter().filter(|figure| !figure.csv.is_empty()).collect();
    let mut text = String::new();
    let names = ["name", "verdict"].into_iter().chain(columns.iter().map(|figure| figure.csv));
    line(&mut text, names.map(str::to_owned).collect());
    for entry in &comparison.entries {
        let figures = columns.iter().map(|figure| (figure.of)(&entry.run.outcome).to_string());
        let names = [entry.name.clone(), stability(entry)];
        line(&mut text, names.into_iter().chain(figures).collect());
    }
    text
}

/// Every change of the replicas, as docs/series.md describes it.
pub fn changes(changes: &[Change]) -> String {
    let mut text = String::from("t_seconds,spec_replicas\n");
    for Change { at_ms, spec_replicas } in changes {
        let _ = writeln!(text, "{}.{:03},{spec_replicas}", at_ms / 1000, at_ms % 1000);
    }
    text
}
