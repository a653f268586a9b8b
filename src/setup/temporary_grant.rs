//! The grant of `init --grant-cluster-admin`: its objects, and finding one that a killed run left.

use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::certificates::date;
use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::kinds::{CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ObjectRef, ROLE, ROLE_BINDING};

use super::{is_ours, labels};

/// Name of the roles and bindings of `--grant-cluster-admin`.
pub const BOOTSTRAP: &str = "oppscale-bootstrap-admin";

/// The binding by which a grant takes effect.
pub fn binding() -> ObjectRef {
    CLUSTER_ROLE_BINDING.object(None, BOOTSTRAP)
}

/// All objects that a grant may create, in the order of creation.
pub fn bootstrap_objects(namespace: &str) -> Vec<ObjectRef> {
    let mut objects = vec![CLUSTER_ROLE.object(None, BOOTSTRAP), binding()];
    for namespace in ["kube-system", namespace] {
        objects.push(ROLE.object(Some(namespace), BOOTSTRAP));
        objects.push(ROLE_BINDING.object(Some(namespace), BOOTSTRAP));
    }
    objects
}

/// The command that takes a grant back.
pub fn undo() -> String {
    format!("kubectl delete clusterrolebinding {BOOTSTRAP}")
}

/// The manifest of a binding of `user` to cluster-admin.
pub fn admin_binding(user: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": BOOTSTRAP, "labels": labels()},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user
        }]
    })
}

/// The binding of a run that was killed before it could take it back.
pub struct LeftoverGrant(ClusterRoleBinding);

impl LeftoverGrant {
    /// Finds it; `None` also for a binding of that name that oppscale did not make.
    ///
    /// # Errors
    /// When it may not be read.
    pub async fn find(cluster: &Cluster) -> Result<Option<Self>, ClusterError> {
        let live: Option<ClusterRoleBinding> = cluster.read(&binding()).await?;
        Ok(live.filter(|live| is_ours(&live.metadata)).map(Self))
    }

    /// Whether it is the user's.
    pub fn is_of(&self, user: &str) -> bool {
        let subjects = self.0.subjects.as_deref().unwrap_or_default();
        matches!(subjects, [one] if one.kind == "User" && one.name == user)
    }

    /// Who has what, and since when.
    pub fn text(&self) -> String {
        let subjects = self.0.subjects.iter().flatten();
        let names: Vec<_> = subjects.map(|subject| subject.name.as_str()).collect();
        let since = self.0.metadata.creation_timestamp.as_ref();
        let since = since.map(|time| format!(" since {}", date(time.0.as_second())));
        format!(
            "an oppscale init that was killed, or is running, left {}: {} has ClusterRole {}{}",
            binding(),
            names.join(", "),
            self.0.role_ref.name,
            since.unwrap_or_default()
        )
    }

    /// Other objects that its run may have left, to be deleted before it.
    ///
    /// # Errors
    /// When it may not be read.
    pub async fn companions(
        cluster: &Cluster,
        namespace: &str,
    ) -> Result<Vec<ObjectRef>, ClusterError> {
        let mut found = Vec::new();
        for object in bootstrap_objects(namespace).into_iter().rev() {
            if object != binding() && cluster.read::<IgnoredAny>(&object).await?.is_some() {
                found.push(object);
            }
        }
        Ok(found)
    }
}
