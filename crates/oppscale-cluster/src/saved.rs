//! Lists saved from a cluster: what `kubectl get nodes,pods -A -o json|yaml` prints, what
//! `kubectl cluster-info dump` writes, and the trees of `oc adm must-gather`.
//!
//! JSON or YAML, one document or many, one file, several, a directory or a tar archive, in any
//! order. A part of a list never passes for the whole: what is not counted is named. Objects stay
//! where they are in the text of a file, so that reading it needs little more memory than its size.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use oppscale_core::error::Error;
use oppscale_core::selector::Selector;

use super::builder::SnapshotBuilder;
use super::devices;
use super::documents::{self, LOGS_START, Part, SyntaxError, TextFile, parts};
use super::read::{Named, Request};
use super::snapshot::{InvalidObject, Snapshot};
use super::tar;
use super::unmatched_names;
use super::workload::{self, ResolvedWorkload, WorkloadRef};
use super::yaml::{self, DuplicateKeys};
use super::yaml_list::YamlList;

/// Hint on how to save lists.
const HOW_TO_SAVE: &str = "save a cluster with: kubectl get nodes,pods -A -o json > cluster.json";
/// Hint on how to save a whole list.
const HOW_TO_SAVE_ALL: &str =
    "save all of it: kubectl get nodes,pods -A -o json > cluster.json (not kubectl get --raw)";
/// Number of names that a note has at most.
const MAX_NAMED: usize = 5;
/// Greatest depth of lists in lists.
const MAX_DEPTH: usize = 16;
/// Kinds that are large, frequent and never read.
const NEVER_READ: [&str; 4] = ["ConfigMap", "Event", "Secret", "CustomResourceDefinition"];

/// The objects of saved lists.
#[derive(Debug, Default)]
pub struct SavedFiles {
    /// The texts of the files that objects stand in.
    texts: Vec<String>,
    nodes: Vec<Json>,
    pods: Vec<Json>,
    /// All other objects that something may ask for.
    others: Vec<Other>,
    /// Kinds of the core API of which there was a list, if only an empty one.
    lists: BTreeSet<String>,
    /// Namespaces of pods.
    pod_namespaces: BTreeSet<String>,
    /// Namespaces that are objects themselves.
    namespaces: BTreeSet<String>,
    unique_uids: UniqueUids,
    /// Number of objects that are not counted, by kind and API group.
    foreign: BTreeMap<(String, String), usize>,
    /// Objects without a kind whose fields show their kind, by kind.
    taken_for: BTreeMap<&'static str, Names>,
    /// Items that cannot be counted, for want of a kind say.
    invalid_objects: Vec<InvalidObject>,
    /// Files of a directory that are no manifests.
    skipped_files: Names,
    /// Lists without a kind of their own.
    lists_without_kind: Names,
    /// Parts of lists of kinds that are not counted.
    partial: Names,
    /// Whether one was the output of `kubectl cluster-info dump`.
    is_dump: bool,
}

/// The JSON of an object.
#[derive(Debug)]
enum Json {
    /// A part of a file, by its number.
    Text(usize, Range<usize>),
    /// JSON that was converted from YAML.
    Converted(Box<str>),
}

/// An object that is neither node nor pod.
#[derive(Debug)]
struct Other {
    kind: Box<str>,
    group: Option<Box<str>>,
    json: Json,
}

/// An object of any kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct SavedObject<'s> {
    pub(super) kind: &'s str,
    /// The API group; `None` where the object does not say.
    pub(super) group: Option<&'s str>,
    pub(super) json: &'s str,
}

/// Names, as many as anybody reads.
#[derive(Debug, Default)]
struct Names {
    first: Vec<String>,
    count: usize,
}

impl Names {
    fn push(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < MAX_NAMED {
            self.first.push(name());
        }
    }

    fn list(&self) -> String {
        match self.count - self.first.len() {
            0 => self.first.join(", "),
            more => format!("{} and {more} more", self.first.join(", ")),
        }
    }
}

/// Finds out whether pods of different names have the same uid, as in redacted lists.
#[derive(Debug, Default)]
struct UniqueUids {
    hasher: RandomState,
    names: HashMap<u64, u64>,
    repeated: bool,
}

