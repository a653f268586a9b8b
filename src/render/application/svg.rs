//! An SVG chart of several configurations: ready pods over time, above what the load needs.

use std::fmt::Write as _;

use super::{Comparison, Entry, finding};
use crate::render::simulation::svg::{Frame, head, legend};
use hpa_model::application::Sample;

/// Colour of the pods that the load needs.
const NEEDED: &str = "#dfe4e8";
/// Colours of the configurations, which stay apart for the colour-blind.
const COLORS: [&str; 6] = ["#33658a", "#f2a541", "#c1121f", "#2a9d8f", "#8a5aa8", "#555555"];

/// An SVG chart: the configuration that is shown first, and up to five more.
pub fn svg_chart(comparison: &Comparison) -> String {
    let close = comparison.shown();
    let others = comparison.rows().into_iter().filter(|entry| entry.name != close.name);
    let drawn: Vec<&Entry> = std::iter::once(close).chain(others).take(COLORS.len()).collect();
    let most = |entry: &&Entry| {
        let samples = entry.run.samples.iter();
        samples.map(|sample| sample.ready.max(sample.needed)).max().unwrap_or(0)
    };
    let top = drawn.iter().map(most).max().unwrap_or(0).max(1);
    let end = close.run.outcome.length_ms;
    let frame = Frame { end: (end as f64).max(1.0), top: f64::from(top) * 1000.0 };
    let title = format!("{} under {}", close.name, close.load);
    let figures: Vec<_> =
        drawn.iter().map(|entry| format!("{}: {}", entry.name, finding(entry))).collect();
    let mut svg = head(&title, &figures.join("; "));
    let mut entries = vec![(NEEDED, "needed")];
    entries.extend(drawn.iter().zip(COLORS).map(|(entry, color)| (color, entry.name.as_str())));
    legend(&mut svg, &entries);
    let needed = path(&frame, &close.run.samples, |sample| sample.needed);
    let (right, bottom, left) = (frame.x(frame.end), frame.y(0.0), frame.x(0.0));
    let _ =
        writeln!(svg, "<path d=\"{needed}H{right:.1}V{bottom:.1}H{left:.1}Z\" fill=\"{NEEDED}\"/>");
    for (entry, color) in drawn.iter().zip(COLORS).rev() {
        let line = path(&frame, &entry.run.samples, |sample| sample.ready);
        let _ = writeln!(
            svg,
            "<path d=\"{line}H{right:.1}\" stroke=\"{color}\" stroke-width=\"2\" fill=\"none\"/>"
        );
    }
    frame.axes(&mut svg, end, "ready pods");
    svg.push_str("</svg>\n");
    svg
}

/// A line of steps through the samples.
fn path(frame: &Frame, samples: &[Sample], of: fn(&Sample) -> u32) -> String {
    let mut path = String::new();
    let mut last = None;
    for sample in samples {
        let count = of(sample);
        let (x, y) = (frame.x(sample.at_ms as f64), frame.y(f64::from(count) * 1000.0));
        match last {
            None => {
                let _ = write!(path, "M{x:.1} {y:.1}");
            }
            Some(before) if before != count => {
                let _ = write!(path, "H{x:.1}V{y:.1}");
            }
            Some(_) => {}
        }
        last = Some(count);
    }
    if path.is_empty() { format!("M{:.1} {:.1}", frame.x(0.0), frame.y(0.0)) } else { path }
}
