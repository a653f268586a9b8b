//! The fields of `resource.k8s.io/v1` objects that counting needs.
//!
//! These objects are few beside pods, so they own their text. Every field is optional and `null`
//! means absent.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Object, null_is_default};

/// Name and namespace of an object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ObjectName {
    /// The name.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// The namespace; empty for cluster-scoped objects.
    #[serde(deserialize_with = "null_is_default")]
    pub namespace: String,
    /// Time of creation, in RFC 3339.
    #[serde(rename = "creationTimestamp", deserialize_with = "null_is_default")]
    pub creation_timestamp: String,
}

/// A DeviceClass.
pub type DeviceClass = Object<ObjectName, DeviceClassSpec>;
/// A ResourceSlice.
pub type ResourceSlice = Object<ObjectName, ResourceSliceSpec>;
/// A ResourceClaim: the devices that it requests, and those that it holds.
pub type ResourceClaim = Object<ObjectName, ClaimSpec, ClaimStatus>;
/// A ResourceClaimTemplate.
pub type ResourceClaimTemplate = Object<ObjectName, ClaimTemplateSpec>;

/// Which devices a class has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeviceClassSpec {
    /// Selectors that a device must all meet.
    #[serde(deserialize_with = "null_is_default")]
    pub selectors: Vec<Selector>,
    /// The extended resource that stands for a device of the class (KEP-5004).
    #[serde(deserialize_with = "null_is_default")]
    pub extended_resource_name: String,
}

/// A selector of devices.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Selector {
    /// A CEL expression; absent in selectors of another kind.
    pub cel: Option<CelSelector>,
}

/// A selector in CEL.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CelSelector {
    /// The expression.
    #[serde(deserialize_with = "null_is_default")]
    pub expression: String,
}

/// Some devices of a pool, and who can reach them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceSliceSpec {
    /// The driver that publishes it.
    #[serde(deserialize_with = "null_is_default")]
    pub driver: String,
    /// The pool that it is a part of.
    #[serde(deserialize_with = "null_is_default")]
    pub pool: ResourcePool,
    /// Nodes that can reach the devices.
    #[serde(flatten)]
    pub access: NodeAccess,
    /// Whether each device says itself which nodes can reach it.
    #[serde(deserialize_with = "null_is_default")]
    pub per_device_node_selection: bool,
    /// The devices.
    #[serde(deserialize_with = "null_is_default")]
    pub devices: Vec<Device>,
    /// Counters that devices of the pool consume.
    #[serde(deserialize_with = "null_is_default")]
    pub shared_counters: Vec<CounterSet>,
}

/// Nodes that can reach devices: one, those that a selector selects, or all.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAccess {
    /// The one node.
    #[serde(deserialize_with = "null_is_default")]
    pub node_name: String,
    /// A NodeSelector.
    pub node_selector: Option<Value>,
    /// All nodes.
    #[serde(deserialize_with = "null_is_default")]
    pub all_nodes: bool,
}

/// A pool as a slice names it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourcePool {
    /// Its name.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// The generation that the slice belongs to. Only slices of the newest count.
    #[serde(deserialize_with = "null_is_default")]
    pub generation: i64,
    /// Number of slices of the pool in this generation.
    #[serde(deserialize_with = "null_is_default")]
    pub resource_slice_count: i64,
}

/// A device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Device {
    /// Its name, unique in the pool.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// Attributes by name; names without a domain are the driver's.
    #[serde(deserialize_with = "null_is_default")]
    pub attributes: BTreeMap<String, Attribute>,
    /// Capacities by name.
    #[serde(deserialize_with = "null_is_default")]
    pub capacity: BTreeMap<String, Capacity>,
    /// Counters that its allocation consumes (KEP-4815, partitionable devices).
    #[serde(deserialize_with = "null_is_default")]
    pub consumes_counters: Vec<CounterConsumption>,
    /// Nodes that can reach it, where the slice leaves that to its devices.
    #[serde(flatten)]
    pub access: NodeAccess,
    /// Taints, which requests must tolerate (KEP-5055).
    #[serde(deserialize_with = "null_is_default")]
    pub taints: Vec<DeviceTaint>,
    /// Whether it can be allocated several times, up to its capacity (KEP-5075).
    #[serde(deserialize_with = "null_is_default")]
    pub allow_multiple_allocations: bool,
}

