//! A Deployment of the user's with what it lacks to be opportunistic.

use serde_json::{Map, Value, json};

use crate::manifest::Document;
use oppscale_core::kinds;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::policy::{Basis, PREFIX};
use oppscale_core::resources::{Amount, CPU};
use oppscale_core::units::quantity_text;

use super::RenderConfig;
use super::context::{limits, requests};
use super::node_autoscaler::{FILLABLE_LABEL, NodeAutoscaler};
use super::user_workload::{BASIS, BURN, MAX_REPLICAS, RESERVE, TARGET_UTILIZATION, UserWorkload};
use hpa_model::sizing::Sizing;

/// Tells Cluster Autoscaler that the pod is no reason to keep its node.
pub(super) const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// Time that a pod stays on a node that is unreachable or not ready, seconds; 300 by default.
const TOLERATION_SECONDS: u32 = 15;

/// A Deployment with what it lacked, among the other documents of its file.
pub(super) struct Completed {
    pub(super) documents: Vec<Document>,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
}

impl UserWorkload {
    /// The same with all that makes it opportunistic.
    pub(super) fn completed(
        &self,
        config: &RenderConfig,
        sizing: &Sizing,
        burn: Option<Amount>,
    ) -> Completed {
        let mut value = self.document().value().clone();
        let mut notes = Vec::new();
        if !self.exported.is_empty() {
            notes.push(format!(
                "{}: what a server had filled in is left out (status, uid, resourceVersion, ...)",
                self.exported.join(", ")
            ));
        }
        let metadata = map(&mut value, &["metadata"]);
        metadata.insert("namespace".to_owned(), config.namespace.clone().into());
        // By this label `serve` finds the workload; its pods have it too.
        let labels = map(&mut value, &["metadata", "labels"]);
        labels.insert(OPPORTUNISTIC_LABEL.to_owned(), "true".into());
        let annotations = map(&mut value, &["metadata", "annotations"]);
        annotations.insert(MAX_REPLICAS.to_owned(), sizing.max.to_string().into());
        annotations.insert(RESERVE.to_owned(), sizing.reserve.to_string().into());
        // The older name of the same setting; both together hold the workload.
        annotations.shift_remove(TARGET_UTILIZATION);
        // Charts render an empty one for none, which `serve` and the policy take for a bad value.
        annotations.retain(|name, value| !name.starts_with(PREFIX) || value != "");
        if let Some(burn) = burn {
            annotations.insert(BASIS.to_owned(), Basis::Usage.name().into());
            annotations.insert(BURN.to_owned(), quantity_text(CPU, burn).into());
        }
        let spec = map(&mut value, &["spec"]);
        if let Some(replicas) = spec.shift_remove("replicas") {
            notes.push(format!(
                "{}: spec.replicas {replicas} is left out: they are the HPA's, and every apply would \
                 reset them",
                self.title()
            ));
        }
        // Surge would be pods beyond the slots.
        let strategy = json!({
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}
        });
        if *self.kind() == kinds::DEPLOYMENT {
            no_surge(spec.entry("strategy").or_insert(strategy));
        }
        let labels = map(&mut value, &["spec", "template", "metadata", "labels"]);
        labels.insert(OPPORTUNISTIC_LABEL.to_owned(), "true".into());
        if config.autoscaler == NodeAutoscaler::ClusterAutoscaler {
            let annotations = map(&mut value, &["spec", "template", "metadata", "annotations"]);
            annotations.entry(SAFE_TO_EVICT).or_insert_with(|| "true".into());
        }
        let pod = map(&mut value, &["spec", "template", "spec"]);
        pod.insert("priorityClassName".to_owned(), config.priority_class.clone().into());
        pod.entry("terminationGracePeriodSeconds").or_insert_with(|| config.grace_seconds.into());
        tolerations(pod);
        if config.autoscaler == NodeAutoscaler::Karpenter {
            let label = json!({"key": FILLABLE_LABEL, "operator": "In", "values": ["true"]});
            let pod = &mut value["spec"]["template"]["spec"];
            add_to_node_terms(pod, "matchExpressions", &label);
        }
        if burn.is_some() {
            let own = &mut value["spec"]["template"]["spec"];
            let linux =
                json!({"key": "kubernetes.io/os", "operator": "NotIn", "values": ["windows"]});
            add_to_node_terms(own, "matchExpressions", &linux);
            let selector = value["spec"]["selector"].clone();
            let pod = map(&mut value, &["spec", "template", "spec"]);
            // The scheduler does not see usage: even numbers are near enough.
            pod.entry("topologySpreadConstraints").or_insert_with(|| {
                json!([{
                    "topologyKey": "kubernetes.io/hostname", "maxSkew": 1,
                    "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector
                }])
            });
        }
        if !self.without_requests().is_empty() {
            let place = "/spec/template/spec/containers/0";
            if let Some(container) = value.pointer_mut(place) {
                let resources = map(container, &["resources"]);
                resources.insert("requests".to_owned(), json!(requests(&sizing.replica)));
                resources
                    .entry("limits")
                    .or_insert_with(|| json!(limits(&sizing.replica, config.usage.zip(burn))));
            }
        }
        let mut documents = self.documents.clone();
        documents[self.at] = documents[self.at].with_value(value);
        // Those took the place of the rendered ones.
        documents.retain(|d| match d.kind() {
            "Namespace" => d.name() != config.namespace,
            "PriorityClass" => d.name() != config.priority_class,
            _ => true,
        });
        let mut unknown = Vec::new();
        for document in documents.iter_mut().filter(|document| document.namespace().is_none()) {
            match self.is_namespaced(document) {
                Some(true) => {
                    let mut value = document.value().clone();
                    let metadata = map(&mut value, &["metadata"]);
                    metadata.insert("namespace".to_owned(), config.namespace.clone().into());
                    *document = document.with_value(value);
                }
                Some(false) => {}
                None => unknown.push(document.key().to_string()),
            }
        }
        if !unknown.is_empty() {
            notes.push(format!(
                "{}: whether this kind is namespaced is unknown here; if it is, write \
                 metadata.namespace: {}, or kubectl takes the namespace of its context",
                unknown.join(", "),
                config.namespace
            ));
        }
        Completed { documents, notes }
    }
}

