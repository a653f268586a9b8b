//! The state of the metrics: cluster and workloads, counted on demand.
//!
//! Events alone cause no counting; a request gets the result as of the last event. The cluster's
//! state is locked only while its numbers are copied.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;

use super::pressure::PressureStore;
use super::usage::UsageStore;
use crate::metrics_api::{
    NodeReading, NodeReadings, Readings, Source, StatusError, Values, WorkloadReading,
};
use crate::shares::uptake::{self, UptakeTracker};
use crate::shares::workloads::{ServedWorkload, WorkloadId};
use crate::shares::{FillerState, Shares};
use oppscale_cluster::follow::{ClusterState, Followed, Health, Phase, WatchStatus};
use oppscale_core::demand::DemandState;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ledger::PodCounts;
use oppscale_core::record::PodKey;
use oppscale_core::resources::{CPU, MEMORY};
use oppscale_core::share::{Counting, Share};

/// Counting takes one part in so many of a core at most, over a longer time: requests share a
/// count, or thousands of them a second would do nothing but count.
const CORE_PARTS: u32 = 2;
/// Time without counts that is made up for. The requests of 200 HPAs come together every 15 s, and
/// each then gets the cluster as it is.
const BURST: Duration = Duration::from_millis(500);
/// Pause before a count, for events that are on their way: under 1,000 a second one takes up to a
/// millisecond until it is here, and longer on a machine with other work: there the p99 from an event
/// to its value is 12 ms with a pause of 1.5 ms, and 9 with this one. Whoever changes something and
/// asks at once gets a count with it, in place of one without it that the next has to wait for. Those
/// who ask meanwhile share the count.
const GATHERING: Duration = Duration::from_millis(2);

/// Response while the data is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OnStale {
    /// 503: the HPA leaves the replicas as they are
    #[default]
    Hold,
    /// 0: the HPA scales the workload down to its minReplicas
    Zero,
}

/// The age at which data counts as stale, and the response then.
#[derive(Debug, Clone, Copy)]
pub struct StalenessPolicy {
    /// Maximum age of fresh data.
    pub max_staleness: Duration,
    /// Response while the data is stale.
    pub on_stale: OnStale,
}

/// Cluster state and served workloads. Clones share them.
#[derive(Debug, Clone)]
pub struct MetricsState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cluster: ClusterState,
    /// Number of changes of `cluster`.
    changes: watch::Receiver<u64>,
    fillers: FillerState,
    usage: UsageStore,
    pressure: PressureStore,
    kinds: WatchedKinds,
    policy: StalenessPolicy,
    counter: Mutex<Counter>,
    /// Time at which the data was last proved fresh.
    current: Mutex<Option<Instant>>,
}

/// Status of the watches beside those of nodes and pods.
#[derive(Debug, Clone)]
pub struct WatchedKinds {
    /// Kinds of workloads.
    pub workloads: Vec<(&'static Kind, Followed)>,
    /// Namespaces.
    pub namespaces: Followed,
    /// HorizontalPodAutoscalers, which bound what a workload claims.
    pub autoscalers: Followed,
}

/// Result of one count.
#[derive(Debug)]
pub struct Counted {
    /// Numbers of changes of the cluster, the workloads, the namespaces, the HPAs, usage and CPU
    /// pressure.
    of: [u64; 6],
    /// Whether it changes with time alone.
    is_moving: bool,
    began: Instant,
    /// Workloads with their shares, or why they are held.
    pub workloads: Vec<(ServedWorkload, Result<Share, String>)>,
    /// Number of pods of each workload.
    pub pod_counts: Vec<PodCounts>,
    /// Waiting paid pods, and what becomes of them.
    pub waiting: Vec<(PodKey, DemandState)>,
    readings: Arc<Vec<WorkloadReading>>,
}

/// What one count leaves to the next.
#[derive(Debug, Default)]
struct Counter {
    last: Option<Arc<Counted>>,
    budget: CountBudget,
    counting: Counting,
    uptake: UptakeTracker,
}

/// The time that counts may take.
#[derive(Debug, Default)]
struct CountBudget {
    /// Until then the counts so far have used their part of a core.
    used_until: Option<Instant>,
}

impl CountBudget {
    /// Whether a count may begin.
    fn allows(&self, now: Instant) -> bool {
        self.used_until.is_none_or(|until| until <= now)
    }

