//! `oppscale check`: what is right and wrong in a cluster, with the fix for each.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::checks::{Doctor, Patience, Subject, Verdicts, examine};
use crate::exit::Exit;
use crate::manifest::{self, Origin};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::findings;
use crate::scenario::Document;
use oppscale_cluster::ClusterArgs;
use oppscale_core::check::{Category, Distribution, Outcome};
use oppscale_core::error::Error;
use oppscale_core::units::{self, parse_duration};

/// Arguments of `oppscale check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale check                              all of it
  oppscale check -o short                     only what is wrong
  oppscale check --only server --wait --timeout 5m
                                              until the server is right
  oppscale check -f old/ --only leftovers     manifests, without a cluster

Each check has a stable ID, explained in docs/checks.md. What may not be looked
at is unknown, not wrong.

Exit codes: 0 nothing is wrong (warnings included), 1 something is, 2 usage,
3 nothing that could be seen is wrong, but rights are missing to see the rest,
124 still wrong after --timeout")]
pub struct CheckArgs {
    /// How to show it: table, short (only what is wrong) or json
    #[arg(
        short,
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    pub output: Format,
    /// Look again until nothing is wrong
    #[arg(long)]
    pub wait: bool,
    /// How long, in all
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration, requires = "wait")]
    pub timeout: Duration,
    /// Check only these categories, separated by commas: connection, rights, aggregation,
    /// metrics-server, prometheus, owners, certificates, server, capacity,
    /// autoscaling, node-autoscaler, leftovers
    #[arg(long, value_name = "CATEGORIES", value_delimiter = ',', value_parser = category)]
    pub only: Vec<Category>,
    /// Also check the manifests of this file or folder; - is standard input
    #[arg(short, long, value_name = "FILE")]
    pub filename: Vec<String>,
    /// The distribution, where it is not recognized: kubeadm, kind, minikube, k3s, rke2,
    /// eks, gke, aks, charmed, microk8s
    #[arg(long, value_name = "NAME", value_parser = distribution)]
    pub distribution: Option<Distribution>,
    /// Namespace of the metrics server
    #[arg(short, long, value_name = "NAME", default_value = "oppscale")]
    pub namespace: String,
    /// Service in front of it
    #[arg(long, value_name = "NAME", default_value = "oppscale")]
    pub service: String,
    /// Secret that holds its certificates
    #[arg(long, value_name = "NAME", default_value = "oppscale-tls")]
    pub secret: String,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// All, for people.
    #[default]
    Table,
    /// What is wrong, for people.
    Short,
    /// For programs.
    Json,
}

fn category(text: &str) -> Result<Category, String> {
    Category::named(text).ok_or_else(|| {
        let names: Vec<_> = Category::ALL.into_iter().map(Category::name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(super) fn distribution(text: &str) -> Result<Distribution, String> {
    let mut known = Distribution::KNOWN.into_iter();
    known.find(|one| one.name() == text).ok_or_else(|| {
        let names: Vec<_> = Distribution::KNOWN.into_iter().map(Distribution::name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Checks a cluster.
///
/// # Errors
/// When there is no kubeconfig, or a file cannot be read.
pub async fn run(args: CheckArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let manifests = manifests(&args.filename)?;
    let categories = if args.only.is_empty() { Category::ALL.to_vec() } else { args.only.clone() };
    let only_files = categories == [Category::Leftovers] && !manifests.is_empty();
    let subject = Subject {
        namespace: args.namespace.clone(),
        service: args.service.clone(),
        secret: args.secret.clone(),
        distribution: args.distribution,
        manifests,
        installed: false,
    };
    let verdicts = if only_files {
        Verdicts { findings: crate::checks::of_manifests(&subject.manifests), timed_out: false }
    } else {
        let mut wanted = categories;
        // All others build on it.
        wanted.push(Category::Connection);
        let cluster = args.cluster.connect().await?;
        let mut doctor = Doctor::new(&cluster, subject);
        let patience = Patience { limit: units::time_limit(args.timeout).filter(|_| args.wait) };
        let progress = Progress::new(printer.shows_progress());
        let verdicts = examine(&mut doctor, &wanted, patience, &progress).await;
        progress.finish();
        verdicts
    };
    let text = match args.output {
        Format::Table => findings::table(&verdicts.findings, printer),
        Format::Short => findings::short(&verdicts.findings, printer),
        Format::Json => findings::json(&verdicts.findings),
    };
    printer.data(&text)?;
    Ok(exit(&verdicts))
}

/// How a run with these findings ends.
fn exit(verdicts: &Verdicts) -> Exit {
    let summary = verdicts.summary();
    let denied = verdicts.findings.iter().any(|f| matches!(f.outcome, Outcome::Denied(_)));
    match () {
        () if summary.failed > 0 && verdicts.timed_out => Exit::TimedOut,
        () if summary.failed > 0 => Exit::Finding,
        () if denied => Exit::Permissions,
        () => Exit::Ok,
    }
}

/// The objects of files and folders.
fn manifests(names: &[String]) -> anyhow::Result<Vec<manifest::Document>> {
    let mut documents = Vec::new();
    for name in names {
        let path = PathBuf::from(name);
        let mut files = vec![name.clone()];
        if name != "-" && path.is_dir() {
            files = Vec::new();
            let entries =
                std::fs::read_dir(&path).with_context(|| format!("cannot read {name}"))?;
            for entry in entries {
                let file = entry.with_context(|| format!("cannot read {name}"))?.path();
                let known = ["yaml", "yml", "json"];
                if file.extension().and_then(|e| e.to_str()).is_some_and(|e| known.contains(&e)) {
                    files.push(file.display().to_string());
                }
            }
            files.sort();
        }
        for file in files {
            let document = Document::read(&file)?;
            documents.extend(manifest::documents(&document.name, document.text(), Origin::User)?);
        }
    }
    if let (Some(name), true) = (names.first(), documents.is_empty()) {
        let place = if name == "-" { "standard input" } else { name };
        return Err(Error::failure(format!("{place} holds no manifest"))
            .hint("name a file, or a folder with *.yaml, *.yml or *.json")
            .into());
    }
    Ok(documents)
}
