//! CPU pressure: a node whose paid pods wait for CPU has no slots on the usage basis.
//!
//! The kernel's Pressure Stall Information tells for each cgroup the part of the last minute in
//! which some task was ready to run and had no CPU (`some avg60`). The kubelet publishes it for
//! each pod in its Summary API (`KubeletPSI`, beta since 1.34, stable in 1.36). A paid pod that
//! waits although it requests CPU tells that weights do not protect it there.
//!
//! A task that is throttled by a CPU limit counts as waiting, too, with or without fillers. So a
//! pod with a CPU limit tells nothing, and is not looked at.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::{Ledger, NodeAccount};
use super::record::PodKey;
use super::resources::CPU;

/// Time for which a node is held after its last reading above the threshold: the window of the peak
/// of usage, so that fillers return as slowly after either.
pub const HOLD: Duration = Duration::from_secs(300);
/// Time for which a node is held that cannot be read any more: three holds. An overloaded kubelet
/// does not answer; a guard without permission must not hold a cluster for ever.
const UNREAD_HOLD: Duration = Duration::from_secs(900);
/// Time between two readings of a node: what PSI averages over.
pub const INTERVAL: Duration = Duration::from_secs(60);
/// Time after which the last reading of a node does not count any more. A node that was not read
/// for half of it is read before others.
const MAX_AGE: Duration = Duration::from_secs(600);

/// CPU pressure of a node, as its kubelet reports it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PressureReading {
    /// Its pods.
    pub pods: Vec<PodPressure>,
    /// Whether any cgroup of the node has ever waited. Without PSI in the kernel all figures are 0.
    pub has_psi: bool,
}

/// CPU pressure of a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct PodPressure {
    /// Which pod.
    pub key: PodKey,
    /// `NAMESPACE/NAME`.
    pub name: Box<str>,
    /// Part of the last minute in which it waited, in percent; `None` if the kubelet does not tell.
    pub waiting: Option<f64>,
}

/// CPU pressure of the paid pods of a node, by a reading.
#[derive(Debug, Clone, PartialEq)]
pub enum NodePressure {
    /// How long those waited that request CPU and have no CPU limit; it may have none that
    /// requests CPU.
    Known {
        /// The one that waited longest, and the part of the last minute, in percent.
        longest: Option<(Box<str>, f64)>,
        /// Those that are ready and without a figure in the reading.
        missing: Vec<PodKey>,
    },
    /// Each of its paid pods has a CPU limit, which may be what it waits for, or does not run.
    Limited,
    /// Its kernel or its kubelet does not tell.
    Unknown,
}

impl NodePressure {
    /// The pressure of `node` by `reading`; `None` if a pod that is ready has no figure, which
    /// takes [`Self::of_all`]. `ledger` knows the node's pods, with their limits.
    pub fn of(node: &str, reading: &PressureReading, ledger: &Ledger) -> Option<Self> {
        match Figures::of(node, reading, ledger) {
            Some(figures) => figures.are_complete().then(|| figures.pressure()),
            None => Some(Self::Unknown),
        }
    }

    /// The pressure of nodes by their readings. Reads every pod once, however many nodes have one
    /// without a figure.
    pub fn of_all(readings: &[(Arc<str>, PressureReading)], ledger: &Ledger) -> Vec<Self> {
        let figures = readings.iter().map(|(node, reading)| Figures::of(node, reading, ledger));
        let mut figures: Vec<_> = figures.collect();
        let of_nodes = figures.iter_mut().zip(readings).filter_map(|(figures, (node, _))| {
            Some((&**node, figures.as_mut().filter(|figures| !figures.are_complete())?))
        });
        let mut incomplete: HashMap<&str, &mut Figures<'_>> = of_nodes.collect();
        if !incomplete.is_empty() {
            for (node, key) in ledger.ready_unthrottled() {
                if let Some(figures) = incomplete.get_mut(node)
                    && !figures.known.contains(&key)
                {
                    figures.missing.push(key);
                }
            }
        }
        figures.into_iter().map(|of| of.map_or(Self::Unknown, Figures::pressure)).collect()
    }
}

/// Figures of a node's paid pods that request CPU and have no CPU limit, in a reading.
struct Figures<'l> {
    account: &'l NodeAccount,
    /// The pod that waited longest, and the part of the last minute, in percent.
    longest: Option<(Box<str>, f64)>,
    /// Those that are ready and have a figure.
    known: HashSet<PodKey>,
    /// Those that are ready and have none.
    missing: Vec<PodKey>,
}