/// The value of an attribute: one of these.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Attribute {
    /// An integer.
    pub int: Option<i64>,
    /// A truth value.
    pub bool: Option<bool>,
    /// A text.
    pub string: Option<String>,
    /// A semantic version.
    pub version: Option<String>,
}

/// An amount that a device has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Capacity {
    /// The amount, a quantity.
    #[serde(deserialize_with = "text_of_quantity")]
    pub value: String,
    /// Consumption of it by one allocation; all of it without a policy.
    pub request_policy: Option<RequestPolicy>,
}

/// Consumption of one allocation of a shared device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RequestPolicy {
    /// The amount of a request that names none, a quantity.
    #[serde(deserialize_with = "optional_quantity")]
    pub default: Option<String>,
    /// Amounts that may be consumed, ascending: a request is rounded up to one of them.
    #[serde(deserialize_with = "quantities")]
    pub valid_values: Vec<String>,
    /// The range of amounts that may be consumed.
    pub valid_range: Option<ValidRange>,
}

/// A range of amounts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ValidRange {
    /// The least.
    #[serde(deserialize_with = "optional_quantity")]
    pub min: Option<String>,
    /// The greatest.
    #[serde(deserialize_with = "optional_quantity")]
    pub max: Option<String>,
    /// The step between amounts.
    #[serde(deserialize_with = "optional_quantity")]
    pub step: Option<String>,
}

/// Counters of one set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CounterSet {
    /// The name of the set.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// The counters by name.
    #[serde(deserialize_with = "null_is_default")]
    pub counters: BTreeMap<String, Counter>,
}

/// Consumption of a counter set by a device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CounterConsumption {
    /// The name of the set.
    #[serde(deserialize_with = "null_is_default")]
    pub counter_set: String,
    /// Amounts by counter.
    #[serde(deserialize_with = "null_is_default")]
    pub counters: BTreeMap<String, Counter>,
}

/// An amount of a counter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Counter {
    /// The amount, a quantity.
    #[serde(deserialize_with = "text_of_quantity")]
    pub value: String,
}

/// A taint of a device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DeviceTaint {
    /// Its key.
    #[serde(deserialize_with = "null_is_default")]
    pub key: String,
    /// Its value.
    #[serde(deserialize_with = "null_is_default")]
    pub value: String,
    /// `NoSchedule`, `NoExecute` or another one, which keeps nothing away.
    #[serde(deserialize_with = "null_is_default")]
    pub effect: String,
}

/// A toleration of taints of devices.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DeviceToleration {
    /// The key; empty with `Exists` for all.
    #[serde(deserialize_with = "null_is_default")]
    pub key: String,
    /// `Equal` or `Exists`.
    #[serde(deserialize_with = "null_is_default")]
    pub operator: String,
    /// The value.
    #[serde(deserialize_with = "null_is_default")]
    pub value: String,
    /// The effect; empty for all.
    #[serde(deserialize_with = "null_is_default")]
    pub effect: String,
}

/// Spec of the claims of a template.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClaimTemplateSpec {
    /// The spec of each claim.
    #[serde(deserialize_with = "null_is_default")]
    pub spec: ClaimSpec,
}

/// Spec of a claim.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClaimSpec {
    /// The requests.
    #[serde(deserialize_with = "null_is_default")]
    pub devices: DeviceClaim,
}

/// Requests for devices that are allocated together.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DeviceClaim {
    /// The requests.
    #[serde(deserialize_with = "null_is_default")]
    pub requests: Vec<DeviceRequest>,
    /// Constraints between the devices.
    #[serde(deserialize_with = "null_is_default")]
    pub constraints: Vec<Constraint>,
}

