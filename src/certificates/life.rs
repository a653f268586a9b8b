//! How much of a lifetime is left.

use jiff::Timestamp;

/// Renewed when less than this share of the lifetime is left, percent.
const RENEW_BELOW_PERCENT: i64 = 30;
/// Warned of when less than this is left, seconds: 60 days, as linkerd warns.
const WARN_BELOW: i64 = 60 * 86_400;

/// A lifetime at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Its end.
    pub not_after: i64,
    /// What is left, seconds; negative when it is over.
    pub left: i64,
    /// What is left, percent of all of it.
    pub percent: i64,
}

impl Life {
    /// A lifetime as it stands at `now`.
    pub fn of(not_before: i64, not_after: i64, now: i64) -> Self {
        let left = not_after - now;
        let whole = (not_after - not_before).max(1);
        Self { not_after, left, percent: (left.max(0).saturating_mul(100) / whole).min(100) }
    }

    /// Whether it is time to renew.
    pub fn is_short(self) -> bool {
        self.percent < RENEW_BELOW_PERCENT
    }

    /// Whether the end is near.
    pub fn is_near_end(self) -> bool {
        self.left < WARN_BELOW
    }

    /// What is left, in days.
    pub fn days(self) -> i64 {
        self.left.div_euclid(86_400)
    }
}

/// A moment as a date of UTC: `2027-11-24 08:00 UTC`.
pub fn date(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("{seconds} s after 1970"),
    }
}
