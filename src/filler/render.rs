//! All documents of a workload, in the order in which they are applied, and where their numbers
//! come from.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use hpa_model::KubernetesVersion;
use hpa_model::sizing::{Line, Pipeline, Sizing, Subject};
use hpa_model::verdict::{METRIC_NAME, recommended_spec};
use oppscale_core::demand::FILLER_PRIORITY;
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY};
use oppscale_core::units::quantity_text;
use serde_json::{Value, json};

use super::built_in::BuiltInWorkload;
use super::complete::SAFE_TO_EVICT;
use super::context::{self, Target, adapter_rules, behavior, hard, limits, memory_limit, requests};
use super::node_autoscaler::{FILLABLE_LABEL, NodeAutoscaler};
use super::user_workload::{SideEffects, UserWorkload};
use crate::manifest::{Document, Templates, lint};

/// The workload to render.
#[derive(Debug, Clone)]
pub enum Workload {
    /// A program that fills what is idle.
    Filler(Box<BuiltInWorkload>),
    /// A program that is paid for.
    Paid(Box<BuiltInWorkload>),
    /// The user's own workload.
    User(Box<UserWorkload>),
}

/// Configuration of a rendered workload.
#[derive(Debug, Clone)]
pub struct RenderConfig {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its name.
    pub name: String,
    /// Namespace of the workload.
    pub namespace: String,
    /// Its image; empty for an own Deployment.
    pub image: String,
    /// Its PriorityClass.
    pub priority_class: String,
    /// Termination grace period, seconds.
    pub grace_seconds: u32,
    /// The user that it runs as.
    pub run_as_user: u32,
    /// Further labels of Deployment and pods.
    pub labels: BTreeMap<String, String>,
    /// Further annotations of Deployment and pods.
    pub annotations: BTreeMap<String, String>,
    /// Labels by which a Prometheus selects the ServiceMonitor.
    pub monitor_labels: BTreeMap<String, String>,
    /// Its command, instead of the image's.
    pub command: Vec<String>,
    /// Its arguments, instead of the program's.
    pub args: Vec<String>,
    /// Further environment.
    pub env: Vec<(String, String)>,
    /// Further environment, by way of the Secret.
    pub secret_env: Vec<(String, String)>,
    /// The port that it serves, instead of the program's.
    pub port: Option<u16>,
    /// The port of every node that leads to it.
    pub node_port: Option<u16>,
    /// Pipeline of the metric to the HPA.
    pub pipeline: Pipeline,
    /// Kubernetes version of the cluster.
    pub version: KubernetesVersion,
    /// The node autoscaler.
    pub autoscaler: NodeAutoscaler,
    /// Evidence of the node autoscaler.
    pub autoscaler_source: String,
    /// Whether an admission policy is rendered.
    pub admission_policy: bool,
    /// Whether a network policy is rendered.
    pub network_policy: bool,
    /// Ports that it may reach anywhere.
    pub egress_ports: Vec<u16>,
    /// URL of oppscale's metrics, for KEDA.
    pub metrics_url: String,
    /// Namespace of prometheus-adapter.
    pub adapter_namespace: String,
    /// Burn on the usage basis; `None` on the requests basis.
    pub usage: Option<UsageBasis>,
}

/// A workload on the usage basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageBasis {
    /// Millicores that a replica uses; `None` if the CPU of its size says it.
    pub burn: Option<i64>,
    /// Millicores that a replica requests: its weight.
    pub request: Amount,
    /// Whether the burn is its CPU limit, too.
    pub is_limited: bool,
}

impl UsageBasis {
    /// Millicores that a replica of this size uses.
    pub(super) fn burn(&self, sizing: &Sizing) -> Amount {
        self.burn.map_or(sizing.replica.footprint().get(CPU), Amount::from)
    }

    /// The sizing with what replicas request instead of what they burn.
    fn requested(&self, sizing: &Sizing) -> Sizing {
        let footprint = sizing.replica.footprint().clone().with(CPU, self.request);
        let quota = sizing.quota.clone().with(CPU, self.request * Amount::from(sizing.max));
        Sizing { replica: Replica::from_footprint(footprint), quota, ..sizing.clone() }
    }

    fn line(&self, sizing: &Sizing) -> Line {
        let burn = quantity_text(CPU, self.burn(sizing));
        let request = quantity_text(CPU, self.request);
        Line {
            subject: Subject::Replica,
            what: "basis".to_owned(),
            value: "usage".to_owned(),
            why: format!(
                "a replica requests {request} and burns {burn}: it is placed where requests are \
                 full, and its small weight leaves paid pods the CPU that they want"
            ),
        }
    }
}

