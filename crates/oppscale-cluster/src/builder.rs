//! From objects to the ledger, one at a time, with nothing lost on the way.
//!
//! An object that is not what its kind should be is named, and what it stands on is unknown.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use crate::encoded_object::{EncodedObject, Unreadable};
use crate::read::PODS_PER_NODE;
use crate::snapshot::{InvalidObject, Snapshot, Usage};
use crate::usage::ObjectUsage;
use oppscale_core::devices::model::ResourceClaim;
use oppscale_core::devices::{ClaimRef, DeviceInventory};
use oppscale_core::kinds;
use oppscale_core::ledger::DeviceChanges;
use oppscale_core::limits;
use oppscale_core::malformed::Malformed;
use oppscale_core::model::{Metadata, Node, Pod, Workload};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::{OwnWorkload, Ownership};
use oppscale_core::pods::{PodDetail, PodQuery};
use oppscale_core::record::{PodKey, PodRecord, PodState};

/// Fills a [`Snapshot`].
#[derive(Debug, Default)]
pub struct SnapshotBuilder {
    snapshot: Snapshot,
    ownership: Ownership,
    /// Workloads whose pods are grouped under them.
    grouped: Arc<[OwnWorkload]>,
    /// The pods that are kept one by one.
    kept: Option<PodQuery>,
    /// Whether limits are added up.
    counts_limits: bool,
    /// Usage by `NAMESPACE/NAME` of pods, to be added up by workload as the pods come.
    pod_usage: HashMap<String, PodUsage>,
    pods: u64,
    /// Number of pods and of invalid objects before the page that is being read.
    before_page: (u64, usize),
    /// The CronJob of each Job that is known, by `NAMESPACE/NAME`; `None` for a Job of its own.
    cron_jobs: HashMap<String, Option<String>>,
    /// Whether objects come again and again as they change, so that the last one counts.
    /// In a single list the second one of a name is a contradiction.
    is_following: bool,
    /// Whether uids tell pods apart, or only their names.
    pods_by_name: bool,
    /// The nodes of the list that is being read, while one is.
    listed_nodes: Option<HashSet<Box<str>>>,
    /// Whether anything that counts has changed since that was last asked.
    has_changed: bool,
    observer: Option<Box<dyn ChangeObserver>>,
}

/// Usage of a pod.
#[derive(Debug)]
struct PodUsage {
    used: ObjectUsage,
    /// Whether it was added to its workload's. A pod can come twice: when pages overlap,
    /// or when one is read again.
    counted: bool,
}

impl SnapshotBuilder {
    /// A builder that finds opportunistic pods by `ownership`.
    pub fn new(ownership: Ownership) -> Self {
        Self { ownership, ..Self::default() }
    }

    /// Groups the pods of these workloads under them, whatever controllers stand in between.
    pub fn group_under(&mut self, workloads: &[OwnWorkload]) {
        self.grouped = workloads.into();
    }

    /// Keeps these pods one by one, too.
    pub fn keep_pods(&mut self, query: PodQuery) {
        self.kept = Some(query);
    }

    /// Adds up limits, too, which only people look at.
    pub fn count_limits(&mut self) {
        self.counts_limits = true;
    }

    /// Takes the usage of pods, before the pods themselves.
    pub(crate) fn expect_usage(&mut self, pod_usage: HashMap<String, ObjectUsage>) {
        let uncounted = |(name, used)| (name, PodUsage { used, counted: false });
        self.pod_usage = pod_usage.into_iter().map(uncounted).collect();
        self.snapshot.usage.get_or_insert_with(Usage::default);
    }

    /// Identifies pods by namespace and name alone: redacted uids are not unique.
    pub fn identify_pods_by_name(&mut self) {
        self.pods_by_name = true;
    }

    /// Number of pods so far.
    pub fn pods(&self) -> u64 {
        self.pods
    }

    /// The snapshot of all objects so far.
    pub fn finish(self) -> Snapshot {
        self.snapshot
    }

