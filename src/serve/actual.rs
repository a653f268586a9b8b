//! What `/metrics` tells of the workloads beside what they may have: how many pods there are,
//! what their policies say, and what their HPAs do.

use super::autoscalers::Autoscalers;
use super::board::{Board, Counted};
use super::catalog::Entry;
use crate::exposition::Family;
use oppscale_cluster::follow::Followed;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{CPU, MEMORY};
use oppscale_core::units::cores;

/// The HPAs, and how well they are heard.
#[derive(Debug)]
pub(super) struct Scalers {
    pub(super) autoscalers: Autoscalers,
    pub(super) feed: Followed,
}

/// Pods and policies.
pub(super) fn workloads(counted: &Counted) -> [Family; 4] {
    let mut pods = Family::gauge(
        "oppscale_workload_pods",
        "Pods of the workload: those that have a node (placed), and those that wait for one.",
    );
    let mut cpu = Family::gauge(
        "oppscale_workload_reserve_cpu_cores",
        "CPU that must stay free beside the workload, by its policy.",
    )
    .unit("cores");
    let mut memory = Family::gauge(
        "oppscale_workload_reserve_memory_bytes",
        "Memory that must stay free beside the workload, where its policy is a share.",
    )
    .unit("bytes");
    let mut most = Family::gauge(
        "oppscale_workload_max_replicas",
        "The most replicas that are offered to the workload, where its policy has a limit.",
    );
    for ((entry, share), population) in counted.workloads.iter().zip(&counted.populations) {
        let labels = labels(entry);
        for (state, count) in [("placed", population.placed), ("waiting", population.waiting)] {
            let [namespace, kind, workload] = labels;
            pods.add(&[namespace, kind, workload, ("state", state)], count);
        }
        if let (Ok(share), Ok(claimant)) = (share, &entry.claimant) {
            cpu.add(&labels, cores(share.reserve.get(CPU)));
            if matches!(claimant.policy.reserve, Reserve::Share(_)) {
                memory.add(&labels, share.reserve.get(MEMORY));
            }
            if let Some(replicas) = claimant.policy.max_replicas {
                most.add(&labels, replicas);
            }
        }
    }
    [pods, cpu, memory, most]
}

/// The labels of a workload's series.
pub(super) fn labels(entry: &Entry) -> [(&'static str, &str); 3] {
    let id = &entry.id;
    [("namespace", &*id.namespace), ("kind", id.kind.name), ("workload", &*id.name)]
}

impl Scalers {
    /// The HPAs that scale a workload that is served. They have a watch of their own: none is
    /// told of while that is refused, or was not heard for as long as makes the board blind.
    pub(super) fn families(&self, board: &Board) -> Vec<Family> {
        let age = self.feed.status().age(std::time::Instant::now());
        if age.is_none_or(|age| age > board.max_staleness()) {
            return Vec::new();
        }
        let mut families = [
            ("oppscale_hpa_current_replicas", "Replicas that the HPA last saw."),
            ("oppscale_hpa_desired_replicas", "Replicas that the HPA last asked for."),
            ("oppscale_hpa_min_replicas", "The fewest replicas that the HPA asks for."),
            ("oppscale_hpa_max_replicas", "The most replicas that the HPA asks for."),
        ]
        .map(|(name, help)| Family::gauge(name, help));
        let hpas = self.autoscalers.all().unwrap_or_default();
        for (entry, _) in &board.counted().workloads {
            for hpa in hpas.iter().filter(|hpa| entry.is_scaled_by(hpa)) {
                let [namespace, kind, workload] = labels(entry);
                let labels = [namespace, kind, workload, ("hpa", hpa.name())];
                let ((current, desired), (least, most)) = (hpa.replicas(), hpa.bounds());
                for (family, value) in families.iter_mut().zip([current, desired, least, most]) {
                    family.add(&labels, value);
                }
            }
        }
        families.into()
    }
}
