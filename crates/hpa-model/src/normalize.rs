//! From the proposal of the metrics to the count that is written: stabilization window, policies
//! and bounds, with the recommendations and scale events that they need.
//!
//! `normalizeDesiredReplicas` without `behavior`, `normalizeDesiredReplicasWithBehaviors` with
//! it. The order is stabilize first, then limit the rate; the comment upstream says the reverse.
//!
//! Recommendations and scale events are in the controller's memory only: a restart of
//! kube-controller-manager or the deletion of the HPA loses them.
//!
//! Both lists overwrite the last entry that is no longer needed instead of shifting, so they
//! stay as long as the longest window asked for, and what an edit of the HPA revives is the same
//! as upstream.

use super::convert::{ceil_replicas, go_int32};
use super::spec::{Behavior, EffectiveRules, PolicyType, SelectPolicy};
use super::status::{AbleToScale, ScalingLimited};

/// The input of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// `spec.replicas` of the target.
    pub(super) current: i32,
    /// Replicas that the metrics ask for, not negative.
    pub(super) desired: i32,
    pub(super) min: i32,
    pub(super) max: i32,
    pub(super) now: i64,
    /// The flag's scale-down window.
    pub(super) flag_seconds: u32,
    /// Saturate instead of wrapping when a policy exceeds `int32`.
    pub(super) saturate: bool,
}

/// The count, and the conditions that go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Normalized {
    pub(super) replicas: i32,
    pub(super) able: AbleToScale,
    pub(super) limited: ScalingLimited,
}

/// Without `behavior`: the highest recommendation of the flag's window, at most doubling.
pub(super) fn without_behavior(request: Request, memory: &mut Recommendations) -> Normalized {
    let window = super::convert::int32(request.flag_seconds);
    let wanted = memory.highest(request.desired, window, request.now);
    let able = if wanted == request.desired {
        AbleToScale::ReadyForNewScale
    } else {
        AbleToScale::ScaleDownStabilized
    };
    let doubled = go_int32((2.0 * f64::from(request.current)).max(4.0));
    let (ceiling, reason) = if request.max > doubled {
        (doubled, ScalingLimited::ScaleUpLimit)
    } else {
        (request.max, ScalingLimited::TooManyReplicas)
    };
    let (replicas, limited) = if wanted < request.min {
        (request.min, ScalingLimited::TooFewReplicas)
    } else if wanted > ceiling {
        (ceiling, reason)
    } else {
        (wanted, ScalingLimited::DesiredWithinRange)
    };
    Normalized { replicas, able, limited }
}

/// With `behavior`: both windows hold the count where it is, then the policies of the direction
/// and the limit on its side apply. `minReplicas` does not limit the way up, nor `maxReplicas`
/// the way down.
pub(super) fn with_behavior(
    request: Request,
    behavior: &Behavior,
    memory: &mut Recommendations,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
) -> Normalized {
    let current = request.current;
    let (up, down) = (behavior.up(), behavior.down(request.flag_seconds));
    let bounds =
        memory.bounds(request.desired, up.window_seconds, down.window_seconds, request.now);
    // Not `clamp`: the highest wins should the two ever cross.
    let wanted = current.max(bounds.lowest).min(bounds.highest);
    let able = if wanted == request.desired {
        AbleToScale::ReadyForNewScale
    } else if request.desired >= current {
        AbleToScale::ScaleUpStabilized
    } else {
        AbleToScale::ScaleDownStabilized
    };

    let (replicas, limited) = if wanted > current {
        let limit = policy_limit(request, up, ups, downs, true).max(current);
        let (ceiling, reason) = if request.max > limit {
            (limit, ScalingLimited::ScaleUpLimit)
        } else {
            (request.max, ScalingLimited::TooManyReplicas)
        };
        if wanted > ceiling {
            (ceiling, reason)
        } else {
            (wanted, ScalingLimited::DesiredWithinRange)
        }
    } else if wanted < current {
        let limit = policy_limit(request, down, ups, downs, false).min(current);
        let (floor, reason) = if request.min < limit {
            (limit, ScalingLimited::ScaleDownLimit)
        } else {
            (request.min, ScalingLimited::TooFewReplicas)
        };
        if wanted < floor { (floor, reason) } else { (wanted, ScalingLimited::DesiredWithinRange) }
    } else {
        (wanted, ScalingLimited::DesiredWithinRange)
    };
    Normalized { replicas, able, limited }
}

