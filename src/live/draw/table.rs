//! Rows. Only those on the screen are put into words.

use ratatui::layout::Rect;

use super::cell;
use super::layout::Layout;
use super::pen::{Pen, split};
use crate::live::column::Head;
use crate::live::feed;
use crate::live::item::Items;
use crate::live::state::State;
use crate::live::view::View;

/// Draws the table; tells which columns there is no room for.
pub(super) fn table(state: &State, layout: &Layout, pen: &mut Pen<'_>) -> Vec<String> {
    let columns = state.table().within(layout.head.width);
    headings(state, &columns.heads, layout.head, pen);
    let pane = state.pane();
    if pane.len() == 0 {
        let (row, _) = split(layout.rows);
        pen.cut(row, &empty(state), pen.look.dim());
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
        for head in &columns.heads {
            let left = (row.x + row.width).saturating_sub(x);
            let cell = Rect { x, width: head.width.min(left), ..row };
            cell::cell(state, at, head, cell, pen);
            x = x.saturating_add(head.width + 1);
        }
        if place == pane.cursor() {
            chosen(row, pen);
        }
    }
    columns.hidden
}

/// Turns the colours of the chosen row round. Without any way to do so it is pointed at.
fn chosen(row: Rect, pen: &mut Pen<'_>) {
    pen.buf.set_style(row, pen.look.chosen());
}

fn headings(state: &State, heads: &[Head], whole: Rect, pen: &mut Pen<'_>) {
    let order = state.pane().order;
    let end = whole.x + whole.width;
    let mut x = whole.x;
    for head in heads {
        let cell = Rect { x, width: head.width.min(end.saturating_sub(x)), ..whole };
        let is_sorted = head.column == order.column;
        let arrow = match (is_sorted, order.descending) {
            (false, _) => "",
            (true, true) => "↓",
            (true, false) => "↑",
        };
        let from = if head.right { cell.width.saturating_sub(pen.width(&head.title)) } else { 0 };
        let place = Rect { x: cell.x + from, width: cell.width - from, ..cell };
        let style = if is_sorted { pen.look.chosen() } else { pen.look.bold() };
        let rest = pen.put(place, &head.title, style);
        underline(head, place, pen);
        // The arrow stands in the gap beside the title, on the side that is not aligned.
        let gap = if head.right { place.x.saturating_sub(1) } else { rest.x };
        if gap < end {
            pen.put(Rect { x: gap, width: 1, ..whole }, arrow, pen.look.chosen());
        }
        x = x.saturating_add(head.width + 1);
    }
}

/// Shows which letter of a heading is the key that sorts by it.
fn underline(head: &Head, place: Rect, pen: &mut Pen<'_>) {
    let at = head.letter.and_then(|letter| head.title.to_ascii_lowercase().find(letter));
    if let Some(at) = at.and_then(|at| u16::try_from(at).ok()).filter(|at| *at < place.width) {
        pen.underline(Rect { x: place.x + at, width: 1, ..place });
    }
}

/// Why there are no rows.
fn empty(state: &State) -> String {
    let pane = state.pane();
    if state.refusal.is_some() {
        return String::new();
    }
    match (&pane.items, &state.measured) {
        (_, None) => "connecting…".to_owned(),
        (Items::Unknown, _) if !state.has_cluster && pane.view == View::Hpas => {
            "a record holds no HPAs".to_owned()
        }
        (Items::Unknown, _) => "reading…".to_owned(),
        (items, Some(measured)) => {
            if items.len() > 0 && !pane.filter().is_empty() {
                return "nothing matches; Esc clears the filter".to_owned();
            }
            if items.len() > 0 {
                return "no node is usable; u shows them, w tells why".to_owned();
            }
            if !measured.health.nodes.is_whole() && state.replay.is_none() {
                return feed::state(&measured.health, state.fresh, state.now).text;
            }
            nothing(&pane.view, measured.usable.others.is_some())
        }
    }
}

fn nothing(view: &View, pods_known: bool) -> String {
    let text = match view {
        View::Nodes { .. } | View::Pools => "there are no nodes",
        _ if !pods_known => "unknown: there is no word of pods",
        View::Namespaces | View::Workloads { .. } => "no pod stands on a node",
        View::Places { .. } => "none of its pods stands on a node",
        View::OnNode { .. } => "no pod stands on this node",
        View::Hpas => "no HPA of opportunistic work; u shows all",
    };
    text.to_owned()
}
