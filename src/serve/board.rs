//! What is known now, counted when somebody asks.
//!
//! Nothing is counted while nobody asks, however many events come; whoever asks gets what
//! the last event made of it. The cluster state is locked only while its numbers are copied out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;

use super::catalog::{Catalog, Entry};
use crate::metrics_api::{Found, NodeReading, Readings, Refusal, Source, Values, WorkloadReading};
use oppscale_cluster::follow::{ClusterState, Followed, Health, Phase, WatchStatus};
use oppscale_core::kinds::Kind;
use oppscale_core::ledger::Population;
use oppscale_core::resources::{CPU, MEMORY};
use oppscale_core::share::{Claimant, Room, Share};

/// Answers that are asked for within this time share one count, or thousands of requests a
/// second would do nothing but count.
const SHARED: Duration = Duration::from_millis(5);
/// Where a count takes long, they share it for so many times as long: counting takes a third
/// of a core at most. With 3, values were up to 26 ms old where 20 are the aim; with 2, 19.
const PAUSE: u32 = 2;

/// What to answer when the cluster has not been heard for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStale {
    /// 503: the HPA leaves the replicas as they are.
    Hold,
    /// 0: the HPA takes the workload down to its least replicas.
    Zero,
}

/// When the cluster counts as unheard, and what then.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The greatest age.
    pub max_staleness: Duration,
    /// What then.
    pub on_stale: OnStale,
}

/// What is known now. Clones are the same.
#[derive(Debug, Clone)]
pub struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cluster_state: ClusterState,
    /// Its count of changes.
    changes: watch::Receiver<u64>,
    catalog: Catalog,
    kinds: Vec<(&'static Kind, Followed)>,
    patience: Patience,
    counted: Mutex<Option<Arc<Counted>>>,
    /// When what is known was last current.
    current: Mutex<Option<Instant>>,
}

/// Everything that was counted at one time.
#[derive(Debug)]
pub struct Counted {
    of: (u64, u64),
    at: Instant,
    took: Duration,
    /// The workloads with their shares, or why they are held.
    pub workloads: Vec<(Entry, Result<Share, String>)>,
    /// How many pods each of them has.
    pub populations: Vec<Population>,
    readings: Arc<Vec<WorkloadReading>>,
}

/// How well the cluster is heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// Well; what is known is at most so old.
    Clear(Duration),
    /// Not all has been read for the first time yet: what is missing.
    Starting(String),
    /// Not at all, or too long ago: why, and how old what is known is.
    Blind(String, Option<Duration>),
}

impl Board {
    /// A board of `picture` and of the workloads in `catalog`, which `kinds` are heard of.
    pub fn new(
        cluster_state: ClusterState,
        catalog: Catalog,
        kinds: Vec<(&'static Kind, Followed)>,
        patience: Patience,
    ) -> Self {
        let (changes, counted) = (cluster_state.changes(), Mutex::default());
        let current = Mutex::default();
        Self(Arc::new(Inner { cluster_state, changes, catalog, kinds, patience, counted, current }))
    }

    /// The cluster state that is counted.
    pub fn cluster_state(&self) -> &ClusterState {
        &self.0.cluster_state
    }

    /// How old what is known may be.
    pub fn max_staleness(&self) -> Duration {
        self.0.patience.max_staleness
    }

    /// The watches of the kinds of workloads. A custom kind that the cluster lacks is left out.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static Kind, WatchStatus)> {
        let feeds = self.0.kinds.iter().map(|(kind, followed)| (*kind, followed.status()));
        feeds.filter(|(kind, feed)| {
            !kind.is_custom() || feed.is_whole() && !matches!(feed.phase, Phase::Refused { .. })
        })
    }

    /// How well the cluster is heard.
    pub fn sight(&self) -> Sight {
        let (health, pods_unknown) = self
            .0
            .cluster_state
            .read(|snapshot, health| (health.clone(), snapshot.pods_unknown.clone()));
        let sight = self.sight_of(&health, pods_unknown);
        if let Sight::Clear(age) = sight {
            *self.current() = Instant::now().checked_sub(age);
        }
        sight
    }