/// A request for devices: exactly this, or the first of several that can be had.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeviceRequest {
    /// Its name.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// Exactly this.
    pub exactly: Option<ExactRequest>,
    /// The first of these that can be had (KEP-4816).
    #[serde(deserialize_with = "null_is_default")]
    pub first_available: Vec<ExactRequest>,
}

/// A request for devices of a class.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExactRequest {
    /// The class.
    #[serde(deserialize_with = "null_is_default")]
    pub device_class_name: String,
    /// Selectors that a device must meet besides those of the class.
    #[serde(deserialize_with = "null_is_default")]
    pub selectors: Vec<Selector>,
    /// `ExactCount`, which is the default, or `All`.
    #[serde(deserialize_with = "null_is_default")]
    pub allocation_mode: String,
    /// Number of devices; 1 by default.
    pub count: Option<i64>,
    /// Whether the claim is for administration only, beside the claims that hold the devices.
    pub admin_access: Option<bool>,
    /// Taints that may be on a device.
    #[serde(deserialize_with = "null_is_default")]
    pub tolerations: Vec<DeviceToleration>,
    /// The capacity that is consumed of each device.
    pub capacity: Option<CapacityRequirements>,
}

/// The capacity that a request consumes of each device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CapacityRequirements {
    /// Quantities by name.
    #[serde(deserialize_with = "quantities_by_name")]
    pub requests: BTreeMap<String, String>,
}

/// A constraint between the devices of a claim.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Constraint {
    /// An attribute that must be equal on all devices.
    pub match_attribute: Option<String>,
}

/// The state of a claim.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimStatus {
    /// The devices that it holds, if it was allocated.
    pub allocation: Option<Allocation>,
    /// Pods that may use them.
    #[serde(deserialize_with = "null_is_default")]
    pub reserved_for: Vec<Consumer>,
}

/// The devices that a claim holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Allocation {
    /// The devices.
    #[serde(deserialize_with = "null_is_default")]
    pub devices: AllocatedDevices,
}

/// Allocated devices.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AllocatedDevices {
    /// The devices, those of all requests.
    #[serde(deserialize_with = "null_is_default")]
    pub results: Vec<AllocatedDevice>,
}

/// A device that a claim holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AllocatedDevice {
    /// The request, and behind a `/` the alternative of it.
    #[serde(deserialize_with = "null_is_default")]
    pub request: String,
    /// The driver of the device.
    #[serde(deserialize_with = "null_is_default")]
    pub driver: String,
    /// The pool of the device.
    #[serde(deserialize_with = "null_is_default")]
    pub pool: String,
    /// The name of the device.
    #[serde(deserialize_with = "null_is_default")]
    pub device: String,
    /// Whether the device is only watched over.
    pub admin_access: Option<bool>,
    /// Consumption of the capacity of a shared device, by name.
    #[serde(deserialize_with = "quantities_by_name")]
    pub consumed_capacity: BTreeMap<String, String>,
}

/// A user of a claim.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Consumer {
    /// The kind in its plural form: `pods`.
    #[serde(deserialize_with = "null_is_default")]
    pub resource: String,
    /// Its name.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// Its identity.
    #[serde(deserialize_with = "null_is_default")]
    pub uid: String,
}

fn text_of_quantity<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(optional_quantity(from)?.unwrap_or_default())
}

fn optional_quantity<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<Value>::deserialize(from)?.map(|value| text(&value)))
}

fn quantities<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let values = Option::<Vec<Value>>::deserialize(from)?.unwrap_or_default();
    Ok(values.iter().map(text).collect())
}

fn quantities_by_name<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let values = Option::<BTreeMap<String, Value>>::deserialize(from)?.unwrap_or_default();
    Ok(values.into_iter().map(|(name, value)| (name, text(&value))).collect())
}

/// A quantity as it is written, as a text or as a number.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        value => value.to_string(),
    }
}