impl UniqueUids {
    fn add(&mut self, metadata: &Metadata<'_>) {
        if metadata.uid.is_empty() {
            return;
        }
        let name = self.hasher.hash_one((&metadata.namespace, &metadata.name));
        let known = self.names.entry(self.hasher.hash_one(&metadata.uid)).or_insert(name);
        self.repeated |= *known != name;
    }
}

type Text<'a> = std::borrow::Cow<'a, str>;

/// The identity of an object.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow, deserialize_with = "text")]
    name: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    namespace: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    uid: Text<'a>,
}

/// The fields that tell what a document is, each as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow, default)]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    api_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    items: Option<&'a RawValue>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    history: Option<&'a RawValue>,
}

/// Metadata of a list.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    #[serde(rename = "continue")]
    continue_token: Option<Value>,
    remaining_item_count: Option<Value>,
}

/// Fields that the items of a list inherit from it.
#[derive(Debug, Clone, Default)]
struct Defaults {
    kind: Option<String>,
    api_version: Option<String>,
    depth: usize,
}

/// Takes a value of another type for an absent one; it is named where it matters.
fn text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Text<'de>, D::Error> {
    let raw = <&RawValue>::deserialize(from)?;
    Ok(string(Some(raw)).unwrap_or_default())
}

fn string(raw: Option<&RawValue>) -> Option<Text<'_>> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Borrowed<'a>(#[serde(borrow)] Text<'a>);
    let text: Borrowed<'_> = serde_json::from_str(raw?.get()).ok()?;
    Some(text.0).filter(|text| !text.is_empty())
}

impl SavedFiles {
    /// Reads files and directories; `-` is standard input.
    ///
    /// # Errors
    /// When one cannot be read, is neither JSON nor YAML, holds something other than objects, or
    /// only a part of a list that counts.
    pub fn load(paths: &[String]) -> anyhow::Result<Self> {
        if paths.iter().filter(|path| *path == "-").count() > 1 {
            bail!(Error::usage("standard input (--from -) can be read only once"));
        }
        let mut saved = Self::default();
        for path in paths {
            match path != "-" && Path::new(path).is_dir() {
                true => saved.add_directory(Path::new(path))?,
                false => saved.add_file(path)?,
            }
        }
        Ok(saved)
    }

    /// Reads a file: a text, or an archive of texts.
    fn add_file(&mut self, path: &str) -> anyhow::Result<()> {
        let (name, bytes) = documents::read_bytes(path)?;
        let bytes = documents::unpacked(bytes).map_err(|error| error.of_file(name))?;
        if tar::is_archive(&bytes) {
            return self.add_archive(name, &bytes);
        }
        if self.add(TextFile::of(name, bytes)?, false)? == 0 {
            bail!(Error::failure(format!("{path} is empty")).hint(HOW_TO_SAVE));
        }
        Ok(())
    }

    /// Reads what a tar archive holds, as a directory.
    fn add_archive(&mut self, archive: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let mut has_manifests = false;
        for entry in tar::entries(bytes) {
            let entry = entry
                .map_err(|error| Error::failure(format!("{archive} {error}")).hint(HOW_TO_SAVE))?;
            let name = format!("{archive}:{}", entry.path);
            let mut steps = entry.path.split('/');
            if steps.any(|step| step.starts_with('.') && !matches!(step, "." | "..")) {
                continue;
            }
            if !is_manifest(&entry.path.to_ascii_lowercase()) {
                self.skipped_files.push(|| name);
                continue;
            }
            has_manifests = true;
            if self.add(TextFile::of(&name, entry.bytes.to_vec())?, true)? == 0 {
                self.skipped_files.push(|| name);
            }
        }
        match has_manifests {
            true => Ok(()),
            false => Err(without_manifests(archive).into()),
        }
    }

