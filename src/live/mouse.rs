//! What the mouse means.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::draw::Layout;
use super::key::Next;
use super::state::State;

/// How far a notch of the wheel goes, as in other terminal programs.
const NOTCH: isize = 3;

/// Does what the mouse says.
pub(super) fn click(state: &mut State, mouse: MouseEvent) -> Next {
    if state.help {
        return Next::Same;
    }
    let layout = Layout::of(state, state.area);
    let page = usize::from(layout.rows.height);
    let changed = match mouse.kind {
        MouseEventKind::ScrollDown => state.pane_mut().scroll(NOTCH, page),
        MouseEventKind::ScrollUp => state.pane_mut().scroll(-NOTCH, page),
        MouseEventKind::Down(MouseButton::Left) => {
            let at = Position::new(mouse.column, mouse.row);
            if layout.rows.contains(at) {
                let place = state.pane().offset(page) + usize::from(at.y - layout.rows.y);
                place < state.pane().len() && state.pane_mut().choose(place)
            } else if layout.head.contains(at) {
                return sort_at(state, at.x - layout.head.x, layout.head.width);
            } else {
                false
            }
        }
        _ => false,
    };
    if changed { Next::Draw } else { Next::Same }
}

/// Sorts by the column whose heading is there.
fn sort_at(state: &mut State, x: u16, width: u16) -> Next {
    let mut from = 0;
    for head in state.table().within(width).heads {
        if (from..from + head.width).contains(&x) && head.column.sorts() {
            state.pane_mut().sort_by(head.column, false);
            state.arrange();
            return Next::Draw;
        }
        from += head.width + 1;
    }
    Next::Same
}
