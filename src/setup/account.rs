//! ServiceAccounts, and the Secrets with which their tokens live.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::certificates::SecretString;
use oppscale_cluster::{Action, Ask, Cluster, ClusterError};

use super::token::Token;

const ACCOUNTS: &str = "--verb=get,create --resource=serviceaccounts";
const SECRETS: &str = "--verb=get,create,delete --resource=secrets";
/// How long the token controller may take to fill a Secret; 1.36 took less than 3 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Account {
    /// `NAMESPACE/NAME`.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The Secret with which its tokens live.
    pub fn revoker(&self) -> String {
        format!("oppscale-kubeconfig-{}", self.name)
    }

    /// The Secret of its token that never ends.
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

/// Whether the ServiceAccount is there. Without the right to look, it is taken to be: the
/// server says so soon enough.
///
/// # Errors
/// When the server fails.
pub async fn exists(cluster: &Cluster, account: &Account) -> Result<bool, ClusterError> {
    let words = format!("get ServiceAccount {}", account.shown());
    match cluster.find(&Action { words: &words, right: ACCOUNTS }, &account.path()).await {
        Err(ClusterError::Forbidden { .. }) => Ok(true),
        found => Ok(found?.is_some()),
    }
}

/// Makes the ServiceAccount.
///
/// # Errors
/// When the server refuses or fails.
pub async fn create(cluster: &Cluster, account: &Account) -> Result<(), ClusterError> {
    let words = format!("create ServiceAccount {}", account.shown());
    let action = Action { words: &words, right: ACCOUNTS };
    let object = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": account.name, "namespace": account.namespace, "labels": Account::labels()
        }
    });
    let path = format!("/api/v1/namespaces/{}/serviceaccounts", account.namespace);
    let ask = Ask::post(format!("{path}?fieldManager=oppscale"), &object);
    cluster.ask(&action, &ask).await?.success(&action).map(|_| ())
}

/// Name and uid of the Secret with which tokens live; made if it is not there.
///
/// # Errors
/// When the server refuses or fails.
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

/// A token that never ends, from a Secret that the token controller fills.
///
/// # Errors
/// When the server refuses or fails, and when the controller does not fill it.
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
    let end = Instant::now() + PATIENCE;
    let words = format!("get Secret {}/{name}", account.namespace);
    let action = Action { words: &words, right: SECRETS };
    loop {
        let secret = cluster.find(&action, &format!("{}/{name}", account.secrets())).await?;
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
                seconds: PATIENCE.as_secs_f64(),
            });
        }
        sleep(LOOK).await;
    }
}

/// The Secret as it is, or made.
async fn ensure(
    cluster: &Cluster,
    account: &Account,
    name: &str,
    secret: &Value,
) -> Result<Value, ClusterError> {
    let words = format!("create Secret {}/{name}", account.namespace);
    let action = Action { words: &words, right: SECRETS };
    let path = account.secrets();
    let ask = Ask::post(format!("{path}?fieldManager=oppscale"), secret);
    let reply = cluster.ask(&action, &ask).await?;
    if reply.status == StatusCode::CONFLICT {
        let words = format!("get Secret {}/{name}", account.namespace);
        let action = Action { words: &words, right: SECRETS };
        return Ok(cluster.find(&action, &format!("{path}/{name}")).await?.unwrap_or_default());
    }
    Ok(reply.success(&action)?.json())
}

/// Whose a Secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// It is not there.
    Nobody,
    /// It carries our label, and is for this account.
    Us,
    /// Somebody else's, whose name is the same by chance.
    Other,
}

/// Whose a Secret is.
///
/// # Errors
/// When the server refuses or fails.
pub async fn holder(
    cluster: &Cluster,
    account: &Account,
    name: &str,
) -> Result<Holder, ClusterError> {
    let words = format!("get Secret {}/{name}", account.namespace);
    let action = Action { words: &words, right: SECRETS };
    let live = match cluster.find(&action, &format!("{}/{name}", account.secrets())).await? {
        None => return Ok(Holder::Nobody),
        Some(live) => live,
    };
    let metadata = &live["metadata"];
    let of = &metadata["annotations"]["kubernetes.io/service-account.name"];
    let is_ours = metadata["labels"]["app.kubernetes.io/managed-by"] == "oppscale"
        && (of.is_null() || *of == *account.name);
    Ok(if is_ours { Holder::Us } else { Holder::Other })
}

/// Deletes a Secret, and with it the tokens that live with it; whether it was there.
///
/// # Errors
/// When the server refuses or fails.
pub async fn delete_secret(
    cluster: &Cluster,
    account: &Account,
    name: &str,
) -> Result<bool, ClusterError> {
    let words = format!("delete Secret {}/{name}", account.namespace);
    let action = Action { words: &words, right: SECRETS };
    cluster.remove(&action, &format!("{}/{name}", account.secrets())).await
}
