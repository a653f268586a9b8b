//! Text and amounts as HTML.

use std::time::Duration;

use oppscale_core::resources::{Amount, MEMORY, Unit, unit_of};
use oppscale_core::units;

/// Text that may hold anything, as HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Cores, to a tenth where there are many.
pub(super) fn cores(milli: Amount) -> String {
    let rounded = if milli.abs() >= 10_000 { milli / 100 * 100 } else { milli };
    units::cores(rounded)
}

/// An amount of a resource, short.
pub(super) fn amount(name: &str, amount: Amount) -> String {
    match unit_of(name) {
        Unit::Millicores => cores(amount),
        Unit::Bytes => bytes(amount),
        Unit::Count => amount.to_string(),
    }
}

/// Bytes in the largest unit that leaves three digits or fewer, cut to a tenth.
fn bytes(amount: Amount) -> String {
    let mut unit = 1_i128;
    let mut name = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if amount.abs() < unit * 1024 {
            break;
        }
        unit *= 1024;
        name = larger;
    }
    let tenths = amount * 10 / unit;
    if tenths.abs() >= 1000 || tenths % 10 == 0 {
        format!("{} {name}", tenths / 10)
    } else {
        let sign = if tenths < 0 { "-" } else { "" };
        format!("{sign}{}.{} {name}", tenths.abs() / 10, tenths.abs() % 10)
    }
}

/// Memory, short.
pub(super) fn memory(amount_of: Amount) -> String {
    amount(MEMORY, amount_of)
}

/// A time span in words.
pub(super) fn seconds(span: Duration) -> String {
    match span.as_secs() {
        0 => "less than 1 s".to_owned(),
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short_and_names_harmless() {
        assert_eq!(cores(151_250), "151.2");
        assert_eq!(cores(250), "0.25");
        assert_eq!(memory(0), "0 B");
        assert_eq!(memory(1536 << 20), "1.5 GiB");
        assert_eq!(memory(-(1536 << 20)), "-1.5 GiB");
        assert_eq!(memory(500 << 30), "500 GiB");
        assert_eq!(escape("<img src=x onerror='a'>"), "&lt;img src=x onerror=&#39;a&#39;&gt;");
    }
}
