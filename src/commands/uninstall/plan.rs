//! What `oppscale uninstall` takes away: what carries our labels, and what stands in the way.

use serde_json::Value;

use crate::setup::api_services::{self, ApiService};
use crate::setup::helm::ADAPTER;
use oppscale_cluster::{Cluster, ClusterError, Operation};
use oppscale_core::kinds::{self, Installed, Kind};

use super::UninstallArgs;
use crate::commands::init::BOOTSTRAP;

/// The selector of our labels, as a query encodes it.
const OURS: &str =
    "app.kubernetes.io%2Fpart-of%3Doppscale%2Capp.kubernetes.io%2Fmanaged-by%3Doppscale";

/// Kinds whose objects with our labels are deleted, in this order.
static KINDS: [&Kind; 15] = [
    &kinds::API_SERVICE,
    &kinds::SERVICE_MONITOR,
    &kinds::PROMETHEUS_RULE,
    &kinds::DEPLOYMENT,
    &kinds::POD_DISRUPTION_BUDGET,
    &kinds::SERVICE,
    &kinds::CERTIFICATE,
    &kinds::ISSUER,
    &kinds::SECRET,
    &kinds::CONFIG_MAP,
    &kinds::ROLE_BINDING,
    &kinds::CLUSTER_ROLE_BINDING,
    &kinds::CLUSTER_ROLE,
    &kinds::SERVICE_ACCOUNT,
    &kinds::NAMESPACE,
];

/// Kinds for whose objects a namespace is kept. Custom resources that mean anything show as one
/// of these.
static TENANTS: [&Kind; 11] = [
    &kinds::DEPLOYMENT,
    &kinds::STATEFUL_SET,
    &kinds::DAEMON_SET,
    &kinds::JOB,
    &kinds::CRON_JOB,
    &kinds::POD,
    &kinds::PERSISTENT_VOLUME_CLAIM,
    &kinds::SERVICE,
    &kinds::SECRET,
    &kinds::CONFIG_MAP,
    &kinds::SERVICE_ACCOUNT,
];

/// What every namespace gets by itself.
const GIVEN: [&str; 4] = [
    "ConfigMap kube-root-ca.crt",
    "ConfigMap istio-ca-root-cert",
    "ConfigMap openshift-service-ca.crt",
    "ServiceAccount default",
];

/// Something to be deleted.
pub(super) struct PlannedDeletion {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) kind: &'static Kind,
    pub(super) namespace: Option<String>,
}

/// What was found.
#[derive(Default)]
pub(super) struct UninstallPlan {
    /// In the order in which it is to be deleted.
    pub(super) deletions: Vec<PlannedDeletion>,
    /// What may not be looked at.
    pub(super) unknown: Vec<String>,
    /// Worth a word.
    pub(super) notes: Vec<String>,
    /// APIServices that lead to our server and are not ours to delete.
    pub(super) foreign: Vec<String>,
}

impl UninstallPlan {
    /// Looks through the cluster.
    pub(super) async fn discover(
        cluster: &Cluster,
        args: &UninstallArgs,
    ) -> Result<Self, ClusterError> {
        let mut found = Self::default();
        if args.delete_workloads {
            let workloads = workloads(cluster, &mut found.notes).await;
            found.take(workloads)?;
        }
        for kind in KINDS {
            if *kind != kinds::NAMESPACE {
                let ours = ours(cluster, kind, args).await;
                found.take(ours)?;
            } else if !args.keep_namespace {
                found.namespace(cluster, kind, args).await?;
            }
        }
        // The API goes before all else, workloads included.
        found.deletions.sort_by_key(|one| *one.kind != kinds::API_SERVICE);
        found.foreign_api_services(cluster, args).await?;
        Ok(found)
    }

