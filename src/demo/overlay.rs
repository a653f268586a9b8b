//! Boxes over the screen: the keys, and the comparison at the end.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear, Paragraph, Widget, Wrap};

use super::comparison::Comparison;
use crate::terminal::Theme;

/// What the keys do.
const KEYS: [(&str, &str); 6] = [
    ("space", "pause, go on"),
    ("s or →", "one run of the HPA, 15 s"),
    ("+ -", "twice as fast, half as fast"),
    ("q", "quit, with the figures so far"),
    ("Ctrl-C", "quit, without"),
    ("?", "close this"),
];

/// Explains the keys.
pub(super) fn help(theme: Theme, area: Rect, buf: &mut Buffer) {
    // In ASCII an arrow is wider.
    let lines = KEYS.iter().map(|(key, what)| format!("{:<7} {what}", theme.text(key))).collect();
    boxed(" keys ", lines, 42, theme, area, buf);
}

/// The figures at the end, and why they differ where there is room to say it.
pub(super) fn comparison(comparison: &Comparison, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut lines = comparison.lines();
    if area.height >= 20 && area.width >= 60 {
        lines.push(String::new());
        lines.push(comparison.reason.clone());
        lines.push(String::new());
    }
    if area.height > 10 {
        lines.push("any key ends, and prints this".to_owned());
    }
    boxed(" the comparison ", lines, 64, theme, area, buf);
}

/// A box in the middle, or the whole area where it is too small for a frame.
fn boxed(title: &str, lines: Vec<String>, width: u16, theme: Theme, area: Rect, buf: &mut Buffer) {
    let width = width.min(area.width);
    let inner = usize::from(width.saturating_sub(4)).max(1);
    // Wrapping at words takes a row more than counting characters says, now and then.
    let rows = |line: &String| match line.chars().count().div_ceil(inner) {
        0 | 1 => 1,
        more => more + 1,
    };
    let rows = u16::try_from(lines.iter().map(rows).sum::<usize>()).unwrap_or(u16::MAX);
    let text = Text::from(lines.into_iter().map(Line::from).collect::<Vec<_>>());
    let paragraph = Paragraph::new(text).wrap(Wrap { trim: false });
    if width < 42 || rows + 2 > area.height {
        Clear.render(area, buf);
        paragraph.style(Style::default()).render(area, buf);
        return;
    }
    let height = rows + 2;
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buf);
    let set = theme.border();
    let frame = Block::bordered().border_set(set).title(title).title_style(theme.bold());
    let padded = frame.padding(ratatui::widgets::Padding::horizontal(1));
    paragraph.block(padded).render(place, buf);
}
