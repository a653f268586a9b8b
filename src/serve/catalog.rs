//! The opportunistic workloads of the cluster, as they are heard of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use oppscale_cluster::Autoscaler;
use oppscale_cluster::follow::Change;
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ledger::{Group, TrackId};
use oppscale_core::model::Workload;
use oppscale_core::placement::Placement;
use oppscale_core::policy::Policy;
use oppscale_core::replica::Replica;
use oppscale_core::selector::Labels;
use oppscale_core::share::Claimant;

/// Controllers that may stand between a workload and its pods, one above the other.
const MAX_CONTROLLERS: usize = 3;

/// Which workload: namespace, kind and name, in which order they are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadId {
    /// Its namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: &'static Kind,
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
    /// Labelled objects that another one controls, and which one: their pods are its pods.
    controlled: BTreeMap<WorkloadId, Group>,
    /// For each kind whose list is being read, which it has named so far.
    named: BTreeMap<&'static Kind, BTreeSet<WorkloadId>>,
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
    pub fn change(&self, kind: &'static Kind, change: Change<'_>) {
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
                Some(Read::Controlled(id, controller)) => {
                    state.remove(&id);
                    if let Some(named) = state.named.get_mut(&kind) {
                        named.insert(id.clone());
                    }
                    let known = state.controlled.insert(id, controller.clone());
                    state.version += u64::from(known != Some(controller));
                }
                Some(Read::Not(id)) => state.remove(&id),
                None => tracing::warn!(kind = kind.name, "an object without a name is left out"),
            },
            Change::Gone(json) => {
                if let Some(id) = read(kind, json).map(Read::id) {
                    state.remove(&id);
                }
            }
            Change::End => {
                let Some(named) = state.named.remove(&kind) else { return };
                state.retain(|id| id.kind != kind || named.contains(id));
            }
            Change::Refused => state.retain(|id| id.kind != kind),
        }
    }

    /// How often what asks for capacity has changed.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// The workloads, by namespace, kind and name; the version they are of; and the groups
    /// under which the pods of each are counted.
    pub fn entries(&self) -> (u64, Vec<Entry>, HashMap<Group, TrackId>) {
        let state = self.state();
        let own = (0..).zip(state.entries.keys()).map(|(number, id)| (id.group(), number));
        let mut groups: HashMap<Group, TrackId> = own.collect();
        // Level by level: what is controlled by a controlled object belongs to the workload, too.
        for _ in 0..MAX_CONTROLLERS {
            for (id, controller) in &state.controlled {
                if let Some(number) = groups.get(controller).copied() {
                    groups.insert(id.group(), number);
                }
            }
        }
        (state.version, state.entries.values().cloned().collect(), groups)
    }

    /// Whether a workload of this namespace, kind and name is served.
    pub fn serves(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let is_it =
            |id: &WorkloadId| (&*id.namespace, id.kind.name, &*id.name) == (namespace, kind, name);
        self.state().entries.keys().any(is_it)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, entry: Entry) {
        let id = &entry.id;
        let (kind, namespace, name) = (id.kind.name, &*id.namespace, &*id.name);
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

    fn retain(&mut self, is_kept: impl Fn(&WorkloadId) -> bool) {
        self.controlled.retain(|id, _| is_kept(id));
        let gone: Vec<_> = self.entries.keys().filter(|id| !is_kept(id)).cloned().collect();
        gone.iter().for_each(|id| self.remove(id));
    }

    fn remove(&mut self, id: &WorkloadId) {
        self.controlled.remove(id);
        if self.entries.remove(id).is_some() {
            self.version += 1;
            tracing::info!(
                reason = "WorkloadGone",
                kind = id.kind.name,
                namespace = id.namespace,
                name = id.name,
                "served no more"
            );
        }
    }
}

impl Entry {
    /// Whether this HPA scales it.
    pub(super) fn is_scaled_by(&self, hpa: &Autoscaler) -> bool {
        hpa.scales(&self.id.namespace, self.id.kind.name, &self.id.name)
    }
}

impl WorkloadId {
    fn group(&self) -> Group {
        Group {
            namespace: self.namespace.as_str().into(),
            kind: self.kind.name.into(),
            name: self.name.as_str().into(),
        }
    }
}

enum Read {
    Served(Box<Entry>),
    /// Controlled by another object.
    Controlled(WorkloadId, Group),
    /// Being deleted, or a ReplicaSet whose pods name the workload themselves.
    Not(WorkloadId),
}

impl Read {
    fn id(self) -> WorkloadId {
        match self {
            Self::Served(entry) => entry.id,
            Self::Controlled(id, _) | Self::Not(id) => id,
        }
    }
}

/// Reads a workload; `None` when it cannot even be told which.
fn read(kind: &'static Kind, json: &str) -> Option<Read> {
    let workload: Workload<'_> = match serde_json::from_str(json) {
        Ok(workload) => workload,
        Err(error) => {
            let id = id_of(kind, json)?;
            let claimant = Err(format!("it is no {}: {error}", kind.name));
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
    if let Some(owner) = metadata.controller() {
        if kinds::scalable().any(|kind| kind.hash_label.is_some() && kind.name == &*owner.kind) {
            return Some(Read::Not(id));
        }
        let controller = Group {
            namespace: id.namespace.as_str().into(),
            kind: owner.kind.as_str().into(),
            name: owner.name.as_str().into(),
        };
        return Some(Read::Controlled(id, controller));
    }
    if metadata.deletion_timestamp.is_some() {
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

fn id_of(kind: &'static Kind, json: &str) -> Option<WorkloadId> {
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
