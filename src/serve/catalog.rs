//! The opportunistic workloads of the cluster, as they are heard of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use crate::metrics_api::WorkloadKind;
use oppscale_cluster::follow::Change;
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::ledger::Group;
use oppscale_core::model::Workload;
use oppscale_core::placement::Placement;
use oppscale_core::policy::Policy;
use oppscale_core::replica::Replica;
use oppscale_core::selector::Labels;
use oppscale_core::share::Claimant;

/// Which workload: namespace, kind and name, in which order they are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadId {
    /// Its namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
}

/// A workload that is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which.
    pub id: WorkloadId,
    /// Its own labels.
    pub labels: Arc<Labels<'static>>,
    /// How many replicas are asked for (`spec.replicas`).
    pub replicas: i64,
    /// How many are ready.
    pub ready: i64,
    /// What it asks of the cluster, or why it is held.
    pub claimant: Result<Claimant, String>,
}

/// All of them. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Catalog(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<WorkloadId, Entry>,
    /// For each kind whose list is being read, which it has named so far.
    named: BTreeMap<WorkloadKind, BTreeSet<WorkloadId>>,
    /// Counts changes of what asks for capacity.
    version: u64,
}

/// What the model leaves out, for pods have it too and are many.
#[derive(Deserialize)]
struct Extra {
    #[serde(default)]
    metadata: ExtraMetadata,
    #[serde(default)]
    spec: ExtraSpec,
    #[serde(default)]
    status: ExtraStatus,
}

#[derive(Default, Deserialize)]
struct ExtraMetadata {
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
struct ExtraSpec {
    /// Absent means 1, by the API's default.
    #[serde(default)]
    replicas: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtraStatus {
    #[serde(default)]
    ready_replicas: Option<i64>,
}

impl Catalog {
    /// Takes in what happened to a workload of `kind`.
    pub fn change(&self, kind: WorkloadKind, change: Change<'_>) {
        let mut state = self.state();
        match change {
            Change::Begin => {
                state.named.insert(kind, BTreeSet::new());
            }
            Change::Applied(json) => match read(kind, json) {
                Some(Read::Served(entry)) => {
                    if let Some(named) = state.named.get_mut(&kind) {
                        named.insert(entry.id.clone());
                    }
                    state.apply(*entry);
                }
                Some(Read::Not(id)) => state.remove(&id),
                None => tracing::warn!(kind = kind.name(), "an object without a name is left out"),
            },
            Change::Gone(json) => {
                if let Some(id) = read(kind, json).map(Read::id) {
                    state.remove(&id);
                }
            }
            Change::End => {
                let Some(named) = state.named.remove(&kind) else { return };
                let gone = |id: &&WorkloadId| id.kind == kind && !named.contains(*id);
                let gone: Vec<_> = state.entries.keys().filter(gone).cloned().collect();
                gone.iter().for_each(|id| state.remove(id));
            }
            Change::Refused => {
                let ids: Vec<_> = state.entries.keys().filter(|id| id.kind == kind).collect();
                let ids: Vec<_> = ids.into_iter().cloned().collect();
                ids.iter().for_each(|id| state.remove(id));
            }
        }
    }

    /// How often what asks for capacity has changed.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// The workloads, by namespace, kind and name, and the version they are of.
    pub fn entries(&self) -> (u64, Vec<Entry>) {
        let state = self.state();
        (state.version, state.entries.values().cloned().collect())
    }

    /// Whether a workload of this namespace, kind and name is served.
    pub fn serves(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let Some(kind) = WorkloadKind::ALL.into_iter().find(|known| known.name() == kind) else {
            return false;
        };
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        self.state().entries.contains_key(&WorkloadId { namespace, kind, name })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, entry: Entry) {
        let id = &entry.id;
        let (kind, namespace, name) = (id.kind.name(), &*id.namespace, &*id.name);
        let known = self.entries.get(id);
        match (&entry.claimant, known.map(|known| &known.claimant)) {
            (Err(why), old) if old != Some(&Err(why.clone())) => {
                tracing::warn!(reason = "WorkloadHeld", kind, namespace, name, "held: {why}")
            }
            (Ok(_), Some(Err(_))) => {
                tracing::info!(reason = "WorkloadServed", kind, namespace, name, "served again")
            }
            (Ok(_), None) => {
                tracing::info!(reason = "WorkloadServed", kind, namespace, name, "served");
            }
            _ => {}
        }
        let counts = |entry: &Entry| (entry.claimant.clone(), Arc::clone(&entry.labels));
        if known.map(counts) != Some(counts(&entry)) {
            self.version += 1;
        }
        self.entries.insert(entry.id.clone(), entry);
    }

