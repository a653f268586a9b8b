//! The part of a Deployment, StatefulSet or ReplicaSet that tells which pods are its own.

use serde::Deserialize;

use super::{Metadata, Pairs, PodSpec, Text, null_is_default};

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
