//! Who had what in the last minutes, for the chart.

use std::collections::VecDeque;
use std::time::Duration;

use oppscale_core::resources::{Amount, Resources};

/// Time span that is kept.
pub(super) const SPAN: Duration = Duration::from_secs(600);
/// Duration of a step: 300 steps are more than a terminal has columns.
const STEP: Duration = Duration::from_secs(2);

/// The shares of the usable nodes at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shares {
    /// Requests of paid pods that have a node.
    pub(super) paid: Resources,
    /// Requests of the filler.
    pub(super) filler: Resources,
    /// Capacity that must stay free: the reserve, and the requests of waiting paid pods.
    pub(super) kept: Resources,
    pub(super) allocatable: Resources,
}

/// The shares of one resource at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) paid: Amount,
    pub(super) filler: Amount,
    pub(super) kept: Amount,
    pub(super) allocatable: Amount,
}

impl Shares {
    fn of(&self, resource: &str) -> Share {
        Share {
            paid: self.paid.get(resource),
            filler: self.filler.get(resource),
            kept: self.kept.get(resource),
            allocatable: self.allocatable.get(resource),
        }
    }
}

impl Share {
    /// Capacity for the filler, its own requests included.
    pub(super) fn remaining(&self) -> Amount {
        self.allocatable - self.paid - self.kept
    }

    /// The mean of several.
    fn mean(shares: &[Self]) -> Option<Self> {
        let count = Amount::try_from(shares.len()).ok().filter(|count| *count > 0)?;
        let of = |of: fn(&Self) -> Amount| shares.iter().map(of).sum::<Amount>() / count;
        Some(Self {
            paid: of(|share| share.paid),
            filler: of(|share| share.filler),
            kept: of(|share| share.kept),
            allocatable: of(|share| share.allocatable),
        })
    }
}

/// The shares, step by step. A step without a measurement repeats the one before; a step in which
/// pods were unknown has no value.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// Each value with the number of its step.
    values: VecDeque<(u64, Option<Shares>)>,
}

impl History {
    /// Records the shares at time `at` since the beginning.
    pub(super) fn push(&mut self, at: Duration, shares: Option<Shares>) {
        let step = step_of(at);
        // A recording that was wound back will produce these steps again.
        while self.values.back().is_some_and(|(last, _)| *last >= step) {
            self.values.pop_back();
        }
        self.values.push_back((step, shares));
        let oldest = step.saturating_sub(step_of(SPAN));
        // The value before the oldest step holds at its beginning.
        while self.values.get(1).is_some_and(|(next, _)| *next <= oldest) {
            self.values.pop_front();
        }
    }

    /// The shares of `resource` in `columns` parts of the time until `now`: the mean of
    /// each part, `None` where it was unknown.
    pub(super) fn columns(
        &self,
        resource: &str,
        now: Duration,
        columns: usize,
    ) -> Vec<Option<Share>> {
        let steps = self.steps(resource, now);
        if steps.len() <= columns {
            return steps;
        }
        let part = |column: usize| {
            let (from, to) = (column * steps.len() / columns, (column + 1) * steps.len() / columns);
            let known: Vec<_> = steps[from..to].iter().flatten().copied().collect();
            Share::mean(&known)
        };
        (0..columns).map(part).collect()
    }

    /// Lowest and highest remaining amount.
    pub(super) fn range(&self, resource: &str) -> Option<(Amount, Amount)> {
        let of = |shares: &Shares| shares.of(resource).remaining();
        let known = || self.values.iter().filter_map(|(_, shares)| shares.as_ref().map(of));
        Some((known().min()?, known().max()?))
    }

    /// The time span that is held.
    pub(super) fn span(&self, now: Duration) -> Duration {
        let first = self.values.front().map_or(0, |(step, _)| *step);
        let steps = step_of(now).saturating_sub(first).min(step_of(SPAN));
        STEP * u32::try_from(steps).unwrap_or(u32::MAX)
    }

    fn steps(&self, resource: &str, now: Duration) -> Vec<Option<Share>> {
        let last = step_of(now).max(self.values.back().map_or(0, |(step, _)| *step));
        let oldest = last.saturating_sub(step_of(SPAN) - 1);
        let mut values = self.values.iter().peekable();
        let mut current = None;
        let mut steps = Vec::new();
        let Some((first, _)) = self.values.front() else { return steps };
        for step in (*first).max(oldest)..=last {
            while let Some((_, value)) = values.next_if(|(at, _)| *at <= step) {
                current = value.as_ref().map(|shares| shares.of(resource));
            }
            steps.push(current);
        }
        steps
    }
}

fn step_of(at: Duration) -> u64 {
    at.as_secs() / STEP.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oppscale_core::resources::CPU;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Shares of which so much remains.
    fn cpu(cores: Amount) -> Option<Shares> {
        Some(Shares { allocatable: Resources::default().with(CPU, cores), ..Shares::default() })
    }

    fn remaining(shares: Vec<Option<Share>>) -> Vec<Option<Amount>> {
        shares.iter().map(|share| share.as_ref().map(Share::remaining)).collect()
    }

    #[test]
    fn what_was_not_measured_is_as_before() {
        let mut history = History::default();
        history.push(seconds(0), cpu(4));
        history.push(seconds(1), cpu(5));
        history.push(seconds(6), None);
        history.push(seconds(8), cpu(1));
        let seen = remaining(history.columns(CPU, seconds(11), 80));
        assert_eq!(seen, [Some(5), Some(5), Some(5), None, Some(1), Some(1)]);
        assert_eq!(history.range(CPU), Some((1, 5)));
    }

    #[test]
    fn columns_are_means_and_ten_minutes_are_kept() {
        let mut history = History::default();
        for at in 0..2000 {
            history.push(seconds(at), cpu(at.into()));
        }
        assert!(history.values.len() <= 302, "{}", history.values.len());
        let seen = remaining(history.columns(CPU, seconds(1999), 10));
        assert_eq!(seen.len(), 10);
        assert_eq!(seen.last(), Some(&Some(1970)), "the mean of the last minute");
        assert_eq!(history.span(seconds(1999)), SPAN);
    }

    #[test]
    fn winding_back_forgets_what_was_to_come() {
        let mut history = History::default();
        history.push(seconds(0), cpu(1));
        history.push(seconds(100), cpu(9));
        history.push(seconds(50), cpu(3));
        assert_eq!(history.range(CPU), Some((1, 3)));
        assert_eq!(history.columns(CPU, seconds(50), 100).len(), 26);
    }
}
