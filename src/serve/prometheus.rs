//! `/metrics`: the registry of its series, and what a scrape reads.
//!
//! A new series is an entry here, its row in docs/serve.md, and its test. While the data is
//! stale, series of the cluster are left out: a value that stands still would look like a
//! cluster at rest.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::certificate::ServingCertificate;
use super::counters::{self, ChangeCounter, RequestCounter};
use super::overview::{self, ClusterTotals, NodeSummary};
use super::pending_pods::{PendingPods, WaitingCounts};
use super::state::{Counted, Freshness, MetricsState};
use crate::exposition::{Family, Format, Kind};
use crate::http_port::Connections;
use crate::shares::autoscalers::Autoscalers;
use crate::shares::workloads::ServedWorkload;
use crate::stderr;
use oppscale_cluster::Autoscaler;
use oppscale_cluster::follow::WatchStatus;
use oppscale_core::ledger::PodCounts;
use oppscale_core::placement::Placement;
use oppscale_core::policy::Basis;
use oppscale_core::pressure::PressureCounts;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS};
use oppscale_core::share::{Share, ShareRequest};
use oppscale_core::units::cores;

/// The sources of a scrape.
#[derive(Debug)]
pub(super) struct Exporter {
    pub(super) state: MetricsState,
    /// Serving certificate; `None` if no API is served.
    pub(super) certificate: Option<ServingCertificate>,
    pub(super) requests: RequestCounter,
    pub(super) changes: ChangeCounter,
    pub(super) pending_pods: PendingPods,
    pub(super) autoscalers: Autoscalers,
    /// Connections by port.
    pub(super) connections: Vec<(&'static str, Connections)>,
    /// Whether to include the ten gauges of the article of 2018.
    pub(super) legacy: bool,
    /// Whether to include a series for each node.
    pub(super) nodes: bool,
    pub(super) started: OffsetDateTime,
}

/// The cluster at the time of a scrape.
struct ClusterScrape {
    totals: ClusterTotals,
    counted: Arc<Counted>,
    /// HPAs; none while their own watch is refused or stale.
    autoscalers: Vec<Autoscaler>,
    waiting: WaitingCounts,
    longest_wait: Duration,
    /// Age of the newest usage of a node; `None` if it is not read.
    usage_age: Option<Duration>,
    /// Nodes by CPU pressure; `None` if it is not read.
    pressure: Option<PressureCounts>,
    nodes: Vec<NodeSummary>,
}

/// The server at the time of a scrape.
struct ServerScrape {
    exporter: Arc<Exporter>,
    freshness: Freshness,
    watches: Vec<(&'static str, WatchStatus)>,
}

/// A series of `/metrics`, with what a scrape of type `S` adds to it.
struct Series<S> {
    name: &'static str,
    kind: Kind,
    /// Labels, as docs/serve.md lists them.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the table of the docs has them"))]
    labels: &'static str,
    help: &'static str,
    add_samples: fn(&S, &mut Family),
}

const fn gauge<S>(
    name: &'static str,
    labels: &'static str,
    help: &'static str,
    add_samples: fn(&S, &mut Family),
) -> Series<S> {
    Series { name, kind: Kind::Gauge, labels, help, add_samples }
}

const fn counter<S>(
    name: &'static str,
    labels: &'static str,
    help: &'static str,
    add_samples: fn(&S, &mut Family),
) -> Series<S> {
    Series { name, kind: Kind::Counter, labels, help, add_samples }
}

const fn histogram<S>(
    name: &'static str,
    labels: &'static str,
    help: &'static str,
    add_samples: fn(&S, &mut Family),
) -> Series<S> {
    Series { name, kind: Kind::Histogram, labels, help, add_samples }
}

impl<S> Series<S> {
    /// The unit with which the name ends.
    fn unit(&self) -> Option<&'static str> {
        ["cores", "bytes", "seconds"].into_iter().find(|unit| self.name.ends_with(unit))
    }

