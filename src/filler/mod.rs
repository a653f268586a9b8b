//! The manifests of an opportunistic workload: which there are, and what stands in them.
//!
//! From a [`Workload`], a sizing and a few decisions to a linted set of documents. Reads and
//! writes nothing: files and clusters are the caller's.

mod advice;
mod complete;
mod context;
mod explain;
mod hpa;
mod node_autoscaler;
mod pod_security;
mod program;
mod render;
mod side_effects;
mod text;
mod user_workload;

pub use explain::{comment, table};
pub use hpa::{CorrectedHpa, KEDA_OWNS, correct_hpa, yaml};
pub use node_autoscaler::{FILLABLE_LABEL, NodeAutoscaler};
pub use program::{Miner, Program};
pub use render::{Decisions, Rendered, Workload, render};
pub use text::literal;
pub use user_workload::UserWorkload;

use thiserror::Error;

use crate::manifest::ManifestError;
use crate::manifest::lint::Issue;

/// A workload that cannot be rendered.
#[derive(Debug, Error)]
pub enum FillerError {
    /// A template or a file.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The set does not hold together.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n       "))]
    Lint(Vec<Issue>),
    /// The user's own workload cannot be made opportunistic.
    #[error("{file}: {problem}")]
    User {
        /// The file.
        file: String,
        /// What is in the way.
        problem: String,
        /// What to do about it.
        hint: String,
    },
}

impl FillerError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::User { hint, .. } => Some(hint.clone()),
            Self::Manifest(ManifestError::UnknownField { object, .. }) => {
                let kind = object.split(' ').next().unwrap_or_default().to_lowercase();
                Some(format!("see how it is spelt: kubectl explain {kind} --recursive"))
            }
            _ => None,
        }
    }
}
