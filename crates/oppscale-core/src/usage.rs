//! CPU that paid pods leave idle, from what they used of late: the basis `usage`.
//!
//! Requests tell what the scheduler may give away, usage what a node has left. For each node:
//!
//! ```text
//! used by paid pods = usage of the node − usage of filler pods there
//! peak              = its largest value of the last 5 minutes
//! idle              = allocatable − peak, of which the reserve is subtracted where it is shared
//! ```
//!
//! The peak rises at once and falls by at most a tenth of allocatable a minute, as Borg's
//! reservation does (Verma et al., EuroSys 2015, 5.5): fillers leave quickly and return slowly. A
//! node without a recent reading has no slots.
//!
//! Readings of nodes and of pods are taken at different times. A pod that has just started is part
//! of the node's usage before metrics-server has two samples of its own; one that has just ended is
//! part of it for one sample longer. Either would look like a peak of paid pods that fillers caused
//! themselves, so both count as own for a while. Such an estimate may explain why the usage of a
//! node rose, never lower what paid pods are known to use: a tenant chooses its workload's burn.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::ledger::{Ledger, TrackId};
use super::resources::{Amount, CPU};

/// Millicores that a replica requests on the usage basis: placed where requests are full, and a
/// weight of 1 to 4 where a core has 39 to 100.
pub const REQUEST: Amount = 10;
/// Millicores that it may request: a paid pod that requests a core has ten times this.
pub const MAX_REQUEST: Amount = 100;
/// Time between two readings: the resolution of metrics-server is 15 s by default.
pub const INTERVAL: Duration = Duration::from_secs(15);
/// Time over which a peak counts.
pub const WINDOW: Duration = Duration::from_secs(300);
/// Readings of a node may be this many intervals old, or windows of a sample if those are longer.
const MAX_INTERVALS: u32 = 3;
/// Part of allocatable by which a peak falls in a minute at most.
const DECAY_DIVISOR: Amount = 10;
/// Time until a new pod must have a reading: metrics-server needs two samples, up to 60 s apart.
const START: Duration = Duration::from_secs(90);
/// Time for which the usage of a pod that has ended is still part of its node's.
const END: Duration = Duration::from_secs(45);

/// The part of a reserve of CPU that a node with `cpu` of the `whole` keeps free, rounded up;
/// millicores.
pub fn part_of_reserve(reserve: Amount, cpu: Amount, whole: Amount) -> Amount {
    let whole = whole.max(1);
    (reserve * cpu + whole - 1) / whole
}

/// One reading of metrics.k8s.io.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageReading {
    /// Usage of nodes, by name.
    pub nodes: HashMap<String, NodeSample>,
    /// Millicores that own pods use, by `NAMESPACE/NAME`.
    pub pods: HashMap<String, Amount>,
}

/// Usage of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSample {
    /// Millicores.
    pub cpu: Amount,
    /// Time of the sample, as the API writes it. An unchanged time is an unchanged sample.
    pub timestamp: Option<Box<str>>,
    /// Time over which it was sampled.
    pub window: Duration,
}

/// An own pod that has a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPod {
    /// `NAMESPACE/NAME`.
    pub id: Arc<str>,
    /// Its node.
    pub node: Arc<str>,
    /// Millicores that it is expected to use.
    pub burn: Amount,
}

/// The own pods of `ledger` that have a node, and the allocatable millicores of each node. `burn`
/// tells what a pod of a tracked workload is expected to use; `None` leaves the pod out.
pub fn own_pods_and_cpu(
    ledger: &Ledger,
    burn: impl Fn(Option<TrackId>) -> Option<Amount>,
) -> (Vec<OwnPod>, HashMap<Box<str>, Amount>) {
    let own = ledger.own_pods().filter_map(|(id, node, workload)| {
        let (id, node) = (Arc::clone(id), Arc::clone(node));
        Some(OwnPod { id, node, burn: burn(workload)? })
    });
    let cpu = ledger
        .records()
        .filter_map(|node| Some((node.name.clone(), node.allocatable.as_ref().ok()?.get(CPU))));
    (own.collect(), cpu.collect())
}

/// CPU usage of a node's paid pods, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeCpu {
    /// Paid pods used this many millicores at most of late.
    Peak(Amount),
    /// Its last reading is older than three intervals.
    Stale,
    /// Paid pods wait for CPU, so that nothing counts as idle, see [`crate::pressure`].
    Waiting,
}

/// Paid usage of each node that ever had a reading. Clones share it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaidUsage(Arc<HashMap<Arc<str>, NodeCpu>>);

impl PaidUsage {
    /// CPU usage of this node; `None` if it has had no reading.
    pub fn of(&self, node: &str) -> Option<NodeCpu> {
        self.0.get(node).copied()
    }

    /// Of so many allocatable millicores of this node those that paid pods leave idle; `None` if
    /// its usage is unknown.
    pub fn idle(&self, node: &str, allocatable: Amount) -> Option<Amount> {
        match self.of(node)? {
            NodeCpu::Peak(peak) => Some(allocatable - peak),
            NodeCpu::Waiting => Some(0),
            NodeCpu::Stale => None,
        }
    }

    /// Lets nothing count as idle on these nodes, if their usage is known.
    pub fn hold<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Arc<str>>) {
        let known = Arc::make_mut(&mut self.0);
        for node in nodes {
            if let Some(known @ NodeCpu::Peak(_)) = known.get_mut(node) {
                *known = NodeCpu::Waiting;
            }
        }
    }

    /// Whether some node has a recent reading.
    pub fn is_known(&self) -> bool {
        self.0.values().any(|node| *node != NodeCpu::Stale)
    }
}

