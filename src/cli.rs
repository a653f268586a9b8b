//! The command line: its types and help, and the one `match` that runs a command.

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::args::LogFormat;
use crate::commands::certs::CertsArgs;
use crate::commands::check::CheckArgs;
use crate::commands::completion::CompletionArgs;
use crate::commands::demo::DemoArgs;
use crate::commands::init::InitArgs;
use crate::commands::kubeconfig::KubeconfigArgs;
use crate::commands::load::LoadArgs;
use crate::commands::man::ManArgs;
use crate::commands::render_hpa::RenderHpaArgs;
use crate::commands::sample_app::SampleAppArgs;
use crate::commands::serve::ServeArgs;
use crate::commands::simulate::SimulateArgs;
use crate::commands::templates::TemplatesArgs;
use crate::commands::top::TopArgs;
use crate::commands::uninstall::UninstallArgs;
use crate::commands::why::WhyArgs;
use crate::commands::{
    certs, check, completion, demo, init, kubeconfig, load, man, render_hpa, sample_app, serve,
    simulate, templates, top, uninstall, why,
};
use crate::exit::Exit;
use crate::palette::ThemeChoice;
use crate::printer::{ColorChoice, Printer};

/// Heading of the options that every command has.
const GLOBAL: &str = "Global options";

/// Fill the idle capacity of a Kubernetes cluster, and give it back on demand
#[derive(Debug, Parser)]
#[command(
    name = "oppscale",
    version,
    max_term_width = 80,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
Examples:
  oppscale top                                   what remains in this cluster
  oppscale top --replica cpu=4,memory=8Gi        how many such replicas fit
  kubectl get nodes,pods -A -o json | oppscale top --from -
                                                 the same from a saved list
  oppscale simulate                              what an HPA will do
  oppscale render-hpa --workload app.yaml        manifests, sized for it

Exit codes: 0 ok, 1 a negative finding or an error, 2 usage, 3 missing
permissions, 4 owned by somebody else, 124 timed out, 130 interrupted"
)]
pub struct Cli {
    /// When to colour: auto, always or never
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "WHEN",
        hide_possible_values = true,
        help_heading = GLOBAL
    )]
    pub color: ColorChoice,
    /// Colours: auto (readable on any background), dark, light, or ansi (the
    /// terminal's own 16)
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "THEME",
        hide_possible_values = true,
        help_heading = GLOBAL
    )]
    pub theme: ThemeChoice,
    /// Print less on stderr
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Print more on stderr; repeat for even more
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = GLOBAL)]
    pub verbose: u8,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the remaining capacity of a cluster, per node and in total
    Top(Box<TopArgs>),
    /// Generate the manifests of a filler, sized for a cluster
    RenderHpa(Box<RenderHpaArgs>),
    /// Serve the remaining capacity to HPAs, Prometheus and people
    ///
    /// Watches nodes, pods and the Deployments, StatefulSets and ReplicaSets labelled
    /// oppscale.dev/opportunistic=true, and answers the HPA controller through the API
    /// server. Annotations limit what a workload may take: oppscale.dev/reserve,
    /// target-utilization, max-replicas, weight, priority, basis, burn. A second port has a web
    /// page, /metrics, /livez and /readyz. Nothing is written to the cluster. See docs/serve.md.
    Serve(Box<ServeArgs>),
    /// Show what an HPA will do, on a simulated cluster
    Simulate(Box<SimulateArgs>),
    /// Watch the whole loop on a simulated cluster, without Kubernetes
    Demo(DemoArgs),
    /// Set a cluster up: show the plan, ask once, verify the result
    Init(Box<InitArgs>),
    /// Check a cluster, with a fix for each failure
    Check(Box<CheckArgs>),
    /// Explain why an HPA has the count it has, and its next sync
    Why(Box<WhyArgs>),
    /// Create, show and renew the certificates of the metrics API
    #[command(subcommand)]
    Certs(CertsArgs),
    /// Create a kubeconfig of a ServiceAccount, with an expiring token
    Kubeconfig(Box<KubeconfigArgs>),
    /// Write the templates of render-hpa to a folder, to start from
    Templates(TemplatesArgs),
    /// Remove what init installed, the API first
    Uninstall(Box<UninstallArgs>),
    /// Answer requests and count them: the article's paid application
    SampleApp(SampleAppArgs),
    /// Send requests at a constant rate and report latency and failures
    Load(Box<LoadArgs>),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
    /// Write the manual pages into a folder
    // For packagers only.
    #[command(hide = true)]
    Man(ManArgs),
}

