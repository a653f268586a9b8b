//! Values by pod.

use hashbrown::HashMap;

use crate::record::PodKey;

/// Values by pod. Nearly every pod has a uid in the usual form, with which an entry takes 8 bytes
/// less than with a whole [`PodKey`]; a large cluster has hundreds of thousands of them.
#[derive(Debug)]
pub(super) struct PodMap<V> {
    by_uid: HashMap<[u8; 16], V>,
    by_text: HashMap<Box<str>, V>,
}

impl<V> Default for PodMap<V> {
    fn default() -> Self {
        Self { by_uid: HashMap::default(), by_text: HashMap::default() }
    }
}

impl<V> PodMap<V> {
    /// Makes room for this many pods.
    pub(super) fn reserve(&mut self, pods: usize) {
        self.by_uid.reserve(pods);
    }

    pub(super) fn get(&self, key: &PodKey) -> Option<&V> {
        match key {
            PodKey::Uid(uid) => self.by_uid.get(uid),
            PodKey::Text(text) => self.by_text.get(text),
        }
    }

    pub(super) fn get_mut(&mut self, key: &PodKey) -> Option<&mut V> {
        match key {
            PodKey::Uid(uid) => self.by_uid.get_mut(uid),
            PodKey::Text(text) => self.by_text.get_mut(text),
        }
    }

    pub(super) fn contains_key(&self, key: &PodKey) -> bool {
        self.get(key).is_some()
    }

    /// Replaces the value of a pod.
    pub(super) fn insert(&mut self, key: PodKey, value: V) {
        match key {
            PodKey::Uid(uid) => self.by_uid.insert(uid, value),
            PodKey::Text(text) => self.by_text.insert(text, value),
        };
    }

    pub(super) fn remove(&mut self, key: &PodKey) -> Option<V> {
        match key {
            PodKey::Uid(uid) => self.by_uid.remove(uid),
            PodKey::Text(text) => self.by_text.remove(text),
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_uid.clear();
        self.by_text.clear();
    }

    /// All pods with their values, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PodKey, &V)> {
        let by_uid = self.by_uid.iter().map(|(uid, value)| (PodKey::Uid(*uid), value));
        by_uid.chain(self.by_text.iter().map(|(text, value)| (PodKey::Text(text.clone()), value)))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.by_uid.values().chain(self.by_text.values())
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.by_uid.values_mut().chain(self.by_text.values_mut())
    }
}
