//! Text to [`Quantity`]: the grammar of apimachinery's `ParseQuantity`.

use std::str::FromStr;

use super::{Format, NANO, Quantity};

/// The largest power of ten that is ever computed: nothing above it fits the range
/// (an `i128` of nano-units ends at 1.7e29 units).
const MAX_EXPONENT: i64 = 40;
/// Upstream caps what is written with a binary suffix at 2^63-1 units.
const BINARY_CAP: i128 = i64::MAX as i128 * NANO;

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The text is empty.
    #[error("is empty; expected a quantity such as 250m, 4 or 64Mi")]
    Empty,
    /// The text has no digits where a number must stand, or a sign too many.
    #[error(
        "{0:?} is not a quantity; expected a number with an optional suffix, such as 250m, 4 or 64Mi"
    )]
    NotANumber(String),
    /// The number is followed by something that is no suffix.
    #[error(
        "{text:?} has the unknown suffix {suffix:?}; expected one of n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent"
    )]
    UnknownSuffix {
        /// The whole text.
        text: String,
        /// What stands after the number.
        suffix: String,
    },
    /// The exponent is too large to be computed.
    #[error("{0:?} has an exponent out of range; at most 40 is accepted")]
    ExponentOutOfRange(String),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Parses what an API server may hold, oddities included (`.`, `+1`, `5.Ki`, `1e03`).
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Empty);
        }
        let (negative, unsigned) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let number_end = end_of_number(unsigned);
        let (number, suffix) = unsigned.split_at(number_end);
        // A text without any digit is 0 upstream ("+", ".") as long as no suffix follows.
        if number.is_empty() && !suffix.is_empty() {
            return Err(QuantityError::NotANumber(text.to_owned()));
        }
        let scale = scale_of(text, suffix)?;
        let mut quantity = scaled(number, scale);
        if negative {
            quantity.nanos = -quantity.nanos;
        }
        Ok(quantity)
    }
}

/// What a suffix multiplies by.
#[derive(Clone, Copy)]
enum Scale {
    Decimal { exponent: i64, format: Format },
    Binary { shift: u32 },
}

/// Where `digits[.digits]`, `.digits` or `digits.` ends.
fn end_of_number(text: &str) -> usize {
    let mut seen_point = false;
    text.bytes()
        .position(|byte| match byte {
            b'0'..=b'9' => false,
            b'.' if !seen_point => {
                seen_point = true;
                false
            }
            _ => true,
        })
        .unwrap_or(text.len())
}

fn scale_of(text: &str, suffix: &str) -> Result<Scale, QuantityError> {
    let decimal = |exponent| Scale::Decimal { exponent, format: Format::DecimalSi };
    let binary = |shift| Scale::Binary { shift };
    Ok(match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            Scale::Decimal { exponent: exponent_of(text, suffix)?, format: Format::DecimalExponent }
        }
    })
}

fn exponent_of(text: &str, suffix: &str) -> Result<i64, QuantityError> {
    let unknown =
        || QuantityError::UnknownSuffix { text: text.to_owned(), suffix: suffix.to_owned() };
    let digits = suffix.strip_prefix(['e', 'E']).ok_or_else(unknown)?;
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(unknown());
    }
    // Upstream reads an int32; what does not fit is an error there too.
    let exponent: i32 =
        digits.parse().map_err(|_| QuantityError::ExponentOutOfRange(text.to_owned()))?;
    if i64::from(exponent) > MAX_EXPONENT {
        return Err(QuantityError::ExponentOutOfRange(text.to_owned()));
    }
    Ok(i64::from(exponent))
}

/// `number` (digits with at most one point) times `scale`, in nano-units,
/// rounded away from zero and saturating.
fn scaled(number: &str, scale: Scale) -> Quantity {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let format = match scale {
        Scale::Decimal { format, .. } => format,
        Scale::Binary { .. } => Format::BinarySi,
    };
    let (nanos, saturated) = match scale {
        Scale::Decimal { exponent, .. } => decimal_nanos(whole, fraction, exponent),
        Scale::Binary { shift } => binary_nanos(whole, fraction, shift),
    };
    Quantity { nanos, format, saturated }
}

/// The digits `whole` `fraction` with the point moved by `exponent`, in nano-units.
///
/// Works on the text, so no intermediate value can overflow or take long: only the
/// digits that end up at or above one nano-unit are read; the others round it up.
fn decimal_nanos(whole: &str, fraction: &str, exponent: i64) -> (i128, bool) {
    let digits = || whole.bytes().chain(fraction.bytes());
    // How many of the digits lie at or above one nano-unit.
    let kept = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent + 9);
    let mut nanos: i128 = 0;
    let mut position = 0_i64;
    let mut round_up = false;
    for digit in digits().map(|byte| i128::from(byte - b'0')) {
        if position < kept {
            match nanos.checked_mul(10).and_then(|n| n.checked_add(digit)) {
                Some(next) => nanos = next,
                None => return (i128::MAX, true),
            }
        } else if digit != 0 {
            round_up = true;
            break;
        }
        position += 1;
    }
    if nanos != 0 {
        for _ in position..kept {
            match nanos.checked_mul(10) {
                Some(next) => nanos = next,
                None => return (i128::MAX, true),
            }
        }
    }
    (nanos + i128::from(round_up), false)
}

fn binary_nanos(whole: &str, fraction: &str, shift: u32) -> (i128, bool) {
    let capped = (BINARY_CAP, true);
    let (whole_nanos, overflow) = decimal_nanos(whole, "", 0);
    let Some(whole_part) = whole_nanos.checked_mul(1 << shift).filter(|_| !overflow) else {
        return capped;
    };
    let (carried, fraction) = times_power_of_1024(fraction, shift / 10);
    let (fraction_part, _) = decimal_nanos("", &fraction, 0);
    // A fraction times 2^60 is below 2^60 units, so neither product nor sum can overflow.
    match whole_part.checked_add(carried * NANO + fraction_part) {
        Some(nanos) if nanos <= BINARY_CAP => (nanos, false),
        _ => capped,
    }
}

/// Multiplies `0.fraction` by 1024^times, exactly: the integer part and the new fraction.
fn times_power_of_1024(fraction: &str, times: u32) -> (i128, String) {
    let mut digits: Vec<u32> = fraction.bytes().map(|byte| u32::from(byte - b'0')).collect();
    let mut whole = 0_i128;
    for _ in 0..times {
        let mut carry = 0;
        for digit in digits.iter_mut().rev() {
            let product = *digit * 1024 + carry;
            *digit = product % 10;
            carry = product / 10;
        }
        whole = whole * 1024 + i128::from(carry);
    }
    (whole, digits.into_iter().filter_map(|d| char::from_digit(d, 10)).collect())
}
