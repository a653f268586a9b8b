//! Whether a pod is opportunistic or paid.
//!
//! Never decided by how a pod is called. A Deployment's pods are those that its selector
//! matches and whose controller is one of its ReplicaSets.

use std::sync::LazyLock;

use super::kinds;
use super::model::{Metadata, OwnerReference};
use super::selector::Selector;

/// The label that marks opportunistic pods where no workload is named.
pub const OPPORTUNISTIC_LABEL: &str = "oppscale.dev/opportunistic";

/// Which pods count as opportunistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// Pods that a label selector matches, in every namespace.
    Labels(Selector),
    /// Pods of one workload.
    Workload(OwnWorkload),
}

/// A workload whose pods are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnWorkload {
    /// Its namespace.
    pub namespace: String,
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its pod selector.
    pub selector: Selector,
    /// UIDs of the controllers between the workload and its pods, such as ReplicaSets. If they
    /// could not be read, ReplicaSets are recognised by the name their controller gives them.
    pub intermediates: Vec<String>,
    /// Whether kinds that oppscale does not know may stand between the workload and its pods.
    /// Such pods belong to the workload if the selector matches.
    pub unknown_intermediates: bool,
}

impl Default for Ownership {
    fn default() -> Self {
        Self::Labels(Selector::label(OPPORTUNISTIC_LABEL, "true"))
    }
}

impl Ownership {
    /// Whether the label of opportunistic pods decides.
    pub fn is_default(&self) -> bool {
        static DEFAULT: LazyLock<Ownership> = LazyLock::new(Ownership::default);
        *self == *DEFAULT
    }

    /// Whether the pod with this metadata is the workload's own.
    pub fn owns(&self, pod: &Metadata<'_>) -> bool {
        match self {
            Self::Labels(selector) => selector.matches(&pod.labels),
            Self::Workload(workload) => workload.owns(pod),
        }
    }
}

impl OwnWorkload {
    /// Whether the pod with this metadata is the workload's.
    pub fn owns(&self, pod: &Metadata<'_>) -> bool {
        *self.namespace == *pod.namespace
            && self.selector.matches(&pod.labels)
            && pod.controller().is_some_and(|owner| self.leads_to(owner, pod))
    }

    fn leads_to(&self, owner: &OwnerReference<'_>, pod: &Metadata<'_>) -> bool {
        let itself = (&*self.kind, &*self.name);
        if itself == (&*owner.kind, &*owner.name) {
            return true;
        }
        if self.unknown_intermediates && kinds::find("apps/v1", &owner.kind).is_none() {
            return true;
        }
        match self.intermediates.is_empty() {
            true => parent_of(owner, pod) == Some(itself),
            false => self.intermediates.iter().any(|uid| **uid == *owner.uid),
        }
    }
}

/// Kind and name of the workload behind a pod's ReplicaSet. Controllers of Deployments and their
/// like name a ReplicaSet `WORKLOAD-HASH` and label its pods with the hash.
fn parent_of<'o>(owner: &'o OwnerReference<'_>, pod: &Metadata<'_>) -> Option<(&'o str, &'o str)> {
    if &*owner.kind != kinds::REPLICA_SET.name {
        return None;
    }
    kinds::scalable().find_map(|kind| {
        let hash = pod.labels.get(kind.hash_label?)?;
        Some((kind.name, owner.name.strip_suffix(hash.as_str())?.strip_suffix('-')?))
    })
}

/// The workload that a pod belongs to, for grouping: kind and name.
///
/// A pod without a controller is its own workload. Jobs are their CronJob's by the name that its
/// controller gives them, if only the pod is known.
pub fn workload_of<'p>(pod: &'p Metadata<'_>) -> (&'p str, &'p str) {
    match pod.controller() {
        None => ("Pod", &pod.name),
        Some(owner) if &*owner.kind == kinds::JOB.name => match cron_job_of(&owner.name) {
            Some(name) => (kinds::CRON_JOB.name, name),
            None => (&owner.kind, &owner.name),
        },
        Some(owner) => parent_of(owner, pod).unwrap_or((&owner.kind, &owner.name)),
    }
}

