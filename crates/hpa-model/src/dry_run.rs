//! A dry run: an HPA on the readings of a real cluster, beside the count that the cluster has.
//!
//! The controller of the dry run writes nothing, so its count may differ from the cluster's, whose
//! pods carry the load. Then it sees what its own pods would show: the same usage spread over its
//! own count. While both counts are equal it sees exactly what the cluster's controller sees.

use serde::{Deserialize, Serialize};

use super::config::ControllerConfig;
use super::controller::Controller;
use super::explanation::explain;
use super::metric::{MetricSpec, ResourceName};
use super::observation::{Observation, Pod, PodReading, Pods, Sample, Scale, Selector};
use super::replica_calculator::MetricError;
use super::spec::HpaSpec;
use super::status::Outcome;

/// The values that the controller reads from a cluster at one sync.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterReading {
    /// Time of the reading, milliseconds since 1970.
    pub at_ms: u64,
    /// The target's scale; `None` if it could not be read.
    pub scale: Option<Scale>,
    /// The target's selector.
    #[serde(default)]
    pub selector: Selector,
    /// The pods that the selector finds.
    #[serde(default)]
    pub pods: Vec<Pod>,
    /// The answer for each metric, in the order of the spec.
    pub metrics: Vec<MetricReading>,
    /// Why requests failed, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

/// The answer of the metrics API for one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricReading {
    /// It failed.
    Failed(MetricError),
    /// Items of an External metric, thousandths.
    External(Vec<i64>),
    /// Value of an Object metric, thousandths.
    Object(i64),
    /// One reading per pod, in the order of the pods, then those of pods that the selector no
    /// longer finds.
    Pods(Vec<PodReading>),
}

/// How the value of a metric depends on the number of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadShare {
    /// It is the load of all pods together: cpu, requests, a queue.
    Total,
    /// Each pod has it whatever the others do: memory.
    Constant,
    /// It is one value that falls as pods are added: a latency, the load of each pod.
    PerPod,
}

/// An HPA that runs beside a cluster.
#[derive(Clone, Debug)]
pub struct DryRun {
    spec: HpaSpec,
    shares: Vec<LoadShare>,
    controller: Controller,
    /// Its own count; `None` before the first reading of the scale.
    replicas: Option<u32>,
}

/// One sync of a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRunStep {
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// The cluster's count, `spec.replicas` of the target; `None` if it could not be read.
    pub cluster_replicas: Option<u32>,
    /// The count of the dry run; `None` before the first reading of the scale.
    pub replicas: Option<u32>,
    /// Replicas that the metrics propose, before bounds, windows and policies; `None` if they were
    /// not measured, or if a failed metric may hide a higher count.
    pub proposed_replicas: Option<i32>,
    /// Why, as a clause without a period.
    pub reason: String,
    /// Whether something could not be read.
    pub has_failed: bool,
}

impl LoadShare {
    /// The default for a metric without a stated kind.
    #[must_use]
    pub fn of(metric: &MetricSpec) -> Self {
        match metric.source.resource() {
            Some(ResourceName::Cpu) => Self::Total,
            Some(ResourceName::Memory | ResourceName::Other(_)) => Self::Constant,
            // The controller multiplies the ratio to a `value` by the ready pods, which makes
            // sense only for what falls as pods are added.
            None if metric.is_value() => Self::PerPod,
            None => Self::Total,
        }
    }
}

impl DryRun {
    /// A dry run of this HPA. `shares` says what its metrics measure, in the order of
    /// [`HpaSpec::effective_metrics`]; [`LoadShare::of`] is taken for metrics beyond its end.
    #[must_use]
    pub fn new(spec: &HpaSpec, config: ControllerConfig, shares: &[LoadShare]) -> Self {
        let spec = spec.stored(config.gates);
        let metrics = spec.effective_metrics().iter().enumerate();
        let shares = metrics
            .map(|(at, metric)| shares.get(at).copied().unwrap_or_else(|| LoadShare::of(metric)));
        let shares = shares.collect();
        Self { spec, shares, controller: Controller::new(config), replicas: None }
    }