impl<'l> Figures<'l> {
    /// `None` if the reading tells nothing or the node is gone.
    fn of(node: &str, reading: &PressureReading, ledger: &'l Ledger) -> Option<Self> {
        let account = ledger.account(node).filter(|_| reading.has_psi)?;
        let mut longest: Option<(Box<str>, f64)> = None;
        let mut known = HashSet::new();
        for pod in &reading.pods {
            let of = |key: PodKey| {
                let (bound, is_ready) = ledger.bound_pod(&key)?;
                Some((key, bound, is_ready))
            };
            // By its name if it is a static pod.
            let found = of(pod.key.clone()).or_else(|| of(PodKey::Text(pod.name.clone())));
            let Some((key, bound, is_ready)) = found else { continue };
            let Some(waiting) = pod.waiting else { continue };
            if bound.node != node || !bound.is_unthrottled() {
                continue;
            }
            if is_ready {
                known.insert(key);
            }
            if longest.as_ref().is_none_or(|(_, most)| waiting > *most) {
                longest = Some((pod.name.clone(), waiting));
            }
        }
        Some(Self { account, longest, known, missing: Vec::new() })
    }

    fn are_complete(&self) -> bool {
        self.known.len() >= self.account.ready_unthrottled
    }

    fn pressure(self) -> NodePressure {
        let Self { account, longest, missing, .. } = self;
        if longest.is_none() && missing.is_empty() && account.paid.get(CPU) != 0 {
            return NodePressure::Limited;
        }
        NodePressure::Known { longest, missing }
    }
}

/// Why a node has no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Its kubelet did not answer, or with an error.
    Failed,
    /// A permission is missing.
    Forbidden,
}

/// How the last reading of a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its pressure is known, as far as pods without a CPU limit tell it.
    Known,
    /// It is not.
    Unknown,
    /// There was no reading, because a permission is missing.
    Forbidden,
}

/// Follows the CPU pressure of nodes. Times are since any fixed moment.
#[derive(Debug, Clone)]
pub struct PressureGuard {
    /// Part of a minute that a paid pod may wait, in percent.
    threshold: f64,
    nodes: HashMap<Arc<str>, GuardedNode>,
}

#[derive(Debug, Clone)]
struct GuardedNode {
    /// Time of the last reading, with or without success, and how it ended.
    tried_at: Duration,
    ending: Ending,
    /// Result of the last reading that was answered, unless a paid pod waited, and its time.
    told: (Told, Duration),
    /// Paid pods without a figure in the last reading that had any.
    missing: Vec<PodKey>,
    /// Time of the last reading that shows whether paid pods wait.
    known_at: Duration,
    /// Time at which a paid pod last waited longer than the threshold; `None` since it is calm
    /// again.
    waited_at: Option<Duration>,
}

/// Result of a reading that does not hold the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// No paid pod waits.
    Calm,
    /// Its paid pods have CPU limits, or do not run.
    Limited,
    /// Nothing.
    Unknown,
}

/// Number of nodes of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PressureCounts {
    /// Paid pods wait, or did a short while ago: no slots.
    pub waiting: usize,
    /// Paid pods do not wait.
    pub calm: usize,
    /// Each paid pod has a CPU limit or does not run, so that none tells whether it waits for
    /// others; slots are counted by usage alone.
    pub limited: usize,
    /// Whether paid pods wait is unknown; slots are counted by usage alone.
    pub unknown: usize,
}

/// Change of a node's pressure.
#[derive(Debug, Clone, PartialEq)]
pub enum PressureChange {
    /// It has no slots from now on: this pod waited for this part of the last minute, in percent.
    Held(Box<str>, f64),
    /// It has slots again: paid pods have not waited, or it was unknown for too long.
    Released,
}

impl PressureGuard {
    /// A guard that holds nodes whose paid pods wait longer than `threshold` percent of a minute.
    pub fn new(threshold: f64) -> Self {
        Self { threshold, nodes: HashMap::new() }
    }

