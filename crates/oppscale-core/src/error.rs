//! The error that a person reads: what happened, its kind, and what to do next.
//!
//! It lies here, where no arrow leads outward, so that every crate can return it. Enums stay
//! where a caller matches on the variants. The program prints it and derives the exit code.

use std::fmt;

/// The kind of an error. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something failed.
    Failure,
    /// The command line, or a file it names, makes no sense.
    Usage,
    /// Permissions are missing.
    Permissions,
    /// An object or a file has another owner, and was not changed.
    Owned,
    /// Something did not happen in time.
    TimedOut,
}

/// An error with its kind and hints.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
}

impl Error {
    /// An error of this kind. `message` is one sentence without a period.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// A failure.
    pub fn failure(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failure, message)
    }

    /// A mistake in the command line or in a file that it names.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// An error about an object or a file of another owner.
    pub fn owned(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Owned, message)
    }

    /// A wait that took too long.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::TimedOut, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Hints on what to do next.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
