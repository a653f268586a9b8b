//! The few fields of Kubernetes objects that counting needs, borrowed from their JSON or protobuf.
//!
//! A pod is about 9 KB of JSON of which 300 bytes matter here. These structs read
//! those and skip the rest, without copying text. Every field is optional and `null` means
//! absent, as for Kubernetes itself. Each struct is read from JSON by serde, and from protobuf by
//! the numbers that `message!` gives its fields; nothing else lists them.
//!
//! Parts that are rarely needed (affinity, tolerations, limits) stay raw JSON here and
//! are parsed by those who ask.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::protobuf::{self, DecodeError, Field, Fields, message};

/// Reads a field that may be `null`, which Kubernetes takes for absent.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An object. A spec or status that nothing counts is passed over.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(bound(deserialize = "M: Deserialize<'de> + Default, S: Deserialize<'de> + Default, \
                             T: Deserialize<'de> + Default"))]
pub struct Object<M, S = IgnoredAny, T = IgnoredAny> {
    /// Metadata.
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: M,
    /// Spec.
    #[serde(default, deserialize_with = "null_is_default")]
    pub spec: S,
    /// Status.
    #[serde(default, deserialize_with = "null_is_default")]
    pub status: T,
}

message!([M: Field<'a>, S: Field<'a>, T: Field<'a>] Object<M, S, T> {
    1 => metadata,
    2 => spec,
    3 => status,
});

/// A node.
pub type Node<'a> = Object<Metadata<'a>, NodeSpec<'a>, NodeStatus<'a>>;
/// A pod.
pub type Pod<'a> = Object<Metadata<'a>, PodSpec<'a>, PodStatus<'a>>;
/// Anything with a selector and a pod template.
pub type Workload<'a> = Object<Metadata<'a>, WorkloadSpec<'a>>;

/// The part of `ObjectMeta` that matters here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The object's name.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub name: Text<'a>,
    /// Its namespace; empty for cluster-scoped objects.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub namespace: Text<'a>,
    /// Its identity; empty on an object that never passed an API server.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub uid: Text<'a>,
    /// Its labels.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub labels: Pairs<'a, Text<'a>>,
    /// Its annotations.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub annotations: Pairs<'a, Text<'a>>,
    /// Who owns it; at most one owner is the controller.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub owner_references: Vec<OwnerReference<'a>>,
    /// Time at which the API server first stored it.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub creation_timestamp: Time<'a>,
    /// Time of deletion; set once deletion was requested.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub deletion_timestamp: Option<Time<'a>>,
}

message!(Metadata {
    1 => name,
    3 => namespace,
    5 => uid,
    8 => creation_timestamp,
    9 => deletion_timestamp,
    11 => labels,
    12 => annotations,
    13 => owner_references,
});

impl<'a> Metadata<'a> {
    /// The owner that controls this object.
    pub fn controller(&self) -> Option<&OwnerReference<'a>> {
        self.owner_references.iter().find(|owner| owner.controller)
    }

    /// The namespace of a namespaced object: `default` for text that leaves it out, as kubectl
    /// takes it.
    pub fn namespace_or_default(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    /// Whether an API server has defaulted and stored the object. Text written by hand
    /// has no uid.
    pub fn passed_api_server(&self) -> bool {
        !self.uid.is_empty()
    }
}

/// A reference to an owning object.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct OwnerReference<'a> {
    /// Its kind, such as `ReplicaSet`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub kind: Text<'a>,
    /// Its name.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub name: Text<'a>,
    /// Its identity.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub uid: Text<'a>,
    /// Whether this owner is the managing controller.
    #[serde(default, deserialize_with = "null_is_default")]
    pub controller: bool,
}

message!(OwnerReference { 1 => kind, 3 => name, 4 => uid, 6 => controller });

/// One condition of a status.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Condition<'a> {
    /// The condition's type, such as `Ready`.
    #[serde(borrow, rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: Text<'a>,
    /// `True`, `False` or `Unknown`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub status: Text<'a>,
    /// A word for why.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub reason: Text<'a>,
}

// Conditions of nodes and of pods have the same numbers.
message!(Condition { 1 => kind, 2 => status, 5 => reason });

