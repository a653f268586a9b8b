//! All documents of a workload, in the order in which they are applied.

use std::collections::BTreeMap;

use crate::manifest::{Document, Templates, lint};
use hpa_model::KubernetesVersion;
use hpa_model::sizing::{self, Line, Pipeline, Sizing};
use hpa_model::verdict::{METRIC_NAME, recommended_spec};
use oppscale_core::kinds::Kind;
use oppscale_core::resources::{CPU, MEMORY};
use oppscale_core::units::quantity_text;

use super::FillerError;
use super::complete::SAFE_TO_EVICT;
use super::context::{
    Adapter, Cel, Context, Defaults, Keda, Port, Service, Target, Variable, adapter_rules,
    behavior, hard, limits, memory_limit, requests,
};
use super::node_autoscaler::{FILLABLE_LABEL, NodeAutoscaler};
use super::program::Program;
use super::side_effects::SideEffects;
use super::text;
use super::user_workload::UserWorkload;

/// The value of the filler's PriorityClass: below the autoscaler's cutoff of -10, and far
/// enough below it for balloon pods in between.
const PRIORITY: i32 = -1000;

/// What is rendered.
#[derive(Debug, Clone)]
pub enum Workload {
    /// A program that fills what is idle.
    Filler(Box<Program>),
    /// A program that is paid for.
    Paid(Box<Program>),
    /// The user's own workload.
    User(Box<UserWorkload>),
}

/// What has been decided about it.
#[derive(Debug, Clone)]
pub struct Decisions {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its name.
    pub name: String,
    /// Where it lives.
    pub namespace: String,
    /// Its image; empty for an own Deployment.
    pub image: String,
    /// Its PriorityClass.
    pub priority_class: String,
    /// How long it may take to go, seconds.
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
    /// How the metric gets to the HPA.
    pub pipeline: Pipeline,
    /// Whose API server and HPA controller.
    pub version: KubernetesVersion,
    /// Who adds nodes.
    pub autoscaler: NodeAutoscaler,
    /// Who says so.
    pub autoscaler_source: String,
    /// Whether an admission policy is rendered.
    pub admission_policy: bool,
    /// Whether a network policy is rendered.
    pub network_policy: bool,
    /// Ports that it may reach anywhere.
    pub egress_ports: Vec<u16>,
    /// Where KEDA finds oppscale's metrics.
    pub metrics_url: String,
    /// Where prometheus-adapter lives.
    pub adapter_namespace: String,
}

impl Decisions {
    /// What the HPA is called, be it rendered or made by KEDA.
    pub fn hpa_name(&self) -> String {
        match self.pipeline {
            Pipeline::Keda => format!("{}{}", text::KEDA_HPA, text::scaled_object(&self.name)),
            Pipeline::Native | Pipeline::External | Pipeline::Prometheus => self.name.clone(),
        }
    }
}

/// A rendered set.
#[derive(Debug)]
pub struct Rendered {
    /// The documents.
    pub documents: Vec<Document>,
    /// Where the numbers in them come from.
    pub lines: Vec<Line>,
    /// What their user should know.
    pub notes: Vec<String>,
}

/// Renders and lints every document.
///
/// # Errors
/// When a template or the user's Deployment is wrong, or the set does not hold together.
pub fn render(
    templates: &Templates,
    workload: &Workload,
    decisions: &Decisions,
    sizing: &Sizing,
) -> Result<Rendered, FillerError> {
    let context = context(workload, decisions, sizing);
    let mut documents = Vec::new();
    let mut notes = Vec::new();
    let mut add = |name: &str| -> Result<(), FillerError> {
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
        if decisions.admission_policy {
            add("admission-policy.yaml")?;
        }
    }
    if decisions.network_policy {
        add("network-policy.yaml")?;
    }
    if !context.config.is_empty() {
        add("config-map.yaml")?;
    }
    if !context.secret.is_empty() {
        add("secret.yaml")?;
    }
    let scaler = match (is_paid, decisions.pipeline) {
        (true, _) => "sample-app-hpa.yaml",
        (false, Pipeline::Keda) => "scaled-object.yaml",
        (false, _) => "hpa.yaml",
    };
    match workload {
        Workload::User(own) => {
            let refused = own.refused_by_policy(&context.priority_class);
            if let Some(problem) = refused.filter(|_| decisions.admission_policy) {
                return Err(own.problem(problem, "change it, or leave out --admission-policy"));
            }
            own.take_place(&mut documents);
            let completed = own.completed(&context, decisions.autoscaler, &sizing.replica);
            documents.extend(completed.documents);
            notes.extend(completed.notes);
            notes.extend(own.advice(own.side_effects(sizing.max)));
        }
        Workload::Filler(_) | Workload::Paid(_) => {
            if !context.ports.is_empty() {
                add("service.yaml")?;
            }
            add(if is_paid { "sample-app.yaml" } else { "deployment.yaml" })?;
        }
    }
    let mut add = |name: &str| -> Result<(), FillerError> {
        documents.extend(templates.render(name, &context)?);
        Ok(())
    };
    add(scaler)?;
    if is_paid {
        add("service-monitor.yaml")?;
    }
    if decisions.pipeline == Pipeline::Prometheus {
        add("adapter-rule.yaml")?;
    }
    for document in &documents {
        document.check()?;
    }
    let issues = lint::lint(&documents);
    if !issues.is_empty() {
        return Err(FillerError::Lint(issues));
    }
    let mut lines = sizing.lines.clone();
    if is_paid {
        lines.retain(|line| {
            matches!(line.subject, sizing::Subject::Replica | sizing::Subject::Bounds)
        });
    } else {
        let class = documents.iter().find(|document| document.kind() == "PriorityClass");
        let priority = class.and_then(|class| class.value()["value"].as_i64());
        let priority = priority.unwrap_or(PRIORITY.into());
        lines.push(decisions.autoscaler.line(priority, &decisions.autoscaler_source));
    }
    Ok(Rendered { documents, lines, notes })
}

