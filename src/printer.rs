//! All printing: data to stdout, messages to stderr.
//!
//! Color, width and progress are decided once, here.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use ratatui::style::Color;

use crate::cli;
use crate::palette::{ColorDepth, Palette, ThemeChoice};

use crate::stderr;

/// Use of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Emphasis of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Unstyled.
    Plain,
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// A warning.
    Warn,
    /// An error.
    Bad,
}

/// Prints data and messages.
#[derive(Debug, Clone)]
pub struct Printer {
    color: bool,
    stderr_color: bool,
    palette: Palette,
    width: Option<usize>,
    quiet: bool,
    unicode: bool,
}

impl Printer {
    /// Inspects the terminal and the environment.
    pub fn new(choice: ColorChoice, theme: ThemeChoice, quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let on = |terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !dumb && !no_color,
        };
        let terminal = io::stdout().is_terminal();
        Self {
            color: on(terminal),
            stderr_color: on(io::stderr().is_terminal()),
            palette: Palette::of(theme, ColorDepth::of_terminal()),
            width: terminal.then(terminal_width),
            quiet,
            unicode: !dumb && locale_is_utf8(),
        }
    }

    /// Whether stdout shows Unicode.
    pub fn is_unicode(&self) -> bool {
        self.unicode
    }

    /// Width of the terminal on stdout, if it is one.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether progress is shown.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether stdout is coloured.
    pub fn is_colored(&self) -> bool {
        self.color
    }

    /// The colours of stdout, if it is coloured.
    pub fn palette(&self) -> Option<Palette> {
        self.color.then_some(self.palette)
    }

    /// Whether stderr is coloured.
    pub fn is_stderr_colored(&self) -> bool {
        self.stderr_color
    }

    /// `text` in `style`, for stdout.
    pub fn paint(&self, style: Style, text: &str) -> String {
        paint(self.palette(), style, text)
    }

    fn paint_stderr(&self, style: Style, text: &str) -> String {
        paint(self.stderr_color.then_some(self.palette), style, text)
    }

    /// Writes data to stdout, all at once.
    ///
    /// # Errors
    /// When stdout cannot be written, a closed pipe included.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => error,
            kind => io::Error::new(kind, format!("cannot write standard output: {error}")),
        })
    }

    /// Prints a warning; `--quiet` does not silence it.
    pub fn warn(&self, text: &str) {
        let text = cli::localized(text);
        let (label, text) = (self.paint_stderr(Style::Warn, "warning:"), sanitize(&text));
        self.to_stderr(&format!("{label} {text}\n"));
    }

    /// Prints a note, unless `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let label = self.paint_stderr(Style::Dim, "note:");
            let text = sanitize(&cli::localized(text)).replace('\n', "\n      ");
            self.to_stderr(&format!("{label} {text}\n"));
        }
    }

    /// Prints a table that explains the data to stderr.
    pub fn explanation(&self, text: &str) {
        self.to_stderr(text);
    }

    /// Width of the terminal on stderr, if it is one.
    pub fn stderr_width(&self) -> Option<usize> {
        let (_, columns) = console::Term::stderr().size_checked()?;
        io::stderr().is_terminal().then_some(usize::from(columns).max(40))
    }

    /// Prints an error, with lines of `details` below.
    pub fn error(&self, message: &str, details: &str) {
        let label = self.paint_stderr(Style::Bad, "error:");
        let (message, details) = (cli::localized(message), cli::localized(details));
        let (message, details) = (sanitize(&message), sanitize(&details));
        self.to_stderr(&format!("{label} {message}\n{details}"));
    }

    fn to_stderr(&self, text: &str) {
        stderr::write(text.as_bytes());
    }
}

/// Whether a terminal interprets a character: control characters, and those that change the
/// direction of the text.
pub fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without terminal controls except line ends: names from a cluster or a file may
/// contain anything.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| c != '\n' && is_command(c);
    match text.contains(is_harmful) {
        true => text.replace(is_harmful, "\u{fffd}").into(),
        false => text.into(),
    }
}

fn paint(palette: Option<Palette>, style: Style, text: &str) -> String {
    let Some(palette) = palette else { return text.to_owned() };
    let code = match style {
        Style::Plain => return text.to_owned(),
        Style::Bold => "1".to_owned(),
        Style::Dim => "2".to_owned(),
        Style::Warn => foreground(palette.warn),
        Style::Bad => foreground(palette.bad),
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// The code of a colour of a palette. Where text keeps the terminal's own, it is bold.
fn foreground(color: Color) -> String {
    match color {
        Color::Rgb(red, green, blue) => format!("38;2;{red};{green};{blue}"),
        Color::Indexed(index) => format!("38;5;{index}"),
        Color::Red => "31".to_owned(),
        _ => "1".to_owned(),
    }
}

/// Whether the locale uses UTF-8, by the variable that takes precedence.
fn locale_is_utf8() -> bool {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    let value = name.and_then(|name| std::env::var(name).ok()).unwrap_or_default();
    let value = value.to_ascii_lowercase();
    value.contains("utf-8") || value.contains("utf8")
}

/// Width of the terminal on stdout, or 80 if unknown.
fn terminal_width() -> usize {
    let size = console::Term::stdout().size_checked();
    size.map_or(80, |(_, columns)| usize::from(columns).max(1))
}
