//! HorizontalPodAutoscalers and ScaledObjects in a file, as they are applied.
//!
//! Fields that the API does not have are refused, as `kubectl apply` does; what the API server
//! refuses is refused in its words.

use std::collections::BTreeMap;

use hpa_model::simulation::Template;
use hpa_model::{FeatureGates, HpaSpec, Invalid, validate};
use oppscale_cluster::Autoscaler;
use oppscale_cluster::autoscaler::{HPA, HPA_API, SCALED_OBJECT, quantities_as_text};
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::kinds;
use oppscale_core::model::Workload;
use oppscale_core::policy::Policy;
use oppscale_core::replica::Replica;
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{Document, DocumentError, Object};
use crate::manifest::{Refusal, strictly};

/// An HPA: the user's object, whole, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The object as the user wrote it, or as the API server holds it.
    pub object: Value,
    /// The HPA, or the one that KEDA makes of a ScaledObject.
    pub autoscaler: Autoscaler,
    /// Its spec as the HPA model takes it.
    pub spec: HpaSpec,
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
        let autoscaler = serde_json::from_value(object.clone()).unwrap_or_default();
        Self { object, autoscaler, spec }
    }

    /// An HPA as a list of the API server holds it.
    ///
    /// # Errors
    /// When a field has no such value.
    pub fn of_object(object: Value) -> anyhow::Result<Self> {
        let autoscaler: Autoscaler = serde_json::from_value(object.clone())?;
        let spec = autoscaler.spec()?;
        Ok(Self { object, autoscaler, spec })
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
pub fn manifests(document: &Document, gates: FeatureGates) -> Result<Vec<Manifest>, DocumentError> {
    let (objects, others) = document.objects(&[HPA, SCALED_OBJECT])?;
    if objects.is_empty() {
        let found = match others.as_slice() {
            [] => "an object without a kind".to_owned(),
            kinds => kinds.join(", "),
        };
        let problem = format!("expected a {HPA} of {HPA_API}, found {found}");
        return Err(DocumentError::new(document, problem));
    }
    objects.into_iter().map(|object| manifest(document, object, gates)).collect()
}

fn manifest(
    document: &Document,
    object: Object,
    gates: FeatureGates,
) -> Result<Manifest, DocumentError> {
    let autoscaler = match object.value["kind"] == SCALED_OBJECT {
        true => Autoscaler::of_scaled_object(&object.value)
            .map_err(|why| document.field_error(&object, "spec", &why))?,
        false => decode(document, &object)?,
    };
    let refuse = |invalid: Invalid| {
        let field = invalid.errors.first().map_or("", |error| error.field());
        let name = autoscaler.name();
        let problem = format!("the API server would refuse {HPA} {name}: {invalid}");
        document.field_error(&object, field, &problem)
    };
    let spec = autoscaler.spec().map_err(refuse)?;
    validate(&spec, gates).map_err(refuse)?;
    Ok(Manifest { object: object.value, autoscaler, spec })
}

fn decode(document: &Document, object: &Object) -> Result<Autoscaler, DocumentError> {
    let mut value = object.value.clone();
    let api = value["apiVersion"].as_str().unwrap_or_default();
    if api != HPA_API {
        let problem = format!(
            "apiVersion: expected {HPA_API}, found {api}; kubectl get hpa prints {HPA_API}"
        );
        return Err(document.field_error(object, "apiVersion", &problem));
    }
    // The controller writes the status; what stands there is not the user's to correct.
    value.as_object_mut().map(|object| object.remove("status"));
    quantities_as_text(&mut value);
    strictly(&value).map_err(|refusal| {
        let (field, problem) = match refusal {
            Refusal::Unknown(field) => (field, "unknown field".to_owned()),
            Refusal::Malformed { field, problem } => (field, problem),
        };
        // `metrics.0.external` as the API server writes it.
        let index = |part: &str| match part.parse::<usize>() {
            Ok(at) => format!("[{at}]"),
            Err(_) => format!(".{part}"),
        };
        let field: String = field.split('.').map(index).collect();
        let field = field.trim_start_matches('.');
        document.field_error(object, field, &format!("{field}: {problem}"))
    })
}

/// `terminationGracePeriodSeconds` where a pod has none.
const GRACE_SECONDS: u64 = 30;

/// A workload in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadFile {
    /// What a replica takes.
    pub replica: Replica,
    /// The PriorityClass by its name; and its value and whether its pods preempt, where the
    /// file holds it.
    pub class: Option<(String, Option<(i32, bool)>)>,
    /// How long a pod may take to end, milliseconds.
    pub grace_ms: u64,
    /// The policy in its annotations.
    pub policy: Policy,
}

/// The workload that `manifest` scales, if it is in the same file.
///
/// # Errors
/// When it cannot be counted, or its annotations cannot be read.
pub fn workload(
    document: &Document,
    manifest: &Manifest,
) -> Result<Option<WorkloadFile>, DocumentError> {
    let target = manifest.autoscaler.target();
    if !kinds::scalable().any(|kind| kind.name == target.kind) {
        return Ok(None);
    }
    let (found, _) = document.objects(&[&target.kind])?;
    let is_it = |object: &Value| {
        let metadata = &object["metadata"];
        metadata["name"] == target.name.as_str()
            && metadata["namespace"].as_str().unwrap_or_default() == manifest.autoscaler.namespace()
    };
    let found = found.into_iter().map(|object| object.value).find(is_it);
    let Some(object) = found else { return Ok(None) };
    let error = |problem: String| {
        let words = format!("{} {}: {problem}", target.kind, target.name);
        DocumentError::new(document, words)
    };
    let text = object.to_string();
    let parsed: Workload<'_> = serde_json::from_str(&text).map_err(|e| error(e.to_string()))?;
    let footprint =
        footprint_of_template(&parsed.spec.template.spec).map_err(|e| error(e.to_string()))?;
    let pod = &object["spec"]["template"]["spec"];
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(GRACE_SECONDS);
    let annotations: Option<BTreeMap<String, String>> =
        Option::deserialize(&object["metadata"]["annotations"])
            .map_err(|e| error(format!("metadata.annotations: {e}")))?;
    let annotations = annotations.unwrap_or_default();
    let pairs = annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let class = match pod["priorityClassName"].as_str() {
        Some(name) => Some((name.to_owned(), priority_class(document, name)?)),
        None => None,
    };
    Ok(Some(WorkloadFile {
        replica: Replica::from_footprint(footprint),
        class,
        grace_ms: grace.saturating_mul(1000),
        policy: Policy::of(pairs).map_err(|e| error(e.to_string()))?,
    }))
}

/// The value of a PriorityClass, and whether its pods preempt.
fn priority_class(document: &Document, name: &str) -> Result<Option<(i32, bool)>, DocumentError> {
    let (classes, _) = document.objects(&["PriorityClass"])?;
    let mut classes = classes.into_iter().map(|class| class.value);
    let class = classes.find(|class| class["metadata"]["name"] == name);
    Ok(class.and_then(|class| {
        let value = i32::try_from(class["value"].as_i64()?).ok()?;
        Some((value, class["preemptionPolicy"] != "Never"))
    }))
}

impl WorkloadFile {
    /// Makes the pods of a simulation its own.
    pub fn shape(&self, template: &mut Template) {
        template.replica = self.replica.clone();
        template.grace_ms = self.grace_ms;
        if let Some((_, Some((priority, preempts)))) = self.class {
            (template.priority, template.preempts) = (priority, preempts);
        }
    }
}
