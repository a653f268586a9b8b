//! One metric's proposal: External and Object metrics.
//!
//! `replica_calculator.go`: `GetExternalPerPodMetricReplicas`, `GetExternalMetricReplicas`,
//! `GetObjectPerPodMetricReplicas`, `GetObjectMetricReplicas`, `getUsageRatioReplicaCount`.
//! `AverageValue` works with `status.replicas`, `Value` with the number of ready pods; neither
//! looks at the age of the sample.

use thiserror::Error;

use super::convert::ceil_replicas;
use super::convert::go_int64;
use super::flags::ControllerConfig;
use super::observation::Pods;
use super::observation::Sample;
use super::outcome::MetricValue;
use super::pods;
use super::spec::HpaSpec;
use super::spec::MetricSource;
use super::spec::MetricSpec;
use super::spec::ResourceName;
use super::spec::TargetType;

/// Why a metric gave no proposal. The text is upstream's innermost cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MetricError {
    /// The metrics API failed: 404, 500, 503, no such APIService, unreadable answer. In a real
    /// cluster the client's own words follow.
    #[error("unable to fetch metrics")]
    Fetch,
    /// The answer has no items.
    #[error("no metrics returned")]
    NoItems,
    /// The selector finds no pods.
    #[error("no pods returned by selector while calculating replica count")]
    NoPods,
    /// No usable pod has a reading.
    #[error("did not receive metrics for targeted pods (pods might be unready)")]
    NoPodMetrics,
    /// A container of one of the pods has no request for the resource.
    #[error("missing request")]
    MissingRequest,
    /// The requests of the pods with readings add up to nothing.
    #[error("no metrics returned matched known pods")]
    NoKnownPods,
    /// The target field that the source needs is not set.
    #[error("no usable target was set")]
    NoTarget,
}

/// A proposal and the value shown in `status.currentMetrics`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Proposal {
    pub(super) replicas: i32,
    pub(super) value: MetricValue,
}

/// The ratios up to which nothing is done, both inclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerances {
    low: f64,
    high: f64,
}

/// What every calculation of one run shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calculation<'a> {
    pub(super) config: &'a ControllerConfig,
    pub(super) tolerances: Tolerances,
    pub(super) now_ms: u64,
    pub(super) spec_replicas: i32,
    pub(super) status_replicas: i32,
    pub(super) pods: Pods<'a>,
}

// === impl Tolerances ===

impl Tolerances {
    /// `tolerancesForHpa`: the flag, or each direction's own value when the gate is on.
    pub(super) fn of(spec: &HpaSpec, config: &ControllerConfig) -> Self {
        let (mut down, mut up) = (config.tolerance, config.tolerance);
        if let Some(behavior) = &spec.behavior
            && config.gates.configurable_tolerance
        {
            let own = |rules: &Option<super::behavior::ScalingRules>| {
                rules.as_ref().and_then(|rules| rules.tolerance)
            };
            down = own(&behavior.scale_down).map_or(down, |t| t.as_f64());
            up = own(&behavior.scale_up).map_or(up, |t| t.as_f64());
        }
        Self { low: 1.0 - down, high: 1.0 + up }
    }

    /// Whether the ratio is close enough to 1; never for NaN.
    pub(super) fn contain(self, ratio: f64) -> bool {
        self.low <= ratio && ratio <= self.high
    }
}

// === impl Calculation ===

