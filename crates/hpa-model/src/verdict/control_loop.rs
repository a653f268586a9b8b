//! The loop of an HPA: its gain, its delay, and what follows from them.

use std::f64::consts::PI;
use std::fmt::{self, Write as _};
use std::time::Duration;

use oppscale_core::resources::{Amount, CPU, Resources};
use oppscale_core::units;

use super::context::LoopContext;
use super::correction::is_fit_replicas_metric;
use super::trial::{Bench, Outcome};
use crate::simulation::{FillersInMetric, MetricModel, MetricUnit};
use crate::{
    Behavior, ControllerConfig, EffectiveRules, HpaSpec, MetricSpec, PolicyType, SelectPolicy,
};

/// In simulation, loops up to this gain settled although theory calls them unstable, because of the
/// dead band and the count of ready pods: no run with a target of 60 of 154 cores (gain 1.57) went
/// on oscillating after a step of 8 cores, 10 of 15 with 52 did (gain 1.96).
const MAX_GAIN_HELD_BY_TOLERANCE: f64 = 1.6;

/// The verdict on an HPA: what it will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// It never settles, or any disturbance makes it oscillate.
    Oscillating,
    /// It runs to `minReplicas` or `maxReplicas` and stays there, whatever paid work does.
    Saturated {
        /// The bound, in replicas.
        at: u32,
    },
    /// It settles where it should.
    Stable,
    /// It settles within the tolerance of where it should.
    WithinTolerance,
    /// It settles, but yields so slowly that paid pods wait for minutes.
    SlowToYield,
    /// It moves in one direction only: the other has `selectPolicy: Disabled`.
    OneWay {
        /// Whether that is up.
        up: bool,
    },
    /// It never moves.
    Inert,
}

/// The loop of HPA, workload and metric in the figures of control theory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlLoop {
    /// Loop gain: the factor by which a deviation returns, reversed, one delay later; 0 if the
    /// metric does not depend on the replicas.
    pub gain: f64,
    /// Delay from a change of the replicas to its effect on the metric, at worst, in syncs.
    pub delay_syncs: u32,
    /// Loop gain above which the loop oscillates with this delay.
    pub gain_limit: f64,
    /// Stability margin: the factor by which the gain may grow; `None` at a gain of 0.
    pub stability_margin: Option<f64>,
    /// Replicas at which the loop would settle, within the HPA's bounds.
    pub settles_at: u32,
}

pub(super) struct Analysis {
    pub(super) stability: Stability,
    pub(super) control: ControlLoop,
    pub(super) why: String,
}

/// The metric as the loop sees it, in its own thousandths.
struct LoopModel<'a> {
    target: &'a Target,
    context: &'a LoopContext,
    /// Metric with no replica of the filler.
    empty: f64,
    /// Amount by which one replica lowers the metric.
    per_replica: f64,
    delay_syncs: u32,
    /// Age of the metric, at worst.
    age_ms: u64,
}

/// Start of every sentence about a metric that the HPA's own replicas lower.
const FALLS: &str = "The metric falls when the HPA adds replicas";

/// Analyses the loop, and tries it.
pub(super) fn analyse(
    target: &Target,
    config: &ControllerConfig,
    metric: &MetricModel,
    context: &LoopContext,
) -> Analysis {
    let allocatable = Resources::default().with(CPU, context.allocatable_milli);
    let reserved = metric.reserve.of(&allocatable).get(CPU);
    let left = (context.allocatable_milli - context.paid_milli - reserved).max(0);
    let (empty, per_replica) = match metric.unit {
        MetricUnit::Cores => (left as f64, context.replica_milli as f64),
        MetricUnit::FitReplicas => ((left / context.replica_milli * 1000) as f64, 1000.0),
    };
    // Deleted filler pods stay in the metric until they have ended.
    let is_included = metric.filler_pods == FillersInMetric::Included;
    let age_ms = metric.timing.worst_age_ms();
    let delay_ms = age_ms.saturating_add(if is_included { context.grace_ms } else { 0 });
    let delay_syncs = u32::try_from(delay_ms / context.sync_period_ms.max(1)).unwrap_or(u32::MAX);
    let model = LoopModel { target, context, empty, per_replica, delay_syncs, age_ms };
    let analysis = match (target.is_value, is_included) {
        (true, true) => model.value_with_filler_pods(),
        (true, false) => model.value_without_filler_pods(),
        (false, true) => model.average_with_filler_pods(),
        (false, false) => model.average_without_filler_pods(),
    };
    let spec = target.spec.clone();
    model.tried(analysis, &Bench { spec, config, metric, context, empty, per_replica })
}

