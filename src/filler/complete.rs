//! A Deployment of the user's with what it lacks to be opportunistic.

use serde_json::{Map, Value, json};

use crate::manifest::Document;
use oppscale_core::kinds;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::replica::Replica;

use super::context::Context;
use super::context::{limits, requests};
use super::node_autoscaler::{FILLABLE_LABEL, NodeAutoscaler};
use super::user_workload::{MAX_REPLICAS, RESERVE, UserWorkload};

/// Tells Cluster Autoscaler that the pod is no reason to keep its node.
pub(super) const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// How long a pod stays on a node that is gone, seconds; 300 unless it says so.
const TOLERATION_SECONDS: u32 = 15;

/// A Deployment with what it lacked, among the other documents of its file.
pub(super) struct Completed {
    pub(super) documents: Vec<Document>,
    /// What its user should know.
    pub(super) notes: Vec<String>,
}

impl UserWorkload {
    /// The same with all that makes it opportunistic.
    pub(super) fn completed(
        &self,
        context: &Context,
        autoscaler: NodeAutoscaler,
        replica: &Replica,
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
        metadata.insert("namespace".to_owned(), context.namespace.clone().into());
        // By this label `serve` finds the workload; its pods have it too.
        let labels = map(&mut value, &["metadata", "labels"]);
        labels.insert(OPPORTUNISTIC_LABEL.to_owned(), "true".into());
        let annotations = map(&mut value, &["metadata", "annotations"]);
        annotations.insert(MAX_REPLICAS.to_owned(), context.max_replicas_text.clone().into());
        annotations.insert(RESERVE.to_owned(), context.reserve.clone().into());
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
        if autoscaler == NodeAutoscaler::ClusterAutoscaler {
            let annotations = map(&mut value, &["spec", "template", "metadata", "annotations"]);
            annotations.entry(SAFE_TO_EVICT).or_insert_with(|| "true".into());
        }
        let pod = map(&mut value, &["spec", "template", "spec"]);
        pod.insert("priorityClassName".to_owned(), context.priority_class.clone().into());
        pod.entry("terminationGracePeriodSeconds").or_insert_with(|| context.grace_seconds.into());
        tolerations(pod);
        if autoscaler == NodeAutoscaler::Karpenter {
            require_fillable_label(&mut value);
        }
        if !self.without_requests().is_empty() {
            let place = "/spec/template/spec/containers/0";
            if let Some(container) = value.pointer_mut(place) {
                let resources = map(container, &["resources"]);
                resources.insert("requests".to_owned(), json!(requests(replica)));
                resources.entry("limits").or_insert_with(|| json!(limits(replica)));
            }
        }
        let mut documents = self.documents.clone();
        documents[self.at] = documents[self.at].with_value(value);
        // Those took the place of the rendered ones.
        documents.retain(|d| match d.kind() {
            "Namespace" => d.name() != context.namespace,
            "PriorityClass" => d.name() != context.priority_class,
            _ => true,
        });
        for document in &mut documents {
            let in_none = document.namespace().is_none();
            if in_none && document.known_kind().is_some_and(|kind| kind.namespaced) {
                let mut value = document.value().clone();
                let metadata = map(&mut value, &["metadata"]);
                metadata.insert("namespace".to_owned(), context.namespace.clone().into());
                *document = document.with_value(value);
            }
        }
        Completed { documents, notes }
    }
}

/// The mapping at a path, made where there is none.
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

/// Every alternative of the required node affinity also asks for the label.
fn require_fillable_label(value: &mut Value) {
    let expression = json!({"key": FILLABLE_LABEL, "operator": "In", "values": ["true"]});
    let required = map(
        value,
        &[
            "spec",
            "template",
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ],
    );
    let terms = required.entry("nodeSelectorTerms").or_insert_with(|| json!([]));
    let Some(terms) = terms.as_array_mut() else { return };
    if terms.is_empty() {
        terms.push(json!({}));
    }
    for term in terms {
        let expressions = as_map(term).entry("matchExpressions").or_insert_with(|| json!([]));
        if let Some(expressions) = expressions.as_array_mut()
            && !expressions.contains(&expression)
        {
            expressions.push(expression.clone());
        }
    }
}
