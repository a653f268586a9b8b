//! The kinds that are rendered: where they live in the API, and their types.

use k8s_openapi::api::admissionregistration::v1 as admission;
use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::autoscaling::v2 as autoscaling;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::networking::v1 as networking;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::rbac::v1 as rbac;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as registration;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{cert_manager, custom};

/// A kind of object.
#[derive(Clone, Copy)]
pub struct Kind {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// `kind`.
    pub kind: &'static str,
    /// Its name in URLs.
    pub plural: &'static str,
    /// Whether it lives in a namespace.
    pub namespaced: bool,
    parse: fn(&Value) -> Result<(), Refusal>,
}

/// Why an object is not of its type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The type has no such field.
    Unknown(String),
    /// A field is missing or of the wrong type.
    Malformed {
        /// Its path.
        field: String,
        /// What was expected.
        problem: String,
    },
}

macro_rules! kinds {
    ($($api:literal $kind:ident $plural:literal $scope:ident $type:ty;)*) => {
        &[$(Kind {
            api_version: $api,
            kind: stringify!($kind),
            plural: $plural,
            namespaced: kinds!(@$scope),
            parse: strictly::<$type>,
        }),*]
    };
    (@namespaced) => { true };
    (@cluster) => { false };
}

const KINDS: &[Kind] = kinds![
    "v1" Namespace "namespaces" cluster core::Namespace;
    "v1" ResourceQuota "resourcequotas" namespaced core::ResourceQuota;
    "v1" LimitRange "limitranges" namespaced core::LimitRange;
    "v1" ConfigMap "configmaps" namespaced core::ConfigMap;
    "v1" Secret "secrets" namespaced core::Secret;
    "v1" Service "services" namespaced core::Service;
    "v1" ServiceAccount "serviceaccounts" namespaced core::ServiceAccount;
    "apps/v1" Deployment "deployments" namespaced apps::Deployment;
    "apps/v1" StatefulSet "statefulsets" namespaced apps::StatefulSet;
    "apps/v1" DaemonSet "daemonsets" namespaced apps::DaemonSet;
    "batch/v1" Job "jobs" namespaced batch::Job;
    "autoscaling/v2" HorizontalPodAutoscaler "horizontalpodautoscalers" namespaced
        autoscaling::HorizontalPodAutoscaler;
    "scheduling.k8s.io/v1" PriorityClass "priorityclasses" cluster scheduling::PriorityClass;
    "networking.k8s.io/v1" NetworkPolicy "networkpolicies" namespaced networking::NetworkPolicy;
    "policy/v1" PodDisruptionBudget "poddisruptionbudgets" namespaced policy::PodDisruptionBudget;
    "admissionregistration.k8s.io/v1" ValidatingAdmissionPolicy "validatingadmissionpolicies"
        cluster admission::ValidatingAdmissionPolicy;
    "admissionregistration.k8s.io/v1" ValidatingAdmissionPolicyBinding
        "validatingadmissionpolicybindings" cluster admission::ValidatingAdmissionPolicyBinding;
    "rbac.authorization.k8s.io/v1" Role "roles" namespaced rbac::Role;
    "rbac.authorization.k8s.io/v1" RoleBinding "rolebindings" namespaced rbac::RoleBinding;
    "rbac.authorization.k8s.io/v1" ClusterRole "clusterroles" cluster rbac::ClusterRole;
    "rbac.authorization.k8s.io/v1" ClusterRoleBinding "clusterrolebindings" cluster
        rbac::ClusterRoleBinding;
    "apiregistration.k8s.io/v1" APIService "apiservices" cluster registration::APIService;
    "keda.sh/v1alpha1" ScaledObject "scaledobjects" namespaced custom::ScaledObject;
    "monitoring.coreos.com/v1" ServiceMonitor "servicemonitors" namespaced custom::ServiceMonitor;
    "monitoring.coreos.com/v1" PrometheusRule "prometheusrules" namespaced custom::PrometheusRule;
    "cert-manager.io/v1" Issuer "issuers" namespaced cert_manager::Issuer;
    "cert-manager.io/v1" Certificate "certificates" namespaced cert_manager::Certificate;
    "kustomize.config.k8s.io/v1beta1" Kustomization "kustomizations" namespaced
        custom::Kustomization;
];

/// The kind of this name, if it is one that is rendered.
pub fn kind_of(api_version: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.api_version == api_version && known.kind == kind)
}

impl Kind {
    /// The path of an object of this kind.
    pub fn path(&self, namespace: Option<&str>, name: &str) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        let namespace = namespace.filter(|_| self.namespaced);
        let namespace = namespace.map(|n| format!("namespaces/{n}/")).unwrap_or_default();
        format!("/{root}/{}/{namespace}{}/{name}", self.api_version, self.plural)
    }

    pub(super) fn parse(&self, value: &Value) -> Result<(), Refusal> {
        (self.parse)(value)
    }
}

/// Reads `value` into `T`. The types of k8s-openapi pass over fields that they do not know;
/// serde_ignored tells which.
fn strictly<T: DeserializeOwned>(value: &Value) -> Result<(), Refusal> {
    let mut unknown = None;
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(value, &mut track);
    let parsed: Result<T, _> = serde_ignored::deserialize(deserializer, |path| {
        unknown.get_or_insert(path.to_string());
    });
    if let Err(error) = parsed {
        let field = plain(&track.path().to_string());
        return Err(Refusal::Malformed { field, problem: error.to_string() });
    }
    match unknown {
        None => Ok(()),
        Some(field) => Err(Refusal::Unknown(plain(&field))),
    }
}

/// A path without the marks of `Option`s.
fn plain(path: &str) -> String {
    let parts: Vec<_> = path.split('.').filter(|part| !part.is_empty() && *part != "?").collect();
    if parts.is_empty() { "the object".to_owned() } else { parts.join(".") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(value: &Value) -> Refusal {
        let text = |field: &str| value[field].as_str().unwrap().to_owned();
        kind_of(&text("apiVersion"), &text("kind")).unwrap().parse(value).unwrap_err()
    }

    #[test]
    fn a_field_is_named_by_its_path_however_deep() {
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
            "spec": {"selector": {}, "template": {"spec": {
                "containers": [{"name": "a"}, {"name": "b", "resource": {}}]
            }}}
        });
        let field = "spec.template.spec.containers.1.resource".to_owned();
        assert_eq!(refusal(&deployment), Refusal::Unknown(field));
        let scaled = json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "x"},
            "spec": {"scaleTargetRef": {"name": "x"}, "triggers": [], "maxReplicas": 1}
        });
        assert!(matches!(refusal(&scaled), Refusal::Malformed { problem, .. }
            if problem.contains("unknown field `maxReplicas`")));
    }

    #[test]
    fn a_field_of_another_type_is_named() {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"},
            "data": {"on": true}
        });
        assert!(matches!(refusal(&map), Refusal::Malformed { field, .. } if field == "data.on"));
    }

    #[test]
    fn paths_are_those_of_the_api() {
        let path = |api, kind| kind_of(api, kind).unwrap().path(Some("n"), "x");
        assert_eq!(path("v1", "Namespace"), "/api/v1/namespaces/x");
        assert_eq!(path("apps/v1", "Deployment"), "/apis/apps/v1/namespaces/n/deployments/x");
    }
}
