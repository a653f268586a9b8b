//! ServiceAccounts, their tokens, and the Secrets that tokens are bound to, which revoke them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::certificates::SecretString;
use oppscale_cluster::{ApiRequest, Cluster, ClusterError, Operation};

const ACCOUNTS: &str = "--verb=get,create --resource=serviceaccounts";
const SECRETS: &str = "--verb=get,create,delete --resource=secrets";
/// How long the token controller may take to fill a Secret; 1.36 took less than 3 s.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Account {
    /// `NAMESPACE/NAME`.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Name of the Secret that its tokens are bound to.
    pub fn revoker(&self) -> String {
        format!("oppscale-kubeconfig-{}", self.name)
    }

    /// Name of the Secret with its token that never expires.
    pub fn legacy_secret(&self) -> String {
        format!("oppscale-kubeconfig-{}-legacy", self.name)
    }

    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/serviceaccounts/{}", self.namespace, self.name)
    }

    fn secrets(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", self.namespace)
    }

    fn labels() -> Value {
        json!({"app.kubernetes.io/part-of": "oppscale", "app.kubernetes.io/managed-by": "oppscale"})
    }
}

/// Whether the ServiceAccount exists. Assumes so without the permission to read it: the next
/// request fails if it does not.
///
/// # Errors
/// When the server fails.
pub async fn exists(cluster: &Cluster, account: &Account) -> Result<bool, ClusterError> {
    let words = format!("get ServiceAccount {}", account.shown());
    match cluster.find(&Operation::new(&words, ACCOUNTS), &account.path()).await {
        Err(ClusterError::Forbidden { .. }) => Ok(true),
        found => Ok(found?.is_some()),
    }
}

/// Creates the ServiceAccount.
///
/// # Errors
/// When the request fails.
pub async fn create(cluster: &Cluster, account: &Account) -> Result<(), ClusterError> {
    let operation = Operation::new(format!("create ServiceAccount {}", account.shown()), ACCOUNTS);
    let object = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": account.name, "namespace": account.namespace, "labels": Account::labels()
        }
    });
    let path = format!("/api/v1/namespaces/{}/serviceaccounts", account.namespace);
    let request = ApiRequest::post(format!("{path}?fieldManager=oppscale"), &object);
    cluster.send(&operation, &request).await?.success(&operation).map(|_| ())
}

/// Name and UID of the Secret that tokens are bound to; created if it does not exist.
///
/// # Errors
/// When the request fails.
pub async fn revoker(
    cluster: &Cluster,
    account: &Account,
) -> Result<(String, String), ClusterError> {
    let name = account.revoker();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": name, "namespace": account.namespace, "labels": Account::labels()}
    });
    let stored = ensure(cluster, account, &name, &secret).await?;
    let uid = stored["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    Ok((name, uid))
}

