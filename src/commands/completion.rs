//! `oppscale completion`: a script that asks oppscale for candidates when a person presses Tab.

use clap::{Args, ValueEnum};

use crate::exit::Exit;
use crate::printer::Printer;

/// Arguments of `oppscale completion`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(oppscale completion bash)
  oppscale completion zsh > \"${fpath[1]}/_oppscale\"
  oppscale completion fish > ~/.config/fish/completions/oppscale.fish
  oppscale completion kubectl > ~/.local/bin/kubectl_complete-oppscale
  chmod +x ~/.local/bin/kubectl_complete-oppscale

Besides commands and flags, Tab completes names: contexts of the kubeconfig, and
nodes, namespaces, pods, HPAs, labels and taints where the cluster, or the files
of --from, can be read within 300 ms.")]
pub struct CompletionArgs {
    /// Shell, or kubectl for kubectl oppscale
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Whose completion it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash 4 or later
    Bash,
    /// elvish 0.18 or later
    Elvish,
    /// fish 3.4 or later
    Fish,
    /// kubectl 1.26 or later
    Kubectl,
    /// PowerShell
    Powershell,
    /// zsh
    Zsh,
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../completions/oppscale.bash"),
            Self::Elvish => include_str!("../../completions/oppscale.elvish"),
            Self::Fish => include_str!("../../completions/oppscale.fish"),
            Self::Kubectl => include_str!("../../completions/kubectl_complete-oppscale"),
            Self::Powershell => include_str!("../../completions/oppscale.ps1"),
            Self::Zsh => include_str!("../../completions/oppscale.zsh"),
        }
    }
}

/// Prints the script.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(args: &CompletionArgs, printer: &Printer) -> anyhow::Result<Exit> {
    printer.data(args.shell.script())?;
    Ok(Exit::Ok)
}
