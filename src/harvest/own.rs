//! The user's own Deployment: read as it is, and completed with what it lacks.

use serde_json::{Map, Value, json};

use crate::core::defaulting::footprint_of_template;
use crate::core::model::Workload;
use crate::core::ownership::OPPORTUNISTIC_LABEL;
use crate::core::placement::Placement;
use crate::core::replica::Replica;
use crate::core::reserve::Reserve;
use crate::core::resources::{CPU, MEMORY, PODS};
use crate::manifest::{self, Document, Origin};

use super::container::{limits, requests};
use super::context::Context;
use super::guard::{HARVEST_LABEL, NodeAutoscaler};
use super::problem::HarvestError;

/// The annotation that says what must stay free.
const RESERVE: &str = "oppscale.dev/reserve";
/// The annotation that says how many replicas there may be.
const MAX_REPLICAS: &str = "oppscale.dev/max-replicas";
/// Tells Cluster Autoscaler that the pod is no reason to keep its node.
pub(super) const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// How long a pod stays on a node that is gone, seconds; 300 unless it says so.
const TOLERATION_SECONDS: u32 = 15;

/// A file with one Deployment, and whatever belongs to it.
#[derive(Debug, Clone)]
pub struct OwnDeployment {
    file: String,
    documents: Vec<Document>,
    at: usize,
}

/// A Deployment with what it lacked, among the other documents of its file.
pub(super) struct Completed {
    pub(super) documents: Vec<Document>,
    /// What its user should know.
    pub(super) notes: Vec<String>,
}

impl OwnDeployment {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it does not hold one Deployment, or an object in it is not what the API takes.
    pub fn read(file: &str, text: &str) -> Result<Self, HarvestError> {
        let mut documents = manifest::documents(file, text, Origin::User)?;
        for document in &mut documents {
            let mut value = document.value().clone();
            if octal_modes(&mut value) {
                *document = document.with_value(value);
            }
            document.check()?;
        }
        let mut found = documents.iter().enumerate().filter(|(_, d)| d.kind() == "Deployment");
        let (first, second) = (found.next(), found.next());
        let own = |problem: String, hint: &str| HarvestError::Own {
            file: file.to_owned(),
            problem,
            hint: hint.to_owned(),
        };
        let at = match (first, second) {
            (Some((at, _)), None) => at,
            (None, _) => {
                return Err(own(
                    "it holds no Deployment of apps/v1".to_owned(),
                    "oppscale render-hpa --workload FILE takes the file of a Deployment",
                ));
            }
            (Some((_, a)), Some((_, b))) => {
                return Err(own(
                    format!("it holds several Deployments: {} and {}", a.name(), b.name()),
                    "put each into a file of its own; each has an HPA of its own",
                ));
            }
        };
        let own_file = Self { file: file.to_owned(), documents, at };
        let target = own_file.deployment().name();
        let scaler = own_file.documents.iter().find(|document| {
            matches!(document.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
                && document.value()["spec"]["scaleTargetRef"]["name"] == target
        });
        if let Some(scaler) = scaler {
            return Err(own(
                format!("{} scales Deployment {target} already: two would fight", scaler.key()),
                "take it out of the file; the one that is rendered takes its place",
            ));
        }
        Ok(own_file)
    }

    fn deployment(&self) -> &Document {
        // `at` was found in this list, which does not change.
        &self.documents[self.at]
    }

    fn problem(&self, problem: String, hint: &str) -> HarvestError {
        HarvestError::Own { file: self.file.clone(), problem, hint: hint.to_owned() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.deployment().name()
    }

    /// Its namespace, if it says.
    pub fn namespace(&self) -> Option<&str> {
        self.deployment().namespace()
    }

    /// Its PriorityClass, if it says.
    pub fn priority_class(&self) -> Option<&str> {
        self.pod_spec()["priorityClassName"].as_str()
    }

    /// Its grace period, if it says, seconds.
    pub fn grace_seconds(&self) -> Option<u32> {
        let seconds = self.pod_spec()["terminationGracePeriodSeconds"].as_u64()?;
        u32::try_from(seconds).ok()
    }

    /// The reserve that it is annotated with, if it is.
    ///
    /// # Errors
    /// When that is none.
    pub fn reserve(&self) -> Result<Option<Reserve>, HarvestError> {
        let text = self.deployment().value()["metadata"]["annotations"][RESERVE].as_str();
        let parsed = text.map(str::parse::<Reserve>).transpose();
        parsed.map_err(|error| {
            self.problem(
                format!("annotation {RESERVE}: {error}"),
                "write cores (30) or a share (15%)",
            )
        })
    }

    pub(super) fn pod_spec(&self) -> &Value {
        &self.deployment().value()["spec"]["template"]["spec"]
    }

    /// What one of its pods takes; `given` where its only container does not say.
    ///
    /// # Errors
    /// When a container asks for nothing, or both say.
    pub fn replica(&self, given: Option<&Replica>) -> Result<Replica, HarvestError> {
        let missing = self.without_requests();
        let name = self.name();
        match (given, missing.as_slice()) {
            (Some(replica), [_]) if self.containers() == 1 => return Ok(replica.clone()),
            (Some(_), []) => {
                return Err(self.problem(
                    format!("Deployment {name} has requests of its own, and --replica is given"),
                    "leave out one of the two",
                ));
            }
            (_, []) => {}
            (_, [(container, resource), ..]) => {
                return Err(self.problem(
                    format!(
                        "Deployment {name}: container {container} requests no {resource}: what a \
                         replica takes is unknown"
                    ),
                    "write resources.requests with cpu and memory, or name them for a Deployment \
                     of one container: --replica cpu=1,memory=1Gi",
                ));
            }
        }
        let json = self.deployment().value().to_string();
        let footprint = serde_json::from_str::<Workload<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|workload| {
                footprint_of_template(&workload.spec.template.spec).map_err(|e| e.to_string())
            });
        let footprint = footprint.map_err(|problem| {
            self.problem(format!("Deployment {name}: {problem}"), "see docs/how-it-counts.md")
        })?;
        Ok(Replica::from_footprint(footprint.with(PODS, 1)))
    }

    /// Where its pods may go.
    ///
    /// # Errors
    /// When its tolerations or affinity make no sense.
    pub fn placement(&self) -> Result<Placement, HarvestError> {
        let json = self.deployment().value().to_string();
        let placement = serde_json::from_str::<Workload<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|w| Placement::of(&w.spec.template.spec).map_err(|e| e.to_string()));
        placement.map_err(|problem| {
            self.problem(format!("Deployment {}: {problem}", self.name()), "see kubectl explain")
        })
    }

