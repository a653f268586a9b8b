//! Manifests from templates: rendering, strict parsing, linting, writing.
//!
//! ```text
//! templates/*.yaml ─ engine ─→ text ─ document ─→ Document ─ kinds ─→ typed object
//!                                                     │               (rejects unknown fields)
//!                                                     └──── lint ──→ inconsistencies of the set
//! ```
//!
//! Callers of [`Templates::render`] provide the values. The engine writes each value as JSON, which
//! is valid YAML, so that a name, label or argument can only become that string.

mod diff;
mod document;
mod engine;
mod kinds;
pub mod lint;
mod write;
mod yaml;

pub use diff::unified_diff;
pub use document::{Document, Key, Origin};
pub use engine::{ADAPTER_RULES, DASHBOARD, EMBEDDED, Embedded, Templates};

pub use write::{File, folder, json, stream};
pub use yaml::documents;

use thiserror::Error;

/// A manifest that cannot be rendered, or that the API would reject.
#[derive(Debug, Error)]
#[error("{place}: {problem}")]
pub struct ManifestError {
    /// The template or file, and the object if known.
    place: String,
    problem: String,
    hint: Option<String>,
}

impl ManifestError {
    fn new(place: impl Into<String>, problem: impl ToString) -> Self {
        Self { place: place.into(), problem: problem.to_string(), hint: None }
    }
}

impl From<ManifestError> for oppscale_core::error::Error {
    fn from(error: ManifestError) -> Self {
        let message = Self::failure(error.to_string());
        match error.hint {
            Some(hint) => message.hint(hint),
            None => message,
        }
    }
}
