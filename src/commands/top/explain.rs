//! `oppscale top --explain POD`: where a pod's number comes from.

use anyhow::{Context, bail};

use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::table::columns;
use oppscale_cluster::{ClusterError, Operation, SavedFiles, Snapshot, object_names};
use oppscale_core::demand::{self, DemandState, FILLER_PRIORITY, PlacedPod};
use oppscale_core::error::Error;
use oppscale_core::explain::{self, Explanation};
use oppscale_core::headroom::Query;
use oppscale_core::kinds;
use oppscale_core::model::Pod;
use oppscale_core::nearest::nearest_object;
use oppscale_core::record::PodKey;
use oppscale_core::resources::Resources;

use super::Input;
use super::args::{TopArgs, TopSettings};

/// Explains the pod named `pod`, as `NAMESPACE/NAME` or as a name in the namespace at hand.
///
/// # Errors
/// When the pod cannot be found, read or counted.
pub(super) async fn run(
    pod: &str,
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let (given, name) = match pod.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (args.namespace.as_deref(), pod),
    };
    let (namespace, json) = if args.from.is_empty() {
        let cluster = args.cluster.connect().await?;
        let namespace = given.unwrap_or(cluster.namespace()).to_owned();
        let operation =
            Operation::new(format!("get pod {namespace}/{name}"), "--verb=get --resource=pods");
        let path = kinds::POD.path(Some(&namespace), name);
        let body = match cluster.get(&operation, &path).await {
            Err(error @ ClusterError::NotFound { .. }) => {
                let names = object_names(&cluster, &kinds::POD, None).await.unwrap_or_default();
                bail!(absent(error.to_string(), (&namespace, name), &names));
            }
            body => body?,
        };
        (namespace, String::from_utf8(body)?)
    } else {
        let namespace = given.unwrap_or("default").to_owned();
        let files = SavedFiles::load(&args.from)?;
        let Some(json) = files.pod(&namespace, name).map(str::to_owned) else {
            let message = format!("the saved lists hold no pod {namespace}/{name}");
            bail!(absent(message, (&namespace, name), &files.pod_names()));
        };
        (namespace, json)
    };
    let pod: Pod<'_> =
        serde_json::from_str(&json).with_context(|| format!("pod {namespace}/{name}"))?;
    let explanation = explain::explain(&pod)
        .with_context(|| format!("pod {namespace}/{name} cannot be counted"))?;
    printer.data(&text(&format!("{namespace}/{name}"), &pod, &explanation))?;
    let is_waiting =
        !pod.is_terminal() && !pod.is_bound() && pod.metadata.deletion_timestamp.is_none();
    if is_waiting {
        let key = PodKey::of_parts(&pod.metadata.uid, &namespace, name);
        match super::read(args, settings, printer).await {
            Ok(Input { snapshot, workload, .. }) => {
                let query = super::query(args, settings, &snapshot, workload);
                printer.data(&format!("\n{}\n", destination(&key, &snapshot, &query)))?;
            }
            // The pod's requests are shown without the permission to list nodes and pods.
            Err(error) => printer.warn(&format!("where it would go is unknown: {error:#}")),
        }
    }
    Ok(Exit::Ok)
}

