//! HorizontalPodAutoscalers and ScaledObjects in a file, as they are applied.
//!
//! Fields that the API does not have are refused, as `kubectl apply` does; what the API server
//! refuses is refused in its words.

use std::collections::BTreeMap;

use hpa_model::simulation::Setup;
use hpa_model::{FeatureGates, HpaSpec, Invalid, validate};
use oppscale_cluster::autoscaler::{
    HPA, HPA_API, SCALED_OBJECT, Unconvertible, convert, quantities_as_text,
};
use oppscale_cluster::typed;
use oppscale_cluster::{Autoscaler, PodRules};
use oppscale_core::check::retired;
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::kinds;
use oppscale_core::limits;
use oppscale_core::model::Workload;
use oppscale_core::policy::Policy;
use oppscale_core::quantity::Quantity;
use oppscale_core::replica::Replica;
use oppscale_core::resources::Amount;
use serde::Deserialize;
use serde_json::{Value, json};

use super::source_file::{Object, SourceFile, SourceFileError};

/// An HPA: the user's object, whole, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The object as the user wrote it, or as the API server holds it.
    pub object: Value,
    /// The HPA, or the one that KEDA creates from a ScaledObject.
    pub autoscaler: Autoscaler,
    /// Its spec as the HPA model takes it.
    pub spec: HpaSpec,
    /// Notes for the user.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// An HPA of this spec that scales the Deployment `name`. Its metrics are those of the spec
    /// only; the object has none.
    pub fn named(name: &str, spec: HpaSpec) -> Self {
        let object = json!({
            "apiVersion": HPA_API,
            "kind": HPA,
            "metadata": { "name": name },
            "spec": {
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "minReplicas": spec.min_replicas,
                "maxReplicas": spec.max_replicas,
            },
        });
        let autoscaler = typed::read(&object).unwrap_or_default();
        Self { object, autoscaler, spec, warnings: Vec::new() }
    }

    /// An HPA as a list of the API server holds it.
    ///
    /// # Errors
    /// When a field has no such value.
    pub fn of_object(object: Value) -> anyhow::Result<Self> {
        let autoscaler: Autoscaler = typed::read(&object)?;
        let spec = autoscaler.spec()?;
        Ok(Self { object, autoscaler, spec, warnings: Vec::new() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.autoscaler.name()
    }
}

/// The HPAs of a file; other objects in it are passed over.
///
/// # Errors
/// When there is none, or the API server would refuse one.
pub fn manifests(file: &SourceFile, gates: FeatureGates) -> Result<Vec<Manifest>, SourceFileError> {
    let (objects, others) = file.objects(&[HPA, SCALED_OBJECT])?;
    if objects.is_empty() {
        let found = match others.as_slice() {
            [] => "an object without a kind".to_owned(),
            kinds => kinds.join(", "),
        };
        let problem = format!("expected a {HPA} or a {SCALED_OBJECT}, found {found}");
        return Err(SourceFileError::new(file, problem));
    }
    let read: Result<Vec<_>, _> =
        objects.into_iter().map(|object| manifest(file, object, gates)).collect();
    let mut read = read?;
    // Beside a ScaledObject, the HPA that KEDA has made of it is the same HPA.
    let owner = |manifest: &Manifest| {
        let of = &manifest.autoscaler;
        (of.namespace().to_owned(), of.scaled_object().map(str::to_owned))
    };
    let is_scaled_object = |manifest: &Manifest| manifest.object["kind"] == SCALED_OBJECT;
    let made: Vec<_> = read.iter().filter(|m| !is_scaled_object(m)).map(owner).collect();
    read.retain(|manifest| !is_scaled_object(manifest) || !made.contains(&owner(manifest)));
    Ok(read)
}

fn manifest(
    file: &SourceFile,
    object: Object,
    gates: FeatureGates,
) -> Result<Manifest, SourceFileError> {
    let mut warnings = Vec::new();
    let (value, mut autoscaler) = match object.value["kind"] == SCALED_OBJECT {
        true => (
            object.value.clone(),
            Autoscaler::of_scaled_object(&object.value)
                .map_err(|why| file.field_error(&object, "spec", &why))?,
        ),
        false => decode(file, &object, &mut warnings)?,
    };
    let invalid_fields = autoscaler.invalid_fields();
    // Before it is created, a generated name is its prefix.
    if let (None | Some(""), Some(prefix)) =
        (autoscaler.0.metadata.name.as_deref(), &autoscaler.0.metadata.generate_name)
    {
        autoscaler.0.metadata.name = Some(format!("{prefix}*"));
    }
    let spec = autoscaler.spec();
    let of_spec = spec.as_ref().map_or_else(
        |invalid| invalid.errors.clone(),
        |spec| validate(spec, gates).err().map(|invalid| invalid.errors).unwrap_or_default(),
    );
    let refuse = |invalid: Invalid| {
        let field = invalid.errors.first().map_or("", |error| error.field());
        let name = autoscaler.name();
        let problem = format!("the API server would refuse {HPA} {name}: {invalid}");
        file.field_error(&object, field, &problem)
    };
    let errors: Vec<_> = invalid_fields.into_iter().chain(of_spec).collect();
    match spec {
        Ok(spec) if errors.is_empty() => Ok(Manifest { object: value, autoscaler, spec, warnings }),
        _ => Err(refuse(Invalid { errors })),
    }
}

/// Reads an HPA of any version of its API; gives its `autoscaling/v2` form, too.
fn decode(
    file: &SourceFile,
    object: &Object,
    warnings: &mut Vec<String>,
) -> Result<(Value, Autoscaler), SourceFileError> {
    let mut value = object.value.clone();
    // The controller writes the status; what stands there is not the user's to correct.
    value.as_object_mut().map(|object| object.remove("status"));
    let api = value["apiVersion"].as_str().unwrap_or_default().to_owned();
    let metadata = &value["metadata"];
    let name = metadata["name"].as_str().filter(|name| !name.is_empty());
    let name = name.or(metadata["generateName"].as_str());
    let name = name.unwrap_or_default().to_owned();
    if let Some(retired) = retired::api(&api, HPA) {
        warnings.push(format!(
            "{name}: {api} is retired: Kubernetes {} was the last release to serve it. It is read \
             as {HPA_API}",
            retired.last
        ));
    }
    warnings.extend(annotations_as_text(&mut value).into_iter().map(|key| {
        format!("{name}: annotation {key} is not text, so kubectl refuses it; put it in quotes")
    }));
    let refused = |field: &str, problem: String| {
        file.field_error(object, field, &format!("{field}: {problem}"))
    };
    let mut value =
        convert(value).map_err(|Unconvertible { field, problem }| refused(&field, problem))?;
    quantities_as_text(&mut value);
    let autoscaler = typed::read_strictly(&value)
        .map_err(|refusal| file.field_error(object, refusal.field(), &refusal.to_string()))?;
    Ok((value, autoscaler))
}

/// Turns numbers and booleans in annotations, such as an unquoted `y`, into text; returns their
/// keys.
fn annotations_as_text(object: &mut Value) -> Vec<String> {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let mut keys = Vec::new();
    for (key, value) in annotations.into_iter().flatten() {
        if value.is_boolean() || value.is_number() {
            *value = value.to_string().into();
            keys.push(key.clone());
        }
    }
    keys
}

/// `terminationGracePeriodSeconds` where a pod has none.
const GRACE_SECONDS: u64 = 30;

/// A workload in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadFile {
    /// Requests of a replica.
    pub replica: Replica,
    /// The PriorityClass by its name; and its value and whether its pods preempt, where the
    /// file holds it.
    pub class: Option<(String, Option<(i32, bool)>)>,
    /// Termination grace period, milliseconds.
    pub grace_ms: u64,
    /// Cpu of its containers and sidecars, which the HPA adds up.
    pub containers: Vec<ContainerCpu>,
    /// Cpu that the pod itself requests, millicores; it takes the place of its containers'.
    pub pod_request_milli: Option<u64>,
    /// Delay of its readiness by probes, milliseconds.
    pub probe_ms: u64,
    /// The policy in its annotations.
    pub policy: Policy,
    /// Millicores that a replica can use at most; 0 if a container has no CPU limit.
    pub cpu_limit: Amount,
    /// Whether a node holds one of its pods only.
    pub is_one_per_node: bool,
}

