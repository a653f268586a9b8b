//! A pod reduced to what the ledger counts.

use std::collections::BTreeSet;

use super::defaulting;
use super::devices::{ClaimRef, claims_of};
use super::footprint;
use super::malformed::{Malformed, Problem};
use super::model::{Metadata, Pod, PodSpec, Requirements};
use super::ownership::{Ownership, workload_of};
use super::placement::Placement;
use super::resources::{CPU, MEMORY, Resources};

/// Identifies a pod through its life: the uid, or its name where it has none. A mirror pod counts
/// as one without: its kubelet knows the static pod under another uid and the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PodKey {
    /// A uid in the usual form; 16 bytes instead of 36.
    Uid([u8; 16]),
    /// `NAMESPACE/NAME`, or a uid of another form.
    Text(Box<str>),
}

impl PodKey {
    /// The key of a pod with this uid, as the number that its digits write.
    pub fn of_uid(uid: u128) -> Self {
        Self::Uid(uid.to_be_bytes())
    }

    /// The key of the pod with this metadata.
    pub fn of(metadata: &Metadata<'_>) -> Self {
        let is_mirror = metadata.annotations.get(MIRROR_ANNOTATION).is_some();
        let uid = if is_mirror { "" } else { &*metadata.uid };
        Self::of_parts(uid, &metadata.namespace, &metadata.name)
    }

    /// The key of the pod with this uid, or with this name if the uid is empty.
    pub fn of_parts(uid: &str, namespace: &str, name: &str) -> Self {
        match parse_uuid(uid) {
            Some(uid) => Self::of_uid(uid),
            None if uid.is_empty() => Self::Text(format!("{namespace}/{name}").into()),
            None => Self::Text(uid.into()),
        }
    }
}

/// Annotation of the object that stands for a static pod in the API (`ConfigMirrorAnnotationKey` of
/// `pkg/kubelet/types`, 1.36). No update can add or remove it.
const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// Reads `8-4-4-4-12` hexadecimal digits.
fn parse_uuid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut value = 0_u128;
    for (at, byte) in bytes.iter().enumerate() {
        match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => {}
            // Upper case would be another text with the same value.
            (8 | 13 | 18 | 23, _) | (_, b'A'..=b'F') => return None,
            _ => value = value << 4 | u128::from((*byte as char).to_digit(16)?),
        }
    }
    Some(value)
}

/// A pod as it is counted.
#[derive(Debug, Clone)]
pub struct PodRecord<'p> {
    /// Which pod it is.
    pub key: PodKey,
    /// Its namespace.
    pub namespace: &'p str,
    /// Its name.
    pub name: &'p str,
    /// Kind and name of the workload it belongs to.
    pub workload: (&'p str, &'p str),
    /// Whether it is the opportunistic workload's own.
    pub opportunistic: bool,
    /// Whether it yields to paid pods, by its priority.
    pub yields: bool,
    /// Whether it is being deleted, so that its controller replaces it.
    pub terminating: bool,
    /// Whether its condition `Ready` is true.
    pub ready: bool,
    /// The ResourceClaims that it uses.
    pub claims: Vec<ClaimRef>,
    /// The sum of its limits; `None` where they are not read, or cannot be.
    pub limits: Option<Resources>,
    /// State of the pod.
    pub state: PodState<'p>,
}

impl PodRecord<'_> {
    /// Lets a pod that is bound or waits occupy this much.
    pub fn set_footprint(&mut self, counted: &Resources) {
        if let PodState::Bound { footprint, .. } | PodState::Waiting { footprint, .. } =
            &mut self.state
        {
            footprint.clone_from(counted);
        }
    }
}

/// State of a pod: bound, waiting, ended or unknown.
#[derive(Debug, Clone)]
pub enum PodState<'p> {
    /// It occupies this much of a node.
    Bound {
        /// The node.
        node: &'p str,
        /// Its footprint there.
        footprint: Resources,
    },
    /// It waits for the scheduler to find it a node.
    Waiting {
        /// Its footprint once it has a node.
        footprint: Resources,
        /// Its placement.
        placement: Box<Placement>,
        /// Held back by scheduling gates: the scheduler does not look at it yet.
        gated: bool,
        /// Its turn in the scheduler's queue.
        queueing: Queueing<&'p str>,
    },
    /// It has ended, or is being deleted without ever having had a node.
    Gone,
    /// Its footprint is unknown.
    Unknown {
        /// The node it is bound to, if any.
        node: Option<&'p str>,
        /// Why.
        problem: Malformed,
    },
}

