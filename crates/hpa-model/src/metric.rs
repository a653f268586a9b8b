//! The metrics of an HPA: source and target, the API server's validation of them, and the
//! controller's names and errors. How a source becomes a number of replicas is in
//! `replica_calculator.rs`.

use std::collections::BTreeMap;
use std::fmt;

use oppscale_core::quantity::Quantity;

use super::observation::{PodReading, Sample};
use super::replica_calculator::MetricError;
use super::validate::FieldErrors;

/// One entry of `metrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSpec {
    /// Source of the metric.
    pub source: MetricSource,
    /// Target that it is compared with.
    pub target: MetricTarget,
}

/// The source of a metric, `type` and its block.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricSource {
    /// `external`: `external.metrics.k8s.io`, the items of the answer are added up.
    External(MetricIdentifier),
    /// `object`: one value of one object, from `custom.metrics.k8s.io`.
    Object {
        /// The metric.
        metric: MetricIdentifier,
        /// `describedObject.kind`.
        kind: String,
        /// `describedObject.name`.
        name: String,
    },
    /// `pods`: one value per pod, from `custom.metrics.k8s.io`.
    Pods(MetricIdentifier),
    /// `resource`: usage of all containers of each pod, from `metrics.k8s.io`.
    Resource(ResourceName),
    /// `containerResource`: usage of one container of each pod.
    ContainerResource {
        /// `name`.
        resource: ResourceName,
        /// `container`.
        container: String,
    },
}

/// `metric`: a name and the labels that select among its series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricIdentifier {
    /// `name`.
    pub name: String,
    /// `selector.matchLabels`; `None` is no selector at all. Expressions are not modelled: they
    /// change which items the metrics API answers with, not what is done with them.
    pub match_labels: Option<BTreeMap<String, String>>,
}

/// A resource of `metrics.k8s.io`. Only CPU samples are judged by the pod's readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// `cpu`.
    Cpu,
    /// `memory`.
    Memory,
    /// Any other name.
    Other(String),
}

/// `target.type`. Only Object metrics use it; for the others the fields that are set decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetType {
    /// `Value`.
    Value,
    /// `AverageValue`.
    AverageValue,
    /// `Utilization`.
    Utilization,
}

/// `target`. The API allows combinations that mean nothing, so all fields are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricTarget {
    /// `type`.
    pub kind: TargetType,
    /// `value`, thousandths, rounded up as `Quantity.MilliValue` does; positive.
    pub value: Option<i64>,
    /// `averageValue`, thousandths, rounded up; positive.
    pub average_value: Option<i64>,
    /// `averageUtilization`, per cent of the request; positive.
    pub average_utilization: Option<i32>,
}

impl MetricSpec {
    /// Whether the value is compared as it is, and not divided among the pods.
    #[must_use]
    pub fn is_value(&self) -> bool {
        match self.source {
            // External goes by the field that is set, averageValue first.
            MetricSource::External(_) => self.target.average_value.is_none(),
            MetricSource::Object { .. } => self.target.kind == TargetType::Value,
            MetricSource::Pods(_)
            | MetricSource::Resource(_)
            | MetricSource::ContainerResource { .. } => false,
        }
    }
}

impl MetricSource {
    /// Whether the controller asks for a value of each pod: not for External and Object metrics.
    #[must_use]
    pub fn is_per_pod(&self) -> bool {
        match self {
            Self::External(_) | Self::Object { .. } => false,
            Self::Pods(_) | Self::Resource(_) | Self::ContainerResource { .. } => true,
        }
    }

    /// The name of the metric or resource.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::External(id) | Self::Pods(id) | Self::Object { metric: id, .. } => &id.name,
            Self::Resource(resource) | Self::ContainerResource { resource, .. } => resource.name(),
        }
    }

    /// The resource whose usage it is, for Resource and ContainerResource metrics.
    #[must_use]
    pub fn resource(&self) -> Option<&ResourceName> {
        match self {
            Self::Resource(resource) | Self::ContainerResource { resource, .. } => Some(resource),
            Self::External(_) | Self::Object { .. } | Self::Pods(_) => None,
        }
    }

    /// The container whose usage it is, if it is that of one container.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::ContainerResource { container, .. } => Some(container),
            _ => None,
        }
    }

    /// The answer of the metrics API: `items`, or `readings` of the pods for a metric that has a
    /// value of each pod.
    pub(crate) fn sample<'a>(&self, items: &'a [i64], readings: &'a [PodReading]) -> Sample<'a> {
        match self {
            Self::External(_) => Sample::External(items),
            Self::Object { .. } => items
                .first()
                .map_or(Sample::Failed(MetricError::Fetch), |value| Sample::Object(*value)),
            Self::Pods(_) | Self::Resource(_) | Self::ContainerResource { .. } => {
                Sample::Pods(readings)
            }
        }
    }
}

impl MetricTarget {
    const EMPTY: Self = Self {
        kind: TargetType::Value,
        value: None,
        average_value: None,
        average_utilization: None,
    };

