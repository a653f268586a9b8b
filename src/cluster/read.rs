//! One look at a cluster: paged lists, folded page by page while the next one loads.

use tokio::sync::mpsc;

use crate::core::resources::Resources;
use crate::progress::Progress;

use super::client::{Action, Cluster};
use super::decode::list_end;
use super::error::ClusterError;
use super::intake::{BadPage, Intake};
use super::snapshot::{Snapshot, Usage};
use super::usage;
use super::workload::{self, ResolvedWorkload, WorkloadRef};

/// Objects in a page, as kubectl has it: about 5 MB of pods.
const PAGE: u32 = 500;
/// Pages in memory: one on its way and one at work keep both sides busy.
const BUFFERS: usize = 2;
/// Pods that are expected on a node before any is read: what large clusters are tested
/// with (150,000 on 5,000). Room that is not used costs no memory; growing costs it twice.
const PODS_PER_NODE: usize = 30;
/// How often a list that expired (410) is started again.
const RESTARTS: u32 = 3;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The workload whose pods are own; otherwise the label decides.
    pub workload: Option<WorkloadRef>,
    /// The namespace of a workload that was named without one.
    pub namespace: Option<String>,
    /// Usage of nodes.
    pub node_usage: bool,
    /// Usage of pods, by workload.
    pub pod_usage: bool,
}

const NODES: Listing = Listing {
    kind: "NodeList",
    words: "list nodes",
    right: "--verb=list --resource=nodes,pods",
    path: "/api/v1/nodes",
    query: "",
    take: |intake, page| intake.node_page(page),
    restart: Intake::restart_nodes,
};

/// Terminal pods occupy nothing and may be many, so the server leaves them out.
const PODS: Listing = Listing {
    kind: "PodList",
    words: "list pods",
    right: "--verb=list --resource=nodes,pods",
    path: "/api/v1/pods",
    query: "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
    take: |intake, page| intake.pod_page(page),
    restart: Intake::restart_pods,
};

/// A list to be read, and what becomes of its pages.
struct Listing {
    kind: &'static str,
    words: &'static str,
    right: &'static str,
    path: &'static str,
    query: &'static str,
    take: fn(&mut Intake, &[u8]) -> Result<(), BadPage>,
    restart: fn(&mut Intake),
}

/// Reads nodes, pods and what else `request` asks for.
///
/// A refused list of pods is not an error: the snapshot says that pods are unknown.
///
/// # Errors
/// When nodes or the workload cannot be read, or the server fails.
pub async fn read(
    cluster: &Cluster,
    request: &Request,
    progress: &Progress,
) -> anyhow::Result<(Snapshot, ResolvedWorkload)> {
    let namespace = request.namespace.as_deref().unwrap_or(cluster.namespace());
    let workload = match &request.workload {
        Some(reference) => workload::fetch(cluster, reference, namespace).await?,
        None => ResolvedWorkload::default(),
    };
    let mut intake = Intake::new(workload.ownership.clone());
    if request.node_usage {
        let nodes = usage_or_note(usage::of_nodes(cluster).await, &mut intake);
        intake.snapshot_mut().usage = nodes.map(|nodes| Usage { nodes, ..Usage::default() });
    }
    if request.pod_usage
        && let Some(pods) = usage_or_note(usage::of_pods(cluster).await, &mut intake)
    {
        intake.expect_usage(pods);
    }
    progress.phase("listing nodes");
    let mut intake = list(cluster, &NODES, intake, progress).await.map_err(|(error, _)| error)?;
    let ledger = &mut intake.snapshot_mut().ledger;
    ledger.reserve_pods(ledger.records().count() * PODS_PER_NODE);
    progress.phase("listing pods");
    let intake = match list(cluster, &PODS, intake, progress).await {
        Ok(intake) => intake,
        Err((error @ ClusterError::Forbidden { .. }, mut intake)) => {
            intake.restart_pods();
            let snapshot = intake.snapshot_mut();
            snapshot.pods_unknown = Some(error.to_string());
            snapshot.notes.extend(error.hint());
            snapshot.rights_missing = true;
            intake
        }
        Err((error, _)) => return Err(error.into()),
    };
    progress.finish();
    Ok((intake.finish(), workload))
}

