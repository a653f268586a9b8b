//! Certificates in a Secret of type `kubernetes.io/tls`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::certificates::{CA_CERT, CERT, IssuedCertificate, KEY, SecretString, StoredCertificate};
use oppscale_cluster::{Apply, Cluster, ClusterError};
use oppscale_core::kinds::ObjectRef;

/// Reads the Secret; `None` if it does not exist.
///
/// # Errors
/// When the request fails.
pub async fn read(
    cluster: &Cluster,
    at: &ObjectRef,
) -> Result<Option<StoredCertificate>, ClusterError> {
    Ok(cluster.read(at).await?.map(stored))
}

/// The contents of a Secret; empty entries count as missing.
pub fn stored(secret: Secret) -> StoredCertificate {
    let mut data = secret.data.unwrap_or_default();
    let mut text = |key: &str| {
        let text = data.remove(key).map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned());
        text.filter(|text| !text.is_empty())
    };
    StoredCertificate {
        chain: text(CERT),
        key: text(KEY).map(SecretString::new),
        ca: text(CA_CERT),
    }
}

/// The Secret's manifest, labelled with the Service that it is for. It contains a private key.
fn manifest(at: &ObjectRef, service: &str, issued: &IssuedCertificate) -> Value {
    let mut labels = super::labels();
    labels["app.kubernetes.io/name"] = "oppscale".into();
    labels["app.kubernetes.io/instance"] = service.into();
    let data = |text: &str| STANDARD.encode(text);
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": at.name, "namespace": at.namespace, "labels": labels},
        "data": {
            CERT: data(&issued.chain), KEY: data(issued.key.expose()), CA_CERT: data(&issued.ca)
        }
    })
}

/// Writes the Secret.
///
/// # Errors
/// When the request fails, or another field manager owns the contents.
pub async fn write(
    cluster: &Cluster,
    at: &ObjectRef,
    service: &str,
    issued: &IssuedCertificate,
    force: bool,
) -> Result<(), ClusterError> {
    let how = Apply { dry_run: false, force };
    cluster.apply(at, &manifest(at, service, issued), how).await.map(|_| ())
}
