//! The namespaces that an administrator opened to opportunistic work, and their limits.
//!
//! Users who may create a workload may label it, so the label of a workload alone claims nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use oppscale_cluster::follow::Change;
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
    known: HashMap<String, Result<NamespaceLimits, String>>,
    /// Namespaces named so far by the list that is being read.
    listed: Option<BTreeSet<String>>,
    is_refused: bool,
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
        Self(Arc::new(Mutex::new(State {
            named,
            known: HashMap::new(),
            listed: None,
            is_refused: false,
            version: 0,
        })))
    }

    /// Applies a change of a Namespace.
    pub fn change(&self, change: Change<'_>) {
        let mut state = self.state();
        match change {
            Change::Begin => state.listed = Some(BTreeSet::new()),
            Change::Applied(json) => match serde_json::from_str::<NamespaceJson>(json) {
                Ok(NamespaceJson { metadata }) => state.apply(metadata),
                Err(error) => tracing::warn!("ignored an invalid Namespace: {error}"),
            },
            Change::Gone(json) => {
                if let Ok(NamespaceJson { metadata }) = serde_json::from_str(json) {
                    state.set(&metadata.name, None);
                }
            }
            Change::End => {
                state.version += u64::from(std::mem::take(&mut state.is_refused));
                let Some(listed) = state.listed.take() else { return };
                let gone = state.known.keys().filter(|name| !listed.contains(*name));
                for name in gone.cloned().collect::<Vec<_>>() {
                    state.set(&name, None);
                }
            }
            Change::Refused(_) => {
                state.known.clear();
                state.is_refused = true;
                state.version += 1;
            }
        }
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
        if state.is_refused {
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

impl State {
    fn apply(&mut self, metadata: MetadataJson) {
        let MetadataJson { name, labels, annotations, deletion_timestamp } = metadata;
        if let Some(listed) = &mut self.listed {
            listed.insert(name.clone());
        }
        let is_labelled = || {
            labels
                .iter()
                .flatten()
                .any(|(key, value)| key == OPPORTUNISTIC_LABEL && value == "true")
        };
        let is_open = self.named.as_ref().map_or_else(is_labelled, |named| named.contains(&name));
        let annotations = annotations.iter().flatten();
        let limits = || {
            if deletion_timestamp.is_some() {
                return Err(format!("namespace {name} is being deleted"));
            }
            NamespaceLimits::of(annotations.map(|(name, value)| (name.as_str(), value.as_str())))
                .map_err(|error| format!("of namespace {name}, {error}"))
        };
        let limits = is_open.then(limits);
        self.set(&name, limits);
    }

    fn set(&mut self, name: &str, limits: Option<Result<NamespaceLimits, String>>) {
        if self.known.get(name) == limits.as_ref() {
            return;
        }
        self.version += 1;
        match &limits {
            Some(Ok(_)) => tracing::info!(reason = "NamespaceOpen", namespace = name, "open"),
            Some(Err(why)) => {
                tracing::warn!(reason = "NamespaceHeld", namespace = name, "held: {why}");
            }
            None => tracing::info!(reason = "NamespaceClosed", namespace = name, "no longer open"),
        }
        match limits {
            Some(limits) => self.known.insert(name.to_owned(), limits),
            None => self.known.remove(name),
        };
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