    /// Takes in a count.
    fn spend(&mut self, began: Instant, took: Duration) {
        let unused_since = began.checked_sub(BURST).unwrap_or(began);
        let from = self.used_until.map_or(unused_since, |until| until.max(unused_since));
        self.used_until = Some(from + took * CORE_PARTS);
    }
}

/// Whether the data is fresh.
#[derive(Debug, Clone, PartialEq)]
pub enum Freshness {
    /// Fresh; of at most this age.
    Fresh(Duration),
    /// Not everything has been listed yet: what is missing.
    Starting(String),
    /// Stale, or not readable: why, and the age if there is data.
    Stale(String, Option<Duration>),
}

impl MetricsState {
    /// The state of `cluster` and `fillers`, which watches keep fresh, and of `usage` and
    /// `pressure`, which tasks read at intervals.
    pub fn new(
        cluster: ClusterState,
        fillers: FillerState,
        usage: UsageStore,
        pressure: PressureStore,
        kinds: WatchedKinds,
        policy: StalenessPolicy,
    ) -> Self {
        let changes = cluster.changes();
        Self(Arc::new(Inner {
            cluster,
            changes,
            fillers,
            usage,
            pressure,
            kinds,
            policy,
            counter: Mutex::default(),
            current: Mutex::default(),
        }))
    }

    /// The cluster's state.
    pub fn cluster_state(&self) -> &ClusterState {
        &self.0.cluster
    }

    /// Usage of nodes and own pods.
    pub fn usage(&self) -> &UsageStore {
        &self.0.usage
    }

    /// CPU pressure of nodes.
    pub(super) fn pressure(&self) -> &PressureStore {
        &self.0.pressure
    }

    /// Whether a workload on the usage basis is known.
    pub(super) fn needs_usage(&self) -> bool {
        self.0.fillers.workloads.needs_usage()
    }

    /// Watches of namespaces, of HPAs and of the kinds of workloads, without custom kinds that the
    /// cluster lacks.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static Kind, WatchStatus)> {
        let WatchedKinds { workloads, namespaces, autoscalers } = &self.0.kinds;
        let feeds = workloads.iter().map(|(kind, followed)| (*kind, followed.status()));
        let further = [(&kinds::NAMESPACE, namespaces), (&kinds::HPA, autoscalers)];
        let feeds = feeds.chain(further.map(|(kind, followed)| (kind, followed.status())));
        feeds.filter(|(kind, feed)| {
            !kind.is_custom() || feed.is_whole() && !matches!(feed.phase, Phase::Refused { .. })
        })
    }

    /// Whether the data is fresh now.
    pub fn freshness(&self) -> Freshness {
        let (health, pods_unknown) =
            self.0.cluster.read(|snapshot, health| (health.clone(), snapshot.pods_unknown.clone()));
        let freshness = self.freshness_of(&health, pods_unknown);
        if let Freshness::Fresh(age) = freshness {
            *self.current() = Instant::now().checked_sub(age);
        }
        freshness
    }

