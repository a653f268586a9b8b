//! Text and bars in a buffer: clipped, and in characters that the terminal supports.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Block, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::theme::{Part, Theme};
use oppscale_core::resources::Amount;

/// A buffer with the theme in which it is drawn.
#[derive(Debug)]
pub struct Pen<'a> {
    /// The characters and colours.
    pub theme: Theme,
    /// The buffer.
    pub buf: &'a mut Buffer,
}

impl<'a> Pen<'a> {
    /// A pen for this buffer.
    pub fn new(theme: Theme, buf: &'a mut Buffer) -> Self {
        Self { theme, buf }
    }

    /// Writes `text` at the beginning of `place`, with an ellipsis where it is cut. Returns the
    /// rest of the place.
    pub fn put(&mut self, place: Rect, text: &str, style: Style) -> Rect {
        if place.width == 0 || place.height == 0 {
            return place;
        }
        let width = usize::from(place.width);
        let text = self.theme.cut(text, width);
        let (x, _) = self.buf.set_stringn(place.x, place.y, &*text, width, style);
        let used = x.saturating_sub(place.x);
        Rect { x, width: place.width.saturating_sub(used), ..place }
    }

    /// Writes a swatch of a part, and `text` beside it in the terminal's foreground. Returns the
    /// rest of the place.
    pub fn legend(&mut self, place: Rect, part: Part, text: &str, style: Style) -> Rect {
        let swatch = self.theme.style(part).patch(self.theme.bold());
        let rest = self.put(place, self.theme.fill(part), swatch);
        self.put(rest, text, style)
    }

    /// Writes lines one below the other, as many as fit. Returns the rest of the place.
    pub fn lines(
        &mut self,
        mut place: Rect,
        lines: impl IntoIterator<Item = (impl AsRef<str>, Style)>,
    ) -> Rect {
        for (text, style) in lines.into_iter().take(place.height.into()) {
            let (row, below) = split(place);
            self.put(row, text.as_ref(), style);
            place = below;
        }
        place
    }

    /// The end of `text` in at most `width` columns.
    pub fn tail(&self, text: &str, width: u16) -> String {
        self.theme.tail(text, width.into()).into_owned()
    }

    /// Writes `text` at the end of `place`. Returns the rest of the place before it.
    pub fn put_right(&mut self, place: Rect, text: &str, style: Style) -> Rect {
        let width = self.width(text).min(place.width);
        let x = place.x + place.width - width;
        self.put(Rect { x, width, ..place }, text, style);
        Rect { width: place.width - width, ..place }
    }

    /// Underlines a key.
    pub fn underline(&mut self, place: Rect) {
        let style = Style::default().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        self.buf.set_style(Rect { height: place.height.min(1), ..place }, style);
    }

    /// Fills the column of `place` at `x` from below, to `eighths` of a cell.
    pub fn column(&mut self, place: Rect, x: u16, eighths: Amount) {
        for row in 0..place.height {
            let below = Amount::from(place.height - 1 - row) * 8;
            let level = u32::try_from((eighths - below).clamp(0, 8)).unwrap_or(0);
            let cell = Rect { x, y: place.y + row, width: 1, height: 1 };
            self.put(cell, self.theme.level(level), self.theme.style(Part::Filler));
        }
    }

    /// Fills a column of cells from below with the parts in proportion to `whole`.
    pub fn stack(&mut self, parts: &Parts, whole: Amount, column: Rect) {
        let edges = edges(parts, whole, column.height);
        for row in 0..column.height {
            let cell = Rect { y: column.y + column.height - 1 - row, height: 1, ..column };
            let shares = shares(&edges, u32::from(row) * 8);
            let empty = 8 - shares.iter().sum::<u32>();
            // A part of which there is little is shown where it begins.
            let most = (0..parts.len()).rev().max_by_key(|at| shares[*at]);
            let Some(most) = most.filter(|most| shares[*most] >= empty) else { continue };
            let part = parts[most].0;
            let is_lowest = shares[..most].iter().all(|share| *share == 0);
            match shares[most] {
                share @ 1..8 if part == Part::Paid && is_lowest => {
                    self.put(cell, self.theme.level(share), self.edge_style(parts, &shares, part))
                }
                _ => self.put(cell, self.theme.fill(part), self.theme.style(part)),
            };
        }
    }

    /// The style of a cell that `part` fills in part: the rest of it has the colour of the fillers
    /// behind.
    fn edge_style(&self, parts: &Parts, shares: &[u32], part: Part) -> Style {
        let style = self.theme.style(part);
        let behind = shares.iter().rposition(|share| *share > 0).map(|at| parts[at].0);
        let behind = behind.filter(|part| *part == Part::Filler && self.theme.palette.is_some());
        let behind = behind.and_then(|part| self.theme.style(part).fg);
        behind.map_or(style, |color| style.bg(color))
    }

