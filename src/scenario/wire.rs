//! The values of files: each says what it expects when it gets something else.

use std::fmt;
use std::time::Duration;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use oppscale_core::quantity::Quantity;

use oppscale_core::units::{DURATION_FORMS, parse_duration};

/// A Kubernetes quantity, written as text or as a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Amount(pub(super) Quantity);

impl Amount {
    /// Thousandths, rounded away from zero, as `Quantity.MilliValue()`.
    pub(super) fn milli(self) -> i64 {
        self.0.milli_value().value
    }
}

/// A count: what an `int32` of the API holds, but not below 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u32);

/// Seconds since the start, or a length in seconds; in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seconds(pub(super) u64);

/// A length of time as people write it, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) ms: u64,
}

/// An answer of a metrics API: one value, several, or `error`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Items(Vec<Amount>),
    Error,
}

const QUANTITY: &str = "a quantity such as 30, 4.2 or \"1500m\"";
const ANSWER: &str = "a quantity such as 30, 4.2 or \"1500m\", a list of them, or \"error\"";

/// Reads a scalar that is written as a number, or as text in quotes.
struct Scalar<T> {
    expected: &'static str,
    read: fn(&str) -> Option<T>,
    takes_text: bool,
    /// Makes one of a list, where that is taken, too.
    join: Option<fn(Vec<T>) -> T>,
}

impl<T> Scalar<T> {
    fn number<E: Error>(self, number: impl ToString, found: Unexpected<'_>) -> Result<T, E> {
        (self.read)(&number.to_string()).ok_or_else(|| E::invalid_value(found, &self.expected))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Scalar<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.number(number, Unexpected::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.number(number, Unexpected::Signed(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        self.number(number, Unexpected::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        match self.takes_text {
            true => self.number(text, Unexpected::Str(text)),
            false => Err(E::invalid_type(Unexpected::Str(text), &self.expected)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let Some(join) = self.join else {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self.expected));
        };
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(join(items))
    }
}

/// A scalar type of files: what it expects, how it is read, whether from text in quotes, too, and
/// how a list of them is.
macro_rules! scalar {
    ($type:ty, $expected:expr, $read:expr, $takes_text:expr, $join:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let (expected, read, takes_text) = ($expected, $read, $takes_text);
                from.deserialize_any(Scalar { expected, read, takes_text, join: $join })
            }
        }
    };
}

scalar!(Amount, QUANTITY, quantity, true, None);
scalar!(Answer, ANSWER, answer, true, Some(joined));
scalar!(Count, "a whole number from 0 to 2147483647", count, false, None);
scalar!(Seconds, "a number of seconds, 0 or more", seconds, false, None);
scalar!(Span, DURATION_FORMS, span, true, None);

fn quantity(text: &str) -> Option<Amount> {
    text.parse::<Quantity>().ok().filter(|quantity| !quantity.milli_value().saturated).map(Amount)
}

fn count(text: &str) -> Option<Count> {
    text.parse::<i32>().ok().and_then(|count| u32::try_from(count).ok()).map(Count)
}

fn span(text: &str) -> Option<Span> {
    // Times of a series may be sums of floats.
    let duration = parse_duration(text).ok()?.saturating_add(Duration::from_micros(500));
    Some(Span { ms: duration.as_millis() as u64 })
}

fn seconds(text: &str) -> Option<Seconds> {
    span(text).map(|span| Seconds(span.ms))
}

fn answer(text: &str) -> Option<Answer> {
    match text {
        "error" => Some(Answer::Error),
        _ => quantity(text).map(|amount| Answer::Items(vec![amount])),
    }
}

/// One item that fails is a failure of the whole answer.
fn joined(list: Vec<Answer>) -> Answer {
    let items: Option<Vec<_>> = list
        .into_iter()
        .map(|one| match one {
            Answer::Items(items) => Some(items),
            Answer::Error => None,
        })
        .collect();
    items.map_or(Answer::Error, |items| Answer::Items(items.concat()))
}
