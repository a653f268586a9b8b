//! From YAML or JSON text to documents.
//!
//! Duplicate keys are refused, as `kubectl --validate=strict` refuses them.

use serde::Deserialize;
use serde_json::Value;

use super::ManifestError;
use super::document::{Document, Origin};

/// The documents of a text, in order; a `List` counts as its items. Nothing is checked beyond
/// each having a kind.
///
/// # Errors
/// When it is no YAML, or holds something that is no object.
pub fn documents(
    source_name: &str,
    text: &str,
    origin: Origin,
) -> Result<Vec<Document>, ManifestError> {
    let not_yaml =
        |problem: String| ManifestError::NotYaml { source_name: source_name.to_owned(), problem };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for (number, part) in (1..).zip(parts(text)) {
        for document in serde_yaml::Deserializer::from_str(&part) {
            // By way of the YAML library's own value, which refuses a key that comes twice.
            let value = serde_yaml::Value::deserialize(document)
                .map_err(|error| not_yaml(error.to_string()))?;
            let value = serde_json::to_value(value).map_err(|error| not_yaml(error.to_string()))?;
            if value.is_null() {
                continue;
            }
            let no_object = |problem| ManifestError::NoObject {
                source_name: source_name.to_owned(),
                number,
                problem,
            };
            for (value, text) in items(value, &part) {
                documents.push(Document::new(source_name, value, text, origin).map_err(no_object)?);
            }
        }
    }
    Ok(documents)
}

/// A document, or the items of a list, which have no text of their own.
fn items(mut value: Value, text: &str) -> Vec<(Value, Option<String>)> {
    let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match value.get_mut("items").filter(|_| is_list).map(Value::take) {
        Some(Value::Array(items)) => items.into_iter().map(|item| (item, None)).collect(),
        _ => vec![(value, Some(text.to_owned()))],
    }
}

/// The text between the lines `---`, without what only separates.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push_str(line);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}
