//! The verdict on the HPA of an application: found by running it at constant loads.
//!
//! No formula covers several metrics, readiness, windows and policies together; a model that is
//! exact and takes a millisecond does. At a constant load an HPA that keeps turning round
//! oscillates, one that stops settles, whatever its metrics are.

use std::time::Duration;

use oppscale_core::units;

use super::demand::Demand;
use super::outcome::Run;
use super::setup::{ApplicationError, ApplicationSetup, Target};
use super::simulation::{reversals, simulate};
use crate::replica_calculator::Tolerances;
use crate::{Behavior, SelectPolicy};

/// The behaviour of an HPA at a constant load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SteadyState {
    /// It settles.
    Settles {
        /// The longest time until it did, from the fewest replicas or from the most,
        /// milliseconds.
        within_ms: u64,
    },
    /// It keeps scaling up and down.
    Oscillates {
        /// Fewest replicas of the cycle.
        least: u32,
        /// Most replicas of the cycle.
        most: u32,
    },
    /// It reaches a bound and stays there at any load.
    Saturated {
        /// The bound, in replicas.
        at: u32,
    },
    /// It moves in one direction only.
    OneWay {
        /// Whether that is up.
        up: bool,
    },
    /// It moves so slowly that it had not arrived when the trial ended.
    Slow {
        /// Length of the trial, milliseconds.
        after_ms: u64,
    },
    /// It never moves.
    Inert,
}

/// The verdict, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationVerdict {
    /// The behaviour of the HPA.
    pub steady_state: SteadyState,
    /// The reason, in one or two sentences.
    pub why: String,
}

/// Shortest trial, milliseconds.
const TRIAL_MS: u64 = 2 * 3_600_000;
/// Loads of the trials, as shares of what `maxReplicas` serve at the target.
const LOADS: [f64; 3] = [0.35, 0.6, 0.85];

/// Judges an HPA by trials at constant loads, from the fewest and from the most replicas.
///
/// # Errors
/// When the setup cannot be simulated.
pub fn judge(setup: &ApplicationSetup) -> Result<ApplicationVerdict, ApplicationError> {
    if let Some(why) = setup.target.obstacle() {
        setup.check()?;
        let swing = match &setup.target {
            Target::Shared { bounds, .. } => bounds.swing(),
            _ => None,
        };
        let steady_state = swing
            .map_or(SteadyState::Inert, |(least, most)| SteadyState::Oscillates { least, most });
        return Ok(ApplicationVerdict { steady_state, why });
    }
    let (min, max) = (setup.spec.effective_min().max(1), setup.spec.max_replicas);
    if min >= max {
        let why = format!("minReplicas and maxReplicas are both {max}, so the HPA has no choice.");
        return Ok(ApplicationVerdict { steady_state: SteadyState::Inert, why });
    }
    let end_ms = TRIAL_MS.saturating_add(slowest_ms(setup).saturating_mul(4));
    let mut trials = Vec::new();
    for load in LOADS {
        for start in [min, max] {
            let level = f64::from(max) * load * setup.application.target_load;
            let trial = ApplicationSetup {
                demand: Demand::constant(level),
                start_replicas: start,
                end_ms,
                sample_ms: end_ms,
                ..setup.clone()
            };
            trials.push(Trial { start, run: simulate(&trial)? });
        }
    }
    Ok(verdict(setup, &trials, end_ms))
}

struct Trial {
    start: u32,
    run: Run,
}

impl Trial {
    fn last(&self) -> u32 {
        self.run.rescales.last().map_or(self.start, |rescale| rescale.to)
    }

    fn settled_ms(&self) -> u64 {
        self.run.rescales.last().map_or(0, |rescale| rescale.at_ms)
    }
}

