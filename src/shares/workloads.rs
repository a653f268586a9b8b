//! The served workloads: those with the opportunistic label, kept current by their watches.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::node::v1::RuntimeClass;
use serde::Deserialize;
use serde::de::IgnoredAny;

use oppscale_cluster::follow::{Change, ObjectStore};
use oppscale_cluster::typed;
use oppscale_cluster::{Autoscaler, PodRules};
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::devices::{ClaimRef, claims_of_template};
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ledger::{Group, Ledger, TrackId, Tracked};
use oppscale_core::limits;
use oppscale_core::model::Workload;
use oppscale_core::placement::Placement;
use oppscale_core::policy::{Basis, NamespaceLimits, Policy};
use oppscale_core::record::{check_resources, priority_of};
use oppscale_core::replica::{ONE_PER_NODE, Replica};
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::selector::Labels;
use oppscale_core::share::{Held, ShareRequest, Uptake};
use oppscale_core::units::amount_of;

/// Problem of a workload on the usage basis whose use of CPU is unknown.
const NO_BURN: &str = "annotation oppscale.dev/basis is usage, but the cores that a replica uses are \
    unknown; set oppscale.dev/burn, or a CPU limit on each container";

/// Controllers that can stand between a workload and its pods, one owning the next.
const MAX_CONTROLLERS: usize = 3;

/// Identity of a workload, ordered as workloads are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Kind.
    pub kind: &'static Kind,
    /// Name.
    pub name: Arc<str>,
}

/// A workload that is served. Each count copies all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedWorkload {
    /// Identity.
    pub id: WorkloadId,
    /// The object's uid.
    pub uid: Arc<str>,
    /// Labels.
    pub labels: Arc<Labels<'static>>,
    /// Desired replicas (`spec.replicas`).
    pub replicas: i64,
    /// Ready replicas.
    pub ready: i64,
    /// Shape, placement and policy; or why the workload is held.
    pub request: Result<ShareRequest, Held>,
    /// ResourceClaims and templates that its pods use.
    claims: Arc<[ClaimRef]>,
    /// RuntimeClass of its pods, unless they state an overhead themselves.
    runtime_class: Option<Arc<str>>,
}

/// All served workloads. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct WorkloadStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The labelled objects of each kind.
    kinds: BTreeMap<&'static Kind, ObjectStore<WorkloadId, Labelled>>,
    /// Overhead of a pod of each RuntimeClass.
    overheads: ObjectStore<String, Resources>,
    /// Number of changes of requests.
    version: u64,
    /// The pods of workloads, as they were at a version.
    tracked: Option<(u64, Tracked)>,
}

/// An object with the opportunistic label.
#[derive(Debug)]
enum Labelled {
    /// A workload that is served.
    Served(Box<ServedWorkload>),
    /// Controlled by this object, whose pods its pods are.
    Controlled(Group),
}

impl Labelled {
    fn served(&self) -> Option<&ServedWorkload> {
        match self {
            Self::Served(served) => Some(served),
            Self::Controlled(_) => None,
        }
    }

    /// Whether the same is requested.
    fn requests_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Served(one), Self::Served(other)) => {
                one.request == other.request
                    && one.labels == other.labels
                    && one.claims == other.claims
                    && one.runtime_class == other.runtime_class
            }
            (Self::Controlled(one), Self::Controlled(other)) => one == other,
            _ => false,
        }
    }
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
    #[serde(default)]
    template: ExtraTemplate,
}

#[derive(Default, Deserialize)]
struct ExtraTemplate {
    #[serde(default)]
    spec: ExtraPod,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtraPod {
    #[serde(default)]
    runtime_class_name: Option<String>,
    #[serde(default)]
    overhead: Option<IgnoredAny>,
}

impl ExtraPod {
    /// The RuntimeClass whose overhead counts.
    fn runtime_class(&self) -> Option<String> {
        self.runtime_class_name.clone().filter(|name| !name.is_empty() && self.overhead.is_none())
    }
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
        let State { kinds, version, .. } = &mut *state;
        let decode = |json: &str| {
            let decoded = decode(kind, json);
            if decoded.is_none() {
                tracing::warn!(kind = kind.name, "ignored an object without a name");
            }
            decoded
        };
        let is_other = kinds.entry(kind).or_default().change(change, decode, |_, old, new| {
            let is_same = matches!((old, new), (Some(old), Some(new)) if old.requests_as(new));
            *version += u64::from(!is_same);
        });
        *version += u64::from(is_other);
    }

    /// Applies a change of a RuntimeClass, whose overhead is a part of every replica.
    pub fn change_runtime_class(&self, change: Change<'_>) {
        let mut state = self.state();
        let State { overheads, version, .. } = &mut *state;
        let is_other = overheads.change(change, overhead_of, |_, old, new| {
            *version += u64::from(old != new);
        });
        *version += u64::from(is_other);
    }

