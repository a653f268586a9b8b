//! How HPAs of applications under load are shown: the answer first, then a chart and what was
//! assumed.

mod svg;

use std::fmt::Write as _;

use hpa_model::application::{
    ApplicationSetup, ApplicationVerdict, Delay, DominantDelays, Outcome, Run, Sample, SteadyState,
    WithoutDelay,
};
use serde_json::{Value, json};

pub use svg::svg_chart;

use crate::filler::yaml;
use crate::printer::{Printer, Style};
use crate::render::csv::line;
use crate::render::simulation::{moment, wrapped};
use crate::render::table::{Column, lines};
use crate::scenario::{Manifest, amount};
use crate::terminal::{Part, Theme};
use oppscale_core::units;

/// Changes when a field is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;
/// Most configurations in the table of a sweep.
const MAX_ROWS: usize = 12;
/// Lines of the chart.
const HEIGHT: usize = 9;
/// Columns left of the chart.
const MARGIN: usize = 8;
/// Columns where there is no terminal to ask, and beyond which a chart gets no clearer.
const WIDTHS: (usize, usize) = (80, 120);

/// Several HPAs on one load.
pub struct Comparison {
    /// The load.
    pub load: String,
    /// The seed of all runs.
    pub seed: u64,
    /// Whether the entries are those of a sweep.
    pub is_sweep: bool,
    /// One per configuration; never empty.
    pub entries: Vec<Entry>,
    /// The one that is shown in detail.
    pub shown: usize,
}

/// One configuration and what came of it.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The load, in words.
    pub load: String,
    /// Setup of the simulation.
    pub setup: ApplicationSetup,
    /// Its HPA.
    pub manifest: Manifest,
    /// Fields and values that a sweep gave it.
    pub swept: Vec<(String, String)>,
    /// Assumptions, one sentence each.
    pub assumptions: Vec<String>,
    /// The flag that the user should give, if the verdict depends on it.
    pub question: Option<String>,
    /// Whether the user states what a pod can do.
    pub is_capacity_given: bool,
    /// The verdict; `None` if it depends on the question.
    pub verdict: Option<ApplicationVerdict>,
    /// Result of the simulation.
    pub run: Run,
    /// Delays that slow it down most; only of the one that is shown in detail.
    pub dominant_delays: DominantDelays,
    /// Whether no other configuration has both less overload and a lower cost.
    pub is_best: bool,
}

/// A figure of a run: JSON name, CSV name, value.
type Figure = (&'static str, &'static str, fn(&Outcome) -> u64);

const OUTCOME: [Figure; 15] = [
    ("lengthSeconds", "length_seconds", |o| o.length_ms / 1000),
    ("scaleEvents", "scale_events", |o| o.scale_events),
    ("reversals", "reversals", |o| o.reversals),
    ("leastReplicas", "least_replicas", |o| o.least_replicas.into()),
    ("mostReplicas", "most_replicas", |o| o.most_replicas.into()),
    ("aboveTargetSeconds", "above_target_seconds", |o| o.above_target_ms / 1000),
    ("belowTargetSeconds", "below_target_seconds", |o| o.below_target_ms / 1000),
    ("overloadedSeconds", "overloaded_seconds", |o| o.overloaded_ms / 1000),
    ("longestOverloadSeconds", "longest_overload_seconds", |o| o.longest_overload_ms / 1000),
    ("longestShortfallSeconds", "longest_shortfall_seconds", |o| o.longest_shortfall_ms / 1000),
    ("unservedMilliPercent", "unserved_milli_percent", |o| o.unserved_milli_percent),
    ("longestQueueMilli", "longest_queue_milli", |o| o.longest_queue_milli),
    ("missingMilliPodHours", "missing_milli_pod_hours", |o| o.missing_pod_ms / 3_600),
    ("spareMilliPodHours", "spare_milli_pod_hours", |o| o.spare_pod_ms / 3_600),
    ("requestedMilliCoreHours", "requested_milli_core_hours", |o| o.milli_core_hours()),
];

impl Comparison {
    /// The configuration that is shown in detail.
    pub fn shown(&self) -> &Entry {
        &self.entries[self.shown]
    }

    /// The rows of the table: all, or the best of a sweep by their cost.
    fn rows(&self) -> Vec<&Entry> {
        let mut rows: Vec<&Entry> =
            self.entries.iter().filter(|entry| !self.is_sweep || entry.is_best).collect();
        if self.is_sweep {
            rows.sort_by_key(|entry| entry.run.outcome.requested_milli_ms);
            rows.truncate(MAX_ROWS);
        }
        rows
    }
}

impl Entry {
    /// The HPA as a manifest.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn manifest(&self) -> anyhow::Result<String> {
        yaml(&self.manifest.object)
    }
}

