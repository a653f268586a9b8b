//! What of an HPA the judgement needs, with the defaults and gates of its cluster applied.

use crate::{
    Behavior, ControllerConfig, EffectiveRules, HpaSpec, MetricSource, PolicyType, SelectPolicy,
    TargetType,
};

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
