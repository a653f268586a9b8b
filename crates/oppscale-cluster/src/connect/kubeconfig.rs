//! Kubeconfig files, found, read and merged as kubectl does (client-go `tools/clientcmd`).

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::documents;
use crate::error::ClusterError;
use crate::typed::{self, Refusal};
use crate::yaml::DuplicateKeys;

/// The merged content of all kubeconfig files. Paths in it are resolved.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kubeconfig {
    /// Clusters by name.
    pub(crate) clusters: BTreeMap<String, ClusterEntry>,
    /// Users by name.
    pub(crate) users: BTreeMap<String, UserEntry>,
    /// Contexts by name.
    pub(crate) contexts: BTreeMap<String, ContextEntry>,
    /// The name of the current context; empty for none.
    pub(crate) current_context: String,
    /// The files that would have been read but do not exist.
    pub(crate) missing: Vec<PathBuf>,
}

/// A cluster of a kubeconfig. Texts are empty where they are not set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct ClusterEntry {
    pub(crate) server: String,
    pub(crate) insecure_skip_tls_verify: bool,
    pub(crate) certificate_authority: String,
    pub(crate) certificate_authority_data: String,
    pub(crate) proxy_url: String,
    pub(crate) disable_compression: bool,
    pub(crate) tls_server_name: String,
    pub(crate) extensions: Vec<Extension>,
}

/// Data of others in a kubeconfig.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) extension: Value,
}

/// A user of a kubeconfig. Texts are empty where they are not set.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct UserEntry {
    pub(crate) token: String,
    #[serde(rename = "tokenFile")]
    pub(crate) token_file: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) client_certificate: String,
    pub(crate) client_certificate_data: String,
    pub(crate) client_key: String,
    pub(crate) client_key_data: String,
    #[serde(rename = "as")]
    pub(crate) impersonate: String,
    #[serde(rename = "as-uid")]
    pub(crate) impersonate_uid: String,
    #[serde(rename = "as-groups")]
    pub(crate) impersonate_groups: Vec<String>,
    #[serde(rename = "as-user-extra")]
    pub(crate) impersonate_extra: BTreeMap<String, Vec<String>>,
    pub(crate) auth_provider: Option<AuthProvider>,
    pub(crate) exec: Option<ExecEntry>,
}

// It holds secrets, which no log may show.
impl std::fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserEntry").finish_non_exhaustive()
    }
}

/// Credentials of a provider that was built into client-go.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AuthProvider {
    pub(crate) name: String,
    pub(crate) config: BTreeMap<String, String>,
}

/// A credential plugin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ExecEntry {
    pub(crate) api_version: String,
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<Variable>,
    pub(crate) install_hint: String,
    pub(crate) provide_cluster_info: bool,
    pub(crate) interactive_mode: String,
}

/// An environment variable of a credential plugin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A context of a kubeconfig.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContextEntry {
    pub(crate) cluster: String,
    pub(crate) user: String,
    pub(crate) namespace: String,
}

