//! A workload that cannot be rendered.

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
    /// The user's own Deployment cannot be made opportunistic.
    #[error("{file}: {problem}")]
    Own {
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
            Self::Own { hint, .. } => Some(hint.clone()),
            Self::Manifest(ManifestError::UnknownField { object, .. }) => {
                let kind = object.split(' ').next().unwrap_or_default().to_lowercase();
                Some(format!("see how it is spelt: kubectl explain {kind} --recursive"))
            }
            _ => None,
        }
    }
}