    /// Runs the controller once on a reading of the cluster.
    pub fn sync(&mut self, reading: &ClusterReading) -> DryRunStep {
        let Some(scale) = reading.scale else {
            let reason = reading.failures.first().cloned();
            let reason = reason.unwrap_or_else(|| "the scale cannot be read".to_owned());
            return self.step(reading, None, format!("{reason}, so the count stays"));
        };
        let cluster = scale.spec_replicas;
        let is_stopped = cluster == 0 && self.spec.effective_min() > 0;
        if is_stopped || self.replicas == Some(0) && self.spec.effective_min() > 0 {
            // Somebody scaled the workload to zero or from there; that holds for this HPA, too.
            self.replicas = Some(cluster);
        }
        let current = *self.replicas.get_or_insert(cluster);
        let own = Spread { reading, scale, current, shares: &self.shares }.reading();
        let samples: Vec<_> = own.metrics.iter().map(MetricReading::sample).collect();
        let observation = Observation {
            scale: own.scale,
            selector: own.selector,
            pods: Pods::Listed(&own.pods),
            metrics: &samples,
            update_accepted: true,
        };
        let outcome = self.controller.run(reading.at_ms, &self.spec, &observation);
        self.replicas = Some(outcome.rescaled_to().unwrap_or(current));
        let reason = self.reason(reading, &outcome, current);
        self.step(reading, outcome.proposed_replicas, reason)
    }

    fn reason(&self, reading: &ClusterReading, outcome: &Outcome, current: u32) -> String {
        let reason = explain(&self.spec, &self.controller, outcome, current);
        match reading.failures.is_empty() {
            true => reason,
            false => format!("{reason} ({})", reading.failures.join("; ")),
        }
    }

    fn step(
        &self,
        reading: &ClusterReading,
        proposed_replicas: Option<i32>,
        reason: String,
    ) -> DryRunStep {
        DryRunStep {
            at_ms: reading.at_ms,
            cluster_replicas: reading.scale.map(|scale| scale.spec_replicas),
            replicas: self.replicas,
            proposed_replicas,
            reason,
            has_failed: !reading.failures.is_empty(),
        }
    }
}

impl MetricReading {
    fn sample(&self) -> Sample<'_> {
        match self {
            Self::Failed(error) => Sample::Failed(*error),
            Self::External(items) => Sample::External(items),
            Self::Object(value) => Sample::Object(*value),
            Self::Pods(readings) => Sample::Pods(readings),
        }
    }
}

/// A reading of the cluster, spread over another number of pods.
struct Spread<'a> {
    reading: &'a ClusterReading,
    scale: Scale,
    current: u32,
    shares: &'a [LoadShare],
}

