//! `oppscale completion`: a script that completes commands and flags.

use clap::{Args, Command};
use clap_complete::Shell;

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
    /// Shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script for the command line `root`.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(args: &CompletionArgs, root: &Command, printer: &Printer) -> anyhow::Result<Exit> {
    // Without hidden commands, which scripts would complete, too.
    let mut visible = Command::new("oppscale")
        .version(env!("CARGO_PKG_VERSION"))
        .args(root.get_arguments().cloned())
        .subcommands(root.get_subcommands().filter(|one| !one.is_hide_set()).cloned());
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut visible, "oppscale", &mut script);
    printer.data(&String::from_utf8(script)?)?;
    Ok(Exit::Ok)
}