    /// `type: Value` with `value` in thousandths.
    #[must_use]
    pub const fn value(milli: i64) -> Self {
        Self { value: Some(milli), ..Self::EMPTY }
    }

    /// `type: AverageValue` with `averageValue` in thousandths.
    #[must_use]
    pub const fn average_value(milli: i64) -> Self {
        Self { kind: TargetType::AverageValue, average_value: Some(milli), ..Self::EMPTY }
    }

    /// `type: Utilization` with `averageUtilization` in per cent.
    #[must_use]
    pub const fn average_utilization(percent: i32) -> Self {
        Self { kind: TargetType::Utilization, average_utilization: Some(percent), ..Self::EMPTY }
    }
}

impl MetricIdentifier {
    /// A metric with a name and no selector.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), match_labels: None }
    }
}

impl ResourceName {
    /// The name in the API.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<&str> for ResourceName {
    fn from(name: &str) -> Self {
        match name {
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The controller's words.
impl MetricSpec {
    /// The reason of the event and the condition when the metric fails.
    pub(super) fn failure_reason(&self) -> &'static str {
        match self.source {
            MetricSource::External(_) => "FailedGetExternalMetric",
            MetricSource::Object { .. } => "FailedGetObjectMetric",
            MetricSource::Pods(_) => "FailedGetPodsMetric",
            MetricSource::Resource(_) => "FailedGetResourceMetric",
            MetricSource::ContainerResource { .. } => "FailedGetContainerResourceMetric",
        }
    }

    /// The name in reasons and conditions.
    pub(super) fn description(&self) -> String {
        let has_average = self.target.average_value.is_some();
        match &self.source {
            MetricSource::Object { metric, kind, .. } if self.is_value() => {
                format!("{kind} metric {}", metric.name)
            }
            // Upstream says "external" of Object metrics with an average, too.
            MetricSource::External(metric) | MetricSource::Object { metric, .. } => {
                format!("external metric {}({})", metric.name, metric.selector())
            }
            MetricSource::Pods(metric) => format!("pods metric {}", metric.name),
            MetricSource::Resource(resource) | MetricSource::ContainerResource { resource, .. }
                if has_average =>
            {
                format!("{resource} resource")
            }
            MetricSource::Resource(resource) => {
                format!("{resource} resource utilization (percentage of request)")
            }
            MetricSource::ContainerResource { resource, .. } => {
                format!("{resource} container resource utilization (percentage of request)")
            }
        }
    }

    /// The text of the metric's own event and of the condition when it fails.
    pub(super) fn failure(&self, error: MetricError, namespace: &str) -> String {
        if error == MetricError::NoTarget {
            let (source, fields) = match self.source {
                MetricSource::External(_) => {
                    ("external", "a value target nor an average value target")
                }
                MetricSource::Object { .. } => {
                    ("object", "a value target nor an average value target")
                }
                MetricSource::Pods(_)
                | MetricSource::Resource(_)
                | MetricSource::ContainerResource { .. } => (
                    "resource",
                    "an average utilization target nor an average value (usage) target",
                ),
            };
            return format!("invalid {source} metric source: neither {fields} was set");
        }
        let is_fetch = matches!(error, MetricError::Fetch | MetricError::NoItems);
        let cause = |api: &str| format!("{error} from {api} metrics API");
        match &self.source {
            MetricSource::External(metric) if is_fetch => format!(
                "unable to get external metric {namespace}/{}/{}: {}",
                metric.name,
                metric.selector(),
                cause("external")
            ),
            // The arguments are in the wrong order upstream.
            MetricSource::Object { metric, kind, name } if is_fetch => format!(
                "unable to get metric {}: {kind} on {namespace} {name}/{}",
                metric.name,
                cause("custom")
            ),
            MetricSource::External(_) | MetricSource::Object { .. } => {
                format!("unable to calculate ready pods: {error}")
            }
            MetricSource::Pods(metric) if is_fetch => {
                format!("unable to get metric {}: {}", metric.name, cause("custom"))
            }
            MetricSource::Pods(_) => error.to_string(),
            MetricSource::Resource(resource) | MetricSource::ContainerResource { resource, .. } => {
                let has_average = self.target.average_value.is_some();
                let what = if has_average { "usage" } else { "utilization" };
                let cause = match error {
                    _ if is_fetch => {
                        format!(
                            "unable to get metrics for resource {resource}: {}",
                            cause("resource")
                        )
                    }
                    MetricError::MissingRequest => format!("{error} for {resource}"),
                    _ => error.to_string(),
                };
                format!("failed to get {resource} {what}: {cause}")
            }
        }
    }

    /// The text of `FailedComputeMetricsReplicas` when the metric fails.
    pub(super) fn computation_failure(&self, error: MetricError, namespace: &str) -> String {
        let failure = self.failure(error, namespace);
        let has_target = error != MetricError::NoTarget;
        let has_average = self.target.average_value.is_some();
        match &self.source {
            MetricSource::External(metric) => {
                let name = &metric.name;
                let middle = match (has_target, has_average) {
                    (true, true) => format!("failed to get {name} external metric: "),
                    (true, false) => format!("failed to get external metric {name}: "),
                    (false, _) => String::new(),
                };
                format!("failed to get {name} external metric value: {middle}{failure}")
            }
            MetricSource::Object { metric, .. } => {
                let middle = if has_target && self.target.kind == TargetType::AverageValue {
                    format!("failed to get {} object metric: ", metric.name)
                } else {
                    String::new()
                };
                format!("failed to get object metric value: {middle}{failure}")
            }
            MetricSource::Pods(_) => format!("failed to get pods metric value: {failure}"),
            MetricSource::Resource(resource) => {
                format!("failed to get {resource} resource metric value: {failure}")
            }
            MetricSource::ContainerResource { container, .. } => {
                format!("failed to get {container} container metric value: {failure}")
            }
        }
    }
}

/// The API server's validation.
impl MetricSpec {
    pub(super) fn validate(&self, path: &str, errors: &mut FieldErrors) {
        let target = &self.target;
        match &self.source {
            MetricSource::External(metric) => {
                let path = format!("{path}.external");
                metric.validate(&path, errors);
                target.validate(&path, errors);
                match (target.value, target.average_value) {
                    (None, None) => errors.required(
                        format!("{path}.target.averageValue"),
                        "must set either a target value for metric or a per-pod target",
                    ),
                    (Some(_), Some(_)) => errors.forbidden(
                        format!("{path}.target.value"),
                        "may not set both a target value for metric and a per-pod target",
                    ),
                    _ => {}
                }
            }
            MetricSource::Object { metric, kind, name } => {
                let path = format!("{path}.object");
                for (key, text) in [("kind", kind), ("name", name)] {
                    errors.segment(text, &format!("{path}.describedObject.{key}"), "");
                }
                metric.validate(&path, errors);
                target.validate(&path, errors);
                // Unlike External, both may be set; `target.type` then chooses.
                if target.value.is_none() && target.average_value.is_none() {
                    errors.required(
                        format!("{path}.target.averageValue"),
                        "must set either a target value or averageValue",
                    );
                }
            }
            MetricSource::Pods(metric) => {
                let path = format!("{path}.pods");
                metric.validate(&path, errors);
                target.validate(&path, errors);
                if target.average_value.is_none() {
                    errors.required(
                        format!("{path}.target.averageValue"),
                        "must specify a positive target averageValue",
                    );
                }
            }
            MetricSource::Resource(resource) => {
                let path = format!("{path}.resource");
                resource.validate(&path, errors);
                target.validate_of_resource(&path, errors);
            }
            MetricSource::ContainerResource { resource, container } => {
                let path = format!("{path}.containerResource");
                resource.validate(&path, errors);
                if container.is_empty() {
                    errors.required(format!("{path}.container"), "must specify a container");
                }
                target.validate_of_resource(&path, errors);
            }
        }
    }
}

impl MetricIdentifier {
    fn validate(&self, path: &str, errors: &mut FieldErrors) {
        let path = format!("{path}.metric.name");
        errors.segment(&self.name, &path, "must specify a metric name");
    }

    /// The label selector as Go prints it.
    fn selector(&self) -> String {
        let Some(labels) = &self.match_labels else {
            return "nil".to_owned();
        };
        let labels: String = labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
        format!(
            "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
             MatchExpressions:[]LabelSelectorRequirement{{}},}}"
        )
    }
}

