//! One look at a cluster: paged lists, folded page by page while the next one loads.

use tokio::sync::mpsc;

use crate::progress::ReadProgress;
use oppscale_core::resources::Resources;

use super::client::Cluster;
use super::error::ClusterError;
use super::intake::{BadPage, Intake};
use super::pages::{self, BUFFERS, Listing, Piece};
use super::snapshot::{Snapshot, Usage};
use super::usage;
use super::workload::{self, ResolvedWorkload, WorkloadRef};

/// Pods that are expected on a node before any is read: what large clusters are tested
/// with (150,000 on 5,000). Room that is not used costs no memory; growing costs it twice.
pub(super) const PODS_PER_NODE: usize = 30;
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

/// What becomes of the pieces of a list.
struct Fold {
    listing: Listing,
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
    progress: &impl ReadProgress,
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
    let nodes =
        Fold { listing: Listing::nodes(), take: Intake::node_page, restart: Intake::restart_nodes };
    let mut intake = list(cluster, nodes, intake, progress).await.map_err(|(error, _)| error)?;
    let ledger = &mut intake.snapshot_mut().ledger;
    ledger.reserve_pods(ledger.records().count() * PODS_PER_NODE);
    progress.phase("listing pods");
    let pods =
        Fold { listing: Listing::pods(), take: Intake::pod_page, restart: Intake::restart_pods };
    let intake = match list(cluster, pods, intake, progress).await {
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

/// Reads a list to its end. The intake comes back even when that fails.
async fn list(
    cluster: &Cluster,
    fold: Fold,
    intake: Intake,
    progress: &impl ReadProgress,
) -> Result<Intake, (ClusterError, Intake)> {
    let (sender, receiver) = mpsc::channel(BUFFERS);
    let (empty, mut empties) = mpsc::unbounded_channel();
    let (listing, counter) = (fold.listing.clone(), progress.clone());
    let folding =
        tokio::task::spawn_blocking(move || fold_pages(&fold, intake, receiver, empty, &counter));
    let loaded = pages::load(cluster, &listing, &sender, &mut empties).await;
    drop(sender);
    let (intake, folded) = match folding.await {
        Ok(done) => done,
        // Only a bug ends that thread early; what it held is gone with it.
        Err(error) => (Intake::default(), Err(error.to_string())),
    };
    let garbage = |cause| ClusterError::Garbage {
        action: format!("list {}", listing.noun),
        server: cluster.server().to_owned(),
        cause,
    };
    match (folded, loaded) {
        (Err(cause), _) => Err((garbage(cause), intake)),
        (Ok(()), Err(error)) => Err((error, intake)),
        (Ok(()), Ok(_)) => Ok(intake),
    }
}

/// Folds pages as they come, and gives their memory back to be filled again: pages from
/// the system, zeroed anew each time, would cost as much as copying into them.
fn fold_pages(
    fold: &Fold,
    mut intake: Intake,
    mut pieces: mpsc::Receiver<Piece>,
    empty: mpsc::UnboundedSender<Vec<u8>>,
    progress: &impl ReadProgress,
) -> (Intake, Result<(), String>) {
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Restart => (fold.restart)(&mut intake),
            Piece::Page(body) => {
                if let Err(cause) = (fold.take)(&mut intake, &body) {
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
