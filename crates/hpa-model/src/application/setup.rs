//! The input of an application's simulation, as plain data, and the checks on it.

use std::borrow::Borrow;

use thiserror::Error;

use super::demand::Demand;
use super::measure::MetricPath;
use crate::simulation::SyncTiming;
use crate::{ControllerConfig, HpaSpec, Invalid, validate};

/// An application, its HPA, and the demand on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationSetup {
    /// The HPA as applied; the API server's defaults are added.
    pub spec: HpaSpec,
    /// Version, gates and flags of the controller manager.
    pub config: ControllerConfig,
    /// Timing of the HPA's syncs.
    pub timing: SyncTiming,
    /// The application.
    pub application: Application,
    /// The demand over time.
    pub demand: Demand,
    /// The path of each metric of the spec, in its order.
    pub metrics: Vec<MetricPath>,
    /// What the HPA scales.
    pub target: Target,
    /// Replicas at the start, all ready and warm.
    pub start_replicas: u32,
    /// The last moment that is simulated, milliseconds.
    pub end_ms: u64,
    /// From one sample to the next, milliseconds, positive.
    pub sample_ms: u64,
    /// Sets the phases of metrics and syncs that a real cluster leaves to chance.
    pub seed: u64,
}

/// The target of an HPA, as its controller finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Its scale can be read, and no other HPA has its pods.
    #[default]
    Scalable,
    /// Its scale cannot be read, for this reason: `AbleToScale` is False, `FailedGetScale`.
    NoScale(String),
    /// Other HPAs have the same pods: `ScalingActive` is False, `AmbiguousSelector`.
    Shared {
        /// Their names.
        others: Vec<String>,
        /// Bounds of all of them together.
        bounds: CommonBounds,
    },
    /// Its ScaledObject is paused, so KEDA deletes the HPA.
    Paused {
        /// The annotation of `autoscaling.keda.sh` that pauses it.
        annotation: &'static str,
        /// Count that KEDA scales it to before, if one is stated.
        replicas: Option<u32>,
    },
}

/// The greatest `minReplicas` and the least `maxReplicas` of HPAs with the same pods. The controller
/// applies the bounds of each before it looks who else has them (`reconcileAutoscaler`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommonBounds {
    min: u32,
    max: u32,
}

impl FromIterator<(u32, u32)> for CommonBounds {
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(bounds: I) -> Self {
        let all = Self { min: 0, max: u32::MAX };
        bounds
            .into_iter()
            .fold(all, |all, (min, max)| Self { min: all.min.max(min), max: all.max.min(max) })
    }
}

impl CommonBounds {
    /// The counts between which the HPAs move their target for ever, if their bounds exclude each
    /// other.
    #[must_use]
    pub fn swing(self) -> Option<(u32, u32)> {
        (self.max < self.min).then_some((self.max, self.min))
    }

    /// What HPAs make of this count at their next sync. If their bounds exclude each other, that
    /// of the other side.
    #[must_use]
    pub fn apply(self, replicas: u32) -> u32 {
        if replicas > self.max { self.max } else { replicas.max(self.min) }
    }
}

impl Target {
    /// Why the HPA does not follow its metrics, in sentences, if it does not whatever they are.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        match self {
            Self::Scalable => None,
            Self::NoScale(why) => Some(format!(
                "The controller cannot read the scale of its target (FailedGetScale), so the \
                 replicas stay what they are: {why}."
            )),
            Self::Shared { others, bounds } => Some(format!(
                "{}{}. Keep one, with the metrics of all.",
                ambiguous(others, "the same target", *bounds),
                match bounds.swing() {
                    Some(_) => "",
                    None => ": the replicas stay what they are",
                }
            )),
            Self::Paused { annotation, replicas } => Some(format!(
                "Its ScaledObject is paused (autoscaling.keda.sh/{annotation}), so KEDA deletes \
                 the HPA: the replicas stay {}.",
                match replicas {
                    Some(replicas) => format!("at {replicas}"),
                    None => "what they are".to_owned(),
                }
            )),
        }
    }
}

/// The clause that other HPAs scale `target` as well, and what the controller does then.
#[must_use]
pub fn ambiguous<S: Borrow<str>>(others: &[S], target: &str, bounds: CommonBounds) -> String {
    let (scale, all) = match others.len() {
        1 => ("scales", "both"),
        _ => ("scale", "them all"),
    };
    let others = others.join(", ");
    format!("{others} {scale} {target}, so {}", stopped(all, bounds))
}

