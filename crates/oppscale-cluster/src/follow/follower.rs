//! Starts the feeds, and ends them.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Notify, oneshot, watch};

use super::clocks::Clocks;
use super::cluster_state::ClusterState;
use super::devices::DeviceFollower;
use super::handler::{Change, Objects, SharedStatus};
use super::handler::{Nodes, Pods};
use super::health::{Health, Phase, WatchStatus};
use super::reflector::{Reflector, ReflectorConfig};
use super::workload_follower::WorkloadFollower;
use crate::builder::{ChangeObserver, SnapshotBuilder};
use crate::client::{Cluster, Operation};
use crate::error::ClusterError;
use crate::pages::Listing;
use crate::tasks::{Heartbeat, Tasks};
use crate::workload::{KindRef, ResolvedWorkload, WorkloadRef};

/// Default lifetime of a watch: the greatest age of the data before a renewal confirms it. A dead
/// connection goes unnoticed a little longer.
pub const WATCH_LIFE: Duration = Duration::from_secs(30);
/// Interval at which the clocks are compared.
const CLOCK_CHECK: Duration = Duration::from_secs(5);
/// Time limit for the request of the server's version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(3);
/// The first minor version whose API server streams lists without being asked to by a
/// feature gate (WatchList; 1.32 had it too, 1.33 had not).
const STREAMING_SINCE: u32 = 34;

/// Options of the watches.
#[derive(Debug, Default)]
pub struct WatchConfig {
    /// The workload whose pods are own; otherwise the label decides.
    pub workload: Option<WorkloadRef>,
    /// The namespace of a workload that was named without one.
    pub namespace: Option<String>,
    /// Lifetime of a watch; `None` for [`WATCH_LIFE`].
    pub watch_life: Option<Duration>,
    /// Whether limits are added up, too, which only people look at.
    pub limits: bool,
    /// Observer of every change that counts.
    pub observer: Option<Box<dyn ChangeObserver>>,
}

/// Follows a cluster until it is dropped.
pub struct Follower {
    cluster: Cluster,
    cluster_state: ClusterState,
    reflector_config: ReflectorConfig,
    first: Option<oneshot::Receiver<Result<(), ClusterError>>>,
    workload: watch::Receiver<ResolvedWorkload>,
    tasks: Tasks,
}

/// One more kind that is followed, for as long as the [`Follower`] is.
#[derive(Debug, Clone)]
pub struct Followed(SharedStatus);

impl Followed {
    /// Status of the watch.
    pub fn status(&self) -> WatchStatus {
        self.0.get()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionJson {
    git_version: String,
    #[serde(default)]
    minor: String,
}

impl Follower {
    /// Begins to follow nodes, pods and devices. Reads the workload and the server's version first;
    /// later failures are retried, and shown by [`Health`].
    ///
    /// # Errors
    /// When the workload cannot be read.
    pub async fn start(cluster: Cluster, config: WatchConfig) -> anyhow::Result<Self> {
        let mut config = config;
        let namespace = config.namespace.as_deref().unwrap_or(cluster.namespace()).to_owned();
        if let Some(WorkloadRef::Object { kind, .. }) = &mut config.workload {
            *kind = KindRef::Known(kind.resolve(&cluster).await?);
        }
        let own = match &config.workload {
            Some(reference) => reference.resolve(&cluster, &namespace).await?,
            None => ResolvedWorkload::default(),
        };
        let version = version(&cluster).await;
        let reflector_config = ReflectorConfig {
            watch_life: config.watch_life.unwrap_or(WATCH_LIFE),
            is_streaming: version.as_ref().is_some_and(VersionJson::streams_lists),
            wake: watch::Sender::new(()),
            relist: Arc::new(Notify::new()),
        };
        let health =
            Health { version: version.map(|version| version.git_version), ..Health::default() };
        let mut builder = SnapshotBuilder::following(own.ownership.clone(), config.observer);
        builder.expect_replicas([(&*own.namespace, &*own.claims)]);
        if config.limits {
            builder.count_limits();
        }
        let cluster_state = ClusterState::of(builder, health);
        let mut tasks = Tasks::default();
        let handler = Nodes(cluster_state.clone());
        let mut nodes =
            Reflector::new(cluster.clone(), Listing::nodes(), reflector_config.clone(), handler);
        let first = Some(nodes.first_outcome());
        tasks.spawn(nodes.heartbeat(), nodes.run());
        let relist_pods = Arc::new(Notify::new());
        let pods = ReflectorConfig { relist: Arc::clone(&relist_pods), ..reflector_config.clone() };
        let handler = Pods(cluster_state.clone());
        let pods = Reflector::new(cluster.clone(), Listing::pods(), pods, handler);
        tasks.spawn(pods.heartbeat(), behind_nodes(cluster_state.clone(), pods));
        let devices = DeviceFollower {
            cluster: cluster.clone(),
            cluster_state: cluster_state.clone(),
            reflector_config: reflector_config.clone(),
        };
        tasks.spawn(Heartbeat::new("devices"), devices.run());
        let clocks = watch_clocks(reflector_config.wake.clone());
        tasks.spawn(Heartbeat::new("clocks"), clocks);
        let (tell, workload) = watch::channel(own);
        let mut follower =
            Self { cluster, cluster_state, reflector_config, first, workload, tasks };
        if let Some(reference) = config.workload {
            let own = WorkloadFollower { reference, namespace, tell, relist_pods };
            own.start(&mut follower);
        }
        Ok(follower)
    }

    /// The workload whose pods are own, as it is now and as it changes.
    pub fn workload(&self) -> watch::Receiver<ResolvedWorkload> {
        self.workload.clone()
    }

    /// Starts one more task, which ends with the follower.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.tasks.spawn(Heartbeat::new(name), task);
    }

    /// The heartbeats of the tasks so far.
    pub fn heartbeats(&self) -> impl Iterator<Item = Heartbeat> {
        self.tasks.heartbeats()
    }

    /// Waits until a task ends, which none should, and returns its name.
    pub fn failed(&self) -> impl Future<Output = &'static str> + Send + use<> {
        self.tasks.failed()
    }

