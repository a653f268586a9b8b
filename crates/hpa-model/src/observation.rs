//! What one run of the controller sees: the scale, the pods, the metrics' answers.

use serde::{Deserialize, Serialize};

use super::replica_calculator::MetricError;

/// Everything one run reads. All times are milliseconds on the clock of [`super::Controller::run`].
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The target's `scale` subresource; `None` when the GET failed.
    pub scale: Option<Scale>,
    /// `scale.status.selector`, judged.
    pub selector: Selector,
    /// The pods the selector finds.
    pub pods: Pods<'a>,
    /// One answer per metric, in the order of the spec; a missing one counts as failed.
    pub metrics: &'a [Sample<'a>],
    /// Whether a PUT of the scale would be accepted.
    pub update_accepted: bool,
}

/// The `scale` subresource of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// `spec.replicas`: the desired count.
    pub spec_replicas: u32,
    /// `status.replicas`: the pods that exist, ready or not, without terminating ones.
    pub status_replicas: u32,
}

/// The target's pod selector, as the controller reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selector {
    /// It parses, and no other HPA has these pods.
    #[default]
    Valid,
    /// It is empty.
    Missing,
    /// It does not parse.
    Unparsable,
    /// Other HPAs control the same pods.
    Ambiguous,
}

/// The pods of the target. External and Object metrics need only their number.
#[derive(Clone, Copy, Debug)]
pub enum Pods<'a> {
    /// Their number.
    Counted {
        /// All pods the selector finds, terminating ones included.
        total: u32,
        /// Pods with phase Running and condition Ready, terminating ones included.
        ready: u32,
    },
    /// One by one, as Pods, Resource and ContainerResource metrics need them.
    Listed(&'a [Pod]),
}

/// The fields of a pod that the replica calculator uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// `status.phase`.
    pub phase: Phase,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// `status.startTime`.
    pub started_ms: Option<u64>,
    /// The Ready condition, if there is one.
    pub ready: Option<ReadyCondition>,
}

/// `status.phase`, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Pending: counts as unready.
    Pending,
    /// Running.
    Running,
    /// Failed: ignored.
    Failed,
    /// Succeeded or Unknown: treated like Running, but never counted as ready.
    Other,
}

/// The pod's Ready condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyCondition {
    /// `status`.
    pub status: ReadyStatus,
    /// `lastTransitionTime`.
    pub since_ms: u64,
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadyStatus {
    /// True.
    True,
    /// False.
    False,
    /// Unknown: neither ready nor unready.
    Unknown,
}

/// The answer of the metrics API for one metric.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'a> {
    /// It failed.
    Failed(MetricError),
    /// The items of an External metric, thousandths; empty is a failure.
    External(&'a [i64]),
    /// The value of an Object metric, thousandths.
    Object(i64),
    /// One reading per pod in the order of [`Pods::Listed`]; readings beyond the pods are those
    /// of pods the selector no longer finds. Empty is a failure.
    Pods(&'a [PodReading]),
}

/// One pod's reading for a Pods, Resource or ContainerResource metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodReading {
    /// The value in thousandths; `None` when the pod is missing from the answer.
    pub value: Option<i64>,
    /// The pod's request in thousandths, for utilization; `None` when a container has none.
    pub request: Option<i64>,
    /// Time of the measurement.
    pub timestamp_ms: u64,
    /// Over how long it was measured, milliseconds.
    pub window_ms: u64,
}

impl Pods<'_> {
    /// All pods, and those that are Running and Ready (`getReadyPodsCount`).
    pub(super) fn total_and_ready(&self) -> (usize, usize) {
        match *self {
            Self::Counted { total, ready } => (total as usize, ready as usize),
            Self::Listed(pods) => (pods.len(), pods.iter().filter(|pod| pod.is_ready()).count()),
        }
    }
}

impl Pod {
    fn is_ready(&self) -> bool {
        self.phase == Phase::Running
            && self.ready.is_some_and(|ready| ready.status == ReadyStatus::True)
    }
}
