//! The proposal of one metric: `replica_calculator.go`.
//!
//! External and Object: `GetExternalPerPodMetricReplicas`, `GetExternalMetricReplicas`,
//! `GetObjectPerPodMetricReplicas`, `GetObjectMetricReplicas`, `getUsageRatioReplicaCount`.
//! `AverageValue` works with `status.replicas`, `Value` with the number of ready pods; neither
//! considers the age of the sample.
//!
//! Pods, Resource and ContainerResource: `calcPlainMetricReplicas`, `GetResourceReplicas` and
//! `groupPods`. Pods without a usable reading are first left out. If that leaves a change to make,
//! they come back with the most conservative value: nothing on the way up, the full target on the
//! way down. The pods' values only ever enter as sums, so no map is built.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::config::ControllerConfig;
use super::convert::{ceil_replicas, go_int64};
use super::metric::{MetricSource, MetricSpec, ResourceName, TargetType};
use super::observation::{Phase, Pod, PodReading, Pods, ReadyStatus, Sample};
use super::spec::HpaSpec;
use super::status::MetricValue;

/// Why a metric gave no proposal. The text is upstream's innermost cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
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
    /// The ratio above which the HPA scales up.
    pub(super) high: f64,
}

/// The inputs that all calculations of one run share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calculation<'a> {
    pub(super) config: &'a ControllerConfig,
    pub(super) tolerances: Tolerances,
    pub(super) now_ms: u64,
    pub(super) spec_replicas: i32,
    pub(super) status_replicas: i32,
    pub(super) pods: Pods<'a>,
}

