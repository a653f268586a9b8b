//! What can be chosen of the server's pods: priority, placement, resources, arguments.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Amount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::kinds::{CONFIG_MAP, DEPLOYMENT};
use oppscale_core::quantity::Quantity;

use super::api_services::{self, ApiService};
use super::config::Pipeline;
use super::helm::{ADAPTER, ADAPTER_CONFIG};
use super::label;

/// The class of the cluster's own components. Without it, paid pods of a positive priority preempt
/// the servers, and with them the metric of every filler.
pub const CRITICAL: &str = "system-cluster-critical";

/// What can be chosen of the server's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSettings {
    /// PriorityClass; empty for none.
    pub priority_class: String,
    /// Names of Secrets with credentials for the image's registry.
    pub pull_secrets: Vec<String>,
    /// Labels that nodes must have.
    pub node_selector: BTreeMap<String, String>,
    /// Tolerations, as the API has them.
    pub tolerations: Vec<Value>,
    /// Requests of the container.
    pub requests: BTreeMap<String, String>,
    /// Limits of the container.
    pub limits: BTreeMap<String, String>,
    /// Further kinds of workloads to serve: RESOURCE.GROUP.
    pub workload_kinds: Vec<String>,
    /// Further arguments of the server.
    pub extra_args: Vec<String>,
}

impl Default for PodSettings {
    fn default() -> Self {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        Self {
            priority_class: CRITICAL.to_owned(),
            pull_secrets: Vec::new(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            requests: map(&[("cpu", "50m"), ("memory", "64Mi")]),
            limits: map(&[("memory", "512Mi")]),
            workload_kinds: Vec::new(),
            extra_args: Vec::new(),
        }
    }
}

impl PodSettings {
    /// The template context.
    pub fn context(&self) -> Value {
        let names = |names: &[String]| -> Vec<Value> {
            names.iter().map(|name| json!({"name": name})).collect()
        };
        let kinds = self.workload_kinds.iter().map(|kind| format!("{KIND}{kind}"));
        let args: Vec<String> = kinds.chain(self.extra_args.iter().cloned()).collect();
        json!({
            "priority_class": self.priority_class, "pull_secrets": names(&self.pull_secrets),
            "node_selector": self.node_selector, "tolerations": self.tolerations,
            "resources": self.resources(), "args": args
        })
    }

    /// `resources` of the container.
    pub fn resources(&self) -> Value {
        let mut resources = json!({});
        for (key, amounts) in [("requests", &self.requests), ("limits", &self.limits)] {
            if !amounts.is_empty() {
                resources[key] = json!(amounts);
            }
        }
        resources
    }

    /// Rules of the server's ClusterRole for the further kinds: API group and resources.
    pub fn rules(&self) -> Vec<(&str, Vec<&str>)> {
        let kinds = self.workload_kinds.iter().filter_map(|kind| kind.split_once('.'));
        kinds.map(|(resource, group)| (group, vec![resource])).collect()
    }
}

const KIND: &str = "--workload-kind=";
const APIS: &str = "--apis=";

/// What an installation was set up with, by its Deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// Image.
    pub image: Option<String>,
    /// Number of pods.
    pub replicas: Option<u32>,
    /// `--apis` of the server: `custom`, `external`, or both with a comma.
    pub apis: Option<String>,
    /// Pipeline of the metric.
    pub pipeline: Option<Pipeline>,
    /// Whether cert-manager issues the certificates.
    pub cert_manager: bool,
    /// What was chosen of its pods.
    pub pod: PodSettings,
}

impl Installed {
    /// Finds the installation by its Deployment; `None` if there is none that oppscale applied.
    ///
    /// # Errors
    /// When it may not be read.
    pub async fn find(
        cluster: &Cluster,
        namespace: &str,
        service: &str,
    ) -> Result<Option<Self>, ClusterError> {
        let object = DEPLOYMENT.object(Some(namespace), service);
        let found: Option<Deployment> = cluster.read(&object).await?;
        let is_ours = |deployment: &Deployment| {
            label(&deployment.metadata, "app.kubernetes.io/managed-by") == Some("oppscale")
        };
        let Some(deployment) = found.filter(is_ours) else { return Ok(None) };
        let mut installed = Self::of(deployment);
        let services = api_services::all(cluster).await.unwrap_or_default();
        let is_injected = |one: &ApiService| {
            one.is_injected()
                && (one.leads_to(namespace, service) || one.leads_to(namespace, ADAPTER))
        };
        installed.cert_manager = services.iter().any(is_injected);
        installed.pipeline = Some(match installed.apis.as_deref() {
            Some("none") => {
                installed.apis = None;
                let rules = CONFIG_MAP.object(Some(namespace), ADAPTER_CONFIG);
                match matches!(cluster.read::<IgnoredAny>(&rules).await, Ok(Some(_))) {
                    true => Pipeline::Prometheus,
                    false => Pipeline::Keda,
                }
            }
            _ => Pipeline::Native,
        });
        Ok(Some(installed))
    }

