//! From the client library's errors to [`ClusterError`], by what lies at their root.

use std::error::Error as StdError;
use std::io::ErrorKind::{ConnectionReset, UnexpectedEof};

use super::encoded_object::Status;
use super::error::ClusterError;

/// Says what a transport error means for a request to `server`.
pub(super) fn transport(action: &str, server: &str, error: &kube::Error) -> ClusterError {
    for cause in chain(error) {
        if let Some(error) = find::<rustls::Error>(cause) {
            return tls(server, error);
        }
    }
    // HTTP has its own errors only once there is a connection.
    let Some(http) = chain(error).find_map(find::<hyper::Error>) else {
        return ClusterError::Unreachable { server: server.to_owned(), cause: root(error) };
    };
    if http.is_parse() {
        return ClusterError::invalid_response(action, server, http);
    }
    cut(action, server, http)
}

/// Says that an answer broke off.
pub(super) fn cut(action: &str, server: &str, error: &(dyn StdError + 'static)) -> ClusterError {
    let (action, server) = (action.to_owned(), server.to_owned());
    ClusterError::Cut { action, server, cause: root(error) }
}

/// Says why there is no TLS connection.
fn tls(server: &str, error: &rustls::Error) -> ClusterError {
    use rustls::CertificateError::{Expired, ExpiredContext};
    let server = server.to_owned();
    match error {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            ClusterError::Certificate { server, cause: "its certificate has expired".to_owned() }
        }
        rustls::Error::InvalidCertificate(_) => {
            ClusterError::Certificate { server, cause: error.to_string() }
        }
        _ => ClusterError::Tls { server, cause: error.to_string() },
    }
}

/// An error and its causes, the outermost first.
fn chain<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// What lies at the root of an error. TLS has a page to say on a connection that just
/// ended; the kind of I/O error says as much.
fn root(error: &(dyn StdError + 'static)) -> String {
    let lost = |io: &std::io::Error| matches!(io.kind(), UnexpectedEof | ConnectionReset);
    match chain(error).last() {
        None => error.to_string(),
        Some(root) => match root.downcast_ref::<std::io::Error>() {
            Some(io) if lost(io) => io.kind().to_string(),
            _ => root.to_string(),
        },
    }
}

/// Looks for a `T` in one link of a chain; an `io::Error` hides what it wraps.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    if let Some(found) = error.downcast_ref::<T>() {
        return Some(found);
    }
    let inner: &(dyn StdError + 'static) = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    find::<T>(inner)
}

/// The words of an error answer: the Status message, which may name the rules of a role over
/// several lines, or the start of any other text.
pub(super) fn words_of(body: &[u8]) -> String {
    match Status::read(body) {
        Some(status) if !status.message.is_empty() => status.message,
        _ => {
            let text = String::from_utf8_lossy(body);
            let start = text.trim_start().to_ascii_lowercase();
            if start.starts_with("<!doctype html") || start.starts_with("<html") {
                return "an HTML page, as a proxy or a login page sends it".to_owned();
            }
            let line = text.lines().next().unwrap_or_default().trim();
            match line.char_indices().nth(200) {
                Some((end, _)) => format!("{}...", &line[..end]),
                None if line.is_empty() => "without a word".to_owned(),
                None => line.to_owned(),
            }
        }
    }
}
