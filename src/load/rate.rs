//! Request rates.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A rate: `count` requests in `nanos` nanoseconds, evenly spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u64,
    nanos: u64,
}

const SECOND: u64 = 1_000_000_000;
/// Maximum rate: more than one process can send.
const MAX_PER_SECOND: u64 = 100_000;
/// Maximum number of decimals.
const MAX_DECIMALS: u32 = 6;

impl Rate {
    /// One request a second.
    pub const ONE: Self = Self { count: 1, nanos: SECOND };

    /// Scheduled time of the request with this number, counted from 0, since the start.
    pub fn due(self, number: u64) -> Duration {
        let nanos = u128::from(number) * u128::from(self.nanos) / u128::from(self.count);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Number of requests within `duration`.
    pub fn within(self, duration: Duration) -> u64 {
        let count = (duration.as_nanos() * u128::from(self.count)).div_ceil(self.nanos.into());
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Thousandths of a request per second, rounded down.
    pub fn milli(self) -> u64 {
        let milli = u128::from(self.count) * 1000 * u128::from(SECOND) / u128::from(self.nanos);
        u64::try_from(milli).unwrap_or(u64::MAX)
    }
}

impl FromStr for Rate {
    type Err = String;

    /// `10`, `8.5`, `100/s`, `30/m`, `2/h`.
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || "expected requests a second, such as 10, 8.5 or 30/m".to_owned();
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(error()),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = u32::try_from(fraction.len()).map_err(|_| error())?;
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || !is_number(whole)
            || !is_number(fraction)
            || number.ends_with('.')
            || digits > MAX_DECIMALS
        {
            return Err(error());
        }
        let count: u64 = format!("{whole}{fraction}").parse().map_err(|_| error())?;
        let rate = Self { count, nanos: 10_u64.pow(digits) * seconds * SECOND };
        if count == 0 {
            return Err("the rate must be more than 0".to_owned());
        }
        if rate.milli() > MAX_PER_SECOND * 1000 {
            return Err(format!("the rate must be at most {MAX_PER_SECOND} a second"));
        }
        Ok(rate)
    }
}

impl Rate {
    /// The rate as an argument: `8.5`, `10/m`.
    pub fn argument(self) -> String {
        let (number, unit) = self.parts();
        if unit == "second" { number } else { format!("{number}/{}", &unit[..1]) }
    }

    /// The number and its unit: second, or minute or hour if that needs fewer decimals.
    fn parts(self) -> (String, &'static str) {
        let of = |seconds: u64| {
            let parts = u128::from(self.count) * u128::from(seconds * SECOND) * 1_000_000;
            let nanos = u128::from(self.nanos);
            parts.is_multiple_of(nanos).then(|| parts / nanos)
        };
        let (micro, unit) = [(1, "second"), (60, "minute"), (3600, "hour")]
            .into_iter()
            .find_map(|(seconds, unit)| Some((of(seconds)?, unit)))
            .unwrap_or((u128::from(self.milli()) * 1000, "second"));
        let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
        (text.trim_end_matches('0').trim_end_matches('.').to_owned(), unit)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = self.parts();
        let article = if unit == "hour" { "an" } else { "a" };
        write!(f, "{number} {article} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_exactly_and_written_as_they_were_meant() {
        let shown = |text: &str| text.parse::<Rate>().map(|rate| rate.to_string());
        for (text, words) in [
            ("10", "10 a second"),
            ("8.5", "8.5 a second"),
            ("2000/s", "2000 a second"),
            ("30/m", "0.5 a second"),
            ("10/m", "10 a minute"),
            ("1/h", "1 an hour"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(words), "{text}");
        }
        for text in ["8.5", "10/m", "1/h"] {
            assert_eq!(text.parse::<Rate>().unwrap().argument(), text);
        }
        for bad in ["", "0", "-1", "1e3", ".5", "5.", "10/d", "1/", "0.0", "100001", "1.1234567"] {
            assert!(shown(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_request_is_early_and_the_last_is_before_the_end() {
        let rate: Rate = "8.5".parse().unwrap();
        assert_eq!(rate.due(0), Duration::ZERO);
        assert_eq!(rate.due(17), Duration::from_secs(2));
        let total = rate.within(Duration::from_secs(300));
        assert_eq!(total, 2550);
        assert!(rate.due(total - 1) < Duration::from_secs(300));
        assert_eq!("1/h".parse::<Rate>().unwrap().within(Duration::from_secs(60)), 1);
    }
}
