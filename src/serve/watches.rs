//! The watches of a server, and which store each one feeds.
//!
//! All kinds use the follower of `oppscale_cluster::follow`. `kube::runtime::watcher` would do for
//! the small ones, but it reports neither bookmarks nor the end of a watch, which prove that
//! unchanged data is fresh: the server would need a second way to know the age of each kind.

use std::time::Duration;

use super::Settings;
use super::counters::ChangeCounter;
use super::front_proxy::{CONFIG_MAP, NAMESPACE, TrustStore};
use super::pending_pods::PendingPods;
use super::pressure::PressureStore;
use super::state::{MetricsState, StalenessPolicy, WatchedKinds};
use super::usage::UsageStore;
use crate::shares::FillerState;
use crate::shares::autoscalers::Autoscalers;
use crate::shares::namespaces::OpenNamespaces;
use crate::shares::workloads::WorkloadStore;
use oppscale_cluster::follow::{Change, Follower, WATCH_LIFE, WatchConfig};
use oppscale_cluster::{Cluster, Listing};
use oppscale_core::kinds::{self, Kind, percent_encode};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// Lifetime of a watch at least: renewing it more often would be polling.
const MIN_WATCH_LIFE: Duration = Duration::from_secs(2);

/// The watches, which end when this is dropped.
pub(super) struct Watches {
    follower: Follower,
    pub(super) fillers: FillerState,
    kinds: WatchedKinds,
    pub(super) pending_pods: PendingPods,
    /// Trusted front proxy; `None` if no API is served.
    pub(super) trust: Option<TrustStore>,
}

impl Watches {
    /// Starts the watches of nodes, pods, workloads, namespaces, HPAs and, for an API, the front
    /// proxy's ConfigMap.
    ///
    /// In an idle cluster only the end of a watch proves that the data is fresh. It must come well
    /// before `max_staleness`, or the data would count as stale.
    pub(super) async fn start(
        cluster: Cluster,
        settings: &Settings,
        changes: ChangeCounter,
        serves_api: bool,
        kinds: &[&'static Kind],
    ) -> anyhow::Result<Self> {
        let workloads = WorkloadStore::default();
        let namespaces = OpenNamespaces::new(settings.namespaces.clone());
        let policy = &settings.staleness;
        let pending_pods = PendingPods::new(workloads.clone());
        let config = WatchConfig {
            watch_life: Some((policy.max_staleness / 3).clamp(MIN_WATCH_LIFE, WATCH_LIFE)),
            // The guard looks only at pods without a CPU limit.
            limits: settings.pressure.is_some(),
            observer: Some(Box::new((changes, pending_pods.clone()))),
            ..WatchConfig::default()
        };
        let mut follower = Follower::start(cluster, config).await?;
        let autoscalers = Autoscalers::default();
        let workload_kinds = kinds.iter().map(|&kind| {
            let workloads = workloads.clone();
            let followed =
                follower.follow(workload_list(kind), move |change| workloads.change(kind, change));
            (kind, followed)
        });
        let workload_kinds = workload_kinds.collect();
        let seen = workloads.clone();
        let classes = Listing::of(&kinds::RUNTIME_CLASS, None, "");
        let classes = Listing { is_optional: true, ..classes };
        follower.follow(classes, move |change| seen.change_runtime_class(change));
        let seen = namespaces.clone();
        let all_namespaces = Listing::of(&kinds::NAMESPACE, None, "");
        let namespaces_watch = follower.follow(all_namespaces, move |change| seen.change(change));
        let seen = autoscalers.clone();
        let autoscalers_watch =
            follower.follow(Listing::of(&kinds::HPA, None, ""), move |change| seen.change(change));
        let kinds = WatchedKinds {
            workloads: workload_kinds,
            namespaces: namespaces_watch,
            autoscalers: autoscalers_watch,
        };
        let trust = serves_api.then(|| follow_trust(&mut follower));
        let fillers = FillerState { workloads, namespaces, autoscalers };
        Ok(Self { follower, fillers, kinds, pending_pods, trust })
    }

    /// The watches' tasks.
    pub(super) fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The state that the watches keep current.
    pub(super) fn state(&self, policy: StalenessPolicy, pressure: PressureStore) -> MetricsState {
        let cluster = self.follower.cluster_state().clone();
        let fillers = self.fillers.clone();
        let usage = UsageStore::default();
        MetricsState::new(cluster, fillers, usage, pressure, self.kinds.clone(), policy)
    }
}

fn follow_trust(follower: &mut Follower) -> TrustStore {
    let trust = TrustStore::default();
    let (store, mut is_listed) = (trust.clone(), false);
    follower.follow(config_map(), move |change| match change {
        Change::Begin => is_listed = false,
        Change::Applied(json) => {
            is_listed = true;
            store.set(json);
        }
        Change::Gone(_) => store.drop_all("was deleted"),
        Change::End if !is_listed => store.drop_all("does not exist"),
        Change::End => {}
        Change::Refused(_) => store.drop_all("cannot be read (403)"),
    });
    trust
}

fn workload_list(kind: &'static Kind) -> Listing {
    let selector = format!("{OPPORTUNISTIC_LABEL}=true");
    Listing::of(kind, None, format!("labelSelector={}", percent_encode(&selector)))
}

/// The Role that permits it names the ConfigMap, so the request must, too.
fn config_map() -> Listing {
    let name = format!("metadata.name={CONFIG_MAP}");
    let query = format!("fieldSelector={}", percent_encode(&name));
    Listing {
        noun: "the front proxy's ConfigMap",
        required_rbac: format!(
            "{} --resource-name={CONFIG_MAP}",
            kinds::CONFIG_MAP.permission("list,watch")
        ),
        ..Listing::of(&kinds::CONFIG_MAP, Some(NAMESPACE), query)
    }
}