/// The commands by what one wants to do, in the order of the help.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Look", &["top", "check", "why"]),
    ("Plan", &["simulate", "render-hpa", "templates", "demo"]),
    ("Run", &["serve"]),
    ("Set up", &["init", "certs", "kubeconfig", "uninstall"]),
    ("Tools", &["load", "sample-app", "completion"]),
];

/// The command line, with its commands in groups in the help.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let (header, literal) = (command.get_styles().get_header(), command.get_styles().get_literal());
    let mut groups = String::new();
    for (group, names) in GROUPS {
        groups.push_str(&format!("{header}{group}:{header:#}\n"));
        for one in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = one.get_about().map(ToString::to_string).unwrap_or_default();
            groups.push_str(&format!("  {literal}{:<12}{literal:#}{about}\n", one.get_name()));
        }
        groups.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}\
         Run `{{name}} help COMMAND` for the options of a command.\n\n\
         {header}Options:{header:#}\n{{options}}{{after-help}}"
    );
    adapted(command.help_template(template))
}

/// Parses a command line, the program's name first.
///
/// # Errors
/// When clap refuses it, or a value is empty. For help and version, which are no failures.
pub fn parse<I>(mut command: clap::Command, arguments: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item: Into<OsString> + Clone>,
{
    let matches = command.try_get_matches_from_mut(arguments)?;
    refuse_empty(&command, &matches)?;
    Cli::from_arg_matches(&matches)
}

/// Arguments that may be empty: their values are passed on, or empty is for none.
const MAY_BE_EMPTY: [&str; 6] =
    ["body", "command", "args", "extra_arg", "http_from", "priority_class"];

/// Refuses empty values: of `-n "$NAMESPACE"` without the variable a selection would become all.
fn refuse_empty(command: &clap::Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let is_empty = |arg: &&Arg| {
        let id = arg.get_id().as_str();
        matches.value_source(id) == Some(ValueSource::CommandLine)
            && arg.get_num_args().is_some_and(|number| number.min_values() > 0)
            && !MAY_BE_EMPTY.contains(&id)
            && matches.get_raw(id).is_some_and(|mut values| values.any(|value| value.is_empty()))
    };
    if let Some(arg) = command.get_arguments().find(is_empty) {
        let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
        error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
        error.insert(ContextKind::InvalidValue, ContextValue::String(String::new()));
        return Err(error);
    }
    match matches.subcommand() {
        Some((name, matches)) => match command.find_subcommand(name) {
            Some(command) => refuse_empty(command, matches),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

/// Whether `word` names a command that help shows.
pub fn is_command(word: &str) -> bool {
    GROUPS.iter().any(|(_, names)| names.contains(&word))
}

/// Whether kubectl runs the program, as its plugin.
static IS_PLUGIN: AtomicBool = AtomicBool::new(false);

/// Notes that kubectl runs the program: help and messages then say `kubectl oppscale`.
pub fn set_plugin() {
    IS_PLUGIN.store(true, Ordering::Relaxed);
}

/// The text for the person who called the program: commands as they are typed, `kubectl oppscale
/// top` in a plugin, and pages of the documentation with the address where they are.
pub fn localized(text: &str) -> Cow<'_, str> {
    const NAME: &str = "oppscale ";
    const PAGES: &str = "docs/";
    let is_plugin = IS_PLUGIN.load(Ordering::Relaxed);
    let is_word = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if !(text.contains(PAGES) || is_plugin && text.contains(NAME)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::new();
    let mut done = 0;
    for (start, _) in text.char_indices() {
        let (before, rest) = text.split_at(start);
        if before.ends_with(is_word) {
            continue;
        }
        let insertion = if is_plugin && !before.ends_with("kubectl ") {
            let next = rest.strip_prefix(NAME).unwrap_or_default();
            let word = next.split(|c: char| !is_word(c)).next().unwrap_or_default();
            if is_command(word) || word.starts_with("--") { "kubectl " } else { "" }
        } else {
            ""
        };
        let is_page = rest.starts_with(PAGES) && rest[PAGES.len()..].starts_with(is_word);
        let insertion = if is_page { DOCUMENTATION } else { insertion };
        if !insertion.is_empty() {
            result.push_str(&text[done..start]);
            result.push_str(insertion);
            done = start;
        }
    }
    if done == 0 && result.is_empty() {
        return Cow::Borrowed(text);
    }
    result.push_str(&text[done..]);
    Cow::Owned(result)
}

/// URL of the documentation in the repository.
const DOCUMENTATION: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");

/// The command with every text of its help for the person who called the program.
fn adapted(mut command: clap::Command) -> clap::Command {
    let changed = |text: Option<&StyledStr>| match localized(&text?.ansi().to_string()) {
        Cow::Owned(text) => Some(text),
        Cow::Borrowed(_) => None,
    };
    if let Some(after) = changed(command.get_after_help()) {
        command = command.after_help(after);
    }
    if let Some(long) = changed(command.get_long_about()) {
        command = command.long_about(long);
    }
    // Few texts change, and each start of the program comes by here.
    let args = command.get_arguments();
    let helps = args.filter_map(|arg| Some((arg.get_id().clone(), changed(arg.get_help())?)));
    for (id, help) in helps.collect::<Vec<_>>() {
        command = command.mut_arg(id, |arg| arg.help(help));
    }
    // Examples keep their columns behind the longer name.
    let width = if IS_PLUGIN.load(Ordering::Relaxed) { 88 } else { 80 };
    command.max_term_width(width).mut_subcommands(adapted)
}

impl Command {
    /// The flags with which the command needs no cluster, if there are any.
    pub fn without_cluster(&self) -> Option<&'static str> {
        match self {
            Self::Top(_) => Some(
                "top can also read a saved list:\n\
                 kubectl get nodes,pods -A -o json | oppscale top --from -",
            ),
            Self::RenderHpa(_) => Some(
                "render-hpa can also read a saved list:\n\
                 kubectl get nodes,pods -A -o json | oppscale render-hpa --from -",
            ),
            Self::Init(_) => Some(
                "init can also show its plan with --dry-run=client, or write it with --output-dir DIR",
            ),
            Self::Check(args) if !args.filename.is_empty() => Some(
                "manifests and their HPAs are checked without a cluster by\n\
                 oppscale check -f FILE --only leftovers,OPP-HPA-001",
            ),
            _ => None,
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// As the command; [`crate::exit::report`] prints them.
    pub async fn run(self, printer: &Printer) -> anyhow::Result<Exit> {
        match self {
            Self::Top(args) => top::run(*args, printer).await,
            Self::RenderHpa(args) => render_hpa::run(*args, printer).await,
            Self::Serve(args) => serve::run(*args).await,
            Self::SampleApp(args) => sample_app::run(args, printer).await,
            Self::Load(args) => load::run(*args, printer).await,
            Self::Simulate(args) => simulate::run(*args, printer).await,
            Self::Demo(args) => demo::run(&args, printer).await,
            Self::Init(args) => init::run(*args, printer).await,
            Self::Uninstall(args) => uninstall::run(*args, printer).await,
            Self::Check(args) => check::run(*args, printer).await,
            Self::Why(args) => why::run(&args, printer).await,
            Self::Certs(args) => certs::run(args, printer).await,
            Self::Kubeconfig(args) => kubeconfig::run(*args, printer).await,
            Self::Templates(args) => templates::run(&args, printer),
            Self::Completion(args) => completion::run(&args, printer),
            Self::Man(args) => man::run(&args, command(), printer),
        }
    }

    /// Log format of a server, that is of a command that runs until it is stopped.
    pub fn log_format(&self) -> Option<LogFormat> {
        match self {
            Self::Serve(args) => Some(args.log_format),
            Self::SampleApp(args) => Some(args.log_format),
            _ => None,
        }
    }

    /// Whether the command may draw a screen, which must answer to keys while a cluster is read.
    pub fn has_screen(&self) -> bool {
        matches!(self, Self::Top(args) if args.has_screen())
    }

    /// Whether the command runs until it is ended, so that it must not wait for whoever reads its
    /// messages.
    pub fn runs_on(&self) -> bool {
        match self {
            Self::Serve(_) | Self::SampleApp(_) | Self::Load(_) => true,
            Self::Top(args) => args.runs_on(),
            Self::Simulate(args) => args.live,
            _ => false,
        }
    }

    /// Whether the command handles signals itself, for an orderly end.
    pub fn ends_itself(&self) -> bool {
        match self {
            Self::Init(_) | Self::Serve(_) | Self::SampleApp(_) | Self::Load(_) => true,
            Self::Simulate(args) => args.live,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn help_has_every_command_once_on_a_line_of_80_columns() {
        let command = command();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let mut visible: Vec<&str> = command
            .get_subcommands()
            .filter(|one| !one.is_hide_set())
            .map(|one| one.get_name())
            .collect();
        grouped.sort_unstable();
        visible.sort_unstable();
        assert_eq!(grouped, visible);
        for one in command.get_subcommands() {
            let about = one.get_about().unwrap().to_string();
            assert!(
                about.len() <= 80 - 14,
                "the summary of {} is too long: {about}",
                one.get_name()
            );
        }
    }

    /// Flags that have had another name are still read by it for one release, and are in no help.
    #[test]
    fn old_names_of_flags_are_still_read() {
        for (old, new) in [
            ("init --export DIR", "init --output-dir DIR"),
            (
                "certs generate --dir DIR --days 90",
                "certs generate --output-dir DIR --duration 90d",
            ),
            ("certs status --dir DIR", "certs status -f DIR"),
            ("certs renew --dir DIR --ca-days 900", "certs renew -f DIR --ca-duration 21600h"),
            (
                "kubeconfig --sa NAME --out FILE",
                "kubeconfig --serviceaccount NAME --output-file FILE",
            ),
            (
                "render-hpa --workload W --grace 9 --recording F",
                "render-hpa --workload W --grace-period 9 --growth F",
            ),
            ("simulate --hpa FILE", "simulate -f FILE"),
            ("top --sort name --resources cpu", "top --sort-by name --resource cpu"),
        ] {
            let read = |line: &str| {
                let words = std::iter::once("oppscale").chain(line.split(' '));
                format!("{:?}", Cli::try_parse_from(words).unwrap())
            };
            assert_eq!(read(old), read(new), "{old}");
        }
        assert!(Cli::try_parse_from(["oppscale", "certs", "renew", "--duration", "25h"]).is_err());
    }

    /// A flag has the same short form in every command, and a short form is one flag only.
    #[test]
    fn short_forms_are_the_same_in_every_command() {
        fn collect(command: &clap::Command, forms: &mut BTreeSet<(char, String)>) {
            for arg in command.get_arguments() {
                if let (Some(short), Some(long)) = (arg.get_short(), arg.get_long()) {
                    forms.insert((short, long.to_owned()));
                }
            }
            command.get_subcommands().for_each(|one| collect(one, forms));
        }
        let mut forms = BTreeSet::new();
        collect(&command(), &mut forms);
        let shorts: BTreeSet<char> = forms.iter().map(|(short, _)| *short).collect();
        assert_eq!(shorts.len(), forms.len(), "{forms:?}");
    }
}
