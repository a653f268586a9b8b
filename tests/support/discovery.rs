//! What kubectl asks an API server before it touches an object: which kinds there are.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer;
use super::body::Body;

/// Group, version, kind, plural, whether it lives in a namespace.
const KINDS: [(&str, &str, &str, &str, bool); 27] = [
    ("", "v1", "ServiceAccount", "serviceaccounts", true),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true),
    ("apiregistration.k8s.io", "v1", "APIService", "apiservices", false),
    ("", "v1", "Namespace", "namespaces", false),
    ("", "v1", "Node", "nodes", false),
    ("", "v1", "Pod", "pods", true),
    ("", "v1", "ResourceQuota", "resourcequotas", true),
    ("", "v1", "LimitRange", "limitranges", true),
    ("", "v1", "ConfigMap", "configmaps", true),
    ("", "v1", "Secret", "secrets", true),
    ("", "v1", "Service", "services", true),
    ("apps", "v1", "Deployment", "deployments", true),
    ("batch", "v1", "Job", "jobs", true),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    ("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true),
    (
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        false,
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        false,
    ),
    ("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects", true),
    ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules", true),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors", true),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
];

/// The answer to a request of discovery; `None` where the path is none.
pub fn serve(parts: &[&str]) -> Option<Response<Body>> {
    let value = match *parts {
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"]}),
        ["apis"] => groups(),
        ["api", version] => resources("", version)?,
        ["apis", group, version] => resources(group, version)?,
        _ => return None,
    };
    Some(answer::json(StatusCode::OK, &value))
}

fn groups() -> Value {
    let mut groups: Vec<Value> = Vec::new();
    for (group, version, ..) in KINDS.iter().filter(|kind| !kind.0.is_empty()) {
        if !groups.iter().any(|known| known["name"] == *group) {
            let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
            groups.push(json!({
                "name": group, "versions": [version], "preferredVersion": version
            }));
        }
    }
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let of = KINDS.iter().filter(|kind| kind.0 == group && kind.1 == version);
    let resources: Vec<_> = of
        .map(|(_, _, kind, plural, namespaced)| {
            json!({
                "name": plural, "singularName": kind.to_lowercase(), "namespaced": namespaced,
                "kind": kind, "verbs": ["create", "delete", "get", "list", "patch", "update"]
            })
        })
        .collect();
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!resources.is_empty()).then(|| {
        json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name,
            "resources": resources
        })
    })
}