    fn current(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the data has been stale, if it was ever fresh. Data that became unreadable (403)
    /// has no age of its own; the time since it was last fresh counts.
    fn stale_for(&self, age: Option<Duration>) -> Option<Duration> {
        let since = || self.current().map(|current| current.elapsed());
        age.or_else(since).filter(|age| *age > self.0.policy.max_staleness)
    }

    fn freshness_of(&self, health: &Health, pods_unknown: Option<String>) -> Freshness {
        let now = Instant::now();
        if let Phase::Refused { why, .. } = &health.nodes.phase {
            return Freshness::Stale(format!("nodes cannot be read: {why}"), None);
        }
        if let Phase::Refused { why, .. } = &health.pods.phase {
            return Freshness::Stale(format!("pods cannot be read: {why}"), None);
        }
        let mut age = match (health.nodes.age(now), health.pods.age(now)) {
            (Some(nodes), Some(pods)) => nodes.max(pods),
            (None, _) => return Freshness::Starting("nodes have not been listed yet".to_owned()),
            _ => return Freshness::Starting("pods have not been listed yet".to_owned()),
        };
        if let Some(why) = pods_unknown {
            return Freshness::Stale(format!("pods are unknown: {why}"), None);
        }
        for (kind, feed) in self.kinds() {
            match (feed.age(now), &feed.phase) {
                // Workloads of an unreadable kind are not served; the others are. Without the
                // namespaces, every workload is held; without HPAs, every claim counts.
                (_, Phase::Refused { .. }) => {}
                (Some(kind), _) => age = age.max(kind),
                (None, _) => {
                    let what = kind.plural;
                    return Freshness::Starting(format!("{what} have not been listed yet"));
                }
            }
        }
        let most = self.0.policy.max_staleness;
        if age > most {
            let (age_seconds, most) = (age.as_secs(), most.as_secs());
            let why = format!(
                "the data is {age_seconds}s old, more than the {most}s that --max-staleness allows"
            );
            return Freshness::Stale(why, Some(age));
        }
        Freshness::Fresh(age)
    }

    /// The workloads' shares, as of the last event.
    pub fn counted(&self) -> Arc<Counted> {
        let asked = Instant::now();
        let mut counter = self.0.counter.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &counter.last {
            let is_current = last.of == self.versions()
                && !(last.is_moving && last.began.elapsed() > uptake::REFRESH);
            if last.began >= asked || is_current || !counter.budget.allows(Instant::now()) {
                return Arc::clone(last);
            }
        }
        let paused = Instant::now();
        // What has changed so far is taken in meanwhile.
        self.copy_cluster(&mut counter.counting);
        counter.counting.prepare();
        let prepared = paused.elapsed();
        std::thread::sleep(GATHERING.saturating_sub(prepared));
        let (of, began) = (self.versions(), Instant::now());
        let counted = Arc::new(self.count(of, began, &mut counter));
        counted.log_changes_since(counter.last.as_deref());
        counter.budget.spend(began, prepared + began.elapsed());
        counter.last = Some(Arc::clone(&counted));
        counted
    }

    /// The numbers of changes that [`Counted::of`] has.
    fn versions(&self) -> [u64; 6] {
        let inner = &self.0;
        [
            *inner.changes.borrow(),
            inner.fillers.workloads.version(),
            inner.fillers.namespaces.version(),
            inner.fillers.autoscalers.version(),
            inner.usage.version(),
            inner.pressure.version(),
        ]
    }

    fn count(&self, of: [u64; 6], began: Instant, counter: &mut Counter) -> Counted {
        let Counter { counting, uptake, .. } = counter;
        let served = self.copy_cluster(counting);
        let mut usage = self.0.usage.paid();
        self.0.pressure.hold(&mut usage);
        let problem = self.0.usage.problem();
        let Shares { workloads, pod_counts, waiting, is_moving } =
            self.0.fillers.count(counting, served, &usage, &problem, uptake, began);
        let readings = workloads.iter().map(|(served, share)| reading(served, share)).collect();
        Counted {
            of,
            is_moving,
            began,
            workloads,
            pod_counts,
            waiting,
            readings: Arc::new(readings),
        }
    }

    /// Copies the cluster as it is now, with the pods of each workload, and returns the workloads.
    fn copy_cluster(&self, counting: &mut Counting) -> Vec<ServedWorkload> {
        let (served, groups) = self.0.fillers.workloads.served();
        // The cluster's state stands still only while it is copied: whatever tenants wrote is
        // evaluated without a lock.
        self.0.cluster.change(|intake, _| {
            intake.expect_replicas(served.iter().map(ServedWorkload::claims));
            let known = &mut intake.snapshot_mut().ledger;
            known.track(groups);
            counting.update(known);
            // Tracking changes nothing that subscribers see.
            false
        });
        served
    }

    /// Time of the values, and whether they may be served (or are all 0 instead).
    ///
    /// # Errors
    /// If the data is stale and the policy is to hold.
    fn check_freshness(&self) -> Result<(bool, String), StatusError> {
        let time = |age| wall_clock(OffsetDateTime::now_utc() - age);
        let why = match self.freshness() {
            Freshness::Fresh(age) => return Ok((true, time(age))),
            Freshness::Starting(why) => why,
            Freshness::Stale(why, age) => match (self.0.policy.on_stale, self.stale_for(age)) {
                (OnStale::Zero, Some(age)) => return Ok((false, time(age))),
                _ => why,
            },
        };
        Err(StatusError::unavailable(format!("oppscale: {why}")))
    }
}

impl Counted {
    /// Logs which workloads are served or held since an earlier count.
    fn log_changes_since(&self, earlier: Option<&Self>) {
        // Both are in the order of their ids.
        let earlier = earlier.map_or(&[][..], |earlier| &earlier.workloads);
        let mut earlier = earlier.iter().peekable();
        for (served, share) in &self.workloads {
            while let Some((gone, _)) = earlier.next_if(|(before, _)| before.id < served.id) {
                log_gone(&gone.id);
            }
            let before = earlier.next_if(|(before, _)| before.id == served.id);
            let WorkloadId { namespace, kind, name } = &served.id;
            let (namespace, kind, name) = (&**namespace, kind.name, &**name);
            match (share, before.map(|(_, share)| share.as_ref().err())) {
                (Err(why), before) if before != Some(Some(why)) => {
                    tracing::warn!(reason = "WorkloadHeld", kind, namespace, name, "held: {why}");
                }
                (Ok(_), Some(Some(_))) => {
                    tracing::info!(
                        reason = "WorkloadServed",
                        kind,
                        namespace,
                        name,
                        "served again"
                    );
                }
                (Ok(_), None) => {
                    tracing::info!(reason = "WorkloadServed", kind, namespace, name, "served");
                }
                _ => {}
            }
        }
        earlier.for_each(|(gone, _)| log_gone(&gone.id));
    }
}

fn log_gone(WorkloadId { namespace, kind, name }: &WorkloadId) {
    let (namespace, kind, name) = (&**namespace, kind.name, &**name);
    tracing::info!(reason = "WorkloadGone", kind, namespace, name, "no longer served");
}

fn reading(served: &ServedWorkload, share: &Result<Share, String>) -> WorkloadReading {
    WorkloadReading {
        namespace: served.id.namespace.clone(),
        kind: served.id.kind,
        name: served.id.name.clone(),
        labels: Arc::clone(&served.labels),
        values: share.as_ref().map_err(Clone::clone).map(|share| Values {
            fit_replicas: Some(share.fit),
            cpu_milli: share.remaining.get(CPU),
            memory_bytes: share.remaining.get(MEMORY),
        }),
    }
}

/// A time as RFC 3339, in whole seconds as Kubernetes writes it.
pub(super) fn wall_clock(time: OffsetDateTime) -> String {
    let time = time.replace_nanosecond(0).unwrap_or(time);
    // Only years beyond 9999 cannot be written.
    time.format(&Rfc3339).unwrap_or_default()
}

impl Source for MetricsState {
    fn workloads(&self) -> Result<Readings, StatusError> {
        let (is_fresh, time) = self.check_freshness()?;
        let counted = self.counted();
        if is_fresh {
            return Ok(Readings { time, workloads: Arc::clone(&counted.readings) });
        }
        let nothing = Values { fit_replicas: Some(0), cpu_milli: 0, memory_bytes: 0 };
        let none = |reading: &WorkloadReading| WorkloadReading {
            values: reading.values.clone().map(|_| nothing),
            ..reading.clone()
        };
        Ok(Readings { time, workloads: Arc::new(counted.readings.iter().map(none).collect()) })
    }

