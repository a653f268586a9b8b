//! One look at a cluster: paged lists, folded page by page while the next one loads.

use oppscale_core::resources::Resources;
use tokio::sync::mpsc;

use super::builder::{BadPage, SnapshotBuilder};
use super::client::Cluster;
use super::error::ClusterError;
use super::pages::{BUFFERS, Listing, Piece};
use super::snapshot::{Snapshot, Usage};
use super::workload::{ResolvedWorkload, WorkloadRef};
use super::{pages, usage, workload};

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
    take: fn(&mut SnapshotBuilder, &[u8]) -> Result<(), BadPage>,
    restart: fn(&mut SnapshotBuilder),
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
    let mut builder = SnapshotBuilder::new(workload.ownership.clone());
    if request.node_usage {
        let nodes = usage_or_note(usage::of_nodes(cluster).await, &mut builder);
        builder.snapshot_mut().usage = nodes.map(|nodes| Usage { nodes, ..Usage::default() });
    }
    if request.pod_usage
        && let Some(pods) = usage_or_note(usage::of_pods(cluster).await, &mut builder)
    {
        builder.expect_usage(pods);
    }
    progress.phase("listing nodes");
    let nodes = Fold {
        listing: Listing::nodes(),
        take: SnapshotBuilder::node_page,
        restart: SnapshotBuilder::restart_nodes,
    };
    let mut builder = list(cluster, nodes, builder, progress).await.map_err(|(error, _)| error)?;
    let ledger = &mut builder.snapshot_mut().ledger;
    ledger.reserve_pods(ledger.records().count() * PODS_PER_NODE);
    progress.phase("listing pods");
    let pods = Fold {
        listing: Listing::pods(),
        take: SnapshotBuilder::pod_page,
        restart: SnapshotBuilder::restart_pods,
    };
    let builder = match list(cluster, pods, builder, progress).await {
        Ok(builder) => builder,
        Err((error @ ClusterError::Forbidden { .. }, mut builder)) => {
            builder.restart_pods();
            let snapshot = builder.snapshot_mut();
            snapshot.pods_unknown = Some(error.to_string());
            snapshot.notes.extend(error.hint());
            snapshot.permissions_missing = true;
            builder
        }
        Err((error, _)) => return Err(error.into()),
    };
    progress.finish();
    Ok((builder.finish(), workload))
}

fn usage_or_note(
    answer: usage::Answer,
    builder: &mut SnapshotBuilder,
) -> Option<std::collections::HashMap<String, Resources>> {
    answer
        .map_err(|why| builder.snapshot_mut().notes.push(format!("usage is shown as -: {why}")))
        .ok()
}

/// Reads a list to its end. Returns the builder even when that fails.
async fn list(
    cluster: &Cluster,
    fold: Fold,
    builder: SnapshotBuilder,
    progress: &impl ReadProgress,
) -> Result<SnapshotBuilder, (ClusterError, SnapshotBuilder)> {
    let (sender, receiver) = mpsc::channel(BUFFERS);
    let (empty, mut empties) = mpsc::unbounded_channel();
    let (listing, counter) = (fold.listing.clone(), progress.clone());
    let folding =
        tokio::task::spawn_blocking(move || fold_pages(&fold, builder, receiver, empty, &counter));
    let loaded = pages::load(cluster, &listing, &sender, &mut empties).await;
    drop(sender);
    let (builder, folded) = match folding.await {
        Ok(done) => done,
        // Only a bug ends that thread early; what it held is gone with it.
        Err(error) => (SnapshotBuilder::default(), Err(error.to_string())),
    };
    let garbage = |cause| ClusterError::Garbage {
        action: format!("list {}", listing.noun),
        server: cluster.server().to_owned(),
        cause,
    };
    match (folded, loaded) {
        (Err(cause), _) => Err((garbage(cause), builder)),
        (Ok(()), Err(error)) => Err((error, builder)),
        (Ok(()), Ok(_)) => Ok(builder),
    }
}

/// Folds pages as they come, and gives their memory back to be filled again: pages from
/// the system, zeroed anew each time, would cost as much as copying into them.
fn fold_pages(
    fold: &Fold,
    mut builder: SnapshotBuilder,
    mut pieces: mpsc::Receiver<Piece>,
    empty: mpsc::UnboundedSender<Vec<u8>>,
    progress: &impl ReadProgress,
) -> (SnapshotBuilder, Result<(), String>) {
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Restart => (fold.restart)(&mut builder),
            Piece::Page(body) => {
                if let Err(cause) = (fold.take)(&mut builder, &body) {
                    return (builder, Err(cause.to_string()));
                }
                progress.count(builder.pods());
                // Nobody takes it back behind the last page.
                let _ = empty.send(body);
            }
        }
    }
    (builder, Ok(()))
}

/// Receives the progress of [`read`](crate::read). Clones report to the same place.
pub trait ReadProgress: Clone + Send + 'static {
    /// A list begins, for example "listing pods".
    fn phase(&self, what: &'static str);
    /// So many pods have been read.
    fn count(&self, pods: u64);
    /// Everything has been read.
    fn finish(&self);
}

/// Reports to nobody.
impl ReadProgress for () {
    fn phase(&self, _: &'static str) {}
    fn count(&self, _: u64) {}
    fn finish(&self) {}
}
