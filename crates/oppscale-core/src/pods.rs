//! Pods one by one, with all that their rows show. The ledger knows sums only, so pods are kept
//! beside it if a command shows them as rows, filters them, or moves them.

use std::collections::{BTreeMap, BTreeSet};

use super::devices::ClaimRef;
use super::footprint;
use super::ledger::{Bound, Group};
use super::limits;
use super::model::{Container, Pod, RestartPolicy, Text};
use super::placement::Placement;
use super::record::{PodKey, PodRecord, PodState, Queueing, priority_of};
use super::resources::Resources;
use super::selector::Selector;

/// Which pods are kept, and what of them.
#[derive(Debug, Clone, Default)]
pub struct PodQuery {
    /// Their namespaces; `None` for all.
    pub namespaces: Option<BTreeSet<String>>,
    /// The labels of those namespaces.
    pub namespace_labels: Option<Selector>,
    /// Their labels.
    pub labels: Selector,
    /// Phases to keep; empty for all but Succeeded and Failed.
    pub phases: Vec<String>,
    /// Labels whose values are kept.
    pub label_columns: Vec<String>,
    /// Whether containers are kept.
    pub containers: bool,
    /// Whether that is kept by which they could be placed anew.
    pub placements: bool,
}

/// A pod.
#[derive(Debug, Clone)]
pub struct PodDetail {
    /// Which pod it is.
    pub key: PodKey,
    /// Its name.
    pub name: Box<str>,
    /// Its workload, with the namespace.
    pub group: Group,
    /// Its node; `None` while it waits for one.
    pub node: Option<Box<str>>,
    /// Whether it is a filler.
    pub opportunistic: bool,
    /// Its footprint; empty if it has ended.
    pub footprint: Resources,
    /// The sum of its limits, if they can be read.
    pub limits: Option<Resources>,
    /// Its usage, where that is known.
    pub usage: Option<Resources>,
    /// Its priority.
    pub priority: i32,
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    pub qos: &'static str,
    /// Its phase; empty if it has none.
    pub phase: Box<str>,
    /// The labels that are wanted.
    pub labels: BTreeMap<String, String>,
    /// Its containers, if they are wanted: init containers first.
    pub containers: Vec<ContainerDetail>,
    /// What its placement depends on, if requested.
    pub placement_inputs: Option<PlacementInputs>,
}

/// What the placement of a pod depends on.
#[derive(Debug, Clone)]
pub struct PlacementInputs {
    /// Its own rules about nodes.
    pub placement: Placement,
    /// Its turn in the scheduler's queue.
    pub queueing: Queueing<Box<str>>,
    /// The ResourceClaims that it uses.
    pub claims: Vec<ClaimRef>,
    /// Whether it would be: a pod that is being deleted would not.
    pub is_leaving: bool,
}

/// A container.
#[derive(Debug, Clone)]
pub struct ContainerDetail {
    /// Its name.
    pub name: Box<str>,
    /// `app`, `init` or `sidecar`.
    pub role: &'static str,
    /// Its requests.
    pub requests: Resources,
    /// Its limits, if they can be read.
    pub limits: Option<Resources>,
    /// Its usage, where that is known.
    pub usage: Option<Resources>,
}

impl PodQuery {
    /// Whether pods are left out, so that sums are over a part of them.
    pub fn is_filter(&self) -> bool {
        self.namespaces.is_some()
            || self.namespace_labels.is_some()
            || !self.labels.is_empty()
            || !self.phases.is_empty()
    }

    /// Whether pods that have ended are meant, too.
    pub fn has_ended(&self) -> bool {
        let is_end = |phase: &String| {
            ["succeeded", "failed"].iter().any(|end| phase.eq_ignore_ascii_case(end))
        };
        self.phases.iter().any(is_end)
    }

    /// Whether a pod would be kept in another phase, if not in its own.
    pub fn matches_in_any_phase(&self, pod: &Pod<'_>) -> bool {
        let namespace = pod.metadata.namespace_or_default();
        self.namespaces.as_ref().is_none_or(|names| names.contains(namespace))
            && self.labels.matches(&pod.metadata.labels)
    }

    /// Whether a pod is kept.
    pub fn matches(&self, pod: &Pod<'_>) -> bool {
        let phase = &*pod.status.phase;
        self.matches_in_any_phase(pod)
            && match self.phases.is_empty() {
                true => !pod.is_terminal(),
                false => self.phases.iter().any(|wanted| wanted.eq_ignore_ascii_case(phase)),
            }
    }

    /// The details of a pod that was counted as `record`.
    pub fn detail(&self, pod: &Pod<'_>, record: &PodRecord<'_>) -> PodDetail {
        let (node, footprint) = match &record.state {
            PodState::Bound { node, footprint } => (Some(*node), footprint.clone()),
            PodState::Waiting { footprint, .. } => (None, footprint.clone()),
            PodState::Gone => {
                let node = pod.is_bound().then_some(&*pod.spec.node_name);
                (node, Resources::default())
            }
            PodState::Unknown { node, .. } => (*node, Resources::default()),
        };
        let (kind, workload) = record.workload;
        let namespace = pod.metadata.namespace_or_default();
        let init = pod.spec.init_containers.iter().filter(|_| self.containers);
        let apps = pod.spec.containers.iter().filter(|_| self.containers);
        let label = |key: &String| {
            Some((key.clone(), pod.metadata.labels.get(key).map(Text::as_str)?.to_owned()))
        };
        PodDetail {
            key: record.key.clone(),
            name: record.name.into(),
            group: Group { namespace: namespace.into(), kind: kind.into(), name: workload.into() },
            node: node.map(Box::from),
            opportunistic: record.opportunistic,
            footprint,
            limits: record.limits.clone().or_else(|| limits::of_pod(pod).ok()),
            usage: None,
            priority: priority_of(&pod.spec).unwrap_or(0),
            qos: limits::qos_class(pod),
            phase: (&*pod.status.phase).into(),
            labels: self.label_columns.iter().filter_map(label).collect(),
            containers: init.chain(apps).map(|one| ContainerDetail::of(one, pod)).collect(),
            placement_inputs: self
                .placements
                .then(|| {
                    Some(PlacementInputs {
                        placement: Placement::of(&pod.spec).ok()?,
                        queueing: Queueing::of(pod).to_owned(),
                        claims: record.claims.clone(),
                        is_leaving: pod.metadata.deletion_timestamp.is_some(),
                    })
                })
                .flatten(),
        }
    }
}

impl PodDetail {
    /// The pod as the ledger has it, if it occupies a node.
    pub fn as_bound(&self) -> Option<Bound<'_>> {
        Some(Bound {
            node: self.node.as_deref()?,
            footprint: &self.footprint,
            limits: self.limits.as_ref(),
            group: &self.group,
            opportunistic: self.opportunistic,
        })
    }
}

impl ContainerDetail {
    fn of(container: &Container<'_>, pod: &Pod<'_>) -> Self {
        let is_init = pod.spec.init_containers.iter().any(|init| init.name == container.name);
        let role = match (is_init, container.restart_policy == RestartPolicy::Always) {
            (true, true) => "sidecar",
            (true, false) => "init",
            (false, _) => "app",
        };
        Self {
            name: (&*container.name).into(),
            role,
            requests: footprint::of_container(container, pod).unwrap_or_default(),
            limits: limits::of_container(container, pod).ok(),
            usage: None,
        }
    }
}
