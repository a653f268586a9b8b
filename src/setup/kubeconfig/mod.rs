//! A kubeconfig with a token: a new one, or entries of an existing one.
//!
//! The existing one stays untyped: fields that are unknown here are kept.

mod edit;

use serde_json::{Value, json};

use crate::certificates::SecretString;
use oppscale_core::error::Error;

/// The entries of a kubeconfig.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Name of the cluster, user and context.
    pub name: &'a str,
    /// URL of the API server.
    pub server: &'a str,
    /// CA of the API server's certificate, PEM in base64; `None` for the system's CAs.
    pub authority: Option<&'a str>,
    /// The name in its certificate, if it differs from the URL's host.
    pub tls_server_name: Option<&'a str>,
    /// Proxy to the server.
    pub proxy_url: Option<&'a str>,
    /// Whether the server's certificate is not verified.
    pub is_insecure: bool,
    /// Namespace of the context.
    pub namespace: &'a str,
    /// Token of the user.
    pub token: &'a SecretString,
}

impl Entry<'_> {
    /// A kubeconfig with these entries alone.
    pub fn whole(&self) -> Value {
        let mut config = json!({"apiVersion": "v1", "kind": "Config", "preferences": {}});
        for (list, field, value) in self.values() {
            config[list] = json!([{"name": self.name, field: value}]);
        }
        config["current-context"] = self.name.into();
        config
    }

    /// Whether a kubeconfig holds only entries of this name, as [`Self::whole`] makes it.
    pub fn is_all_of(name: &str, config: &Value) -> bool {
        ["clusters", "users", "contexts"].into_iter().all(|list| {
            let entries = config[list].as_array();
            entries.is_some_and(|entries| entries.len() == 1 && entries[0]["name"] == name)
        })
    }

    /// An existing kubeconfig with these entries. Its current context stays; entries of this name
    /// are replaced if they are for the same server, or with `force`.
    ///
    /// # Errors
    /// When it is not a kubeconfig, or the name is taken.
    pub fn merged(&self, mut into: Value, force: bool) -> Result<Value, Error> {
        let invalid = |why: String| Error::failure(format!("it is not a kubeconfig: {why}"));
        let Some(config) = into.as_object_mut() else {
            return Err(invalid("it is not a mapping".to_owned()));
        };
        if config.get("kind").is_some_and(|kind| kind != "Config") {
            return Err(invalid("its kind is not Config".to_owned()));
        }
        for (list, field, value) in self.values() {
            let entries = config.entry(list).or_insert_with(|| json!([]));
            if entries.is_null() {
                *entries = json!([]);
            }
            let Some(entries) = entries.as_array_mut() else {
                return Err(invalid(format!("{list} is not a list")));
            };
            let named = entries.iter_mut().find(|entry| entry["name"] == self.name);
            let Some(entry) = named else {
                entries.push(json!({"name": self.name, field: value}));
                continue;
            };
            let differs = match field {
                "cluster" => entry[field]["server"] != self.server,
                "context" => entry[field]["user"] != self.name,
                // Only a token is renewed here; other credentials are the user's own.
                _ => !entry[field].as_object().is_some_and(|user| user.keys().eq(["token"])),
            };
            if differs && !force {
                let text =
                    format!("it holds another {field} {:?}, which leads elsewhere", self.name);
                return Err(
                    Error::failure(text).hint("choose another --name, or replace it with --force")
                );
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

    /// The text of a kubeconfig that means `merged`, and whether the comments of `text`, the one
    /// before, are kept.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn written(&self, text: &str, merged: &Value) -> anyhow::Result<(String, bool)> {
        match edit::edited(text, merged, self.name) {
            Some(edited) => Ok((edited, true)),
            None => Ok((serde_saphyr::to_string(merged)?, !text.contains('#'))),
        }
    }

    /// The lists of a kubeconfig, the field of their items, and its value.
    fn values(&self) -> [(&'static str, &'static str, Value); 3] {
        let mut cluster = json!({"server": self.server});
        if let Some(authority) = self.authority {
            cluster["certificate-authority-data"] = json!(authority);
        }
        if let Some(proxy) = self.proxy_url {
            cluster["proxy-url"] = json!(proxy);
        }
        if self.is_insecure {
            cluster["insecure-skip-tls-verify"] = json!(true);
        }
        if let Some(name) = self.tls_server_name {
            cluster["tls-server-name"] = json!(name);
        }
        let context = json!({"cluster": self.name, "user": self.name, "namespace": self.namespace});
        [
            ("clusters", "cluster", cluster),
            ("users", "user", json!({"token": self.token.expose()})),
            ("contexts", "context", context),
        ]
    }
}
