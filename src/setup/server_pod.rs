//! Settings of the server's pods: priority, placement, resources, arguments. `init` takes them from
//! its flags, and reads those of an installation from its Deployment.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::scheduling::v1::PriorityClass as LiveClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Amount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::kinds::{
    self, CONFIG_MAP, DEPLOYMENT, NETWORK_POLICY, PRIORITY_CLASS, ServerRule,
};
use oppscale_core::quantity::Quantity;

use crate::serve::HttpAuth;
use oppscale_core::names::{is_label_value, is_qualified_name, is_subdomain};

use super::api_services::{self, ApiService};
use super::config::{Pipeline, cluster_name};
use super::helm::{ADAPTER, ADAPTER_CONFIG};
use super::{annotation, is_ours, label};

/// The class of the cluster's own components. Without it, paid pods of a positive priority preempt
/// the servers, and with them the metric of every filler.
pub const CRITICAL: &str = "system-cluster-critical";
/// The highest value of a PriorityClass that is not the system's own
/// (`HighestUserDefinablePriority`).
const HIGHEST_VALUE: i32 = 1_000_000_000;

/// A PriorityClass of the server's pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriorityClass {
    /// Name; empty for none.
    pub name: String,
    /// Value with which the installation creates it; `None` if it exists.
    pub value: Option<i32>,
}

impl PriorityClass {
    /// A class that the installation creates, with the highest value that it may have.
    pub fn created(name: String) -> Self {
        Self { name, value: Some(HIGHEST_VALUE) }
    }
}

/// Settings of the server's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSettings {
    /// PriorityClass.
    pub priority_class: PriorityClass,
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
            priority_class: PriorityClass { name: CRITICAL.to_owned(), value: None },
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
    /// The settings as values of the templates.
    pub fn context(&self) -> Value {
        let names = |names: &[String]| -> Vec<Value> {
            names.iter().map(|name| json!({"name": name})).collect()
        };
        let kinds = self.workload_kinds.iter().map(|kind| format!("{WORKLOAD_KIND}{kind}"));
        let args: Vec<String> = kinds.chain(self.extra_args.iter().cloned()).collect();
        json!({
            "priority_class": self.priority_class.name,
            "priority_value": self.priority_class.value, "pull_secrets": names(&self.pull_secrets),
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

    /// Rules of the server's ClusterRole for the further kinds, and for the pressure guard if it is
    /// on.
    pub fn rules(&self) -> Vec<ServerRule<'_>> {
        let kinds = self.workload_kinds.iter().filter_map(|kind| kind.split_once('.'));
        let verbs = || kinds::READ.split(',').collect();
        let kinds = kinds.map(|(resource, group)| (group, vec![resource], verbs()));
        let args = self.extra_args.join(" ");
        let guards = GUARD_RESOURCES.into_iter().filter(|(how, _)| {
            ["=", " "].iter().any(|sign| args.contains(&format!("{GUARD}{sign}{how}")))
        });
        kinds.chain(guards.map(|(_, resource)| ("", vec![resource], vec!["get"]))).collect()
    }
}

const WORKLOAD_KIND: &str = "--workload-kind=";
const GUARD: &str = "--pressure-guard";
/// The subresource that the guard reads, by its value.
const GUARD_RESOURCES: [(&str, &str); 2] = [("kubelet", "nodes/stats"), ("proxy", "nodes/proxy")];
const APIS: &str = "--apis=";
/// The argument of a server that reviews tokens.
const HTTP_AUTH: &str = "--http-auth=token-review";
/// Annotation of the Deployment with the value `off` if no NetworkPolicy is wanted.
const NETWORK_POLICY_ANNOTATION: &str = "oppscale.dev/network-policy";

/// Settings of an installation, read from its objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// Image of the container.
    pub image: Option<String>,
    /// Number of pods.
    pub replicas: Option<u32>,
    /// `--apis` of the server: `custom`, `external`, or both with a comma.
    pub apis: Option<String>,
    /// Pipeline of the metric.
    pub pipeline: Option<Pipeline>,
    /// Whether cert-manager issues the certificates.
    pub cert_manager: bool,
    /// Whether it was installed without a NetworkPolicy.
    pub no_network_policy: bool,
    /// Namespaces whose pods may connect to port 8080; empty for every client.
    pub http_from: Vec<String>,
    /// Who may read the page and `/metrics`.
    pub http_auth: HttpAuth,
    /// Settings of its pods.
    pub pod: PodSettings,
}

