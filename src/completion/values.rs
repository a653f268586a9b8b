//! The values of an argument: words that oppscale knows, names in the kubeconfig, and names that
//! the cluster, or the saved lists of `--from`, give within the time limit.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::builder::ArgExt;
use clap::{ArgMatches, FromArgMatches};
use oppscale_cluster::{
    Cluster, ConnectOptions, KubeconfigNames, Operation, SavedFiles, each_metadata, fold_list,
};
use oppscale_core::kinds::{self, Kind};
use oppscale_core::model::{Metadata, Node, Object};

use crate::commands::args::{AddressArgs, ConnectionArgs};

/// Values of an argument that are neither one of a fixed set nor files.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// Words that oppscale knows.
    Words(fn() -> Vec<String>),
    /// Contexts of the kubeconfig.
    Contexts,
    /// Clusters of the kubeconfig.
    Clusters,
    /// Users of the kubeconfig.
    Users,
    /// Names of objects: nodes, namespaces, or those of the chosen namespace.
    Names(&'static Kind),
    /// `NAME` in the chosen namespace, or `NAMESPACE/NAME`.
    Objects(&'static Kind),
    /// `KIND/NAME` in the chosen namespace, or `NAMESPACE/KIND/NAME`.
    Workloads,
    /// Keys and values of the nodes' labels: `KEY=VALUE`.
    NodeLabels,
    /// Names of nodes, or their labels.
    NodesOrLabels,
    /// These words, and keys of the nodes' labels: behind the word that ends in `=`, if one does.
    NodeLabelKeys(fn() -> Vec<String>),
    /// Taints of the nodes: `KEY=VALUE:EFFECT`.
    Taints,
    /// Resources of the nodes.
    Resources,
    /// Resources of the nodes, with a quantity to follow: `cpu=`.
    Amounts,
}

impl ArgExt for Values {}

/// The cluster or saved lists, the namespace and the kubeconfig of a command line.
#[derive(Clone, Default)]
pub(super) struct Connection {
    options: ConnectOptions,
    namespace: Option<String>,
    /// The saved lists to read instead of the cluster.
    from: Vec<String>,
}

impl Connection {
    /// The source that the words so far name.
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let has = |id: &str| matches.try_contains_id(id).is_ok();
        // `kubeconfig` has a --server of another meaning.
        let address = match has("tls_server_name") {
            true => AddressArgs::from_arg_matches(matches).unwrap_or_default(),
            false => AddressArgs::default(),
        };
        let options = match has("context").then(|| ConnectionArgs::from_arg_matches(matches)) {
            Some(Ok(connection)) => connection.options(&address),
            _ => ConnectOptions::default(),
        };
        let namespace = matches.try_get_one::<String>("namespace").ok().flatten().cloned();
        let from = matches.try_get_many::<String>("from").ok().flatten().unwrap_or_default();
        let options = ConnectOptions { is_unattended: true, ..options };
        Self { options, namespace, from: from.cloned().collect() }
    }
}

/// Value and help of a candidate.
type Candidate = (String, String);

/// Candidates that come while they are waited for. What is there at the end of the time counts.
type Found = Arc<Mutex<Vec<String>>>;

/// Source of the values.
pub(super) struct Source {
    connection: Connection,
    deadline: Instant,
    saved: OnceLock<SavedFiles>,
}

impl Source {
    /// The cluster of `connection`, with requests until `deadline`.
    pub(super) fn new(connection: Connection, deadline: Instant) -> Self {
        Self { connection, deadline, saved: OnceLock::new() }
    }

    /// The values that may follow `current`; some may begin otherwise.
    pub(super) fn values(&self, values: Values, current: &str) -> Vec<Candidate> {
        let mut found = match values {
            Values::Words(words) => words(),
            Values::Contexts => self.kubeconfig().contexts,
            Values::Clusters => self.kubeconfig().clusters,
            Values::Users => self.kubeconfig().users,
            Values::Names(kind) => self.names(kind, kind.namespaced.then_some("")),
            Values::Objects(kind) => self.objects(kind, current),
            Values::Workloads => self.workloads(current),
            Values::NodeLabels => self.node_labels(true),
            Values::NodesOrLabels => {
                let mut found = self.names(&kinds::NODE, None);
                // Labels only when a key was begun: nodes are what most mean.
                if !current.is_empty() {
                    found.extend(self.node_labels(true));
                }
                found
            }
            Values::NodeLabelKeys(words) => {
                let mut found = words();
                // Where a key stands behind `pool=`, it stands nowhere else.
                let needs_prefix = found.iter().any(|word| word.ends_with('='));
                let prefix = match current.find('=') {
                    Some(end) => Some(&current[..=end]),
                    None => (!needs_prefix).then_some(""),
                };
                if let Some(prefix) = prefix {
                    let keys = self.node_labels(false).into_iter();
                    found.extend(keys.map(|key| format!("{prefix}{key}")));
                }
                found
            }
            Values::Taints => self.taints(),
            Values::Resources => self.resources(""),
            Values::Amounts => self.amounts(current),
        };
        // The order of words is theirs.
        if !matches!(values, Values::Words(_)) {
            found.sort();
            found.dedup();
        }
        found.into_iter().map(|value| (value, String::new())).collect()
    }

