//! Validation of an HPA outside the values of its spec, in the API server's words: metadata, the
//! reference to its target, blocks of metrics (`pkg/apis/autoscaling/validation`, 1.36).

use hpa_model::FieldError;
use k8s_openapi::api::autoscaling::v2;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use oppscale_core::names::{
    is_annotation_key, is_dns_label, is_label_value, is_path_segment, is_qualified_name,
    is_subdomain,
};

use super::{Autoscaler, metric};

/// The only kind of the core API that has a scale. oppscale reads none of its objects.
pub(super) const CORE_KIND: &str = "ReplicationController";
const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                    characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL: &str = "a valid label must be an empty string or consist of at most 63 alphanumeric \
                     characters, '-', '_' or '.', and must start and end with an alphanumeric \
                     character";
const KEY: &str = "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and \
                   must start and end with an alphanumeric character, with an optional DNS \
                   subdomain prefix and '/'";

impl Autoscaler {
    /// The fields outside the values of the spec that the API server refuses, in its words;
    /// [`hpa_model::validate`] checks the spec.
    pub fn invalid_fields(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        metadata(&self.0.metadata, &mut errors);
        let Some(spec) = &self.0.spec else { return errors };
        let target = &spec.scale_target_ref;
        reference(target, "spec.scaleTargetRef", target.kind == CORE_KIND, &mut errors);
        for (at, metric) in spec.metrics.iter().flatten().enumerate() {
            metric::validate(metric, &format!("spec.metrics[{at}]"), &mut errors);
        }
        errors
    }
}

fn invalid(field: impl Into<String>, value: &str, detail: &str) -> FieldError {
    FieldError::Invalid {
        field: field.into(),
        value: format!("{value:?}"),
        detail: detail.to_owned(),
    }
}

fn metadata(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    match metadata.name.as_deref() {
        None | Some("") if metadata.generate_name.is_some() => {}
        None | Some("") => errors.push(FieldError::Required {
            field: "metadata.name".to_owned(),
            detail: "name or generateName is required",
        }),
        Some(name) if !is_subdomain(name) => errors.push(invalid("metadata.name", name, NAME)),
        Some(_) => {}
    }
    if let Some(namespace) = metadata.namespace.as_deref()
        && !is_dns_label(namespace)
    {
        errors.push(invalid(
            "metadata.namespace",
            namespace,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'",
        ));
    }
    for (key, value) in metadata.labels.iter().flatten() {
        label(key, Some(value), "metadata.labels", errors);
    }
    for key in metadata.annotations.iter().flatten().map(|(key, _)| key) {
        if !is_annotation_key(key) {
            errors.push(invalid("metadata.annotations", &key.to_ascii_lowercase(), KEY));
        }
    }
}

fn label(key: &str, value: Option<&str>, field: &str, errors: &mut Vec<FieldError>) {
    if !is_qualified_name(key) {
        errors.push(invalid(field, key, KEY));
    }
    if let Some(value) = value.filter(|value| !is_label_value(value)) {
        errors.push(invalid(field, value, LABEL));
    }
}

pub(super) fn reference(
    of: &v2::CrossVersionObjectReference,
    path: &str,
    is_core_allowed: bool,
    errors: &mut Vec<FieldError>,
) {
    for (key, text) in [("kind", &of.kind), ("name", &of.name)] {
        let field = format!("{path}.{key}");
        match text.as_str() {
            "" => errors.push(FieldError::Required { field, detail: "" }),
            text if !is_path_segment(text) => {
                errors.push(invalid(field, text, "may not be '.' or '..', or contain '/' or '%'"));
            }
            _ => {}
        }
    }
    let version = of.api_version.as_deref().unwrap_or_default();
    let field = format!("{path}.apiVersion");
    match version.matches('/').count() {
        0 if !is_core_allowed => {
            errors.push(invalid(field, version, "apiVersion must specify API group"));
        }
        0 => {}
        1 if version.starts_with('/') && !is_core_allowed => {
            errors.push(invalid(field, version, "apiVersion must specify API group"));
        }
        1 => {}
        _ => {
            let detail = format!("unexpected GroupVersion string: {version}");
            errors.push(invalid(field, version, &detail));
        }
    }
}

/// The API server takes any selector; the controller cannot use a malformed one, so the metric
/// would fail at every sync.
pub(super) fn selector(selector: &LabelSelector, path: &str, errors: &mut Vec<FieldError>) {
    for (key, value) in selector.match_labels.iter().flatten() {
        label(key, Some(value), &format!("{path}.matchLabels"), errors);
    }
    for (at, expression) in selector.match_expressions.iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{at}]");
        let values = expression.values.as_deref().unwrap_or_default();
        label(&expression.key, None, &format!("{path}.key"), errors);
        match expression.operator.as_str() {
            "In" | "NotIn" if values.is_empty() => errors.push(FieldError::Required {
                field: format!("{path}.values"),
                detail: "must be specified when `operator` is 'In' or 'NotIn'",
            }),
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::Forbidden {
                field: format!("{path}.values"),
                detail: "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            }),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {
                for value in values {
                    label("a", Some(value), &format!("{path}.values"), errors);
                }
            }
            other => errors.push(FieldError::Unsupported {
                field: format!("{path}.operator"),
                value: other.to_owned(),
                supported: "\"DoesNotExist\", \"Exists\", \"In\", \"NotIn\"".to_owned(),
            }),
        }
    }
}
