//! Exit codes, and the one place where an error becomes words.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::cluster::ClusterError;

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
    hint: Option<String>,
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
    hint: String,
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
    hint: String,
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
    hint: String,
}

impl TimedOut {
    /// Says what was waited for, and what to look at.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// An error in words: what happened, its causes, and what to do.
pub struct Report {
    /// How the process must end.
    pub exit: Exit,
    /// Lines for stderr; empty when nothing need be said.
    pub text: String,
}

/// Puts an error into words.
pub fn report(error: &anyhow::Error) -> Report {
    let mut exit = Exit::Error;
    let mut hint = None;
    for cause in error.chain() {
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::BrokenPipe
        {
            // Whoever read our output has seen enough.
            return Report { exit: Exit::Ok, text: String::new() };
        }
        if let Some(cluster) = cause.downcast_ref::<ClusterError>() {
            exit = cluster.exit();
            hint = cluster.hint().or(hint);
        } else if let Some(usage) = cause.downcast_ref::<UsageError>() {
            exit = Exit::Usage;
            hint = usage.hint.clone().or(hint);
        } else if let Some(owned) = cause.downcast_ref::<OwnedByOthers>() {
            exit = Exit::Owned;
            hint = Some(owned.hint.clone());
        } else if let Some(late) = cause.downcast_ref::<TimedOut>() {
            exit = Exit::TimedOut;
            hint = Some(late.hint.clone());
        } else if let Some(hinted) = cause.downcast_ref::<Hinted>() {
            hint = Some(hinted.hint.clone());
        }
    }
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        let _ = writeln!(text, "  caused by: {cause}");
    }
    if let Some(hint) = hint {
        for (number, line) in hint.lines().enumerate() {
            let _ = writeln!(text, "{} {line}", if number == 0 { " hint:" } else { "      " });
        }
    }
    Report { exit, text }
}