/// The clause on what the controller does with HPAs that have the same pods.
#[must_use]
pub fn stopped(all: &str, bounds: CommonBounds) -> String {
    match bounds.swing() {
        None => format!("the controller stops {all} (AmbiguousSelector)"),
        Some((least, most)) => format!(
            "the controller applies only the bounds of {all} (AmbiguousSelector), which exclude \
             each other, and sets {least} and {most} replicas in turn"
        ),
    }
}

/// Capacity, requests and start of one pod.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Application {
    /// Cpu request that utilization is computed of, millicores; `None` if a container has none,
    /// so that it cannot be computed.
    pub request_milli: Option<u64>,
    /// Cpu that all containers of a pod request, millicores: what a pod costs.
    pub reserved_milli: u64,
    /// Memory that a pod requests, bytes; `None` likewise.
    pub request_bytes: Option<u64>,
    /// Demand that a pod serves when the HPA has it at its target.
    pub target_load: f64,
    /// Demand that a warm pod serves at most.
    pub capacity: f64,
    /// Cpu that one unit of demand needs, millicores.
    pub milli_per_unit: f64,
    /// From a pod's creation until it is ready, milliseconds.
    pub start_ms: u64,
    /// From then until it is warm, milliseconds.
    pub warmup_ms: u64,
    /// Capacity of a pod that is not warm yet, as a share of a warm one's.
    pub cold_share: f64,
    /// From a pod's deletion until it is gone, milliseconds. It takes no new work.
    pub grace_ms: u64,
    /// Whether work that is not served waits in a queue; else it is lost.
    pub queues: bool,
}

/// A setup that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplicationError {
    /// The API server would refuse the HPA.
    #[error("the HPA is invalid: {0}")]
    Spec(#[from] Invalid),
    /// The spec and the paths do not match.
    #[error("the HPA has {metrics} metrics, but {paths} paths are given")]
    Paths {
        /// Metrics of the spec.
        metrics: usize,
        /// Paths.
        paths: usize,
    },
    /// A number is beyond what can be simulated in reasonable time and memory.
    #[error("{what} is {value}; at most {limit} can be simulated")]
    TooLarge {
        /// The quantity that is too large.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Its limit.
        limit: u64,
    },
    /// A value must be above 0 and finite.
    #[error("{0}: expected more than 0")]
    Positive(&'static str),
}

/// The most replicas of an HPA that reads a metric of each pod: the pods are listed at each sync.
const MAX_LISTED_PODS: u32 = 50_000;
/// The longest run, milliseconds: every second of it takes some 40 bytes.
pub const MAX_LENGTH_MS: u64 = 31 * 86_400_000;

impl ApplicationSetup {
    /// Checks what [`super::simulate`] relies on.
    pub(super) fn check(&self) -> Result<(), ApplicationError> {
        validate(&self.spec, self.config.gates)?;
        let (metrics, paths) = (self.spec.effective_metrics().len(), self.metrics.len());
        if metrics != paths {
            return Err(ApplicationError::Paths { metrics, paths });
        }
        let lists_pods = self.spec.effective_metrics().iter().any(|m| m.source.is_per_pod());
        let limit = if lists_pods { MAX_LISTED_PODS } else { u32::MAX };
        at_most("maxReplicas", self.spec.max_replicas.into(), limit.into())?;
        at_most("the number of replicas at the start", self.start_replicas.into(), limit.into())?;
        at_most("the length in milliseconds", self.end_ms, MAX_LENGTH_MS)?;
        let Application { target_load, capacity, cold_share, .. } = self.application;
        let is_positive = |figure: f64| figure.is_finite() && figure > 0.0;
        for (name, is_right) in [
            ("a pod's load at its target", is_positive(target_load)),
            ("a pod's capacity", is_positive(capacity)),
            ("a cold pod's share", is_positive(cold_share)),
            ("the sync period", self.timing.period_ms > 0),
            ("the time between samples", self.sample_ms > 0),
            ("the metric's period", self.metrics.iter().all(|path| path.period_ms > 0)),
        ] {
            if !is_right {
                return Err(ApplicationError::Positive(name));
            }
        }
        Ok(())
    }

    /// Replicas that serve this demand at the target, within the HPA's bounds.
    #[must_use]
    pub fn needed(&self, demand: f64) -> u32 {
        // Rounding errors of a whole number of pods are not a pod.
        let pods = (demand / self.application.target_load - 1e-9).ceil().max(0.0);
        (pods as u32).max(self.spec.effective_min()).min(self.spec.max_replicas)
    }
}

fn at_most(what: &'static str, value: u64, limit: u64) -> Result<(), ApplicationError> {
    match value > limit {
        true => Err(ApplicationError::TooLarge { what, value, limit }),
        false => Ok(()),
    }
}
