//! Objects of the kinds in the table: read, listed, created, applied server-side, deleted.
//!
//! The description of each operation and the permission that it takes derive from the kind.

use http::{Method, StatusCode};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use oppscale_core::kinds::{Kind, ObjectRef};

use super::api_request::{ApiRequest, ApiResponse};
use super::client::{Cluster, Operation};
use super::error::ClusterError;
use super::pages::{PAGE, next_page};

/// Field manager of the objects that oppscale applies.
const FIELD_MANAGER: &str = "oppscale";

/// Options of a server-side apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Apply {
    /// Whether nothing is stored; the answer is what would be.
    pub dry_run: bool,
    /// Whether to take over fields of other field managers.
    pub force: bool,
}

/// An object that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object, with the server's defaults.
    pub object: Value,
    /// Whether it did not exist before.
    pub is_new: bool,
}

/// A live object, and the result of a dry run on it.
#[derive(Debug, Clone, PartialEq)]
pub struct DryRun {
    /// The live object; `None` if it does not exist.
    pub live: Option<Value>,
    /// The object as it would be, with the server's defaults; `None` if its namespace or kind
    /// does not exist yet, so that the server cannot tell.
    pub merged: Option<Value>,
}

/// A page of a list.
#[derive(Deserialize)]
struct List<T> {
    metadata: Option<ListMeta>,
    #[serde(default = "Option::default")]
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    /// Continue token; empty on the last page.
    #[serde(rename = "continue")]
    continue_token: Option<String>,
}

