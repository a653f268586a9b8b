//! Which characters and colours the terminal takes.

use ratatui::style::{Color, Modifier, Style};

/// How things are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether the terminal shows characters beyond ASCII.
    pub unicode: bool,
    /// Whether colours are wanted.
    pub color: bool,
}

/// Whose part of a bar it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Paid,
    Own,
    /// Requested, whoever by.
    Taken,
    Free,
    Waiting,
}

impl Look {
    /// Told from the values of `LC_ALL`, `LC_CTYPE` and `LANG`: the first that is set decides.
    #[must_use]
    pub fn of_locale(values: [Option<String>; 3], color: bool) -> Self {
        let locale = values.into_iter().flatten().find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        Self { unicode: locale.contains("utf-8") || locale.contains("utf8"), color }
    }

    /// The character that fills a part; each differs, so that no colour is needed.
    pub(super) fn fill(self, part: Part) -> &'static str {
        match (part, self.unicode) {
            (Part::Paid | Part::Taken, true) => "█",
            (Part::Own, true) => "▒",
            (Part::Free, true) => "·",
            (Part::Paid | Part::Taken, false) => "#",
            (Part::Own, false) => "+",
            (Part::Free, false) => ".",
            (Part::Waiting, _) => "!",
        }
    }

    /// The style of a part.
    pub(super) fn style(self, part: Part) -> Style {
        if !self.color {
            return Style::default();
        }
        Style::default().fg(match part {
            Part::Paid => Color::Blue,
            Part::Own => Color::Green,
            Part::Taken => Color::Cyan,
            Part::Free => Color::DarkGray,
            Part::Waiting => Color::Red,
        })
    }

    /// Headings.
    pub(super) fn bold(self) -> Style {
        Style::default().add_modifier(Modifier::BOLD)
    }

    /// What is less important.
    pub(super) fn dim(self) -> Style {
        if self.color { Style::default().fg(Color::DarkGray) } else { Style::default() }
    }

    /// What is bad.
    pub(super) fn bad(self) -> Style {
        if self.color { self.bold().fg(Color::Red) } else { self.bold() }
    }

    /// `text` in characters that the terminal shows.
    pub(super) fn text(self, text: &str) -> String {
        if self.unicode { text.to_owned() } else { super::plain::ascii(text) }
    }

    /// The line between the sides.
    pub(super) fn separator(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }

    /// A cell that is filled to so many eighths from below.
    pub(super) fn level(self, eighths: u32) -> &'static str {
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
    fn the_first_locale_that_is_set_decides() {
        let unicode = |values: [Option<&str>; 3]| {
            Look::of_locale(values.map(|value| value.map(str::to_owned)), false).unicode
        };
        assert!(unicode([None, None, Some("en_GB.UTF-8")]));
        assert!(unicode([Some(""), Some("C.utf8"), Some("C")]));
        assert!(!unicode([Some("C"), None, Some("en_GB.UTF-8")]));
        assert!(!unicode([None, None, None]));
    }
}
