//! The namespaces that an administrator opened to opportunistic work, and their limits.
//!
//! Users who may create a workload may label it, so the label of a workload alone claims nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use oppscale_cluster::follow::{Change, ListState, ObjectStore};
use oppscale_core::kinds;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::policy::NamespaceLimits;

/// All namespaces that are open. Clones share them.
#[derive(Debug, Clone)]
pub struct OpenNamespaces(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Namespaces of `--namespaces`, which are open whatever their labels are; `None` if the
    /// label decides.
    named: Option<BTreeSet<String>>,
    /// Limits of the namespaces that were listed and are open, or why they are held.
    known: ObjectStore<String, Result<NamespaceLimits, String>>,
    /// Number of changes.
    version: u64,
}

#[derive(Deserialize)]
struct NamespaceJson {
    metadata: MetadataJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataJson {
    name: String,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    deletion_timestamp: Option<String>,
}

impl OpenNamespaces {
    /// No namespace has been listed yet. Those of `named` are open, or else those with the label.
    pub fn new(named: Option<BTreeSet<String>>) -> Self {
        Self(Arc::new(Mutex::new(State { named, known: ObjectStore::default(), version: 0 })))
    }

    /// Applies a change of a Namespace.
    pub fn change(&self, change: Change<'_>) {
        let mut state = self.state();
        let State { named, known, version } = &mut *state;
        let decode = |json: &str| match serde_json::from_str(json) {
            Ok(NamespaceJson { metadata }) => Some(limits_of(metadata, named.as_ref())),
            Err(error) => {
                tracing::warn!("ignored an invalid Namespace: {error}");
                None
            }
        };
        let is_other = known.change(change, decode, |name, old, new| {
            if old != new {
                *version += 1;
                log(name, new);
            }
        });
        *version += u64::from(is_other);
    }

    /// Number of changes so far.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// The limits of a namespace that is open.
    ///
    /// # Errors
    /// The reason why workloads in it are held, with the command that opens it.
    pub fn limits(&self, namespace: &str) -> Result<NamespaceLimits, String> {
        let state = self.state();
        if let ListState::Refused(_) | ListState::Missing = state.known.state() {
            return Err(format!(
                "it is unknown whether namespace {namespace} is open to opportunistic work, for \
                 namespaces cannot be read (403); grant {}",
                kinds::NAMESPACE.permission("list,watch")
            ));
        }
        if let Some(known) = state.known.get(namespace) {
            return known.clone();
        }
        match &state.named {
            Some(named) if named.contains(namespace) => Ok(NamespaceLimits::default()),
            Some(_) => Err(format!(
                "namespace {namespace} is not open to opportunistic work: it is not among those \
                 of oppscale serve --namespaces"
            )),
            None => Err(closed(namespace)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name of a namespace, and its limits or why it is held if it is open.
fn limits_of(
    metadata: MetadataJson,
    named: Option<&BTreeSet<String>>,
) -> (String, Option<Result<NamespaceLimits, String>>) {
    let MetadataJson { name, labels, annotations, deletion_timestamp } = metadata;
    let is_labelled = || {
        labels.iter().flatten().any(|(key, value)| key == OPPORTUNISTIC_LABEL && value == "true")
    };
    if !named.map_or_else(is_labelled, |named| named.contains(&name)) {
        return (name, None);
    }
    let annotations = annotations.iter().flatten();
    let limits = match deletion_timestamp {
        Some(_) => Err(format!("namespace {name} is being deleted")),
        None => NamespaceLimits::of(annotations.map(|(name, value)| (&**name, &**value)))
            .map_err(|error| format!("of namespace {name}, {error}")),
    };
    (name, Some(limits))
}

fn log(name: &str, limits: Option<&Result<NamespaceLimits, String>>) {
    match limits {
        Some(Ok(_)) => tracing::info!(reason = "NamespaceOpen", namespace = name, "open"),
        Some(Err(why)) => {
            tracing::warn!(reason = "NamespaceHeld", namespace = name, "held: {why}");
        }
        None => tracing::info!(reason = "NamespaceClosed", namespace = name, "no longer open"),
    }
}

/// Why workloads of a namespace without the label are held.
fn closed(namespace: &str) -> String {
    format!(
        "namespace {namespace} is not open to opportunistic work; an administrator opens it: \
         {}",
        open_command(namespace)
    )
}

/// The command that opens a namespace.
pub fn open_command(namespace: &str) -> String {
    format!("kubectl label namespace {namespace} {OPPORTUNISTIC_LABEL}=true")
}