/// Place of a pod in the scheduler's queue, and which pods it may preempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queueing<S> {
    /// The priority; 0 if admission has set none.
    pub priority: i32,
    /// Whether the pod may preempt pods of lower priority.
    pub preempts: bool,
    /// `metadata.creationTimestamp`: RFC 3339 in UTC and whole seconds, so that the order of the
    /// texts is the order of the times. Empty on a pod that never passed an API server.
    pub created: S,
    /// `status.nominatedNodeName`: the node where the scheduler has preempted pods for this one;
    /// empty if there is none.
    pub nominated_node: S,
}

/// The priority of a pod or of the pods of a template: `spec.priority`, else that of a class
/// that every cluster has (`pkg/apis/scheduling/types.go`, 1.36). `None` if neither tells it.
pub fn priority_of(spec: &PodSpec<'_>) -> Option<i32> {
    spec.priority.or(match &*spec.priority_class_name {
        "system-node-critical" => Some(2_000_001_000),
        "system-cluster-critical" => Some(2_000_000_000),
        _ => None,
    })
}

/// Pods of a priority below this yield to paid pods: it is Cluster Autoscaler's cutoff
/// (`--expendable-pods-priority-cutoff`, -10 by default), below which a pod buys no node.
pub const YIELD_CUTOFF: i32 = -10;

/// Whether pods of this spec yield to paid pods: whether their priority is below
/// [`YIELD_CUTOFF`]. Admission gives every pod its priority, so one without it has never passed an
/// API server, or is a template of which only the class is known; then the label decides.
pub fn yields(spec: &PodSpec<'_>) -> bool {
    priority_of(spec).is_none_or(|priority| priority < YIELD_CUTOFF)
}

impl<'p> Queueing<&'p str> {
    pub(crate) fn of(pod: &'p Pod<'_>) -> Self {
        Self {
            priority: priority_of(&pod.spec).unwrap_or(0),
            preempts: &*pod.spec.preemption_policy != "Never",
            created: &pod.metadata.creation_timestamp,
            nominated_node: &pod.status.nominated_node_name,
        }
    }

    /// The same, owning its text.
    pub(crate) fn to_owned(&self) -> Queueing<Box<str>> {
        Queueing {
            priority: self.priority,
            preempts: self.preempts,
            created: self.created.into(),
            nominated_node: self.nominated_node.into(),
        }
    }
}

impl Queueing<Box<str>> {
    /// The same, borrowing its text.
    pub fn as_ref(&self) -> Queueing<&str> {
        Queueing {
            priority: self.priority,
            preempts: self.preempts,
            created: &self.created,
            nominated_node: &self.nominated_node,
        }
    }
}

impl<'p> PodRecord<'p> {
    /// A paid pod of its own that is not ready, without claims; its limits are not read.
    pub fn paid(key: PodKey, namespace: &'p str, name: &'p str, state: PodState<'p>) -> Self {
        Self {
            key,
            namespace,
            name,
            workload: ("Pod", name),
            opportunistic: false,
            yields: false,
            terminating: false,
            ready: false,
            claims: Vec::new(),
            limits: None,
            state,
        }
    }

    /// Reduces `pod`, which may lack what an API server fills in.
    pub fn of(pod: &'p Pod<'_>, ownership: &Ownership) -> Self {
        let metadata = &pod.metadata;
        let yields = yields(&pod.spec);
        Self {
            key: PodKey::of(metadata),
            namespace: &metadata.namespace,
            name: &metadata.name,
            workload: workload_of(metadata),
            // Whoever names a workload or a label knows whose pods are; anybody may set our label.
            opportunistic: ownership.owns(metadata) && (yields || !ownership.is_default()),
            yields,
            terminating: metadata.deletion_timestamp.is_some(),
            ready: pod
                .status
                .conditions
                .iter()
                .any(|condition| &*condition.kind == "Ready" && &*condition.status == "True"),
            claims: claims_of(pod),
            limits: None,
            state: state(pod),
        }
    }
}

