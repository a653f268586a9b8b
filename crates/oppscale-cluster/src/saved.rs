//! Lists saved from a cluster: what `kubectl get nodes,pods -A -o json|yaml` prints.
//!
//! JSON or YAML, one document or many, one file or several, in any order.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use oppscale_core::error::Error;

use super::builder::SnapshotBuilder;
use super::decode::fold_list;
use super::snapshot::Snapshot;
use super::typed;
use super::workload::{self, ResolvedWorkload, WorkloadRef};

/// The text of saved lists, as JSON documents.
#[derive(Debug, Default)]
pub struct SavedFiles {
    /// Where each document came from, and its JSON.
    documents: Vec<(String, Box<RawValue>)>,
}

/// What tells the kind of an object or list.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    kind: Option<std::borrow::Cow<'a, str>>,
}

/// An object of a saved list, with its kind.
struct Object<'a> {
    kind: String,
    json: &'a RawValue,
}

impl SavedFiles {
    /// Reads the files; `-` is standard input.
    ///
    /// # Errors
    /// When one cannot be read or is neither JSON nor YAML.
    pub fn load(files: &[String]) -> anyhow::Result<Self> {
        if files.iter().filter(|file| *file == "-").count() > 1 {
            bail!(Error::usage("standard input (--from -) can be read only once"));
        }
        let mut saved = Self::default();
        for file in files {
            let (name, text) = read_text(file)?;
            saved.add(&name, &text)?;
        }
        Ok(saved)
    }

    fn add(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let trimmed = text.trim_start_matches('\u{feff}').trim_start();
        let before = self.documents.len();
        if trimmed.starts_with(['{', '[']) {
            for document in serde_json::Deserializer::from_str(trimmed).into_iter() {
                let json: Box<RawValue> =
                    document.with_context(|| format!("{name} is no JSON that kubectl prints"))?;
                self.documents.push((name.to_owned(), json));
            }
        } else {
            for document in serde_yaml::Deserializer::from_str(trimmed) {
                let value = serde_json::Value::deserialize(document)
                    .with_context(|| format!("{name} is no YAML that kubectl prints"))?;
                if !value.is_null() {
                    let json = serde_json::value::to_raw_value(&value)?;
                    self.documents.push((name.to_owned(), json));
                }
            }
        }
        if self.documents.len() == before {
            bail!(Error::failure(format!("{name} is empty")).hint(HOW_TO_SAVE));
        }
        Ok(())
    }

    /// Every object of every list, and which kinds had a list of their own.
    fn objects(&self) -> anyhow::Result<(Vec<Object<'_>>, Vec<String>)> {
        let mut objects = Vec::new();
        let mut lists = Vec::new();
        for (name, document) in &self.documents {
            let kind = kind_of(document)
                .with_context(|| format!("{name} holds something that is no Kubernetes object"))?;
            match kind.as_deref().map(|kind| (kind, kind.strip_suffix("List"))) {
                None => {
                    bail!(Error::failure(format!("{name} holds an object without a kind")).hint(
                        match document.get().starts_with("{\"history\":") {
                            true => "play a capacity history with --replay",
                            false => HOW_TO_SAVE,
                        }
                    ))
                }
                Some((kind, None)) => {
                    objects.push(Object { kind: kind.to_owned(), json: document });
                }
                Some((_, Some(of))) => {
                    if !of.is_empty() {
                        lists.push(of.to_owned());
                    }
                    fold_list(document.get(), |json: &RawValue| {
                        // Items of a NodeList have no kind of their own.
                        let own = kind_of(json).ok().flatten();
                        objects.push(Object { kind: own.unwrap_or_else(|| of.to_owned()), json });
                    })
                    .with_context(|| format!("{name} holds a list that cannot be read"))?;
                }
            }
        }
        Ok((objects, lists))
    }

    /// The JSON of every object of a kind.
    ///
    /// # Errors
    /// When the files hold something that is no object.
    pub(super) fn of_kind(&self, kind: &str) -> anyhow::Result<Vec<&str>> {
        let (objects, _) = self.objects()?;
        let of_kind = objects.into_iter().filter(|object| object.kind == kind);
        Ok(of_kind.map(|object| object.json.get()).collect())
    }

