//! The HorizontalPodAutoscaler controller of Kubernetes, as pure functions and one memory.
//!
//! The rule is kube-controller-manager **1.36** (`pkg/controller/podautoscaler/horizontal.go`,
//! `replica_calculator.go`, `metrics/utilization.go`; defaults and refusals from
//! `pkg/apis/autoscaling`), with the differences of 1.33 to 1.37 behind
//! [`KubernetesVersion`]. Floating point is used exactly where upstream uses `float64`, and
//! out-of-range conversions give what Go gives on amd64.
//!
//! What it does not do: read a clock, fetch a metric, write a scale. Time, the target's scale,
//! its pods and the metrics' answers come in as arguments; what the real controller would write
//! comes out as an [`Outcome`].
//!
//! | file | holds |
//! |---|---|
//! | `spec` | [`HpaSpec`] and its metrics, as the user writes them |
//! | `behavior` | [`Behavior`]: windows, policies, tolerance, and the API server's defaults |
//! | `validate` | what the API server refuses, in its words |
//! | `version` | [`KubernetesVersion`], feature gates, and what differs between releases |
//! | `flags` | [`ControllerConfig`]: kube-controller-manager's flags |
//! | `observation` | [`Observation`]: what one run sees |
//! | `convert` | Go's number conversions |
//! | `metric` | one metric's proposal: External and Object |
//! | `pods` | one metric's proposal: Pods, Resource and ContainerResource, with readiness grouping |
//! | `memory` | recommendations and scale events kept between runs |
//! | `normalize` | stabilization, policies and limits |
//! | `condition` | status conditions, as enums |
//! | `controller` | [`Controller`]: one HPA's memory, and one run |
//! | `outcome` | [`Outcome`], metric statuses and events |
//! | `words` | the sentences of conditions, rendered on demand |
//! | `event` | the sentences of events, rendered on demand |
//! | `failure` | what a failed metric is called in both |
//! | `workload` | the scaled pods of a replay: how late they come, get ready and go |
//! | `series` | the replay of one recorded scenario |

mod conditions;
mod config;
mod controller;
mod convert;
mod events;
mod normalize;
mod observation;
mod outcome;
mod replay;
mod replica_calculator;
pub mod simulation;
pub mod sizing;
mod spec;
mod validate;
pub mod verdict;

pub use conditions::{AbleToScale, Conditions, RenderedCondition, ScalingActive, ScalingLimited};
pub use config::{ControllerConfig, FeatureGates, KubernetesVersion, UnsupportedVersion};
pub use controller::Controller;
pub use observation::{
    Observation, Phase, Pod, PodReading, Pods, ReadyCondition, ReadyStatus, Sample, Scale, Selector,
};
pub use outcome::{Action, Event, EventType, MetricStatus, MetricValue, Outcome, RescaleReason};
pub use replay::{
    Change, Edit, FeedSource, ManualScale, MetricAnswer, MetricFeed, Series, SeriesError, replay,
};
pub use replica_calculator::{MetricError, PodGroup, group_pod};
pub use spec::{
    Behavior, EffectiveRules, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, MetricTarget,
    Policy, PolicyType, ResourceName, ScalingRules, SelectPolicy, TargetType, Tolerance,
};
pub use validate::{FieldError, Invalid, validate};
