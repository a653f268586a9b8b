//! The details of the selected row, below the table.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::{Pen, wrapped};
use super::table::ago;
use crate::live::hpas::{HpaItem, is_bad};
use crate::live::items::Items;
use crate::live::pods::PodItem;
use crate::live::state::State;
use crate::terminal::Theme;
use oppscale_core::explain;

/// The most lines that any row needs: the table must not change its height while the user moves
/// through it.
pub(super) fn height(state: &State, width: u16) -> usize {
    match state.pane().detail {
        Some((at, height)) if at == width => height,
        _ => highest(state, width),
    }
}

/// The same, computed from every row.
pub(in crate::live) fn highest(state: &State, width: u16) -> usize {
    let pane = state.pane();
    let rows = (0..pane.len()).filter_map(|place| pane.row(place));
    match &pane.items {
        Items::Pods(pods) => {
            let steps = |pod: &PodItem| pod.count.as_ref().map_or(1, |(_, steps)| steps.len());
            rows.filter_map(|at| pods.get(at)).map(|pod| 1 + steps(pod)).max().unwrap_or(0)
        }
        Items::Hpas(_) => rows.map(|at| lines(state, at, width).len()).max().unwrap_or(0),
        Items::Unknown | Items::Rows(_) => 0,
    }
}

/// The lines of a row; the first is a heading.
fn lines(state: &State, at: usize, width: u16) -> Vec<(String, Style)> {
    let (pane, theme) = (state.pane(), state.setup.theme);
    match &pane.items {
        Items::Pods(pods) => pods.get(at).map_or_else(Vec::new, |pod| of_pod(pod, theme)),
        Items::Hpas(hpas) => {
            hpas.get(at).map_or_else(Vec::new, |hpa| of_hpa(state, hpa, width, theme))
        }
        Items::Unknown | Items::Rows(_) => Vec::new(),
    }
}

/// Draws it below the table.
pub(super) fn detail(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let Some(at) = state.pane().chosen().filter(|_| place.height > 0) else { return };
    let lines = lines(state, at, place.width);
    let height = usize::from(place.height);
    // The last line says how many more there are.
    let shown = if lines.len() > height { height.saturating_sub(1) } else { lines.len() };
    let rest = pen.lines(place, lines[..shown].iter().map(|(text, style)| (text, *style)));
    if shown < lines.len() {
        let more = lines.len() - shown;
        pen.put(rest, &format!("… {more} more lines"), pen.theme.dim());
    }
}

/// The derivation of the pod's footprint, the total first.
fn of_pod(pod: &PodItem, theme: Theme) -> Vec<(String, Style)> {
    let name = format!("{}/{}", pod.namespace, pod.name);
    let (total, steps) = match &pod.count {
        Ok(count) => count,
        Err(problem) => {
            let bad = (format!("it cannot be counted: {problem}"), theme.warn());
            return vec![(name, theme.bold()), bad];
        }
    };
    let whose = if pod.is_filler { "opportunistic" } else { "others'" };
    let total = explain::footprint_text(total);
    let mut lines = vec![(format!("{name} ({whose}) occupies {total}"), theme.bold())];
    let widest = |of: fn(&explain::Line) -> &str| {
        steps.iter().map(|step| of(step).chars().count()).max().unwrap_or(0)
    };
    let (what, amounts) = (widest(|step| &step.what), widest(|step| &step.amounts));
    for step in steps {
        let text = format!("  {:<what$}  {:<amounts$}  {}", step.what, step.amounts, step.note);
        lines.push((text, Style::default()));
    }
    lines
}

/// Replicas, metrics and conditions of an HPA.
fn of_hpa(state: &State, hpa: &HpaItem, width: u16, theme: Theme) -> Vec<(String, Style)> {
    let (kind, target) = &hpa.target;
    let head = format!(
        "{}/{} scales {}/{target}: {} replicas, {} desired, {} to {}; last scaled {}",
        hpa.namespace,
        hpa.name,
        kind.to_lowercase(),
        hpa.current,
        hpa.desired,
        hpa.min,
        hpa.max,
        match hpa.scaled {
            Some(_) => format!("{} ago", ago(state, hpa.scaled)),
            None => "never".to_owned(),
        }
    );
    let mut lines: Vec<(String, Style)> = Vec::new();
    let mut say = |text: String, style: Style| {
        let indent = if lines.is_empty() { "" } else { "  " };
        for line in wrapped(&text, usize::from(width).saturating_sub(indent.len())) {
            lines.push((format!("{indent}{line}"), style));
        }
    };
    say(head, theme.bold());
    for metric in &hpa.metrics {
        say(format!("metric {metric}"), Style::default());
    }
    for condition in &hpa.conditions {
        let style = if is_bad(condition) { theme.warn() } else { Style::default() };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (reason, message) = (text(&condition.reason), text(&condition.message));
        say(format!("{} {} {reason}: {message}", condition.type_, condition.status), style);
    }
    lines
}
