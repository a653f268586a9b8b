//! What every object carries: metadata, owners, conditions.

use serde::Deserialize;

use super::{Pairs, Text, null_is_default};

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
    /// Who owns it; at most one owner is the controller.
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub owner_references: Vec<OwnerReference<'a>>,
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
