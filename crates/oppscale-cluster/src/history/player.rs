//! The moments, put into a cluster state when their time has come.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use oppscale_core::malformed::Malformed;
use oppscale_core::model::{Node, PodSpec};
use oppscale_core::node::NodeRecord;
use oppscale_core::placement::Placement;
use oppscale_core::policy::{Basis, Policy};
use oppscale_core::record::{PodRecord, PodState, Queueing};
use oppscale_core::replica::Replica;
use oppscale_core::resources::Resources;
use serde_json::Value;

use super::line::{Header, Line, UnknownPod, WaitingPod, Workload, key_of, resources};
use super::reader::{HistoryError, Reader};
use crate::follow::{ClusterState, Health, Phase};
use crate::{PodRules, ResolvedWorkload, Snapshot, SnapshotBuilder};

/// Plays a history.
#[derive(Debug)]
pub struct Player {
    reader: Reader,
    state: State,
    cluster_state: ClusterState,
    /// The next moment.
    next: usize,
    position: Duration,
}

impl Player {
    /// Opens a history at its first moment.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        Self::start_of(Reader::open(path)?)
    }

    /// Opens a history in memory at its first moment; errors call it `path`.
    ///
    /// # Errors
    /// When it is no history.
    pub fn of(path: &Path, history: Vec<u8>) -> Result<Self, HistoryError> {
        Self::start_of(Reader::of(path, Box::new(Cursor::new(history)))?)
    }

    fn start_of(reader: Reader) -> Result<Self, HistoryError> {
        let cluster_state = ClusterState::new(Snapshot::default(), Health::default());
        let mut player = Self {
            reader,
            state: State::default(),
            cluster_state,
            next: 0,
            position: Duration::ZERO,
        };
        player.advance(player.start())?;
        Ok(player)
    }

    /// The cluster state that the recording updates.
    pub fn cluster_state(&self) -> &ClusterState {
        &self.cluster_state
    }

    /// The cluster at the present moment.
    pub fn into_snapshot(self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        self.cluster_state.change(|builder, _| {
            snapshot = std::mem::take(builder.snapshot_mut());
            false
        });
        snapshot
    }

    /// Header of the history.
    pub fn header(&self) -> &Header<'static> {
        self.reader.header()
    }

    /// The workload that the history was recorded for, without what tells its pods: each pod of
    /// the history is marked.
    pub fn workload(&self) -> ResolvedWorkload {
        let workload = &self.state.workload;
        let replica = resources(&workload.replica);
        let basis = Basis::ALL.into_iter().find(|b| workload.basis.as_deref() == Some(b.name()));
        // A file that was tampered with says what it likes.
        let burn = workload.burn.filter(|burn| *burn > 0);
        ResolvedWorkload {
            replica: (replica != Resources::default()).then(|| Replica::from_footprint(replica)),
            placement: placement(&workload.placement).unwrap_or_default(),
            priority: workload.priority,
            policy: Policy { basis: basis.unwrap_or_default(), burn, ..Policy::default() },
            rules: PodRules { is_one_per_node: workload.one_per_node, ..PodRules::default() },
            ..ResolvedWorkload::default()
        }
    }

    /// The time of the first moment: before it, the cluster was being listed.
    pub fn start(&self) -> Duration {
        self.reader.moments().first().map_or(Duration::ZERO, |moment| moment.at)
    }

    /// The time of the last moment.
    pub fn end(&self) -> Duration {
        self.reader.moments().last().map_or(Duration::ZERO, |moment| moment.at)
    }

    /// The time that is shown.
    pub fn position(&self) -> Duration {
        self.position
    }

    /// Wall-clock time of that position.
    pub fn wall(&self) -> Timestamp {
        let moment = self.next.checked_sub(1).and_then(|last| self.reader.moments().get(last));
        moment.map_or_else(Timestamp::default, |moment| moment.wall)
    }

    /// The time of the next moment; `None` at the end.
    pub fn next_at(&self) -> Option<Duration> {
        self.reader.moments().get(self.next).map(|moment| moment.at)
    }

    /// Goes on, or back, to this time.
    ///
    /// # Errors
    /// When the history is damaged there.
    pub fn seek(&mut self, to: Duration) -> Result<(), HistoryError> {
        let to = to.clamp(self.start(), self.end());
        let is_back = to < self.position;
        self.play(to, is_back)
    }

    /// Plays on to this time.
    ///
    /// # Errors
    /// When the history is damaged before it.
    pub fn advance(&mut self, to: Duration) -> Result<(), HistoryError> {
        self.play(to, false)
    }

    /// Plays on to this time, or from the start: lines say what changes, so what was before is
    /// found from there. Nobody sees the cluster half played.
    fn play(&mut self, to: Duration, from_start: bool) -> Result<(), HistoryError> {
        let mut outcome = Ok(());
        let Self { reader, state, cluster_state, next, .. } = self;
        let before = *next;
        cluster_state.change(|builder, health| {
            if from_start {
                *next = 0;
                *state = State::default();
                builder.clear();
            }
            while let Some(moment) = reader.moments().get(*next).copied()
                && moment.at <= to
            {
                outcome = reader.read(&moment, |line| state.apply(line, builder, health));
                if outcome.is_err() {
                    break;
                }
                *next += 1;
            }
            mark_fresh(health);
            // The state of its watch may have changed too; few moments have no change.
            builder.take_changed() | from_start | (*next != before)
        });
        self.position = to.min(self.end());
        outcome
    }
}

/// Words that lines use, by their numbers.
#[derive(Debug, Default)]
pub(super) struct State {
    hosts: HashMap<u32, Arc<str>>,
    groups: HashMap<u32, [Arc<str>; 3]>,
    footprints: HashMap<u32, Resources>,
    /// The workload that the count is for.
    pub(super) workload: Workload,
}

