//! The usable nodes and what they hold at zero paid load.

use std::collections::{BTreeMap, HashMap};

use oppscale_core::demand;
use oppscale_core::headroom::Query;
use oppscale_core::ledger::Ledger;
use oppscale_core::node::NodeRecord;
use oppscale_core::placement::Placement;
use oppscale_core::replica::{Replica, exact_text};
use oppscale_core::resources::{Amount, CPU, Resources};
use oppscale_core::selector::Selector;

use super::problem::SizingError;

/// Kinds whose pods are on a node as long as it is there: a DaemonSet's, and static pods,
/// whose owner is the node.
const STANDING: [&str; 2] = ["DaemonSet", "Node"];

/// The usable nodes.
#[derive(Debug)]
pub(super) struct Rooms {
    /// By name.
    pub(super) nodes: Vec<Room>,
    /// What pods may take on all of them.
    pub(super) allocatable: Resources,
    /// What of it always stands there.
    pub(super) standing: Resources,
    /// What paid pods occupy or wait for, DaemonSets included, millicores.
    pub(super) paid_milli: Amount,
    /// The largest paid pod, millicores.
    pub(super) largest_paid_milli: Amount,
}

/// A usable node.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: String,
    /// What is left beside what always stands there; never negative.
    pub(super) empty: Resources,
    /// What is left beside all others now; never negative.
    pub(super) now: Resources,
}

impl Rooms {
    /// The usable nodes of a cluster.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn of(
        ledger: &Ledger,
        placement: &Placement,
        selector: &Selector,
    ) -> Result<Self, SizingError> {
        let is_usable = |record: &&NodeRecord| {
            selector.matches(&record.labels) && record.unusable(placement).is_empty()
        };
        let mut standing: HashMap<&str, Resources> = HashMap::new();
        let mut largest = 0;
        for pod in ledger.bound().filter(|pod| !pod.own) {
            if STANDING.contains(&&*pod.group.kind) {
                standing.entry(pod.node).or_default().add(pod.footprint);
            } else if ledger.record(pod.node).as_ref().is_some_and(is_usable) {
                largest = largest.max(pod.footprint.get(CPU));
            }
        }
        let mut rooms = Self {
            nodes: Vec::new(),
            allocatable: Resources::default(),
            standing: Resources::default(),
            paid_milli: 0,
            largest_paid_milli: 0,
        };
        for (name, account) in ledger.nodes() {
            let record = account.record.as_ref().filter(is_usable);
            let Some(record) = record.filter(|_| account.unknown_pods == 0) else { continue };
            let Ok(allocatable) = &record.allocatable else { continue };
            let stands = standing.remove(name).unwrap_or_default();
            let left = |taken: &Resources| allocatable.minus(taken).map(|amount| amount.max(0));
            rooms.nodes.push(Room {
                name: record.name.to_string(),
                empty: left(&stands),
                now: left(&account.others),
            });
            rooms.allocatable.add(allocatable);
            rooms.standing.add(&stands);
            rooms.paid_milli += account.others.get(CPU);
        }
        if rooms.nodes.is_empty() {
            return Err(none(ledger, placement));
        }
        rooms.nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let query =
            Query { placement: placement.clone(), nodes: selector.clone(), ..Query::default() };
        rooms.paid_milli += demand::measure(ledger, &query).placeable.get(CPU);
        let could_hold = |pod: &&oppscale_core::ledger::Waiting| {
            let mut usable = ledger.records().filter(is_usable);
            !pod.own && usable.any(|node| node.could_hold(&pod.placement, &pod.footprint))
        };
        let waiting = ledger.waiting().filter(could_hold).map(|pod| pod.footprint.get(CPU)).max();
        rooms.largest_paid_milli = largest.max(waiting.unwrap_or(0));
        Ok(rooms)
    }

    /// How many replicas fit at zero paid load.
    pub(super) fn slots(&self, replica: &Replica) -> Amount {
        self.nodes.iter().map(|room| slots(&room.empty, replica)).sum()
    }

    /// How many replicas fit beside all others now.
    pub(super) fn slots_now(&self, replica: &Replica) -> Amount {
        self.nodes.iter().map(|room| slots(&room.now, replica)).sum()
    }

    /// What is left on all nodes together at zero paid load.
    pub(super) fn empty(&self) -> Resources {
        self.nodes.iter().fold(Resources::default(), |mut sum, room| {
            sum.add(&room.empty);
            sum
        })
    }

    /// Says which node comes closest to holding a replica, and what it lacks.
    pub(super) fn closest(&self, replica: &Replica) -> SizingError {
        // Millionths of what is needed, of what is scarcest on the node.
        let scarcest = |room: &Room| {
            let share = |(name, needs): (&str, Amount)| {
                (room.empty.get(name) * 1_000_000 / needs.max(1), name.to_owned())
            };
            replica.footprint().present().map(share).min()
        };
        let ranked = self.nodes.iter().filter_map(|room| Some((scarcest(room)?, room)));
        let closest = ranked.max_by(|a, b| (a.0.0, &b.1.name).cmp(&(b.0.0, &a.1.name)));
        let (resource, node, has) = closest.map_or_else(Default::default, |((_, name), room)| {
            let has = exact_text(&name, room.empty.get(&name));
            (name, room.name.clone(), has)
        });
        let needs = exact_text(&resource, replica.footprint().get(&resource));
        SizingError::FitsNowhere { replica: replica.to_string(), node, resource, has, needs }
    }
}

/// How many replicas fit into `room`.
pub(super) fn slots(room: &Resources, replica: &Replica) -> Amount {
    let of = |(name, amount): (&str, Amount)| room.get(name).max(0) / amount.max(1);
    replica.footprint().present().map(of).min().unwrap_or(0)
}

/// Why nothing is usable, counted by the gravest reason of each node.
fn none(ledger: &Ledger, placement: &Placement) -> SizingError {
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut nodes = 0;
    for (_, account) in ledger.nodes() {
        let Some(record) = &account.record else { continue };
        nodes += 1;
        let first = record.unusable(placement).into_iter().next();
        *reasons.entry(first.map_or("Unknown", |reason| reason.word())).or_default() += 1;
    }
    let reasons: Vec<_> =
        reasons.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let reasons = if nodes == 0 { "there are none".to_owned() } else { reasons.join(", ") };
    SizingError::NoUsableNode { nodes, reasons }
}