impl RenderConfig {
    /// Name of the HPA, which is rendered or made by KEDA.
    pub fn hpa_name(&self) -> String {
        match self.pipeline {
            Pipeline::Keda => {
                format!("{}{}", context::KEDA_HPA, context::scaled_object(&self.name))
            }
            Pipeline::Native | Pipeline::External | Pipeline::Prometheus => self.name.clone(),
        }
    }
}

/// A rendered set.
#[derive(Debug)]
pub struct Rendered {
    /// The documents.
    pub documents: Vec<Document>,
    /// Comments on where the numbers come from.
    pub lines: Vec<Line>,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// Renders and lints every document.
///
/// # Errors
/// When a template or the user's Deployment is wrong, or the set does not hold together.
pub fn render(
    templates: &Templates,
    workload: &Workload,
    config: &RenderConfig,
    sizing: &Sizing,
) -> Result<Rendered, Error> {
    let program = match workload {
        Workload::Filler(program) | Workload::Paid(program) => (**program).clone(),
        Workload::User(_) => BuiltInWorkload::any(),
    };
    let environment = Environment::of(&program, config);
    // From here on a replica is what it requests.
    let burn = config.usage.map(|usage| usage.burn(sizing));
    let basis = config.usage.map(|usage| usage.line(sizing));
    let requested = config.usage.map(|usage| usage.requested(sizing));
    let sizing = requested.as_ref().unwrap_or(sizing);
    let context = template_values(workload, &program, &environment, config, sizing, burn);
    let mut documents = Vec::new();
    let (mut notes, mut admission) = (Vec::new(), Vec::new());
    let mut add = |name: &str| -> Result<(), Error> {
        documents.extend(templates.render(name, &context)?);
        Ok(())
    };
    add("namespace.yaml")?;
    let is_paid = matches!(workload, Workload::Paid(_));
    if !is_paid {
        add("priority-class.yaml")?;
        add("resource-quota.yaml")?;
        add("resource-quota-side-effects.yaml")?;
        add("limit-range.yaml")?;
        if config.admission_policy {
            add("admission-policy.yaml")?;
        }
    }
    if config.network_policy {
        add("network-policy.yaml")?;
    }
    if !environment.config.is_empty() {
        add("config-map.yaml")?;
    }
    if !environment.secret.is_empty() {
        add("secret.yaml")?;
    }
    let scaler = match (is_paid, config.pipeline) {
        (true, _) => "sample-app-hpa.yaml",
        (false, Pipeline::Keda) => "scaled-object.yaml",
        (false, _) => "hpa.yaml",
    };
    match workload {
        Workload::User(own) => {
            let refused = own.refused_by_policy(&config.priority_class);
            if let Some(problem) = refused.filter(|_| config.admission_policy) {
                return Err(own.problem(problem, "change it, or leave out --admission-policy"));
            }
            own.take_place(&mut documents);
            let completed = own.completed(config, sizing, burn);
            documents.extend(completed.documents);
            notes.extend(completed.notes);
            notes.extend(own.advice(own.side_effects(sizing.max)));
            admission = own.admission(sizing.max, &documents);
        }
        Workload::Filler(_) | Workload::Paid(_) => {
            if port(&program, config).is_some() {
                add("service.yaml")?;
            }
            add(if is_paid { "sample-app.yaml" } else { "deployment.yaml" })?;
        }
    }
    let mut add = |name: &str| -> Result<(), Error> {
        documents.extend(templates.render(name, &context)?);
        Ok(())
    };
    add(scaler)?;
    if is_paid {
        add("service-monitor.yaml")?;
    }
    if config.pipeline == Pipeline::Prometheus {
        add("adapter-rule.yaml")?;
    }
    for document in &documents {
        document.check()?;
    }
    let (advice, issues): (Vec<_>, Vec<_>) =
        lint::lint(&documents).into_iter().partition(|issue| issue.is_advice);
    if !issues.is_empty() {
        let issues: Vec<_> = issues.iter().map(ToString::to_string).collect();
        return Err(Error::failure(issues.join("\n       ")));
    }
    notes.extend(advice.iter().map(ToString::to_string));
    // What happens to the set comes last, where it is seen.
    notes.extend(admission);
    let mut lines = sizing.lines.clone();
    lines.extend(basis);
    if is_paid {
        lines.retain(|line| matches!(line.subject, Subject::Replica | Subject::Bounds));
    } else {
        let class = documents.iter().find(|document| document.kind() == "PriorityClass");
        let priority = class.and_then(|class| class.value()["value"].as_i64());
        let priority = priority.unwrap_or(FILLER_PRIORITY.into());
        lines.push(config.autoscaler.line(priority, &config.autoscaler_source));
    }
    Ok(Rendered { documents, lines, notes })
}

/// Objects and variables of a program's environment: a ConfigMap, a Secret, and the variables.
#[derive(Default)]
struct Environment {
    config: BTreeMap<String, String>,
    secret: BTreeMap<String, String>,
    variables: Vec<Value>,
}

impl Environment {
    fn of(program: &BuiltInWorkload, config: &RenderConfig) -> Self {
        let mut of = Self::default();
        for (name, key, value) in &program.config {
            of.config.insert((*key).to_owned(), value.clone());
            of.variables.push(json!({ "name": name, "config": key }));
        }
        let of_program = program.secret.iter().map(|(name, key, value)| (*name, *key, value));
        let given = config.secret_env.iter().map(|(name, value)| (&**name, &**name, value));
        for (name, key, value) in of_program.chain(given) {
            of.secret.insert(key.to_owned(), value.clone());
            of.variables.push(json!({ "name": name, "secret": key }));
        }
        for (name, value) in &config.env {
            // Kubernetes takes $(NAME) in a value for another variable.
            of.variables.push(json!({ "name": name, "value": context::literal(value) }));
        }
        of
    }
}

/// Everything that a template may ask for.
fn template_values(
    workload: &Workload,
    program: &BuiltInWorkload,
    environment: &Environment,
    d: &RenderConfig,
    sizing: &Sizing,
    burn: Option<Amount>,
) -> Value {
    let own = match workload {
        Workload::User(own) => Some(own),
        _ => None,
    };
    let target = Target::new(d.kind, &d.name);
    let Environment { config, secret, variables } = environment;
    let mut pod_annotations = d.annotations.clone();
    if d.autoscaler == NodeAutoscaler::ClusterAutoscaler {
        pod_annotations.insert(SAFE_TO_EVICT.to_owned(), "true".to_owned());
    }
    if !(config.is_empty() && secret.is_empty()) {
        // Other words in them are another pod: without this no pod would be replaced.
        let hash = context::hash(&json!([config, secret]).to_string());
        pod_annotations.insert("oppscale.dev/config-hash".to_owned(), format!("{hash:016x}"));
    }
    let port = port(program, d).filter(|_| own.is_none());
    let port = port.map(|(name, port)| json!({ "name": name, "number": port, "service": port }));
    let memory = memory_limit(&sizing.replica).max(own.map_or(0, |own| own.memory_limit()));
    let footprint = sizing.replica.footprint();
    let bounds = (Some(sizing.min), sizing.max);
    let gates = d.version.default_gates();
    let spec = recommended_spec((d.kind.name, &d.name), bounds.0, bounds.1, gates);
    let effects = match own {
        Some(own) => own.side_effects(sizing.max),
        None => SideEffects { node_ports: u64::from(d.node_port.is_some()), ..Default::default() },
    };
    let limit = own.and_then(|own| own.pod_memory_limit()).unwrap_or(memory);
    // What a container that asks for nothing is given: no pod may become larger by it.
    let default = |name: &str| match own {
        Some(own) => own.spare_request(name).unwrap_or(footprint.get(name)),
        None => footprint.get(name).max(if name == MEMORY { 64 << 20 } else { 0 }),
    };
    let harvest_label = (d.autoscaler == NodeAutoscaler::Karpenter).then_some(FILLABLE_LABEL);
    // The user's own may name variables.
    let args = if d.args.is_empty() { &program.args } else { &d.args };
    let values = [
        ("name", json!(d.name)),
        ("namespace", json!(d.namespace)),
        // The name as the value of a label.
        ("app", json!(context::label(&d.name))),
        ("container", json!(program.name)),
        ("labels", json!(d.labels)),
        ("annotations", json!(d.annotations)),
        ("pod_annotations", json!(pod_annotations)),
        ("monitor_labels", json!(d.monitor_labels)),
        ("pod_security", json!(own.map_or("restricted", |own| own.security()))),
        // Whether the namespace is one of fillers.
        ("opportunistic", json!(!matches!(workload, Workload::Paid(_)))),
        ("priority_class", json!(d.priority_class)),
        ("priority", json!(FILLER_PRIORITY)),
        ("grace_seconds", json!(d.grace_seconds)),
        ("run_as_user", json!(d.run_as_user)),
        ("harvest_label", json!(harvest_label)),
        ("image", json!(d.image)),
        ("command", json!(d.command.iter().map(|word| context::literal(word)).collect::<Vec<_>>())),
        ("args", json!(args)),
        ("env", json!(variables)),
        ("scratch", json!(program.scratch)),
        ("ports", json!(port.into_iter().collect::<Vec<_>>())),
        // Ports that may be reached at public addresses, and anywhere.
        ("public_ports", json!(program.egress_ports)),
        ("egress_ports", json!(d.egress_ports)),
        ("requests", json!(requests(&sizing.replica))),
        ("limits", json!(limits(&sizing.replica, d.usage.zip(burn)))),
        // On the usage basis, what a replica burns, as a quantity.
        ("burn", json!(burn.map(|burn| quantity_text(CPU, burn)))),
        // What the LimitRange gives to containers that ask for nothing, and the most that it
        // allows.
        (
            "defaults",
            json!({
                "cpu": quantity_text(CPU, default(CPU)),
                "memory": quantity_text(MEMORY, default(MEMORY).min(limit)),
                "memory_limit": quantity_text(MEMORY, limit),
                "memory_max": quantity_text(MEMORY, memory),
            }),
        ),
        ("quota", json!(hard(&sizing.quota))),
        // How many of each the namespace may take, as quantities.
        ("node_ports", json!(effects.node_ports.to_string())),
        ("load_balancers", json!(effects.load_balancers.to_string())),
        ("volume_claims", json!(effects.claims.to_string())),
        ("reserve", json!(sizing.reserve.to_string())),
        ("min_replicas", json!(sizing.min)),
        ("max_replicas", json!(sizing.max)),
        ("max_replicas_text", json!(sizing.max.to_string())),
        ("metric", json!(METRIC_NAME)),
        // Whether the metric is one of external.metrics.k8s.io.
        ("external", json!(d.pipeline == Pipeline::External)),
        ("behavior", json!(spec.behavior.as_ref().map(behavior).unwrap_or_default())),
        ("target", json!(target)),
        ("service", json!({ "name": context::service(&d.name), "node_port": d.node_port })),
        ("config_name", json!(d.name)),
        ("config", json!(config)),
        ("secret_name", json!(d.name)),
        ("secret", json!(secret)),
        ("policy_name", json!(format!("{}.oppscale.dev", context::label(&d.priority_class)))),
        ("cel", json!(context::cel(&d.priority_class))),
        ("keda", json!(context::keda(&d.metrics_url, METRIC_NAME, &d.namespace, &target))),
        (
            "adapter",
            json!({
                "name": "oppscale-adapter-rules",
                "namespace": d.adapter_namespace,
                "rules": adapter_rules(d.kind),
            }),
        ),
    ];
    Value::Object(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The port that a program serves: its name and number.
fn port(program: &BuiltInWorkload, config: &RenderConfig) -> Option<(&'static str, u16)> {
    let own = program.port.map(|(name, number)| (name, config.port.unwrap_or(number)));
    own.or(config.port.map(|number| ("serve", number)))
}

/// Puts each line above the objects that it is about.
pub fn comment(documents: &mut [Document], lines: &[Line]) {
    for document in documents {
        let subjects: &[Subject] = match document.kind() {
            "ResourceQuota" if document.value()["spec"]["scopeSelector"].is_object() => {
                &[Subject::Quota]
            }
            _ if is_workload(document) => &[Subject::Replica, Subject::Reserve, Subject::Guard],
            "HorizontalPodAutoscaler" | "ScaledObject" => &[Subject::Bounds, Subject::Behavior],
            _ => continue,
        };
        for line in lines.iter().filter(|line| subjects.contains(&line.subject)) {
            document.comment(&format!("{} {}: {}", line.what, line.value, line.why));
        }
    }
}

fn is_workload(document: &Document) -> bool {
    let value = document.value();
    let is_filler = value["metadata"]["labels"][OPPORTUNISTIC_LABEL] == "true";
    is_filler && value["spec"]["template"].is_object() || document.kind() == kinds::DEPLOYMENT.name
}

/// A table of `width` columns; `None` does not wrap.
pub fn table(lines: &[Line], width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.force_no_tty();
    if let Some(width) = width.and_then(|width| u16::try_from(width).ok()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(["NUMBER", "VALUE", "WHERE IT COMES FROM"]);
    for line in lines {
        table.add_row([&line.what, &line.value, &line.why]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}
