//! What can go wrong with an API server, each with what to do about it.

use std::fmt;
use std::time::Duration;

use oppscale_core::error::ErrorKind;

/// A failed exchange with a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No kubeconfig, and not inside of a cluster.
    #[error("no cluster to talk to: {0}")]
    NoConfig(String),
    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig: {0}")]
    BadConfig(String),
    /// The kubeconfig has no current context.
    #[error(
        "no cluster to talk to: the kubeconfig has no current context; choose one with --context"
    )]
    NoContext {
        /// The contexts that it has.
        known: Vec<String>,
    },
    /// An entry is named that the kubeconfig does not have.
    #[error("cannot use the kubeconfig: {}it has no {kind} {name:?}", by(context.as_deref()))]
    NoEntry {
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        /// The name that is not there.
        name: String,
        /// The context that names it; `None` for a flag.
        context: Option<String>,
        /// The entries of this kind that it has.
        known: Vec<String>,
    },
    /// A user's auth-provider is no longer supported.
    #[error(
        "cannot use the kubeconfig: user {user:?} has the auth-provider {provider:?}, which \
         Kubernetes 1.26 has removed"
    )]
    AuthProvider {
        /// The user.
        user: String,
        /// The provider.
        provider: String,
        /// Its replacement.
        replacement: &'static str,
    },
    /// There are no credentials, or no valid ones.
    #[error("cannot get credentials: {0}")]
    Credentials(String),
    /// The credential plugin is not installed.
    #[error("cannot get credentials: {command}: the credential plugin is not installed")]
    PluginMissing {
        /// Its command.
        command: String,
        /// The kubeconfig's `installHint`; empty if it has none.
        install_hint: String,
    },
    /// The credential plugin did not end in time.
    #[error(
        "cannot get credentials: {command}: the credential plugin did not end within {seconds} s"
    )]
    PluginTimedOut {
        /// Its command.
        command: String,
        /// Its time limit, seconds.
        seconds: f64,
    },
    /// The port is closed, or the host name does not resolve.
    #[error("cannot reach the API server {server}: {cause}")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why, in the system's words.
        cause: String,
    },
    /// The server's certificate cannot be trusted.
    #[error("cannot trust the API server {server}: {cause}")]
    Certificate {
        /// Its address.
        server: String,
        /// Why, in the TLS library's words.
        cause: String,
    },
    /// The server speaks no TLS, or another one.
    #[error("cannot speak TLS with the API server {server}: {cause}")]
    Tls {
        /// Its address.
        server: String,
        /// Why, in the TLS library's words.
        cause: String,
    },
    /// No answer in time.
    #[error("{action}: no answer from {server} within {seconds} s")]
    TimedOut {
        /// The operation that failed.
        action: String,
        /// Who did not answer.
        server: String,
        /// Time that was waited, seconds.
        seconds: f64,
    },
    /// The connection ended before or in the middle of an answer.
    #[error("{action}: the connection to {server} was cut before the answer was whole: {cause}")]
    Cut {
        /// The operation that failed.
        action: String,
        /// Whose connection.
        server: String,
        /// The cause.
        cause: String,
    },
    /// The answer is not what an API server says.
    #[error("{action}: the answer of {server} is not valid: {cause}")]
    InvalidResponse {
        /// The operation that failed.
        action: String,
        /// Who answered.
        server: String,
        /// The cause.
        cause: String,
    },
    /// An HTML page, which no API server sends.
    #[error(
        "{action}: not an API server but something in front of it answered for {server}, with an \
         HTML page ({code}{})",
        titled(title)
    )]
    HtmlPage {
        /// The operation that failed.
        action: String,
        /// Address of the server.
        server: String,
        /// The HTTP status.
        code: u16,
        /// The page's title; empty if it has none.
        title: String,
    },
    /// 401.
    #[error("{action}: the API server {server} does not know who you are (401 Unauthorized)")]
    Unauthorized {
        /// The operation that failed.
        action: String,
        /// Address of the server.
        server: String,
    },
    /// 403: a permission is missing.
    #[error("{action}: {message} (403 Forbidden)")]
    Forbidden {
        /// The operation that failed.
        action: String,
        /// The server's words, which name the missing permission.
        message: String,
        /// The rule that grants it, as `kubectl create clusterrole` takes it.
        required_rbac: String,
    },
    /// 404.
    #[error("{action}: not found on {server} ({message})")]
    NotFound {
        /// The operation that failed.
        action: String,
        /// Address of the server.
        server: String,
        /// The server's words.
        message: String,
    },
    /// 409: other field managers own fields that an apply would change.
    #[error("{object} belongs to another field manager: {owners}")]
    Conflict {
        /// Kind, namespace and name of the object.
        object: String,
        /// The field managers and their fields.
        owners: String,
    },
    /// 410, again and again.
    #[error("{action}: the list expired while it was read, {times} times (410 Gone)")]
    Expired {
        /// The operation that failed.
        action: String,
        /// Number of times that it was started.
        times: u32,
    },
    /// 429, and waiting did not help.
    #[error("{action}: the API server {server} is too busy (429 Too Many Requests): {message}")]
    TooManyRequests {
        /// The operation that failed.
        action: String,
        /// Address of the server.
        server: String,
        /// The server's words.
        message: String,
        /// Time after which to ask again.
        retry_after: Option<Duration>,
    },
    /// Any other status, and 403 with causes, which is a refusal of the object by admission.
    #[error("{action}: the API server {server} answered {code}: {message}")]
    Status {
        /// The operation that failed.
        action: String,
        /// Address of the server.
        server: String,
        /// The HTTP status.
        code: u16,
        /// The server's words.
        message: String,
        /// Time after which to ask again.
        retry_after: Option<Duration>,
    },
}