    /// Clears a box in the middle of `area` and draws its frame, or clears the whole area if there
    /// is no room for a frame. Returns the place within.
    pub fn popup(&mut self, title: &str, place: Rect, area: Rect, has_frame: bool) -> Rect {
        Clear.render(if has_frame { place } else { area }, self.buf);
        if !has_frame {
            return area;
        }
        let frame = Block::bordered().border_set(self.theme.border());
        frame.title(title).title_style(self.theme.bold()).render(place, self.buf);
        place.inner(Margin::new(1, 1))
    }

    /// Width of `text` in columns.
    pub fn width(&self, text: &str) -> u16 {
        u16::try_from(self.theme.text(text).width()).unwrap_or(u16::MAX)
    }
}

/// A box of this size in the middle of `area`, or as much of it as there is room for.
pub fn centered(width: u16, height: u16, area: Rect) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    Rect { x, y, width, height }
}

/// The first line of `area`, and the rest below it.
pub fn split(area: Rect) -> (Rect, Rect) {
    let height = area.height.min(1);
    let rest = Rect { y: area.y + height, height: area.height - height, ..area };
    (Rect { height, ..area }, rest)
}

/// `text` wrapped at spaces to lines of at most `width` columns.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word;
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            while word.width() > width && width > 0 {
                let mut at = word.len();
                while word[..at].width() > width {
                    at = word[..at].char_indices().next_back().map_or(0, |(at, _)| at);
                }
                if at == 0 {
                    break;
                }
                lines.push(word[..at].to_owned());
                word = &word[at..];
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Parts of a bar, each with its amount.
pub type Parts = [(Part, Amount)];

/// Fills the first line of `place` with the parts in proportion to `whole`, to an eighth of a
/// cell. The rest stays empty.
pub fn bar(parts: &Parts, whole: Amount, place: Rect, pen: &mut Pen<'_>) {
    if place.height == 0 {
        return;
    }
    let edges = edges(parts, whole, place.width);
    for column in 0..place.width {
        let cell = Rect { x: place.x + column, width: 1, ..place };
        let shares = shares(&edges, u32::from(column) * 8);
        let Some(first) = shares.iter().position(|share| *share > 0) else { return };
        let is_solid = matches!(parts[first].0, Part::Paid | Part::Requested);
        if let Some(edge) = pen.theme.edge(shares[first]).filter(|_| is_solid) {
            pen.put(cell, edge, pen.edge_style(parts, &shares, parts[first].0));
            continue;
        }
        // Otherwise the largest part fills the cell, or it stays empty.
        let empty = 8 - shares.iter().sum::<u32>();
        let most = (0..parts.len()).rev().max_by_key(|at| shares[*at]);
        if let Some(most) = most.filter(|most| shares[*most] >= empty) {
            pen.put(cell, pen.theme.fill(parts[most].0), pen.theme.style(parts[most].0));
        }
    }
}

/// Number of eighths that each part has of the cell that begins at `from`.
fn shares(edges: &[u32], from: u32) -> Vec<u32> {
    let within = |edge: u32| edge.clamp(from, from + 8) - from;
    let mut start = 0;
    let share = |edge: &u32| {
        let share = within(*edge) - start;
        start += share;
        share
    };
    edges.iter().map(share).collect()
}

/// End of each part, in eighths of a cell. Overcommitted requests are always visible.
fn edges(parts: &Parts, whole: Amount, width: u16) -> Vec<u32> {
    let total = Amount::from(width) * 8;
    let sum: Amount = parts.iter().map(|(_, amount)| (*amount).max(0)).sum();
    let whole = whole.max(sum).max(1);
    let mut reached = 0;
    let mut edges: Vec<u32> = Vec::with_capacity(parts.len());
    for (_, amount) in parts {
        reached += (*amount).max(0);
        let edge = (reached * total + whole / 2) / whole;
        edges.push(u32::try_from(edge).unwrap_or(u32::MAX));
    }
    let is_short = parts.last().is_some_and(|(part, amount)| *part == Part::Waiting && *amount > 0);
    if is_short && width > 0 {
        let last = (u32::from(width) - 1) * 8;
        let end = u32::from(width) * 8;
        let before = edges.len() - 1;
        for edge in &mut edges[..before] {
            *edge = (*edge).min(last);
        }
        edges[before] = end;
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::{ColorDepth, Palette, ThemeChoice};

    #[test]
    fn text_is_cut_where_its_place_ends() {
        let area = Rect::new(0, 0, 8, 1);
        let mut buf = Buffer::empty(area);
        let theme = Theme { unicode: true, palette: None };
        let mut pen = Pen::new(theme, &mut buf);
        let rest = pen.put(Rect { width: 4, ..area }, "ab", Style::default());
        assert_eq!((rest.x, rest.width), (2, 2));
        pen.put(rest, "xyz", Style::default());
        pen.put_right(Rect::new(4, 0, 4, 1), "9\u{1b}", Style::default());
        let line: String = (0..8).map(|x| buf[(x, 0)].symbol()).collect();
        assert_eq!(line, "abx…  9�");
    }

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrapped("one two  three\nfour", 8), ["one two ", "three", "four"]);
        assert_eq!(wrapped("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrapped("größe", 1).len(), 5);
        assert_eq!(wrapped("ab", 0), ["ab"]);
    }

    /// In a bar and in a chart, no gap shows between paid pods and the fillers behind them.
    #[test]
    fn the_edge_of_paid_pods_has_the_colour_of_fillers_behind() {
        let theme =
            Theme { unicode: true, palette: Some(Palette::of(ThemeChoice::Auto, ColorDepth::Rgb)) };
        let filler = theme.style(Part::Filler).fg;
        let area = Rect::new(0, 0, 1, 1);
        let drawn = |has_filler: bool, draw: &dyn Fn(&Parts, &mut Pen<'_>)| {
            let mut buf = Buffer::empty(area);
            let parts = [(Part::Paid, 5), (Part::Filler, if has_filler { 3 } else { 0 })];
            draw(&parts, &mut Pen::new(theme, &mut buf));
            (buf[(0, 0)].symbol().to_owned(), Some(buf[(0, 0)].bg))
        };
        let chart = |parts: &Parts, pen: &mut Pen<'_>| pen.stack(parts, 8, area);
        let row = |parts: &Parts, pen: &mut Pen<'_>| bar(parts, 8, area, pen);
        assert_eq!(drawn(true, &chart), ("▅".to_owned(), filler));
        assert_eq!(drawn(true, &row), ("▋".to_owned(), filler));
        let plain = Buffer::empty(area)[(0, 0)].bg;
        assert_eq!(drawn(false, &chart), ("▅".to_owned(), Some(plain)));
        assert_eq!(drawn(false, &row), ("▋".to_owned(), Some(plain)));
    }

    fn drawn(parts: &Parts, whole: Amount, width: u16, unicode: bool) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        bar(parts, whole, area, &mut Pen::new(Theme { unicode, palette: None }, &mut buf));
        (0..width).map(|x| buf[(x, 0)].symbol()).collect()
    }

    #[test]
    fn parts_fill_the_width_to_an_eighth() {
        let parts = |paid, own, free| [(Part::Paid, paid), (Part::Filler, own), (Part::Free, free)];
        assert_eq!(drawn(&parts(50, 25, 25), 100, 8, true), "████▒▒··");
        assert_eq!(drawn(&parts(50, 25, 25), 100, 8, false), "####++..");
        assert_eq!(drawn(&parts(3, 0, 13), 16, 2, true), "▍·", "three eighths of a cell");
        assert_eq!(drawn(&parts(11, 0, 21), 32, 4, true), "█▍··");
        assert_eq!(drawn(&parts(11, 0, 21), 32, 4, false), "#...");
        assert_eq!(drawn(&parts(1, 1, 0), 8, 8, true), "█▒      ", "the rest is empty");
        assert_eq!(drawn(&parts(-5, 10, 0), 10, 4, true), "▒▒▒▒");
        assert_eq!(drawn(&parts(0, 0, 0), 0, 4, true), "    ");
        assert_eq!(drawn(&parts(1, 1, 1), 3, 0, true), "");
    }

    #[test]
    fn a_stack_grows_from_below() {
        let area = Rect::new(0, 0, 1, 4);
        let mut buf = Buffer::empty(area);
        let mut pen = Pen::new(Theme { unicode: true, palette: None }, &mut buf);
        pen.stack(&[(Part::Paid, 20), (Part::Filler, 40), (Part::Free, 20)], 80, area);
        let column: Vec<_> = (0..4).map(|y| buf[(0, y)].symbol()).collect();
        assert_eq!(column, ["·", "▒", "▒", "█"]);
        Pen::new(Theme::default(), &mut buf).stack(&[], 0, Rect::new(0, 0, 1, 0));
    }

    #[test]
    fn what_is_short_is_always_seen() {
        let parts = |short| [(Part::Paid, 1000), (Part::Free, 0), (Part::Waiting, short)];
        assert_eq!(drawn(&parts(1), 1000, 4, true), "███!");
        assert_eq!(drawn(&parts(1000), 1000, 4, true), "██!!");
        assert_eq!(drawn(&parts(0), 1000, 4, true), "████");
        assert_eq!(drawn(&parts(1), 1000, 1, false), "!");
    }
}
