//! Quantities parse, and what is asked for is not more than what is allowed.

use serde_json::{Map, Value};

use crate::manifest::document::Document;
use oppscale_core::quantity::Quantity;

/// Where quantities stand, besides containers' resources.
const PLACES: [&str; 2] = ["/spec/hard", "/spec/template/spec/overhead"];

pub(super) fn look(document: &Document, problems: &mut Vec<String>) {
    let value = document.value();
    for place in PLACES {
        if let Some(Value::Object(list)) = value.pointer(place) {
            all(place, list, problems);
        }
    }
    for item in value["spec"]["limits"].as_array().into_iter().flatten() {
        for field in ["min", "max", "default", "defaultRequest"] {
            if let Some(list) = item[field].as_object() {
                all(field, list, problems);
            }
        }
    }
    let Some(spec) = super::pod_spec(document) else { return };
    for container in super::containers(spec).chain([spec]) {
        let name = container["name"].as_str().unwrap_or("the pod");
        resources(name, &container["resources"], problems);
    }
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        if let Some(size) = volume.pointer("/emptyDir/sizeLimit") {
            one("sizeLimit", size, problems);
        }
    }
}

fn resources(container: &str, resources: &Value, problems: &mut Vec<String>) {
    for field in ["requests", "limits"] {
        if let Some(list) = resources[field].as_object() {
            all(&format!("{container}: {field}"), list, problems);
        }
    }
    for (name, limit) in resources["limits"].as_object().into_iter().flatten() {
        let (limit, request) = (parse(limit), parse(&resources["requests"][name]));
        if let (Some(limit), Some(request)) = (limit, request)
            && request.nanos() > limit.nanos()
        {
            problems.push(format!(
                "{container}: it requests {request} of {name}, more than its limit of {limit}"
            ));
        }
    }
}

fn all(place: &str, list: &Map<String, Value>, problems: &mut Vec<String>) {
    for (name, value) in list {
        one(&format!("{place}: {name}"), value, problems);
    }
}

fn one(place: &str, value: &Value, problems: &mut Vec<String>) {
    if parse(value).is_none_or(|quantity| quantity.nanos() < 0) {
        problems.push(format!("{place}: {value} is not a quantity such as 1, 500m or 512Mi"));
    }
}

fn parse(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
