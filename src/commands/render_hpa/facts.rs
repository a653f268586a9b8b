//! Facts of the cluster: its version, its node autoscaler, its HPAs.

use serde_json::Value;

use crate::filler::{NodeAutoscaler, RenderConfig};
use crate::manifest::Document;
use hpa_model::KubernetesVersion;
use oppscale_cluster::{self, Autoscaler, Cluster, ClusterError, Operation, Snapshot};
use oppscale_core::error::Error;

use super::args::RenderHpaArgs;

/// The ConfigMap that Cluster Autoscaler writes (`--write-status-configmap`, on by default).
const STATUS: &str = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status";
/// The API group of Karpenter.
const KARPENTER: &str = "/apis/karpenter.sh";

/// Facts about the cluster besides nodes and pods.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) version: KubernetesVersion,
    pub(super) autoscaler: NodeAutoscaler,
    /// Evidence of the node autoscaler.
    pub(super) autoscaler_source: String,
    /// HPAs and ScaledObjects of the namespace.
    hpas: Vec<Autoscaler>,
    pub(super) notes: Vec<String>,
}

/// Facts from saved lists.
pub(super) fn saved(args: &RenderHpaArgs, snapshot: &Snapshot, hpas: Vec<Autoscaler>) -> Facts {
    let mut notes = Vec::new();
    let version = args.kubernetes_version.unwrap_or_else(|| {
        notes.push(
            "rendered for Kubernetes 1.36; name another with --kubernetes-version".to_owned(),
        );
        KubernetesVersion::default()
    });
    let (autoscaler, autoscaler_source) =
        given(args).or_else(|| of_nodes(snapshot)).unwrap_or_else(|| {
            (NodeAutoscaler::None, "no node autoscaler found in the saved nodes".to_owned())
        });
    Facts { version, autoscaler, autoscaler_source, hpas, notes }
}

/// Facts from a cluster.
///
/// # Errors
/// If the API server cannot be reached.
pub(super) async fn live(
    args: &RenderHpaArgs,
    cluster: &Cluster,
    snapshot: &Snapshot,
    namespace: &str,
) -> Result<Facts, ClusterError> {
    let mut notes = Vec::new();
    let version = match args.kubernetes_version {
        Some(version) => version,
        None => nearest(&oppscale_cluster::server_info(cluster).await?.version, &mut notes),
    };
    let told = match given(args).or_else(|| of_nodes(snapshot)) {
        Some(told) => told,
        None => detect(cluster, &mut notes).await?,
    };
    let hpas = oppscale_cluster::autoscalers(cluster, namespace).await?;
    if hpas.is_none() {
        notes.push(format!(
            "whether another HPA scales the same target is unknown: HPAs in {namespace} may not be \
             listed"
        ));
    }
    Ok(Facts {
        version,
        autoscaler: told.0,
        autoscaler_source: told.1,
        hpas: hpas.unwrap_or_default(),
        notes,
    })
}

fn given(args: &RenderHpaArgs) -> Option<(NodeAutoscaler, String)> {
    Some((args.autoscaler?, "as given".to_owned()))
}

fn of_nodes(snapshot: &Snapshot) -> Option<(NodeAutoscaler, String)> {
    let found = NodeAutoscaler::of_nodes(&snapshot.ledger)?;
    Some((found, "detected by labels and taints of nodes".to_owned()))
}

