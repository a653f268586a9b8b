//! Parts of what templates see: names, amounts, behaviors, expressions. `docs/manifests.md` lists
//! all of it for those who write their own.

use std::collections::BTreeMap;

use hpa_model::{Behavior, Policy, PolicyType, ScalingRules};
use oppscale_cluster::Autoscaler;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::names::{MAX_LABEL, MAX_SUBDOMAIN};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::policy;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::units::quantity_text;
use serde::Serialize;
use serde_json::{Value, json};

use super::render::UsageBasis;
use crate::manifest::ADAPTER_RULES;

/// A workload that is scaled.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Target {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// Expressions of the admission policy for a class, with names as literals of CEL, and its message.
pub(super) fn cel(class: &str) -> Value {
    // JSON's escapes are CEL's too.
    let (text, label) = (json!(class), json!(OPPORTUNISTIC_LABEL));
    let labels = "namespaceObject.metadata.labels";
    let names = policy::NAMES.map(|name| format!("{}{name}", policy::PREFIX));
    json!({
        "here": format!("has({labels}) && {label} in {labels} && {labels}[{label}] == \"true\""),
        "opportunistic": format!(
            "has(object.spec.priorityClassName) && object.spec.priorityClassName == {text}"
        ),
        "message": format!(
            "pods of the PriorityClass {class} belong into namespaces with the label \
             {OPPORTUNISTIC_LABEL}: \"true\""
        ),
        // What the server reads; it passes over other names, unless they look like a typo.
        "names": json!(names).to_string(),
        "unknown_message": format!(
            "oppscale reads no other annotations {}... than {}; one that looks like a typo of these holds \
             the workload",
            policy::PREFIX,
            policy::NAMES.join(", ")
        ),
    })
}

/// URL of the server's metric of a workload, for KEDA.
pub(super) fn keda(url: &str, metric: &str, namespace: &str, target: &Target) -> Value {
    let Target { kind, name: workload, .. } = target;
    let labels = format!("namespace=\"{namespace}\",kind=\"{kind}\",workload=\"{workload}\"");
    let location = format!("{metric}{{{labels}}}");
    json!({ "name": scaled_object(workload), "url": url, "value_location": location })
}

impl Target {
    /// The workload of this kind and name.
    pub(super) fn new(kind: &Kind, name: &str) -> Self {
        let (api_version, kind) = (kind.api_version(), kind.name.to_owned());
        Self { api_version, kind, name: name.to_owned() }
    }

    /// The workload that an HPA scales.
    pub(super) fn of(hpa: &Autoscaler) -> Self {
        let target = hpa.target();
        let api_version = target.api_version.clone().unwrap_or_else(|| "apps/v1".to_owned());
        Self { api_version, kind: target.kind.clone(), name: target.name.clone() }
    }
}

/// A behavior as manifests write it.
pub(super) fn behavior(behavior: &Behavior) -> Value {
    let policy = |policy: &Policy| {
        let kind = match policy.kind {
            PolicyType::Pods => "Pods",
            PolicyType::Percent => "Percent",
        };
        json!({ "type": kind, "value": policy.value, "period_seconds": policy.period_seconds })
    };
    let rules = |rules: &ScalingRules| {
        json!({
            "window_seconds": rules.stabilization_window_seconds.unwrap_or(0),
            "tolerance": rules.tolerance.map(|tolerance| tolerance.to_string()),
            "policies": rules.policies.iter().flatten().map(policy).collect::<Vec<_>>(),
        })
    };
    let directions = [("scaleDown", &behavior.scale_down), ("scaleUp", &behavior.scale_up)];
    let directions = directions.into_iter();
    let of = directions.filter_map(|(name, of)| Some((name.to_owned(), rules(of.as_ref()?))));
    Value::Object(of.collect())
}

/// How much memory a replica may use, of what it requests: a filler that holds more than it
/// asked for is the first that a kubelet short of memory evicts, and this is how much more.
const MEMORY_LIMIT: Amount = 2;

/// `resources.requests`.
pub(super) fn requests(replica: &Replica) -> BTreeMap<String, String> {
    let own = replica.footprint().present().filter(|(name, _)| *name != PODS);
    own.map(|(name, amount)| (name.to_owned(), quantity_text(name, amount))).collect()
}

