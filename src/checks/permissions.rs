//! Checks of permissions: your own, and those of the HPA controller.

use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use serde_json::json;

use crate::metrics_api::CUSTOM;
use crate::setup::permissions::{self, Identity, Rule};
use oppscale_cluster::{ApiRequest, Operation};
use oppscale_core::check::{CheckId, Finding, Outcome};

use super::context::{CheckContext, unknown};

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let identity = permissions::identity(context.cluster).await;
    let you = identity.as_ref().map_or("YOU", |identity| &identity.user).to_owned();
    vec![
        CheckId::UserIdentity.or_outcome(identity.map(shown).map_err(unknown)),
        CheckId::ReadPermissions.or_outcome(readable(context, &you).await),
        CheckId::InstallPermissions.or_outcome(installable(context).await),
        CheckId::HpaControllerPermissions.or_outcome(hpa_controller(context).await),
    ]
}

fn shown(Identity { user, mut groups }: Identity) -> Finding {
    groups.retain(|group| group != "system:authenticated");
    CheckId::UserIdentity.passed_with(match groups.is_empty() {
        true => user,
        false => format!("{user}, in {}", groups.join(", ")),
    })
}

async fn readable(context: &CheckContext<'_>, you: &str) -> Result<Finding, Outcome> {
    let mut missing = Vec::new();
    for resource in ["nodes", "pods"] {
        let rule = Rule::new("list", "", resource);
        if !permissions::may(context.cluster, &rule, None).await.map_err(unknown)? {
            missing.push(resource);
        }
    }
    if missing.is_empty() {
        return Ok(CheckId::ReadPermissions.passed());
    }
    let text = format!("you may not list {}: capacity is unknown", missing.join(", "));
    Ok(CheckId::ReadPermissions.warning(text).fix(format!(
        "an administrator: kubectl create clusterrole oppscale-view --verb=get,list,watch \
         --resource=nodes,pods && kubectl create clusterrolebinding oppscale-view \
         --clusterrole=oppscale-view --user='{you}'"
    )))
}

async fn installable(context: &CheckContext<'_>) -> Result<Finding, Outcome> {
    let missing = permissions::missing(context.cluster, &context.target.namespace).await;
    let missing: Vec<_> = missing.map_err(unknown)?.iter().map(ToString::to_string).collect();
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

/// Whether the controller has what `system:controller:horizontal-pod-autoscaler` grants upstream.
async fn hpa_controller(context: &CheckContext<'_>) -> Result<Finding, Outcome> {
    let operation = Operation::new(
        "review the HPA controller's access",
        "--verb=create --resource=subjectaccessreviews.authorization.k8s.io",
    );
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": permissions::HPA_CONTROLLER,
            "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
            "resourceAttributes": {
                "verb": "get", "group": CUSTOM, "resource": "deployments.apps",
                "subresource": "oppscale_fit_replicas", "namespace": "default"
            }
        }
    });
    let request = ApiRequest::post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review);
    let response = context.cluster.send(&operation, &request).await;
    let response = response.and_then(|response| response.success(&operation)).map_err(unknown)?;
    let review: SubjectAccessReview = response.json().map_err(unknown)?;
    if review.status.is_some_and(|status| status.allowed) {
        return Ok(CheckId::HpaControllerPermissions.passed());
    }
    let text = format!("{} may not read custom metrics", permissions::HPA_CONTROLLER);
    Ok(CheckId::HpaControllerPermissions.failed(text).fix(
        "kubectl create clusterrole oppscale-hpa --verb=get,list \
         --resource='*.custom.metrics.k8s.io,*.external.metrics.k8s.io' && kubectl create \
         clusterrolebinding oppscale-hpa --clusterrole=oppscale-hpa \
         --serviceaccount=kube-system:horizontal-pod-autoscaler",
    ))
}
