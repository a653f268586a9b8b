//! Kubernetes quantities, exactly, in a power of ten of the caller's choice.

/// The quantity times `scale`, rounded away from zero as Kubernetes does.
pub fn scaled(text: &str, scale: i128) -> i64 {
    let split =
        text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let (up, down): (i128, i128) = match suffix {
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "" => (1, 1),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        _ => panic!("quantity {text:?}"),
    };
    let negative = number.starts_with('-');
    let digits = number.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mantissa: i128 = format!("{whole}{fraction}").parse().unwrap();
    let divisor = down * 10_i128.pow(u32::try_from(fraction.len()).unwrap());
    let magnitude = (mantissa * up * scale + divisor - 1) / divisor;
    i64::try_from(if negative { -magnitude } else { magnitude }).unwrap()
}

/// `Quantity.MilliValue()`.
pub fn milli(text: &str) -> i64 {
    scaled(text, 1_000)
}
