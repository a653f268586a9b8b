//! The HorizontalPodAutoscalers of the cluster: what claims a share, and for the page and
//! `/metrics`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use hpa_model::HpaSpec;
use oppscale_cluster::Autoscaler;
use oppscale_cluster::follow::Change;
use oppscale_cluster::typed;

/// All HPAs. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Autoscalers(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<(String, String), Scaler>,
    named: Option<BTreeSet<(String, String)>>,
    refused: bool,
    /// Whether they were listed.
    is_whole: bool,
    /// Number of changes of what they scale, and how.
    version: u64,
}

/// An HPA with its spec as the controller takes it, which each count of a share asks.
#[derive(Debug)]
pub(crate) struct Scaler {
    pub(crate) hpa: Autoscaler,
    /// `None` if the controller would refuse it.
    pub(crate) spec: Option<HpaSpec>,
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
                // One that cannot be read is not shown, and scales nothing.
                let Ok(mut hpa) = typed::from_slice::<Autoscaler>(json.as_bytes()) else { return };
                (hpa.0.metadata.managed_fields, hpa.0.metadata.annotations) = (None, None);
                let key = key(&hpa);
                if let Some(named) = &mut state.named {
                    named.insert(key.clone());
                }
                let known =
                    state.known.get_mut(&key).filter(|known| known.hpa.0.spec == hpa.0.spec);
                match known {
                    // Most changes are of its status.
                    Some(known) => known.hpa = hpa,
                    None => {
                        let spec = hpa.spec().ok();
                        state.known.insert(key, Scaler { hpa, spec });
                        state.version += 1;
                    }
                }
            }
            Change::Gone(json) => {
                if let Ok(hpa) = typed::from_slice::<Autoscaler>(json.as_bytes()) {
                    let was_known = state.known.remove(&key(&hpa)).is_some();
                    state.version += u64::from(was_known);
                }
            }
            Change::End => {
                if let Some(named) = state.named.take() {
                    state.known.retain(|key, _| named.contains(key));
                    state.is_whole = true;
                    state.version += 1;
                }
            }
            Change::Refused(_) => {
                let version = state.version + 1;
                *state = State { refused: true, version, ..State::default() };
            }
        }
    }

    /// The HPAs by namespace and name; `None` if they cannot be read (403).
    pub fn all(&self) -> Option<Vec<Autoscaler>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!state.refused).then(|| state.known.values().map(|known| known.hpa.clone()).collect())
    }
}

impl Autoscalers {
    /// Number of changes of what the HPAs scale, and how.
    pub fn version(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).version
    }

    /// Reads the HPAs by namespace, kind and name of the workload that they scale; `None` if they
    /// have not been listed, or cannot be read.
    pub(crate) fn read_targets<R>(&self, read: impl FnOnce(Option<&Targets<'_>>) -> R) -> R {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.is_whole {
            return read(None);
        }
        let mut targets = Targets::new();
        for known in state.known.values() {
            let target = known.hpa.target();
            let key = (known.hpa.namespace(), &*target.kind, &*target.name);
            targets.entry(key).or_default().push(known);
        }
        read(Some(&targets))
    }
}

/// HPAs by namespace, kind and name of the workload that they scale.
pub(crate) type Targets<'h> = HashMap<(&'h str, &'h str, &'h str), Vec<&'h Scaler>>;

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
