//! Whether most nodes are down at once, as after an outage of the API server or its network.
//!
//! Kubelets renew their leases through the API server. When that was away, the node lifecycle
//! controller finds every lease expired and marks the nodes NotReady, although their pods run.
//! It then stops evicting (`computeZoneState` of `pkg/controller/nodelifecycle`, 1.36: no node is
//! ready, or more than 2 are not and they are at least `--unhealthy-zone-threshold`, 0.55, of all).
//! The same rule applies here over the whole cluster: what is read then says nothing of capacity.

use std::fmt;

use super::node::NodeRecord;

/// Nodes that are down at once, in percent, from which on the cluster is disrupted.
const UNHEALTHY_PERCENT: usize = 55;
/// That many may be down in any cluster.
const FEW: usize = 2;

/// How many nodes are down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Number of nodes that are not ready.
    not_ready: usize,
    /// Number of nodes, without cordoned ones: those are down on purpose.
    nodes: usize,
}

/// Most nodes are down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disruption(Readiness);

impl Readiness {
    /// Takes in a node.
    pub fn add(&mut self, node: &NodeRecord) {
        self.count(node, 1);
    }

    /// Takes a node out that was taken in.
    pub fn subtract(&mut self, node: &NodeRecord) {
        self.count(node, -1);
    }

    fn count(&mut self, node: &NodeRecord, sign: isize) {
        if !node.cordoned && !node.deleting {
            self.nodes = self.nodes.saturating_add_signed(sign);
            self.not_ready = self.not_ready.saturating_add_signed(sign * isize::from(!node.ready));
        }
    }

    /// The disruption of a cluster with these nodes, if it is disrupted.
    pub fn disruption(self) -> Option<Disruption> {
        let Self { not_ready, nodes } = self;
        let is_most = not_ready > FEW && not_ready * 100 >= nodes * UNHEALTHY_PERCENT;
        let is_disrupted = not_ready > 0 && (not_ready == nodes || is_most);
        is_disrupted.then_some(Disruption(self))
    }
}

impl fmt::Display for Disruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Readiness { not_ready, nodes } = self.0;
        write!(
            f,
            "{not_ready} of {nodes} nodes are not ready, as after an outage of the API server; \
             replicas stay until fewer than {UNHEALTHY_PERCENT} % are. Cordon or delete nodes that \
             are down for good"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thresholds_are_those_of_the_node_lifecycle_controller() {
        let node = |ready: bool, cordoned: bool| {
            let json = format!(
                r#"{{"metadata":{{"name":"n"}},"spec":{{"unschedulable":{cordoned}}},
                    "status":{{"conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
            );
            // Conditions are "True" and "False".
            let json = json.replace("\"true\"", "\"True\"").replace("\"false\"", "\"False\"");
            NodeRecord::of(serde_json::from_str(&json).unwrap())
        };
        let is_disrupted = |ready: usize, not_ready: usize, cordoned: usize| {
            let mut readiness = Readiness::default();
            let nodes = std::iter::repeat_n(node(true, false), ready)
                .chain(std::iter::repeat_n(node(false, false), not_ready))
                .chain(std::iter::repeat_n(node(false, true), cordoned));
            nodes.for_each(|node| readiness.add(&node));
            // One that goes leaves nothing.
            readiness.add(&node(false, false));
            readiness.subtract(&node(false, false));
            readiness.disruption().is_some()
        };
        assert!(!is_disrupted(6, 0, 0));
        assert!(!is_disrupted(4, 4, 0));
        assert!(is_disrupted(9, 11, 0));
        assert!(!is_disrupted(10, 12, 0), "54.5 %");
        assert!(!is_disrupted(1, 2, 0), "2 are few");
        assert!(is_disrupted(0, 1, 0), "all are down");
        assert!(!is_disrupted(3, 1, 20), "cordoned nodes are down on purpose");
        assert!(!is_disrupted(0, 0, 5));
        assert!(!is_disrupted(0, 0, 0));
    }
}
