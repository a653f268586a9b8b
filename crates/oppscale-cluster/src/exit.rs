//! Exit codes, and errors that know theirs.

use std::process::ExitCode;

/// How a run of oppscale ended. The numbers are documented and do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: all went well.
    Ok,
    /// 1: a negative finding, such as a threshold that was crossed.
    Finding,
    /// 1: something failed.
    Error,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: rights are missing. What could be told without them has been told.
    Rights,
    /// 4: what would be changed belongs to somebody else, and was left alone.
    Owned,
    /// 124: the server did not answer in time.
    TimedOut,
    /// 130: interrupted by Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Finding | Self::Error => 1,
            Self::Usage => 2,
            Self::Rights => 3,
            Self::Owned => 4,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error in what was typed, found after the command line was parsed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl UsageError {
    /// Says what is wrong with the command line.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what to do instead.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A failure with what to do about it, where the error's own type does not say.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Hinted {
    message: String,
    /// What to do next.
    pub hint: String,
}

impl Hinted {
    /// Says what failed and what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Something that belongs to somebody else, and was left alone.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OwnedByOthers {
    message: String,
    /// What to do next.
    pub hint: String,
}

impl OwnedByOthers {
    /// Says what belongs to whom, and what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Something that did not become what it should in time.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TimedOut {
    message: String,
    /// What to do next.
    pub hint: String,
}

impl TimedOut {
    /// Says what was waited for, and what to look at.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}
