//! What the HPA controller reads at a sync: the scale, the pods and the metrics APIs.
//!
//! The requests are those of `metrics/client.go` and the readings those of
//! `replica_calculator.go` of Kubernetes 1.36. Nothing is written.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use futures::future::join;
use hpa_model::{
    ClusterReading, HpaSpec, MetricError, MetricReading, MetricSource, Phase, Pod, PodReading,
    ReadyCondition, ReadyStatus, Scale, Selector as PodSelector,
};
use k8s_openapi::api::autoscaling::{v1, v2};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as QuantityText;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, Time};
use oppscale_core::kinds::{self, Kind, encode_segment, percent_encode};
use oppscale_core::quantity::Quantity;
use oppscale_core::selector::Selector;
use oppscale_core::units::parse_duration;
use serde::Deserialize;

use super::Autoscaler;
use super::metric::Block;
use crate::client::{Cluster, Operation};
use crate::containers;
use crate::discovery;
use crate::error::ClusterError;
use crate::pages::{Listing, list_typed};

/// `metricServerDefaultMetricWindow`: of a custom metric that states no window, milliseconds.
const CUSTOM_WINDOW_MS: u64 = 60_000;

/// Reads what the controller of one HPA reads.
#[derive(Debug)]
pub struct HpaReader {
    namespace: String,
    target: &'static Kind,
    target_name: String,
    metrics: Vec<Metric>,
}

/// Source of one metric.
#[derive(Debug)]
struct Metric {
    name: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// Usage of all containers, or of one.
    Resource(Option<String>),
    /// With a selector of the series.
    Pods(String),
    /// `RESOURCE.GROUP/NAME` of the object, or `None` for the namespace itself; and a selector.
    Object(Option<String>, String),
    /// With a selector of the series.
    External(String),
}

/// A list of an API, of which only the items count.
#[derive(Deserialize)]
struct Items<T> {
    #[serde(default = "Option::default")]
    items: Option<Vec<T>>,
}

/// `metrics.k8s.io` `PodMetrics`.
#[derive(Deserialize)]
struct PodMetrics {
    metadata: Named,
    timestamp: Time,
    window: String,
    #[serde(default)]
    containers: Vec<ContainerMetrics>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct ContainerMetrics {
    name: String,
    #[serde(default)]
    usage: HashMap<String, QuantityText>,
}

/// `custom.metrics.k8s.io` `MetricValue`, v1beta1 and v1beta2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomValue {
    described_object: Named,
    timestamp: Option<Time>,
    #[serde(alias = "window")]
    window_seconds: Option<u64>,
    value: QuantityText,
}

/// `external.metrics.k8s.io` `ExternalMetricValue`.
#[derive(Deserialize)]
struct ExternalValue {
    value: QuantityText,
}

/// A pod's value, before its request is known.
#[derive(Clone, Copy)]
struct Measured {
    value: i64,
    timestamp_ms: u64,
    window_ms: u64,
}

/// The answer for one metric, or why there is none.
type Answer = Result<MetricReading, (MetricError, String)>;