    /// Namespace and name of every pod.
    ///
    /// # Errors
    /// When the files hold something that is no object.
    pub fn pod_names(&self) -> anyhow::Result<Vec<(String, String)>> {
        let pods = self.of_kind("Pod")?;
        let names = pods.into_iter().filter_map(|json| {
            let pod: oppscale_core::model::Pod<'_> = serde_json::from_str(json).ok()?;
            let namespace = &pod.metadata.namespace;
            let namespace = if namespace.is_empty() { "default" } else { namespace };
            Some((namespace.to_owned(), pod.metadata.name.to_string()))
        });
        Ok(names.collect())
    }

    /// The JSON of the pod `NAMESPACE/NAME`.
    ///
    /// # Errors
    /// When the files hold something that is no object.
    pub fn pod(&self, namespace: &str, name: &str) -> anyhow::Result<Option<&str>> {
        let (objects, _) = self.objects()?;
        Ok(objects
            .iter()
            .filter(|object| object.kind == "Pod")
            .map(|object| object.json.get())
            .find(|json| {
                serde_json::from_str::<oppscale_core::model::Pod<'_>>(json).is_ok_and(|pod| {
                    let own = &pod.metadata.namespace;
                    let own = if own.is_empty() { "default" } else { own };
                    own == namespace && &*pod.metadata.name == name
                })
            }))
    }
}

/// How to make what can be read.
const HOW_TO_SAVE: &str = "save a cluster with: kubectl get nodes,pods -A -o json > cluster.json";

/// Counts saved lists.
///
/// # Errors
/// When they hold no nodes, or not the workload that was named.
pub fn read_saved(
    files: &SavedFiles,
    workload: Option<&WorkloadRef>,
    namespace: &str,
) -> anyhow::Result<(Snapshot, ResolvedWorkload)> {
    let (objects, lists) = files.objects()?;
    let resolved = match workload {
        None => ResolvedWorkload::default(),
        Some(reference) => {
            let json: Vec<_> =
                objects.iter().map(|object| (object.kind.as_str(), object.json)).collect();
            let found = workload::find(&json, reference, namespace)
                .with_context(|| format!("workload {reference}"))?;
            found.ok_or_else(|| workload::missing(&json, reference, namespace))?
        }
    };
    let mut builder = SnapshotBuilder::new(resolved.ownership.clone());
    let has = |kind: &str| {
        lists.iter().any(|list| list == kind) || objects.iter().any(|object| object.kind == kind)
    };
    if !has("Node") {
        bail!(Error::failure("there are no nodes in what was read").hint(HOW_TO_SAVE));
    }
    let pods_unknown = !has("Pod");
    let jobs = objects.iter().filter(|object| object.kind == "Job");
    jobs.for_each(|job| builder.raw_job(job.json.get()));
    for object in &objects {
        match object.kind.as_str() {
            "Node" => builder.raw_node(object.json.get()),
            "Pod" => builder.raw_pod(object.json.get()),
            _ => {}
        }
    }
    let mut snapshot = builder.finish();
    if let Some(WorkloadRef::Labels(selector)) = workload
        && !pods_unknown
        && !snapshot.seen.opportunistic
    {
        let pods = objects.iter().filter(|object| object.kind == "Pod");
        bail!(Error::from(typed::no_pod(selector, pods.map(|object| object.json))));
    }
    if pods_unknown {
        snapshot.pods_unknown = Some("there are no pods in what was read".to_owned());
        snapshot.notes.push(HOW_TO_SAVE.to_owned());
    }
    Ok((snapshot, resolved))
}

fn kind_of(json: &RawValue) -> Result<Option<String>, serde_json::Error> {
    let kind: Kind<'_> = serde_json::from_str(json.get())?;
    Ok(kind.kind.map(std::borrow::Cow::into_owned))
}

fn read_text(file: &str) -> anyhow::Result<(String, String)> {
    let mut bytes = Vec::new();
    let name = if file == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        "standard input".to_owned()
    } else {
        bytes = std::fs::read(Path::new(file)).with_context(|| format!("cannot read {file}"))?;
        file.to_owned()
    };
    let text = String::from_utf8(bytes).with_context(|| format!("{name} is no text"))?;
    Ok((name, text))
}