/// The verdict in a word or two.
pub(super) fn finding(entry: &Entry) -> String {
    let Some(verdict) = &entry.verdict else { return "unknown".to_owned() };
    match verdict.steady_state {
        SteadyState::Settles { .. } => "stable".to_owned(),
        SteadyState::Oscillates { .. } => "oscillating".to_owned(),
        SteadyState::Saturated { at } => format!("saturated at {at}"),
        SteadyState::OneWay { up: true } => "only up".to_owned(),
        SteadyState::OneWay { up: false } => "only down".to_owned(),
        SteadyState::Slow { .. } => "slow".to_owned(),
        SteadyState::Inert => "inert".to_owned(),
    }
}

fn style(entry: &Entry) -> Style {
    match entry.verdict.as_ref().map(|verdict| &verdict.steady_state) {
        Some(SteadyState::Settles { .. }) => Style::Plain,
        None | Some(SteadyState::OneWay { .. } | SteadyState::Slow { .. }) => Style::Warn,
        Some(_) => Style::Bad,
    }
}

/// A time in seconds, and beyond a thousand of them as kubectl prints an age.
fn time(ms: u64) -> String {
    let seconds = ms / 1000;
    let time = std::time::Duration::from_secs(seconds);
    match seconds < 1000 || seconds.is_multiple_of(60) {
        true => units::duration(time),
        false => units::age(time),
    }
}

fn hours(milli: u64) -> String {
    amount(milli as f64 / 1000.0)
}

/// One screen: the answer, the table, a chart, what was assumed.
pub fn report(comparison: &Comparison, printer: &Printer) -> String {
    let close = comparison.shown();
    let mut text = String::new();
    let answer = match (&close.verdict, &close.question) {
        (Some(verdict), _) => format!("{}: {}. {}", close.name, finding(close), verdict.why),
        (None, question) => {
            format!("{}: no verdict. {}", close.name, question.as_deref().unwrap_or_default())
        }
    };
    for line in wrapped(&answer, "").lines() {
        let _ = writeln!(text, "{}", printer.paint(Style::Bold, line));
    }
    text.push_str(&wrapped(&figures(close), ""));
    text.push('\n');
    text.push_str(&table(comparison, printer));
    if comparison.is_sweep {
        let front = comparison.entries.iter().filter(|entry| entry.is_best).count();
        let line = format!(
            "{}; {front} on the Pareto front: no other has both less overload and a lower cost. The \
             nearest to the best of both is {}; --corrected prints it.",
            units::plural(comparison.entries.len(), "configuration"),
            close.name
        );
        text.push_str(&wrapped(&line, ""));
    }
    text.push('\n');
    text.push_str(&chart(close, printer));
    text.push('\n');
    let assumed = close.assumptions.join(" ");
    text.push_str(&wrapped(&format!("Assumed: {assumed}"), ""));
    for other in comparison.rows().into_iter().filter(|other| other.name != close.name).take(8) {
        if let (Some(verdict), false) = (&other.verdict, comparison.is_sweep) {
            text.push_str(&wrapped(&format!("{}: {}", other.name, verdict.why), ""));
        }
    }
    text
}

/// The figures of a run, in sentences.
fn figures(entry: &Entry) -> String {
    let outcome = &entry.run.outcome;
    let replicas = match (outcome.least_replicas, outcome.most_replicas) {
        (least, most) if least == most => {
            units::counted(&most.to_string(), "replica") + " all the time"
        }
        (least, most) => format!("{least} to {most} replicas"),
    };
    let overload = match outcome.overloaded_ms {
        0 => "never overloaded".to_owned(),
        ms => format!(
            "overloaded for {} of {} (at most {} at once; {} % of the load not served in time)",
            time(ms),
            time(outcome.length_ms),
            time(outcome.longest_overload_ms),
            amount(outcome.unserved_milli_percent as f64 / 1000.0)
        ),
    };
    let short = match outcome.longest_shortfall_ms {
        0 => String::new(),
        ms => format!(" It was below its target count for {} at the longest.", time(ms)),
    };
    let slow = slowed(&entry.dominant_delays);
    format!("Under {}: {replicas}, {overload}.{short}{slow}", entry.load)
}

/// Sentences on the delays that slow an HPA down most.
fn slowed(dominant_delays: &DominantDelays) -> String {
    let up = dominant_delays.up.map(|run| shortfall("that", &run));
    let down = dominant_delays.down.map(|run| spare("SPARE", &run));
    [up, down].into_iter().flatten().map(|sentence| format!(" {sentence}")).collect()
}

/// The sentence on the delay that lengthens the longest shortfall most.
fn shortfall(subject: &str, run: &WithoutDelay) -> String {
    let left = time(run.without.longest_shortfall_ms);
    format!("Most of {subject} is {}: without, {left}.", delay(run.delay))
}

