//! What a healthy API server says: lists in pages, single objects, 404 for the rest.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::body::Body;
use super::request::Request;
use super::world::{Devices, List, World};
use super::{answer, discovery, objects};

/// How lists are cut into pages and written.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    /// Fewer items than the client's limit, which a server is free to send.
    pub at_most: usize,
    /// How many items of a page the next one repeats.
    pub overlap: usize,
    /// Continue tokens of other epochs have expired.
    pub epoch: u64,
    /// The version of every list.
    pub revision: u64,
    /// Whether those that can be are written as protobuf.
    pub is_protobuf: bool,
}

/// Answers `request`.
pub fn serve(world: &World, paging: &Paging, request: &Request) -> Response<Body> {
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        ["version"] => answer::json(StatusCode::OK, &world.version),
        ["api", "v1", "nodes"] => list("NodeList", "v1", &world.nodes, paging, request),
        ["api", "v1", "nodes", name] => {
            let named = |node: &&Value| node["metadata"]["name"] == name;
            match world.nodes.iter().find(named) {
                Some(node) => answer::json(StatusCode::OK, node),
                None => answer::recorded("404-path"),
            }
        }
        ["api", "v1", "namespaces"] => {
            list("NamespaceList", "v1", &world.namespaces, paging, request)
        }
        ["api", "v1", "pods"] => list("PodList", "v1", &world.pods, paging, request),
        ["api", "v1", "namespaces", namespace, "pods", name] => {
            object("Pod", "v1", &world.pods, namespace, name)
        }
        ["apis", "apps", "v1", "namespaces", namespace, "deployments", name]
            if within(&world.deployments, namespace)
                .iter()
                .any(|deployment| deployment["metadata"]["name"] == name) =>
        {
            object("Deployment", "apps/v1", &world.deployments, namespace, name)
        }
        ["apis", "apps", "v1", "namespaces", namespace, "replicasets"] => {
            let sets = within(&world.replica_sets, namespace);
            list("ReplicaSetList", "apps/v1", &sets, paging, request)
        }
        ["apis", "apps", "v1", "namespaces", namespace, "deployments"] => {
            let deployments = within(&world.deployments, namespace);
            list("DeploymentList", "apps/v1", &deployments, paging, request)
        }
        ["apis", "apps", "v1", plural] => {
            let (kind, objects) = match plural {
                "deployments" => ("DeploymentList", &world.deployments),
                "replicasets" => ("ReplicaSetList", &world.replica_sets),
                "statefulsets" => ("StatefulSetList", &world.stateful_sets),
                _ => return answer::recorded("404-path"),
            };
            list(kind, "apps/v1", objects, paging, request)
        }
        ["apis", "autoscaling", "v2", "horizontalpodautoscalers"] => {
            list("HorizontalPodAutoscalerList", "autoscaling/v2", &world.hpas, paging, request)
        }
        ["apis", "autoscaling", "v2", "namespaces", namespace, "horizontalpodautoscalers"] => {
            let hpas = within(&world.hpas, namespace);
            list("HorizontalPodAutoscalerList", "autoscaling/v2", &hpas, paging, request)
        }
        ["api", "v1", "namespaces", namespace, "configmaps"] => {
            let config_maps = within(&world.config_maps, namespace);
            list("ConfigMapList", "v1", &config_maps, paging, request)
        }
        ["apis", "node.k8s.io", "v1", "runtimeclasses"] => {
            list("RuntimeClassList", "node.k8s.io/v1", &world.runtime_classes, paging, request)
        }
        ["apis", "resource.k8s.io", "v1", plural] => {
            let devices = world.devices.as_ref();
            let of = |list: fn(&Devices) -> &List| devices.map(list);
            let (kind, objects) = match plural {
                "deviceclasses" => ("DeviceClassList", of(|devices| &devices.classes)),
                "resourceslices" => ("ResourceSliceList", of(|devices| &devices.slices)),
                "resourceclaims" => ("ResourceClaimList", of(|devices| &devices.claims)),
                _ => ("ResourceClaimTemplateList", of(|devices| &devices.templates)),
            };
            match objects {
                Some(objects) => list(kind, "resource.k8s.io/v1", objects, paging, request),
                None => answer::recorded("404-path"),
            }
        }
        ["apis", "metrics.k8s.io", "v1beta1", plural] => metrics(world, plural, None, request),
        ["apis", "metrics.k8s.io", "v1beta1", "namespaces", namespace, plural] => {
            metrics(world, plural, Some(namespace), request)
        }
        _ => discovery::serve(&parts)
            .or_else(|| objects::serve(world, request))
            .unwrap_or_else(|| answer::recorded("404-path")),
    }
}

