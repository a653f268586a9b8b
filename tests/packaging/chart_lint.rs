//! The chart's values: all of them used, all of them explained, and the same in its schema.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::bin::TestEnv;

use super::engine::yaml;

/// `apis.custom` and the like; an empty mapping is a value too.
fn leaves(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value.as_object().filter(|map| !map.is_empty()) {
        Some(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(value, &path, found);
            }
        }
        None => {
            found.insert(path.to_owned());
        }
    }
}

/// The paths of a schema that have a type and nothing below.
fn described(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    match schema["properties"].as_object() {
        Some(properties) => {
            assert_eq!(schema["additionalProperties"], false, "{path}");
            for (key, schema) in properties {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                described(schema, &path, found);
            }
        }
        None => {
            assert!(schema["type"].is_string(), "{path}");
            found.insert(path.to_owned());
        }
    }
}

/// Every `.Values.…` of the templates.
fn used(templates: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(templates).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for part in text.split(".Values.").skip(1) {
            let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            found.insert(part[..end.unwrap_or(part.len())].to_owned());
        }
    }
    found
}

#[test]
fn values_templates_and_schema_have_the_same_values() {
    let env = TestEnv::new();
    let output = env.run(["init", "--image", "i", "--output-dir", "chart", "--chart"]);
    assert_eq!(output.code, Some(0), "{output}");
    let chart = env.path("chart");
    let values = yaml(&chart.join("values.yaml"));
    let mut given = BTreeSet::new();
    leaves(&values, "", &mut given);
    assert_eq!(used(&chart.join("templates")), given);
    let schema: Value =
        serde_json::from_slice(&std::fs::read(chart.join("values.schema.json")).unwrap()).unwrap();
    let mut in_schema = BTreeSet::new();
    described(&schema, "", &mut in_schema);
    // Helm's own, which it hands to charts of charts.
    assert!(in_schema.remove("global"));
    assert_eq!(in_schema, given);
    for path in schema["required"].as_array().unwrap() {
        assert!(given.contains(path.as_str().unwrap()), "{path}");
    }
    // Every value has a comment above it.
    let text = std::fs::read_to_string(chart.join("values.yaml")).unwrap();
    for name in values.as_object().unwrap().keys() {
        let before = text.split(&format!("\n{name}:")).next().unwrap();
        assert!(before.lines().next_back().unwrap().starts_with('#'), "{name} is not explained");
    }
}

#[test]
fn every_template_of_a_server_is_in_the_chart() {
    let env = TestEnv::new();
    let output = env.run(["init", "--image", "i", "--output-dir", "chart", "--chart"]);
    assert_eq!(output.code, Some(0), "{output}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(rest) = name.strip_prefix("server").filter(|_| name.ends_with(".yaml")) {
            let file = match rest.trim_start_matches('-') {
                ".yaml" => "server.yaml",
                "monitor.yaml" => "service-monitor.yaml",
                other => other,
            };
            assert!(output.stdout.contains(&format!("chart/templates/{file}\n")), "{name}");
        }
    }
    let metadata = yaml(&env.path("chart/Chart.yaml"));
    assert_eq!(metadata["apiVersion"], "v2");
    assert_eq!(metadata["name"], "oppscale");
    assert_eq!(metadata["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(metadata["appVersion"], metadata["version"]);
}
