//! The workload that `--workload` names: whose pods are own, and where they may go.

use std::fmt;
use std::str::FromStr;

use serde_json::value::RawValue;

use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::malformed::Malformed;
use oppscale_core::model::{Metadata, Workload};
use oppscale_core::ownership::{OwnWorkload, Ownership};
use oppscale_core::placement::Placement;
use oppscale_core::replica::Replica;
use oppscale_core::selector::Selector;

use super::client::{Action, Cluster};
use super::decode::fold_list;
use super::error::ClusterError;

/// A workload as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadRef {
    /// `NAMESPACE/KIND/NAME`, or `KIND/NAME` in the namespace at hand.
    Object {
        /// The namespace, if it was given.
        namespace: Option<String>,
        /// `Deployment`, `StatefulSet` or `ReplicaSet`.
        kind: WorkloadKind,
        /// The name.
        name: String,
    },
    /// A label selector.
    Labels(Selector),
}

/// A kind of workload whose pods can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadKind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 StatefulSet.
    StatefulSet,
    /// apps/v1 ReplicaSet.
    ReplicaSet,
}

/// What is known of a workload once it has been read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResolvedWorkload {
    /// Whose pods are own.
    pub ownership: Ownership,
    /// The shape of a replica, where the workload says.
    pub replica: Option<Replica>,
    /// Where its pods may go.
    pub placement: Placement,
}

impl WorkloadKind {
    /// The kind as objects write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::ReplicaSet => "ReplicaSet",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::ReplicaSet => "replicasets",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().trim_end_matches(".apps") {
            "deploy" | "deployment" | "deployments" => Self::Deployment,
            "sts" | "statefulset" | "statefulsets" => Self::StatefulSet,
            "rs" | "replicaset" | "replicasets" => Self::ReplicaSet,
            _ => return None,
        })
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { namespace, kind, name } => {
                let namespace = namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
                write!(f, "{namespace}{}/{name}", kind.name().to_ascii_lowercase())
            }
            Self::Labels(selector) => write!(f, "{selector}"),
        }
    }
}

impl FromStr for WorkloadRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split('/').collect();
        let object = match parts[..] {
            [kind, name] => WorkloadKind::parse(kind).map(|kind| (None, kind, name)),
            [namespace, kind, name] => {
                WorkloadKind::parse(kind).map(|kind| (Some(namespace.to_owned()), kind, name))
            }
            _ => None,
        };
        match object {
            Some((namespace, kind, name))
                if is_name(name) && namespace.as_deref().is_none_or(is_name) =>
            {
                Ok(Self::Object { namespace, kind, name: name.to_owned() })
            }
            None if text.contains(['=', '!', '(']) => {
                Selector::parse(text).map(Self::Labels).map_err(|error| error.to_string())
            }
            _ => Err(format!(
                "{text:?} is neither NAMESPACE/deploy/NAME (or sts, rs) nor a label selector"
            )),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// Reads the workload from the API server.
///
/// # Errors
/// When it is not there, may not be read, or is malformed.
pub(super) async fn fetch(
    cluster: &Cluster,
    reference: &WorkloadRef,
    namespace: &str,
) -> anyhow::Result<ResolvedWorkload> {
    let (given, kind, name) = match reference {
        WorkloadRef::Labels(selector) => return Ok(by_labels(selector)),
        WorkloadRef::Object { namespace, kind, name } => (namespace, *kind, name),
    };
    let namespace = given.as_deref().unwrap_or(namespace);
    let plural = kind.plural();
    let words = format!("get {} {namespace}/{name}", kind.name());
    let right = format!("--verb=get,list --resource={plural}.apps,replicasets.apps");
    let action = Action { words: &words, right: &right };
    let path = format!("/apis/apps/v1/namespaces/{namespace}/{plural}/{name}");
    let body = cluster.get(&action, &path).await?;
    let workload: Workload<'_> = serde_json::from_slice(&body).map_err(|error| {
        anyhow::Error::from(error).context(format!("{words}: the answer is no {}", kind.name()))
    })?;
    let replica_sets = match kind {
        WorkloadKind::Deployment => replica_sets(cluster, namespace, &workload).await?,
        _ => Vec::new(),
    };
    resolve(&workload, kind, namespace, replica_sets)
        .map_err(|error| anyhow::Error::from(error).context(words))
}

