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

mod parse;
mod print;

use std::cmp::Ordering;

pub use parse::QuantityError;

/// Nano-units in one unit.
const NANO: i128 = 1_000_000_000;
/// Nano-units in one thousandth of a unit.
const NANOS_PER_MILLI: i128 = 1_000_000;

/// How a quantity was written, which is how it is printed again.
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

    /// How the quantity was written.
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
