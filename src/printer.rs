//! The only place that prints: data on stdout, words on stderr.
//!
//! Colour, width and whether anybody watches are decided once, here.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

/// When to colour.
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

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all.
    Plain,
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// Wants attention.
    Warn,
    /// Is bad.
    Bad,
}

/// Where output goes and how it looks.
#[derive(Debug, Clone)]
pub struct Printer {
    color: bool,
    stderr_color: bool,
    width: Option<usize>,
    quiet: bool,
    unicode: bool,
}

impl Printer {
    /// Looks at the terminal and the environment once.
    pub fn new(choice: ColorChoice, quiet: bool) -> Self {
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
            width: terminal.then(terminal_width),
            quiet,
            unicode: !dumb && locale_is_utf8(),
        }
    }

    /// Whether stdout takes more than ASCII.
    pub fn is_unicode(&self) -> bool {
        self.unicode
    }

    /// The columns of the terminal on stdout; `None` when stdout is none.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether progress may be shown.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether stdout is coloured.
    pub fn is_colored(&self) -> bool {
        self.color
    }

    /// Whether stderr is coloured.
    pub fn is_stderr_colored(&self) -> bool {
        self.stderr_color
    }

    /// `text` in `style`, for stdout.
    pub fn paint(&self, style: Style, text: &str) -> String {
        paint(self.color, style, text)
    }

    /// Writes data to stdout, all at once.
    ///
    /// # Errors
    /// When stdout cannot be written, a closed pipe included.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Says something that deserves attention; not silenced by `--quiet`.
    pub fn warn(&self, text: &str) {
        let (label, text) = (paint(self.stderr_color, Style::Warn, "warning:"), harmless(text));
        self.words(&format!("{label} {text}\n"));
    }

    /// Says something that is good to know.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let label = paint(self.stderr_color, Style::Dim, "note:");
            // What follows on further lines stands below the first one.
            let text = harmless(text).replace('\n', "\n      ");
            self.words(&format!("{label} {text}\n"));
        }
    }

    /// Prints a table that explains the data, to stderr.
    pub fn explanation(&self, text: &str) {
        self.words(text);
    }

    /// The columns of the terminal on stderr; `None` when stderr is none.
    pub fn stderr_width(&self) -> Option<usize> {
        let (_, columns) = console::Term::stderr().size_checked()?;
        io::stderr().is_terminal().then_some(usize::from(columns).max(40))
    }

    /// Prints an error; `details` are lines below it.
    pub fn error(&self, message: &str, details: &str) {
        let label = paint(self.stderr_color, Style::Bad, "error:");
        self.words(&format!(
            "{label} {}
{}",
            harmless(message),
            harmless(details)
        ));
    }

    fn words(&self, text: &str) {
        // There is nowhere left to report that stderr is closed.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Whether a character tells a terminal to do something: controls of both sets, and those
/// that turn the direction of what follows.
pub fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without what a terminal obeys, but for the ends of lines: names come from a
/// cluster, or from a file, where whoever may write them may write anything.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| c != '\n' && is_command(c);
    match text.contains(is_harmful) {
        true => text.replace(is_harmful, "\u{fffd}").into(),
        false => text.into(),
    }
}

fn paint(color: bool, style: Style, text: &str) -> String {
    let code = match style {
        Style::Plain => return text.to_owned(),
        _ if !color => return text.to_owned(),
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Warn => "33",
        Style::Bad => "31",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Whether the locale writes UTF-8, by the variable that counts.
fn locale_is_utf8() -> bool {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    let value = name.and_then(|name| std::env::var(name).ok()).unwrap_or_default();
    let value = value.to_ascii_lowercase();
    value.contains("utf-8") || value.contains("utf8")
}

/// The width of the terminal, or 80 where it does not tell.
fn terminal_width() -> usize {
    let size = console::Term::stdout().size_checked();
    size.map_or(80, |(_, columns)| usize::from(columns).max(1))
}
