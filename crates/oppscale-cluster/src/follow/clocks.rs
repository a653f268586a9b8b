//! Notices when the wall clock jumps, or the machine slept.

use std::time::{Duration, Instant, SystemTime};

/// A difference between two clocks over a few seconds that no adjustment explains: NTP
/// slews by half a millisecond a second.
const MAX_DRIFT: Duration = Duration::from_secs(2);

/// Compares the wall clock with the monotonic one, which stands still while a machine
/// sleeps.
#[derive(Debug)]
pub(super) struct Clocks {
    wall: SystemTime,
    steady: Instant,
}

impl Clocks {
    /// The clocks as they are.
    pub(super) fn now() -> Self {
        Self { wall: SystemTime::now(), steady: Instant::now() }
    }

    /// By how much the wall clock jumped ahead of the monotonic one since the last call; zero if it
    /// jumped back. `None` without a jump.
    pub(super) fn jumped(&mut self, now: Self) -> Option<Duration> {
        let steady = now.steady.saturating_duration_since(self.steady);
        let expected = self.wall + steady;
        *self = now;
        match self.wall.duration_since(expected) {
            Ok(ahead) => (ahead > MAX_DRIFT).then_some(ahead),
            Err(behind) => (behind.duration() > MAX_DRIFT).then_some(Duration::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_from_time_that_passes() {
        let start = Clocks::now();
        let after = |wall: i64, steady: u64| Clocks {
            wall: if wall < 0 {
                start.wall - Duration::from_secs(wall.unsigned_abs())
            } else {
                start.wall + Duration::from_secs(wall.unsigned_abs())
            },
            steady: start.steady + Duration::from_secs(steady),
        };
        let jump = |wall, steady| after(0, 0).jumped(after(wall, steady));
        assert_eq!(jump(5, 5), None);
        assert_eq!(jump(6, 5), None, "a second is an adjustment");
        assert_eq!(jump(605, 5), Some(Duration::from_secs(600)), "slept, or set ahead");
        assert_eq!(jump(-600, 5), Some(Duration::ZERO), "set back");
    }
}
