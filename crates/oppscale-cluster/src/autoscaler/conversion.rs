//! Older versions of the HPA's API, converted to `autoscaling/v2` as the API server converts them
//! (`pkg/apis/autoscaling/v1/conversion.go` and `v2beta1/conversion.go` of 1.24).
//!
//! `v2beta2` has the fields of `v2`. `v2beta1` names metric and target in one block. `v1` has one
//! target of its own, and keeps everything else in annotations.

use serde_json::{Map, Value, json};

use super::{HPA, HPA_API};

/// Annotation of `v1` that holds its other metrics, in the form of `v2beta1`.
const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
/// Annotation of `v1` and `v2beta1` that holds the behavior.
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// A field that the object's version does not have, or that cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unconvertible {
    /// The path, such as `spec.metrics[0].external.metric`.
    pub field: String,
    /// The problem.
    pub problem: String,
}

/// The `autoscaling/v2` form of an HPA of any version.
///
/// # Errors
/// When the version is unknown, or a field is not one of it.
pub fn convert(mut object: Value) -> Result<Value, Unconvertible> {
    let api = object["apiVersion"].as_str().unwrap_or_default().to_owned();
    match api.as_str() {
        HPA_API => return Ok(object),
        "autoscaling/v2beta2" => {}
        "autoscaling/v2beta1" => {
            convert_metrics(&mut object)?;
            behavior_of_annotation(&mut object)?;
        }
        "autoscaling/v1" => {
            metrics_of_v1(&mut object)?;
            behavior_of_annotation(&mut object)?;
        }
        _ => {
            let problem = format!(
                "expected {HPA_API}, or autoscaling/v1, v2beta2 or v2beta1, found {api:?}; \
                 kubectl get hpa prints {HPA_API}"
            );
            return Err(error("apiVersion", problem));
        }
    }
    object["apiVersion"] = HPA_API.into();
    Ok(object)
}

fn error(field: impl Into<String>, problem: impl Into<String>) -> Unconvertible {
    Unconvertible { field: field.into(), problem: problem.into() }
}

/// A field of the object's version that does not exist.
fn unknown(field: String, api: &str) -> Unconvertible {
    error(field, format!("{HPA} of {api} has no such field"))
}

fn convert_metrics(object: &mut Value) -> Result<(), Unconvertible> {
    if object["spec"].get("behavior").is_some() {
        return Err(unknown("spec.behavior".to_owned(), "autoscaling/v2beta1"));
    }
    let metrics = object.pointer_mut("/spec/metrics").and_then(Value::as_array_mut);
    for (at, metric) in metrics.into_iter().flatten().enumerate() {
        convert_metric(metric, &format!("spec.metrics[{at}]"))?;
    }
    Ok(())
}

/// One metric of `v2beta1`.
fn convert_metric(metric: &mut Value, path: &str) -> Result<(), Unconvertible> {
    const BLOCKS: [&str; 5] = ["object", "pods", "resource", "containerResource", "external"];
    for block in BLOCKS {
        let Some(Value::Object(old)) = metric.get_mut(block) else { continue };
        let mut old = std::mem::take(old);
        let mut new = Map::new();
        let mut move_to = |new: &mut Map<String, Value>, from: &str, to: &str| {
            if let Some(value) = old.remove(from) {
                new.insert(to.to_owned(), value);
            }
        };
        let mut identifier = Map::new();
        let mut target = Map::new();
        match block {
            "resource" | "containerResource" => {
                move_to(&mut new, "name", "name");
                if block == "containerResource" {
                    move_to(&mut new, "container", "container");
                }
                move_to(&mut target, "targetAverageUtilization", "averageUtilization");
            }
            "object" => {
                move_to(&mut new, "target", "describedObject");
                move_to(&mut target, "targetValue", "value");
                move_to(&mut target, "averageValue", "averageValue");
            }
            "external" => move_to(&mut target, "targetValue", "value"),
            _ => {}
        }
        if block != "object" {
            move_to(&mut target, "targetAverageValue", "averageValue");
        }
        if !block.to_lowercase().ends_with("resource") {
            move_to(&mut identifier, "metricName", "name");
            let selector = if block == "external" { "metricSelector" } else { "selector" };
            move_to(&mut identifier, selector, "selector");
            new.insert("metric".to_owned(), identifier.into());
        }
        if let Some(field) = old.keys().next() {
            return Err(unknown(format!("{path}.{block}.{field}"), "autoscaling/v2beta1"));
        }
        // The API server chooses in this order.
        let kind = match () {
            () if target.contains_key("averageUtilization") => "Utilization",
            () if target.contains_key("averageValue") => "AverageValue",
            () => "Value",
        };
        // A target of zero stands for none in an Object metric with an average.
        if target.contains_key("averageValue") && target.get("value").is_some_and(is_zero) {
            target.remove("value");
        }
        target.insert("type".to_owned(), kind.into());
        new.insert("target".to_owned(), target.into());
        metric[block] = new.into();
    }
    Ok(())
}

fn is_zero(value: &Value) -> bool {
    *value == json!(0) || *value == json!("0")
}

