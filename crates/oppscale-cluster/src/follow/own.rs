//! Follows the workload of `--workload` as it is rolled out and changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Notify, watch};

use super::follower::Follower;
use super::handler::Change;
use crate::pages::{Listing, percent_encode};
use crate::workload::{self, KindRef, ResolvedWorkload, WorkloadRef};

/// How long changes of a workload are gathered: a rollout makes several at once.
const DEBOUNCE: Duration = Duration::from_millis(200);

/// Follows one workload.
pub(super) struct OwnFollower {
    pub(super) reference: WorkloadRef,
    pub(super) namespace: String,
    pub(super) tell: watch::Sender<ResolvedWorkload>,
    /// Notified when other pods become its own, so that pods are listed again.
    pub(super) relist_pods: Arc<Notify>,
}

#[derive(Deserialize)]
struct ObjectJson {
    metadata: MetadataJson,
}

/// Identity and generation, which changes unless only the status does.
#[derive(Deserialize, PartialEq)]
struct MetadataJson {
    name: String,
    uid: String,
    #[serde(default)]
    generation: i64,
}

impl OwnFollower {
    /// Starts to follow it, if it is an object. Its kind is then resolved.
    pub(super) fn start(self, follower: &mut Follower) {
        let WorkloadRef::Object { namespace, kind: KindRef::Known(kind), name } = &self.reference
        else {
            return;
        };
        let namespace = namespace.as_deref().unwrap_or(&self.namespace);
        let changed = Arc::new(Notify::new());
        let required_rbac = workload::permission("get,list,watch", kind);
        let named = format!("fieldSelector={}", percent_encode(&format!("metadata.name={name}")));
        let object = Listing::of(kind, Some(namespace), named);
        follower
            .follow(Listing { required_rbac: required_rbac.clone(), ..object }, notice(&changed));
        for of in workload::intermediates(kind) {
            let controllers = Listing::of(of, Some(namespace), "");
            follower.follow(
                Listing { required_rbac: required_rbac.clone(), ..controllers },
                notice(&changed),
            );
        }
        let (cluster, cluster_state) =
            (follower.cluster().clone(), follower.cluster_state().clone());
        follower.spawn(async move {
            loop {
                changed.notified().await;
                tokio::time::sleep(DEBOUNCE).await;
                let fetched = workload::fetch(&cluster, &self.reference, &self.namespace).await;
                let new = match fetched {
                    Ok(new) => new,
                    Err(error) => {
                        // It is gone, or the server is. What it was last is the best guess.
                        tracing::info!("the workload cannot be read: {error:#}");
                        continue;
                    }
                };
                let old = self.tell.borrow().clone();
                if old == new {
                    continue;
                }
                cluster_state.change(|builder, _| {
                    builder.own(new.ownership.clone());
                    true
                });
                if old.ownership != new.ownership {
                    self.relist_pods.notify_one();
                }
                self.tell.send_replace(new);
            }
        });
    }
}

/// Notices changes of objects, their status apart.
fn notice(changed: &Arc<Notify>) -> impl FnMut(Change<'_>) + Send + 'static {
    let changed = Arc::clone(changed);
    let mut known: HashMap<String, MetadataJson> = HashMap::new();
    move |change| {
        let is_new = match change {
            Change::Applied(json) => serde_json::from_str::<ObjectJson>(json).is_ok_and(|object| {
                let metadata = object.metadata;
                let is_new = known.get(&metadata.name) != Some(&metadata);
                known.insert(metadata.name.clone(), metadata);
                is_new
            }),
            Change::Gone(json) => serde_json::from_str::<ObjectJson>(json)
                .is_ok_and(|object| known.remove(&object.metadata.name).is_some()),
            Change::Begin | Change::End | Change::Refused => false,
        };
        if is_new {
            changed.notify_one();
        }
    }
}
