//! The usable nodes, what they hold at zero paid load, and the replica that wastes least of them.

use std::collections::BTreeMap;

use oppscale_core::demand::{self, DemandState};
use oppscale_core::error::Error;
use oppscale_core::headroom::Query;
use oppscale_core::ledger::Ledger;
use oppscale_core::node::NodeRecord;
use oppscale_core::placement::Placement;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, Resources};
use oppscale_core::units::quantity_text;

use super::size::{Line, Subject};

/// The usable nodes.
#[derive(Debug)]
pub(super) struct UsableNodes {
    /// By name.
    pub(super) nodes: Vec<UsableNode>,
    /// Allocatable of all of them.
    pub(super) allocatable: Resources,
    /// Requests of pods that are always there, such as those of DaemonSets.
    pub(super) standing: Resources,
    /// Requests of paid pods with and without a node, DaemonSets included, millicores.
    pub(super) paid_milli: Amount,
    /// The largest paid pod, millicores.
    pub(super) largest_paid_milli: Amount,
}

/// A usable node.
#[derive(Debug)]
pub(super) struct UsableNode {
    pub(super) name: String,
    /// Room beside the pods that are always there; never negative.
    pub(super) empty: Resources,
    /// Room beside all paid pods of now, the waiting ones that would go here included; never
    /// negative.
    pub(super) now: Resources,
}

impl UsableNodes {
    /// The usable nodes of a cluster.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn of(ledger: &Ledger, query: &Query) -> Result<Self, Error> {
        let is_usable = |record: &&NodeRecord| {
            query.nodes.matches(&record.labels) && record.is_usable(&query.placement)
        };
        let mut largest = 0;
        for pod in ledger.bound().filter(|pod| !pod.opportunistic && !pod.is_standing()) {
            if ledger.record(pod.node).as_ref().is_some_and(is_usable) {
                largest = largest.max(pod.footprint.get(CPU));
            }
        }
        let placed = demand::place_for(ledger, query);
        for pod in &placed {
            // One that waits for paid pods to end comes, too.
            if matches!(pod.state, DemandState::Placeable | DemandState::Blocked) {
                largest = largest.max(pod.pod.footprint.get(CPU));
            }
        }
        let kept = demand::kept(&placed);
        let mut nodes = Self {
            nodes: Vec::new(),
            allocatable: Resources::default(),
            standing: Resources::default(),
            paid_milli: 0,
            largest_paid_milli: largest,
        };
        for (name, account) in ledger.nodes() {
            let record = account.record.as_deref().filter(is_usable);
            let Some(record) = record.filter(|_| account.unknown_pods == 0) else { continue };
            let Ok(allocatable) = &record.allocatable else { continue };
            let mut paid = account.paid.clone();
            if let Some(kept) = kept.get(name) {
                paid.add(kept);
            }
            let left = |taken: &Resources| allocatable.minus(taken).map(|amount| amount.max(0));
            nodes.nodes.push(UsableNode {
                name: record.name.to_string(),
                empty: left(&account.standing),
                now: left(&paid),
            });
            nodes.allocatable.add(allocatable);
            nodes.standing.add(&account.standing);
            nodes.paid_milli += paid.get(CPU);
        }
        if nodes.nodes.is_empty() {
            return Err(none(ledger, &query.placement));
        }
        nodes.nodes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(nodes)
    }

    /// Replicas that fit at zero paid load.
    pub(super) fn slots(&self, replica: &Replica) -> Amount {
        self.nodes.iter().map(|node| slots(&node.empty, replica)).sum()
    }

    /// Nodes that can hold a replica at zero paid load.
    pub(super) fn able_to_hold(&self, replica: &Replica) -> Amount {
        self.nodes.iter().filter(|node| slots(&node.empty, replica) > 0).count() as Amount
    }

    /// Replicas that fit beside all paid pods of now.
    pub(super) fn slots_now(&self, replica: &Replica) -> Amount {
        self.nodes.iter().map(|node| slots(&node.now, replica)).sum()
    }

    /// Room on all nodes together at zero paid load.
    pub(super) fn empty(&self) -> Resources {
        self.nodes.iter().fold(Resources::default(), |mut sum, node| {
            sum.add(&node.empty);
            sum
        })
    }

    /// Says which node comes closest to holding a replica, and what it lacks.
    pub(super) fn closest(&self, replica: &Replica) -> Error {
        // Millionths of what is needed, of what is scarcest on the node.
        let scarcest = |node: &UsableNode| {
            let share = |(name, needs): (&str, Amount)| {
                (node.empty.get(name) * 1_000_000 / needs.max(1), name.to_owned())
            };
            replica.footprint().present().map(share).min()
        };
        let ranked = self.nodes.iter().filter_map(|node| Some((scarcest(node)?, node)));
        let closest = ranked.max_by(|a, b| (a.0.0, &b.1.name).cmp(&(b.0.0, &a.1.name)));
        let (resource, node, has) = closest.map_or_else(Default::default, |((_, name), node)| {
            let has = quantity_text(&name, node.empty.get(&name));
            (name, node.name.clone(), has)
        });
        let needs = quantity_text(&resource, replica.footprint().get(&resource));
        Error::failure(format!(
            "a replica of {replica} fits no usable node: node {node} comes closest, with {has} of \
             {resource} where it needs {needs}"
        ))
        .hint("ask for less with --replica, or let --replica auto find a shape")
    }
}

