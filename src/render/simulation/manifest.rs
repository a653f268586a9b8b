//! An HPA as the manifest that `kubectl apply` takes.

use serde_json::{Map, Value, json};

use crate::scenario::Manifest;
use hpa_model::verdict::Correction;
use hpa_model::{
    Behavior, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, MetricTarget, PolicyType,
    ResourceName, ScalingRules, SelectPolicy, TargetType,
};
use oppscale_core::quantity::Quantity;
use oppscale_core::reserve::Reserve;

use super::Entry;

/// The corrected manifest, or the HPA as it is where nothing needs to be corrected. What a
/// manifest cannot hold stands above it as comments.
///
/// # Errors
/// Never, in practice: plain data can be written as YAML.
pub fn best(entry: &Entry) -> anyhow::Result<String> {
    match entry.correction() {
        Some(correction) => corrected(&entry.identity, correction),
        None => written(String::new(), &entry.identity, &entry.identity.spec),
    }
}

/// The manifest that a correction asks for, with what it cannot hold above it as comments.
///
/// # Errors
/// Never, in practice: plain data can be written as YAML.
pub fn corrected(identity: &Manifest, correction: &Correction) -> anyhow::Result<String> {
    let reserve = match correction.metric.reserve {
        Reserve::Cpu(milli) => format!("{} cores", Quantity::from_milli(milli)),
        Reserve::Share(share) => format!("{} %", share as f64 / 1e7),
    };
    let comment = format!(
        "# The metric: replicas that fit, without the workload's own pods,\n\
         # with a reserve of {reserve} taken off, from a watch.\n"
    );
    written(comment, identity, &correction.spec)
}

fn written(mut text: String, identity: &Manifest, spec: &HpaSpec) -> anyhow::Result<String> {
    text.push_str(&serde_saphyr::to_string(&value(identity, spec))?);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The object, without fields that are not set.
pub(super) fn value(identity: &Manifest, spec: &HpaSpec) -> Value {
    let target = &identity.target;
    pruned(json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": identity.name, "namespace": identity.namespace },
        "spec": {
            "scaleTargetRef": {
                "apiVersion": target.api_version,
                "kind": target.kind,
                "name": target.name,
            },
            "minReplicas": spec.min_replicas,
            "maxReplicas": spec.max_replicas,
            "metrics": spec.metrics.iter().map(|each| metric(each, identity)).collect::<Vec<_>>(),
            "behavior": spec.behavior.as_ref().map(behavior),
        },
    }))
}

fn metric(metric: &MetricSpec, identity: &Manifest) -> Value {
    let target = target(&metric.target);
    let named = |identifier: &MetricIdentifier| {
        let labels = identifier.match_labels.as_ref();
        let selector = labels.map(|labels| json!({ "matchLabels": labels }));
        json!({ "name": identifier.name, "selector": selector })
    };
    let resource = |resource: &ResourceName| resource.to_string();
    match &metric.source {
        MetricSource::External(identifier) => json!({
            "type": "External",
            "external": { "metric": named(identifier), "target": target },
        }),
        MetricSource::Object { metric, kind, name } => {
            let mut objects = identity.objects.iter();
            let object = objects.find(|object| object.kind == *kind && object.name == *name);
            let api = object.and_then(|object| object.api_version.as_ref());
            json!({
                "type": "Object",
                "object": {
                    "describedObject": { "apiVersion": api, "kind": kind, "name": name },
                    "metric": named(metric),
                    "target": target,
                },
            })
        }
        MetricSource::Pods(identifier) => json!({
            "type": "Pods",
            "pods": { "metric": named(identifier), "target": target },
        }),
        MetricSource::Resource(name) => json!({
            "type": "Resource",
            "resource": { "name": resource(name), "target": target },
        }),
        MetricSource::ContainerResource { resource: name, container } => json!({
            "type": "ContainerResource",
            "containerResource": {
                "container": container,
                "name": resource(name),
                "target": target,
            },
        }),
    }
}

fn target(target: &MetricTarget) -> Value {
    let kind = match target.kind {
        TargetType::Value => "Value",
        TargetType::AverageValue => "AverageValue",
        TargetType::Utilization => "Utilization",
    };
    let text = |milli: i64| Quantity::from_milli(milli).to_string();
    json!({
        "type": kind,
        "value": target.value.map(text),
        "averageValue": target.average_value.map(text),
        "averageUtilization": target.average_utilization,
    })
}

fn behavior(behavior: &Behavior) -> Value {
    json!({
        "scaleUp": behavior.scale_up.as_ref().map(rules),
        "scaleDown": behavior.scale_down.as_ref().map(rules),
    })
}

fn rules(rules: &ScalingRules) -> Value {
    let select = |policy| match policy {
        SelectPolicy::Max => "Max",
        SelectPolicy::Min => "Min",
        SelectPolicy::Disabled => "Disabled",
    };
    let policies = rules.policies.as_ref().map(|policies| {
        let one = |policy: &hpa_model::Policy| {
            let kind = match policy.kind {
                PolicyType::Pods => "Pods",
                PolicyType::Percent => "Percent",
            };
            json!({ "type": kind, "value": policy.value, "periodSeconds": policy.period_seconds })
        };
        policies.iter().map(one).collect::<Vec<_>>()
    });
    json!({
        "stabilizationWindowSeconds": rules.stabilization_window_seconds,
        "selectPolicy": rules.select_policy.map(select),
        "policies": policies,
        "tolerance": rules.tolerance.map(|tolerance| tolerance.to_string()),
    })
}

/// Without what is `null`: the API takes a field that is not there as not set.
fn pruned(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, pruned(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(pruned).collect()),
        other => other,
    }
}
