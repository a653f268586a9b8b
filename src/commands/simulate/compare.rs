//! Runs the simulations of a comparison beside each other, off the thread that hears Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow};

use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::simulation::Entry;
use hpa_model::simulation::{Run, SetupError, Simulation};

use super::candidates::Candidate;

/// How much is simulated between two looks at the progress, milliseconds.
const STRIDE_MS: u64 = 60_000;

/// Simulates every candidate.
///
/// # Errors
/// When one cannot be simulated.
pub(super) async fn run(
    scenario: &str,
    candidates: Vec<Candidate>,
    printer: &Printer,
) -> anyhow::Result<Vec<Entry>> {
    let progress = Progress::new(printer.shows_progress());
    progress.phase("simulated minutes");
    let minutes = Arc::new(AtomicU64::new(0));
    let start = |candidate: Candidate| {
        let (progress, minutes) = (progress.clone(), Arc::clone(&minutes));
        tokio::task::spawn_blocking(move || {
            let run = simulate(&candidate, &progress, &minutes)?;
            Ok::<_, SetupError>((candidate, run))
        })
    };
    // All are started before the first is waited for.
    let tasks: Vec<_> = candidates.into_iter().map(start).collect();
    let mut entries = Vec::new();
    for task in tasks {
        let outcome = task.await.context("a simulation ended early")?;
        let (candidate, run) = outcome.map_err(|error| anyhow!("{scenario}: {error}"))?;
        let Candidate { name, title, setup, manifest, corrected, verdict } = candidate;
        entries.push(Entry { name, title, setup, manifest, corrected, verdict, run });
    }
    progress.finish();
    Ok(entries)
}

fn simulate(
    candidate: &Candidate,
    progress: &Progress,
    minutes: &AtomicU64,
) -> Result<Run, SetupError> {
    let mut simulation = Simulation::new(&candidate.setup)?;
    while simulation.now_ms() < candidate.setup.end_ms {
        simulation.advance_to(simulation.now_ms().saturating_add(STRIDE_MS));
        progress.count(minutes.fetch_add(1, Ordering::Relaxed) + 1);
    }
    Ok(simulation.finish())
}