impl Spread<'_> {
    /// The reading that the controller would have if the workload had `current` replicas.
    fn reading(&self) -> ClusterReading {
        let &Self { reading, scale, current, .. } = self;
        let cluster = scale.spec_replicas;
        if current == cluster {
            return reading.clone();
        }
        // Pods of the cluster by age: the oldest are kept, as a scale-down keeps them.
        let mut kept: Vec<usize> =
            (0..reading.pods.len()).filter(|at| !reading.pods[*at].deleting).collect();
        kept.sort_by_key(|at| reading.pods[*at].started_ms.unwrap_or(u64::MAX));
        kept.truncate(current as usize);
        let added = current.saturating_sub(cluster) as usize;
        let added = added.min(current as usize - kept.len());
        let model = kept.first().map(|at| reading.pods[*at]);
        let mut pods: Vec<Pod> = kept.iter().map(|at| reading.pods[*at]).collect();
        pods.extend(model.into_iter().flat_map(|pod| std::iter::repeat_n(pod, added)));
        let metrics = reading.metrics.iter().enumerate().map(|(at, metric)| {
            let share = self.shares.get(at).copied().unwrap_or(LoadShare::Total);
            match metric {
                MetricReading::Pods(all) => {
                    MetricReading::Pods(self.spread(all, &kept, added, share))
                }
                MetricReading::Object(value) => MetricReading::Object(self.shared(*value, share)),
                MetricReading::External(items) => MetricReading::External(
                    items.iter().map(|item| self.shared(*item, share)).collect(),
                ),
                MetricReading::Failed(error) => MetricReading::Failed(*error),
            }
        });
        ClusterReading {
            scale: Some(Scale { spec_replicas: current, status_replicas: current }),
            pods,
            metrics: metrics.collect(),
            ..ClusterReading::clone(reading)
        }
    }

    /// A value of the whole workload.
    fn shared(&self, value: i64, share: LoadShare) -> i64 {
        match share {
            LoadShare::Total | LoadShare::Constant => value,
            LoadShare::PerPod => {
                let ratio = f64::from(self.scale.spec_replicas) / f64::from(self.current.max(1));
                (value as f64 * ratio).round() as i64
            }
        }
    }

    /// Readings of the kept and the added pods, with the same sum as those of the cluster.
    fn spread(
        &self,
        all: &[PodReading],
        kept: &[usize],
        added: usize,
        share: LoadShare,
    ) -> Vec<PodReading> {
        let values = |readings: &[PodReading]| -> Vec<i64> {
            readings.iter().filter_map(|reading| reading.value).collect()
        };
        let pods = self.reading.pods.len();
        let living: Vec<PodReading> = (0..pods.min(all.len()))
            .filter(|at| !self.reading.pods[*at].deleting)
            .map(|at| all[at])
            .collect();
        let living = values(&living);
        let sum: i64 = living.iter().sum();
        let mean = sum.checked_div(living.len() as i64);
        let mut own: Vec<PodReading> = kept.iter().filter_map(|at| all.get(*at)).copied().collect();
        let model = own.iter().find(|reading| reading.value.is_some()).or(own.first()).copied();
        if let Some(model) = model {
            let added = std::iter::repeat_n(PodReading { value: mean, ..model }, added);
            own.extend(added);
        }
        let own_sum: i64 = values(&own).iter().sum();
        if share == LoadShare::Total && own_sum > 0 {
            let factor = sum as f64 / own_sum as f64;
            for value in own.iter_mut().filter_map(|reading| reading.value.as_mut()) {
                *value = (*value as f64 * factor).round() as i64;
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Phase, ReadyCondition, ReadyStatus};
    use crate::{MetricIdentifier, MetricSource, MetricTarget, TargetType};

    fn hpa(target: i32) -> HpaSpec {
        let source = MetricSource::Resource(ResourceName::Cpu);
        let target = MetricTarget::average_utilization(target);
        HpaSpec {
            min_replicas: Some(2),
            max_replicas: 20,
            metrics: vec![MetricSpec { source, target }],
            behavior: None,
        }
    }

    /// `count` pods that use `cores` cores together, of which each requests one.
    fn reading(at_s: u64, count: u32, cores: f64) -> ClusterReading {
        let at_ms = 1_000_000_000 + at_s * 1000;
        let pod = Pod {
            phase: Phase::Running,
            deleting: false,
            started_ms: Some(1),
            ready: Some(ReadyCondition { status: ReadyStatus::True, since_ms: 1 }),
        };
        let value = Some((cores * 1000.0 / f64::from(count)).round() as i64);
        let of_pod =
            PodReading { value, request: Some(1000), timestamp_ms: at_ms, window_ms: 15_000 };
        ClusterReading {
            at_ms,
            scale: Some(Scale { spec_replicas: count, status_replicas: count }),
            selector: Selector::Valid,
            pods: vec![pod; count as usize],
            metrics: vec![MetricReading::Pods(vec![of_pod; count as usize])],
            failures: Vec::new(),
        }
    }

    #[test]
    fn the_same_usage_is_spread_over_the_own_count() {
        let mut run = DryRun::new(&hpa(80), ControllerConfig::default(), &[]);
        // 12 pods at 60 %: with a target of 80 % nine of them would do.
        let counts: Vec<_> =
            (0..40).map(|sync| run.sync(&reading(sync * 15, 12, 7.2)).replicas).collect();
        assert_eq!(counts[0], Some(12), "the window of 300 s keeps the count at first");
        assert_eq!(counts[39], Some(9));
        let step = run.sync(&reading(600, 12, 7.2));
        assert_eq!(step.cluster_replicas, Some(12));
        assert!(step.reason.contains("cpu is 80 % of the requests"), "{}", step.reason);
    }

    /// 80 % is far from the target of 60 %: the count stays because of a pod without a value.
    #[test]
    fn a_count_that_stays_for_another_reason_than_the_tolerance_is_not_called_near_enough() {
        let because = |target: i32, reading: &ClusterReading| {
            DryRun::new(&hpa(target), ControllerConfig::default(), &[]).sync(reading).reason
        };
        let mut missing = reading(0, 4, 3.2);
        let MetricReading::Pods(readings) = &mut missing.metrics[0] else { unreachable!() };
        readings[3].value = None;
        assert_eq!(
            because(60, &missing),
            "cpu is 80 % of the requests, its target 60 %, so it asks for the 4 that there are \
             (pods that are not ready, have ended or have no value count otherwise)"
        );
        let mut failed = reading(0, 4, 3.2);
        failed.pods[3].phase = Phase::Failed;
        assert!(because(60, &failed).ends_with("count otherwise)"), "{}", because(60, &failed));
        // 53 % of 60 % times 3 is 2.65, rounded up.
        assert!(because(60, &reading(0, 3, 1.59)).ends_with("the 3 that there are"));
        assert!(because(60, &reading(0, 4, 2.52)).ends_with("near enough to keep 4"));
    }

    #[test]
    fn more_pods_than_the_cluster_has_share_the_same_usage() {
        let mut run = DryRun::new(&hpa(40), ControllerConfig::default(), &[]);
        let first = run.sync(&reading(0, 12, 7.2));
        assert_eq!(first.replicas, Some(18));
        let second = run.sync(&reading(15, 12, 7.2));
        assert_eq!(second.replicas, Some(18), "{}", second.reason);
        assert!(second.reason.contains("cpu is 40 % of the requests"), "{}", second.reason);
    }

    #[test]
    fn an_unreadable_scale_keeps_the_count() {
        let mut run = DryRun::new(&hpa(80), ControllerConfig::default(), &[]);
        run.sync(&reading(0, 12, 7.2));
        let lost = ClusterReading {
            scale: None,
            failures: vec!["get the scale: forbidden".to_owned()],
            ..reading(15, 12, 7.2)
        };
        let step = run.sync(&lost);
        assert_eq!((step.cluster_replicas, step.replicas), (None, Some(12)));
        assert_eq!(step.reason, "get the scale: forbidden, so the count stays");
    }

    #[test]
    fn a_workload_scaled_to_zero_stops_it_until_it_is_scaled_again() {
        let mut run = DryRun::new(&hpa(80), ControllerConfig::default(), &[]);
        run.sync(&reading(0, 12, 7.2));
        let zero = ClusterReading {
            scale: Some(Scale { spec_replicas: 0, status_replicas: 0 }),
            pods: Vec::new(),
            metrics: vec![MetricReading::Failed(MetricError::NoItems)],
            ..reading(15, 1, 0.0)
        };
        assert_eq!(run.sync(&zero).replicas, Some(0));
        // Later than the recommendations of before are remembered.
        assert_eq!(run.sync(&reading(400, 5, 4.0)).replicas, Some(5));
    }

    #[test]
    fn an_object_metric_with_both_targets_is_shared_by_the_type_of_its_target() {
        let source = MetricSource::Object {
            metric: MetricIdentifier::named("latency"),
            kind: "Service".to_owned(),
            name: "web".to_owned(),
        };
        let share = |kind| {
            let target =
                MetricTarget { kind, value: Some(100), ..MetricTarget::average_value(100) };
            LoadShare::of(&MetricSpec { source: source.clone(), target })
        };
        assert_eq!(share(TargetType::Value), LoadShare::PerPod);
        assert_eq!(share(TargetType::AverageValue), LoadShare::Total);
    }

    #[test]
    fn a_latency_falls_as_pods_are_added() {
        let spec = HpaSpec {
            metrics: vec![MetricSpec {
                source: MetricSource::External(Default::default()),
                target: MetricTarget::value(100),
            }],
            ..hpa(80)
        };
        let mut run = DryRun::new(&spec, ControllerConfig::default(), &[]);
        let slow = ClusterReading {
            metrics: vec![MetricReading::External(vec![200])],
            ..reading(0, 4, 1.0)
        };
        assert_eq!(run.sync(&slow).replicas, Some(8));
        // The cluster still has four pods and 200 ms; with eight it would be 100 ms.
        assert_eq!(
            run.sync(&ClusterReading { at_ms: slow.at_ms + 15_000, ..slow }).replicas,
            Some(8)
        );
    }
}
