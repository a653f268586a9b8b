//! Objects that come with a user's workload, and what the documents around it must allow.

use serde_json::Value;

use crate::manifest::Document;
use crate::manifest::lint::containers;
use oppscale_core::resources::{Amount, CPU, MEMORY};
use oppscale_core::units::amount_of;

use super::pod_security;
use super::user_workload::UserWorkload;

/// Objects that the namespace's quota forbids unless the file brings them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SideEffects {
    /// PersistentVolumeClaims.
    pub(super) claims: u64,
    /// Services of type LoadBalancer.
    pub(super) load_balancers: u64,
    /// Ports of nodes.
    pub(super) node_ports: u64,
}

impl UserWorkload {
    /// Its PriorityClass, where the file holds that too.
    pub fn brought_class(&self) -> Option<&str> {
        let class = self.priority_class()?;
        self.documents.iter().any(|d| is(d, "PriorityClass", class)).then_some(class)
    }

    /// Lets the Namespace and the PriorityClass of the file stand where they are rendered
    /// otherwise; the Namespace with the labels that it lacks.
    pub(super) fn take_place(&self, rendered: &mut [Document]) {
        for place in rendered {
            let brought =
                self.documents.iter().find(|d| is(d, place.kind(), place.name())).cloned();
            let Some(brought) = brought else { continue };
            match place.kind() {
                "PriorityClass" => *place = brought,
                "Namespace" => *place = labelled(&brought, &place.value()["metadata"]["labels"]),
                _ => {}
            }
        }
    }

    /// What must be let into the namespace for the file to be what it is.
    pub(super) fn side_effects(&self, max: u32) -> SideEffects {
        let mut effects = SideEffects::default();
        for document in &self.documents {
            let spec = &document.value()["spec"];
            match document.kind() {
                "PersistentVolumeClaim" => effects.claims += 1,
                "StatefulSet" => {
                    let each = spec["volumeClaimTemplates"].as_array().map_or(0, Vec::len) as u64;
                    effects.claims += each * spec["replicas"].as_u64().unwrap_or(1);
                }
                "Service" => {
                    let ports = spec["ports"].as_array().map_or(0, Vec::len) as u64;
                    let is_balanced = spec["type"] == "LoadBalancer";
                    effects.load_balancers += u64::from(is_balanced);
                    let takes_ports = match is_balanced {
                        true => spec["allocateLoadBalancerNodePorts"] != false,
                        false => spec["type"] == "NodePort",
                    };
                    effects.node_ports += if takes_ports { ports } else { 0 };
                }
                _ => {}
            }
        }
        // A claim for every pod that there may be.
        let volumes = self.pod_spec()["volumes"].as_array().into_iter().flatten();
        let own = volumes.filter(|volume| !volume["ephemeral"].is_null()).count() as u64;
        effects.claims += own * u64::from(max);
        effects
    }

    /// The most memory that a container of the file may use or asks for, bytes.
    pub(super) fn memory_limit(&self) -> Amount {
        let all = self.pod_specs().flat_map(|spec| containers(spec).chain([spec]));
        let resources = all.map(|of| &of["resources"]);
        let amounts = resources.flat_map(|r| {
            [amount(MEMORY, &r["limits"]), amount(MEMORY, &r["requests"])].into_iter().flatten()
        });
        amounts.max().unwrap_or(0)
    }

    /// What a container without requests may be given without a pod becoming larger: what the
    /// smallest of the Deployment asks for, or its part of what the pod asks for as a whole,
    /// which containers may not exceed together.
    pub(super) fn spare_request(&self, name: &str) -> Option<Amount> {
        let spec = self.pod_spec();
        let asks = |of: &Value| {
            let resources = &of["resources"];
            amount(name, &resources["requests"]).or(amount(name, &resources["limits"]))
        };
        let sidecars = spec["initContainers"].as_array().into_iter().flatten();
        let sidecars = sidecars.filter(|container| container["restartPolicy"] == "Always");
        let containers = spec["containers"].as_array().into_iter().flatten();
        let each: Vec<_> = containers.clone().chain(sidecars).map(asks).collect();
        let silent = each.iter().filter(|amount| amount.is_none()).count();
        match asks(spec) {
            Some(whole) if silent > 0 => {
                let given: Amount = each.iter().flatten().sum();
                Some((whole - given).max(0) / Amount::try_from(silent).unwrap_or(Amount::MAX))
            }
            _ => containers.filter_map(asks).min(),
        }
    }

