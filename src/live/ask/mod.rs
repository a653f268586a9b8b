//! What is asked of the API server on demand: the watches do not tell it.

pub(super) mod hpas;
pub(super) mod pods;

use oppscale_cluster::{Cluster, ClusterError};

/// Why something could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

impl From<ClusterError> for Refusal {
    fn from(error: ClusterError) -> Self {
        Self { why: error.to_string(), hint: error.hint() }
    }
}

impl Refusal {
    /// For an answer that makes no sense.
    fn garbage(action: &str, cluster: &Cluster, cause: &dyn std::fmt::Display) -> Self {
        ClusterError::Garbage {
            action: action.to_owned(),
            server: cluster.server().to_owned(),
            cause: cause.to_string(),
        }
        .into()
    }
}

/// What came of a question.
pub(super) type Answer<T> = Result<T, Refusal>;
