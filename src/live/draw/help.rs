//! What the keys do.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::widgets::{Block, Clear, Widget};

use super::pen::{Pen, split};
use crate::live::state::State;

/// A box of ASCII characters.
const ASCII: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const KEYS: [(&str, &str); 18] = [
    ("q, Ctrl-C", "quit"),
    ("arrows j k", "choose a row; PgUp PgDn, g G Home End"),
    ("Enter", "open what is chosen"),
    ("Esc", "close, clear the filter, go back"),
    ("Tab 1 to 5", "nodes, namespaces, pools, workloads, HPAs"),
    ("/", "show only what contains these words"),
    ("n a o i r s p", "sort: name, allocatable, others, opp,"),
    ("", "remaining, slots, pods; t state"),
    ("same, I", "the other way round; < > the next column"),
    ("c m x", "look at cpu, memory, the next resource"),
    ("w", "wide: more columns"),
    ("u", "show nodes that are not usable; all HPAs"),
    ("f, space", "freeze, go on"),
    ("+ -", "redraw less often, more often"),
    ("R", "reconnect now"),
    ("Ctrl-Z", "stop; fg continues"),
    ("mouse", "wheel scrolls, click chooses and sorts"),
    ("?, Esc", "close this"),
];

/// In a record some keys mean something else.
const REPLAY_KEYS: [(&str, &str); 3] =
    [("space", "pause, go on"), ("+ -", "faster, slower"), ("left right", "jump back, forward")];

/// Explains the keys, in a box in the middle.
pub(super) fn help(state: &State, area: Rect, pen: &mut Pen<'_>) {
    let mut keys: Vec<_> = KEYS.to_vec();
    if state.replay.is_some() {
        keys.retain(|(key, _)| !["f, space", "+ -", "R"].contains(key));
        keys.splice(0..0, REPLAY_KEYS);
    }
    let width = 60.min(area.width);
    let height = u16::try_from(keys.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, pen.buf);
    let mut rest = place;
    if place.height > 4 && place.width > 20 {
        let set = if pen.look.unicode { border::PLAIN } else { ASCII };
        let frame = Block::bordered().border_set(set).title(" keys ").title_style(pen.look.bold());
        rest = frame.inner(place);
        frame.render(place, pen.buf);
    }
    for (at, (key, word)) in keys.iter().enumerate() {
        let (row, below) = split(rest);
        if below.height == 0 && at + 1 < keys.len() {
            let more = keys.len() - at;
            pen.cut(row, &format!(" … {more} more lines on a larger screen"), pen.look.dim());
            break;
        }
        rest = below;
        let left = pen.put(row, &format!(" {key:<14}"), pen.look.bold());
        pen.cut(left, word, Style::default());
    }
}
