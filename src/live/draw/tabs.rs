//! The line above the table: views or path, filter, and number of rows.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::header::WORDY;
use super::pen::Pen;
use crate::live::state::State;
use crate::live::view::{TABS, View};

/// Width that is kept for the number of rows and the end of the filter.
const BEHIND: u16 = 20;

/// Draws the line above the table.
pub(super) fn tabs(state: &State, place: Rect, pen: &mut Pen<'_>) {
    if place.height == 0 {
        return;
    }
    let names = match state.opened().last() {
        Some(_) => path(state, place.width >= WORDY, pen),
        None => names(state, place.width, pen),
    };
    let width: u16 = names.iter().map(|(text, _)| pen.width(text)).sum();
    let room = place.width.saturating_sub(width + 1).max(BEHIND.min(place.width / 2));
    let rest = pen.put_right(place, &found(state, room, pen), Style::default());
    let mut rest = Rect { width: rest.width.saturating_sub(1), ..rest };
    for (text, style) in names {
        if pen.width(&text) > rest.width {
            // A title that is too long is cut, and nothing follows it.
            pen.put(rest, &text, style);
            return;
        }
        rest = pen.put(rest, &text, style);
    }
}

/// The path to the open table.
fn path(state: &State, wordy: bool, pen: &Pen<'_>) -> Vec<(String, Style)> {
    let opened = state.opened();
    let title = |view: &View| view.title(state.setup.has_cluster);
    let mut parts = Vec::new();
    if wordy {
        let before = &opened[..opened.len().saturating_sub(1)];
        let before = before.iter().map(|pane| title(&pane.view));
        let way = std::iter::once(title(&TABS[state.tab()])).chain(before);
        parts.extend(way.map(|part| (format!("{part} > "), pen.theme.dim())));
    }
    parts.extend(opened.last().map(|pane| (title(&pane.view), pen.theme.bold())));
    parts
}

/// The views by name; without room, the others by number or not at all.
fn names(state: &State, width: u16, pen: &Pen<'_>) -> Vec<(String, Style)> {
    let open = |number: usize, tab: &View| format!(" {} {} ", number + 1, tab.tab());
    let all = |others: fn(usize, &View) -> String| -> Vec<(String, Style)> {
        let tab = |(number, tab): (usize, &View)| match number == state.tab() {
            true => (open(number, tab), pen.theme.chosen()),
            false => (others(number, tab), Style::default()),
        };
        TABS.iter().enumerate().map(tab).collect()
    };
    let behind = pen.width(&found(state, width, pen)).min(BEHIND);
    let room = width.saturating_sub(behind + 1);
    let fits = |names: &Vec<(String, Style)>| {
        names.iter().map(|(text, _)| pen.width(text)).sum::<u16>() <= room
    };
    let written = all(|number, tab| format!(" {} {} ", number + 1, tab.tab()));
    if width >= WORDY && fits(&written) {
        return written;
    }
    let mut numbered = all(|number, _| format!("{} ", number + 1));
    for (number, (_, style)) in numbered.iter_mut().enumerate() {
        if number != state.tab() {
            *style = pen.theme.dim();
        }
    }
    match fits(&numbered) {
        true => numbered,
        false => vec![(open(state.tab(), &TABS[state.tab()]), pen.theme.chosen())],
    }
}

/// The filter and the number of rows that match. Of a long filter the end is shown, where the
/// user types.
fn found(state: &State, room: u16, pen: &Pen<'_>) -> String {
    let (matching, all) = state.matches();
    let filter = state.pane().filter();
    let count = match filter.is_empty() {
        true => format!("({all})"),
        false => format!("({matching}/{all})"),
    };
    let (left_out, others) = (state.hidden_nodes(), state.other_hpas);
    let hidden = match (left_out, others) {
        (1.., _) => Some((left_out, "unusable")),
        (0, 1..) if matches!(state.pane().view, View::Hpas) => Some((others, "others")),
        _ => None,
    };
    let behind = hidden.map_or_else(Vec::new, |(count, what)| {
        vec![format!(", {count} {what} hidden"), format!(", {count} hidden")]
    });
    // Width of the shortest useful end of a filter.
    let least = if filter.is_empty() { 0 } else { 6 };
    let fits = |text: &&String| pen.width(&count) + pen.width(text) + least <= room;
    let behind = match behind.iter().find(fits) {
        Some(behind) => behind,
        None if behind.is_empty() => "",
        None => ", …",
    };
    let text = format!("{count}{behind}");
    if filter.is_empty() {
        return text;
    }
    let left = room.saturating_sub(pen.width(&text) + 2);
    format!("/{} {text}", pen.tail(filter.text(), left))
}
