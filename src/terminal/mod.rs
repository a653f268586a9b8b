//! The terminal of a live screen: taken, drawn on, and given back as it was.

mod input;
mod screen;
mod signals;
mod theme;

pub use input::Input;
pub use screen::{LogWriter, Screen, log_writer};
pub use signals::{Signal, Signals};
pub use theme::{Part, Theme};

use std::io::{self, IsTerminal};

/// How a screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenExit {
    /// By a key that asks for it, or after the end.
    Quit,
    /// By Ctrl-C, or by a signal that ends programs.
    Interrupted,
}

/// Whether a screen can be drawn and keys be read. A dumb terminal, or one of unknown kind,
/// cannot move its cursor.
pub fn has_screen() -> bool {
    let able = std::env::var("TERM").is_ok_and(|term| !term.is_empty() && term != "dumb");
    able && io::stdout().is_terminal() && io::stdin().is_terminal()
}
