//! Checks of metrics.k8s.io, which serves usage. HPAs on cpu or memory and `kubectl top` need it;
//! the control loop of oppscale does not.

use serde::de::IgnoredAny;

use crate::setup::api_services::ApiService;
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::NODE_METRICS;
use oppscale_core::units::plural;

use super::context::CheckContext;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let ids = [CheckId::ResourceMetricsRegistered, CheckId::ResourceMetricsAvailable];
    let mut findings = match context.api_services().await {
        Err(outcome) => CheckId::each(&ids, Err(outcome)),
        Ok(all) => match all.iter().find(|service| service.name() == "v1beta1.metrics.k8s.io") {
            Some(service) => registered(service),
            None => {
                let why = "it is not registered";
                let fix = context.distribution.install_metrics_server();
                return vec![
                    CheckId::ResourceMetricsRegistered
                        .warning(
                            "no server provides metrics.k8s.io: kubectl top and HPAs on cpu or \
                             memory have no values. The control loop of oppscale needs none",
                        )
                        .fix(fix),
                    CheckId::ResourceMetricsAvailable.skipped(why),
                    CheckId::NodeMetrics.skipped(why),
                ];
            }
        },
    };
    findings.push(CheckId::NodeMetrics.or_outcome(node_metrics(context).await));
    findings
}

fn registered(service: &ApiService) -> Vec<Finding> {
    const ID: CheckId = CheckId::ResourceMetricsAvailable;
    let (namespace, name) = service.service().unwrap_or_default();
    let available = match service.available() {
        Some((true, ..)) => ID.passed(),
        Some((_, reason, message)) => ID.failed(format!("{reason}: {message}")).fix(format!(
            "kubectl -n {namespace} get pods,endpointslices; kubectl -n {namespace} logs \
             deploy/{name}"
        )),
        None => ID.failed("the API server cannot load its caBundle"),
    };
    let by = format!("by Service {namespace}/{name}");
    vec![CheckId::ResourceMetricsRegistered.passed_with(by), available]
}

async fn node_metrics(context: &mut CheckContext<'_>) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::NodeMetrics;
    let Some(nodes) = context.read_list::<IgnoredAny>(&NODE_METRICS, None, "").await? else {
        return Ok(ID.failed("it answers 404"));
    };
    Ok(match nodes.len() {
        0 => ID.failed("it answers, but has metrics of no node").fix(
            "kubectl -n kube-system logs deploy/metrics-server: it names the kubelets whose \
             certificates it does not trust",
        ),
        count => ID.passed_with(format!("of {}", plural(count, "node"))),
    })
}
