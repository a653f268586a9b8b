//! The HorizontalPodAutoscaler controller of Kubernetes as a pure model.
//!
//! [`Controller`] is one HPA in kube-controller-manager: its memory, and one run of
//! `reconcileAutoscaler`. The rule is that of Kubernetes **1.36**
//! (`pkg/controller/podautoscaler/horizontal.go`, `replica_calculator.go`,
//! `metrics/utilization.go`; defaults and refusals from `pkg/apis/autoscaling`), with the
//! differences of 1.33 to 1.37 behind [`KubernetesVersion`]. Floating point is used exactly
//! where upstream uses `float64`, and conversions out of range give what Go gives on amd64. The
//! recordings in `tests/golden` are of real controllers.
//!
//! It does not read a clock, fetch a metric or write a scale, and has no Kubernetes client.
//! Time, the target's scale, its pods and the metrics are arguments; what the real controller
//! would write is the [`Outcome`].
//!
//! * [`validate()`] refuses an [`HpaSpec`] as the API server does.
//! * [`replay()`] runs one HPA over the recorded values of its metrics.
//! * [`DryRun`] runs one HPA on the readings of a real cluster, beside the HPA that is there.
//! * [`application`] runs an HPA on an application under load.
//! * [`simulation`] runs HPAs in a simulated cluster with a scheduler and paid work.
//! * [`verdict`] tells whether a loop is stable and what to correct: by analysis, and by trial runs
//!   where that does not reach.
//! * [`sizing`] finds replica shape, bounds and reserve for a cluster.
//!
//! A queue of 30 jobs where each replica should have 10, read by an HPA at one replica:
//!
//! ```
//! use hpa_model::{
//!     ControllerConfig, FeedSource, HpaSpec, MetricAnswer, MetricFeed, MetricIdentifier,
//!     MetricSource, MetricSpec, MetricTarget, Series, replay,
//! };
//!
//! let spec = HpaSpec {
//!     min_replicas: Some(1),
//!     max_replicas: 10,
//!     metrics: vec![MetricSpec {
//!         source: MetricSource::External(MetricIdentifier::named("jobs")),
//!         target: MetricTarget::average_value(10_000),
//!     }],
//!     behavior: None,
//! };
//! let jobs = MetricAnswer { at_ms: 0, answer: Ok(vec![30_000]) };
//! let series = Series {
//!     config: ControllerConfig::default(),
//!     spec,
//!     start_replicas: 1,
//!     sync_period_ms: 15_000,
//!     first_run_ms: Series::first_run_after(15_000),
//!     run_ms: Series::RUN_MS,
//!     status_delay_ms: Series::STATUS_DELAY_MS,
//!     pod_start_ms: 1_000,
//!     pod_stop_ms: 1_000,
//!     feeds: vec![MetricFeed {
//!         serving: FeedSource::Recorded(vec![jobs]),
//!         pod_request_milli: None,
//!     }],
//!     manual_scales: Vec::new(),
//!     edits: Vec::new(),
//!     end_ms: 60_000,
//! };
//! let changes = replay(&series)?;
//! let replicas: Vec<u32> = changes.iter().map(|change| change.spec_replicas).collect();
//! assert_eq!(replicas, [1, 3]);
//! # Ok::<(), hpa_model::SeriesError>(())
//! ```

pub mod application;
mod config;
mod controller;
mod convert;
mod dry_run;
mod explanation;
mod metric;
mod normalize;
mod observation;
mod replay;
mod replica_calculator;
pub mod simulation;
pub mod sizing;
mod spec;
mod status;
mod validate;
pub mod verdict;

pub use config::{ControllerConfig, FeatureGates, KubernetesVersion, UnsupportedVersion};
pub use controller::Controller;
pub use dry_run::{ClusterReading, DryRun, DryRunStep, LoadShare, MetricReading};
pub use explanation::explain;
pub use metric::{
    MetricIdentifier, MetricSource, MetricSpec, MetricTarget, ResourceName, TargetType,
};
pub use observation::{
    Observation, Phase, Pod, PodReading, Pods, ReadyCondition, ReadyStatus, Sample, Scale, Selector,
};
pub use replay::{
    Change, Edit, FeedSource, ManualScale, MetricAnswer, MetricFeed, Series, SeriesError, replay,
};
pub use replica_calculator::{MetricError, PodGroup, group_pod};
pub use spec::{
    Behavior, EffectiveRules, HpaSpec, Policy, PolicyType, ScalingRules, SelectPolicy, Tolerance,
};
pub use status::{
    AbleToScale, Action, Conditions, Event, EventType, MetricStatus, MetricValue, Outcome,
    RenderedCondition, RescaleReason, ScalingActive, ScalingLimited,
};
pub use validate::{FieldError, Invalid, validate};
