//! One look at a cluster.

use std::collections::BTreeSet;

use anyhow::Context;
use serde::Deserialize;

use oppscale_core::kinds;
use oppscale_core::model::Metadata;
use oppscale_core::ownership::OwnWorkload;
use oppscale_core::pods::PodQuery;
use oppscale_core::selector::Selector;

use super::builder::SnapshotBuilder;
use super::client::{Cluster, Operation};
use super::decode::fold_list;
use super::encoded_object::EncodedObject;
use super::encoding::Encoding;
use super::error::ClusterError;
use super::pages::{ListSink, Listing};
use super::snapshot::{Snapshot, Usage};
use super::workload::{ResolvedWorkload, WorkloadRef};
use super::{devices, pages, unmatched_names, usage};

/// Pods that are expected on a node before any is read: what large clusters are tested
/// with (150,000 on 5,000). Room that is not used costs no memory; growing costs it twice.
pub(super) const PODS_PER_NODE: usize = 30;
/// The objects to read.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The workload whose pods are own; otherwise the label decides.
    pub workload: Option<WorkloadRef>,
    /// The namespace of a workload that was named without one.
    pub namespace: Option<String>,
    /// Workloads whose pods are grouped under them, whatever controllers stand in between.
    pub grouped: Vec<OwnWorkload>,
    /// Usage of nodes.
    pub node_usage: bool,
    /// Usage of pods, by workload.
    pub pod_usage: bool,
    /// The sums of limits.
    pub limits: bool,
    /// Pods one by one.
    pub pods: Option<PodQuery>,
}

/// Destination of a list's items.
struct Fold<'b, P> {
    builder: &'b mut SnapshotBuilder,
    begin: fn(&mut SnapshotBuilder),
    item: fn(&mut SnapshotBuilder, EncodedObject<'_>),
    progress: &'b P,
}

impl<P: ReadProgress> ListSink for Fold<'_, P> {
    fn begin(&mut self) {
        (self.begin)(self.builder);
    }

    fn begin_page(&mut self, is_repeated: bool) {
        self.builder.begin_page(is_repeated);
    }

    fn items(&mut self, items: &[EncodedObject<'_>]) {
        items.iter().for_each(|item| (self.item)(self.builder, *item));
        self.progress.count(self.builder.pods());
    }
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
        Some(reference) => reference.resolve(cluster, namespace).await?,
        None => ResolvedWorkload::default(),
    };
    let mut builder = SnapshotBuilder::new(workload.ownership.clone());
    builder.group_under(&request.grouped);
    let labelled = match request.namespace_labels() {
        Some(selector) => Some(labelled_namespaces(cluster, selector).await?),
        None => None,
    };
    request.prepare(&mut builder, labelled);
    if request.node_usage {
        let nodes = usage_or_note(usage::of_nodes(cluster).await, &mut builder);
        let nodes = nodes.map(|nodes| nodes.into_iter().map(|(name, used)| (name, used.total)));
        let usage = nodes.map(|nodes| Usage { nodes: nodes.collect(), ..Usage::default() });
        builder.snapshot_mut().usage = usage;
    }
    if request.pod_usage
        && let Some(pods) = usage_or_note(usage::of_pods(cluster).await, &mut builder)
    {
        builder.expect_usage(pods);
    }
    progress.phase("listing nodes");
    let mut nodes = Fold {
        builder: &mut builder,
        begin: SnapshotBuilder::restart_nodes,
        item: |builder, node| builder.raw_node(node),
        progress,
    };
    pages::load(cluster, &Listing::nodes(), Encoding::Protobuf, &mut nodes).await?;
    builder.expect_pods();
    progress.phase("listing pods");
    let mut pods = Fold {
        builder: &mut builder,
        begin: SnapshotBuilder::restart_pods,
        item: |builder, pod| builder.raw_pod(pod),
        progress,
    };
    let listing = match request.pods.as_ref().is_some_and(PodQuery::has_ended) {
        true => Listing::of(&kinds::POD, None, ""),
        false => Listing::pods(),
    };
    match pages::load(cluster, &listing, Encoding::Protobuf, &mut pods).await {
        Ok(_) => {}
        Err(error @ ClusterError::Forbidden { .. }) => {
            builder.restart_pods();
            let snapshot = builder.snapshot_mut();
            snapshot.pods_unknown = Some(error.to_string());
            snapshot.notes.extend(error.hint());
            snapshot.permissions_missing = true;
        }
        Err(error) => return Err(error.into()),
    }
    progress.phase("listing devices");
    devices::read(cluster, &workload, builder.snapshot_mut()).await;
    progress.finish();
    Ok((builder.finish(), workload))
}

impl Request {
    /// The labels of the namespaces of the pods that are kept one by one, if some are asked for.
    pub(super) fn namespace_labels(&self) -> Option<&Selector> {
        self.pods.as_ref()?.namespace_labels.as_ref()
    }

    /// Tells `builder` what to keep besides the sums. `labelled` are the namespaces with the
    /// labels that are asked for, if some are.
    pub(super) fn prepare(
        &self,
        builder: &mut SnapshotBuilder,
        labelled: Option<BTreeSet<String>>,
    ) {
        if self.limits {
            builder.count_limits();
        }
        if let Some(mut pods) = self.pods.clone() {
            pods.namespaces = match (pods.namespaces, labelled) {
                (Some(named), Some(labelled)) => Some(&named & &labelled),
                (named, labelled) => named.or(labelled),
            };
            builder.keep_pods(pods);
        }
    }
}

/// An object of which only the metadata counts.
#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
}

/// The names of the namespaces with these labels.
async fn labelled_namespaces(
    cluster: &Cluster,
    selector: &Selector,
) -> anyhow::Result<BTreeSet<String>> {
    let rbac = kinds::NAMESPACE.permission("list");
    let operation = Operation::new("list namespaces".to_owned(), rbac);
    let path = kinds::NAMESPACE.query_path(None, &selector.to_string());
    let body = cluster.get(&operation, &path).await?;
    let mut names = BTreeSet::new();
    fold_list(std::str::from_utf8(&body)?, |namespace: Named<'_>| {
        names.insert(namespace.metadata.name.to_string());
    })
    .context(operation.description)?;
    match names.is_empty() {
        true => Err(unmatched_names::no_namespace(selector).into()),
        false => Ok(names),
    }
}

fn usage_or_note<T>(answer: Result<T, String>, builder: &mut SnapshotBuilder) -> Option<T> {
    answer
        .map_err(|why| builder.snapshot_mut().notes.push(format!("usage is shown as -: {why}")))
        .ok()
}

/// Receives the progress of [`read`](crate::read). Clones report to the same place.
pub trait ReadProgress {
    /// A list begins, for example "listing pods".
    fn phase(&self, what: &'static str);
    /// Reports the number of pods read so far.
    fn count(&self, pods: u64);
    /// Everything has been read.
    fn finish(&self);
}

/// Reports nothing.
impl ReadProgress for () {
    fn phase(&self, _: &'static str) {}
    fn count(&self, _: u64) {}
    fn finish(&self) {}
}
