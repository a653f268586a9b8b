//! The fillers of a cluster and the share of capacity that each may use.
//!
//! `serve` counts the shares after each change, `top --by filler` once. `oppscale_core::share`
//! divides the capacity; this module says which workloads take part and what limits them.

pub mod autoscalers;
pub mod namespaces;
pub(crate) mod uptake;
pub mod workloads;

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value;

use oppscale_cluster::follow::Change;
use oppscale_cluster::{Cluster, ClusterError, SavedFiles, Snapshot};
use oppscale_core::demand::DemandState;
use oppscale_core::disruption::Disruption;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ledger::PodCounts;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::policy::Basis;
use oppscale_core::record::{PodKey, YIELD_CUTOFF};
use oppscale_core::share::{Counting, Held, Share, ShareRequest};
use oppscale_core::usage::PaidUsage;

use autoscalers::Autoscalers;
use namespaces::OpenNamespaces;
use uptake::UptakeTracker;
use workloads::{ServedWorkload, WorkloadStore};

/// A workload and its share; or why it is held.
pub type CountedWorkload = (ServedWorkload, Result<Share, String>);

/// The shares of all workloads.
pub(crate) struct Shares {
    /// The workloads in their order.
    pub(crate) workloads: Vec<CountedWorkload>,
    /// Their pods.
    pub(crate) pod_counts: Vec<PodCounts>,
    /// Demand state of each waiting paid pod.
    pub(crate) waiting: Vec<(PodKey, DemandState)>,
    /// Whether a claim changes with time alone.
    pub(crate) is_moving: bool,
}

/// The objects beside nodes and pods that the shares follow from. Clones share them.
#[derive(Debug, Clone)]
pub struct FillerState {
    pub(crate) workloads: WorkloadStore,
    pub(crate) namespaces: OpenNamespaces,
    pub(crate) autoscalers: Autoscalers,
}

impl FillerState {
    /// Reads the fillers of a cluster once.
    ///
    /// # Errors
    /// When workloads cannot be read.
    pub async fn read(cluster: &Cluster) -> Result<Self, ClusterError> {
        let state = Self::empty(OpenNamespaces::new(None));
        let label = format!("{OPPORTUNISTIC_LABEL}=true");
        for kind in kinds::scalable() {
            for object in cluster.list::<Value>(kind, None, &label).await? {
                state.workloads.change(kind, Change::Applied(&object.to_string()));
            }
        }
        let classes = cluster.list(&kinds::RUNTIME_CLASS, None, "").await;
        take(classes, |change| state.workloads.change_runtime_class(change))?;
        let namespaces = cluster.list(&kinds::NAMESPACE, None, "").await;
        take(namespaces, |change| state.namespaces.change(change))?;
        let autoscalers = cluster.list(&kinds::HPA, None, "").await;
        take(autoscalers, |change| state.autoscalers.change(change))?;
        Ok(state)
    }

    /// Reads the fillers of saved lists. Without Namespaces among them, every one counts as open,
    /// and without HPAs, each filler may have one.
    pub fn read_saved(files: &SavedFiles) -> Self {
        let workloads = WorkloadStore::default();
        for kind in kinds::scalable() {
            let objects = files.of_kind(kind.group, kind.name).filter(|json| is_labelled(json));
            objects.for_each(|json| workloads.change(kind, Change::Applied(json)));
        }
        let saved = |kind: &Kind| -> Vec<&str> { files.of_kind(kind.group, kind.name).collect() };
        let classes = saved(&kinds::RUNTIME_CLASS);
        classes.into_iter().for_each(|json| workloads.change_runtime_class(Change::Applied(json)));
        let namespaces = saved(&kinds::NAMESPACE);
        let own = || workloads.served().0.into_iter().map(|served| served.id.namespace.to_string());
        let named = namespaces.is_empty().then(|| own().collect::<BTreeSet<_>>());
        let state = Self { workloads, ..Self::empty(OpenNamespaces::new(named)) };
        namespaces.into_iter().for_each(|json| state.namespaces.change(Change::Applied(json)));
        let autoscalers = saved(&kinds::HPA);
        if !autoscalers.is_empty() {
            let hpas = autoscalers.into_iter().map(Change::Applied);
            let hpas = std::iter::once(Change::Begin).chain(hpas).chain([Change::End]);
            hpas.for_each(|change| state.autoscalers.change(change));
        }
        state
    }

    fn empty(namespaces: OpenNamespaces) -> Self {
        Self {
            workloads: WorkloadStore::default(),
            namespaces,
            autoscalers: Autoscalers::default(),
        }
    }

