//! The HPA as the user writes it: `autoscaling/v2` `HorizontalPodAutoscalerSpec`.

use std::collections::BTreeMap;
use std::fmt;

use super::behavior::Behavior;
use super::version::FeatureGates;

/// `HorizontalPodAutoscalerSpec` without its `scaleTargetRef`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HpaSpec {
    /// `minReplicas`; the API server stores 1 when it is absent.
    pub min_replicas: Option<u32>,
    /// `maxReplicas`, at least 1 and at least `minReplicas`.
    pub max_replicas: u32,
    /// `metrics`; empty means CPU at 80 % of the request.
    pub metrics: Vec<MetricSpec>,
    /// `behavior`; `None` is a different algorithm from an empty one.
    pub behavior: Option<Behavior>,
}

/// One entry of `metrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSpec {
    /// Where the metric comes from.
    pub source: MetricSource,
    /// What it is compared with.
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

/// `target.type`. Only Object metrics look at it; the others go by the fields that are set.
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

// === impl HpaSpec ===

static DEFAULT_METRICS: [MetricSpec; 1] = [MetricSpec {
    source: MetricSource::Resource(ResourceName::Cpu),
    target: MetricTarget::average_utilization(80),
}];

impl HpaSpec {
    /// The lower bound the controller works with: `minReplicas`, or 1.
    #[must_use]
    pub fn effective_min(&self) -> u32 {
        self.min_replicas.unwrap_or(1)
    }

    /// The metrics the controller works with: `metrics`, or CPU at 80 %.
    #[must_use]
    pub fn effective_metrics(&self) -> &[MetricSpec] {
        if self.metrics.is_empty() { &DEFAULT_METRICS } else { &self.metrics }
    }

    /// Whether a metric exists that can be read without pods, as scaling from zero needs.
    #[must_use]
    pub fn has_object_or_external_metric(&self) -> bool {
        self.metrics.iter().any(|metric| {
            matches!(metric.source, MetricSource::External(_) | MetricSource::Object { .. })
        })
    }

    /// The object as the API server stores it: defaults filled in, and without
    /// `HPAConfigurableTolerance` every `tolerance` dropped without a word.
    #[must_use]
    pub fn stored(&self, gates: FeatureGates) -> Self {
        let mut behavior = self.behavior.as_ref().map(Behavior::defaulted);
        if !gates.configurable_tolerance
            && let Some(behavior) = &mut behavior
        {
            behavior.drop_tolerance();
        }
        Self {
            min_replicas: Some(self.effective_min()),
            max_replicas: self.max_replicas,
            metrics: self.effective_metrics().to_vec(),
            behavior,
        }
    }
}

// === impl MetricTarget ===

impl MetricTarget {
    /// `type: Value` with `value` in thousandths.
    #[must_use]
    pub const fn value(milli: i64) -> Self {
        Self {
            kind: TargetType::Value,
            value: Some(milli),
            average_value: None,
            average_utilization: None,
        }
    }

    /// `type: AverageValue` with `averageValue` in thousandths.
    #[must_use]
    pub const fn average_value(milli: i64) -> Self {
        Self {
            kind: TargetType::AverageValue,
            value: None,
            average_value: Some(milli),
            average_utilization: None,
        }
    }

    /// `type: Utilization` with `averageUtilization` in per cent.
    #[must_use]
    pub const fn average_utilization(percent: i32) -> Self {
        Self {
            kind: TargetType::Utilization,
            value: None,
            average_value: None,
            average_utilization: Some(percent),
        }
    }
}

// === impl MetricIdentifier ===

impl MetricIdentifier {
    /// A metric with a name and no selector.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), match_labels: None }
    }
}

// === impl ResourceName ===

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Other(name) => name,
        })
    }
}