    /// Reads what a directory and those in it hold of JSON and YAML, as
    /// `kubectl cluster-info dump --output-directory` and `oc adm must-gather` write it.
    fn add_directory(&mut self, directory: &Path) -> anyhow::Result<()> {
        let mut files = Vec::new();
        manifests_in(directory, &mut files, &mut self.skipped_files)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        if files.is_empty() {
            bail!(without_manifests(&directory.display().to_string()));
        }
        for path in files {
            let name = path.display().to_string();
            if self.add(TextFile::read(&name)?, true)? == 0 {
                self.skipped_files.push(|| name);
            }
        }
        Ok(())
    }

    /// Takes what a file holds. Returns how many documents there were.
    fn add(&mut self, file: TextFile, is_in_directory: bool) -> anyhow::Result<usize> {
        let mut intake = Intake {
            saved: self,
            name: &file.name,
            text: &file.text,
            is_in_directory,
            documents: 0,
            items: 0,
            is_kept: false,
        };
        for text in without_logs(&file.text) {
            let Some(text) = text else {
                return Err(intake.error("ends in the logs of a container (truncated?)"));
            };
            intake.saved.is_dump |= text.len() < file.text.len();
            for part in parts(text) {
                intake.part(&part)?;
            }
        }
        let (documents, is_kept) = (intake.documents, intake.is_kept);
        self.texts.push(if is_kept { file.text } else { String::new() });
        Ok(documents)
    }

    fn json<'s>(&'s self, json: &'s Json) -> &'s str {
        match json {
            Json::Text(file, range) => &self.texts[*file][range.clone()],
            Json::Converted(json) => json,
        }
    }

    fn others(&self) -> impl Iterator<Item = SavedObject<'_>> {
        self.others.iter().map(|other| SavedObject {
            kind: &other.kind,
            group: other.group.as_deref(),
            json: self.json(&other.json),
        })
    }

    fn pods(&self) -> impl Iterator<Item = &str> {
        self.pods.iter().map(|pod| self.json(pod))
    }

    /// The JSON of every object of a kind of an API group, such as `autoscaling`.
    pub fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = &str> {
        let counted: &[Json] = match (group, kind) {
            ("", NODE) => &self.nodes,
            ("", POD) => &self.pods,
            _ => &[],
        };
        let is_it = move |object: &SavedObject<'_>| {
            object.kind == kind && object.group.is_none_or(|own| own == group)
        };
        let others = self.others().filter(is_it).map(|object| object.json);
        counted.iter().map(|object| self.json(object)).chain(others)
    }

    /// The names of the namespaces with these labels.
    fn labelled(&self, selector: &Selector) -> Result<BTreeSet<String>, Error> {
        let namespaces = self.of_kind("", "Namespace");
        let named = namespaces.filter_map(|json| serde_json::from_str::<Named<'_>>(json).ok());
        let named: Vec<_> = named.collect();
        let matching = named.iter().filter(|one| selector.matches(&one.metadata.labels));
        let matching: BTreeSet<_> = matching.map(|one| one.metadata.name.to_string()).collect();
        match named.is_empty() {
            true => Err(Error::usage("--namespace-selector: the saved lists hold no namespaces")
                .hint("save them too: kubectl get nodes,pods,namespaces -A -o json")),
            false if matching.is_empty() => Err(unmatched_names::no_namespace(selector)),
            false => Ok(matching),
        }
    }

    /// Namespace and name of every pod.
    pub fn pod_names(&self) -> Vec<(String, String)> {
        let names = self.pods().filter_map(|json| {
            let pod: oppscale_core::model::Pod<'_> = serde_json::from_str(json).ok()?;
            let metadata = &pod.metadata;
            Some((metadata.namespace_or_default().to_owned(), metadata.name.to_string()))
        });
        names.collect()
    }

    /// The JSON of the pod `NAMESPACE/NAME`.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&str> {
        let is_it = |json: &&str| {
            serde_json::from_str::<oppscale_core::model::Pod<'_>>(json).is_ok_and(|pod| {
                pod.metadata.namespace_or_default() == namespace && &*pod.metadata.name == name
            })
        };
        self.pods().find(is_it)
    }

    /// Notes about the files.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut named = |names: &Names, words: fn(&str, usize) -> String| {
            if names.count > 0 {
                notes.push(format!(
                    "{}: {}",
                    words(plural(names.count), names.count),
                    names.list()
                ));
            }
        };
        for (kind, names) in &self.taken_for {
            let words: fn(&str, usize) -> String = match *kind {
                NODE => |s, n| format!("{n} object{s} without a kind, counted as Node{s}"),
                _ => |s, n| format!("{n} object{s} without a kind, counted as Pod{s}"),
            };
            named(names, words);
        }
        named(&self.lists_without_kind, |s, n| format!("{n} list{s} without a kind counted"));
        named(&self.partial, |s, n| format!("{n} list{s} only in part (metadata.continue)"));
        named(&self.skipped_files, |s, n| {
            format!("{n} file{s} skipped that hold no Kubernetes object as JSON or YAML")
        });
        for ((kind, group), count) in &self.foreign {
            notes.push(format!(
                "{count} {kind}{} of {group} not counted: only those of the core API (v1) are",
                plural(*count)
            ));
        }
        if self.unique_uids.repeated {
            notes.push(
                "pods of different names have the same uid (redacted?); namespace and name tell \
                 them apart"
                    .to_owned(),
            );
        }
        notes.extend(self.one_namespace_note());
        notes
    }

    /// Says when the pods may be those of a few namespaces only.
    fn one_namespace_note(&self) -> Option<String> {
        let of: Vec<&str> = self.pod_namespaces.iter().map(String::as_str).collect();
        let has_default_scope =
            self.is_dump && of.len() == 2 && self.pod_namespaces.contains("kube-system");
        match of[..] {
            [] => None,
            [one] => Some(format!(
                "all pods are of namespace {one}; without -A kubectl saves one namespace only, and \
                 pods of others would be missing here"
            )),
            [..] if has_default_scope => Some(format!(
                "all pods are of namespaces {}; without --all-namespaces kubectl cluster-info dump \
                 writes no others, which would be missing here",
                of.join(" and ")
            )),
            [..] => {
                let without = self.namespaces.difference(&self.pod_namespaces).count();
                let all = self.namespaces.union(&self.pod_namespaces).count();
                (without > 0).then(|| {
                    format!(
                        "pods of {} of {all} namespaces are saved; if the others have pods, these \
                         are missing here",
                        of.len()
                    )
                })
            }
        }
    }
}

