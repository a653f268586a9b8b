//! ServiceAccount tokens, bound to a Secret so that they can be revoked.

use serde_json::{Value, json};

use crate::certificates::SecretString;
use oppscale_cluster::{Action, Ask, Cluster, ClusterError};

/// A token and what the server said of it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub secret: SecretString,
    /// When it ends, in the server's words; `None` for one that never does. What was asked
    /// for does not count: servers cut it.
    pub expires: Option<String>,
    /// What the server warns of, as that it was cut.
    pub warnings: Vec<String>,
}

/// What token is wanted.
#[derive(Debug, Clone)]
pub struct TokenRequest<'a> {
    /// The ServiceAccount's namespace.
    pub namespace: &'a str,
    /// The ServiceAccount.
    pub account: &'a str,
    /// For whom; empty for the API server itself.
    pub audiences: &'a [String],
    /// For how long, seconds.
    pub seconds: u64,
    /// Name and uid of the Secret with which it lives.
    pub bound_to: Option<(&'a str, &'a str)>,
}

/// Asks for a token.
///
/// # Errors
/// When the server refuses or fails, or answers without a token.
pub async fn request(cluster: &Cluster, wish: &TokenRequest<'_>) -> Result<Token, ClusterError> {
    let TokenRequest { namespace, account, audiences, seconds, bound_to } = wish;
    let words = format!("request a token for ServiceAccount {namespace}/{account}");
    let action = Action { words: &words, right: "--verb=create --resource=serviceaccounts/token" };
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
    let reply = cluster.ask(&action, &Ask::post(path, &object)).await?.success(&action)?;
    let answer = reply.json();
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let status = &answer["status"];
    let (Some(token), Some(expires)) =
        (text(&status["token"]), text(&status["expirationTimestamp"]))
    else {
        return Err(ClusterError::Garbage {
            action: words,
            server: cluster.server().to_owned(),
            cause: "the answer holds no token, or does not say when it expires".to_owned(),
        });
    };
    Ok(Token { secret: SecretString::new(token), expires: Some(expires), warnings: reply.warnings })
}
