//! The types of the built-in kinds that are rendered or that come with a user's workload.
//!
//! Custom resources are not read into types: their fields are their operator's business.

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

use oppscale_cluster::typed::{self, Refusal};
use oppscale_core::kinds::Kind;

type Parse = fn(&Value) -> Result<(), Refusal>;

/// The function that decodes objects of a kind; `None` for kinds without a type here.
pub(super) fn parser(kind: &Kind) -> Option<Parse> {
    Some(match kind.name {
        "Namespace" => checked::<core::Namespace>,
        "ResourceQuota" => checked::<core::ResourceQuota>,
        "LimitRange" => checked::<core::LimitRange>,
        "ConfigMap" => checked::<core::ConfigMap>,
        "Secret" => checked::<core::Secret>,
        "Service" => checked::<core::Service>,
        "ServiceAccount" => checked::<core::ServiceAccount>,
        "Deployment" => checked::<apps::Deployment>,
        "StatefulSet" => checked::<apps::StatefulSet>,
        "ReplicaSet" => checked::<apps::ReplicaSet>,
        "DaemonSet" => checked::<apps::DaemonSet>,
        "Job" => checked::<batch::Job>,
        "HorizontalPodAutoscaler" => checked::<autoscaling::HorizontalPodAutoscaler>,
        "PriorityClass" => checked::<scheduling::PriorityClass>,
        "NetworkPolicy" => checked::<networking::NetworkPolicy>,
        "PodDisruptionBudget" => checked::<policy::PodDisruptionBudget>,
        "ValidatingAdmissionPolicy" => checked::<admission::ValidatingAdmissionPolicy>,
        "ValidatingAdmissionPolicyBinding" => {
            checked::<admission::ValidatingAdmissionPolicyBinding>
        }
        "Role" => checked::<rbac::Role>,
        "RoleBinding" => checked::<rbac::RoleBinding>,
        "ClusterRole" => checked::<rbac::ClusterRole>,
        "ClusterRoleBinding" => checked::<rbac::ClusterRoleBinding>,
        "APIService" => checked::<registration::APIService>,
        _ => return None,
    })
}

fn checked<T: DeserializeOwned>(value: &Value) -> Result<(), Refusal> {
    typed::read_strictly::<T>(value).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use oppscale_core::kinds;
    use serde_json::json;

    fn refusal(value: &Value) -> Refusal {
        let text = |field: &str| value[field].as_str().unwrap().to_owned();
        let kind = kinds::find(&text("apiVersion"), &text("kind")).unwrap();
        parser(kind).unwrap()(value).unwrap_err()
    }

    #[test]
    fn a_field_is_named_by_its_path_however_deep() {
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
            "spec": {"selector": {}, "template": {"spec": {
                "containers": [{"name": "a"}, {"name": "b", "resource": {}}]
            }}}
        });
        let field = "spec.template.spec.containers[1].resource".to_owned();
        assert_eq!(refusal(&deployment), Refusal::Unknown(field));
    }

    #[test]
    fn a_field_of_another_type_is_named() {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"},
            "data": {"on": true}
        });
        assert!(matches!(refusal(&map), Refusal::Malformed { field, .. } if field == "data.on"));
    }
}