fn context(workload: &Workload, decisions: &Decisions, sizing: &Sizing) -> Context {
    let d = decisions.clone();
    let own = match workload {
        Workload::User(own) => Some(own),
        _ => None,
    };
    let program = match workload {
        Workload::Filler(program) | Workload::Paid(program) => (**program).clone(),
        Workload::User(_) => Program::any(),
    };
    let is_own = own.is_some();
    let target = Target::new(d.kind, &d.name);
    let mut config = BTreeMap::new();
    let mut secret = BTreeMap::new();
    let mut env = Vec::new();
    let variable =
        |name: &str| Variable { name: name.to_owned(), config: None, secret: None, value: None };
    for (name, key, value) in &program.config {
        config.insert((*key).to_owned(), value.clone());
        env.push(Variable { config: Some((*key).to_owned()), ..variable(name) });
    }
    for (name, key, value) in &program.secret {
        secret.insert((*key).to_owned(), value.clone());
        env.push(Variable { secret: Some((*key).to_owned()), ..variable(name) });
    }
    for (name, value) in &d.secret_env {
        secret.insert(name.clone(), value.clone());
        env.push(Variable { secret: Some(name.clone()), ..variable(name) });
    }
    for (name, value) in &d.env {
        // Kubernetes takes $(NAME) in a value for another variable.
        env.push(Variable { value: Some(text::literal(value)), ..variable(name) });
    }
    let mut pod_annotations = d.annotations.clone();
    if d.autoscaler == NodeAutoscaler::ClusterAutoscaler {
        pod_annotations.insert(SAFE_TO_EVICT.to_owned(), "true".to_owned());
    }
    if !(config.is_empty() && secret.is_empty()) {
        // Other words in them are another pod: without this no pod would be replaced.
        let all = serde_json::json!([config, secret]).to_string();
        pod_annotations
            .insert("oppscale.dev/config-hash".to_owned(), format!("{:016x}", text::hash(&all)));
    }
    let ports = program.port.map(|(name, number)| (name, d.port.unwrap_or(number)));
    let ports = ports.or(d.port.map(|number| ("serve", number)));
    let ports: Vec<_> = ports
        .filter(|_| !is_own)
        .map(|(name, number)| Port { name: name.to_owned(), number, service: number })
        .into_iter()
        .collect();
    let memory = memory_limit(&sizing.replica).max(own.map_or(0, |own| own.memory_limit()));
    let footprint = sizing.replica.footprint();
    let spec = recommended_spec(
        (d.kind.name, &d.name),
        Some(sizing.min),
        sizing.max,
        d.version.default_gates(),
    );
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
    Context {
        app: text::label(&d.name),
        container: program.name.to_owned(),
        labels: d.labels,
        annotations: d.annotations,
        pod_annotations,
        monitor_labels: d.monitor_labels,
        pod_security: Some(own.map_or("restricted", |own| own.security()).to_owned()),
        opportunistic: !matches!(workload, Workload::Paid(_)),
        priority: PRIORITY,
        grace_seconds: d.grace_seconds,
        run_as_user: d.run_as_user,
        harvest_label: (d.autoscaler == NodeAutoscaler::Karpenter)
            .then(|| FILLABLE_LABEL.to_owned()),
        image: d.image,
        command: d.command.iter().map(|word| text::literal(word)).collect(),
        args: match d.args.is_empty() {
            true => program.args,
            // The user's own may name variables.
            false => d.args,
        },
        env,
        scratch: program.scratch.to_owned(),
        ports,
        public_ports: program.egress_ports,
        egress_ports: d.egress_ports,
        requests: requests(&sizing.replica),
        limits: limits(&sizing.replica),
        defaults: Defaults {
            cpu: quantity_text(CPU, default(CPU)),
            memory: quantity_text(MEMORY, default(MEMORY).min(limit)),
            memory_limit: quantity_text(MEMORY, limit),
            memory_max: quantity_text(MEMORY, memory),
        },
        quota: hard(&sizing.quota),
        node_ports: effects.node_ports.to_string(),
        load_balancers: effects.load_balancers.to_string(),
        volume_claims: effects.claims.to_string(),
        reserve: sizing.reserve.to_string(),
        min_replicas: sizing.min,
        max_replicas: sizing.max,
        max_replicas_text: sizing.max.to_string(),
        metric: METRIC_NAME.to_owned(),
        external: d.pipeline == Pipeline::External,
        behavior: spec.behavior.as_ref().map(behavior).unwrap_or_default(),
        service: Service { name: text::service(&d.name), node_port: d.node_port },
        config_name: d.name.clone(),
        config,
        secret_name: d.name.clone(),
        secret,
        policy_name: format!("{}.oppscale.dev", text::label(&d.priority_class)),
        cel: Cel::of(&d.priority_class),
        priority_class: d.priority_class,
        keda: Keda::of(&d.metrics_url, METRIC_NAME, &d.namespace, &target),
        target,
        adapter: Adapter {
            name: "oppscale-adapter-rules".to_owned(),
            namespace: d.adapter_namespace,
            rules: adapter_rules(d.kind),
        },
        name: d.name,
        namespace: d.namespace,
    }
}