/// The objects of a namespace.
fn within(objects: &[Value], namespace: &str) -> Vec<Value> {
    objects.iter().filter(|o| o["metadata"]["namespace"] == namespace).cloned().collect()
}

/// A page of a list.
fn list(
    kind: &str,
    version: &str,
    objects: &[Value],
    paging: &Paging,
    request: &Request,
) -> Response<Body> {
    let selector = request.parameter("fieldSelector").unwrap_or_default();
    let labels = request.parameter("labelSelector").unwrap_or_default();
    let mut selected = Vec::new();
    for object in objects {
        match selects(selector, object) {
            Some(true) if !has_labels(labels, object) => {}
            Some(true) => selected.push(object),
            Some(false) => {}
            None => return answer::recorded("400-field-selector"),
        }
    }
    let limit = match request.parameter("limit").unwrap_or("0").parse() {
        Ok(0) => usize::MAX,
        Ok(limit) => usize::min(limit, paging.at_most),
        Err(_) => return answer::recorded("400-bad-limit"),
    };
    let start = match request.parameter("continue") {
        None => 0,
        Some(token) => match start_of(token, paging.epoch) {
            Some(start) => start,
            None => return answer::recorded("410-expired-continue"),
        },
    };
    let end = selected.len().min(start.saturating_add(limit));
    let mut metadata = json!({"resourceVersion": paging.revision.to_string()});
    if end < selected.len() {
        metadata["continue"] = token(end - paging.overlap, paging.epoch).into();
        if selector.is_empty() {
            metadata["remainingItemCount"] = (selected.len() - end).into();
        }
    }
    answer::list((kind, version), &metadata, &selected[start..end], paging.is_protobuf)
}

/// A continue token. It holds what a query must encode, for tokens are opaque.
fn token(start: usize, epoch: u64) -> String {
    format!("v{epoch}&{start}+/=")
}

/// Where a token goes on; `None` when it has expired.
fn start_of(text: &str, epoch: u64) -> Option<usize> {
    let start: usize = text.split('&').nth(1)?.trim_end_matches("+/=").parse().ok()?;
    (text == token(start, epoch)).then_some(start)
}

/// Whether a field selector selects an object; `None` when it is none that this knows.
pub fn selects(selector: &str, object: &Value) -> Option<bool> {
    let mut selected = true;
    for term in selector.split(',').filter(|term| !term.is_empty()) {
        selected &= if let Some(phase) = term.strip_prefix("status.phase!=") {
            object["status"]["phase"] != phase
        } else if let Some(name) = term.strip_prefix("metadata.name=") {
            object["metadata"]["name"] == name
        } else {
            object["spec"]["nodeName"] == term.strip_prefix("spec.nodeName=")?
        };
    }
    Some(selected)
}

/// Whether an object has all labels of a selector `a=b,c=d`.
pub fn has_labels(selector: &str, object: &Value) -> bool {
    let has = |term: &str| {
        let (key, value) = term.split_once('=').unwrap();
        object["metadata"]["labels"][key] == value
    };
    selector.split(',').filter(|term| !term.is_empty()).all(has)
}

/// One object. A list's items come without kind and apiVersion, an object with them.
fn object(
    kind: &str,
    version: &str,
    objects: &[Value],
    namespace: &str,
    name: &str,
) -> Response<Body> {
    let named = |object: &&Value| {
        object["metadata"]["name"] == name && object["metadata"]["namespace"] == namespace
    };
    let Some(found) = objects.iter().find(named) else {
        let resource = format!("{}s", kind.to_lowercase());
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": format!("{resource} {name:?} not found"), "reason": "NotFound",
            "details": {"name": name, "kind": resource}, "code": 404
        });
        return answer::json(StatusCode::NOT_FOUND, &status);
    };
    let mut whole = json!({"kind": kind, "apiVersion": version});
    for (key, value) in found.as_object().unwrap() {
        whole[key] = value.clone();
    }
    answer::json(StatusCode::OK, &whole)
}

/// metrics-server's lists, which it does not page.
fn metrics(
    world: &World,
    plural: &str,
    namespace: Option<&str>,
    request: &Request,
) -> Response<Body> {
    let Some(metrics) = &world.metrics else {
        return answer::recorded("404-path");
    };
    let (kind, items) = match plural {
        "nodes" => ("NodeMetricsList", &metrics.nodes),
        "pods" => ("PodMetricsList", &metrics.pods),
        _ => return answer::recorded("404-path"),
    };
    let labels = request.parameter("labelSelector").unwrap_or_default();
    let is_within =
        |item: &Value| namespace.is_none_or(|name| item["metadata"]["namespace"] == name);
    let items: Vec<_> =
        items.iter().filter(|item| is_within(item) && has_labels(labels, item)).collect();
    let list = json!({
        "kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items
    });
    answer::json(StatusCode::OK, &list)
}