    fn family(&self, scrape: &S) -> Family {
        let mut family = Family::new(self.name, self.help, self.kind);
        family.unit = self.unit();
        (self.add_samples)(scrape, &mut family);
        family
    }
}

const WORKLOAD: &str = "`namespace`, `kind`, `workload`";
const HPA: &str = "`namespace`, `kind`, `workload`, `hpa`";
const CLASS: &str = "`class`: `paid`, `opportunistic`";

/// Series of the cluster, left out while the data is stale.
static CLUSTER: [Series<ClusterScrape>; 32] = [
    gauge("oppscale_cluster_nodes", "", "Nodes of the cluster.", |scrape, family| {
        family.set(scrape.totals.nodes);
    }),
    gauge(
        "oppscale_cluster_unusable_nodes",
        "",
        "Nodes that are not ready, cordoned, tainted, or being deleted.",
        |scrape, family| family.set(scrape.totals.unusable),
    ),
    gauge(
        "oppscale_cluster_unknown_nodes",
        "",
        "Nodes that could not be counted and are in no sum.",
        |scrape, family| family.set(scrape.totals.unknown),
    ),
    gauge("oppscale_cluster_waiting_pods", "", "Pods without a node.", |scrape, family| {
        family.set(scrape.totals.waiting);
    }),
    gauge(
        "oppscale_cluster_allocatable_cpu_cores",
        "",
        "Allocatable CPU of the nodes.",
        |scrape, family| family.set(cores(scrape.totals.allocatable.get(CPU))),
    ),
    gauge(
        "oppscale_cluster_allocatable_memory_bytes",
        "",
        "Allocatable memory of the nodes.",
        |scrape, family| family.set(scrape.totals.allocatable.get(MEMORY)),
    ),
    gauge(
        "oppscale_cluster_requested_cpu_cores",
        CLASS,
        "CPU requests of pods, by whether a served workload owns them.",
        |scrape, family| scrape.totals.add_classes(family, |amounts| cores(amounts.get(CPU))),
    ),
    gauge(
        "oppscale_cluster_requested_memory_bytes",
        CLASS,
        "Memory requests of pods, by whether a served workload owns them.",
        |scrape, family| {
            scrape.totals.add_classes(family, |amounts| amounts.get(MEMORY).to_string());
        },
    ),
    gauge(
        "oppscale_fit_replicas",
        WORKLOAD,
        "Replicas that the workload may have in all, running ones included.",
        |scrape, family| {
            scrape.add_workloads(family, |workload| Some(workload.share?.fit.to_string()));
        },
    ),
    gauge(
        "oppscale_remaining_cpu_cores",
        WORKLOAD,
        "CPU that remains for the workload, its own pods not counted.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(cores(row.share?.remaining.get(CPU))));
        },
    ),
    gauge(
        "oppscale_remaining_memory_bytes",
        WORKLOAD,
        "Memory that remains for the workload, its own pods not counted.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(row.share?.remaining.get(MEMORY).to_string()));
        },
    ),
    gauge(
        "oppscale_workload_held",
        WORKLOAD,
        "1 if the workload is held: it gets no share, and the metrics API answers 503 for it. The log says why.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(u8::from(row.share.is_none()).to_string()));
        },
    ),
    gauge(
        "oppscale_workload_pods",
        "`namespace`, `kind`, `workload`, `state`: `placed`, `waiting`",
        "Pods of the workload: with a node (placed), and without one (waiting).",
        |scrape, family| {
            for row in scrape.workloads() {
                let [namespace, kind, workload] = labels(row.served);
                let PodCounts { placed, waiting, .. } = row.pods;
                for (state, count) in [("placed", placed), ("waiting", waiting)] {
                    family.add(&[namespace, kind, workload, ("state", state)], count);
                }
            }
        },
    ),
    gauge(
        "oppscale_workload_reserve_cpu_cores",
        WORKLOAD,
        "CPU that must stay free beside the workload, by its policy.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(cores(row.share?.reserve.get(CPU))));
        },
    ),
    gauge(
        "oppscale_workload_reserve_memory_bytes",
        WORKLOAD,
        "Memory that must stay free beside the workload, if its reserve has any.",
        |scrape, family| {
            scrape.add_workloads(family, |row| {
                let memory = row.share?.reserve.get(MEMORY);
                (memory > 0).then(|| memory.to_string())
            });
        },
    ),
    gauge(
        "oppscale_workload_reserve_amount",
        "`namespace`, `kind`, `workload`, `resource`",
        "What must stay free of each further resource beside the workload, if its reserve has any.",
        |scrape, family| {
            for row in scrape.workloads() {
                let [namespace, kind, workload] = labels(row.served);
                let reserve = row.share.iter().flat_map(|share| share.reserve.present());
                for (name, amount) in reserve.filter(|(name, _)| !matches!(*name, CPU | MEMORY)) {
                    family.add(&[namespace, kind, workload, ("resource", name)], amount);
                }
            }
        },
    ),
    gauge(
        "oppscale_workload_reserve_holes",
        WORKLOAD,
        "Places for paid pods that must stay free beside the workload, if its reserve has any.",
        |scrape, family| {
            scrape.add_workloads(family, |row| {
                let hole = row.share.and(row.request)?.policy.reserve.hole()?;
                Some(hole.count.to_string())
            });
        },
    ),
    gauge(
        "oppscale_workload_max_replicas",
        WORKLOAD,
        "Maximum of replicas offered to the workload, if its policy has one.",
        |scrape, family| {
            scrape.add_workloads(family, |row| {
                row.share.and(row.request)?.policy.max_replicas.map(|max| max.to_string())
            });
        },
    ),
    gauge(
        "oppscale_workload_idle_cpu_cores",
        WORKLOAD,
        "On the usage basis: CPU that paid pods did not use at their peak, on nodes that the \
         workload can use.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(cores(row.share?.idle?.millicores)));
        },
    ),
    gauge(
        "oppscale_workload_burn_cpu_cores",
        WORKLOAD,
        "On the usage basis: CPU that a replica is expected to use.",
        |scrape, family| scrape.add_workloads(family, |row| Some(cores(row.share?.idle?.burn))),
    ),
    gauge(
        "oppscale_workload_crowded_pods",
        WORKLOAD,
        "On the usage basis: running pods beyond the idle CPU of their node.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(row.share?.idle?.crowded.to_string()));
        },
    ),
    gauge(
        "oppscale_workload_unknown_usage_nodes",
        WORKLOAD,
        "On the usage basis: nodes without recent usage, which have no slots.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(row.share?.idle?.unknown_nodes.to_string()));
        },
    ),
    gauge(
        "oppscale_workload_waiting_nodes",
        WORKLOAD,
        "On the usage basis, with `--pressure-guard`: nodes without slots, because their paid pods \
         wait for CPU.",
        |scrape, family| {
            scrape.add_workloads(family, |row| Some(row.share?.idle?.waiting_nodes.to_string()));
        },
    ),
    gauge(
        "oppscale_pressure_nodes",
        "`state`: `waiting`, `calm`, `limited`, `unknown` (with `--pressure-guard`)",
        "Nodes that a workload on the usage basis can use, by the CPU pressure of their paid pods: \
         `waiting` nodes are held, on `limited` ones all have CPU limits, or do not run.",
        |scrape, family| {
            if let Some(counts) = scrape.pressure {
                family.add(&[("state", "waiting")], counts.waiting);
                family.add(&[("state", "calm")], counts.calm);
                family.add(&[("state", "limited")], counts.limited);
                family.add(&[("state", "unknown")], counts.unknown);
            }
        },
    ),
    gauge(
        "oppscale_usage_age_seconds",
        "",
        "Time since a node's usage was last renewed, while a workload is on the usage basis.",
        |scrape, family| {
            if let Some(age) = scrape.usage_age {
                family.set(seconds(age));
            }
        },
    ),
    gauge(
        "oppscale_hpa_current_replicas",
        HPA,
        "Replicas that the HPA last observed.",
        |scrape, family| scrape.add_autoscalers(family, |hpa| hpa.replicas().0),
    ),
    gauge(
        "oppscale_hpa_desired_replicas",
        HPA,
        "Replicas that the HPA last requested.",
        |scrape, family| scrape.add_autoscalers(family, |hpa| hpa.replicas().1),
    ),
    gauge("oppscale_hpa_min_replicas", HPA, "minReplicas of the HPA.", |scrape, family| {
        scrape.add_autoscalers(family, |hpa| hpa.bounds().0);
    }),
    gauge("oppscale_hpa_max_replicas", HPA, "maxReplicas of the HPA.", |scrape, family| {
        scrape.add_autoscalers(family, |hpa| hpa.bounds().1);
    }),
    gauge(
        "oppscale_paid_waiting_pods",
        "`state`: `placeable`, `elsewhere`, `blocked`, `outranked`, `unplaceable`, `gated`",
        "Paid pods without a node: placeable where an opportunistic workload may run, only \
         elsewhere, blocked by paid pods, outranked by the fillers, nowhere (unplaceable), or \
         held back by scheduling gates (gated).",
        |scrape, family| {
            for (state, count) in scrape.waiting {
                family.add(&[("state", state.label())], count);
            }
        },
    ),
    gauge(
        "oppscale_paid_longest_wait_seconds",
        "",
        "Longest wait of the placeable paid pods, since each was first seen waiting; 0 if none.",
        |scrape, family| family.set(seconds(scrape.longest_wait)),
    ),
    gauge(
        "oppscale_node_remaining_cpu_cores",
        "`node` (with `--node-metrics`)",
        "Allocatable CPU of a node minus paid requests; negative if overcommitted.",
        |scrape, family| {
            for node in scrape.nodes.iter().filter(|node| node.unknown.is_none()) {
                family.add(&[("node", &node.name)], cores(node.remaining(CPU)));
            }
        },
    ),
];

