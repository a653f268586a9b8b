//! `oppscale simulate`: what an HPA will do, before it does it.

mod application;
mod args;
mod candidates;
mod dry_run;
mod prometheus;
mod sweep;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use oppscale_core::error::Error;

use crate::exit::Exit;
use crate::files;
use crate::filler::KEDA_OWNS;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render;
use crate::render::simulation::{self, Comparison, Entry, csv, json, svg};
use crate::scenario::{self, SourceFile, SourceFileError};

use hpa_model::simulation::{Run, Setup, SetupError, Simulation};

use args::Output;
pub use args::SimulateArgs;

/// Numbers the HPAs of the same name: `web`, `web (2)`.
fn number_names<'n>(names: impl Iterator<Item = &'n mut String>) {
    let mut taken = HashSet::new();
    for name in names {
        let given = name.clone();
        let mut number = 1;
        while !taken.insert(name.clone()) {
            number += 1;
            *name = format!("{given} ({number})");
        }
    }
}

/// Simulates, compares and prints; or replays a series.
///
/// # Errors
/// When a file cannot be read, or holds what cannot be simulated.
pub async fn run(args: SimulateArgs, printer: &Printer) -> anyhow::Result<Exit> {
    if args.live {
        return dry_run::live(&args, printer).await;
    }
    if let Some(file) = args.series.clone() {
        let printer = printer.clone();
        return off_thread(move || replay(&args, &file, &printer)).await;
    }
    let recorded = match (&args.prometheus, &args.query) {
        (Some(url), Some(query)) => {
            let timeout = args.cluster.connection.request_timeout;
            Some(prometheus::load(url, query, args.since, timeout).await?)
        }
        _ => None,
    };
    let (args, plan) =
        off_thread(move || application::plan(&args, recorded).map(|plan| (args, plan))).await?;
    if let Some(plan) = plan {
        return under_load(&args, plan, printer).await;
    }
    let (args, stage) =
        off_thread(move || candidates::of(&args).map(|stage| (args, stage))).await?;
    for warning in &stage.warnings {
        printer.warn(warning);
    }
    stage.notes.iter().for_each(|note| printer.note(note));
    let shown = args.shown(stage.candidates.iter().map(|candidate| candidate.name.as_str()))?;
    let seed = stage.seed;
    let entries = simulate(&stage.title, stage.candidates, printer).await?;
    let comparison = Comparison { scenario: stage.title, seed, entries, shown };
    let close = comparison.shown();
    let text = match args.output.format {
        _ if args.corrected => {
            match (close.correction(), &close.corrected) {
                (None, _) => printer.note(&format!("nothing to correct: {} as it is", close.name)),
                (Some(_), None) => printer.note(&format!("{}: {KEDA_OWNS}", close.name)),
                (Some(_), Some(_)) => {}
            }
            simulation::best(close)?
        }
        Output::Table => simulation::report(&comparison, printer)?,
        Output::Json => json::json(&comparison)?,
        Output::Csv => csv::csv(&comparison),
    };
    if let Some(path) = &args.svg {
        let chart = svg::svg_chart(&comparison.scenario, close);
        files::write_whole(path, chart.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    printer.data(&text)?;
    Ok(Exit::Ok)
}

/// Simulates HPAs that follow load, and prints what comes of it.
async fn under_load(
    args: &SimulateArgs,
    plan: application::Plan,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    plan.warnings.iter().for_each(|warning| printer.warn(warning));
    let comparison = application::run(args, plan, printer).await?;
    let close = comparison.shown();
    let text = match args.output.format {
        _ if args.corrected => {
            if let Some(why) = close.setup.target.obstacle() {
                bail!(Error::failure(format!("{} has no correction: {why}", close.name)));
            }
            if !comparison.is_sweep {
                printer.note("nothing to correct: --sweep finds better values");
            }
            close.manifest()?
        }
        Output::Table => render::application::report(&comparison, printer),
        Output::Json => render::application::json(&comparison),
        Output::Csv => render::application::csv(&comparison),
    };
    if let Some(path) = &args.svg {
        let chart = render::application::svg_chart(&comparison);
        files::write_whole(path, chart.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    printer.data(&text)?;
    Ok(Exit::Ok)
}

/// Reads and computes on a thread of its own, so that Ctrl-C works meanwhile.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the work ended early")?
}

/// Replays a series, every change of the replicas as CSV; or the recording of a dry run.
fn replay(args: &SimulateArgs, file: &str, printer: &Printer) -> anyhow::Result<Exit> {
    let source = SourceFile::read(file)?;
    if let Some(recording) = scenario::recording(&source)? {
        return dry_run::replay(args, &source, recording, printer);
    }
    if !args.hpas.is_empty() || args.kubernetes_version.is_some() {
        bail!(
            Error::usage(format!("{file} holds its own HPA and Kubernetes version"))
                .hint("-f and --kubernetes-version are for recordings of --live --record")
        );
    }
    if args.output.format == Output::Json {
        bail!(Error::usage(format!("{file} is replayed as CSV only")));
    }
    let series = scenario::series(&source)?;
    let changes = hpa_model::replay(&series)
        .map_err(|error| SourceFileError::new(&source, error.to_string()))?;
    printer.data(&csv::changes(&changes))?;
    Ok(Exit::Ok)
}

/// Simulated time between two updates of the progress, in milliseconds.
const STRIDE_MS: u64 = 60_000;

/// Simulates every candidate, beside each other and off the thread that hears Ctrl-C.
///
/// # Errors
/// When one cannot be simulated.
async fn simulate(
    scenario: &str,
    candidates: Vec<Entry>,
    printer: &Printer,
) -> anyhow::Result<Vec<Entry>> {
    let progress = Progress::new(printer.shows_progress());
    progress.phase("simulated minutes");
    let minutes = Arc::new(AtomicU64::new(0));
    let start = |entry: Entry| {
        let (progress, minutes) = (progress.clone(), Arc::clone(&minutes));
        tokio::task::spawn_blocking(move || {
            let run = run_to_end(&entry.setup, &progress, &minutes)?;
            Ok::<_, SetupError>(Entry { run, ..entry })
        })
    };
    // All are started before the first is waited for.
    let tasks: Vec<_> = candidates.into_iter().map(start).collect();
    let mut entries = Vec::new();
    for task in tasks {
        let entry = task.await.context("a simulation ended early")?;
        entries.push(entry.map_err(|error| anyhow!("{scenario}: {error}"))?);
    }
    progress.finish();
    Ok(entries)
}

fn run_to_end(setup: &Setup, progress: &Progress, minutes: &AtomicU64) -> Result<Run, SetupError> {
    let mut simulation = Simulation::new(setup)?;
    while simulation.now_ms() < setup.end_ms {
        simulation.advance_to(simulation.now_ms().saturating_add(STRIDE_MS));
        progress.count(minutes.fetch_add(1, Ordering::Relaxed) + 1);
    }
    Ok(simulation.finish())
}
