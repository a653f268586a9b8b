//! A file that somebody wrote, and what is wrong with it: file, line, field, expectation.

use std::fmt;
use std::io::Read;

use anyhow::Context;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file's name, or `standard input`.
    pub name: String,
    text: String,
}

/// A text that is not what was expected of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .place, .problem)]
pub struct DocumentError {
    place: String,
    problem: String,
}

impl DocumentError {
    /// Something that no parser sees: two fields that contradict each other, say.
    pub fn new(document: &Document, problem: impl Into<String>) -> Self {
        Self { place: format!("{}: ", document.name), problem: problem.into() }
    }

    fn at(document: &Document, line: usize, problem: String) -> Self {
        let place = match line {
            0 => format!("{}: ", document.name),
            line => format!("{}, line {line}: ", document.name),
        };
        Self { place, problem }
    }
}

/// The kind of several objects in one, as `kubectl get -o yaml` prints them.
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

impl Document {
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
        let mut bytes = Vec::new();
        let name = if file == "-" {
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            "standard input"
        } else {
            bytes = std::fs::read(file).with_context(|| format!("cannot read {file}"))?;
            file
        };
        let text = String::from_utf8(bytes).with_context(|| format!("{name} is no text"))?;
        // Editors of other systems begin a file with a mark that no parser takes.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { name: name.to_owned(), text })
    }

    /// Reads the only document of a JSON or YAML file.
    ///
    /// # Errors
    /// When it is not what `T` expects.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DocumentError> {
        if self.is_json() {
            let mut json = serde_json::Deserializer::from_str(&self.text);
            let value =
                serde_path_to_error::deserialize(&mut json).map_err(|e| self.json_error(&e))?;
            json.end().map_err(|e| self.at(&e.to_string(), e.line()))?;
            return Ok(value);
        }
        serde_yaml::from_str(&self.text).map_err(|error| self.yaml_error(&error))
    }

    /// Every object of these kinds in a JSON or YAML file, those of a List too, and the kinds
    /// of the other objects.
    ///
    /// # Errors
    /// When the file is neither JSON nor YAML.
    pub fn objects(&self, kinds: &[&str]) -> Result<(Vec<Object>, Vec<String>), DocumentError> {
        let mut documents: Vec<Value> = Vec::new();
        if self.is_json() {
            documents.push(self.parse()?);
        } else {
            for document in serde_yaml::Deserializer::from_str(&self.text) {
                // By way of the YAML library's own value, which refuses a key that comes twice.
                let value = serde_yaml::Value::deserialize(document);
                let value = value.map_err(|error| self.yaml_error(&error))?;
                let value = serde_json::to_value(value);
                documents.push(value.map_err(|error| self.at(&error.to_string(), 0))?);
            }
        }
        let (mut found, mut others) = (Vec::new(), Vec::new());
        let mut take = |value: Value, document, item| match value["kind"].as_str() {
            Some(kind) if kinds.contains(&kind) => found.push(Object { value, document, item }),
            kind => others.extend(kind.map(str::to_owned)),
        };
        for (document, mut value) in documents.into_iter().enumerate() {
            match value.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) if value["kind"] == LIST => {
                    for (at, item) in items.into_iter().enumerate() {
                        take(item, document, Some(at));
                    }
                }
                _ => take(value, document, None),
            }
        }
        Ok((found, others))
    }

    /// A problem with a field of an object, with the field's line: `spec.metrics[0].type`.
    pub fn field_error(&self, object: &Object, field: &str, problem: &str) -> DocumentError {
        let items = object.item.map(|at| format!("items[{at}]")).unwrap_or_default();
        let path: Vec<&str> = [&*items, field]
            .into_iter()
            .flat_map(|part| part.split(['.', '[', ']']))
            .filter(|part| !part.is_empty())
            .collect();
        let line = if self.is_json() {
            let mut json = serde_json::Deserializer::from_str(&self.text);
            Locate(&path).deserialize(&mut json).err().map_or(0, |error| error.line())
        } else {
            let mut documents = serde_yaml::Deserializer::from_str(&self.text);
            let document = documents.nth(object.document);
            let error = document.and_then(|document| Locate(&path).deserialize(document).err());
            error.and_then(|error| Some(error.location()?.line())).unwrap_or(0)
        };
        let items = if items.is_empty() { items } else { format!("{items}.") };
        DocumentError::at(self, line, format!("{items}{problem}"))
    }

    fn is_json(&self) -> bool {
        self.text.trim_start().starts_with(['{', '['])
    }

    fn json_error(&self, error: &serde_path_to_error::Error<serde_json::Error>) -> DocumentError {
        let (path, inner) = (error.path().to_string(), error.inner());
        let problem = match path.as_str() {
            "." => inner.to_string(),
            // Where the text is no JSON the path has no end.
            _ if !inner.is_data() => inner.to_string(),
            path => format!("{path}: {inner}"),
        };
        self.at(&problem, inner.line())
    }

    fn yaml_error(&self, error: &serde_yaml::Error) -> DocumentError {
        self.at(&error.to_string(), error.location().map_or(0, |location| location.line()))
    }

    /// The line goes to the front, where editors look for it.
    fn at(&self, problem: &str, line: usize) -> DocumentError {
        let words = problem.split(" at line ").next().unwrap_or(problem);
        DocumentError::at(self, line, words.to_owned())
    }
}

/// Fails at the value that a path leads to, or at the deepest value on the way that exists: the
/// parser names the line of an error.
#[derive(Clone, Copy)]
struct Locate<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let (Some((first, rest)), Some(key)) =
            (self.0.split_first(), map.next_key::<String>()?)
        {
            match key == *first {
                true => map.next_value_seed(Locate(rest))?,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Err(A::Error::custom("found"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if let Some((first, rest)) = self.0.split_first() {
            for _ in 0..first.parse().unwrap_or(0) {
                list.next_element::<IgnoredAny>()?;
            }
            list.next_element_seed(Locate(rest))?;
        }
        Err(A::Error::custom("found"))
    }
}