impl Tolerances {
    /// `tolerancesForHpa`: the flag, or each direction's own value when the gate is on.
    pub(super) fn of(spec: &HpaSpec, config: &ControllerConfig) -> Self {
        let (mut down, mut up) = (config.tolerance, config.tolerance);
        if let Some(behavior) = &spec.behavior
            && config.gates.configurable_tolerance
        {
            let own = |rules: &Option<super::spec::ScalingRules>| {
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

impl Calculation<'_> {
    /// The proposal of one metric.
    pub(super) fn propose(
        &self,
        metric: &MetricSpec,
        sample: Sample<'_>,
    ) -> Result<Proposal, MetricError> {
        let target = metric.target;
        let failure = match sample {
            Sample::Failed(error) => error,
            // An answer of another API than the metric's is no answer.
            _ => MetricError::Fetch,
        };
        match &metric.source {
            MetricSource::External(_) => {
                let Sample::External(items) = sample else { return Err(failure) };
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
            MetricSource::Object { .. } => {
                let Sample::Object(usage) = sample else { return Err(failure) };
                match (target.kind, target.value, target.average_value) {
                    (TargetType::Value, Some(target), _) => self.value(usage, target),
                    (TargetType::AverageValue, _, Some(target)) => {
                        Ok(self.object_average(usage, target))
                    }
                    _ => Err(MetricError::NoTarget),
                }
            }
            MetricSource::Pods(_) => {
                let Sample::Pods(readings) = sample else { return Err(failure) };
                let target = target.average_value.ok_or(MetricError::NoTarget)?;
                plain(self, readings, target, false)
            }
            MetricSource::Resource(resource) | MetricSource::ContainerResource { resource, .. } => {
                let Sample::Pods(readings) = sample else { return Err(failure) };
                let is_cpu = *resource == ResourceName::Cpu;
                match (target.average_value, target.average_utilization) {
                    (Some(target), _) => plain(self, readings, target, is_cpu),
                    (None, Some(target)) => utilization(self, readings, target, is_cpu),
                    (None, None) => Err(MetricError::NoTarget),
                }
            }
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

    /// The value in the status: with no pods the division by zero prints as `MinInt64`.
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

/// The group of a pod, by which the calculator treats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodGroup {
    /// It counts.
    Ready,
    /// Pending, or (CPU only) not ready, or its sample covers time before it was.
    Unready,
    /// No reading.
    Missing,
    /// Being deleted, or failed.
    Ignored,
}

/// Sums over the readings that take part.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// `len(metrics)`.
    metrics: usize,
    /// The samples of pods that the selector finds.
    known: usize,
    usage: i64,
    requests: i64,
}

/// The pods of a run, sorted into groups and added up.
#[derive(Clone, Copy, Debug, Default)]
struct Grouped {
    ready: usize,
    kept: Sums,
    unready: Sums,
    missing: Sums,
    /// Missing pods at their full request, or at the target if that is above 100 %.
    missing_at_target: i64,
    no_request: bool,
}

/// `groupPods` for one pod; `is_cpu` for Resource and ContainerResource metrics of CPU.
#[must_use]
pub fn group_pod(
    pod: &Pod,
    reading: Option<&PodReading>,
    is_cpu: bool,
    now_ms: u64,
    config: &ControllerConfig,
) -> PodGroup {
    if pod.deleting || pod.phase == Phase::Failed {
        return PodGroup::Ignored;
    }
    if pod.phase == Phase::Pending {
        return PodGroup::Unready;
    }
    let Some(reading) = reading.filter(|reading| reading.value.is_some()) else {
        return PodGroup::Missing;
    };
    if !is_cpu {
        return PodGroup::Ready;
    }
    let (Some(ready), Some(started)) = (pod.ready, pod.started_ms) else {
        return PodGroup::Unready;
    };
    let not_ready = ready.status == ReadyStatus::False;
    let unready = if started.saturating_add(config.cpu_initialization_ms) > now_ms {
        // Start-up burns CPU that says nothing: one whole window since the last change counts.
        not_ready || reading.timestamp_ms < ready.since_ms.saturating_add(reading.window_ms)
    } else {
        // Afterwards only a pod that was never ready is left out.
        not_ready && started.saturating_add(config.initial_readiness_delay_ms) > ready.since_ms
    };
    if unready { PodGroup::Unready } else { PodGroup::Ready }
}

/// Pods metrics and `averageValue` of resources.
pub(super) fn plain(
    run: &Calculation<'_>,
    readings: &[PodReading],
    target: i64,
    is_cpu: bool,
) -> Result<Proposal, MetricError> {
    let grouped = Grouped::of(run, readings, is_cpu, 0)?;
    let usage_of = |sums: Sums| sums.usage / sums.metrics as i64;
    let ratio_of = |sums: Sums| Ok(usage_of(sums) as f64 / target as f64);
    let at_target = target.wrapping_mul(grouped.missing.metrics as i64);
    let replicas = recalculate(run, &grouped, at_target, ratio_of)?;
    Ok(Proposal { replicas, value: MetricValue::AverageValue(usage_of(grouped.kept)) })
}

/// `averageUtilization` of resources, whole per cent of the requests.
pub(super) fn utilization(
    run: &Calculation<'_>,
    readings: &[PodReading],
    target: i32,
    is_cpu: bool,
) -> Result<Proposal, MetricError> {
    let grouped = Grouped::of(run, readings, is_cpu, i64::from(target.max(100)))?;
    if grouped.no_request {
        return Err(MetricError::MissingRequest);
    }
    let percent_of = |sums: Sums| {
        if sums.requests == 0 {
            return Err(MetricError::NoKnownPods);
        }
        // Go narrows int64 to int32 by cutting bits off.
        Ok(sums.usage.wrapping_mul(100).wrapping_div(sums.requests) as i32)
    };
    let percent = percent_of(grouped.kept)?;
    let average = grouped.kept.usage / grouped.kept.known.max(1) as i64;
    let ratio_of = |sums: Sums| Ok(f64::from(percent_of(sums)?) / f64::from(target));
    let replicas = recalculate(run, &grouped, grouped.missing_at_target, ratio_of)?;
    Ok(Proposal { replicas, value: MetricValue::Utilization { percent, average } })
}

/// The part both share: first the usable pods alone, then with the other pods filled in.
fn recalculate(
    run: &Calculation<'_>,
    grouped: &Grouped,
    missing_at_target: i64,
    ratio_of: impl Fn(Sums) -> Result<f64, MetricError>,
) -> Result<i32, MetricError> {
    let current = run.spec_replicas;
    let cap = run.config.saturate_replicas;
    let ratio = ratio_of(grouped.kept)?;
    let up_with_unready = grouped.unready.metrics > 0 && ratio > 1.0;
    if !up_with_unready && grouped.missing.metrics == 0 {
        return Ok(if run.tolerances.contain(ratio) {
            current
        } else {
            ceil_replicas(ratio * grouped.ready as f64, cap)
        });
    }

    let mut sums = grouped.kept;
    // At a ratio of exactly 1 the missing pods stay out.
    if ratio < 1.0 {
        sums.add(grouped.missing, missing_at_target);
    } else if ratio > 1.0 {
        sums.add(grouped.missing, 0);
    }
    if up_with_unready {
        sums.add(grouped.unready, 0);
    }
    let rerun = ratio_of(sums)?;
    let turned = (ratio < 1.0 && rerun > 1.0) || (ratio > 1.0 && rerun < 1.0);
    if run.tolerances.contain(rerun) || turned {
        return Ok(current);
    }
    let replicas = ceil_replicas(rerun * sums.metrics as f64, cap);
    let against = (rerun < 1.0 && replicas > current) || (rerun > 1.0 && replicas < current);
    Ok(if against { current } else { replicas })
}

impl Sums {
    fn count(&mut self, usage: i64, request: i64) {
        self.metrics += 1;
        self.known += 1;
        self.usage = self.usage.wrapping_add(usage);
        self.requests = self.requests.wrapping_add(request);
    }

    fn add(&mut self, pods: Self, usage: i64) {
        self.metrics += pods.metrics;
        self.known += pods.known;
        self.usage = self.usage.wrapping_add(usage);
        self.requests = self.requests.wrapping_add(pods.requests);
    }
}

impl Grouped {
    /// Sorts the pods; `fallback_percent` is what missing pods are assumed to use of their
    /// request, and 0 says that the metric knows no requests.
    fn of(
        run: &Calculation<'_>,
        readings: &[PodReading],
        is_cpu: bool,
        fallback_percent: i64,
    ) -> Result<Self, MetricError> {
        if readings.is_empty() {
            return Err(MetricError::NoItems);
        }
        let pods = match run.pods {
            Pods::Listed(pods) if !pods.is_empty() => pods,
            // Without the list no pod can be matched with a reading.
            Pods::Listed(_) | Pods::Counted { .. } => return Err(MetricError::NoPods),
        };
        let mut grouped = Self::default();
        for (index, pod) in pods.iter().enumerate() {
            let reading = readings.get(index);
            let value = reading.and_then(|reading| reading.value).unwrap_or(0);
            let request = reading.and_then(|reading| reading.request);
            grouped.no_request |= request.is_none();
            let request = request.unwrap_or(0);
            match group_pod(pod, reading, is_cpu, run.now_ms, run.config) {
                PodGroup::Ignored => {}
                PodGroup::Unready => grouped.unready.count(0, request),
                PodGroup::Missing => {
                    grouped.missing.count(0, request);
                    let assumed = request.wrapping_mul(fallback_percent) / 100;
                    grouped.missing_at_target = grouped.missing_at_target.wrapping_add(assumed);
                }
                PodGroup::Ready => {
                    grouped.ready += 1;
                    grouped.kept.count(value, request);
                }
            }
        }
        for stranger in readings.iter().skip(pods.len()) {
            if let Some(value) = stranger.value {
                grouped.kept.metrics += 1;
                // Utilization skips pods without a request of their own.
                if fallback_percent == 0 {
                    grouped.kept.usage = grouped.kept.usage.wrapping_add(value);
                }
            }
        }
        if grouped.kept.metrics == 0 {
            return Err(MetricError::NoPodMetrics);
        }
        Ok(grouped)
    }
}
