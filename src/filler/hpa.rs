//! The HPA that `render-hpa` renders, applied to an HPA that exists.
//!
//! `templates/hpa.yaml` is the only generator of an HPA. A correction takes the metric and the
//! behavior from it; everything else of the object stays, and what is replaced or kept beside
//! it is named.

use hpa_model::verdict::{METRIC_NAME, capacity_metric, recommended_spec};
use hpa_model::{FeatureGates, HpaSpec};
use k8s_openapi::api::autoscaling::v2;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use oppscale_cluster::autoscaler::describe_metric;
use oppscale_cluster::{Autoscaler, label_selector};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::reserve::Reserve;
use serde_json::{Value, json};

use super::context::{Target, behavior};
use super::user_workload::remove_server_fields;
use crate::manifest::{ManifestError, Templates};

/// Why an HPA of KEDA's is not corrected.
pub const KEDA_OWNS: &str = "KEDA owns this HPA and undoes every edit. Change its ScaledObject; \
                             `oppscale render-hpa --pipeline keda` renders one.";

/// An HPA as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectedHpa {
    /// The object.
    pub object: Value,
    /// Notes on what was replaced or kept, and on what the workload needs, one line each.
    pub notes: Vec<String>,
}

impl CorrectedHpa {
    /// The manifest, with the notes above it as comments.
    ///
    /// # Errors
    /// When the object cannot be written as YAML.
    pub fn text(&self) -> anyhow::Result<String> {
        let notes: String = self.notes.iter().map(|note| format!("# {note}\n")).collect();
        Ok(notes + &yaml(&self.object)?)
    }
}

/// An object as YAML with a newline at its end.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn yaml(object: &Value) -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string(object)?.trim_end().to_owned() + "\n")
}

/// The correction of an HPA whose workload must leave `reserve` free; `None` if a ScaledObject
/// owns it, because KEDA would undo it.
///
/// # Errors
/// When the template does not render.
pub fn correct_hpa(
    object: &Value,
    hpa: &Autoscaler,
    spec: &HpaSpec,
    reserve: &Reserve,
    gates: FeatureGates,
) -> Result<Option<CorrectedHpa>, ManifestError> {
    if hpa.scaled_object().is_some() {
        return Ok(None);
    }
    let target = Target::of(hpa);
    let judged = capacity_metric(spec).and_then(|at| Some((at, hpa.metrics().get(at)?)));
    let selects = |metric: &v2::MetricSpec| {
        let metric = metric.external.as_ref().map(|source| &source.metric);
        metric.is_some_and(|m| m.name == METRIC_NAME && is_selected(m.selector.as_ref(), &target))
    };
    // An External metric that oppscale serves for this workload stays as it is.
    let stays = judged.filter(|(_, metric)| selects(metric));
    let recommended =
        recommended_spec((&target.kind, &target.name), spec.min_replicas, spec.max_replicas, gates);
    let context = json!({
        "name": hpa.name(),
        "namespace": hpa.namespace(),
        "target": target,
        "min_replicas": spec.effective_min(),
        "max_replicas": spec.max_replicas,
        "metric": METRIC_NAME,
        "external": stays.is_some(),
        "behavior": recommended.behavior.as_ref().map(behavior),
    });
    let rendered = Templates::new(None)?.render("hpa.yaml", context)?;
    let rendered = rendered.first().map(|document| document.value()["spec"].clone());
    let rendered = rendered.unwrap_or_default();
    let mut metric = rendered["metrics"][0].clone();
    let mut object = object.clone();
    remove_server_fields(&mut object);
    let mut metrics = match object["spec"]["metrics"].take() {
        Value::Array(metrics) => metrics,
        _ => Vec::new(),
    };
    let mut notes = vec![
        format!("{METRIC_NAME}: the replicas that fit, without the workload's own pods."),
        "oppscale serve answers it for a workload with this label and this reserve:".to_owned(),
    ];
    let namespace = match hpa.namespace() {
        "" => String::new(),
        namespace => format!(" -n {namespace}"),
    };
    let (kind, name) = (target.kind.to_lowercase(), &target.name);
    let of = format!("{kind} {name}");
    notes.push(format!("  kubectl{namespace} label {of} {OPPORTUNISTIC_LABEL}=true"));
    notes.push(format!("  kubectl{namespace} annotate {of} oppscale.dev/reserve={reserve}"));
    match judged.and_then(|(at, old)| Some((old, metrics.get_mut(at)?))) {
        Some((old, place)) => {
            if stays.is_some() {
                metric["external"]["metric"] = place["external"]["metric"].take();
            } else if place["object"]["metric"]["name"] != METRIC_NAME
                || place["object"] != metric["object"]
            {
                notes.push(format!("Replaced: {}.", describe_metric(old)));
            }
            *place = metric;
        }
        None => metrics.push(metric),
    }
    for (at, other) in hpa.metrics().iter().enumerate() {
        if judged.is_none_or(|(judged, _)| judged != at) {
            notes.push(format!(
                "Kept: {}. An HPA follows the metric that asks for the most replicas.",
                describe_metric(other)
            ));
        }
    }
    let was = object["spec"]["behavior"].take();
    if !was.is_null() && was != rendered["behavior"] {
        notes.push("Replaced: behavior.".to_owned());
    }
    object["spec"]["metrics"] = Value::Array(metrics);
    object["spec"]["behavior"] = rendered["behavior"].clone();
    Ok(Some(CorrectedHpa { object, notes }))
}

/// Whether oppscale serve answers an External metric of this selector for the workload alone:
/// its series carry its kind and name.
fn is_selected(selector: Option<&LabelSelector>, target: &Target) -> bool {
    let kind = target.kind.to_lowercase();
    // Without the name it could select another workload, too.
    let matches =
        |labels: &[(&str, &str)]| label_selector::matches(selector, labels.iter().copied());
    matches(&[(&kind, &target.name)]) && !matches(&[])
}