    fn current(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long the cluster has been out of sight, where it was in sight before. A right
    /// that was taken away leaves nothing that has an age.
    fn blind_for(&self, age: Option<Duration>) -> Option<Duration> {
        let since = || self.current().map(|current| current.elapsed());
        age.or_else(since).filter(|age| *age > self.0.patience.max_staleness)
    }

    fn sight_of(&self, health: &Health, pods_unknown: Option<String>) -> Sight {
        let now = Instant::now();
        if let Phase::Refused { why, .. } = &health.nodes.phase {
            return Sight::Blind(format!("nodes may not be read: {why}"), None);
        }
        if let Phase::Refused { why, .. } = &health.pods.phase {
            return Sight::Blind(format!("pods may not be read: {why}"), None);
        }
        let mut age = match (health.nodes.age(now), health.pods.age(now)) {
            (Some(nodes), Some(pods)) => nodes.max(pods),
            (None, _) => return Sight::Starting("nodes have not been listed yet".to_owned()),
            _ => return Sight::Starting("pods have not been listed yet".to_owned()),
        };
        if let Some(why) = pods_unknown {
            return Sight::Blind(format!("pods are unknown: {why}"), None);
        }
        for (kind, feed) in self.kinds() {
            match (feed.age(now), &feed.phase) {
                // Without the right to see a kind, none of it is served; the others are.
                (_, Phase::Refused { .. }) => {}
                (Some(kind), _) => age = age.max(kind),
                (None, _) => {
                    let what = kind.plural;
                    return Sight::Starting(format!("{what} have not been listed yet"));
                }
            }
        }
        let most = self.0.patience.max_staleness;
        if age > most {
            let (age_seconds, most) = (age.as_secs(), most.as_secs());
            let why = format!(
                "the cluster was last heard {age_seconds}s ago, longer than the {most}s that \
                 --max-staleness allows"
            );
            return Sight::Blind(why, Some(age));
        }
        Sight::Clear(age)
    }

    /// What the workloads may have, as of the last event.
    pub fn counted(&self) -> Arc<Counted> {
        let inner = &self.0;
        let mut last = inner.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (*inner.changes.borrow(), inner.catalog.version());
        if let Some(last) = &*last
            && (last.of == of || last.at.elapsed() < SHARED.max(last.took * PAUSE))
        {
            return Arc::clone(last);
        }
        let counted = Arc::new(self.count(of.0));
        *last = Some(Arc::clone(&counted));
        counted
    }

    fn count(&self, change: u64) -> Counted {
        let began = Instant::now();
        let (version, entries, groups) = self.0.catalog.entries();
        let claimants: Vec<Option<Claimant>> =
            entries.iter().map(|entry| entry.claimant.clone().ok()).collect();
        let (mut room, mut populations) = (None, Vec::new());
        self.0.cluster_state.change(|intake, _| {
            let ledger = &mut intake.snapshot_mut().ledger;
            ledger.track(groups);
            room = Some(Room::of(ledger, &claimants));
            populations = ledger.populations(claimants.len());
            // Nothing has changed for those who look.
            false
        });
        let shares = room.map(|room| room.divide()).unwrap_or_default();
        let workloads: Vec<(Entry, Result<Share, String>)> = entries
            .into_iter()
            .zip(shares.into_iter().chain(std::iter::repeat(None)))
            .map(|(entry, share)| {
                let share = match (share, &entry.claimant) {
                    (Some(share), _) => Ok(share),
                    (None, Err(why)) => Err(why.clone()),
                    (None, Ok(_)) => Err("it has not been counted".to_owned()),
                };
                (entry, share)
            })
            .collect();
        let readings = workloads.iter().map(|(entry, share)| reading(entry, share)).collect();
        Counted {
            of: (change, version),
            at: Instant::now(),
            took: began.elapsed(),
            workloads,
            populations,
            readings: Arc::new(readings),
        }
    }

    /// Whether values may be told, and of when they are: they may, they are all 0, or they
    /// may not.
    fn may_tell(&self) -> Result<(bool, String), Refusal> {
        let time = |age| wall_clock(OffsetDateTime::now_utc() - age);
        let why = match self.sight() {
            Sight::Clear(age) => return Ok((true, time(age))),
            Sight::Starting(why) => why,
            Sight::Blind(why, age) => match (self.0.patience.on_stale, self.blind_for(age)) {
                (OnStale::Zero, Some(age)) => return Ok((false, time(age))),
                _ => why,
            },
        };
        Err(Refusal::unavailable(format!("oppscale: {why}")))
    }
}

fn reading(entry: &Entry, share: &Result<Share, String>) -> WorkloadReading {
    WorkloadReading {
        namespace: entry.id.namespace.clone(),
        kind: entry.id.kind,
        name: entry.id.name.clone(),
        labels: Arc::clone(&entry.labels),
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

impl Source for Board {
    fn workloads(&self) -> Result<Readings, Refusal> {
        let (tell, time) = self.may_tell()?;
        let counted = self.counted();
        if tell {
            return Ok(Readings { time, workloads: Arc::clone(&counted.readings) });
        }
        let nothing = Values { fit_replicas: Some(0), cpu_milli: 0, memory_bytes: 0 };
        let none = |reading: &WorkloadReading| WorkloadReading {
            values: reading.values.clone().map(|_| nothing),
            ..reading.clone()
        };
        Ok(Readings { time, workloads: Arc::new(counted.readings.iter().map(none).collect()) })
    }

    fn nodes(&self) -> Result<Found<NodeReading>, Refusal> {
        let (tell, time) = self.may_tell()?;
        let items = super::overview::nodes(self).into_iter().map(|node| {
            let values = match (&node.unknown, tell) {
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
        Ok(Found { time, items: items.collect() })
    }
}
