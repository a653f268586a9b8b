//! (h) How long it takes to place waiting pods, as part of a count.

use std::sync::Arc;
use std::time::Instant;

use oppscale_core::headroom::{self, Query};
use oppscale_core::ledger::Ledger;
use oppscale_core::model::{Node, PodSpec};
use oppscale_core::node::NodeRecord;
use oppscale_core::placement::Placement;
use oppscale_core::policy::{NamespaceLimits, Policy};
use oppscale_core::record::{PodKey, PodRecord, PodState, Queueing};
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::share::{ShareRequest, SharedCapacity, Uptake};
use oppscale_core::usage::PaidUsage;
use serde_json::json;

const WAITING: usize = 2_000;
const ROUNDS: u32 = 20;

pub fn run() {
    // Shapes of the waiting pods, and sets of rules that choose their nodes.
    for (waiting, shapes, rules) in
        [(0, 1, 1), (WAITING, 1, 1), (WAITING, 20, 10), (WAITING, WAITING, 50)]
    {
        let ledger = ledger(waiting, shapes, rules);
        let query = Query::default();
        let top = time(|| drop(headroom::measure(&ledger, &query)));
        let request = ShareRequest {
            replica: Replica::default(),
            namespace: "idle".into(),
            limits: NamespaceLimits::default(),
            placement: Arc::default(),
            pod_priority: None,
            cpu_limit: 0,
            policy: Policy::default(),
            uptake: Uptake::UNLIMITED,
        };
        let requests = [Ok(request)];
        let serve = time(|| drop(SharedCapacity::of(&ledger, &requests, &PaidUsage::default())));
        println!(
            "(h) {waiting} waiting pods of {shapes} shapes and {rules} sets of node rules: \
             top counts in {top:.1} ms, serve in {serve:.1} ms under the lock"
        );
    }
}

/// Milliseconds that one of several rounds takes.
fn time(mut count: impl FnMut()) -> f64 {
    count();
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| count());
    start.elapsed().as_secs_f64() * 1e3 / f64::from(ROUNDS)
}

fn ledger(waiting: usize, shapes: usize, rules: usize) -> Ledger {
    let super::Size { nodes, pods } = super::LARGE;
    let mut ledger = Ledger::default();
    let names: Vec<String> = (0..nodes).map(|n| format!("node-{n:05}")).collect();
    for (at, name) in names.iter().enumerate() {
        let node = json!({
            "metadata": {"name": name, "uid": "u", "labels": {"pool": (at % 50).to_string(), "zone": (at % 3).to_string()}},
            "status": {
                "allocatable": {"cpu": "16", "memory": "64Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]
            }
        })
        .to_string();
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&node).unwrap()));
    }
    let footprint = |n: usize| {
        let n = Amount::try_from(n).unwrap();
        Resources::default().with(CPU, 200 + n).with(MEMORY, (200 + n) << 21).with(PODS, 1)
    };
    let mut apply = |number: usize, name: &str, opportunistic, state| {
        let key = PodKey::of_uid(number as u128 * 0x9e37_79b9_7f4a_7c15);
        ledger.apply_pod(PodRecord {
            workload: ("Deployment", "web"),
            opportunistic,
            yields: opportunistic,
            ready: true,
            ..PodRecord::paid(key, "shop", name, state)
        });
    };
    for pod in 0..pods {
        let state =
            PodState::Bound { node: &names[pod * 7919 % nodes], footprint: footprint(pod % 300) };
        apply(pod, "bound", pod.is_multiple_of(7), state);
    }
    for pod in 0..waiting {
        let spec = match pod % rules {
            0 => json!({}),
            pool => json!({"nodeSelector": {"pool": pool.to_string()}}),
        }
        .to_string();
        let spec: PodSpec<'_> = serde_json::from_str(&spec).unwrap();
        let state = PodState::Waiting {
            footprint: footprint(1_000 + pod % shapes),
            placement: Box::new(Placement::of(&spec).unwrap()),
            gated: false,
            queueing: Queueing { preempts: true, ..Queueing::default() },
        };
        apply(pods + pod, "waiting", false, state);
    }
    ledger
}
