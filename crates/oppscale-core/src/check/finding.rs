//! The result of a check.

use std::fmt::{self, Display};

use super::catalog::CheckId;

/// The result of a check, with its explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is well; with a note where one helps.
    Passed(Option<String>),
    /// It works, but not as it should, or not for long.
    Warning(String),
    /// It does not work.
    Failed(String),
    /// It could not be checked; why.
    Unknown(String),
    /// It could not be checked because a permission is missing; see [`Self::denied`].
    Denied(String),
    /// It does not apply here; why.
    Skipped(String),
}

/// A check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: CheckId,
    /// The node, HPA or other object that it concerns, where there are several.
    pub subject: Option<String>,
    /// The result.
    pub outcome: Outcome,
    /// The remedy: a command or a manifest where possible.
    pub fix: Option<String>,
}

/// Numbers of findings by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Passed checks.
    pub passed: usize,
    /// Warnings.
    pub warnings: usize,
    /// Failed checks.
    pub failed: usize,
    /// Checks that were not possible.
    pub unknown: usize,
    /// Checks that do not apply.
    pub skipped: usize,
}

impl Outcome {
    /// Unknown because this permission is missing, as `kubectl create clusterrole` takes it.
    pub fn denied(permission: impl Display) -> Self {
        Self::Denied(format!("missing permission: {permission}"))
    }

    /// Skipped for this reason.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }

    /// Its explanation.
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

    /// Its name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed(_) => "success",
            Self::Warning(_) => "warning",
            Self::Failed(_) => "error",
            Self::Unknown(_) | Self::Denied(_) => "unknown",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// Findings of a check.
impl CheckId {
    /// It has this outcome.
    pub fn with(self, outcome: Outcome) -> Finding {
        Finding { check: self, subject: None, outcome, fix: None }
    }

    /// It passed.
    pub fn passed(self) -> Finding {
        self.with(Outcome::Passed(None))
    }

    /// It passed, with a note.
    pub fn passed_with(self, note: impl Into<String>) -> Finding {
        self.with(Outcome::Passed(Some(note.into())))
    }

    /// It works, but not as it should, or not for long.
    pub fn warning(self, text: impl Into<String>) -> Finding {
        self.with(Outcome::Warning(text.into()))
    }

    /// It does not work.
    pub fn failed(self, text: impl Into<String>) -> Finding {
        self.with(Outcome::Failed(text.into()))
    }

    /// It could not be checked.
    pub fn unknown(self, why: impl Into<String>) -> Finding {
        self.with(Outcome::Unknown(why.into()))
    }

    /// It does not apply here.
    pub fn skipped(self, why: impl Into<String>) -> Finding {
        self.with(Outcome::skipped(why))
    }

    /// The finding, or one with the outcome that kept it from being made.
    pub fn or_outcome(self, result: Result<Finding, Outcome>) -> Finding {
        result.unwrap_or_else(|outcome| self.with(outcome))
    }

    /// The findings of several checks, or one each with the outcome that kept them from being
    /// made.
    pub fn each(ids: &[Self], result: Result<Vec<Finding>, Outcome>) -> Vec<Finding> {
        result.unwrap_or_else(|outcome| ids.iter().map(|id| id.with(outcome.clone())).collect())
    }
}

impl Finding {
    /// The same about one object.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// Whether the check failed.
    pub fn is_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
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

impl Display for Summary {
    /// `6 passed, 1 warning, 3 failed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, warnings, failed, unknown, skipped } = *self;
        let warning = if warnings == 1 { "warning" } else { "warnings" };
        let counts = [
            (passed, "passed"),
            (warnings, warning),
            (failed, "failed"),
            (unknown, "unknown"),
            (skipped, "skipped"),
        ];
        let shown: Vec<_> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        f.write_str(
            if shown.is_empty() { "nothing was checked".to_owned() } else { shown.join(", ") }
                .as_str(),
        )
    }
}
