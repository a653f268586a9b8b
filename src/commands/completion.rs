//! `oppscale completion`: a script that completes commands and flags.

use clap::{Arg, Args, Command};
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
    let visible = Command::new("oppscale")
        .version(env!("CARGO_PKG_VERSION"))
        .args(root.get_arguments().cloned())
        .subcommands(root.get_subcommands().filter(|one| !one.is_hide_set()).cloned());
    let mut visible = with_plain_value_names(visible);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut visible, "oppscale", &mut script);
    printer.data(&String::from_utf8(script)?)?;
    Ok(Exit::Ok)
}

/// The command with value names that no shell takes for anything else: zsh runs what follows a
/// colon in them as a command.
fn with_plain_value_names(command: Command) -> Command {
    let plain = |arg: Arg| match arg.get_value_names() {
        Some(names) => {
            let names: Vec<String> = names.iter().map(|name| plain_name(name)).collect();
            arg.value_names(names)
        }
        None => arg,
    };
    command.mut_args(plain).mut_subcommands(with_plain_value_names)
}

fn plain_name(value_name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-/=,.".contains(c);
    value_name.split(|c| !is_plain(c)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
