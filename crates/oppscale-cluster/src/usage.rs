//! Usage from metrics.k8s.io: one list, never a request per object.

use std::collections::HashMap;

use serde::Deserialize;

use oppscale_core::model::{Metadata, ResourceList, Text};
use oppscale_core::requests::Requests;
use oppscale_core::resources::Resources;

use super::client::{Cluster, Operation};
use super::decode::fold_list;
use super::error::ClusterError;

/// A NodeMetrics or PodMetrics object.
#[derive(Deserialize)]
struct MetricsJson<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    usage: ResourceList<'a>,
    #[serde(borrow, default)]
    containers: Vec<ContainerJson<'a>>,
}

#[derive(Deserialize)]
struct ContainerJson<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    usage: ResourceList<'a>,
}

/// What an object uses.
#[derive(Debug, Default)]
pub(super) struct ObjectUsage {
    /// The whole object.
    pub(super) total: Resources,
    /// The containers of a pod, by name.
    pub(super) containers: Vec<(Box<str>, Resources)>,
}

/// Usage by object, or why there is none.
pub(super) type Answer = Result<HashMap<String, ObjectUsage>, String>;

/// Usage of every node, by name.
pub(super) async fn of_nodes(cluster: &Cluster) -> Answer {
    list(cluster, "nodes", |metadata| metadata.name.to_string()).await
}

/// Usage of every pod, by `NAMESPACE/NAME`.
pub(super) async fn of_pods(cluster: &Cluster) -> Answer {
    list(cluster, "pods", |metadata| format!("{}/{}", &*metadata.namespace, &*metadata.name)).await
}

async fn list(cluster: &Cluster, plural: &str, key: impl Fn(&Metadata<'_>) -> String) -> Answer {
    let operation = Operation::new(
        format!("list {plural}.metrics.k8s.io"),
        format!("--verb=list --resource={plural}.metrics.k8s.io"),
    );
    let path = format!("/apis/metrics.k8s.io/v1beta1/{plural}");
    let body = cluster.get(&operation, &path).await.map_err(|error| match error {
        ClusterError::NotFound { .. } => {
            "metrics.k8s.io is not served; metrics-server is not installed".to_owned()
        }
        other => other.to_string(),
    })?;
    let text = std::str::from_utf8(&body)
        .map_err(|error| format!("{}: {error}", operation.description))?;
    let mut usage = HashMap::new();
    fold_list(text, |metrics: MetricsJson<'_>| {
        if let Some(used) = sum(&metrics) {
            usage.insert(key(&metrics.metadata), used);
        }
    })
    .map_err(|error| format!("{}: {error}", operation.description))?;
    Ok(usage)
}

/// What an object uses; `None` when a figure cannot be read, which then counts as absent.
fn sum(metrics: &MetricsJson<'_>) -> Option<ObjectUsage> {
    let mut total = Requests::parse(&metrics.usage, String::new).ok()?;
    let mut containers = Vec::with_capacity(metrics.containers.len());
    for container in &metrics.containers {
        let usage = Requests::parse(&container.usage, String::new).ok()?;
        total.add(&usage);
        containers.push((container.name.as_str().into(), usage.to_resources().ok()?));
    }
    Some(ObjectUsage { total: total.to_resources().ok()?, containers })
}
