//! The changes that an installation would make, object by object.

use serde_json::Value;

use crate::manifest::Document;
use crate::manifest::unified_diff;
use oppscale_cluster::{Applied, Apply, Cluster, ClusterError, Operation};

use super::api_services::ApiService;

/// An object and its planned change.
#[derive(Debug, Clone)]
pub struct Step {
    /// Desired object.
    pub document: Document,
    /// API path.
    pub path: String,
    /// Planned change.
    pub change: Change,
}

/// The planned change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The object does not exist.
    Create,
    /// The object drifted: its diff.
    Update(String),
    /// The object is up to date.
    Keep,
    /// Other managers own fields that would change: managers and fields.
    Conflict(Vec<(String, String)>),
    /// The object has another owner: its description.
    Foreign(String),
    /// A permission is missing: the server's message.
    Denied(String),
}

impl Step {
    /// Whether applying would change anything.
    pub fn is_pending(&self) -> bool {
        matches!(self.change, Change::Create | Change::Update(_))
    }

    /// Kind and name for messages.
    pub fn name(&self) -> String {
        self.document.key().to_string()
    }
}

/// API path of an object.
pub fn path_of(document: &Document) -> String {
    document
        .known_kind()
        .map(|kind| kind.path(document.namespace(), document.name()))
        .unwrap_or_default()
}

fn right_of(document: &Document) -> String {
    document.known_kind().map(|kind| kind.permission("get,create,patch")).unwrap_or_default()
}

/// Plans one object. `fresh` is a namespace that is not there yet: nothing in it can be tried,
/// and all is new.
///
/// # Errors
/// When the server fails, or refuses the object for what it is.
pub async fn step(
    cluster: &Cluster,
    document: Document,
    fresh: Option<&str>,
    force: bool,
) -> Result<Step, ClusterError> {
    let path = path_of(&document);
    let change = change(cluster, &document, &path, fresh, force).await?;
    Ok(Step { document, path, change })
}

async fn change(
    cluster: &Cluster,
    document: &Document,
    path: &str,
    fresh: Option<&str>,
    force: bool,
) -> Result<Change, ClusterError> {
    let name = document.key().to_string();
    let right = right_of(document);
    let words = format!("get {name}");
    let live = match cluster.find(&Operation::new(&words, &right), path).await {
        Ok(live) => live,
        // Who may write without reading can still be told what the server would do.
        Err(ClusterError::Forbidden { .. }) => None,
        Err(error) => return Err(error),
    };
    if let Some(live) = &live
        && let Some(owner) = owner(document, live)
    {
        return Ok(match document.kind() {
            // Somebody's namespace is lived in, not taken.
            "Namespace" => Change::Keep,
            "APIService" => Change::Foreign(owner),
            _ if force => return tried(cluster, document, path, Some(live), force).await,
            _ => Change::Foreign(owner),
        });
    }
    if live.is_none() && fresh.is_some() && document.namespace() == fresh {
        return Ok(Change::Create);
    }
    tried(cluster, document, path, live.as_ref(), force).await
}

/// Applies as a dry run, and compares.
async fn tried(
    cluster: &Cluster,
    document: &Document,
    path: &str,
    live: Option<&Value>,
    force: bool,
) -> Result<Change, ClusterError> {
    let name = document.key().to_string();
    let operation = Operation::new(format!("apply {name} as a dry run"), right_of(document));
    let how = Apply { dry_run: true, force };
    Ok(match cluster.apply(&operation, path, document.value(), how).await {
        Err(ClusterError::Forbidden { message, .. }) => Change::Denied(message),
        // A binding to a role that this plan makes, or a kind that it brings.
        Err(ClusterError::NotFound { .. }) if live.is_none() => Change::Create,
        Err(error) => return Err(error),
        Ok(Applied::Conflict(conflicts)) => Change::Conflict(conflicts),
        Ok(Applied::Created(_)) => Change::Create,
        Ok(Applied::Kept(merged)) => {
            let diff = match live {
                Some(live) => unified_diff(&name, Some(live), Some(&merged)),
                None => "it may not be read, so what changes is not known\n".to_owned(),
            };
            if diff.is_empty() { Change::Keep } else { Change::Update(diff) }
        }
    })
}

/// To whom a live object belongs, if not to us.
fn owner(document: &Document, live: &Value) -> Option<String> {
    let metadata = &live["metadata"];
    if document.kind() == "APIService" {
        let (ours, theirs) =
            (ApiService::new(document.value().clone()), ApiService::new(live.clone()));
        if theirs.service() == ours.service() {
            return None;
        }
        let to =
            theirs.service().map_or("the API server itself".to_owned(), |(namespace, name)| {
                format!("Service {namespace}/{name}")
            });
        let keeper = theirs.keeper().map(|keeper| format!(", {keeper}")).unwrap_or_default();
        return Some(format!("{to}{keeper}"));
    }
    let by = metadata["labels"]["app.kubernetes.io/managed-by"].as_str();
    // That of an installation, and not one of render-hpa's, where workloads live.
    let is_installed = metadata["labels"]["app.kubernetes.io/part-of"] == "oppscale";
    match by {
        Some("oppscale") if document.kind() == "Namespace" && !is_installed => {
            Some("its workloads".to_owned())
        }
        Some("oppscale") => None,
        Some(by) => {
            let release = metadata["annotations"]["meta.helm.sh/release-name"].as_str();
            let release = release.map(|name| format!(" (release {name})")).unwrap_or_default();
            Some(format!("{by}{release}"))
        }
        None if document.kind() == "Namespace" => Some("somebody".to_owned()),
        // Not labelled: server-side apply tells whose fields they are.
        None => None,
    }
}