impl HpaReader {
    /// Prepares to read for `autoscaler`, whose namespace is `namespace` and whose spec is `spec`.
    ///
    /// # Errors
    /// When the API server cannot tell which resource the target or a described object is.
    pub async fn new(
        cluster: &Cluster,
        namespace: &str,
        autoscaler: &Autoscaler,
        spec: &HpaSpec,
    ) -> anyhow::Result<Self> {
        let target = autoscaler.target();
        let api_version = target.api_version.as_deref().unwrap_or_default();
        let kind = discovery::kind_of(cluster, api_version, &target.kind).await?;
        let mut metrics = Vec::new();
        for (at, metric) in spec.effective_metrics().iter().enumerate() {
            // The default metric, cpu, is not in the object.
            let declared = autoscaler.metrics().get(at);
            metrics.push(Metric::of(cluster, &metric.source, declared).await?);
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            target: kind,
            target_name: target.name.clone(),
            metrics,
        })
    }

    /// Reads everything once. What fails is in the reading, as the controller goes on, too.
    pub async fn read(&self, cluster: &Cluster) -> ClusterReading {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut reading = ClusterReading {
            at_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            ..ClusterReading::default()
        };
        let scale = match self.scale(cluster).await {
            Ok(scale) => scale,
            Err(error) => {
                reading.failures.push(error.to_string());
                return reading;
            }
        };
        let count = |replicas: Option<i32>| replicas.and_then(|n| u32::try_from(n).ok());
        reading.scale = Some(Scale {
            spec_replicas: count(scale.spec.and_then(|spec| spec.replicas)).unwrap_or(0),
            status_replicas: count(scale.status.as_ref().map(|s| s.replicas)).unwrap_or(0),
        });
        let selector = scale.status.and_then(|status| status.selector).unwrap_or_default();
        reading.selector = match Selector::parse(&selector) {
            _ if selector.is_empty() => PodSelector::Missing,
            Err(_) => PodSelector::Unparsable,
            Ok(_) => PodSelector::Valid,
        };
        if reading.selector != PodSelector::Valid || self.is_at_zero(&reading) {
            reading.metrics = vec![MetricReading::Failed(MetricError::NoPods); self.metrics.len()];
            return reading;
        }
        let is_resource = |metric: &Metric| matches!(metric.source, Source::Resource(_));
        let usage = async {
            match self.metrics.iter().any(is_resource) {
                true => Some(self.usage(cluster, &selector).await),
                false => None,
            }
        };
        let (pods, usage) = join(self.pods(cluster, &selector), usage).await;
        let pods = pods.unwrap_or_else(|error| {
            reading.failures.push(error.to_string());
            Vec::new()
        });
        let at_ms = reading.at_ms;
        reading.pods = pods.iter().map(pod).collect();
        for metric in &self.metrics {
            let answer = match &metric.source {
                Source::Resource(container) => match &usage {
                    Some(Ok(usage)) => metric.of_usage(usage, container.as_deref(), &pods),
                    Some(Err(error)) => Err((MetricError::Fetch, error.to_string())),
                    None => Err((MetricError::Fetch, String::new())),
                },
                Source::Pods(series) => {
                    self.of_pods(cluster, metric, series, &selector, &pods, at_ms).await
                }
                Source::Object(object, series) => {
                    self.of_object(cluster, metric, object.as_deref(), series).await
                }
                Source::External(series) => self.external(cluster, metric, series).await,
            };
            reading.metrics.push(answer.unwrap_or_else(|(error, cause)| {
                if !cause.is_empty() && !reading.failures.contains(&cause) {
                    reading.failures.push(cause);
                }
                MetricReading::Failed(error)
            }));
        }
        reading
    }

    /// Whether there is nothing that has pods to read.
    fn is_at_zero(&self, reading: &ClusterReading) -> bool {
        reading.scale.is_some_and(|scale| scale.spec_replicas == 0)
            && self
                .metrics
                .iter()
                .all(|metric| matches!(metric.source, Source::Resource(_) | Source::Pods(_)))
    }

    async fn scale(&self, cluster: &Cluster) -> Result<v1::Scale, ClusterError> {
        let Self { namespace, target, target_name, .. } = self;
        let operation = Operation::new(
            format!("get the scale of {} {namespace}/{target_name}", target.name),
            format!("--verb=get --resource={}/scale", target.resource()),
        );
        let path = format!("{}/scale", target.path(Some(namespace), target_name));
        let scale: v1::Scale = cluster.get_json(&operation, &path).await?;
        match scale.spec {
            Some(_) => Ok(scale),
            // The API server writes an empty spec for 0 replicas.
            None => {
                Err(cluster.invalid_response(&operation.description, "it has no spec of a scale"))
            }
        }
    }

    async fn pods(
        &self,
        cluster: &Cluster,
        selector: &str,
    ) -> Result<Vec<core::Pod>, ClusterError> {
        let query = format!("labelSelector={}", percent_encode(selector));
        let listing = Listing {
            required_rbac: kinds::POD.permission("list"),
            ..Listing::of(&kinds::POD, Some(&self.namespace), query)
        };
        list_typed(cluster, &listing).await
    }

    async fn usage(
        &self,
        cluster: &Cluster,
        selector: &str,
    ) -> Result<Vec<PodMetrics>, ClusterError> {
        let operation = Operation::new(
            format!("list pods.metrics.k8s.io in {}", self.namespace),
            kinds::POD_METRICS.permission("list"),
        );
        let path = kinds::POD_METRICS.query_path(Some(&self.namespace), selector);
        cluster.get_json::<Items<_>>(&operation, &path).await.map(Items::all)
    }

    /// A Pods metric.
    async fn of_pods(
        &self,
        cluster: &Cluster,
        metric: &Metric,
        series: &str,
        selector: &str,
        pods: &[core::Pod],
        now_ms: u64,
    ) -> Answer {
        let path = format!(
            "pods/*/{}?labelSelector={}",
            encode_segment(&metric.name),
            percent_encode(selector)
        );
        let values = self.custom(cluster, metric, &path, series, "pods").await?;
        let measured = values.into_iter().map(|value| {
            let measured = Measured {
                value: milli(&value.value),
                timestamp_ms: value.timestamp.as_ref().map_or(now_ms, ms),
                window_ms: value
                    .window_seconds
                    .map_or(CUSTOM_WINDOW_MS, |s| s.saturating_mul(1000)),
            };
            (value.described_object.name, measured)
        });
        Ok(readings(measured.collect(), pods, |_| None))
    }

    /// An Object metric.
    async fn of_object(
        &self,
        cluster: &Cluster,
        metric: &Metric,
        object: Option<&str>,
        series: &str,
    ) -> Answer {
        // Of a namespace, the HPA's own is asked for, whatever name the metric states.
        let (path, resource) = match object {
            Some(object) => {
                let resource = object.split('/').next().unwrap_or_default();
                (format!("{object}/{}", encode_segment(&metric.name)), resource)
            }
            None => (format!("metrics/{}", encode_segment(&metric.name)), "namespaces"),
        };
        let values = self.custom(cluster, metric, &path, series, resource).await?;
        match values.as_slice() {
            [value] => Ok(MetricReading::Object(milli(&value.value))),
            values => {
                let cause = format!("{}: {} values instead of one", metric.name, values.len());
                Err((MetricError::Fetch, cause))
            }
        }
    }

    /// The values of custom.metrics.k8s.io at `path` within the namespace.
    async fn custom(
        &self,
        cluster: &Cluster,
        metric: &Metric,
        path: &str,
        series: &str,
        resource: &str,
    ) -> Result<Vec<CustomValue>, (MetricError, String)> {
        const GROUP: &str = "custom.metrics.k8s.io";
        let failed = |error: ClusterError| (MetricError::Fetch, error.to_string());
        let operation = Operation::new(format!("discover {GROUP}"), "");
        let group: APIGroup =
            cluster.get_json(&operation, &format!("/apis/{GROUP}")).await.map_err(failed)?;
        let preferred = group.preferred_version.iter().chain(&group.versions);
        let mut versions = preferred.map(|version| &*version.version);
        let version = versions.find(|version| ["v1beta2", "v1beta1"].contains(version));
        let version = version.unwrap_or("v1beta2");
        let rbac = format!("--verb=get --resource={resource}/{}.{GROUP}", metric.name);
        let operation = Operation::new(format!("get {}.{GROUP}", metric.name), rbac);
        let and = if path.contains('?') { '&' } else { '?' };
        let query = match series {
            "" => String::new(),
            series => format!("{and}metricLabelSelector={}", percent_encode(series)),
        };
        let path = format!("/apis/{GROUP}/{version}/namespaces/{}/{path}{query}", self.namespace);
        let list: Items<CustomValue> = cluster.get_json(&operation, &path).await.map_err(failed)?;
        match list.all() {
            values if values.is_empty() => Err(metric.without_value()),
            values => Ok(values),
        }
    }

    /// An External metric.
    async fn external(&self, cluster: &Cluster, metric: &Metric, series: &str) -> Answer {
        const GROUP: &str = "external.metrics.k8s.io";
        let operation = Operation::new(
            format!("list {}.{GROUP}", metric.name),
            format!("--verb=list --resource={}.{GROUP}", metric.name),
        );
        let query = match series {
            "" => String::new(),
            series => format!("?labelSelector={}", percent_encode(series)),
        };
        let path = format!(
            "/apis/{GROUP}/v1beta1/namespaces/{}/{}{query}",
            self.namespace,
            encode_segment(&metric.name)
        );
        let list: Result<Items<ExternalValue>, _> = cluster.get_json(&operation, &path).await;
        let list = list.map_err(|error| (MetricError::Fetch, error.to_string()))?;
        match list.all() {
            items if items.is_empty() => Err(metric.without_value()),
            items => {
                Ok(MetricReading::External(items.iter().map(|item| milli(&item.value)).collect()))
            }
        }
    }
}