/// A kubeconfig file as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    kind: String,
    #[serde(rename = "apiVersion")]
    api_version: String,
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
    contexts: Vec<NamedContext>,
    #[serde(rename = "current-context")]
    current_context: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedCluster {
    name: String,
    cluster: ClusterEntry,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedUser {
    name: String,
    user: UserEntry,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedContext {
    name: String,
    context: ContextEntry,
}

impl Kubeconfig {
    /// Reads the file `explicit`, else those of `KUBECONFIG`, else `~/.kube/config`. Files that do
    /// not exist are left out; of entries with one name, the first counts.
    ///
    /// # Errors
    /// When `explicit` does not exist, or a file cannot be read or is no kubeconfig.
    pub(crate) fn read(explicit: Option<&Path>) -> Result<Self, ClusterError> {
        let paths = match explicit.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) if !path.exists() => {
                return Err(ClusterError::NoConfig(format!("{} does not exist", path.display())));
            }
            Some(path) => vec![path.to_owned()],
            None => default_paths(),
        };
        let mut merged = Self::default();
        for path in paths {
            match std::fs::read(&path) {
                Ok(bytes) => merged.merge(Self::parse(bytes, &path)?),
                Err(error) if error.kind() == NotFound => merged.missing.push(path),
                Err(error) => return Err(unusable(&path, &error.to_string())),
            }
        }
        Ok(merged)
    }

    /// Parses the content of the file `path`, whose relative paths begin in its directory.
    ///
    /// # Errors
    /// When it is no kubeconfig.
    pub(crate) fn parse(bytes: Vec<u8>, path: &Path) -> Result<Self, ClusterError> {
        let unusable = |why: &str| unusable(path, why);
        let value = without_nulls(first_document(bytes, path)?);
        if value.is_null() {
            return Ok(Self::default());
        }
        // The parser's own words would show the value, which may be a secret.
        let file: File = typed::read(&value).map_err(|refusal| match refusal {
            Refusal::Malformed { field, .. } if !field.is_empty() => {
                unusable(&format!("{field} has the wrong type; quote it if it is a text"))
            }
            _ => unusable("it is no mapping"),
        })?;
        if !matches!(file.kind.as_str(), "" | "Config") {
            return Err(unusable(&format!("it is a {}, not a Config", file.kind)));
        }
        if !matches!(file.api_version.as_str(), "" | "v1") {
            return Err(unusable(&format!("its apiVersion is {}, not v1", file.api_version)));
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        let resolve = |file: &mut String| {
            if !file.is_empty() {
                *file = directory.join(&*file).to_string_lossy().into_owned();
            }
        };
        let mut config = Self { current_context: file.current_context, ..Self::default() };
        for NamedCluster { name, mut cluster } in file.clusters {
            resolve(&mut cluster.certificate_authority);
            if config.clusters.insert(name.clone(), cluster).is_some() {
                return Err(unusable(&format!("it has two clusters named {name:?}")));
            }
        }
        for NamedUser { name, mut user } in file.users {
            resolve(&mut user.token_file);
            resolve(&mut user.client_certificate);
            resolve(&mut user.client_key);
            // A bare name is looked for on the PATH.
            if let Some(exec) = &mut user.exec
                && exec.command.contains(std::path::MAIN_SEPARATOR)
            {
                resolve(&mut exec.command);
            }
            if config.users.insert(name.clone(), user).is_some() {
                return Err(unusable(&format!("it has two users named {name:?}")));
            }
        }
        for NamedContext { name, context } in file.contexts {
            if config.contexts.insert(name.clone(), context).is_some() {
                return Err(unusable(&format!("it has two contexts named {name:?}")));
            }
        }
        Ok(config)
    }

    /// Adds what `next` has and this one has not.
    fn merge(&mut self, next: Self) {
        fn add<T>(into: &mut BTreeMap<String, T>, from: BTreeMap<String, T>) {
            for (name, entry) in from {
                into.entry(name).or_insert(entry);
            }
        }
        add(&mut self.clusters, next.clusters);
        add(&mut self.users, next.users);
        add(&mut self.contexts, next.contexts);
        if self.current_context.is_empty() {
            self.current_context = next.current_context;
        }
    }
}

/// The document of a kubeconfig that kubectl reads, with all fields, in whichever encoding of
/// Unicode; null if it is empty.
///
/// # Errors
/// When it is no kubeconfig.
pub fn kubeconfig_document(bytes: Vec<u8>, path: &Path) -> Result<Value, ClusterError> {
    Kubeconfig::parse(bytes.clone(), path)?;
    first_document(bytes, path)
}

/// The first YAML document of a kubeconfig; kubectl reads no other.
fn first_document(bytes: Vec<u8>, path: &Path) -> Result<Value, ClusterError> {
    let unusable = |why: &str| unusable(path, why);
    let text = documents::decode(bytes).map_err(|error| unusable(&error.to_string()))?;
    let Some(part) = documents::parts(&text).next() else { return Ok(Value::Null) };
    let values = part.values(DuplicateKeys::LastWins);
    let values = values.map_err(|error| unusable(&error.to_string()))?;
    Ok(values.into_iter().next().unwrap_or_default())
}

/// The files of `KUBECONFIG`, each once, or `~/.kube/config`.
fn default_paths() -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty() && seen.insert(path.clone()))
            .collect(),
        None => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}

/// Removes nulls, which kubectl takes for members that are not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, member)| !member.is_null());
            Value::Object(members.map(|(key, member)| (key, without_nulls(member))).collect())
        }
        Value::Array(items) => {
            let items = items.into_iter().filter(|item| !item.is_null());
            Value::Array(items.map(without_nulls).collect())
        }
        other => other,
    }
}

fn unusable(path: &Path, why: &str) -> ClusterError {
    ClusterError::BadConfig(format!("{}: {why}", path.display()))
}
