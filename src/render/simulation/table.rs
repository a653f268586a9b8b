//! The comparison as a table, one row a configuration.

use crate::printer::{Printer, Style};
use crate::render::table::{Column, lines};
use hpa_model::simulation::Outcome;
use hpa_model::verdict::Stability;

use super::words::stability;
use super::{Comparison, Entry};

/// A heading, and the cell of a configuration under it.
type Figure = (&'static str, fn(&Outcome) -> String);

const FIGURES: [Figure; 7] = [
    ("UTIL%", |o| tenths(o.utilisation_milli_percent)),
    ("EVENTS", |o| o.scale_events.to_string()),
    ("REV", |o| o.reversals.to_string()),
    ("KILLED", |o| o.filler_deleted.to_string()),
    ("DELAYED", |o| o.paid_delayed.to_string()),
    ("LONGEST", |o| format!("{}s", tenths(o.longest_delay_ms))),
    ("FILLED", |o| tenths(o.harvested_milli_core_hours)),
];

/// The table.
pub(super) fn table(comparison: &Comparison, printer: &Printer) -> String {
    let column = |heading: &str, left, cell: &dyn Fn(&Entry) -> (String, Style)| Column {
        long: heading.to_owned(),
        short: heading.to_owned(),
        drop: 0,
        left,
        cells: comparison.entries.iter().map(cell).collect(),
    };
    let mut columns = vec![
        column("HPA", true, &|entry| (entry.name.clone(), Style::Plain)),
        column("VERDICT", true, &|entry| (stability(entry), style(entry))),
    ];
    for (heading, figure) in FIGURES {
        let cell = |entry: &Entry| {
            let is_delay = heading == "DELAYED" && entry.run.outcome.paid_delayed > 0;
            let style = if is_delay { Style::Warn } else { Style::Plain };
            (figure(&entry.run.outcome), style)
        };
        columns.push(column(heading, false, &cell));
    }
    lines(&columns, printer)
}

/// What each row stands for.
pub(super) fn titles(comparison: &Comparison) -> String {
    let width = comparison.entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let line = |entry: &Entry| format!("{:width$}  {}\n", entry.name, entry.title);
    comparison.entries.iter().map(line).collect()
}

fn style(entry: &Entry) -> Style {
    match entry.verdict.as_ref().map(|verdict| verdict.stability) {
        Ok(Stability::Stable | Stability::WithinTolerance) => Style::Plain,
        Ok(Stability::Oscillating | Stability::Saturated { .. }) => Style::Bad,
        Err(_) => Style::Warn,
    }
}

/// Thousandths as a number with one digit behind the point, rounded down.
fn tenths(milli: u64) -> String {
    format!("{}.{}", milli / 1000, milli % 1000 / 100)
}