/// The first words of a text.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(20).map_or(text, |(at, _)| &text[..at])
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// The kinds of the core API that are counted.
const NODE: &str = "Node";
const POD: &str = "Pod";

/// The files in a directory and in those below it, sorted. Hidden directories and links to
/// directories are passed over.
fn manifests_in(
    directory: &Path,
    found: &mut Vec<PathBuf>,
    skipped: &mut Names,
) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') {
                manifests_in(&path, found, skipped)?;
            }
        } else if path.is_file() {
            match is_manifest(&name) {
                true => found.push(path),
                false => skipped.push(|| path.display().to_string()),
            }
        }
    }
    Ok(())
}

/// Whether a file of this name, in small letters, is read where it is one of many.
fn is_manifest(name: &str) -> bool {
    let bare = name.strip_suffix(".gz").unwrap_or(name);
    [".json", ".yaml", ".yml"].iter().any(|end| bare.ends_with(end))
}

fn without_manifests(name: &str) -> Error {
    Error::failure(format!("{name} holds no file that ends in .json, .yaml or .yml"))
        .hint(HOW_TO_SAVE)
}

/// The text between the logs that `kubectl cluster-info dump` puts among the objects. Ends with
/// `None` in a log that has no end.
fn without_logs(text: &str) -> impl Iterator<Item = Option<&str>> {
    let mut rest = Some(Some(text));
    std::iter::from_fn(move || {
        let Some(text) = rest.take()? else { return Some(None) };
        // Inside of JSON and YAML no line begins so.
        let start = match text.starts_with(LOGS_START) {
            true => Some(0),
            false => text.find(&format!("\n{LOGS_START}")).map(|at| at + 1),
        };
        let Some(start) = start else { return Some(Some(text)) };
        let (before, logs) = text.split_at(start);
        let of = logs.lines().next().unwrap_or_default().replace("START", "END");
        // The last line of a log need not have an end.
        rest = Some(logs.find(&of).map(|at| &logs[at + of.len()..]));
        Some(Some(before))
    })
}