    fn containers(&self) -> usize {
        let of = |field: &str| self.pod_spec()[field].as_array().map_or(0, Vec::len);
        of("containers") + of("initContainers")
    }

    /// Containers that ask for no cpu or no memory, and which; pod-level requests stand for
    /// all.
    fn without_requests(&self) -> Vec<(&str, &'static str)> {
        let spec = self.pod_spec();
        let asks = |of: &Value, name: &str| {
            // A limit without a request is taken for one.
            !of["resources"]["requests"][name].is_null()
                || !of["resources"]["limits"][name].is_null()
        };
        let containers = spec["containers"].as_array().into_iter().flatten();
        let first_missing = |container| {
            let missing = [CPU, MEMORY].into_iter().find(|name| !asks(container, name));
            missing.filter(|name| !asks(spec, name))
        };
        containers
            .filter_map(|container| {
                Some((container["name"].as_str().unwrap_or_default(), first_missing(container)?))
            })
            .collect()
    }

    /// The same with all that makes it opportunistic.
    pub(super) fn completed(
        &self,
        context: &Context,
        autoscaler: NodeAutoscaler,
        replica: &Replica,
    ) -> Completed {
        let mut value = self.deployment().value().clone();
        let mut notes = Vec::new();
        let name = self.name().to_owned();
        let metadata = map(&mut value, &["metadata"]);
        metadata.insert("namespace".to_owned(), context.namespace.clone().into());
        // By this label `serve` finds the workload; its pods have it too.
        let labels = map(&mut value, &["metadata", "labels"]);
        labels.insert(OPPORTUNISTIC_LABEL.to_owned(), "true".into());
        let annotations = map(&mut value, &["metadata", "annotations"]);
        annotations.insert(MAX_REPLICAS.to_owned(), context.max_replicas_text.clone().into());
        annotations.insert(RESERVE.to_owned(), context.reserve.clone().into());
        let spec = map(&mut value, &["spec"]);
        if let Some(replicas) = spec.shift_remove("replicas") {
            notes.push(format!(
                "Deployment {name}: spec.replicas {replicas} is left out: they are the HPA's, and \
                 every apply would reset them"
            ));
        }
        // Surge would be pods beyond the slots.
        let strategy = json!({
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}
        });
        spec.entry("strategy").or_insert(strategy);
        let labels = map(&mut value, &["spec", "template", "metadata", "labels"]);
        labels.insert(OPPORTUNISTIC_LABEL.to_owned(), "true".into());
        if autoscaler == NodeAutoscaler::ClusterAutoscaler {
            let annotations = map(&mut value, &["spec", "template", "metadata", "annotations"]);
            annotations.entry(SAFE_TO_EVICT).or_insert_with(|| "true".into());
        }
        let pod = map(&mut value, &["spec", "template", "spec"]);
        pod.insert("priorityClassName".to_owned(), context.priority_class.clone().into());
        let grace = pod
            .entry("terminationGracePeriodSeconds")
            .or_insert_with(|| context.grace_seconds.into());
        if grace.as_u64().is_some_and(|seconds| seconds > 30) {
            notes.push(format!(
                "Deployment {name}: paid pods wait up to {grace} s for its pods to go \
                 (terminationGracePeriodSeconds)"
            ));
        }
        tolerations(pod);
        if autoscaler == NodeAutoscaler::Karpenter {
            require_harvest_label(&mut value);
        }
        if !self.without_requests().is_empty() {
            let place = "/spec/template/spec/containers/0";
            if let Some(container) = value.pointer_mut(place) {
                let resources = map(container, &["resources"]);
                resources.insert("requests".to_owned(), json!(requests(replica)));
                resources.entry("limits").or_insert_with(|| json!(limits(replica)));
            }
        }
        let mut documents = self.documents.clone();
        documents[self.at] = documents[self.at].with_value(value);
        for document in &mut documents {
            let in_none = document.namespace().is_none();
            let known = manifest::kind_of(document.api_version(), document.kind());
            if in_none && known.is_some_and(|kind| kind.namespaced) {
                let mut value = document.value().clone();
                let metadata = map(&mut value, &["metadata"]);
                metadata.insert("namespace".to_owned(), context.namespace.clone().into());
                *document = document.with_value(value);
            }
        }
        Completed { documents, notes }
    }
}

