//! `oppscale check`: finds what works and what fails in a cluster, with the fix for each.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::checks::{self, CheckContext, CheckReport, CheckTarget};
use crate::completion::Values;
use crate::exit::Exit;
use crate::manifest::{self, Origin};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::findings;
use crate::scenario::SourceFile;
use oppscale_core::check::{Category, CheckId, Distribution, Finding, Outcome, UnknownCheckId};
use oppscale_core::error::Error;
use oppscale_core::units::{self, parse_duration};

use crate::commands::args::{ClusterArgs, OutputArgs, ServerArgs};

/// Arguments of `oppscale check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale check                              every check
  oppscale check -o short                     failures and warnings only
  oppscale check --only server --wait --timeout 5m
                                              wait until the server works
  oppscale check -f old/ --only leftovers,OPP-HPA-001
                                              manifests and their HPAs, without a cluster

docs/checks.md explains each check by its ID. A check that lacks a permission
is unknown, not failed.

Exit codes: 0 no check failed (warnings included), 1 a check failed, 2 usage,
3 no check failed, but permissions are missing for some, 124 a check still
fails after --timeout")]
pub struct CheckArgs {
    /// Output format
    #[command(flatten)]
    pub output: OutputArgs<Format>,
    /// Check again until no check fails
    #[arg(long)]
    pub wait: bool,
    /// Time limit for --wait
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration, requires = "wait")]
    pub timeout: Duration,
    /// The categories and checks to run.
    #[arg(long, value_name = "CATEGORIES", value_delimiter = ',', value_parser = only, add = Values::Words(only_words), help = format!(
        "Check only these categories or IDs, separated by commas: {}", Category::NAMES
    ))]
    pub only: Vec<Only>,
    /// Also check the manifests in this file or folder; - is stdin
    #[arg(short, long, value_name = "FILE")]
    pub filename: Vec<String>,
    /// The distribution.
    #[arg(long, value_name = "NAME", add = Values::Words(distribution_words), help = format!(
        "Distribution, if it is not recognized: {}", Distribution::NAMES
    ))]
    pub distribution: Option<Distribution>,
    /// The metrics server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// All findings, for people.
    #[default]
    Table,
    /// Failures and warnings, for people.
    Short,
    /// All findings, for programs.
    Json,
}

/// The checks that a value of `--only` names: those of a category, or one by its ID.
#[derive(Debug, Clone)]
pub struct Only(Vec<CheckId>);

/// The categories and IDs of checks, for completion.
fn only_words() -> Vec<String> {
    let ids = CheckId::ALL.iter().map(|check| check.id());
    Category::ALL.iter().map(|category| category.name()).chain(ids).map(str::to_owned).collect()
}

/// The distributions that can be named, for completion.
pub(super) fn distribution_words() -> Vec<String> {
    Distribution::NAMES.split(", ").map(str::to_owned).collect()
}

fn only(text: &str) -> Result<Only, String> {
    match text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("OPP-")) {
        true => text.parse().map(|id| Only(vec![id])).map_err(|e: UnknownCheckId| e.to_string()),
        false => text.parse().map(|category: Category| Only(category.checks().collect())),
    }
}