/// Series of the server itself, always there.
static SERVER: [Series<ServerScrape>; 15] = [
    gauge(
        "oppscale_state_age_seconds",
        "",
        "Time since the API server last proved that the data is current.",
        |scrape, family| {
            if let Freshness::Fresh(age) | Freshness::Stale(_, Some(age)) = &scrape.freshness {
                family.set(seconds(*age));
            }
        },
    ),
    gauge(
        "oppscale_blind",
        "",
        "1 while the data is stale, and metrics are refused or 0.",
        |scrape, family| {
            family.set(u8::from(!matches!(scrape.freshness, Freshness::Fresh(_))));
        },
    ),
    counter(
        "oppscale_watch_restarts_total",
        "`resource`",
        "Watches restarted and lists repeated, by resource.",
        |scrape, family| {
            for (resource, feed) in &scrape.watches {
                family.add(&[("resource", resource)], feed.restarts);
            }
        },
    ),
    gauge(
        "oppscale_watch_age_seconds",
        "`resource`",
        "Time since the last message about a resource.",
        |scrape, family| {
            let now = Instant::now();
            for (resource, feed) in &scrape.watches {
                if let Some(age) = feed.age(now) {
                    family.add(&[("resource", resource)], seconds(age));
                }
            }
        },
    ),
    counter(
        "oppscale_changes_total",
        "`kind`: `node`, `pod`",
        "Changes of nodes and pods that changed what is counted.",
        |scrape, family| scrape.exporter.changes.add_to(family),
    ),
    histogram(
        "oppscale_paid_pod_wait_seconds",
        "",
        "Time that paid pods waited for a node, since each was first seen without one.",
        |scrape, family| scrape.exporter.pending_pods.add_finished_to(family),
    ),
    counter(
        "oppscale_api_requests_total",
        "`group`, `code`",
        "Requests to the metrics API, by group and HTTP status.",
        |scrape, family| scrape.exporter.requests.add_answers_to(family),
    ),
    histogram(
        "oppscale_api_request_duration_seconds",
        "`group`",
        "Time that responses of the metrics API took.",
        |scrape, family| scrape.exporter.requests.add_durations_to(family),
    ),
    gauge(
        "oppscale_open_connections",
        "`port`: `api`, `web`",
        "Open connections, by port.",
        |scrape, family| {
            for (port, connections) in &scrape.exporter.connections {
                family.add(&[("port", port)], connections.count());
            }
        },
    ),
    gauge(
        "oppscale_serving_certificate_expiry_timestamp_seconds",
        "",
        "Expiry of the serving certificate.",
        |scrape, family| {
            if let Some(certificate) = &scrape.exporter.certificate {
                family.set(certificate.expires().unix_timestamp());
            }
        },
    ),
    counter(
        "oppscale_panics_total",
        "",
        "Panics of requests. That of a task ends the process, and the count with it.",
        |_, family| family.set(counters::panics()),
    ),
    counter(
        "oppscale_log_dropped_lines_total",
        "",
        "Lines of the log that stderr did not take.",
        |_, family| family.set(stderr::dropped_lines()),
    ),
    gauge("oppscale_build_info", "`version`", "1, with the version as a label.", |_, family| {
        family.add(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    }),
    gauge("process_start_time_seconds", "", "Start of the process.", |scrape, family| {
        family.set(cores(scrape.exporter.started.unix_timestamp_nanos() / 1_000_000));
    }),
    gauge("process_resident_memory_bytes", "", "Memory of the process.", |_, family| {
        if let Some(bytes) = resident_bytes() {
            family.set(bytes);
        }
    }),
];

/// A served workload at the time of a scrape.
struct WorkloadRow<'s> {
    served: &'s ServedWorkload,
    /// Share; `None` if the workload is held.
    share: Option<&'s Share>,
    request: Option<&'s ShareRequest>,
    pods: PodCounts,
}

