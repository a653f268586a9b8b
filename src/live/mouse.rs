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
        if (from..from + head.width).contains(&x) && head.sorts {
            state.pane_mut().sort_by(head.column, false);
            state.arrange();
            return Next::Draw;
        }
        from += head.width + 1;
    }
    Next::Same
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyModifiers;

    use super::*;
    use crate::live::column::Column;
    use crate::live::testing::Bench;

    fn event(kind: MouseEventKind, column: u16, row: u16) -> MouseEvent {
        MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
    }

    #[test]
    fn a_click_chooses_or_sorts_and_the_wheel_scrolls() {
        let mut bench = Bench::blog();
        bench.screen(80, 12);
        let down = MouseEventKind::Down(MouseButton::Left);
        let layout = Layout::of(&bench.state, bench.state.area);
        let third = event(down, 3, layout.rows.y + 2);
        assert_eq!(click(&mut bench.state, third), Next::Draw);
        assert_eq!(bench.chosen(), "fake-00002");
        assert_eq!(click(&mut bench.state, third), Next::Same, "it is chosen already");
        assert_eq!(click(&mut bench.state, event(down, 1, layout.head.y)), Next::Draw);
        assert_eq!(bench.state.pane().order.column, Column::NAME);
        assert_eq!(click(&mut bench.state, event(down, 1, 0)), Next::Same);
        let wheel = event(MouseEventKind::ScrollDown, 0, 0);
        assert_eq!(click(&mut bench.state, wheel), Next::Draw);
        assert_eq!(bench.state.pane().offset(layout.rows.height.into()), 2);
        bench.state.help = true;
        assert_eq!(click(&mut bench.state, wheel), Next::Same);
    }
}