impl Metric {
    /// Where a metric is read. `declared` is it in the object, which has its whole selector.
    async fn of(
        cluster: &Cluster,
        source: &MetricSource,
        declared: Option<&v2::MetricSpec>,
    ) -> anyhow::Result<Self> {
        let declared = declared.and_then(Block::of);
        let series = declared.as_ref().map(Block::series).unwrap_or_default();
        let name = source.name().to_owned();
        let source = match source {
            MetricSource::Resource(_) => Source::Resource(None),
            MetricSource::ContainerResource { container, .. } => {
                Source::Resource(Some(container.clone()))
            }
            MetricSource::Pods(_) => Source::Pods(series),
            MetricSource::External(_) => Source::External(series),
            MetricSource::Object { kind, name, .. } => {
                let described = declared.and_then(|block| block.object);
                let api_version = described.and_then(|object| object.api_version.as_deref());
                let api_version = api_version.filter(|text| !text.is_empty()).unwrap_or("v1");
                let object = match kind == "Namespace" && api_version == "v1" {
                    true => None,
                    false => {
                        let kind = discovery::kind_of(cluster, api_version, kind).await?;
                        Some(format!("{}/{name}", kind.resource()))
                    }
                };
                Source::Object(object, series)
            }
        };
        Ok(Self { name, source })
    }

