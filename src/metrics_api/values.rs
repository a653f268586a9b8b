//! Metric values: custom.metrics.k8s.io (of objects) and external.metrics.k8s.io (of a namespace,
//! selected by labels).

use serde_json::{Map, Value, json};

use super::metric::Metric;
use super::reading::{NodeReading, Source, Values, WorkloadReading};
use super::request::Request;
use super::response::{Response, StatusError};
use super::{CUSTOM, CustomVersion};
use oppscale_core::kinds::Kind;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::selector::{Labels, Selector};

/// A query for one metric, in one version of the API.
struct Query<'a> {
    version: CustomVersion,
    metric: Metric,
    request: &'a Request,
    source: &'a dyn Source,
}

/// Responds to a path below `/apis/custom.metrics.k8s.io/VERSION`.
pub(super) fn custom(
    version: CustomVersion,
    path: &[&str],
    kinds: &[&'static Kind],
    request: &Request,
    source: &dyn Source,
) -> Result<Response, StatusError> {
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
        _ => Err(StatusError::not_found(format!("oppscale does not serve {}", request.path))),
    }
}

impl Query<'_> {
    fn workloads(&self, namespace: &str, kind: &Kind, name: &str) -> Result<Response, StatusError> {
        let series = self.request.selector("metricLabelSelector")?;
        let objects = self.request.selector("labelSelector")?;
        let readings = self.source.workloads()?;
        let of_kind = readings
            .workloads
            .iter()
            .filter(|workload| *workload.namespace == *namespace && *workload.kind == *kind);
        let is_selected = |workload: &WorkloadReading| has_series(workload, &series);
        if name == "*" {
            let items = of_kind
                .filter(|workload| is_selected(workload) && objects.matches(&workload.labels))
                .filter_map(|w| Some(self.of_workload(w, w.values.as_ref().ok()?, &readings.time)))
                .collect();
            return Ok(self.list(items));
        }
        let workload =
            of_kind.clone().find(|workload| *workload.name == *name).ok_or_else(|| {
                let resource = kind.resource();
                StatusError::not_found(format!(
                    "{resource} {name:?} in namespace {namespace:?} is not an opportunistic \
                 workload; label it {OPPORTUNISTIC_LABEL}=true"
                ))
            })?;
        if !is_selected(workload) {
            let resource = kind.resource();
            return Err(StatusError::not_found(format!(
                "the metric of {resource} {name:?} in namespace {namespace:?} does not match {series}"
            )));
        }
        let values = workload.values.as_ref().map_err(|reason| on_hold(workload, reason))?;
        Ok(self.list(vec![self.of_workload(workload, values, &readings.time)]))
    }

    /// The metric of a namespace is that of its only workload. A sum over several workloads
    /// would promise the total to each of them.
    fn namespace(&self, namespace: &str) -> Result<Response, StatusError> {
        let series = self.request.selector("metricLabelSelector")?;
        let readings = self.source.workloads()?;
        let (_, values) = only_workload(&readings.workloads, namespace, &series)?;
        let object = json!({"kind": "Namespace", "name": namespace, "apiVersion": "v1"});
        Ok(self.list(vec![self.item(object, values, &readings.time)]))
    }

    fn nodes(&self, name: &str) -> Result<Response, StatusError> {
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
            let items = nodes.nodes.iter().filter(|node| objects.matches(&node.labels));
            let items = items.filter_map(|n| Some(of_node(n, n.values.as_ref().ok()?))).collect();
            return Ok(self.list(items));
        }
        let mut labels: Labels<'static> = Labels::default();
        labels.insert("node".into(), name.to_owned().into());
        let node = nodes.nodes.iter().find(|node| node.name == name && series.matches(&labels));
        let node =
            node.ok_or_else(|| StatusError::not_found(format!("there is no node {name:?}")))?;
        let values = node.values.as_ref().map_err(|reason| {
            StatusError::unavailable(format!("the state of node {name:?} is unknown: {reason}"))
        })?;
        Ok(self.list(vec![of_node(node, values)]))
    }

    fn of_workload(&self, workload: &WorkloadReading, values: &Values, time: &str) -> Value {
        let object = json!({
            "kind": workload.kind.name,
            "namespace": &*workload.namespace,
            "name": &*workload.name,
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

    fn list(&self, items: Vec<Value>) -> Response {
        Response::json(&json!({
            "kind": "MetricValueList",
            "apiVersion": format!("{CUSTOM}/{}", self.version.name()),
            "metadata": {},
            "items": items,
        }))
    }

    fn no_object(&self, resource: &str) -> StatusError {
        StatusError::not_found(format!(
            "{resource} have no metric {}; use a metric of type Object that describes the \
             scaled workload, such as a Deployment",
            self.metric.name()
        ))
    }
}

/// Responds for one external metric of one namespace.
pub(super) fn external(
    namespace: &str,
    metric: &str,
    request: &Request,
    source: &dyn Source,
) -> Result<Response, StatusError> {
    let metric = Metric::of(metric).ok_or_else(|| no_metric(metric))?;
    let selector = request.selector("labelSelector")?;
    let readings = source.workloads()?;
    let (workload, values) = only_workload(&readings.workloads, namespace, &selector)?;
    let labels: Map<String, Value> = workload
        .series_labels()
        .iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
        .collect();
    Ok(Response::json(&json!({
        "kind": "ExternalMetricValueList",
        "apiVersion": "external.metrics.k8s.io/v1beta1",
        "metadata": {},
        "items": [{
            "metricName": metric.name(),
            "metricLabels": labels,
            "timestamp": readings.time,
            "value": metric.value(values),
        }],
    })))
}

/// The only workload of a namespace that `selector` selects. The HPA adds up all items that it
/// gets, and the sum of two workloads would promise each one the other's share.
fn only_workload<'a>(
    workloads: &'a [WorkloadReading],
    namespace: &str,
    selector: &Selector,
) -> Result<(&'a WorkloadReading, &'a Values), StatusError> {
    let mut found = workloads
        .iter()
        .filter(|workload| *workload.namespace == *namespace && has_series(workload, selector));
    let Some(workload) = found.next() else {
        let matching =
            if selector.is_empty() { String::new() } else { format!(" that matches {selector}") };
        return Err(StatusError::not_found(format!(
            "namespace {namespace:?} has no opportunistic workload{matching}; \
             label one {OPPORTUNISTIC_LABEL}=true"
        )));
    };
    let others: Vec<_> = found.collect();
    if !others.is_empty() {
        let names = [workload].into_iter().chain(others.iter().copied()).take(5);
        let names: Vec<_> = names.map(|w| format!("{}={}", w.kind.singular(), w.name)).collect();
        return Err(StatusError::bad_request(format!(
            "{} workloads of namespace {namespace:?} match, and an HPA would add them up; use a \
             metric of type Object that describes the scaled workload, or a selector such as {}",
            others.len() + 1,
            names.join(" or ")
        )));
    }
    match &workload.values {
        Ok(values) => Ok((workload, values)),
        Err(reason) => Err(on_hold(workload, reason)),
    }
}

/// Whether the series of a workload match; an empty selector matches all.
fn has_series(workload: &WorkloadReading, selector: &Selector) -> bool {
    selector.is_empty() || selector.matches(&workload.series_labels())
}

fn no_metric(name: &str) -> StatusError {
    let known: Vec<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    StatusError::not_found(format!("there is no metric {name}, but {}", known.join(", ")))
}

fn on_hold(workload: &WorkloadReading, reason: &str) -> StatusError {
    let (kind, namespace, name) = (workload.kind.name, &workload.namespace, &workload.name);
    StatusError::unavailable(format!("oppscale holds {kind} {namespace}/{name}: {reason}"))
}
