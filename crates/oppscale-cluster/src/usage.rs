//! Usage from metrics.k8s.io: one list, never a request per object.

use std::collections::HashMap;

use serde::Deserialize;

use oppscale_core::kinds::{self, Kind};
use oppscale_core::model::{Metadata, ResourceList, Text};
use oppscale_core::ownership::{OPPORTUNISTIC_LABEL, Ownership};
use oppscale_core::requests::Requests;
use oppscale_core::resources::{CPU, Resources};
use oppscale_core::units::parse_duration;
use oppscale_core::usage::{NodeSample, UsageReading};

use super::client::{Cluster, Operation};
use super::decode::fold_list;
use super::error::ClusterError;
use super::pages::percent_encode;

/// A NodeMetrics or PodMetrics object.
#[derive(Deserialize)]
struct MetricsJson<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    window: Text<'a>,
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
    list(cluster, &kinds::NODE_METRICS, "", |metrics| {
        Some((metrics.metadata.name.to_string(), sum(metrics)?))
    })
    .await
}

/// Usage of every pod, by `NAMESPACE/NAME`.
pub(super) async fn of_pods(cluster: &Cluster) -> Answer {
    list(cluster, &kinds::POD_METRICS, "", |metrics| Some((pod_id(metrics), sum(metrics)?))).await
}

/// Usage of every node, and of the pods that are own: those with the opportunistic label, or of every
/// pod, where something else decides.
///
/// # Errors
/// If either list cannot be read: the reason.
pub async fn read_usage(cluster: &Cluster, own: &Ownership) -> Result<UsageReading, String> {
    let nodes = list(cluster, &kinds::NODE_METRICS, "", |metrics| {
        let sample = NodeSample {
            cpu: sum(metrics)?.total.get(CPU),
            timestamp: Some(metrics.timestamp.as_str())
                .filter(|time| !time.is_empty())
                .map(Into::into),
            window: parse_duration(&metrics.window).unwrap_or_default(),
        };
        Some((metrics.metadata.name.to_string(), sample))
    });
    let selector = format!("{OPPORTUNISTIC_LABEL}=true");
    let query = match own.is_default() {
        true => format!("?labelSelector={}", percent_encode(&selector)),
        false => String::new(),
    };
    let pods = list(cluster, &kinds::POD_METRICS, &query, |metrics| {
        Some((pod_id(metrics), sum(metrics)?.total.get(CPU)))
    });
    let (nodes, pods) = futures::future::try_join(nodes, pods).await?;
    Ok(UsageReading { nodes, pods })
}

fn pod_id(metrics: &MetricsJson<'_>) -> String {
    format!("{}/{}", &*metrics.metadata.namespace, &*metrics.metadata.name)
}

/// Reads a list, an entry for each object that has one.
async fn list<T>(
    cluster: &Cluster,
    kind: &Kind,
    query: &str,
    entry: impl Fn(&MetricsJson<'_>) -> Option<(String, T)>,
) -> Result<HashMap<String, T>, String> {
    let operation =
        Operation::new(format!("list {}.{}", kind.plural, kind.group), kind.permission("list"));
    let path = format!("/apis/{}/{}/{}{query}", kind.group, kind.version, kind.plural);
    let body = cluster.get(&operation, &path).await.map_err(|error| match error {
        ClusterError::NotFound { .. } => {
            "metrics.k8s.io is not served; metrics-server is not installed".to_owned()
        }
        other => other.to_string(),
    })?;
    let text = std::str::from_utf8(&body)
        .map_err(|error| format!("{}: {error}", operation.description))?;
    let mut usage = HashMap::new();
    fold_list(text, |metrics: MetricsJson<'_>| usage.extend(entry(&metrics)))
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