    fn without_value(&self) -> (MetricError, String) {
        (MetricError::NoItems, String::new())
    }

    /// A Resource metric: the containers' usage of each pod added up, and its request.
    /// A ContainerResource metric: that of one container, which every pod must have.
    fn of_usage(
        &self,
        usage: &[PodMetrics],
        container: Option<&str>,
        pods: &[core::Pod],
    ) -> Answer {
        if usage.is_empty() {
            return Err(self.without_value());
        }
        // `getContainerMetrics`: one pod without the container fails the whole metric.
        let lacking = container.and_then(|name| {
            let lacks = |pod: &&PodMetrics| pod.containers.iter().all(|one| one.name != name);
            Some((name, usage.iter().find(lacks)?))
        });
        if let Some((name, pod)) = lacking {
            let cause = format!("the metrics of pod {} lack container {name}", pod.metadata.name);
            return Err((MetricError::Fetch, cause));
        }
        let measured = usage.iter().filter_map(|pod| {
            let wanted = |one: &&ContainerMetrics| container.is_none_or(|name| one.name == name);
            let values: Option<Vec<i64>> = pod
                .containers
                .iter()
                .filter(wanted)
                .map(|one| one.usage.get(&self.name).map(milli))
                .collect();
            let values = values.filter(|values| !values.is_empty())?;
            let window = parse_duration(&pod.window).unwrap_or_default();
            let measured = Measured {
                value: values.iter().fold(0, |sum: i64, value| sum.saturating_add(*value)),
                timestamp_ms: ms(&pod.timestamp),
                window_ms: u64::try_from(window.as_millis()).unwrap_or(u64::MAX),
            };
            Some((pod.metadata.name.clone(), measured))
        });
        Ok(readings(measured.collect(), pods, |pod| request(pod, &self.name, container)))
    }
}

impl<T> Items<T> {
    fn all(self) -> Vec<T> {
        self.items.unwrap_or_default()
    }
}