    fn nodes(&self) -> Result<NodeReadings, StatusError> {
        let (is_fresh, time) = self.check_freshness()?;
        let items = super::overview::nodes(self, &self.counted()).into_iter().map(|node| {
            let values = match (&node.unknown, is_fresh) {
                (Some(why), _) => Err(why.clone()),
                (None, false) => Ok(Values::default()),
                (None, true) => Ok(Values {
                    fit_replicas: None,
                    cpu_milli: node.remaining(CPU),
                    memory_bytes: node.remaining(MEMORY),
                }),
            };
            NodeReading { name: node.name, labels: node.labels, values }
        });
        Ok(NodeReadings { time, nodes: items.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_at_once_until_they_take_their_part_of_a_core() {
        let took = Duration::from_millis(10);
        let (mut budget, mut now) = (CountBudget::default(), Instant::now() + BURST);
        let mut counts_in = |time: Duration, gap: Duration| {
            let (end, mut counts) = (now + time, 0_u32);
            while now < end {
                match budget.allows(now) {
                    true => {
                        budget.spend(now, took);
                        now += took;
                        counts += 1;
                    }
                    false => now += gap,
                }
            }
            took * counts
        };
        let gap = Duration::from_millis(1);
        assert_eq!(counts_in(BURST, gap), BURST, "without a gap");
        let long = Duration::from_secs(10);
        let part = counts_in(long, gap).as_secs_f64() / long.as_secs_f64();
        assert!((0.49..=0.51).contains(&part), "{part} of a core");
    }
}
