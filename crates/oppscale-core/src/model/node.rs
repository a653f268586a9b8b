//! The part of a Node that decides what it offers and whether it may be used.

use serde::Deserialize;

use super::{Condition, Metadata, ResourceList, Text, null_is_default};

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