    /// The snapshot so far.
    pub fn snapshot_mut(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Forgets all pods, before their list is read anew.
    pub fn restart_pods(&mut self) {
        self.snapshot.ledger.reset_pods();
        self.snapshot.pods.clear();
        self.snapshot.invalid_objects.retain(|invalid| invalid.kind != "Pod");
        if let Some(usage) = &mut self.snapshot.usage {
            usage.workloads.clear();
            usage.own.clear();
        }
        for usage in self.pod_usage.values_mut() {
            usage.counted = false;
        }
        self.pods = 0;
    }

    /// Forgets all nodes, before their list is read anew.
    pub fn restart_nodes(&mut self) {
        self.snapshot.ledger.reset_nodes();
        self.snapshot.invalid_objects.retain(|invalid| invalid.kind != "Node");
    }

    /// A page of a list begins. If it `is_repeated`, what came since the last page began comes
    /// once more: objects are known by their names, and the rest is taken back here.
    pub(crate) fn begin_page(&mut self, is_repeated: bool) {
        if is_repeated {
            self.pods = self.before_page.0;
            // Followed nodes are listed beside pods, and an invalid one is named once in any case.
            if !self.is_following {
                self.snapshot.invalid_objects.truncate(self.before_page.1);
            }
        } else {
            self.before_page = (self.pods, self.snapshot.invalid_objects.len());
        }
    }

    /// Takes one Job's JSON, before the pods: its pods are its CronJob's.
    pub fn raw_job(&mut self, json: &str) {
        // Nothing of a Job counts, so one that is malformed tells nothing.
        let Ok(job) = serde_json::from_str::<Workload<'_>>(json) else { return };
        let metadata = &job.metadata;
        let namespace = metadata.namespace_or_default();
        let owner = metadata.controller().filter(|owner| &*owner.kind == kinds::CRON_JOB.name);
        let cron_job = owner.map(|owner| owner.name.to_string());
        self.cron_jobs.insert(format!("{namespace}/{}", &*metadata.name), cron_job);
    }

    /// Takes a pod.
    pub fn raw_pod<'a>(&mut self, object: impl Into<EncodedObject<'a>>) {
        match object.into().read::<Pod<'_>>() {
            Ok(mut pod) => {
                // A namespace is left out only in text written by hand.
                if pod.metadata.namespace.is_empty() {
                    pod.metadata.namespace = "default".into();
                }
                self.checked_pod(&pod);
            }
            Err(invalid) => self.invalid_pod(&invalid),
        }
    }

    /// Takes a node.
    pub fn raw_node<'a>(&mut self, object: impl Into<EncodedObject<'a>>) {
        match object.into().read::<Node<'_>>() {
            Ok(node) if !node.metadata.name.is_empty() => {
                self.see_resources(&node);
                self.node(NodeRecord::of(node));
            }
            Ok(_) => self.invalid("Node", "(without a name)", "has no metadata.name"),
            Err(Unreadable { name, problem, .. }) => {
                let problem = Malformed::whole(format_args!("is no Node: {problem}"));
                match name {
                    Some(name) => self.node(NodeRecord::unknown(&name, problem)),
                    None => self.invalid("Node", "(without a name)", problem),
                }
            }
        }
    }

    /// Remembers the names of what a node reports: those with 0 are in no sum.
    fn see_resources(&mut self, node: &Node<'_>) {
        let known = &mut self.snapshot.known_names.resources;
        let allocatable = node.status.allocatable.iter().flat_map(|list| list.iter());
        for (name, _) in node.status.capacity.iter().chain(allocatable) {
            if !known.contains(name) {
                known.insert(name.into());
            }
        }
    }

    fn node(&mut self, record: NodeRecord) {
        if self.is_following {
            return self.take_node(record);
        }
        let ledger = &mut self.snapshot.ledger;
        let has_twin = ledger.record(&record.name).is_some_and(|known| *known != record);
        if has_twin {
            // It is unknown which of the two is meant, so neither is counted.
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
            && (self.pods_by_name || !pod.metadata.passed_api_server())
            && self.snapshot.ledger.holds(&self.key(&pod.metadata))
        {
            self.pods += 1;
            let mut record = PodRecord::of(pod, &self.ownership);
            record.key = self.key(&pod.metadata);
            record.state = PodState::Unknown {
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
        let mut record = PodRecord::of(pod, &self.ownership);
        record.key = self.key(&pod.metadata);
        let cron_job = self.cron_job(&pod.metadata);
        if let (Some(cron_job), Some(job)) = (&cron_job, pod.metadata.controller()) {
            record.workload = match cron_job {
                Some(name) => (kinds::CRON_JOB.name, name),
                None => (kinds::JOB.name, &job.name),
            };
        }
        let names = &mut self.snapshot.known_names;
        names.opportunistic |= record.opportunistic;
        if matches!(record.state, PodState::Gone) && !names.namespaces.contains(record.namespace) {
            names.namespaces.insert(record.namespace.into());
        }
        let grouped = Arc::clone(&self.grouped);
        if let Some(own) = grouped.iter().find(|own| own.owns(&pod.metadata)) {
            record.workload = (&own.kind, &own.name);
        }
        if self.counts_limits {
            record.limits = limits::of_pod(pod).ok();
        }
        if !self.pod_usage.is_empty() {
            self.add_usage(&record);
        }
        let kept = self.kept.as_ref();
        if pod.is_terminal() && kept.is_some_and(|query| query.matches_in_any_phase(pod)) {
            self.snapshot.known_names.ended = Some(true);
        }
        if let Some(query) = kept.filter(|query| query.matches(pod)) {
            let mut detail = query.detail(pod, &record);
            self.add_pod_usage(&mut detail);
            self.snapshot.pods.insert(record.key.clone(), detail);
        }
        self.take_pod(record);
    }

    /// The CronJob of a pod's Job, if the Job is known.
    fn cron_job(&self, pod: &Metadata<'_>) -> Option<Option<String>> {
        if self.cron_jobs.is_empty() {
            return None;
        }
        let owner = pod.controller().filter(|owner| &*owner.kind == kinds::JOB.name)?;
        let namespace = pod.namespace_or_default();
        self.cron_jobs.get(&format!("{namespace}/{}", &*owner.name)).cloned()
    }

    fn key(&self, metadata: &Metadata<'_>) -> PodKey {
        match self.pods_by_name {
            true => PodKey::of_parts("", &metadata.namespace, &metadata.name),
            false => PodKey::of(metadata),
        }
    }

    fn add_usage(&mut self, record: &PodRecord<'_>) {
        let name = format!("{}/{}", record.namespace, record.name);
        let Some(pod) = self.pod_usage.get_mut(&name).filter(|pod| !pod.counted) else { return };
        pod.counted = true;
        let (kind, workload) = record.workload;
        let key = (record.namespace.to_owned(), kind.to_owned(), workload.to_owned());
        let usage = self.snapshot.usage.get_or_insert_with(Usage::default);
        usage.workloads.entry(key).or_default().add(&pod.used.total);
        if let (true, PodState::Bound { node, .. }) = (record.opportunistic, &record.state) {
            usage.own.entry((*node).to_owned()).or_default().add(&pod.used.total);
        }
    }

    fn add_pod_usage(&self, pod: &mut PodDetail) {
        let Some(usage) = self.pod_usage.get(&format!("{}/{}", pod.group.namespace, pod.name))
        else {
            return;
        };
        pod.usage = Some(usage.used.total.clone());
        for container in &mut pod.containers {
            let mut containers = usage.used.containers.iter();
            let found = containers.find(|(name, _)| *name == container.name);
            container.usage = found.map(|(_, used)| used.clone());
        }
    }

    /// Counts a pod without a name, which occupies its node all the same.
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
    fn invalid_pod(&mut self, invalid: &Unreadable) {
        let namespace = invalid.namespace.as_deref().unwrap_or("default");
        let uid = invalid.uid.as_deref().unwrap_or_default();
        let problem = format!("is no Pod: {}", invalid.problem);
        self.unknown_pod(uid, namespace, invalid.name.as_deref(), invalid.node.as_deref(), problem);
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
        let key = PodKey::of_parts(if self.pods_by_name { "" } else { uid }, namespace, name);
        let state = PodState::Unknown { node, problem: Malformed::whole(problem) };
        self.take_pod(PodRecord::paid(key, namespace, name, state));
    }

    fn invalid(&mut self, kind: &str, name: &str, problem: impl std::fmt::Display) {
        let invalid = InvalidObject {
            kind: kind.to_owned(),
            name: name.to_owned(),
            problem: problem.to_string(),
        };
        // What is followed comes again with every change.
        if !self.is_following || !self.snapshot.invalid_objects.contains(&invalid) {
            self.snapshot.invalid_objects.push(invalid);
            self.has_changed = true;
        }
    }
}

impl SnapshotBuilder {
    /// A builder for objects that are followed: the last one of a name counts.
    pub fn following(ownership: Ownership, observer: Option<Box<dyn ChangeObserver>>) -> Self {
        Self { ownership, is_following: true, observer, ..Self::default() }
    }

    /// A builder that continues this snapshot.
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
        self.snapshot.invalid_objects.retain(|invalid| invalid.kind != "Node");
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

    /// Begins a new list of pods. The known ones stay until it is whole.
    pub fn begin_pods(&mut self) {
        self.pods = 0;
        self.observe_listing(true);
        self.snapshot.ledger.begin_pods();
        self.snapshot.invalid_objects.retain(|invalid| invalid.kind != "Pod");
    }

    /// Ends that list: pods that it did not name are gone.
    pub fn end_pods(&mut self) {
        let gone = self.snapshot.ledger.end_pods();
        self.has_changed |= !gone.is_empty();
        if let Some(observer) = &mut self.observer {
            gone.iter().for_each(|key| observer.pod_gone(key));
        }
        self.observe_listing(false);
    }

    fn observe_listing(&mut self, is_begun: bool) {
        if let Some(observer) = &mut self.observer {
            observer.pods_listing(is_begun);
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
        snapshot.permissions_missing = why.is_some();
        if snapshot.pods_unknown.as_deref() == why {
            return;
        }
        snapshot.pods_unknown = why.map(str::to_owned);
        self.has_changed = true;
        if let Some(observer) = &mut self.observer {
            observer.pods_unknown(why);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.snapshot = Snapshot::default();
        self.has_changed = true;
    }

    /// Takes a pod that is gone.
    pub(crate) fn raw_pod_gone(&mut self, object: EncodedObject<'_>) {
        let key = match object.read::<Pod<'_>>() {
            Ok(pod) => PodKey::of(&pod.metadata),
            Err(invalid) => {
                let part = |part: Option<String>| part.unwrap_or_default();
                let (uid, namespace) = (part(invalid.uid), part(invalid.namespace));
                PodKey::of_parts(&uid, &namespace, &part(invalid.name))
            }
        };
        self.delete_pod(&key);
    }

    /// Takes a node that is gone.
    pub(crate) fn raw_node_gone(&mut self, object: EncodedObject<'_>) {
        let name = match object.read::<Node<'_>>() {
            Ok(node) => node.metadata.name.to_string(),
            Err(invalid) => invalid.name.unwrap_or_default(),
        };
        self.delete_node(&name);
    }

    /// Takes a node that is new or has changed.
    pub fn take_node(&mut self, record: NodeRecord) {
        if let Some(listed) = &mut self.listed_nodes {
            listed.insert(record.name.clone());
        }
        let name = record.name.clone();
        if self.snapshot.ledger.apply_node(record) {
            self.has_changed = true;
            if let Some(observer) = &mut self.observer
                && let Some(record) = self.snapshot.ledger.record_for_pods(&name)
            {
                observer.node(&record);
            }
        }
    }

    /// Takes a node that is gone, by its name.
    pub fn delete_node(&mut self, name: &str) {
        if self.snapshot.ledger.delete_node(name) {
            self.has_changed = true;
            if let Some(observer) = &mut self.observer {
                observer.node_gone(name);
            }
        }
    }

    /// Takes a pod that is new or has changed.
    pub fn take_pod(&mut self, record: PodRecord<'_>) {
        let observed = self.observer.is_some().then(|| record.clone());
        if self.snapshot.ledger.apply_pod(record) {
            self.has_changed = true;
            if let Some((observer, mut record)) = self.observer.as_mut().zip(observed) {
                if let Some(counted) = self.snapshot.ledger.footprint(&record.key) {
                    record.set_footprint(counted);
                }
                match record.state {
                    PodState::Gone => observer.pod_gone(&record.key),
                    _ => observer.pod(&record),
                }
            }
        }
    }

    /// Counts these devices from now on, in place of those before.
    pub(crate) fn set_devices(&mut self, devices: DeviceInventory) {
        let ledger = &mut self.snapshot.ledger;
        let was_unknown = ledger.devices().unknown().map(str::to_owned);
        let changes = ledger.set_devices(devices);
        self.has_changed |= ledger.devices().unknown() != was_unknown.as_deref();
        self.take_device_changes(&changes);
    }

    /// Counts these claims from now on, in place of those before.
    pub(crate) fn set_claims(&mut self, claims: Vec<ResourceClaim>) {
        let changes = self.snapshot.ledger.set_claims(claims);
        self.take_device_changes(&changes);
    }

    /// Counts devices anew if pods or nodes that concern them have changed.
    pub(crate) fn recount_devices(&mut self) {
        let changes = self.snapshot.ledger.recount_devices();
        self.take_device_changes(&changes);
    }

    /// Lets slots be counted for exactly these replicas: each with its namespace and claims.
    pub fn expect_replicas<'r>(
        &mut self,
        replicas: impl IntoIterator<Item = (&'r str, &'r [ClaimRef])>,
    ) {
        let changes = self.snapshot.ledger.expect_replicas(replicas);
        self.take_device_changes(&changes);
    }

    /// Lets those of `resources` that are devices be unknown as long as devices are.
    pub fn expect_devices<'r>(&mut self, resources: impl IntoIterator<Item = &'r str>) {
        self.snapshot.ledger.expect_devices(resources);
    }

    fn take_device_changes(&mut self, changes: &DeviceChanges) {
        let ledger = &self.snapshot.ledger;
        self.has_changed |= !changes.pods.is_empty() || !changes.nodes.is_empty();
        let Some(observer) = &mut self.observer else { return };
        changes.pods.iter().filter_map(|key| ledger.pod(key)).for_each(|pod| observer.pod(&pod));
        let nodes = changes.nodes.iter().filter_map(|name| ledger.record_for_pods(name));
        nodes.for_each(|node| observer.node(&node));
    }

    /// Takes a pod that is gone, by its key.
    pub fn delete_pod(&mut self, key: &PodKey) {
        if self.snapshot.ledger.delete_pod(key) {
            self.has_changed = true;
            if let Some(observer) = &mut self.observer {
                observer.pod_gone(key);
            }
        }
    }
}

