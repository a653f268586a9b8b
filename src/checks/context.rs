//! What the checks of a run share: the connection, the target, facts about the cluster, and a
//! cache of what was read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::certificates::Fix;
use crate::manifest::{self, Document};
use crate::setup::api_services::{ApiService, BY_HELM, PATH};
use crate::setup::helm::{ADAPTER, ADAPTER_SECRET};
use oppscale_cluster::{Cluster, ClusterError, Operation};
use oppscale_core::check::{Distribution, Outcome, ServerVersion};
use oppscale_core::error::ErrorKind;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// The nodes that the checks inspect: one page is enough to recognize a distribution.
const NODES: &str = "/api/v1/nodes?limit=50";
const FILLER_PODS: &str =
    "/api/v1/pods?limit=500&labelSelector=oppscale.dev%2Fopportunistic%3Dtrue";
/// The permission to list pods.
pub(super) const LIST_PODS: &str = "--verb=list --resource=pods";

/// The installation to check, and what else a run is given.
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
        let Self { namespace, service, secret, .. } = self;
        let mut text = format!("oppscale {arguments}");
        let defaults = [("-n", namespace, "oppscale"), ("--service", service, "oppscale")];
        for (flag, value, default) in defaults {
            if value != default {
                text.push_str(&format!(" {flag} {value}"));
            }
        }
        // init names the Secret after the Service by itself.
        if !arguments.starts_with("init") && secret != "oppscale-tls" {
            text.push_str(&format!(" --secret {secret}"));
        }
        text
    }

    /// The fix for a certificate; certificates of a Helm release are renewed with Helm.
    pub fn renewal(&self, fix: Fix, release: Option<&str>) -> String {
        match (fix, release) {
            (Fix::Renew(_), Some(release)) => format!("they are values of {release}: {BY_HELM}"),
            (Fix::Renew(flags), None) => format!("{}{flags}", self.command("certs renew")),
            (Fix::Other(text), _) => text.to_owned(),
        }
    }
}

/// What the checks of a run share.
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
    cache: HashMap<String, Result<Option<Value>, Outcome>>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

impl<'a> CheckContext<'a> {
    /// A context in which nothing has been read yet.
    pub fn new(cluster: &'a Cluster, target: CheckTarget) -> Self {
        let distribution = target.distribution.unwrap_or(Distribution::Unknown);
        let (now, cache) = (crate::setup::clock::local(), HashMap::new());
        Self { cluster, target, version: None, error: None, now, distribution, cache }
    }

    /// Makes the next checks read everything anew.
    pub fn clear_cache(&mut self) {
        self.cache.clear();
    }

    /// Reads the object at `path`; `None` when it does not exist. An object that cannot be read
    /// leaves its checks with the outcome in `Err`; `permission` is the rule that allows it.
    pub async fn get<T: DeserializeOwned>(
        &mut self,
        path: &str,
        permission: &str,
    ) -> Result<Option<T>, Outcome> {
        let operation = Operation::new(format!("get {path}"), permission);
        let read = match self.cache.entry(path.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(self.cluster.find(&operation, path).await.map_err(unknown))
            }
        };
        match read {
            Ok(Some(value)) => manifest::leniently(value)
                .map(Some)
                .map_err(|error| Outcome::Unknown(format!("cannot read {path}: {error}"))),
            Ok(None) => Ok(None),
            Err(outcome) => Err(outcome.clone()),
        }
    }

    /// Reads the items of a list, which is empty where its kind does not exist.
    pub async fn list<T: DeserializeOwned>(
        &mut self,
        path: &str,
        permission: &str,
    ) -> Result<Vec<T>, Outcome> {
        let list: Option<List<T>> = self.get(path, permission).await?;
        Ok(list.map(|list| list.items).unwrap_or_default())
    }

    /// Whether an object, or an API, exists.
    pub async fn exists(&mut self, path: &str, permission: &str) -> Result<bool, Outcome> {
        Ok(self.get::<serde::de::IgnoredAny>(path, permission).await?.is_some())
    }

    /// The first nodes.
    pub async fn nodes(&mut self) -> Result<Vec<Node>, Outcome> {
        self.list(NODES, "--verb=get,list,watch --resource=nodes,pods").await
    }

    /// Filler pods, as far as the first page goes; skips the check where there are none.
    pub async fn filler_pods(&mut self) -> Result<Vec<Pod>, Outcome> {
        let mut pods: Vec<Pod> = self.list(FILLER_PODS, LIST_PODS).await?;
        pods.retain(|pod| is_opportunistic(&pod.metadata));
        match pods.is_empty() {
            true => Err(Outcome::skipped(format!(
                "there are no pods labelled {OPPORTUNISTIC_LABEL}=true"
            ))),
            false => Ok(pods),
        }
    }

    /// All APIServices.
    pub async fn api_services(&mut self) -> Result<Vec<ApiService>, Outcome> {
        let permission = "--verb=list --resource=apiservices.apiregistration.k8s.io";
        let services: Vec<Value> = self.list(PATH, permission).await?;
        Ok(services.into_iter().map(ApiService::new).collect())
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
    let labels = metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(OPPORTUNISTIC_LABEL)).is_some_and(|value| value == "true")
}

/// `NAMESPACE/NAME`.
pub(super) fn full_name(metadata: &ObjectMeta) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    format!("{}/{}", text(&metadata.namespace), text(&metadata.name))
}
