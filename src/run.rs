//! From arguments to an exit code: parse, run, put errors into words.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{self, Cli};
use crate::commands::args::LogFormat;
use crate::commands::shutdown::Interruption;
use crate::completion;
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
    // Fails only if a provider is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|first| first == completion::REQUEST) {
        return completion::run(arguments.split_off(2));
    }
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
    // A terminal shows messages and progress in their order.
    if (format.is_some() || cli.command.runs_on() && !io::stderr().is_terminal())
        && let Err(error) = stderr::start_queue()
    {
        return exit::report(&error.into(), None, &printer);
    }
    log(cli.verbose, cli.quiet, printer.is_stderr_colored(), format);
    if format.is_some() {
        // The hook of the standard library blocks while the reader of stderr is slow.
        std::panic::set_hook(Box::new(|panic| {
            count_panic();
            tracing::error!("a part of the server {panic}");
        }));
    }
    // A server answers while it counts, and a live screen while it reads; everything else waits
    // for one thing at a time.
    let without_cluster = cli.command.without_cluster();
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
    let exit = outcome.unwrap_or_else(|error| exit::report(&error, without_cluster, &printer));
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
    let command = if called.is_some_and(|name| name == PLUGIN) {
        cli::set_plugin();
        cli::command().bin_name("kubectl oppscale")
    } else {
        cli::command()
    };
    cli::parse(command, arguments).map_err(|error| suggest(error, arguments))
}

/// Adds what was meant by words of other tools: `kubectl top nodes`, `kube-capacity version`, or
/// `kubectl -n shop top`.
fn suggest(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    let (command, argument) = (word(ContextKind::InvalidSubcommand), word(ContextKind::InvalidArg));
    // The name of a flag without its value, as `-n` of `-nshop`.
    let is_argument = |typed: &&OsString| {
        !argument.is_empty() && typed.to_string_lossy().starts_with(argument.as_str())
    };
    let is_command = |typed: &&OsString| cli::is_command(&typed.to_string_lossy());
    let is_before_command =
        arguments.iter().skip(1).find(|typed| is_argument(typed) || is_command(typed));
    let is_before_command = is_before_command.is_some_and(|first| is_argument(&first))
        && arguments.iter().any(|typed| is_command(&typed));
    let tip = match (command.as_str(), argument.as_str()) {
        ("version", _) => "the version is printed by --version".to_owned(),
        ("node" | "nodes" | "no" | "capacity" | "get" | "describe" | "status", _) => {
            "nodes are shown by oppscale top".to_owned()
        }
        ("pod" | "pods" | "po" | "namespace" | "namespaces" | "ns" | "hpa" | "hpas", _) => {
            "they are shown by oppscale top --by pod, --by namespace and oppscale why HPA"
                .to_owned()
        }
        ("install" | "setup" | "apply", _) => "a cluster is set up by oppscale init".to_owned(),
        ("delete" | "remove", _) => "oppscale is removed by oppscale uninstall".to_owned(),
        (_, "node" | "nodes" | "no") => "rows are nodes by default; --by chooses others".to_owned(),
        (_, "pod" | "pods" | "po") => "rows of pods: --by pod".to_owned(),
        (_, "namespace" | "namespaces" | "ns") => "rows of namespaces: --by namespace".to_owned(),
        (_, "container" | "containers") => "rows of containers: --by container".to_owned(),
        (_, "deployment" | "deployments" | "deploy" | "workload" | "workloads") => {
            "rows of workloads: --by workload".to_owned()
        }
        ("", flag) if is_before_command => {
            format!("flags follow their command: oppscale top {flag}")
        }
        _ => return error,
    };
    let tip = StyledStr::from(cli::localized(&tip).into_owned());
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
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
    // An empty directive would mean `error` for all.
    let directives = std::env::var("RUST_LOG").unwrap_or_default().replace(' ', "");
    let directives: Vec<_> = directives.split(',').filter(|one| !one.is_empty()).collect();
    let asked = (!directives.is_empty()).then(|| directives.join(",").parse::<Targets>());
    let (filter, unread) = match asked {
        Some(Ok(filter)) => (Some(filter), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let filter = filter.or_else(|| default.parse().ok()).unwrap_or_default();
    let logs = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(terminal::log_writer)
        .with_ansi(color)
        .with_target(verbosity > 1);
    // A second call in one process, as in tests, keeps the first one's settings.
    let _ = match server {
        None => logs.without_time().finish().with(filter).try_init(),
        Some(LogFormat::Text) => logs.finish().with(filter).try_init(),
        Some(LogFormat::Json) => logs.json().flatten_event(true).finish().with(filter).try_init(),
    };
    if let Some(error) = unread {
        tracing::warn!("RUST_LOG is ignored: {error}; expected LEVEL or MODULE=LEVEL, by commas");
    }
}
