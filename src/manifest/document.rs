//! One Kubernetes object, as text and as data.

use std::fmt;

use serde_json::Value;

use super::ManifestError;
use super::kinds;
use oppscale_core::kinds::{Kind, ObjectRef};

/// Where a document comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A template.
    Template,
    /// A file of the user's, which may refer to what is in the cluster already.
    User,
}

/// A Kubernetes object.
#[derive(Debug, Clone)]
pub struct Document {
    source: String,
    text: Option<String>,
    value: Value,
    origin: Origin,
    comments: Vec<String>,
}

/// What tells an object from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`, where it has one.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name that is none may hold what moves a cursor.
        let plain = |text: &str| -> String {
            let escape = |c: char| match c.is_control() {
                true => c.escape_default().to_string(),
                false => c.to_string(),
            };
            text.chars().map(escape).collect()
        };
        write!(f, "{} ", plain(&self.kind))?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{}/", plain(namespace))?;
        }
        f.write_str(&plain(&self.name))
    }
}

impl Document {
    pub(super) fn new(
        source: &str,
        value: Value,
        text: Option<String>,
        origin: Origin,
    ) -> Result<Self, &'static str> {
        let document =
            Self { source: source.to_owned(), text, value, origin, comments: Vec::new() };
        match () {
            () if !document.value.is_object() => Err("it is no mapping"),
            () if document.api_version().is_empty() => Err("it has no apiVersion"),
            () if document.kind().is_empty() => Err("it has no kind"),
            () => Ok(document),
        }
    }

    /// The same place in a set with other data; its text is written anew.
    #[must_use]
    pub fn with_value(&self, value: Value) -> Self {
        Self { text: None, value, ..self.clone() }
    }

    /// Where it comes from: a template's or a file's name.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it comes from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The object.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.value["apiVersion"].as_str().unwrap_or_default()
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    /// Its kind, if oppscale knows it.
    pub fn known_kind(&self) -> Option<&'static Kind> {
        oppscale_core::kinds::find(self.api_version(), self.kind())
    }

    /// The object in the cluster, if its kind is known.
    pub fn object(&self) -> Option<ObjectRef> {
        Some(self.known_kind()?.object(self.namespace(), self.name()))
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.value["metadata"]["namespace"].as_str()
    }

    /// What tells it from all others.
    pub fn key(&self) -> Key {
        Key {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name().to_owned(),
        }
    }

    /// Puts a comment above it: one line, whatever it holds.
    pub fn comment(&mut self, words: &str) {
        let line = words.split(|c: char| c.is_control() || "\u{2028}\u{2029}".contains(c));
        self.comments.push(line.collect::<Vec<_>>().join(" "));
    }

    /// As YAML, comments first, ending with a line break.
    pub fn text(&self) -> String {
        let mut text: String = self.comments.iter().map(|line| format!("# {line}\n")).collect();
        match &self.text {
            Some(own) => text.push_str(own),
            None => text.push_str(&written(&self.value)),
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// Reads it into its type and refuses unknown fields. Custom resources, and kinds of the
    /// user's that are not known here, are left to the API server.
    ///
    /// # Errors
    /// When the API would not take it.
    pub fn check(&self) -> Result<(), ManifestError> {
        let source_name = self.source.clone();
        let object = self.key().to_string();
        let Some(kind) = self.known_kind() else {
            return match self.origin {
                Origin::User => Ok(()),
                Origin::Template => Err(ManifestError::UnknownKind {
                    source_name,
                    object,
                    api_version: self.api_version().to_owned(),
                    kind: self.kind().to_owned(),
                }),
            };
        };
        let Some(parse) = kinds::parser(kind) else { return Ok(()) };
        match parse(&self.value) {
            Ok(()) => Ok(()),
            Err(kinds::Refusal::Unknown(field)) => {
                Err(ManifestError::UnknownField { source_name, object, field })
            }
            Err(kinds::Refusal::Malformed { field, problem }) => {
                Err(ManifestError::Malformed { source_name, object, field, problem })
            }
        }
    }
}

/// Data as YAML. It is read back: should the writer and the reader ever disagree about a
/// string, the document is written as JSON, which is YAML too.
fn written(value: &Value) -> String {
    let yaml = serde_saphyr::to_string(value).unwrap_or_default();
    match serde_yaml::from_str::<Value>(&yaml) {
        Ok(same) if same == *value => yaml,
        _ => format!("{value:#}"),
    }
}