/// The sentence on the delay that adds most spare pods.
fn spare(subject: &str, run: &WithoutDelay) -> String {
    let left = hours(run.without.spare_pod_ms / 3_600);
    format!("Most of {subject} is {}: without, {left} pod-hours.", delay(run.delay))
}

fn delay(delay: Delay) -> String {
    match delay {
        Delay::UpWindow(seconds) => format!("the scaleUp.stabilizationWindowSeconds of {seconds}"),
        Delay::UpPolicies => "the policies of scaleUp".to_owned(),
        Delay::Start(ms) => format!("the {} until a new pod is ready and warm", time(ms)),
        Delay::DownWindow(seconds) => {
            format!("the scaleDown.stabilizationWindowSeconds of {seconds}")
        }
        Delay::DownPolicies => "the policies of scaleDown".to_owned(),
    }
}

/// The delay that slows an HPA down most, as JSON; `null` if no single delay does.
fn slowed_by(dominant_delays: &DominantDelays) -> Value {
    let cause = |delay: Delay| match delay {
        Delay::UpWindow(seconds) => {
            ("scaleUp.stabilizationWindowSeconds", Some(i64::from(seconds)))
        }
        Delay::UpPolicies => ("scaleUp.policies", None),
        Delay::Start(ms) => ("podStart", i64::try_from(ms / 1000).ok()),
        Delay::DownWindow(seconds) => {
            ("scaleDown.stabilizationWindowSeconds", Some(i64::from(seconds)))
        }
        Delay::DownPolicies => ("scaleDown.policies", None),
    };
    let delay = |run: &WithoutDelay, why: String| {
        let (cause, seconds) = cause(run.delay);
        json!({
            "cause": cause,
            "seconds": seconds,
            "why": why,
            "outcomeWithout": outcome(&run.without),
        })
    };
    json!({
        "up": dominant_delays.up.as_ref().map(|b| delay(b, shortfall("the longest shortfall", b))),
        "down": dominant_delays.down.as_ref().map(|b| delay(b, spare("the pods to spare", b))),
    })
}