impl Exporter {
    /// Renders every series in `format`.
    pub(super) fn render(self: &Arc<Self>, format: Format) -> String {
        let mut families = Vec::new();
        let freshness = self.state.freshness();
        if matches!(freshness, Freshness::Fresh(_)) {
            let scrape = self.cluster();
            families.extend(CLUSTER.iter().map(|series| series.family(&scrape)));
            if self.legacy {
                families.extend(legacy(&scrape.totals));
            }
        }
        let scrape =
            ServerScrape { exporter: Arc::clone(self), freshness, watches: self.watches() };
        families.extend(SERVER.iter().map(|series| series.family(&scrape)));
        format.write(&families)
    }

    fn cluster(&self) -> ClusterScrape {
        // One for all: under events, each would be another one.
        let counted = self.state.counted();
        let (waiting, longest_wait) = self.pending_pods.current(&counted);
        ClusterScrape {
            totals: overview::totals(&self.state, &counted),
            autoscalers: self.autoscalers.all().unwrap_or_default(),
            waiting,
            longest_wait,
            usage_age: self.state.usage().age().filter(|_| self.state.needs_usage()),
            pressure: self.pressure(&counted),
            nodes: match self.nodes {
                true => overview::nodes(&self.state, &counted),
                false => Vec::new(),
            },
            counted,
        }
    }

