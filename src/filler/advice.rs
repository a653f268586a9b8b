//! Advice on what a user's workload keeps, though a filler is better without it.

use serde_json::Value;

use oppscale_core::kinds;
use oppscale_core::resources::MEMORY;

use super::side_effects::{SideEffects, amount, is_limited_to_request};
use super::user_workload::UserWorkload;

impl UserWorkload {
    /// One sentence each, for its user.
    pub(super) fn advice(&self, effects: SideEffects) -> Vec<String> {
        let value = self.document().value();
        let mut advice = Vec::new();
        if *self.kind() == kinds::DEPLOYMENT
            && let Some(surge) = surge(&value["spec"]["strategy"])
        {
            advice.push(format!(
                "a rollout makes pods beyond the slots (maxSurge {surge}); set it to 0"
            ));
        }
        advice.extend(grace(&value["spec"]["template"]["spec"]));
        advice.extend(cpu_limits(&value["spec"]["template"]["spec"]));
        let spread = spread(&value["spec"]["template"]["spec"]);
        if !spread.is_empty() {
            advice.push(format!(
                "slots know nothing of {}: fewer pods may fit, and the rest wait for a node",
                spread.join(", ")
            ));
        }
        let title = self.title();
        let mut all: Vec<_> = advice.into_iter().map(|words| format!("{title}: {words}")).collect();
        let labels = &value["spec"]["template"]["metadata"]["labels"];
        let budgets = self.others().filter(|d| {
            let selector = d.value()["spec"]["selector"]["matchLabels"].as_object();
            d.kind() == "PodDisruptionBudget"
                && selector.is_some_and(|s| s.iter().all(|(key, value)| labels[key] == *value))
        });
        all.extend(budgets.map(|budget| {
            format!(
                "{}: the scheduler spares pods with a budget and evicts better ones, and drains \
                 wait for them; take it out",
                budget.key()
            )
        }));
        let kinds = [
            (effects.claims, "volume claims"),
            (effects.load_balancers, "load balancers"),
            (effects.node_ports, "node ports"),
        ];
        let brought: Vec<_> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what} {count}"))
            .collect();
        if !brought.is_empty() {
            all.push(format!(
                "the quota no-side-effects lets through what the file brings: {}",
                brought.join(", ")
            ));
        }
        all
    }
}

/// The surge of a rollout, unless it is none.
fn surge(strategy: &Value) -> Option<String> {
    if strategy.is_null() || strategy["type"] == "Recreate" {
        return None;
    }
    let none = [Value::from(0), "0".into(), "0%".into()];
    match &strategy["rollingUpdate"]["maxSurge"] {
        // Where none is said, it is set to 0 if that can be.
        Value::Null if !none.contains(&strategy["rollingUpdate"]["maxUnavailable"]) => None,
        Value::Null => Some("25%".to_owned()),
        surge if none.contains(surge) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn grace(pod: &Value) -> Option<String> {
    match pod["terminationGracePeriodSeconds"].as_u64()? {
        0 => Some(
            "its pods are forgotten before they are gone (terminationGracePeriodSeconds 0); give \
             them a few seconds"
                .to_owned(),
        ),
        seconds if seconds > 30 => Some(format!(
            "paid pods wait up to {seconds} s for its pods to go (terminationGracePeriodSeconds)"
        )),
        _ => None,
    }
}

fn cpu_limits(pod: &Value) -> Option<String> {
    let containers: Vec<_> = pod["containers"].as_array().into_iter().flatten().collect();
    let is_memory_limited = |container: &Value| {
        let resources = &container["resources"];
        let limit = amount(MEMORY, &resources["limits"]);
        limit.is_some() && amount(MEMORY, &resources["requests"]).is_none_or(|r| Some(r) == limit)
    };
    if containers.iter().all(|c| is_limited_to_request(c) && is_memory_limited(c)) {
        return Some(
            "its pods are Guaranteed, and with the static CPU manager take cores that nobody else \
             may use; leave the cpu limit out"
                .to_owned(),
        );
    }
    let limited = containers.iter().find(|c| !c["resources"]["limits"]["cpu"].is_null())?;
    Some(format!(
        "container {} has a cpu limit: cores that nobody else wants stay idle",
        limited["name"].as_str().unwrap_or_default()
    ))
}

/// What keeps pods apart that would fit beside each other.
fn spread(pod: &Value) -> Vec<&'static str> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    let mut ports = list(&pod["containers"]).into_iter().flat_map(|c| list(&c["ports"]));
    if ports.any(|port| port["hostPort"].as_i64().unwrap_or(0) != 0) {
        found.push("hostPort");
    }
    let apart = &pod["affinity"]["podAntiAffinity"];
    if !list(&apart["requiredDuringSchedulingIgnoredDuringExecution"]).is_empty() {
        found.push("a required podAntiAffinity");
    }
    let constraints = list(&pod["topologySpreadConstraints"]);
    if constraints.iter().any(|c| c["whenUnsatisfiable"] != "ScheduleAnyway") {
        found.push("topologySpreadConstraints");
    }
    found
}