fn usage_or_note(
    answer: usage::Answer,
    intake: &mut Intake,
) -> Option<std::collections::HashMap<String, Resources>> {
    answer
        .map_err(|why| intake.snapshot_mut().notes.push(format!("usage is shown as -: {why}")))
        .ok()
}

/// What goes to the thread that folds.
enum Message {
    Page(Vec<u8>),
    Restart,
}

/// Reads a list to its end. The intake comes back even when that fails.
async fn list(
    cluster: &Cluster,
    listing: &'static Listing,
    intake: Intake,
    progress: &Progress,
) -> Result<Intake, (ClusterError, Intake)> {
    let (sender, receiver) = mpsc::channel(BUFFERS);
    let (empty, empties) = mpsc::unbounded_channel();
    let counter = progress.clone();
    let folding =
        tokio::task::spawn_blocking(move || fold_pages(listing, intake, receiver, empty, &counter));
    let loaded = load_pages(cluster, listing, sender, empties).await;
    let (intake, folded) = match folding.await {
        Ok(done) => done,
        // Only a bug ends that thread early; what it held is gone with it.
        Err(error) => (Intake::default(), Err(error.to_string())),
    };
    let garbage = |cause| ClusterError::Garbage {
        action: listing.words.to_owned(),
        server: cluster.server().to_owned(),
        cause,
    };
    match (folded, loaded) {
        (Err(cause), _) => Err((garbage(cause), intake)),
        (Ok(()), Err(error)) => Err((error, intake)),
        (Ok(()), Ok(())) => Ok(intake),
    }
}

/// Folds pages as they come, and gives their memory back to be filled again: pages from
/// the system, zeroed anew each time, would cost as much as copying into them.
fn fold_pages(
    listing: &Listing,
    mut intake: Intake,
    mut pages: mpsc::Receiver<Message>,
    empty: mpsc::UnboundedSender<Vec<u8>>,
    progress: &Progress,
) -> (Intake, Result<(), String>) {
    while let Some(message) = pages.blocking_recv() {
        match message {
            Message::Restart => (listing.restart)(&mut intake),
            Message::Page(body) => {
                if let Err(cause) = (listing.take)(&mut intake, &body) {
                    return (intake, Err(cause.to_string()));
                }
                progress.count(intake.pods());
                // Nobody takes it back behind the last page.
                let _ = empty.send(body);
            }
        }
    }
    (intake, Ok(()))
}

async fn load_pages(
    cluster: &Cluster,
    listing: &Listing,
    pages: mpsc::Sender<Message>,
    mut empties: mpsc::UnboundedReceiver<Vec<u8>>,
) -> Result<(), ClusterError> {
    let action = Action { words: listing.words, right: listing.right };
    let first = format!("{}?limit={PAGE}{}", listing.path, listing.query);
    let mut path = first.clone();
    let mut starts = 1;
    let mut buffers = 0;
    loop {
        let buffer = if buffers < BUFFERS {
            buffers += 1;
            Vec::new()
        } else {
            // None comes when the fold has failed, which the next send tells.
            empties.recv().await.unwrap_or_default()
        };
        let body = match cluster.get_into(&action, &path, buffer).await {
            Err(ClusterError::Expired { action, .. }) if starts > RESTARTS => {
                return Err(ClusterError::Expired { action, times: starts });
            }
            Err(ClusterError::Expired { .. }) => {
                starts += 1;
                // Its buffer went with the answer.
                buffers -= 1;
                path.clone_from(&first);
                if pages.send(Message::Restart).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            answer => answer?,
        };
        // What is no list is left for the fold to report, with the place. An empty list of
        // something else must not pass for an empty cluster.
        let end = list_end(&body).unwrap_or_default();
        if let Some(kind) = end.kind.filter(|kind| kind != listing.kind) {
            let (action, server) = (action.words.to_owned(), cluster.server().to_owned());
            let cause = format!("it is a {kind}, not a {}", listing.kind);
            return Err(ClusterError::Garbage { action, server, cause });
        }
        let token = end.continue_token;
        if pages.send(Message::Page(body)).await.is_err() {
            return Ok(());
        }
        match token {
            Some(token) => path = format!("{first}&continue={}", percent_encode(&token)),
            None => return Ok(()),
        }
    }
}

/// Encodes a query value. Continue tokens are base64url today, but that is the server's
/// affair.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(byte as char);
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
