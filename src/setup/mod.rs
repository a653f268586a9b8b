//! Changes to a cluster: installation, certificate rotation, credentials and their removal.
//!
//! Serves `init`, `uninstall`, `certs` and `kubeconfig`. The commands prompt and print; this
//! module reads and writes the cluster.

pub mod api_services;
pub mod chart;
pub mod config;
pub mod helm;
pub mod kubeconfig;
pub mod permissions;
pub mod plan;
pub mod rotation;
pub mod server_pod;
pub mod service_account;
pub mod temporary_grant;
pub mod tls_secret;

use std::time::{SystemTime, UNIX_EPOCH};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use oppscale_cluster::{Cluster, ClusterError, server_info};

/// Selects the objects of an installation.
pub const SELECTOR: &str =
    "app.kubernetes.io/part-of=oppscale,app.kubernetes.io/managed-by=oppscale";

/// The labels that [`SELECTOR`] selects.
pub fn labels() -> Value {
    json!({"app.kubernetes.io/part-of": "oppscale", "app.kubernetes.io/managed-by": "oppscale"})
}

/// The flags of a metrics server that differ from their defaults, each after a space.
pub fn server_flags(namespace: &str, service: &str, secret: &str) -> String {
    let flags = [
        ("-n", namespace, "oppscale"),
        ("--service", service, "oppscale"),
        ("--secret", secret, "oppscale-tls"),
    ];
    let given = flags.into_iter().filter(|(_, value, default)| value != default);
    given.map(|(flag, value, _)| format!(" {flag} {value}")).collect()
}

/// The value of a label.
pub fn label<'m>(metadata: &'m ObjectMeta, key: &str) -> Option<&'m str> {
    metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// Whether oppscale made the object.
pub fn is_ours(metadata: &ObjectMeta) -> bool {
    label(metadata, "app.kubernetes.io/managed-by") == Some("oppscale")
}

/// The value of an annotation.
pub fn annotation<'m>(metadata: &'m ObjectMeta, key: &str) -> Option<&'m str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// The local clock, in seconds since 1970.
pub fn local_clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The API server's clock, which decides when certificates and tokens expire, in seconds since
/// 1970; the local clock if an answer has no date.
///
/// # Errors
/// When the server cannot be reached.
pub async fn server_clock(cluster: &Cluster) -> Result<i64, ClusterError> {
    Ok(server_info(cluster).await?.date.unwrap_or_else(local_clock))
}
