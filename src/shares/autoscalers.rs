//! The HorizontalPodAutoscalers of the cluster: what claims a share, and for the page and
//! `/metrics`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hpa_model::HpaSpec;
use oppscale_cluster::Autoscaler;
use oppscale_cluster::follow::{Change, ListState, ObjectStore};
use oppscale_cluster::typed;

/// All HPAs. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Autoscalers(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// By namespace and name.
    known: ObjectStore<(String, String), Scaler>,
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
        let mut state = self.state();
        let State { known, version } = &mut *state;
        // One that cannot be read is not shown, and scales nothing.
        let decode = |json: &str| {
            let mut hpa: Autoscaler = typed::from_slice(json.as_bytes()).ok()?;
            (hpa.0.metadata.managed_fields, hpa.0.metadata.annotations) = (None, None);
            let key = (hpa.namespace().to_owned(), hpa.name().to_owned());
            let spec = hpa.spec().ok();
            Some((key, Some(Scaler { hpa, spec })))
        };
        let is_other = known.change(change, decode, |_, old, new| {
            // Most changes are of its status.
            let is_same = matches!(
                (old, new),
                (Some(old), Some(new)) if old.hpa.0.spec == new.hpa.0.spec
            );
            *version += u64::from(!is_same);
        });
        *version += u64::from(is_other);
    }

    /// The HPAs by namespace and name; `None` if they cannot be read (403).
    pub fn all(&self) -> Option<Vec<Autoscaler>> {
        let State { known, .. } = &*self.state();
        let is_refused = matches!(known.state(), ListState::Refused(_) | ListState::Missing);
        (!is_refused).then(|| known.values().map(|known| known.hpa.clone()).collect())
    }

    /// Number of changes of what the HPAs scale, and how.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// Reads the HPAs by namespace, kind and name of the workload that they scale; `None` if they
    /// have not been listed, or cannot be read.
    pub(crate) fn read_targets<R>(&self, read: impl FnOnce(Option<&Targets<'_>>) -> R) -> R {
        let state = self.state();
        if *state.known.state() != ListState::Complete {
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// HPAs by namespace, kind and name of the workload that they scale.
pub(crate) type Targets<'h> = HashMap<(&'h str, &'h str, &'h str), Vec<&'h Scaler>>;

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
