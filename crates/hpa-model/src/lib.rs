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

mod behavior;
mod condition;
mod controller;
mod convert;
mod event;
mod failure;
mod flags;
mod memory;
mod metric;
mod normalize;
mod observation;
mod outcome;
mod pods;
mod series;
pub mod simulation;
pub mod sizing;
mod spec;
mod validate;
pub mod verdict;
mod version;
mod words;
mod workload;

pub use behavior::Behavior;
pub use behavior::EffectiveRules;
pub use behavior::Policy;
pub use behavior::PolicyType;
pub use behavior::ScalingRules;
pub use behavior::SelectPolicy;
pub use behavior::Tolerance;
pub use condition::AbleToScale;
pub use condition::Conditions;
pub use condition::ScalingActive;
pub use condition::ScalingLimited;
pub use controller::Controller;
pub use flags::ControllerConfig;
pub use metric::MetricError;
pub use observation::Observation;
pub use observation::Phase;
pub use observation::Pod;
pub use observation::PodReading;
pub use observation::Pods;
pub use observation::ReadyCondition;
pub use observation::ReadyStatus;
pub use observation::Sample;
pub use observation::Scale;
pub use observation::Selector;
pub use outcome::Action;
pub use outcome::Event;
pub use outcome::EventType;
pub use outcome::MetricStatus;
pub use outcome::MetricValue;
pub use outcome::Outcome;
pub use outcome::RescaleReason;
pub use pods::PodGroup;
pub use pods::group_pod;
pub use series::Change;
pub use series::Edit;
pub use series::Feed;
pub use series::ManualScale;
pub use series::Series;
pub use series::SeriesError;
pub use series::Served;
pub use series::Serving;
pub use series::replay;
pub use spec::HpaSpec;
pub use spec::MetricIdentifier;
pub use spec::MetricSource;
pub use spec::MetricSpec;
pub use spec::MetricTarget;
pub use spec::ResourceName;
pub use spec::TargetType;
pub use validate::FieldError;
pub use validate::Invalid;
pub use validate::validate;
pub use version::FeatureGates;
pub use version::KubernetesVersion;
pub use version::UnsupportedVersion;
pub use words::RenderedCondition;
