//! The delays that slow an HPA down most, found by the same run without each of them.

use super::outcome::Outcome;
use super::setup::{ApplicationError, ApplicationSetup};
use super::simulation::simulate;
use crate::{Behavior, ScalingRules};

/// A delay of an HPA or its application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// `scaleUp.stabilizationWindowSeconds`, seconds.
    UpWindow(i32),
    /// `policies` or `selectPolicy` of `scaleUp`.
    UpPolicies,
    /// The time until a new pod is ready and warm, milliseconds.
    Start(u64),
    /// `scaleDown.stabilizationWindowSeconds`, or the flag if it is not set, seconds.
    DownWindow(i32),
    /// `policies` or `selectPolicy` of `scaleDown`.
    DownPolicies,
}

/// The outcome of a run without one of its delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithoutDelay {
    /// The delay.
    pub delay: Delay,
    /// The figures without it.
    pub without: Outcome,
}

/// The delays that slow an HPA down most, if any does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DominantDelays {
    /// The delay that lengthens [`Outcome::longest_shortfall_ms`] most.
    pub up: Option<WithoutDelay>,
    /// The delay that enlarges [`Outcome::spare_pod_ms`] most.
    pub down: Option<WithoutDelay>,
}

/// Shortfalls and spare pods below these are as good as an HPA gets: milliseconds, and
/// milliseconds of a pod.
const SHORTFALL_MS: u64 = 60_000;
const SPARE_POD_MS: u64 = 1_800_000;

/// Finds the delays that slow the HPA down most, by runs without each of them.
///
/// # Errors
/// As [`simulate`].
pub fn dominant_delays(
    setup: &ApplicationSetup,
    outcome: &Outcome,
) -> Result<DominantDelays, ApplicationError> {
    let behavior = setup.spec.behavior.clone().unwrap_or_default();
    let flag = setup.config.downscale_stabilization_seconds;
    let application = setup.application;
    let start = application.start_ms.saturating_add(application.warmup_ms);
    let limits = |rules: &Option<ScalingRules>| {
        rules.as_ref().is_some_and(|r| r.policies.is_some() || r.select_policy.is_some())
    };
    let (up_window, down_window) =
        (behavior.up().window_seconds, behavior.down(flag).window_seconds);
    let mut up = Vec::new();
    let mut down = Vec::new();
    if outcome.longest_shortfall_ms > SHORTFALL_MS {
        up.extend((up_window > 0).then_some(Delay::UpWindow(up_window)));
        up.extend(limits(&behavior.scale_up).then_some(Delay::UpPolicies));
        up.extend((start > 0).then_some(Delay::Start(start)));
    }
    if outcome.spare_pod_ms > SPARE_POD_MS {
        down.extend((down_window > 0).then_some(Delay::DownWindow(down_window)));
        down.extend(limits(&behavior.scale_down).then_some(Delay::DownPolicies));
    }
    let without = |delay: &Delay| -> Result<WithoutDelay, ApplicationError> {
        let run = simulate(&delay.released(setup, behavior.clone()))?;
        Ok(WithoutDelay { delay: *delay, without: run.outcome })
    };
    let up: Vec<_> = up.iter().map(without).collect::<Result<_, _>>()?;
    let down: Vec<_> = down.iter().map(without).collect::<Result<_, _>>()?;
    let up = up.into_iter().min_by_key(|run| run.without.longest_shortfall_ms);
    let down = down.into_iter().min_by_key(|run| run.without.spare_pod_ms);
    // What saves less than a third is one delay among others.
    let (short, spare) = (outcome.longest_shortfall_ms, outcome.spare_pod_ms);
    Ok(DominantDelays {
        up: up.filter(|run| run.without.longest_shortfall_ms < short / 3 * 2),
        down: down.filter(|run| run.without.spare_pod_ms < spare / 3 * 2),
    })
}

impl Delay {
    /// The setup without this delay.
    fn released(self, setup: &ApplicationSetup, mut behavior: Behavior) -> ApplicationSetup {
        let mut setup = setup.clone();
        let rules = |rules: &mut Option<ScalingRules>, change: fn(&mut ScalingRules)| {
            change(rules.get_or_insert_default());
        };
        let no_window = |rules: &mut ScalingRules| rules.stabilization_window_seconds = Some(0);
        let no_policies = |rules: &mut ScalingRules| {
            rules.policies = None;
            rules.select_policy = None;
        };
        match self {
            Self::UpWindow(_) => rules(&mut behavior.scale_up, no_window),
            Self::UpPolicies => rules(&mut behavior.scale_up, no_policies),
            Self::DownWindow(_) => rules(&mut behavior.scale_down, no_window),
            Self::DownPolicies => rules(&mut behavior.scale_down, no_policies),
            Self::Start(_) => {
                (setup.application.start_ms, setup.application.warmup_ms) = (0, 0);
                return setup;
            }
        }
        setup.spec.behavior = Some(behavior);
        setup
    }
}
