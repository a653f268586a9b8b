//! Certificates in a Secret of type `kubernetes.io/tls`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::certificates::{CA_CERT, CERT, IssuedCertificate, KEY, SecretString, StoredCertificate};
use oppscale_cluster::{Applied, Apply, Cluster, ClusterError, Operation};

/// Namespace and name of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl SecretRef {
    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets/{}", self.namespace, self.name)
    }

    /// `Secret NAMESPACE/NAME` for messages.
    pub fn shown(&self) -> String {
        format!("Secret {}/{}", self.namespace, self.name)
    }
}

/// Reads the Secret; `None` if it does not exist.
///
/// # Errors
/// When the request fails.
pub async fn read(
    cluster: &Cluster,
    at: &SecretRef,
) -> Result<Option<StoredCertificate>, ClusterError> {
    let operation = Operation::new(format!("get {}", at.shown()), "--verb=get --resource=secrets");
    Ok(cluster.find(&operation, &at.path()).await?.map(|secret| stored(&secret)))
}

/// The contents of a Secret; entries that are not UTF-8 text count as missing.
pub fn stored(secret: &Value) -> StoredCertificate {
    let text = |key: &str| {
        let bytes = STANDARD.decode(secret["data"][key].as_str()?).ok()?;
        String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
    };
    StoredCertificate {
        chain: text(CERT),
        key: text(KEY).map(SecretString::new),
        ca: text(CA_CERT),
    }
}

/// The Secret's manifest, labelled with the Service that it is for. It contains a private key.
pub fn object(at: &SecretRef, service: &str, issued: &IssuedCertificate) -> Value {
    let data = |text: &str| STANDARD.encode(text);
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "name": at.name, "namespace": at.namespace,
            "labels": {
                "app.kubernetes.io/name": "oppscale", "app.kubernetes.io/instance": service,
                "app.kubernetes.io/part-of": "oppscale",
                "app.kubernetes.io/managed-by": "oppscale"
            }
        },
        "data": {
            CERT: data(&issued.chain), KEY: data(issued.key.expose()), CA_CERT: data(&issued.ca)
        }
    })
}

/// Writes the Secret.
///
/// # Errors
/// When the request fails. A conflict is a result, not an error.
pub async fn write(
    cluster: &Cluster,
    at: &SecretRef,
    service: &str,
    issued: &IssuedCertificate,
    how: Apply,
) -> Result<Applied, ClusterError> {
    let operation = Operation::new(
        format!("apply {}", at.shown()),
        "--verb=get,create,patch --resource=secrets",
    );
    cluster.apply(&operation, &at.path(), &object(at, service, issued), how).await
}
