//! Completion of a command line: the words that were typed in, candidates out.
//!
//! The scripts in `completions/` and kubectl call `oppscale __complete WORD…` with the words behind
//! the program's name; the last one, which may be empty, is the one to complete. The answer is that
//! of Cobra's programs, which kubectl expects of plugins: a line `VALUE` or `VALUE<TAB>HELP` for
//! each candidate, then `:` and a number whose bits say what the shell does (`Answer`).
//!
//! The scripts hold no flag and no value, so that an installed file fits every version, and no
//! text of oppscale is ever read as a shell's code.

mod values;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use crate::cli;
use crate::exit::Exit;
use crate::printer;
pub use values::Values;
use values::{Connection, Source};

/// The first argument of a shell that asks for candidates.
pub const REQUEST: &str = "__complete";
/// Time for everything that is not on the command line: kubeconfig, credential plugin and API
/// server together. A person who has pressed Tab notices more.
const TIME_LIMIT: Duration = Duration::from_millis(300);

/// The candidates for a word, and what the shell does with them.
#[derive(Debug, Default)]
struct Answer {
    /// Value and help of each.
    candidates: Vec<(String, String)>,
    /// Which files are candidates, too.
    paths: Paths,
}

/// Files as candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Paths {
    /// None.
    #[default]
    None,
    /// Files and directories.
    Files,
    /// Directories.
    Directories,
}

impl Answer {
    /// Cobra's `ShellCompDirective`, as a sum: 2 no space behind the value, 4 no files, 16
    /// directories only.
    fn directive(&self) -> u8 {
        let is_open = |(value, _): &(String, String)| value.ends_with(['=', ',', ':', '/']);
        let is_open = !self.candidates.is_empty() && self.candidates.iter().all(is_open);
        let spaces = if is_open { 2 } else { 0 };
        let paths = match self.paths {
            Paths::None => 4,
            Paths::Files => 0,
            Paths::Directories => 16,
        };
        spaces | paths
    }

    /// The lines that a shell reads. A candidate with a control character would be a line of its
    /// own, or an escape sequence on the terminal, and is left out.
    fn text(&self) -> String {
        let mut text = String::new();
        for (value, help) in &self.candidates {
            if value.is_empty() || value.chars().any(printer::is_command) {
                continue;
            }
            let help = help.lines().next().unwrap_or_default().replace(printer::is_command, " ");
            let tab = if help.is_empty() { "" } else { "\t" };
            let _ = writeln!(text, "{value}{tab}{help}");
        }
        let _ = writeln!(text, ":{}", self.directive());
        text
    }
}

/// Prints the candidates for the last of `words`. It never fails and never prints an error: those
/// who press Tab have not finished typing.
pub fn run(words: Vec<OsString>) -> Exit {
    let answer = answer(words);
    // Nobody is left to tell when printing fails.
    let _ = io::stdout().lock().write_all(answer.text().as_bytes());
    Exit::Ok
}

fn answer(mut words: Vec<OsString>) -> Answer {
    if words.is_empty() {
        words.push(OsString::new());
    }
    let index = words.len();
    let has_begun = words.last().is_some_and(|word| !word.is_empty());
    words.insert(0, "oppscale".into());
    let source = Source::new(connection(&words[..index]), Instant::now() + TIME_LIMIT);
    let paths = Arc::new(Mutex::new(Paths::None));
    let mut command = with_completers(cli::command(), &Arc::new(source), &paths);
    let found = complete(&mut command, words, index, None).unwrap_or_default();
    // Flags only once one was begun, and nothing that help hides.
    let is_offered = |one: &&CompletionCandidate| {
        let is_flag = one.get_value().to_string_lossy().starts_with('-');
        !one.is_hide_set() && (!is_flag || has_begun)
    };
    let candidates = found.iter().filter(is_offered).map(|one| {
        let help = one.get_help().map(ToString::to_string).unwrap_or_default();
        (one.get_value().to_string_lossy().into_owned(), help)
    });
    let paths = *paths.lock().unwrap_or_else(PoisonError::into_inner);
    Answer { candidates: candidates.collect(), paths }
}

/// The cluster that the words before the last one lead to.
fn connection(words: &[OsString]) -> Connection {
    let matches = cli::command().ignore_errors(true).try_get_matches_from(words);
    let mut matches: &ArgMatches = match &matches {
        Ok(matches) => matches,
        Err(_) => return Connection::default(),
    };
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    Connection::of(matches)
}

/// The command with a completer for each argument whose values are no fixed list.
fn with_completers(command: Command, source: &Arc<Source>, paths: &Arc<Mutex<Paths>>) -> Command {
    let complete = |arg: Arg| -> Arg {
        let of_files = path_of(&arg);
        let values = arg.get::<Values>().copied();
        if values.is_none() && of_files == Paths::None {
            return arg;
        }
        let (source, paths) = (Arc::clone(source), Arc::clone(paths));
        arg.add(ArgValueCompleter::new(move |current: &std::ffi::OsStr| {
            *paths.lock().unwrap_or_else(PoisonError::into_inner) = of_files;
            let Some(current) = current.to_str() else { return Vec::new() };
            let found = values.map(|values| source.values(values, current)).unwrap_or_default();
            found
                .into_iter()
                .filter(|(value, _)| value.starts_with(current))
                .map(|(value, help)| {
                    CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into()))
                })
                .collect::<Vec<_>>()
        }))
    };
    command.mut_args(complete).mut_subcommands(|one| with_completers(one, source, paths))
}

/// Which files the values of `arg` are.
fn path_of(arg: &Arg) -> Paths {
    let names = arg.get_value_names().unwrap_or_default();
    let is_named = |word: &str| names.iter().any(|name| name.contains(word));
    if is_named("DIR") {
        Paths::Directories
    } else if is_named("FILE") || arg.get_value_hint() == ValueHint::AnyPath {
        Paths::Files
    } else {
        Paths::None
    }
}
