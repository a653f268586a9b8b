//! Single objects: got, applied server-side, deleted.

use http::{Method, StatusCode};
use serde_json::Value;

use super::api_request::ApiRequest;
use super::client::{Cluster, Operation};
use super::error::ClusterError;

/// Under which name fields are owned.
pub const FIELD_MANAGER: &str = "oppscale";

/// How to apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Apply {
    /// Nothing is stored; the answer is what would be.
    pub dry_run: bool,
    /// Fields of other managers are taken over.
    pub force: bool,
}

/// What became of an object that was applied.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It was not there before.
    Created(Value),
    /// It was there; as it is now.
    Kept(Value),
    /// Others own fields that would change: who, and which.
    Conflict(Vec<(String, String)>),
}

impl Cluster {
    /// An object; `None` when it, or its kind, is not there.
    ///
    /// # Errors
    /// When the server refuses or fails.
    pub async fn find(
        &self,
        operation: &Operation<'_>,
        path: &str,
    ) -> Result<Option<Value>, ClusterError> {
        let response = self.send(operation, &ApiRequest::get(path)).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => response.success(operation)?.json().map(Some),
        }
    }

    /// Applies an object server-side, as field manager [`FIELD_MANAGER`]. Unknown fields are
    /// refused.
    ///
    /// # Errors
    /// When the server refuses for another reason than a conflict, or fails.
    pub async fn apply(
        &self,
        operation: &Operation<'_>,
        path: &str,
        object: &Value,
        how: Apply,
    ) -> Result<Applied, ClusterError> {
        let dry = if how.dry_run { "&dryRun=All" } else { "" };
        let force = if how.force { "&force=true" } else { "" };
        let path =
            format!("{path}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict{force}{dry}");
        let request =
            ApiRequest::new(Method::PATCH, path).body("application/apply-patch+yaml", object);
        let response = self.send(operation, &request).await?;
        for warning in &response.warnings {
            tracing::warn!("{}: {warning}", operation.description);
        }
        if response.status == StatusCode::CONFLICT {
            let conflicts = conflicts(&response.json()?);
            if !conflicts.is_empty() {
                return Ok(Applied::Conflict(conflicts));
            }
        }
        let created = response.status == StatusCode::CREATED;
        let object = response.success(operation)?.json()?;
        Ok(if created { Applied::Created(object) } else { Applied::Kept(object) })
    }

    /// Deletes an object with all that depends on it; whether it was there.
    ///
    /// # Errors
    /// When the server refuses or fails.
    pub async fn remove(
        &self,
        operation: &Operation<'_>,
        path: &str,
    ) -> Result<bool, ClusterError> {
        let path = format!("{path}?propagationPolicy=Background");
        let response = self.send(operation, &ApiRequest::new(Method::DELETE, path)).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(false),
            _ => response.success(operation).map(|_| true),
        }
    }
}

/// Manager and field of each conflict: `conflict with "helm"`, `.spec.caBundle`.
fn conflicts(status: &Value) -> Vec<(String, String)> {
    let causes = status["details"]["causes"].as_array().cloned().unwrap_or_default();
    let conflicts = causes.iter().filter(|cause| cause["reason"] == "FieldManagerConflict");
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named = |cause: &Value| {
        let message = words(&cause["message"]);
        let manager = message.split('"').nth(1).map(str::to_owned);
        (manager.unwrap_or(message), words(&cause["field"]))
    };
    conflicts.map(named).collect()
}
