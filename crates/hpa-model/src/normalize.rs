//! From the metrics' wish to the count that is written: stabilization, policies, limits.
//!
//! `normalizeDesiredReplicas` without `behavior`, `normalizeDesiredReplicasWithBehaviors` with
//! it. The order is stabilize first, then limit the rate; the comment upstream says the reverse.

use super::behavior::Behavior;
use super::behavior::EffectiveRules;
use super::behavior::PolicyType;
use super::behavior::SelectPolicy;
use super::condition::AbleToScale;
use super::condition::ScalingLimited;
use super::convert::ceil_replicas;
use super::convert::go_int32;
use super::memory::Recommendations;
use super::memory::ScaleEvents;

/// What one run asks to be normalized.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// `spec.replicas` of the target.
    pub(super) current: i32,
    /// The metrics' wish, not negative.
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
        let limit = up_limit(request, up, ups, downs).max(current);
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
        let limit = down_limit(request, down, ups, downs).min(current);
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

/// `calculateScaleUpLimitWithScalingRules`; per cents round up, or 1 pod could never become 2.
fn up_limit(
    request: Request,
    rules: EffectiveRules<'_>,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
) -> i32 {
    let select = match rules.select {
        SelectPolicy::Disabled => return request.current,
        SelectPolicy::Max => Ord::max,
        SelectPolicy::Min => Ord::min,
    };
    let none = match rules.select {
        SelectPolicy::Min => i32::MAX,
        SelectPolicy::Max | SelectPolicy::Disabled => i32::MIN,
    };
    rules.policies.iter().fold(none, |limit, policy| {
        let start = period_start(request, policy.period_seconds, ups, downs);
        let proposed = match policy.kind {
            PolicyType::Pods => start.wrapping_add(policy.value),
            PolicyType::Percent => ceil_replicas(
                f64::from(start) * (1.0 + f64::from(policy.value) / 100.0),
                request.saturate,
            ),
        };
        select(limit, proposed)
    })
}

/// `calculateScaleDownLimitWithBehaviors`; per cents are cut off, so the last pod can go.
fn down_limit(
    request: Request,
    rules: EffectiveRules<'_>,
    ups: &ScaleEvents,
    downs: &ScaleEvents,
) -> i32 {
    // The largest change is the lowest count.
    let select = match rules.select {
        SelectPolicy::Disabled => return request.current,
        SelectPolicy::Max => Ord::min,
        SelectPolicy::Min => Ord::max,
    };
    let none = match rules.select {
        SelectPolicy::Min => i32::MIN,
        SelectPolicy::Max | SelectPolicy::Disabled => i32::MAX,
    };
    rules.policies.iter().fold(none, |limit, policy| {
        let start = period_start(request, policy.period_seconds, ups, downs);
        let proposed = match policy.kind {
            PolicyType::Pods => start.wrapping_sub(policy.value),
            PolicyType::Percent => {
                go_int32(f64::from(start) * (1.0 - f64::from(policy.value) / 100.0))
            }
        };
        select(limit, proposed)
    })
}

/// The replicas when the period began, as far as the controller's own rescales tell.
fn period_start(request: Request, seconds: i32, ups: &ScaleEvents, downs: &ScaleEvents) -> i32 {
    let added = ups.within(seconds, request.now);
    let removed = downs.within(seconds, request.now);
    request.current.wrapping_sub(added).wrapping_add(removed)
}
