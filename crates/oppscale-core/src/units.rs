//! Durations, amounts of resources and shares, as people type and read them.
//!
//! Every flag, file and annotation is parsed here, and every table, screen and page is
//! formatted here, so that one thing has one form everywhere:
//!
//! * Durations: accepts Go's grammar (`1h30m`, `1.5s`, `500ms`), `d` for days and a bare number of
//!   seconds. [`duration`] prints the largest whole unit, [`age`] what kubectl prints.
//! * Cores: accepts Kubernetes quantities (`250m`, `1.5`). [`amount`] prints decimals (`26.75`).
//! * Bytes: accepts Kubernetes quantities (`64Mi`, `1G`). [`amount`] prints three digits
//!   (`3.12Gi`).
//! * Shares: accepts `15%` and `12.5%`. [`percentage`] prints them.
//!
//! [`amount`] rounds down (towards minus infinity), requests too: nothing shown is more than
//! there is, and figures of one line are rounded in one direction. `-o wide` shows
//! [`exact_amount`]; scripts and manifests get [`quantity_text`], as the API writes it.

use std::time::Duration;

use super::quantity::{Format, Quantity};
use super::resources::{Amount, CPU, Unit, unit_of};

/// The forms of a duration, for error messages and help.
pub const DURATION_FORMS: &str = "a duration such as 90 (seconds), 90s, 500ms, 20m or 1h30m";

/// The longest duration that is accepted, a century: more is a slip.
const MAX_DURATION: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Billionths in a whole; shares are counted in billionths.
pub const WHOLE: i128 = 1_000_000_000;

/// Parses a duration in Go's grammar, as kubectl's `--request-timeout` takes it: numbers with
/// units (`1h30m`, `1.5s`, `500ms`), where a bare number is seconds. `d` is a day of 24 hours.
///
/// # Errors
/// If the text has another form, is negative, or is longer than a century.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let error = || format!("expected {DURATION_FORMS}");
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let (mut rest, mut total) = (text, Duration::ZERO);
    loop {
        let (number, behind) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
        let (unit, behind) = behind.split_at(behind.find(is_number).unwrap_or(behind.len()));
        let seconds = match unit {
            // Only a bare number goes without a unit: `1h30` is a slip.
            "" if number.len() == text.len() => 1.0,
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(error()),
        };
        let number: f64 = number.parse().map_err(|_| error())?;
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| error())?;
        total = total.checked_add(part).filter(|sum| *sum <= MAX_DURATION).ok_or_else(error)?;
        rest = behind;
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// Parses a duration that is more than 0.
///
/// # Errors
/// If it is 0, and as [`parse_duration`].
pub fn parse_nonzero_duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.is_zero() { Err("expected more than no time".to_owned()) } else { Ok(duration) }
}

/// The time limit that a flag sets, where 0 sets none.
pub fn time_limit(flag: Duration) -> Option<Duration> {
    (!flag.is_zero()).then_some(flag)
}

/// A duration as it may be typed, in the largest whole unit: `90m`, `2h`, `45s`, `1.5s`.
pub fn duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m")] {
        if ms > 0 && ms.is_multiple_of(unit) {
            return format!("{}{name}", ms / unit);
        }
    }
    format!("{}s", decimal(duration.as_millis() as Amount, 3))
}

/// An age as kubectl prints it: `37s`, `12m`, `3h5m`, `4d`.
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if !seconds.is_multiple_of(60) => format!("{minutes}m{}s", seconds % 60),
        120..10_800 => format!("{minutes}m"),
        10_800..28_800 if !minutes.is_multiple_of(60) => format!("{hours}h{}m", minutes % 60),
        10_800..172_800 => format!("{hours}h"),
        _ => format!("{days}d"),
    }
}

/// A duration as a clock shows it: `12:31`, `60:00`, `2:02:31`.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds / 60 {
        minutes @ 0..100 => format!("{minutes:02}:{:02}", seconds % 60),
        minutes => format!("{}:{:02}:{:02}", minutes / 60, minutes % 60, seconds % 60),
    }
}

/// A latency to three digits, rounded to the nearest: `999us`, `12.3ms`, `1.00s`.
pub fn latency(micros: u64) -> String {
    let digits = |value: f64, unit: &str| match value {
        value if value < 10.0 => format!("{value:.2}{unit}"),
        value if value < 100.0 => format!("{value:.1}{unit}"),
        _ => format!("{value:.0}{unit}"),
    };
    match micros {
        0..1_000 => format!("{micros}us"),
        1_000..1_000_000 => digits(micros as f64 / 1e3, "ms"),
        _ => digits(micros as f64 / 1e6, "s"),
    }
}

