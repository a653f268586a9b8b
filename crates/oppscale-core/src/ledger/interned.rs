//! Values of which equal ones are kept once.

use std::hash::Hash;
use std::sync::Arc;

use hashbrown::{Equivalent, HashSet};

/// Fewer values are not worth looking for those that nothing holds.
const LEAST_SWEEP: usize = 64;

/// Values that are shared by all who hold an equal one.
#[derive(Debug)]
pub(super) struct Interned<T: ?Sized> {
    values: HashSet<Arc<T>>,
    /// The number of values at which those that nothing else holds are dropped: twice of what the
    /// last time left, so that dropping costs little for each value that came.
    sweep_at: usize,
}

impl<T: ?Sized> Default for Interned<T> {
    fn default() -> Self {
        Self { values: HashSet::default(), sweep_at: LEAST_SWEEP }
    }
}

impl<T: Eq + Hash + ?Sized> Interned<T> {
    /// The value that is equal to `key`, made now if there is none.
    pub(super) fn of<K>(&mut self, key: &K, make: impl FnOnce(&K) -> Arc<T>) -> Arc<T>
    where
        K: Hash + Equivalent<Arc<T>> + ?Sized,
    {
        if let Some(known) = self.values.get(key) {
            return Arc::clone(known);
        }
        if self.values.len() >= self.sweep_at {
            self.values.retain(|value| Arc::strong_count(value) > 1);
            self.sweep_at = (2 * self.values.len()).max(LEAST_SWEEP);
        }
        let value = make(key);
        self.values.insert(Arc::clone(&value));
        value
    }

    /// Every value, in no order: also those that nothing holds any more and that were not dropped
    /// yet.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.values.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_those_that_nothing_holds_are_dropped() {
        let mut numbers = Interned::<usize>::default();
        let held = numbers.of(&0, |number| Arc::new(*number));
        for number in 1..10 * LEAST_SWEEP {
            numbers.of(&number, |number| Arc::new(*number));
        }
        assert!(numbers.iter().count() <= LEAST_SWEEP);
        assert!(Arc::ptr_eq(&held, &numbers.of(&0, |number| Arc::new(*number))));
    }
}