/// The CronJob whose controller gives a Job this name: `NAME-MINUTES`, the scheduled time in
/// minutes since 1970 (`getJobName` of `pkg/controller/cronjob`, since Kubernetes 1.21).
///
/// Eight digits that are a date (`import-20260131`) would be a time before 2010.
fn cron_job_of(job: &str) -> Option<&str> {
    let (name, minutes) = job.rsplit_once('-')?;
    let is_number = minutes.bytes().all(|byte| byte.is_ascii_digit());
    let minutes: u32 = minutes.parse().ok().filter(|_| is_number)?;
    (!name.is_empty() && SCHEDULED.contains(&minutes)).then_some(name)
}

/// Minutes since 1970 at which a CronJob may have been scheduled: from 2015, when there was none,
/// to 2100.
const SCHEDULED: std::ops::Range<u32> = 23_667_840..68_374_080;

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(json: &str) -> Metadata<'_> {
        serde_json::from_str(json).unwrap()
    }

    fn miner(replica_sets: &[&str]) -> Ownership {
        Ownership::Workload(OwnWorkload {
            namespace: "idle".into(),
            kind: "Deployment".into(),
            name: "miner".into(),
            selector: Selector::parse("app=miner").unwrap(),
            intermediates: replica_sets.iter().map(|&uid| uid.to_owned()).collect(),
            unknown_intermediates: false,
        })
    }

    const POD: &str = r#"{"name":"miner-5d4-x","namespace":"idle",
        "labels":{"app":"miner","pod-template-hash":"5d4"},
        "ownerReferences":[{"kind":"ReplicaSet","name":"miner-5d4","uid":"u1","controller":true}]}"#;

    #[test]
    fn a_deployments_pods_are_found_through_its_replica_sets() {
        assert!(miner(&["u1"]).owns(&metadata(POD)));
        assert!(!miner(&["u2"]).owns(&metadata(POD)));
        assert!(miner(&[]).owns(&metadata(POD)), "by the name the controller gives");
    }

    #[test]
    fn a_pod_named_or_labelled_alike_is_not_own() {
        let orphan = r#"{"name":"miner-5d4-y","namespace":"idle","labels":{"app":"miner"}}"#;
        assert!(!miner(&[]).owns(&metadata(orphan)));
        let longer = POD.replace("\"miner-5d4\"", "\"miner-pro-5d4\"");
        assert!(!miner(&[]).owns(&metadata(&longer)));
        let elsewhere = POD.replace("\"idle\"", "\"paid\"");
        assert!(!miner(&["u1"]).owns(&metadata(&elsewhere)));
    }

    #[test]
    fn pods_group_under_the_workload_people_know() {
        assert_eq!(workload_of(&metadata(POD)), ("Deployment", "miner"));
        assert_eq!(workload_of(&metadata(r#"{"name":"lone"}"#)), ("Pod", "lone"));
    }

    #[test]
    fn jobs_of_a_cron_job_are_known_by_their_name() {
        for (job, workload) in [
            ("backup-29406780", ("CronJob", "backup")),
            ("a-1-29406780", ("CronJob", "a-1")),
            ("import-20260131", ("Job", "import-20260131")),
            ("import-2940678", ("Job", "import-2940678")),
            ("import-294067800", ("Job", "import-294067800")),
            ("import-+29406780", ("Job", "import-+29406780")),
            ("-29406780", ("Job", "-29406780")),
            ("migrate", ("Job", "migrate")),
        ] {
            let json = format!(
                r#"{{"name":"p","ownerReferences":[{{"kind":"Job","name":"{job}","controller":true}}]}}"#
            );
            assert_eq!(workload_of(&metadata(&json)), workload, "{job}");
        }
    }
}
