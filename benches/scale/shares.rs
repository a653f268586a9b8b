//! How long it takes to divide a cluster between 200 workloads, as `serve` does after a change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use oppscale_core::ledger::{Group, Ledger};
use oppscale_core::model::Node;
use oppscale_core::node::NodeRecord;
use oppscale_core::policy::{NamespaceLimits, Policy};
use oppscale_core::record::{PodKey, PodRecord, PodState};
use oppscale_core::resources::{CPU, MEMORY, PODS, Resources};
use oppscale_core::share::{Held, ShareRequest, SharedCapacity, Uptake};
use oppscale_core::usage::PaidUsage;
use serde_json::json;

const WORKLOADS: u32 = 200;
/// Workloads that have pods, each in a namespace of its own.
const NAMESPACES: u32 = 60;
const ROUNDS: usize = 50;

pub fn run() {
    let mut ledger = ledger();
    for (what, scaled) in [("without HPAs", false), ("with HPAs that claim more", true)] {
        let requests: Vec<_> = (0..WORKLOADS).map(|number| request(number, scaled)).collect();
        let (mut capacity, mut division) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let copy = ledger.to_count();
            let start = Instant::now();
            let shared = SharedCapacity::of(&copy, &requests, &PaidUsage::default());
            capacity.push(start.elapsed());
            let start = Instant::now();
            assert_eq!(shared.divide().len(), requests.len());
            division.push(start.elapsed());
        }
        println!(
            "{WORKLOADS} workloads {what}: {:.1} ms to copy the capacity, {:.1} ms to divide it",
            median(capacity),
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
    let names: Vec<String> = (0..nodes).map(|number| format!("node-{number:05}")).collect();
    for name in &names {
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
        let owner = pod.is_multiple_of(7).then(|| name(pod as u32 % NAMESPACES));
        let cpu = [160, 310, 560][pod % 3];
        let state = PodState::Bound {
            node: &names[pod % nodes],
            footprint: Resources::default().with(CPU, cpu).with(MEMORY, 1 << 28).with(PODS, 1),
        };
        let key = PodKey::of_uid(pod as u128 * 0x9e37_79b9_7f4a_7c15);
        ledger.apply_pod(PodRecord {
            workload: ("Deployment", owner.as_deref().unwrap_or("web")),
            opportunistic: owner.is_some(),
            yields: owner.is_some(),
            ready: true,
            ..PodRecord::paid(key, "idle", "pod", state)
        });
    }
    ledger
}
