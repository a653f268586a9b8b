//! The comparison as a table, and the verdict of one configuration in sentences.

use std::fmt::Write as _;
use std::time::Duration;

use hpa_model::simulation::Outcome;
use hpa_model::verdict::{ReserveNeed, Stability, Verdict};
use oppscale_core::resources::{Amount, CPU, Resources};
use oppscale_core::units;

use super::{Comparison, Entry};
use crate::printer::{Printer, Style};
use crate::render::table::{Column, columns, lines};
use crate::terminal;

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

/// Figures of the usage basis.
const USAGE_FIGURES: [Figure; 3] = [
    ("BURNT", |o| tenths(o.burnt_milli_core_hours)),
    ("IDLE%", |o| tenths(o.idle_used_milli_percent)),
    ("LOST", |o| format!("{}s", tenths(o.paid_lost_milli_core_seconds))),
];

/// The table.
pub(super) fn table(comparison: &Comparison, printer: &Printer) -> String {
    let column = |heading: &str, left, cell: &dyn Fn(&Entry) -> (String, Style)| {
        Column::fixed(heading, left, comparison.entries.iter().map(cell).collect())
    };
    let mut columns = vec![
        column("HPA", true, &|entry| (entry.name.clone(), Style::Plain)),
        column("VERDICT", true, &|entry| (stability(entry), style(entry))),
    ];
    let by_usage = comparison.entries.iter().any(|entry| entry.setup.usage.is_some());
    let of_usage = USAGE_FIGURES.into_iter().filter(|_| by_usage);
    for (heading, figure) in FIGURES.into_iter().chain(of_usage) {
        let cell = |entry: &Entry| {
            let is_delay = heading == "DELAYED" && entry.run.outcome.paid_delayed > 0;
            let style = if is_delay { Style::Warn } else { Style::Plain };
            (figure(&entry.run.outcome), style)
        };
        columns.push(column(heading, false, &cell));
    }
    lines(&columns, true, printer)
}

/// Heading of the first column.
pub(super) fn titles(comparison: &Comparison) -> String {
    let width = comparison.entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let line = |entry: &Entry| format!("{:width$}  {}\n", entry.name, entry.title);
    comparison.entries.iter().map(line).collect()
}

fn style(entry: &Entry) -> Style {
    match entry.verdict.as_ref().map(|verdict| verdict.stability) {
        Ok(Stability::Stable | Stability::WithinTolerance) => Style::Plain,
        Ok(
            Stability::Oscillating
            | Stability::Saturated { .. }
            | Stability::OneWay { .. }
            | Stability::Inert,
        ) => Style::Bad,
        Ok(Stability::SlowToYield) | Err(_) => Style::Warn,
    }
}

/// Thousandths as a number with one digit behind the point, rounded down.
fn tenths(milli: u64) -> String {
    format!("{}.{}", milli / 1000, milli % 1000 / 100)
}

/// Columns of a sentence.
const WIDTH: usize = 80;

/// The verdict in a word or two, for a table.
pub(super) fn stability(entry: &Entry) -> String {
    match &entry.verdict {
        Ok(verdict) => verdict.stability.to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// The verdict, the reserve and what to change.
pub(super) fn verdict(entry: &Entry, printer: &Printer) -> String {
    let verdict = match &entry.verdict {
        Ok(verdict) => verdict,
        Err(why) => return format!("{}: {why}\n", printer.paint(Style::Warn, "no verdict")),
    };
    let mut text = wrapped(&format!("Verdict: {}. {}", verdict.stability, verdict.why), "");
    text.push('\n');
    text.push_str(&reserve(entry, verdict, printer));
    if let Some(correction) = &verdict.correction {
        if !correction.changes.is_empty() {
            let heading = printer.paint(Style::Bold, "What to change:");
            let _ = write!(text, "\n{heading}\n");
        }
        for change in &correction.changes {
            text.push_str(&wrapped(&format!("- {}", change.text()), "  "));
        }
    }
    text
}

fn reserve(entry: &Entry, verdict: &Verdict, printer: &Printer) -> String {
    let need = &verdict.reserve;
    let rows = terms(need).map(|(term, milli)| vec![format!("  {term}"), cpu(milli)]);
    let metric = &entry.setup.filler.autoscaler.metric;
    let pools = entry.setup.nodes.iter();
    let milli = pools.map(|pool| Amount::from(pool.count) * pool.allocatable.get(CPU)).sum();
    let held = metric.reserve.of(&Resources::default().with(CPU, milli)).get(CPU);
    let cores = |milli| units::counted(&cpu(milli), "core");
    let heading = format!("Reserve this loop needs: {}", cores(need.total_milli()));
    let mut text = format!("{}\n", printer.paint(Style::Bold, &heading));
    text.push_str(&columns(rows.to_vec()));
    let _ = writeln!(text, "Subtracted in the metric: {}", cores(held));
    if need.total_milli() > milli {
        let line = format!(
            "The nodes have {}: no reserve makes up for a loop that is so slow.",
            cores(milli)
        );
        text.push_str(&wrapped(&line, ""));
    }
    if let Some(ms) = need.preemption_ms {
        let span = units::duration(Duration::from_millis(ms));
        let _ = writeln!(text, "With preemption a paid pod waits {span} at most anyway.");
    }
    text
}

/// `growth·τ + largest paid pod + tolerance·n·c + c`.
fn terms(need: &ReserveNeed) -> [(String, Amount); 4] {
    let span = |ms| units::duration(Duration::from_millis(ms));
    let growth = format!(
        "paid growth in {}: metric {}, sync {}, window {}, grace {}",
        span(need.latency_ms()),
        span(need.metric_age_ms),
        span(need.sync_ms),
        span(need.window_ms),
        span(need.grace_ms)
    );
    [
        (growth, need.growth_milli),
        ("the largest paid pod".to_owned(), need.largest_paid_milli),
        ("what the tolerance ignores".to_owned(), need.tolerance_milli),
        ("one replica, for rounding up".to_owned(), need.rounding_milli),
    ]
}

/// Cores with as many digits as they have: `75`, `12.4`.
fn cpu(milli: Amount) -> String {
    let fraction = format!("{:03}", milli.abs() % 1000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if milli < 0 { "-" } else { "" };
    format!("{sign}{}{point}{fraction}", milli.abs() / 1000)
}

/// Lines of at most 80 columns; all but the first are indented.
pub(in crate::render) fn wrapped(sentence: &str, indent: &str) -> String {
    let lines = terminal::wrapped(sentence, WIDTH - indent.len());
    lines.join(&format!("\n{indent}")) + "\n"
}
