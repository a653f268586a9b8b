//! Traps of node autoscalers: filler that makes them add nodes, or keeps them from removing any.

use serde_json::Value;

use oppscale_core::check::Outcome;

use super::capacity::{PODS, PODS_RIGHT};
use super::doctor::{Doctor, Found, Look};

/// Cluster Autoscaler's `--expendable-pods-priority-cutoff`.
const CUTOFF: i64 = -10;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let mut pods = match doctor.list(PODS, PODS_RIGHT).await {
        Ok(pods) => pods,
        Err(outcome) => {
            found.add("OPP-NOD-001", outcome.clone());
            found.add("OPP-NOD-002", outcome);
            return;
        }
    };
    pods.retain(|pod| pod["metadata"]["labels"]["oppscale.dev/opportunistic"] == "true");
    if pods.is_empty() {
        let why = "there are no pods labelled oppscale.dev/opportunistic=true";
        found.skip("OPP-NOD-001", why);
        found.skip("OPP-NOD-002", why);
        return;
    }
    growth(doctor, &pods, found).await;
    let sticky = pods.iter().find(|pod| {
        let annotations = &pod["metadata"]["annotations"];
        annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
            || annotations["karpenter.sh/do-not-disrupt"] == "true"
    });
    match sticky {
        Some(pod) => found.fixed_by(
            "OPP-NOD-002",
            Outcome::Warning(format!(
                "{} may not be evicted, so its node is never removed",
                super::prometheus::full_name(pod)
            )),
            "set cluster-autoscaler.kubernetes.io/safe-to-evict: \"true\", and remove \
             karpenter.sh/do-not-disrupt",
        ),
        None => found.add("OPP-NOD-002", Outcome::Passed(None)),
    }
}

async fn growth(doctor: &mut Doctor<'_>, pods: &[Value], found: &mut Found) {
    const ID: &str = "OPP-NOD-001";
    let status = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status";
    let autoscaler =
        match doctor.look(status, "--verb=get --resource=configmaps, in kube-system").await {
            Look::Found(_) => true,
            Look::Absent => false,
            other => return found.add(ID, other.unknown()),
        };
    let karpenter = match doctor.look("/apis/karpenter.sh", "").await {
        Look::Found(_) => true,
        Look::Absent => false,
        other => return found.add(ID, other.unknown()),
    };
    let high = pods.iter().find(|pod| pod["spec"]["priority"].as_i64().unwrap_or(0) >= CUTOFF);
    if karpenter {
        return found.fixed_by(
            ID,
            Outcome::Warning(
                "Karpenter adds nodes for every pending pod, whatever its priority (karpenter#1396): \
                 filler that was evicted and waits buys you nodes"
                    .to_owned(),
            ),
            "a ResourceQuota on the filler's namespace stops it at creation (oppscale render-hpa \
             writes one), and spec.limits on the NodePool",
        );
    }
    match (autoscaler, high) {
        (false, _) => found.pass(ID, "no node autoscaler was found"),
        (true, None) => found.pass(ID, format!("their priority is below {CUTOFF}")),
        (true, Some(pod)) => found.fixed_by(
            ID,
            Outcome::Failed(format!(
                "{} has priority {}, and Cluster Autoscaler adds nodes for pending pods of {CUTOFF} \
                 and above: filler fills, paid pods wait, nodes are added, more filler",
                super::prometheus::full_name(pod),
                pod["spec"]["priority"].as_i64().unwrap_or(0)
            )),
            "a PriorityClass of value -1000 for the filler: oppscale render-hpa writes one",
        ),
    }
}
