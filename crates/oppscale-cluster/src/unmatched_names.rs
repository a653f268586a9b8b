//! Finds requested names that match nothing. Their zeros would look like a full cluster.

use std::collections::BTreeSet;

use oppscale_core::error::Error;
use oppscale_core::model::Pod;
use oppscale_core::nearest::{nearest, suggestion};
use oppscale_core::resources::{CPU, MEMORY, PODS};
use oppscale_core::selector::{Labels, Requirement, Selector};

use super::snapshot::Snapshot;

/// Resources that Kubernetes itself defines: they are no typing errors, even if no node has them.
const STANDARD: [&str; 4] = [CPU, MEMORY, PODS, "ephemeral-storage"];

/// The names of a command line.
#[derive(Debug, Clone, Default)]
pub struct RequestedNames {
    /// Resources, each with the flag that names it.
    pub resources: Vec<(&'static str, String)>,
    /// Words that those flags take beside resources.
    pub keywords: Vec<&'static str>,
    /// The node selector.
    pub nodes: Selector,
    /// The label that names pools.
    pub pool_label: Option<String>,
    /// The namespace of the rows.
    pub namespace: Option<String>,
    /// The label selector of opportunistic pods.
    pub pods: Option<Selector>,
}

/// A typed name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedName {
    /// Kind of the name.
    pub kind: NameKind,
    /// One sentence without a period.
    pub message: String,
    /// The hint: a similar name.
    pub hint: Option<String>,
    /// Whether the hint is a name so near that this one is surely a typing error.
    pub is_near: bool,
    /// Whether everything that could match was listed.
    pub is_certain: bool,
}

/// Kind of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A resource.
    Resource,
    /// A selector or label of nodes.
    NodeLabel,
    /// A namespace.
    Namespace,
    /// A selector of pods.
    PodLabel,
}

