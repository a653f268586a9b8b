//! Names, labels and annotations, by the rules of apimachinery's `validation` package.

use serde_json::Value;

use crate::manifest::document::Document;

/// The longest name of an object, bytes.
const SUBDOMAIN: usize = 253;
/// The longest name of a namespace, a Service, a container, a label's value, bytes.
const LABEL: usize = 63;
/// The most that the annotations of an object may hold together, bytes.
const ANNOTATIONS: usize = 256 << 10;

pub(super) fn look(document: &Document, problems: &mut Vec<String>) {
    let value = document.value();
    let (kind, name) = (document.kind(), document.name());
    // A Kustomization is a file, not an object.
    if kind == "Kustomization" {
        return;
    }
    let is_right = match kind {
        "Namespace" => is_dns_label(name),
        // Others are the system's own (`ValidatePriorityClass`).
        "PriorityClass" => is_name(name) && !name.starts_with("system-"),
        "Service" => is_dns_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase()),
        _ if document.api_version().starts_with("rbac.") => is_path_segment(name),
        _ => is_name(name),
    };
    if !is_right {
        problems.push(format!("{name:?} is not a name that the API takes for a {kind}"));
    }
    if let Some(namespace) = document.namespace()
        && !is_dns_label(namespace)
    {
        problems.push(format!("{namespace:?} is not a name of a namespace"));
    }
    for field in ["data", "stringData", "binaryData"] {
        let entries = value[field].as_object().filter(|_| matches!(kind, "ConfigMap" | "Secret"));
        for key in entries.into_iter().flatten().map(|(key, _)| key) {
            if !is_config_key(key) {
                problems.push(format!(
                    "{key:?} is not a key that the API takes for a {kind}: letters, digits, -, _ \
                     and ."
                ));
            }
        }
    }
    metadata(&value["metadata"], problems);
    if let Some(template) = value.pointer("/spec/template/metadata") {
        metadata(template, problems);
    }
    for metric in value["spec"]["metrics"].as_array().into_iter().flatten() {
        labels(&metric["external"]["metric"]["selector"]["matchLabels"], problems);
    }
    for container in super::pod_spec(document).into_iter().flat_map(super::containers) {
        let name = container["name"].as_str().unwrap_or_default();
        if !is_dns_label(name) {
            problems.push(format!("{name:?} is not a name of a container"));
        }
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap_or_default();
            // Printable ASCII without =, since 1.30.
            if name.is_empty() || !name.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
                problems.push(format!("{name:?} is not a name of an environment variable"));
            }
        }
    }
}

fn labels(labels: &Value, problems: &mut Vec<String>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if !is_qualified(key) {
            problems.push(format!("{key:?} is not a name of a label"));
        }
        if !is_label_value(value) {
            problems.push(format!(
                "label {key}: {value:?} is not a value of a label: at most 63 letters, digits, \
                 -, _ and ., beginning and ending with a letter or digit"
            ));
        }
    }
}

fn metadata(metadata: &Value, problems: &mut Vec<String>) {
    labels(&metadata["labels"], problems);
    let annotations = metadata["annotations"].as_object();
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        bytes += key.len() + value.as_str().unwrap_or_default().len();
        // Annotations' names may have capitals before the slash, too.
        if !is_qualified(&key.to_ascii_lowercase()) {
            problems.push(format!("{key:?} is not a name of an annotation"));
        }
    }
    if bytes > ANNOTATIONS {
        problems.push("its annotations hold more than 256 KiB".to_owned());
    }
}

/// Whether it is a DNS-1123 subdomain: the name of most objects.
pub fn is_name(text: &str) -> bool {
    text.len() <= SUBDOMAIN && text.split('.').all(is_part)
}

/// Whether it is a DNS-1123 label.
fn is_dns_label(text: &str) -> bool {
    text.len() <= LABEL && is_part(text)
}

fn is_part(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|b| plain(b) || b == b'-')
        && text.bytes().next().is_some_and(plain)
        && text.bytes().last().is_some_and(plain)
}

/// `IsConfigMapKey`: the name of a file.
fn is_config_key(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !text.is_empty()
        && text.len() <= SUBDOMAIN
        && text.bytes().all(plain)
        && text != "."
        && !text.starts_with("..")
}

fn is_path_segment(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '%'])
}

/// Whether it may be the value of a label.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_qualified_part(text)
}

fn is_qualified_part(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric();
    text.len() <= LABEL
        && text.bytes().all(|b| plain(b) || b"-_.".contains(&b))
        && text.bytes().next().is_some_and(plain)
        && text.bytes().last().is_some_and(plain)
}

/// Whether it is `name` or `prefix/name`.
fn is_qualified(text: &str) -> bool {
    match text.split_once('/') {
        None => is_qualified_part(text),
        Some((prefix, name)) => is_name(prefix) && is_qualified_part(name),
    }
}
