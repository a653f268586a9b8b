//! Everything that the checks of a run share: the connection, the target, facts about the cluster,
//! and a cache of what was read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::autoscaling::ClusterSnapshot;
use crate::certificates::Fix;
use crate::manifest::Document;
use crate::setup::api_services::{ApiService, HELM_RENEWAL_HINT};
use crate::setup::helm::{ADAPTER, ADAPTER_SECRET};
use crate::setup::{label, local_clock, server_flags};
use oppscale_cluster::{Cluster, ClusterError, Operation, typed};
use oppscale_core::check::{Distribution, Outcome, ServerVersion};
use oppscale_core::error::ErrorKind;
use oppscale_core::kinds::{API_SERVICE, Kind, NODE, ObjectRef, POD};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// Selects opportunistic workloads and their pods.
pub(super) const FILLERS: &str = "oppscale.dev/opportunistic=true";

/// The installation to check, and further parameters of a run.
#[derive(Debug, Clone)]
pub struct CheckTarget {
    /// The metrics server's namespace.
    pub namespace: String,
    /// The Service in front of it.
    pub service: String,
    /// The Secret with its certificates.
    pub secret: String,
    /// The distribution, where it was given.
    pub distribution: Option<Distribution>,
    /// Manifests to check for retired API versions and flags.
    pub manifests: Vec<Document>,
    /// Whether our server must be there, as after an installation.
    pub installed: bool,
}

impl CheckTarget {
    /// The same for prometheus-adapter, where it serves the API in place of our server.
    pub fn adapter(&self) -> Self {
        let (service, secret) = (ADAPTER.to_owned(), ADAPTER_SECRET.to_owned());
        Self { service, secret, ..self.clone() }
    }

    /// A command of oppscale for this target, with the flags that differ from the defaults.
    pub fn command(&self, arguments: &str) -> String {
        // init names the Secret after the Service by itself.
        let secret = if arguments.starts_with("init") { "oppscale-tls" } else { &self.secret };
        format!("oppscale {arguments}{}", server_flags(&self.namespace, &self.service, secret))
    }

    /// The fix for a certificate; certificates of a Helm release are renewed with Helm.
    pub fn renewal(&self, fix: Fix, release: Option<&str>) -> String {
        match (fix, release) {
            (Fix::Renew(_), Some(release)) => {
                format!("they are values of {release}: {HELM_RENEWAL_HINT}")
            }
            (Fix::Renew(flags), None) => format!("{}{flags}", self.command("certs renew")),
            (Fix::Other(text), _) => text.to_owned(),
        }
    }
}

/// State that the checks of a run share.
pub struct CheckContext<'a> {
    /// The connection.
    pub cluster: &'a Cluster,
    /// The installation to check.
    pub target: CheckTarget,
    /// The server's version, once it is known.
    pub version: Option<ServerVersion>,
    /// Why the API server cannot be used, if it cannot.
    pub error: Option<ErrorKind>,
    /// The server's clock, or yours until that is known, in seconds since 1970.
    pub now: i64,
    /// The distribution, once it is known.
    pub distribution: Distribution,
    /// Whether this run judges HPAs, for which the snapshot counts the pods of each workload.
    pub(super) judges_hpas: bool,
    pub(super) snapshot: Option<Result<ClusterSnapshot, Outcome>>,
    cache: HashMap<String, Result<Option<Value>, Outcome>>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Option::default")]
    items: Option<Vec<T>>,
}

impl<'a> CheckContext<'a> {
    /// A context in which nothing has been read yet.
    pub fn new(cluster: &'a Cluster, target: CheckTarget) -> Self {
        let distribution = target.distribution.unwrap_or(Distribution::Unknown);
        let (version, error, now) = (None, None, local_clock());
        let (judges_hpas, snapshot, cache) = (false, None, HashMap::new());
        Self { cluster, target, version, error, now, distribution, judges_hpas, snapshot, cache }
    }

    /// Makes the next checks read everything anew.
    pub fn clear_cache(&mut self) {
        self.cache.clear();
        self.snapshot = None;
    }