/// Takes the documents of one file.
struct Intake<'s> {
    saved: &'s mut SavedFiles,
    name: &'s str,
    text: &'s str,
    is_in_directory: bool,
    /// Documents so far.
    documents: usize,
    /// Objects so far, to name one by its number.
    items: usize,
    /// Whether objects stand in the text.
    is_kept: bool,
}

impl Intake<'_> {
    fn part(&mut self, part: &Part<'_>) -> anyhow::Result<()> {
        if part.looks_like_json() {
            let mut values = serde_json::Deserializer::from_str(part.text).into_iter::<&RawValue>();
            loop {
                match values.next() {
                    None => return Ok(()),
                    Some(Ok(value)) => self.take_document(value)?,
                    // The flow style of YAML begins like JSON.
                    Some(Err(_)) if values.byte_offset() == 0 => break,
                    Some(Err(error)) => {
                        let error = SyntaxError::of_json(&error).starting_at(part.line);
                        return Err(self.broken("JSON", error));
                    }
                }
            }
        }
        match YamlList::of(part.text).and_then(|list| Some((list.head()?, list))) {
            Some((head, list)) => self.yaml_list(part, &head, &list),
            None => self.yaml(part),
        }
    }

    fn yaml(&mut self, part: &Part<'_>) -> anyhow::Result<()> {
        for document in yaml::documents(part.text, DuplicateKeys::LastWins) {
            let value = document.map_err(|error| self.not_yaml(part, &error))?;
            if !value.is_null() {
                self.take_document(&serde_json::value::to_raw_value(&value)?)?;
            }
        }
        Ok(())
    }

    /// Takes a list item by item: YAML as a whole would need many times the memory of its text.
    fn yaml_list(
        &mut self,
        part: &Part<'_>,
        head: &Value,
        list: &YamlList<'_>,
    ) -> anyhow::Result<()> {
        let defaults = match head {
            Value::Null => Defaults { depth: 1, ..Defaults::default() },
            head => {
                let text = head.to_string();
                let head: Head<'_> = serde_json::from_str(&text)?;
                match self.list(&head, &Defaults::default())? {
                    Some(defaults) => defaults,
                    None => return self.yaml(part),
                }
            }
        };
        self.documents += 1;
        for values in list.items() {
            let Some(values) = values else {
                let mut whole = yaml::documents(part.text, DuplicateKeys::LastWins);
                return Err(match whole.find_map(Result::err) {
                    Some(error) => self.not_yaml(part, &error),
                    None => {
                        self.error("holds a list of a form of YAML that oppscale does not read")
                    }
                });
            };
            for value in values {
                self.take(&serde_json::value::to_raw_value(&value)?, &defaults)?;
            }
        }
        Ok(())
    }

    fn take_document(&mut self, raw: &RawValue) -> anyhow::Result<()> {
        self.documents += 1;
        self.take(raw, &Defaults::default())
    }

    /// Takes a document or an item of a list.
    fn take(&mut self, raw: &RawValue, defaults: &Defaults) -> anyhow::Result<()> {
        if defaults.depth > MAX_DEPTH {
            return Err(self.error("holds lists in lists in lists, without an end"));
        }
        match raw.get().as_bytes().first() {
            Some(b'{') => self.object(raw, defaults),
            Some(b'[') => self.all(raw, &defaults.deeper(None, None)),
            _ if defaults.depth > 0 => {
                self.items += 1;
                let name = format!("number {} of {}", self.items, self.name);
                self.invalid(name, format!("{} is no object", shortened(raw.get())));
                Ok(())
            }
            _ if self.is_in_directory => {
                self.saved.skipped_files.push(|| self.name.to_owned());
                Ok(())
            }
            _ => Err(self.error("holds something that is no Kubernetes object")),
        }
    }

    /// Takes the items of a list, which may be null.
    fn all(&mut self, items: &RawValue, defaults: &Defaults) -> anyhow::Result<()> {
        let items: Option<Vec<&RawValue>> = serde_json::from_str(items.get())
            .map_err(|_| self.error("holds a list whose items are no array"))?;
        items.into_iter().flatten().try_for_each(|item| self.take(item, defaults))
    }

    fn object(&mut self, raw: &RawValue, defaults: &Defaults) -> anyhow::Result<()> {
        let head: Head<'_> = serde_json::from_str(raw.get()).map_err(|error| {
            let SyntaxError { problem, .. } = SyntaxError::of_json(&error);
            self.error(&format!("holds an object that cannot be read: {problem}"))
        })?;
        if let Some(items) = head.items
            && let Some(defaults) = self.list(&head, defaults)?
        {
            return self.all(items, &defaults);
        }
        self.items += 1;
        let metadata = head.metadata();
        let kind = string(head.kind).or(defaults.kind.as_deref().map(Text::Borrowed));
        let api_version = head.api_version(defaults);
        let group =
            api_version.as_deref().map(|api| api.split_once('/').map_or("", |(group, _)| group));
        let is_core = group.is_none_or(str::is_empty);
        let kind = match kind {
            Some(kind) => kind,
            None => match head.kind_by_shape().filter(|_| is_core) {
                Some(kind) => {
                    let names = self.saved.taken_for.entry(kind).or_default();
                    names.push(|| metadata.shown(self.items, self.name));
                    kind.into()
                }
                None => return self.without_kind(&head, &metadata, defaults),
            },
        };
        match &*kind {
            NODE | POD if !is_core => {
                let group = group.unwrap_or_default().to_owned();
                *self.saved.foreign.entry((kind.into_owned(), group)).or_default() += 1;
            }
            NODE => {
                let json = self.keep(raw);
                self.saved.nodes.push(json);
            }
            POD => self.pod(raw, &metadata),
            "Namespace" if is_core => {
                let (kind, json) = ("Namespace".into(), self.keep(raw));
                let group = group.map(Into::into);
                self.saved.others.push(Other { kind, group, json });
                self.saved.namespaces.insert(metadata.name.into_owned());
            }
            "Table" => {
                return Err(self.refuse(
                    "a Table, as the API server writes it for people, without whole objects",
                ));
            }
            "Status" if is_core => {
                let message = string(head.message).unwrap_or("no message".into());
                return Err(self.refuse(&format!("a Status in place of objects: {message}")));
            }
            "List" | "NodeList" | "PodList" if is_core => {
                return Err(self.error(&format!("holds a {kind} without items")));
            }
            kind if NEVER_READ.contains(&kind) => {}
            kind => {
                let json = self.keep(raw);
                let group = group.map(Into::into);
                self.saved.others.push(Other { kind: kind.into(), group, json });
            }
        }
        Ok(())
    }

    fn pod(&mut self, raw: &RawValue, metadata: &Metadata<'_>) {
        let namespace = if metadata.namespace.is_empty() { "default" } else { &metadata.namespace };
        if !self.saved.pod_namespaces.contains(namespace) {
            self.saved.pod_namespaces.insert(namespace.to_owned());
        }
        self.saved.unique_uids.add(metadata);
        let json = self.keep(raw);
        self.saved.pods.push(json);
    }

    /// Remembers where an object stands. What was YAML stands nowhere in the text.
    fn keep(&mut self, raw: &RawValue) -> Json {
        let json = raw.get();
        let start = (json.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        match start.map(|start| start..start + json.len()) {
            Some(range) if range.end <= self.text.len() => {
                self.is_kept = true;
                Json::Text(self.saved.texts.len(), range)
            }
            _ => Json::Converted(json.into()),
        }
    }

    /// What the items of a list have in common. `None` when it is no list, in spite of its items.
    ///
    /// # Errors
    /// When it is only a part of a list that counts.
    fn list(&mut self, head: &Head<'_>, outer: &Defaults) -> anyhow::Result<Option<Defaults>> {
        let Some(kind) = string(head.kind) else {
            if head
                .items
                .is_none_or(|items| items.get().trim_matches(['[', ']', ' ', '\n']).is_empty())
            {
                return Ok(None);
            }
            self.saved.lists_without_kind.push(|| self.name.to_owned());
            return Ok(Some(outer.deeper(None, None)));
        };
        let Some(of) = kind.strip_suffix("List") else { return Ok(None) };
        let api_version = head.api_version(&Defaults::default());
        let is_core = api_version.as_deref().is_none_or(|api| !api.contains('/'));
        let counts = is_core && matches!(of, "" | NODE | POD);
        let meta: ListMeta = match head.metadata {
            Some(raw) => serde_json::from_str(raw.get()).unwrap_or_default(),
            None => ListMeta::default(),
        };
        if let Some(rest) = meta.rest() {
            if counts {
                let what = format!("holds only a part of a {kind}: {rest}");
                return Err(Error::failure(format!("{} {what}", self.name))
                    .hint(HOW_TO_SAVE_ALL)
                    .into());
            }
            self.saved.partial.push(|| format!("{kind} of {}", self.name));
        }
        if counts && !of.is_empty() {
            self.saved.lists.insert(of.to_owned());
        }
        Ok(Some(match of {
            "" => outer.deeper(None, None),
            of => outer.deeper(Some(of), api_version.as_deref()),
        }))
    }

    /// An object that has no kind, nor the shape of one that counts.
    fn without_kind(
        &mut self,
        head: &Head<'_>,
        metadata: &Metadata<'_>,
        defaults: &Defaults,
    ) -> anyhow::Result<()> {
        if defaults.depth > 0 {
            self.invalid(metadata.shown(self.items, self.name), "it has no kind".to_owned());
            return Ok(());
        }
        if self.is_in_directory {
            self.saved.skipped_files.push(|| self.name.to_owned());
            return Ok(());
        }
        let hint = match head.history {
            Some(_) => "play a capacity history with --replay",
            None => HOW_TO_SAVE,
        };
        Err(Error::failure(format!("{} holds an object without a kind", self.name))
            .hint(hint)
            .into())
    }

    fn invalid(&mut self, name: String, problem: String) {
        self.saved.invalid_objects.push(InvalidObject { kind: "Item".to_owned(), name, problem });
    }

    fn refuse(&self, what: &str) -> anyhow::Error {
        Error::failure(format!("{} holds {what}", self.name))
            .hint("save the objects themselves: kubectl get nodes,pods -A -o json > cluster.json")
            .into()
    }

    fn error(&self, what: &str) -> anyhow::Error {
        Error::failure(format!("{} {what}", self.name)).hint(HOW_TO_SAVE).into()
    }

    fn broken(&self, format: &str, error: SyntaxError) -> anyhow::Error {
        let words = format!("{} is not valid {format} (truncated?): {error}", self.name);
        Error::failure(words).hint(HOW_TO_SAVE).into()
    }

    fn not_yaml(&self, part: &Part<'_>, error: &yaml::Error) -> anyhow::Error {
        let json = serde_json::from_str::<&RawValue>(part.text).err();
        match json.filter(|_| part.is_meant_as_json()) {
            Some(error) => self.broken("JSON", SyntaxError::of_json(&error).starting_at(part.line)),
            None => self.broken("YAML", SyntaxError::of_yaml(error).starting_at(part.line)),
        }
    }
}

