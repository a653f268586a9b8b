//! Manifests from templates: rendered, read back strictly, linted, written.
//!
//! ```text
//! templates/*.yaml ─ engine ─→ text ─ document ─→ Document ─ kinds ─→ typed, unknown fields refused
//!                                                     └──── lint ──→ what is wrong with the set
//! ```
//!
//! What is rendered, and with which figures, is the business of whoever calls
//! [`Templates::render`]. Every value in a template is written as JSON, which is YAML too: no
//! name, label or argument can become anything but the string that it is.

mod diff;
mod document;
mod embedded;
mod engine;
mod kinds;
pub mod lint;
mod write;
mod yaml;

pub use diff::unified_diff;
pub use document::{Document, Key, Origin};
pub use embedded::{ADAPTER_RULES, DASHBOARD, EMBEDDED, Embedded};
pub use engine::Templates;
pub use kinds::{Refusal, leniently, strictly};
pub use write::{File, folder, json, stream};
pub use yaml::documents;

use thiserror::Error;

/// A manifest that cannot be rendered, or is not what the API takes.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The template is wrong, or asks for a value that there is none of.
    #[error("template {name}: {problem}")]
    Template {
        /// The template's file.
        name: String,
        /// The engine's words, with the line.
        problem: String,
    },
    /// A folder of templates that cannot be read, or holds what is none.
    #[error("{0}")]
    Folder(String),
    /// What was rendered or read is no YAML.
    #[error("{source_name}: {problem}")]
    NotYaml {
        /// The template or file.
        source_name: String,
        /// The parser's words, with the line.
        problem: String,
    },
    /// A document is no Kubernetes object.
    #[error("{source_name}: document {number} is no Kubernetes object: {problem}")]
    NoObject {
        /// The template or file.
        source_name: String,
        /// Which document, from 1.
        number: usize,
        /// What it lacks.
        problem: &'static str,
    },
    /// A kind whose fields are not known here.
    #[error("{source_name}: {object}: {api_version} {kind} is not a kind that can be checked")]
    UnknownKind {
        /// The template or file.
        source_name: String,
        /// Kind and name.
        object: String,
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
    /// A field that the API does not have.
    #[error("{source_name}: {object}: unknown field {field}")]
    UnknownField {
        /// The template or file.
        source_name: String,
        /// Kind and name.
        object: String,
        /// The field's path.
        field: String,
    },
    /// A field that is missing or of the wrong type.
    #[error("{source_name}: {object}: {field}: {problem}")]
    Malformed {
        /// The template or file.
        source_name: String,
        /// Kind and name.
        object: String,
        /// The field's path.
        field: String,
        /// What was expected.
        problem: String,
    },
}

impl From<ManifestError> for oppscale_core::error::Error {
    fn from(error: ManifestError) -> Self {
        let message = Self::failure(error.to_string());
        match error {
            ManifestError::UnknownField { object, .. } => {
                let kind = object.split(' ').next().unwrap_or_default().to_lowercase();
                message.hint(format!("see how it is spelt: kubectl explain {kind} --recursive"))
            }
            _ => message,
        }
    }
}
