//! The APIServices of the metrics server, and the CAs that they trust.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::{
    APIServiceCondition, ServiceReference,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::certificates::{CaBundle, CertificateSpec};
use crate::metrics_api::{CUSTOM, EXTERNAL};
use oppscale_cluster::{Apply, Cluster, ClusterError};
use oppscale_core::kinds;

use super::{annotation, label};

/// Hint on how to renew certificates that are values of a Helm release.
pub const HELM_RENEWAL_HINT: &str = "export again with --export-secrets, and let helm upgrade take the new \
                           values: docs/install.md#new-certificates-with-helm";

/// An APIService. Its `caBundle` stays base64, so that one that is not PEM can be reported.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ApiService {
    metadata: ObjectMeta,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    group: String,
    version: String,
    service: Option<ServiceReference>,
    group_priority_minimum: i32,
    version_priority: i32,
    /// `None`, never false: the API server drops false, and field managers would conflict on it
    /// forever.
    #[serde(rename = "insecureSkipTLSVerify", skip_serializing_if = "Option::is_none")]
    insecure_skip_tls_verify: Option<bool>,
    ca_bundle: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Option<Vec<APIServiceCondition>>,
}

impl ApiService {
    /// `v1beta1.custom.metrics.k8s.io`.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Namespace and name of its Service; `None` for APIs that kube-apiserver serves itself.
    pub fn service(&self) -> Option<(&str, &str)> {
        let service = self.spec.service.as_ref()?;
        Some((service.namespace.as_deref()?, service.name.as_deref()?))
    }

    /// Whether its Service is this one.
    pub fn leads_to(&self, namespace: &str, name: &str) -> bool {
        self.service() == Some((namespace, name))
    }

    /// Its API group.
    pub fn group(&self) -> &str {
        self.name().split_once('.').map_or("", |(_, group)| group)
    }

    /// Its Service and its manager: `Service keda/keda-metrics, Helm release keda/keda`.
    pub fn server(&self) -> String {
        let server = match self.service() {
            Some((namespace, name)) => format!("Service {namespace}/{name}"),
            None => "the API server itself".to_owned(),
        };
        let manager = self.manager().map(|manager| format!(", {manager}")).unwrap_or_default();
        format!("{server}{manager}")
    }

    /// Its name and server, as a sentence.
    pub fn described(&self) -> String {
        format!("{} is served by {}", self.name(), self.server())
    }

    /// Its caBundle in base64; `None` if it is empty.
    pub fn ca_bundle(&self) -> Option<&str> {
        self.spec.ca_bundle.as_deref().filter(|text| !text.is_empty())
    }

    /// The CAs of its caBundle; `None` if it is empty or cannot be read.
    pub fn trusted(&self) -> Option<CaBundle> {
        CaBundle::decode(self.ca_bundle()?).ok()
    }

    /// Whether it skips the verification of certificates.
    pub fn is_insecure(&self) -> bool {
        self.spec.insecure_skip_tls_verify == Some(true)
    }

    /// Whether cert-manager's cainjector writes its caBundle.
    pub fn is_injected(&self) -> bool {
        let annotations = self.metadata.annotations.iter().flatten();
        annotations.into_iter().any(|(key, _)| key.starts_with("cert-manager.io/inject"))
    }

    /// Its Available condition: status, reason and message. `None` if it is not set, for example
    /// because the API server cannot load the caBundle.
    pub fn available(&self) -> Option<(bool, &str, &str)> {
        let conditions = self.status.conditions.as_ref()?;
        let condition = conditions.iter().find(|condition| condition.type_ == "Available")?;
        let reason = condition.reason.as_deref().unwrap_or_default();
        let message = condition.message.as_deref().unwrap_or_default();
        Some((condition.status == "True", reason, message))
    }

    /// Its manager by labels and annotations, such as `Helm release keda/keda`.
    pub fn manager(&self) -> Option<String> {
        let by = label(&self.metadata, "app.kubernetes.io/managed-by");
        self.release().or_else(|| by.map(|by| format!("managed by {by}")))
    }

    /// Whether its manager is not oppscale, such as Helm, whose values contain the certificate.
    pub fn has_other_manager(&self) -> bool {
        let by = label(&self.metadata, "app.kubernetes.io/managed-by");
        self.release().is_some() || by.is_some_and(|by| by != "oppscale")
    }

    /// Its Helm release, whose values contain the caBundle.
    pub fn release(&self) -> Option<String> {
        let release = annotation(&self.metadata, "meta.helm.sh/release-name")?;
        let namespace = annotation(&self.metadata, "meta.helm.sh/release-namespace");
        Some(format!("Helm release {}/{release}", namespace.unwrap_or("default")))
    }

    /// Replaces its caBundle in the cluster.
    ///
    /// # Errors
    /// When the request fails, or another field manager owns the caBundle.
    pub async fn trust(
        &self,
        cluster: &Cluster,
        bundle: &CaBundle,
        how: Apply,
    ) -> Result<(), ClusterError> {
        let mut labels = self.metadata.labels.clone().unwrap_or_default();
        labels.retain(|key, _| key.starts_with("app.kubernetes.io/"));
        // An absent field would keep the yes of another manager, which excludes a caBundle.
        let insecure_skip_tls_verify = self.is_insecure().then_some(false);
        let ca_bundle = Some(bundle.base64());
        let spec = Spec { insecure_skip_tls_verify, ca_bundle, ..self.spec.clone() };
        let manifest = json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": self.name(), "labels": labels}, "spec": spec
        });
        let object = kinds::API_SERVICE.object(None, self.name());
        cluster.apply(&object, &manifest, how).await.map(|_| ())
    }
}

/// The APIServices whose Service is the one of `spec`.
///
/// # Errors
/// When they may not be listed.
pub async fn of(
    cluster: &Cluster,
    spec: &CertificateSpec,
) -> Result<Vec<ApiService>, ClusterError> {
    let mut services = all(cluster).await?;
    services.retain(|service| service.leads_to(&spec.namespace, &spec.service));
    Ok(services)
}

/// The APIServices of the metrics APIs, and others if all may be listed: an installation takes
/// only reading its own.
///
/// # Errors
/// When they cannot be read.
pub async fn of_metrics(cluster: &Cluster) -> Result<Vec<ApiService>, ClusterError> {
    match all(cluster).await {
        Err(ClusterError::Forbidden { .. }) => {}
        services => return services,
    }
    let mut services = Vec::new();
    for (version, group) in [("v1beta1", CUSTOM), ("v1beta2", CUSTOM), ("v1beta1", EXTERNAL)] {
        let object = kinds::API_SERVICE.object(None, &format!("{version}.{group}"));
        services.extend(cluster.read::<ApiService>(&object).await?);
    }
    Ok(services)
}

/// All APIServices.
///
/// # Errors
/// When they may not be listed.
pub async fn all(cluster: &Cluster) -> Result<Vec<ApiService>, ClusterError> {
    cluster.list(&kinds::API_SERVICE, None, "").await
}
