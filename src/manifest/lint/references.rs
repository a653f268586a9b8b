//! What leads from one document to another.

use serde_json::{Map, Value};

use crate::manifest::document::{Document, Origin};

pub(super) fn look(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let spec = &document.value()["spec"];
    match document.kind() {
        "HorizontalPodAutoscaler" | "ScaledObject" => scaler(document, set, problems),
        "Service" => {
            let selector = spec["selector"].as_object();
            if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
                service(document, selector, set, problems);
            }
        }
        "ServiceMonitor" => monitor(document, set, problems),
        "ValidatingAdmissionPolicyBinding" => {
            let policy = spec["policyName"].as_str().unwrap_or_default();
            if !set.iter().any(|d| d.kind() == "ValidatingAdmissionPolicy" && d.name() == policy) {
                problems.push(format!("there is no ValidatingAdmissionPolicy {policy}"));
            }
        }
        _ => {}
    }
    if super::pod_spec(document).is_some() {
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
        let labels = &document.value()["spec"]["template"]["metadata"]["labels"];
        if let Some(selector) = spec["selector"]["matchLabels"].as_object() {
            for (key, value) in selector.iter().filter(|(key, value)| labels[*key] != **value) {
                problems.push(format!(
                    "its selector asks for the label {key}: {value}, which its pods do not have"
                ));
            }
        }
        if document.origin() == Origin::Template {
            configuration(document, set, problems);
        }
    }
}

/// A document in the same namespace.
fn beside<'d>(
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

fn scaler(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let (kind, name) = target(document);
    match beside(document, set, kind, name) {
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

fn service(
    document: &Document,
    selector: &Map<String, Value>,
    set: &[Document],
    problems: &mut Vec<String>,
) {
    let behind: Vec<_> = set
        .iter()
        .filter(|other| other.namespace() == document.namespace())
        .filter_map(|other| Some((other, super::pod_spec(other)?)))
        .filter(|(other, _)| {
            has_all(&other.value()["spec"]["template"]["metadata"]["labels"], selector)
        })
        .collect();
    if behind.is_empty() {
        problems.push("its selector matches no pods of the set".to_owned());
        return;
    }
    let ports = behind.iter().flat_map(|(_, spec)| super::containers(spec));
    let ports: Vec<_> = ports.flat_map(|c| c["ports"].as_array().into_iter().flatten()).collect();
    for port in document.value()["spec"]["ports"].as_array().into_iter().flatten() {
        let wanted = &port["targetPort"];
        if wanted.is_string() && !ports.iter().any(|port| port["name"] == *wanted) {
            problems.push(format!("its targetPort {wanted} is no port of the pods"));
        }
    }
}

fn monitor(document: &Document, set: &[Document], problems: &mut Vec<String>) {
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
fn configuration(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let containers = super::pod_spec(document).into_iter().flat_map(super::containers);
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
            if !beside(document, set, kind, name).is_some_and(holds) {
                problems.push(format!("it reads {key} of {kind} {name}, which is not in the set"));
            }
        }
    }
}
