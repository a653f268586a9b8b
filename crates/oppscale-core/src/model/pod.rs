//! The part of a Pod that decides what it occupies, where, and whose it is.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Condition, Metadata, Pairs, ResourceList, Text, null_is_default};

/// A pod.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Pod<'a> {
    /// Name, labels, owners.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub metadata: Metadata<'a>,
    /// What was asked for.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub spec: PodSpec<'a>,
    /// What is.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub status: PodStatus<'a>,
}

impl Pod<'_> {
    /// Whether the pod has ended; such a pod occupies nothing.
    pub fn is_terminal(&self) -> bool {
        matches!(&*self.status.phase, "Succeeded" | "Failed")
    }

    /// Whether the pod has been given a node.
    pub fn is_bound(&self) -> bool {
        !self.spec.node_name.is_empty()
    }
}

/// What a pod asks for; also the `spec` of a pod template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec<'a> {
    /// The node it is bound to; empty while unscheduled.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub node_name: Text<'a>,
    /// Init containers in order, sidecars among them.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub init_containers: Vec<Container<'a>>,
    /// The app containers.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub containers: Vec<Container<'a>>,
    /// What the RuntimeClass adds.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub overhead: ResourceList<'a>,
    /// Pod-level resources (KEP-2837; beta since 1.34).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resources: Option<Requirements<'a>>,
    /// Labels a node must have.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub node_selector: Pairs<'a, Text<'a>>,
    /// Affinity rules, unparsed.
    #[serde(borrow, default)]
    pub affinity: Option<&'a RawValue>,
    /// Tolerated taints, unparsed.
    #[serde(borrow, default)]
    pub tolerations: Option<&'a RawValue>,
    /// Gates that keep the scheduler away; unparsed, for most pods have none.
    #[serde(borrow, default)]
    pub scheduling_gates: Option<&'a RawValue>,
}

/// A container of any sort.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container<'a> {
    /// Its name.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub name: Text<'a>,
    /// Its requests and limits.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resources: Requirements<'a>,
    /// `Always` makes an init container a sidecar.
    #[serde(default, deserialize_with = "null_is_default")]
    pub restart_policy: RestartPolicy,
}

/// The restart policy of a container, as far as it decides what is a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum RestartPolicy {
    /// The container goes on beside those after it.
    Always,
    /// Anything else.
    #[default]
    #[serde(other)]
    Other,
}

/// Requests and limits.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Requirements<'a> {
    /// What the scheduler sets aside.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub requests: ResourceList<'a>,
    /// The ceiling, unparsed: the scheduler never looks at it.
    #[serde(borrow, default)]
    pub limits: Option<&'a RawValue>,
}

/// What a pod's status says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus<'a> {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub phase: Text<'a>,
    /// Conditions, in order.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition<'a>>,
    /// Of the app containers.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub container_statuses: Vec<ContainerStatus<'a>>,
    /// Of the init containers.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub init_container_statuses: Vec<ContainerStatus<'a>>,
    /// Pod-level resources that are in force (1.36).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resources: Option<StatusResources<'a>>,
    /// Pod-level resources that the kubelet has granted (1.36).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub allocated_resources: ResourceList<'a>,
}

/// What a container's status says of its resources.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStatus<'a> {
    /// The container's name.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub name: Text<'a>,
    /// Resources in force; absent until the kubelet has reported them.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resources: Option<StatusResources<'a>>,
    /// Resources that the kubelet has granted.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub allocated_resources: ResourceList<'a>,
}

/// Requests as a status reports them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct StatusResources<'a> {
    /// The requests in force.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub requests: ResourceList<'a>,
}
