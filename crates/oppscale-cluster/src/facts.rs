//! Single facts about a cluster: its version, whether something is there, what scales what.

use anyhow::Context;
use serde::Deserialize;

use super::client::{Action, Cluster};
use super::error::ClusterError;
use super::saved::SavedFiles;

/// Something that sets the replicas of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaler {
    /// The HPA's name.
    pub name: String,
    /// The kind of its target.
    pub kind: String,
    /// The name of its target.
    pub target: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// The API server's version, such as `v1.36.2`.
///
/// # Errors
/// When it cannot be read.
pub async fn server_version(cluster: &Cluster) -> Result<String, ClusterError> {
    let action = Action {
        words: "get the server's version",
        right: "--verb=get --non-resource-url=/version",
    };
    let body = cluster.get(&action, "/version").await?;
    let version: Version =
        serde_json::from_slice(&body).map_err(|error| garbage(cluster, &action, &error))?;
    Ok(version.git_version)
}

/// Whether there is anything at `path`; `None` when that may not be known.
///
/// # Errors
/// When the server fails.
pub async fn exists(cluster: &Cluster, path: &str) -> Result<Option<bool>, ClusterError> {
    let words = format!("get {path}");
    match cluster.get(&Action { words: &words, right: "" }, path).await {
        Ok(_) => Ok(Some(true)),
        Err(ClusterError::NotFound { .. }) => Ok(Some(false)),
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct List {
    items: Vec<Hpa>,
}

#[derive(Deserialize)]
struct Hpa {
    metadata: Named,
    spec: HpaSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HpaSpec {
    scale_target_ref: Target,
}

#[derive(Deserialize)]
struct Target {
    kind: String,
    name: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    namespace: Option<String>,
}

/// The HorizontalPodAutoscalers of a namespace; `None` when they may not be listed.
///
/// # Errors
/// When the server fails.
pub async fn scalers(
    cluster: &Cluster,
    namespace: &str,
) -> Result<Option<Vec<Scaler>>, ClusterError> {
    let words = format!("list HorizontalPodAutoscalers in {namespace}");
    let action = Action {
        words: &words,
        right: "--verb=list --resource=horizontalpodautoscalers.autoscaling",
    };
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers");
    let body = match cluster.get(&action, &path).await {
        Ok(body) => body,
        Err(ClusterError::Forbidden { .. }) => return Ok(None),
        // A server before 1.23 has no autoscaling/v2.
        Err(ClusterError::NotFound { .. }) => return Ok(Some(Vec::new())),
        Err(error) => return Err(error),
    };
    let list: List =
        serde_json::from_slice(&body).map_err(|error| garbage(cluster, &action, &error))?;
    Ok(Some(list.items.into_iter().map(Scaler::from).collect()))
}

/// The HorizontalPodAutoscalers of a namespace in saved lists, if those hold any.
///
/// # Errors
/// When the lists hold something that is no object.
pub fn saved_scalers(files: &SavedFiles, namespace: &str) -> anyhow::Result<Vec<Scaler>> {
    let mut found = Vec::new();
    for json in files.of_kind("HorizontalPodAutoscaler")? {
        let hpa: Hpa = serde_json::from_str(json).context("a saved HorizontalPodAutoscaler")?;
        if hpa.metadata.namespace.as_deref().unwrap_or("default") == namespace {
            found.push(hpa.into());
        }
    }
    Ok(found)
}

impl From<Hpa> for Scaler {
    fn from(hpa: Hpa) -> Self {
        Self {
            name: hpa.metadata.name,
            kind: hpa.spec.scale_target_ref.kind,
            target: hpa.spec.scale_target_ref.name,
        }
    }
}

fn garbage(cluster: &Cluster, action: &Action<'_>, error: &serde_json::Error) -> ClusterError {
    ClusterError::Garbage {
        action: action.words.to_owned(),
        server: cluster.server().to_owned(),
        cause: error.to_string(),
    }
}
