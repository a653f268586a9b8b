//! The keys of the open table, and what there is no room for.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::Layout;
use super::pen::Pen;
use crate::live::state::State;
use crate::live::view::View;

/// Tells what is hidden: parts of the screen, and columns.
pub(super) fn hidden(layout: &Layout, columns: &[String], pen: &mut Pen<'_>) {
    let mut parts: Vec<&str> = layout.missing.clone();
    parts.extend(columns.iter().map(String::as_str));
    if !parts.is_empty() {
        pen.put(layout.hidden, &format!("hidden: {}", parts.join(", ")), pen.look.dim());
    }
}

/// The last line.
pub(super) fn keys(state: &State, place: Rect, pen: &mut Pen<'_>) {
    if state.prompt {
        let rest = pen.put(place, "/", pen.look.bold());
        // The cursor stays on the screen, and so does what was typed last.
        let text = pen.tail(state.pane().filter().text(), rest.width.saturating_sub(1));
        let rest = pen.put(rest, &text, pen.look.bold());
        let rest = pen.put(rest, " ", pen.look.chosen());
        pen.put(rest, "  Enter keeps  Esc clears", pen.look.dim());
        return;
    }
    let mut rest = place;
    for (key, word) in hints(state) {
        let width = pen.width(key) + pen.width(word) + 1;
        // A hint that is cut would be of another key.
        if width > rest.width {
            continue;
        }
        rest = pen.put(rest, key, pen.look.bold());
        rest = pen.put(rest, &format!(" {word}  "), Style::default());
    }
}

/// Keys and what they do, the ones that are missed most first.
fn hints(state: &State) -> Vec<(&'static str, &'static str)> {
    let mut hints = vec![("q", "quit"), ("?", "help")];
    let pane = state.pane();
    match &pane.view {
        View::Nodes { .. } if state.has_cluster => hints.push(("Enter", "pods")),
        View::Nodes { .. } => hints.push(("Enter", "workloads")),
        View::Namespaces => hints.push(("Enter", "workloads")),
        View::Pools => hints.push(("Enter", "nodes")),
        View::Workloads { .. } => hints.push(("Enter", "where")),
        View::Places { .. } => hints.push(("Enter", "node")),
        View::OnNode { .. } | View::Hpas => {}
    }
    if !pane.filter().is_empty() {
        hints.push(("Esc", "clear filter"));
    } else if !state.opened().is_empty() {
        hints.push(("Esc", "back"));
    }
    hints.push(("/", "filter"));
    match (&state.replay, state.frozen) {
        (Some(replay), _) if replay.paused => hints.push(("space", "go on")),
        (Some(_), _) => hints.push(("space", "pause")),
        (None, true) => hints.push(("f", "go on")),
        (None, false) => hints.push(("f", "freeze")),
    }
    match &pane.view {
        View::Hpas => hints.push(("u", if state.show_unusable { "own" } else { "all" })),
        View::Nodes { .. } => hints.push(("u", "unusable")),
        _ => {}
    }
    if state.replay.is_some() {
        hints.extend([("+-", "speed"), ("<- ->", "jump")]);
    }
    hints.extend([("w", if state.wide { "narrow" } else { "wide" }), ("Tab", "view")]);
    if state.resources().len() > 1 {
        hints.push(("x", "resource"));
    }
    hints
}