/// Spec of a node.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NodeSpec<'a> {
    /// Cordoned.
    #[serde(default, deserialize_with = "null_is_default")]
    pub unschedulable: bool,
    /// Its taints.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub taints: Vec<Taint<'a>>,
}

message!(NodeSpec { 4 => unschedulable, 5 => taints });

/// A taint: pods that do not tolerate it are kept away.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Taint<'a> {
    /// Its key.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub key: Text<'a>,
    /// Its value; may be empty.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub value: Text<'a>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub effect: Text<'a>,
}

message!(Taint { 1 => key, 2 => value, 3 => effect });

impl Taint<'_> {
    /// The same taint, owning its text.
    pub fn into_owned(self) -> Taint<'static> {
        Taint {
            key: self.key.into_owned(),
            value: self.value.into_owned(),
            effect: self.effect.into_owned(),
        }
    }
}

/// Status of a node.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NodeStatus<'a> {
    /// Allocatable; absent if the node has not reported it.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub allocatable: Option<ResourceList<'a>>,
    /// Capacity of the node.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub capacity: ResourceList<'a>,
    /// Conditions, `Ready` among them.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition<'a>>,
}

message!(NodeStatus { 1 => capacity, 2 => allocatable, 4 => conditions });

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

/// Spec of a pod, or of a pod template.
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
    /// Overhead of the RuntimeClass.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub overhead: ResourceList<'a>,
    /// Pod-level resources (KEP-2837; beta since 1.34).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resources: Option<Requirements<'a>>,
    /// Labels a node must have.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub node_selector: Pairs<'a, Text<'a>>,
    /// Affinity rules.
    #[serde(borrow, default)]
    pub affinity: Lazy<'a, Affinity<'a>>,
    /// Tolerated taints.
    #[serde(borrow, default)]
    pub tolerations: Lazy<'a, Vec<Toleration<'a>>>,
    /// The priority, which admission sets from the PriorityClass; a template rarely has it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub priority: Option<i32>,
    /// The PriorityClass.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub priority_class_name: Text<'a>,
    /// `Never` if the pod may not preempt others.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub preemption_policy: Text<'a>,
    /// Gates that keep the scheduler away.
    #[serde(default, deserialize_with = "null_is_default")]
    pub scheduling_gates: Vec<SchedulingGate>,
    /// ResourceClaims that it uses.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resource_claims: Vec<PodResourceClaim<'a>>,
}

message!(PodSpec {
    2 => containers,
    7 => node_selector,
    10 => node_name,
    18 => affinity,
    20 => init_containers,
    22 => tolerations,
    24 => priority_class_name,
    25 => priority,
    31 => preemption_policy,
    32 => overhead,
    38 => scheduling_gates,
    39 => resource_claims,
    40 => resources,
});

/// A part that few readers need. JSON is parsed only for those.
#[derive(Debug, Clone)]
pub enum Lazy<'a, T> {
    /// The JSON that is parsed when it is needed.
    Json(&'a RawValue),
    /// Value that was read.
    Read(T),
}

impl<T: Default> Default for Lazy<'_, T> {
    fn default() -> Self {
        Self::Read(T::default())
    }
}

impl<T> Lazy<'_, T> {
    /// Number of bytes that reading it would parse; 0 if it was read already.
    pub fn unread_len(&self) -> usize {
        match self {
            Self::Json(json) => json.get().len(),
            Self::Read(_) => 0,
        }
    }
}

impl<'a, T: Deserialize<'a> + Default> Lazy<'a, T> {
    /// What it says.
    ///
    /// # Errors
    /// When the JSON has another shape.
    pub fn read(&self) -> serde_json::Result<Cow<'_, T>>
    where
        T: Clone,
    {
        match self {
            Self::Json(json) => {
                Option::deserialize(*json).map(|v| Cow::Owned(v.unwrap_or_default()))
            }
            Self::Read(value) => Ok(Cow::Borrowed(value)),
        }
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Lazy<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Self::Json)
    }
}

impl<'a, T: Field<'a> + Default> Field<'a> for Lazy<'a, T> {
    fn take(&mut self, value: protobuf::Value<'a>) -> Result<(), DecodeError> {
        match self {
            // Nothing is read from both.
            Self::Json(_) => Err(DecodeError::Type),
            Self::Read(read) => read.take(value),
        }
    }
}

