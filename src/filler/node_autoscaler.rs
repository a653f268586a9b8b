//! Settings that keep a node autoscaler from adding nodes for fillers.

use std::fmt;
use std::str::FromStr;

use hpa_model::sizing::{Line, Subject};
use oppscale_core::ledger::Ledger;
use oppscale_core::node::Unusable;
use oppscale_core::placement::Placement;

/// The label of nodes that may be filled. No Karpenter NodePool defines it, so no node that
/// Karpenter could make would fit a filler, and it makes none.
pub const FILLABLE_LABEL: &str = "oppscale.dev/harvest";
/// Labels that Karpenter gives its nodes.
const KARPENTER_LABELS: [&str; 2] = ["karpenter.sh/nodepool", "karpenter.sh/provisioner-name"];

/// The component that adds and removes nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeAutoscaler {
    /// Cluster Autoscaler, and the managed ones made of it.
    ClusterAutoscaler,
    /// Karpenter.
    Karpenter,
    /// No node autoscaler.
    #[default]
    None,
}

impl NodeAutoscaler {
    /// The node autoscaler that labels and taints of nodes reveal.
    pub fn of_nodes(ledger: &Ledger) -> Option<Self> {
        let mut found = None;
        for node in ledger.records() {
            if KARPENTER_LABELS.iter().any(|label| node.labels.get(label).is_some()) {
                return Some(Self::Karpenter);
            }
            let is_drained = node.unusable(&Placement::default()).iter().any(|reason| {
                matches!(reason, Unusable::Draining(taint) if taint.contains("ClusterAutoscaler"))
            });
            if is_drained {
                found = Some(Self::ClusterAutoscaler);
            }
        }
        found
    }

    /// The guard, and why it is the one.
    pub(super) fn line(self, priority: i64, told_by: &str) -> Line {
        let (value, why) = match self {
            Self::ClusterAutoscaler => (
                format!("priority {priority}, safe-to-evict"),
                "pods below -10 neither add a node nor keep one",
            ),
            Self::Karpenter => (
                "required label oppscale.dev/harvest".to_owned(),
                "Karpenter buys nodes for any pending pod whatever its priority, but none for a \
                 label that no NodePool defines",
            ),
            Self::None => (
                format!("priority {priority}"),
                "nobody adds nodes; the class would keep \
                Cluster Autoscaler from it",
            ),
        };
        Line::new(
            Subject::Guard,
            "autoscaler",
            format!("{self}: {value}"),
            format!("{why} ({told_by})"),
        )
    }
}

impl fmt::Display for NodeAutoscaler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClusterAutoscaler => "cluster-autoscaler",
            Self::Karpenter => "karpenter",
            Self::None => "none",
        })
    }
}

impl FromStr for NodeAutoscaler {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cluster-autoscaler" => Ok(Self::ClusterAutoscaler),
            "karpenter" => Ok(Self::Karpenter),
            "none" => Ok(Self::None),
            _ => Err("expected cluster-autoscaler, karpenter or none".to_owned()),
        }
    }
}
