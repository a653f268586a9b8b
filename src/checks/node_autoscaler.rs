//! Checks of node autoscalers: filler must not make them add nodes, nor keep them from removing
//! nodes.

use k8s_openapi::api::core::v1::Pod;

use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::CONFIG_MAP;

use super::context::{CheckContext, full_name};
use crate::setup::annotation;

/// Cluster Autoscaler's `--expendable-pods-priority-cutoff`.
const CUTOFF: i32 = -10;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let pods = match context.filler_pods().await {
        Ok(pods) => pods,
        Err(outcome) => {
            return CheckId::each(&[CheckId::NodeScaleUp, CheckId::NodeScaleDown], Err(outcome));
        }
    };
    vec![
        CheckId::NodeScaleUp.or_outcome(scale_up(context, &pods).await),
        match pods.iter().find(|pod| blocks_eviction(pod)) {
            Some(pod) => CheckId::NodeScaleDown
                .warning(format!(
                    "{} may not be evicted, so its node is never removed",
                    full_name(&pod.metadata)
                ))
                .fix(
                    "set cluster-autoscaler.kubernetes.io/safe-to-evict: \"true\", and remove \
                     karpenter.sh/do-not-disrupt",
                ),
            None => CheckId::NodeScaleDown.passed(),
        },
    ]
}

fn blocks_eviction(pod: &Pod) -> bool {
    let is = |key: &str, value: &str| annotation(&pod.metadata, key) == Some(value);
    is("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")
        || is("karpenter.sh/do-not-disrupt", "true")
}

async fn scale_up(context: &mut CheckContext<'_>, pods: &[Pod]) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::NodeScaleUp;
    let status = CONFIG_MAP.object(Some("kube-system"), "cluster-autoscaler-status");
    let has_cluster_autoscaler = context.exists(&status).await?;
    if context.has_group("karpenter.sh").await? {
        return Ok(ID
            .warning(
                "Karpenter adds nodes for every pending pod, whatever its priority \
                 (karpenter#1396): evicted filler pods that wait buy you nodes",
            )
            .fix(
                "a ResourceQuota on the filler's namespace stops it at creation (oppscale \
                 render-hpa writes one), and spec.limits on the NodePool",
            ));
    }
    if !has_cluster_autoscaler {
        return Ok(ID.passed_with("no node autoscaler was found"));
    }
    let priority = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.priority).unwrap_or(0);
    Ok(match pods.iter().find(|pod| priority(pod) >= CUTOFF) {
        None => ID.passed_with(format!("their priority is below {CUTOFF}")),
        Some(pod) => ID
            .failed(format!(
                "{} has priority {}, and Cluster Autoscaler adds nodes for pending pods of \
                 {CUTOFF} and above: filler takes the free capacity, paid pods wait, nodes are \
                 added, and more filler follows",
                full_name(&pod.metadata),
                priority(pod)
            ))
            .fix("a PriorityClass of value -1000 for the filler: oppscale render-hpa writes one"),
    })
}
