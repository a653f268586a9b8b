//! (d) How many pod changes the ledger takes in a second.

use std::time::Instant;

use oppscale_core::ledger::Ledger;
use oppscale_core::record::{PodKey, PodRecord, PodState};
use oppscale_core::resources::{CPU, MEMORY, PODS, Resources};

const CHANGES: usize = 3_000_000;

pub fn run() {
    let nodes: Vec<String> = (0..super::LARGE.nodes).map(|n| format!("node-{n:05}")).collect();
    let names: Vec<String> = (0..super::LARGE.pods).map(|n| format!("pod-{n:06}")).collect();
    let footprints: Vec<Resources> = (1..20)
        .map(|n| Resources::default().with(CPU, n * 50).with(MEMORY, n << 26).with(PODS, 1))
        .collect();
    let mut ledger = Ledger::default();
    let apply = |ledger: &mut Ledger, pod: usize, round: usize| {
        let key = PodKey::of_uid(pod as u128 * 0x9e37_79b9_7f4a_7c15);
        let state = PodState::Bound {
            node: &nodes[(pod + round) % nodes.len()],
            footprint: footprints[(pod + round) % footprints.len()].clone(),
        };
        ledger.apply_pod(PodRecord {
            workload: ("Deployment", "web"),
            opportunistic: pod.is_multiple_of(7),
            yields: true,
            ready: true,
            ..PodRecord::paid(key, "shop", &names[pod], state)
        });
    };
    for pod in 0..names.len() {
        apply(&mut ledger, pod, 0);
    }
    let start = Instant::now();
    for change in 0..CHANGES {
        // A stride that visits every pod, far from its neighbours in memory.
        apply(&mut ledger, change * 7919 % names.len(), 1 + change / names.len());
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "(d) ledger of {} pods on {} nodes: {:.2} million pod changes a second on one core",
        names.len(),
        nodes.len(),
        CHANGES as f64 / seconds / 1e6
    );
}
