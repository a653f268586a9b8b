//! ServiceAccounts, their tokens, and the Secrets that tokens are bound to, which revoke them.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::Secret;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::certificates::SecretString;
use oppscale_cluster::{ApiRequest, Cluster, ClusterError, Operation};
use oppscale_core::kinds::{self, ObjectRef};

use super::{annotation, is_ours, labels};

/// Time limit for the token controller to fill a Secret; 1.36 took less than 3 s.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The annotation by which a Secret names its ServiceAccount.
const OF_ACCOUNT: &str = "kubernetes.io/service-account.name";

/// A ServiceAccount. Its `Display` is `NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The owner of a Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The Secret does not exist.
    Nobody,
    /// It carries oppscale's label, and is for this account.
    Us,
    /// Another owner, with the same name by chance.
    Other,
}

/// A token with its expiry and the server's warnings.
#[derive(Debug, Clone)]
pub struct Token {
    /// Bearer token.
    pub secret: SecretString,
    /// Expiry, in seconds since 1970, as the server returns it: it may be earlier than requested.
    /// `None` if the token never expires.
    pub expires: Option<i64>,
    /// Warnings of the server, such as of a shortened lifetime.
    pub warnings: Vec<String>,
}

impl Account {
    /// The Secret that its tokens are bound to.
    pub fn revoker(&self) -> ObjectRef {
        self.secret("")
    }

    /// The Secret with its token that never expires.
    pub fn legacy_secret(&self) -> ObjectRef {
        self.secret("-legacy")
    }

    fn secret(&self, suffix: &str) -> ObjectRef {
        let name = format!("oppscale-kubeconfig-{}{suffix}", self.name);
        kinds::SECRET.object(Some(&self.namespace), &name)
    }

    fn object(&self) -> ObjectRef {
        kinds::SERVICE_ACCOUNT.object(Some(&self.namespace), &self.name)
    }

    /// Whether it exists. Assumes so without the permission to read it: the next request fails if
    /// it does not.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn exists(&self, cluster: &Cluster) -> Result<bool, ClusterError> {
        match cluster.read::<IgnoredAny>(&self.object()).await {
            Err(ClusterError::Forbidden { .. }) => Ok(true),
            found => Ok(found?.is_some()),
        }
    }

    /// Creates it.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn create(&self, cluster: &Cluster) -> Result<(), ClusterError> {
        let manifest = manifest(&self.object(), json!({}));
        cluster.create::<IgnoredAny>(&self.object(), &manifest).await.map(|_| ())
    }

    /// A token that never expires, from a Secret that the token controller fills.
    ///
    /// # Errors
    /// When a request fails, or the controller does not fill the Secret.
    pub async fn legacy_token(&self, cluster: &Cluster) -> Result<Token, ClusterError> {
        let object = self.legacy_secret();
        let annotations = json!({OF_ACCOUNT: self.name});
        let mut manifest = manifest(&object, annotations);
        manifest["type"] = "kubernetes.io/service-account-token".into();
        cluster.create::<IgnoredAny>(&object, &manifest).await?;
        let end = Instant::now() + TOKEN_TIMEOUT;
        loop {
            let secret: Option<Secret> = cluster.read(&object).await?;
            let data = secret.and_then(|secret| secret.data).unwrap_or_default();
            let token = data.get("token").map(|bytes| String::from_utf8(bytes.0.clone()));
            if let Some(Ok(token)) = token {
                let secret = SecretString::new(token);
                return Ok(Token { secret, expires: None, warnings: Vec::new() });
            }
            if Instant::now() >= end {
                return Err(ClusterError::TimedOut {
                    action: format!("wait for a token in {object}"),
                    server: "the token controller".to_owned(),
                    seconds: TOKEN_TIMEOUT.as_secs_f64(),
                });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// A token for `audiences` (none for the API server itself) with a lifetime of `seconds`,
    /// bound to the [`Self::revoker`], which is created if it does not exist.
    ///
    /// # Errors
    /// When a request fails, or the answer contains no token.
    pub async fn token(
        &self,
        cluster: &Cluster,
        audiences: &[String],
        seconds: u64,
    ) -> Result<Token, ClusterError> {
        let revoker = self.revoker();
        let manifest = manifest(&revoker, json!({}));
        let stored: Option<Secret> = match cluster.create(&revoker, &manifest).await? {
            Some(created) => Some(created),
            None => cluster.read(&revoker).await?,
        };
        let uid = stored.and_then(|secret| secret.metadata.uid).unwrap_or_default();
        let mut spec = json!({
            "expirationSeconds": seconds,
            "boundObjectRef": {
                "apiVersion": "v1", "kind": "Secret", "name": revoker.name, "uid": uid
            }
        });
        if !audiences.is_empty() {
            spec["audiences"] = json!(audiences);
        }
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec
        });
        let operation = Operation::new(
            format!("request a token for ServiceAccount {self}"),
            "--verb=create --resource=serviceaccounts/token",
        );
        let request = ApiRequest::post(format!("{}/token", self.object().path()), &request);
        let response = cluster.send(&operation, &request).await?.success(&operation)?;
        let answer: Option<TokenRequest> = response.json().ok();
        let status = answer.and_then(|answer| answer.status);
        let Some(status) = status.filter(|status| !status.token.is_empty()) else {
            return Err(cluster.invalid_response(
                &operation.description,
                "the answer contains no token or no expiry",
            ));
        };
        Ok(Token {
            secret: SecretString::new(status.token),
            expires: Some(status.expiration_timestamp.0.as_second()),
            warnings: response.warnings,
        })
    }

    /// Finds the owner of one of its Secrets.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn holder(
        &self,
        cluster: &Cluster,
        secret: &ObjectRef,
    ) -> Result<Holder, ClusterError> {
        let live: Option<Secret> = cluster.read(secret).await?;
        let Some(Secret { metadata, .. }) = live else { return Ok(Holder::Nobody) };
        let is_own = is_ours(&metadata)
            && annotation(&metadata, OF_ACCOUNT).is_none_or(|name| name == self.name);
        Ok(if is_own { Holder::Us } else { Holder::Other })
    }
}

/// An object with oppscale's labels; a Secret is Opaque by default.
fn manifest(object: &ObjectRef, annotations: Value) -> Value {
    json!({
        "apiVersion": object.kind.api_version(), "kind": object.kind.name,
        "metadata": {
            "name": object.name, "namespace": object.namespace, "labels": labels(),
            "annotations": annotations
        }
    })
}