/// Observes every change of the ledger. Called under its lock: implementations must not block.
pub trait ChangeObserver: Debug + Send {
    /// A node is new, or has changed.
    fn node(&mut self, node: &NodeRecord);
    /// A node is gone.
    fn node_gone(&mut self, name: &str);
    /// A pod is new, or has changed in a way that counts.
    fn pod(&mut self, pod: &PodRecord<'_>);
    /// A pod is gone.
    fn pod_gone(&mut self, key: &PodKey);
    /// Nothing is known of pods, for this reason; or they are known again.
    fn pods_unknown(&mut self, why: Option<&str>);
    /// A list of pods begins, or is complete. Its changes may have happened long before.
    fn pods_listing(&mut self, _is_begun: bool) {}
}

/// Notifies both observers, in order.
impl<A: ChangeObserver, B: ChangeObserver> ChangeObserver for (A, B) {
    fn node(&mut self, node: &NodeRecord) {
        self.0.node(node);
        self.1.node(node);
    }

    fn node_gone(&mut self, name: &str) {
        self.0.node_gone(name);
        self.1.node_gone(name);
    }

    fn pod(&mut self, pod: &PodRecord<'_>) {
        self.0.pod(pod);
        self.1.pod(pod);
    }

    fn pod_gone(&mut self, key: &PodKey) {
        self.0.pod_gone(key);
        self.1.pod_gone(key);
    }

    fn pods_unknown(&mut self, why: Option<&str>) {
        self.0.pods_unknown(why);
        self.1.pods_unknown(why);
    }

    fn pods_listing(&mut self, is_begun: bool) {
        self.0.pods_listing(is_begun);
        self.1.pods_listing(is_begun);
    }
}
