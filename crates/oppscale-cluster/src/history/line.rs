//! A line of the file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::ResolvedWorkload;
use crate::follow::{Health, Phase, WatchStatus};
use oppscale_core::policy::Basis;
use oppscale_core::record::PodKey;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, Resources};

/// The version of the format. A reader refuses a greater one.
pub(super) const VERSION: u32 = 1;

/// First bytes of every history, and of every recording in it.
pub(super) const MAGIC: &[u8] = b"{\"history\":";

/// A line: one thing that happened, or a word that later lines use.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line<'l> {
    /// A recording begins. Nothing of what came before holds any more.
    #[serde(borrow)]
    History(Header<'l>),
    /// The version of the API server.
    Kubernetes(Cow<'l, str>),
    /// The workload that the count is for.
    Workload(Workload),
    /// Number and name of a node that pods are bound to.
    Host(u32, Cow<'l, str>),
    /// Number, namespace, kind and name of a workload.
    Group(u32, Cow<'l, str>, Cow<'l, str>, Cow<'l, str>),
    /// Number and amounts of a footprint.
    Footprint(u32, #[serde(deserialize_with = "countable")] BTreeMap<String, Amount>),
    /// A node as it is now: an object with what counts.
    Node(Value),
    /// A node of which nothing is known but its name, and why.
    UnknownNode(Cow<'l, str>, Cow<'l, str>),
    /// A node that is gone.
    NodeGone(Cow<'l, str>),
    /// A bound pod: key, host, group, footprint, and 1 if it is own.
    Pod(Cow<'l, str>, u32, u32, u32, u8),
    /// A pod without a node.
    Waiting(WaitingPod<'l>),
    /// A pod that could not be counted.
    Unknown(UnknownPod<'l>),
    /// A pod that is gone.
    Gone(Cow<'l, str>),
    /// Why nothing is known of pods; null when they are known again.
    PodsUnknown(Option<Cow<'l, str>>),
    /// State and freshness of the watches.
    Connection(Connection),
    /// Milliseconds since the recording began: all lines before this one hold from here.
    T(u64),
}

/// Header of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header<'l> {
    /// The version of the format.
    pub version: u32,
    /// Start of the recording, in RFC 3339.
    pub started: Cow<'l, str>,
    /// The address of the API server.
    pub server: Cow<'l, str>,
    /// The context of the kubeconfig, if there was one. Absent from older histories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Cow<'l, str>>,
}

/// The workload that the count is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Requests of one of its replicas.
    #[serde(deserialize_with = "countable")]
    pub replica: BTreeMap<String, Amount>,
    /// Placement of its replicas, as in a pod's spec.
    pub placement: Value,
    /// Priority of its replicas, if the pod template has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Whether a node holds one of them only. Absent from older histories.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_per_node: bool,
    /// Word of its basis, unless that is requests. Absent from older histories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Its burn on the usage basis, millicores, if it is known. Absent from older histories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burn: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WaitingPod<'l> {
    #[serde(borrow)]
    pub(super) key: Cow<'l, str>,
    pub(super) name: Cow<'l, str>,
    pub(super) group: u32,
    pub(super) footprint: u32,
    #[serde(rename = "own")]
    pub(super) opportunistic: u8,
    pub(super) gated: bool,
    pub(super) placement: Value,
    #[serde(default)]
    pub(super) priority: i32,
    /// Absent from histories that were written before it was read, as all from `priority` on.
    #[serde(default = "preempts")]
    pub(super) preempts: bool,
    #[serde(default)]
    pub(super) created: Cow<'l, str>,
    #[serde(default)]
    pub(super) nominated_node: Cow<'l, str>,
}

/// Default of `preemptionPolicy`: a pod may preempt.
fn preempts() -> bool {
    true
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnknownPod<'l> {
    #[serde(borrow)]
    pub(super) key: Cow<'l, str>,
    pub(super) namespace: Cow<'l, str>,
    pub(super) name: Cow<'l, str>,
    pub(super) node: Option<Cow<'l, str>>,
    pub(super) problem: Cow<'l, str>,
}

/// State of the feeds, and why where that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Connection {
    nodes: (Cow<'static, str>, Option<String>),
    pods: (Cow<'static, str>, Option<String>),
}

impl Workload {
    /// The workload that is resolved so, with replicas of this shape.
    pub fn of(replica: &Replica, workload: &ResolvedWorkload) -> Self {
        Self {
            replica: amounts(replica.footprint()),
            placement: workload.placement.to_object(),
            priority: workload.priority,
            one_per_node: workload.rules.is_one_per_node,
            basis: (workload.policy.basis != Basis::default())
                .then(|| workload.policy.basis.name().to_owned()),
            burn: workload.policy.burn.filter(|_| workload.policy.basis == Basis::Usage),
        }
    }
}

impl Connection {
    pub(super) fn of(health: &Health) -> Self {
        Self { nodes: state(&health.nodes), pods: state(&health.pods) }
    }

    /// The phases that were written.
    pub(super) fn phases(&self) -> [Phase; 2] {
        [phase(&self.nodes), phase(&self.pods)]
    }
}

fn state(feed: &WatchStatus) -> (Cow<'static, str>, Option<String>) {
    (feed.phase.word().into(), feed.phase.why().map(str::to_owned))
}

fn phase((word, why): &(Cow<'static, str>, Option<String>)) -> Phase {
    let why = why.clone().unwrap_or_default();
    match word.as_ref() {
        "reconnecting" => Phase::Reconnecting { why, tries: 0, next_try: None },
        "relisting" => Phase::Relisting { why },
        "refused" => Phase::Refused { why, hint: None },
        _ => Phase::Following,
    }
}

/// A pod's key as text: 32 digits of its uid, or `=` and its key where that is no uid.
pub(super) fn key_text(key: &PodKey) -> String {
    match key {
        PodKey::Uid(bytes) => format!("{:032x}", u128::from_be_bytes(*bytes)),
        PodKey::Text(text) => format!("={text}"),
    }
}

/// The key that was written so.
pub(super) fn key_of(text: &str) -> Option<PodKey> {
    match text.strip_prefix('=') {
        Some(text) => Some(PodKey::Text(text.into())),
        None => u128::from_str_radix(text, 16).ok().map(PodKey::of_uid),
    }
}

/// Amounts by name.
pub(super) fn amounts(resources: &Resources) -> BTreeMap<String, Amount> {
    resources.present().map(|(name, amount)| (name.to_owned(), amount)).collect()
}

/// Amounts as they are written: sums of them have room, whatever a file that was tampered
/// with says.
fn countable<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Amount>, D::Error> {
    let amounts = BTreeMap::<String, Amount>::deserialize(from)?;
    match amounts.iter().find(|(_, amount)| !(0..=i64::MAX.into()).contains(*amount)) {
        Some((name, amount)) => Err(D::Error::custom(format!("{name}: {amount} is no amount"))),
        None => Ok(amounts),
    }
}

/// The resources that were written so.
pub(super) fn resources(amounts: &BTreeMap<String, Amount>) -> Resources {
    let one = |sum: Resources, (name, amount): (&String, &Amount)| sum.with(name, *amount);
    amounts.iter().fold(Resources::default(), one)
}
