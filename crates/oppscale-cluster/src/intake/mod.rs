//! From JSON to the ledger, one object at a time, with nothing lost on the way.
//!
//! The common case is a page of sound objects, skimmed in one pass. Where an item is not
//! what its kind should be, the page is read again in full, item by item: the sound ones
//! count, the others are named and what they stand on is unknown.

mod changes;
mod journal;

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use serde_json::value::RawValue;

use oppscale_core::malformed::Malformed;
use oppscale_core::model::{Node, Pod};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::record::{PodKey, PodRecord, Standing};
use oppscale_core::resources::Resources;

use super::decode::fold_list;
use super::fields;
use super::skim;
use super::snapshot::{Oddity, Snapshot, Usage};
pub use journal::Journal;

/// Why a page is no list.
#[derive(Debug, thiserror::Error)]
pub enum BadPage {
    /// It is not JSON, or has another shape.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is no text.
    #[error(transparent)]
    Text(#[from] std::str::Utf8Error),
}

/// Fills a [`Snapshot`].
#[derive(Debug, Default)]
pub struct Intake {
    snapshot: Snapshot,
    ownership: Ownership,
    /// Usage by `NAMESPACE/NAME` of pods, to be added up by workload as the pods come.
    pod_usage: HashMap<String, PodUsage>,
    pods: u64,
    /// Whether objects come again and again as they change, so that the last one counts.
    /// In a single list the second one of a name is a contradiction.
    is_following: bool,
    /// The nodes of the list that is being read, while one is.
    listed_nodes: Option<HashSet<Box<str>>>,
    /// Whether anything that counts has changed since that was last asked.
    has_changed: bool,
    journal: Option<Box<dyn Journal>>,
}

/// What a pod uses.
#[derive(Debug)]
struct PodUsage {
    used: Resources,
    /// Whether it was added to its workload's. A pod can come twice: when pages overlap,
    /// or when one is read again.
    counted: bool,
}

impl Intake {
    /// An intake that tells own pods by `ownership`.
    pub fn new(ownership: Ownership) -> Self {
        Self { ownership, ..Self::default() }
    }

    /// Takes the usage of pods, before the pods themselves.
    pub fn expect_usage(&mut self, pod_usage: HashMap<String, Resources>) {
        let uncounted = |(name, used)| (name, PodUsage { used, counted: false });
        self.pod_usage = pod_usage.into_iter().map(uncounted).collect();
        self.snapshot.usage.get_or_insert_with(Usage::default);
    }

    /// How many pods have come.
    pub fn pods(&self) -> u64 {
        self.pods
    }

    /// What has been taken in.
    pub fn finish(self) -> Snapshot {
        self.snapshot
    }

    /// The snapshot so far.
    pub fn snapshot_mut(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Takes a page of pods.
    ///
    /// # Errors
    /// When the page is no list.
    pub fn pod_page(&mut self, page: &[u8]) -> Result<(), BadPage> {
        let before = self.pods;
        let skimmed = skim::items(page, &fields::POD, |json| {
            let pod = serde_json::from_str::<Pod<'_>>(json).ok()?;
            // What never met an API server is looked at more closely.
            pod.metadata.passed_api_server().then(|| self.pod(&pod))
        });
        if skimmed.is_some() {
            return Ok(());
        }
        self.pods = before;
        fold_list(str::from_utf8(page)?, |raw: &RawValue| self.raw_pod(raw.get()))?;
        Ok(())
    }

    /// Takes a page of nodes.
    ///
    /// # Errors
    /// When the page is no list.
    pub fn node_page(&mut self, page: &[u8]) -> Result<(), BadPage> {
        fold_list(str::from_utf8(page)?, |raw: &RawValue| self.raw_node(raw.get()))?;
        Ok(())
    }

    /// Forgets all pods, before their list is read anew.
    pub fn restart_pods(&mut self) {
        self.snapshot.ledger.reset_pods();
        self.snapshot.oddities.retain(|oddity| oddity.kind != "Pod");
        if let Some(usage) = &mut self.snapshot.usage {
            usage.workloads.clear();
        }
        for usage in self.pod_usage.values_mut() {
            usage.counted = false;
        }
        self.pods = 0;
    }

    /// Forgets all nodes, before their list is read anew.
    pub fn restart_nodes(&mut self) {
        self.snapshot.ledger.reset_nodes();
        self.snapshot.oddities.retain(|oddity| oddity.kind != "Node");
    }

    /// Takes one pod's JSON.
    pub fn raw_pod(&mut self, json: &str) {
        match serde_json::from_str::<Pod<'_>>(json) {
            Ok(mut pod) => {
                // A namespace is left out only in text written by hand.
                if pod.metadata.namespace.is_empty() {
                    pod.metadata.namespace = "default".into();
                }
                self.checked_pod(&pod);
            }
            Err(error) => self.strange_pod(json, &error),
        }
    }

