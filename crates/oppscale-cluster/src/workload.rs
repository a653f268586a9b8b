//! The workload that `--workload` names: its pods, its replica's shape, where its pods may go.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::autoscaling::v1::Scale;
use serde::Deserialize;
use serde_json::Value;

use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::devices::{ClaimRef, claims_of_template};
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ledger::Ledger;
use oppscale_core::limits;
use oppscale_core::malformed::{Malformed, Problem};
use oppscale_core::model::{Metadata, Object, PodTemplate, Workload};
use oppscale_core::names::is_subdomain;
use oppscale_core::nearest::{nearest, nearest_object};
use oppscale_core::ownership::{OwnWorkload, Ownership};
use oppscale_core::placement::Placement;
use oppscale_core::policy::{Basis, Policy};
use oppscale_core::record::priority_of;
use oppscale_core::replica::Replica;
use oppscale_core::selector::Selector;

use super::api_request::ApiRequest;
use super::client::{Cluster, Operation};
use super::decode::fold_list;
use super::discovery::{self, custom_kind};
use super::error::ClusterError;
use super::pages::next_page;
use super::pod_rules::PodRules;
use super::saved::SavedObject;

/// Objects in a page of names, and how many are listed to find the one that was meant by a name
/// that none has.
const MAX_NAMES: u32 = 500;
/// Objects without spec and status; a server that cannot leave them out sends them whole.
const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// A workload as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadRef {
    /// `NAMESPACE/KIND/NAME`, or `KIND/NAME` in the namespace of the context.
    Object {
        /// The namespace, if it was given.
        namespace: Option<String>,
        /// Its kind.
        kind: KindRef,
        /// The name.
        name: String,
    },
    /// A label selector.
    Labels(Selector),
}

/// A kind as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindRef {
    /// A kind of the table.
    Known(&'static Kind),
    /// Any other, as it was typed: `KIND`, `KIND.GROUP` or `KIND.VERSION.GROUP`. API discovery
    /// tells what it is.
    Named(String),
}

/// A workload after it has been read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResolvedWorkload {
    /// Which pods are its own.
    pub ownership: Ownership,
    /// The shape of a replica, if the workload has a pod template.
    pub replica: Option<Replica>,
    /// Placement of its pods.
    pub placement: Placement,
    /// The priority of its pods; `None` if its pod template does not tell it.
    pub priority: Option<i32>,
    /// Its own policy, by its annotations; on the usage basis the CPU limit of its pod template is
    /// the burn if they do not tell it.
    pub policy: Policy,
    /// ResourceClaims and templates that its pod template uses.
    pub claims: Vec<ClaimRef>,
    /// Its namespace.
    pub namespace: String,
    /// What keeps its pods apart or together.
    pub rules: PodRules,
}

impl ResolvedWorkload {
    /// What the rules of its pod template mean for slots, a sentence each: that a node has one at
    /// most, and that fewer pods may find a place than slots are counted.
    pub fn placement_notes(&self) -> Vec<String> {
        let one_per_node = self.rules.is_one_per_node.then(|| {
            "a node holds one replica only: its pods want a port of the host, or keep apart"
                .to_owned()
        });
        let uncounted = (!self.rules.uncounted.is_empty()).then(|| {
            format!(
                "the pod template has {}, which slots do not consider: fewer replicas may find a node",
                self.rules.uncounted.join(" and ")
            )
        });
        one_per_node.into_iter().chain(uncounted).collect()
    }

    /// The shape of a replica, with the devices that its claims take.
    pub fn replica_on(&self, ledger: &Ledger) -> Option<Replica> {
        let mut footprint = self.replica.as_ref()?.footprint().clone();
        footprint.add(&ledger.replica_devices(&self.namespace, &self.claims));
        Some(Replica::from_footprint(footprint))
    }
}

impl KindRef {
    /// Whether `kind`, as objects write it, is meant.
    pub fn is(&self, kind: &str) -> bool {
        match self {
            Self::Known(known) => known.name == kind,
            Self::Named(text) => discovery::is_named(kinds::split_resource(text).0, kind),
        }
    }

    /// The kind, from the table or by API discovery.
    ///
    /// # Errors
    /// When the server has no such kind, or no replicas of it can be set.
    pub async fn resolve(&self, cluster: &Cluster) -> anyhow::Result<&'static Kind> {
        match self {
            Self::Known(kind) => Ok(kind),
            Self::Named(text) => discovery::scalable_kind(cluster, text).await,
        }
    }
}

