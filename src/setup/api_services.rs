//! The APIServices of the metrics server, and the CAs that they trust.

use serde_json::{Value, json};

use crate::certificates::{CaBundle, CertificateSpec};
use oppscale_cluster::{Applied, Apply, Cluster, ClusterError, Operation};

const RIGHT: &str = "--verb=get,list,patch --resource=apiservices.apiregistration.k8s.io";
/// API path of APIServices.
pub const PATH: &str = "/apis/apiregistration.k8s.io/v1/apiservices";

/// How to renew certificates that are values of a Helm release.
pub const BY_HELM: &str = "export again with --export-secrets, and let helm upgrade take the new \
                           values: docs/install.md#new-certificates-with-helm";

/// An APIService.
#[derive(Debug, Clone)]
pub struct ApiService(Value);

impl ApiService {
    /// Wraps an object.
    pub fn new(object: Value) -> Self {
        Self(object)
    }

    /// `v1beta1.custom.metrics.k8s.io`.
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Namespace and name of its Service; `None` for APIs that kube-apiserver serves itself.
    pub fn service(&self) -> Option<(&str, &str)> {
        let service = &self.0["spec"]["service"];
        Some((service["namespace"].as_str()?, service["name"].as_str()?))
    }

    /// Whether its Service is this one.
    pub fn leads_to(&self, namespace: &str, name: &str) -> bool {
        self.service() == Some((namespace, name))
    }

    /// Its API group.
    pub fn group(&self) -> &str {
        self.name().split_once('.').map_or("", |(_, group)| group)
    }

    /// Its Service and its manager, as a sentence.
    pub fn described(&self) -> String {
        let to = match self.service() {
            Some((namespace, name)) => format!("Service {namespace}/{name}"),
            None => "the API server itself".to_owned(),
        };
        let keeper = self.keeper().map(|keeper| format!(", {keeper}")).unwrap_or_default();
        format!("{} is served by {to}{keeper}", self.name())
    }

    /// Its caBundle in base64; `None` if it is empty.
    pub fn ca_bundle(&self) -> Option<&str> {
        self.0["spec"]["caBundle"].as_str().filter(|text| !text.is_empty())
    }

    /// Whether it skips the verification of certificates.
    pub fn is_insecure(&self) -> bool {
        self.0["spec"]["insecureSkipTLSVerify"] == true
    }

    /// Whether cert-manager's cainjector writes its caBundle.
    pub fn is_injected(&self) -> bool {
        let annotations = self.0["metadata"]["annotations"].as_object();
        annotations
            .is_some_and(|all| all.keys().any(|key| key.starts_with("cert-manager.io/inject")))
    }

    /// Its Available condition: status, reason and message. `None` if it is not set, for example
    /// because the API server cannot load the caBundle.
    pub fn available(&self) -> Option<(bool, &str, &str)> {
        let conditions = self.0["status"]["conditions"].as_array()?;
        let condition = conditions.iter().find(|condition| condition["type"] == "Available")?;
        let text = |field: &str| condition[field].as_str().unwrap_or_default();
        Some((condition["status"] == "True", text("reason"), text("message")))
    }

    /// Its manager by labels and annotations, such as `Helm release keda/keda`.
    pub fn keeper(&self) -> Option<String> {
        let by = self.0["metadata"]["labels"]["app.kubernetes.io/managed-by"].as_str();
        self.release().or_else(|| by.map(|by| format!("managed by {by}")))
    }

    /// Whether its manager is not oppscale, such as Helm, whose values contain the certificate.
    pub fn is_kept_by_others(&self) -> bool {
        let by = self.0["metadata"]["labels"]["app.kubernetes.io/managed-by"].as_str();
        self.release().is_some() || by.is_some_and(|by| by != "oppscale")
    }

    /// Its Helm release, whose values contain the caBundle.
    pub fn release(&self) -> Option<String> {
        let annotations = &self.0["metadata"]["annotations"];
        let release = annotations["meta.helm.sh/release-name"].as_str()?;
        let namespace = annotations["meta.helm.sh/release-namespace"].as_str();
        Some(format!("Helm release {}/{release}", namespace.unwrap_or("default")))
    }

    /// The fields that oppscale manages, with another caBundle.
    fn with_bundle(&self, bundle: &CaBundle) -> Value {
        let (metadata, spec) = (&self.0["metadata"], &self.0["spec"]);
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let labels: serde_json::Map<_, _> = labels
            .filter(|(key, _)| key.starts_with("app.kubernetes.io/"))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": self.name(), "labels": labels},
            "spec": {
                "group": spec["group"], "version": spec["version"], "service": spec["service"],
                "groupPriorityMinimum": spec["groupPriorityMinimum"],
                "versionPriority": spec["versionPriority"],
                // Explicit, because an absent field keeps the value of another manager.
                "insecureSkipTLSVerify": false, "caBundle": bundle.base64()
            }
        })
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
    let all = all(cluster).await?;
    Ok(all.into_iter().filter(|service| service.leads_to(&spec.namespace, &spec.service)).collect())
}

/// All APIServices.
///
/// # Errors
/// When they may not be listed.
pub async fn all(cluster: &Cluster) -> Result<Vec<ApiService>, ClusterError> {
    let operation = Operation::new("list APIServices", RIGHT);
    let list = cluster.find(&operation, PATH).await?.unwrap_or_default();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    Ok(items.into_iter().map(ApiService).collect())
}

/// Replaces the caBundle of an APIService.
///
/// # Errors
/// When the request fails.
pub async fn trust(
    cluster: &Cluster,
    service: &ApiService,
    bundle: &CaBundle,
    how: Apply,
) -> Result<Applied, ClusterError> {
    let operation = Operation::new(format!("apply APIService {}", service.name()), RIGHT);
    let path = format!("{PATH}/{}", service.name());
    cluster.apply(&operation, &path, &service.with_bundle(bundle), how).await
}
