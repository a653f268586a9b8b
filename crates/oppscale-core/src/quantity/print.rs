//! [`Quantity`] to its canonical text: no fraction, the largest suffix that allows it.

use std::fmt;

use super::{Format, NANO, Quantity};

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl fmt::Display for Quantity {
    /// Prints apimachinery's canonical form: `0.5Gi` as `512Mi`, `1000P` as `1E`.
    ///
    /// The binary form is used only for integers of 1024 and more, as upstream.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary = self.format == Format::BinarySi
            && self.nanos % NANO == 0
            && (self.nanos / NANO).unsigned_abs() >= 1024;
        if binary {
            let (mantissa, power) = strip_factor(self.nanos / NANO, 1024, 6);
            write!(f, "{mantissa}{}", BINARY[power])
        } else if self.nanos == 0 {
            f.write_str("0")
        } else {
            let exponential = self.format == Format::DecimalExponent;
            // Suffixes end at exa; an exponent may be any multiple of three.
            let (mantissa, power) =
                strip_factor(self.nanos, 1000, if exponential { 12 } else { 9 });
            let exponent = power as i32 * 3 - 9;
            if exponential && exponent != 0 {
                write!(f, "{mantissa}e{exponent}")
            } else {
                write!(f, "{mantissa}{}", decimal_suffix(exponent))
            }
        }
    }
}

/// Divides `value` by `factor` while it stays whole, at most `limit` times.
fn strip_factor(mut value: i128, factor: i128, limit: usize) -> (i128, usize) {
    let mut power = 0;
    while power < limit && value % factor == 0 {
        value /= factor;
        power += 1;
    }
    (value, power)
}

fn decimal_suffix(exponent: i32) -> &'static str {
    match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        18 => "E",
        _ => "",
    }
}
