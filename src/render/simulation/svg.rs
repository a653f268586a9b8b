//! An SVG chart of one run: paid, opportunistic and free cores, stacked over time.

use std::fmt::Write as _;

use super::Entry;
use super::chart::{Point, moment, points};
use super::table::stability;
use oppscale_core::units;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 88.0;
const BOTTOM: f64 = 56.0;
/// More points than this are finer than a pixel.
const MOST_POINTS: usize = 800;
/// Grid lines across the chart.
const LINES: u32 = 4;
/// Moments below it.
const MOMENTS: u64 = 6;

/// Colours that stay apart for the colour-blind, and in grey.
const PAID: &str = "#33658a";
const OWN: &str = "#f2a541";
const FREE: &str = "#e8ecef";
const WAITING: &str = "#c1121f";

/// The chart as SVG text.
pub fn svg_chart(scenario: &str, entry: &Entry) -> String {
    let outcome = &entry.run.outcome;
    let points = points(&entry.run.samples, MOST_POINTS);
    let top = points.iter().map(|point| point.allocatable).fold(1.0, f64::max);
    let frame = Frame { end: (outcome.length_ms as f64).max(1.0), top };
    let title = format!("{} on {scenario}: {}", entry.name, entry.title);
    let counted = |number: u64, noun| units::counted(&number.to_string(), noun);
    let figures = format!(
        "{}; {}.{} % requested on average, {}, {} deleted, {} delayed",
        stability(entry),
        outcome.utilisation_milli_percent / 1000,
        outcome.utilisation_milli_percent % 1000 / 100,
        counted(outcome.reversals, "reversal"),
        counted(outcome.filler_deleted, "filler pod"),
        counted(outcome.paid_delayed, "paid pod")
    );
    let mut svg = head(&title, &figures);
    legend(
        &mut svg,
        &[(PAID, "paid"), (OWN, "opportunistic"), (FREE, "free"), (WAITING, "paid pods wait")],
    );
    frame.area(&mut svg, FREE, &points, |_| 0.0, |point| point.allocatable);
    frame.area(&mut svg, OWN, &points, |point| point.paid, |point| point.paid + point.own);
    frame.area(&mut svg, PAID, &points, |_| 0.0, |point| point.paid);
    frame.waiting(&mut svg, &points);
    frame.axes(&mut svg, outcome.length_ms, "cores");
    svg.push_str("</svg>\n");
    svg
}

/// The beginning of a chart: its title, and its figures in a line.
pub(in crate::render) fn head(title: &str, figures: &str) -> String {
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#222\">"
    );
    let (title, figures) = (escaped(title), escaped(figures));
    let _ = writeln!(svg, "<title>{title}</title>");
    let _ = writeln!(svg, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"30\" font-size=\"17\">{title}</text>");
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"50\" fill=\"#555\">{figures}</text>");
    svg
}

/// The axes of a chart: maps times and amounts to coordinates.
pub(in crate::render) struct Frame {
    /// Length of the run, milliseconds.
    pub(in crate::render) end: f64,
    /// Highest amount, in thousandths.
    pub(in crate::render) top: f64,
}

impl Frame {
    pub(in crate::render) fn x(&self, ms: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * ms / self.end
    }

    pub(in crate::render) fn y(&self, milli: f64) -> f64 {
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * milli / self.top
    }

    /// Draws the area between two levels.
    fn area(
        &self,
        svg: &mut String,
        color: &str,
        points: &[Point],
        low: fn(&Point) -> f64,
        high: fn(&Point) -> f64,
    ) {
        let at = |point: &Point| self.x(point.at_ms as f64);
        let mut path = String::new();
        let mut to = |x: f64, y: f64| {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{x:.1} {y:.1}");
        };
        let Some(last) = points.last() else { return };
        for point in points {
            to(at(point), self.y(high(point)));
        }
        // The last sample holds until the end.
        to(self.x(self.end), self.y(high(last)));
        to(self.x(self.end), self.y(low(last)));
        for point in points.iter().rev() {
            to(at(point), self.y(low(point)));
        }
        let _ = writeln!(svg, "<path d=\"{path}Z\" fill=\"{color}\"/>");
    }

    /// A mark above the moments at which a paid pod had no node.
    fn waiting(&self, svg: &mut String, points: &[Point]) {
        let next = points.iter().skip(1).map(|point| point.at_ms as f64).chain([self.end]);
        for (point, next) in points.iter().zip(next).filter(|(point, _)| point.waiting) {
            let x = self.x(point.at_ms as f64);
            let width = self.x(next) - x;
            let y = TOP - 8.0;
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"5\" fill=\"{WAITING}\"/>"
            );
        }
    }

    pub(in crate::render) fn axes(&self, svg: &mut String, end_ms: u64, unit: &str) {
        let (left, right) = (LEFT, WIDTH - RIGHT);
        for line in 0..=LINES {
            let milli = self.top * f64::from(line) / f64::from(LINES);
            let (y, cores) = (self.y(milli), milli / 1000.0);
            let _ = writeln!(
                svg,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#fff\" stroke-opacity=\"0.5\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{cores:.0}</text>",
                left - 8.0,
                y + 4.0
            );
        }
        let bottom = HEIGHT - BOTTOM;
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {TOP}V{bottom}H{right}\" stroke=\"#222\" fill=\"none\"/>"
        );
        for at in 0..=MOMENTS {
            let ms = end_ms / MOMENTS * at;
            let (x, label) = (self.x(ms as f64), moment(ms, end_ms));
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                bottom + 20.0
            );
        }
        let middle = (TOP + bottom) / 2.0;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">time</text>",
            (left + right) / 2.0,
            bottom + 42.0
        );
        let _ = writeln!(
            svg,
            "<text x=\"20\" y=\"{middle:.1}\" text-anchor=\"middle\" fill=\"#555\" \
             transform=\"rotate(-90 20 {middle:.1})\">{unit}</text>"
        );
    }
}

pub(in crate::render) fn legend(svg: &mut String, entries: &[(&str, &str)]) {
    let mut x = LEFT;
    for (color, label) in entries {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"60\" width=\"12\" height=\"12\" fill=\"{color}\"/>\
             <text x=\"{}\" y=\"71\">{label}</text>",
            x + 18.0,
            label = escaped(label)
        );
        x += 36.0 + 7.5 * label.len() as f64;
    }
}

/// Text as XML takes it; control characters have no place in it at all.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
