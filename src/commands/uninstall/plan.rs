//! The plan of `oppscale uninstall`: the objects with oppscale's labels, and what prevents their
//! deletion.

use k8s_openapi::api::rbac::v1::Subject;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use super::UninstallArgs;
use crate::filler::priority_class;
use crate::setup::api_services::{self, ApiService};
use crate::setup::config::cluster_name;
use crate::setup::helm::ADAPTER;
use crate::setup::temporary_grant::{BOOTSTRAP, LeftoverGrant};
use crate::setup::{SELECTOR, annotation, is_ours, label};
use oppscale_cluster::{Autoscaler, Cluster, ClusterError};
use oppscale_core::kinds::{self, Kind, ObjectRef};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// Kinds whose objects with oppscale's labels are deleted, in this order.
static KINDS: [&Kind; 16] = [
    &kinds::API_SERVICE,
    &kinds::SERVICE_MONITOR,
    &kinds::PROMETHEUS_RULE,
    &kinds::DEPLOYMENT,
    &kinds::POD_DISRUPTION_BUDGET,
    &kinds::NETWORK_POLICY,
    &kinds::PRIORITY_CLASS,
    &kinds::SERVICE,
    &kinds::CERTIFICATE,
    &kinds::ISSUER,
    &kinds::SECRET,
    &kinds::CONFIG_MAP,
    &kinds::ROLE_BINDING,
    &kinds::CLUSTER_ROLE_BINDING,
    &kinds::CLUSTER_ROLE,
    &kinds::SERVICE_ACCOUNT,
];

/// Kinds of which not every installation has objects. An object that stays does no harm, except a
/// PrometheusRule, whose alerts then fire.
static OPTIONAL: [&Kind; 7] = [
    &kinds::SERVICE_MONITOR,
    &kinds::PROMETHEUS_RULE,
    &kinds::NETWORK_POLICY,
    &kinds::PRIORITY_CLASS,
    &kinds::CERTIFICATE,
    &kinds::ISSUER,
    &kinds::CONFIG_MAP,
];

/// Kinds for whose objects a namespace is kept. Custom resources that matter own one of these.
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

/// Objects that every namespace has.
const GIVEN: [(&Kind, &str); 4] = [
    (&kinds::CONFIG_MAP, "kube-root-ca.crt"),
    (&kinds::CONFIG_MAP, "istio-ca-root-cert"),
    (&kinds::CONFIG_MAP, "openshift-service-ca.crt"),
    (&kinds::SERVICE_ACCOUNT, "default"),
];

/// The metadata of an object.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    metadata: ObjectMeta,
}

/// The planned deletions.
#[derive(Default)]
pub(super) struct UninstallPlan {
    /// In the order of deletion.
    pub(super) deletions: Vec<ObjectRef>,
    /// Messages about objects that may not be listed.
    pub(super) unknown: Vec<String>,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
    /// APIServices that lead to our server and have another owner.
    pub(super) foreign: Vec<String>,
}

impl UninstallPlan {
    /// Plans the deletions.
    pub(super) async fn discover(
        cluster: &Cluster,
        args: &UninstallArgs,
    ) -> Result<Self, ClusterError> {
        let mut plan = Self::default();
        if args.delete_workloads {
            let workloads = workloads(cluster, &mut plan.notes).await;
            plan.add(workloads)?;
        }
        let mut unlisted = Vec::new();
        for kind in KINDS {
            match installed(cluster, kind, args).await {
                // A user who could install without them can uninstall without them.
                Err(ClusterError::Forbidden { .. }) if OPTIONAL.contains(&kind) => {
                    unlisted.push(kind.resource());
                }
                found => plan.add(found)?,
            }
        }
        if !unlisted.is_empty() {
            plan.notes.push(format!(
                "you may not list {}: if oppscale installed some, they are kept until an\n\
                 administrator runs oppscale uninstall{}",
                unlisted.join(", "),
                match unlisted.contains(&kinds::PROMETHEUS_RULE.resource()) {
                    true => "; a PrometheusRule that is kept fires the alert\nOppscaleAbsent",
                    false => "",
                }
            ));
        }
        if let Ok(Some(left)) = LeftoverGrant::find(cluster).await {
            plan.notes.push(left.text());
            let companions = LeftoverGrant::companions(cluster, &args.namespace).await;
            plan.add(companions)?;
        }
        if !args.keep_namespace {
            plan.add_namespace(cluster, args).await?;
        }
        // APIServices go first, before workloads, too.
        plan.deletions.sort_by_key(|object| *object.kind != kinds::API_SERVICE);
        plan.find_foreign_api_services(cluster, args).await?;
        Ok(plan)
    }