    fn pressure(&self, counted: &Counted) -> Option<PressureCounts> {
        if !self.state.needs_usage() {
            return None;
        }
        let requests =
            counted.workloads.iter().filter_map(|(served, _)| served.request.as_ref().ok());
        let requests = requests.filter(|request| request.policy.basis == Basis::Usage);
        let placements: HashSet<&Placement> = requests.map(|request| &*request.placement).collect();
        self.state.cluster_state().read(|snapshot, _| {
            let nodes = snapshot.ledger.records();
            let nodes = nodes.filter(|node| placements.iter().any(|rules| node.is_usable(rules)));
            self.state.pressure().counts(nodes.map(|node| &*node.name))
        })
    }

    fn watches(&self) -> Vec<(&'static str, WatchStatus)> {
        let health = self.state.cluster_state().read(|_, health| health.clone());
        let mut watches = vec![("nodes", health.nodes), ("pods", health.pods)];
        watches.extend(self.state.kinds().map(|(kind, feed)| (kind.plural, feed)));
        watches
    }
}

impl ClusterScrape {
    fn workloads(&self) -> impl Iterator<Item = WorkloadRow<'_>> {
        let rows = self.counted.workloads.iter().zip(&self.counted.pod_counts);
        rows.map(|((served, share), pods)| WorkloadRow {
            served,
            share: share.as_ref().ok(),
            request: served.request.as_ref().ok(),
            pods: *pods,
        })
    }

    fn add_workloads(
        &self,
        family: &mut Family,
        value: impl Fn(&WorkloadRow<'_>) -> Option<String>,
    ) {
        for row in self.workloads() {
            if let Some(value) = value(&row) {
                family.add(&labels(row.served), value);
            }
        }
    }

    /// Adds a sample for each HPA that scales a served workload.
    fn add_autoscalers(&self, family: &mut Family, value: impl Fn(&Autoscaler) -> i32) {
        for row in self.workloads() {
            let [namespace, kind, workload] = labels(row.served);
            for hpa in self.autoscalers.iter().filter(|hpa| row.served.is_scaled_by(hpa)) {
                family.add(&[namespace, kind, workload, ("hpa", hpa.name())], value(hpa));
            }
        }
    }
}

