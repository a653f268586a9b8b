//! The loop of an HPA: how strongly it answers itself, how late, and what follows.
//!
//! What of an HPA the judgement needs, with the defaults and gates of its cluster applied.

use std::f64::consts::PI;

use oppscale_core::resources::{Amount, CPU, Resources};

use super::circumstances::LoopContext;
use crate::simulation::{FillerPods, MetricModel, MetricUnit};
use crate::{
    Behavior, ControllerConfig, EffectiveRules, HpaSpec, MetricSource, PolicyType, SelectPolicy,
    TargetType,
};

/// Up to this gain the dead band and the count of ready pods were seen to hold a loop that is
/// unstable on paper: no run with a target of 60 of 154 cores (gain 1.57) went on
/// oscillating after a kick of 8 cores, 10 of 15 with 52 did (gain 1.96).
const MAX_GAIN_HELD_BY_TOLERANCE: f64 = 1.6;

/// What an HPA will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// It never comes to rest, or any disturbance sets it swinging.
    Oscillating,
    /// It runs to a limit and stays there, whatever paid work does.
    Saturated {
        /// The limit, replicas.
        at: u32,
    },
    /// It comes to rest where it should.
    Stable,
    /// It comes to rest somewhere within the tolerance of where it should.
    WithinTolerance,
}

/// The figures of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlLoop {
    /// By how much a deviation comes back, reversed, one delay later; 0 without own pods in
    /// the metric.
    pub gain: f64,
    /// How many syncs old the metric's answer to a change of replicas is, at worst.
    pub delay_syncs: u32,
    /// The gain at which the loop oscillates with this delay.
    pub gain_limit: f64,
    /// How many times larger the gain may become; `None` when there is none to grow.
    pub stability_margin: Option<f64>,
    /// Where the loop would rest, replicas within the HPA's limits.
    pub settles_at: u32,
}

pub(super) struct Analysis {
    pub(super) finding: Stability,
    pub(super) control: ControlLoop,
    pub(super) why: String,
}

/// The metric around the loop, in its own thousandths.
struct LoopModel<'a> {
    target: &'a Target,
    context: &'a LoopContext,
    /// What the metric would be without own pods.
    alone: f64,
    /// What one replica takes off it.
    each: f64,
    delay_syncs: u32,
    /// How old the metric may be.
    age_ms: u64,
}

pub(super) fn judge(target: &Target, nature: &MetricModel, context: &LoopContext) -> Analysis {
    let allocatable = Resources::default().with(CPU, context.allocatable_milli);
    let held = nature.reserve.of(&allocatable).get(CPU);
    let left = (context.allocatable_milli - context.paid_milli - held).max(0);
    let (alone, each) = match nature.unit {
        MetricUnit::Cores => (left as f64, context.replica_milli as f64),
        MetricUnit::FitReplicas => ((left / context.replica_milli * 1000) as f64, 1000.0),
    };
    // Own pods that are deleted stay in the metric until they have ended.
    let ending = if nature.filler_pods == FillerPods::Included { context.grace_ms } else { 0 };
    let age_ms = nature.freshness.worst_age_ms();
    let unseen_ms = age_ms.saturating_add(ending);
    let delay_syncs = u32::try_from(unseen_ms / context.sync_period_ms.max(1)).unwrap_or(u32::MAX);
    let model = LoopModel { target, context, alone, each, delay_syncs, age_ms };
    match (target.is_value, nature.filler_pods) {
        (true, FillerPods::Included) => model.value_with_filler_pods(),
        (true, FillerPods::Excluded) => model.value_without_filler_pods(),
        (false, FillerPods::Included) => model.average_with_filler_pods(),
        (false, FillerPods::Excluded) => model.average_without_filler_pods(),
    }
}

