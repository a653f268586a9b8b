//! Parsing of YAML and JSON into documents. Duplicate keys are errors, as with
//! `kubectl --validate=strict`.

use oppscale_cluster::documents::parts;
use oppscale_cluster::yaml::DuplicateKeys;
use serde_json::Value;

use super::ManifestError;
use super::document::{Document, Origin};

/// The documents of a text, in order; a `List` counts as its items. Only their kind is required.
///
/// # Errors
/// When it is invalid YAML, or has a document that is not an object.
pub fn documents(
    source_name: &str,
    text: &str,
    origin: Origin,
) -> Result<Vec<Document>, ManifestError> {
    let mut documents = Vec::new();
    for part in parts(text) {
        let values = part
            .values(DuplicateKeys::Refuse)
            .map_err(|error| ManifestError::new(source_name, error))?;
        let values: Vec<_> = values.into_iter().filter(|value| !value.is_null()).collect();
        // Only the text of exactly one YAML document is kept: JSON may be indented with tabs, and
        // markers such as `--- # x` do not separate parts.
        let is_its_text = values.len() == 1 && !part.looks_like_json();
        for value in values {
            let number = documents.len() + 1;
            let no_object = |problem: &str| {
                let problem = format!("document {number} is not a Kubernetes object: {problem}");
                ManifestError::new(source_name, problem)
            };
            for (value, text) in items(value, is_its_text.then_some(part.text)) {
                let document = Document::new(source_name, value, text, origin);
                documents.push(document.map_err(no_object)?);
            }
        }
    }
    Ok(documents)
}

/// A document, or the items of a list, whose text is generated.
fn items(mut value: Value, text: Option<&str>) -> Vec<(Value, Option<String>)> {
    let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match value.get_mut("items").filter(|_| is_list).map(Value::take) {
        Some(Value::Array(items)) => items.into_iter().map(|item| (item, None)).collect(),
        _ => vec![(value, text.map(str::to_owned))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

    fn read(text: &str) -> Result<Vec<Document>, ManifestError> {
        documents("file", text, Origin::User)
    }

    #[test]
    fn documents_are_told_apart_however_they_are_marked() {
        let text =
            format!("# a\n{MAP}--- # another\n{MAP}\n---\n\n---\n{MAP}data:\n  a: |\n    ---\n");
        let found = read(&text).unwrap();
        assert_eq!(found.len(), 3);
        // The whole is the same when it is read again.
        let again: String = found.iter().map(|d| format!("---\n{}", d.text())).collect();
        let values =
            |found: &[Document]| found.iter().map(|d| d.value().clone()).collect::<Vec<_>>();
        assert_eq!(values(&read(&again).unwrap()), values(&found));
        assert_eq!(found[2].value()["data"]["a"], "---\n");
    }

    #[test]
    fn lists_and_json_are_taken_too() {
        let json = "{\n\t\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n\t{\"apiVersion\": \"v1\", \
            \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"x\"}}]}";
        let found = read(json).unwrap();
        assert_eq!((found.len(), found[0].name()), (1, "x"));
        assert!(!found[0].text().contains('\t'), "{}", found[0].text());
    }

    #[test]
    fn a_key_that_comes_twice_is_refused() {
        let error = read(&format!("{MAP}data: {{a: b}}\ndata: {{a: c}}\n")).unwrap_err();
        assert!(error.to_string().contains("duplicate"), "{error}");
    }
}
