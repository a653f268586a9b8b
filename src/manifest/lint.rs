//! Problems of a set of documents that are valid one by one.

use std::collections::HashSet;
use std::fmt;

use oppscale_core::names::{
    is_annotation_key, is_config_map_key, is_dns_label, is_label_value, is_path_segment,
    is_priority_class, is_qualified_name, is_subdomain, is_variable,
};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::quantity::Quantity;
use serde_json::{Map, Value};

use super::document::{Document, Key, Origin};

/// A problem of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The document.
    pub object: Key,
    /// The problem.
    pub problem: String,
    /// Whether it is a reference in a user's file to an object outside of the set, which may exist
    /// in the cluster.
    pub is_advice: bool,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.problem)
    }
}

/// All problems of the set, in its order.
pub fn lint(documents: &[Document]) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        let mut problems = Vec::new();
        check_names(document, &mut problems);
        check_quantities(document, &mut problems);
        check_priority(document, documents, &mut problems);
        if pod_spec(document).is_some() && document.known_kind().is_some() {
            check_pods(document, documents, &mut problems);
        }
        if documents[..at].iter().any(|other| other.key() == document.key()) {
            problems.push("it is in the set twice".to_owned());
        }
        // A pod template may repeat what its object says.
        let mut seen = HashSet::new();
        problems.retain(|problem| seen.insert(problem.clone()));
        let of = |is_advice| move |problem| Issue { object: document.key(), problem, is_advice };
        issues.extend(problems.into_iter().map(of(false)));
        let mut references = Vec::new();
        check_references(document, documents, &mut references);
        issues.extend(references.into_iter().map(of(document.origin() == Origin::User)));
    }
    issues
}

/// The pod spec of a document, if it creates pods.
fn pod_spec(document: &Document) -> Option<&Value> {
    document.value().pointer("/spec/template/spec").filter(|spec| spec["containers"].is_array())
}

/// The containers of a pod spec, init containers first.
pub(crate) fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    let of = |field: &str| spec[field].as_array().into_iter().flatten();
    of("initContainers").chain(of("containers"))
}

/// Limit of all annotations of an object together, bytes.
const ANNOTATIONS: usize = 256 << 10;

/// Names, labels and annotations that the API server would refuse.
fn check_names(document: &Document, problems: &mut Vec<String>) {
    let value = document.value();
    let (kind, name) = (document.kind(), document.name());
    // A Kustomization is a file, not an object.
    if kind == "Kustomization" {
        return;
    }
    let is_right = match kind {
        "Namespace" => is_dns_label(name),
        "PriorityClass" => is_priority_class(name),
        "Service" => is_dns_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase()),
        _ if document.api_version().starts_with("rbac.") => is_path_segment(name),
        _ => is_subdomain(name),
    };
    if !is_right {
        problems.push(format!("{name:?} is not a name that the API takes for a {kind}"));
    }
    if let Some(namespace) = document.namespace()
        && !is_dns_label(namespace)
    {
        problems.push(format!("{namespace:?} is not a name of a namespace"));
    }
    for field in ["data", "stringData", "binaryData"] {
        let entries = value[field].as_object().filter(|_| matches!(kind, "ConfigMap" | "Secret"));
        for key in entries.into_iter().flatten().map(|(key, _)| key) {
            if !is_config_map_key(key) {
                problems.push(format!(
                    "{key:?} is not a key that the API takes for a {kind}: letters, digits, -, _ \
                     and ."
                ));
            }
        }
    }
    check_metadata(&value["metadata"], problems);
    if let Some(template) = value.pointer("/spec/template/metadata") {
        check_metadata(template, problems);
    }
    for metric in value["spec"]["metrics"].as_array().into_iter().flatten() {
        check_labels(&metric["external"]["metric"]["selector"]["matchLabels"], problems);
    }
    // A custom resource's operator decides how it uses the template.
    let pod = pod_spec(document).filter(|_| document.known_kind().is_some());
    for container in pod.into_iter().flat_map(containers) {
        let name = container["name"].as_str().unwrap_or_default();
        if !is_dns_label(name) {
            problems.push(format!("{name:?} is not a name of a container"));
        }
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap_or_default();
            if !is_variable(name) {
                problems.push(format!("{name:?} is not a name of an environment variable"));
            }
        }
    }
}

fn check_labels(labels: &Value, problems: &mut Vec<String>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if !is_qualified_name(key) {
            problems.push(format!("{key:?} is not a name of a label"));
        }
        if !is_label_value(value) {
            problems.push(format!(
                "label {key}: {value:?} is not a value of a label: at most 63 letters, digits, \
                 -, _ and ., beginning and ending with a letter or digit"
            ));
        }
    }
}

fn check_metadata(metadata: &Value, problems: &mut Vec<String>) {
    check_labels(&metadata["labels"], problems);
    let annotations = metadata["annotations"].as_object();
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        bytes += key.len() + value.as_str().unwrap_or_default().len();
        if !is_annotation_key(key) {
            problems.push(format!("{key:?} is not a name of an annotation"));
        }
    }
    if bytes > ANNOTATIONS {
        problems.push("its annotations hold more than 256 KiB".to_owned());
    }
}