fn verdict(setup: &ApplicationSetup, trials: &[Trial], end_ms: u64) -> ApplicationVerdict {
    let (min, max) = (setup.spec.effective_min().max(1), setup.spec.max_replicas);
    let (up, down) = directions(setup.spec.behavior.as_ref());
    let of = |steady_state, why: String| ApplicationVerdict { steady_state, why };
    // The last third: every window and every policy has passed several times by then.
    let late = end_ms / 3 * 2;
    let moves = |trial: &Trial| -> Vec<_> {
        trial.run.rescales.iter().filter(|rescale| rescale.at_ms >= late).copied().collect()
    };
    if let Some(trial) =
        trials.iter().find(|trial| trial.run.failed_syncs > 0 && trial.run.rescales.is_empty())
        && let Some(failure) = &trial.run.failure
    {
        return of(SteadyState::Inert, format!("The HPA never moves. {failure}."));
    }
    if !up && !down {
        return of(SteadyState::Inert, "Both directions have selectPolicy Disabled.".to_owned());
    }
    let cycles = trials.iter().map(moves).filter(|moves| reversals(moves) >= 2);
    let counts: Vec<u32> = cycles.flatten().flat_map(|change| [change.from, change.to]).collect();
    if let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) {
        let (least, most) = (*least, *most);
        let why = format!(
            "At a constant load the replicas go on swinging between {least} and {most}: the HPA \
             reacts to values from before its last change."
        );
        return of(SteadyState::Oscillates { least, most }, why);
    }
    if !up || !down {
        let (direction, other) = if up { ("up", "scaleDown") } else { ("down", "scaleUp") };
        let why = format!(
            "{other} has selectPolicy Disabled, so the replicas only ever go {direction}: after \
             the {} load of its life the HPA stays there.",
            if up { "highest" } else { "lowest" }
        );
        return of(SteadyState::OneWay { up }, why);
    }
    if trials.iter().any(|trial| !moves(trial).is_empty()) {
        let after = units::duration(Duration::from_millis(end_ms));
        let why = format!(
            "At a constant load the HPA was still moving after {after}: its policies allow it no \
             more."
        );
        return of(SteadyState::Slow { after_ms: end_ms }, why);
    }
    let pod = &setup.application;
    let mut from_min = trials.iter().filter(|trial| trial.start == min);
    if pod.capacity <= pod.target_load * Tolerances::of(&setup.spec, &setup.config).high
        && from_min.all(|trial| trial.last() == min)
    {
        let why = format!(
            "A pod can do no more than its target and the tolerance, so the metric never asks for \
             more: the HPA does not leave minReplicas {min}, however high the load."
        );
        return of(SteadyState::Saturated { at: min }, why);
    }
    let lasts: Vec<u32> = trials.iter().map(Trial::last).collect();
    if let Some(at) = [min, max].into_iter().find(|bound| lasts.iter().all(|last| last == bound)) {
        let (name, reason) = if at == max {
            ("maxReplicas", "more pods do not bring the metric down to its target")
        } else {
            ("minReplicas", "the metric does not rise above its target")
        };
        let why = format!("At every load the HPA runs to {name} {at} and stays there: {reason}.");
        return of(SteadyState::Saturated { at }, why);
    }
    if trials.iter().all(|trial| trial.run.rescales.is_empty()) {
        let why = "The HPA stays where it starts, whatever the load.".to_owned();
        return of(SteadyState::Inert, why);
    }
    let longest = |start: u32| {
        let of_start = trials.iter().filter(|trial| trial.start == start);
        let ms = of_start.map(Trial::settled_ms).max().unwrap_or(0);
        (ms, units::duration(Duration::from_millis(ms / 1000 * 1000)))
    };
    let ((up_ms, up), (down_ms, down)) = (longest(min), longest(max));
    let why = format!(
        "At a constant load the HPA settles: within {up} from minReplicas {min}, within {down} \
         from maxReplicas {max}."
    );
    of(SteadyState::Settles { within_ms: up_ms.max(down_ms) }, why)
}

/// Whether the HPA may scale up, and down.
fn directions(behavior: Option<&Behavior>) -> (bool, bool) {
    let Some(behavior) = behavior else { return (true, true) };
    let is_on = |select| select != SelectPolicy::Disabled;
    (is_on(behavior.up().select), is_on(behavior.down(0).select))
}

/// The longest of windows and policies, milliseconds.
fn slowest_ms(setup: &ApplicationSetup) -> u64 {
    let flag = setup.config.downscale_stabilization_seconds;
    let Some(behavior) = &setup.spec.behavior else { return u64::from(flag) * 1000 };
    let rules = [behavior.up(), behavior.down(flag)];
    let longest = rules.iter().map(|rules| rules.window_seconds.max(rules.longest_period())).max();
    u64::try_from(longest.unwrap_or(0)).unwrap_or(0) * 1000
}
