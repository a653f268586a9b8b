//! A kubeconfig with a token: written, or merged into one that is there.

use serde_json::{Value, json};

use crate::certificates::SecretString;

/// What a kubeconfig is to hold.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The name of cluster, user and context.
    pub name: &'a str,
    /// The API server's address.
    pub server: &'a str,
    /// The authority of its certificate, base64 of PEM; `None` for the system's.
    pub authority: Option<&'a str>,
    /// The name in its certificate, where it differs.
    pub tls_server_name: Option<&'a str>,
    /// The namespace of the context.
    pub namespace: &'a str,
    /// The user's token.
    pub token: &'a SecretString,
}

/// Why a kubeconfig cannot be merged into.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// It is no kubeconfig.
    #[error("it is no kubeconfig: {0}")]
    NoKubeconfig(String),
    /// An entry of this name is somebody else's.
    #[error("it holds another {kind} {name:?}, which leads elsewhere")]
    Taken {
        /// Cluster, user or context.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

impl Entry<'_> {
    /// A kubeconfig of its own.
    pub fn whole(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Config", "preferences": {},
            "clusters": [{"name": self.name, "cluster": self.cluster()}],
            "users": [{"name": self.name, "user": self.user()}],
            "contexts": [{"name": self.name, "context": self.context()}],
            "current-context": self.name
        })
    }

    /// Whether a kubeconfig holds nothing but an entry of this name, and so is one that
    /// [`Self::whole`] made before.
    pub fn is_all_of(name: &str, config: &Value) -> bool {
        ["clusters", "users", "contexts"].into_iter().all(|list| {
            let entries = config[list].as_array();
            entries.is_some_and(|entries| entries.len() == 1 && entries[0]["name"] == name)
        })
    }

    /// The same in a kubeconfig that is there. Its current context stays; entries of this name
    /// are replaced if they are about the same server, or with `force`.
    ///
    /// # Errors
    /// When it is no kubeconfig, or the name is taken.
    pub fn merged(&self, mut into: Value, force: bool) -> Result<Value, MergeError> {
        let Some(config) = into.as_object_mut() else {
            return Err(MergeError::NoKubeconfig("it is no mapping".to_owned()));
        };
        if config.get("kind").is_some_and(|kind| kind != "Config") {
            return Err(MergeError::NoKubeconfig("its kind is not Config".to_owned()));
        }
        let taken = |kind| MergeError::Taken { kind, name: self.name.to_owned() };
        for (list, field, kind, value) in [
            ("clusters", "cluster", "cluster", self.cluster()),
            ("users", "user", "user", self.user()),
            ("contexts", "context", "context", self.context()),
        ] {
            let entries = config.entry(list).or_insert_with(|| json!([]));
            if entries.is_null() {
                *entries = json!([]);
            }
            let Some(entries) = entries.as_array_mut() else {
                return Err(MergeError::NoKubeconfig(format!("{list} is no list")));
            };
            let named = entries.iter_mut().find(|entry| entry["name"] == self.name);
            let Some(entry) = named else {
                entries.push(json!({"name": self.name, field: value}));
                continue;
            };
            let differs = match kind {
                "cluster" => entry[field]["server"] != self.server,
                "context" => entry[field]["user"] != self.name,
                // A token is what is renewed here; other credentials are somebody's.
                _ => !entry[field].as_object().is_some_and(|user| user.keys().eq(["token"])),
            };
            if differs && !force {
                return Err(taken(kind));
            }
            entry[field] = value;
        }
        for (key, value) in [("apiVersion", json!("v1")), ("kind", json!("Config"))] {
            config.entry(key).or_insert(value);
        }
        if config.get("current-context").is_none_or(|name| name == "" || name.is_null()) {
            config.insert("current-context".to_owned(), json!(self.name));
        }
        Ok(into)
    }

    fn cluster(&self) -> Value {
        let mut cluster = json!({"server": self.server});
        if let Some(authority) = self.authority {
            cluster["certificate-authority-data"] = json!(authority);
        }
        if let Some(name) = self.tls_server_name {
            cluster["tls-server-name"] = json!(name);
        }
        cluster
    }

    fn user(&self) -> Value {
        json!({"token": self.token.expose()})
    }

    fn context(&self) -> Value {
        json!({"cluster": self.name, "user": self.name, "namespace": self.namespace})
    }
}