/// Phases of the metric against the syncs that are tried where they decide.
const MANY_PHASES: u64 = 24;
/// From this delay on an HPA is slow to yield, milliseconds.
const SLOW_MS: u64 = 600_000;

impl LoopModel<'_> {
    /// The analysis, corrected by what trials show.
    fn tried(&self, mut analysis: Analysis, bench: &Bench<'_>) -> Analysis {
        let Target { min, max, .. } = *self.target;
        let settles_at = analysis.control.settles_at;
        if min >= max {
            analysis.stability = Stability::Inert;
            analysis.why =
                format!("minReplicas and maxReplicas are both {max}, so the HPA has no choice.");
            return analysis;
        }
        if let Some((stability, why)) = self.one_way() {
            return Analysis { stability, why, ..analysis };
        }
        // Beyond its limit, whether a loop swings depends on the phase of metric and syncs.
        let is_beyond = analysis.control.gain > analysis.control.gain_limit;
        let phases = if is_beyond { MANY_PHASES } else { 2 };
        let (low, middle) = (min.max(1), settles_at.max(1));
        match bench.outcome(&[low, middle, max], phases) {
            Outcome::Oscillates { least, most } => {
                if analysis.stability != Stability::Oscillating {
                    analysis.why = format!(
                        "At a constant paid load the replicas go on swinging between {least} and \
                         {most}: the HPA reacts to values from before its last change."
                    );
                }
                analysis.stability = Stability::Oscillating;
                return analysis;
            }
            Outcome::Rests(lasts) => self.rested(&mut analysis, &lasts),
            Outcome::Moves => {
                analysis.stability = Stability::SlowToYield;
                analysis.why.push_str(
                    " Its policies are so slow that it was still moving after hours of a constant \
                     paid load.",
                );
            }
        }
        let settles = matches!(analysis.stability, Stability::Stable | Stability::WithinTolerance);
        let yields = bench.yields_within_ms(settles_at);
        if settles && !self.context.preemption && yields.is_none_or(|ms| ms >= SLOW_MS) {
            let time = |ms| units::duration(Duration::from_millis(ms / 1000 * 1000));
            let delay = yields.map_or_else(
                || "it never yields".to_owned(),
                |ms| format!("it takes {} to yield half of them", time(ms)),
            );
            let _ = write!(
                analysis.why,
                " But {delay}: metric {}, sync {}, window {}, policies, grace {}; paid pods wait \
                 that long.",
                time(self.age_ms),
                time(self.context.sync_period_ms),
                time(u64::from(self.target.window_down_seconds) * 1000),
                time(self.context.grace_ms)
            );
            analysis.stability = Stability::SlowToYield;
        }
        analysis
    }

    /// The verdict if a direction is disabled.
    fn one_way(&self) -> Option<(Stability, String)> {
        let behavior = self.target.spec.behavior.as_ref()?;
        let is_off = |rules: EffectiveRules<'_>| rules.select == SelectPolicy::Disabled;
        match (is_off(behavior.up()), is_off(behavior.down(0))) {
            (false, false) => None,
            (true, true) => {
                let why = "Both directions have selectPolicy Disabled, so the HPA never moves.";
                Some((Stability::Inert, why.to_owned()))
            }
            (false, true) => {
                let why = "scaleDown has selectPolicy Disabled: the replicas never fall, so paid \
                           pods that do not preempt them wait for ever.";
                Some((Stability::OneWay { up: true }, why.to_owned()))
            }
            (true, false) => {
                let why = "scaleUp has selectPolicy Disabled: the replicas never rise above where \
                           they start, and what the HPA takes away does not come back.";
                Some((Stability::OneWay { up: false }, why.to_owned()))
            }
        }
    }

    /// Corrects what the formulas say of an HPA that rests in its trials.
    fn rested(&self, analysis: &mut Analysis, lasts: &[u32]) {
        let Target { min, max, .. } = *self.target;
        let bound = [max, min].into_iter().find(|bound| lasts.iter().all(|last| last == bound));
        match (analysis.stability, bound) {
            (Stability::Oscillating, Some(at)) => {
                let (name, side) = if at == max { ("max", "above") } else { ("min", "below") };
                analysis.why = format!(
                    "{FALLS}, but at {name}Replicas {at} it is still {side} its target, so the HPA \
                     stays there."
                );
                analysis.stability = Stability::Saturated { at };
            }
            (Stability::Oscillating, None) => {
                let gain = analysis.control.gain;
                analysis.why = format!(
                    "{FALLS}: loop gain {gain:.2}, above the {:.2} that its delay allows, but bounds, \
                     policies, tolerance or pods without a node stop it.",
                    analysis.control.gain_limit
                );
                analysis.stability = Stability::WithinTolerance;
            }
            (Stability::Saturated { at }, None) if !lasts.contains(&at) => {
                analysis.why =
                    "At a constant paid load the HPA settles within its bounds.".to_owned();
                analysis.stability = self.settled();
            }
            _ => {}
        }
    }

    fn target(&self) -> f64 {
        self.target.milli as f64
    }

    /// Replicas within the bounds. A float that is too large or negative saturates, and bounds
    /// that contradict each other are for `validate` to refuse.
    fn bounded(&self, replicas: f64) -> u32 {
        (replicas.ceil() as u32).max(self.target.min).min(self.target.max)
    }

    fn analysis(
        &self,
        stability: Stability,
        (gain, gain_limit): (f64, f64),
        settles_at: u32,
        why: String,
    ) -> Analysis {
        let stability_margin = (gain > 0.0).then(|| gain_limit / gain);
        let delay_syncs = self.delay_syncs;
        let control = ControlLoop { gain, delay_syncs, gain_limit, stability_margin, settles_at };
        Analysis { stability, control, why }
    }

    /// `Stable`, or `WithinTolerance` if there is a tolerance.
    fn settled(&self) -> Stability {
        match self.target.tolerance_down > 0.0 || self.target.tolerance_up > 0.0 {
            true => Stability::WithinTolerance,
            false => Stability::Stable,
        }
    }

    fn is_too_high(&self, value: f64) -> bool {
        value / self.target() > 1.0 + self.target.tolerance_up
    }

    fn is_too_low(&self, value: f64) -> bool {
        value / self.target() < 1.0 - self.target.tolerance_down
    }

    /// `Value` on a metric that includes the filler's pods: the logistic map.
    fn value_with_filler_pods(&self) -> Analysis {
        let Target { min, max, .. } = *self.target;
        let gain = (self.empty / self.target() - 1.0).max(0.0);
        let odd = 2.0 * f64::from(self.delay_syncs) + 1.0;
        let limit = 2.0 * (PI / (2.0 * odd)).sin();
        let settles_at = self.bounded((self.empty - self.target()) / self.per_replica);
        let with = |replicas: u32| self.empty - f64::from(replicas) * self.per_replica;
        let delay = match self.delay_syncs {
            1 => "a delay of 1 sync".to_owned(),
            delay => format!("a delay of {delay} syncs"),
        };
        let (stability, why) = if self.is_too_low(with(min)) {
            let why = format!(
                "Even at minReplicas {min} the metric is below its target, so the HPA stays there."
            );
            (Stability::Saturated { at: min }, why)
        } else if self.is_too_high(with(max)) {
            let why = format!(
                "Even at maxReplicas {max} the metric is above its target, so the HPA stays there \
                 until paid work takes the rest."
            );
            (Stability::Saturated { at: max }, why)
        } else if gain < limit {
            let why = format!(
                "{FALLS}, but slowly enough to settle: loop gain {gain:.2}, below the {limit:.2} \
                 that {delay} allows."
            );
            (self.settled(), why)
        } else if self.stops_within_tolerance() {
            let why = format!(
                "{FALLS}: loop gain {gain:.2}, above the {limit:.2} that {delay} allows, but its \
                 policies are so slow that it stops within its tolerance."
            );
            (Stability::WithinTolerance, why)
        } else if gain <= MAX_GAIN_HELD_BY_TOLERANCE && self.settled() != Stability::Stable {
            let why = format!(
                "{FALLS}: loop gain {gain:.2}, above the {limit:.2} that {delay} allows, so only \
                 its tolerance keeps it from oscillating."
            );
            (Stability::WithinTolerance, why)
        } else {
            let why = format!(
                "{FALLS}, so the HPA chases its own tail: loop gain {gain:.2}, and with {delay} \
                 anything above {limit:.2} oscillates."
            );
            (Stability::Oscillating, why)
        };
        self.analysis(stability, (gain, limit), settles_at, why)
    }

    /// Whether one direction is too slow to cross the tolerance band before its effect shows.
    fn stops_within_tolerance(&self) -> bool {
        let tolerance = self.target.tolerance_down + self.target.tolerance_up;
        let band = tolerance * self.target() / self.per_replica;
        // New pods show in the metric's next value, deleted ones when they have ended.
        let up_ms = self.age_ms.saturating_add(self.context.sync_period_ms);
        let down_ms = up_ms.saturating_add(self.context.grace_ms);
        [(true, up_ms), (false, down_ms)].into_iter().any(|(up, ms)| {
            self.target.max_pods_within(up, ms).is_some_and(|pods| pods as f64 <= band)
        })
    }

    /// `Value` on a metric without the filler's pods: the HPA cannot change the ratio by which
    /// it multiplies.
    fn value_without_filler_pods(&self) -> Analysis {
        let ratio = self.empty / self.target();
        let Target { min, max, .. } = *self.target;
        let because = format!(
            "The HPA's own replicas do not change the metric, so every sync multiplies the \
             replicas by {ratio:.2}"
        );
        let (stability, at, end) = if self.is_too_high(self.empty) {
            (Stability::Saturated { at: max }, max, format!("until maxReplicas {max} stops it"))
        } else if self.is_too_low(self.empty) {
            (Stability::Saturated { at: min }, min, format!("until minReplicas {min} stops it"))
        } else {
            let end = "which is within the tolerance only for the moment".to_owned();
            (Stability::WithinTolerance, min, end)
        };
        self.analysis(stability, (1.0, 1.0), at, format!("{because}, {end}."))
    }

    /// `AverageValue` on a metric that includes the filler's pods: they share what is left
    /// with the metric.
    fn average_with_filler_pods(&self) -> Analysis {
        let gain = self.per_replica / self.target();
        let settles_at = self.bounded(self.empty / (self.per_replica + self.target()));
        let share = 100.0 * self.per_replica / (self.per_replica + self.target());
        let (stability, why) = if gain < 1.0 {
            let why = format!(
                "{FALLS}, so the HPA settles when they fill {share:.0} % of what is left, and the \
                 rest stays idle."
            );
            (self.settled(), why)
        } else {
            let why = format!(
                "{FALLS}, by {gain:.2} times the averageValue for each: anything from 1 on \
                 oscillates."
            );
            (Stability::Oscillating, why)
        };
        self.analysis(stability, (gain, 1.0), settles_at, why)
    }

    /// `AverageValue` on a metric without the filler's pods: it states the replicas outright.
    fn average_without_filler_pods(&self) -> Analysis {
        let settles_at = self.bounded(self.empty / self.target());
        let slack = |tolerance: f64| (tolerance * f64::from(settles_at)).floor() as Amount;
        let (over, under) = (slack(self.target.tolerance_down), slack(self.target.tolerance_up));
        let stability = self.settled();
        let end = match stability {
            Stability::Stable => String::new(),
            _ => {
                let over = units::counted(&over.to_string(), "pod");
                format!(", up to {over} too many or {under} too few")
            }
        };
        let why = format!(
            "The metric states how many replicas fit and does not depend on how many run, so the \
             HPA settles whatever the delay{end}."
        );
        self.analysis(stability, (0.0, 1.0), settles_at, why)
    }
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oscillating => f.write_str("oscillating"),
            Self::Saturated { at } => write!(f, "saturated at {at}"),
            Self::Stable => f.write_str("stable"),
            Self::WithinTolerance => f.write_str("within tolerance"),
            Self::SlowToYield => f.write_str("slow to yield"),
            Self::OneWay { up: true } => f.write_str("only up"),
            Self::OneWay { up: false } => f.write_str("only down"),
            Self::Inert => f.write_str("inert"),
        }
    }
}

