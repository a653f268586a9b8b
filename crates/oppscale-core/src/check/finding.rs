//! What became of a check.

use std::fmt::Display;

use super::catalog::Check;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is well; with what was seen, where that is worth a word.
    Passed(Option<String>),
    /// It works, but not as it should, or not for long.
    Warning(String),
    /// It does not work.
    Failed(String),
    /// It could not be looked at; why.
    Unknown(String),
    /// It could not be looked at for want of a permission; see [`Self::denied`].
    Denied(String),
    /// It makes no sense here.
    Skipped(String),
}

/// A check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub check: &'static Check,
    /// About what, where there are several: a node, an HPA.
    pub subject: Option<String>,
    /// What was found.
    pub outcome: Outcome,
    /// What to do, as a command or a manifest where there is one.
    pub fix: Option<String>,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// That are well.
    pub passed: usize,
    /// That are warned of.
    pub warnings: usize,
    /// That failed.
    pub failed: usize,
    /// That could not be looked at.
    pub unknown: usize,
    /// That make no sense here.
    pub skipped: usize,
}

impl Outcome {
    /// Unknown for want of this permission, as `kubectl create clusterrole` takes it.
    pub fn denied(permission: impl Display) -> Self {
        Self::Denied(format!("missing permission: {permission}"))
    }

    /// What is to be read with it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Passed(text) => text.as_deref(),
            Self::Warning(text)
            | Self::Failed(text)
            | Self::Unknown(text)
            | Self::Denied(text)
            | Self::Skipped(text) => Some(text),
        }
    }

    /// One word for scripts.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "success",
            Self::Warning(_) => "warning",
            Self::Failed(_) => "error",
            Self::Unknown(_) | Self::Denied(_) => "unknown",
            Self::Skipped(_) => "skipped",
        }
    }
}

impl Summary {
    /// Counts findings.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let mut summary = Self::default();
        for finding in findings {
            let counter = match finding.outcome {
                Outcome::Passed(_) => &mut summary.passed,
                Outcome::Warning(_) => &mut summary.warnings,
                Outcome::Failed(_) => &mut summary.failed,
                Outcome::Unknown(_) | Outcome::Denied(_) => &mut summary.unknown,
                Outcome::Skipped(_) => &mut summary.skipped,
            };
            *counter += 1;
        }
        summary
    }
}
