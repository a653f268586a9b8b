//! What the lines read so far mean: words, and the changes that they make.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::line::{Line, UnknownPod, WaitingPod, Workload, key_of, resources};
use crate::Intake;
use crate::follow::{Health, Phase};
use oppscale_core::malformed::Malformed;
use oppscale_core::model::{Node, PodSpec};
use oppscale_core::node::NodeRecord;
use oppscale_core::placement::Placement;
use oppscale_core::record::{PodRecord, Standing};
use oppscale_core::resources::Resources;

/// Words that lines use, by their numbers.
#[derive(Debug, Default)]
pub(super) struct State {
    hosts: HashMap<u32, Arc<str>>,
    groups: HashMap<u32, [Arc<str>; 3]>,
    footprints: HashMap<u32, Resources>,
    /// Whom the count is for.
    pub(super) workload: Workload,
}

/// A word or an object that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Nonsense(String);

impl State {
    /// Does what a line says.
    ///
    /// # Errors
    /// When it speaks of what no line before has named, or holds no such object.
    pub(super) fn apply(
        &mut self,
        line: Line<'_>,
        intake: &mut Intake,
        health: &mut Health,
    ) -> Result<(), Nonsense> {
        match line {
            Line::History(_) => {
                *self = Self::default();
                intake.clear();
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
            Line::Node(object) => intake.take_node(node(&object)?),
            Line::UnknownNode(name, problem) => {
                intake.take_node(NodeRecord::unknown(&name, Malformed::whole(problem)));
            }
            Line::NodeGone(name) => intake.delete_node(&name),
            Line::Pod(key, host, group, footprint, own) => {
                let host = self.hosts.get(&host).ok_or_else(|| unnamed("host", host))?;
                let footprint = self.footprint(footprint)?.clone();
                let standing = Standing::Bound { node: host, footprint };
                intake.take_pod(self.pod(&key, "", group, own, standing)?);
            }
            Line::Waiting(pod) => self.waiting(&pod, intake)?,
            Line::Unknown(pod) => unknown(&pod, intake)?,
            Line::Gone(key) => intake.delete_pod(&key_of(&key).ok_or_else(|| no_key(&key))?),
            Line::PodsUnknown(Some(why)) => intake.refuse_pods(&why),
            Line::PodsUnknown(None) => intake.know_pods(),
            Line::Connection(connection) => {
                let [nodes, pods] = connection.phases();
                health.nodes.phase = nodes;
                health.pods.phase = pods;
            }
            Line::T(_) => {}
        }
        Ok(())
    }

    fn waiting(&self, pod: &WaitingPod<'_>, intake: &mut Intake) -> Result<(), Nonsense> {
        let footprint = self.footprint(pod.footprint)?.clone();
        let placement = Box::new(placement(&pod.placement)?);
        let standing = Standing::Waiting { footprint, placement, gated: pod.gated };
        intake.take_pod(self.pod(&pod.key, &pod.name, pod.group, pod.own, standing)?);
        Ok(())
    }

    fn pod<'p>(
        &'p self,
        key: &str,
        name: &'p str,
        group: u32,
        own: u8,
        standing: Standing<'p>,
    ) -> Result<PodRecord<'p>, Nonsense> {
        let [namespace, kind, workload] =
            self.groups.get(&group).ok_or_else(|| unnamed("group", group))?;
        let key = key_of(key).ok_or_else(|| no_key(key))?;
        let workload = (&**kind, &**workload);
        Ok(PodRecord { key, namespace, name, workload, own: own != 0, standing })
    }

    fn footprint(&self, number: u32) -> Result<&Resources, Nonsense> {
        self.footprints.get(&number).ok_or_else(|| unnamed("footprint", number))
    }
}

fn unknown(pod: &UnknownPod<'_>, intake: &mut Intake) -> Result<(), Nonsense> {
    intake.take_pod(PodRecord {
        key: key_of(&pod.key).ok_or_else(|| no_key(&pod.key))?,
        namespace: &pod.namespace,
        name: &pod.name,
        workload: ("Pod", &pod.name),
        own: false,
        standing: Standing::Unknown {
            node: pod.node.as_deref(),
            problem: Malformed::whole(&pod.problem),
        },
    });
    Ok(())
}

fn node(object: &Value) -> Result<NodeRecord, Nonsense> {
    let text = object.to_string();
    let node: Node<'_> =
        serde_json::from_str(&text).map_err(|error| Nonsense(format!("no node: {error}")))?;
    Ok(NodeRecord::of(node))
}

/// The placement that a pod's spec writes so.
pub(super) fn placement(object: &Value) -> Result<Placement, Nonsense> {
    let text = object.to_string();
    let spec: PodSpec<'_> =
        serde_json::from_str(&text).map_err(|error| Nonsense(format!("no placement: {error}")))?;
    Placement::of(&spec).map_err(|error| Nonsense(error.to_string()))
}

fn unnamed(what: &str, number: u32) -> Nonsense {
    Nonsense(format!("{what} {number} has no name before this line"))
}

fn no_key(text: &str) -> Nonsense {
    Nonsense(format!("{text:?} is no key of a pod"))
}

/// A feed that a recording heard.
pub(super) fn heard(health: &mut Health) {
    for feed in [&mut health.nodes, &mut health.pods] {
        if !matches!(feed.phase, Phase::Refused { .. }) {
            feed.heard = Some(std::time::Instant::now());
        }
    }
}