/// The part of an HPA that decides how its loop behaves, with the defaults and gates of its
/// cluster applied.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Target of the metric, in thousandths.
    pub(super) milli: i64,
    /// `Value`, where the ratio to the target multiplies the replicas; else `AverageValue`.
    pub(super) is_value: bool,
    pub(super) min: u32,
    pub(super) max: u32,
    /// Distance of the ratio from 1 that the HPA ignores.
    pub(super) tolerance_down: f64,
    pub(super) tolerance_up: f64,
    /// Scale-down stabilization window, in seconds.
    pub(super) window_down_seconds: u32,
    /// The HPA as stored, with this metric alone.
    spec: HpaSpec,
}

/// The metric of a filler's HPA that states capacity, as an index into its spec: oppscale's, else
/// the first External or Object metric with a name of capacity, else the first of those.
///
/// Whether an HPA is a filler's, no name tells: that is for the caller to know, and which of
/// several metrics was taken is for the caller to say.
#[must_use]
pub fn capacity_metric(spec: &HpaSpec) -> Option<usize> {
    const WORDS: [&str; 12] = [
        "core", "cpu", "capacity", "free", "remain", "left", "idle", "avail", "headroom", "slot",
        "fit", "spare",
    ];
    let rank = |(at, metric): (usize, &MetricSpec)| {
        if metric.source.is_per_pod() {
            return None;
        }
        let name = metric.source.name();
        let has_word = WORDS.iter().any(|word| name.to_ascii_lowercase().contains(word));
        Some((!is_fit_replicas_metric(name), !has_word, at))
    };
    let ranked = spec.effective_metrics().iter().enumerate().filter_map(rank);
    ranked.min().map(|(.., at)| at)
}

