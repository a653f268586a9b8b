//! The blocks of an HPA's metrics: how they are decoded for the HPA model, and the API server's
//! validation of what the model leaves out.

use hpa_model::{
    FieldError, MetricIdentifier, MetricSource, MetricSpec, MetricTarget, ResourceName, TargetType,
};
use k8s_openapi::api::autoscaling::v2;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as QuantityText;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::validation;
use super::{quantity, unsupported};
use crate::label_selector;

/// The types of metrics.
const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

/// The block of a metric in a spec.
pub(super) struct Block<'a> {
    /// The `type` that it belongs to.
    kind: &'static str,
    /// Its field.
    field: &'static str,
    /// Name of the metric or resource.
    pub(super) name: &'a str,
    /// Selector of the series.
    selector: Option<&'a LabelSelector>,
    /// Object that the metric describes.
    pub(super) object: Option<&'a v2::CrossVersionObjectReference>,
    /// Target.
    pub(super) target: &'a v2::MetricTarget,
}

impl<'a> Block<'a> {
    /// All blocks of a metric; a valid one has exactly one.
    fn all(metric: &'a v2::MetricSpec) -> impl Iterator<Item = Self> {
        let v2::MetricSpec { container_resource, external, object, pods, resource, type_: _ } =
            metric;
        let of_resource = |kind, field, name, target| Self {
            kind,
            field,
            name,
            selector: None,
            object: None,
            target,
        };
        let of_series = |kind, field, metric: &'a v2::MetricIdentifier, target| Self {
            selector: metric.selector.as_ref(),
            ..of_resource(kind, field, &metric.name, target)
        };
        let container = container_resource
            .as_ref()
            .map(|of| of_resource("ContainerResource", "containerResource", &of.name, &of.target));
        let external =
            external.as_ref().map(|of| of_series("External", "external", &of.metric, &of.target));
        let object = object.as_ref().map(|of| Self {
            object: Some(&of.described_object),
            ..of_series("Object", "object", &of.metric, &of.target)
        });
        let pods = pods.as_ref().map(|of| of_series("Pods", "pods", &of.metric, &of.target));
        let resource =
            resource.as_ref().map(|of| of_resource("Resource", "resource", &of.name, &of.target));
        [container, external, object, pods, resource].into_iter().flatten()
    }

    /// The block of a metric.
    pub(super) fn of(metric: &'a v2::MetricSpec) -> Option<Self> {
        Self::all(metric).next()
    }

    /// Whether it is the usage of a resource: a Resource or ContainerResource metric.
    pub(super) fn is_resource(&self) -> bool {
        matches!(self.kind, "Resource" | "ContainerResource")
    }

    /// The selector of its series as a query takes it; empty if it has none.
    pub(super) fn series(&self) -> String {
        self.selector.map(label_selector::text).unwrap_or_default()
    }
}

/// Name and value of a metric in a status.
pub(super) fn current(metric: &v2::MetricStatus) -> Option<(&str, &v2::MetricValueStatus)> {
    let v2::MetricStatus { container_resource, external, object, pods, resource, type_: _ } =
        metric;
    None.or(container_resource.as_ref().map(|m| (&*m.name, &m.current)))
        .or(external.as_ref().map(|m| (&*m.metric.name, &m.current)))
        .or(object.as_ref().map(|m| (&*m.metric.name, &m.current)))
        .or(pods.as_ref().map(|m| (&*m.metric.name, &m.current)))
        .or(resource.as_ref().map(|m| (&*m.name, &m.current)))
}

/// A metric for people: `External metric jobs (selector queue=mail)`.
#[must_use]
pub fn describe_metric(metric: &v2::MetricSpec) -> String {
    let mut text = format!("{} metric", metric.type_);
    if let Some(block) = Block::of(metric) {
        text.push_str(&format!(" {}", block.name));
        if block.selector.is_some() {
            text.push_str(&format!(" (selector {})", block.series()));
        }
        if let Some(object) = block.object {
            text.push_str(&format!(" of {} {}", object.kind, object.name));
        }
    }
    text
}

