//! What `/metrics` tells. When the cluster is not heard, series of it are left out: a value
//! that stands still looks like a cluster at rest.

use std::time::Instant;

use time::OffsetDateTime;

use super::actual::{self, Scalers};
use super::board::{Board, Sight};
use super::certificate::ServingCertificate;
use super::overview::{self, Totals};
use super::tally::{ChangeTally, RequestTally};
use super::waits::Waits;
use crate::exposition::{Family, Format};
use crate::http_port::Connections;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS};
use oppscale_core::units::cores;

/// What else than the cluster is told of.
#[derive(Debug)]
pub(super) struct Exporter {
    pub(super) board: Board,
    /// `None` where no API is served.
    pub(super) certificate: Option<ServingCertificate>,
    pub(super) requests: RequestTally,
    pub(super) changes: ChangeTally,
    pub(super) waits: Waits,
    pub(super) scalers: Scalers,
    pub(super) connections: Vec<(&'static str, Connections)>,
    /// With the ten gauges of the article of 2018.
    pub(super) legacy: bool,
    /// With a series for each node.
    pub(super) nodes: bool,
    pub(super) started: OffsetDateTime,
}

impl Exporter {
    /// Everything, in `format`.
    pub(super) fn expose(&self, format: Format) -> String {
        let mut families = Vec::new();
        let sight = self.board.sight();
        if matches!(sight, Sight::Clear(_)) {
            let totals = overview::totals(&self.board);
            cluster(&totals, &mut families);
            self.workloads(&mut families);
            families.extend(self.scalers.families(&self.board));
            families.extend(self.waits.going_on(&self.board));
            if self.nodes {
                self.node_series(&mut families);
            }
            if self.legacy {
                legacy(&totals, &mut families);
            }
        }
        self.own(&sight, &mut families);
        format.write(&families)
    }

    fn workloads(&self, families: &mut Vec<Family>) {
        let mut fit = Family::gauge(
            "oppscale_fit_replicas",
            "Replicas that the workload may have in all, those that run included.",
        );
        let mut cpu = Family::gauge(
            "oppscale_remaining_cpu_cores",
            "CPU that remains for the workload, its own pods not counted.",
        )
        .unit("cores");
        let mut memory = Family::gauge(
            "oppscale_remaining_memory_bytes",
            "Memory that remains for the workload, its own pods not counted.",
        )
        .unit("bytes");
        let mut held = Family::gauge(
            "oppscale_workload_held",
            "1 when the workload is held, because its policy or pod template cannot be read.",
        );
        let counted = self.board.counted();
        for (entry, share) in &counted.workloads {
            let labels = actual::labels(entry);
            held.add(&labels, u8::from(share.is_err()));
            if let Ok(share) = share {
                fit.add(&labels, share.fit);
                cpu.add(&labels, cores(share.remaining.get(CPU)));
                memory.add(&labels, share.remaining.get(MEMORY));
            }
        }
        families.extend([fit, cpu, memory, held]);
        families.extend(actual::workloads(&counted));
    }

    fn node_series(&self, families: &mut Vec<Family>) {
        let mut cpu = Family::gauge(
            "oppscale_node_remaining_cpu_cores",
            "CPU that is left of a node beside pods of others; negative when it is short.",
        )
        .unit("cores");
        for node in overview::nodes(&self.board).iter().filter(|node| node.unknown.is_none()) {
            cpu.add(&[("node", &node.name)], cores(node.remaining(CPU)));
        }
        families.push(cpu);
    }