impl<'a> Head<'a> {
    fn metadata(&self) -> Metadata<'a> {
        self.metadata.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    fn api_version(&self, defaults: &Defaults) -> Option<Text<'a>> {
        let default = || defaults.api_version.clone().map(Text::Owned);
        string(self.api_version).or_else(default)
    }

    /// The kind of the core API whose fields the object has.
    fn kind_by_shape(&self) -> Option<&'static str> {
        #[derive(Deserialize)]
        struct Shape<'a> {
            #[serde(borrow, default)]
            containers: Option<&'a RawValue>,
            #[serde(borrow, default)]
            allocatable: Option<&'a RawValue>,
        }
        let shape = |raw: Option<&'a RawValue>| serde_json::from_str::<Shape<'_>>(raw?.get()).ok();
        if shape(self.spec).is_some_and(|spec| spec.containers.is_some()) {
            return Some(POD);
        }
        shape(self.status).and_then(|status| status.allocatable).map(|_| NODE)
    }
}

impl Metadata<'_> {
    /// The name of an object, or its number in a file.
    fn shown(&self, number: usize, file: &str) -> String {
        match (&*self.namespace, &*self.name) {
            (_, "") => format!("number {number} of {file}"),
            ("", name) => name.to_owned(),
            (namespace, name) => format!("{namespace}/{name}"),
        }
    }
}

