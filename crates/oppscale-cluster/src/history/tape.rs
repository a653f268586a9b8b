//! What changes, put into lines as it happens.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::line::{Line, UnknownPod, WaitingPod, amounts, key_text};
use crate::Journal;
use oppscale_core::node::NodeRecord;
use oppscale_core::record::{PodKey, PodRecord, Standing};
use oppscale_core::resources::Resources;

/// Lines that are not in the file yet, and the words that are used in them; clones are the
/// same tape.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    hosts: HashMap<Box<str>, u32>,
    groups: HashMap<[Box<str>; 3], u32>,
    footprints: HashMap<Resources, u32>,
}

impl Tape {
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
        let own = u8::from(pod.own);
        match &pod.standing {
            Standing::Gone => self.write(&Line::Gone(key)),
            Standing::Bound { node, footprint } => {
                let (host, group) = (self.host(node), self.group(pod));
                let footprint = self.footprint(footprint);
                self.write(&Line::Pod(key, host, group, footprint, own));
            }
            Standing::Waiting { footprint, placement, gated } => {
                let (group, footprint) = (self.group(pod), self.footprint(footprint));
                let (name, gated) = (pod.name.into(), *gated);
                let placement = placement.to_object();
                let pod = WaitingPod { key, name, group, footprint, own, gated, placement };
                self.write(&Line::Waiting(pod));
            }
            Standing::Unknown { node, problem } => self.write(&Line::Unknown(UnknownPod {
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

impl Journal for Tape {
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
