//! A length of time as people write it: `90`, `1.5s`, `20m`, `1h30m`, `1d`.

use std::fmt;
use std::str::FromStr;

/// A length of time, milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Milliseconds.
    pub ms: u64,
}

/// What a span looks like.
pub(super) const EXPECTED: &str = "a time such as 90 (seconds), 90s, 20m or 1h30m";

/// Milliseconds in a century: more is a mistake.
const LONGEST_MS: f64 = 100.0 * 366.0 * 86_400_000.0;

impl Span {
    /// A number of seconds; `None` below 0 and beyond a century.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let ms = (seconds * 1000.0).round();
        (0.0..=LONGEST_MS).contains(&ms).then_some(Self { ms: ms as u64 })
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("{text:?} is no time: expected {EXPECTED}");
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        if !text.is_empty() && text.chars().all(is_number) {
            return text.parse().ok().and_then(Self::from_seconds).ok_or_else(error);
        }
        let (mut rest, mut seconds) = (text, 0.0);
        while !rest.is_empty() {
            let digits = rest.find(|c| !is_number(c)).ok_or_else(error)?;
            let number: f64 = rest[..digits].parse().map_err(|_| error())?;
            rest = &rest[digits..];
            let (unit, behind) = rest.split_at(rest.find(is_number).unwrap_or(rest.len()));
            rest = behind;
            seconds += number
                * match unit {
                    "ms" => 0.001,
                    "s" => 1.0,
                    "m" => 60.0,
                    "h" => 3_600.0,
                    "d" => 86_400.0,
                    _ => return Err(error()),
                };
        }
        Self::from_seconds(seconds).filter(|_| !text.is_empty()).ok_or_else(error)
    }
}

impl fmt::Display for Span {
    /// The largest whole unit: `90m`, `2h`, `45s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ms {
            0 => f.write_str("0s"),
            ms if ms % 86_400_000 == 0 => write!(f, "{}d", ms / 86_400_000),
            ms if ms % 3_600_000 == 0 => write!(f, "{}h", ms / 3_600_000),
            ms if ms % 60_000 == 0 => write!(f, "{}m", ms / 60_000),
            ms if ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{}.{:03}s", ms / 1000, ms % 1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let ms = |text: &str| text.parse::<Span>().map(|span| span.ms);
        assert_eq!(ms("90"), Ok(90_000));
        assert_eq!(ms("1.5s"), Ok(1_500));
        assert_eq!(ms("1h30m"), Ok(5_400_000));
        assert_eq!(ms("1d"), Ok(86_400_000));
        for bad in ["", "m", "5x", "-3", "1h30", "1e9", "99999999999999h", "1..5"] {
            assert!(ms(bad).is_err(), "{bad}");
        }
    }
}
