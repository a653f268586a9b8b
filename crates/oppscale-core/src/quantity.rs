//! Exact Kubernetes quantities: `250m`, `1.5Gi`, `1e3`.
//!
//! Implements the grammar and the canonical form of apimachinery 1.36
//! (`k8s.io/apimachinery/pkg/api/resource`), on integers: a quantity is a whole
//! number of nano-units in an `i128`. Three things differ on purpose, because
//! upstream is wrong or dangerous there:
//!
//! * an exponent is bounded before any power is taken (upstream hangs on
//!   `1e2147483648`),
//! * values that leave the range saturate and say so ([`Quantity::is_saturated`],
//!   [`Rounded::saturated`]) instead of wrapping to 0 or a negative number,
//! * negative values always round away from zero, as upstream documents.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Nano-units in one unit.
const NANO: i128 = 1_000_000_000;
/// Nano-units in one thousandth of a unit.
const NANOS_PER_MILLI: i128 = 1_000_000;

/// Format of a quantity, in which it is printed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `250m`, `4`, `10G`.
    #[default]
    DecimalSi,
    /// `64Mi`, `1.5Gi`.
    BinarySi,
    /// `1e3`.
    DecimalExponent,
}

/// An exact amount of a resource: cores, bytes or a count.
///
/// Two quantities are equal when their values are, however they were written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    saturated: bool,
}

/// A quantity rounded to an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounded {
    /// The integer, rounded away from zero.
    pub value: i64,
    /// Whether the true value lies outside of `i64` and was cut to its end.
    pub saturated: bool,
}

impl Quantity {
    /// The quantity 0, printed in decimal form.
    pub const ZERO: Self = Self { nanos: 0, format: Format::DecimalSi, saturated: false };

    /// Makes a quantity of whole units.
    pub const fn from_units(units: i64) -> Self {
        Self { nanos: units as i128 * NANO, format: Format::DecimalSi, saturated: false }
    }

    /// Makes a quantity of thousandths of a unit (millicores).
    pub const fn from_milli(milli: i64) -> Self {
        Self { nanos: milli as i128 * NANOS_PER_MILLI, format: Format::DecimalSi, saturated: false }
    }

    /// The same value, to be printed in `format`.
    pub const fn with_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Format in which the quantity was written.
    pub const fn format(self) -> Format {
        self.format
    }

    /// The exact value in nano-units.
    pub const fn nanos(self) -> i128 {
        self.nanos
    }

    /// Whether the value as written was larger than can be held, and was cut.
    pub const fn is_saturated(self) -> bool {
        self.saturated
    }

    /// Whether the value is below zero.
    pub const fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// The value in whole units, rounded away from zero, as `Quantity.Value()`.
    pub fn value(self) -> Rounded {
        self.rounded(NANO)
    }

    /// The value in thousandths, rounded away from zero, as `Quantity.MilliValue()`.
    pub fn milli_value(self) -> Rounded {
        self.rounded(NANOS_PER_MILLI)
    }

    fn rounded(self, unit: i128) -> Rounded {
        let exact = div_away_from_zero(self.nanos, unit);
        let value = i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX });
        Rounded { value, saturated: self.saturated || i128::from(value) != exact }
    }

    /// The exact sum, saturating at the ends of the range.
    ///
    /// The format is the left operand's unless that is zero, as upstream.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        let (nanos, overflow) = match self.nanos.checked_add(other.nanos) {
            Some(nanos) => (nanos, false),
            None => (if other.nanos < 0 { i128::MIN } else { i128::MAX }, true),
        };
        Self {
            nanos,
            format: if self.nanos == 0 { other.format } else { self.format },
            saturated: self.saturated || other.saturated || overflow,
        }
    }

    /// The value rounded away from zero to thousandths, as the API server stores
    /// every resource list (`pkg/apis/core/v1/defaults.go`).
    #[must_use]
    pub fn ceil_to_milli(self) -> Self {
        let milli = div_away_from_zero(self.nanos, NANOS_PER_MILLI);
        match milli.checked_mul(NANOS_PER_MILLI) {
            Some(nanos) => Self { nanos, ..self },
            None => self,
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

fn div_away_from_zero(value: i128, unit: i128) -> i128 {
    let quotient = value / unit;
    match value % unit {
        0 => quotient,
        _ if value < 0 => quotient - 1,
        _ => quotient + 1,
    }
}

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
        /// Suffix after the number.
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

/// Multiplier of a suffix.
#[derive(Clone, Copy)]
enum Scale {
    Decimal { exponent: i64, format: Format },
    Binary { shift: u32 },
}

/// End of `digits[.digits]`, `.digits` or `digits.`.
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
    match nanos.checked_add(i128::from(round_up)) {
        Some(nanos) => (nanos, false),
        None => (i128::MAX, true),
    }
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
