//! What stands in one cell.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bar::bar;
use super::pen::Pen;
use crate::live::column::{Column, Head};
use crate::live::item::Items;
use crate::live::state::State;
use crate::terminal::Part;
use oppscale_core::figures::Kind;
use oppscale_core::resources::Resources;
use oppscale_core::units;
use oppscale_core::view::Row;

/// Draws the cell of row number `at`.
pub(super) fn cell(state: &State, at: usize, head: &Head, place: Rect, pen: &mut Pen<'_>) {
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
    let (text, tone) = items.cell(at, head.column, state.by());
    let style = pen.look.tone(tone);
    match head.right {
        true => drop(pen.put_right(place, &text, style)),
        false => drop(pen.put(place, &text, style)),
    }
}

/// The name, with what the filter found in it.
fn name(state: &State, at: usize, place: Rect, pen: &mut Pen<'_>) {
    let pane = state.pane();
    let (_, kind, name) = pane.items.names(at);
    let text = match (kind, name) {
        ("", "") => "(none)".to_owned(),
        ("", name) => name.to_owned(),
        (kind, name) => format!("{}/{name}", kind.to_lowercase()),
    };
    pen.put(place, &text, Style::default());
    // Only where a byte is a column.
    if !pane.filter().is_empty() && text.is_ascii() {
        for (from, to) in pane.filter().found(&text) {
            let (from, to) = (from.min(place.width.into()), to.min(place.width.into()));
            let found = Rect {
                x: place.x + from as u16,
                width: (to - from) as u16,
                height: place.height.min(1),
                ..place
            };
            pen.buf.set_style(found, pen.look.warn());
        }
    }
}

fn row_bar(state: &State, row: &Row, resource: usize, place: Rect, pen: &mut Pen<'_>) {
    let Some(name) = state.resources().get(resource) else { return };
    let of = |resources: &Option<Resources>| resources.as_ref().map(|r| r.get(name));
    let Some((others, own)) = of(&row.paid).zip(of(&row.opportunistic)) else {
        pen.put(place, "?", pen.look.warn());
        return;
    };
    let usable = state.by().whole.map(|whole| whole.get(name));
    match (of(&row.allocatable), usable) {
        (Some(whole), _) => {
            let short = (others + own - whole).max(0);
            let parts = [
                (Part::Paid, others - short.min(others)),
                (Part::Own, own),
                (Part::Free, (whole - others - own).max(0)),
                (Part::Short, short),
            ];
            bar(&parts, whole, place, pen);
        }
        (None, Some(whole)) if row.usable.is_none() => {
            bar(&[(Part::Paid, others), (Part::Own, own)], whole, place, pen)
        }
        (None, _) => drop(pen.put(place, "?", pen.look.warn())),
    }
}

/// How long ago something was; nothing where it never was.
pub(super) fn ago(state: &State, then: Option<i64>) -> String {
    let Some(then) = then else { return "-".to_owned() };
    // A clock that is behind the server's is no reason for a negative age.
    let seconds = u64::try_from(state.wall - then).unwrap_or(0);
    units::age(Duration::from_secs(seconds))
}
