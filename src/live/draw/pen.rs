//! Text into a buffer: within its place, and in characters that the terminal shows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::terminal::Look;

/// Writes into a buffer.
pub(super) struct Pen<'a> {
    pub(super) look: Look,
    pub(super) buf: &'a mut Buffer,
}

impl<'a> Pen<'a> {
    pub(super) fn new(look: Look, buf: &'a mut Buffer) -> Self {
        Self { look, buf }
    }

    /// Writes `text` at the beginning of `place`, and tells what is left of it. Where it is
    /// cut, that is to be seen.
    pub(super) fn put(&mut self, place: Rect, text: &str, style: Style) -> Rect {
        if place.width == 0 || place.height == 0 {
            return place;
        }
        let width = usize::from(place.width);
        let text = self.look.cut(text, width);
        let (x, _) = self.buf.set_stringn(place.x, place.y, &*text, width, style);
        let used = x.saturating_sub(place.x);
        Rect { x, width: place.width.saturating_sub(used), ..place }
    }

    /// The end of `text`, cut to so many columns.
    pub(super) fn tail(&self, text: &str, width: u16) -> String {
        self.look.tail(text, width.into()).into_owned()
    }

    /// Writes `text` at the end of `place`; tells what is left before it.
    pub(super) fn put_right(&mut self, place: Rect, text: &str, style: Style) -> Rect {
        let width = self.width(text).min(place.width);
        let x = place.x + place.width - width;
        self.put(Rect { x, width, ..place }, text, style);
        Rect { width: place.width - width, ..place }
    }

    /// Shows that what stands in `place` is a key.
    pub(super) fn underline(&mut self, place: Rect) {
        let style = Style::default().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        self.buf.set_style(Rect { height: place.height.min(1), ..place }, style);
    }

    /// How wide `text` is when it is written.
    pub(super) fn width(&self, text: &str) -> u16 {
        u16::try_from(self.look.text(text).width()).unwrap_or(u16::MAX)
    }
}

/// The first line of `area`, and what is below.
pub(super) fn split(area: Rect) -> (Rect, Rect) {
    let height = area.height.min(1);
    let rest = Rect { y: area.y + height, height: area.height - height, ..area };
    (Rect { height, ..area }, rest)
}

/// `text` in lines of at most so many columns, broken at spaces where there are any.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_its_place_ends() {
        let area = Rect::new(0, 0, 8, 1);
        let mut buf = Buffer::empty(area);
        let look = Look { unicode: true, color: false };
        let mut pen = Pen::new(look, &mut buf);
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
}
