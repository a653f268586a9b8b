//! How a comparison of simulated HPAs is shown: a table, a text chart, the verdict, an SVG chart.

mod chart;
pub mod csv;
pub mod json;
pub mod svg;
mod table;

pub(super) use chart::moment;
pub(super) use table::wrapped;

use crate::filler::{CorrectedHpa, KEDA_OWNS, yaml};
use crate::printer::{Printer, Style};
use crate::scenario::Manifest;
use hpa_model::simulation::{Outcome, Run, Setup};
use hpa_model::verdict::{Correction, Verdict, VerdictError};

/// Everything that `simulate` shows.
#[derive(Debug)]
pub struct Comparison {
    /// Name of the scenario.
    pub scenario: String,
    /// The seed of all runs.
    pub seed: u64,
    /// One per configuration; never empty.
    pub entries: Vec<Entry>,
    /// Which of them is looked at closely.
    pub shown: usize,
}

/// One configuration and what came of it.
#[derive(Debug)]
pub struct Entry {
    /// A short name.
    pub name: String,
    /// Description, in one line.
    pub title: String,
    /// Setup of the simulation.
    pub setup: Setup,
    /// Its HPA as an object.
    pub manifest: Manifest,
    /// The HPA as it should be; `None` if KEDA owns it.
    pub corrected: Option<CorrectedHpa>,
    /// The verdict.
    pub verdict: Result<Verdict, VerdictError>,
    /// Result of the simulation; `None` before it.
    pub run: Run,
}

/// A figure of a run, an integer.
struct Figure {
    /// Name in JSON.
    json: &'static str,
    /// Column in CSV; empty if it has none.
    csv: &'static str,
    of: fn(&Outcome) -> u64,
}

impl Figure {
    const fn new(json: &'static str, csv: &'static str, of: fn(&Outcome) -> u64) -> Self {
        Self { json, csv, of }
    }
}

/// The figures of a run that scripts read, in order.
const OUTCOME: [Figure; 16] = [
    Figure::new("lengthSeconds", "length_seconds", |o| o.length_ms / 1000),
    Figure::new("utilisationMilliPercent", "utilisation_milli_percent", |o| {
        o.utilisation_milli_percent
    }),
    Figure::new("paidMilliPercent", "paid_milli_percent", |o| o.paid_milli_percent),
    Figure::new("scaleEvents", "scale_events", |o| o.scale_events),
    Figure::new("reversals", "reversals", |o| o.reversals),
    Figure::new("ownKilled", "own_killed", |o| o.filler_deleted),
    Figure::new("ownPreempted", "own_preempted", |o| o.filler_preempted),
    Figure::new("paidDelayed", "paid_delayed", |o| o.paid_delayed),
    Figure::new("paidNeverStarted", "paid_never_started", |o| o.paid_never_started),
    Figure::new("longestDelayMilliseconds", "longest_delay_milliseconds", |o| o.longest_delay_ms),
    Figure::new("harvestedMilliCoreHours", "harvested_milli_core_hours", |o| {
        o.harvested_milli_core_hours
    }),
    Figure::new("burntMilliCoreHours", "burnt_milli_core_hours", |o| o.burnt_milli_core_hours),
    Figure::new("idleUsedMilliPercent", "idle_used_milli_percent", |o| o.idle_used_milli_percent),
    Figure::new("paidLostMilliCoreSeconds", "paid_lost_milli_core_seconds", |o| {
        o.paid_lost_milli_core_seconds
    }),
    Figure::new("podsCreated", "", |o| o.pods_created),
    Figure::new("events", "", |o| o.events),
];

impl Comparison {
    /// The configuration that is looked at closely.
    pub fn shown(&self) -> &Entry {
        &self.entries[self.shown]
    }
}

impl Entry {
    /// The correction that it needs.
    pub fn correction(&self) -> Option<&Correction> {
        self.verdict.as_ref().ok()?.correction.as_ref()
    }
}

/// The table, then one configuration closely: chart, verdict, reserve, correction.
///
/// # Errors
/// Never, in practice: a manifest is plain data.
pub fn report(comparison: &Comparison, printer: &Printer) -> anyhow::Result<String> {
    let mut text = table::table(comparison, printer);
    text.push('\n');
    text.push_str(&table::titles(comparison));
    let close = comparison.shown();
    let heading = format!("{} on {}: {}", close.name, comparison.scenario, close.title);
    for line in table::wrapped(&heading, "").lines() {
        text.push_str(&format!("\n{}", printer.paint(Style::Bold, line)));
    }
    text.push_str("\n\n");
    text.push_str(&chart::chart(&close.run, printer));
    text.push('\n');
    text.push_str(&table::verdict(close, printer));
    if close.correction().is_some() {
        let text_of = match &close.corrected {
            Some(_) => "--corrected prints the corrected manifest.",
            None => KEDA_OWNS,
        };
        text.push_str(&format!("\n{}", table::wrapped(text_of, "")));
    }
    Ok(text)
}

/// The corrected manifest, or the HPA as it is if nothing needs to be corrected.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn best(entry: &Entry) -> anyhow::Result<String> {
    let is_named = entry.manifest.autoscaler.metrics().is_empty();
    match &entry.corrected {
        Some(corrected) if is_named || entry.correction().is_some() => corrected.text(),
        _ => yaml(&entry.manifest.object),
    }
}
