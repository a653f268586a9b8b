//! The commands: a file or a folder for each, with its arguments and a short `run`.

pub mod args;
pub mod certs;
pub mod check;
pub mod completion;
pub mod demo;
pub mod init;
mod journal;
pub mod kubeconfig;
pub mod load;
pub mod man;
mod prompt;
pub mod render_hpa;
pub mod sample_app;
pub mod serve;
mod shutdown;
pub mod simulate;
pub mod templates;
pub mod top;
pub mod uninstall;

use crate::cli::Command;
use crate::exit::Exit;
use crate::printer::Printer;

/// Runs a command.
///
/// # Errors
/// Whatever the command says; see [`crate::exit::report`].
pub async fn run(command: Command, printer: &Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Top(args) => top::run(*args, printer).await,
        Command::RenderHpa(args) => render_hpa::run(*args, printer).await,
        Command::Serve(args) => serve::run(*args, printer).await,
        Command::SampleApp(args) => sample_app::run(args, printer).await,
        Command::Load(args) => load::run(*args, printer).await,
        Command::Simulate(args) => simulate::run(*args, printer).await,
        Command::Demo(args) => demo::run(&args, printer).await,
        Command::Init(args) => init::run(*args, printer).await,
        Command::Uninstall(args) => uninstall::run(*args, printer).await,
        Command::Check(args) => check::run(*args, printer).await,
        Command::Certs(args) => certs::run(args, printer).await,
        Command::Kubeconfig(args) => kubeconfig::run(*args, printer).await,
        Command::Templates(args) => templates::run(&args, printer),
        Command::Completion(args) => completion::run(&args, printer),
        Command::Man(args) => man::run(&args, printer),
    }
}