/// `resources.limits`: memory, and what cannot be overcommitted. No cpu: a limit would idle
/// cores that nobody else wants. On the usage basis, with what a replica burns, memory is limited
/// to what it requests: nodes are full by requests there, and memory does not yield.
pub(super) fn limits(
    replica: &Replica,
    usage: Option<(UsageBasis, Amount)>,
) -> BTreeMap<String, String> {
    let own = replica.footprint().present().filter(|(name, _)| *name != PODS && *name != CPU);
    let times = if usage.is_some() { 1 } else { MEMORY_LIMIT };
    let own = own
        .map(|(name, amount)| if name == MEMORY { (name, amount * times) } else { (name, amount) });
    let cpu = usage.filter(|(basis, _)| basis.is_limited).map(|(_, burn)| (CPU, burn));
    own.chain(cpu).map(|(name, amount)| (name.to_owned(), quantity_text(name, amount))).collect()
}

/// `hard` of a quota.
pub(super) fn hard(quota: &Resources) -> BTreeMap<String, String> {
    let key = |name: &str| if name == PODS { name.to_owned() } else { format!("requests.{name}") };
    quota.present().map(|(name, amount)| (key(name), quantity_text(name, amount))).collect()
}

/// Highest memory limit of one container, bytes, if only the replica's requests are known.
pub(super) fn memory_limit(replica: &Replica) -> Amount {
    (replica.footprint().get(MEMORY) * MEMORY_LIMIT).max(512 << 20)
}

/// The rules of prometheus-adapter, with one for the workload's kind where it is not among them.
pub(super) fn adapter_rules(kind: &Kind) -> String {
    if [&kinds::DEPLOYMENT, &kinds::STATEFUL_SET].contains(&kind) {
        return ADAPTER_RULES.to_owned();
    }
    let (name, group, resource) = (kind.name, kind.group, kind.singular());
    format!(
        "{ADAPTER_RULES}- seriesQuery: 'oppscale_fit_replicas{{kind=\"{name}\",namespace!=\"\",workload!=\"\"}}'
  resources:
    overrides:
      namespace: {{resource: namespace}}
      workload: {{group: {group}, resource: {resource}}}
  name: {{matches: '^oppscale_fit_replicas$', as: oppscale_fit_replicas}}
  metricsQuery: 'min(<<.Series>>{{<<.LabelMatchers>>,kind=\"{name}\"}}) by (<<.GroupBy>>)'
"
    )
}

/// The PriorityClass of a filler for which none is named. Each filler has its own, which
/// `kubectl delete -f` of another does not delete. A namespace has no dot, so no two fillers have
/// the same.
pub fn priority_class(namespace: &str, name: &str) -> String {
    // The API server keeps that prefix for its own.
    let prefix = if namespace.starts_with("system-") { "filler-" } else { "" };
    shortened(&format!("{prefix}{namespace}.{name}"), MAX_SUBDOMAIN)
}

/// KEDA names the HPA of a ScaledObject with this prefix.
pub(super) const KEDA_HPA: &str = "keda-hpa-";

/// `text` as the value of a label.
pub(super) fn label(text: &str) -> String {
    shortened(text, MAX_LABEL)
}

/// `text` as the name of a ScaledObject: KEDA refuses one whose HPA's name is no label.
pub(super) fn scaled_object(text: &str) -> String {
    shortened(text, MAX_LABEL - KEDA_HPA.len())
}

/// `text`; if it has more than `most` bytes, its beginning and a hash of it.
fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let hash = format!("{:08x}", hash(text) >> 32);
    let kept: String = text.chars().take(most - 1 - hash.len()).collect();
    format!("{}-{hash}", kept.trim_end_matches(['-', '.']))
}

/// `text` as the name of a Service, which is a DNS label and begins with a letter.
pub(super) fn service(text: &str) -> String {
    let text = text.replace('.', "-");
    match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => label(&format!("s-{text}")),
        false => label(&text),
    }
}

/// `text` as an argument: Kubernetes takes `$(NAME)` in one for a variable.
pub fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
}

/// FNV-1a, 64 bits: a hash that never changes and need not resist attacks.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart_and_short_ones_as_they_are() {
        let (a, b) = (format!("{}a", "x".repeat(252)), format!("{}b", "x".repeat(252)));
        assert_eq!(label(&a).len(), 63);
        assert_ne!(label(&a), label(&b));
        assert_eq!(label("on"), "on");
        assert_eq!(service("1e3"), "s-1e3");
        assert_eq!(service("a.b"), "a-b");
    }

    #[test]
    fn each_filler_has_a_priority_class_of_its_own() {
        assert_eq!(priority_class("idle", "miner"), "idle.miner");
        assert_ne!(priority_class("a-b", "c"), priority_class("a", "b-c"));
        assert_eq!(priority_class("system-a", "b"), "filler-system-a.b");
        assert_eq!(priority_class("a", &"x".repeat(253)).len(), 253);
    }

    #[test]
    fn no_argument_is_taken_for_a_variable() {
        assert_eq!(literal("a$(HOME)"), "a$$(HOME)");
    }
}