/// Replicas that fit into `room`.
pub(super) fn slots(room: &Resources, replica: &Replica) -> Amount {
    let of = |(name, amount): (&str, Amount)| room.get(name).max(0) / amount.max(1);
    replica.footprint().present().map(of).min().unwrap_or(0)
}

/// Why nothing is usable, counted by the gravest reason of each node.
fn none(ledger: &Ledger, placement: &Placement) -> Error {
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
    Error::failure(format!("no node of {nodes} is usable: {reasons}"))
        .hint("see each node's reason: oppscale top --show-unusable -o wide")
}

/// Shapes to try where a node has room for 8 cores, millicores. Smaller ones would lose less
/// and cost a pod sandbox, an image and a scheduling decision each.
const LARGE: [Amount; 5] = [1_000, 2_000, 4_000, 8_000, 16_000];
/// Shapes to try on small nodes, millicores.
const SMALL: [Amount; 5] = [250, 500, 1_000, 2_000, 4_000];
/// Room from which on a node is large, millicores.
const LARGE_NODE: Amount = 8_000;
/// Step of memory requests, in bytes.
const STEP: Amount = 16 << 20;

/// The replica of which the nodes lose least cpu, at zero paid load and now together. Of equal
/// ones, the largest.
pub(super) fn choose_shape(nodes: &UsableNodes, memory_per_core: Amount) -> (Replica, Line) {
    let cpu = |node: &UsableNode| node.empty.get(CPU);
    let largest = nodes.nodes.iter().map(cpu).max().unwrap_or(0);
    let sizes = if largest >= LARGE_NODE { LARGE } else { SMALL };
    // No node is to run out of memory before it runs out of cpu.
    let lean = |node: &UsableNode| node.empty.get(MEMORY) * 1000 / cpu(node).max(1);
    let leanest = nodes.nodes.iter().filter(|node| cpu(node) >= sizes[0]).map(lean).min();
    let per_core = memory_per_core.min(leanest.unwrap_or(memory_per_core));
    let total: Amount = nodes.nodes.iter().map(|node| cpu(node) + node.now.get(CPU)).sum();
    let tried = sizes.map(|cpu| {
        let memory = (per_core * cpu / 1000 / STEP * STEP).max(STEP);
        let footprint = Resources::default().with(CPU, cpu).with(MEMORY, memory);
        let replica = Replica::from_footprint(footprint);
        let filled = (nodes.slots(&replica) + nodes.slots_now(&replica)) * cpu;
        (total - filled, replica)
    });
    let share = |lost: Amount| {
        let tenths = lost * 1000 / total.max(1);
        format!("{}.{} %", tenths / 10, tenths % 10)
    };
    let words = |(lost, replica): &(Amount, Replica)| {
        format!("{} loses {}", quantity_text(CPU, replica.footprint().get(CPU)), share(*lost))
    };
    let compared: Vec<_> = tried.iter().map(words).collect();
    let memory_words = match per_core < memory_per_core {
        true => "; memory is what the leanest node has for a core",
        false => "",
    };
    let why = format!(
        "loses least of the nodes' cpu, empty and now: {}{memory_words}",
        compared.join(", ")
    );
    // Where no node holds any, the smallest is what to compare the nodes with.
    let fits = |(_, replica): &(Amount, Replica)| nodes.slots(replica) > 0;
    let smallest = tried.first().cloned();
    // The first of equal ones is kept, so the largest comes first.
    let best = tried.into_iter().rev().filter(fits).min_by_key(|(lost, _)| *lost).or(smallest);
    let replica = best.map(|(_, replica)| replica).unwrap_or_default();
    let line = Line::new(Subject::Replica, "requests", &replica, why);
    (replica, line)
}
