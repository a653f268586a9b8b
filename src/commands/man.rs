//! `oppscale man`: manual pages, one per command. Hidden from help, for packagers.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;

/// Arguments of `oppscale man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder to write to
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Writes the pages of the command line `root` and prints their names.
///
/// # Errors
/// When the folder cannot be written.
pub fn run(args: &ManArgs, mut root: Command, printer: &Printer) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    root.build();
    for page in pages(&root, &root, None)? {
        let path = folder.join(&page.file);
        files::write_whole(&path, page.text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        printer.data(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Ok)
}

struct Page {
    file: String,
    text: String,
}

/// The page of a command, and those of its subcommands.
fn pages(
    root: &Command,
    command: &Command,
    parent: Option<&Command>,
) -> std::io::Result<Vec<Page>> {
    let mut pages = vec![page(root, command, parent)?];
    for one in subcommands(command) {
        pages.extend(self::pages(root, one, Some(command))?);
    }
    Ok(pages)
}

/// The visible subcommands; `help` has no page.
fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help")
}

/// `oppscale-certs-generate`
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(root: &Command, command: &Command, parent: Option<&Command>) -> std::io::Result<Page> {
    let name = title(command);
    let version = root.get_version().unwrap_or_default();
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        // Blank for reproducible pages; an empty date would be left out and the next field
        // would take its place.
        .date(" ")
        .source(format!("oppscale {version}"))
        .manual("oppscale manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if subcommands(command).next().is_some() {
        section("COMMANDS", commands(command)).to_writer(&mut text)?;
    }
    let after_help = AfterHelp::of(command);
    if !after_help.notes.is_empty() {
        section("NOTES", paragraphs(&after_help.notes)).to_writer(&mut text)?;
    }
    if let Some(examples) = after_help.examples {
        section("EXAMPLES", verbatim(&examples)).to_writer(&mut text)?;
    }
    // A command without exit codes of its own has those of the program.
    let codes =
        after_help.exit_codes.or_else(|| AfterHelp::of(root).exit_codes).unwrap_or_default();
    section("EXIT STATUS", paragraphs(&[codes])).to_writer(&mut text)?;
    section("ENVIRONMENT", environment(command)).to_writer(&mut text)?;
    section("SEE ALSO", see_also(root, command, parent)).to_writer(&mut text)?;
    Ok(Page { file: format!("{name}.1"), text: String::from_utf8_lossy(&text).into_owned() })
}

/// The text after the options, by subject.
#[derive(Default)]
struct AfterHelp {
    examples: Option<String>,
    exit_codes: Option<String>,
    notes: Vec<String>,
}

impl AfterHelp {
    fn of(command: &Command) -> Self {
        let text = command.get_after_long_help().or_else(|| command.get_after_help());
        let text = text.map(ToString::to_string).unwrap_or_default();
        let mut words = Self::default();
        for paragraph in text.split("\n\n") {
            if let Some(examples) = paragraph.strip_prefix("Examples:\n") {
                words.examples = Some(examples.to_owned());
            } else if let Some(codes) = paragraph.strip_prefix("Exit codes: ") {
                words.exit_codes = Some(codes.to_owned());
            } else if !paragraph.trim().is_empty() {
                words.notes.push(paragraph.to_owned());
            }
        }
        words
    }
}

fn section(name: &str, body: Roff) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [name]);
    roff.extend([body]);
    roff
}

fn paragraphs(texts: &[String]) -> Roff {
    let mut roff = Roff::new();
    for (number, text) in texts.iter().enumerate() {
        if number > 0 {
            roff.control("PP", []);
        }
        for line in text.lines() {
            roff.text([roman(line)]);
        }
    }
    roff
}

/// Lines without filling.
fn verbatim(text: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
    roff
}

/// The subcommands with their summaries.
fn commands(command: &Command) -> Roff {
    let mut roff = Roff::new();
    for one in subcommands(command) {
        roff.control("TP", []);
        roff.text([bold(title(one)), roman("(1)")]);
        let about = one.get_about().map(ToString::to_string).unwrap_or_default();
        roff.text([roman(about)]);
    }
    roff
}

/// Environment variables that every command reads.
const VARIABLES: [(&str, &str); 4] = [
    ("NO_COLOR", "If set and not empty, nothing is coloured unless --color always is given."),
    ("TERM", "On a terminal called \"dumb\", nothing is coloured and nothing moves."),
    ("LC_ALL, LC_CTYPE, LANG", "Whether bars and lines may use characters beyond ASCII."),
    (
        "RUST_LOG",
        "What to log to stderr, as a filter of the tracing library; --verbose is simpler.",
    ),
];

/// Environment variables of a command that connects to a cluster.
const CLUSTER_VARIABLES: [(&str, &str); 3] = [
    (
        "KUBECONFIG",
        "Kubeconfigs to merge, separated by colons. The default is ~/.kube/config, and in a pod its ServiceAccount.",
    ),
    ("POD_NAMESPACE", "The default namespace in a pod."),
    (
        "HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
        "The proxy to the API server, by the rules of kubectl; in lower case, too.",
    ),
];

/// The environment variables that a command reads.
fn environment(command: &Command) -> Roff {
    let connects = command.get_arguments().any(|argument| argument.get_id() == "kubeconfig");
    let own = command.get_arguments().filter_map(|argument| {
        let variable = argument.get_env()?.to_str()?.to_owned();
        Some((variable, format!("The default of --{}.", argument.get_long()?)))
    });
    let shared = VARIABLES.iter().chain(CLUSTER_VARIABLES.iter().filter(|_| connects));
    let mut roff = Roff::new();
    for (name, meaning) in
        shared.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).chain(own)
    {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(meaning)]);
    }
    roff
}

/// The parent, sibling and child pages, and kubectl's.
fn see_also(root: &Command, command: &Command, parent: Option<&Command>) -> Roff {
    let mut names = Vec::new();
    match parent {
        None => names.extend(subcommands(root).map(title)),
        Some(parent) => {
            names.push(title(root));
            if parent.get_name() != root.get_name() {
                names.push(title(parent));
                let beside = subcommands(parent).filter(|one| one.get_name() != command.get_name());
                names.extend(beside.map(title));
            }
            names.extend(subcommands(command).map(title));
        }
    }
    names.push("kubectl".to_owned());
    let mut line = Vec::new();
    for (number, name) in names.iter().enumerate() {
        line.push(bold(name));
        line.push(roman(if number + 1 == names.len() { "(1)" } else { "(1), " }));
    }
    let mut roff = Roff::new();
    // Neither hyphenated nor justified.
    roff.control("nh", []).control("ad", ["l"]).text(line);
    roff
}
