//! Amounts, times and counts as people read them.
//!
//! Every amount is rounded down (towards minus infinity), requests too: nothing shown is more
//! than there is, and figures of one line are rounded in one direction.

use std::time::Duration;

use super::replica::exact_text;
use super::resources::{Amount, Unit, unit_of};

/// An amount in at most six characters, up to a hundred thousand cores or as many EiB: cores
/// as a decimal, bytes in the largest binary unit that keeps three digits.
pub fn amount(resource: &str, amount: Amount) -> String {
    match unit_of(resource) {
        Unit::Millicores => cores(amount),
        Unit::Bytes => bytes(amount),
        Unit::Count => amount.to_string(),
    }
}

/// An amount to the last digit: cores as a decimal (`26.75`), everything else as a quantity of
/// Kubernetes (`64Mi`, `8`).
pub fn exact_amount(resource: &str, amount: Amount) -> String {
    match unit_of(resource) {
        Unit::Millicores => decimal(amount, 3),
        _ => exact_text(resource, amount),
    }
}

/// Millicores as cores: `5.25`, `151.25`, `1234.5`, `-101.3`.
fn cores(milli: Amount) -> String {
    // The sign takes the place of a digit.
    match if milli < 0 { milli.abs() * 10 } else { milli } {
        0..1_000_000 => decimal(milli.div_euclid(10), 2),
        1_000_000..10_000_000 => decimal(milli.div_euclid(100), 1),
        _ => decimal(milli.div_euclid(1000), 0),
    }
}

/// Bytes in the largest unit that leaves a digit before the point: `512Mi`, `3.12Gi`,
/// `96.2Gi`, `1007Gi`.
fn bytes(amount: Amount) -> String {
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

/// `value` with its last `digits` behind the point, without zeros at the end.
fn decimal(value: Amount, digits: u32) -> String {
    let factor: Amount = 10_i128.pow(digits);
    let (whole, rest) = (value.abs() / factor, value.abs() % factor);
    let sign = if value < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let rest = format!("{rest:0width$}", width = digits as usize);
    format!("{sign}{whole}.{}", rest.trim_end_matches('0'))
}

/// The share of `part` in `whole`, as a whole number of percent, cut.
pub fn percent(part: Amount, whole: Amount) -> Option<Amount> {
    (whole > 0).then(|| (part * 100).div_euclid(whole))
}

/// An age as kubectl writes it: `37s`, `12m`, `3h5m`, `4d`.
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

/// A span of time as a clock shows it: `12:31`, `60:00`, `2:02:31`.
pub fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds / 60 {
        minutes @ 0..100 => format!("{minutes:02}:{:02}", seconds % 60),
        minutes => format!("{}:{:02}:{:02}", minutes / 60, minutes % 60, seconds % 60),
    }
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

/// `1 node`, `2 nodes`.
pub fn plural(number: usize, one: &str) -> String {
    let number_text = count(number as u64);
    if number == 1 { format!("1 {one}") } else { format!("{number_text} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short_and_never_more_than_there_is() {
        let cpu = |milli| amount("cpu", milli);
        assert_eq!(cpu(5250), "5.25");
        assert_eq!(cpu(32_000), "32");
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
        }
    }

    #[test]
    fn times_read_as_kubectl_writes_them() {
        let age = |seconds| age(Duration::from_secs(seconds));
        assert_eq!(
            [37, 119, 125, 600, 7_300, 11_100, 90_000, 200_000].map(age),
            ["37s", "119s", "2m5s", "10m", "121m", "3h5m", "25h", "2d"]
        );
        assert_eq!(clock(Duration::from_secs(751)), "12:31");
        assert_eq!(clock(Duration::from_secs(7_351)), "2:02:31");
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plural(1, "node") + " " + &plural(5_000, "node"), "1 node 5,000 nodes");
    }
}