/// Resources that a pod may request. Nodes have some ten, and whoever creates a pod may name tens
/// of thousands.
const MAX_RESOURCES: usize = 32;
/// Bytes of JSON of the limits of a container, which may become requests.
const MAX_LIMITS: usize = 512 * MAX_RESOURCES;

/// Fails if pods of this spec request more resources than are counted.
///
/// # Errors
/// With a sentence that says how many are.
pub fn check_resources(spec: &PodSpec<'_>) -> Result<(), Malformed> {
    let mut names = BTreeSet::new();
    let containers = spec.containers.iter().chain(&spec.init_containers);
    let mut requirements = containers.map(|container| &container.resources).chain(&spec.resources);
    let is_within = |requirements: &Requirements<'_>| {
        requirements.limits.unread_len() <= MAX_LIMITS
            && requirements.requests.iter().all(|(name, _)| {
                names.insert(name.to_owned());
                names.len() <= MAX_RESOURCES
            })
    };
    if requirements.all(is_within) {
        return Ok(());
    }
    Err(Malformed::whole(format_args!("it requests more than {MAX_RESOURCES} different resources")))
}

/// A pod without the requests that are not counted.
fn without_resources<'a>(pod: &Pod<'a>) -> Pod<'a> {
    let mut pod = pod.clone();
    let (spec, status) = (&mut pod.spec, &mut pod.status);
    let is_kept = |name: &str| matches!(name, CPU | MEMORY);
    let containers = spec.containers.iter_mut().chain(&mut spec.init_containers);
    let requirements = containers.map(|container| &mut container.resources);
    for requirements in requirements.chain(&mut spec.resources) {
        requirements.requests.retain(is_kept);
        requirements.limits = Default::default();
    }
    let statuses = status.container_statuses.iter_mut().chain(&mut status.init_container_statuses);
    for status in statuses {
        status.allocated_resources.retain(is_kept);
        if let Some(resources) = &mut status.resources {
            resources.requests.retain(is_kept);
        }
    }
    pod
}

fn state<'p>(pod: &'p Pod<'_>) -> PodState<'p> {
    if pod.is_terminal() {
        return PodState::Gone;
    }
    let node = pod.is_bound().then_some(&*pod.spec.node_name);
    let counted = match (check_resources(&pod.spec), node) {
        (Ok(()), _) => footprint_of(pod),
        (Err(problem), None) => Err(problem),
        // Its node still counts: the kubelet ignores resources that it does not have.
        (Err(_), Some(_)) => footprint_of(&without_resources(pod)),
    };
    let footprint = match counted {
        Ok(footprint) => footprint,
        Err(problem) => return PodState::Unknown { node, problem },
    };
    if let Some(node) = node {
        return PodState::Bound { node, footprint };
    }
    if pod.metadata.deletion_timestamp.is_some() {
        return PodState::Gone;
    }
    match Placement::of(&pod.spec) {
        Ok(placement) => PodState::Waiting {
            footprint,
            placement: Box::new(placement),
            gated: !pod.spec.scheduling_gates.is_empty(),
            queueing: Queueing::of(pod),
        },
        Err(problem) => PodState::Unknown { node, problem },
    }
}

/// The footprint of `pod`, with the API server's defaults if it never passed one.
///
/// # Errors
/// As [`footprint::of_pod`], and when the pod has no name.
pub fn footprint_of(pod: &Pod<'_>) -> Result<Resources, Malformed> {
    if pod.metadata.name.is_empty() {
        return Err(Malformed::new("metadata.name", Problem::Missing));
    }
    if pod.metadata.passed_api_server() {
        return footprint::of_pod(pod);
    }
    let mut defaulted = pod.clone();
    defaulting::set_defaults(&mut defaulted)?;
    footprint::of_pod(&defaulted)
}
