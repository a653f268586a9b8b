//! What the controller keeps of an HPA between runs, in its own memory only: a restart of
//! kube-controller-manager or the deletion of the HPA loses it.
//!
//! Both lists overwrite the last entry that nobody needs any more instead of shifting, so they
//! stay as long as the longest window asked for, and what an edit of the HPA revives is the same
//! as upstream.

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

// === impl Recommendations ===

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

// === impl ScaleEvents ===

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
