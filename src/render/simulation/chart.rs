//! What paid and filler pods requested over time, in characters.

use std::time::Duration;

use hpa_model::simulation::{Run, Sample};
use oppscale_core::resources::Amount;
use oppscale_core::units;

use crate::printer::Printer;
use crate::terminal::{Part, Theme};

/// Lines of the chart itself.
const HEIGHT: usize = 12;
/// Columns where there is no terminal to ask.
const WIDTH: usize = 80;
/// Columns beyond which a chart gets no clearer.
const WIDEST: usize = 120;
/// Columns left of the chart: the scale.
const MARGIN: usize = 8;

/// The chart with its scale, its times and what its characters mean.
pub(super) fn chart(run: &Run, printer: &Printer) -> String {
    let theme = Theme { unicode: printer.is_unicode(), palette: None };
    let (corner, floor) = if theme.unicode { ("└", "─") } else { ("+", "-") };
    let [paid, own, free] = [Part::Paid, Part::Filler, Part::Free].map(|part| theme.fill(part));
    let width = printer.width().unwrap_or(WIDTH).clamp(MARGIN + 20, WIDEST) - MARGIN;
    let points = stretched(&points(&run.samples, width), width);
    let top = points.iter().map(|point| point.allocatable).fold(0.0, f64::max);
    let mut text = String::new();
    for row in 0..HEIGHT {
        let label = match row {
            0 => cores(top),
            row if row == HEIGHT / 2 => cores(top / 2.0),
            _ => String::new(),
        };
        let level = top * (HEIGHT as f64 - row as f64 - 0.5) / HEIGHT as f64;
        let glyph = |point: &Point| match level {
            level if level < point.paid => paid,
            level if level < point.paid + point.own => own,
            _ => free,
        };
        let line: String = points.iter().map(glyph).collect();
        text.push_str(&format!("{label:>6} {}{line}\n", theme.separator()));
    }
    text.push_str(&format!("{:>6} {corner}{}\n", "0", floor.repeat(width)));
    if points.iter().any(|point| point.waiting) {
        let line: String =
            points.iter().map(|point| if point.waiting { '!' } else { ' ' }).collect();
        text.push_str(&format!("{:MARGIN$}{}\n", "", line.trim_end()));
    }
    text.push_str(&times(run.outcome.length_ms, width));
    let waiting = if points.iter().any(|p| p.waiting) { ", ! paid pods wait" } else { "" };
    text.push_str(&format!(
        "{:MARGIN$}cores over time: {paid} paid, {own} opportunistic, {free} free{waiting}\n",
        ""
    ));
    text
}

/// As many points as columns: a short run has fewer samples.
fn stretched(points: &[Point], width: usize) -> Vec<Point> {
    (0..width).filter_map(|at| points.get(at * points.len() / width).copied()).collect()
}

/// The moments at the quarters.
fn times(end_ms: u64, width: usize) -> String {
    let mut line = " ".repeat(MARGIN);
    for quarter in 0..=4 {
        let label = moment(end_ms / 4 * quarter, end_ms);
        let column = MARGIN + (width - 1) * quarter as usize / 4;
        // The last one ends where the chart ends.
        let column = if quarter == 4 { (column + 1).saturating_sub(label.len()) } else { column };
        let gap = column.saturating_sub(line.len());
        line.push_str(&" ".repeat(gap));
        line.push_str(&label);
    }
    format!("{}\n", line.trim_end())
}

fn cores(milli: f64) -> String {
    format!("{:.0}", milli / 1000.0)
}

/// The mean of some samples that follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// The first one's moment.
    pub(super) at_ms: u64,
    /// Millicores of paid pods.
    pub(super) paid: f64,
    /// Millicores of filler pods.
    pub(super) own: f64,
    /// Allocatable, in millicores.
    pub(super) allocatable: f64,
    /// Whether a paid pod had no node.
    pub(super) waiting: bool,
}

/// At most `most` points, evenly over the run.
pub(super) fn points(samples: &[Sample], most: usize) -> Vec<Point> {
    let count = most.min(samples.len()).max(1);
    let part = |at: usize| &samples[at * samples.len() / count..(at + 1) * samples.len() / count];
    (0..count).map(part).filter_map(mean).collect()
}

fn mean(samples: &[Sample]) -> Option<Point> {
    let first = samples.first()?;
    let of = |figure: fn(&Sample) -> Amount| {
        samples.iter().map(figure).sum::<Amount>() as f64 / samples.len() as f64
    };
    Some(Point {
        at_ms: first.at_ms,
        paid: of(|sample| sample.paid_milli),
        own: of(|sample| sample.filler_milli),
        allocatable: of(|sample| sample.allocatable_milli),
        waiting: samples.iter().any(|sample| sample.pending_paid > 0),
    })
}

/// A time on an axis, without seconds if it is long.
pub(in crate::render) fn moment(ms: u64, end_ms: u64) -> String {
    let unit = if end_ms >= 600_000 { 60_000 } else { 1000 };
    units::duration(Duration::from_millis(ms / unit * unit))
}