    /// Takes in a reading of a node, or why there was none.
    pub fn apply(
        &mut self,
        now: Duration,
        node: &str,
        reading: Result<NodePressure, Unread>,
    ) -> Option<PressureChange> {
        let was_held = self.is_held(now, node);
        let is_first = !self.nodes.contains_key(node);
        let guarded = self.nodes.entry(node.into()).or_insert(GuardedNode {
            tried_at: now,
            ending: Ending::Unknown,
            told: (Told::Unknown, now),
            missing: Vec::new(),
            known_at: now,
            waited_at: None,
        });
        (guarded.tried_at, guarded.ending) = (now, Ending::Known);
        if reading.is_ok() {
            guarded.told = (Told::Unknown, now);
        }
        match reading {
            Ok(NodePressure::Known { longest: Some((pod, waiting)), missing })
                if waiting > self.threshold =>
            {
                (guarded.known_at, guarded.waited_at) = (now, Some(now));
                guarded.missing = missing;
                return (!was_held).then_some(PressureChange::Held(pod, waiting));
            }
            Ok(NodePressure::Known { missing, .. }) => {
                // A pod that began a moment ago has no figure yet.
                let is_unknown =
                    is_first || missing.iter().any(|pod| guarded.missing.contains(pod));
                if is_unknown && !missing.is_empty() {
                    guarded.ending = Ending::Unknown;
                } else {
                    (guarded.known_at, guarded.told) = (now, (Told::Calm, now));
                }
                guarded.missing = missing;
            }
            Ok(NodePressure::Limited) => guarded.told = (Told::Limited, now),
            Ok(NodePressure::Unknown) | Err(Unread::Failed) => guarded.ending = Ending::Unknown,
            Err(Unread::Forbidden) => guarded.ending = Ending::Forbidden,
        }
        let is_known = guarded.known_at == now;
        let is_over = guarded.waited_at.is_some_and(|at| {
            (is_known && now.saturating_sub(at) >= HOLD) || !guarded.is_held(now)
        });
        is_over.then(|| {
            guarded.waited_at = None;
            PressureChange::Released
        })
    }

    /// Whether this node has no slots.
    pub fn is_held(&self, now: Duration, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|node| node.is_held(now))
    }

    /// How many paid pods had no figure in the last reading of this node that had any.
    pub fn missing_pods(&self, node: &str) -> usize {
        self.nodes.get(node).map_or(0, |node| node.missing.len())
    }

    /// How the last reading of this node ended.
    pub fn ending(&self, node: &str) -> Option<Ending> {
        self.nodes.get(node).map(|node| node.ending)
    }

    /// How the last reading of each node ended that was read, in no order.
    pub fn endings(&self) -> impl Iterator<Item = Ending> {
        self.nodes.values().map(|node| node.ending)
    }

    /// The nodes without slots, in no order.
    pub fn held(&self, now: Duration) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.iter().filter(move |(_, node)| node.is_held(now)).map(|(name, _)| name)
    }

    /// Number of `nodes` of each kind.
    pub fn counts<'n>(
        &self,
        now: Duration,
        nodes: impl IntoIterator<Item = &'n str>,
    ) -> PressureCounts {
        let mut counts = PressureCounts::default();
        for name in nodes {
            match self.nodes.get(name) {
                Some(node) if node.is_held(now) => counts.waiting += 1,
                node => match node.map_or(Told::Unknown, |node| node.told(now)) {
                    Told::Calm => counts.calm += 1,
                    Told::Limited => counts.limited += 1,
                    Told::Unknown => counts.unknown += 1,
                },
            }
        }
        counts
    }

    /// The nodes to read now, `limit` at most, of those that there are: first the urgent ones,
    /// which run fillers or are held, so that a reading changes most, or whose last reading grows
    /// old; then the others. Of either, first those that were read longest ago. Forgets nodes that
    /// are gone.
    pub fn due<S: BuildHasher>(
        &mut self,
        now: Duration,
        nodes: &HashSet<Arc<str>, S>,
        has_fillers: impl Fn(&str) -> bool,
        limit: usize,
    ) -> Vec<Arc<str>> {
        self.nodes.retain(|name, _| nodes.contains(name));
        let mut due: Vec<_> = nodes
            .iter()
            .filter_map(|name| {
                let known = self.nodes.get(name);
                let tried_at = known.map(|node| node.tried_at);
                let is_older_than = |age| tried_at.is_none_or(|at| now.saturating_sub(at) >= age);
                let matters = has_fillers(name) || known.is_some_and(|node| node.is_held(now));
                let is_urgent = matters || is_older_than(MAX_AGE / 2);
                let order = (Reverse(is_urgent), tried_at, Reverse(matters));
                is_older_than(INTERVAL).then_some((order, name))
            })
            .collect();
        due.sort_unstable();
        due.into_iter().take(limit).map(|(_, name)| Arc::clone(name)).collect()
    }
}

impl GuardedNode {
    fn is_held(&self, now: Duration) -> bool {
        let Some(waited_at) = self.waited_at else { return false };
        now.saturating_sub(waited_at) < HOLD || now.saturating_sub(self.known_at) < UNREAD_HOLD
    }

    fn told(&self, now: Duration) -> Told {
        let (told, at) = self.told;
        if now.saturating_sub(at) <= MAX_AGE { told } else { Told::Unknown }
    }
}
