//! What is counted while time passes: integrals and numbers, none of them floating.

use oppscale_core::resources::{Amount, CPU};

use super::nodes::Nodes;
use super::outcome::{Rescale, Sample};
use super::workload::Workload;

/// From how long a wait on a paid pod counts as delayed, milliseconds. Below it a real
/// scheduler has not looked at the pod yet.
pub(super) const DELAYED_MS: u64 = 1_000;

/// The counts so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Requested millicores times milliseconds.
    pub(super) requested: Amount,
    /// The paid part of it.
    pub(super) others: Amount,
    /// Millicores of Ready own pods times milliseconds.
    pub(super) harvested: Amount,
    /// Own pods with a node that were deleted because there were too many.
    pub(super) own_scaled_down: u64,
    /// Own pods that made room for paid ones.
    pub(super) own_preempted: u64,
    pub(super) paid_delayed: u64,
    pub(super) longest_delay_ms: u64,
    pub(super) rescales: Vec<Rescale>,
    pub(super) samples: Vec<Sample>,
    pub(super) events: u64,
}

impl Tally {
    /// Milliseconds pass in which nothing changes.
    pub(super) fn pass(&mut self, ms: u64, nodes: &Nodes, filler: &Workload) {
        let ms = Amount::from(ms);
        self.requested += nodes.requested.get(CPU) * ms;
        self.others += nodes.others.get(CPU) * ms;
        self.harvested += Amount::from(filler.working) * filler.template.cpu_milli() * ms;
    }

    /// A paid pod has waited this long, and no longer does.
    pub(super) fn paid_waited(&mut self, ms: u64) {
        self.paid_delayed += u64::from(ms >= DELAYED_MS);
        self.longest_delay_ms = self.longest_delay_ms.max(ms);
    }

    /// Changes of direction in the filler's rescales.
    pub(super) fn reversals(&self) -> u64 {
        let ups: Vec<_> = self.rescales.iter().map(|change| change.to > change.from).collect();
        ups.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
    }
}