    /// Takes one node's JSON.
    pub fn raw_node(&mut self, json: &str) {
        match serde_json::from_str::<Node<'_>>(json) {
            Ok(node) if !node.metadata.name.is_empty() => self.node(NodeRecord::of(node)),
            Ok(_) => self.odd("Node", "(without a name)", "has no metadata.name"),
            Err(error) => {
                let problem = Malformed::whole(format_args!("is no Node: {error}"));
                match name_in(json, "name") {
                    Some(name) => self.node(NodeRecord::unknown(&name, problem)),
                    None => self.odd("Node", "(without a name)", problem),
                }
            }
        }
    }

    fn node(&mut self, record: NodeRecord) {
        if self.is_following {
            return self.take_node(record);
        }
        let ledger = &mut self.snapshot.ledger;
        let twin = ledger.record(&record.name).is_some_and(|known| *known != record);
        if twin {
            // Which of the two is meant cannot be told, so neither is counted.
            let problem = Malformed::whole("another node has the same name");
            ledger.apply_node(NodeRecord::unknown(&record.name, problem));
        } else {
            ledger.apply_node(record);
        }
    }

    fn checked_pod(&mut self, pod: &Pod<'_>) {
        if pod.metadata.name.is_empty() {
            self.nameless(pod);
        } else if !self.is_following
            && !pod.metadata.passed_api_server()
            && self.snapshot.ledger.holds(&PodKey::of(&pod.metadata))
        {
            self.pods += 1;
            let mut record = PodRecord::of(pod, &self.ownership);
            record.standing = Standing::Unknown {
                node: pod.is_bound().then_some(&*pod.spec.node_name),
                problem: Malformed::whole("another pod has the same name"),
            };
            self.take_pod(record);
        } else {
            self.pod(pod);
        }
    }

    fn pod(&mut self, pod: &Pod<'_>) {
        self.pods += 1;
        let record = PodRecord::of(pod, &self.ownership);
        if !self.pod_usage.is_empty() {
            self.add_usage(&record);
        }
        self.take_pod(record);
    }

    fn add_usage(&mut self, record: &PodRecord<'_>) {
        let name = format!("{}/{}", record.namespace, record.name);
        let Some(pod) = self.pod_usage.get_mut(&name).filter(|pod| !pod.counted) else { return };
        pod.counted = true;
        let (kind, workload) = record.workload;
        let key = (record.namespace.to_owned(), kind.to_owned(), workload.to_owned());
        let usage = self.snapshot.usage.get_or_insert_with(Usage::default);
        usage.workloads.entry(key).or_default().add(&pod.used);
    }

    /// A pod without a name still stands on its node.
    fn nameless(&mut self, pod: &Pod<'_>) {
        self.unknown_pod(
            &pod.metadata.uid,
            &pod.metadata.namespace,
            None,
            pod.is_bound().then_some(&*pod.spec.node_name),
            "has no metadata.name".to_owned(),
        );
    }

    /// Something in a list of pods that is no pod.
    fn strange_pod(&mut self, json: &str, error: &serde_json::Error) {
        let namespace = name_in(json, "namespace").unwrap_or_else(|| "default".to_owned());
        let node = serde_json::from_str::<Value>(json)
            .ok()
            .and_then(|value| Some(value.get("spec")?.get("nodeName")?.as_str()?.to_owned()));
        let name = name_in(json, "name");
        let uid = name_in(json, "uid").unwrap_or_default();
        let problem = format!("is no Pod: {error}");
        self.unknown_pod(&uid, &namespace, name.as_deref(), node.as_deref(), problem);
    }

    fn unknown_pod(
        &mut self,
        uid: &str,
        namespace: &str,
        name: Option<&str>,
        node: Option<&str>,
        problem: String,
    ) {
        self.pods += 1;
        let place = format!("(number {} of the list)", self.pods);
        let name = name.unwrap_or(&place);
        self.take_pod(PodRecord {
            key: PodKey::of_parts(uid, namespace, name),
            namespace,
            name,
            workload: ("Pod", name),
            own: false,
            standing: Standing::Unknown { node, problem: Malformed::whole(problem) },
        });
    }

    fn odd(&mut self, kind: &str, name: &str, problem: impl std::fmt::Display) {
        let oddity =
            Oddity { kind: kind.to_owned(), name: name.to_owned(), problem: problem.to_string() };
        // What is followed comes again with every change.
        if !self.is_following || !self.snapshot.oddities.contains(&oddity) {
            self.snapshot.oddities.push(oddity);
            self.has_changed = true;
        }
    }
}

/// `metadata.FIELD` of JSON that has another shape than it should.
fn name_in(json: &str, field: &str) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok()?;
    let name = value.get("metadata")?.get(field)?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}
