//! The one place where an error becomes words: `error / caused by / hint`, and an exit code.

use std::fmt::Write as _;

use oppscale_cluster::ClusterError;
use oppscale_cluster::exit::{Exit, Hinted, OwnedByOthers, TimedOut, UsageError};

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