impl LoopModel<'_> {
    fn target(&self) -> f64 {
        self.target.milli as f64
    }

    fn settles_at(&self, replicas: f64) -> u32 {
        // A float that is too large or negative saturates.
        // Limits that contradict each other are for others to refuse.
        (replicas.ceil() as u32).max(self.target.min).min(self.target.max)
    }

    fn control(&self, gain: f64, gain_limit: f64, settles_at: u32) -> ControlLoop {
        let stability_margin = (gain > 0.0).then(|| gain_limit / gain);
        ControlLoop {
            gain,
            delay_syncs: self.delay_syncs,
            gain_limit,
            stability_margin,
            settles_at,
        }
    }

    fn has_tolerance(&self) -> bool {
        self.target.tolerance_down > 0.0 || self.target.tolerance_up > 0.0
    }

    fn is_too_high(&self, value: f64) -> bool {
        value / self.target() > 1.0 + self.target.tolerance_up
    }

    fn is_too_low(&self, value: f64) -> bool {
        value / self.target() < 1.0 - self.target.tolerance_down
    }

    /// `Value`, own pods included: the logistic map.
    fn value_with_filler_pods(&self) -> Analysis {
        let Target { min, max, .. } = *self.target;
        let gain = (self.alone / self.target() - 1.0).max(0.0);
        let odd = 2.0 * f64::from(self.delay_syncs) + 1.0;
        let gain_limit = 2.0 * (PI / (2.0 * odd)).sin();
        let settles_at = self.settles_at((self.alone - self.target()) / self.each);
        let control = self.control(gain, gain_limit, settles_at);
        let with = |replicas: u32| self.alone - f64::from(replicas) * self.each;
        let analysis = |finding, why| Analysis { finding, control, why };
        if self.is_too_low(with(min)) {
            let why = format!(
                "Even at minReplicas {min} less is left than the target, so the HPA never leaves \
                 it."
            );
            return analysis(Stability::Saturated { at: min }, why);
        }
        if self.is_too_high(with(max)) {
            let why = format!(
                "Even at maxReplicas {max} more is left than the target, so the HPA stays there \
                 until paid work takes the rest."
            );
            return analysis(Stability::Saturated { at: max }, why);
        }
        let figures = format!(
            "The metric contains the workload's own pods, which answer with a gain of {gain:.2}"
        );
        let delay = self.delay_syncs;
        if gain < gain_limit {
            let why =
                format!("{figures}; with values {delay} syncs old, {gain_limit:.2} is allowed.");
            let rough = self.has_tolerance();
            return analysis(
                if rough { Stability::WithinTolerance } else { Stability::Stable },
                why,
            );
        }
        if self.stops_within_tolerance() {
            let why = format!(
                "{figures}, more than the {gain_limit:.2} that values {delay} syncs old allow, but its \
                 policies are so slow that it stops within its tolerance."
            );
            return analysis(Stability::WithinTolerance, why);
        }
        if gain <= MAX_GAIN_HELD_BY_TOLERANCE && self.has_tolerance() {
            let why = format!(
                "{figures}, more than the {gain_limit:.2} that values {delay} syncs old allow: only \
                 the tolerance holds it."
            );
            return analysis(Stability::WithinTolerance, why);
        }
        let why = format!("{figures} where values {delay} syncs old allow {gain_limit:.2}.");
        analysis(Stability::Oscillating, why)
    }

    /// Whether a direction is so slow that it cannot pass through the dead band before its
    /// effect is seen.
    fn stops_within_tolerance(&self) -> bool {
        let tolerance = self.target.tolerance_down + self.target.tolerance_up;
        let band = tolerance * self.target() / self.each;
        // New pods are seen with the metric's next value, deleted ones when they have ended.
        let up_ms = self.age_ms.saturating_add(self.context.sync_period_ms);
        let down_ms = up_ms.saturating_add(self.context.grace_ms);
        [(true, up_ms), (false, down_ms)].into_iter().any(|(up, unseen_ms)| {
            let pods = self.target.most_pods_in(up, unseen_ms);
            pods.is_some_and(|pods| pods as f64 <= band)
        })
    }

    /// `Value`, own pods excluded: nothing the HPA does changes the ratio it multiplies by.
    fn value_without_filler_pods(&self) -> Analysis {
        let ratio = self.alone / self.target();
        let Target { min, max, .. } = *self.target;
        let because = format!(
            "The metric does not contain the workload's own pods, so every run multiplies the \
             replicas by {ratio:.2} again"
        );
        let (finding, at, why) = if self.is_too_high(self.alone) {
            let why = format!("{because}, until maxReplicas {max} stops it.");
            (Stability::Saturated { at: max }, max, why)
        } else if self.is_too_low(self.alone) {
            let why = format!("{because}, until minReplicas {min} stops it.");
            (Stability::Saturated { at: min }, min, why)
        } else {
            let why = format!("{because}, which is within the tolerance for the moment only.");
            (Stability::WithinTolerance, min, why)
        };
        Analysis { finding, control: self.control(1.0, 1.0, at), why }
    }

    /// `AverageValue`, own pods included: what is left is shared with the replicas.
    fn average_with_filler_pods(&self) -> Analysis {
        let gain = self.each / self.target();
        let settles_at = self.settles_at(self.alone / (self.each + self.target()));
        let control = self.control(gain, 1.0, settles_at);
        let share = 100.0 * self.each / (self.each + self.target());
        let (finding, why) = if gain < 1.0 {
            let why = format!(
                "The metric contains the workload's own pods, so it rests when they fill \
                 {share:.0} % of what is left and the remainder stays idle."
            );
            let rough = self.has_tolerance();
            (if rough { Stability::WithinTolerance } else { Stability::Stable }, why)
        } else {
            let why = format!(
                "The metric contains the workload's own pods, and each takes {gain:.2} times the \
                 averageValue off it, where less than 1 is allowed."
            );
            (Stability::Oscillating, why)
        };
        Analysis { finding, control, why }
    }

    /// `AverageValue`, own pods excluded: the metric says how many, and does not answer.
    fn average_without_filler_pods(&self) -> Analysis {
        let settles_at = self.settles_at(self.alone / self.target());
        let control = self.control(0.0, 1.0, settles_at);
        let because = "The metric does not contain the workload's own pods and says how many there \
                       should be, so the HPA rests whatever the delay";
        if !self.has_tolerance() {
            return Analysis { finding: Stability::Stable, control, why: format!("{because}.") };
        }
        let slack = |tolerance: f64| (tolerance * f64::from(settles_at)).floor() as Amount;
        let (over, under) = (slack(self.target.tolerance_down), slack(self.target.tolerance_up));
        let why = format!("{because}, up to {over} pods too many or {under} too few.");
        Analysis { finding: Stability::WithinTolerance, control, why }
    }
}

