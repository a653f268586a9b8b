//! The objects of one kind, as its list and its watch report them.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use super::handler::Change;
use crate::error::ClusterError;

/// The objects of one kind by their keys.
///
/// A new list replaces the objects only when it is complete: until then those that it has not
/// named yet stay, so that nothing is missing meanwhile.
#[derive(Debug, Clone)]
pub struct ObjectStore<K, V> {
    objects: BTreeMap<K, V>,
    /// Keys that the list has named so far, while one is read.
    listed: Option<BTreeSet<K>>,
    state: ListState,
}

/// What is known of the objects of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListState {
    /// Not all objects: no list has been complete yet.
    #[default]
    Pending,
    /// All objects.
    Complete,
    /// The API server does not have the kind (404).
    Missing,
    /// Nothing: the API server refuses to list the kind, for this reason.
    Refused(String),
}

impl<K, V> Default for ObjectStore<K, V> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), listed: None, state: ListState::default() }
    }
}

impl<K: Ord + Clone, V> ObjectStore<K, V> {
    /// Applies a change, and returns whether the state of the list is another one, or a refusal
    /// removed objects.
    ///
    /// `decode` gives the key of an object, and its value unless it does not count; `None` ignores
    /// the object. `on_change` is called with the key, the old and the new value of each object
    /// that is applied or removed, but not when the kind is refused.
    pub fn change(
        &mut self,
        change: Change<'_>,
        decode: impl FnOnce(&str) -> Option<(K, Option<V>)>,
        mut on_change: impl FnMut(&K, Option<&V>, Option<&V>),
    ) -> bool {
        let mut is_cleared = false;
        let state = match change {
            Change::Begin => {
                self.listed = Some(BTreeSet::new());
                return false;
            }
            Change::Applied(json) => {
                let Some((key, value)) = decode(json) else { return false };
                if let Some(listed) = &mut self.listed {
                    listed.insert(key.clone());
                }
                let old = self.objects.remove(&key);
                if old.is_some() || value.is_some() {
                    on_change(&key, old.as_ref(), value.as_ref());
                }
                if let Some(value) = value {
                    self.objects.insert(key, value);
                }
                return false;
            }
            Change::Gone(json) => {
                let Some((key, _)) = decode(json) else { return false };
                if let Some(old) = self.objects.remove(&key) {
                    on_change(&key, Some(&old), None);
                }
                return false;
            }
            Change::End => {
                if let Some(listed) = self.listed.take() {
                    self.objects.retain(|key, old| {
                        let is_listed = listed.contains(key);
                        if !is_listed {
                            on_change(key, Some(old), None);
                        }
                        is_listed
                    });
                }
                ListState::Complete
            }
            Change::Refused(error) => {
                is_cleared = !self.objects.is_empty();
                self.objects.clear();
                self.listed = None;
                match error {
                    ClusterError::NotFound { .. } => ListState::Missing,
                    error => ListState::Refused(error.to_string()),
                }
            }
        };
        let is_new = state != self.state;
        self.state = state;
        is_new || is_cleared
    }

    /// What is known of the objects.
    pub fn state(&self) -> &ListState {
        &self.state
    }

    /// The object with this key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.objects.get(key)
    }

    /// The objects, ordered by their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.objects.iter()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The values, ordered by their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.objects.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Store = ObjectStore<String, u32>;

    /// Applies a change of objects such as `a=1`, or `a` for one that does not count. Returns
    /// whether the state differs, and what changed.
    fn apply(store: &mut Store, change: Change<'_>) -> (bool, Vec<String>) {
        let mut changed = Vec::new();
        let decode = |text: &str| match text.split_once('=') {
            Some((key, value)) => Some((key.to_owned(), Some(value.parse().ok()?))),
            None => Some((text.to_owned(), None)),
        };
        let is_new = store.change(change, decode, |key, old, new| {
            if old != new {
                changed.push(format!("{key} {old:?} {new:?}"));
            }
        });
        (is_new, changed)
    }

    fn known(store: &Store) -> Vec<String> {
        store.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }

    #[test]
    fn an_object_that_a_new_list_does_not_name_is_gone_at_its_end() {
        let mut store = Store::default();
        assert_eq!(store.state(), &ListState::Pending);
        for change in [Change::Begin, Change::Applied("a=1"), Change::Applied("b=1")] {
            assert!(!apply(&mut store, change).0);
        }
        assert_eq!(apply(&mut store, Change::End), (true, vec![]));
        assert_eq!(store.state(), &ListState::Complete);
        apply(&mut store, Change::Begin);
        assert_eq!(apply(&mut store, Change::Applied("a=1")), (false, vec![]));
        assert_eq!(known(&store), ["a=1", "b=1"]);
        assert_eq!(apply(&mut store, Change::End), (false, vec!["b Some(1) None".to_owned()]));
        assert_eq!(known(&store), ["a=1"]);
    }

    #[test]
    fn an_object_that_a_broken_off_list_did_not_name_stays() {
        let mut store = Store::default();
        let list = [Change::Begin, Change::Applied("a=1"), Change::Applied("b=1"), Change::End];
        for change in list {
            apply(&mut store, change);
        }
        // The list breaks off behind b, and the next one names a alone.
        apply(&mut store, Change::Begin);
        apply(&mut store, Change::Applied("b=1"));
        apply(&mut store, Change::Begin);
        assert_eq!(
            (known(&store), store.state()),
            (vec!["a=1".into(), "b=1".into()], &ListState::Complete)
        );
        apply(&mut store, Change::Applied("a=1"));
        apply(&mut store, Change::End);
        assert_eq!(known(&store), ["a=1"]);
    }

    #[test]
    fn objects_change_and_go_between_lists() {
        let mut store = Store::default();
        let of = |text: &str| vec![text.to_owned()];
        assert_eq!(apply(&mut store, Change::Applied("a=1")).1, of("a None Some(1)"));
        assert_eq!(apply(&mut store, Change::Applied("a=2")).1, of("a Some(1) Some(2)"));
        assert_eq!(apply(&mut store, Change::Applied("a=x")).1, [""; 0], "malformed");
        assert_eq!(apply(&mut store, Change::Applied("a")).1, of("a Some(2) None"));
        apply(&mut store, Change::Applied("a=3"));
        assert_eq!(apply(&mut store, Change::Gone("a=4")).1, of("a Some(3) None"));
        assert_eq!(apply(&mut store, Change::Gone("a=4")).1, [""; 0]);
        assert!(store.is_empty());
    }

    #[test]
    fn nothing_is_known_of_a_kind_that_is_refused_or_missing() {
        let mut store = Store::default();
        apply(&mut store, Change::Applied("a=1"));
        let refused = ClusterError::BadConfig("no".to_owned());
        assert_eq!(apply(&mut store, Change::Refused(&refused)), (true, vec![]));
        assert!(store.is_empty() && !apply(&mut store, Change::Refused(&refused)).0);
        assert_eq!(store.state(), &ListState::Refused(refused.to_string()));
        // The first page of a list is applied, and the second one refused.
        for change in [Change::Begin, Change::Applied("a=1")] {
            assert!(!apply(&mut store, change).0);
        }
        assert!(apply(&mut store, Change::Refused(&refused)).0, "its objects are gone");
        assert!(store.is_empty() && !apply(&mut store, Change::Refused(&refused)).0);
        // It stays refused until a list is complete.
        assert!(!apply(&mut store, Change::Begin).0);
        assert!(apply(&mut store, Change::End).0);
    }
}