impl FromStr for KindRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match kinds::named(text) {
            Some(kind) if kind.scales => Ok(Self::Known(kind)),
            Some(kind) => {
                Err(format!("a {} has no scale subresource: an HPA cannot scale it", kind.name))
            }
            None if is_subdomain(&text.to_ascii_lowercase()) => {
                Ok(Self::Named(text.to_ascii_lowercase()))
            }
            None => Err(format!("{text:?} is not a kind, such as deploy or rollouts.argoproj.io")),
        }
    }
}

impl fmt::Display for KindRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(kind) => f.write_str(&kind.singular()),
            Self::Named(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { namespace: Some(namespace), kind, name } => {
                write!(f, "{namespace}/{kind}/{name}")
            }
            Self::Object { namespace: None, kind, name } => write!(f, "{kind}/{name}"),
            Self::Labels(selector) => write!(f, "{selector}"),
        }
    }
}

impl FromStr for WorkloadRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split('/').collect();
        let object = match parts[..] {
            [kind, name] => Some((None, kind, name)),
            [namespace, kind, name] => Some((Some(namespace.to_owned()), kind, name)),
            _ => None,
        };
        match object {
            _ if text.contains(['=', '!', '(']) => {
                Selector::parse(text).map(Self::Labels).map_err(|error| error.to_string())
            }
            Some((namespace, kind, name))
                if is_subdomain(name) && namespace.as_deref().is_none_or(is_subdomain) =>
            {
                Ok(Self::Object { namespace, kind: kind.parse()?, name: name.to_owned() })
            }
            _ => Err(format!(
                "{text:?} is neither [NAMESPACE/]KIND/NAME, such as deploy/web, nor a label selector"
            )),
        }
    }
}

/// Kinds of objects that may stand between a workload of `kind` and its pods.
pub(super) fn intermediates(kind: &Kind) -> &'static [&'static Kind] {
    static ALL: [&Kind; 2] = [&kinds::REPLICA_SET, &kinds::STATEFUL_SET];
    match (kind.hash_label, kinds::find(&kind.api_version(), kind.name)) {
        (Some(_), _) => &ALL[..1],
        (None, Some(_)) => &[],
        (None, None) => &ALL,
    }
}

/// The RBAC rule for following a workload of `kind`, as flags of `kubectl create clusterrole`.
pub(super) fn permission(verbs: &str, kind: &'static Kind) -> String {
    let mut all = vec![kind];
    all.extend(intermediates(kind));
    kinds::permission(verbs, &all)
}

impl WorkloadRef {
    /// Reads the workload from the API server; `namespace` is that of a reference without one.
    ///
    /// # Errors
    /// When it does not exist, may not be read, or is malformed.
    pub async fn resolve(
        &self,
        cluster: &Cluster,
        namespace: &str,
    ) -> anyhow::Result<ResolvedWorkload> {
        let (given, kind, name) = match self {
            WorkloadRef::Labels(selector) => return Ok(by_labels(selector)),
            WorkloadRef::Object { namespace, kind, name } => (namespace, kind, name),
        };
        let kind = kind.resolve(cluster).await?;
        let namespace = given.as_deref().unwrap_or(namespace);
        let operation = Operation::new(
            format!("get {} {namespace}/{name}", kind.name),
            permission("get,list", kind),
        );
        let path = kind.path(Some(namespace), name);
        let body = match cluster.get(&operation, &path).await {
            Err(error @ ClusterError::NotFound { .. }) => {
                let typed = KindRef::Known(kind);
                return Err(match object_names(cluster, kind, None).await {
                    Some(names) => {
                        let error = Error::usage(error.to_string());
                        meant(error, &typed, (namespace, name), &names).into()
                    }
                    None => error.into(),
                });
            }
            body => body?,
        };
        let context = |error: anyhow::Error| error.context(operation.description.to_string());
        let text = String::from_utf8(body).map_err(|error| context(error.into()))?;
        let parts = Parts::of(kind, &text).map_err(context)?;
        let selector = match kind.is_custom() {
            true => scale_selector(cluster, kind, namespace, name).await?,
            false => parts.selector.clone(),
        };
        let mut uids = Vec::new();
        for of in intermediates(kind) {
            uids.extend(controllers(cluster, of, namespace).await?);
        }
        let intermediates = owned_by(&parts.uid, uids);
        resolve(parts, selector, kind, namespace, intermediates).map_err(|e| context(e.into()))
    }
}

