//! `oppscale completion`: a script that completes commands and flags.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::printer::Printer;

/// Arguments of `oppscale completion`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(oppscale completion bash)
  oppscale completion zsh > \"${fpath[1]}/_oppscale\"
  oppscale completion fish > ~/.config/fish/completions/oppscale.fish")]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(args: &CompletionArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "oppscale", &mut script);
    printer.data(&String::from_utf8(script)?)?;
    Ok(Exit::Ok)
}