impl UnmatchedName {
    /// Message and hint in one line.
    pub fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

impl From<UnmatchedName> for Error {
    fn from(unmatched: UnmatchedName) -> Self {
        let error = Self::usage(unmatched.message);
        match unmatched.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl RequestedNames {
    /// The names that nothing in `snapshot` has. Says nothing of an empty cluster.
    pub fn unmatched(&self, snapshot: &Snapshot) -> Vec<UnmatchedName> {
        let ledger = &snapshot.ledger;
        let pods_known = snapshot.pods_unknown.is_none();
        let mut unmatched = Vec::new();
        let labels: Vec<_> = ledger.records().map(|node| &*node.labels).collect();
        if labels.is_empty() {
            // In an empty cluster every name matches nothing.
            return unmatched;
        }
        for (flag, name) in &self.resources {
            if !has_resource(snapshot, name) {
                let mut names = resources(snapshot);
                names.extend(self.keywords.iter().map(|&word| word.to_owned()));
                unmatched.push(UnmatchedName {
                    kind: NameKind::Resource,
                    message: format!(
                        "{flag}: no node has the resource {name}, and no pod requests it"
                    ),
                    is_near: nearest(name, names.iter().map(String::as_str)).is_some(),
                    hint: suggestion(name, names.iter().map(String::as_str)),
                    is_certain: pods_known,
                });
            }
        }
        if !labels.iter().any(|labels| self.nodes.matches(labels)) {
            unmatched.push(UnmatchedName {
                kind: NameKind::NodeLabel,
                message: format!("-l: no node has the labels {}", self.nodes),
                hint: self.nodes.requirements().iter().find_map(|one| label_hint(one, &labels)),
                is_near: false,
                is_certain: true,
            });
        }
        if let Some(label) = &self.pool_label
            && !labels.iter().any(|labels| labels.get(label).is_some())
        {
            unmatched.push(UnmatchedName {
                kind: NameKind::NodeLabel,
                message: format!("--by pool={label}: no node has this label"),
                hint: suggestion(label, keys(&labels)),
                is_near: false,
                is_certain: true,
            });
        }
        if !pods_known {
            return unmatched;
        }
        if let Some(namespace) = &self.namespace
            && !has_namespace(snapshot, namespace)
        {
            let names = namespaces(snapshot);
            unmatched.push(UnmatchedName {
                kind: NameKind::Namespace,
                message: format!("-n: no pod is in the namespace {namespace}"),
                hint: suggestion(namespace, names.iter().copied()),
                is_near: false,
                is_certain: true,
            });
        }
        if let Some(selector) = self.pods.as_ref().filter(|_| !snapshot.known_names.opportunistic) {
            unmatched.push(no_pod(selector, []));
        }
        unmatched
    }
}

fn has_resource(snapshot: &Snapshot, name: &str) -> bool {
    let ledger = &snapshot.ledger;
    STANDARD.contains(&name)
        || snapshot.known_names.resources.contains(name)
        || ledger.records().any(|node| node.lists(name))
        || ledger.devices().resources().any(|resource| resource == name)
        || ledger.nodes().any(|(_, node)| node.paid.get(name) != 0)
        || ledger.nodes().any(|(_, node)| node.opportunistic.get(name) != 0)
        || ledger.waiting().any(|pod| pod.footprint.get(name) != 0)
}

fn resources(snapshot: &Snapshot) -> BTreeSet<String> {
    let ledger = &snapshot.ledger;
    let mut names: BTreeSet<String> = STANDARD.map(str::to_owned).into();
    names.extend(snapshot.known_names.resources.iter().map(|name| name.to_string()));
    names.extend(ledger.devices().resources().map(str::to_owned));
    let allocatable = ledger.records().filter_map(|node| node.allocatable.as_ref().ok());
    let requests = ledger.nodes().flat_map(|(_, node)| [&node.paid, &node.opportunistic]);
    let waiting = ledger.waiting().map(|pod| &*pod.footprint);
    for resources in allocatable.chain(requests).chain(waiting) {
        names.extend(resources.present().map(|(name, _)| name.to_owned()));
    }
    names
}

fn has_namespace(snapshot: &Snapshot, namespace: &str) -> bool {
    let ledger = &snapshot.ledger;
    snapshot.known_names.namespaces.contains(namespace)
        || ledger.waiting().any(|pod| &*pod.group.namespace == namespace)
        || ledger.unknown().any(|pod| &*pod.namespace == namespace)
        || ledger.bound().any(|pod| &*pod.group.namespace == namespace)
}

fn namespaces(snapshot: &Snapshot) -> BTreeSet<&str> {
    let ledger = &snapshot.ledger;
    let bound = ledger.bound().map(|pod| &*pod.group.namespace);
    let waiting = ledger.waiting().map(|pod| &*pod.group.namespace);
    let unknown = ledger.unknown().map(|pod| &*pod.namespace);
    let ended = snapshot.known_names.namespaces.iter().map(|name| &**name);
    bound.chain(waiting).chain(unknown).chain(ended).collect()
}

fn keys<'l>(labels: &[&'l Labels<'_>]) -> BTreeSet<&'l str> {
    labels.iter().flat_map(|labels| labels.iter().map(|(key, _)| key)).collect()
}

/// The labels `selector`, which none of these pods has.
pub(super) fn no_pod<'p>(
    selector: &Selector,
    pods: impl IntoIterator<Item = &'p str>,
) -> UnmatchedName {
    let pods = pods.into_iter();
    let metadata: Vec<Pod<'_>> = pods.filter_map(|json| serde_json::from_str(json).ok()).collect();
    let labels: Vec<_> = metadata.iter().map(|pod| &pod.metadata.labels).collect();
    let hint = selector.requirements().iter().find_map(|one| label_hint(one, &labels));
    UnmatchedName {
        kind: NameKind::PodLabel,
        message: format!("--workload: no pod has the labels {selector}"),
        hint: hint.or_else(|| {
            Some("see which labels pods have: kubectl get pods -A --show-labels".to_owned())
        }),
        is_near: false,
        is_certain: true,
    }
}

/// What may have been meant by a requirement that none of these objects meets.
fn label_hint(requirement: &Requirement, labels: &[&Labels<'_>]) -> Option<String> {
    if labels.iter().any(|labels| requirement.matches(labels)) {
        return None;
    }
    let key = requirement.key();
    let values: BTreeSet<&str> =
        labels.iter().filter_map(|labels| Some(labels.get(key)?.as_str())).collect();
    if values.is_empty() {
        return suggestion(key, keys(labels));
    }
    let wanted = requirement.values().first()?;
    let hint = suggestion(wanted, values)?;
    Some(format!("{key}: {hint}"))
}