/// Orders values by pod: those of the list first, then those of other pods.
fn readings(
    mut values: HashMap<String, Measured>,
    pods: &[core::Pod],
    request: impl Fn(&core::Pod) -> Option<i64>,
) -> MetricReading {
    let reading = |measured: Option<Measured>, request| PodReading {
        value: measured.map(|measured| measured.value),
        request,
        timestamp_ms: measured.map_or(0, |measured| measured.timestamp_ms),
        window_ms: measured.map_or(0, |measured| measured.window_ms),
    };
    let mut all: Vec<PodReading> = pods
        .iter()
        .map(|pod| {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            reading(values.remove(name), request(pod))
        })
        .collect();
    let mut others: Vec<_> = values.into_iter().collect();
    others.sort_by(|a, b| a.0.cmp(&b.0));
    all.extend(others.into_iter().map(|(_, measured)| reading(Some(measured), None)));
    MetricReading::Pods(all)
}

/// `calculatePodRequests`: the pod's own request if it states one, else those of its containers
/// and sidecars; `None` if one has none, or if the container does not exist.
fn request(pod: &core::Pod, resource: &str, container: Option<&str>) -> Option<i64> {
    let spec = pod.spec.as_ref()?;
    let of = |requirements: Option<&core::ResourceRequirements>| {
        requirements.and_then(|r| r.requests.as_ref()?.get(resource)).map(milli)
    };
    let pod_level = of(spec.resources.as_ref());
    if pod_level.is_some() && container.is_none() {
        return pod_level;
    }
    let mut wanted = containers::of_pod(spec)
        .filter(|one| container.is_none_or(|name| one.name == name))
        .peekable();
    wanted.peek()?;
    wanted.map(|one| of(one.resources.as_ref())).sum()
}

/// A pod as the controller sorts it.
fn pod(pod: &core::Pod) -> Pod {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
    Pod {
        phase: match status.and_then(|status| status.phase.as_deref()) {
            Some("Pending") => Phase::Pending,
            Some("Running") => Phase::Running,
            Some("Failed") => Phase::Failed,
            _ => Phase::Other,
        },
        deleting: pod.metadata.deletion_timestamp.is_some(),
        started_ms: status.and_then(|status| status.start_time.as_ref()).map(ms),
        ready: ready.map(|condition| ReadyCondition {
            status: match &*condition.status {
                "True" => ReadyStatus::True,
                "False" => ReadyStatus::False,
                _ => ReadyStatus::Unknown,
            },
            since_ms: condition.last_transition_time.as_ref().map_or(0, ms),
        }),
    }
}

/// Milliseconds since 1970.
fn ms(time: &Time) -> u64 {
    u64::try_from(time.0.as_millisecond()).unwrap_or(0)
}

/// A quantity in thousandths; 0 if it cannot be read.
fn milli(text: &QuantityText) -> i64 {
    text.0.parse::<Quantity>().map_or(0, |quantity| quantity.milli_value().value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn requests_are_added_up_as_the_controller_does() {
        let container = |name: &str, cpu: Option<&str>| match cpu {
            Some(cpu) => json!({"name": name, "resources": {"requests": {"cpu": cpu}}}),
            None => json!({"name": name}),
        };
        let pod = |spec: serde_json::Value| -> core::Pod {
            serde_json::from_value(json!({"spec": spec})).unwrap()
        };
        let mut sidecar = container("proxy", Some("100m"));
        sidecar["restartPolicy"] = "Always".into();
        let init = container("init", None);
        let both = pod(json!({
            "containers": [container("app", Some("400m")), container("log", Some("50m"))],
            "initContainers": [sidecar, init],
        }));
        assert_eq!(request(&both, "cpu", None), Some(550));
        assert_eq!(request(&both, "cpu", Some("app")), Some(400));
        assert_eq!(request(&both, "cpu", Some("other")), None);
        let lacking = pod(json!({
            "containers": [container("app", Some("400m")), container("log", None)],
        }));
        assert_eq!(request(&lacking, "cpu", None), None);
        assert_eq!(request(&lacking, "cpu", Some("app")), Some(400));
        let pod_level = pod(json!({
            "containers": [container("app", None)],
            "resources": {"requests": {"cpu": "2"}},
        }));
        assert_eq!(request(&pod_level, "cpu", None), Some(2000));
    }
}
