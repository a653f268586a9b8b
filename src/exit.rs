//! Exit codes, and the printing of errors as `error / caused by / hint`.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use oppscale_cluster::ClusterError;
use oppscale_core::error::{Error, ErrorKind};

use crate::printer::Printer;

/// Exit code of a run. The numbers are documented and do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: success.
    Ok,
    /// 1: a negative finding, such as a threshold that was crossed.
    Finding,
    /// 1: something failed.
    Failure,
    /// 2: invalid command line.
    Usage,
    /// 3: permissions are missing. Whatever can be shown without them was shown.
    Permissions,
    /// 4: an object or field belongs to another owner and was not changed.
    Owned,
    /// 124: a timeout.
    TimedOut,
    /// 130: interrupted by Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Finding | Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Permissions => 3,
            Exit::Owned => 4,
            Exit::TimedOut => 124,
            Exit::Interrupted => 130,
        })
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Failure => Self::Failure,
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Permissions => Self::Permissions,
            ErrorKind::Owned => Self::Owned,
            ErrorKind::TimedOut => Self::TimedOut,
        }
    }
}

/// The error of a task that ended and should not have.
pub fn task_ended(name: &str) -> Error {
    Error::failure(format!("task {name:?} has ended, and nothing replaces it"))
        .hint("this is a defect of oppscale; the lines above say where it is")
}

/// Prints an error with its causes and hints. Kind and hints come from the innermost cause that
/// has them. `without_cluster` says how the command does without a cluster.
pub fn report(error: &anyhow::Error, without_cluster: Option<&str>, printer: &Printer) -> Exit {
    let mut kind = ErrorKind::Failure;
    let mut hints = Vec::new();
    for cause in error.chain() {
        let (own_kind, own_hints) = if let Some(error) = cause.downcast_ref::<ClusterError>() {
            let is_without = matches!(error, ClusterError::NoConfig(_));
            let without = without_cluster.filter(|_| is_without).map(str::to_owned);
            (error.kind(), error.hint().into_iter().chain(without).collect())
        } else if let Some(error) = cause.downcast_ref::<Error>() {
            (error.kind(), error.hints().to_vec())
        } else if let Some(error) = cause.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // The reader closed the pipe, as head does.
            return Exit::Ok;
        } else {
            continue;
        };
        if own_kind != ErrorKind::Failure {
            kind = own_kind;
        }
        if !own_hints.is_empty() {
            hints = own_hints;
        }
    }
    let mut details = String::new();
    for cause in error.chain().skip(1) {
        let _ = writeln!(details, "  caused by: {cause}");
    }
    for hint in hints {
        let _ = writeln!(details, " hint: {}", hint.replace('\n', "\n       "));
    }
    printer.error(&error.to_string(), &details);
    kind.into()
}
