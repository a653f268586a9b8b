//! custom.metrics.k8s.io: metrics of objects.

use serde_json::{Value, json};

use super::external::{held, no_metric};
use super::metric::Metric;
use super::reading::{NodeReading, Source, Values, WorkloadReading};
use super::request::Request;
use super::status::{Answer, Refusal};
use super::{CUSTOM, CustomVersion};
use oppscale_core::kinds::Kind;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::selector::Labels;

/// A query for one metric, in one version of the API.
struct Query<'a> {
    version: CustomVersion,
    metric: Metric,
    request: &'a Request,
    source: &'a dyn Source,
}

/// Answers a path behind `/apis/custom.metrics.k8s.io/VERSION`.
pub(super) fn answer(
    version: CustomVersion,
    path: &[&str],
    kinds: &[&'static Kind],
    request: &Request,
    source: &dyn Source,
) -> Result<Answer, Refusal> {
    let query = |metric: &str| {
        let metric = Metric::of(metric).ok_or_else(|| no_metric(metric))?;
        Ok(Query { version, metric, request, source })
    };
    match *path {
        // An HPA asks for cluster-scoped objects below its own namespace.
        ["namespaces", _, "nodes", name, metric] => query(metric)?.nodes(name),
        ["nodes", name, metric] => query(metric)?.nodes(name),
        ["namespaces", namespace, "metrics", metric] => query(metric)?.namespace(namespace),
        ["namespaces", name, metric] => query(metric)?.namespace(name),
        ["namespaces", namespace, resource, name, metric] => {
            let query = query(metric)?;
            let is_it = |kind: &&&Kind| kind.plural == resource || kind.resource() == resource;
            match kinds.iter().find(is_it) {
                Some(kind) => query.workloads(namespace, kind, name),
                None => Err(query.no_object(resource)),
            }
        }
        _ => Err(Refusal::not_found(format!("oppscale does not serve {}", request.path))),
    }
}

impl Query<'_> {
    fn workloads(&self, namespace: &str, kind: &Kind, name: &str) -> Result<Answer, Refusal> {
        let series = self.request.selector("metricLabelSelector")?;
        let objects = self.request.selector("labelSelector")?;
        let readings = self.source.workloads()?;
        let of_kind = readings
            .workloads
            .iter()
            .filter(|workload| workload.namespace == namespace && *workload.kind == *kind);
        let is_meant = |workload: &WorkloadReading| {
            series.is_empty() || series.matches(&workload.series_labels())
        };
        if name == "*" {
            let items = of_kind
                .filter(|workload| is_meant(workload) && objects.matches(&workload.labels))
                .filter_map(|w| Some(self.of_workload(w, w.values.as_ref().ok()?, &readings.time)))
                .collect();
            return Ok(self.list(items));
        }
        let workload = of_kind.clone().find(|workload| workload.name == name).ok_or_else(|| {
            let resource = kind.resource();
            Refusal::not_found(format!(
                "{resource} {name:?} in namespace {namespace:?} is no opportunistic \
                 workload; label it {OPPORTUNISTIC_LABEL}=true"
            ))
        })?;
        if !is_meant(workload) {
            let resource = kind.resource();
            return Err(Refusal::not_found(format!(
                "the metric of {resource} {name:?} in namespace {namespace:?} is not {series}"
            )));
        }
        let values = workload.values.as_ref().map_err(|why| held(workload, why))?;
        Ok(self.list(vec![self.of_workload(workload, values, &readings.time)]))
    }

    /// The metric of a namespace: that of its only workload. A sum over several would be a
    /// claim of each to all of it.
    fn namespace(&self, namespace: &str) -> Result<Answer, Refusal> {
        let series = self.request.selector("metricLabelSelector")?;
        let readings = self.source.workloads()?;
        let found: Vec<&WorkloadReading> = readings
            .workloads
            .iter()
            .filter(|workload| workload.namespace == namespace)
            .filter(|workload| series.is_empty() || series.matches(&workload.series_labels()))
            .collect();
        let workload = match found[..] {
            [one] => one,
            [] => {
                return Err(Refusal::not_found(format!(
                    "namespace {namespace:?} has no such opportunistic workload; \
                     label one {OPPORTUNISTIC_LABEL}=true"
                )));
            }
            _ => {
                return Err(Refusal::bad_request(format!(
                    "{} workloads of namespace {namespace:?} match; describe the one that is \
                     scaled instead, as {}",
                    found.len(),
                    found.first().map_or_else(String::new, |workload| workload.kind.resource())
                )));
            }
        };
        let values = workload.values.as_ref().map_err(|why| held(workload, why))?;
        let object = json!({"kind": "Namespace", "name": namespace, "apiVersion": "v1"});
        Ok(self.list(vec![self.item(object, values, &readings.time)]))
    }

    fn nodes(&self, name: &str) -> Result<Answer, Refusal> {
        if self.metric == Metric::FitReplicas {
            return Err(self.no_object("nodes"));
        }
        let objects = self.request.selector("labelSelector")?;
        let series = self.request.selector("metricLabelSelector")?;
        let nodes = self.source.nodes()?;
        let of_node = |node: &NodeReading, values: &Values| {
            let object = json!({"kind": "Node", "name": node.name, "apiVersion": "v1"});
            self.item(object, values, &nodes.time)
        };
        if name == "*" {
            let items = nodes.items.iter().filter(|node| objects.matches(&node.labels));
            let items = items.filter_map(|n| Some(of_node(n, n.values.as_ref().ok()?))).collect();
            return Ok(self.list(items));
        }
        let meant = |node: &&NodeReading| {
            let mut labels: Labels<'static> = Labels::default();
            labels.insert("node".into(), node.name.clone().into());
            node.name == name && (series.is_empty() || series.matches(&labels))
        };
        let node = nodes.items.iter().find(meant);
        let node = node.ok_or_else(|| Refusal::not_found(format!("there is no node {name:?}")))?;
        let values = node.values.as_ref();
        let values = values
            .map_err(|why| Refusal::unavailable(format!("node {name:?} is unknown: {why}")))?;
        Ok(self.list(vec![of_node(node, values)]))
    }

    fn of_workload(&self, workload: &WorkloadReading, values: &Values, time: &str) -> Value {
        let object = json!({
            "kind": workload.kind.name,
            "namespace": workload.namespace,
            "name": workload.name,
            "apiVersion": workload.kind.api_version(),
        });
        self.item(object, values, time)
    }

    fn item(&self, object: Value, values: &Values, time: &str) -> Value {
        let (name, value) = (self.metric.name(), self.metric.value(values));
        match self.version {
            CustomVersion::V1beta1 => json!({
                "describedObject": object,
                "metricName": name,
                "timestamp": time,
                "value": value,
                "selector": null,
            }),
            CustomVersion::V1beta2 => json!({
                "describedObject": object,
                "metric": {"name": name, "selector": null},
                "timestamp": time,
                "value": value,
            }),
        }
    }

    fn list(&self, items: Vec<Value>) -> Answer {
        Answer::json(&json!({
            "kind": "MetricValueList",
            "apiVersion": format!("{CUSTOM}/{}", self.version.name()),
            "metadata": {},
            "items": items,
        }))
    }

    fn no_object(&self, resource: &str) -> Refusal {
        Refusal::not_found(format!(
            "{resource} have no metric {}; use a metric of type Object that describes the \
             scaled workload, such as a Deployment",
            self.metric.name()
        ))
    }
}