impl ClusterError {
    /// An answer of `server` that is not what an API server says.
    pub(crate) fn invalid_response(action: &str, server: &str, cause: impl fmt::Display) -> Self {
        let (action, server, cause) = (action.to_owned(), server.to_owned(), cause.to_string());
        Self::InvalidResponse { action, server, cause }
    }

    /// Whether the same request may succeed soon: the connection or the server failed, or the
    /// server is busy.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Cut { .. } | Self::TooManyRequests { .. } => true,
            Self::Status { code, .. } | Self::HtmlPage { code, .. } => *code >= 500,
            _ => false,
        }
    }

    /// Whether no server has decided on the request, as while the server is down, starts or is
    /// overloaded. It says nothing of what was asked for.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Certificate { .. }
            | Self::Tls { .. }
            | Self::Unauthorized { .. }
            | Self::Credentials(_)
            | Self::HtmlPage { .. }
            | Self::TooManyRequests { .. } => true,
            Self::Status { code, .. } => matches!(code, 502..=504),
            _ => false,
        }
    }

    /// Whether the API server has judged the request and refused it, so that it changed nothing.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::TooManyRequests { .. } => true,
            Self::Status { code, .. } => (400..500).contains(code),
            _ => false,
        }
    }

    /// Time after which the server wants to be asked again (`Retry-After`).
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyRequests { retry_after, .. } | Self::Status { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Forbidden { .. } => ErrorKind::Permissions,
            Self::TimedOut { .. } | Self::PluginTimedOut { .. } => ErrorKind::TimedOut,
            Self::Conflict { .. } => ErrorKind::Owned,
            _ => ErrorKind::Failure,
        }
    }

    /// The hint.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoConfig(_) => "name a kubeconfig with --kubeconfig or KUBECONFIG",
            Self::NoContext { known } => return Some(listed("contexts", known)),
            Self::NoEntry { kind, known, .. } => return Some(listed(&format!("{kind}s"), known)),
            Self::AuthProvider { replacement, .. } => replacement,
            Self::PluginMissing { install_hint, .. } if !install_hint.is_empty() => install_hint,
            Self::PluginMissing { .. } => "install it, and see that it is on the PATH",
            Self::PluginTimedOut { .. } => {
                "wait longer with --request-timeout=2m (0 waits for ever)"
            }
            Self::BadConfig(_) => {
                "see what it holds: kubectl config view; kubectl config get-contexts"
            }
            Self::Credentials(_) => {
                "log in again with the tool that your kubeconfig names, and see that it is on the PATH"
            }
            Self::Unreachable { .. } => {
                "is the cluster up, and the VPN or proxy on? Compare: kubectl version"
            }
            Self::Certificate { .. } => {
                "the kubeconfig's certificate-authority must be the one that signed the server's\n\
                 certificate; the server name must be in it, and neither may have expired"
            }
            Self::Tls { .. } => {
                "is that the https port of an API server? Compare: kubectl cluster-info"
            }
            Self::TimedOut { .. } => {
                "try again, or wait longer with --request-timeout=2m (0 waits for ever)"
            }
            Self::Cut { .. } => {
                "try again; if it recurs, a proxy in between may limit time or size"
            }
            Self::HtmlPage { .. } => {
                "a proxy, gateway or login page: log in there, or see HTTPS_PROXY, NO_PROXY and the server\n\
                 of the kubeconfig: kubectl config view --minify"
            }
            Self::InvalidResponse { .. } => {
                "is that address an API server, or a proxy's login page?"
            }
            Self::Unauthorized { .. } => "log in again; see who you are with: kubectl auth whoami",
            Self::Forbidden { required_rbac, message, .. } => {
                let user = user_in(message).unwrap_or("YOU");
                return Some(format!(
                    "an administrator can grant it:\n\
                     kubectl create clusterrole oppscale-view {required_rbac}\n\
                     kubectl create clusterrolebinding oppscale-view --clusterrole=oppscale-view --user={user}"
                ));
            }
            Self::NotFound { .. } => return None,
            Self::Conflict { .. } => {
                "change it where its field manager has it, or take the fields over with\n\
                 --force-conflicts"
            }
            Self::Expired { .. } => {
                "the cluster changes faster than it can be listed; try again in a moment"
            }
            Self::TooManyRequests { .. } => "try again in a moment",
            Self::Status { code: 500.., .. } => "try again; the API server's log says more",
            Self::Status { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// The title of a page behind its status.
fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(", titled {title:?}") }
}

/// What names an entry: a context, or nothing where a flag does.
fn by(context: Option<&str>) -> String {
    context.map(|name| format!("context {name:?}: ")).unwrap_or_default()
}

/// The names that a kubeconfig has.
fn listed(kinds: &str, names: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => format!("it has no {kinds}"),
        all if all > SHOWN => format!("it has the {kinds} {shown} and {} more", all - SHOWN),
        _ => format!("it has the {kinds} {shown}"),
    }
}

/// The user in a refusal: `User "bob" cannot list ...`.
fn user_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("User \"")?;
    let (user, _) = rest.split_once('"')?;
    // What could be more than a name is not put into a command to be pasted.
    let plain = |c: char| c.is_ascii_alphanumeric() || ":-_.@".contains(c);
    (!user.is_empty() && user.chars().all(plain)).then_some(user)
}
