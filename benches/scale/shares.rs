//! How long it takes to divide a cluster between 200 workloads, as `serve` does after a change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use oppscale_core::ledger::{Group, Ledger};
use oppscale_core::model::Node;
use oppscale_core::node::NodeRecord;
use oppscale_core::policy::{NamespaceLimits, Policy};
use oppscale_core::record::{PodKey, PodRecord, PodState};
use oppscale_core::resources::{CPU, MEMORY, PODS, Resources};
use oppscale_core::share::{Counting, Held, ShareRequest, Uptake};
use oppscale_core::usage::PaidUsage;
use serde_json::json;

const WORKLOADS: u32 = 200;
/// Workloads that have pods, each in a namespace of its own.
const NAMESPACES: u32 = 60;
const ROUNDS: usize = 50;
/// Pods that change between two counts.
const CHANGES: usize = 10;

pub fn run() {
    let mut ledger = ledger();
    for (what, scaled) in [("without HPAs", false), ("with HPAs that claim more", true)] {
        let requests: Vec<_> = (0..WORKLOADS).map(|number| request(number, scaled)).collect();
        let (mut first, mut next, mut division) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let mut counting = Counting::default();
            for times in [&mut first, &mut next] {
                let start = Instant::now();
                counting.update(&mut ledger);
                let shared = counting.capacity(&requests, &PaidUsage::default());
                times.push(start.elapsed());
                let start = Instant::now();
                assert_eq!(shared.divide().len(), requests.len());
                division.push(start.elapsed());
                for pod in 0..CHANGES {
                    apply_pod(&mut ledger, round * CHANGES + pod, 100 + round as i128);
                }
            }
        }
        println!(
            "{WORKLOADS} workloads {what}: {:.1} ms to read the cluster, {:.1} ms after {CHANGES} \
             changes, {:.1} ms to divide it",
            median(first),
            median(next),
            median(division)
        );
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn name(number: u32) -> String {
    format!("filler-{number}")
}

fn request(number: u32, scaled: bool) -> Result<ShareRequest, Held> {
    let replica = format!("cpu={}m,memory=1Gi", 1000 + 250 * (number % 4));
    Ok(ShareRequest {
        namespace: format!("team-{}", number % NAMESPACES).into(),
        limits: NamespaceLimits::default(),
        replica: replica.parse().unwrap(),
        placement: Arc::default(),
        pod_priority: Some(-1000),
        cpu_limit: 0,
        policy: Policy {
            reserve: "5%".parse().unwrap(),
            weight: 1 + number % 7,
            ..Policy::default()
        },
        uptake: match scaled {
            true => Uptake::Scaled { reach: (200 + number).into(), max: 2_000 },
            false => Uptake::Unscaled,
        },
    })
}

/// Nodes of 32 cores with 30 pods each; every seventh pod is a filler's.
fn ledger() -> Ledger {
    let super::Size { nodes, pods } = super::LARGE;
    let mut ledger = Ledger::default();
    for name in (0..nodes).map(node_name) {
        let node = json!({
            "metadata": {"name": name, "uid": name},
            "status": {
                "allocatable": {"cpu": "31850m", "memory": "126976Mi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]
            }
        })
        .to_string();
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&node).unwrap()));
    }
    let groups = (0..WORKLOADS).map(|number| {
        let group = Group {
            namespace: "idle".into(),
            kind: "Deployment".into(),
            name: name(number).into(),
        };
        (group, number)
    });
    ledger.track(groups);
    for pod in 0..pods {
        apply_pod(&mut ledger, pod, [160, 310, 560][pod % 3]);
    }
    ledger
}

fn node_name(number: usize) -> String {
    format!("node-{number:05}")
}

fn apply_pod(ledger: &mut Ledger, pod: usize, cpu: i128) {
    let owner = pod.is_multiple_of(7).then(|| name(pod as u32 % NAMESPACES));
    let node = node_name(pod % super::LARGE.nodes);
    let footprint = Resources::default().with(CPU, cpu).with(MEMORY, 1 << 28).with(PODS, 1);
    let key = PodKey::of_uid(pod as u128 * 0x9e37_79b9_7f4a_7c15);
    ledger.apply_pod(PodRecord {
        workload: ("Deployment", owner.as_deref().unwrap_or("web")),
        opportunistic: owner.is_some(),
        yields: owner.is_some(),
        ready: true,
        ..PodRecord::paid(key, "idle", "pod", PodState::Bound { node: &node, footprint })
    });
}