/// Checks a cluster.
///
/// # Errors
/// When there is no kubeconfig, or a file cannot be read.
pub async fn run(args: CheckArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let Files { manifests, texts, unreadable } = files(&args.filename)?;
    let checks: Vec<CheckId> = match args.only.is_empty() {
        true => CheckId::ALL.to_vec(),
        false => args.only.iter().flat_map(|Only(checks)| checks).copied().collect(),
    };
    let is_of_files = |check: &CheckId| {
        let of_files = [CheckId::RetiredManifests, CheckId::HpaStable, CheckId::SingleHpa];
        of_files.contains(check) || check.category() == Category::Leftovers
    };
    let needs_no_cluster = !args.filename.is_empty() && checks.iter().all(is_of_files);
    let judges_hpas = checks.contains(&CheckId::HpaStable);
    let mut report = if needs_no_cluster {
        let retired = checks.contains(&CheckId::RetiredManifests);
        let findings = if retired { checks::check_manifests(&manifests) } else { Vec::new() };
        CheckReport { findings, timed_out: false }
    } else {
        let target = CheckTarget {
            namespace: args.server.namespace,
            service: args.server.service,
            secret: args.server.secret,
            distribution: args.distribution,
            manifests,
            installed: false,
        };
        // The other checks build on the connection.
        let checks = [Category::Connection.checks().collect(), checks].concat();
        let cluster = args.cluster.connect().await?;
        let mut context = CheckContext::new(&cluster, target);
        let timeout = units::time_limit(args.timeout).filter(|_| args.wait);
        let progress = Progress::new(printer.shows_progress());
        let report = checks::run(&mut context, &checks, timeout, &progress).await;
        progress.finish();
        report
    };
    if judges_hpas {
        report.findings.extend(checks::judge_manifests(&texts));
    }
    report.findings.extend(unreadable);
    let text = match args.output.format {
        Format::Table => findings::table(&report.findings, printer),
        Format::Short => findings::short(&report.findings, printer),
        Format::Json => findings::json(&report.findings),
    };
    printer.data(&text)?;
    Ok(exit(&report))
}

fn exit(report: &CheckReport) -> Exit {
    let summary = report.summary();
    let denied = report.findings.iter().any(|f| matches!(f.outcome, Outcome::Denied(_)));
    match () {
        () if summary.failed > 0 && report.timed_out => Exit::TimedOut,
        () if summary.failed > 0 => Exit::Finding,
        () if denied => Exit::Permissions,
        () => Exit::Ok,
    }
}

/// The files of `--filename`.
#[derive(Default)]
struct Files {
    /// The objects.
    manifests: Vec<manifest::Document>,
    /// The files that hold them.
    texts: Vec<SourceFile>,
    /// A finding for each file that cannot be read.
    unreadable: Vec<Finding>,
}

/// Reads files and folders, and goes on past a file of a folder that cannot be read.
///
/// # Errors
/// When a file that was named cannot be read, or nothing holds a manifest.
fn files(names: &[String]) -> anyhow::Result<Files> {
    let mut found = Files::default();
    for name in names {
        let path = PathBuf::from(name);
        if name == "-" || !path.is_dir() {
            let (text, manifests) = read(name)?;
            found.texts.push(text);
            found.manifests.extend(manifests);
            continue;
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&path).with_context(|| format!("cannot read {name}"))? {
            let file = entry.with_context(|| format!("cannot read {name}"))?.path();
            let known = ["yaml", "yml", "json"];
            if file.extension().and_then(|e| e.to_str()).is_some_and(|e| known.contains(&e)) {
                files.push(file.display().to_string());
            }
        }
        files.sort();
        for file in files {
            match read(&file) {
                Ok((text, manifests)) => {
                    found.texts.push(text);
                    found.manifests.extend(manifests);
                }
                Err(error) => found
                    .unreadable
                    .push(CheckId::RetiredManifests.unknown(format!("{error:#}")).about(&file)),
            }
        }
    }
    if let (Some(name), true, true) =
        (names.first(), found.manifests.is_empty(), found.unreadable.is_empty())
    {
        let place = if name == "-" { "standard input" } else { name };
        return Err(Error::failure(format!("{place} holds no manifest"))
            .hint("name a file, or a folder with *.yaml, *.yml or *.json")
            .into());
    }
    Ok(found)
}

fn read(file: &str) -> anyhow::Result<(SourceFile, Vec<manifest::Document>)> {
    let text = SourceFile::read(file)?;
    let manifests = manifest::documents(&text.name, text.text(), Origin::User)?;
    Ok((text, manifests))
}
