//! The last hour of the cluster's sums, for the chart.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::overview::Totals;
use oppscale_core::resources::{Amount, CPU};

/// How often a sample is taken.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// How many are kept: an hour's.
const KEPT: usize = 720;

/// The cluster's cpu at one time, in millicores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: Instant,
    /// `None` while the cluster was not heard.
    pub(super) cpu: Option<Cpu>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cpu {
    pub(super) allocatable: Amount,
    pub(super) paid: Amount,
    pub(super) opportunistic: Amount,
}

/// The samples, oldest first.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<VecDeque<Sample>>);

impl History {
    pub(super) fn add(&self, at: Instant, totals: Option<&Totals>) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == KEPT {
            samples.pop_front();
        }
        samples.push_back(Sample { at, cpu: totals.map(Cpu::of) });
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        let samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        samples.iter().copied().collect()
    }
}

impl Cpu {
    pub(super) fn of(totals: &Totals) -> Self {
        Self {
            allocatable: totals.allocatable.get(CPU),
            paid: totals.paid.get(CPU),
            opportunistic: totals.opportunistic.get(CPU),
        }
    }
}