    fn of(deployment: Deployment) -> Self {
        let owned = owns_replicas(&deployment.metadata);
        let spec = deployment.spec.unwrap_or_default();
        // What an HPA or kubectl scale has set is theirs.
        let replicas = spec.replicas.filter(|_| owned).and_then(|count| u32::try_from(count).ok());
        let pod = spec.template.spec.unwrap_or_default();
        let container = pod.containers.into_iter().next().unwrap_or_default();
        let (mut apis, mut workload_kinds, mut extra_args) = (None, Vec::new(), Vec::new());
        for arg in container.args.unwrap_or_default() {
            if let Some(value) = arg.strip_prefix(APIS) {
                apis = Some(value.to_owned());
            } else if let Some(kind) = arg.strip_prefix(KIND) {
                workload_kinds.push(kind.to_owned());
            } else if arg != "serve" && !arg.starts_with("--tls-") {
                extra_args.push(arg);
            }
        }
        let resources = container.resources.unwrap_or_default();
        let amounts = |map: Option<BTreeMap<String, Amount>>| {
            map.unwrap_or_default().into_iter().map(|(name, amount)| (name, amount.0)).collect()
        };
        let tolerations = pod.tolerations.unwrap_or_default();
        let secrets = pod.image_pull_secrets.unwrap_or_default().into_iter();
        Self {
            image: container.image,
            replicas,
            apis,
            pipeline: None,
            cert_manager: false,
            pod: PodSettings {
                priority_class: pod.priority_class_name.unwrap_or_default(),
                pull_secrets: secrets.map(|secret| secret.name).collect(),
                node_selector: pod.node_selector.unwrap_or_default(),
                tolerations: tolerations.iter().map(|one| json!(one)).collect(),
                requests: amounts(resources.requests),
                limits: amounts(resources.limits),
                workload_kinds,
                extra_args,
            },
        }
    }
}

/// Whether oppscale applied `spec.replicas` last.
fn owns_replicas(metadata: &ObjectMeta) -> bool {
    let managers = metadata.managed_fields.iter().flatten();
    let mut ours = managers.filter(|entry| entry.manager.as_deref() == Some("oppscale"));
    ours.any(|entry| {
        entry.fields_v1.as_ref().is_some_and(|fields| fields.0["f:spec"]["f:replicas"].is_object())
    })
}

/// Parses `KEY[=VALUE][:EFFECT]` as the API has it; without a key, every key is tolerated.
///
/// # Errors
/// When the effect is none.
pub fn parse_toleration(text: &str) -> Result<Value, String> {
    let (taint, effect) = text.rsplit_once(':').map_or((text, None), |(t, e)| (t, Some(e)));
    let mut toleration = match taint.split_once('=') {
        Some((key, value)) => json!({"key": key, "operator": "Equal", "value": value}),
        None if taint.is_empty() => json!({"operator": "Exists"}),
        None => json!({"key": taint, "operator": "Exists"}),
    };
    match effect {
        None => {}
        Some(effect @ ("NoSchedule" | "PreferNoSchedule" | "NoExecute")) => {
            toleration["effect"] = effect.into();
        }
        Some(other) => {
            return Err(format!("{other:?} is none of NoSchedule, PreferNoSchedule, NoExecute"));
        }
    }
    Ok(toleration)
}

/// Amounts of resources by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amounts(pub BTreeMap<String, String>);

/// Parses `cpu=50m,memory=64Mi`.
///
/// # Errors
/// When an amount is not a quantity.
pub fn parse_amounts(text: &str) -> Result<Amounts, String> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    let pairs = parts.map(|part| {
        let (name, amount) = part.split_once('=').ok_or("expected RESOURCE=AMOUNT")?;
        amount.parse::<Quantity>().map_err(|error| format!("{amount:?}: {error}"))?;
        Ok((name.to_owned(), amount.to_owned()))
    });
    pairs.collect::<Result<_, String>>().map(Amounts)
}

/// Parses `RESOURCE.GROUP`, the plural of a kind with a `/scale` subresource.
///
/// # Errors
/// When it is something else.
pub fn parse_workload_kind(text: &str) -> Result<String, String> {
    let is_label = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    match text.split_once('.') {
        Some((resource, group)) if is_label(resource) && group.split('.').all(is_label) => {
            Ok(text.to_owned())
        }
        _ => {
            Err("expected RESOURCE.GROUP, such as leaderworkersets.leaderworkerset.x-k8s.io".into())
        }
    }
}
