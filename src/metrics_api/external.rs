//! external.metrics.k8s.io: metrics of a namespace, told apart by labels.

use serde_json::{Map, Value, json};

use super::metric::Metric;
use super::reading::{Source, WorkloadReading};
use super::request::Request;
use super::status::{Answer, Refusal};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// Answers for one metric of one namespace.
///
/// The HPA adds up whatever items it gets. The sum over two workloads, given to one of them,
/// would be a claim to the other's share, so the selector must lead to exactly one.
pub(super) fn answer(
    namespace: &str,
    metric: &str,
    request: &Request,
    source: &dyn Source,
) -> Result<Answer, Refusal> {
    let metric = Metric::of(metric).ok_or_else(|| no_metric(metric))?;
    let selector = request.selector("labelSelector")?;
    let readings = source.workloads()?;
    let found: Vec<&WorkloadReading> = readings
        .workloads
        .iter()
        .filter(|workload| workload.namespace == namespace)
        .filter(|workload| selector.is_empty() || selector.matches(&workload.series_labels()))
        .collect();
    let workload = match found[..] {
        [one] => one,
        [] => return Err(nobody(namespace, &selector.to_string())),
        _ => {
            let names: Vec<_> =
                found.iter().take(5).map(|w| format!("{}={}", w.kind.singular(), w.name)).collect();
            return Err(Refusal::bad_request(format!(
                "{} workloads in namespace {namespace} match, and an HPA would take their sum \
                 for one of them; select one, such as {}",
                found.len(),
                names.join(" or ")
            )));
        }
    };
    let values = workload.values.as_ref().map_err(|why| held(workload, why))?;
    let labels: Map<String, Value> = workload
        .series_labels()
        .iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
        .collect();
    Ok(Answer::json(&json!({
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

pub(super) fn no_metric(name: &str) -> Refusal {
    let known: Vec<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    Refusal::not_found(format!("there is no metric {name}, but {}", known.join(", ")))
}

pub(super) fn held(workload: &WorkloadReading, why: &str) -> Refusal {
    let (kind, namespace, name) = (workload.kind.name, &workload.namespace, &workload.name);
    Refusal::unavailable(format!("oppscale holds {kind} {namespace}/{name}: {why}"))
}

fn nobody(namespace: &str, selector: &str) -> Refusal {
    let that = if selector.is_empty() { String::new() } else { format!(" that is {selector}") };
    Refusal::not_found(format!(
        "namespace {namespace} has no opportunistic workload{that}; \
         label one {OPPORTUNISTIC_LABEL}=true"
    ))
}
