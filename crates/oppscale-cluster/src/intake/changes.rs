//! Objects that come again as they change, and go.

use std::collections::HashSet;

use super::{Intake, Journal, name_in};
use crate::read::PODS_PER_NODE;
use crate::snapshot::Snapshot;
use oppscale_core::model::{Node, Pod};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::record::{PodKey, PodRecord, Standing};

impl Intake {
    /// An intake for objects that are followed: the last one of a name counts.
    pub fn following(ownership: Ownership, journal: Option<Box<dyn Journal>>) -> Self {
        Self { ownership, is_following: true, journal, ..Self::default() }
    }

    /// An intake that has taken in this.
    pub fn of(snapshot: Snapshot) -> Self {
        Self { snapshot, is_following: true, ..Self::default() }
    }

    /// Tells own pods by `ownership` from now on. Those that were taken in before must be
    /// listed again.
    pub fn own(&mut self, ownership: Ownership) {
        self.ownership = ownership;
    }

    /// The snapshot so far.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Whether anything that counts has changed since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Begins a new list of nodes. The known ones stay until it is whole.
    pub fn begin_nodes(&mut self) {
        self.listed_nodes = Some(HashSet::new());
        self.snapshot.oddities.retain(|oddity| oddity.kind != "Node");
    }

    /// Ends that list: nodes that it did not name are gone.
    pub fn end_nodes(&mut self) {
        let Some(listed) = self.listed_nodes.take() else { return };
        let records = self.snapshot.ledger.records();
        let gone: Vec<Box<str>> = records
            .map(|node| &node.name)
            .filter(|name| !listed.contains(*name))
            .cloned()
            .collect();
        for name in gone {
            self.delete_node(&name);
        }
    }

    /// How many nodes the list that is being read has named so far.
    pub fn nodes_listed(&self) -> u64 {
        self.listed_nodes.as_ref().map_or(0, |listed| listed.len() as u64)
    }

    /// Begins a new list of pods. The known ones stay until it is whole.
    pub fn begin_pods(&mut self) {
        self.pods = 0;
        self.tell_listing(true);
        self.snapshot.ledger.begin_pods();
        self.snapshot.oddities.retain(|oddity| oddity.kind != "Pod");
    }

    /// Ends that list: pods that it did not name are gone.
    pub fn end_pods(&mut self) {
        let gone = self.snapshot.ledger.end_pods();
        self.has_changed |= !gone.is_empty();
        if let Some(journal) = &mut self.journal {
            gone.iter().for_each(|key| journal.pod_gone(key));
        }
        self.tell_listing(false);
    }

    fn tell_listing(&mut self, is_begun: bool) {
        if let Some(journal) = &mut self.journal {
            journal.pods_listing(is_begun);
        }
    }

    /// Makes room for as many pods as the nodes may hold.
    pub fn expect_pods(&mut self) {
        let ledger = &mut self.snapshot.ledger;
        ledger.reserve_pods(ledger.records().count() * PODS_PER_NODE);
    }

    /// Forgets all pods, for they may not be read.
    pub fn refuse_pods(&mut self, why: &str) {
        self.begin_pods();
        self.end_pods();
        self.set_pods_unknown(Some(why));
    }

    /// Pods are known, whatever was before.
    pub fn know_pods(&mut self) {
        self.set_pods_unknown(None);
    }

    fn set_pods_unknown(&mut self, why: Option<&str>) {
        let snapshot = &mut self.snapshot;
        snapshot.rights_missing = why.is_some();
        if snapshot.pods_unknown.as_deref() == why {
            return;
        }
        snapshot.pods_unknown = why.map(str::to_owned);
        self.has_changed = true;
        if let Some(journal) = &mut self.journal {
            journal.pods_unknown(why);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.snapshot = Snapshot::default();
        self.has_changed = true;
    }

    /// Takes a pod that is gone.
    pub fn raw_pod_gone(&mut self, json: &str) {
        let key = match serde_json::from_str::<Pod<'_>>(json) {
            Ok(pod) => PodKey::of(&pod.metadata),
            Err(_) => {
                let part = |field| name_in(json, field).unwrap_or_default();
                PodKey::of_parts(&part("uid"), &part("namespace"), &part("name"))
            }
        };
        self.delete_pod(&key);
    }

    /// Takes a node that is gone.
    pub fn raw_node_gone(&mut self, json: &str) {
        let name = match serde_json::from_str::<Node<'_>>(json) {
            Ok(node) => node.metadata.name.to_string(),
            Err(_) => name_in(json, "name").unwrap_or_default(),
        };
        self.delete_node(&name);
    }

    /// Takes a node that is new or has changed.
    pub fn take_node(&mut self, record: NodeRecord) {
        if let Some(listed) = &mut self.listed_nodes {
            listed.insert(record.name.clone());
        }
        let told = self.journal.is_some().then(|| record.clone());
        if self.snapshot.ledger.apply_node(record) {
            self.has_changed = true;
            if let Some((journal, record)) = self.journal.as_mut().zip(told) {
                journal.node(&record);
            }
        }
    }

    /// Takes a node that is gone, by its name.
    pub fn delete_node(&mut self, name: &str) {
        if self.snapshot.ledger.delete_node(name) {
            self.has_changed = true;
            if let Some(journal) = &mut self.journal {
                journal.node_gone(name);
            }
        }
    }

    /// Takes a pod that is new or has changed.
    pub fn take_pod(&mut self, record: PodRecord<'_>) {
        let told = self.journal.is_some().then(|| record.clone());
        if self.snapshot.ledger.apply_pod(record) {
            self.has_changed = true;
            if let Some((journal, record)) = self.journal.as_mut().zip(told) {
                match record.standing {
                    Standing::Gone => journal.pod_gone(&record.key),
                    _ => journal.pod(&record),
                }
            }
        }
    }

    /// Takes a pod that is gone, by its key.
    pub fn delete_pod(&mut self, key: &PodKey) {
        if self.snapshot.ledger.delete_pod(key) {
            self.has_changed = true;
            if let Some(journal) = &mut self.journal {
                journal.pod_gone(key);
            }
        }
    }
}
