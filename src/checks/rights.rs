//! Who asks, and what may they?

use serde_json::json;

use crate::setup::rights::{self, Identity};
use oppscale_cluster::{Action, Ask};
use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found, unknown};

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let mut you = "YOU".to_owned();
    match rights::identity(doctor.cluster).await {
        Ok(Identity { user, groups }) => {
            you.clone_from(&user);
            let groups: Vec<_> =
                groups.into_iter().filter(|group| group != "system:authenticated").collect();
            let of = if groups.is_empty() {
                String::new()
            } else {
                format!(", in {}", groups.join(", "))
            };
            found.pass("OPP-RBA-001", format!("{user}{of}"));
        }
        Err(error) => found.add("OPP-RBA-001", unknown(&error)),
    }
    readable(doctor, &you, found).await;
    installable(doctor, found).await;
    controller(doctor, found).await;
}

async fn readable(doctor: &mut Doctor<'_>, you: &str, found: &mut Found) {
    let mut missing = Vec::new();
    for resource in ["nodes", "pods"] {
        match rights::may(doctor.cluster, &rights::Rule::new("list", "", resource), None).await {
            Ok(true) => {}
            Ok(false) => missing.push(resource),
            Err(error) => return found.add("OPP-RBA-002", unknown(&error)),
        }
    }
    if missing.is_empty() {
        return found.add("OPP-RBA-002", Outcome::Passed(None));
    }
    found.fixed_by(
        "OPP-RBA-002",
        Outcome::Warning(format!("{} may not be listed: capacity is unknown", missing.join(", "))),
        format!(
            "an administrator: kubectl create clusterrole oppscale-view --verb=get,list,watch \
             --resource=nodes,pods && kubectl create clusterrolebinding oppscale-view \
             --clusterrole=oppscale-view --user='{you}'"
        ),
    );
}

async fn installable(doctor: &mut Doctor<'_>, found: &mut Found) {
    let namespace = doctor.subject.namespace.clone();
    match rights::missing(doctor.cluster, &namespace).await {
        Ok(missing) if missing.is_empty() => found.add("OPP-RBA-003", Outcome::Passed(None)),
        Ok(missing) => {
            let shown: Vec<_> = missing.iter().map(ToString::to_string).collect();
            found.fixed_by(
                "OPP-RBA-003",
                // Who only looks needs none of them.
                Outcome::Warning(format!("oppscale init would need: {}", shown.join("; "))),
                format!(
                    "{} prints the smallest role that grants it",
                    doctor.subject.command("init --image IMAGE --dry-run=server")
                ),
            );
        }
        Err(error) => found.add("OPP-RBA-003", unknown(&error)),
    }
}

/// What `system:controller:horizontal-pod-autoscaler` grants upstream.
async fn controller(doctor: &mut Doctor<'_>, found: &mut Found) {
    let action = Action {
        words: "review the HPA controller's access",
        right: "--verb=create --resource=subjectaccessreviews.authorization.k8s.io",
    };
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": rights::HPA_CONTROLLER,
            "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
            "resourceAttributes": {
                "verb": "get", "group": "custom.metrics.k8s.io", "resource": "deployments.apps",
                "subresource": "oppscale_fit_replicas", "namespace": "default"
            }
        }
    });
    let ask = Ask::post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review);
    let reply = doctor.cluster.ask(&action, &ask).await.and_then(|reply| reply.success(&action));
    match reply {
        Ok(reply) if reply.json()["status"]["allowed"] == true => {
            found.add("OPP-RBA-004", Outcome::Passed(None));
        }
        Ok(_) => found.fixed_by(
            "OPP-RBA-004",
            Outcome::Failed(format!("{} may not read custom metrics", rights::HPA_CONTROLLER)),
            "kubectl create clusterrole oppscale-hpa --verb=get,list \
             --resource='*.custom.metrics.k8s.io,*.external.metrics.k8s.io' && kubectl create \
             clusterrolebinding oppscale-hpa --clusterrole=oppscale-hpa \
             --serviceaccount=kube-system:horizontal-pod-autoscaler",
        ),
        Err(error) => found.add("OPP-RBA-004", unknown(&error)),
    }
}
