//! The lines, put into a file that is only ever added to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::jiff::Timestamp;
use oppscale_core::error::Error;
use oppscale_core::node::NodeRecord;
use oppscale_core::record::{PodKey, PodRecord, PodState};
use oppscale_core::resources::Resources;

use super::line::{
    Connection, Header, Line, MAGIC, UnknownPod, VERSION, WaitingPod, Workload, amounts, key_text,
};
use crate::ChangeObserver;
use crate::follow::ClusterState;

/// Interval at which changes are written, which is what a kill may lose.
pub const WRITE_EVERY: Duration = Duration::from_secs(1);
/// How often it is written that nothing has changed, so that a history tells a quiet
/// cluster from a recording that ended.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Writes a history.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    file: File,
    buffer: LineBuffer,
    started: Instant,
    /// Time of the last moment that was written; `None` before the first.
    last: Option<Instant>,
    connection: Option<Connection>,
    workload: Option<Workload>,
    version: Option<String>,
}

impl Recorder {
    /// Opens a file that is new, empty or a history to be continued.
    ///
    /// # Errors
    /// When it cannot be written, or is something else.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let context = |error: io::Error| {
            anyhow::Error::from(error).context(format!("cannot record to {}", path.display()))
        };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(context)?;
        let mut start = Vec::new();
        let is_file = file.metadata().map_err(context)?.is_file();
        if is_file {
            // Given back when the file is closed, by a kill too. Some file systems have none.
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                return Err(Error::failure(format!(
                    "{} is being written by another oppscale",
                    path.display()
                ))
                .hint("name another file, or end that recording first")
                .into());
            }
            (&file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(context)?;
        }
        if !MAGIC.starts_with(&start) {
            return Err(Error::failure(format!(
                "{} is no capacity history, and is left alone",
                path.display()
            ))
            .hint("name a new file, or one that --record has written")
            .into());
        }
        if !start.is_empty() && start.len() < MAGIC.len() {
            // A recording was cut off at its first word: there is nothing to be continued.
            file.set_len(0).map_err(context)?;
        } else if is_file && ends_in_half_a_line(&mut file).map_err(context)? {
            // A recording was cut off there. The next header tells so.
            file.write_all(b"\n").map_err(context)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            buffer: LineBuffer::default(),
            started: Instant::now(),
            last: None,
            connection: None,
            workload: None,
            version: None,
        })
    }

    /// Begins a recording, and returns the observer that must be notified of every change.
    pub fn start(&mut self, server: &str, context: Option<&str>) -> Box<dyn ChangeObserver> {
        self.started = Instant::now();
        let started = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        self.buffer.write(&Line::History(Header {
            version: VERSION,
            started: format!("{started:.3}").into(),
            server: server.into(),
            context: context.map(Cow::from),
        }));
        Box::new(self.buffer.clone())
    }

    /// Writes what has changed. It becomes a moment of the history once the cluster has
    /// been listed.
    ///
    /// # Errors
    /// When the file cannot be written. It may then be continued, from the last moment.
    pub fn write(
        &mut self,
        cluster_state: &ClusterState,
        workload: &Workload,
    ) -> anyhow::Result<()> {
        let (is_ready, connection, version) = cluster_state
            .read(|_, health| (health.is_ready(), Connection::of(health), health.version.clone()));
        if self.version != version
            && let Some(version) = version
        {
            self.buffer.write(&Line::Kubernetes(version.as_str().into()));
            self.version = Some(version);
        }
        if self.workload.as_ref() != Some(workload) {
            self.buffer.write(&Line::Workload(workload.clone()));
            self.workload = Some(workload.clone());
        }
        if is_ready && self.connection.as_ref() != Some(&connection) {
            self.buffer.write(&Line::Connection(connection.clone()));
            self.connection = Some(connection);
        }
        let mut text = self.buffer.take();
        let is_due = self.last.is_none_or(|last| last.elapsed() >= HEARTBEAT);
        if is_ready && (is_due || !text.is_empty()) {
            let now = self.started.elapsed().as_millis();
            text.extend_from_slice(format!("{{\"t\":{now}}}\n").as_bytes());
            self.last = Some(Instant::now());
        }
        self.file.write_all(&text).map_err(|error| {
            anyhow::Error::from(error)
                .context(format!("cannot go on recording to {}", self.path.display()))
        })
    }
}

