//! `oppscale uninstall`: takes away what `init` brought, the API first.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use crate::cluster::{Action, Cluster, ClusterArgs, ClusterError};
use crate::exit::{Exit, UsageError};
use crate::printer::{Printer, Style};
use crate::setup::install::Journal;

use super::init_args::{can_ask, confirm};

/// Arguments of `oppscale uninstall`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale uninstall               shows its plan, asks once
  oppscale uninstall --yes
  oppscale uninstall --dry-run     only the plan

The APIServices go first: one whose server is gone keeps every namespace of the
cluster from being deleted. Only what carries oppscale's labels is touched.
Workloads go on running; their HPAs hold them where they are.")]
pub struct UninstallArgs {
    /// Namespace of the metrics server
    #[arg(short, long, value_name = "NAME", default_value = "oppscale")]
    pub namespace: String,
    /// Name of Service, Deployment and ServiceAccount
    #[arg(long, value_name = "NAME", default_value = "oppscale")]
    pub service: String,
    /// Keep the namespace
    #[arg(long)]
    pub keep_namespace: bool,
    /// Also delete HPAs that read oppscale's metric, and their workloads
    #[arg(long)]
    pub delete_workloads: bool,
    /// Only show the plan
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// A kind that is looked through for our labels: what it is called, and where it lives.
struct Kind {
    name: &'static str,
    /// With `{ns}` where it lives in the server's namespace.
    path: &'static str,
    resource: &'static str,
}

/// In the order in which they are deleted.
const KINDS: [Kind; 15] = [
    Kind {
        name: "APIService",
        path: "/apis/apiregistration.k8s.io/v1/apiservices",
        resource: "apiservices.apiregistration.k8s.io",
    },
    Kind {
        name: "ServiceMonitor",
        path: "/apis/monitoring.coreos.com/v1/namespaces/{ns}/servicemonitors",
        resource: "servicemonitors.monitoring.coreos.com",
    },
    Kind {
        name: "PrometheusRule",
        path: "/apis/monitoring.coreos.com/v1/namespaces/{ns}/prometheusrules",
        resource: "prometheusrules.monitoring.coreos.com",
    },
    Kind {
        name: "Deployment",
        path: "/apis/apps/v1/namespaces/{ns}/deployments",
        resource: "deployments.apps",
    },
    Kind {
        name: "PodDisruptionBudget",
        path: "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
        resource: "poddisruptionbudgets.policy",
    },
    Kind { name: "Service", path: "/api/v1/namespaces/{ns}/services", resource: "services" },
    Kind {
        name: "Certificate",
        path: "/apis/cert-manager.io/v1/namespaces/{ns}/certificates",
        resource: "certificates.cert-manager.io",
    },
    Kind {
        name: "Issuer",
        path: "/apis/cert-manager.io/v1/namespaces/{ns}/issuers",
        resource: "issuers.cert-manager.io",
    },
    Kind { name: "Secret", path: "/api/v1/namespaces/{ns}/secrets", resource: "secrets" },
    Kind { name: "ConfigMap", path: "/api/v1/namespaces/{ns}/configmaps", resource: "configmaps" },
    Kind {
        name: "RoleBinding",
        path: "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings",
        resource: "rolebindings.rbac.authorization.k8s.io",
    },
    Kind {
        name: "ClusterRoleBinding",
        path: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        resource: "clusterrolebindings.rbac.authorization.k8s.io",
    },
    Kind {
        name: "ClusterRole",
        path: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        resource: "clusterroles.rbac.authorization.k8s.io",
    },
    Kind {
        name: "ServiceAccount",
        path: "/api/v1/namespaces/{ns}/serviceaccounts",
        resource: "serviceaccounts",
    },
    Kind { name: "Namespace", path: "/api/v1/namespaces", resource: "namespaces" },
];

/// Something to be deleted.
struct Doomed {
    name: String,
    path: String,
    resource: &'static str,
}

/// Takes it away.
///
/// # Errors
/// When it may not be looked at or deleted.
pub async fn run(args: UninstallArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let cluster = args.cluster.connect().await?;
    let mut doomed = Vec::new();
    let mut unknown = Vec::new();
    if args.delete_workloads {
        match workloads(&cluster).await {
            Ok(found) => doomed.extend(found),
            Err(ClusterError::Forbidden { message, .. }) => unknown.push(message),
            Err(error) => return Err(error.into()),
        }
    }
    for kind in &KINDS {
        match ours(&cluster, kind, &args).await {
            Ok(found) => doomed.extend(found),
            Err(ClusterError::Forbidden { message, .. }) => unknown.push(message),
            Err(error) => return Err(error.into()),
        }
    }
    // The API goes before all else, workloads included.
    doomed.sort_by_key(|one| one.resource != KINDS[0].resource);
    for message in &unknown {
        printer.warn(&format!("it is not known what is to be deleted: {message}"));
    }
    if !unknown.is_empty() {
        printer.note("nothing was changed: half an uninstallation leaves an API without a server");
        return Ok(Exit::Rights);
    }
    if doomed.is_empty() {
        printer.data("nothing to delete\n")?;
        return Ok(Exit::Ok);
    }
    let mut text = String::new();
    for one in &doomed {
        let _ = writeln!(text, "{}  {}", printer.paint(Style::Warn, "delete"), one.name);
    }
    printer.data(&text)?;
    if args.dry_run {
        return Ok(Exit::Ok);
    }
    if !args.yes {
        if !can_ask() {
            return Err(UsageError::new(format!(
                "{} objects are to be deleted, and nobody can be asked",
                doomed.len()
            ))
            .hint("--yes deletes them without asking, --dry-run only shows them")
            .into());
        }
        match confirm(&format!("Delete these {} objects?", doomed.len())).await? {
            Some(true) => {}
            answer => {
                printer.note("nothing was changed");
                return Ok(if answer.is_some() { Exit::Finding } else { Exit::Interrupted });
            }
        }
    }
    let mut journal = Journal::new(printer, doomed.len());
    for one in &doomed {
        let words = format!("delete {}", one.name);
        let right = format!("--verb=delete --resource={}", one.resource);
        cluster.remove(&Action { words: &words, right: &right }, &one.path).await?;
        journal.done(format!("deleted {}", one.name));
    }
    journal.close();
    printer.data(&format!("{} objects deleted\n", doomed.len()))?;
    if !args.delete_workloads {
        printer
            .note("opportunistic workloads go on running; their HPAs get no metric and hold them");
    }
    Ok(Exit::Ok)
}

/// What of a kind carries our labels.
async fn ours(
    cluster: &Cluster,
    kind: &Kind,
    args: &UninstallArgs,
) -> Result<Vec<Doomed>, ClusterError> {
    if kind.name == "Namespace" && args.keep_namespace {
        return Ok(Vec::new());
    }
    let path = kind.path.replace("{ns}", &args.namespace);
    let words = format!("list {}s", kind.name);
    let right = format!("--verb=list,delete --resource={}", kind.resource);
    let selector =
        "app.kubernetes.io%2Fpart-of%3Doppscale%2Capp.kubernetes.io%2Fmanaged-by%3Doppscale";
    let query = format!("{path}?labelSelector={selector}");
    let list = cluster.find(&Action { words: &words, right: &right }, &query).await?;
    let items = list.unwrap_or_default()["items"].as_array().cloned().unwrap_or_default();
    let doomed = items.iter().filter(|item| belongs(kind, item, args)).map(|item| {
        let metadata = &item["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let namespace = metadata["namespace"].as_str();
        let shown = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        Doomed {
            name: format!("{} {shown}{name}", kind.name),
            path: format!("{path}/{name}"),
            resource: kind.resource,
        }
    });
    Ok(doomed.collect())
}

/// Whether an object is of this installation: there may be several in a cluster.
fn belongs(kind: &Kind, item: &Value, args: &UninstallArgs) -> bool {
    let label = &item["metadata"]["labels"]["app.kubernetes.io/instance"];
    let name = item["metadata"]["name"].as_str().unwrap_or_default();
    match kind.name {
        "Namespace" => name == args.namespace,
        "APIService" => {
            let service = &item["spec"]["service"];
            service["namespace"] == *args.namespace && service["name"] == *args.service
        }
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
        _ => label.is_null() || *label == *args.service,
    }
}

/// HPAs that read our metric, and what they scale.
async fn workloads(cluster: &Cluster) -> Result<Vec<Doomed>, ClusterError> {
    let action = Action {
        words: "list HPAs",
        right: "--verb=list,delete --resource=horizontalpodautoscalers.autoscaling",
    };
    let list = cluster.find(&action, "/apis/autoscaling/v2/horizontalpodautoscalers").await?;
    let mut doomed = Vec::new();
    for hpa in list.unwrap_or_default()["items"].as_array().into_iter().flatten() {
        let by = &hpa["metadata"]["labels"]["app.kubernetes.io/managed-by"];
        let target = &hpa["spec"]["scaleTargetRef"];
        if by != "oppscale" || target["kind"] != "Deployment" {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (namespace, name) =
            (text(&hpa["metadata"]["namespace"]), text(&hpa["metadata"]["name"]));
        let workload = text(&target["name"]);
        doomed.push(Doomed {
            name: format!("HorizontalPodAutoscaler {namespace}/{name}"),
            path: format!(
                "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}"
            ),
            resource: "horizontalpodautoscalers.autoscaling",
        });
        doomed.push(Doomed {
            name: format!("Deployment {namespace}/{workload}"),
            path: format!("/apis/apps/v1/namespaces/{namespace}/deployments/{workload}"),
            resource: "deployments.apps",
        });
    }
    Ok(doomed)
}
