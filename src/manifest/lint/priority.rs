//! Fillers yield: their class is below the autoscaler's cutoff and evicts nobody.

use crate::manifest::document::Document;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// Cluster Autoscaler adds nodes for pods of this priority and above
/// (`--expendable-pods-priority-cutoff`, cluster-autoscaler 1.36; GKE and AKS have the same).
pub(crate) const EXPENDABLE_CUTOFF: i64 = -10;

pub(super) fn look(document: &Document, set: &[Document], problems: &mut Vec<String>) {
    let Some(spec) = super::pod_spec(document) else { return };
    let labels = &document.value()["spec"]["template"]["metadata"]["labels"];
    if labels[OPPORTUNISTIC_LABEL] != "true" {
        return;
    }
    let Some(class) = spec["priorityClassName"].as_str() else {
        problems.push("its pods have no priorityClassName: they would not yield".to_owned());
        return;
    };
    let found = set.iter().find(|d| d.kind() == "PriorityClass" && d.name() == class);
    let Some(found) = found else {
        problems.push(format!("its PriorityClass {class} is not in the set"));
        return;
    };
    let value = found.value()["value"].as_i64().unwrap_or(0);
    if value >= EXPENDABLE_CUTOFF {
        problems.push(format!(
            "its PriorityClass {class} has the value {value}: at {EXPENDABLE_CUTOFF} and above \
             Cluster Autoscaler buys nodes for its pods"
        ));
    }
    if found.value()["preemptionPolicy"] != "Never" {
        problems.push(format!("its PriorityClass {class} may evict: set preemptionPolicy: Never"));
    }
}