impl Target {
    /// Reads the capacity metric of an HPA as it is stored.
    pub(super) fn of(stored: &HpaSpec, config: &ControllerConfig) -> Option<Self> {
        let metric = stored.effective_metrics().get(capacity_metric(stored)?)?;
        let target = &metric.target;
        let is_value = metric.is_value();
        let milli = if is_value { target.value } else { target.average_value }?;
        let behavior = stored.behavior.as_ref();
        let flag_seconds = config.downscale_stabilization_seconds;
        let down = behavior.map(|b| b.down(flag_seconds));
        let tolerance = |rules: Option<EffectiveRules<'_>>| {
            rules.and_then(|rules| rules.tolerance).map_or(config.tolerance, |t| t.as_f64())
        };
        let window = down.map(|down| u32::try_from(down.window_seconds).unwrap_or(0));
        let target = Self {
            milli,
            is_value,
            min: stored.effective_min(),
            max: stored.max_replicas,
            tolerance_down: tolerance(down),
            tolerance_up: tolerance(behavior.map(Behavior::up)),
            window_down_seconds: window.unwrap_or(flag_seconds),
            spec: HpaSpec { metrics: vec![metric.clone()], ..stored.clone() },
        };
        (milli > 0).then_some(target)
    }

    /// The most pods that the policies of one direction allow within this time; `None` without
    /// a limit in pods. A percentage of many pods does not limit anything.
    fn max_pods_within(&self, up: bool, ms: u64) -> Option<u64> {
        let behavior = self.spec.behavior.as_ref()?;
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
            // If one policy does not limit the pods, neither do all together.
            SelectPolicy::Max => limits.collect::<Option<Vec<_>>>()?.into_iter().max(),
        }
    }
}