    /// The share of each filler, as a server would count it that starts now. If the pods are
    /// unknown, every filler is held. So is every filler on the usage basis: idle CPU follows from
    /// the peaks of readings over time.
    pub fn divide(&self, snapshot: &mut Snapshot) -> Vec<CountedWorkload> {
        let (mut served, groups) = self.workloads.served();
        if let Some(why) = &snapshot.pods_unknown {
            for served in served.iter_mut().filter(|served| served.request.is_ok()) {
                served.hold(format!("pods are unknown: {why}"));
            }
        }
        let ledger = &mut snapshot.ledger;
        ledger.expect_replicas(served.iter().map(ServedWorkload::claims));
        ledger.track(groups);
        let mut counting = Counting::default();
        counting.update(ledger);
        let usage = PaidUsage::default();
        let problem = "top reads usage only once; see oppscale serve";
        let mut tracker = UptakeTracker::default();
        self.count(&mut counting, served, &usage, problem, &mut tracker, Instant::now()).workloads
    }

    /// The shares of `served`, which the ledger of `counting` tracks in this order. `usage_problem`
    /// says why `usage` is unknown, if it is.
    pub(crate) fn count(
        &self,
        counting: &mut Counting,
        mut served: Vec<ServedWorkload>,
        usage: &PaidUsage,
        usage_problem: &str,
        tracker: &mut UptakeTracker,
        now: Instant,
    ) -> Shares {
        let pod_counts = counting.pod_counts(served.len());
        self.admit(&mut served, &pod_counts, counting.disruption());
        served.iter_mut().for_each(|served| served.take_devices(counting.ledger()));
        let counts_usage = hold_without_usage(&mut served, usage, usage_problem);
        self.bound(&mut served, &pod_counts, tracker, now);
        let requests: Vec<Result<ShareRequest, Held>> =
            served.iter().map(|served| served.request.clone()).collect();
        let capacity = counting.capacity(&requests, usage);
        let shares = capacity.divide().into_iter().chain(std::iter::repeat(None));
        let workloads = served.into_iter().zip(shares).map(|(served, share)| {
            let share = match (share, &served.request) {
                (Some(share), _) => Ok(share),
                (None, Err(held)) => Err(held.why.clone()),
                (None, Ok(_)) => Err("it has not been counted".to_owned()),
            };
            (served, share)
        });
        let (workloads, waiting) = (workloads.collect(), capacity.waiting.clone());
        Shares { workloads, pod_counts, waiting, is_moving: tracker.is_moving() || counts_usage }
    }

    /// Holds the workloads that may claim nothing, and gives the others the limits of their
    /// namespaces.
    fn admit(
        &self,
        served: &mut [ServedWorkload],
        pod_counts: &[PodCounts],
        disruption: Option<Disruption>,
    ) {
        for (served, pods) in served.iter_mut().zip(pod_counts) {
            let Ok(request) = &mut served.request else { continue };
            let has_yielding = pods.placed + pods.waiting > 0;
            let held = match self.namespaces.limits(&served.id.namespace) {
                Err(why) => Some(why),
                Ok(_) if pods.unyielding > 0 && !has_yielding => Some(format!(
                    "its pods do not yield to paid pods, so they count as paid: their priority is \
                     not below {YIELD_CUTOFF}; give its pod template a PriorityClass of a lower value"
                )),
                Ok(limits) => {
                    request.limits = limits;
                    disruption.map(|disruption| disruption.to_string())
                }
            };
            if let Some(why) = held {
                served.hold(why);
            }
        }
    }

    /// Bounds each claim by what takes it up.
    fn bound(
        &self,
        served: &mut [ServedWorkload],
        pod_counts: &[PodCounts],
        tracker: &mut UptakeTracker,
        now: Instant,
    ) {
        self.autoscalers.read_targets(|hpas| {
            for (served, pods) in served.iter_mut().zip(pod_counts) {
                let uptake = tracker.of(served, pods.placed, hpas, now);
                if let Ok(request) = &mut served.request {
                    request.uptake = uptake;
                }
            }
        });
        tracker.retain(served);
    }
}

/// Holds the workloads on the usage basis if no node's usage is known. Returns whether there are
/// any: usage grows stale with time alone.
fn hold_without_usage(served: &mut [ServedWorkload], usage: &PaidUsage, problem: &str) -> bool {
    let mut counts_usage = false;
    for served in served {
        let Ok(request) = &served.request else { continue };
        if request.policy.basis == Basis::Requests {
            continue;
        }
        counts_usage = true;
        if !usage.is_known() {
            served.hold(format!("idle CPU is unknown on every node: {problem}"));
        }
    }
    counts_usage
}

/// Hands a list on; a list that may not be read is refused.
fn take(
    list: Result<Vec<Value>, ClusterError>,
    change: impl Fn(Change<'_>),
) -> Result<(), ClusterError> {
    match list {
        Ok(objects) => {
            change(Change::Begin);
            objects.iter().for_each(|object| change(Change::Applied(&object.to_string())));
            change(Change::End);
            Ok(())
        }
        Err(error @ ClusterError::Forbidden { .. }) => {
            change(Change::Refused(&error));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn is_labelled(json: &str) -> bool {
    let object: Option<Value> = serde_json::from_str(json).ok();
    object.is_some_and(|object| object["metadata"]["labels"][OPPORTUNISTIC_LABEL] == "true")
}
