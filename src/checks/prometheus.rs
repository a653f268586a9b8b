//! Prometheus, its operator, and whether it would scrape what we export.

use serde_json::Value;

use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found, Look};

const PROMETHEUSES: &str = "/apis/monitoring.coreos.com/v1/prometheuses";
const RIGHT: &str = "--verb=list --resource=prometheuses.monitoring.coreos.com,servicemonitors.monitoring.coreos.com";

const NAMESPACE_RIGHT: &str = "--verb=get --resource=namespaces";

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let prometheuses = match doctor.look(PROMETHEUSES, RIGHT).await {
        Look::Found(mut list) => match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        },
        Look::Absent => {
            let why = "there is no Prometheus operator; oppscale serve needs none";
            found.skip("OPP-PRO-001", why);
            found.skip("OPP-PRO-002", why);
            return;
        }
        other => {
            found.add("OPP-PRO-001", other.unknown());
            found.add("OPP-PRO-002", other.unknown());
            return;
        }
    };
    found.add("OPP-PRO-001", Outcome::Passed(None));
    let (namespace, service) = (doctor.subject.namespace.clone(), doctor.subject.service.clone());
    let path =
        format!("/apis/monitoring.coreos.com/v1/namespaces/{namespace}/servicemonitors/{service}");
    let monitor = match doctor.look(&path, RIGHT).await {
        Look::Found(monitor) => monitor,
        Look::Absent => {
            found.skip("OPP-PRO-002", "oppscale has no ServiceMonitor here");
            return;
        }
        other => return found.add("OPP-PRO-002", other.unknown()),
    };
    let by_labels: Vec<_> = prometheuses
        .iter()
        .filter(|prometheus| {
            matches(&prometheus["spec"]["serviceMonitorSelector"], &monitor["metadata"]["labels"])
        })
        .collect();
    let home = doctor.look(&format!("/api/v1/namespaces/{namespace}"), NAMESPACE_RIGHT).await;
    let looks_there = |prometheus: &&&Value| {
        let selector = &prometheus["spec"]["serviceMonitorNamespaceSelector"];
        match &home {
            _ if selector.is_null() => prometheus["metadata"]["namespace"] == *namespace,
            _ if selector.as_object().is_some_and(serde_json::Map::is_empty) => true,
            Look::Found(home) => matches(selector, &home["metadata"]["labels"]),
            _ => false,
        }
    };
    match (by_labels.iter().find(looks_there), by_labels.first()) {
        (Some(prometheus), _) => found.pass("OPP-PRO-002", full_name(prometheus)),
        (None, Some(_)) if !matches!(home, Look::Found(_)) => {
            found.add("OPP-PRO-002", home.unknown());
        }
        (None, Some(prometheus)) => found.fixed_by(
            "OPP-PRO-002",
            Outcome::Failed(format!(
                "{} takes the labels of ServiceMonitor {namespace}/{service}, but does not look in \
                 namespace {namespace}: {}",
                full_name(prometheus),
                match &prometheus["spec"]["serviceMonitorNamespaceSelector"] {
                    Value::Null => "without a serviceMonitorNamespaceSelector it looks in its own \
                                    only"
                        .to_owned(),
                    selector => format!("its serviceMonitorNamespaceSelector is {selector}"),
                }
            )),
            format!(
                "label the namespace as the selector wants it; or set \
                 serviceMonitorNamespaceSelector: {{}} of Prometheus {}, which looks everywhere",
                full_name(prometheus)
            ),
        ),
        (None, None) => {
            let wishes: Vec<_> = prometheuses
                .iter()
                .map(|p| format!("{} wants {}", full_name(p), p["spec"]["serviceMonitorSelector"]))
                .collect();
            if wishes.is_empty() {
                let text = "none selects it: there is no Prometheus object".to_owned();
                let fix = "make one; oppscale init --with prometheus-stack --export DIR writes \
                           Helm values for one";
                return found.fixed_by("OPP-PRO-002", Outcome::Failed(text), fix.to_owned());
            }
            let wishes = wishes.join("; ");
            found.fixed_by(
                "OPP-PRO-002",
                Outcome::Failed(format!(
                    "none selects ServiceMonitor {namespace}/{service}: {wishes}"
                )),
                format!(
                    "{} stamps the labels that are wanted; or set \
                     serviceMonitorSelectorNilUsesHelmValues: false in kube-prometheus-stack",
                    doctor.subject.command("init --pipeline prometheus")
                ),
            );
        }
    }
}

pub(super) fn full_name(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// Whether a label selector selects these labels. None selects nothing, an empty one everything
/// (operator 0.93). For namespaces, none means that of the Prometheus.
fn matches(selector: &Value, labels: &Value) -> bool {
    let Some(selector) = selector.as_object() else { return false };
    let wanted = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut matches = wanted.clone().all(|(key, value)| labels[key] == *value);
    for expression in
        selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten()
    {
        let label = &labels[expression["key"].as_str().unwrap_or_default()];
        let listed = expression["values"].as_array().is_some_and(|values| values.contains(label));
        matches &= match expression["operator"].as_str() {
            Some("In") => listed,
            Some("NotIn") => !listed,
            Some("Exists") => label.is_string(),
            Some("DoesNotExist") => label.is_null(),
            _ => false,
        };
    }
    matches
}

/// The labels that the first Prometheus wants by `selector` (`serviceMonitorSelector`,
/// `ruleSelector`), where equality is all it asks.
pub async fn wanted_labels(doctor: &mut Doctor<'_>, selector: &str) -> Vec<(String, String)> {
    let prometheuses = doctor.list(PROMETHEUSES, RIGHT).await.unwrap_or_default();
    let first = prometheuses.first().cloned().unwrap_or_default();
    let labels = first["spec"][selector]["matchLabels"].as_object();
    let labels = labels.into_iter().flatten();
    labels.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
}
