//! HorizontalPodAutoscalers and KEDA's ScaledObjects, decoded in one place for every reader.
//!
//! An object is read with k8s-openapi's type and kept whole; [`Autoscaler::spec`] turns it into the
//! [`HpaSpec`] of the HPA model, with the API server's words for what is wrong. A ScaledObject is
//! read as the HPA that KEDA creates from it. [`HpaReader`] reads what the controller of an HPA
//! reads.

mod conversion;
mod metric;
mod reader;
mod validation;

pub use conversion::{Unconvertible, convert};
pub use metric::describe_metric;
pub use reader::HpaReader;

use std::collections::BTreeMap;

use hpa_model::application::{CommonBounds, Target};
use hpa_model::{
    Behavior, FieldError, HpaSpec, Invalid, Policy, PolicyType, ScalingRules, SelectPolicy,
    Tolerance,
};
use k8s_openapi::api::autoscaling::v2;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as QuantityText;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use oppscale_core::kinds;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::quantity::Quantity;
use serde::Deserialize;
use serde_json::Value;

use self::metric::Block;
use self::validation::CORE_KIND;

/// The kind of the API.
pub const HPA: &str = "HorizontalPodAutoscaler";
/// The version of it that is read; [`convert`] makes it of older ones.
pub const HPA_API: &str = "autoscaling/v2";
/// The kind of KEDA's objects.
pub const SCALED_OBJECT: &str = "ScaledObject";

/// A HorizontalPodAutoscaler as the API holds it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Autoscaler(pub v2::HorizontalPodAutoscaler);

/// A metric of an HPA with its value in the status.
#[derive(Debug, Clone, Copy)]
pub struct MetricStatus<'a> {
    /// Name of the metric or resource.
    pub name: &'a str,
    /// Whether it is the usage of a resource: a Resource or ContainerResource metric.
    pub is_resource: bool,
    /// Target.
    pub target: &'a v2::MetricTarget,
    /// Value; `None` if the controller could not read it.
    pub value: Option<&'a v2::MetricValueStatus>,
}

