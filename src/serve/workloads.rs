//! The served workloads: those with the opportunistic label, kept current by their watches.

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
use oppscale_core::policy::{NamespaceLimits, Policy};
use oppscale_core::record::priority_of;
use oppscale_core::replica::Replica;
use oppscale_core::selector::Labels;
use oppscale_core::share::ShareRequest;

/// Controllers that can stand between a workload and its pods, one owning the next.
const MAX_CONTROLLERS: usize = 3;

/// Identity of a workload, ordered as workloads are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId {
    /// Namespace.
    pub namespace: String,
    /// Kind.
    pub kind: &'static Kind,
    /// Name.
    pub name: String,
}

/// A workload that is served.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedWorkload {
    /// Identity.
    pub id: WorkloadId,
    /// Labels.
    pub labels: Arc<Labels<'static>>,
    /// Desired replicas (`spec.replicas`).
    pub replicas: i64,
    /// Ready replicas.
    pub ready: i64,
    /// Shape, placement and policy; or why the workload is held.
    pub request: Result<ShareRequest, String>,
}

/// All served workloads. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct WorkloadStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    served: BTreeMap<WorkloadId, ServedWorkload>,
    /// Labelled objects and their controllers, whose pods theirs are.
    controlled: BTreeMap<WorkloadId, Group>,
    /// Workloads named so far by each list that is being read.
    named: BTreeMap<&'static Kind, BTreeSet<WorkloadId>>,
    /// Number of changes of requests.
    version: u64,
}

/// Fields that the shared model leaves out to keep pods small.
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

impl WorkloadStore {
    /// Applies a change of a workload of `kind`.
    pub fn change(&self, kind: &'static Kind, change: Change<'_>) {
        let mut state = self.state();
        match change {
            Change::Begin => {
                state.named.insert(kind, BTreeSet::new());
            }
            Change::Applied(json) => match decode(kind, json) {
                Some(Decoded::Served(served)) => {
                    if let Some(named) = state.named.get_mut(&kind) {
                        named.insert(served.id.clone());
                    }
                    state.apply(*served);
                }
                Some(Decoded::Controlled(id, controller)) => {
                    state.remove(&id);
                    if let Some(named) = state.named.get_mut(&kind) {
                        named.insert(id.clone());
                    }
                    let known = state.controlled.insert(id, controller.clone());
                    state.version += u64::from(known != Some(controller));
                }
                Some(Decoded::Not(id)) => state.remove(&id),
                None => tracing::warn!(kind = kind.name, "ignored an object without a name"),
            },
            Change::Gone(json) => {
                if let Some(id) = decode(kind, json).map(Decoded::id) {
                    state.remove(&id);
                }
            }
            Change::End => {
                let Some(named) = state.named.remove(&kind) else { return };
                state.retain(|id| id.kind != kind || named.contains(id));
            }
            Change::Refused(_) => state.retain(|id| id.kind != kind),
        }
    }

    /// Number of changes of requests so far.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// The workloads in their order, and for each group of pods the index of its workload.
    pub fn served(&self) -> (Vec<ServedWorkload>, HashMap<Group, TrackId>) {
        let state = self.state();
        let own = (0..).zip(state.served.keys()).map(|(number, id)| (id.group(), number));
        let mut groups: HashMap<Group, TrackId> = own.collect();
        // Level by level: pods of a controlled object's objects belong to the workload, too.
        for _ in 0..MAX_CONTROLLERS {
            for (id, controller) in &state.controlled {
                if let Some(number) = groups.get(controller).copied() {
                    groups.insert(id.group(), number);
                }
            }
        }
        (state.served.values().cloned().collect(), groups)
    }

    /// Whether a workload of this namespace, kind and name is served.
    pub fn serves(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let is_it =
            |id: &WorkloadId| (&*id.namespace, id.kind.name, &*id.name) == (namespace, kind, name);
        self.state().served.keys().any(is_it)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, served: ServedWorkload) {
        let known = self.served.get(&served.id);
        let counts = |served: &ServedWorkload| (served.request.clone(), Arc::clone(&served.labels));
        if known.map(counts) != Some(counts(&served)) {
            self.version += 1;
        }
        self.served.insert(served.id.clone(), served);
    }

    fn retain(&mut self, is_kept: impl Fn(&WorkloadId) -> bool) {
        self.controlled.retain(|id, _| is_kept(id));
        let gone: Vec<_> = self.served.keys().filter(|id| !is_kept(id)).cloned().collect();
        gone.iter().for_each(|id| self.remove(id));
    }

    fn remove(&mut self, id: &WorkloadId) {
        self.controlled.remove(id);
        self.version += u64::from(self.served.remove(id).is_some());
    }
}

impl ServedWorkload {
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

enum Decoded {
    Served(Box<ServedWorkload>),
    /// Controlled by another object.
    Controlled(WorkloadId, Group),
    /// Being deleted, or a ReplicaSet whose pods name the workload themselves.
    Not(WorkloadId),
}

impl Decoded {
    fn id(self) -> WorkloadId {
        match self {
            Self::Served(served) => served.id,
            Self::Controlled(id, _) | Self::Not(id) => id,
        }
    }
}

/// Decodes a workload; `None` if even its name is missing.
fn decode(kind: &'static Kind, json: &str) -> Option<Decoded> {
    let workload: Workload<'_> = match serde_json::from_str(json) {
        Ok(workload) => workload,
        Err(error) => {
            let id = id_of(kind, json)?;
            let request = Err(format!("it is not a valid {}: {error}", kind.name));
            let labels = Arc::default();
            return Some(Decoded::Served(Box::new(ServedWorkload {
                id,
                labels,
                replicas: 0,
                ready: 0,
                request,
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
            return Some(Decoded::Not(id));
        }
        let controller = Group {
            namespace: id.namespace.as_str().into(),
            kind: owner.kind.as_str().into(),
            name: owner.name.as_str().into(),
        };
        return Some(Decoded::Controlled(id, controller));
    }
    if metadata.deletion_timestamp.is_some() {
        return Some(Decoded::Not(id));
    }
    let labels = Arc::new(metadata.labels.clone().into_owned());
    let (extra, request) = match serde_json::from_str::<Extra>(json) {
        Ok(extra) => {
            let request = request(&workload, &extra);
            (extra, request)
        }
        Err(error) => (Extra::default(), Err(format!("its spec or status is invalid: {error}"))),
    };
    Some(Decoded::Served(Box::new(ServedWorkload {
        id,
        labels,
        replicas: extra.spec.replicas.unwrap_or(1),
        ready: extra.status.ready_replicas.unwrap_or(0),
        request,
    })))
}

fn request(workload: &Workload<'_>, extra: &Extra) -> Result<ShareRequest, String> {
    let annotations = extra.metadata.annotations.iter().flatten();
    let policy = Policy::of(annotations.map(|(name, value)| (name.as_str(), value.as_str())))
        .map_err(|error| error.to_string())?;
    let template = &workload.spec.template.spec;
    let footprint = footprint_of_template(template)
        .map_err(|error| format!("its pod template cannot be counted: {error}"))?;
    let placement = Placement::of(template)
        .map_err(|error| format!("its pod template cannot be placed: {error}"))?;
    Ok(ShareRequest {
        namespace: (&*workload.metadata.namespace).into(),
        limits: NamespaceLimits::default(),
        replica: Replica::from_footprint(footprint),
        placement: Arc::new(placement),
        pod_priority: priority_of(template),
        policy,
    })
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
