//! The table: headings, and the rows that are on the screen.

use std::time::Duration;

use oppscale_core::figures::Kind;
use oppscale_core::resources::Resources;
use oppscale_core::view::Row;
use oppscale_core::{explain, units};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::Layout;
use crate::live::column::{Column, ColumnHeading};
use crate::live::connection;
use crate::live::hpas::{HpaItem, is_bad};
use crate::live::pane::Items;
use crate::live::pods::PodItem;
use crate::live::state::State;
use crate::live::view::View;
use crate::terminal::{Part, Theme};
use crate::terminal::{Pen, bar, split, wrapped};

/// Draws the table. Returns the titles of the columns for which there is no room.
pub(super) fn table(state: &State, layout: &Layout, pen: &mut Pen<'_>) -> Vec<String> {
    let columns = state.table().within(layout.head.width);
    headings(state, &columns.heads, layout.head, pen);
    let pane = state.pane();
    if pane.len() == 0 {
        let (row, _) = split(layout.rows);
        pen.put(row, &empty(state), pen.theme.dim());
        return columns.hidden;
    }
    let offset = pane.offset(layout.rows.height.into());
    let mut rest = layout.rows;
    for place in offset..pane.len() {
        let (row, below) = split(rest);
        rest = below;
        if row.height == 0 {
            break;
        }
        let Some(at) = pane.row(place) else { break };
        let mut x = row.x;
        let is_chosen = place == pane.cursor();
        if is_chosen {
            pen.buf.set_style(row, pen.theme.chosen());
        }
        for head in &columns.heads {
            let left = (row.x + row.width).saturating_sub(x);
            let place = Rect { x, width: head.width.min(left), ..row };
            x = x.saturating_add(head.width + 1);
            let is_bar = head.column.kind == Kind::Bar;
            if is_chosen && is_bar {
                // A bar in reverse would show what is free as requested.
                pen.buf.set_style(place, Style::reset());
            }
            cell(state, at, head, place, pen);
            if is_chosen && !is_bar {
                pen.buf.set_style(place, pen.theme.chosen());
            }
        }
    }
    columns.hidden
}

fn headings(state: &State, heads: &[ColumnHeading], whole: Rect, pen: &mut Pen<'_>) {
    let order = state.pane().order;
    let sorted = heads.iter().position(|head| head.column == order.column);
    let end = whole.x + whole.width;
    let mut x = whole.x;
    for (at, head) in heads.iter().enumerate() {
        let cell = Rect { x, width: head.width.min(end.saturating_sub(x)), ..whole };
        x = x.saturating_add(head.width + 1);
        if sorted == Some(at) {
            let before = at.checked_sub(1).map(|before| &heads[before]);
            sorted_heading(head, before, cell, pen.theme.arrow(order.descending), pen);
            continue;
        }
        let mut place = aligned(head, cell, pen);
        // The arrow of the next heading stands in the gap and needs a blank before it.
        let next = heads.get(at + 1).filter(|_| sorted == Some(at + 1));
        if place.x > cell.x && next.is_some_and(|next| next.right && is_full(next)) {
            place = Rect { x: place.x - 1, width: place.width + 1, ..place };
        }
        pen.put(place, &head.title, pen.theme.bold());
        underline(head, place, pen);
    }
}

/// Draws the heading of the sorted column with its arrow. The arrow stands on the side that is
/// not aligned, with a blank between it and other headings.
fn sorted_heading(
    head: &ColumnHeading,
    before: Option<&ColumnHeading>,
    cell: Rect,
    arrow: &str,
    pen: &mut Pen<'_>,
) {
    let style = pen.theme.chosen();
    let has_blank = before.is_some_and(|before| !is_full(before));
    let is_cut = is_full(head) && !(head.right && has_blank);
    let mut title = head.title.clone();
    if is_cut {
        // There is no room for both.
        title.pop();
    }
    let title = if head.right { format!("{arrow}{title}") } else { format!("{title}{arrow}") };
    let in_gap = u16::from(head.right && is_full(head) && has_blank);
    let cell = Rect { x: cell.x - in_gap, width: cell.width + in_gap, ..cell };
    let place = match head.right {
        true => {
            let from = cell.width.saturating_sub(pen.width(&title));
            Rect { x: cell.x + from, width: cell.width - from, ..cell }
        }
        false => cell,
    };
    pen.put(place, &title, style);
    let shift = u16::from(head.right).min(place.width);
    underline(head, Rect { x: place.x + shift, width: place.width - shift, ..place }, pen);
}

/// Whether the title fills its column.
fn is_full(head: &ColumnHeading) -> bool {
    head.title.chars().count() >= head.width.into()
}

/// The place of the title in its cell.
fn aligned(head: &ColumnHeading, cell: Rect, pen: &Pen<'_>) -> Rect {
    let from = if head.right { cell.width.saturating_sub(pen.width(&head.title)) } else { 0 };
    Rect { x: cell.x + from, width: cell.width - from, ..cell }
}

/// Underlines the letter that sorts by the column.
fn underline(head: &ColumnHeading, place: Rect, pen: &mut Pen<'_>) {
    let at = head.letter.and_then(|letter| head.title.to_ascii_lowercase().find(letter));
    if let Some(at) = at.and_then(|at| u16::try_from(at).ok()).filter(|at| *at < place.width) {
        pen.underline(Rect { x: place.x + at, width: 1, ..place });
    }
}