    fn take(
        &mut self,
        answer: Result<Vec<PlannedDeletion>, ClusterError>,
    ) -> Result<(), ClusterError> {
        match answer {
            Ok(deletions) => self.deletions.extend(deletions),
            Err(ClusterError::Forbidden { message, .. }) => self.unknown.push(message),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The namespace goes if it is ours and nobody else lives in it: whoever deletes it deletes
    /// all of that too.
    async fn namespace(
        &mut self,
        cluster: &Cluster,
        kind: &'static Kind,
        args: &UninstallArgs,
    ) -> Result<(), ClusterError> {
        let before = self.deletions.len();
        let ours = ours(cluster, kind, args).await;
        self.take(ours)?;
        if self.deletions.len() == before {
            return Ok(());
        }
        let (others, unknown) = self.tenants(cluster, &args.namespace).await?;
        let why = match (others.first(), unknown.first()) {
            (Some(_), _) => {
                let shown: Vec<_> = others.iter().take(5).map(String::as_str).collect();
                let more = others.len().saturating_sub(shown.len());
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("others live in it: {}{more}", shown.join(", "))
            }
            (None, Some(message)) => format!("who else lives in it is not known: {message}"),
            (None, None) => return Ok(()),
        };
        self.deletions.truncate(before);
        self.notes.push(format!("namespace {} is kept, for {why}", args.namespace));
        Ok(())
    }

    /// What else lives in a namespace, and what of it may not be listed.
    async fn tenants(
        &self,
        cluster: &Cluster,
        namespace: &str,
    ) -> Result<(Vec<String>, Vec<String>), ClusterError> {
        let (mut others, mut unknown) = (Vec::new(), Vec::new());
        for kind in TENANTS {
            let path = kind.list_path(Some(namespace));
            let words = format!("list {}s", kind.name);
            let list = match cluster.find(&Operation::new(&words, ""), &path).await {
                Err(ClusterError::Forbidden { message, .. }) => {
                    unknown.push(message);
                    continue;
                }
                list => list?.unwrap_or_default(),
            };
            for item in list["items"].as_array().into_iter().flatten() {
                let metadata = &item["metadata"];
                let name = metadata["name"].as_str().unwrap_or_default();
                let shown = format!("{} {name}", kind.name);
                let path = format!("{path}/{name}");
                // What somebody owns goes with its owner.
                let is_owned =
                    metadata["ownerReferences"].as_array().is_some_and(|o| !o.is_empty());
                // cert-manager makes these from Certificates that are ours.
                let is_issued = metadata["annotations"]["cert-manager.io/issuer-name"]
                    .as_str()
                    .is_some_and(|issuer| issuer.starts_with("oppscale"));
                let is_planned = self.deletions.iter().any(|one| one.path == path);
                if !is_owned && !is_issued && !is_planned && !GIVEN.contains(&shown.as_str()) {
                    others.push(shown);
                }
            }
        }
        Ok((others, unknown))
    }

    /// An APIService that leads to a server that is gone keeps every namespace from being
    /// deleted, whoever it belongs to.
    async fn foreign_api_services(
        &mut self,
        cluster: &Cluster,
        args: &UninstallArgs,
    ) -> Result<(), ClusterError> {
        let all = match api_services::all(cluster).await {
            Ok(all) => all,
            // Told already: they were to be listed for our labels.
            Err(ClusterError::Forbidden { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let foreign_api_services = all.iter().filter(|service| {
            let path = format!("{}/{}", api_services::PATH, service.name());
            service.leads_to(&args.namespace, &args.service)
                && !self.deletions.iter().any(|one| one.path == path)
        });
        self.foreign.extend(foreign_api_services.map(described));
        Ok(())
    }
}

fn described(service: &ApiService) -> String {
    let keeper = service.keeper().unwrap_or_else(|| "without our labels".to_owned());
    format!("{} ({keeper})", service.name())
}

/// What of a kind carries our labels.
async fn ours(
    cluster: &Cluster,
    kind: &'static Kind,
    args: &UninstallArgs,
) -> Result<Vec<PlannedDeletion>, ClusterError> {
    // The one RoleBinding lets the server read the front proxy's ConfigMap.
    let namespace = match kind.installed {
        Installed::KubeSystem => "kube-system",
        _ => &args.namespace,
    };
    let path = kind.list_path(Some(namespace));
    let words = format!("list {}s", kind.name);
    let right = kind.permission("list,delete");
    let query = format!("{path}?labelSelector={OURS}");
    let list = cluster.find(&Operation::new(&words, &right), &query).await?;
    let items = list.unwrap_or_default()["items"].as_array().cloned().unwrap_or_default();
    let deletions = items.iter().filter(|item| belongs(kind, item, args)).map(|item| {
        let metadata = &item["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let namespace = metadata["namespace"].as_str();
        let shown = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        PlannedDeletion {
            name: format!("{} {shown}{name}", kind.name),
            path: format!("{path}/{name}"),
            kind,
            namespace: namespace.map(str::to_owned),
        }
    });
    Ok(deletions.collect())
}

/// Namespace and name of an installation in the cluster, for whoever mistyped them; `None` if
/// there is none, or if Deployments may not be listed everywhere.
pub(super) async fn other_installation(
    cluster: &Cluster,
) -> Result<Option<(String, String)>, ClusterError> {
    let right = kinds::DEPLOYMENT.permission("list");
    let path = format!("{}?labelSelector={OURS}", kinds::DEPLOYMENT.list_path(None));
    let list = match cluster.find(&Operation::new("list Deployments", &right), &path).await {
        Err(ClusterError::Forbidden { .. }) => return Ok(None),
        list => list?.unwrap_or_default(),
    };
    let metadata = &list["items"][0]["metadata"];
    let text = |field: &str| metadata[field].as_str().map(str::to_owned);
    Ok(text("namespace").zip(text("name")))
}

/// Whether an object is of this installation: there may be several in a cluster.
fn belongs(kind: &Kind, item: &Value, args: &UninstallArgs) -> bool {
    let label = &item["metadata"]["labels"]["app.kubernetes.io/instance"];
    let name = item["metadata"]["name"].as_str().unwrap_or_default();
    match kind.name {
        "Namespace" => name == args.namespace,
        "APIService" => {
            let service = &item["spec"]["service"];
            service["namespace"] == *args.namespace
                && (service["name"] == *args.service || service["name"] == ADAPTER)
        }
        // A run that was ended may have left it.
        "ClusterRoleBinding" if name == BOOTSTRAP => true,
        "ClusterRoleBinding" | "RoleBinding" => {
            let subjects = item["subjects"].as_array().into_iter().flatten();
            *label == *args.service
                && subjects.into_iter().any(|s| s["namespace"] == *args.namespace)
        }
        "ClusterRole" => {
            let own = match args.namespace == args.service {
                true => args.service.clone(),
                false => format!("{}-{}", args.namespace, args.service),
            };
            name == own
        }
        // Kubeconfigs' Secrets and accounts have no instance: they live in this namespace.
        // What we made for the adapter is named after it.
        _ => label.is_null() || *label == *args.service || label == ADAPTER,
    }
}

/// HPAs of ours, and what they scale, where that is labelled opportunistic: an HPA can be
/// pointed at anything.
async fn workloads(
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Result<Vec<PlannedDeletion>, ClusterError> {
    let operation = Operation::new("list HPAs", kinds::HPA.permission("list,delete"));
    let list = cluster.find(&operation, &kinds::HPA.list_path(None)).await?;
    let mut deletions = Vec::new();
    for hpa in list.unwrap_or_default()["items"].as_array().into_iter().flatten() {
        let target = &hpa["spec"]["scaleTargetRef"];
        if hpa["metadata"]["labels"]["app.kubernetes.io/managed-by"] != "oppscale" {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (namespace, name) =
            (text(&hpa["metadata"]["namespace"]), text(&hpa["metadata"]["name"]));
        let (kind, workload) = (text(&target["kind"]), text(&target["name"]));
        deletions.push(scaler(&hpa["metadata"], &namespace, &name));
        let version = text(&target["apiVersion"]);
        let is_it = |known: &&Kind| {
            known.name == kind && (version.is_empty() || known.api_version() == version)
        };
        let Some(known) = kinds::scalable().find(is_it) else {
            notes
                .push(format!("{kind} {namespace}/{workload} is kept: its kind is not known here"));
            continue;
        };
        let path = known.path(Some(&namespace), &workload);
        let words = format!("get {kind} {namespace}/{workload}");
        let right = known.permission("get,delete");
        let Some(live) = cluster.find(&Operation::new(&words, &right), &path).await? else {
            continue;
        };
        if live["metadata"]["labels"]["oppscale.dev/opportunistic"] != "true" {
            notes.push(format!(
                "{kind} {namespace}/{workload} is kept: it is not labelled \
                 oppscale.dev/opportunistic=true, though our HPA scales it"
            ));
            continue;
        }
        let name = format!("{kind} {namespace}/{workload}");
        deletions.push(PlannedDeletion { name, path, kind: known, namespace: Some(namespace) });
    }
    Ok(deletions)
}

/// An HPA; or the ScaledObject that KEDA made it for, with the same labels, and would make it
/// for again.
fn scaler(hpa: &Value, namespace: &str, name: &str) -> PlannedDeletion {
    let mut owners = hpa["ownerReferences"].as_array().into_iter().flatten();
    let of = owners.find(|owner| owner["kind"] == "ScaledObject");
    let (kind, name) = match of.and_then(|owner| owner["name"].as_str()) {
        Some(name) => (&kinds::SCALED_OBJECT, name),
        None => (&kinds::HPA, name),
    };
    PlannedDeletion {
        name: format!("{} {namespace}/{name}", kind.name),
        path: kind.path(Some(namespace), name),
        kind,
        namespace: Some(namespace.to_owned()),
    }
}
