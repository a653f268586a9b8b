//! The samples of a run, as many as there is room for.

use hpa_model::simulation::Sample;
use oppscale_core::resources::Amount;
use oppscale_core::units;
use std::time::Duration;

/// The mean of some samples that follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// The first one's moment.
    pub(super) at_ms: u64,
    /// Millicores of paid pods.
    pub(super) paid: f64,
    /// Millicores of own pods.
    pub(super) own: f64,
    /// Millicores that there are.
    pub(super) allocatable: f64,
    /// Whether a paid pod had no node.
    pub(super) waiting: bool,
}

/// At most `most` points, evenly over the run.
pub(super) fn points(samples: &[Sample], most: usize) -> Vec<Point> {
    let count = most.min(samples.len()).max(1);
    let part = |at: usize| &samples[at * samples.len() / count..(at + 1) * samples.len() / count];
    (0..count).map(part).filter_map(mean).collect()
}

fn mean(samples: &[Sample]) -> Option<Point> {
    let first = samples.first()?;
    let of = |figure: fn(&Sample) -> Amount| {
        samples.iter().map(figure).sum::<Amount>() as f64 / samples.len() as f64
    };
    Some(Point {
        at_ms: first.at_ms,
        paid: of(|sample| sample.paid_milli),
        own: of(|sample| sample.filler_milli),
        allocatable: of(|sample| sample.allocatable_milli),
        waiting: samples.iter().any(|sample| sample.pending_paid > 0),
    })
}

/// A moment on an axis, without the seconds that no one looks for there.
pub(super) fn moment(ms: u64, end_ms: u64) -> String {
    let unit = if end_ms >= 600_000 { 60_000 } else { 1000 };
    units::duration(Duration::from_millis(ms / unit * unit))
}