    /// The memory limit of its pods as a whole, which no container may exceed, bytes.
    pub(super) fn pod_memory_limit(&self) -> Option<Amount> {
        amount(MEMORY, &self.pod_spec()["resources"]["limits"])
    }

    /// The strictest pod-security level that all pods of the file meet.
    pub(super) fn security(&self) -> &'static str {
        let levels: Vec<_> = self.pod_specs().map(pod_security::level).collect();
        let loosest = ["privileged", "baseline"].into_iter().find(|level| levels.contains(level));
        loosest.unwrap_or("restricted")
    }

    /// Why the admission policy would refuse pods of the file.
    pub(super) fn refused_by_policy(&self, class: &str) -> Option<String> {
        let spec = self.pod_spec();
        let title = self.title();
        if let Some(seconds) = self.grace_seconds().filter(|seconds| *seconds > 30) {
            return Some(format!(
                "{title}: its pods may take {seconds} s to go, and the policy allows 30"
            ));
        }
        let mut volumes = spec["volumes"].as_array().into_iter().flatten();
        if volumes.any(|volume| !volume["hostPath"].is_null()) {
            return Some(format!(
                "{title}: its pods mount paths of their node, which the policy refuses"
            ));
        }
        let all = spec["containers"].as_array().into_iter().flatten();
        if let Some(container) = all.into_iter().find(|container| is_limited_to_request(container))
        {
            return Some(format!(
                "{title}: the cpu limit of container {} is no more than its request, \
                 which the policy refuses",
                container["name"].as_str().unwrap_or_default()
            ));
        }
        let mut others = self.others().filter(|d| {
            d.namespace().is_none_or(|namespace| Some(namespace) == self.namespace())
                && pod_spec(d).is_some_and(|spec| spec["priorityClassName"] != class)
        });
        others.next().map(|other| {
            format!(
                "{} {}: its pods are not of the PriorityClass {class}, and the policy lets none \
                 into the namespace that would not yield",
                other.kind(),
                other.name()
            )
        })
    }

    fn pod_specs(&self) -> impl Iterator<Item = &Value> {
        self.documents.iter().filter_map(pod_spec)
    }
}

/// Whether a container has a cpu limit that is its request, or takes its place.
pub(super) fn is_limited_to_request(container: &Value) -> bool {
    let resources = &container["resources"];
    amount(CPU, &resources["limits"]).is_some_and(|limit| {
        amount(CPU, &resources["requests"]).is_none_or(|request| request >= limit)
    })
}

/// How much of a resource a list of them holds.
pub(super) fn amount(name: &str, list: &Value) -> Option<Amount> {
    let quantity = match &list[name] {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    amount_of(name, quantity?)
}

fn is(document: &Document, kind: &str, name: &str) -> bool {
    document.kind() == kind && document.name() == name
}

/// The pod spec of whatever makes pods, or is one.
fn pod_spec(document: &Document) -> Option<&Value> {
    let place = match document.kind() {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    };
    document.value().pointer(place).filter(|spec| spec["containers"].is_array())
}

/// The user's Namespace with the labels that it lacks.
fn labelled(own: &Document, labels: &Value) -> Document {
    let mut value = own.value().clone();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        let mut all = match metadata.shift_remove("labels") {
            Some(Value::Object(own)) => own,
            _ => serde_json::Map::new(),
        };
        for (key, label) in labels.as_object().into_iter().flatten() {
            all.entry(key.clone()).or_insert_with(|| label.clone());
        }
        metadata.insert("labels".to_owned(), all.into());
    }
    own.with_value(value)
}