/// The metrics of `v1`: its cpu target first, then those of the annotation.
fn metrics_of_v1(object: &mut Value) -> Result<(), Unconvertible> {
    const FIELDS: [&str; 4] =
        ["scaleTargetRef", "minReplicas", "maxReplicas", "targetCPUUtilizationPercentage"];
    let mut metrics = Vec::new();
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        if let Some(field) = spec.keys().find(|field| !FIELDS.contains(&field.as_str())) {
            return Err(unknown(format!("spec.{field}"), "autoscaling/v1"));
        }
        if let Some(percent) = spec.remove("targetCPUUtilizationPercentage") {
            metrics.push(json!({
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": percent },
                },
            }));
        }
    }
    let path = format!("metadata.annotations[{METRICS}]");
    if let Some(annotated) = annotation(object, METRICS, &path)? {
        let Value::Array(annotated) = annotated else {
            return Err(error(path, "is not a list of metrics"));
        };
        for (at, mut metric) in annotated.into_iter().enumerate() {
            convert_metric(&mut metric, &format!("{path}[{at}]"))?;
            metrics.push(metric);
        }
    }
    if !metrics.is_empty() {
        object["spec"]["metrics"] = metrics.into();
    }
    Ok(())
}

fn behavior_of_annotation(object: &mut Value) -> Result<(), Unconvertible> {
    let path = format!("metadata.annotations[{BEHAVIOR}]");
    if let Some(behavior) = annotation(object, BEHAVIOR, &path)? {
        object["spec"]["behavior"] = lower_camel(behavior);
    }
    Ok(())
}

/// The JSON in an annotation, which is taken out of the object.
fn annotation(object: &mut Value, name: &str, path: &str) -> Result<Option<Value>, Unconvertible> {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let Some(text) = annotations.and_then(|annotations| annotations.remove(name)) else {
        return Ok(None);
    };
    let text = text.as_str().unwrap_or_default();
    serde_json::from_str(text).map(Some).map_err(|why| error(path, format!("is not JSON: {why}")))
}

/// Keys that begin with a small letter: the annotation may hold them as Go names them.
fn lower_camel(value: Value) -> Value {
    let lower = |key: String| {
        let mut letters = key.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    match value {
        Value::Object(map) => {
            let absent = |value: &Value| value.is_null();
            let kept = map.into_iter().filter(|(_, value)| !absent(value));
            kept.map(|(key, value)| (lower(key), lower_camel(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(lower_camel).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(api: &str, metadata: Value, spec: Value) -> Result<Value, Unconvertible> {
        let object = json!({ "apiVersion": api, "kind": HPA, "metadata": metadata, "spec": spec });
        convert(object).map(|object| object["spec"].clone())
    }

    #[test]
    fn every_metric_of_v2beta1_has_its_form_in_v2() {
        let spec = json!({ "maxReplicas": 5, "metrics": [
            { "type": "External", "external": { "metricName": "jobs", "targetValue": 30,
                "metricSelector": { "matchLabels": { "a": "b" } } } },
            { "type": "Object", "object": { "metricName": "rps", "targetValue": "0",
                "averageValue": "10", "target": { "kind": "Service", "name": "web" } } },
            { "type": "Pods", "pods": { "metricName": "qps", "targetAverageValue": "5" } },
            { "type": "Resource", "resource": { "name": "cpu", "targetAverageUtilization": 60 } },
        ] });
        let spec = converted("autoscaling/v2beta1", json!({}), spec).unwrap();
        let expected = json!([
            { "type": "External", "external": {
                "metric": { "name": "jobs", "selector": { "matchLabels": { "a": "b" } } },
                "target": { "type": "Value", "value": 30 } } },
            { "type": "Object", "object": {
                "describedObject": { "kind": "Service", "name": "web" }, "metric": { "name": "rps" },
                "target": { "type": "AverageValue", "averageValue": "10" } } },
            { "type": "Pods", "pods": { "metric": { "name": "qps" },
                "target": { "type": "AverageValue", "averageValue": "5" } } },
            { "type": "Resource", "resource": { "name": "cpu",
                "target": { "type": "Utilization", "averageUtilization": 60 } } },
        ]);
        assert_eq!(spec["metrics"], expected);
    }

    #[test]
    fn v1_has_one_target_and_the_rest_in_annotations() {
        let metadata = json!({ "annotations": {
            METRICS: "[{\"type\":\"Pods\",\"pods\":{\"metricName\":\"qps\",\"targetAverageValue\":\"5\"}}]",
            BEHAVIOR: "{\"ScaleDown\":{\"StabilizationWindowSeconds\":0,\"Policies\":null}}",
        } });
        let spec = json!({ "maxReplicas": 5, "targetCPUUtilizationPercentage": 60 });
        let spec = converted("autoscaling/v1", metadata, spec).unwrap();
        assert_eq!(spec["metrics"][0]["resource"]["target"]["averageUtilization"], 60);
        assert_eq!(spec["metrics"][1]["pods"]["metric"]["name"], "qps");
        assert_eq!(spec["behavior"], json!({ "scaleDown": { "stabilizationWindowSeconds": 0 } }));
    }

    #[test]
    fn a_field_of_another_version_is_refused() {
        for (api, spec, field) in [
            ("autoscaling/v1", json!({ "metrics": [] }), "spec.metrics"),
            ("autoscaling/v2beta1", json!({ "behavior": {} }), "spec.behavior"),
            (
                "autoscaling/v2beta1",
                json!({ "metrics": [{ "type": "External", "external": { "metric": {} } }] }),
                "spec.metrics[0].external.metric",
            ),
            ("autoscaling/v3", json!({}), "apiVersion"),
        ] {
            assert_eq!(converted(api, json!({}), spec).unwrap_err().field, field);
        }
    }
}