impl ResourceName {
    fn validate(&self, path: &str, errors: &mut FieldErrors) {
        if self.name().is_empty() {
            errors.required(format!("{path}.name"), "must specify a resource name");
        }
    }
}

impl MetricTarget {
    fn validate(&self, path: &str, errors: &mut FieldErrors) {
        for (key, milli) in [("value", self.value), ("averageValue", self.average_value)] {
            if let Some(milli) = milli.filter(|milli| *milli <= 0) {
                let field = format!("{path}.target.{key}");
                let quantity = Quantity::from_milli(milli);
                errors.invalid(field, format!("\"{quantity}\""), "must be positive");
            }
        }
        if let Some(percent) = self.average_utilization.filter(|percent| *percent < 1) {
            let field = format!("{path}.target.averageUtilization");
            errors.invalid(field, percent, "must be greater than 0");
        }
    }

    /// The validation of a target for the usage of a resource.
    fn validate_of_resource(&self, path: &str, errors: &mut FieldErrors) {
        self.validate(path, errors);
        match (self.average_utilization, self.average_value) {
            (None, None) => errors.required(
                format!("{path}.target.averageUtilization"),
                "must set either a target raw value or a target utilization",
            ),
            (Some(_), Some(_)) => errors.forbidden(
                format!("{path}.target.averageValue"),
                "may not set both a target raw value and a target utilization",
            ),
            _ => {}
        }
    }
}
