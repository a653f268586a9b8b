//! A Kubernetes object to apply or to write: its text, its data, and its origin.

use std::fmt;

use serde_json::Value;

use super::ManifestError;
use super::kinds;
use oppscale_cluster::typed;
use oppscale_core::kinds::{Kind, ObjectRef};

/// Where a document comes from, which decides how strictly it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A template.
    Template,
    /// A file of the user, which may refer to existing objects.
    User,
}

/// A Kubernetes object, from one YAML document.
#[derive(Debug, Clone)]
pub struct Document {
    source: String,
    text: Option<String>,
    value: Value,
    origin: Origin,
    comments: Vec<String>,
}

/// Identity of an object.
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
        // An invalid name may contain terminal controls.
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
            () if !document.value.is_object() => Err("it is not a mapping"),
            () if document.api_version().is_empty() => Err("it has no apiVersion"),
            () if document.kind().is_empty() => Err("it has no kind"),
            () => Ok(document),
        }
    }

    /// A copy with other data, whose text is generated.
    #[must_use]
    pub fn with_value(&self, value: Value) -> Self {
        Self { text: None, value, ..self.clone() }
    }

    /// Name of the template or file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Origin of the document.
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
        // Charts render an empty one for none.
        self.value["metadata"]["namespace"].as_str().filter(|name| !name.is_empty())
    }

    /// Its identity.
    pub fn key(&self) -> Key {
        Key {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name().to_owned(),
        }
    }

    /// Adds a comment above it, always of one line.
    pub fn comment(&mut self, text: &str) {
        let line = text.split(|c: char| c.is_control() || "\u{2028}\u{2029}".contains(c));
        self.comments.push(line.collect::<Vec<_>>().join(" "));
    }

    /// The object as YAML, after its comments.
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

    /// Parses it strictly as its kind. Custom resources, and unknown kinds of the user, are left
    /// to the API server.
    ///
    /// # Errors
    /// When the API would reject it.
    pub fn check(&self) -> Result<(), ManifestError> {
        let error = |problem: String| {
            ManifestError::new(format!("{}: {}", self.source, self.key()), problem)
        };
        let Some(kind) = self.known_kind() else {
            let (api_version, kind) = (self.api_version(), self.kind());
            return match self.origin {
                Origin::User => Ok(()),
                Origin::Template => {
                    Err(error(format!("{api_version} {kind} is not a kind that can be checked")))
                }
            };
        };
        let Some(parse) = kinds::parser(kind) else { return Ok(()) };
        parse(&self.value).map_err(|refusal| match refusal {
            typed::Refusal::Unknown(field) => {
                let name = self.kind().to_lowercase();
                let hint = format!("see how it is spelt: kubectl explain {name} --recursive");
                ManifestError { hint: Some(hint), ..error(format!("unknown field {field}")) }
            }
            malformed @ typed::Refusal::Malformed { .. } => error(malformed.to_string()),
        })
    }
}

/// Data as YAML, or as JSON, which is valid YAML, if the YAML does not parse to the same data.
fn written(value: &Value) -> String {
    let yaml = serde_saphyr::to_string(value).unwrap_or_default();
    match serde_yaml::from_str::<Value>(&yaml) {
        Ok(same) if same == *value => yaml,
        _ => format!("{value:#}"),
    }
}
