//! One command, one file: its arguments, and a run that fetches, asks the core, renders.

mod candidates;
pub mod certs;
mod certs_authority;
mod certs_generate;
mod certs_renew;
mod certs_status;
pub mod check;
mod compare;
pub mod completion;
pub mod demo;
mod ending;
pub mod explain;
mod image;
pub mod init;
mod init_adapter;
mod init_args;
mod init_chart;
mod init_export;
mod init_grant;
mod init_plan;
mod init_trust;
pub mod kubeconfig;
pub mod load;
mod load_args;
pub mod man;
pub mod render_hpa;
mod render_hpa_args;
mod render_hpa_decisions;
mod render_hpa_facts;
mod render_hpa_flags;
mod render_hpa_values;
mod render_hpa_workload;
pub mod sample_app;
pub mod serve;
mod serve_args;
pub mod simulate;
mod simulate_args;
pub mod templates;
pub mod top;
mod top_args;
mod top_follow;
mod top_live_args;
mod top_screen;
mod top_watch;
pub mod uninstall;
mod uninstall_plan;

use crate::cli::Command;
use crate::printer::Printer;
use oppscale_cluster::exit::Exit;

/// Runs a command.
///
/// # Errors
/// Whatever the command says; see [`crate::failure::report`].
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
