//! Why an object could not be counted.

use std::fmt;

use super::quantity::QuantityError;

/// A problem of an object, with the path of the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{separator}{problem}", separator = if path.is_empty() { "" } else { ": " })]
pub struct Malformed {
    /// The field, as `kubectl explain` writes it; empty when the whole object is meant.
    pub path: String,
    /// The problem.
    pub problem: Problem,
}

/// A problem of a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A text that is no quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A quantity below zero where none can be.
    #[error("{0} is negative")]
    Negative(String),
    /// A quantity larger than the scheduler's integers.
    #[error("{0} is out of range")]
    OutOfRange(String),
    /// A field that must be there.
    #[error("is missing")]
    Missing,
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl Malformed {
    /// Names the field `path` and its problem.
    pub fn new(path: impl fmt::Display, problem: impl Into<Problem>) -> Self {
        Self { path: path.to_string(), problem: problem.into() }
    }

    /// A problem with the object as a whole.
    pub fn whole(problem: impl fmt::Display) -> Self {
        Self { path: String::new(), problem: Problem::Other(problem.to_string()) }
    }
}
