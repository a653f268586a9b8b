//! `autoscaling/v2` HorizontalPodAutoscalers as they are applied.
//!
//! Fields that the API does not have are refused, as `kubectl apply` does; what the API server
//! refuses is said in its words.

use std::collections::BTreeMap;

use serde::Deserialize;

use hpa_model::{FeatureGates, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, validate};

use super::behavior::BehaviorFile;
use super::document::{Document, DocumentError};
use super::metric::{TargetFile, resource};
use super::wire::Count;

/// The kind that is looked for.
const KIND: &str = "HorizontalPodAutoscaler";
/// Its API.
const API: &str = "autoscaling/v2";

/// An HPA and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// What it scales.
    pub target: ScaleTarget,
    /// The objects that its metrics describe, with their API versions.
    pub objects: Vec<ScaleTarget>,
    /// The HPA itself.
    pub spec: HpaSpec,
}

/// `scaleTargetRef`, or another reference to an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScaleTarget {
    /// `apiVersion`.
    pub api_version: Option<String>,
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: Metadata,
    spec: SpecFile,
    #[serde(rename = "status")]
    _status: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpecFile {
    scale_target_ref: ScaleTarget,
    min_replicas: Option<Count>,
    max_replicas: Count,
    #[serde(default)]
    metrics: Vec<MetricFile>,
    behavior: Option<BehaviorFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MetricFile {
    r#type: SourceFile,
    external: Option<ExternalFile>,
    object: Option<ObjectFile>,
    pods: Option<ExternalFile>,
    resource: Option<ResourceFile>,
    container_resource: Option<ResourceFile>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum SourceFile {
    External,
    Object,
    Pods,
    Resource,
    ContainerResource,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExternalFile {
    metric: IdentifierFile,
    target: TargetFile,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ObjectFile {
    described_object: ScaleTarget,
    metric: IdentifierFile,
    target: TargetFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceFile {
    name: String,
    container: Option<String>,
    target: TargetFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifierFile {
    name: String,
    selector: Option<SelectorFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelectorFile {
    match_labels: Option<BTreeMap<String, String>>,
}

/// The HPAs of a file; other objects in it are passed over.
///
/// # Errors
/// When there is none, or the API server would refuse one.
pub fn manifests(document: &Document, gates: FeatureGates) -> Result<Vec<Manifest>, DocumentError> {
    let (files, others) = document.parse_kind::<File>(KIND)?;
    let error = |problem: String| DocumentError::new(document, problem);
    if files.is_empty() {
        let found = match others.as_slice() {
            [] => "an object without a kind".to_owned(),
            kinds => kinds.join(", "),
        };
        return Err(error(format!("expected a {KIND} of {API}, found {found}")));
    }
    let mut manifests = Vec::new();
    for file in files {
        if file.api_version != API {
            return Err(error(format!(
                "apiVersion: expected {API}, found {}; kubectl get hpa prints {API}",
                file.api_version
            )));
        }
        let name = &file.metadata.name;
        let refuse = |problem: String| {
            error(format!("the API server would refuse HorizontalPodAutoscaler {name}: {problem}"))
        };
        let spec = file.spec.spec().map_err(refuse)?;
        validate(&spec, gates).map_err(|invalid| refuse(invalid.to_string()))?;
        let objects = file.spec.metrics.iter().filter_map(|metric| metric.object.as_ref());
        let objects = objects.map(|object| object.described_object.clone()).collect();
        manifests.push(Manifest {
            objects,
            name: file.metadata.name,
            namespace: file.metadata.namespace,
            target: file.spec.scale_target_ref,
            spec,
        });
    }
    Ok(manifests)
}

impl SpecFile {
    fn spec(&self) -> Result<HpaSpec, String> {
        let metrics = self.metrics.iter().enumerate().map(|(at, metric)| metric.metric(at));
        Ok(HpaSpec {
            min_replicas: self.min_replicas.map(|count| count.0),
            max_replicas: self.max_replicas.0,
            metrics: metrics.collect::<Result<_, _>>()?,
            behavior: self.behavior.as_ref().map(BehaviorFile::behavior),
        })
    }
}

impl MetricFile {
    fn metric(&self, at: usize) -> Result<MetricSpec, String> {
        let (block, found) = match self.r#type {
            SourceFile::External => {
                let of = |file: &ExternalFile| MetricSource::External(file.metric.identifier());
                ("external", self.external.as_ref().map(|file| (of(file), &file.target)))
            }
            SourceFile::Object => {
                let of = |file: &ObjectFile| MetricSource::Object {
                    metric: file.metric.identifier(),
                    kind: file.described_object.kind.clone(),
                    name: file.described_object.name.clone(),
                };
                ("object", self.object.as_ref().map(|file| (of(file), &file.target)))
            }
            SourceFile::Pods => {
                let of = |file: &ExternalFile| MetricSource::Pods(file.metric.identifier());
                ("pods", self.pods.as_ref().map(|file| (of(file), &file.target)))
            }
            SourceFile::Resource => {
                let of = |file: &ResourceFile| MetricSource::Resource(resource(&file.name));
                ("resource", self.resource.as_ref().map(|file| (of(file), &file.target)))
            }
            SourceFile::ContainerResource => {
                let of = |file: &ResourceFile| MetricSource::ContainerResource {
                    resource: resource(&file.name),
                    container: file.container.clone().unwrap_or_default(),
                };
                let file = self.container_resource.as_ref();
                ("containerResource", file.map(|file| (of(file), &file.target)))
            }
        };
        let (source, target) = found.ok_or_else(|| {
            format!(
                "spec.metrics[{at}].{block}: Required value: must populate information for the \
                 given metric source"
            )
        })?;
        if !target.has_type() {
            return Err(format!(
                "spec.metrics[{at}].{block}.target.type: Required value: must specify a metric \
                 target type: Utilization, Value or AverageValue"
            ));
        }
        Ok(MetricSpec { source, target: target.target() })
    }
}

impl IdentifierFile {
    fn identifier(&self) -> MetricIdentifier {
        MetricIdentifier {
            name: self.name.clone(),
            match_labels: self.selector.as_ref().and_then(|s| s.match_labels.clone()),
        }
    }
}
