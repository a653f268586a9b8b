//! Server-side apply, as a dry run: what an object would become.

use oppscale_core::kinds::Kind;
use serde_json::Value;

use super::client::{Cluster, Operation};
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
    let required_rbac = kind.permission("get,patch,create");
    let operation = Operation::new(format!("get {name}"), &required_rbac);
    let live = cluster.find(&operation, path).await?;
    let operation = Operation::new(format!("apply {name} as a dry run"), &required_rbac);
    let how = Apply { dry_run: true, force: true };
    match cluster.apply(&operation, path, object, how).await {
        Ok(Applied::Created(merged) | Applied::Kept(merged)) => {
            Ok(DryRun { live, merged: Some(merged) })
        }
        // By force there is none.
        Ok(Applied::Conflict(_)) => Ok(DryRun { live, merged: None }),
        Err(ClusterError::NotFound { .. }) if live.is_none() => Ok(DryRun { live, merged: None }),
        Err(error) => Err(error),
    }
}
