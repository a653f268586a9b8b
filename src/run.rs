//! From arguments to an exit code: parse, run, put errors into words.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::FromArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tracing_subscriber::EnvFilter;

use crate::cli::{self, Cli};
use crate::commands::args::LogFormat;
use crate::commands::shutdown::Interruption;
use crate::exit::{self, Exit};
use crate::printer::Printer;
use crate::serve::counters::count_panic;
use crate::stderr;
use crate::terminal;

/// The name under which kubectl finds the program as a plugin.
const PLUGIN: &str = "kubectl-oppscale";
/// Time at the end of a server for the rest of its log.
const LOG_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs oppscale with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no failure. Nobody is left to tell
            // when printing fails.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
                _ => Exit::Usage,
            };
        }
    };
    let printer = Printer::new(cli.color, cli.theme, cli.quiet);
    let format = cli.command.log_format();
    if format.is_some()
        && let Err(error) = stderr::start_queue()
    {
        return exit::report(&error.into(), &printer);
    }
    log(cli.verbose, cli.quiet, printer.is_stderr_colored(), format);
    if format.is_some() {
        // The hook of the standard library waits for whoever reads stderr.
        std::panic::set_hook(Box::new(|panic| {
            count_panic();
            tracing::error!("a part of the server {panic}");
        }));
    }
    // Fails only if a provider is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A server answers while it counts, and a live screen while it reads; everything else waits
    // for one thing at a time.
    let mut runtime = match format.is_some() || cli.command.has_screen() {
        true => tokio::runtime::Builder::new_multi_thread(),
        false => tokio::runtime::Builder::new_current_thread(),
    };
    let outcome =
        runtime.worker_threads(2).enable_all().build().map_err(anyhow::Error::from).and_then(
            |runtime| {
                let ends_itself = cli.command.ends_itself();
                let command = cli.command.run(&printer);
                let outcome = match ends_itself {
                    true => runtime.block_on(command),
                    false => runtime.block_on(interruptible(command)),
                };
                // A page that is being folded need not be waited for.
                runtime.shutdown_background();
                outcome
            },
        );
    let exit = outcome.unwrap_or_else(|error| exit::report(&error, &printer));
    stderr::flush(LOG_TIMEOUT);
    exit
}

/// Ends early on a signal.
async fn interruptible(
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    Interruption::new()?.ends(command).await
}

fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let called = arguments.first().and_then(|path| Path::new(path).file_stem());
    let mut command = cli::command();
    if called.is_some_and(|name| name == PLUGIN) {
        command = command.bin_name("kubectl oppscale");
    }
    Cli::from_arg_matches(&command.try_get_matches_from(arguments).map_err(suggest)?)
}

/// Adds what was meant by words of other tools: `kubectl top nodes`, `kube-capacity version`.
fn suggest(mut error: clap::Error) -> clap::Error {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    let unknown = [word(ContextKind::InvalidSubcommand), word(ContextKind::InvalidArg)];
    let tip = match unknown.each_ref().map(String::as_str) {
        ["version", _] => "the version is printed by --version",
        [_, "node" | "nodes" | "no"] => "rows are nodes by default; --by chooses others",
        [_, "pod" | "pods" | "po"] => "rows of pods: --by pod",
        [_, "namespace" | "namespaces" | "ns"] => "rows of namespaces: --by namespace",
        _ => return error,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// Logs to stderr. The client library logs whole bodies when it cannot read them, and it
/// and its TLS log errors that are put into words here: they are not asked. A server logs
/// more, with the time.
fn log(verbosity: u8, quiet: bool, color: bool, server: Option<LogFormat>) {
    let level = match verbosity + u8::from(server.is_some() && !quiet) {
        0 => "warn",
        1 => "info",
        2 => "debug,hyper=info,hyper_util=info,rustls=info",
        _ => "trace",
    };
    let default = format!("{level},kube_client=off,rustls_platform_verifier=off");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(terminal::log_writer)
        .with_ansi(color)
        .with_target(verbosity > 1);
    // A second call in one process, as in tests, keeps the first one's settings.
    let _ = match server {
        None => logs.without_time().try_init(),
        Some(LogFormat::Text) => logs.try_init(),
        Some(LogFormat::Json) => logs.json().flatten_event(true).try_init(),
    };
}
