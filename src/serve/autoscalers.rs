//! The HorizontalPodAutoscalers of the cluster, for the page and `/metrics`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use oppscale_cluster::Autoscaler;
use oppscale_cluster::follow::Change;

/// All HPAs. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Autoscalers(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<(String, String), Autoscaler>,
    named: Option<BTreeSet<(String, String)>>,
    refused: bool,
}

impl Autoscalers {
    /// Applies a change of an HPA.
    pub fn change(&self, change: Change<'_>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::Begin => {
                state.named = Some(BTreeSet::new());
                state.refused = false;
            }
            Change::Applied(json) => {
                // One that cannot be read is not shown; nothing is decided by it.
                let Ok(mut hpa) = serde_json::from_str::<Autoscaler>(json) else { return };
                (hpa.0.metadata.managed_fields, hpa.0.metadata.annotations) = (None, None);
                let key = key(&hpa);
                if let Some(named) = &mut state.named {
                    named.insert(key.clone());
                }
                state.known.insert(key, hpa);
            }
            Change::Gone(json) => {
                if let Ok(hpa) = serde_json::from_str::<Autoscaler>(json) {
                    state.known.remove(&key(&hpa));
                }
            }
            Change::End => {
                if let Some(named) = state.named.take() {
                    state.known.retain(|key, _| named.contains(key));
                }
            }
            Change::Refused(_) => *state = State { refused: true, ..State::default() },
        }
    }

    /// The HPAs by namespace and name; `None` if they cannot be read (403).
    pub fn all(&self) -> Option<Vec<Autoscaler>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!state.refused).then(|| state.known.values().cloned().collect())
    }
}

fn key(hpa: &Autoscaler) -> (String, String) {
    (hpa.namespace().to_owned(), hpa.name().to_owned())
}

/// The problem that an HPA reports: a condition that should be true and is not.
pub fn problem(hpa: &Autoscaler) -> Option<String> {
    let kinds = ["AbleToScale", "ScalingActive"];
    let mut failing = hpa
        .conditions()
        .iter()
        .filter(|condition| kinds.contains(&&*condition.type_) && condition.status == "False");
    let condition = failing.next()?;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Some(format!("{}: {}", text(&condition.reason), text(&condition.message)))
}