/// Cpu of a container, millicores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerCpu {
    /// Its name.
    pub name: String,
    /// Its request; a limit replaces a missing request.
    pub request: Option<u64>,
    /// Its limit.
    pub limit: Option<u64>,
}

/// The workload that `manifest` scales, if it is in the same file.
///
/// # Errors
/// When it cannot be counted, or its annotations cannot be read.
pub fn workload(
    file: &SourceFile,
    manifest: &Manifest,
) -> Result<Option<WorkloadFile>, SourceFileError> {
    let target = manifest.autoscaler.target();
    let Some(kind) = kinds::scalable().find(|kind| kind.name == target.kind) else {
        return Ok(None);
    };
    let (found, _) = file.objects(&[&target.kind])?;
    let is_it = |object: &Value| {
        let metadata = &object["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or_default();
        metadata["name"] == target.name.as_str()
            && or_default(namespace) == or_default(manifest.autoscaler.namespace())
    };
    let found = found.into_iter().map(|object| object.value).find(is_it);
    let Some(object) = found else { return Ok(None) };
    let error = |problem: String| {
        let words = format!("{} {}: {problem}", target.kind, target.name);
        SourceFileError::new(file, words)
    };
    let text = object.to_string();
    let parsed: Workload<'_> = serde_json::from_str(&text).map_err(|e| error(e.to_string()))?;
    let footprint =
        footprint_of_template(&parsed.spec.template.spec).map_err(|e| error(e.to_string()))?;
    let cpu_limit =
        limits::cpu_of_template(&parsed.spec.template.spec).map_err(|e| error(e.to_string()))?;
    let pod = &object["spec"]["template"]["spec"];
    let namespace = Some(or_default(manifest.autoscaler.namespace()));
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(GRACE_SECONDS);
    let annotations: Option<BTreeMap<String, String>> =
        Option::deserialize(&object["metadata"]["annotations"])
            .map_err(|e| error(format!("metadata.annotations: {e}")))?;
    let annotations = annotations.unwrap_or_default();
    let pairs = annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let class = match pod["priorityClassName"].as_str() {
        Some(name) => Some((name.to_owned(), priority_class(file, name)?)),
        None => None,
    };
    let containers: Vec<_> = pod["containers"].as_array().into_iter().flatten().collect();
    let cpu = |of: &Value, which: &str| {
        let cpu = &of["resources"][which]["cpu"];
        let text = cpu.as_str().map(str::to_owned);
        let text = text.or_else(|| cpu.is_number().then(|| cpu.to_string()))?;
        u64::try_from(text.parse::<Quantity>().ok()?.milli_value().value).ok()
    };
    let sidecars = pod["initContainers"].as_array().into_iter().flatten();
    let sidecars = sidecars.filter(|container| container["restartPolicy"] == "Always");
    let of_container = |container: &Value| ContainerCpu {
        name: container["name"].as_str().unwrap_or_default().to_owned(),
        // The API server takes a limit for the request where there is none.
        request: cpu(container, "requests").or_else(|| cpu(container, "limits")),
        limit: cpu(container, "limits"),
    };
    Ok(Some(WorkloadFile {
        containers: containers.iter().copied().chain(sidecars).map(of_container).collect(),
        pod_request_milli: cpu(pod, "requests"),
        probe_ms: containers.iter().map(|container| probe_ms(container)).max().unwrap_or(0),
        replica: Replica::from_footprint(footprint),
        class,
        grace_ms: grace.saturating_mul(1000),
        policy: Policy::of(pairs).map_err(|e| error(e.to_string()))?,
        cpu_limit,
        is_one_per_node: PodRules::of_object(kind, &object, namespace).is_one_per_node,
    }))
}

/// The namespace of an object that may leave it out.
fn or_default(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}

/// Delay of a container's readiness by its probes: the start of the first, and one period of the
/// readiness probe.
fn probe_ms(container: &Value) -> u64 {
    let seconds = |probe: &str, field: &str, usual: u64| match container[probe].is_object() {
        true => container[probe][field].as_u64().unwrap_or(usual),
        false => 0,
    };
    let startup = seconds("startupProbe", "initialDelaySeconds", 0);
    let readiness = seconds("readinessProbe", "initialDelaySeconds", 0).saturating_add(seconds(
        "readinessProbe",
        "periodSeconds",
        10,
    ));
    startup.saturating_add(readiness).saturating_mul(1000)
}

/// The value of a PriorityClass, and whether its pods preempt.
fn priority_class(file: &SourceFile, name: &str) -> Result<Option<(i32, bool)>, SourceFileError> {
    let (classes, _) = file.objects(&["PriorityClass"])?;
    let mut classes = classes.into_iter().map(|class| class.value);
    let class = classes.find(|class| class["metadata"]["name"] == name);
    Ok(class.and_then(|class| {
        let value = i32::try_from(class["value"].as_i64()?).ok()?;
        Some((value, class["preemptionPolicy"] != "Never"))
    }))
}

impl WorkloadFile {
    /// Makes the filler of a simulation its own.
    pub fn shape(&self, setup: &mut Setup) {
        let template = &mut setup.filler.template;
        template.replica = self.replica.clone();
        template.grace_ms = self.grace_ms;
        if let Some((_, Some((priority, preempts)))) = self.class {
            (template.priority, template.preempts) = (priority, preempts);
        }
        if self.is_one_per_node {
            setup.hold_one_filler_per_node();
        }
    }
}
