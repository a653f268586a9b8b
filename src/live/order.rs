//! How rows are sorted.

use super::column::Column;

/// A column and a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) descending: bool,
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
}