/// The rules about other objects by which a pod chooses a node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Affinity<'a> {
    /// Affinity to nodes.
    #[serde(borrow)]
    pub node_affinity: Option<NodeAffinity<'a>>,
}

message!(Affinity { 1 => node_affinity });

/// Rules about nodes.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NodeAffinity<'a> {
    /// Terms of which a node must meet one.
    #[serde(borrow, rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector<'a>>,
}

message!(NodeAffinity { 1 => required });

/// Alternatives, one of which a node must meet.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSelector<'a> {
    /// The alternatives.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub node_selector_terms: Vec<NodeSelectorTerm<'a>>,
}

message!(NodeSelector { 1 => node_selector_terms });

/// Requirements that a node must all meet.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSelectorTerm<'a> {
    /// Requirements on labels.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub match_expressions: Vec<SelectorRequirement<'a>>,
    /// Requirements on fields.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub match_fields: Vec<SelectorRequirement<'a>>,
}

message!(NodeSelectorTerm { 1 => match_expressions, 2 => match_fields });

/// A toleration of taints.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Toleration<'a> {
    /// The taints' key; empty for all.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub key: Text<'a>,
    /// `Equal` (or empty), `Exists`, `Lt` or `Gt`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub operator: Text<'a>,
    /// Value that the taint must have.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub value: Text<'a>,
    /// The taints' effect; empty for all.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub effect: Text<'a>,
}

message!(Toleration { 1 => key, 2 => operator, 3 => value, 4 => effect });

/// A scheduling gate, of which only its presence matters.
#[derive(Debug, Clone, Copy, Default)]
pub struct SchedulingGate;

impl<'de> Deserialize<'de> for SchedulingGate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Field<'_> for SchedulingGate {
    fn take(&mut self, value: protobuf::Value<'_>) -> Result<(), DecodeError> {
        value.bytes().map(drop)
    }
}

/// A time as RFC 3339 writes it: `2026-11-24T03:00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Time<'a>(#[serde(borrow)] Text<'a>);

impl Deref for Time<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// In protobuf the seconds since 1970; Kubernetes sets no fractions.
impl<'a> Field<'a> for Time<'a> {
    fn take(&mut self, value: protobuf::Value<'a>) -> Result<(), DecodeError> {
        let mut seconds = 0_i64;
        for field in Fields::of(value.bytes()?) {
            if let (1, value) = field? {
                seconds.take(value)?;
            }
        }
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Days since March of the year 0, by eras of 400 years, each of which is alike.
        let (era, day) =
            ((days + 719_468).div_euclid(146_097), (days + 719_468).rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march = (5 * day + 2) / 153;
        let day = day - (153 * march + 2) / 5 + 1;
        let month = (march + 2) % 12 + 1;
        let year = era * 400 + year + i64::from(month <= 2);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let text =
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60);
        self.0 = text.into();
        Ok(())
    }
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

message!(Container { 1 => name, 8 => resources, 24 => restart_policy });

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

impl Field<'_> for RestartPolicy {
    fn take(&mut self, value: protobuf::Value<'_>) -> Result<(), DecodeError> {
        *self = if value.bytes()? == b"Always" { Self::Always } else { Self::Other };
        Ok(())
    }
}

/// Requests and limits.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Requirements<'a> {
    /// Requests.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub requests: ResourceList<'a>,
    /// The ceiling, which the scheduler never looks at.
    #[serde(borrow, default)]
    pub limits: Lazy<'a, ResourceList<'a>>,
}

message!(Requirements { 1 => limits, 2 => requests });

/// Status of a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus<'a> {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub phase: Text<'a>,
    /// `Guaranteed`, `Burstable` or `BestEffort`; empty on a pod that never passed an API server.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub qos_class: Text<'a>,
    /// The node where the scheduler has preempted pods for this one; empty for most.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub nominated_node_name: Text<'a>,
    /// Conditions, in order.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition<'a>>,
    /// Statuses of the app containers.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub container_statuses: Vec<ContainerStatus<'a>>,
    /// Statuses of the init containers.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub init_container_statuses: Vec<ContainerStatus<'a>>,
    /// Pod-level resources that are in force (1.36).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resources: Option<StatusResources<'a>>,
    /// Pod-level resources that the kubelet has granted (1.36).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub allocated_resources: ResourceList<'a>,
    /// The claims that were made of its claim templates.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resource_claim_statuses: Vec<ResourceClaimStatus<'a>>,
    /// The claim that serves its extended resources (KEP-5004).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub extended_resource_claim_status: Option<ExtendedResourceClaimStatus<'a>>,
}

