//! How long to wait before the next try.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first wait: a restarted server is back within it.
const FIRST: Duration = Duration::from_millis(250);
/// The longest: after a long absence the data is current within half a minute.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that double, each at random between its half and its whole, so that many clients
/// of one server do not come back at once.
#[derive(Debug)]
pub(super) struct Backoff {
    tries: u32,
    longest: Duration,
}

impl Backoff {
    /// Waits that grow to `longest`, and never beyond half a minute.
    pub(super) fn up_to(longest: Duration) -> Self {
        Self { tries: 0, longest: longest.clamp(FIRST, LONGEST) }
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tries.min(16)).min(self.longest);
        self.tries = self.tries.saturating_add(1);
        // The hasher's keys are random in each process, and another pair each time.
        let random = RandomState::new().hash_one(self.tries) % 1000;
        whole / 2 + whole.mul_f64(random as f64 / 2000.0)
    }

    /// How often something was tried in vain.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Begins anew, after a success.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_minute_and_differ() {
        let mut backoff = Backoff::up_to(Duration::MAX);
        let waits: Vec<_> = (0..40).map(|_| backoff.next()).collect();
        assert!(waits[0] >= FIRST / 2 && waits[0] <= FIRST, "{waits:?}");
        assert!(waits[20..].iter().all(|wait| *wait >= LONGEST / 2 && *wait <= LONGEST));
        assert!(waits[20..].iter().any(|wait| *wait != waits[20]), "{waits:?}");
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }

    #[test]
    fn who_must_be_current_sooner_waits_less() {
        let mut backoff = Backoff::up_to(Duration::from_secs(10));
        assert!((0..40).all(|_| backoff.next() <= Duration::from_secs(10)));
    }
}
