//! Devices of Dynamic Resource Allocation (`resource.k8s.io/v1`): how many there are, and how many
//! can still be allocated, per device class and node.
//!
//! A class is counted as a resource of its own, [`resource_of`] its name, beside cpu and memory:
//!
//! * A pod **holds** the devices of its claims: each counts for every class that selects it.
//! * On a node as many are **allocatable** as its pods hold and could be allocated beside them.
//!   What can be allocated follows the scheduler's allocator (1.36): devices in the order of their
//!   slices, of complete pools of the newest generation, without taints, as long as shared counters
//!   (partitionable devices) and capacity (shared devices) last.
//! * A device that several nodes reach counts on each of them, and once in sums over nodes.
//!
//! Nothing is guessed: an incomplete pool, a selector beyond the supported part of CEL
//! ([`selector`]) and a claim that was not read make the class unknown on the nodes concerned.

mod allocator;
mod inventory;
pub mod model;
pub mod selector;

pub use inventory::{AvailableDevices, DeviceId, DeviceInventory, DeviceObjects, MissingClaims};

use crate::model::{Pod, PodSpec};

/// The prefix of the resources that stand for device classes.
const CLASS_PREFIX: &str = "device:";
/// The prefix of the resources that stand for whole claims of a replica.
pub const CLAIM_PREFIX: &str = "claim:";
/// The prefix of the extended resource that stands for a DeviceClass (KEP-5004).
pub const IMPLICIT_PREFIX: &str = "deviceclass.resource.kubernetes.io/";

/// The resource as which devices of a class are counted: `device:gpu.example.com`.
pub fn resource_of(class: &str) -> String {
    format!("{CLASS_PREFIX}{class}")
}

/// The class that a resource stands for.
pub fn class_of(resource: &str) -> Option<&str> {
    resource.strip_prefix(CLASS_PREFIX)
}

/// Whether a resource stands for devices, and not for an amount that nodes and pods state.
pub fn is_of_devices(resource: &str) -> bool {
    resource.starts_with(CLASS_PREFIX) || resource.starts_with(CLAIM_PREFIX)
}

/// A claim that a pod or pod template uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimRef {
    /// This ResourceClaim of the pod's namespace.
    Claim(Box<str>),
    /// A claim that is made of this ResourceClaimTemplate for each pod.
    Template(Box<str>),
    /// The ResourceClaim that the scheduler made for the pod's extended resources.
    Extended(Box<str>),
}

impl ClaimRef {
    /// The name of the claim or template.
    pub fn name(&self) -> &str {
        match self {
            Self::Claim(name) | Self::Template(name) | Self::Extended(name) => name,
        }
    }
}

/// The claims that each pod of a template uses.
pub fn claims_of_template(spec: &PodSpec<'_>) -> Vec<ClaimRef> {
    claims_of(&Pod { spec: spec.clone(), ..Pod::default() })
}

/// The claims that a pod uses, the one of its extended resources among them.
pub fn claims_of(pod: &Pod<'_>) -> Vec<ClaimRef> {
    let generated = |name: &str| {
        let statuses = pod.status.resource_claim_statuses.iter();
        let of_name = statuses.filter(|status| *status.name == *name);
        of_name.map(|status| &*status.resource_claim_name).find(|name| !name.is_empty())
    };
    let claims = pod.spec.resource_claims.iter().filter_map(|claim| {
        match (&*claim.resource_claim_name, generated(&claim.name)) {
            ("", None) if claim.resource_claim_template_name.is_empty() => None,
            ("", None) => Some(ClaimRef::Template((&*claim.resource_claim_template_name).into())),
            ("", Some(name)) | (name, _) => Some(ClaimRef::Claim(name.into())),
        }
    });
    let extended = pod.status.extended_resource_claim_status.as_ref();
    let extended = extended.map(|status| ClaimRef::Extended((&*status.resource_claim_name).into()));
    claims.chain(extended).collect()
}
