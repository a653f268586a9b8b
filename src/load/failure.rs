//! Why there was no answer.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

/// A kind of failure. An answer of any status is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The name of the server is not known.
    Name,
    /// Nobody listens there.
    Refused,
    /// There is no way to it.
    Unreachable,
    /// TLS did not come about.
    Tls,
    /// The connection broke before the answer was whole.
    Broken,
    /// The answer took too long.
    TimedOut,
    /// What came is no HTTP.
    NotHttp,
    /// This process may not open more connections.
    OpenFiles,
    /// Too many requests were under way; it was not sent.
    NotSent,
    /// Something else.
    Other,
}

/// The name of the server could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LookupError(pub(super) std::io::Error);

/// EMFILE, "too many open files", on every Unix.
const EMFILE: i32 = 24;

impl Failure {
    /// What kind `error` is, by what caused it.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut found = Self::Other;
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(kind) = Self::of_one(error) {
                found = kind;
            }
            cause = error.source();
        }
        found
    }

    fn of_one(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
                return Some(Self::Broken);
            }
            return (hyper.is_parse() || hyper.is_parse_too_large()).then_some(Self::NotHttp);
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            // What it carries is no source of it, and may be of its own kind again.
            if let Some(kind) = io.get_ref().and_then(|inner| Self::of_one(inner)) {
                return Some(kind);
            }
            return match io.kind() {
                ErrorKind::ConnectionRefused => Some(Self::Refused),
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                    Some(Self::Unreachable)
                }
                ErrorKind::TimedOut => Some(Self::TimedOut),
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => Some(Self::Broken),
                _ if io.raw_os_error() == Some(EMFILE) => Some(Self::OpenFiles),
                _ => None,
            };
        }
        if error.is::<rustls::Error>() {
            return Some(Self::Tls);
        }
        error.is::<LookupError>().then_some(Self::Name)
    }

    /// Its name in machine output.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "unknownHost",
            Self::Refused => "connectionRefused",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Broken => "connectionBroken",
            Self::TimedOut => "timedOut",
            Self::NotHttp => "notHttp",
            Self::OpenFiles => "tooManyOpenFiles",
            Self::NotSent => "notSent",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "unknown host",
            Self::Refused => "connection refused",
            Self::Unreachable => "unreachable",
            Self::Tls => "TLS failed",
            Self::Broken => "connection broken",
            Self::TimedOut => "timed out",
            Self::NotHttp => "not HTTP",
            Self::OpenFiles => "too many open files",
            Self::NotSent => "not sent, too many under way",
            Self::Other => "other",
        })
    }
}
