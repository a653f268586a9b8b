//! The whole screen: header, both sides, footer, and what lies over them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::comparison::Comparison;
use super::layout::{Layout, MIN_HEIGHT, MIN_WIDTH};
use super::view::View;
use super::{DISCLAIMER, clock, overlay, panel};

/// From this width on, words are written out.
const WORDY: u16 = 68;

/// Draws the view. Only the buffer changes.
pub(super) fn draw(view: &View, area: Rect, buf: &mut Buffer) {
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        too_small(view, area, buf);
        return;
    }
    if view.race.is_over() && !view.help {
        if area.height <= MIN_HEIGHT + 2 {
            overlay::comparison(&Comparison::of(&view.race), view.look, area, buf);
            return;
        }
        sides(view, area, buf);
        overlay::comparison(&Comparison::of(&view.race), view.look, below_header(area), buf);
        return;
    }
    sides(view, area, buf);
    if view.help {
        overlay::help(view.look, below_header(area), buf);
    }
}

/// All but the header and the last line.
fn below_header(area: Rect) -> Rect {
    Rect { y: area.y + 2, height: area.height - 3, ..area }
}

fn sides(view: &View, area: Rect, buf: &mut Buffer) {
    let put = |buf: &mut Buffer, y: u16, text: &str, style: Style| {
        buf.set_stringn(area.x, y, view.look.text(text), area.width.into(), style);
    };
    let wordy = area.width >= WORDY;
    let title = if wordy { DISCLAIMER } else { "oppscale demo: simulated, no Kubernetes" };
    put(buf, area.y, title, view.look.bold());
    put(buf, area.y + 1, &status(view, wordy), Style::default());

    let count = u16::try_from(view.race.sides.len()).unwrap_or(u16::MAX).max(1);
    let each = (area.width + 1) / count - 1;
    let nodes = view.race.sides.first().map_or(0, |side| side.nodes().count());
    let nodes = u16::try_from(nodes).unwrap_or(u16::MAX);
    let mut height = area.height - 3;
    let mut hidden = Layout::of(each, height, nodes).hidden();
    if !hidden.is_empty() {
        // A line is needed to say so.
        height -= 1;
        hidden = Layout::of(each, height, nodes).hidden();
        let text = format!("too small to show: {}", hidden.join(", "));
        put(buf, area.y + area.height - 2, &text, view.look.dim());
    }
    let layout = Layout::of(each, height, nodes);
    for (at, side) in (0..count).zip(&view.race.sides) {
        let x = area.x + at * (each + 1);
        let place = Rect { x, y: area.y + 2, width: each, height };
        panel::panel(side, layout, view.race.end_ms, view.look, place, buf);
        if at > 0 {
            for y in place.y..place.y + height {
                buf.set_stringn(x - 1, y, view.look.separator(), 1, view.look.dim());
            }
        }
    }
    let keys = if view.race.is_over() {
        "any key ends, and prints the comparison"
    } else if wordy {
        "space pause   s or → step 15 s   + - speed   ? help   q quit"
    } else {
        "space s +/- ? q quit"
    };
    put(buf, area.y + area.height - 1, keys, view.look.dim());
}

/// Where in the run we are.
fn status(view: &View, wordy: bool) -> String {
    let (now, end) = (clock(view.race.now_ms()), clock(view.race.end_ms));
    let (speed, state, phase) = (view.speed, view.state(), view.race.phase());
    if wordy {
        format!("minute {now} of {end}   {speed}x {state}   {phase}")
    } else {
        format!("{now}/{end} {speed}x {state} {phase}")
    }
}

fn too_small(view: &View, area: Rect, buf: &mut Buffer) {
    let needs = format!("needs {MIN_WIDTH}x{MIN_HEIGHT}, q quits");
    let time = clock(view.race.now_ms());
    let lines = ["simulated".to_owned(), time, "all is hidden:".to_owned(), needs];
    for (y, line) in (area.y..area.y + area.height).zip(lines) {
        buf.set_stringn(area.x, y, line, area.width.into(), Style::default());
    }
}