/// The mapping at a path, made where there is none.
fn map<'v>(value: &'v mut Value, path: &[&str]) -> &'v mut Map<String, Value> {
    let mut at = as_map(value);
    for field in path {
        at = as_map(at.entry(*field).or_insert(Value::Null));
    }
    at
}

/// The value as a mapping; whatever else it was, a strict read would have refused.
fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it has just been made a mapping"),
    }
}

/// Pods of nodes that are gone must not be counted for five minutes.
fn tolerations(pod: &mut Map<String, Value>) {
    let list = pod.entry("tolerations").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if !list.iter().any(|toleration| toleration["key"] == key) {
            list.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": TOLERATION_SECONDS
            }));
        }
    }
}

/// Every alternative of the required node affinity also asks for the label.
fn require_harvest_label(value: &mut Value) {
    let expression = json!({"key": HARVEST_LABEL, "operator": "In", "values": ["true"]});
    let required = map(
        value,
        &[
            "spec",
            "template",
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ],
    );
    let terms = required.entry("nodeSelectorTerms").or_insert_with(|| json!([]));
    let Some(terms) = terms.as_array_mut() else { return };
    if terms.is_empty() {
        terms.push(json!({}));
    }
    for term in terms {
        let expressions = as_map(term).entry("matchExpressions").or_insert_with(|| json!([]));
        if let Some(expressions) = expressions.as_array_mut()
            && !expressions.contains(&expression)
        {
            expressions.push(expression.clone());
        }
    }
}

/// Turns `mode: 0644` into the number that kubectl takes it for: in YAML 1.1 a leading zero
/// makes it octal, in YAML 1.2 a string. Tells whether there was any.
fn octal_modes(value: &mut Value) -> bool {
    match value {
        Value::Object(map) => {
            let mut any = false;
            for (key, value) in map.iter_mut() {
                let octal = value.as_str().filter(|_| key == "mode" || key == "defaultMode");
                let number = octal
                    .filter(|text| text.starts_with('0'))
                    .and_then(|text| i32::from_str_radix(text.trim_start_matches("0o"), 8).ok());
                match number {
                    Some(number) => {
                        *value = number.into();
                        any = true;
                    }
                    None => any |= octal_modes(value),
                }
            }
            any
        }
        Value::Array(list) => {
            // Every one, not only up to the first.
            let found = list.iter_mut().map(octal_modes).filter(|any| *any).count();
            found > 0
        }
        _ => false,
    }
}
