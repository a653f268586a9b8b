//! Reads the objects of Dynamic Resource Allocation, from the API server or from saved lists.
//!
//! A cluster without the API (`resource.k8s.io/v1`, Kubernetes 1.34) or without device classes
//! costs one request. Objects that cannot be read make devices unknown, and nothing else.

use oppscale_core::devices::model::ResourceClaimTemplate;
use oppscale_core::devices::{ClaimRef, DeviceInventory, DeviceObjects};
use oppscale_core::kinds::{self, Kind};
use serde::de::DeserializeOwned;

use super::client::{Cluster, Operation};
use super::error::ClusterError;
use super::pages::{Listing, list_typed};
use super::saved::SavedFiles;
use super::snapshot::Snapshot;
use super::typed;
use super::workload::ResolvedWorkload;

/// Reads the devices of the cluster, and the claim templates that `workload` uses.
pub(super) async fn read(cluster: &Cluster, workload: &ResolvedWorkload, snapshot: &mut Snapshot) {
    let mut objects = DeviceObjects::default();
    match list_typed(cluster, &Listing::of(&kinds::DEVICE_CLASS, None, "")).await {
        Ok(classes) => objects.classes = classes,
        // The server is older, or serves no such API.
        Err(ClusterError::NotFound { .. }) => return,
        Err(error) => objects.unknown = Some(error.to_string()),
    }
    if objects.unknown.is_none() && !objects.classes.is_empty() {
        match list_typed(cluster, &Listing::of(&kinds::RESOURCE_SLICE, None, "")).await {
            Ok(slices) => objects.slices = slices,
            Err(error) => objects.unknown = Some(error.to_string()),
        }
        match list_typed(cluster, &Listing::of(&kinds::RESOURCE_CLAIM, None, "")).await {
            Ok(claims) => objects.claims = claims,
            Err(error) => objects.unknown = Some(error.to_string()),
        }
        for claim in &workload.claims {
            if let ClaimRef::Template(name) = claim {
                objects.templates.extend(template(cluster, &workload.namespace, name).await);
            }
        }
    }
    snapshot.ledger.set_devices(DeviceInventory::of(objects));
}

/// A claim template; `None` if it is not there or cannot be read.
async fn template(cluster: &Cluster, namespace: &str, name: &str) -> Option<ResourceClaimTemplate> {
    let kind = &kinds::RESOURCE_CLAIM_TEMPLATE;
    let description = format!("get {} {namespace}/{name}", kind.name);
    let operation = Operation::new(description, kind.permission("get"));
    cluster.get_json(&operation, &kind.path(Some(namespace), name)).await.ok()
}

/// Counts the devices of saved lists.
///
/// # Errors
/// When an object is malformed.
pub(super) fn read_saved(files: &SavedFiles, snapshot: &mut Snapshot) -> anyhow::Result<()> {
    let objects = DeviceObjects {
        classes: saved(files, &kinds::DEVICE_CLASS)?,
        slices: saved(files, &kinds::RESOURCE_SLICE)?,
        claims: saved(files, &kinds::RESOURCE_CLAIM)?,
        templates: saved(files, &kinds::RESOURCE_CLAIM_TEMPLATE)?,
        unknown: None,
    };
    if objects != DeviceObjects::default() {
        snapshot.ledger.set_devices(DeviceInventory::of(objects));
    }
    Ok(())
}

fn saved<T: DeserializeOwned>(files: &SavedFiles, kind: &Kind) -> anyhow::Result<Vec<T>> {
    let mut objects = Vec::new();
    for json in files.of_kind(kind.group, kind.name) {
        let object = typed::from_slice(json.as_bytes()).map_err(|error| {
            anyhow::Error::from(error).context(format!("a saved {} is malformed", kind.name))
        })?;
        objects.push(object);
    }
    Ok(objects)
}