/// A heading and its cell.
type Cell = (&'static str, fn(&Outcome) -> String);

const CELLS: [Cell; 9] = [
    ("EVENTS", |o| o.scale_events.to_string()),
    ("REV", |o| o.reversals.to_string()),
    ("MIN", |o| o.least_replicas.to_string()),
    ("MAX", |o| o.most_replicas.to_string()),
    ("OVERLOAD", |o| time(o.overloaded_ms)),
    ("SHORT", |o| time(o.longest_shortfall_ms)),
    ("MISSING", |o| hours(o.missing_pod_ms / 3_600)),
    ("SPARE", |o| hours(o.spare_pod_ms / 3_600)),
    ("COST", |o| hours(o.milli_core_hours())),
];

fn table(comparison: &Comparison, printer: &Printer) -> String {
    let rows = comparison.rows();
    let column = |heading: &str, left, cell: &dyn Fn(&Entry) -> (String, Style)| {
        Column::fixed(heading, left, rows.iter().map(|entry| cell(entry)).collect())
    };
    let mut columns = match comparison.is_sweep {
        false => vec![column("HPA", true, &|entry| (entry.name.clone(), Style::Plain))],
        true => {
            let fields = rows.first().map_or(0, |entry| entry.swept.len());
            let of = |at: usize| {
                let field = rows.first().and_then(|entry| entry.swept.get(at));
                let heading = field.map_or("", |(field, _)| field.as_str());
                column(heading, true, &|entry: &Entry| {
                    let value = entry.swept.get(at).map(|(_, value)| value.clone());
                    (value.unwrap_or_default(), Style::Plain)
                })
            };
            (0..fields).map(of).collect()
        }
    };
    columns.push(column("VERDICT", true, &|entry| (finding(entry), style(entry))));
    for (heading, figure) in CELLS {
        let cell = |entry: &Entry| {
            let is_overload = heading == "OVERLOAD" && entry.run.outcome.overloaded_ms > 0;
            let style = if is_overload { Style::Warn } else { Style::Plain };
            (figure(&entry.run.outcome), style)
        };
        columns.push(column(heading, false, &cell));
    }
    let mut text = lines(&columns, true, printer);
    text.push_str("MISSING and SPARE in pod-hours, COST in core-hours of requests.\n");
    text
}

/// Ready pods over time against those that the load needs.
fn chart(entry: &Entry, printer: &Printer) -> String {
    let theme = Theme { unicode: printer.is_unicode(), palette: None };
    let (corner, floor) = if theme.unicode { ("└", "─") } else { ("+", "-") };
    let [needed, spare, free] = [Part::Paid, Part::Filler, Part::Free].map(|part| theme.fill(part));
    let width = printer.width().unwrap_or(WIDTHS.0).clamp(MARGIN + 20, WIDTHS.1) - MARGIN;
    let points = points(&entry.run.samples, width);
    let top = points.iter().map(|sample| sample.ready.max(sample.needed)).max().unwrap_or(1).max(1);
    let mut text = String::new();
    for row in 0..HEIGHT {
        let label = match row {
            0 => top.to_string(),
            row if row == HEIGHT / 2 => amount(f64::from(top) / 2.0),
            _ => String::new(),
        };
        let level = f64::from(top) * (HEIGHT as f64 - row as f64 - 0.5) / HEIGHT as f64;
        let glyph = |sample: &Sample| {
            let (ready, need) = (f64::from(sample.ready), f64::from(sample.needed));
            match level {
                level if level < ready.min(need) => needed,
                level if level < ready => spare,
                level if level < need => "!",
                _ => free,
            }
        };
        let line: String = points.iter().map(glyph).collect();
        let _ = writeln!(text, "{label:>6} {}{line}", theme.separator());
    }
    let _ = writeln!(text, "{:>6} {corner}{}", "0", floor.repeat(width));
    let end = entry.run.outcome.length_ms;
    let _ = writeln!(
        text,
        "{:MARGIN$}0s{:>rest$}\n{:MARGIN$}ready pods over time: {needed} needed, {spare} to spare, ! missing",
        "",
        moment(end, end),
        "",
        rest = width.saturating_sub(2)
    );
    text
}

/// As many samples as columns: the one with the most missing pods of each part.
fn points(samples: &[Sample], width: usize) -> Vec<Sample> {
    let part = |at: usize| {
        let (from, to) = (at * samples.len() / width, (at + 1) * samples.len() / width);
        let part = samples.get(from..to.max(from + 1))?;
        let missing = |sample: &&Sample| i64::from(sample.needed) - i64::from(sample.ready);
        part.iter().max_by_key(missing).copied()
    };
    (0..width).filter_map(part).collect()
}

/// One line a configuration, integers.
pub fn csv(comparison: &Comparison) -> String {
    let mut text = String::new();
    let names = ["name", "verdict"].into_iter().chain(OUTCOME.iter().map(|(_, csv, _)| *csv));
    line(&mut text, names.chain(["pareto"]).map(str::to_owned).collect());
    for entry in &comparison.entries {
        let outcome = &entry.run.outcome;
        let figures = OUTCOME.iter().map(|(.., of)| of(outcome).to_string());
        let first = [entry.name.clone(), finding(entry)];
        let last = [entry.is_best.to_string()];
        line(&mut text, first.into_iter().chain(figures).chain(last).collect());
    }
    text
}

/// The comparison as JSON, with a newline at its end.
pub fn json(comparison: &Comparison) -> String {
    let mut value = json!({
        "schemaVersion": SCHEMA_VERSION,
        "load": comparison.load,
        "seed": comparison.seed,
        "shown": comparison.shown().name,
        "configurations": comparison.entries.iter().map(entry).collect::<Vec<_>>(),
    });
    // Only this configuration was run without each of its delays.
    value["configurations"][comparison.shown]["slowedBy"] =
        slowed_by(&comparison.shown().dominant_delays);
    format!("{value:#}\n")
}

fn outcome(outcome: &Outcome) -> Value {
    OUTCOME.iter().map(|(name, _, of)| ((*name).to_owned(), json!(of(outcome)))).collect()
}

fn entry(entry: &Entry) -> Value {
    let sample = |sample: &Sample| {
        json!({
            "atMilliseconds": sample.at_ms,
            "demandMilli": (sample.demand * 1000.0).round() as i64,
            "desiredReplicas": sample.desired,
            "readyReplicas": sample.ready,
            "neededReplicas": sample.needed,
            "queueMilli": (sample.queue * 1000.0).round() as i64,
        })
    };
    let rescales = entry.run.rescales.iter().map(
        |rescale| json!({ "atMilliseconds": rescale.at_ms, "from": rescale.from, "to": rescale.to }),
    );
    let verdict = entry.verdict.as_ref();
    let mut swept = serde_json::Map::new();
    swept.extend(entry.swept.iter().map(|(field, value)| (field.clone(), json!(value))));
    json!({
        "name": entry.name,
        "swept": swept,
        "verdict": {
            "finding": verdict.map(|_| finding(entry)),
            "why": verdict.map_or(entry.question.as_deref(), |verdict| Some(&verdict.why)),
        },
        "assumptions": entry.assumptions,
        "pareto": entry.is_best,
        "outcome": outcome(&entry.run.outcome),
        "rescales": rescales.collect::<Vec<_>>(),
        "samples": entry.run.samples.iter().map(sample).collect::<Vec<_>>(),
    })
}