/// A metric of a spec, as the HPA model takes it.
pub(super) fn decode(metric: &v2::MetricSpec, path: &str) -> Result<MetricSpec, FieldError> {
    let identifier = |metric: &v2::MetricIdentifier| MetricIdentifier {
        name: metric.name.clone(),
        match_labels: metric.selector.as_ref().and_then(|s| s.match_labels.clone()),
    };
    let resource = |name: &str| ResourceName::from(name);
    let (block, found) = match metric.type_.as_str() {
        "External" => {
            let source = metric.external.as_ref();
            ("external", source.map(|s| (MetricSource::External(identifier(&s.metric)), &s.target)))
        }
        "Object" => {
            let source = metric.object.as_ref().map(|source| {
                let object = &source.described_object;
                let of_object = MetricSource::Object {
                    metric: identifier(&source.metric),
                    kind: object.kind.clone(),
                    name: object.name.clone(),
                };
                (of_object, &source.target)
            });
            ("object", source)
        }
        "Pods" => {
            let source = metric.pods.as_ref();
            ("pods", source.map(|s| (MetricSource::Pods(identifier(&s.metric)), &s.target)))
        }
        "Resource" => {
            let source = metric.resource.as_ref();
            ("resource", source.map(|s| (MetricSource::Resource(resource(&s.name)), &s.target)))
        }
        "ContainerResource" => {
            let source = metric.container_resource.as_ref().map(|source| {
                let (resource, container) = (resource(&source.name), source.container.clone());
                (MetricSource::ContainerResource { resource, container }, &source.target)
            });
            ("containerResource", source)
        }
        other => {
            let supported =
                "\"ContainerResource\", \"External\", \"Object\", \"Pods\", \"Resource\"";
            return Err(unsupported(format!("{path}.type"), other, supported));
        }
    };
    let (source, target) = found.ok_or_else(|| FieldError::Required {
        field: format!("{path}.{block}"),
        detail: "must populate information for the given metric source",
    })?;
    Ok(MetricSpec { source, target: target_of(target, &format!("{path}.{block}.target"))? })
}

fn target_of(target: &v2::MetricTarget, path: &str) -> Result<MetricTarget, FieldError> {
    let kind = match target.type_.as_str() {
        "Value" => TargetType::Value,
        "AverageValue" => TargetType::AverageValue,
        "Utilization" => TargetType::Utilization,
        "" => {
            return Err(FieldError::Required {
                field: format!("{path}.type"),
                detail: "must specify a metric target type: Utilization, Value or AverageValue",
            });
        }
        other => {
            let supported = "\"AverageValue\", \"Utilization\", \"Value\"";
            return Err(unsupported(format!("{path}.type"), other, supported));
        }
    };
    let milli = |name: &str, value: &Option<QuantityText>| match value {
        None => Ok(None),
        Some(text) => quantity(text, format!("{path}.{name}")).map(|q| Some(q.milli_value().value)),
    };
    Ok(MetricTarget {
        kind,
        value: milli("value", &target.value)?,
        average_value: milli("averageValue", &target.average_value)?,
        average_utilization: target.average_utilization,
    })
}

/// The validation of a metric's block.
pub(super) fn validate(metric: &v2::MetricSpec, path: &str, errors: &mut Vec<FieldError>) {
    // The block of an unknown type is not in excess.
    if TYPES.contains(&&*metric.type_) {
        for block in Block::all(metric).filter(|block| block.kind != metric.type_) {
            errors.push(FieldError::Forbidden {
                field: format!("{path}.{}", block.field),
                detail: "must populate the given metric source only",
            });
        }
    }
    for object in Block::all(metric).filter_map(|block| block.object) {
        let path = format!("{path}.object.describedObject");
        let mut found = Vec::new();
        validation::reference(object, &path, true, &mut found);
        // The spec's own check covers kind and name.
        errors.extend(found.into_iter().filter(|error| error.field().ends_with("apiVersion")));
    }
    for block in Block::all(metric) {
        if let Some(selector) = block.selector {
            let path = format!("{path}.{}.metric.selector", block.field);
            validation::selector(selector, &path, errors);
        }
    }
}