impl Cluster {
    /// Reads what is at `path`; `None` if it does not exist.
    ///
    /// # Errors
    /// When the server refuses or fails, or answers with something else.
    pub async fn find<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        path: &str,
    ) -> Result<Option<T>, ClusterError> {
        let response = self.send(operation, &ApiRequest::get(path)).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => response.success(operation)?.json().map(Some),
        }
    }

    /// Reads an object; `None` if it, or its kind, does not exist.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        object: &ObjectRef,
    ) -> Result<Option<T>, ClusterError> {
        let operation = Operation::new(format!("get {object}"), object.kind.permission("get"));
        self.find(&operation, &object.path()).await
    }

    /// Lists the objects of a kind in a namespace, or in all, page by page; none if the kind does
    /// not exist. A list that expires in between is read again in one page, as client-go's pager
    /// does. `selector` is a label selector such as `a=b,c=d`, empty for all objects.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn list<T: DeserializeOwned>(
        &self,
        kind: &'static Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<T>, ClusterError> {
        let scope = namespace.map(|name| format!(" in {name}")).unwrap_or_default();
        let description = format!("list {}s{scope}", kind.name);
        let operation = Operation::new(description, kind.permission("list"));
        let whole = kind.query_path(namespace, selector);
        let separator = if selector.is_empty() { '?' } else { '&' };
        let first = format!("{whole}{separator}limit={PAGE}");
        let mut path = first.clone();
        let mut objects = Vec::new();
        loop {
            let page: Option<List<T>> = match self.find(&operation, &path).await {
                Err(ClusterError::Expired { .. }) if path != whole => {
                    objects.clear();
                    path.clone_from(&whole);
                    continue;
                }
                page => page?,
            };
            let Some(page) = page else { return Ok(objects) };
            objects.extend(page.items.into_iter().flatten());
            let token = page.metadata.and_then(|metadata| metadata.continue_token);
            match token.filter(|token| !token.is_empty()) {
                Some(token) => path = next_page(self, &operation, &first, &path, &token)?,
                None => return Ok(objects),
            }
        }
    }

    /// Creates an object; `None` if it exists already.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn create<T: DeserializeOwned>(
        &self,
        object: &ObjectRef,
        manifest: &Value,
    ) -> Result<Option<T>, ClusterError> {
        let permission = object.kind.permission("create");
        let operation = Operation::new(format!("create {object}"), permission);
        let path = object.kind.list_path(object.namespace.as_deref());
        let request = ApiRequest::post(format!("{path}?fieldManager={FIELD_MANAGER}"), manifest);
        let response = self.send(&operation, &request).await?;
        match response.status {
            StatusCode::CONFLICT => Ok(None),
            _ => response.success(&operation)?.json().map(Some),
        }
    }

    /// Posts an object that is not stored, such as a review, and returns the answer.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        path: &str,
        object: &Value,
    ) -> Result<T, ClusterError> {
        let response = self.send(operation, &ApiRequest::post(path, object)).await?;
        response.success(operation)?.json()
    }

    /// Applies an object server-side as field manager `oppscale`. Unknown fields are refused.
    ///
    /// # Errors
    /// When other field managers own fields that would change, and as [`Self::find`].
    pub async fn apply(
        &self,
        object: &ObjectRef,
        manifest: &Value,
        how: Apply,
    ) -> Result<Applied, ClusterError> {
        let Apply { dry_run, force } = how;
        let suffix = if dry_run { " as a dry run" } else { "" };
        let permission = object.kind.permission("get,create,patch");
        let operation = Operation::new(format!("apply {object}{suffix}"), permission);
        let dry_run = if dry_run { "&dryRun=All" } else { "" };
        let force = if force { "&force=true" } else { "" };
        let path = object.path();
        let path =
            format!("{path}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict{force}{dry_run}");
        let request =
            ApiRequest::new(Method::PATCH, path).body("application/apply-patch+yaml", manifest);
        let response = self.send(&operation, &request).await?;
        for warning in &response.warnings {
            tracing::warn!("{}: {warning}", operation.description);
        }
        if let Some(owners) = conflicts(&response) {
            return Err(ClusterError::Conflict { object: object.to_string(), owners });
        }
        let is_new = response.status == StatusCode::CREATED;
        Ok(Applied { object: response.success(&operation)?.json()?, is_new })
    }

    /// What applying an object would make of it. Nothing is changed.
    ///
    /// Fields of other field managers are taken over in the dry run, so that a conflict shows as
    /// a difference.
    ///
    /// # Errors
    /// When the object may not be read or applied, or the server refuses it.
    pub async fn dry_run(
        &self,
        object: &ObjectRef,
        manifest: &Value,
    ) -> Result<DryRun, ClusterError> {
        // The permissions for both requests, so that one grant is enough.
        let permission = object.kind.permission("get,create,patch");
        let operation = Operation::new(format!("get {object}"), permission);
        let live = self.find(&operation, &object.path()).await?;
        match self.apply(object, manifest, Apply { dry_run: true, force: true }).await {
            Ok(applied) => Ok(DryRun { live, merged: Some(applied.object) }),
            Err(ClusterError::NotFound { .. }) if live.is_none() => {
                Ok(DryRun { live, merged: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes an object with all that depends on it; returns whether it existed.
    ///
    /// # Errors
    /// When the server refuses or fails.
    pub async fn delete(&self, object: &ObjectRef) -> Result<bool, ClusterError> {
        let permission = object.kind.permission("delete");
        let operation = Operation::new(format!("delete {object}"), permission);
        let path = format!("{}?propagationPolicy=Background", object.path());
        let response = self.send(&operation, &ApiRequest::new(Method::DELETE, path)).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(false),
            _ => response.success(&operation).map(|_| true),
        }
    }
}

/// The field managers of a conflict and their fields: `helm owns .spec.caBundle`.
fn conflicts(response: &ApiResponse) -> Option<String> {
    let status: Status = match response.status {
        StatusCode::CONFLICT => response.json().ok()?,
        _ => return None,
    };
    let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
    let owners =
        causes.into_iter().filter(|cause| cause.reason.as_deref() == Some("FieldManagerConflict"));
    // The message is `conflict with "helm" using apps/v1`.
    let owners = owners.map(|cause| {
        let (message, field) = (cause.message.unwrap_or_default(), cause.field.unwrap_or_default());
        format!("{} owns {field}", message.split('"').nth(1).unwrap_or(&message))
    });
    let owners: Vec<_> = owners.collect();
    (!owners.is_empty()).then(|| owners.join(", "))
}
