//! The HorizontalPodAutoscalers of the cluster, for the page: what becomes of the metric.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use oppscale_cluster::follow::Change;

/// An HPA, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autoscaler {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Kind and name of what it scales.
    pub target: (String, String),
    /// The least and the most replicas.
    pub bounds: (i64, i64),
    /// How many there are, and how many it wants.
    pub replicas: (i64, i64),
    /// What is not as it should be, by its conditions.
    pub trouble: Option<String>,
}

/// All of them. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Autoscalers(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<(String, String), Autoscaler>,
    named: Option<BTreeSet<(String, String)>>,
    refused: bool,
}

#[derive(Deserialize)]
struct Hpa {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    scale_target_ref: Target,
    min_replicas: Option<i64>,
    max_replicas: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    kind: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    current_replicas: Option<i64>,
    desired_replicas: Option<i64>,
    conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

impl Autoscalers {
    /// Takes in what happened to one.
    pub fn change(&self, change: Change<'_>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::Begin => {
                state.named = Some(BTreeSet::new());
                state.refused = false;
            }
            Change::Applied(json) => {
                // One that cannot be read is not shown; nothing is decided by it.
                let Ok(hpa) = serde_json::from_str::<Hpa>(json) else { return };
                let autoscaler = hpa.shown();
                let key = (autoscaler.namespace.clone(), autoscaler.name.clone());
                if let Some(named) = &mut state.named {
                    named.insert(key.clone());
                }
                state.known.insert(key, autoscaler);
            }
            Change::Gone(json) => {
                if let Ok(hpa) = serde_json::from_str::<Hpa>(json) {
                    state.known.remove(&(hpa.metadata.namespace, hpa.metadata.name));
                }
            }
            Change::End => {
                if let Some(named) = state.named.take() {
                    state.known.retain(|key, _| named.contains(key));
                }
            }
            Change::Refused => *state = State { refused: true, ..State::default() },
        }
    }

    /// Those that are known, by namespace and name; `None` when they may not be read.
    pub fn all(&self) -> Option<Vec<Autoscaler>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!state.refused).then(|| state.known.values().cloned().collect())
    }
}

impl Hpa {
    fn shown(self) -> Autoscaler {
        let conditions = self.status.conditions.unwrap_or_default();
        let trouble = conditions.into_iter().find(|condition| {
            matches!(&*condition.kind, "ScalingActive" | "AbleToScale")
                && condition.status == "False"
        });
        Autoscaler {
            namespace: self.metadata.namespace,
            name: self.metadata.name,
            target: (self.spec.scale_target_ref.kind, self.spec.scale_target_ref.name),
            // Absent means 1, by the API's default.
            bounds: (self.spec.min_replicas.unwrap_or(1), self.spec.max_replicas),
            replicas: (
                self.status.current_replicas.unwrap_or(0),
                self.status.desired_replicas.unwrap_or(0),
            ),
            trouble: trouble
                .map(|condition| format!("{}: {}", condition.reason, condition.message)),
        }
    }
}
