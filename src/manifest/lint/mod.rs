//! What is wrong with a set of documents though each alone is of its type.
//!
//! | file | looks at |
//! |---|---|
//! | `names` | names, labels and annotations that the API server would refuse |
//! | `quantities` | quantities that do not parse, requests above limits |
//! | `references` | selectors, scale targets, ports, ConfigMaps that lead nowhere |
//! | `priority` | fillers that would evict, or buy nodes |

mod names;
mod priority;
mod quantities;
mod references;

use std::fmt;

use super::document::{Document, Key};

pub use names::{is_label_value, is_name};

/// Something wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The document.
    pub object: Key,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.problem)
    }
}

/// Everything that is wrong with the set, in its order.
pub fn lint(documents: &[Document]) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        let mut problems = Vec::new();
        names::look(document, &mut problems);
        quantities::look(document, &mut problems);
        references::look(document, documents, &mut problems);
        priority::look(document, documents, &mut problems);
        if documents[..at].iter().any(|other| other.key() == document.key()) {
            problems.push("it is in the set twice".to_owned());
        }
        let of = |problem| Issue { object: document.key(), problem };
        issues.extend(problems.into_iter().map(of));
    }
    issues
}

/// The pod spec of a document, if it makes pods.
fn pod_spec(document: &Document) -> Option<&serde_json::Value> {
    document.value().pointer("/spec/template/spec").filter(|spec| spec.is_object())
}

/// The containers of a pod spec, init containers first.
fn containers(spec: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    let of = |field: &str| spec[field].as_array().into_iter().flatten();
    of("initContainers").chain(of("containers"))
}