/// `calculateScaleUpLimitWithScalingRules` and `calculateScaleDownLimitWithBehaviors`. On the way
/// up per cents round up, or 1 pod could never become 2; on the way down they are cut off, so the
/// last pod can go.
fn policy_limit(
    request: Request,
    rules: EffectiveRules<'_>,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
    up: bool,
) -> i32 {
    // The largest change is the highest count on the way up, and the lowest on the way down.
    let takes_highest = match rules.select {
        SelectPolicy::Disabled => return request.current,
        SelectPolicy::Max => up,
        SelectPolicy::Min => !up,
    };
    let limits = rules.policies.iter().map(|policy| {
        let start = period_start(request, policy.period_seconds, ups, downs);
        let share = f64::from(policy.value) / 100.0;
        match (policy.kind, up) {
            (PolicyType::Pods, true) => start.wrapping_add(policy.value),
            (PolicyType::Pods, false) => start.wrapping_sub(policy.value),
            (PolicyType::Percent, true) => {
                ceil_replicas(f64::from(start) * (1.0 + share), request.saturate)
            }
            (PolicyType::Percent, false) => go_int32(f64::from(start) * (1.0 - share)),
        }
    });
    match takes_highest {
        true => limits.max().unwrap_or(i32::MIN),
        false => limits.min().unwrap_or(i32::MAX),
    }
}

/// The replicas when the period began, as far as the controller's own rescales tell.
fn period_start(request: Request, seconds: i32, ups: &ScaleEvents, downs: &ScaleEvents) -> i32 {
    let added = ups.within(seconds, request.now);
    let removed = downs.within(seconds, request.now);
    request.current.wrapping_sub(added).wrapping_add(removed)
}

/// Raw recommendations: before stabilization, policies and limits, but never negative.
#[derive(Clone, Debug, Default)]
pub(super) struct Recommendations {
    entries: Vec<Recommendation>,
}

#[derive(Clone, Copy, Debug)]
struct Recommendation {
    replicas: i32,
    at: i64,
}

/// The lowest and highest recommendation of the two windows of `behavior`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) lowest: i32,
    pub(super) highest: i32,
}

/// Sizes of the controller's own rescales in one direction. Changes made by others, such as
/// `kubectl scale`, are never in here.
#[derive(Clone, Debug, Default)]
pub(super) struct ScaleEvents {
    entries: Vec<ScaleEvent>,
}

#[derive(Clone, Copy, Debug)]
struct ScaleEvent {
    change: i32,
    at: i64,
    outdated: bool,
}

impl Recommendations {
    /// `recordInitialRecommendation`: the replicas found at the first run.
    pub(super) fn start_with(&mut self, replicas: i32, now: i64) {
        if self.entries.is_empty() {
            // Upstream stamps it before the run computes its cutoffs and the others after; one
            // millisecond keeps that order.
            let at = now.saturating_sub(1);
            self.entries.push(Recommendation { replicas, at });
        }
    }

    /// `stabilizeRecommendation`, for HPAs without `behavior`: records `desired` and gives the
    /// highest recommendation that is not older than the window.
    pub(super) fn highest(&mut self, desired: i32, window_seconds: i32, now: i64) -> i32 {
        let cutoff = cutoff(now, window_seconds);
        let mut highest = desired;
        let mut reuse = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.at < cutoff {
                reuse = Some(index);
            } else {
                highest = highest.max(entry.replicas);
            }
        }
        self.record(desired, now, reuse);
        highest
    }

    /// The first half of `stabilizeRecommendationWithBehaviors`: records `desired` and gives the
    /// lowest of the scale-up window and the highest of the scale-down window.
    pub(super) fn bounds(
        &mut self,
        desired: i32,
        up_seconds: i32,
        down_seconds: i32,
        now: i64,
    ) -> Bounds {
        let (up, down) = (cutoff(now, up_seconds), cutoff(now, down_seconds));
        let (mut lowest, mut highest) = (desired, desired);
        let mut reuse = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.at > up {
                lowest = lowest.min(entry.replicas);
            }
            if entry.at > down {
                highest = highest.max(entry.replicas);
            }
            if entry.at < up && entry.at < down {
                reuse = Some(index);
            }
        }
        self.record(desired, now, reuse);
        Bounds { lowest, highest }
    }

    fn record(&mut self, replicas: i32, at: i64, reuse: Option<usize>) {
        let entry = Recommendation { replicas, at };
        match reuse.and_then(|index| self.entries.get_mut(index)) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
    }
}

