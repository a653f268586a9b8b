//! Server-side apply, as a dry run: what an object would become.

use oppscale_core::kinds::Kind;
use serde_json::Value;

use super::client::{Action, Cluster};
use super::error::ClusterError;
use super::objects::{Applied, Apply};

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
    kind: &Kind,
    path: &str,
    object: &Value,
) -> Result<DryRun, ClusterError> {
    let words = format!("get {name}");
    let right = kind.permission("get,patch,create");
    let action = Action { words: &words, right: &right };
    let live = cluster.find(&action, path).await?;
    let words = format!("apply {name} as a dry run");
    let action = Action { words: &words, right: &right };
    let how = Apply { dry_run: true, force: true };
    match cluster.apply(&action, path, object, how).await {
        Ok(Applied::Created(merged) | Applied::Kept(merged)) => {
            Ok(DryRun { live, merged: Some(merged) })
        }
        // By force there is none.
        Ok(Applied::Conflict(_)) => Ok(DryRun { live, merged: None }),
        Err(ClusterError::NotFound { .. }) if live.is_none() => Ok(DryRun { live, merged: None }),
        Err(error) => Err(error),
    }
}