    /// Reads what is at `path`, once for all checks; `None` when it does not exist. What cannot be
    /// read leaves its checks with the outcome in `Err`.
    async fn find<T: DeserializeOwned>(
        &mut self,
        operation: Operation<'_>,
        path: &str,
    ) -> Result<Option<T>, Outcome> {
        let read = match self.cache.entry(path.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(self.cluster.find(&operation, path).await.map_err(unknown))
            }
        };
        match read {
            Ok(Some(value)) => typed::read(value)
                .map(Some)
                .map_err(|error| Outcome::Unknown(format!("cannot read {path}: {error}"))),
            Ok(None) => Ok(None),
            Err(outcome) => Err(outcome.clone()),
        }
    }

    /// Reads an object; `None` when it does not exist.
    pub async fn read<T: DeserializeOwned>(
        &mut self,
        object: &ObjectRef,
    ) -> Result<Option<T>, Outcome> {
        let place = object.namespace.as_deref().map(|namespace| format!(", in {namespace}"));
        let permission = object.kind.permission("get") + &place.unwrap_or_default();
        self.find(Operation::new(format!("get {object}"), permission), &object.path()).await
    }

    /// Reads a list of a kind, in a namespace or in all, of the objects that a label selector
    /// selects; `None` when the kind does not exist.
    pub async fn read_list<T: DeserializeOwned>(
        &mut self,
        kind: &'static Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Option<Vec<T>>, Outcome> {
        let place = namespace.map(|namespace| format!(", in {namespace}")).unwrap_or_default();
        let operation =
            Operation::new(format!("list {}", kind.plural), kind.permission("list") + &place);
        let mut path = kind.query_path(namespace, selector);
        // The first page of a kind that may have thousands of objects is enough for checks.
        let limit = [(&NODE, 50), (&POD, 500)].into_iter().find(|(limited, _)| *limited == kind);
        if let Some((_, limit)) = limit {
            let and = if path.contains('?') { '&' } else { '?' };
            path.push_str(&format!("{and}limit={limit}"));
        }
        let list: Option<List<T>> = self.find(operation, &path).await?;
        Ok(list.map(|list| list.items.unwrap_or_default()))
    }

    /// The same with an empty list when the kind does not exist.
    pub async fn list<T: DeserializeOwned>(
        &mut self,
        kind: &'static Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<T>, Outcome> {
        Ok(self.read_list(kind, namespace, selector).await?.unwrap_or_default())
    }

    /// Whether an object exists.
    pub async fn exists(&mut self, object: &ObjectRef) -> Result<bool, Outcome> {
        Ok(self.read::<IgnoredAny>(object).await?.is_some())
    }

    /// Whether an API group exists.
    pub async fn has_group(&mut self, group: &str) -> Result<bool, Outcome> {
        let operation = Operation::new(format!("look for the API {group}"), "");
        Ok(self.find::<IgnoredAny>(operation, &format!("/apis/{group}")).await?.is_some())
    }

    /// The first nodes, which are enough to recognize a distribution.
    pub async fn nodes(&mut self) -> Result<Vec<Node>, Outcome> {
        self.list(&NODE, None, "").await
    }

    /// Filler pods, as far as the first page goes; skips the check where there are none.
    pub async fn filler_pods(&mut self) -> Result<Vec<Pod>, Outcome> {
        let mut pods: Vec<Pod> = self.list(&POD, None, FILLERS).await?;
        pods.retain(|pod| is_opportunistic(&pod.metadata));
        match pods.is_empty() {
            true => Err(Outcome::skipped(format!("there are no pods labelled {FILLERS}"))),
            false => Ok(pods),
        }
    }

    /// All APIServices.
    pub async fn api_services(&mut self) -> Result<Vec<ApiService>, Outcome> {
        self.list(&API_SERVICE, None, "").await
    }

    /// Whether the server's version is 1.`minor` or later.
    pub fn is_at_least(&self, minor: u32) -> bool {
        self.version.as_ref().is_some_and(|version| version.is_at_least(minor))
    }
}

/// The outcome of a check that needs what could not be read.
pub(super) fn unknown(error: impl Into<anyhow::Error>) -> Outcome {
    let error = error.into();
    match error.downcast_ref() {
        Some(ClusterError::Forbidden { required_rbac, .. }) if !required_rbac.is_empty() => {
            Outcome::denied(required_rbac)
        }
        _ => Outcome::Unknown(error.to_string()),
    }
}

/// Whether an object is labelled as opportunistic.
pub(super) fn is_opportunistic(metadata: &ObjectMeta) -> bool {
    label(metadata, OPPORTUNISTIC_LABEL) == Some("true")
}

/// `NAMESPACE/NAME`.
pub(super) fn full_name(metadata: &ObjectMeta) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    format!("{}/{}", text(&metadata.namespace), text(&metadata.name))
}
