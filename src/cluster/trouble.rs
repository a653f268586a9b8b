//! From the client library's errors to [`ClusterError`], by what lies at their root.

use std::error::Error as StdError;

use kube::config::KubeconfigError;
use serde::Deserialize;

use super::error::ClusterError;

/// Says what a transport error means for a request to `server`.
pub(super) fn transport(action: &str, server: &str, error: &kube::Error) -> ClusterError {
    let server = server.to_owned();
    if let kube::Error::Auth(auth) = error {
        return ClusterError::Credentials(auth.to_string());
    }
    let mut root = String::new();
    let mut current: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = current {
        if let Some(tls) = find::<rustls::Error>(cause) {
            return ClusterError::Certificate { server, cause: tls.to_string() };
        }
        if let Some(auth) = find::<kube::client::AuthError>(cause) {
            return ClusterError::Credentials(auth.to_string());
        }
        if let Some(http) = find::<hyper::Error>(cause)
            && (http.is_incomplete_message() || http.is_body_write_aborted() || http.is_closed())
        {
            let (action, cause) = (action.to_owned(), http.to_string());
            return ClusterError::Cut { action, server, cause };
        }
        root = cause.to_string();
        current = cause.source();
    }
    ClusterError::Unreachable { server, cause: root }
}

/// Says that an answer broke off.
pub(super) fn cut(action: &str, server: &str, error: &dyn StdError) -> ClusterError {
    let mut root = error.to_string();
    let mut current = error.source();
    while let Some(cause) = current {
        root = cause.to_string();
        current = cause.source();
    }
    ClusterError::Cut { action: action.to_owned(), server: server.to_owned(), cause: root }
}

/// Says what is wrong with a kubeconfig.
pub(super) fn kubeconfig(error: &KubeconfigError) -> ClusterError {
    match error {
        KubeconfigError::FindPath => {
            ClusterError::NoConfig("there is no kubeconfig, and this is no pod of a cluster".into())
        }
        KubeconfigError::ReadConfig(io, path) if io.kind() == std::io::ErrorKind::NotFound => {
            ClusterError::NoConfig(format!("{} does not exist", path.display()))
        }
        KubeconfigError::CurrentContextNotSet => ClusterError::NoConfig(
            "the kubeconfig has no current context; choose one with --context".into(),
        ),
        other => ClusterError::BadConfig(other.to_string()),
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

/// What an API server says with an error, as far as it is a Status object.
#[derive(Debug, Default, Deserialize)]
struct StatusJson {
    #[serde(default)]
    message: String,
}

/// The words of an error answer: the Status message, or the start of any other text.
pub(super) fn words_of(body: &[u8]) -> String {
    match serde_json::from_slice::<StatusJson>(body) {
        Ok(status) if !status.message.is_empty() => status.message,
        _ => {
            let text = String::from_utf8_lossy(body);
            let line = text.lines().next().unwrap_or_default().trim();
            match line.char_indices().nth(200) {
                Some((end, _)) => format!("{}...", &line[..end]),
                None if line.is_empty() => "without a word".to_owned(),
                None => line.to_owned(),
            }
        }
    }
}
