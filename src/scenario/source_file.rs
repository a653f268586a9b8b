//! A file of the user, and its errors: file, line, field, expectation.

use oppscale_cluster::documents::{self, SyntaxError, TextFile};
use oppscale_cluster::typed;
use oppscale_cluster::yaml::DuplicateKeys;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The file's name, or `standard input`.
    pub name: String,
    text: String,
}

/// A text that is not what was expected of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .place, .problem)]
pub struct SourceFileError {
    place: String,
    problem: String,
}

impl SourceFileError {
    /// Something that no parser sees: two fields that contradict each other, say.
    pub fn new(file: &SourceFile, problem: impl Into<String>) -> Self {
        Self { place: format!("{}: ", file.name), problem: problem.into() }
    }

    /// The line goes to the front, where editors look for it.
    fn at(file: &SourceFile, line: Option<usize>, problem: String) -> Self {
        let place = match line {
            None => format!("{}: ", file.name),
            Some(line) => format!("{}, line {line}: ", file.name),
        };
        Self { place, problem }
    }
}

/// End of the kinds that hold several objects: `List`, as kubectl prints it, and
/// `DeploymentList`, as the API server answers.
const LIST: &str = "List";

/// An object of a file, and its place there.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The object, whole.
    pub value: Value,
    /// Number of the YAML document, from 0.
    document: usize,
    /// Number of the item, where the document is a List.
    item: Option<usize>,
}

impl SourceFile {
    /// A text that came from elsewhere than a file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read or is no text.
    pub fn read(file: &str) -> anyhow::Result<Self> {
        let TextFile { name, text } = TextFile::read(file)?;
        Ok(Self { name, text })
    }

    /// Reads the only document of a JSON or YAML file.
    ///
    /// # Errors
    /// When it is not what `T` expects.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SourceFileError> {
        let mut values = self.values()?.into_iter();
        let value = values.next().unwrap_or_default();
        if values.next().is_some() {
            return Err(SourceFileError::new(self, "expected one document, found several"));
        }
        typed::read(&value).map_err(|refusal| {
            let line = documents::line_of(&self.text, 0, &steps(refusal.field()));
            SourceFileError::at(self, line, refusal.to_string())
        })
    }

    fn values(&self) -> Result<Vec<Value>, SourceFileError> {
        documents::values(&self.text, DuplicateKeys::Refuse)
            .map_err(|SyntaxError { problem, line }| SourceFileError::at(self, line, problem))
    }

    /// Every object of these kinds in a JSON or YAML file, those of a List too, and the kinds
    /// of the other objects.
    ///
    /// # Errors
    /// When the file is neither JSON nor YAML.
    pub fn objects(&self, kinds: &[&str]) -> Result<(Vec<Object>, Vec<String>), SourceFileError> {
        let (mut found, mut others) = (Vec::new(), Vec::new());
        let mut take = |value: Value, document, item| match value["kind"].as_str() {
            Some(kind) if kinds.contains(&kind) => found.push(Object { value, document, item }),
            kind => others.extend(kind.map(str::to_owned)),
        };
        for (document, mut value) in self.values()?.into_iter().enumerate() {
            let list = value["kind"].as_str().and_then(|kind| kind.strip_suffix(LIST));
            let of = list.map(|kind| (kind.to_owned(), value["apiVersion"].clone()));
            match (of, value.get_mut("items").map(Value::take)) {
                (Some((kind, api_version)), Some(Value::Array(items))) => {
                    for (at, mut item) in items.into_iter().enumerate() {
                        // Items of a typed list do not state their kind.
                        if item["kind"].is_null() && item.is_object() && !kind.is_empty() {
                            item["apiVersion"] = api_version.clone();
                            item["kind"] = kind.as_str().into();
                        }
                        take(item, document, Some(at));
                    }
                }
                _ => take(value, document, None),
            }
        }
        Ok((found, others))
    }

    /// A problem with a field of an object, with the field's line: `spec.metrics[0].type`.
    pub fn field_error(&self, object: &Object, field: &str, problem: &str) -> SourceFileError {
        let items = object.item.map(|at| format!("items[{at}]")).unwrap_or_default();
        let path = match items.is_empty() {
            true => field.to_owned(),
            false => format!("{items}.{field}"),
        };
        let line = documents::line_of(&self.text, object.document, &steps(&path));
        let items = if items.is_empty() { items } else { format!("{items}.") };
        SourceFileError::at(self, line, format!("{items}{problem}"))
    }
}

/// The steps of a path such as `spec.metrics[0].type` or `metadata.labels[example.com/a]`.
fn steps(path: &str) -> Vec<&str> {
    let mut in_brackets = false;
    let steps = path.split(|c| {
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '.' => return !in_brackets,
            _ => return false,
        }
        true
    });
    steps.filter(|step| !step.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_with_dots_is_one_step() {
        let path = "spec.metrics[0].selector.matchLabels[example.com/a].b";
        let wanted = ["spec", "metrics", "0", "selector", "matchLabels", "example.com/a", "b"];
        assert_eq!(super::steps(path), wanted);
    }
}
