//! The terminal of a live screen: set up, drawn on, and restored.

mod pen;
mod screen;
mod signals;
#[cfg(test)]
pub mod testing;
mod theme;

pub use pen::{Parts, Pen, bar, centered, split, wrapped};
pub use screen::{Input, LogWriter, Screen, log_writer};
pub use signals::{Signal, Signals};
pub use theme::{Part, Theme};

use std::io::{self, IsTerminal};

/// How a screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenExit {
    /// By a key, or because everything has been shown.
    Quit,
    /// By Ctrl-C, or by a signal that ends programs.
    Interrupted,
}

/// Whether a live screen can be drawn and keys can be read. A terminal whose `TERM` is `dumb` or
/// unset cannot move its cursor.
pub fn has_screen() -> bool {
    let able = std::env::var("TERM").is_ok_and(|term| !term.is_empty() && term != "dumb");
    able && io::stdout().is_terminal() && io::stdin().is_terminal()
}
