//! Credential plugins, run as client-go runs them (`plugin/pkg/client/auth/exec`).

use std::io::{ErrorKind, IsTerminal};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::identity::Identity;
use super::kubeconfig::{ExecEntry, Variable};
use crate::documents;
use crate::error::ClusterError;
use crate::typed;
use crate::yaml::DuplicateKeys;

/// The versions of the plugin API that kubectl knows.
const API_VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// A credential plugin of a user.
#[derive(Debug, Clone)]
pub(crate) struct Plugin {
    command: String,
    args: Vec<String>,
    env: Vec<Variable>,
    api_version: String,
    install_hint: String,
    mode: InteractiveMode,
    /// The cluster, for `provideClusterInfo`.
    cluster: Option<Value>,
}

/// Whether a plugin uses standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InteractiveMode {
    Never,
    IfAvailable,
    Always,
}

/// Whether a plugin may use the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// A person may be asked, and sees what the plugin prints.
    Shared,
    /// The terminal may show a live screen.
    Taken,
}

/// Output of a plugin.
#[derive(Clone, Default)]
pub(crate) struct PluginCredentials {
    /// A bearer token.
    pub(crate) token: Option<String>,
    /// A client certificate.
    pub(crate) identity: Option<Identity>,
    /// Time at which they expire.
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExecCredential {
    kind: String,
    api_version: String,
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

impl Plugin {
    /// The plugin of the user `user`; `cluster` is passed to it if `provideClusterInfo` is set.
    ///
    /// # Errors
    /// When kubectl would refuse the entry.
    pub(crate) fn new(
        user: &str,
        entry: &ExecEntry,
        cluster: impl FnOnce() -> Value,
    ) -> Result<Self, ClusterError> {
        let wrong = |why: String| Err(ClusterError::BadConfig(format!("user {user:?}: {why}")));
        if entry.command.is_empty() {
            return wrong("its credential plugin has no command".to_owned());
        }
        if !API_VERSIONS.contains(&entry.api_version.as_str()) {
            return wrong(format!(
                "apiVersion {:?} of its credential plugin is not {}",
                entry.api_version,
                API_VERSIONS.join(" or ")
            ));
        }
        if entry.env.iter().any(|variable| {
            variable.name.is_empty()
                || variable.name.contains(['=', '\0'])
                || variable.value.contains('\0')
        }) {
            return wrong("an env entry of its credential plugin has no valid name".to_owned());
        }
        if entry.args.iter().chain([&entry.command]).any(|word| word.contains('\0')) {
            return wrong("the command of its credential plugin has a NUL in it".to_owned());
        }
        let mode = match entry.interactive_mode.as_str() {
            "Never" => InteractiveMode::Never,
            "IfAvailable" => InteractiveMode::IfAvailable,
            "Always" => InteractiveMode::Always,
            // The default of v1beta1; v1 has none.
            "" if entry.api_version == API_VERSIONS[1] => InteractiveMode::IfAvailable,
            "" => return wrong("its credential plugin has no interactiveMode".to_owned()),
            other => {
                return wrong(format!(
                    "interactiveMode {other:?} of its credential plugin is not Never, \
                     IfAvailable or Always"
                ));
            }
        };
        Ok(Self {
            command: entry.command.clone(),
            args: entry.args.clone(),
            env: entry.env.clone(),
            api_version: entry.api_version.clone(),
            install_hint: printable(&entry.install_hint),
            mode,
            cluster: entry.provide_cluster_info.then(cluster),
        })
    }

    /// Whether the plugin may prompt the user.
    fn is_interactive(&self, terminal: Terminal) -> Result<bool, ClusterError> {
        let is_available = terminal == Terminal::Shared && std::io::stdin().is_terminal();
        match self.mode {
            InteractiveMode::Never => Ok(false),
            InteractiveMode::IfAvailable => Ok(is_available),
            InteractiveMode::Always if is_available => Ok(true),
            InteractiveMode::Always => {
                Err(self.failed("needs a terminal (interactiveMode Always), and there is none"))
            }
        }
    }

    /// Runs the plugin. `timeout` is how long it may take; without one it may take `default` where
    /// it cannot ask a person.
    ///
    /// # Errors
    /// When it cannot be started, fails, takes too long, or prints something else.
    pub(crate) async fn run(
        &self,
        terminal: Terminal,
        timeout: Option<Duration>,
        default: Duration,
    ) -> Result<PluginCredentials, ClusterError> {
        let interactive = self.is_interactive(terminal)?;
        let mut spec = json!({"interactive": interactive});
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        let info = json!({"kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec});
        let mut command = Command::new(&self.command);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|variable| (&variable.name, &variable.value)))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(match terminal {
                Terminal::Shared => Stdio::inherit(),
                Terminal::Taken => Stdio::piped(),
            })
            .kill_on_drop(true);
        let child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => ClusterError::PluginMissing {
                command: self.command.clone(),
                install_hint: self.install_hint.clone(),
            },
            _ => self.failed(&format!("cannot be started: {error}")),
        })?;
        let limit = timeout.or_else(|| (!interactive).then_some(default));
        let limit = limit.filter(|limit| !limit.is_zero());
        let ended = child.wait_with_output();
        let output = match limit {
            None => ended.await,
            Some(limit) => match tokio::time::timeout(limit, ended).await {
                Ok(output) => output,
                Err(_) => {
                    return Err(ClusterError::PluginTimedOut {
                        command: self.command.clone(),
                        seconds: limit.as_secs_f64(),
                    });
                }
            },
        };
        let output = output.map_err(|error| self.failed(&format!("failed: {error}")))?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            let message = message.trim();
            let colon = if message.is_empty() { "" } else { ": " };
            return Err(self.failed(&format!("failed ({}){colon}{message}", output.status)));
        }
        self.parse(output.stdout)
    }

    /// Reads what the plugin printed. No error shows it: it may be a token.
    fn parse(&self, stdout: Vec<u8>) -> Result<PluginCredentials, ClusterError> {
        let other = || self.failed("printed something else than an ExecCredential");
        let text = documents::decode(stdout).map_err(|_| other())?;
        let value = documents::values(&text, DuplicateKeys::LastWins).map_err(|_| other())?;
        let value = value.into_iter().next().ok_or_else(other)?;
        let credential: ExecCredential = typed::read(&value).map_err(|_| other())?;
        if credential.kind != "ExecCredential" {
            return Err(other());
        }
        if credential.api_version != self.api_version {
            return Err(self.failed(&format!(
                "is to use apiVersion {} and printed {:?}",
                self.api_version, credential.api_version
            )));
        }
        let status = credential.status.ok_or_else(|| self.failed("printed no status"))?;
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        let identity = match (set(status.client_certificate_data), set(status.client_key_data)) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                let identity = Identity::new(certificate.as_bytes(), key.as_bytes());
                Some(identity.map_err(|error| self.failed(&format!("failed: {error}")))?)
            }
            _ => return Err(self.failed("printed a certificate or a key, not both")),
        };
        let token = set(status.token);
        if token.is_none() && identity.is_none() {
            return Err(self.failed("printed neither a token nor a certificate"));
        }
        Ok(PluginCredentials { token, identity, expires: status.expiration_timestamp })
    }

    fn failed(&self, why: &str) -> ClusterError {
        ClusterError::Credentials(format!("{}: the credential plugin {why}", self.command))
    }
}

/// A text without the control characters that could change the state of a terminal.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.trim().chars() {
        match c.is_control() && !matches!(c, '\t' | '\n' | '\r') {
            true => printable.push_str(&format!("U+{:04X}", u32::from(c))),
            false => printable.push(c),
        }
    }
    printable
}
