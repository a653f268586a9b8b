//! Follows the workload of `--workload` as it is rolled out and changed.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Notify, watch};

use super::backoff::Backoff;
use super::follower::Follower;
use super::handler::Change;
use super::object_store::ObjectStore;
use crate::error::ClusterError;
use crate::pages::Listing;
use crate::workload::{self, KindRef, ResolvedWorkload, WorkloadRef};
use oppscale_core::kinds::percent_encode;

/// Time for which changes of a workload are gathered: a rollout makes several at once.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// The longest wait before a workload that could not be read is read again.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// Follows one workload.
pub(super) struct WorkloadFollower {
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

impl WorkloadFollower {
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
        follower.spawn("the workload", async move {
            let mut backoff = Backoff::up_to(LONGEST_RETRY);
            changed.notified().await;
            loop {
                tokio::time::sleep(DEBOUNCE).await;
                let fetched = self.reference.resolve(&cluster, &self.namespace).await;
                let new = match fetched {
                    Ok(new) => new,
                    Err(error) => {
                        // It is gone, or the server is. What it was last is the best guess until
                        // it can be read.
                        tracing::info!("the workload cannot be read: {error:#}");
                        match error.downcast_ref::<ClusterError>() {
                            Some(ClusterError::NotFound { .. }) => changed.notified().await,
                            _ => {
                                let pause = backoff.next();
                                // It may change meanwhile, which ends the wait.
                                let _ = tokio::time::timeout(pause, changed.notified()).await;
                            }
                        }
                        continue;
                    }
                };
                backoff.reset();
                let old = self.tell.borrow().clone();
                if old != new {
                    cluster_state.change(|builder, _| {
                        builder.own(new.ownership.clone());
                        builder.expect_replicas([(&*new.namespace, &*new.claims)]);
                        true
                    });
                    if old.ownership != new.ownership {
                        self.relist_pods.notify_one();
                    }
                    self.tell.send_replace(new);
                }
                changed.notified().await;
            }
        });
    }
}

/// Notices changes of objects, their status apart.
fn notice(changed: &Arc<Notify>) -> impl FnMut(Change<'_>) + Send + 'static {
    let changed = Arc::clone(changed);
    let mut known = ObjectStore::default();
    move |change| {
        // What was known of it last is the best guess until it can be read.
        if matches!(change, Change::Refused(_)) {
            return;
        }
        let mut is_new = false;
        let decode = |json: &str| {
            let ObjectJson { metadata } = serde_json::from_str(json).ok()?;
            Some((metadata.name.clone(), Some(metadata)))
        };
        known.change(change, decode, |_, old, new| is_new |= old != new);
        if is_new {
            changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn what_a_list_no_longer_names_is_a_change() {
        let changed = Arc::new(Notify::new());
        let mut notice = notice(&changed);
        let is_noticed = || changed.notified().now_or_never().is_some();
        let object = |name: &str| format!(r#"{{"metadata":{{"name":"{name}","uid":"u"}}}}"#);
        let mut list = |names: &[&str]| {
            notice(Change::Begin);
            names.iter().for_each(|name| notice(Change::Applied(&object(name))));
            notice(Change::End);
        };
        list(&["a", "b"]);
        assert!(is_noticed(), "both are new");
        list(&["a", "b"]);
        assert!(!is_noticed(), "nothing has changed");
        list(&["a"]);
        assert!(is_noticed(), "one is gone");
        list(&["a", "b"]);
        assert!(is_noticed(), "and is back");
    }
}