/// JSON pointers to quantities, besides containers' resources.
const PLACES: [&str; 2] = ["/spec/hard", "/spec/template/spec/overhead"];

/// Quantities that do not parse, and requests above limits.
fn check_quantities(document: &Document, problems: &mut Vec<String>) {
    let value = document.value();
    for place in PLACES {
        if let Some(Value::Object(list)) = value.pointer(place) {
            check_amounts(place, list, problems);
        }
    }
    for item in value["spec"]["limits"].as_array().into_iter().flatten() {
        for field in ["min", "max", "default", "defaultRequest"] {
            if let Some(list) = item[field].as_object() {
                check_amounts(field, list, problems);
            }
        }
    }
    let Some(spec) = pod_spec(document) else { return };
    for container in containers(spec).chain([spec]) {
        let name = container["name"].as_str().unwrap_or("the pod");
        check_resources(name, &container["resources"], problems);
    }
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        if let Some(size) = volume.pointer("/emptyDir/sizeLimit") {
            check_amount("sizeLimit", size, problems);
        }
    }
}

fn check_resources(container: &str, resources: &Value, problems: &mut Vec<String>) {
    for field in ["requests", "limits"] {
        if let Some(list) = resources[field].as_object() {
            check_amounts(&format!("{container}: {field}"), list, problems);
        }
    }
    for (name, limit) in resources["limits"].as_object().into_iter().flatten() {
        let (limit, request) = (parse(limit), parse(&resources["requests"][name]));
        if let (Some(limit), Some(request)) = (limit, request)
            && request.nanos() > limit.nanos()
        {
            problems.push(format!(
                "{container}: it requests {request} of {name}, more than its limit of {limit}"
            ));
        }
    }
}

fn check_amounts(place: &str, list: &Map<String, Value>, problems: &mut Vec<String>) {
    for (name, value) in list {
        check_amount(&format!("{place}: {name}"), value, problems);
    }
}

fn check_amount(place: &str, value: &Value, problems: &mut Vec<String>) {
    if parse(value).is_none_or(|quantity| quantity.nanos() < 0) {
        problems.push(format!("{place}: {value} is not a quantity such as 1, 500m or 512Mi"));
    }
}

fn parse(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// Selectors, scale targets, ports and ConfigMaps that lead nowhere.
fn check_references(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let spec = &document.value()["spec"];
    match document.kind() {
        "HorizontalPodAutoscaler" | "ScaledObject" => check_scaler(document, set, problems),
        "Service" if document.api_version() == "v1" => {
            let selector = spec["selector"].as_object();
            if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
                check_service(document, selector, set, problems);
            }
        }
        "ServiceMonitor" => check_monitor(document, set, problems),
        "ValidatingAdmissionPolicyBinding" => {
            let policy = spec["policyName"].as_str().unwrap_or_default();
            if !set.iter().any(|d| d.kind() == "ValidatingAdmissionPolicy" && d.name() == policy) {
                problems.push(format!("there is no ValidatingAdmissionPolicy {policy}"));
            }
        }
        _ => {}
    }
}

/// The selector of what makes pods, and the ConfigMaps that they read.
fn check_pods(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let spec = &document.value()["spec"];
    let asks = |field: &str| {
        let part = &spec["selector"][field];
        part.as_object().is_some_and(|m| !m.is_empty())
            || part.as_array().is_some_and(|l| !l.is_empty())
    };
    // A Job's is made by the API server.
    let is_job = document.kind() == "Job";
    if !is_job && !asks("matchLabels") && !asks("matchExpressions") {
        problems.push("it has no selector".to_owned());
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if let Some(selector) = spec["selector"]["matchLabels"].as_object() {
        for (key, value) in selector.iter().filter(|(key, value)| labels[*key] != **value) {
            problems.push(format!(
                "its selector asks for the label {key}: {value}, which its pods do not have"
            ));
        }
    }
    if document.origin() == Origin::Template {
        check_configuration(document, set, problems);
    }
}

/// A document in the same namespace.
fn find_in_namespace<'d>(
    document: &Document,
    set: &'d [Document],
    kind: &str,
    name: &str,
) -> Option<&'d Document> {
    set.iter().find(|other| {
        other.kind() == kind && other.name() == name && other.namespace() == document.namespace()
    })
}

fn target(document: &Document) -> (&str, &str) {
    let target = &document.value()["spec"]["scaleTargetRef"];
    let kind = target["kind"].as_str().unwrap_or("Deployment");
    (kind, target["name"].as_str().unwrap_or_default())
}

