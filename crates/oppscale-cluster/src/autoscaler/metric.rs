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

/// The block of a metric in a spec.
pub(super) struct Block<'a> {
    /// Name of the metric or resource.
    pub(super) name: &'a str,
    /// The source, as the HPA model takes it.
    source: MetricSource,
    /// Selector of the series.
    selector: Option<&'a LabelSelector>,
    /// Object that the metric describes.
    pub(super) object: Option<&'a v2::CrossVersionObjectReference>,
    /// Target.
    pub(super) target: &'a v2::MetricTarget,
}

impl<'a> Block<'a> {
    /// The types of metrics, each with its field, and its block if the metric has it; a valid one
    /// has exactly that of its type.
    fn by_type(metric: &'a v2::MetricSpec) -> [(&'static str, &'static str, Option<Self>); 5] {
        let v2::MetricSpec { container_resource, external, object, pods, resource, type_: _ } =
            metric;
        let of_resource =
            |name, source, target| Self { name, source, selector: None, object: None, target };
        let of_series = |metric: &'a v2::MetricIdentifier,
                         source: &dyn Fn(MetricIdentifier) -> MetricSource,
                         target| {
            let selector = metric.selector.as_ref();
            let match_labels = selector.and_then(|selector| selector.match_labels.clone());
            let source = source(MetricIdentifier { name: metric.name.clone(), match_labels });
            Self { selector, ..of_resource(&metric.name, source, target) }
        };
        let container = container_resource.as_ref().map(|of| {
            let (resource, container) = (ResourceName::from(&*of.name), of.container.clone());
            let source = MetricSource::ContainerResource { resource, container };
            of_resource(&of.name, source, &of.target)
        });
        let external =
            external.as_ref().map(|of| of_series(&of.metric, &MetricSource::External, &of.target));
        let object = object.as_ref().map(|of| {
            let object = &of.described_object;
            let source = |metric| MetricSource::Object {
                metric,
                kind: object.kind.clone(),
                name: object.name.clone(),
            };
            Self { object: Some(object), ..of_series(&of.metric, &source, &of.target) }
        });
        let pods = pods.as_ref().map(|of| of_series(&of.metric, &MetricSource::Pods, &of.target));
        let resource = resource.as_ref().map(|of| {
            let source = MetricSource::Resource(ResourceName::from(&*of.name));
            of_resource(&of.name, source, &of.target)
        });
        [
            ("ContainerResource", "containerResource", container),
            ("External", "external", external),
            ("Object", "object", object),
            ("Pods", "pods", pods),
            ("Resource", "resource", resource),
        ]
    }

    /// The block of a metric.
    pub(super) fn of(metric: &'a v2::MetricSpec) -> Option<Self> {
        Self::by_type(metric).into_iter().find_map(|(.., block)| block)
    }

    /// Whether it is the usage of a resource: a Resource or ContainerResource metric.
    pub(super) fn is_resource(&self) -> bool {
        self.source.resource().is_some()
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
    let is_its = |(kind, ..): &(&str, &str, Option<Block<'_>>)| *kind == metric.type_;
    let Some((_, field, block)) = Block::by_type(metric).into_iter().find(is_its) else {
        let supported = Block::by_type(metric).map(|(kind, ..)| format!("{kind:?}")).join(", ");
        return Err(unsupported(format!("{path}.type"), &metric.type_, &supported));
    };
    let block = block.ok_or_else(|| FieldError::Required {
        field: format!("{path}.{field}"),
        detail: "must populate information for the given metric source",
    })?;
    let target = target_of(block.target, &format!("{path}.{field}.target"))?;
    Ok(MetricSpec { source: block.source, target })
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
    let types = Block::by_type(metric);
    // The block of an unknown type is not in excess.
    if types.iter().any(|(kind, ..)| *kind == metric.type_) {
        let others =
            types.iter().filter(|(kind, _, block)| block.is_some() && *kind != metric.type_);
        errors.extend(others.map(|(_, field, _)| FieldError::Forbidden {
            field: format!("{path}.{field}"),
            detail: "must populate the given metric source only",
        }));
    }
    for object in types.iter().filter_map(|(.., block)| block.as_ref()?.object) {
        let path = format!("{path}.object.describedObject");
        let mut found = Vec::new();
        validation::reference(object, &path, true, &mut found);
        // The spec's own check covers kind and name.
        errors.extend(found.into_iter().filter(|error| error.field().ends_with("apiVersion")));
    }
    for (_, field, block) in &types {
        if let Some(selector) = block.as_ref().and_then(|block| block.selector) {
            validation::selector(selector, &format!("{path}.{field}.metric.selector"), errors);
        }
    }
}