/// Namespace and name of the first objects of a kind, to find one that was meant; `None` where
/// they may not be listed.
pub async fn object_names(
    cluster: &Cluster,
    kind: &'static Kind,
    namespace: Option<&str>,
) -> Option<Vec<(String, String)>> {
    let mut names = Vec::new();
    let each = |metadata: &Metadata<'_>| {
        names.push((metadata.namespace.to_string(), metadata.name.to_string()));
    };
    metadata_page(cluster, kind, namespace, None, each).await.ok()?;
    Some(names)
}

/// Hands the metadata of every object of a kind to `each`, page by page. If the future is dropped,
/// `each` keeps the objects so far.
///
/// # Errors
/// When the server refuses or fails, or answers with something else.
pub async fn each_metadata(
    cluster: &Cluster,
    kind: &'static Kind,
    namespace: Option<&str>,
    mut each: impl FnMut(&Metadata<'_>),
) -> anyhow::Result<()> {
    let mut next = metadata_page(cluster, kind, namespace, None, &mut each).await?;
    while let Some(path) = next {
        next = metadata_page(cluster, kind, namespace, Some(&path), &mut each).await?;
    }
    Ok(())
}

/// Reads a page of objects without their specs, the first one without a path, and returns the path
/// of the next one.
async fn metadata_page(
    cluster: &Cluster,
    kind: &'static Kind,
    namespace: Option<&str>,
    path: Option<&str>,
    mut each: impl FnMut(&Metadata<'_>),
) -> anyhow::Result<Option<String>> {
    let operation = Operation::new(format!("list {}s", kind.name), kind.permission("list"));
    let first = format!("{}?limit={MAX_NAMES}", kind.list_path(namespace));
    let path = path.unwrap_or(&first);
    let request = ApiRequest::get(path).accept(METADATA);
    let response = cluster.send(&operation, &request).await?.success(&operation)?;
    let end = fold_list(std::str::from_utf8(&response.body)?, |object: Object<Metadata<'_>>| {
        each(&object.metadata);
    })?;
    let token = end.continue_token.filter(|token| !token.is_empty());
    let next = token.map(|token| next_page(cluster, &operation, &first, path, &token));
    Ok(next.transpose()?)
}

/// The selector of the object's `/scale` subresource.
async fn scale_selector(
    cluster: &Cluster,
    kind: &Kind,
    namespace: &str,
    name: &str,
) -> anyhow::Result<Selector> {
    let operation = Operation::new(
        format!("get the scale of {} {namespace}/{name}", kind.name),
        format!("--verb=get --resource={0},{0}/scale", kind.resource()),
    );
    let path = format!("{}/scale", kind.path(Some(namespace), name));
    let scale: Scale = serde_json::from_slice(&cluster.get(&operation, &path).await?)
        .map_err(|error| anyhow::Error::from(error).context(operation.description.to_string()))?;
    let selector = scale.status.and_then(|status| status.selector).unwrap_or_default();
    Selector::parse(&selector)
        .map_err(|error| anyhow::anyhow!("{}: {error}", operation.description))
}

/// UID of each object of a namespace, and of its controller. Empty if they may not be listed.
async fn controllers(
    cluster: &Cluster,
    kind: &'static Kind,
    namespace: &str,
) -> Result<Vec<(String, String)>, ClusterError> {
    let operation =
        Operation::new(format!("list {}s in {namespace}", kind.name), kind.permission("list"));
    let body = match cluster.get(&operation, &kind.list_path(Some(namespace))).await {
        Ok(body) => body,
        Err(ClusterError::Forbidden { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let invalid = |cause: String| cluster.invalid_response(&operation.description, cause);
    let text = std::str::from_utf8(&body).map_err(|error| invalid(error.to_string()))?;
    let mut uids = Vec::new();
    fold_list(text, |object: Workload<'_>| uids.extend(controller(&object.metadata)))
        .map_err(|error| invalid(error.to_string()))?;
    Ok(uids)
}

/// UID of an object and of its controller.
fn controller(object: &Metadata<'_>) -> Option<(String, String)> {
    Some((object.uid.to_string(), object.controller()?.uid.to_string()))
}

/// The objects that `root` controls directly or indirectly; each has its controller.
fn owned_by(root: &str, mut objects: Vec<(String, String)>) -> Vec<String> {
    let mut owned: Vec<String> = Vec::new();
    loop {
        let is_owned = |(_, controller): &mut (String, String)| {
            !controller.is_empty() && (controller == root || owned.contains(controller))
        };
        let found: Vec<_> = objects.extract_if(.., is_owned).map(|(uid, _)| uid).collect();
        if found.is_empty() {
            return owned;
        }
        owned.extend(found);
    }
}

/// Finds the workload among saved objects.
///
/// # Errors
/// When it is malformed. `None` when it is not among them.
pub(super) fn find(
    objects: &[SavedObject<'_>],
    reference: &WorkloadRef,
    namespace: &str,
) -> anyhow::Result<Option<ResolvedWorkload>> {
    let (given, wanted, name) = match reference {
        WorkloadRef::Labels(selector) => return Ok(Some(by_labels(selector))),
        WorkloadRef::Object { namespace, kind, name } => (namespace, kind, name),
    };
    let namespace = given.as_deref().unwrap_or(namespace);
    let found = objects.iter().filter(|object| is_of_kind(object, wanted)).find(|saved| {
        serde_json::from_str::<Identity<'_>>(saved.json).is_ok_and(|object| {
            *object.metadata.name == **name && object.metadata.namespace_or_default() == namespace
        })
    });
    let Some(found) = found else { return Ok(None) };
    let kind = match wanted {
        KindRef::Known(kind) => kind,
        KindRef::Named(_) => {
            let object: Identity<'_> = serde_json::from_str(found.json)?;
            let (group, version) =
                object.api_version.rsplit_once('/').unwrap_or(("", &object.api_version));
            let plural = format!("{}s", found.kind.to_ascii_lowercase());
            custom_kind(group, version, found.kind, &plural, true)
        }
    };
    let parts = Parts::of(kind, found.json)?;
    let uids = objects.iter().filter(|object| {
        intermediates(kind).iter().any(|intermediate| intermediate.name == object.kind)
    });
    let uids = uids.filter_map(|saved| {
        let object: Identity<'_> = serde_json::from_str(saved.json).ok()?;
        controller(&object.metadata).filter(|_| object.metadata.namespace_or_default() == namespace)
    });
    let intermediates = owned_by(&parts.uid, uids.collect());
    let selector = parts.selector.clone();
    Ok(Some(resolve(parts, selector, kind, namespace, intermediates)?))
}

/// Whether the object is of the kind, and of its API group where both are known.
fn is_of_kind(object: &SavedObject<'_>, wanted: &KindRef) -> bool {
    wanted.is(object.kind)
        && match (wanted, object.group) {
            (KindRef::Known(kind), Some(group)) => kind.group == group,
            _ => true,
        }
}

/// The error that the saved objects hold no such workload, with what may have been meant.
pub(super) fn missing(
    objects: &[SavedObject<'_>],
    reference: &WorkloadRef,
    namespace: &str,
) -> Error {
    let message = format!("the saved lists hold no {reference}");
    let WorkloadRef::Object { namespace: given, kind, name } = reference else {
        return Error::usage(message);
    };
    let of_kind = objects.iter().filter(|object| is_of_kind(object, kind));
    let names = of_kind.filter_map(|saved| {
        let object: Identity<'_> = serde_json::from_str(saved.json).ok()?;
        let metadata = &object.metadata;
        Some((metadata.namespace_or_default().to_owned(), metadata.name.to_string()))
    });
    let names: Vec<_> = names.collect();
    let namespace = given.as_deref().unwrap_or(namespace);
    match (names.is_empty(), kind) {
        (false, _) => meant(Error::usage(message), kind, (namespace, name), &names),
        (true, KindRef::Named(text)) if kind_meant(text).is_some() => {
            let hint = kind_meant(text).unwrap_or_default();
            Error::usage(message).hint(format!("did you mean {hint}/{name}?"))
        }
        (true, _) => Error::failure(message).hint(
            "save it too: kubectl get nodes,pods,deployments,statefulsets,replicasets -A -o json",
        ),
    }
}

/// The workload kind that was meant by a name that no kind has.
fn kind_meant(text: &str) -> Option<&'static str> {
    let names = kinds::scalable().flat_map(|kind| [&[kind.plural], kind.short_names].concat());
    nearest(text, names)
}

/// Adds which of the workloads `names`, as namespace and name, may have been meant.
fn meant(error: Error, kind: &KindRef, wanted: (&str, &str), names: &[(String, String)]) -> Error {
    match nearest_object(wanted, names) {
        Some((namespace, name)) => error.hint(format!("did you mean {namespace}/{kind}/{name}?")),
        None => error,
    }
}

/// The identity of an object of any kind.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, default)]
    api_version: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
}

fn by_labels(selector: &Selector) -> ResolvedWorkload {
    ResolvedWorkload { ownership: Ownership::Labels(selector.clone()), ..Default::default() }
}

/// The fields of an object about its pods.
struct Parts {
    name: String,
    uid: String,
    selector: Selector,
    /// Without its ownership and namespace.
    workload: ResolvedWorkload,
}

impl Parts {
    fn of(kind: &Kind, json: &str) -> anyhow::Result<Self> {
        let malformed = |error: serde_json::Error| {
            anyhow::Error::from(error).context(format!("the answer is no {}", kind.name))
        };
        let value: Value = serde_json::from_str(json).map_err(malformed)?;
        if !kind.is_custom() {
            let workload: Workload<'_> = serde_json::from_str(json).map_err(malformed)?;
            let selector = Selector::from_object(&workload.spec.selector)?;
            let template = Some(&workload.spec.template);
            return Self::with(kind, &value, &workload.metadata, selector, template);
        }
        let object: Identity<'_> = serde_json::from_str(json)?;
        // A selector as of a Deployment, or in the status, as the scale subresource wants it.
        let selector = match (&value["spec"]["selector"], value["status"]["selector"].as_str()) {
            (labels @ Value::Object(_), _) => {
                Selector::from_object(&serde_json::from_str(&labels.to_string())?)?
            }
            (_, Some(text)) => Selector::parse(text).map_err(|e| anyhow::anyhow!("{e}"))?,
            _ => Selector::default(),
        };
        let template = kind.template.and_then(|place| value.pointer(place)).map(Value::to_string);
        let template = template.as_deref().map(serde_json::from_str).transpose()?;
        Self::with(kind, &value, &object.metadata, selector, template.as_ref())
    }

    fn with(
        kind: &Kind,
        value: &Value,
        metadata: &Metadata<'_>,
        selector: Selector,
        template: Option<&PodTemplate<'_>>,
    ) -> anyhow::Result<Self> {
        let spec = template.map(|template| &template.spec);
        let annotations: Option<BTreeMap<String, String>> =
            Option::deserialize(&value["metadata"]["annotations"])
                .map_err(|error| anyhow::anyhow!("metadata.annotations: {error}"))?;
        let annotations = annotations.iter().flatten();
        let mut policy =
            Policy::of(annotations.map(|(name, value)| (name.as_str(), value.as_str())))?;
        // As the server does, the CPU limit tells what no annotation does.
        if policy.basis == Basis::Usage && policy.burn.is_none() {
            let limit = spec.map(limits::cpu_of_template).transpose()?;
            policy.burn =
                limit.and_then(|limit| i64::try_from(limit).ok()).filter(|burn| *burn > 0);
        }
        let workload = ResolvedWorkload {
            replica: spec.map(footprint_of_template).transpose()?.map(Replica::from_footprint),
            placement: spec.map(Placement::of).transpose()?.unwrap_or_default(),
            priority: spec.and_then(priority_of),
            policy,
            claims: spec.map(claims_of_template).unwrap_or_default(),
            rules: PodRules::of_object(kind, value, value["metadata"]["namespace"].as_str()),
            ..ResolvedWorkload::default()
        };
        Ok(Self {
            name: metadata.name.to_string(),
            uid: metadata.uid.to_string(),
            selector,
            workload,
        })
    }
}

fn resolve(
    parts: Parts,
    selector: Selector,
    kind: &Kind,
    namespace: &str,
    intermediates: Vec<String>,
) -> Result<ResolvedWorkload, Malformed> {
    if selector.is_empty() {
        let place = if kind.is_custom() { "status.selector of its scale" } else { "spec.selector" };
        return Err(Malformed::new(place, Problem::Missing));
    }
    Ok(ResolvedWorkload {
        ownership: Ownership::Workload(OwnWorkload {
            namespace: namespace.to_owned(),
            kind: kind.name.to_owned(),
            name: parts.name,
            selector,
            intermediates,
            unknown_intermediates: kinds::find(&kind.api_version(), kind.name).is_none(),
        }),
        namespace: namespace.to_owned(),
        ..parts.workload
    })
}