fn ends_in_half_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Lines that are not in the file yet, and the words that are used in them; clones are the
/// same tape.
#[derive(Debug, Clone, Default)]
pub(super) struct LineBuffer(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    hosts: HashMap<Box<str>, u32>,
    groups: HashMap<[Box<str>; 3], u32>,
    footprints: HashMap<Resources, u32>,
}

impl LineBuffer {
    /// Takes the lines that have come since the last time.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.lines().text)
    }

    /// Adds a line.
    pub(super) fn write(&self, line: &Line<'_>) {
        self.lines().write(line);
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        // Lines are added whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn write(&mut self, line: &Line<'_>) {
        // Text and numbers, into memory: that does not fail.
        if serde_json::to_writer(&mut self.text, line).is_ok() {
            self.text.push(b'\n');
        }
    }

    fn host(&mut self, name: &str) -> u32 {
        if let Some(number) = self.hosts.get(name) {
            return *number;
        }
        let number = next(&self.hosts);
        self.hosts.insert(name.into(), number);
        self.write(&Line::Host(number, name.into()));
        number
    }

    fn group(&mut self, pod: &PodRecord<'_>) -> u32 {
        let (kind, name) = pod.workload;
        let key = [pod.namespace, kind, name].map(Box::<str>::from);
        if let Some(number) = self.groups.get(&key) {
            return *number;
        }
        let number = next(&self.groups);
        self.groups.insert(key, number);
        self.write(&Line::Group(number, pod.namespace.into(), kind.into(), name.into()));
        number
    }

    fn footprint(&mut self, footprint: &Resources) -> u32 {
        if let Some(number) = self.footprints.get(footprint) {
            return *number;
        }
        let number = next(&self.footprints);
        self.footprints.insert(footprint.clone(), number);
        self.write(&Line::Footprint(number, amounts(footprint)));
        number
    }

    fn pod(&mut self, pod: &PodRecord<'_>) {
        let key: Cow<'_, str> = key_text(&pod.key).into();
        let opportunistic = u8::from(pod.opportunistic);
        match &pod.state {
            PodState::Gone => self.write(&Line::Gone(key)),
            PodState::Bound { node, footprint } => {
                let (host, group) = (self.host(node), self.group(pod));
                let footprint = self.footprint(footprint);
                self.write(&Line::Pod(key, host, group, footprint, opportunistic));
            }
            PodState::Waiting { footprint, placement, gated, queueing } => {
                let pod = WaitingPod {
                    key,
                    name: pod.name.into(),
                    group: self.group(pod),
                    footprint: self.footprint(footprint),
                    opportunistic,
                    gated: *gated,
                    placement: placement.to_object(),
                    priority: queueing.priority,
                    preempts: queueing.preempts,
                    created: queueing.created.into(),
                    nominated_node: queueing.nominated_node.into(),
                };
                self.write(&Line::Waiting(pod));
            }
            PodState::Unknown { node, problem } => self.write(&Line::Unknown(UnknownPod {
                key,
                namespace: pod.namespace.into(),
                name: pod.name.into(),
                node: node.map(Cow::from),
                problem: problem.to_string().into(),
            })),
        }
    }
}

/// The next number in a dictionary.
fn next<K>(known: &HashMap<K, u32>) -> u32 {
    u32::try_from(known.len()).unwrap_or(u32::MAX)
}

impl ChangeObserver for LineBuffer {
    fn node(&mut self, node: &NodeRecord) {
        self.write(&match &node.allocatable {
            Ok(_) => Line::Node(node.to_object()),
            Err(problem) => Line::UnknownNode((&*node.name).into(), problem.to_string().into()),
        });
    }

    fn node_gone(&mut self, name: &str) {
        self.write(&Line::NodeGone(name.into()));
    }

    fn pod(&mut self, pod: &PodRecord<'_>) {
        self.lines().pod(pod);
    }

    fn pod_gone(&mut self, key: &PodKey) {
        self.write(&Line::Gone(key_text(key).into()));
    }

    fn pods_unknown(&mut self, why: Option<&str>) {
        self.write(&Line::PodsUnknown(why.map(Cow::from)));
    }
}