/// A reference of a pod to a ResourceClaim, or to a template of one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodResourceClaim<'a> {
    /// Its name in the pod.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub name: Text<'a>,
    /// The claim.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resource_claim_name: Text<'a>,
    /// The template.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resource_claim_template_name: Text<'a>,
}

message!(PodResourceClaim {
    1 => name,
    3 => resource_claim_name,
    4 => resource_claim_template_name,
});

/// A ResourceClaim that was made for a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceClaimStatus<'a> {
    /// The name of the reference in the pod.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub name: Text<'a>,
    /// The claim.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resource_claim_name: Text<'a>,
}

message!(ResourceClaimStatus { 1 => name, 2 => resource_claim_name });

/// The ResourceClaim that was made for a pod's extended resources.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtendedResourceClaimStatus<'a> {
    /// The claim.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub resource_claim_name: Text<'a>,
}

message!(ExtendedResourceClaimStatus { 2 => resource_claim_name });

message!(PodStatus {
    1 => phase,
    9 => qos_class,
    2 => conditions,
    8 => container_statuses,
    10 => init_container_statuses,
    11 => nominated_node_name,
    15 => resource_claim_statuses,
    18 => extended_resource_claim_status,
    19 => allocated_resources,
    20 => resources,
});

/// Resources in a container's status.
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

message!(ContainerStatus { 1 => name, 10 => allocated_resources, 11 => resources });

/// Requests and limits as a status reports them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct StatusResources<'a> {
    /// The requests in force.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub requests: ResourceList<'a>,
    /// The limits in force.
    #[serde(borrow, default)]
    pub limits: Lazy<'a, ResourceList<'a>>,
}

message!(StatusResources { 1 => limits, 2 => requests });

/// Spec of a workload.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WorkloadSpec<'a> {
    /// Which pods it manages.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub selector: LabelSelectorJson<'a>,
    /// Pod template.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub template: PodTemplate<'a>,
}

/// A pod template.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PodTemplate<'a> {
    /// The spec of each pod.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub spec: PodSpec<'a>,
}

/// A `LabelSelector` as written in an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelectorJson<'a> {
    /// Labels that must have these values.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub match_labels: Pairs<'a, Text<'a>>,
    /// Further requirements.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub match_expressions: Vec<SelectorRequirement<'a>>,
}

/// One requirement on a label (or, for nodes, on a field).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SelectorRequirement<'a> {
    /// The label.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub key: Text<'a>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, and for nodes `Gt`, `Lt`.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub operator: Text<'a>,
    /// The operator's values.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub values: Vec<Text<'a>>,
}

message!(SelectorRequirement { 1 => key, 2 => operator, 3 => values });

/// A string that points into the JSON it was read from, unless it had escapes. Clones of one that
/// owns its bytes share them.
#[derive(Clone)]
pub struct Text<'a>(Content<'a>);

#[derive(Clone)]
enum Content<'a> {
    Borrowed(&'a str),
    Shared(Arc<str>),
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Content::Borrowed(text) => text,
            Content::Shared(text) => text,
        }
    }

    /// The same text, owning its bytes.
    pub fn into_owned(self) -> Text<'static> {
        match self.0 {
            Content::Borrowed(text) => Arc::<str>::from(text).into(),
            Content::Shared(text) => text.into(),
        }
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        "".into()
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other)
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Content::Borrowed(text))
    }
}

