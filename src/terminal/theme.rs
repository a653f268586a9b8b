//! The characters and colours that the terminal supports.

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::palette::Palette;
use crate::printer::{Printer, is_command};
use oppscale_core::figures::Tone;

/// Characters and colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Whether characters beyond ASCII are used.
    pub unicode: bool,
    /// The colours, if there are any.
    pub palette: Option<Palette>,
}

/// A part of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Requests of paid pods.
    Paid,
    /// Requests of opportunistic pods.
    Filler,
    /// Requests of any pods.
    Requested,
    /// Free, but reserved.
    Reserve,
    /// Free.
    Free,
    /// Requests that find no room: of paid pods that wait, or beyond what is allocatable.
    Waiting,
}

impl Theme {
    /// The characters and colours of stdout.
    pub fn of(printer: &Printer) -> Self {
        Self { unicode: printer.is_unicode(), palette: printer.palette() }
    }

    /// The character that fills a part; each differs, so that the bar is readable without colour.
    #[must_use]
    pub fn fill(self, part: Part) -> &'static str {
        match (part, self.unicode) {
            // Denser, as the colour already tells it from paid requests.
            (Part::Filler, true) if self.palette.is_some() => "▓",
            (Part::Paid | Part::Requested, true) => "█",
            (Part::Filler, true) => "▒",
            (Part::Reserve, true) => "░",
            (Part::Free, true) => "·",
            (Part::Paid | Part::Requested, false) => "#",
            (Part::Filler, false) => "+",
            (Part::Reserve, false) => "=",
            (Part::Free, false) => ".",
            (Part::Waiting, _) => "!",
        }
    }

    /// The style of a part, as an area. The text beside it has the terminal's foreground: what
    /// an area can do with, text cannot be read in.
    #[must_use]
    pub fn style(self, part: Part) -> Style {
        let Some(palette) = self.palette else { return Style::default() };
        let color = match part {
            Part::Paid => palette.paid,
            Part::Filler => palette.filler,
            Part::Requested => Color::Reset,
            Part::Reserve | Part::Free => return self.dim(),
            Part::Waiting => palette.waiting,
        };
        Style::default().fg(color)
    }

    /// The style of a tone.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain | Tone::Paid | Tone::Filler => Style::default(),
            Tone::Strong => self.bold(),
            Tone::Dim => self.dim(),
            Tone::Good => self.good(),
            Tone::Warn => self.warn(),
            Tone::Bad => self.bad(),
        }
    }

    /// The style of headings.
    #[must_use]
    pub fn bold(self) -> Style {
        Style::default().add_modifier(Modifier::BOLD)
    }

    /// The style of secondary text. Bright black, its usual colour, is the background of some
    /// themes.
    #[must_use]
    pub fn dim(self) -> Style {
        match self.palette {
            Some(_) => Style::default().add_modifier(Modifier::DIM),
            None => Style::default(),
        }
    }

    /// The style of errors.
    #[must_use]
    pub fn bad(self) -> Style {
        self.palette.map_or(self.bold(), |palette| self.bold().fg(palette.bad))
    }

    /// The style of warnings: bold where the palette has no colour for them.
    #[must_use]
    pub fn warn(self) -> Style {
        match self.palette {
            Some(palette) if palette.warn != Color::Reset => Style::default().fg(palette.warn),
            _ => self.bold(),
        }
    }

    /// The style of success.
    #[must_use]
    pub fn good(self) -> Style {
        self.palette.map_or(Style::default(), |palette| Style::default().fg(palette.good))
    }

    /// The style of the selected row, whatever style its text had.
    #[must_use]
    pub fn chosen(self) -> Style {
        let style = Style::default().fg(Color::Reset).remove_modifier(Modifier::DIM);
        style.add_modifier(Modifier::REVERSED)
    }

    /// `text` with control characters replaced: names come from a cluster, and an escape sequence
    /// in one must not reach the terminal.
    #[must_use]
    pub fn text(self, text: &str) -> Cow<'_, str> {
        if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                _ if is_command(c) => shown.push(if self.unicode { '\u{fffd}' } else { '?' }),
                _ if self.unicode || c.is_ascii() => shown.push(c),
                '→' => shown.push_str("->"),
                '·' => shown.push('.'),
                '…' => shown.push('~'),
                '−' | '–' => shown.push('-'),
                _ => shown.push('?'),
            }
        }
        Cow::Owned(shown)
    }

    /// `text` in at most `width` columns, with an ellipsis where it is cut.
    #[must_use]
    pub fn cut(self, text: &str, width: usize) -> Cow<'_, str> {
        let shown = self.text(text);
        if shown.width() <= width {
            return shown;
        }
        let mut cut = String::new();
        let mut left = width.saturating_sub(1);
        for c in shown.chars() {
            let Some(less) = left.checked_sub(c.width().unwrap_or(0)) else { break };
            left = less;
            cut.push(c);
        }
        if width > 0 {
            cut.push_str(&self.text("…"));
        }
        Cow::Owned(cut)
    }

    /// The end of `text` in at most `width` columns, with an ellipsis before it where it is cut.
    #[must_use]
    pub fn tail(self, text: &str, width: usize) -> Cow<'_, str> {
        let shown = self.text(text);
        if shown.width() <= width {
            return shown;
        }
        let mut from = shown.len();
        let mut left = width.saturating_sub(1);
        for (at, c) in shown.char_indices().rev() {
            let Some(less) = left.checked_sub(c.width().unwrap_or(0)) else { break };
            left = less;
            from = at;
        }
        let mark = if width > 0 { self.text("…") } else { Cow::Borrowed("") };
        Cow::Owned(format!("{mark}{}", &shown[from..]))
    }

    /// `text` in at most `width` columns, cut in the middle: the end of a name tells nodes and
    /// pods apart.
    #[must_use]
    pub fn middle(self, text: &str, width: usize) -> Cow<'_, str> {
        let shown = self.text(text);
        let all = shown.width();
        // Of a short place nothing but the beginning and an ellipsis would be left.
        if all <= width || width < 6 {
            return self.cut(text, width);
        }
        let end = self.tail(text, width - width / 3);
        let begin: String = shown
            .chars()
            .scan(width - end.width(), |left, c| {
                *left = left.checked_sub(c.width().unwrap_or(0))?;
                Some(c)
            })
            .collect();
        Cow::Owned(begin + &end)
    }

    /// The arrow of a sorted column, descending or ascending.
    #[must_use]
    pub fn arrow(self, descending: bool) -> &'static str {
        match (descending, self.unicode) {
            (true, true) => "↓",
            (false, true) => "↑",
            // A letter would be read as part of the heading.
            (true, false) => ">",
            (false, false) => "<",
        }
    }

    /// The border of a box.
    #[must_use]
    pub fn border(self) -> border::Set<'static> {
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
        if self.unicode { border::PLAIN } else { ASCII }
    }

    /// The vertical line between two sides.
    #[must_use]
    pub fn separator(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }

    /// A cell that is filled from the left to `eighths`, 1 to 7.
    #[must_use]
    pub fn edge(self, eighths: u32) -> Option<&'static str> {
        const BLOCKS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let at = usize::try_from(eighths).ok()?.checked_sub(1)?;
        BLOCKS.get(at).copied().filter(|_| self.unicode)
    }

    /// A cell that is filled from below to `eighths`.
    #[must_use]
    pub fn level(self, eighths: u32) -> &'static str {
        const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        match (eighths, self.unicode) {
            (_, true) => BLOCKS[eighths.min(8) as usize],
            (0, false) => " ",
            (1..=2, false) => ".",
            (3..=5, false) => ":",
            (_, false) => "#",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        let theme = Theme { unicode: true, palette: None };
        assert_eq!(theme.text("node-1"), "node-1");
        assert_eq!(theme.text("a\u{1b}[31mb\u{9b}2Jc\r\nd\u{202e}e"), "a�[31mb�2Jc��d�e");
        assert_eq!(theme.text("größe…"), "größe…");
        let ascii = Theme { unicode: false, palette: None };
        assert_eq!((theme.cut("größe", 5), theme.cut("größe", 4)), ("größe".into(), "grö…".into()));
        assert_eq!((ascii.cut("abcdef", 4), ascii.cut("ab", 0)), ("abc~".into(), "".into()));
        assert_eq!((theme.tail("abcdef", 4), ascii.tail("abcdef", 1)), ("…def".into(), "~".into()));
        assert_eq!(theme.tail("日本語", 4), "…語", "never half of a wide character");
        assert_eq!(theme.middle("gke-pool-1-a7f9", 9), "gke…-a7f9");
        assert_eq!(theme.middle("gke-pool-1", 10), "gke-pool-1");
        assert_eq!(theme.middle("gke-pool-1", 5), "gke-…");
        assert_eq!(theme.middle("日本語日本語日本語", 10), "日…日本語");
        assert_eq!(ascii.text("a\u{1b}b→ü…"), "a?b->?~");
    }
}
