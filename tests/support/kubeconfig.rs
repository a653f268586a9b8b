//! Kubeconfigs for tests, written as JSON, which is YAML too.

use serde_json::{Value, json};

use super::fake_apiserver::FakeApiServer;

/// A kubeconfig in the making.
pub struct Kubeconfig {
    clusters: Vec<Value>,
    users: Vec<Value>,
    contexts: Vec<Value>,
    current: &'static str,
}

impl Kubeconfig {
    /// An empty one, whose current context is `current`.
    pub fn new(current: &'static str) -> Self {
        Self { clusters: Vec::new(), users: Vec::new(), contexts: Vec::new(), current }
    }

    /// The context `fake`: the cluster and the user `fake`, who has no credentials. The
    /// server's authority is expected in `ca.crt`.
    pub fn of(server: &FakeApiServer) -> Self {
        Self::of_user(server, json!({}))
    }

    /// The same with a user.
    pub fn of_user(server: &FakeApiServer, user: Value) -> Self {
        let mut cluster = json!({"server": server.url()});
        if server.ca_pem().is_some() {
            // Relative, so to be looked for beside the kubeconfig.
            cluster["certificate-authority"] = "ca.crt".into();
        }
        Self::new("fake").cluster("fake", cluster).user("fake", user).context(
            "fake",
            json!({
                "cluster": "fake", "user": "fake"
            }),
        )
    }

    /// Adds a cluster.
    #[must_use]
    pub fn cluster(mut self, name: &str, cluster: Value) -> Self {
        self.clusters.push(json!({"name": name, "cluster": cluster}));
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, name: &str, user: Value) -> Self {
        self.users.push(json!({"name": name, "user": user}));
        self
    }

    /// Adds a context.
    #[must_use]
    pub fn context(mut self, name: &str, context: Value) -> Self {
        self.contexts.push(json!({"name": name, "context": context}));
        self
    }

    /// Its text.
    pub fn text(&self) -> String {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": self.current,
            "clusters": self.clusters, "users": self.users, "contexts": self.contexts
        });
        format!("{config:#}\n")
    }
}