/// The reason why the table is empty.
fn empty(state: &State) -> String {
    let pane = state.pane();
    if state.query_error.is_some() {
        return String::new();
    }
    match (&pane.items, &state.measured) {
        (_, None) => "connecting…".to_owned(),
        (Items::Unknown, _) if !state.setup.has_cluster && pane.view == View::Hpas => {
            "HPAs are read from a cluster only".to_owned()
        }
        (Items::Unknown, _) => "reading…".to_owned(),
        (items, Some(measured)) => {
            if items.len() > 0 && !pane.filter().is_empty() {
                return "nothing matches; Esc clears the filter".to_owned();
            }
            if items.len() > 0 {
                return "no node is usable; u shows them, w shows why".to_owned();
            }
            if !measured.health.nodes.is_whole() && state.replay.is_none() {
                return connection::state(&measured.health, state.setup.max_staleness, state.now)
                    .text;
            }
            nothing(&pane.view, measured.total.paid.is_some())
        }
    }
}

fn nothing(view: &View, pods_known: bool) -> String {
    let text = match view {
        View::Nodes { .. } | View::Pools => "there are no nodes",
        _ if !pods_known => "pods are unknown",
        View::Namespaces | View::Workloads { .. } => "no pod has a node",
        View::NodesOfWorkload { .. } => "none of its pods has a node",
        View::OnNode { .. } => "no pod is on this node",
        View::Hpas => "no HPA of opportunistic work; u shows all",
    };
    text.to_owned()
}

/// Draws a cell of the row with index `at`.
pub(super) fn cell(state: &State, at: usize, head: &ColumnHeading, place: Rect, pen: &mut Pen<'_>) {
    let items = &state.pane().items;
    match (head.column, items) {
        (Column { id: "name", .. }, _) => return name(state, at, place, pen),
        (Column { kind: Kind::Bar, resource, .. }, Items::Rows(rows)) => {
            if let Some(row) = rows.get(at) {
                row_bar(state, row, resource, place, pen);
            }
            return;
        }
        _ => {}
    }
    let (value, tone) = items.value(at, head.column, state.by());
    let text = match items {
        Items::Rows(_) => state.by().text(&value, head.column).into(),
        _ => head.column.kind.text(&value, state.by().context(head.column).resource, false),
    };
    let style = pen.theme.tone(tone);
    match head.right {
        true => drop(pen.put_right(place, &text, style)),
        false => drop(pen.put(place, &text, style)),
    }
}

/// Draws the name and highlights the matches of the filter.
fn name(state: &State, at: usize, place: Rect, pen: &mut Pen<'_>) {
    let pane = state.pane();
    let (_, kind, name) = pane.items.names(at);
    let text = match (kind, name) {
        ("", "") => "(none)".to_owned(),
        ("", name) => name.to_owned(),
        (kind, name) => format!("{}/{name}", kind.to_lowercase()),
    };
    let text = pen.theme.middle(&text, place.width.into()).into_owned();
    pen.put(place, &text, Style::default());
    // Bytes are columns in ASCII only.
    if !pane.filter().is_empty() && text.is_ascii() {
        for (from, to) in pane.filter().found(&text) {
            let (from, to) = (from.min(place.width.into()), to.min(place.width.into()));
            let found = Rect {
                x: place.x + from as u16,
                width: (to - from) as u16,
                height: place.height.min(1),
                ..place
            };
            pen.buf.set_style(found, pen.theme.warn());
        }
    }
}

fn row_bar(state: &State, row: &Row, resource: usize, place: Rect, pen: &mut Pen<'_>) {
    let Some(name) = state.resources().get(resource) else { return };
    let of = |resources: &Option<Resources>| resources.as_ref().map(|r| r.get(name));
    let Some((others, own)) = of(&row.paid).zip(of(&row.opportunistic)) else {
        pen.put(place, "?", pen.theme.warn());
        return;
    };
    let usable = state.by().whole.map(|whole| whole.get(name));
    match (of(&row.allocatable), usable) {
        (Some(whole), _) => {
            let short = (others + own - whole).max(0);
            let parts = [
                (Part::Paid, others - short.min(others)),
                (Part::Filler, own),
                (Part::Free, (whole - others - own).max(0)),
                (Part::Waiting, short),
            ];
            bar(&parts, whole, place, pen);
        }
        (None, Some(whole)) if row.usable.is_none() => {
            bar(&[(Part::Paid, others), (Part::Filler, own)], whole, place, pen)
        }
        (None, _) => drop(pen.put(place, "?", pen.theme.warn())),
    }
}

/// The time since `then`, or `-`.
pub(super) fn ago(state: &State, then: Option<i64>) -> String {
    let Some(then) = then else { return "-".to_owned() };
    // A clock that is behind the server's is no reason for a negative age.
    let seconds = u64::try_from(state.unix_now - then).unwrap_or(0);
    units::age(Duration::from_secs(seconds))
}

/// Number of lines of the row that needs most: the table must not change its height while the user
/// moves through it.
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
        pen.put(rest, &format!("… {}", units::plural(more, "more line")), pen.theme.dim());
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
        "{}/{} scales {}/{target}: {}, {} desired, {} to {}; last scaled {}",
        hpa.namespace,
        hpa.name,
        kind.to_lowercase(),
        units::counted(&hpa.current.to_string(), "replica"),
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
