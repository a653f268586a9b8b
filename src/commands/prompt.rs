//! Questions on the terminal.

use std::fmt;
use std::io::{self, IsTerminal};

use anyhow::Context;
use dialoguer::Confirm;
use dialoguer::theme::Theme;

/// Plain questions. One that ends in a question mark gets no colon after it.
pub(super) struct Questions;

impl Theme for Questions {
    fn format_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt}{}", colon(prompt))
    }

    fn format_input_prompt_selection(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        answer: &str,
    ) -> fmt::Result {
        write!(f, "{prompt}{} {answer}", colon(prompt))
    }
}

fn colon(prompt: &str) -> &'static str {
    if prompt.ends_with('?') { "" } else { ":" }
}

/// Whether both ends of a question are a terminal.
pub(super) fn can_ask() -> bool {
    // The questions go to stderr, the answers come from stdin.
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks yes or no; `None` on Esc or Ctrl-C.
///
/// # Errors
/// When the terminal is gone.
pub(super) async fn confirm(question: &str) -> anyhow::Result<Option<bool>> {
    let question = question.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let answer =
            Confirm::with_theme(&Questions).with_prompt(question).default(false).interact_opt();
        answered(answer)
    });
    asked.await.context("the question ended early")?
}

/// An answer; `None` for Esc and for Ctrl-C.
pub(super) fn answered<T>(
    answer: Result<Option<T>, dialoguer::Error>,
) -> anyhow::Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => {
            // dialoguer hides the cursor while it waits, and does not restore it on an interrupt.
            let _ = console::Term::stderr().show_cursor();
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
