//! Drawing: from the state into a buffer, and nowhere else.

mod header;
mod keys;
mod layout;
mod table;
#[cfg(test)]
mod tests;
mod totals;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) use keys::help_lines;
pub(super) use layout::Layout;
pub(super) use table::highest as highest_detail;

use super::state::State;
use crate::terminal::Pen;

/// Draws the screen. Only the buffer changes.
pub fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let layout = Layout::of(state, area);
    let mut pen = Pen::new(state.setup.theme, buf);
    header::title(state, layout.title, &mut pen);
    header::fit(state, layout.fit, &mut pen);
    totals::bars(state, layout.bars, &mut pen);
    totals::history(state, layout.history, &mut pen);
    header::notices(state, layout.notices, &mut pen);
    header::tabs(state, layout.tabs, &mut pen);
    let hidden = table::table(state, &layout, &mut pen);
    table::detail(state, layout.detail, &mut pen);
    keys::hidden(&layout, &hidden, &mut pen);
    keys::keys(state, layout.footer, &mut pen);
    if state.help {
        keys::help(state, area, &mut pen);
    }
}
