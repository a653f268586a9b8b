//! The HPA as the user writes it: `autoscaling/v2` `HorizontalPodAutoscalerSpec`.
//!
//! As soon as `behavior` exists, both directions get every field they lack
//! (`SetDefaults_HorizontalPodAutoscalerBehavior`), except that `scaleDown`'s window stays open
//! for kube-controller-manager's flag to fill. Policies that are given replace the default list.

use std::fmt;

use super::config::FeatureGates;
use super::metric::{MetricSource, MetricSpec, MetricTarget, ResourceName};

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
        self.metrics.iter().any(|metric| !metric.source.is_per_pod())
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

/// `behavior`. `None` in a direction means "all defaults", not "no limits".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behavior {
    /// `scaleUp`.
    pub scale_up: Option<ScalingRules>,
    /// `scaleDown`.
    pub scale_down: Option<ScalingRules>,
}

/// `HPAScalingRules`, undefaulted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScalingRules {
    /// `stabilizationWindowSeconds`, 0 to 3600.
    pub stabilization_window_seconds: Option<i32>,
    /// `selectPolicy`.
    pub select_policy: Option<SelectPolicy>,
    /// `policies`; an empty list is refused.
    pub policies: Option<Vec<Policy>>,
    /// `tolerance`, not negative.
    pub tolerance: Option<Tolerance>,
}

/// Which of several policies decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    #[default]
    Max,
    /// The one that allows the smallest change.
    Min,
    /// No change in this direction at all.
    Disabled,
}

/// One entry of `policies`: at most `value` pods or per cent in `period_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `type`.
    pub kind: PolicyType,
    /// `value`, pods or per cent of the replicas at the period's start; positive.
    pub value: i32,
    /// `periodSeconds`, 1 to 1800.
    pub period_seconds: i32,
}

/// Unit of a policy's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyType {
    /// `Pods`.
    Pods,
    /// `Percent`.
    Percent,
}

/// `tolerance`: an exact quantity of billionths, the finest a Kubernetes quantity goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    nano: i64,
}

/// The rules of one direction with every default in place.
#[derive(Clone, Copy, Debug)]
pub struct EffectiveRules<'a> {
    /// The stabilization window, seconds.
    pub window_seconds: i32,
    /// Which policy decides.
    pub select: SelectPolicy,
    /// The policies.
    pub policies: &'a [Policy],
    /// The direction's own tolerance.
    pub tolerance: Option<Tolerance>,
}

/// "4 pods or 100 % per 15 s", which repeats what the controller did before `behavior` existed.
static DEFAULT_UP: [Policy; 2] = [
    Policy { kind: PolicyType::Pods, value: 4, period_seconds: 15 },
    Policy { kind: PolicyType::Percent, value: 100, period_seconds: 15 },
];

static DEFAULT_DOWN: [Policy; 1] =
    [Policy { kind: PolicyType::Percent, value: 100, period_seconds: 15 }];

impl Behavior {
    /// The scale-up rules: window 0, `Max` of 4 pods and 100 % per 15 s unless said otherwise.
    #[must_use]
    pub fn up(&self) -> EffectiveRules<'_> {
        effective(self.scale_up.as_ref(), 0, &DEFAULT_UP)
    }

    /// The scale-down rules: window `flag_seconds`, 100 % per 15 s unless said otherwise.
    #[must_use]
    pub fn down(&self, flag_seconds: u32) -> EffectiveRules<'_> {
        let window = super::convert::int32(flag_seconds);
        effective(self.scale_down.as_ref(), window, &DEFAULT_DOWN)
    }

    /// The object as the API server stores it: both directions present, defaults written out.
    #[must_use]
    pub fn defaulted(&self) -> Self {
        let up = self.scale_up.clone().unwrap_or_default();
        let down = self.scale_down.clone().unwrap_or_default();
        Self {
            scale_up: Some(ScalingRules {
                stabilization_window_seconds: up.stabilization_window_seconds.or(Some(0)),
                ..up.with_policies(&DEFAULT_UP)
            }),
            scale_down: Some(down.with_policies(&DEFAULT_DOWN)),
        }
    }

    /// Removes both tolerances, as the API server does without `HPAConfigurableTolerance`.
    pub(super) fn drop_tolerance(&mut self) {
        for rules in [&mut self.scale_up, &mut self.scale_down].into_iter().flatten() {
            rules.tolerance = None;
        }
    }
}

fn effective<'a>(
    rules: Option<&'a ScalingRules>,
    window_seconds: i32,
    policies: &'static [Policy],
) -> EffectiveRules<'a> {
    static DEFAULTS: ScalingRules = ScalingRules {
        stabilization_window_seconds: None,
        select_policy: None,
        policies: None,
        tolerance: None,
    };
    let rules = rules.unwrap_or(&DEFAULTS);
    EffectiveRules {
        window_seconds: rules.stabilization_window_seconds.unwrap_or(window_seconds),
        select: rules.select_policy.unwrap_or_default(),
        policies: rules.policies.as_deref().unwrap_or(policies),
        tolerance: rules.tolerance,
    }
}

impl EffectiveRules<'_> {
    /// The longest period of any policy, seconds: events older than that are of no use.
    pub(super) fn longest_period(&self) -> i32 {
        self.policies.iter().fold(0, |longest, policy| longest.max(policy.period_seconds))
    }
}

impl ScalingRules {
    fn with_policies(mut self, policies: &[Policy]) -> Self {
        self.select_policy.get_or_insert_default();
        self.policies.get_or_insert_with(|| policies.to_vec());
        self
    }
}

impl Tolerance {
    /// A tolerance of `nano` billionths: 0.1 is `100_000_000`.
    #[must_use]
    pub const fn from_nano(nano: i64) -> Self {
        Self { nano }
    }

    /// The tolerance in billionths.
    #[must_use]
    pub const fn nano(self) -> i64 {
        self.nano
    }

    /// The quantity's canonical mantissa and power of ten, as it travels between API server and
    /// controller.
    fn canonical(self) -> (i64, f64, &'static str) {
        let Self { nano } = self;
        if nano % 1_000_000_000 == 0 {
            (nano / 1_000_000_000, 1.0, "")
        } else if nano % 1_000_000 == 0 {
            (nano / 1_000_000, 1e-3, "m")
        } else if nano % 1_000 == 0 {
            (nano / 1_000, 1e-6, "u")
        } else {
            (nano, 1e-9, "n")
        }
    }

    /// `Quantity.AsApproximateFloat64`, bit for bit: mantissa times a power of ten.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        let (mantissa, scale, _) = self.canonical();
        mantissa as f64 * scale
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mantissa, _, suffix) = self.canonical();
        write!(f, "{mantissa}{suffix}")
    }
}
