//! The workload that an HPA scales, where the same file holds it: what of it decides how the
//! loop goes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use hpa_model::simulation::Template;
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::kinds;
use oppscale_core::model::Workload;
use oppscale_core::policy::Policy;
use oppscale_core::replica::Replica;

use super::document::{Document, DocumentError};
use super::manifest::Manifest;

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