impl Installed {
    /// Finds the installation by its Deployment; `None` if there is none that oppscale applied.
    ///
    /// # Errors
    /// When it cannot be read: an unknown setting is not the default.
    pub async fn find(
        cluster: &Cluster,
        namespace: &str,
        service: &str,
    ) -> Result<Option<Self>, ClusterError> {
        let object = DEPLOYMENT.object(Some(namespace), service);
        let found: Option<Deployment> = cluster.read(&object).await?;
        let Some(deployment) = found.filter(|found| is_ours(&found.metadata)) else {
            return Ok(None);
        };
        let mut installed = Self::of(deployment);
        let services = api_services::of_metrics(cluster).await?;
        let is_injected = |one: &ApiService| {
            one.is_injected()
                && (one.leads_to(namespace, service) || one.leads_to(namespace, ADAPTER))
        };
        installed.cert_manager = services.iter().any(is_injected);
        let policy = NETWORK_POLICY.object(Some(namespace), service);
        let policy: Option<NetworkPolicy> = cluster.read(&policy).await?;
        installed.http_from = policy.map(|policy| namespaces(&policy)).unwrap_or_default();
        let class = &mut installed.pod.priority_class;
        if !class.name.is_empty() && class.name != CRITICAL {
            let object = PRIORITY_CLASS.object(None, &class.name);
            let live: Option<LiveClass> = match cluster.read(&object).await {
                // The pods keep their class, and it stays as it is.
                Err(ClusterError::Forbidden { .. }) => None,
                live => live?,
            };
            let instance = cluster_name(namespace, service);
            let is_own = |live: &LiveClass| {
                is_ours(&live.metadata)
                    && label(&live.metadata, "app.kubernetes.io/instance") == Some(&instance)
            };
            class.value = live.filter(is_own).map(|live| live.value);
        }
        installed.pipeline = Some(match installed.apis.as_deref() {
            Some("none") => {
                installed.apis = None;
                let rules = CONFIG_MAP.object(Some(namespace), ADAPTER_CONFIG);
                let is_adapted = match cluster.read::<IgnoredAny>(&rules).await {
                    // The other pipelines take no permission for it.
                    Err(ClusterError::Forbidden { .. }) => {
                        services.iter().any(|one| one.leads_to(namespace, ADAPTER))
                    }
                    rules => rules?.is_some(),
                };
                if is_adapted { Pipeline::Prometheus } else { Pipeline::Keda }
            }
            _ => Pipeline::Native,
        });
        Ok(Some(installed))
    }

    /// The settings that follow from the Deployment alone.
    pub fn of(deployment: Deployment) -> Self {
        let owned = owns_replicas(&deployment.metadata);
        let no_network_policy =
            annotation(&deployment.metadata, NETWORK_POLICY_ANNOTATION) == Some("off");
        let spec = deployment.spec.unwrap_or_default();
        // What an HPA or kubectl scale has set is theirs.
        let replicas = spec.replicas.filter(|_| owned).and_then(|count| u32::try_from(count).ok());
        let pod = spec.template.spec.unwrap_or_default();
        let container = pod.containers.into_iter().next().unwrap_or_default();
        let (mut apis, mut workload_kinds, mut extra_args) = (None, Vec::new(), Vec::new());
        let mut http_auth = HttpAuth::None;
        for arg in container.args.unwrap_or_default() {
            if let Some(value) = arg.strip_prefix(APIS) {
                apis = Some(value.to_owned());
            } else if let Some(kind) = arg.strip_prefix(WORKLOAD_KIND) {
                workload_kinds.push(kind.to_owned());
            } else if arg == HTTP_AUTH {
                http_auth = HttpAuth::TokenReview;
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
            no_network_policy,
            http_from: Vec::new(),
            http_auth,
            pod: PodSettings {
                priority_class: PriorityClass {
                    name: pod.priority_class_name.unwrap_or_default(),
                    value: None,
                },
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

/// The namespaces that a server's NetworkPolicy opens port 8080 to.
fn namespaces(policy: &NetworkPolicy) -> Vec<String> {
    let rules = policy.spec.iter().flat_map(|spec| spec.ingress.iter().flatten());
    let peers = rules.flat_map(|rule| rule.from.iter().flatten());
    let labels = peers.filter_map(|peer| peer.namespace_selector.as_ref()?.match_labels.as_ref());
    labels.filter_map(|labels| labels.get("kubernetes.io/metadata.name").cloned()).collect()
}

/// Whether oppscale is the field manager of `spec.replicas`.
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
/// When no node can have such a taint.
pub fn parse_toleration(text: &str) -> Result<Value, String> {
    let (taint, effect) = text.rsplit_once(':').map_or((text, None), |(t, e)| (t, Some(e)));
    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
    let is_taint = taint.is_empty() || is_qualified_name(key) && is_label_value(value);
    if !is_taint {
        return Err("expected KEY, KEY=VALUE or KEY=VALUE:EFFECT, as nodes have them".to_owned());
    }
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

/// Parses `NAME` of a PriorityClass that exists, or `NAME=VALUE` of one to create.
///
/// # Errors
/// When the API server would not take the name or the value.
pub fn parse_priority_class(text: &str) -> Result<PriorityClass, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    // Without a value, an empty name is for no class.
    if !is_subdomain(name) && (value.is_some() || !name.is_empty()) {
        return Err(format!("{name:?} is not a name that a PriorityClass can have"));
    }
    let Some(value) = value else {
        return Ok(PriorityClass { name: name.to_owned(), value: None });
    };
    if name.starts_with("system-") {
        return Err(format!("{name}: names that begin with system- are the cluster's own"));
    }
    match value.parse::<i32>() {
        Ok(value @ 1..=HIGHEST_VALUE) => {
            Ok(PriorityClass { name: name.to_owned(), value: Some(value) })
        }
        _ => Err(format!("{value:?} is not a value from 1 to {HIGHEST_VALUE}")),
    }
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
