//! What may become of each paid pod without a node, where several workloads share a cluster.
//!
//! The rule is that of [`demand`](super::demand): a usable node that could hold the pod were
//! it empty makes it placeable. A node is usable here when any of the workloads may use it,
//! for whoever stands there can yield.

use std::collections::HashMap;
use std::sync::Arc;

use super::demand::could_hold_outside;
use super::ledger::{Group, Ledger, Waiting};
use super::node::NodeRecord;
use super::placement::Placement;
use super::record::PodKey;
use super::resources::Resources;

/// What may become of a paid pod without a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prospect {
    /// A usable node could hold it.
    Placeable,
    /// Only a node could that no opportunistic workload may use.
    Elsewhere,
    /// No node could.
    Unplaceable,
    /// Scheduling gates hold it back: it does not ask yet.
    Gated,
}

impl Prospect {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Placeable, Self::Elsewhere, Self::Unplaceable, Self::Gated];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Placeable => "placeable",
            Self::Elsewhere => "elsewhere",
            Self::Unplaceable => "unplaceable",
            Self::Gated => "gated",
        }
    }
}

/// Pods of one workload are alike: each shape is looked at once.
type Shape = (*const Resources, *const Group);

/// Tells of every pod without a node that neither is opportunistic nor belongs to a tracked
/// workload. `placements` are those of the workloads; with none, nodes are usable that need
/// no toleration.
pub fn each<'l>(
    ledger: &'l Ledger,
    placements: &[&Placement],
    mut tell: impl FnMut(&'l PodKey, Prospect),
) {
    let anybody = Placement::default();
    let placements = if placements.is_empty() { &[&anybody][..] } else { placements };
    let (usable, paid): (Vec<&NodeRecord>, Vec<&NodeRecord>) = ledger
        .records()
        .partition(|node| placements.iter().any(|placement| node.is_usable(placement)));
    let look = |pod: &Waiting| {
        if pod.gated {
            Prospect::Gated
        } else if usable.iter().any(|node| node.could_hold(&pod.placement, &pod.footprint)) {
            Prospect::Placeable
        } else if could_hold_outside(&paid, pod) {
            Prospect::Elsewhere
        } else {
            Prospect::Unplaceable
        }
    };
    let mut known: HashMap<Shape, Vec<(&Waiting, Prospect)>> = HashMap::new();
    for (key, pod) in ledger.waiting_keys() {
        if pod.opportunistic || ledger.is_tracked(&pod.group) {
            continue;
        }
        let alike = known.entry((Arc::as_ptr(&pod.footprint), Arc::as_ptr(&pod.group)));
        let alike = alike.or_default();
        let same = |(other, _): &&(&Waiting, _)| {
            other.gated == pod.gated && other.placement == pod.placement
        };
        let prospect = match alike.iter().find(same) {
            Some((_, prospect)) => *prospect,
            None => {
                let prospect = look(pod);
                alike.push((pod, prospect));
                prospect
            }
        };
        tell(key, prospect);
    }
}
