//! The help, and the keys in the last line.

use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;

use super::header;
use super::layout::Layout;
use crate::live::state::State;
use crate::live::view::View;
use crate::terminal::{Pen, centered, split, wrapped};

const KEYS: [(&str, &str); 21] = [
    ("q, Ctrl-C", "quit"),
    ("arrows j k", "choose a row; PgUp PgDn, g G Home End"),
    ("Enter", "open what is chosen"),
    ("Esc", "close, clear the filter, go back"),
    ("Tab 1 to 5", "nodes, namespaces, pools, workloads, HPAs"),
    ("/", "show only what contains these words"),
    ("n a o i r s p", "sort: name, allocatable, paid, filler,"),
    ("", "remaining, slots, pods; t state"),
    ("same, I", "the other way round; < > the next column"),
    ("c m x", "look at cpu, memory, the next resource"),
    ("w", "wide: more columns"),
    ("%", "amounts, or percent of allocatable"),
    ("b", "CPU by requests, or what is idle by usage"),
    ("u", "show nodes that are not usable; all HPAs"),
    ("f, space", "freeze, go on"),
    ("+ -", "redraw less often, more often"),
    ("!", "hide the notices, show them again"),
    ("R", "reconnect now"),
    ("Ctrl-Z", "stop; fg continues"),
    ("mouse", "wheel scrolls, click chooses and sorts"),
    ("?, Esc, q", "close this"),
];

/// Width of the column of keys.
const KEY: u16 = 15;
/// Width below which the explanations would be broken within words.
const SHORTEST: u16 = 10;

/// Keys with another meaning in a recording.
const REPLAY_KEYS: [(&str, &str); 3] =
    [("space", "pause, go on"), ("+ -", "faster, slower"), ("left right", "jump back, forward")];

/// Draws the help in a box in the middle.
pub(super) fn help(state: &State, area: Rect, pen: &mut Pen<'_>) {
    let lines = lines(state, area);
    let (place, inner) = places(lines.len(), area);
    pen.popup(" keys ", place, place, inner != place);
    let page = page(lines.len(), inner);
    let from = state.help_from.min(lines.len() - page);
    let mut rest = inner;
    for (key, word) in &lines[from..from + page] {
        let (row, below) = split(rest);
        rest = below;
        let left = pen.put(row, &format!(" {key:<14}"), pen.theme.bold());
        pen.put(left, word, Style::default());
    }
    if page < lines.len() && rest.height > 0 {
        let (first, last, all) = (from + 1, from + page, lines.len());
        pen.put(rest, &format!(" lines {first} to {last} of {all}; j k scroll"), pen.theme.dim());
    }
}

/// Number of lines of the help, and how many of them fit on the screen.
pub(in crate::live) fn help_lines(state: &State, area: Rect) -> (usize, usize) {
    let all = lines(state, area).len();
    (all, page(all, places(all, area).1))
}

/// The lines of the help: key and explanation, wrapped.
fn lines(state: &State, area: Rect) -> Vec<(&'static str, String)> {
    let mut keys = KEYS.to_vec();
    if !state.setup.has_cluster {
        keys.retain(|(key, _)| *key != "b");
    }
    if state.replay.is_some() {
        keys.retain(|(key, _)| !["f, space", "+ -", "R"].contains(key));
        keys.splice(0..0, REPLAY_KEYS);
    }
    let room = places(keys.len(), area).1.width.saturating_sub(KEY).max(SHORTEST);
    let mut lines = Vec::new();
    for (key, word) in keys {
        for (at, line) in wrapped(word, room.into()).into_iter().enumerate() {
            lines.push((if at == 0 { key } else { "" }, line));
        }
    }
    lines
}

/// The box for `lines` lines, and the area within its frame, if there is room for a frame.
fn places(lines: usize, area: Rect) -> (Rect, Rect) {
    let place = centered(60, u16::try_from(lines + 2).unwrap_or(u16::MAX), area);
    let has_frame = place.height > 4 && place.width > 20;
    (place, if has_frame { place.inner(Margin::new(1, 1)) } else { place })
}

/// Number of lines that are shown: one line has the position if not all fit.
fn page(lines: usize, inner: Rect) -> usize {
    let height = usize::from(inner.height);
    if lines <= height { lines } else { height.saturating_sub(1).max(height.min(1)) }
}

/// Lists the hidden parts of the screen and the hidden columns.
pub(super) fn hidden(layout: &Layout, columns: &[String], pen: &mut Pen<'_>) {
    let mut parts: Vec<&str> = layout.missing.clone();
    parts.extend(columns.iter().map(String::as_str));
    if !parts.is_empty() {
        pen.put(layout.hidden, &format!("hidden: {}", parts.join(", ")), pen.theme.dim());
    }
}

/// Draws the last line: the filter while it is typed, otherwise the keys.
pub(super) fn keys(state: &State, place: Rect, pen: &mut Pen<'_>) {
    if state.prompt {
        let rest = pen.put(place, "/", pen.theme.bold());
        // The end of the filter stays visible with the cursor.
        let text = pen.tail(state.pane().filter().text(), rest.width.saturating_sub(1));
        let rest = pen.put(rest, &text, pen.theme.bold());
        let rest = pen.put(rest, " ", pen.theme.chosen());
        pen.put(rest, "  Enter keeps  Esc clears", pen.theme.dim());
        return;
    }
    let mut rest = place;
    for (key, word) in hints(state) {
        let width = pen.width(key) + pen.width(word) + 1;
        // A hint that is cut would name another key.
        if width > rest.width {
            continue;
        }
        rest = pen.put(rest, key, pen.theme.bold());
        rest = pen.put(rest, &format!(" {word}  "), Style::default());
    }
}

/// The keys of the open table, the most important first.
fn hints(state: &State) -> Vec<(&'static str, &'static str)> {
    let mut hints = vec![("q", "quit"), ("?", "help")];
    let pane = state.pane();
    match &pane.view {
        View::Nodes { .. } if state.setup.has_cluster => hints.push(("Enter", "pods")),
        View::Nodes { .. } => hints.push(("Enter", "workloads")),
        View::Namespaces => hints.push(("Enter", "workloads")),
        View::Pools => hints.push(("Enter", "nodes")),
        View::Workloads { .. } => hints.push(("Enter", "where")),
        View::NodesOfWorkload { .. } => hints.push(("Enter", "node")),
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
        View::Hpas => hints.push(("u", if state.setup.show_unusable { "filler" } else { "all" })),
        View::Nodes { .. } => hints.push(("u", "unusable")),
        _ => {}
    }
    if state.replay.is_some() {
        hints.extend([("+-", "speed"), ("<- ->", "jump")]);
    }
    hints.extend([("w", if state.is_wide() { "narrow" } else { "wide" }), ("Tab", "view")]);
    if state.resources().len() > 1 {
        hints.push(("x", "resource"));
    }
    if header::lines(state, u16::MAX).iter().any(|(_, is_problem)| *is_problem) {
        hints.push(("!", "hide notices"));
    }
    hints
}
