//! Single facts about a cluster: its version, whether something is there, what scales what.

use anyhow::Context;
use serde::Deserialize;

use super::autoscaler::{Autoscaler, HPA};
use super::client::{Cluster, Operation};
use super::error::ClusterError;
use super::saved::SavedFiles;

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
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
    let operation =
        Operation::new("get the server's version", "--verb=get --non-resource-url=/version");
    let body = cluster.get(&operation, "/version").await?;
    let version: Version =
        serde_json::from_slice(&body).map_err(|error| garbage(cluster, &operation, &error))?;
    Ok(version.git_version)
}

/// Whether there is anything at `path`; `None` when that may not be known.
///
/// # Errors
/// When the server fails.
pub async fn exists(cluster: &Cluster, path: &str) -> Result<Option<bool>, ClusterError> {
    let words = format!("get {path}");
    match cluster.get(&Operation::new(&words, ""), path).await {
        Ok(_) => Ok(Some(true)),
        Err(ClusterError::NotFound { .. }) => Ok(Some(false)),
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The HorizontalPodAutoscalers of a namespace; `None` when they may not be listed.
///
/// # Errors
/// When the server fails.
pub async fn autoscalers(
    cluster: &Cluster,
    namespace: &str,
) -> Result<Option<Vec<Autoscaler>>, ClusterError> {
    let operation = Operation::new(
        format!("list HorizontalPodAutoscalers in {namespace}"),
        "--verb=list --resource=horizontalpodautoscalers.autoscaling",
    );
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers");
    let body = match cluster.get(&operation, &path).await {
        Ok(body) => body,
        Err(ClusterError::Forbidden { .. }) => return Ok(None),
        // A server before 1.23 has no autoscaling/v2.
        Err(ClusterError::NotFound { .. }) => return Ok(Some(Vec::new())),
        Err(error) => return Err(error),
    };
    let list: List<Autoscaler> =
        serde_json::from_slice(&body).map_err(|error| garbage(cluster, &operation, &error))?;
    Ok(Some(list.items))
}

/// The HorizontalPodAutoscalers of a namespace in saved lists, if those hold any.
///
/// # Errors
/// When one is malformed.
pub fn saved_autoscalers(files: &SavedFiles, namespace: &str) -> anyhow::Result<Vec<Autoscaler>> {
    let mut found = Vec::new();
    for json in files.of_kind("autoscaling", HPA) {
        let mut hpa: Autoscaler =
            serde_json::from_str(json).with_context(|| format!("a saved {HPA}"))?;
        let home = hpa.0.metadata.namespace.get_or_insert_with(|| "default".to_owned());
        if home == namespace {
            found.push(hpa);
        }
    }
    Ok(found)
}

fn garbage(
    cluster: &Cluster,
    operation: &Operation<'_>,
    error: &serde_json::Error,
) -> ClusterError {
    ClusterError::Garbage {
        action: operation.description.to_string(),
        server: cluster.server().to_owned(),
        cause: error.to_string(),
    }
}