/// A word or an object that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct InvalidLine(String);

impl State {
    /// Does what a line says.
    ///
    /// # Errors
    /// When it speaks of what no line before has named, or holds no such object.
    pub(super) fn apply(
        &mut self,
        line: Line<'_>,
        builder: &mut SnapshotBuilder,
        health: &mut Health,
    ) -> Result<(), InvalidLine> {
        match line {
            Line::History(_) => {
                *self = Self::default();
                builder.clear();
            }
            Line::Kubernetes(version) => health.version = Some(version.into_owned()),
            Line::Workload(workload) => self.workload = workload,
            Line::Host(number, name) => drop(self.hosts.insert(number, name.as_ref().into())),
            Line::Group(number, namespace, kind, name) => {
                let group = [namespace, kind, name].map(|part| Arc::from(part.as_ref()));
                self.groups.insert(number, group);
            }
            Line::Footprint(number, amounts) => {
                self.footprints.insert(number, resources(&amounts));
            }
            Line::Node(object) => builder.take_node(node(&object)?),
            Line::UnknownNode(name, problem) => {
                builder.take_node(NodeRecord::unknown(&name, Malformed::whole(problem)));
            }
            Line::NodeGone(name) => builder.delete_node(&name),
            Line::Pod(key, host, group, footprint, own) => {
                let host = self.hosts.get(&host).ok_or_else(|| unnamed("host", host))?;
                let footprint = self.footprint(footprint)?.clone();
                let state = PodState::Bound { node: host, footprint };
                builder.take_pod(self.pod(&key, "", group, own, state)?);
            }
            Line::Waiting(pod) => self.waiting(&pod, builder)?,
            Line::Unknown(pod) => unknown(&pod, builder)?,
            Line::Gone(key) => builder.delete_pod(&key_of(&key).ok_or_else(|| no_key(&key))?),
            Line::PodsUnknown(Some(why)) => builder.refuse_pods(&why),
            Line::PodsUnknown(None) => builder.know_pods(),
            Line::Connection(connection) => {
                let [nodes, pods] = connection.phases();
                health.nodes.phase = nodes;
                health.pods.phase = pods;
            }
            Line::T(_) => {}
        }
        Ok(())
    }

    fn waiting(
        &self,
        pod: &WaitingPod<'_>,
        builder: &mut SnapshotBuilder,
    ) -> Result<(), InvalidLine> {
        let footprint = self.footprint(pod.footprint)?.clone();
        let placement = Box::new(placement(&pod.placement)?);
        let queueing = Queueing {
            priority: pod.priority,
            preempts: pod.preempts,
            created: &*pod.created,
            nominated_node: &*pod.nominated_node,
        };
        let state = PodState::Waiting { footprint, placement, gated: pod.gated, queueing };
        builder.take_pod(self.pod(&pod.key, &pod.name, pod.group, pod.opportunistic, state)?);
        Ok(())
    }

    fn pod<'p>(
        &'p self,
        key: &str,
        name: &'p str,
        group: u32,
        own: u8,
        state: PodState<'p>,
    ) -> Result<PodRecord<'p>, InvalidLine> {
        let [namespace, kind, workload] =
            self.groups.get(&group).ok_or_else(|| unnamed("group", group))?;
        let key = key_of(key).ok_or_else(|| no_key(key))?;
        let opportunistic = own != 0;
        // The history holds neither limits nor priorities; what was recorded as opportunistic
        // yielded.
        Ok(PodRecord {
            workload: (kind, workload),
            opportunistic,
            yields: opportunistic,
            ready: true,
            ..PodRecord::paid(key, namespace, name, state)
        })
    }

    fn footprint(&self, number: u32) -> Result<&Resources, InvalidLine> {
        self.footprints.get(&number).ok_or_else(|| unnamed("footprint", number))
    }
}

fn unknown(pod: &UnknownPod<'_>, builder: &mut SnapshotBuilder) -> Result<(), InvalidLine> {
    let key = key_of(&pod.key).ok_or_else(|| no_key(&pod.key))?;
    let problem = Malformed::whole(&pod.problem);
    let state = PodState::Unknown { node: pod.node.as_deref(), problem };
    builder.take_pod(PodRecord::paid(key, &pod.namespace, &pod.name, state));
    Ok(())
}

fn node(object: &Value) -> Result<NodeRecord, InvalidLine> {
    let text = object.to_string();
    let node: Node<'_> =
        serde_json::from_str(&text).map_err(|error| InvalidLine(format!("no node: {error}")))?;
    Ok(NodeRecord::of(node))
}

/// The placement that a pod's spec writes so.
pub(super) fn placement(object: &Value) -> Result<Placement, InvalidLine> {
    let text = object.to_string();
    let spec: PodSpec<'_> = serde_json::from_str(&text)
        .map_err(|error| InvalidLine(format!("no placement: {error}")))?;
    Placement::of(&spec).map_err(|error| InvalidLine(error.to_string()))
}

fn unnamed(what: &str, number: u32) -> InvalidLine {
    InvalidLine(format!("{what} {number} has no name before this line"))
}

fn no_key(text: &str) -> InvalidLine {
    InvalidLine(format!("{text:?} is no key of a pod"))
}

/// A watch of the recording.
pub(super) fn mark_fresh(health: &mut Health) {
    for feed in [&mut health.nodes, &mut health.pods] {
        if !matches!(feed.phase, Phase::Refused { .. }) {
            feed.fresh_at = Some(std::time::Instant::now());
        }
    }
}