impl From<Arc<str>> for Text<'_> {
    fn from(text: Arc<str>) -> Self {
        Self(Content::Shared(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(text.into())
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Arc::<str>::from(text).into())
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A JSON object of `K: V` in the order it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Pairs<'a, V> {
    pairs: Vec<(Text<'a>, V)>,
    /// Whether the keys ascend, as API servers write them: then whoever writes tens of thousands
    /// of keys does not make each of them be compared with all.
    is_sorted: bool,
}

impl<V> Default for Pairs<'_, V> {
    fn default() -> Self {
        Self { pairs: Vec::new(), is_sorted: true }
    }
}

impl<V: fmt::Debug> fmt::Debug for Pairs<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.pairs.iter().map(|(k, v)| (k, v))).finish()
    }
}

impl<'a, V> Pairs<'a, V> {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.position(key).ok().and_then(|at| self.pairs.get(at)).map(|(_, v)| v)
    }

    /// Every pair, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.pairs.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Every pair, the key as it was read.
    pub fn entries(&self) -> impl Iterator<Item = (&Text<'a>, &V)> {
        self.pairs.iter().map(|(k, v)| (k, v))
    }

    /// Every value, to be changed in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.pairs.iter_mut().map(|(_, v)| v)
    }

    /// Whether there is no pair at all.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Keeps the pairs of these keys.
    pub fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.pairs.retain(|(key, _)| is_kept(key));
    }

    /// Adds a pair, or replaces the value of its key.
    pub fn insert(&mut self, key: Text<'a>, value: V) {
        match self.position(&key) {
            Ok(at) => self.pairs[at].1 = value,
            Err(at) => {
                self.is_sorted &= at == self.pairs.len();
                self.pairs.push((key, value));
            }
        }
    }

    /// Index of a key, or of its place in the order.
    fn position(&self, key: &str) -> Result<usize, usize> {
        match self.is_sorted {
            true => self.pairs.binary_search_by(|(known, _)| known.as_str().cmp(key)),
            false => self.pairs.iter().position(|(known, _)| &**known == key).ok_or(0),
        }
    }
}

impl Pairs<'_, Text<'_>> {
    /// The same pairs, owning their text.
    pub fn into_owned(self) -> Pairs<'static, Text<'static>> {
        let pairs = self.pairs.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        Pairs { pairs, is_sorted: self.is_sorted }
    }

    /// The same pairs, with text that `share` keeps, and no room for more.
    pub(crate) fn shared(
        &self,
        mut share: impl FnMut(&str) -> Arc<str>,
    ) -> Pairs<'static, Text<'static>> {
        let shared = self.pairs.iter().map(|(k, v)| (share(k).into(), share(v).into()));
        Pairs { pairs: shared.collect(), is_sorted: self.is_sorted }
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Pairs<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor<'a, V>(PhantomData<(&'a (), V)>);
        impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<'a, V> {
            type Value = Pairs<'a, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Pairs::default();
                while let Some(key) = map.next_key()? {
                    // The last of two equal keys wins, as in Go's decoder.
                    pairs.insert(key, map.next_value()?);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

/// A quantity as it was written: a string, a bare number, or `null` for 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawQuantity<'a>(Text<'a>);

impl RawQuantity<'_> {
    /// The text of the quantity.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawQuantity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuantityVisitor;
        impl<'de> Visitor<'de> for QuantityVisitor {
            type Value = RawQuantity<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                // Upstream trims the JSON value before it parses.
                Ok(RawQuantity(text.trim().into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(RawQuantity(text.trim().to_owned().into()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(RawQuantity(number.to_string().into()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(RawQuantity(number.to_string().into()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(RawQuantity(format!("{number:e}").into()))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(RawQuantity("0".into()))
            }
        }
        deserializer.deserialize_any(QuantityVisitor)
    }
}

impl Default for RawQuantity<'_> {
    fn default() -> Self {
        Self("0".into())
    }
}

/// In protobuf a message whose first field is the text.
impl<'a> Field<'a> for RawQuantity<'a> {
    fn take(&mut self, value: protobuf::Value<'a>) -> Result<(), DecodeError> {
        for field in Fields::of(value.bytes()?) {
            if let (1, value) = field? {
                self.0.take(value)?;
            }
        }
        Ok(())
    }
}

/// Resource names and their quantities, as in `resources.requests`.
pub type ResourceList<'a> = Pairs<'a, RawQuantity<'a>>;

impl<'a> RawQuantity<'a> {
    /// A quantity given as text.
    pub fn from_text(text: impl Into<Text<'a>>) -> Self {
        Self(text.into())
    }
}
