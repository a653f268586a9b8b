//! HorizontalPodAutoscalers and ScaledObjects in a file, as they are applied.
//!
//! Fields that the API does not have are refused, as `kubectl apply` does; what the API server
//! refuses is refused in its words.

use hpa_model::{FeatureGates, HpaSpec, Invalid, validate};
use oppscale_cluster::Autoscaler;
use oppscale_cluster::autoscaler::{HPA, HPA_API, SCALED_OBJECT, quantities_as_text};
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