impl ListMeta {
    /// What follows a list that is only a part; `None` for a whole one.
    fn rest(&self) -> Option<String> {
        let continues = match &self.continue_token {
            None | Some(Value::Null) => false,
            Some(token) => token != "",
        };
        match self.remaining_item_count.as_ref().and_then(Value::as_u64) {
            Some(count @ 1..) => {
                Some(format!("{count} more items follow (metadata.remainingItemCount)"))
            }
            _ => continues.then(|| "more items follow (metadata.continue)".to_owned()),
        }
    }
}

impl Defaults {
    fn deeper(&self, kind: Option<&str>, api_version: Option<&str>) -> Self {
        Self {
            kind: kind.map(str::to_owned),
            api_version: api_version.map(str::to_owned),
            depth: self.depth + 1,
        }
    }
}

/// Counts saved lists.
///
/// # Errors
/// When they hold no nodes, or not the workload that was named.
pub fn read_saved(
    files: &SavedFiles,
    workload: Option<&WorkloadRef>,
    namespace: &str,
) -> anyhow::Result<(Snapshot, ResolvedWorkload)> {
    let (workload, namespace) = (workload.cloned(), Some(namespace.to_owned()));
    read_saved_as(files, &Request { workload, namespace, ..Request::default() })
}

/// As [`read_saved`], for everything in `request` except usage, which saved lists lack.
///
/// # Errors
/// As [`read_saved`].
pub fn read_saved_as(
    files: &SavedFiles,
    request: &Request,
) -> anyhow::Result<(Snapshot, ResolvedWorkload)> {
    let workload = request.workload.as_ref();
    let namespace = request.namespace.as_deref().unwrap_or("default");
    let resolved = match workload {
        None => ResolvedWorkload::default(),
        Some(reference) => {
            let others: Vec<_> = files.others().collect();
            let found = workload::find(&others, reference, namespace)
                .with_context(|| format!("workload {reference}"))?;
            found.ok_or_else(|| workload::missing(&others, reference, namespace))?
        }
    };
    if files.nodes.is_empty() && !files.lists.contains(NODE) {
        bail!(Error::failure("there are no nodes in what was read").hint(HOW_TO_SAVE));
    }
    let mut builder = SnapshotBuilder::new(resolved.ownership.clone());
    let labelled = request.namespace_labels().map(|selector| files.labelled(selector));
    let labelled = labelled.transpose()?;
    request.prepare(&mut builder, labelled);
    builder.snapshot_mut().known_names.ended = Some(false);
    files.of_kind("batch", "Job").for_each(|job| builder.raw_job(job));
    files.nodes.iter().for_each(|node| builder.raw_node(files.json(node)));
    if files.unique_uids.repeated {
        builder.identify_pods_by_name();
        // The same pod may stand in several files.
        let mut known = HashSet::new();
        files.pods().filter(|pod| known.insert(*pod)).for_each(|pod| builder.raw_pod(pod));
    } else {
        files.pods().for_each(|pod| builder.raw_pod(pod));
    }
    let mut snapshot = builder.finish();
    snapshot.notes.extend(files.notes());
    snapshot.invalid_objects.extend(files.invalid_objects.iter().cloned());
    let pods_unknown = files.pods.is_empty() && !files.lists.contains(POD);
    if let Some(WorkloadRef::Labels(selector)) = workload
        && !pods_unknown
        && !snapshot.known_names.opportunistic
    {
        bail!(Error::from(unmatched_names::no_pod("--workload", selector, files.pods())));
    }
    devices::read_saved(files, &mut snapshot)?;
    if pods_unknown {
        snapshot.pods_unknown = Some("there are no pods in what was read".to_owned());
        snapshot.notes.push(HOW_TO_SAVE.to_owned());
    }
    Ok((snapshot, resolved))
}
