//! Pods of the simulated cluster, and a scheduler that preempts: as much of both as a
//! walkthrough needs. One second is its smallest time.

use std::sync::Arc;

use serde_json::{Value, json};

/// What the Deployment controller tells a ReplicaSet's pods apart by, and names it with.
pub const HASH: &str = "5d9c7b6f4";

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    pub namespace: String,
    pub app: String,
    pub name: String,
    /// The pod template's `spec` and labels.
    pub template: Arc<Value>,
    /// Of its ReplicaSet.
    pub owner: Arc<Value>,
    pub cpu_milli: i64,
    pub priority: i64,
    pub grace: u64,
    /// When it was created, bound, and must be gone; seconds.
    pub created: u64,
    pub bound: Option<u64>,
    pub gone_by: Option<u64>,
    /// The node that it stands on, or that is being cleared for it.
    pub node: Option<usize>,
}

impl Pod {
    pub fn is_waiting(&self) -> bool {
        self.bound.is_none()
    }

    /// As the API tells it.
    pub fn json(&self, nodes: &[String]) -> Value {
        let is_bound = self.bound.is_some();
        let scheduled = if is_bound { "True" } else { "False" };
        let mut pod = json!({
            "metadata": {
                "name": self.name, "namespace": self.namespace,
                "uid": format!("uid-of-{}", self.name),
                "labels": self.template["metadata"]["labels"], "ownerReferences": [*self.owner],
                "creationTimestamp": "2026-11-24T00:00:00Z"
            },
            "spec": self.template["spec"],
            "status": {
                "phase": if is_bound { "Running" } else { "Pending" },
                "conditions": [{"type": "PodScheduled", "status": scheduled}]
            }
        });
        pod["metadata"]["labels"]["pod-template-hash"] = HASH.into();
        pod["spec"]["priority"] = self.priority.into();
        if let (true, Some(node)) = (is_bound, self.node) {
            pod["spec"]["nodeName"] = nodes[node].as_str().into();
        }
        if self.gone_by.is_some() {
            pod["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z".into();
        }
        pod
    }
}

/// Lets go what must go, binds what fits, and makes room for what matters more. The pods
/// that were preempted.
pub fn schedule(pods: &mut Vec<Pod>, nodes: &[i64], now: u64) -> u64 {
    pods.retain(|pod| pod.gone_by.is_none_or(|by| by > now));
    let mut waiting: Vec<usize> = (0..pods.len()).filter(|at| pods[*at].is_waiting()).collect();
    waiting.sort_by_key(|at| (-pods[*at].priority, pods[*at].created));
    let mut preempted = 0;
    for at in waiting {
        let wanted = pods[at].cpu_milli;
        let free: Vec<i64> = (0..nodes.len()).map(|node| free(pods, nodes, node, at)).collect();
        let roomy = (0..nodes.len()).filter(|node| free[*node] >= wanted);
        if let Some(node) = roomy.max_by_key(|node| (free[*node], std::cmp::Reverse(*node))) {
            (pods[at].node, pods[at].bound) = (Some(node), Some(now));
        } else if pods[at].node.is_none()
            && let Some((node, victims)) = cheapest(pods, &free, at)
        {
            preempted += victims.len() as u64;
            for victim in victims {
                pods[victim].gone_by = Some(now + pods[victim].grace);
            }
            pods[at].node = Some(node);
        }
    }
    preempted
}

/// What is free of a node for a pod: less those that stand there, going or not, and those
/// for whom it is being cleared and who matter as much.
fn free(pods: &[Pod], nodes: &[i64], node: usize, of: usize) -> i64 {
    let counts = |(at, pod): &(usize, &Pod)| {
        let is_cleared = pod.bound.is_none() && pod.priority >= pods[of].priority;
        pod.node == Some(node) && *at != of && (pod.bound.is_some() || is_cleared)
    };
    nodes[node] - pods.iter().enumerate().filter(counts).map(|(_, pod)| pod.cpu_milli).sum::<i64>()
}

/// The node with the fewest victims that make room for a pod, and who they are: newest first.
fn cheapest(pods: &[Pod], free: &[i64], of: usize) -> Option<(usize, Vec<usize>)> {
    let on = |node: usize| {
        let mut lesser: Vec<usize> = (0..pods.len())
            .filter(|at| {
                let pod = &pods[*at];
                pod.node == Some(node)
                    && pod.bound.is_some()
                    && pod.gone_by.is_none()
                    && pod.priority < pods[of].priority
            })
            .collect();
        lesser.sort_by_key(|at| std::cmp::Reverse((pods[*at].bound, *at)));
        let (mut room, mut victims) = (free[node], Vec::new());
        for victim in lesser {
            if room >= pods[of].cpu_milli {
                break;
            }
            room += pods[victim].cpu_milli;
            victims.push(victim);
        }
        (room >= pods[of].cpu_milli).then_some((node, victims))
    };
    (0..free.len()).filter_map(on).min_by_key(|(_, victims)| victims.len())
}