async fn detect(
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Result<(NodeAutoscaler, String), ClusterError> {
    if oppscale_cluster::exists(cluster, KARPENTER).await? == Some(true) {
        return Ok((NodeAutoscaler::Karpenter, "its API is there".to_owned()));
    }
    match oppscale_cluster::exists(cluster, STATUS).await? {
        Some(true) => {
            let why = "it writes kube-system/cluster-autoscaler-status".to_owned();
            Ok((NodeAutoscaler::ClusterAutoscaler, why))
        }
        Some(false) => Ok((NodeAutoscaler::None, "none was found".to_owned())),
        None => {
            notes.push(
                "whether Cluster Autoscaler runs is unknown: its status may not be read; name it \
                 with --autoscaler"
                    .to_owned(),
            );
            Ok((NodeAutoscaler::None, "unknown".to_owned()))
        }
    }
}

/// The version that is modelled and nearest to the server's.
fn nearest(text: &str, notes: &mut Vec<String>) -> KubernetesVersion {
    text.parse().unwrap_or_else(|_| {
        let minor = text.trim_start_matches('v').split('.').nth(1);
        let digits = minor.map(|minor| minor.trim_end_matches(|c: char| !c.is_ascii_digit()));
        let minor = digits.and_then(|digits| digits.parse::<u32>().ok());
        let (nearest, word) = match minor {
            Some(0..=32) => (KubernetesVersion::V1_33, "1.33"),
            Some(_) => (KubernetesVersion::V1_37, "1.37"),
            None => (KubernetesVersion::default(), "1.36"),
        };
        notes.push(format!("the server is {text}; rendered as for Kubernetes {word}"));
        nearest
    })
}

/// Refuses a PriorityClass that is there and says something else: an API server changes neither
/// its value nor its preemption policy (`ValidatePriorityClassUpdate`).
///
/// # Errors
/// When it is so, or the server fails.
pub(super) async fn refuse_other_class(
    cluster: &Cluster,
    documents: &[Document],
) -> anyhow::Result<()> {
    let Some(class) = documents.iter().find(|document| document.kind() == "PriorityClass") else {
        return Ok(());
    };
    let name = class.name();
    let operation = Operation::new(
        format!("get PriorityClass {name}"),
        "--verb=get --resource=priorityclasses.scheduling.k8s.io",
    );
    let path = format!("/apis/scheduling.k8s.io/v1/priorityclasses/{name}");
    let live = match cluster.find(&operation, &path).await {
        Ok(Some(live)) => live,
        // Then applying it will tell.
        Ok(None) | Err(ClusterError::Forbidden { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let of = |object: &Value| {
        let preempts = object["preemptionPolicy"].as_str().unwrap_or("PreemptLowerPriority");
        (object["value"].as_i64().unwrap_or(0), preempts.to_owned())
    };
    let (is, wanted) = (of(&live), of(class.value()));
    if is == wanted {
        return Ok(());
    }
    Err(Error::failure(format!(
        "PriorityClass {name} is there already, with value {} and preemptionPolicy {}: fillers \
             need {} and {}, and a class cannot be changed",
        is.0, is.1, wanted.0, wanted.1
    ))
    .hint("name another one: --priority-class NAME")
    .into())
}

/// The note about pods of the workload that have another PriorityClass, if it runs.
///
/// # Errors
/// When the API server fails.
pub(super) async fn note_of_other_class(
    cluster: &Cluster,
    config: &RenderConfig,
) -> Result<Option<String>, ClusterError> {
    let object = config.kind.object(Some(&config.namespace), &config.name);
    let live: Option<Value> = match cluster.read(&object).await {
        Err(ClusterError::Forbidden { .. }) => None,
        live => live?,
    };
    let class = live.as_ref().and_then(|live| {
        live.pointer("/spec/template/spec/priorityClassName").and_then(Value::as_str)
    });
    let other = class.filter(|class| !class.is_empty() && *class != config.priority_class);
    Ok(other.map(|class| {
        format!(
            "the pods of {object} have the PriorityClass {class}: applying this replaces them by \
             pods of {}. --priority-class {class} keeps it; otherwise delete it when no workload \
             uses it: kubectl delete priorityclass {class}",
            config.priority_class
        )
    }))
}

impl Facts {
    /// The note about other rendered workloads in the namespace, if there are any. Paid ones bring
    /// a namespace, too.
    pub(super) fn note_of_shared_namespace(&self, config: &RenderConfig) -> Option<String> {
        let own = config.hpa_name();
        let is_rendered = |hpa: &&Autoscaler| {
            let labels = hpa.0.metadata.labels.as_ref();
            let manager = labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by"));
            manager.is_some_and(|manager| manager == "oppscale") || hpa.scaled_object().is_some()
        };
        let mut others = self.hpas.iter().filter(is_rendered).filter(|hpa| hpa.name() != own);
        let other = others.next()?;
        let namespace = &config.namespace;
        Some(format!(
            "namespace {namespace} also has {} {}: kubectl delete -f of these manifests deletes \
             the namespace with all in it, and a LimitRange of either bounds the \
             containers of both. Give this one another: --namespace NAME",
            other.target().kind,
            other.target().name
        ))
    }

    /// Refuses to set a second HPA on a target that has one.
    ///
    /// # Errors
    /// When it has one that this one does not take the place of.
    pub(super) fn refuse_second_scaler(&self, config: &RenderConfig) -> Result<(), Error> {
        let (name, namespace) = (&config.name, &config.namespace);
        let own = config.hpa_name();
        let kind = config.kind.name;
        let second =
            self.hpas.iter().find(|hpa| hpa.scales(namespace, kind, name) && hpa.name() != own);
        second.map_or(Ok(()), |hpa| {
            Err(Error::failure(format!(
                "HorizontalPodAutoscaler {namespace}/{} scales {kind} {name} already: two would \
                     fight",
                hpa.name()
            ))
            .hint(format!(
                "delete it first: kubectl -n {namespace} delete hpa {}\n\
                     or call this workload something else with --name",
                hpa.name()
            )))
        })
    }
}
