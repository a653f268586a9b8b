//! The values that templates see. `docs/manifests.md` lists them for those who write their own.

use std::collections::BTreeMap;

use serde::Serialize;

use hpa_model::{Behavior, PolicyType, ScalingRules};
use oppscale_cluster::Autoscaler;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::units::quantity_text;

use super::text;
use crate::manifest::ADAPTER_RULES;

/// Everything that a template may ask for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Context {
    pub(super) name: String,
    pub(super) namespace: String,
    /// The name as the value of a label.
    pub(super) app: String,
    pub(super) container: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) pod_annotations: BTreeMap<String, String>,
    pub(super) monitor_labels: BTreeMap<String, String>,
    pub(super) pod_security: Option<String>,
    /// Whether the namespace is one of fillers.
    pub(super) opportunistic: bool,
    pub(super) priority_class: String,
    pub(super) priority: i32,
    pub(super) grace_seconds: u32,
    pub(super) run_as_user: u32,
    pub(super) harvest_label: Option<String>,
    pub(super) image: String,
    pub(super) command: Vec<String>,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<Variable>,
    pub(super) scratch: String,
    pub(super) ports: Vec<Port>,
    /// Ports that may be reached at public addresses, and anywhere.
    pub(super) public_ports: Vec<u16>,
    pub(super) egress_ports: Vec<u16>,
    pub(super) requests: BTreeMap<String, String>,
    pub(super) limits: BTreeMap<String, String>,
    pub(super) defaults: Defaults,
    pub(super) quota: BTreeMap<String, String>,
    /// How many node ports the namespace may take, as a quantity.
    pub(super) node_ports: String,
    /// The same for Services of type LoadBalancer, and PersistentVolumeClaims.
    pub(super) load_balancers: String,
    pub(super) volume_claims: String,
    pub(super) reserve: String,
    pub(super) min_replicas: u32,
    pub(super) max_replicas: u32,
    pub(super) max_replicas_text: String,
    pub(super) metric: String,
    /// Whether the metric is one of external.metrics.k8s.io.
    pub(super) external: bool,
    pub(super) behavior: BTreeMap<&'static str, Rules>,
    /// The workload that the HPA scales.
    pub(super) target: Target,
    pub(super) service: Service,
    pub(super) config_name: String,
    pub(super) config: BTreeMap<String, String>,
    pub(super) secret_name: String,
    pub(super) secret: BTreeMap<String, String>,
    pub(super) policy_name: String,
    pub(super) cel: Cel,
    pub(super) keda: Keda,
    pub(super) adapter: Adapter,
}

/// An environment variable: a key of the ConfigMap, of the Secret, or a value.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Variable {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) config: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) number: u16,
    /// The Service's port.
    pub(super) service: u16,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) node_port: Option<u16>,
}

/// What the LimitRange gives to containers that ask for nothing, and the most that it allows.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Defaults {
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) memory_limit: String,
    pub(super) memory_max: String,
}

/// Expressions of the admission policy, with names as literals of CEL, and its message.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cel {
    pub(super) here: String,
    pub(super) opportunistic: String,
    pub(super) message: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Keda {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) value_location: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Adapter {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) rules: String,
}

/// A workload that is scaled.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Target {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// One direction of a behavior.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rules {
    window_seconds: i32,
    tolerance: Option<String>,
    policies: Vec<Policy>,
}

#[derive(Debug, Clone, Serialize)]
struct Policy {
    r#type: &'static str,
    value: i32,
    period_seconds: i32,
}

impl Cel {
    /// The expressions for a class.
    pub(super) fn of(class: &str) -> Self {
        let text = cel_text(class);
        let label = cel_text(OPPORTUNISTIC_LABEL);
        let labels = "namespaceObject.metadata.labels";
        Self {
            here: format!("has({labels}) && {label} in {labels} && {labels}[{label}] == \"true\""),
            opportunistic: format!(
                "has(object.spec.priorityClassName) && object.spec.priorityClassName == {text}"
            ),
            message: format!(
                "pods of the PriorityClass {class} belong into namespaces with the label \
                 {OPPORTUNISTIC_LABEL}: \"true\""
            ),
        }
    }
}

/// A string as CEL writes it; JSON's escapes are CEL's too.
fn cel_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Keda {
    /// Where KEDA finds the metric of a workload.
    pub(super) fn of(url: &str, metric: &str, namespace: &str, target: &Target) -> Self {
        let Target { kind, name: workload, .. } = target;
        let value_location = format!(
            "{metric}{{namespace=\"{namespace}\",kind=\"{kind}\",workload=\"{workload}\"}}"
        );
        Self { name: text::scaled_object(workload), url: url.to_owned(), value_location }
    }
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
pub(super) fn behavior(behavior: &Behavior) -> BTreeMap<&'static str, Rules> {
    let directions =
        [("scaleDown", &behavior.scale_down), ("scaleUp", &behavior.scale_up)].into_iter();
    directions.filter_map(|(name, rules)| Some((name, Rules::of(rules.as_ref()?)))).collect()
}

impl Rules {
    fn of(rules: &ScalingRules) -> Self {
        let policy = |policy: &hpa_model::Policy| Policy {
            r#type: match policy.kind {
                PolicyType::Pods => "Pods",
                PolicyType::Percent => "Percent",
            },
            value: policy.value,
            period_seconds: policy.period_seconds,
        };
        Self {
            window_seconds: rules.stabilization_window_seconds.unwrap_or(0),
            tolerance: rules.tolerance.map(|tolerance| tolerance.to_string()),
            policies: rules.policies.iter().flatten().map(policy).collect(),
        }
    }
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
/// cores that nobody else wants.
pub(super) fn limits(replica: &Replica) -> BTreeMap<String, String> {
    let own = replica.footprint().present().filter(|(name, _)| *name != PODS && *name != CPU);
    own.map(|(name, amount)| {
        let amount = if name == MEMORY { amount * MEMORY_LIMIT } else { amount };
        (name.to_owned(), quantity_text(name, amount))
    })
    .collect()
}

/// `hard` of a quota.
pub(super) fn hard(quota: &Resources) -> BTreeMap<String, String> {
    let key = |name: &str| if name == PODS { name.to_owned() } else { format!("requests.{name}") };
    quota.present().map(|(name, amount)| (key(name), quantity_text(name, amount))).collect()
}

/// The most memory that one container may use, bytes, where a replica is all there is to go
/// by.
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
