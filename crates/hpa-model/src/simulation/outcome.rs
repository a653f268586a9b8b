//! The result of a simulation, and the counters behind it, none of them floating.

use oppscale_core::resources::{Amount, CPU};

use super::nodes::Nodes;
use super::usage::NodeUse;
use super::workload::Workload;

/// A finished run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The figures of the whole run.
    pub outcome: Outcome,
    /// Every write of the filler's scale.
    pub rescales: Vec<Rescale>,
    /// The state at regular moments, for charts.
    pub samples: Vec<Sample>,
}

/// The figures of a whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Length of the run, milliseconds.
    pub length_ms: u64,
    /// The cpu that paid and filler pods with a node requested on average, in thousandths of a
    /// per cent of allocatable.
    pub utilisation_milli_percent: u64,
    /// The same of paid pods alone.
    pub paid_milli_percent: u64,
    /// Number of times that the HPA wrote the filler's scale.
    pub scale_events: u64,
    /// Number of times that the scaling changed between up and down.
    pub reversals: u64,
    /// Filler pods with a node that were deleted, preempted ones included.
    pub filler_deleted: u64,
    /// Number of deleted filler pods that paid pods preempted.
    pub filler_preempted: u64,
    /// Paid pods that waited for a node for a second or more.
    pub paid_delayed: u64,
    /// Number of delayed paid pods that still waited at the end.
    pub paid_never_started: u64,
    /// The longest wait of a paid pod for a node, milliseconds.
    pub longest_delay_ms: u64,
    /// Requests of filler pods over the time that they were Ready, in milli-core-hours.
    pub harvested_milli_core_hours: u64,
    /// CPU that filler pods burnt, in milli-core-hours; `None` if the setup has no usage.
    pub burnt_milli_core_hours: u64,
    /// Part of the idle CPU that they burnt, in thousandths of a percent; `None` if the setup has
    /// no usage.
    pub idle_used_milli_percent: u64,
    /// CPU that paid pods wanted and did not get, in milli-core-seconds; `None` if the setup has no
    /// usage.
    pub paid_lost_milli_core_seconds: u64,
    /// Pods that were created.
    pub pods_created: u64,
    /// Events that were simulated.
    pub events: u64,
}

/// A write of the filler's scale by its HPA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rescale {
    /// Time, in milliseconds.
    pub at_ms: u64,
    /// Replicas before.
    pub from: u32,
    /// Replicas after.
    pub to: u32,
}

/// The cluster at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Time, in milliseconds.
    pub at_ms: u64,
    /// Allocatable CPU, millicores.
    pub allocatable_milli: Amount,
    /// Requests of paid pods with a node, millicores.
    pub paid_milli: Amount,
    /// Requests of filler pods with a node, millicores.
    pub filler_milli: Amount,
    /// Filler pods that are Ready and not being deleted.
    pub filler_running: u32,
    /// Desired replicas of the filler's HPA.
    pub filler_desired: u32,
    /// Allocatable less paid pods, those without a node included, less the metric's reserve,
    /// millicores; may be negative.
    pub remaining_milli: Amount,
    /// Paid pods without a node.
    pub pending_paid: u32,
    /// Filler pods without a node.
    pub pending_filler: u32,
}

impl Outcome {
    /// The utilisation in per cent.
    #[must_use]
    pub fn utilisation_percent(&self) -> f64 {
        self.utilisation_milli_percent as f64 / 1000.0
    }

    /// The harvest in core-hours.
    #[must_use]
    pub fn harvested_core_hours(&self) -> f64 {
        self.harvested_milli_core_hours as f64 / 1000.0
    }
}

/// Minimum wait that counts as a delay, in milliseconds. Below it a real
/// scheduler has not looked at the pod yet.
pub(super) const DELAYED_MS: u64 = 1_000;

/// The counts so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    /// Requested millicores times milliseconds.
    pub(super) requested: Amount,
    /// The paid part of it.
    pub(super) paid: Amount,
    /// Millicores of Ready filler pods times milliseconds.
    pub(super) harvested: Amount,
    /// What fillers burnt, what was idle without them, the burnt part of that, and what paid pods
    /// lost: millicores times milliseconds.
    pub(super) burnt: Amount,
    pub(super) idle: Amount,
    pub(super) burnt_idle: Amount,
    pub(super) paid_lost: Amount,
    /// Filler pods with a node that were deleted by a scale-down.
    pub(super) filler_scaled_down: u64,
    /// Filler pods that paid pods preempted.
    pub(super) filler_preempted: u64,
    pub(super) paid_delayed: u64,
    pub(super) longest_delay_ms: u64,
    pub(super) rescales: Vec<Rescale>,
    pub(super) samples: Vec<Sample>,
    pub(super) events: u64,
}

impl Counters {
    /// Milliseconds pass in which nothing changes.
    pub(super) fn pass(&mut self, ms: u64, nodes: &Nodes, filler: &Workload) {
        let ms = Amount::from(ms);
        self.requested += nodes.total.requested.get(CPU) * ms;
        self.paid += nodes.total.paid.get(CPU) * ms;
        self.harvested += Amount::from(filler.working) * filler.template.cpu_milli() * ms;
    }

    /// Milliseconds pass in which a node is used so.
    pub(super) fn burn(&mut self, ms: u64, used: NodeUse) {
        let ms = Amount::from(ms);
        self.burnt += used.burnt * ms;
        self.idle += used.idle * ms;
        self.burnt_idle += used.burnt.min(used.idle) * ms;
        self.paid_lost += used.paid_lost * ms;
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
