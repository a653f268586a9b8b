//! New lists of pods, taken in without letting go of the old one.

use super::Ledger;
use crate::record::PodKey;

impl Ledger {
    /// Begins a new list of pods: those that it does not name are gone when it is whole.
    /// Until then they stay, so that the sums never fall to what happens to be listed.
    pub fn begin_pods(&mut self) {
        let last = self.generation;
        self.generation = last.wrapping_add(1);
        // A list that broke off has left pods of the one before it behind. They count as of
        // the last one, and the numbers may come round.
        for pod in self.pods.values_mut() {
            pod.generation = last;
        }
        for pod in self.waiting.values_mut() {
            pod.generation = last;
        }
        for pod in self.unknown.values_mut() {
            pod.generation = last;
        }
    }

    /// Ends the list that [`Self::begin_pods`] began, and tells which pods are gone.
    pub fn end_pods(&mut self) -> Vec<PodKey> {
        let now = self.generation;
        let pods = self.pods.iter().filter(|(_, pod)| pod.generation != now).map(|(key, _)| key);
        let waiting =
            self.waiting.iter().filter(|(_, pod)| pod.generation != now).map(|(key, _)| key);
        let unknown =
            self.unknown.iter().filter(|(_, pod)| pod.generation != now).map(|(key, _)| key);
        let gone: Vec<PodKey> = pods.chain(waiting).chain(unknown).cloned().collect();
        for key in &gone {
            self.take_back(key);
        }
        gone
    }
}