    /// Of this process.
    fn own(&self, sight: &Sight, families: &mut Vec<Family>) {
        if let Sight::Clear(age) | Sight::Blind(_, Some(age)) = sight {
            let age = format!("{:.3}", age.as_secs_f64());
            families.push(
                Family::gauge(
                    "oppscale_state_age_seconds",
                    "How long ago the API server last proved that what is known is current.",
                )
                .unit("seconds")
                .with(age),
            );
        }
        let stale = u8::from(!matches!(sight, Sight::Clear(_)));
        let help = "1 while the cluster is not heard, and metrics are refused or 0.";
        families.push(Family::gauge("oppscale_blind", help).with(stale));
        families.extend(self.feeds());
        families.push(self.changes.family());
        families.push(self.waits.ended());
        families.extend(self.requests.families());
        let mut open = Family::gauge("oppscale_open_connections", "Open connections, by port.");
        for (port, connections) in &self.connections {
            open.add(&[("port", port)], connections.count());
        }
        families.push(open);
        families.extend(self.certificate.as_ref().map(|certificate| {
            Family::gauge(
                "oppscale_serving_certificate_expiry_timestamp_seconds",
                "When the serving certificate expires.",
            )
            .unit("seconds")
            .with(certificate.expires().unix_timestamp())
        }));
        let mut build = Family::gauge("oppscale_build_info", "1, with the version as a label.");
        build.add(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        families.push(build);
        let start = self.started.unix_timestamp_nanos() / 1_000_000;
        families.push(
            Family::gauge("process_start_time_seconds", "When the process started.")
                .unit("seconds")
                .with(cores(start)),
        );
        if let Some(bytes) = resident_bytes() {
            families.push(
                Family::gauge("process_resident_memory_bytes", "Memory of the process.")
                    .unit("bytes")
                    .with(bytes),
            );
        }
    }

    fn feeds(&self) -> [Family; 2] {
        let mut restarts = Family::counter(
            "oppscale_watch_restarts_total",
            "How often a watch was lost or a list read again, by resource.",
        );
        let mut age = Family::gauge(
            "oppscale_watch_age_seconds",
            "How long ago a resource was last heard of.",
        )
        .unit("seconds");
        let health = self.board.cluster_state().read(|_, health| health.clone());
        let of_workloads = self.board.kinds().map(|(kind, feed)| (kind.plural, feed));
        let now = Instant::now();
        let of_hpas = ("horizontalpodautoscalers", self.scalers.feed.status());
        let of_cluster = [("nodes", health.nodes), ("pods", health.pods), of_hpas];
        for (resource, feed) in of_cluster.into_iter().chain(of_workloads) {
            restarts.add(&[("resource", resource)], feed.restarts);
            if let Some(heard) = feed.age(now) {
                age.add(&[("resource", resource)], format!("{:.3}", heard.as_secs_f64()));
            }
        }
        [restarts, age]
    }
}

fn cluster(totals: &Totals, families: &mut Vec<Family>) {
    families
        .push(Family::gauge("oppscale_cluster_nodes", "Nodes of the cluster.").with(totals.nodes));
    families.push(
        Family::gauge(
            "oppscale_cluster_unusable_nodes",
            "Nodes that are not ready, cordoned, tainted, or going.",
        )
        .with(totals.unusable),
    );
    families.push(
        Family::gauge(
            "oppscale_cluster_unknown_nodes",
            "Nodes that could not be counted and are in no sum.",
        )
        .with(totals.unknown),
    );
    families.push(
        Family::gauge("oppscale_cluster_waiting_pods", "Pods without a node.").with(totals.waiting),
    );
    families.push(
        Family::gauge("oppscale_cluster_allocatable_cpu_cores", "CPU that pods may take.")
            .unit("cores")
            .with(cores(totals.allocatable.get(CPU))),
    );
    families.push(
        Family::gauge("oppscale_cluster_allocatable_memory_bytes", "Memory that pods may take.")
            .unit("bytes")
            .with(totals.allocatable.get(MEMORY)),
    );
    let mut cpu = Family::gauge(
        "oppscale_cluster_requested_cpu_cores",
        "CPU that pods occupy, by whether a served workload owns them.",
    )
    .unit("cores");
    let mut memory = Family::gauge(
        "oppscale_cluster_requested_memory_bytes",
        "Memory that pods occupy, by whether a served workload owns them.",
    )
    .unit("bytes");
    for (class, amounts) in [("paid", &totals.paid), ("opportunistic", &totals.opportunistic)] {
        cpu.add(&[("class", class)], cores(amounts.get(CPU)));
        memory.add(&[("class", class)], amounts.get(MEMORY));
    }
    families.extend([cpu, memory]);
}

/// The gauges of the article's application: millicores, KiB and pods, names and all. As
/// there, requests are everybody's.
fn legacy(totals: &Totals, families: &mut Vec<Family>) {
    let requests = |name| totals.paid.get(name) + totals.opportunistic.get(name);
    let (capacity, allocatable) = (&totals.capacity, &totals.allocatable);
    let kib = |bytes: Amount| cores(bytes * 1000 / 1024);
    let free = |name| allocatable.get(name) - requests(name);
    let gauges = [
        ("cpu_capacity_total", "CPU Total Capacity (milli)", capacity.get(CPU).to_string()),
        ("mem_capacity_total", "Memory Total Capacity (Ki)", kib(capacity.get(MEMORY))),
        ("pod_capacity_total", "Pod Total Capacity", capacity.get(PODS).to_string()),
        (
            "cpu_allocatable_total",
            "CPU Total Allocatable (milli)",
            allocatable.get(CPU).to_string(),
        ),
        ("mem_allocatable_total", "Memory Total Allocatable (Ki)", kib(allocatable.get(MEMORY))),
        ("pod_allocatable_total", "Pod Total Allocatable", allocatable.get(PODS).to_string()),
        ("cpu_requests_total", "CPU Requests Total (milli)", requests(CPU).to_string()),
        ("mem_requests_total", "Memory Requests Total (Ki)", kib(requests(MEMORY))),
        ("cpu_capacity_remaining", "CPU Remaining Capacity (milli)", free(CPU).to_string()),
        ("mem_capacity_remaining", "Memory Remaining Capacity (Ki)", kib(free(MEMORY))),
    ];
    families.extend(gauges.map(|(name, help, value)| Family::gauge(name, help).with(value)));
}

/// Resident memory, where the system tells: Linux.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}