/// A token that never expires, from a Secret that the token controller fills.
///
/// # Errors
/// When a request fails, or the controller does not fill the Secret.
pub async fn legacy_token(cluster: &Cluster, account: &Account) -> Result<Token, ClusterError> {
    let name = account.legacy_secret();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": name, "namespace": account.namespace, "labels": Account::labels(),
            "annotations": {"kubernetes.io/service-account.name": account.name}
        }
    });
    ensure(cluster, account, &name, &secret).await?;
    let end = Instant::now() + TOKEN_TIMEOUT;
    let operation = Operation::new(format!("get Secret {}/{name}", account.namespace), SECRETS);
    loop {
        let secret = cluster.find(&operation, &format!("{}/{name}", account.secrets())).await?;
        let secret = secret.unwrap_or_default();
        let token = secret["data"]["token"].as_str().and_then(|text| STANDARD.decode(text).ok());
        if let Some(Ok(token)) = token.map(String::from_utf8) {
            return Ok(Token {
                secret: SecretString::new(token),
                expires: None,
                warnings: Vec::new(),
            });
        }
        if Instant::now() >= end {
            return Err(ClusterError::TimedOut {
                action: format!("wait for a token in Secret {}/{name}", account.namespace),
                server: "the token controller".to_owned(),
                seconds: TOKEN_TIMEOUT.as_secs_f64(),
            });
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// The existing Secret, or a new one.
async fn ensure(
    cluster: &Cluster,
    account: &Account,
    name: &str,
    secret: &Value,
) -> Result<Value, ClusterError> {
    let operation = Operation::new(format!("create Secret {}/{name}", account.namespace), SECRETS);
    let path = account.secrets();
    let request = ApiRequest::post(format!("{path}?fieldManager=oppscale"), secret);
    let response = cluster.send(&operation, &request).await?;
    if response.status == StatusCode::CONFLICT {
        let operation = Operation::new(format!("get Secret {}/{name}", account.namespace), SECRETS);
        return Ok(cluster.find(&operation, &format!("{path}/{name}")).await?.unwrap_or_default());
    }
    response.success(&operation)?.json()
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

/// Finds the owner of a Secret.
///
/// # Errors
/// When the request fails.
pub async fn holder(
    cluster: &Cluster,
    account: &Account,
    name: &str,
) -> Result<Holder, ClusterError> {
    let operation = Operation::new(format!("get Secret {}/{name}", account.namespace), SECRETS);
    let live = match cluster.find(&operation, &format!("{}/{name}", account.secrets())).await? {
        None => return Ok(Holder::Nobody),
        Some(live) => live,
    };
    let metadata = &live["metadata"];
    let of = &metadata["annotations"]["kubernetes.io/service-account.name"];
    let is_ours = metadata["labels"]["app.kubernetes.io/managed-by"] == "oppscale"
        && (of.is_null() || *of == *account.name);
    Ok(if is_ours { Holder::Us } else { Holder::Other })
}

/// Deletes a Secret, which revokes the tokens bound to it. Returns whether it existed.
///
/// # Errors
/// When the request fails.
pub async fn delete_secret(
    cluster: &Cluster,
    account: &Account,
    name: &str,
) -> Result<bool, ClusterError> {
    let operation = Operation::new(format!("delete Secret {}/{name}", account.namespace), SECRETS);
    cluster.remove(&operation, &format!("{}/{name}", account.secrets())).await
}

/// A token with its expiry and the server's warnings.
#[derive(Debug, Clone)]
pub struct Token {
    /// Bearer token.
    pub secret: SecretString,
    /// Expiry in RFC 3339, as the server returns it: it may be earlier than requested. `None`
    /// if the token never expires.
    pub expires: Option<String>,
    /// Warnings of the server, such as of a shortened lifetime.
    pub warnings: Vec<String>,
}

/// Parameters of a token request.
#[derive(Debug, Clone)]
pub struct TokenRequest<'a> {
    /// Namespace of the ServiceAccount.
    pub namespace: &'a str,
    /// Name of the ServiceAccount.
    pub account: &'a str,
    /// Audiences; empty for the API server itself.
    pub audiences: &'a [String],
    /// Lifetime, in seconds.
    pub seconds: u64,
    /// Name and UID of the Secret that the token is bound to.
    pub bound_to: Option<(&'a str, &'a str)>,
}

/// Requests a token.
///
/// # Errors
/// When the request fails, or the answer contains no token.
pub async fn request_token(
    cluster: &Cluster,
    request: &TokenRequest<'_>,
) -> Result<Token, ClusterError> {
    let TokenRequest { namespace, account, audiences, seconds, bound_to } = request;
    let operation = Operation::new(
        format!("request a token for ServiceAccount {namespace}/{account}"),
        "--verb=create --resource=serviceaccounts/token",
    );
    let mut spec = json!({"expirationSeconds": seconds});
    if !audiences.is_empty() {
        spec["audiences"] = json!(audiences);
    }
    if let Some((name, uid)) = bound_to {
        spec["boundObjectRef"] =
            json!({"apiVersion": "v1", "kind": "Secret", "name": name, "uid": uid});
    }
    let object = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec
    });
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
    let response =
        cluster.send(&operation, &ApiRequest::post(path, &object)).await?.success(&operation)?;
    let answer: Value = response.json()?;
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let status = &answer["status"];
    let (Some(token), Some(expires)) =
        (text(&status["token"]), text(&status["expirationTimestamp"]))
    else {
        return Err(ClusterError::Garbage {
            action: operation.description.into_owned(),
            server: cluster.server().to_owned(),
            cause: "the answer contains no token or no expiry".to_owned(),
        });
    };
    Ok(Token {
        secret: SecretString::new(token),
        expires: Some(expires),
        warnings: response.warnings,
    })
}