    fn add(&mut self, found: Result<Vec<ObjectRef>, ClusterError>) -> Result<(), ClusterError> {
        match found {
            Ok(deletions) => self.deletions.extend(deletions),
            Err(ClusterError::Forbidden { message, .. }) => self.unknown.push(message),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Adds the namespace if oppscale created it and it has no other tenants: their objects would
    /// be deleted with it.
    async fn add_namespace(
        &mut self,
        cluster: &Cluster,
        args: &UninstallArgs,
    ) -> Result<(), ClusterError> {
        let before = self.deletions.len();
        self.add(installed(cluster, &kinds::NAMESPACE, args).await)?;
        if self.deletions.len() == before {
            return Ok(());
        }
        let (others, unknown) = self.tenants(cluster, &args.namespace).await?;
        let why = match (&others[..], unknown.first()) {
            ([], None) => return Ok(()),
            ([], Some(message)) => format!("other tenants of it are unknown: {message}"),
            (others, _) => {
                let (shown, rest) = others.split_at(others.len().min(5));
                let more = match rest.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("it has other tenants: {}{more}", shown.join(", "))
            }
        };
        self.deletions.truncate(before);
        self.notes.push(format!("namespace {} is kept: {why}", args.namespace));
        Ok(())
    }

    /// Other objects in a namespace, and messages about kinds that may not be listed.
    async fn tenants(
        &self,
        cluster: &Cluster,
        namespace: &str,
    ) -> Result<(Vec<String>, Vec<String>), ClusterError> {
        let (mut others, mut unknown) = (Vec::new(), Vec::new());
        for kind in TENANTS {
            let objects: Vec<Object> = match cluster.list(kind, Some(namespace), "").await {
                Err(ClusterError::Forbidden { message, .. }) => {
                    unknown.push(message);
                    continue;
                }
                objects => objects?,
            };
            for Object { metadata } in objects {
                let name = metadata.name.as_deref().unwrap_or_default();
                let object = kind.object(Some(namespace), name);
                // It is deleted with its owner.
                let is_owned = metadata.owner_references.iter().flatten().next().is_some();
                // cert-manager creates Secrets for Certificates of oppscale.
                let issuer = annotation(&metadata, "cert-manager.io/issuer-name");
                let is_issued = issuer.is_some_and(|issuer| issuer.starts_with("oppscale"));
                let is_known = self.deletions.contains(&object) || GIVEN.contains(&(kind, name));
                if !is_owned && !is_issued && !is_known {
                    others.push(format!("{} {name}", kind.name));
                }
            }
        }
        Ok((others, unknown))
    }

    /// An APIService whose server is gone prevents the deletion of every namespace, whoever its
    /// owner is.
    async fn find_foreign_api_services(
        &mut self,
        cluster: &Cluster,
        args: &UninstallArgs,
    ) -> Result<(), ClusterError> {
        let services = match api_services::all(cluster).await {
            // `unknown` has the message from the list of labelled APIServices.
            Err(ClusterError::Forbidden { .. }) => return Ok(()),
            services => services?,
        };
        for service in services {
            let object = kinds::API_SERVICE.object(None, service.name());
            if service.leads_to(&args.namespace, &args.service) && !self.deletions.contains(&object)
            {
                let manager = service.manager();
                let manager = manager.unwrap_or_else(|| "without our labels".to_owned());
                self.foreign.push(format!("{} ({manager})", service.name()));
            }
        }
        Ok(())
    }
}

/// The objects of a kind with oppscale's labels that belong to this installation.
async fn installed(
    cluster: &Cluster,
    kind: &'static Kind,
    args: &UninstallArgs,
) -> Result<Vec<ObjectRef>, ClusterError> {
    // The one RoleBinding lets the server read the front proxy's ConfigMap.
    let namespace = match *kind == kinds::ROLE_BINDING {
        true => "kube-system",
        false => &args.namespace,
    };
    let objects: Vec<Value> = cluster.list(kind, Some(namespace), SELECTOR).await?;
    let own = objects.iter().filter_map(|object| {
        let Object { metadata } = Object::deserialize(object).ok()?;
        let name = metadata.name.as_deref()?;
        let is_ours = belongs(kind, name, &metadata, object, args);
        is_ours.then(|| kind.object(metadata.namespace.as_deref().or(Some(namespace)), name))
    });
    Ok(own.collect())
}

/// Namespace and name of an installation in the cluster, for a mistyped one; `None` if there is
/// none, or if Deployments may not be listed everywhere.
pub(super) async fn other_installation(
    cluster: &Cluster,
) -> Result<Option<(String, String)>, ClusterError> {
    let found = cluster.list::<Object>(&kinds::DEPLOYMENT, None, SELECTOR).await;
    let objects = match found {
        Err(ClusterError::Forbidden { .. }) => return Ok(None),
        objects => objects?,
    };
    let first = objects.into_iter().next();
    Ok(first.and_then(|object| object.metadata.namespace.zip(object.metadata.name)))
}

/// Whether an object belongs to this installation: a cluster may have several.
fn belongs(
    kind: &Kind,
    name: &str,
    metadata: &ObjectMeta,
    object: &Value,
    args: &UninstallArgs,
) -> bool {
    let (namespace, service) = (&*args.namespace, &*args.service);
    let instance = label(metadata, "app.kubernetes.io/instance");
    match kind.name {
        "Namespace" => name == namespace,
        "APIService" => ApiService::deserialize(object)
            .is_ok_and(|api| api.leads_to(namespace, service) || api.leads_to(namespace, ADAPTER)),
        // An interrupted run may have left it.
        "ClusterRoleBinding" if name == BOOTSTRAP => true,
        "ClusterRoleBinding" | "RoleBinding" => {
            let subjects = Vec::<Subject>::deserialize(&object["subjects"]).unwrap_or_default();
            let mut subjects = subjects.iter();
            instance == Some(service) && subjects.any(|s| s.namespace.as_deref() == Some(namespace))
        }
        "ClusterRole" => name == cluster_name(namespace, service),
        "PriorityClass" => instance == Some(&cluster_name(namespace, service)),
        // Secrets and accounts of kubeconfigs have no instance; the adapter's objects have its
        // name.
        _ => instance.is_none_or(|instance| instance == service || instance == ADAPTER),
    }
}

/// HPAs that oppscale rendered, and the workloads that they scale, if those are labelled
/// opportunistic: an HPA can scale any workload.
async fn workloads(
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Result<Vec<ObjectRef>, ClusterError> {
    let hpas: Vec<Autoscaler> = cluster.list(&kinds::HPA, None, "").await?;
    let mut deletions = Vec::new();
    for hpa in &hpas {
        if !is_ours(&hpa.0.metadata) {
            continue;
        }
        let namespace = Some(hpa.namespace());
        deletions.push(match hpa.scaled_object() {
            // KEDA would create the HPA again.
            Some(name) => kinds::SCALED_OBJECT.object(namespace, name),
            None => kinds::HPA.object(namespace, hpa.name()),
        });
        let target = hpa.target();
        let version = target.api_version.as_deref().unwrap_or_default();
        let mut kinds = kinds::scalable().filter(|kind| kind.name == target.kind);
        let known = kinds.find(|kind| version.is_empty() || kind.api_version() == version);
        let Some(kind) = known else {
            notes.push(format!(
                "{} {}/{} is kept: its kind is unknown",
                target.kind,
                hpa.namespace(),
                target.name
            ));
            continue;
        };
        let workload = kind.object(namespace, &target.name);
        let Some(Object { metadata }) = cluster.read(&workload).await? else { continue };
        match label(&metadata, OPPORTUNISTIC_LABEL) {
            Some("true") => {
                deletions.push(workload);
                // Its own class, which no other workload uses; a shared one stays.
                let class = priority_class(hpa.namespace(), &target.name);
                let class = kinds::PRIORITY_CLASS.object(None, &class);
                let live: Option<Object> = cluster.read(&class).await?;
                if live.is_some_and(|live| is_ours(&live.metadata)) {
                    deletions.push(class);
                }
            }
            _ => notes.push(format!(
                "{workload} is kept: it is not labelled {OPPORTUNISTIC_LABEL}=true, though our \
                 HPA scales it"
            )),
        }
    }
    Ok(deletions)
}
