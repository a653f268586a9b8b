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

/// What a metrics API answers: one value, several, or `error`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Items(Vec<Amount>),
    Error,
}

const QUANTITY: &str = "a quantity such as 30, 4.2 or \"1500m\"";

fn quantity<E: Error>(text: &str, whole: Unexpected<'_>) -> Result<Amount, E> {
    match text.parse::<Quantity>() {
        Ok(quantity) if !quantity.milli_value().saturated => Ok(Amount(quantity)),
        _ => Err(E::invalid_value(whole, &QUANTITY)),
    }
}

/// Numbers are taken as if they had been written in quotes.
macro_rules! numbers_as_text {
    ($read:path) => {
        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            $read(&number.to_string(), Unexpected::Unsigned(number))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            $read(&number.to_string(), Unexpected::Signed(number))
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            $read(&number.to_string(), Unexpected::Float(number))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            $read(text, Unexpected::Str(text))
        }
    };
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(QUANTITY)
    }

    numbers_as_text!(quantity);
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AmountVisitor)
    }
}

struct AnswerVisitor;

fn answer<E: Error>(text: &str, whole: Unexpected<'_>) -> Result<Answer, E> {
    match text {
        "error" => Ok(Answer::Error),
        _ => quantity(text, whole).map(|amount| Answer::Items(vec![amount])),
    }
}

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{QUANTITY}, a list of them, or \"error\"")
    }

    numbers_as_text!(answer);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Answer, A::Error> {
        let mut items = Vec::new();
        while let Some(one) = list.next_element::<Answer>()? {
            match one {
                Answer::Items(more) => items.extend(more),
                // One item that fails is a failure of the whole answer.
                Answer::Error => return Ok(Answer::Error),
            }
        }
        Ok(Answer::Items(items))
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnswerVisitor)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0 to 2147483647")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
        let count = i32::try_from(number).ok().and_then(|number| u32::try_from(number).ok());
        count.map(Count).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CountVisitor)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds, 0 or more")
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
        let duration = span::<E>(&seconds.to_string(), Unexpected::Float(seconds));
        duration
            .map(|span| Seconds(span.ms))
            .map_err(|_| E::invalid_value(Unexpected::Float(seconds), &self))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
        self.visit_f64(seconds as f64)
    }
}

struct SpanVisitor;

fn span<E: Error>(text: &str, whole: Unexpected<'_>) -> Result<Span, E> {
    let duration = parse_duration(text).map_err(|_| E::invalid_value(whole, &DURATION_FORMS))?;
    // Times of a series may be sums of floats.
    Ok(Span { ms: duration.saturating_add(Duration::from_micros(500)).as_millis() as u64 })
}

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DURATION_FORMS)
    }

    numbers_as_text!(span);
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SpanVisitor)
    }
}