    /// Number of changes of requests so far.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// The workloads in their order, and the pods of each, tracked by its index.
    pub fn served(&self) -> (Vec<ServedWorkload>, Tracked) {
        let mut state = self.state();
        let mut served: Vec<ServedWorkload> = state.served().cloned().collect();
        served.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let version = state.version;
        let known = state.tracked.take().filter(|(of, _)| *of == version);
        let (_, tracked) = known.unwrap_or_else(|| (version, state.track(&served)));
        state.tracked = Some((version, tracked.clone()));
        for served in &mut served {
            let class = served.runtime_class.as_deref();
            let overhead = class.and_then(|name| state.overheads.get(name));
            if let (Some(overhead), Ok(request)) = (overhead, &mut served.request) {
                add(request, overhead);
            }
        }
        (served, tracked)
    }

    /// Whether some workload is on the usage basis.
    pub fn needs_usage(&self) -> bool {
        let is_by_usage = |served: &ServedWorkload| {
            served.request.as_ref().is_ok_and(|request| request.policy.basis == Basis::Usage)
        };
        self.state().served().any(is_by_usage)
    }

    /// Whether a workload of this namespace, kind and name is served.
    pub fn serves(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let is_it = |served: &ServedWorkload| {
            let WorkloadId { namespace: of, kind: known, name: its } = &served.id;
            (&**of, known.name, &**its) == (namespace, kind, name)
        };
        self.state().served().any(is_it)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn served(&self) -> impl Iterator<Item = &ServedWorkload> {
        self.kinds.values().flat_map(ObjectStore::values).filter_map(Labelled::served)
    }

    /// The pods of these workloads, in their order.
    fn track(&self, served: &[ServedWorkload]) -> Tracked {
        let own = (0..).zip(served).map(|(number, served)| (served.id.group(), number));
        let mut groups: HashMap<Group, TrackId> = own.collect();
        // Level by level: pods of a controlled object's objects belong to the workload, too.
        for _ in 0..MAX_CONTROLLERS {
            for (id, labelled) in self.kinds.values().flat_map(ObjectStore::iter) {
                if let Labelled::Controlled(controller) = labelled
                    && let Some(number) = groups.get(controller).copied()
                {
                    groups.insert(id.group(), number);
                }
            }
        }
        groups.into()
    }
}

impl ServedWorkload {
    /// Its namespace, and the claims that its pods use.
    pub(crate) fn claims(&self) -> (&str, &[ClaimRef]) {
        let claims = if self.request.is_ok() { &self.claims[..] } else { &[] };
        (&self.id.namespace, claims)
    }

    /// Adds to a replica what its claims take of devices; without it if that is unknown.
    pub(crate) fn take_devices(&mut self, ledger: &Ledger) {
        let Ok(request) = &mut self.request else { return };
        if self.claims.is_empty() {
            return;
        }
        let devices = ledger.replica_devices(&self.id.namespace, &self.claims);
        let is_unknown =
            |name: &str| ledger.devices().unknown_resources().any(|unknown| unknown == name);
        if let Some((name, _)) = devices.present().find(|(name, _)| is_unknown(name)) {
            let why = ledger.devices().unknown().unwrap_or("its claims could not be read");
            self.hold(format!("what is left of {name} is unknown: {why}"));
            return;
        }
        add(request, &devices);
    }

    /// Millicores that a replica keeps busy, held or not; 0 if its usage counts as paid.
    pub(crate) fn cpu(&self) -> Amount {
        self.request.as_ref().map_or_else(|held| held.cpu, ShareRequest::cpu)
    }

    /// Holds it. Its pods keep busy what they did before.
    pub(crate) fn hold(&mut self, why: String) {
        self.request = Err(Held { why, cpu: self.cpu() });
    }