/// The uids of a Deployment's ReplicaSets. Without the right to list them they are
/// known by name.
async fn replica_sets(
    cluster: &Cluster,
    namespace: &str,
    deployment: &Workload<'_>,
) -> Result<Vec<String>, ClusterError> {
    let words = format!("list ReplicaSets in {namespace}");
    let action = Action { words: &words, right: "--verb=list --resource=replicasets.apps" };
    let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
    let body = match cluster.get(&action, &path).await {
        Ok(body) => body,
        Err(ClusterError::Forbidden { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let garbage = |cause: String| ClusterError::Garbage {
        action: words.clone(),
        server: cluster.server().to_owned(),
        cause,
    };
    let text = std::str::from_utf8(&body).map_err(|error| garbage(error.to_string()))?;
    let mut uids = Vec::new();
    fold_list(text, |set: Workload<'_>| uids.extend(owned_by(&set.metadata, &deployment.metadata)))
        .map_err(|error| garbage(error.to_string()))?;
    Ok(uids)
}

/// The uid of `set` if `deployment` controls it.
fn owned_by(set: &Metadata<'_>, deployment: &Metadata<'_>) -> Option<String> {
    let controller = set.controller()?;
    (controller.uid == deployment.uid && !controller.uid.is_empty()).then(|| set.uid.to_string())
}

/// Finds the workload among saved objects, each with its kind.
///
/// # Errors
/// When it is malformed. `None` when it is not among them.
pub(super) fn find<'j>(
    objects: &[(&str, &'j RawValue)],
    reference: &WorkloadRef,
    namespace: &str,
) -> Result<Option<ResolvedWorkload>, Malformed> {
    let (given, kind, name) = match reference {
        WorkloadRef::Labels(selector) => return Ok(Some(by_labels(selector))),
        WorkloadRef::Object { namespace, kind, name } => (namespace, *kind, name),
    };
    let namespace = given.as_deref().unwrap_or(namespace);
    let of_kind = |wanted: WorkloadKind| {
        objects.iter().filter(move |(kind, _)| *kind == wanted.name()).filter_map(|(_, raw)| {
            let workload: Workload<'j> = serde_json::from_str(raw.get()).ok()?;
            in_namespace(&workload.metadata, namespace).then_some(workload)
        })
    };
    let Some(workload) = of_kind(kind).find(|workload| &*workload.metadata.name == name.as_str())
    else {
        return Ok(None);
    };
    let replica_sets = of_kind(WorkloadKind::ReplicaSet)
        .filter_map(|set| owned_by(&set.metadata, &workload.metadata))
        .collect();
    resolve(&workload, kind, namespace, replica_sets).map(Some)
}

fn in_namespace(metadata: &Metadata<'_>, namespace: &str) -> bool {
    let own = if metadata.namespace.is_empty() { "default" } else { &metadata.namespace };
    own == namespace
}

fn by_labels(selector: &Selector) -> ResolvedWorkload {
    ResolvedWorkload { ownership: Ownership::Labels(selector.clone()), ..Default::default() }
}

fn resolve(
    workload: &Workload<'_>,
    kind: WorkloadKind,
    namespace: &str,
    replica_sets: Vec<String>,
) -> Result<ResolvedWorkload, Malformed> {
    let template = &workload.spec.template.spec;
    let selector = Selector::from_object(&workload.spec.selector)?;
    if selector.is_empty() {
        return Err(Malformed::new("spec.selector", oppscale_core::malformed::Problem::Missing));
    }
    Ok(ResolvedWorkload {
        ownership: Ownership::Workload(OwnWorkload {
            namespace: namespace.to_owned(),
            kind: kind.name().to_owned(),
            name: workload.metadata.name.to_string(),
            selector,
            replica_sets,
        }),
        replica: Some(Replica::from_footprint(footprint_of_template(template)?)),
        placement: Placement::of(template)?,
    })
}