impl ClusterTotals {
    fn add_classes(
        &self,
        family: &mut Family,
        value: impl Fn(&oppscale_core::resources::Resources) -> String,
    ) {
        for (class, amounts) in [("paid", &self.paid), ("opportunistic", &self.opportunistic)] {
            family.add(&[("class", class)], value(amounts));
        }
    }
}

/// Labels of a workload's series.
fn labels(served: &ServedWorkload) -> [(&'static str, &str); 3] {
    let id = &served.id;
    [("namespace", &*id.namespace), ("kind", id.kind.name), ("workload", &*id.name)]
}

/// The ten gauges of the article's application, with its names and units: millicores, KiB and
/// pods. As there, requests are those of all pods.
fn legacy(totals: &ClusterTotals) -> [Family; 10] {
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
    gauges.map(|(name, help, value)| Family::gauge(name, help).with(value))
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// Resident memory in bytes, where the system is Linux.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renews the table with `OPPSCALE_REGENERATE=1`.
    #[test]
    fn the_docs_list_every_series() {
        fn rows<S>(series: &[Series<S>]) -> String {
            let row = |s: &Series<S>| format!("| `{}` | {} | {} |\n", s.name, s.labels, s.help);
            series.iter().map(row).collect()
        }
        let table = format!(
            "| series | labels | meaning |\n|---|---|---|\n{}{}",
            rows(&CLUSTER),
            rows(&SERVER)
        );
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/serve.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once("<!-- series -->\n").unwrap();
        let (found, after) = rest.split_once("<!-- /series -->\n").unwrap();
        if found != table && std::env::var_os("OPPSCALE_REGENERATE").is_some() {
            let page = format!("{before}<!-- series -->\n{table}<!-- /series -->\n{after}");
            return std::fs::write(path, page).unwrap();
        }
        assert_eq!(found, table);
    }

    /// A panel of the dashboard with a single series starts with the help text of that series.
    #[test]
    fn panels_are_described_by_the_help_of_their_series() {
        fn helps<S>(series: &[Series<S>]) -> impl Iterator<Item = (&str, &str)> {
            series.iter().map(|series| (series.name, series.help))
        }
        let dashboard: serde_json::Value =
            serde_json::from_str(crate::manifest::DASHBOARD).unwrap();
        let mut compared = 0;
        for panel in dashboard["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().into_iter().flatten();
            let queries: String = targets.map(|target| target["expr"].to_string()).collect();
            let is_named = |name: &str| {
                queries.split(|c: char| !c.is_ascii_lowercase() && c != '_').any(|word| {
                    word.strip_prefix(name)
                        .is_some_and(|end| ["", "_bucket", "_count", "_sum"].contains(&end))
                })
            };
            let series: Vec<_> =
                helps(&CLUSTER).chain(helps(&SERVER)).filter(|(name, _)| is_named(name)).collect();
            if let [(name, help)] = series[..] {
                let description = panel["description"].as_str().unwrap();
                assert!(description.starts_with(help), "{name}: {description}");
                compared += 1;
            }
        }
        assert_eq!(compared, 17);
    }
}