impl Calculation<'_> {
    /// The proposal of one metric.
    pub(super) fn propose(
        &self,
        metric: &MetricSpec,
        sample: Sample<'_>,
    ) -> Result<Proposal, MetricError> {
        let target = metric.target;
        match (&metric.source, sample) {
            (_, Sample::Failed(error)) => Err(error),
            (MetricSource::External(_), Sample::External(items)) => {
                if target.average_value.is_none() && target.value.is_none() {
                    return Err(MetricError::NoTarget);
                }
                if items.is_empty() {
                    return Err(MetricError::NoItems);
                }
                // The average comes first, whatever `target.type` says.
                match (target.average_value, target.value) {
                    (Some(target), _) => Ok(self.external_average(items, target)),
                    (None, Some(target)) => self.value(self.external_sum(items), target),
                    (None, None) => Err(MetricError::NoTarget),
                }
            }
            (MetricSource::Object { .. }, Sample::Object(usage)) => {
                match (target.kind, target.value, target.average_value) {
                    (TargetType::Value, Some(target), _) => self.value(usage, target),
                    (TargetType::AverageValue, _, Some(target)) => {
                        Ok(self.object_average(usage, target))
                    }
                    _ => Err(MetricError::NoTarget),
                }
            }
            (MetricSource::Pods(_), Sample::Pods(readings)) => {
                let target = target.average_value.ok_or(MetricError::NoTarget)?;
                pods::plain(self, readings, target, false)
            }
            (
                MetricSource::Resource(resource) | MetricSource::ContainerResource { resource, .. },
                Sample::Pods(readings),
            ) => {
                let is_cpu = *resource == ResourceName::Cpu;
                match (target.average_value, target.average_utilization) {
                    (Some(target), _) => pods::plain(self, readings, target, is_cpu),
                    (None, Some(target)) => pods::utilization(self, readings, target, is_cpu),
                    (None, None) => Err(MetricError::NoTarget),
                }
            }
            // An answer of another API than the metric's is no answer.
            _ => Err(MetricError::Fetch),
        }
    }

    /// External/AverageValue: `ceil(sum / target)` unless close to `status.replicas`.
    fn external_average(&self, items: &[i64], target: i64) -> Proposal {
        let guarded = self.config.version.guards_external_average();
        let mut usage = 0_i64;
        for item in items {
            usage = usage.wrapping_add(*item);
            if guarded && usage < 0 {
                // Meant for overflow, but any negative sum on the way ends here.
                usage = i64::MAX;
                break;
            }
        }
        let replicas = self.average(usage, target, guarded || self.config.saturate_replicas);
        let per_pod =
            if guarded && usage as f64 >= i64::MAX as f64 { i64::MAX } else { self.per_pod(usage) };
        Proposal { replicas, value: MetricValue::AverageValue(per_pod) }
    }

    /// Object/AverageValue: the same without the guards, so a negative value is harmless and a
    /// huge one wraps.
    fn object_average(&self, usage: i64, target: i64) -> Proposal {
        Proposal {
            replicas: self.average(usage, target, self.config.saturate_replicas),
            value: MetricValue::AverageValue(self.per_pod(usage)),
        }
    }

    fn average(&self, usage: i64, target: i64, cap: bool) -> i32 {
        let ratio = usage as f64 / (target as f64 * f64::from(self.status_replicas));
        if self.tolerances.contain(ratio) {
            self.status_replicas
        } else {
            ceil_replicas(usage as f64 / target as f64, cap)
        }
    }

    /// What the status shows: with no pods the division by zero prints as `MinInt64`.
    fn per_pod(&self, usage: i64) -> i64 {
        go_int64((usage as f64 / f64::from(self.status_replicas)).ceil())
    }

    /// The sum of External/Value: since 1.35 an overflow upwards stops at `MaxInt64`.
    fn external_sum(&self, items: &[i64]) -> i64 {
        let mut usage = 0_i64;
        for item in items {
            if self.config.version.guards_value() && *item > 0 && usage > i64::MAX - item {
                return i64::MAX;
            }
            usage = usage.wrapping_add(*item);
        }
        usage
    }

    /// External/Value and Object/Value: the ratio times the ready pods.
    fn value(&self, usage: i64, target: i64) -> Result<Proposal, MetricError> {
        let ratio = usage as f64 / target as f64;
        let saturate = self.config.saturate_replicas;
        let replicas = if self.spec_replicas == 0 {
            // No pods to multiply with, and no tolerance: any load brings the first pods.
            ceil_replicas(ratio, saturate)
        } else if self.tolerances.contain(ratio) {
            self.spec_replicas
        } else {
            let (total, ready) = self.pods.total_and_ready();
            if total == 0 {
                return Err(MetricError::NoPods);
            }
            let cap = self.config.version.guards_value() || saturate;
            ceil_replicas(ratio * ready as f64, cap)
        };
        Ok(Proposal { replicas, value: MetricValue::Value(usage) })
    }
}