/// The node where a waiting pod would go, or why there is none.
fn destination(key: &PodKey, snapshot: &Snapshot, query: &Query) -> String {
    if let Some(why) = &snapshot.pods_unknown {
        return format!("Where it would go is unknown: {why}");
    }
    let placed = demand::place_for(&snapshot.ledger, query);
    let Some(at) = placed.iter().position(|pod| pod.key == key) else {
        return "It is an opportunistic pod: nothing is kept for it.".to_owned();
    };
    let PlacedPod { pod, state, node, preempts, reason, .. } = &placed[at];
    let priority = pod.queueing.priority;
    match (state, node) {
        (DemandState::Placeable | DemandState::Elsewhere, Some(node)) => {
            let (mut paid, mut standing) = (Resources::default(), Resources::default());
            let account = snapshot.ledger.nodes().find(|(name, _)| name == node);
            if let Some((_, account)) = account {
                paid.add(&account.paid.minus(&account.standing));
                standing.add(&account.standing);
            }
            let before = placed[..at].iter().filter(|other| other.node == Some(*node));
            let mut waiting = Resources::default();
            before.for_each(|other| waiting.add(&other.pod.footprint));
            let beside: Vec<String> = [
                (&paid, "paid pods"),
                (&standing, "DaemonSet and static pods"),
                (&waiting, "pods that come before it"),
            ]
            .into_iter()
            .filter(|(amounts, _)| **amounts != Resources::default())
            .map(|(amounts, whose)| format!("{} of {whose}", explain::footprint_text(amounts)))
            .collect();
            let mut text = format!("It would go to node {node}");
            if !beside.is_empty() {
                text.push_str(&format!(", beside {}", beside.join(", ")));
            }
            text.push_str(match (state, preempts) {
                (DemandState::Elsewhere, _) => ".\nOpportunistic pods cannot use that node.",
                (_, true) => ".\nOpportunistic pods must make room for it there.",
                (_, false) => ".\nIt has room there beside all other pods.",
            });
            text
        }
        (DemandState::Elsewhere, None) => "It has no node: those that could hold it are cordoned, \
             not ready, tainted or of unknown size. Nothing is kept for it."
            .to_owned(),
        (DemandState::Blocked, _) if !pod.queueing.preempts => {
            "Every node that could hold it is full, and it does not preempt opportunistic pods \
             (preemptionPolicy Never). Nothing is kept for it."
                .to_owned()
        }
        (DemandState::Outranked, _) => format!(
            "Its priority ({priority}) is not above that of opportunistic pods ({}). Nothing is \
             kept for it.",
            query.filler_priority.unwrap_or(FILLER_PRIORITY)
        ),
        (DemandState::Gated, _) => {
            "Scheduling gates hold it back. Nothing is kept for it.".to_owned()
        }
        (DemandState::Unplaceable, _) => format!(
            "No node can hold it: {}. Nothing is kept for it.",
            reason.as_deref().unwrap_or("unknown")
        ),
        (DemandState::Blocked | DemandState::Placeable, _) => {
            "Every node that could hold it is full of paid pods. Nothing is kept for it until \
             some of them end."
                .to_owned()
        }
    }
}

/// The error that there is no such pod, with the pod that may have been meant.
fn absent(message: String, wanted: (&str, &str), names: &[(String, String)]) -> Error {
    Error::usage(message).hint(match nearest_object(wanted, names) {
        Some((namespace, name)) => format!("did you mean {namespace}/{name}?"),
        None => "name it with its namespace: --explain NAMESPACE/POD".to_owned(),
    })
}

fn text(name: &str, pod: &Pod<'_>, explanation: &Explanation) -> String {
    let standing = if pod.is_terminal() {
        format!("has ended ({}) and occupies nothing", &*pod.status.phase)
    } else if pod.is_bound() {
        format!("on node {}", &*pod.spec.node_name)
    } else {
        "has no node yet and occupies nothing".to_owned()
    };
    let mut rows: Vec<_> = explanation
        .lines
        .iter()
        .map(|line| vec![line.what.clone(), line.amounts.clone(), line.note.clone()])
        .collect();
    // The requests of an ended pod do not count.
    if !pod.is_terminal() {
        let total = explain::footprint_text(&explanation.total);
        rows.push(vec!["TOTAL".to_owned(), total, "what the scheduler sets aside".to_owned()]);
    }
    let defaulted = if explanation.defaulted {
        "It never passed an API server; the server's defaults were filled in first.\n"
    } else {
        ""
    };
    format!("{name}: {standing}\n{defaulted}\n{}", columns(rows))
}