impl<'n> FromIterator<(&'n str, NodeCpu)> for PaidUsage {
    fn from_iter<I: IntoIterator<Item = (&'n str, NodeCpu)>>(nodes: I) -> Self {
        Self(Arc::new(nodes.into_iter().map(|(name, node)| (name.into(), node)).collect()))
    }
}

/// Follows the usage of nodes. Times are since any fixed moment.
#[derive(Debug, Clone, Default)]
pub struct UsageTracker {
    nodes: HashMap<Arc<str>, TrackedNode>,
    pods: HashMap<Arc<str>, TrackedPod>,
}

#[derive(Debug, Clone)]
struct TrackedNode {
    /// Paid usage within the window, with the time of each reading.
    readings: VecDeque<(Duration, Amount)>,
    peak: Amount,
    sample: NodeSample,
    /// Time of the last new sample.
    at: Duration,
}

#[derive(Debug, Clone)]
struct TrackedPod {
    node: Arc<str>,
    /// Its last reading, or what it is expected to use until it has one; in millicores.
    usage: Amount,
    /// Time at which it was first seen on its node, or had its last reading.
    known_at: Duration,
    last_seen: Duration,
}

/// Millicores that own pods use on a node.
#[derive(Debug, Clone, Copy, Default)]
struct OwnUsage {
    /// By readings.
    measured: Amount,
    /// Estimated usage of pods without a reading.
    expected: Amount,
}

impl UsageTracker {
    /// Takes in a reading. `own` are the own pods that have a node now; `allocatable` tells the
    /// millicores of a node, `None` if it does not exist.
    pub fn apply(
        &mut self,
        now: Duration,
        reading: &UsageReading,
        own: &[OwnPod],
        allocatable: impl Fn(&str) -> Option<Amount>,
    ) {
        let used_by_own = self.apply_pods(now, reading, own);
        for (name, sample) in &reading.nodes {
            let Some(allocatable) = allocatable(name) else { continue };
            let own = used_by_own.get(&**name).copied().unwrap_or_default();
            let beside = (sample.cpu - own.measured).max(0);
            let last = self.nodes.get(&**name).and_then(|node| node.readings.back());
            let last = last.map_or(beside, |(_, paid)| *paid);
            let paid = (beside - own.expected).max(beside.min(last));
            match self.nodes.get_mut(&**name) {
                Some(node) => node.apply(now, sample, paid, allocatable),
                None => {
                    let node = TrackedNode {
                        readings: [(now, paid)].into(),
                        peak: paid,
                        sample: sample.clone(),
                        at: now,
                    };
                    self.nodes.insert(name.as_str().into(), node);
                }
            }
        }
        self.nodes.retain(|name, _| allocatable(name).is_some());
    }

    /// Paid usage as of `now`.
    pub fn paid(&self, now: Duration) -> PaidUsage {
        let nodes = self.nodes.iter().map(|(name, node)| {
            let state = match node.is_stale(now) {
                true => NodeCpu::Stale,
                false => NodeCpu::Peak(node.peak),
            };
            (Arc::clone(name), state)
        });
        PaidUsage(Arc::new(nodes.collect()))
    }

    /// Age of the newest sample; `None` if there is none.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.nodes.values().map(|node| now.saturating_sub(node.at)).min()
    }

    /// Own usage on each node.
    fn apply_pods(
        &mut self,
        now: Duration,
        reading: &UsageReading,
        own: &[OwnPod],
    ) -> HashMap<Arc<str>, OwnUsage> {
        let mut used: HashMap<Arc<str>, OwnUsage> = HashMap::new();
        let standing: HashSet<&str> = own.iter().map(|pod| &*pod.id).collect();
        for pod in own {
            let new = || TrackedPod {
                node: Arc::clone(&pod.node),
                usage: pod.burn,
                known_at: now,
                last_seen: now,
            };
            let known = self.pods.entry(Arc::clone(&pod.id)).or_insert_with(new);
            // A StatefulSet's pod may return elsewhere under its name.
            if known.node != pod.node {
                *known = new();
            }
            known.last_seen = now;
            let on_node = used.entry(Arc::clone(&pod.node)).or_default();
            match reading.pods.get(&*pod.id) {
                Some(usage) => {
                    (known.usage, known.known_at) = (*usage, now);
                    on_node.measured += usage;
                }
                // metrics-server drops a pod whose container restarted until it has two samples.
                None if now.saturating_sub(known.known_at) < START => {
                    on_node.expected += known.usage;
                }
                None => known.usage = 0,
            }
        }
        self.pods.retain(|id, pod| {
            let has_ended = !standing.contains(&**id);
            if has_ended && now.saturating_sub(pod.last_seen) <= END {
                used.entry(Arc::clone(&pod.node)).or_default().expected += pod.usage;
                return true;
            }
            !has_ended
        });
        used
    }
}

impl TrackedNode {
    fn apply(&mut self, now: Duration, sample: &NodeSample, paid: Amount, allocatable: Amount) {
        if sample.timestamp.is_some() && sample.timestamp == self.sample.timestamp {
            return;
        }
        let passed = now.saturating_sub(self.at);
        (self.sample, self.at) = (sample.clone(), now);
        self.readings.push_back((now, paid));
        while self.readings.front().is_some_and(|(at, _)| now.saturating_sub(*at) > WINDOW) {
            self.readings.pop_front();
        }
        let largest = self.readings.iter().map(|(_, paid)| *paid).max().unwrap_or(paid);
        let milliseconds = passed.as_millis().min(u128::from(u32::MAX)) as Amount;
        let decay = allocatable * milliseconds / 60_000 / DECAY_DIVISOR;
        self.peak = largest.max(self.peak - decay);
    }

    fn is_stale(&self, now: Duration) -> bool {
        now.saturating_sub(self.at) > INTERVAL.max(self.sample.window) * MAX_INTERVALS
    }
}
