//! The cluster's CPU over the last hour, stacked: paid work below, opportunistic work above it,
//! and a line of what is allocatable.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use minijinja::{Value, context};

use crate::serve::overview::{self, ClusterTotals};
use crate::serve::state::{Freshness, MetricsState};
use oppscale_cluster::{Heartbeat, compute};
use oppscale_core::resources::{Amount, CPU};
use oppscale_core::units;

/// Interval between samples.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(5);
/// Interval between checks for the first data.
const START_INTERVAL: Duration = Duration::from_millis(250);
/// Number of samples kept: an hour of them.
const MAX_SAMPLES: usize = 720;
/// Size of the drawing, in units of its own.
const WIDTH: Amount = 720;
const HEIGHT: Amount = 200;
/// Time that the chart spans at least: before that the first samples would be a sliver.
const MIN_SPAN: Duration = Duration::from_secs(60);

/// Use of the cluster's CPU at one time, in millicores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct CpuUse {
    allocatable: Amount,
    paid: Amount,
    opportunistic: Amount,
}

/// A sample; without CPU if the cluster's state was stale.
type Sample = (Instant, Option<CpuUse>);

/// Samples, oldest first.
#[derive(Debug, Default)]
pub(in crate::serve) struct CpuHistory(Mutex<VecDeque<Sample>>);

impl CpuHistory {
    /// Takes samples for ever. The first known state begins the chart.
    ///
    /// Each step is noted on `heartbeat`: a count that never ends would stop this.
    pub(in crate::serve) async fn record(&self, state: MetricsState, heartbeat: Heartbeat) {
        loop {
            heartbeat.progress();
            let cpu = match state.freshness() {
                Freshness::Fresh(_) => {
                    let state = state.clone();
                    Some(
                        compute(move || CpuUse::of(&overview::totals(&state, &state.counted())))
                            .await,
                    )
                }
                Freshness::Stale(..) => None,
                Freshness::Starting(_) => {
                    tokio::time::sleep(START_INTERVAL).await;
                    continue;
                }
            };
            self.add((Instant::now(), cpu));
            tokio::time::sleep(SAMPLE_INTERVAL).await;
        }
    }

    fn add(&self, sample: Sample) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == MAX_SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// The template's values for the chart, which ends with the use `now`.
    pub(super) fn chart(&self, now: Instant, current: Option<CpuUse>) -> Value {
        let samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |at: Instant| millis(now.saturating_duration_since(at));
        let mut known: Vec<(Amount, Option<CpuUse>)> =
            samples.iter().map(|(at, cpu)| (age(*at), *cpu)).collect();
        drop(samples);
        let Some((first, _)) = known.first() else { return context! { areas => () } };
        let span = (*first).max(millis(MIN_SPAN));
        known.push((0, current));
        let highest = known
            .iter()
            .filter_map(|(_, cpu)| cpu.map(|cpu| cpu.allocatable.max(cpu.sum())))
            .max()
            .unwrap_or(0)
            .max(1);
        // A twentieth of air above the line.
        let top = (highest * 21 / 20).max(1);
        let x = |age: Amount| WIDTH - age * WIDTH / span;
        let y = |amount: Amount| HEIGHT - amount.max(0) * HEIGHT / top;
        let mut areas: Vec<Value> = Vec::new();
        for run in known.split(|(_, cpu)| cpu.is_none()) {
            let run: Vec<(Amount, CpuUse)> =
                run.iter().filter_map(|(age, cpu)| Some((x(*age), (*cpu)?))).collect();
            if run.is_empty() {
                continue;
            }
            let line = |height: &dyn Fn(&CpuUse) -> Amount| -> Vec<(Amount, Amount)> {
                run.iter().map(|(x, cpu)| (*x, height(cpu))).collect()
            };
            let (floor, paid) = (line(&|_| HEIGHT), line(&|cpu| y(cpu.paid)));
            areas.push(context! {
                paid => points(paid.iter().chain(floor.iter().rev())),
                opportunistic => points(line(&|cpu| y(cpu.sum())).iter().chain(paid.iter().rev())),
                allocatable => points(line(&|cpu| y(cpu.allocatable)).iter()),
            });
        }
        let last = known.iter().rev().find_map(|(_, cpu)| *cpu).map(|cpu| {
            let CpuUse { allocatable, paid, opportunistic } = cpu;
            context! { allocatable, paid, opportunistic }
        });
        context! {
            areas => areas,
            now => last,
            highest => highest,
            width => WIDTH,
            height => HEIGHT,
            since => units::age(Duration::from_millis(u64::try_from(span).unwrap_or(0))),
        }
    }
}

impl CpuUse {
    pub(in crate::serve) fn of(totals: &ClusterTotals) -> Self {
        Self {
            allocatable: totals.allocatable.get(CPU),
            paid: totals.paid.get(CPU),
            opportunistic: totals.opportunistic.get(CPU),
        }
    }

    fn sum(&self) -> Amount {
        self.paid + self.opportunistic
    }
}

/// Corners of a shape, as SVG writes them.
fn points<'p>(corners: impl Iterator<Item = &'p (Amount, Amount)>) -> String {
    corners.fold(String::new(), |mut text, (x, y)| {
        let _ = write!(text, "{x},{y} ");
        text
    })
}

fn millis(span: Duration) -> Amount {
    Amount::try_from(span.as_millis()).unwrap_or(Amount::MAX)
}