impl Autoscaler {
    /// Its namespace; empty if the object does not state one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.metadata.name.as_deref().unwrap_or_default()
    }

    /// `NAMESPACE/NAME`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace(), self.name())
    }

    /// `spec.scaleTargetRef`.
    #[must_use]
    pub fn target(&self) -> &v2::CrossVersionObjectReference {
        static NONE: v2::CrossVersionObjectReference = v2::CrossVersionObjectReference {
            api_version: None,
            kind: String::new(),
            name: String::new(),
        };
        self.0.spec.as_ref().map_or(&NONE, |spec| &spec.scale_target_ref)
    }

    /// Whether it scales this object.
    #[must_use]
    pub fn scales(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let target = self.target();
        self.namespace() == namespace && target.kind == kind && target.name == name
    }

    /// `minReplicas`, 1 by default, and `maxReplicas`.
    #[must_use]
    pub fn bounds(&self) -> (i32, i32) {
        let spec = self.0.spec.as_ref();
        spec.map_or((1, 0), |spec| (spec.min_replicas.unwrap_or(1), spec.max_replicas))
    }

    /// The bounds of HPAs of one target.
    pub fn common_bounds<'a>(hpas: impl IntoIterator<Item = &'a Self>) -> CommonBounds {
        let bound = |count: i32| u32::try_from(count).unwrap_or(0);
        let bounds = hpas.into_iter().map(Self::bounds);
        bounds.map(|(min, max)| (bound(min), bound(max))).collect()
    }

    /// `status.currentReplicas` and `status.desiredReplicas`; 0 if unset.
    #[must_use]
    pub fn replicas(&self) -> (i32, i32) {
        let status = self.0.status.as_ref();
        status.map_or((0, 0), |s| (s.current_replicas.unwrap_or(0), s.desired_replicas))
    }

    /// `status.conditions`.
    #[must_use]
    pub fn conditions(&self) -> &[v2::HorizontalPodAutoscalerCondition] {
        let status = self.0.status.as_ref();
        status.and_then(|status| status.conditions.as_deref()).unwrap_or_default()
    }

    /// The condition of this type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&v2::HorizontalPodAutoscalerCondition> {
        self.conditions().iter().find(|condition| condition.type_ == kind)
    }

    /// `spec.metrics`.
    #[must_use]
    pub fn metrics(&self) -> &[v2::MetricSpec] {
        let spec = self.0.spec.as_ref();
        spec.and_then(|spec| spec.metrics.as_deref()).unwrap_or_default()
    }

    /// Each metric with its value in the status.
    pub fn readings(&self) -> impl Iterator<Item = MetricStatus<'_>> {
        let status = self.0.status.as_ref();
        let values = status.and_then(|s| s.current_metrics.as_deref()).unwrap_or_default();
        self.metrics().iter().enumerate().filter_map(move |(at, metric)| {
            let block = Block::of(metric)?;
            let (name, target, is_resource) = (block.name, block.target, block.is_resource());
            let same = |status: &&v2::MetricStatus| {
                status.type_ == metric.type_
                    && metric::current(status).is_some_and(|now| now.0 == name)
            };
            // The controller reports metrics in the order of the spec, where two may have the same
            // name. Only after a change of the spec the order differs.
            let status = values.get(at).filter(same).or_else(|| values.iter().find(same));
            let value = status.and_then(metric::current).map(|now| now.1);
            Some(MetricStatus { name, is_resource, target, value })
        })
    }

    /// Whether it carries the label of opportunistic work.
    #[must_use]
    pub fn is_opportunistic(&self) -> bool {
        let labels = self.0.metadata.labels.as_ref();
        labels.and_then(|l| l.get(OPPORTUNISTIC_LABEL)).is_some_and(|value| value == "true")
    }

    /// The ScaledObject that owns it: KEDA undoes every edit of such an HPA.
    #[must_use]
    pub fn scaled_object(&self) -> Option<&str> {
        let owners = self.0.metadata.owner_references.iter().flatten();
        let mut of_keda = owners.filter(|owner| owner.kind == SCALED_OBJECT);
        of_keda.next().map(|owner| owner.name.as_str())
    }

    /// Why the target has no scale, as a clause; `None` if it has one, or may have. Only kinds of
    /// Kubernetes itself are known: `RESTMappings` finds a kind by group and exact name.
    #[must_use]
    pub fn target_without_scale(&self) -> Option<String> {
        const BUILT_IN: [&str; 4] = ["", "apps", "batch", "extensions"];
        let target = self.target();
        let (kind, version) = (&*target.kind, target.api_version.as_deref().unwrap_or_default());
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let built_in = kinds::scalable().filter(|kind| !kind.is_custom());
        let scaled: Vec<_> = built_in
            .map(|kind| (kind.group, kind.name, kind.api_version()))
            .chain([("", CORE_KIND, "v1".to_owned())])
            .collect();
        let is_scaled = scaled.iter().any(|(of, name, _)| (*of, *name) == (group, kind));
        if kind.is_empty() || !BUILT_IN.contains(&group) || is_scaled {
            return None;
        }
        let meant = scaled.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(kind));
        Some(match (meant, version) {
            (Some((known, name, right)), "") if !known.is_empty() => {
                format!("spec.scaleTargetRef has no apiVersion; {right} has the kind {name}")
            }
            (None, "") => format!(
                "spec.scaleTargetRef of kind {kind} has no apiVersion, so it is sought in v1, where \
                 only {CORE_KIND} has a scale"
            ),
            (Some((_, name, right)), _) => {
                let version = if version.is_empty() { "v1" } else { version };
                format!("{version} has no kind {kind}; {right} has the kind {name}")
            }
            (None, _) => format!("{kind} of {version} has no scale"),
        })
    }

    /// The HPA as KEDA makes it of a ScaledObject.
    ///
    /// # Errors
    /// When the object is not a ScaledObject, or a trigger states no threshold that is known here.
    pub fn of_scaled_object(object: &Value) -> Result<Self, String> {
        let object = ScaledObject::deserialize(object).map_err(|error| error.to_string())?;
        let behavior = object.behavior();
        let (name, spec) = (object.metadata.name.unwrap_or_default(), object.spec);
        let config = spec.advanced.horizontal_pod_autoscaler_config;
        let labels = BTreeMap::from([("scaledobject.keda.sh/name".to_owned(), name.clone())]);
        if spec.triggers.is_empty() {
            return Err("spec.triggers: KEDA refuses a ScaledObject without a trigger".to_owned());
        }
        let metrics = spec.triggers.iter().enumerate().map(|(at, trigger)| {
            trigger.metric(at, &labels).map_err(|why| format!("spec.triggers[{at}]: {why}"))
        });
        let target = spec.scale_target_ref;
        Ok(Self(v2::HorizontalPodAutoscaler {
            metadata: ObjectMeta {
                name: Some(config.name.unwrap_or_else(|| format!("keda-hpa-{name}"))),
                namespace: object.metadata.namespace,
                owner_references: Some(vec![OwnerReference {
                    kind: SCALED_OBJECT.to_owned(),
                    name: name.clone(),
                    ..OwnerReference::default()
                }]),
                labels: Some(labels.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(v2::HorizontalPodAutoscalerSpec {
                scale_target_ref: v2::CrossVersionObjectReference {
                    api_version: Some(target.api_version.unwrap_or_else(|| "apps/v1".to_owned())),
                    kind: target.kind.unwrap_or_else(|| "Deployment".to_owned()),
                    name: target.name,
                },
                // KEDA itself goes to zero; its HPA keeps one.
                min_replicas: Some(spec.min_replica_count.unwrap_or(0).max(1)),
                max_replicas: spec.max_replica_count.unwrap_or(100),
                metrics: Some(metrics.collect::<Result<_, _>>()?),
                behavior,
            }),
            status: None,
        }))
    }

    /// The spec as the HPA model takes it.
    ///
    /// # Errors
    /// When a field is missing or has no such value, in the API server's words. What
    /// [`hpa_model::validate()`] finds is not looked for.
    pub fn spec(&self) -> Result<HpaSpec, Invalid> {
        let Some(spec) = &self.0.spec else { return Ok(HpaSpec::default()) };
        let mut errors = Vec::new();
        let mut replicas = |field: &str, count: i32| {
            u32::try_from(count).unwrap_or_else(|_| {
                let field = format!("spec.{field}");
                errors.push(invalid(field, count, "must be greater than or equal to 0"));
                0
            })
        };
        let min_replicas = spec.min_replicas.map(|count| replicas("minReplicas", count));
        let max_replicas = replicas("maxReplicas", spec.max_replicas);
        let mut metrics = Vec::new();
        for (at, metric) in spec.metrics.iter().flatten().enumerate() {
            match metric::decode(metric, &format!("spec.metrics[{at}]")) {
                Ok(metric) => metrics.push(metric),
                Err(error) => errors.push(error),
            }
        }
        let behavior = spec.behavior.as_ref().map(|behavior| {
            let mut rules = |name: &str, rules: &Option<v2::HPAScalingRules>| {
                let decoded = decode_rules(rules.as_ref()?, &format!("spec.behavior.{name}"));
                decoded.map_err(|error| errors.push(error)).ok()
            };
            Behavior {
                scale_up: rules("scaleUp", &behavior.scale_up),
                scale_down: rules("scaleDown", &behavior.scale_down),
            }
        });
        if !errors.is_empty() {
            return Err(Invalid { errors });
        }
        Ok(HpaSpec { min_replicas, max_replicas, metrics, behavior })
    }
}

/// Writes numbers where the API takes quantities as the text that k8s-openapi's type expects.
pub fn quantities_as_text(object: &mut Value) {
    let to_text = |parent: &mut Value, key: &str| {
        if let Some(value) = parent.get_mut(key).filter(|value| value.is_number()) {
            *value = Value::String(value.to_string());
        }
    };
    let Some(spec) = object.get_mut("spec") else { return };
    for metric in spec.get_mut("metrics").and_then(Value::as_array_mut).into_iter().flatten() {
        for source in metric.as_object_mut().into_iter().flat_map(|m| m.values_mut()) {
            if let Some(target) = source.get_mut("target") {
                to_text(target, "value");
                to_text(target, "averageValue");
            }
        }
    }
    for direction in ["scaleUp", "scaleDown"] {
        if let Some(rules) = spec.pointer_mut(&format!("/behavior/{direction}")) {
            to_text(rules, "tolerance");
        }
    }
}

fn invalid(field: String, value: impl ToString, detail: &str) -> FieldError {
    FieldError::Invalid { field, value: value.to_string(), detail: detail.to_owned() }
}

fn decode_rules(rules: &v2::HPAScalingRules, path: &str) -> Result<ScalingRules, FieldError> {
    let select_policy = match rules.select_policy.as_deref() {
        None => None,
        Some("Max") => Some(SelectPolicy::Max),
        Some("Min") => Some(SelectPolicy::Min),
        Some("Disabled") => Some(SelectPolicy::Disabled),
        Some(other) => {
            let supported = "\"Disabled\", \"Max\", \"Min\"";
            return Err(unsupported(format!("{path}.selectPolicy"), other, supported));
        }
    };
    let policy = |(at, policy): (usize, &v2::HPAScalingPolicy)| {
        let kind = match policy.type_.as_str() {
            "Pods" => PolicyType::Pods,
            "Percent" => PolicyType::Percent,
            other => {
                let field = format!("{path}.policies[{at}].type");
                return Err(unsupported(field, other, "\"Percent\", \"Pods\""));
            }
        };
        Ok(Policy { kind, value: policy.value, period_seconds: policy.period_seconds })
    };
    let policies = rules.policies.as_ref().map(|policies| {
        policies.iter().enumerate().map(policy).collect::<Result<Vec<_>, FieldError>>()
    });
    let tolerance = rules.tolerance.as_ref().map(|text| {
        let tolerance = quantity(text, format!("{path}.tolerance"))?;
        let limit = if tolerance.is_negative() { i64::MIN } else { i64::MAX };
        let nano = i64::try_from(tolerance.nanos()).unwrap_or(limit);
        Ok(Tolerance::from_nano(nano))
    });
    Ok(ScalingRules {
        stabilization_window_seconds: rules.stabilization_window_seconds,
        select_policy,
        policies: policies.transpose()?,
        tolerance: tolerance.transpose()?,
    })
}

fn unsupported(field: String, value: &str, supported: &str) -> FieldError {
    FieldError::Unsupported { field, value: value.to_owned(), supported: supported.to_owned() }
}

fn quantity(text: &QuantityText, field: String) -> Result<Quantity, FieldError> {
    match text.0.parse::<Quantity>() {
        Ok(quantity) if !quantity.milli_value().saturated => Ok(quantity),
        _ => Err(invalid(field, format!("{:?}", text.0), "must be a quantity such as 30 or 1500m")),
    }
}

/// The target of a ScaledObject that its annotations pause (`NeedToBePausedByAnnotation` of KEDA
/// 2.17); `None` if it is not paused, or is no ScaledObject.
#[must_use]
pub fn paused_target(object: &Value) -> Option<Target> {
    if object["kind"] != SCALED_OBJECT {
        return None;
    }
    let object = ScaledObject::deserialize(object).ok()?;
    if let Some(replicas) = object.annotation("paused-replicas") {
        let replicas = replicas.parse().ok();
        return Some(Target::Paused { annotation: "paused-replicas", replicas });
    }
    let target = Target::Paused { annotation: "paused", replicas: None };
    object.is_annotated("paused").then_some(target)
}

/// A ScaledObject, as far as it decides about its HPA.
#[derive(Deserialize)]
struct ScaledObject {
    metadata: ObjectMeta,
    spec: ScaledObjectSpec,
}

impl ScaledObject {
    /// The value of the annotation `autoscaling.keda.sh/NAME`.
    fn annotation(&self, name: &str) -> Option<&str> {
        let annotations = self.metadata.annotations.as_ref()?;
        annotations.get(&format!("autoscaling.keda.sh/{name}")).map(String::as_str)
    }

    /// Whether this annotation is true, for which KEDA takes what Go cannot parse as a boolean
    /// (`getBoolAnnotation`).
    fn is_annotated(&self, name: &str) -> bool {
        let is_off = |text: &str| ["0", "f", "F", "false", "False", "FALSE"].contains(&text);
        self.annotation(name).is_some_and(|text| !is_off(text))
    }

    /// The behavior of its HPA, in which KEDA disables paused directions
    /// (`newHPAForScaledObject` of KEDA 2.18).
    fn behavior(&self) -> Option<v2::HorizontalPodAutoscalerBehavior> {
        let mut behavior = self.spec.advanced.horizontal_pod_autoscaler_config.behavior.clone();
        let disable = |rules: &mut Option<v2::HPAScalingRules>| {
            rules.get_or_insert_default().select_policy = Some("Disabled".to_owned());
        };
        if self.is_annotated("paused-scale-in") {
            disable(&mut behavior.get_or_insert_default().scale_down);
        }
        if self.is_annotated("paused-scale-out") {
            disable(&mut behavior.get_or_insert_default().scale_up);
        }
        behavior
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScaledObjectSpec {
    scale_target_ref: ScaleTarget,
    min_replica_count: Option<i32>,
    max_replica_count: Option<i32>,
    #[serde(default)]
    advanced: Advanced,
    #[serde(default)]
    triggers: Vec<Trigger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScaleTarget {
    api_version: Option<String>,
    kind: Option<String>,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Advanced {
    horizontal_pod_autoscaler_config: HpaConfig,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HpaConfig {
    name: Option<String>,
    behavior: Option<v2::HorizontalPodAutoscalerBehavior>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trigger {
    r#type: String,
    metric_type: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl Trigger {
    /// Keys under which KEDA's scalers take the target of their metric.
    const THRESHOLDS: [&str; 8] = [
        "targetValue",
        "threshold",
        "value",
        "queueLength",
        "lagThreshold",
        "listLength",
        "messageCount",
        "targetQueryValue",
    ];

    fn metric(
        &self,
        at: usize,
        labels: &BTreeMap<String, String>,
    ) -> Result<v2::MetricSpec, String> {
        // The metric of this scaler is the number of replicas itself, 1 outside of its time.
        let threshold = match &*self.r#type {
            "cron" => Some("1"),
            _ => Self::THRESHOLDS.iter().find_map(|key| Some(self.metadata.get(*key)?.as_str())),
        };
        let threshold = threshold.ok_or_else(|| {
            let keys = Self::THRESHOLDS.join(", ");
            format!("{} states no threshold: expected one of {keys}", self.r#type)
        })?;
        let is_resource = matches!(self.r#type.as_str(), "cpu" | "memory");
        let default = if is_resource { "Utilization" } else { "AverageValue" };
        // Before KEDA 2.18 cpu and memory stated it among their metadata.
        let stated = |key: &str| self.metadata.get(key).filter(|value| !value.is_empty());
        let former = stated("type").map(String::as_str).filter(|_| is_resource);
        let kind = self.metric_type.as_deref().or(former).unwrap_or(default);
        let value = |of: &str| (kind == of).then(|| QuantityText(threshold.to_owned()));
        let target = v2::MetricTarget {
            type_: kind.to_owned(),
            value: value("Value"),
            average_value: value("AverageValue"),
            average_utilization: threshold.parse().ok().filter(|_| kind == "Utilization"),
        };
        if is_resource {
            let name = self.r#type.clone();
            if let Some(container) = stated("containerName").cloned() {
                let source = v2::ContainerResourceMetricSource { container, name, target };
                return Ok(v2::MetricSpec {
                    type_: "ContainerResource".to_owned(),
                    container_resource: Some(source),
                    ..v2::MetricSpec::default()
                });
            }
            return Ok(v2::MetricSpec {
                type_: "Resource".to_owned(),
                resource: Some(v2::ResourceMetricSource { name, target }),
                ..v2::MetricSpec::default()
            });
        }
        let series = self.metadata.get("valueLocation").map(|location| format!("-{location}"));
        // KEDA names the metric of this scaler in the singular.
        let scaler = if self.r#type == "metrics-api" { "metric-api" } else { &self.r#type };
        let metric = v2::MetricIdentifier {
            name: format!("s{at}-{scaler}{}", series.unwrap_or_default()),
            selector: Some(LabelSelector {
                match_labels: Some(labels.clone()),
                ..LabelSelector::default()
            }),
        };
        Ok(v2::MetricSpec {
            type_: "External".to_owned(),
            external: Some(v2::ExternalMetricSource { metric, target }),
            ..v2::MetricSpec::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_without_an_api_version_is_sought_in_v1() {
        for (target, why) in [
            (json!({"kind": "ReplicationController"}), None),
            (
                json!({"kind": "Deployment"}),
                Some("spec.scaleTargetRef has no apiVersion; apps/v1 has the kind Deployment"),
            ),
            (
                json!({"kind": "deployment", "apiVersion": ""}),
                Some("spec.scaleTargetRef has no apiVersion; apps/v1 has the kind Deployment"),
            ),
            (
                json!({"kind": "Rollout"}),
                Some(
                    "spec.scaleTargetRef of kind Rollout has no apiVersion, so it is sought in v1, \
                     where only ReplicationController has a scale",
                ),
            ),
            (
                json!({"kind": "replicationcontroller"}),
                Some("v1 has no kind replicationcontroller; v1 has the kind ReplicationController"),
            ),
        ] {
            let mut hpa = json!({"spec": {"scaleTargetRef": target, "maxReplicas": 1}});
            hpa["spec"]["scaleTargetRef"]["name"] = json!("web");
            let hpa = Autoscaler::deserialize(&hpa).unwrap();
            assert_eq!(hpa.target_without_scale().as_deref(), why);
        }
    }

    #[test]
    fn a_scaled_object_is_the_hpa_that_keda_makes_of_it() {
        let object = json!({
            "metadata": {"name": "miner", "namespace": "idle"},
            "spec": {
                "scaleTargetRef": {"name": "miner"}, "minReplicaCount": 0, "maxReplicaCount": 9,
                "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {
                    "scaleDown": {"stabilizationWindowSeconds": 0}}}},
                "triggers": [
                    {"type": "metrics-api", "metricType": "AverageValue", "metadata": {
                        "url": "http://x", "valueLocation": "oppscale_fit_replicas{a=\"b\"}",
                        "targetValue": "1"}},
                    {"type": "cpu", "metadata": {"value": "80"}}]}
        });
        let hpa = Autoscaler::of_scaled_object(&object).unwrap();
        assert_eq!((hpa.name(), hpa.scaled_object()), ("keda-hpa-miner", Some("miner")));
        assert!(hpa.scales("idle", "Deployment", "miner"));
        let spec = hpa.spec().unwrap();
        assert_eq!((spec.min_replicas, spec.max_replicas), (Some(1), 9));
        assert!(hpa_model::verdict::uses_fit_replicas(&spec));
        assert_eq!(spec.metrics[1].target.average_utilization, Some(80));
        assert_eq!(spec.behavior.unwrap().down(300).window_seconds, 0);
        let of = |triggers: serde_json::Value| {
            let mut object = object.clone();
            object["spec"]["triggers"] = triggers;
            Autoscaler::of_scaled_object(&object)
        };
        // `cron_scaler.go` asks for an average of 1 and reports the replicas of the schedule.
        let cron = of(json!([{"type": "cron", "metadata": {"desiredReplicas": "10"}}])).unwrap();
        assert_eq!(cron.spec().unwrap().metrics[0].target.average_value, Some(1000));
        let metadata = json!({"value": "80", "containerName": "app"});
        let container = of(json!([{"type": "cpu", "metadata": metadata}])).unwrap();
        assert!(matches!(
            &container.spec().unwrap().metrics[0].source,
            hpa_model::MetricSource::ContainerResource { container, .. } if container == "app"
        ));
        let metadata = json!({"value": "1Gi", "type": "AverageValue", "containerName": ""});
        let former = of(json!([{"type": "memory", "metadata": metadata}])).unwrap().spec().unwrap();
        assert_eq!(former.metrics[0].target.average_value, Some(1000 << 30));
        assert!(matches!(former.metrics[0].source, hpa_model::MetricSource::Resource(_)));
        assert!(of(json!([])).unwrap_err().contains("without a trigger"));
        let error = of(json!([{"type": "foo", "metadata": {}}])).unwrap_err();
        assert!(error.contains("expected one of targetValue, threshold,"), "{error}");
    }

    #[test]
    fn what_has_no_such_value_is_refused_as_the_api_server_refuses_it() {
        let refused = |metric: Value, behavior: Value| {
            let hpa: Autoscaler = serde_json::from_value(json!({
                "spec": {"minReplicas": -1, "metrics": [metric], "behavior": behavior}
            }))
            .unwrap();
            hpa.spec().unwrap_err().to_string()
        };
        let target = json!({"type": "Value", "value": "3q"});
        let text = refused(
            json!({"type": "External", "external": {"metric": {"name": "x"}, "target": target}}),
            json!({"scaleUp": {"selectPolicy": "max"}}),
        );
        for part in [
            "spec.minReplicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.metrics[0].external.target.value: Invalid value: \"3q\"",
            "spec.behavior.scaleUp.selectPolicy: Unsupported value: \"max\": supported values",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
