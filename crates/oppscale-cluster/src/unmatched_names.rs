//! Finds requested names that match nothing. Their zeros would look like a full cluster.

use std::collections::BTreeSet;

use oppscale_core::error::Error;
use oppscale_core::model::Pod;
use oppscale_core::nearest::{nearest, suggestion};
use oppscale_core::node::{NodeRecord, is_temporary_taint};
use oppscale_core::placement::TaintPattern;
use oppscale_core::pods::PodQuery;
use oppscale_core::pool;
use oppscale_core::price::Price;
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
    /// The taints of nodes.
    pub taints: Vec<TaintPattern>,
    /// The prices.
    pub prices: Vec<Price>,
    /// The pods that are kept one by one.
    pub kept: Option<PodQuery>,
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
    /// A taint of nodes.
    Taint,
    /// A pool.
    Pool,
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
                unmatched.push(no_resource(flag, name, &names, pods_known));
            }
        }
        unmatched.extend(self.unmatched_prices(snapshot));
        let taints: Vec<_> = ledger.records().flat_map(NodeRecord::taints).collect();
        for wanted in &self.taints {
            if !taints.iter().any(|taint| wanted.matches(taint)) {
                let keys: BTreeSet<&str> = taints.iter().map(|taint| &*taint.key).collect();
                let key = wanted.key();
                // A healthy cluster has no taint that comes and goes, and the key itself is right.
                let is_known = keys.contains(key) || is_temporary_taint(key);
                unmatched.push(UnmatchedName {
                    kind: NameKind::Taint,
                    message: format!("--taint: no node has the taint {wanted}"),
                    is_near: false,
                    is_certain: !is_known && nearest(key, keys.iter().copied()).is_some(),
                    hint: if is_known { None } else { suggestion(key, keys) },
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
            unmatched.push(no_pod("--workload", selector, []));
        }
        let kept = self.kept.as_ref().filter(|_| snapshot.pods.is_empty());
        unmatched.extend(kept.and_then(|query| no_kept(query, snapshot.known_names.ended)));
        unmatched
    }

    /// A cluster need not have all that a list of prices has: no GPUs, no node in a pool now.
    fn unmatched_prices(&self, snapshot: &Snapshot) -> Vec<UnmatchedName> {
        let names = if self.prices.is_empty() { BTreeSet::new() } else { resources(snapshot) };
        let mut unmatched = Vec::new();
        for price in &self.prices {
            for name in price.names().filter(|name| *name != "gpu") {
                if !names.iter().any(|resource| Price::is_of(name, resource)) {
                    unmatched.push(no_resource("--price", name, &names, false));
                }
            }
            let pools: BTreeSet<&str> = snapshot.ledger.records().map(pool_of).collect();
            if let Some(pool) = price.pool().filter(|pool| !pools.contains(pool)) {
                unmatched.push(UnmatchedName {
                    kind: NameKind::Pool,
                    message: format!("--price: no node is in the pool {pool}"),
                    hint: suggestion(pool, pools.iter().copied().filter(|pool| !pool.is_empty())),
                    is_near: false,
                    is_certain: false,
                });
            }
        }
        unmatched
    }
}

fn pool_of(node: &NodeRecord) -> &str {
    pool::of_labels(&node.labels).or(node.annotated_pool.as_deref()).unwrap_or_default()
}

/// The resource `name` of a flag, which is none of `names`.
fn no_resource(
    flag: &str,
    name: &str,
    names: &BTreeSet<String>,
    is_certain: bool,
) -> UnmatchedName {
    UnmatchedName {
        kind: NameKind::Resource,
        message: format!("{flag}: no node has the resource {name}, and no pod requests it"),
        is_near: nearest(name, names.iter().map(String::as_str)).is_some(),
        hint: suggestion(name, names.iter().map(String::as_str)),
        is_certain,
    }
}

/// The labels or phases that no pod has; `ended` is that of the known names.
fn no_kept(query: &PodQuery, ended: Option<bool>) -> Option<UnmatchedName> {
    let is_part = query.namespaces.is_some() || query.namespace_labels.is_some();
    let place = if is_part { " in these namespaces" } else { "" };
    let phases = query.phases.join(" or ");
    if query.labels.is_empty() {
        return (!phases.is_empty()).then(|| UnmatchedName {
            kind: NameKind::PodLabel,
            message: format!("--phase: no pod is {phases}{place}"),
            hint: None,
            is_near: false,
            is_certain: false,
        });
    }
    let unmatched = no_pod("--pod-selector", &query.labels, []);
    let message = match (&*phases, ended) {
        ("", Some(false)) => format!("{}{place}", unmatched.message),
        ("", _) => format!(
            "--pod-selector: no running or waiting pod has the labels {}{place}",
            query.labels
        ),
        (phases, _) => {
            format!(
                "--pod-selector: no pod that is {phases} has the labels {}{place}",
                query.labels
            )
        }
    };
    let hint = match (&*phases, ended) {
        ("", Some(true)) => Some("--phase Succeeded,Failed shows those that have ended".to_owned()),
        _ => unmatched.hint,
    };
    let is_certain = !is_part && phases.is_empty() && ended == Some(false);
    Some(UnmatchedName { message, hint, is_certain, ..unmatched })
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
    let allocatable = ledger.records().filter_map(|node| node.allocatable.as_deref().ok());
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

/// The labels `selector` of a flag, which none of these pods has.
pub(super) fn no_pod<'p>(
    flag: &str,
    selector: &Selector,
    pods: impl IntoIterator<Item = &'p str>,
) -> UnmatchedName {
    let pods = pods.into_iter();
    let metadata: Vec<Pod<'_>> = pods.filter_map(|json| serde_json::from_str(json).ok()).collect();
    let labels: Vec<_> = metadata.iter().map(|pod| &pod.metadata.labels).collect();
    let hint = selector.requirements().iter().find_map(|one| label_hint(one, &labels));
    UnmatchedName {
        kind: NameKind::PodLabel,
        message: format!("{flag}: no pod has the labels {selector}"),
        hint: hint.or_else(|| {
            Some("see which labels pods have: kubectl get pods -A --show-labels".to_owned())
        }),
        is_near: false,
        is_certain: true,
    }
}

/// The labels `selector`, which no namespace has.
pub(super) fn no_namespace(selector: &Selector) -> Error {
    Error::usage(format!("--namespace-selector: no namespace has the labels {selector}"))
        .hint("see which labels they have: kubectl get namespaces --show-labels")
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