impl ScaleEvents {
    /// `storeScaleEvent`: remembers a rescale by `change` pods, in place of the last event older
    /// than the longest policy period.
    pub(super) fn store(&mut self, change: i32, longest_seconds: i32, now: i64) {
        let cutoff = cutoff(now, longest_seconds);
        let mut reuse = None;
        for entry in &mut self.entries {
            entry.outdated |= entry.at < cutoff;
            if entry.outdated {
                reuse = Some(entry);
            }
        }
        let event = ScaleEvent { change, at: now, outdated: false };
        match reuse {
            Some(old) => *old = event,
            None => self.entries.push(event),
        }
    }

    /// `getReplicasChangePerPeriod`: pods moved by events younger than the period.
    pub(super) fn within(&self, period_seconds: i32, now: i64) -> i32 {
        let cutoff = cutoff(now, period_seconds);
        self.entries
            .iter()
            .filter(|event| event.at > cutoff)
            .fold(0, |sum, event| sum.wrapping_add(event.change))
    }
}

fn cutoff(now: i64, seconds: i32) -> i64 {
    now.saturating_sub(i64::from(seconds).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_behavior_the_edge_of_the_window_still_counts() {
        let mut memory = Recommendations::default();
        memory.highest(9, 300, 0);
        assert_eq!(memory.highest(1, 300, 300_000), 9);
        assert_eq!(memory.highest(1, 300, 300_001), 1);
    }

    #[test]
    fn with_behavior_the_edge_of_the_window_does_not_count() {
        let mut memory = Recommendations::default();
        memory.bounds(9, 60, 60, 0);
        assert_eq!(memory.bounds(5, 60, 60, 59_999).highest, 9);
        assert_eq!(memory.bounds(6, 60, 60, 60_000).highest, 6);
        assert_eq!(memory.bounds(6, 60, 60, 60_001).lowest, 5);
    }

    #[test]
    fn the_initial_recommendation_is_older_than_the_first_run() {
        let mut memory = Recommendations::default();
        memory.start_with(2, 1_000);
        memory.bounds(8, 0, 0, 1_000);
        memory.start_with(99, 2_000);
        // The first run has overwritten it, so a longer window does not find it again.
        let bounds = memory.bounds(8, 300, 300, 2_000);
        assert_eq!((bounds.lowest, bounds.highest), (8, 8));
    }

    #[test]
    fn the_last_expired_entry_is_overwritten() {
        let mut memory = Recommendations::default();
        for (replicas, now) in [(1, 0), (2, 1_000), (3, 2_000)] {
            memory.highest(replicas, 300, now);
        }
        memory.highest(4, 1, 10_000);
        let kept: Vec<_> = memory.entries.iter().map(|entry| entry.replicas).collect();
        assert_eq!(kept, [1, 2, 4]);
    }

    #[test]
    fn events_count_until_the_edge_and_are_overwritten_after_it() {
        let mut events = ScaleEvents::default();
        events.store(4, 15, 0);
        assert_eq!(events.within(15, 14_999), 4);
        assert_eq!(events.within(15, 15_000), 0);
        events.store(5, 15, 15_000);
        assert_eq!(events.entries.len(), 2);
        events.store(6, 15, 15_001);
        assert_eq!(events.entries.len(), 2);
        assert_eq!(events.within(60, 15_001), 11);
    }
}
