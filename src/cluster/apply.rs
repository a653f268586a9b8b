//! Server-side apply, as a dry run: what an object would become.

use http::Method;
use serde_json::Value;

use super::client::{Action, Cluster, Content};
use super::error::ClusterError;

/// The media type of server-side apply; JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
/// Who applies.
const FIELD_MANAGER: &str = "oppscale";

/// An object as it is and as it would be.
#[derive(Debug, Clone, PartialEq)]
pub struct DryRun {
    /// As it is; `None` where there is none.
    pub live: Option<Value>,
    /// As it would be, with the server's defaults; `None` where the server cannot tell because
    /// the namespace or the kind is not there yet.
    pub merged: Option<Value>,
}

/// Asks what applying `object` at `path` would make of it. Nothing is changed.
///
/// Fields that somebody else owns are taken over in the dry run, so that a conflict shows as
/// the difference that it is.
///
/// # Errors
/// When the object may not be read or applied, or the server refuses it.
pub async fn dry_run(
    cluster: &Cluster,
    name: &str,
    resource: &str,
    path: &str,
    object: &Value,
) -> Result<DryRun, ClusterError> {
    let words = format!("get {name}");
    let right = format!("--verb=get,patch,create --resource={resource}");
    let action = Action { words: &words, right: &right };
    let live = match cluster.get(&action, path).await {
        Ok(body) => Some(parse(cluster, &words, &body)?),
        Err(ClusterError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let words = format!("apply {name} as a dry run");
    let action = Action { words: &words, right: &right };
    let query =
        format!("{path}?dryRun=All&fieldManager={FIELD_MANAGER}&force=true&fieldValidation=Strict");
    let bytes = object.to_string();
    let content = Content { media_type: APPLY, bytes: bytes.as_bytes() };
    match cluster.request(&action, Method::PATCH, &query, Some(content)).await {
        Ok(body) => Ok(DryRun { live, merged: Some(parse(cluster, &words, &body)?) }),
        Err(ClusterError::NotFound { .. }) if live.is_none() => Ok(DryRun { live, merged: None }),
        Err(error) => Err(error),
    }
}

fn parse(cluster: &Cluster, action: &str, body: &[u8]) -> Result<Value, ClusterError> {
    serde_json::from_slice(body).map_err(|error| ClusterError::Garbage {
        action: action.to_owned(),
        server: cluster.server().to_owned(),
        cause: error.to_string(),
    })
}
