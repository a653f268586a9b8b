//! Paid demand: what pods of others wait for.
//!
//! A pod without a node reserves room if a usable node could hold it were it empty. One
//! that no node could ever hold reserves nothing, or one typing error would starve every
//! filler for ever; it is named as unplaceable. One that only nodes outside of the
//! usable ones could hold (a GPU pool, a cordoned node) takes nothing from them either.
//! A pod behind scheduling gates does not ask yet.

use std::collections::HashMap;
use std::sync::Arc;

use super::headroom::Query;
use super::ledger::{Group, Ledger, Unoffered, Waiting};
use super::node::NodeRecord;
use super::placement::Placement;
use super::record::PodKey;
use super::resources::{Amount, Resources};
use super::units::quantity_text;

/// What pods of others without a node ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaidDemand {
    /// The sum over those that a usable node could hold.
    pub placeable: Resources,
    /// The sum over those that only other nodes could hold.
    pub elsewhere: Resources,
    /// How many wait behind scheduling gates.
    pub gated: usize,
    /// Those that no node could hold, by namespace and name.
    pub unplaceable: Vec<Unplaceable>,
}

/// A pod that no node of the cluster could ever hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unplaceable {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// What it asks for, as `(resource, amount)`.
    pub asks: Vec<(String, Amount)>,
}

/// Sorts what waits in `ledger`.
pub fn measure(ledger: &Ledger, query: &Query) -> PaidDemand {
    let (usable, paid): (Vec<&NodeRecord>, Vec<&NodeRecord>) = ledger.records().partition(|node| {
        query.nodes.matches(&node.labels) && node.unusable(&query.placement).is_empty()
    });
    let unoffered = ledger.unoffered();
    let could_hold = |pod: &Waiting| {
        let footprint = unoffered.strip(&pod.footprint);
        usable.iter().any(|node| node.could_hold(&pod.placement, &footprint))
    };
    let mut demand = PaidDemand::default();
    for pod in ledger.waiting().filter(|pod| !pod.opportunistic) {
        if pod.gated {
            demand.gated += 1;
        } else if could_hold(pod) {
            demand.placeable.add(&pod.footprint);
        } else if could_hold_outside(&paid, pod, &unoffered) {
            demand.elsewhere.add(&pod.footprint);
        } else {
            demand.unplaceable.push(Unplaceable {
                namespace: pod.group.namespace.to_string(),
                name: pod.name.to_string(),
                reason: reason(&usable, pod, &unoffered),
                asks: pod.footprint.present().map(|(n, amount)| (n.to_owned(), amount)).collect(),
            });
        }
    }
    demand.unplaceable.sort();
    demand
}

/// Whether a node that is cordoned, tainted, not ready or not looked at could hold the pod
/// if it were not. A node of unknown size might.
fn could_hold_outside(nodes: &[&NodeRecord], pod: &Waiting, unoffered: &Unoffered) -> bool {
    let footprint = unoffered.strip(&pod.footprint);
    nodes.iter().any(|node| {
        let fits = node.allocatable.is_err() || node.fits_empty(&footprint);
        fits && pod.placement.selects(&node.name, &node.labels)
    })
}

/// What keeps the pod off every usable node.
fn reason(usable: &[&NodeRecord], pod: &Waiting, unoffered: &Unoffered) -> String {
    for (name, amount) in unoffered.strip(&pod.footprint).present() {
        let largest = usable
            .iter()
            .filter_map(|node| Some(node.allocatable.as_ref().ok()?.get(name)))
            .max()
            .unwrap_or(0);
        if amount > largest {
            let (asks, has) = (quantity_text(name, amount), quantity_text(name, largest));
            return format!("asks for {asks} {name}; the largest usable node has {has}");
        }
    }
    "no usable node meets its node selector, affinity, tolerations and size at once".to_owned()
}

/// State of a paid pod without a node, in a cluster that several workloads share.
///
/// A node is usable here if any of the workloads can use it, for any of them can yield.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemandState {
    /// A usable node could hold it.
    Placeable,
    /// Only a node that no opportunistic workload can use could hold it.
    Elsewhere,
    /// No node could hold it.
    Unplaceable,
    /// Scheduling gates hold it back.
    Gated,
}

impl DemandState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Placeable, Self::Elsewhere, Self::Unplaceable, Self::Gated];

    /// The state as a label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Placeable => "placeable",
            Self::Elsewhere => "elsewhere",
            Self::Unplaceable => "unplaceable",
            Self::Gated => "gated",
        }
    }
}

/// Footprint and workload: pods of one shape are alike, so each shape is classified once.
type Shape = (*const Resources, *const Group);

/// Calls `report` for every waiting pod that is neither opportunistic nor of a tracked workload.
/// `placements` are the workloads'; with none, nodes without untolerated taints are usable.
pub fn classify_waiting<'l>(
    ledger: &'l Ledger,
    placements: &[&Placement],
    mut report: impl FnMut(&'l PodKey, DemandState),
) {
    let default = Placement::default();
    let placements = if placements.is_empty() { &[&default][..] } else { placements };
    let (usable, others): (Vec<&NodeRecord>, Vec<&NodeRecord>) = ledger
        .records()
        .partition(|node| placements.iter().any(|placement| node.is_usable(placement)));
    let unoffered = ledger.unoffered();
    let classify = |pod: &Waiting| {
        let footprint = unoffered.strip(&pod.footprint);
        if pod.gated {
            DemandState::Gated
        } else if usable.iter().any(|node| node.could_hold(&pod.placement, &footprint)) {
            DemandState::Placeable
        } else if could_hold_outside(&others, pod, &unoffered) {
            DemandState::Elsewhere
        } else {
            DemandState::Unplaceable
        }
    };
    let mut known: HashMap<Shape, Vec<(&Waiting, DemandState)>> = HashMap::new();
    for (key, pod) in ledger.waiting_keys() {
        if pod.opportunistic || ledger.is_tracked(&pod.group) {
            continue;
        }
        let alike = known.entry((Arc::as_ptr(&pod.footprint), Arc::as_ptr(&pod.group)));
        let alike = alike.or_default();
        let same = |(other, _): &&(&Waiting, _)| {
            other.gated == pod.gated && other.placement == pod.placement
        };
        let state = match alike.iter().find(same) {
            Some((_, state)) => *state,
            None => {
                let state = classify(pod);
                alike.push((pod, state));
                state
            }
        };
        report(key, state);
    }
}