    /// Waits until the nodes have been listed for the first time.
    ///
    /// # Errors
    /// When the first try fails. It goes on trying all the same.
    pub async fn first(&mut self) -> Result<(), ClusterError> {
        match self.first.take() {
            // The other side is gone only when all ends.
            Some(first) => first.await.unwrap_or(Ok(())),
            None => Ok(()),
        }
    }

    /// Follows one more kind: `on_change` is called for every object, on a thread of its
    /// own and in order.
    pub fn follow(
        &mut self,
        listing: Listing,
        on_change: impl FnMut(Change<'_>) + Send + 'static,
    ) -> Followed {
        let feed = SharedStatus::default();
        let handler = Objects { on_change: Box::new(on_change), feed: feed.clone() };
        let cluster = self.cluster.clone();
        let reflector_config =
            ReflectorConfig { relist: Arc::default(), ..self.reflector_config.clone() };
        let reflector = Reflector::new(cluster, listing, reflector_config, handler);
        self.tasks.spawn(reflector.heartbeat(), reflector.run());
        Followed(feed)
    }

    /// The cluster state.
    pub fn cluster_state(&self) -> &ClusterState {
        &self.cluster_state
    }

    /// The connection, for single questions.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Connects anew, now.
    pub fn reconnect(&self) {
        self.reflector_config.wake.send_replace(());
    }
}

impl VersionJson {
    fn streams_lists(&self) -> bool {
        // Providers append a plus: 34+.
        let digits = self.minor.trim_end_matches(|c: char| !c.is_ascii_digit());
        digits.parse::<u32>().is_ok_and(|minor| minor >= STREAMING_SINCE)
    }
}

/// The server's version; everybody may ask for it, but a proxy may think otherwise. It only
/// decides how lists are read, and is not worth a wait: a server that says nothing must be
/// told of by the feeds, and until then nobody answers probes.
async fn version(cluster: &Cluster) -> Option<VersionJson> {
    let operation = Operation::new("get the version", "--verb=get --non-resource-url=/version");
    let answer = tokio::time::timeout(VERSION_TIMEOUT, cluster.get(&operation, "/version"));
    serde_json::from_slice(&answer.await.ok()?.ok()?).ok()
}

/// Lists pods behind the nodes: the ledger then knows how many to expect, and need not grow
/// by copying itself. Where nodes cannot be listed, pods are not waited with for ever.
async fn behind_nodes(cluster_state: ClusterState, pods: Reflector<Pods>) {
    let mut changes = cluster_state.changes();
    while cluster_state.read(|_, health| {
        !health.nodes.is_whole() && matches!(health.nodes.phase, Phase::Listing(_))
    }) {
        if changes.changed().await.is_err() {
            break;
        }
        pods.heartbeat().progress();
    }
    pods.run().await;
}

/// Connects anew after a jump of the wall clock: the connections of a machine that slept, or was
/// paused by its hypervisor, are dead. The jump makes nothing older, for the clock may have been
/// set; the new watches prove the data current, or fail at once.
async fn watch_clocks(wake: watch::Sender<()>) {
    let mut clocks = Clocks::now();
    let mut checks = tokio::time::interval(CLOCK_CHECK);
    checks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        checks.tick().await;
        let Some(ahead) = clocks.jumped(Clocks::now()) else { continue };
        tracing::info!(?ahead, "the clock jumped: connecting anew");
        wake.send_replace(());
    }
}