fn check_scaler(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let (kind, name) = target(document);
    match find_in_namespace(document, set, kind, name) {
        None => problems.push(format!("it scales {kind} {name}, which is not in the set")),
        Some(found) if !found.value()["spec"]["replicas"].is_null() => problems.push(format!(
            "it scales {kind} {name}, which sets replicas itself: every apply would reset them"
        )),
        Some(_) => {}
    }
    let other = set.iter().find(|other| {
        matches!(other.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
            && other.key() != document.key()
            && other.namespace() == document.namespace()
            && target(other) == (kind, name)
    });
    if let Some(other) = other {
        problems.push(format!("{} scales {kind} {name} as well", other.key()));
    }
    let spec = &document.value()["spec"];
    let bounds = [("minReplicas", "maxReplicas"), ("minReplicaCount", "maxReplicaCount")];
    for (low, high) in bounds {
        if let (Some(min), Some(max)) = (spec[low].as_u64(), spec[high].as_u64())
            && (min > max || max == 0)
        {
            problems.push(format!("{low} {min} and {high} {max} leave no room"));
        }
    }
}

fn has_all(labels: &Value, selector: &Map<String, Value>) -> bool {
    selector.iter().all(|(key, value)| labels[key] == *value)
}

fn check_service(
    document: &Document,
    selector: &Map<String, Value>,
    set: &[Document],
    problems: &mut Vec<String>,
) {
    let behind: Vec<_> = set
        .iter()
        .filter(|other| other.namespace() == document.namespace())
        .filter_map(|other| Some((other, pod_spec(other)?)))
        .filter(|(other, _)| {
            has_all(&other.value()["spec"]["template"]["metadata"]["labels"], selector)
        })
        .collect();
    if behind.is_empty() {
        problems.push("its selector matches no pods of the set".to_owned());
        return;
    }
    let ports = behind.iter().flat_map(|(_, spec)| containers(spec));
    let ports: Vec<_> = ports.flat_map(|c| c["ports"].as_array().into_iter().flatten()).collect();
    for port in document.value()["spec"]["ports"].as_array().into_iter().flatten() {
        let wanted = &port["targetPort"];
        if wanted.is_string() && !ports.iter().any(|port| port["name"] == *wanted) {
            problems.push(format!("its targetPort {wanted} is no port of the pods"));
        }
    }
}

fn check_monitor(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let spec = &document.value()["spec"];
    let Some(selector) = spec["selector"]["matchLabels"].as_object() else { return };
    let services: Vec<_> = set
        .iter()
        .filter(|other| other.kind() == "Service" && other.namespace() == document.namespace())
        .filter(|other| has_all(&other.value()["metadata"]["labels"], selector))
        .collect();
    if services.is_empty() {
        problems.push("its selector matches no Service of the set".to_owned());
    }
    for endpoint in spec["endpoints"].as_array().into_iter().flatten() {
        let has = |service: &&Document| {
            let mut ports = service.value()["spec"]["ports"].as_array().into_iter().flatten();
            ports.any(|port| port["name"] == endpoint["port"])
        };
        if !services.is_empty() && !services.iter().any(has) {
            problems.push(format!("its port {} is no port of the Service", endpoint["port"]));
        }
    }
}

/// ConfigMaps and Secrets that a container reads its environment from.
fn check_configuration(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let containers = pod_spec(document).into_iter().flat_map(containers);
    for variable in containers.flat_map(|c| c["env"].as_array().into_iter().flatten()) {
        for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
            let reference = &variable["valueFrom"][field];
            let (Some(name), Some(key)) = (reference["name"].as_str(), reference["key"].as_str())
            else {
                continue;
            };
            let holds = |found: &Document| {
                let in_field = |field: &str| !found.value()[field][key].is_null();
                in_field("data") || in_field("stringData")
            };
            if !find_in_namespace(document, set, kind, name).is_some_and(holds) {
                problems.push(format!("it reads {key} of {kind} {name}, which is not in the set"));
            }
        }
    }
}

/// Cluster Autoscaler adds nodes for pods of this priority and above
/// (`--expendable-pods-priority-cutoff`, cluster-autoscaler 1.36; GKE and AKS have the same).
pub(crate) const EXPENDABLE_CUTOFF: i64 = -10;

/// Problems of a filler's priority: it would preempt other pods, or make a node autoscaler add
/// nodes.
fn check_priority(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let Some(spec) = pod_spec(document) else { return };
    let labels = &document.value()["spec"]["template"]["metadata"]["labels"];
    if labels[OPPORTUNISTIC_LABEL] != "true" {
        return;
    }
    let Some(class) = spec["priorityClassName"].as_str() else {
        problems.push("its pods have no priorityClassName: they would not yield".to_owned());
        return;
    };
    let found = set.iter().find(|d| d.kind() == "PriorityClass" && d.name() == class);
    let Some(found) = found else {
        problems.push(format!("its PriorityClass {class} is not in the set"));
        return;
    };
    let value = found.value()["value"].as_i64().unwrap_or(0);
    if value >= EXPENDABLE_CUTOFF {
        problems.push(format!(
            "its PriorityClass {class} has the value {value}: at {EXPENDABLE_CUTOFF} and above \
             Cluster Autoscaler buys nodes for its pods"
        ));
    }
    if found.value()["preemptionPolicy"] != "Never" {
        problems.push(format!("its PriorityClass {class} may evict: set preemptionPolicy: Never"));
    }
}