    /// Whether this HPA scales it.
    pub(crate) fn is_scaled_by(&self, hpa: &Autoscaler) -> bool {
        hpa.scales(&self.id.namespace, self.id.kind.name, &self.id.name)
    }
}

impl WorkloadId {
    fn group(&self) -> Group {
        Group {
            namespace: (&*self.namespace).into(),
            kind: self.kind.name.into(),
            name: (&*self.name).into(),
        }
    }
}

/// Decodes a labelled object; `None` if even its name is missing. One that is being deleted does not
/// count, nor does a ReplicaSet whose pods name the workload themselves.
fn decode(kind: &'static Kind, json: &str) -> Option<(WorkloadId, Option<Labelled>)> {
    let workload: Workload<'_> = match serde_json::from_str(json) {
        Ok(workload) => workload,
        Err(error) => {
            let (id, uid) = id_of(kind, json)?;
            let request = Err(invalid(format!("it is not a valid {}: {error}", kind.name)));
            let labels = Arc::default();
            let served = ServedWorkload {
                id: id.clone(),
                uid,
                labels,
                replicas: 0,
                ready: 0,
                request,
                claims: Arc::default(),
                runtime_class: None,
            };
            return Some((id, Some(Labelled::Served(Box::new(served)))));
        }
    };
    let metadata = &workload.metadata;
    let id = WorkloadId {
        namespace: metadata.namespace.as_str().into(),
        kind,
        name: metadata.name.as_str().into(),
    };
    if id.name.is_empty() {
        return None;
    }
    // A Deployment's ReplicaSets carry the labels of its pods, the opportunistic one too.
    if let Some(owner) = metadata.controller() {
        if kinds::scalable().any(|kind| kind.hash_label.is_some() && kind.name == &*owner.kind) {
            return Some((id, None));
        }
        let controller = Group {
            namespace: (&*id.namespace).into(),
            kind: owner.kind.as_str().into(),
            name: owner.name.as_str().into(),
        };
        return Some((id, Some(Labelled::Controlled(controller))));
    }
    if metadata.deletion_timestamp.is_some() {
        return Some((id, None));
    }
    let labels = Arc::new(metadata.labels.clone().into_owned());
    // From the text, which passes over a tenant's megabytes of affinity without keeping them.
    let (extra, request) = match serde_json::from_str::<Extra>(json) {
        Ok(extra) => {
            let request = request(&workload, &extra);
            (extra, request)
        }
        Err(error) => (Extra::default(), Err(format!("its spec or status is invalid: {error}"))),
    };
    let mut request = request.map_err(invalid);
    if let Ok(request) = &mut request
        && let Ok(object) = serde_json::from_str(json)
        && PodRules::of_object(kind, &object, Some(&id.namespace)).is_one_per_node
    {
        let name = format!("{ONE_PER_NODE}{}/{}/{}", id.namespace, kind.plural, id.name);
        add(request, &Resources::default().with(&name, 1));
    }
    let pod = &workload.spec.template.spec;
    let runtime_class = extra.spec.template.spec.runtime_class();
    let served = ServedWorkload {
        claims: claims_of_template(pod).into(),
        runtime_class: runtime_class.map(Into::into),
        id: id.clone(),
        uid: metadata.uid.as_str().into(),
        labels,
        replicas: extra.spec.replicas.unwrap_or(1),
        ready: extra.status.ready_replicas.unwrap_or(0),
        request,
    };
    Some((id, Some(Labelled::Served(Box::new(served)))))
}

/// The burn of its pods is unknown, so their usage counts as paid.
fn invalid(why: String) -> Held {
    Held { why, cpu: 0 }
}

/// Adds to what a replica requests.
fn add(request: &mut ShareRequest, more: &Resources) {
    let mut footprint = request.replica.footprint().clone();
    footprint.add(more);
    request.replica = Replica::from_footprint(footprint);
}

/// Name and overhead of a RuntimeClass; no overhead if it cannot be read.
fn overhead_of(json: &str) -> Option<(String, Option<Resources>)> {
    let class: RuntimeClass = typed::from_slice(json.as_bytes()).ok()?;
    let fixed = class.overhead.and_then(|overhead| overhead.pod_fixed).unwrap_or_default();
    let amounts = fixed
        .iter()
        .filter_map(|(name, quantity)| Some((name, amount_of(name, quantity.0.parse().ok()?)?)));
    let overhead = amounts.fold(Resources::default(), |sum, (name, amount)| sum.with(name, amount));
    Some((class.metadata.name?, Some(overhead)))
}

fn request(workload: &Workload<'_>, extra: &Extra) -> Result<ShareRequest, String> {
    let annotations = extra.metadata.annotations.iter().flatten();
    let policy = Policy::of(annotations.map(|(name, value)| (name.as_str(), value.as_str())))
        .map_err(|error| error.to_string())?;
    let template = &workload.spec.template.spec;
    check_resources(template)
        .map_err(|error| format!("its pod template cannot be counted: {error}"))?;
    let footprint = footprint_of_template(template)
        .map_err(|error| format!("its pod template cannot be counted: {error}"))?;
    let placement = Placement::of(template)
        .map_err(|error| format!("its pod template cannot be placed: {error}"))?;
    let cpu_limit = limits::cpu_of_template(template)
        .map_err(|error| format!("the limits of its pod template cannot be read: {error}"))?;
    if policy.basis == Basis::Usage && policy.burn.is_none() && cpu_limit == 0 {
        return Err(NO_BURN.to_owned());
    }
    let placement = match policy.basis {
        Basis::Requests => placement,
        Basis::Usage => placement.without_windows(),
    };
    Ok(ShareRequest {
        namespace: (&*workload.metadata.namespace).into(),
        limits: NamespaceLimits::default(),
        replica: Replica::from_footprint(footprint),
        placement: Arc::new(placement),
        pod_priority: priority_of(template),
        policy,
        cpu_limit,
        uptake: Uptake::UNLIMITED,
    })
}

/// Identity and uid of an object of which nothing else can be read.
fn id_of(kind: &'static Kind, json: &str) -> Option<(WorkloadId, Arc<str>)> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let text = |name: &str| Some(value.get("metadata")?.get(name)?.as_str()?.into());
    let id = WorkloadId { namespace: text("namespace")?, kind, name: text("name")? };
    Some((id, text("uid").unwrap_or_default()))
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            metadata: ExtraMetadata::default(),
            spec: ExtraSpec { replicas: Some(0), ..ExtraSpec::default() },
            status: ExtraStatus::default(),
        }
    }
}