    fn kubeconfig(&self) -> KubeconfigNames {
        let path: Option<PathBuf> = self.connection.options.kubeconfig.clone();
        let names = self.in_time(async move {
            // It may be a pipe without a writer.
            tokio::task::spawn_blocking(move || KubeconfigNames::read(path.as_deref())).await
        });
        names.and_then(Result::ok).and_then(Result::ok).unwrap_or_default()
    }

    /// Names of a kind: in all of the cluster for `None`, in this namespace, or for an empty one
    /// in the chosen namespace.
    fn names(&self, kind: &'static Kind, namespace: Option<&str>) -> Vec<String> {
        let name = |metadata: &Metadata<'_>, found: &Found| push(found, metadata.name.to_string());
        let mut found = self.each(kind, namespace, name);
        if kind == &kinds::NAMESPACE
            && let Some(saved) = self.saved()
        {
            // Those whose pods were saved, but not themselves.
            found.extend(saved.pod_names().into_iter().map(|(namespace, _)| namespace));
        }
        found
    }

    /// What `each` finds in the metadata of the objects of a kind. `namespace` is as for
    /// [`Self::names`].
    fn each(
        &self,
        kind: &'static Kind,
        namespace: Option<&str>,
        each: impl Fn(&Metadata<'_>, &Found),
    ) -> Vec<String> {
        let chosen = self.connection.namespace.as_deref();
        let namespace = namespace.map(|name| Some(name).filter(|name| !name.is_empty()).or(chosen));
        if let Some(saved) = self.saved() {
            let found = Found::default();
            let namespace = namespace.map(|name| name.unwrap_or("default"));
            for object in saved.of_kind(kind.group, kind.name) {
                if let Ok(Object { metadata, .. }) =
                    serde_json::from_str::<Object<Metadata<'_>>>(object)
                    && namespace.is_none_or(|name| metadata.namespace_or_default() == name)
                {
                    each(&metadata, &found);
                }
            }
            return taken(&found);
        }
        self.of_cluster(async move |cluster, found| {
            let namespace = namespace.map(|name| name.unwrap_or(cluster.namespace()).to_owned());
            let each = |metadata: &Metadata<'_>| each(metadata, &found);
            each_metadata(&cluster, kind, namespace.as_deref(), each).await
        })
    }

    /// The saved lists of `--from`; none of their objects if they cannot be read in time.
    fn saved(&self) -> Option<&SavedFiles> {
        let from = &self.connection.from;
        if from.is_empty() {
            return None;
        }
        Some(self.saved.get_or_init(|| {
            // Standard input and pipes can be read only once, and not by whoever presses Tab.
            let is_kept = |path: &String| {
                fs::metadata(path).is_ok_and(|found| found.is_file() || found.is_dir())
            };
            if !from.iter().all(is_kept) {
                return SavedFiles::default();
            }
            let (sender, receiver) = mpsc::channel();
            let from = from.clone();
            thread::spawn(move || {
                // Nobody receives after the time is over.
                let _ = sender.send(SavedFiles::load(&from).ok());
            });
            let loaded = receiver.recv_timeout(self.rest());
            loaded.ok().flatten().unwrap_or_default()
        }))
    }

    fn objects(&self, kind: &'static Kind, current: &str) -> Vec<String> {
        match current.split_once('/') {
            Some((namespace, _)) => {
                let names = self.names(kind, Some(namespace)).into_iter();
                names.map(|name| format!("{namespace}/{name}")).collect()
            }
            None => {
                let mut found = self.names(kind, Some(""));
                found.extend(self.namespaces());
                found
            }
        }
    }

    /// Namespaces as the first part of a name.
    fn namespaces(&self) -> impl Iterator<Item = String> + use<> {
        self.names(&kinds::NAMESPACE, None).into_iter().map(|name| format!("{name}/"))
    }

    fn workloads(&self, current: &str) -> Vec<String> {
        let kinds = || kinds::scalable().map(|kind| format!("{}/", kind.name.to_lowercase()));
        let parts: Vec<_> = current.split('/').collect();
        let names = |namespace: &str, kind: &str, prefix: &str| {
            let found = kinds::named(kind).map(|kind| self.names(kind, Some(namespace)));
            let found = found.unwrap_or_default().into_iter();
            found.map(|name| format!("{prefix}{name}")).collect()
        };
        match parts[..] {
            [namespace, kind, _] => names(namespace, kind, &format!("{namespace}/{kind}/")),
            [kind, _] if kinds::named(kind).is_some() => names("", kind, &format!("{kind}/")),
            [namespace, _] => kinds().map(|kind| format!("{namespace}/{kind}")).collect(),
            [_] => kinds().chain(self.namespaces()).collect(),
            _ => Vec::new(),
        }
    }

    fn node_labels(&self, with_values: bool) -> Vec<String> {
        self.each(&kinds::NODE, None, |metadata, found| {
            for (key, value) in metadata.labels.iter() {
                let label = match with_values {
                    true => format!("{key}={}", &**value),
                    false => key.to_string(),
                };
                push(found, label);
            }
        })
    }

    fn taints(&self) -> Vec<String> {
        self.of_nodes(|node, found| {
            for taint in &node.spec.taints {
                let equals = if taint.value.is_empty() { "" } else { "=" };
                let (key, value, effect) = (&*taint.key, &*taint.value, &*taint.effect);
                push(found, format!("{key}{equals}{value}:{effect}"));
            }
        })
    }

    /// Names of resources, each followed by `suffix`. The usual ones need no cluster.
    fn resources(&self, suffix: &'static str) -> Vec<String> {
        let mut found = self.of_nodes(move |node, found| {
            for (name, _) in node.status.allocatable.iter().flat_map(|pairs| pairs.iter()) {
                push(found, format!("{name}{suffix}"));
            }
        });
        found.extend(["cpu", "memory", "pods"].map(|name| format!("{name}{suffix}")));
        found
    }

    /// `cpu=`, or behind `cpu=4,` the next.
    fn amounts(&self, current: &str) -> Vec<String> {
        let begun = current.rfind(',').map_or("", |comma| &current[..=comma]);
        self.resources("=").into_iter().map(|amount| format!("{begun}{amount}")).collect()
    }

    fn of_nodes(&self, each: impl Fn(&Node<'_>, &Found)) -> Vec<String> {
        if let Some(saved) = self.saved() {
            let found = Found::default();
            let nodes = saved.of_kind(kinds::NODE.group, kinds::NODE.name);
            nodes.filter_map(|node| serde_json::from_str::<Node<'_>>(node).ok()).for_each(|node| {
                each(&node, &found);
            });
            return taken(&found);
        }
        self.of_cluster(async move |cluster, found| {
            let operation = Operation::new("list nodes", kinds::NODE.permission("list"));
            let path = kinds::NODE.list_path(None);
            let body = cluster.get(&operation, &format!("{path}?limit=500")).await?;
            fold_list(std::str::from_utf8(&body)?, |node: Node<'_>| each(&node, &found))?;
            Ok(())
        })
    }

    /// What `read` finds in the cluster in time.
    fn of_cluster<F>(&self, read: impl FnOnce(Cluster, Found) -> F) -> Vec<String>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let found = Found::default();
        let options = ConnectOptions {
            request_timeout: Some(self.rest()),
            ..self.connection.options.clone()
        };
        self.in_time(async {
            if let Ok(cluster) = options.connect().await {
                // A refusal leaves what there is.
                let _ = read(cluster, Arc::clone(&found)).await;
            }
        });
        taken(&found)
    }

    fn rest(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The result of `work`, unless the time is over before.
    fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let rest = self.rest();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let result = runtime.block_on(async { tokio::time::timeout(rest, work).await });
        // A file that cannot be read need not be waited for.
        runtime.shutdown_background();
        result.ok()
    }
}

fn taken(found: &Found) -> Vec<String> {
    std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner))
}

fn push(found: &Found, value: String) {
    found.lock().unwrap_or_else(PoisonError::into_inner).push(value);
}
