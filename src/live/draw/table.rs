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
        pen.put(row, &empty(state), pen.look.dim());
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
    let sorted = heads.iter().position(|head| head.column == order.column);
    let end = whole.x + whole.width;
    let mut x = whole.x;
    for (at, head) in heads.iter().enumerate() {
        let cell = Rect { x, width: head.width.min(end.saturating_sub(x)), ..whole };
        x = x.saturating_add(head.width + 1);
        if sorted == Some(at) {
            let before = at.checked_sub(1).map(|before| &heads[before]);
            sorted_heading(head, before, cell, pen.look.arrow(order.descending), pen);
            continue;
        }
        let mut place = aligned(head, cell, pen);
        // The arrow of the next heading stands in the gap, and needs a blank before it.
        let next = heads.get(at + 1).filter(|_| sorted == Some(at + 1));
        if place.x > cell.x && next.is_some_and(|next| next.right && is_full(next)) {
            place = Rect { x: place.x - 1, width: place.width + 1, ..place };
        }
        pen.put(place, &head.title, pen.look.bold());
        underline(head, place, pen);
    }
}

/// The heading that rows are sorted by, with an arrow. It stands beside the title on the side
/// that is not aligned, and a blank is always between it and other headings.
fn sorted_heading(head: &Head, before: Option<&Head>, cell: Rect, arrow: &str, pen: &mut Pen<'_>) {
    let style = pen.look.chosen();
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

/// Whether a title leaves no room in its column.
fn is_full(head: &Head) -> bool {
    head.title.chars().count() >= head.width.into()
}

/// Where the title of a heading stands in its cell.
fn aligned(head: &Head, cell: Rect, pen: &Pen<'_>) -> Rect {
    let from = if head.right { cell.width.saturating_sub(pen.width(&head.title)) } else { 0 };
    Rect { x: cell.x + from, width: cell.width - from, ..cell }
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
            nothing(&pane.view, measured.total.paid.is_some())
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
