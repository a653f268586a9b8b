//! The few fields of Kubernetes objects that counting needs, borrowed from their JSON.
//!
//! A pod is about 9 KB of JSON of which 300 bytes matter here. These structs read
//! those and skip the rest, without copying text: seven times faster than the full
//! types, and what a cluster of 150,000 pods is counted with. Every field is optional
//! and `null` means absent, as for Kubernetes itself.
//!
//! Parts that are rarely needed (affinity, tolerations, limits) stay raw JSON here and
//! are parsed by those who ask.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

/// Reads a field that may be `null`, which Kubernetes takes for absent.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

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
    /// Its annotations. Only those of nodes count; of pods in pages they are not kept.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub annotations: Pairs<'a, Text<'a>>,
    /// Who owns it; at most one owner is the controller.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub owner_references: Vec<OwnerReference<'a>>,
    /// When the API server stored it first, as RFC 3339 writes it.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub creation_timestamp: Text<'a>,
    /// Set once deletion has been asked for.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub deletion_timestamp: Option<Text<'a>>,
}

impl<'a> Metadata<'a> {
    /// The owner that controls this object.
    pub fn controller(&self) -> Option<&OwnerReference<'a>> {
        self.owner_references.iter().find(|owner| owner.controller)
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

/// A node.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Node<'a> {
    /// Name and labels.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub metadata: Metadata<'a>,
    /// Cordon and taints.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub spec: NodeSpec<'a>,
    /// Allocatable and conditions.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub status: NodeStatus<'a>,
}

/// What an operator set on a node.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NodeSpec<'a> {
    /// Cordoned.
    #[serde(default, deserialize_with = "null_is_default")]
    pub unschedulable: bool,
    /// Its taints.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub taints: Vec<Taint<'a>>,
}

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

/// What a node reports.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NodeStatus<'a> {
    /// What pods may take; absent when the node has not reported it.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub allocatable: Option<ResourceList<'a>>,
    /// What the machine has.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub capacity: ResourceList<'a>,
    /// Conditions, `Ready` among them.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition<'a>>,
}

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
    /// The priority, which admission sets from the PriorityClass; a template rarely has it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub priority: Option<i32>,
    /// The PriorityClass.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub priority_class_name: Text<'a>,
    /// `Never` if the pod may not preempt others.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub preemption_policy: Text<'a>,
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
    /// The node where the scheduler has preempted pods for this one; empty for most.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub nominated_node_name: Text<'a>,
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

/// Anything with a selector and a pod template.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Workload<'a> {
    /// Name, uid, owners.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub metadata: Metadata<'a>,
    /// Selector and template.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub spec: WorkloadSpec<'a>,
}

/// What a workload is made of.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WorkloadSpec<'a> {
    /// Which pods it manages.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub selector: LabelSelectorJson<'a>,
    /// What its pods look like.
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

/// A string that points into the JSON it was read from, unless it had escapes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, owning its bytes.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
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
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

/// A JSON object of `K: V` in the order it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Pairs<'a, V>(Vec<(Text<'a>, V)>);

impl<V> Default for Pairs<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V: fmt::Debug> fmt::Debug for Pairs<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(k, v)| (k, v))).finish()
    }
}

impl<'a, V> Pairs<'a, V> {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.0.iter().find(|(k, _)| &**k == key).map(|(_, v)| v)
    }

    /// Every pair, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Every pair, the key as it was read.
    pub fn entries(&self) -> impl Iterator<Item = (&Text<'a>, &V)> {
        self.0.iter().map(|(k, v)| (k, v))
    }

    /// Every value, to be changed in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, v)| v)
    }

    /// Whether there is no pair at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a pair, or replaces the value of its key.
    pub fn insert(&mut self, key: Text<'a>, value: V) {
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }
}

impl Pairs<'_, Text<'_>> {
    /// The same pairs, owning their text.
    pub fn into_owned(self) -> Pairs<'static, Text<'static>> {
        Pairs(self.0.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
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
pub struct RawQuantity<'a>(Cow<'a, str>);

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
                Ok(RawQuantity(Cow::Borrowed(text.trim())))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(RawQuantity(Cow::Owned(text.trim().to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(RawQuantity(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(RawQuantity(Cow::Owned(number.to_string())))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(RawQuantity(Cow::Owned(format!("{number:e}"))))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(RawQuantity(Cow::Borrowed("0")))
            }
        }
        deserializer.deserialize_any(QuantityVisitor)
    }
}

/// Resource names and their quantities, as in `resources.requests`.
pub type ResourceList<'a> = Pairs<'a, RawQuantity<'a>>;

impl<'a> RawQuantity<'a> {
    /// A quantity given as text.
    pub fn from_text(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }
}