/// Parses a quantity that a person typed: it starts with a digit and is not negative. What an
/// API server forgives (`.`, `+1`) is a slip here.
pub fn parse_quantity(text: &str) -> Option<Quantity> {
    text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The integer amount of the resource `name` in `quantity`, rounded up; `None` if it is out of
/// range.
pub fn amount_of(name: &str, quantity: Quantity) -> Option<Amount> {
    let rounded = if name == CPU { quantity.milli_value() } else { quantity.value() };
    (!rounded.saturated).then(|| Amount::from(rounded.value))
}

/// An amount of the resource `name` as an exact Kubernetes quantity: `250m`, `64Mi`, `8`.
pub fn quantity_text(name: &str, amount: Amount) -> String {
    let Ok(amount) = i64::try_from(amount) else { return amount.to_string() };
    match unit_of(name) {
        Unit::Millicores => Quantity::from_milli(amount).to_string(),
        Unit::Bytes => Quantity::from_units(amount).with_format(Format::BinarySi).to_string(),
        Unit::Count => amount.to_string(),
    }
}

/// An amount to the last digit: cores as a decimal (`26.75`), everything else as a Kubernetes
/// quantity (`64Mi`, `8`).
pub fn exact_amount(name: &str, amount: Amount) -> String {
    match unit_of(name) {
        Unit::Millicores => cores(amount),
        _ => quantity_text(name, amount),
    }
}

/// An amount of the resource `name` for people, rounded down: cores as a decimal (`26.75`),
/// bytes to three digits (`3.12Gi`), anything else as it is. Less than a hundredth of a core is
/// `<0.01`, for it is not nothing.
///
/// It takes at most six characters, up to a hundred thousand cores or as many EiB.
pub fn amount(name: &str, amount: Amount) -> String {
    match unit_of(name) {
        Unit::Millicores => short_cores(amount),
        Unit::Bytes => short_bytes(amount),
        Unit::Count => amount.to_string(),
    }
}

fn short_cores(milli: Amount) -> String {
    // The sign takes the place of a digit.
    match if milli < 0 { milli.abs() * 10 } else { milli } {
        1..10 => "<0.01".to_owned(),
        0..1_000_000 => decimal(milli.div_euclid(10), 2),
        1_000_000..10_000_000 => decimal(milli.div_euclid(100), 1),
        _ => decimal(milli.div_euclid(1000), 0),
    }
}

fn short_bytes(amount: Amount) -> String {
    const UNITS: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let mut power = 0;
    while power + 1 < UNITS.len() && amount.abs() >= 1 << (10 * (power + 1)) {
        power += 1;
    }
    let unit = 1 << (10 * power);
    let whole = amount.abs() / unit;
    let digits = match if amount < 0 { whole * 10 } else { whole } {
        _ if power == 0 => 0,
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    let value = (amount * 10_i128.pow(digits)).div_euclid(unit);
    format!("{}{}", decimal(value, digits), UNITS[power])
}

/// Millicores as cores, exactly: `4.2`. Milliseconds as seconds have the same form.
pub fn cores(milli: Amount) -> String {
    decimal(milli, 3)
}

/// `value` with its last `digits` behind the point, without zeros at the end.
pub fn decimal(value: Amount, digits: u32) -> String {
    let factor: u128 = 10_u128.pow(digits);
    let (whole, rest) = (value.unsigned_abs() / factor, value.unsigned_abs() % factor);
    let sign = if value < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let rest = format!("{rest:0width$}", width = digits as usize);
    format!("{sign}{whole}.{}", rest.trim_end_matches('0'))
}

/// Parses a percentage from 0 to 100, given without its sign, in billionths of the whole.
pub fn parse_percent(number: &str) -> Option<i128> {
    let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let nanos = parse_quantity(number).filter(|_| is_plain)?.nanos();
    (nanos <= 100 * WHOLE).then_some(nanos / 100)
}

/// The share of `part` in `whole`, as a whole number of percent, rounded down.
pub fn percent(part: Amount, whole: Amount) -> Option<Amount> {
    (whole > 0).then(|| (part * 100).div_euclid(whole))
}

/// A share in billionths as an exact percentage: `12.5%`.
pub fn percentage(share: i128) -> String {
    // Billionths of the whole are 10^-7 percent.
    format!("{}%", decimal(share, 7))
}

/// A count with separators: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 node`, `2 nodes`.
pub fn plural(number: usize, noun: &str) -> String {
    counted(&count(number as u64), noun)
}

/// A formatted number with its noun: `1 core`, `0.5 cores`.
pub fn counted(number: &str, noun: &str) -> String {
    let end = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed_as_kubectl_and_go_parse_them() {
        let ms = |text: &str| parse_duration(text).map(|duration| duration.as_millis());
        for (text, expected) in [
            ("0", 0),
            ("0s", 0),
            ("7", 7_000),
            ("90", 90_000),
            ("5s", 5_000),
            ("1.5s", 1_500),
            ("250ms", 250),
            ("1500us", 1),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("1h30m", 5_400_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(ms(text), Ok(expected), "{text}");
        }
        for bad in
            ["", "s", "m", "5x", "-3", "-1s", "1h30", "5s3", "1e9", "99999999999999h", "1..5"]
        {
            assert!(ms(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_are_short_and_never_more_than_there_is() {
        let cpu = |milli| amount("cpu", milli);
        assert_eq!(cpu(5250), "5.25");
        assert_eq!(cpu(26_750), "26.75");
        assert_eq!(cpu(32_000), "32");
        assert_eq!(cpu(0), "0");
        assert_eq!([1, 9, 10].map(cpu), ["<0.01", "<0.01", "0.01"]);
        assert_eq!(cpu(151_259), "151.25");
        assert_eq!(cpu(1_234_567), "1234.5");
        assert_eq!(cpu(12_345_678), "12345");
        assert_eq!(cpu(-3_500), "-3.5");
        assert_eq!(cpu(-1), "-0.01");
        assert_eq!(cpu(-101_250), "-101.3");
        let memory = |bytes| amount("memory", bytes);
        assert_eq!(memory(0), "0");
        assert_eq!(memory(512 << 20), "512Mi");
        assert_eq!(memory((3 << 30) + (128 << 20)), "3.12Gi");
        assert_eq!(memory(1007 << 30), "1007Gi");
        assert_eq!(memory(-(5 << 30)), "-5Gi");
        assert_eq!(amount("nvidia.com/gpu", 8), "8");
        let exact = ["cpu", "cpu", "memory", "memory", "pods"].map(String::from);
        let amounts = [26_750, 1_010_109_850, 6504 << 20, (1 << 30) + 1, 8];
        let texts: Vec<_> = exact.iter().zip(amounts).map(|(n, a)| exact_amount(n, a)).collect();
        assert_eq!(texts, ["26.75", "1010109.85", "6504Mi", "1073741825", "8"]);
        for power in 0..62 {
            assert!(memory(Amount::from((1_i64 << power) - 1)).len() <= 6, "{power}");
            assert!(cpu(Amount::from(1_i64 << (power % 27))).len() <= 6, "{power}");
        }
    }

    #[test]
    fn times_read_as_kubectl_prints_them() {
        let age = |seconds| age(Duration::from_secs(seconds));
        assert_eq!(
            [37, 119, 125, 600, 7_300, 11_100, 90_000, 200_000].map(age),
            ["37s", "119s", "2m5s", "10m", "121m", "3h5m", "25h", "2d"]
        );
        assert_eq!(clock(Duration::from_secs(751)), "12:31");
        assert_eq!(clock(Duration::from_secs(7_351)), "2:02:31");
        assert_eq!(
            [0, 1_500, 45_000, 5_400_000, 7_200_000].map(|ms| duration(Duration::from_millis(ms))),
            ["0s", "1.5s", "45s", "90m", "2h"]
        );
        assert_eq!(
            [0, 999, 1_000, 12_345, 999_999, 1_000_000, 75_000_000].map(latency),
            ["0us", "999us", "1.00ms", "12.3ms", "1000ms", "1.00s", "75.0s"]
        );
    }

    #[test]
    fn counts_and_shares_are_exact() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plural(1, "node") + " " + &plural(5_000, "node"), "1 node 5,000 nodes");
        let cores_of = |milli| counted(&cores(milli), "core");
        assert_eq!(
            cores_of(1000) + " " + &cores_of(1500) + " " + &cores_of(0),
            "1 core 1.5 cores 0 cores"
        );
        assert_eq!(parse_percent("12.5").map(percentage).as_deref(), Some("12.5%"));
        for bad in ["", "-1", "+1", ".5", "101", "1m", "1e1"] {
            assert_eq!(parse_percent(bad), None, "{bad}");
        }
    }
}
