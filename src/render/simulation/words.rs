//! The verdict in words, and the reserve term by term.

use std::fmt::Write as _;

use crate::printer::{Printer, Style};
use crate::render::table::columns;
use hpa_model::verdict::{ReserveNeed, Verdict};
use oppscale_core::resources::{Amount, CPU, Resources};
use oppscale_core::units;
use std::time::Duration;

use super::Entry;

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
    let heading = format!("Reserve this loop needs: {} cores", cpu(need.total_milli()));
    let mut text = format!("{}\n", printer.paint(Style::Bold, &heading));
    text.push_str(&columns(rows.to_vec()));
    let _ = writeln!(text, "Subtracted in the metric: {} cores", cpu(held));
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
pub(super) fn wrapped(sentence: &str, indent: &str) -> String {
    let (mut text, mut line) = (String::new(), String::new());
    for word in sentence.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = indent.to_owned();
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
    text
}
