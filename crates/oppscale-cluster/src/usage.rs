//! Usage from metrics.k8s.io: one list, never a request per object.

use std::collections::HashMap;

use serde::Deserialize;

use oppscale_core::kinds::{self, Kind};
use oppscale_core::model::{Metadata, ResourceList, Text};
use oppscale_core::ownership::Ownership;
use oppscale_core::requests::Requests;
use oppscale_core::resources::{CPU, Resources};
use oppscale_core::selector::Selector;
use oppscale_core::units::parse_duration;
use oppscale_core::usage::{NodeSample, UsageReading};

use super::client::{Cluster, Operation};
use super::decode::fold_list;
use super::error::ClusterError;

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

/// Usage of an object.
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
    list(cluster, &kinds::NODE_METRICS, None, None, |metrics| {
        Some((metrics.metadata.name.to_string(), sum(metrics)?))
    })
    .await
}

/// Usage of every pod, by `NAMESPACE/NAME`.
pub(super) async fn of_pods(cluster: &Cluster) -> Answer {
    list(cluster, &kinds::POD_METRICS, None, None, |metrics| Some((pod_id(metrics), sum(metrics)?)))
        .await
}

/// Usage of every node, and of the pods that the label selector of `own` matches, in the namespace
/// of the workload if it is one.
///
/// # Errors
/// If either list cannot be read: the reason.
pub async fn read_usage(cluster: &Cluster, own: &Ownership) -> Result<UsageReading, String> {
    let nodes = list(cluster, &kinds::NODE_METRICS, None, None, |metrics| {
        let sample = NodeSample {
            cpu: sum(metrics)?.total.get(CPU),
            timestamp: Some(metrics.timestamp.as_str())
                .filter(|time| !time.is_empty())
                .map(Into::into),
            window: parse_duration(&metrics.window).unwrap_or_default(),
        };
        Some((metrics.metadata.name.to_string(), sample))
    });
    // metrics-server copies the labels of pods.
    let (namespace, selector) = match own {
        Ownership::Labels(selector) => (None, selector),
        Ownership::Workload(workload) => (Some(&*workload.namespace), &workload.selector),
    };
    let pods = list(cluster, &kinds::POD_METRICS, namespace, Some(selector), |metrics| {
        Some((pod_id(metrics), sum(metrics)?.total.get(CPU)))
    });
    let (nodes, pods) = futures::future::try_join(nodes, pods).await?;
    Ok(UsageReading { nodes, pods })
}

fn pod_id(metrics: &MetricsJson<'_>) -> String {
    format!("{}/{}", &*metrics.metadata.namespace, &*metrics.metadata.name)
}

/// Reads a list of a namespace, or of all, an entry for each object that has one. It is one page:
/// metrics-server ignores `limit`.
async fn list<T>(
    cluster: &Cluster,
    kind: &Kind,
    namespace: Option<&str>,
    selector: Option<&Selector>,
    entry: impl Fn(&MetricsJson<'_>) -> Option<(String, T)>,
) -> Result<HashMap<String, T>, String> {
    let scope = namespace.map(|name| format!(" in {name}")).unwrap_or_default();
    let description = format!("list {}.{}{scope}", kind.plural, kind.group);
    let operation = Operation::new(description, kind.permission("list"));
    let selector = selector.map(ToString::to_string).unwrap_or_default();
    let path = kind.query_path(namespace, &selector);
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
