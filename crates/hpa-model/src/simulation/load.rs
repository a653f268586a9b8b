//! A level over time: replicas of a paid application, or the work its autoscaler answers to.
//!
//! A load is a list of points. The level holds from one point to the next, or runs in a
//! straight line to it (a ramp). Before the first point it is the first point's.

/// A level over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    points: Vec<Point>,
}

/// One point of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When, milliseconds since the start.
    pub at_ms: u64,
    /// The level from then on: replicas, or millicores of work.
    pub level: u32,
    /// Whether the level runs in a line to this point from the one before.
    pub ramp: bool,
}

impl Load {
    /// A level that never changes.
    #[must_use]
    pub fn constant(level: u32) -> Self {
        Self::default().step(0, level)
    }

    /// Adds a jump to `level` at `at_ms`, which must not lie before the last point.
    #[must_use]
    pub fn step(mut self, at_ms: u64, level: u32) -> Self {
        self.points.push(Point { at_ms, level, ramp: false });
        self
    }

    /// Adds a line from the last point to `level` at `at_ms`.
    #[must_use]
    pub fn ramp(mut self, at_ms: u64, level: u32) -> Self {
        self.points.push(Point { at_ms, level, ramp: true });
        self
    }

    /// The replicas that follow recorded requests: samples of `(milliseconds, millicores)`,
    /// in pods of `pod_milli` millicores, rounded up.
    #[must_use]
    pub fn recorded(samples: &[(u64, u64)], pod_milli: u32) -> Self {
        let pod = u64::from(pod_milli.max(1));
        samples.iter().fold(Self::default(), |load, (at_ms, milli)| {
            load.step(*at_ms, u32::try_from(milli.div_ceil(pod)).unwrap_or(u32::MAX))
        })
    }

    /// The points in order.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Whether no point lies before the one ahead of it.
    pub(super) fn is_in_order(&self) -> bool {
        self.points.is_sorted_by_key(|point| point.at_ms)
    }

    /// The level at `at_ms`. On a ramp it is the whole number that has been reached.
    #[must_use]
    pub fn level(&self, at_ms: u64) -> u32 {
        let next = self.points.partition_point(|point| point.at_ms <= at_ms);
        let Some(from) = next.checked_sub(1).and_then(|at| self.points.get(at)) else {
            return self.points.first().map_or(0, |first| first.level);
        };
        match self.points.get(next) {
            Some(to) if to.ramp => on_line(*from, *to, at_ms),
            _ => from.level,
        }
    }

    /// The next moment after `at_ms` at which the level changes.
    pub(super) fn next_change(&self, at_ms: u64) -> Option<u64> {
        let now = self.level(at_ms);
        let next = self.points.partition_point(|point| point.at_ms <= at_ms);
        for at in next..self.points.len() {
            let to = self.points[at];
            let from = at.checked_sub(1).map(|before| self.points[before]);
            if let Some(from) = from.filter(|_| to.ramp)
                && let Some(moment) = crossing(from, to, now)
                && moment > at_ms
            {
                return Some(moment);
            }
            if self.level(to.at_ms) != now {
                return Some(to.at_ms);
            }
        }
        None
    }
}

/// The level on the line at a moment between its ends, cut towards the start.
fn on_line(from: Point, to: Point, at_ms: u64) -> u32 {
    let length = u128::from(to.at_ms.saturating_sub(from.at_ms)).max(1);
    let passed = u128::from(at_ms.saturating_sub(from.at_ms));
    let climb = u128::from(from.level.abs_diff(to.level)) * passed / length;
    let climb = u32::try_from(climb).unwrap_or(u32::MAX);
    if to.level >= from.level {
        from.level.saturating_add(climb)
    } else {
        from.level.saturating_sub(climb)
    }
}

/// Time at which the line first leaves the level `now`, if it ever does.
fn crossing(from: Point, to: Point, now: u32) -> Option<u64> {
    let span = from.level.abs_diff(to.level);
    let done = from.level.abs_diff(now);
    if done >= span {
        return None;
    }
    let length = u128::from(to.at_ms.saturating_sub(from.at_ms));
    let passed = (u128::from(done) + 1) * length;
    let passed = passed.div_ceil(u128::from(span));
    from.at_ms.checked_add(u64::try_from(passed).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_changes_one_by_one_and_ends_where_it_says() {
        let load = Load::constant(2).step(1_000, 2).ramp(4_000, 5).step(6_000, 5).ramp(8_000, 4);
        let mut changes = Vec::new();
        let mut at = 0;
        while let Some(next) = load.next_change(at) {
            changes.push((next, load.level(next)));
            at = next;
        }
        assert_eq!(changes, [(2_000, 3), (3_000, 4), (4_000, 5), (8_000, 4)]);
        assert_eq!((load.level(0), load.level(1_999), load.level(99_999)), (2, 2, 4));
    }

    #[test]
    fn a_recording_is_followed_in_whole_pods() {
        let load = Load::recorded(&[(0, 4_000), (60_000, 4_100), (120_000, 0)], 2_000);
        assert_eq!((load.level(0), load.level(60_000), load.level(200_000)), (2, 3, 0));
        assert!(load.is_in_order());
    }

    #[test]
    fn every_change_is_found_by_looking_at_every_millisecond() {
        let load = Load::constant(3).step(7, 3).ramp(20, 11).ramp(33, 0).step(40, 6).ramp(41, 1);
        let mut expected = Vec::new();
        for at in 1..60 {
            if load.level(at) != load.level(at - 1) {
                expected.push(at);
            }
        }
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(next) = load.next_change(at) {
            found.push(next);
            at = next;
        }
        assert_eq!(found, expected);
    }
}
