//! Checks of permissions: your own, and those of the HPA controller.

use k8s_openapi::api::authentication::v1::UserInfo;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use serde_json::{Value, json};

use crate::manifest::Templates;
use crate::metrics_api::CUSTOM;
use crate::setup::config::InstallConfig;
use crate::setup::permissions::{self, HPA_CONTROLLER, RequiredPermissions, Rule};
use crate::setup::temporary_grant::{LeftoverGrant, undo};
use oppscale_cluster::{Cluster, Operation};
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::{NODE, POD, READ, permission};

use super::context::{CheckContext, CheckTarget, unknown};

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let identity = permissions::identity(context.cluster).await;
    let user = identity.as_ref().ok().and_then(|identity| identity.username.clone());
    let user = user.unwrap_or_else(|| "YOU".to_owned());
    vec![
        CheckId::UserIdentity.or_outcome(identity.map(shown).map_err(unknown)),
        CheckId::ReadPermissions.or_outcome(readable(context, &user).await),
        CheckId::InstallPermissions.or_outcome(installable(context).await),
        CheckId::HpaControllerPermissions.or_outcome(hpa_controller(context).await),
        CheckId::NoLeftGrant.or_outcome(no_left_grant(context).await),
    ]
}

async fn no_left_grant(context: &CheckContext<'_>) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::NoLeftGrant;
    let left = LeftoverGrant::find(context.cluster).await.map_err(unknown)?;
    Ok(left.map_or_else(|| ID.passed(), |left| ID.failed(left.text()).fix(undo())))
}

fn shown(identity: UserInfo) -> Finding {
    let user = identity.username.unwrap_or_default();
    let mut groups = identity.groups.unwrap_or_default();
    groups.retain(|group| group != "system:authenticated");
    CheckId::UserIdentity.passed_with(match groups.is_empty() {
        true => user,
        false => format!("{user}, in {}", groups.join(", ")),
    })
}

async fn readable(context: &CheckContext<'_>, user: &str) -> Result<Finding, Outcome> {
    let mut missing = Vec::new();
    for kind in [&NODE, &POD] {
        let rule = Rule::of("list", kind);
        if !permissions::is_allowed(context.cluster, &rule).await.map_err(unknown)? {
            missing.push(kind.plural);
        }
    }
    if missing.is_empty() {
        return Ok(CheckId::ReadPermissions.passed());
    }
    let text = format!("you may not list {}: capacity is unknown", missing.join(", "));
    Ok(CheckId::ReadPermissions.warning(text).fix(format!(
        "an administrator: kubectl create clusterrole oppscale-view {} && kubectl create \
         clusterrolebinding oppscale-view --clusterrole=oppscale-view --user='{user}'",
        permission(READ, &[&NODE, &POD])
    )))
}

async fn installable(context: &CheckContext<'_>) -> Result<Finding, Outcome> {
    let CheckTarget { namespace, service, .. } = &context.target;
    // The permissions do not depend on the image.
    let config = InstallConfig::new(namespace, service, "oppscale");
    let templates = Templates::new(None).map_err(unknown)?;
    let required = RequiredPermissions::of(&config, &templates).map_err(unknown)?;
    let missing = required.missing(context.cluster).await.map_err(unknown)?;
    let missing: Vec<_> = missing.iter().map(ToString::to_string).collect();
    if missing.is_empty() {
        return Ok(CheckId::InstallPermissions.passed());
    }
    // A user who only reads needs none of them.
    let text = format!("oppscale init would need: {}", missing.join("; "));
    Ok(CheckId::InstallPermissions.warning(text).fix(format!(
        "{} prints the smallest role that grants it",
        context.target.command("init --image IMAGE --dry-run=server")
    )))
}

/// Whether a ServiceAccount, by the name of its user, may do what the attributes of an access
/// review say.
pub(super) async fn account_may(
    cluster: &Cluster,
    namespace: &str,
    user: &str,
    attributes: &Value,
) -> Result<bool, Outcome> {
    let operation = Operation::new(
        format!("review the access of {user}"),
        "--verb=create --resource=subjectaccessreviews.authorization.k8s.io",
    );
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "groups": [
                "system:serviceaccounts", format!("system:serviceaccounts:{namespace}"),
                "system:authenticated"
            ],
            "resourceAttributes": attributes
        }
    });
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let review: SubjectAccessReview =
        cluster.post(&operation, path, &review).await.map_err(unknown)?;
    Ok(review.status.is_some_and(|status| status.allowed))
}

/// Whether the controller has what `system:controller:horizontal-pod-autoscaler` grants upstream.
async fn hpa_controller(context: &CheckContext<'_>) -> Result<Finding, Outcome> {
    let attributes = json!({
        "verb": "get", "group": CUSTOM, "resource": "deployments.apps",
        "subresource": "oppscale_fit_replicas", "namespace": "default"
    });
    if account_may(context.cluster, "kube-system", HPA_CONTROLLER, &attributes).await? {
        return Ok(CheckId::HpaControllerPermissions.passed());
    }
    let text = format!("{} may not read custom metrics", HPA_CONTROLLER);
    Ok(CheckId::HpaControllerPermissions.failed(text).fix(
        "kubectl create clusterrole oppscale-hpa --verb=get,list \
         --resource='*.custom.metrics.k8s.io,*.external.metrics.k8s.io' && kubectl create \
         clusterrolebinding oppscale-hpa --clusterrole=oppscale-hpa \
         --serviceaccount=kube-system:horizontal-pod-autoscaler",
    ))
}
