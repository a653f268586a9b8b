//! How rows are sorted.

use std::cmp::Ordering;

use oppscale_core::resources::Amount;

use super::column::Column;

/// A column and a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) descending: bool,
}

/// What a row has in the column that it is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Amount(Amount),
    Unknown,
}

impl Order {
    /// As a column is sorted first: names from A, amounts from the greatest.
    pub(super) fn by(column: Column) -> Self {
        Self { column, descending: !column.is_text() }
    }

    /// The same the other way round.
    pub(super) fn inverted(self) -> Self {
        Self { descending: !self.descending, ..self }
    }

    /// Compares two rows. What is unknown comes last either way.
    pub(super) fn compare(self, a: Value<'_>, b: Value<'_>) -> Ordering {
        let order = match (a, b) {
            (Value::Unknown, Value::Unknown) => return Ordering::Equal,
            (Value::Unknown, _) => return Ordering::Greater,
            (_, Value::Unknown) => return Ordering::Less,
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Amount(a), Value::Amount(b)) => a.cmp(&b),
            (Value::Text(_), Value::Amount(_)) => Ordering::Less,
            (Value::Amount(_), Value::Text(_)) => Ordering::Greater,
        };
        if self.descending { order.reverse() } else { order }
    }
}
