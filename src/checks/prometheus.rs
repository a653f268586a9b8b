//! Checks of Prometheus: its operator, and whether it scrapes what we export.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::core::{Selector, SelectorExt};
use serde::Deserialize;

use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::{NAMESPACE, PROMETHEUS, SERVICE_MONITOR};

use super::context::{CheckContext, full_name};

type Labels = Vec<(String, String)>;

#[derive(Deserialize)]
struct Prometheus {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: PrometheusSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrometheusSpec {
    service_monitor_selector: Option<LabelSelector>,
    service_monitor_namespace_selector: Option<LabelSelector>,
    rule_selector: Option<LabelSelector>,
}

#[derive(Deserialize)]
struct ServiceMonitor {
    metadata: ObjectMeta,
}

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let ids = [CheckId::PrometheusOperator, CheckId::ServiceMonitorSelected];
    match context.read_list(&PROMETHEUS, None, "").await {
        Ok(Some(all)) => vec![ids[0].passed(), ids[1].or_outcome(selected(context, all).await)],
        Ok(None) => {
            let why = "there is no Prometheus operator; oppscale serve needs none";
            CheckId::each(&ids, Err(Outcome::skipped(why)))
        }
        Err(outcome) => CheckId::each(&ids, Err(outcome)),
    }
}

async fn selected(
    context: &mut CheckContext<'_>,
    prometheuses: Vec<Prometheus>,
) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::ServiceMonitorSelected;
    let (namespace, service) = (context.target.namespace.clone(), context.target.service.clone());
    let monitor = SERVICE_MONITOR.object(Some(&namespace), &service);
    let Some(monitor) = context.read::<ServiceMonitor>(&monitor).await? else {
        return Ok(ID.skipped("oppscale has no ServiceMonitor here"));
    };
    let by_labels: Vec<_> = prometheuses
        .iter()
        .filter(|prometheus| {
            let selector = prometheus.spec.service_monitor_selector.as_ref();
            selector.is_some_and(|selector| selects(selector, &monitor.metadata))
        })
        .collect();
    let Some(first) = by_labels.first() else {
        let selectors: Vec<_> = prometheuses
            .iter()
            .map(|prometheus| {
                let selector = shown(prometheus.spec.service_monitor_selector.as_ref());
                format!("{} selects {selector}", full_name(&prometheus.metadata))
            })
            .collect();
        return Ok(match selectors.is_empty() {
            true => ID.failed("there is no Prometheus object to select it").fix(
                "create one; oppscale init --with prometheus-stack --output-dir DIR writes Helm \
                 values for one",
            ),
            false => ID
                .failed(format!(
                    "none selects ServiceMonitor {namespace}/{service}: {}",
                    selectors.join("; ")
                ))
                .fix(format!(
                    "{} sets the labels that it selects; or set \
                     serviceMonitorSelectorNilUsesHelmValues: false in kube-prometheus-stack",
                    context.target.command("init --pipeline prometheus")
                )),
        });
    };
    let home = context.read::<Namespace>(&NAMESPACE.object(None, &namespace)).await;
    let watches = |prometheus: &&&Prometheus| match (
        &prometheus.spec.service_monitor_namespace_selector,
        &home,
    ) {
        (None, _) => prometheus.metadata.namespace.as_ref() == Some(&namespace),
        (Some(selector), _) if *selector == LabelSelector::default() => true,
        (Some(selector), Ok(Some(home))) => selects(selector, &home.metadata),
        _ => false,
    };
    if let Some(prometheus) = by_labels.iter().find(watches) {
        return Ok(ID.passed_with(full_name(&prometheus.metadata)));
    }
    if home?.is_none() {
        return Ok(ID.unknown(format!("there is no namespace {namespace}")));
    }
    let name = full_name(&first.metadata);
    let why = match &first.spec.service_monitor_namespace_selector {
        None => "without a serviceMonitorNamespaceSelector it watches its own only".to_owned(),
        selector => format!("its serviceMonitorNamespaceSelector is {}", shown(selector.as_ref())),
    };
    Ok(ID
        .failed(format!(
            "{name} selects the labels of ServiceMonitor {namespace}/{service}, but does not look \
             in namespace {namespace}: {why}"
        ))
        .fix(format!(
            "label the namespace as the selector requires; or set \
             serviceMonitorNamespaceSelector: {{}} of Prometheus {name}, which selects every \
             namespace"
        )))
}

/// Whether a label selector selects an object (operator 0.93).
fn selects(selector: &LabelSelector, metadata: &ObjectMeta) -> bool {
    let labels = metadata.labels.clone().unwrap_or_default();
    Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(&labels))
}

fn shown(selector: Option<&LabelSelector>) -> String {
    serde_json::to_string(&selector).unwrap_or_default()
}

/// The labels by which the first Prometheus selects ServiceMonitors and PrometheusRules, as far
/// as its selectors are plain labels.
pub async fn wanted_labels(context: &mut CheckContext<'_>) -> (Labels, Labels) {
    let all: Vec<Prometheus> = context.list(&PROMETHEUS, None, "").await.unwrap_or_default();
    let spec = all.into_iter().next().map(|first| first.spec).unwrap_or_default();
    let labels = |selector: Option<LabelSelector>| {
        selector.and_then(|selector| selector.match_labels).into_iter().flatten().collect()
    };
    (labels(spec.service_monitor_selector), labels(spec.rule_selector))
}
