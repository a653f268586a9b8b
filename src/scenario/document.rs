//! A file that somebody wrote, and what is wrong with it: file, line, field, expectation.

use std::io::Read;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<serde_json::Value>,
}

/// What tells one object from another.
#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
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

    /// Reads every object of this kind in a JSON or YAML file, those of a List too, and tells
    /// the kinds of the others.
    ///
    /// # Errors
    /// When one is no object, or is of the kind and not what `T` expects.
    pub fn parse_kind<T: DeserializeOwned>(
        &self,
        wanted: &str,
    ) -> Result<(Vec<T>, Vec<String>), DocumentError> {
        let (mut found, mut others) = (Vec::new(), Vec::new());
        if self.is_json() {
            match self.parse::<Kind>()?.kind {
                Some(kind) if kind == wanted => found.push(self.parse()?),
                Some(kind) if kind == LIST => {
                    self.take_items(self.parse()?, wanted, &mut found, &mut others)?;
                }
                kind => others.extend(kind),
            }
            return Ok((found, others));
        }
        // Each document is read twice: the parser tells lines only while it reads.
        let documents = || serde_yaml::Deserializer::from_str(&self.text);
        for (document, again) in documents().zip(documents()) {
            let kind = Option::<Kind>::deserialize(document).map_err(|e| self.yaml_error(&e))?;
            match kind.and_then(|kind| kind.kind) {
                Some(kind) if kind == wanted => {
                    found.push(T::deserialize(again).map_err(|e| self.yaml_error(&e))?);
                }
                Some(kind) if kind == LIST => {
                    let list = List::deserialize(again).map_err(|e| self.yaml_error(&e))?;
                    self.take_items(list, wanted, &mut found, &mut others)?;
                }
                kind => others.extend(kind),
            }
        }
        Ok((found, others))
    }

    /// The items of what `kubectl get` prints of several objects.
    fn take_items<T: DeserializeOwned>(
        &self,
        list: List,
        wanted: &str,
        found: &mut Vec<T>,
        others: &mut Vec<String>,
    ) -> Result<(), DocumentError> {
        for (at, item) in list.items.into_iter().enumerate() {
            if item["kind"] == wanted {
                let item = serde_path_to_error::deserialize(item)
                    .map_err(|error| DocumentError::new(self, format!("items[{at}].{error}")))?;
                found.push(item);
            } else {
                others.extend(item["kind"].as_str().map(str::to_owned));
            }
        }
        Ok(())
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
