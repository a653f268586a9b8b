//! The terminal of a live screen: taken, drawn on, and given back as it was.
//!
//! | file | holds |
//! |---|---|
//! | `screen` | [`Screen`]: the alternate screen in raw mode; also after a panic or a stop all is as before |
//! | `input` | [`Input`]: keys, mouse and sizes as they come |
//! | `signals` | [`Signals`]: those that end, stop and continue programs |
//! | `look` | [`Look`]: which characters and colours the terminal takes |

mod input;
mod look;
mod screen;
mod signals;

pub use input::Input;
pub use look::{Look, Part};
pub use screen::{LogWriter, Screen, log_writer};
pub use signals::{Signal, Signals};

use std::io::{self, IsTerminal};

/// How a screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
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