/// API groups that an API server has built in, besides those without a dot.
const BUILT_IN_GROUPS: [&str; 14] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];
/// Their kinds without a namespace that oppscale does not know otherwise (1.36).
const CLUSTER_SCOPED: [&str; 20] = [
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterTrustBundle",
    "CustomResourceDefinition",
    "DeviceClass",
    "DeviceTaintRule",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "PersistentVolume",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

impl UserWorkload {
    /// Whether an object of the file is in a namespace, where that is known: by its kind, or by
    /// its CustomResourceDefinition in the file.
    fn is_namespaced(&self, document: &Document) -> Option<bool> {
        let (group, kind) = (document.api_version().split_once('/'), document.kind());
        let group = group.map_or("", |(group, _)| group);
        let of_definition = self.documents.iter().find_map(|d| {
            let spec = &d.value()["spec"];
            let defines = d.kind() == "CustomResourceDefinition"
                && spec["group"] == group
                && spec["names"]["kind"] == kind;
            defines.then(|| spec["scope"] == "Namespaced")
        });
        let of_kind = || document.known_kind().map(|kind| kind.namespaced);
        let is_built_in = !group.contains('.') || BUILT_IN_GROUPS.contains(&group);
        let built_in = || is_built_in.then(|| !CLUSTER_SCOPED.contains(&kind));
        of_definition.or_else(of_kind).or_else(built_in)
    }
}

/// The mapping at a path, created if it is missing.
fn map<'v>(value: &'v mut Value, path: &[&str]) -> &'v mut Map<String, Value> {
    let mut at = as_map(value);
    for field in path {
        at = as_map(at.entry(*field).or_insert(Value::Null));
    }
    at
}

/// The value as a mapping; whatever else it was, a strict read would have refused.
fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it has just been made a mapping"),
    }
}

/// Takes the surge out of a rollout that does not say how much it wants. Where no pod may be
/// missing either, a rollout could not go on.
fn no_surge(strategy: &mut Value) {
    let unavailable = &strategy["rollingUpdate"]["maxUnavailable"];
    let needs_surge = *unavailable == 0 || *unavailable == "0" || *unavailable == "0%";
    if strategy["type"] == "Recreate" || needs_surge {
        return;
    }
    map(strategy, &["rollingUpdate"]).entry("maxSurge").or_insert_with(|| 0.into());
}

/// Pods of nodes that are gone must not be counted for five minutes.
fn tolerations(pod: &mut Map<String, Value>) {
    let list = pod.entry("tolerations").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if !list.iter().any(|toleration| toleration["key"] == key) {
            list.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": TOLERATION_SECONDS
            }));
        }
    }
}

/// Has every alternative of a pod's required node affinity also ask for this: `field` is
/// `matchExpressions` or `matchFields`.
pub(super) fn add_to_node_terms(pod: &mut Value, field: &str, requirement: &Value) {
    let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = map(pod, &path).entry("nodeSelectorTerms").or_insert_with(|| json!([]));
    let Some(terms) = terms.as_array_mut() else { return };
    if terms.is_empty() {
        terms.push(json!({}));
    }
    for term in terms {
        let list = as_map(term).entry(field).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut().filter(|list| !list.contains(requirement)) {
            list.push(requirement.clone());
        }
    }
}