/// The part of an HPA that decides how its loop behaves.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Thousandths of the metric.
    pub(super) milli: i64,
    /// `Value`, where the ratio to the target multiplies the replicas; else `AverageValue`.
    pub(super) is_value: bool,
    pub(super) min: u32,
    pub(super) max: u32,
    /// How far the ratio may be from 1 without a change.
    pub(super) tolerance_down: f64,
    pub(super) tolerance_up: f64,
    /// The scale-down stabilization window, seconds.
    pub(super) window_down_seconds: u32,
    behavior: Option<Behavior>,
}

impl Target {
    /// Reads the first External or Object metric of an HPA as it is stored.
    pub(super) fn of(stored: &HpaSpec, config: &ControllerConfig) -> Option<Self> {
        let (is_value, milli) = stored.effective_metrics().iter().find_map(|metric| {
            let target = &metric.target;
            match (&metric.source, target.kind) {
                // External goes by the field that is set, averageValue first.
                (MetricSource::External(_), _) => match target.average_value {
                    Some(average) => Some((false, average)),
                    None => target.value.map(|value| (true, value)),
                },
                (MetricSource::Object { .. }, TargetType::Value) => Some((true, target.value?)),
                (MetricSource::Object { .. }, TargetType::AverageValue) => {
                    Some((false, target.average_value?))
                }
                _ => None,
            }
        })?;
        let behavior = stored.behavior.clone();
        let flag_seconds = config.downscale_stabilization_seconds;
        let down = behavior.as_ref().map(|b| b.down(flag_seconds));
        let own = |rules: Option<EffectiveRules<'_>>| {
            rules.and_then(|rules| rules.tolerance).map_or(config.tolerance, |t| t.as_f64())
        };
        let window = down.map(|down| u32::try_from(down.window_seconds).unwrap_or(0));
        let target = Self {
            milli,
            is_value,
            min: stored.effective_min(),
            max: stored.max_replicas,
            tolerance_down: own(down),
            tolerance_up: own(behavior.as_ref().map(Behavior::up)),
            window_down_seconds: window.unwrap_or(flag_seconds),
            behavior,
        };
        (milli > 0).then_some(target)
    }

    /// The most pods that policies let go in one direction within this time; `None` without
    /// a limit in pods. Percentages of many pods are no limit worth the name.
    pub(super) fn most_pods_in(&self, up: bool, ms: u64) -> Option<u64> {
        let behavior = self.behavior.as_ref()?;
        let rules = if up { behavior.up() } else { behavior.down(0) };
        let of_policy = |policy: &crate::Policy| {
            let periods = ms.div_ceil(u64::try_from(policy.period_seconds).ok()?.max(1) * 1000);
            let pods = u64::try_from(policy.value).ok()?;
            (policy.kind == PolicyType::Pods).then_some(periods.max(1) * pods)
        };
        let limits = rules.policies.iter().map(of_policy);
        match rules.select {
            SelectPolicy::Disabled => Some(0),
            SelectPolicy::Min => limits.flatten().min(),
            // One policy without a limit is none for all.
            SelectPolicy::Max => limits.collect::<Option<Vec<_>>>()?.into_iter().max(),
        }
    }
}