    fn remove(&mut self, id: &WorkloadId) {
        if self.entries.remove(id).is_some() {
            self.version += 1;
            tracing::info!(
                reason = "WorkloadGone",
                kind = id.kind.name(),
                namespace = id.namespace,
                name = id.name,
                "served no more"
            );
        }
    }
}

impl Entry {
    /// The group under which its pods are counted.
    pub fn group(&self) -> Group {
        Group {
            namespace: self.id.namespace.as_str().into(),
            kind: self.id.kind.name().into(),
            name: self.id.name.as_str().into(),
        }
    }
}

enum Read {
    Served(Box<Entry>),
    /// Controlled by something else, or about to go.
    Not(WorkloadId),
}

impl Read {
    fn id(self) -> WorkloadId {
        match self {
            Self::Served(entry) => entry.id,
            Self::Not(id) => id,
        }
    }
}

/// Reads a workload; `None` when it cannot even be told which.
fn read(kind: WorkloadKind, json: &str) -> Option<Read> {
    let workload: Workload<'_> = match serde_json::from_str(json) {
        Ok(workload) => workload,
        Err(error) => {
            let id = id_of(kind, json)?;
            let claimant = Err(format!("it is no {}: {error}", kind.name()));
            let labels = Arc::default();
            return Some(Read::Served(Box::new(Entry {
                id,
                labels,
                replicas: 0,
                ready: 0,
                claimant,
            })));
        }
    };
    let metadata = &workload.metadata;
    let id = WorkloadId {
        namespace: metadata.namespace.to_string(),
        kind,
        name: metadata.name.to_string(),
    };
    if id.name.is_empty() {
        return None;
    }
    // A Deployment's ReplicaSets carry the labels of its pods, the opportunistic one too.
    if metadata.controller().is_some() || metadata.deletion_timestamp.is_some() {
        return Some(Read::Not(id));
    }
    let labels = Arc::new(metadata.labels.clone().into_owned());
    let (extra, claimant) = match serde_json::from_str::<Extra>(json) {
        Ok(extra) => {
            let claimant = claimant(&workload, &extra);
            (extra, claimant)
        }
        Err(error) => (Extra::default(), Err(format!("it cannot be read: {error}"))),
    };
    Some(Read::Served(Box::new(Entry {
        id,
        labels,
        replicas: extra.spec.replicas.unwrap_or(1),
        ready: extra.status.ready_replicas.unwrap_or(0),
        claimant,
    })))
}

fn claimant(workload: &Workload<'_>, extra: &Extra) -> Result<Claimant, String> {
    let annotations = extra.metadata.annotations.iter().flatten();
    let policy = Policy::of(annotations.map(|(name, value)| (name.as_str(), value.as_str())))
        .map_err(|error| error.to_string())?;
    let template = &workload.spec.template.spec;
    let footprint = footprint_of_template(template)
        .map_err(|error| format!("its pod template cannot be counted: {error}"))?;
    let placement = Placement::of(template)
        .map_err(|error| format!("its pod template cannot be placed: {error}"))?;
    Ok(Claimant { replica: Replica::from_footprint(footprint), placement, policy })
}

fn id_of(kind: WorkloadKind, json: &str) -> Option<WorkloadId> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let text = |name: &str| Some(value.get("metadata")?.get(name)?.as_str()?.to_owned());
    Some(WorkloadId { namespace: text("namespace")?, kind, name: text("name")? })
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            metadata: ExtraMetadata::default(),
            spec: ExtraSpec { replicas: Some(0) },
            status: ExtraStatus::default(),
        }
    }
}
