//! What is left for opportunistic work: remaining, slots and fit replicas.
//!
//! * **remaining** of a node = allocatable − what paid pods occupy. It may be negative.
//! * **remaining** of the usable nodes = the sum of what is above zero, − paid demand,
//!   − reserve. What a node is short of is *overcommit*, never netted: a free core of
//!   one node cannot pay for another.
//! * **slots** of a node = how many replicas fit beside paid pods and the waiting pods that
//!   would go there (see [`demand`]): the minimum over everything that a replica
//!   asks for, each rounded down.
//! * **fit replicas** = the least of all slots, remaining / replica for each resource, and what the
//!   holes of the reserve allow (see [`hole`](super::hole)).
//! * On the usage basis, slots are also limited to the idle CPU of the node, and the reserve of CPU
//!   is a part of that.
//!
//! A node of which something is unknown is not usable, is in no total, and is named.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::demand::{self, PaidDemand};
use super::devices::DeviceId;
use super::hole::HoleNode;
use super::ledger::{Ledger, NodeAccount, Unoffered};
use super::node::{NodeRecord, Unusable};
use super::placement::{Placement, TaintPattern};
use super::pool;
use super::replica::{ONE_PER_NODE, Replica};
use super::reserve::Reserve;
use super::resources::{Amount, CPU, Resources};
use super::selector::{Labels, Selector};
use super::usage::{self, PaidUsage};

/// The question that a headroom answers: reserve, replica, placement, basis.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The shape of a replica.
    pub replica: Replica,
    /// Capacity that must stay free.
    pub reserve: Reserve,
    /// The workload's own maximum of replicas.
    pub max_replicas: Option<u32>,
    /// Whether opportunistic pods are those of the workload that is asked about. Those on nodes
    /// that are not usable are then part of its fit.
    pub is_of_workload: bool,
    /// Placement of the workload.
    pub placement: Placement,
    /// The priority of its pods; `None` if their template has none, which counts as
    /// [`demand::FILLER_PRIORITY`].
    pub filler_priority: Option<i32>,
    /// Labels of the nodes that are looked at at all.
    pub nodes: Selector,
    /// Taints of those nodes.
    pub taints: TaintFilter,
    /// Whether a node holds one replica only, whatever it requests: two would want the same port of
    /// the host, or keep apart by its name.
    pub one_per_node: bool,
    /// Whether the list of pods was refused, so that nothing is known of them.
    pub pods_unknown: bool,
    /// The usage basis; `None` is the requests basis.
    pub usage: Option<UsageQuery>,
}

/// What the usage basis needs: CPU then counts by what is idle, see [`crate::usage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    /// Usage of paid pods on each node.
    pub paid: PaidUsage,
    /// Millicores that a replica burns.
    pub burn: Amount,
}

impl UsageQuery {
    /// Millicores of a node that paid pods do not use; `None` if its usage is unknown.
    fn idle(&self, node: &NodeHeadroom) -> Option<Amount> {
        self.paid.idle(&node.name, node.allocatable.as_ref()?.get(CPU))
    }
}

/// Which nodes are looked at, by their taints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TaintFilter {
    /// All nodes.
    #[default]
    Any,
    /// Nodes without taints.
    Untainted,
    /// Nodes with a taint that one of these matches.
    Tainted(Vec<TaintPattern>),
}

impl Query {
    /// The same for a replica of another size. On the usage basis its CPU is what it burns.
    #[must_use]
    pub fn of_size(&self, replica: Replica) -> Self {
        let Some(usage) = &self.usage else { return Self { replica, ..self.clone() } };
        let burn = replica.footprint().get(CPU);
        let requested = replica.footprint().clone().with(CPU, burn.min(usage::REQUEST));
        let usage = Some(UsageQuery { burn, paid: usage.paid.clone() });
        Self { replica: Replica::from_footprint(requested), usage, ..self.clone() }
    }

    /// The same on the usage basis: a replica burns these millicores, and goes to no Windows node.
    #[must_use]
    pub fn on_usage_basis(self, paid: PaidUsage, burn: Amount) -> Self {
        let replica = Replica::from_footprint(self.replica.footprint().clone().with(CPU, burn));
        let placement = self.placement.clone().without_windows();
        Self { usage: Some(UsageQuery { paid, burn }), placement, ..self }.of_size(replica)
    }

    /// Millicores that a replica burns by its size: `None` for one that requests as little as
    /// workloads of the usage basis do, which says nothing of what it uses.
    pub fn burn_by_size(&self) -> Option<Amount> {
        Some(self.replica.footprint().get(CPU)).filter(|cpu| *cpu > usage::MAX_REQUEST)
    }

    /// Number of replicas that fit into these resources of a node.
    fn slots(&self, left: &Resources) -> Amount {
        let slots = slots(left, &self.replica);
        if self.one_per_node { slots.min(1) } else { slots }
    }

    /// Whether a node is looked at.
    pub fn selects(&self, node: &NodeRecord) -> bool {
        self.nodes.matches(&node.labels)
            && match &self.taints {
                TaintFilter::Any => true,
                TaintFilter::Untainted => node.taints().is_empty(),
                TaintFilter::Tainted(patterns) => {
                    node.taints().iter().any(|t| patterns.iter().any(|p| p.matches(t)))
                }
            }
    }
}

/// The headroom of a cluster.
#[derive(Debug, Clone)]
pub struct Headroom {
    /// The requested nodes, by name.
    pub nodes: Vec<NodeHeadroom>,
    /// The sums over usable nodes.
    pub usable: Totals,
    /// The sums over all nodes that are known.
    pub all: Totals,
    /// Resources that pods hold and no node lists: unknown on every node.
    pub unoffered: Unoffered,
    /// Requests of paid pods without a node; `None` if pods are unknown.
    pub demand: Option<PaidDemand>,
    /// The reserve, resource by resource.
    pub reserve: Resources,
    /// Number of the reserve's paid pods that have a slot now, beside all pods; `None` if the
    /// reserve has no pods or pods are unknown.
    pub holes: Option<Amount>,
    /// [`Totals::remaining`] of the usable nodes − waiting paid demand − reserve; `None` when
    /// pods are unknown.
    pub remaining: Option<Resources>,
    /// [`Totals::free`] of the usable nodes − waiting paid demand − reserve; `None` when pods
    /// are unknown.
    pub free: Option<Resources>,
    /// The fit: number of replicas, and the limit of the next; `None` if pods are unknown.
    pub fit: Option<Fit>,
    /// Millicores of usable nodes that paid pods do not use, before reserve; `None` on the requests
    /// basis, or if the usage of each is unknown.
    pub idle: Option<Amount>,
}

/// The headroom of a node. What is unknown is `None`.
#[derive(Debug, Clone)]
pub struct NodeHeadroom {
    /// The node's name.
    pub name: String,
    /// Its labels.
    pub labels: Arc<Labels<'static>>,
    /// The pool that its annotations name.
    pub annotated_pool: Option<Arc<str>>,
    /// Why it is not usable; empty when it is.
    pub reasons: Vec<Unusable>,
    /// Capacity of the node.
    pub capacity: Resources,
    /// Allocatable.
    pub allocatable: Option<Resources>,
    /// The limits of all pods.
    pub limits: Option<Resources>,
    /// Footprint of paid pods.
    pub paid: Option<Resources>,
    /// Footprint of opportunistic pods.
    pub opportunistic: Option<Resources>,
    /// Opportunistic pods that are not being deleted; known even where other pods are not.
    pub running: Amount,
    /// Resources of which it is unknown how much is left here, ordered by name. They are 0 in
    /// [`Self::remaining`] and [`Self::free`].
    pub unknown: Vec<Box<str>>,
    /// Requests of waiting paid pods that would go here.
    pub demand: Resources,
    /// Free devices that other nodes reach, too, by resource. They count once in sums.
    pub shared: Arc<[(Box<str>, DeviceId)]>,
    /// Replicas that fit beside paid pods and that demand. 0 on a node that is not usable; `None`
    /// if a replica requests an unknown resource.
    pub slots: Option<Amount>,
}

/// Sums over nodes.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Number of nodes in the sums.
    pub nodes: usize,
    /// Capacity of the nodes.
    pub capacity: Resources,
    /// Allocatable.
    pub allocatable: Resources,
    /// The limits of all pods; `None` when some are unknown.
    pub limits: Option<Resources>,
    /// Footprint of paid pods; `None` if pods are unknown, as below.
    pub paid: Option<Resources>,
    /// Footprint of opportunistic pods.
    pub opportunistic: Option<Resources>,
    /// Allocatable − paid requests, summed over the nodes where that is above zero.
    pub remaining: Option<Resources>,
    /// Allocatable − all requests, summed over the nodes where that is above zero.
    pub free: Option<Resources>,
    /// The sum of what each node is short of.
    pub overcommit: Option<Resources>,
    /// Replicas that fit beside paid pods.
    pub slots: Option<Amount>,
    /// Resources that are unknown on all nodes that may have them, ordered by name.
    pub unknown: Vec<Box<str>>,
}

/// The number of replicas that fit in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The number, never below 0.
    pub replicas: Amount,
    /// The limit that stops the next one.
    pub limit: Limit,
}

/// The limit that stops the next replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// No node has a hole that is large enough.
    Slots,
    /// This resource runs out over the cluster, after demand and reserve.
    Remaining(String),
    /// More replicas could take the places that the reserve keeps for paid pods.
    Hole,
    /// The workload's own `max-replicas`.
    MaxReplicas,
}

impl Limit {
    /// One word for it: a resource, or `slots`, `hole` or `max-replicas`.
    pub fn word(&self) -> &str {
        match self {
            Self::Slots => "slots",
            Self::Remaining(name) => name,
            Self::Hole => "hole",
            Self::MaxReplicas => "max-replicas",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slots => f.write_str("no node has room for one more"),
            Self::Remaining(name) => write!(f, "{name} runs out"),
            Self::Hole => f.write_str("more could take the place that is reserved for a paid pod"),
            Self::MaxReplicas => f.write_str("its own max-replicas"),
        }
    }
}

impl NodeHeadroom {
    /// Whether opportunistic work may use the node.
    pub fn is_usable(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether all of the node's own figures are known.
    pub fn is_known(&self) -> bool {
        !matches!(self.reasons.first(), Some(Unusable::Unknown(_)))
    }

    /// The node's pool: the value of `label`, or as [`pool`] chooses it; empty if it has none.
    pub fn pool(&self, label: Option<&str>) -> &str {
        match label {
            Some(label) => self.labels.get(label).map_or("", |value| value),
            None => {
                pool::of_labels(&self.labels).or(self.annotated_pool.as_deref()).unwrap_or_default()
            }
        }
    }

    /// Allocatable less what paid pods occupy.
    pub fn remaining(&self) -> Option<Resources> {
        let remaining = self.allocatable.as_ref()?.minus(self.paid.as_ref()?);
        Some(self.known_of(remaining))
    }

    /// Allocatable less what all pods occupy.
    pub fn free(&self) -> Option<Resources> {
        Some(self.known_of(self.remaining()?.minus(self.opportunistic.as_ref()?)))
    }

    fn known_of(&self, resources: Resources) -> Resources {
        resources.without(self.unknown.iter().map(|name| &**name)).into_owned()
    }
}

/// Room for replicas on nodes that only taints keep them off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaintedRoom {
    /// The keys of the taints, in order.
    pub taints: Vec<String>,
    /// Number of nodes with room.
    pub nodes: usize,
    /// Number of replicas that fit there.
    pub replicas: Amount,
}

impl Headroom {
    /// Taints, each with the replicas of `query` that would fit if they tolerated it, most room
    /// first.
    pub fn tainted_room(&self, query: &Query) -> Vec<TaintedRoom> {
        let mut rooms: Vec<TaintedRoom> = Vec::new();
        for node in &self.nodes {
            let key = |reason: &Unusable| match reason {
                Unusable::Tainted(taint) => taint.split(['=', ':']).next().map(str::to_owned),
                _ => None,
            };
            let taints: Option<Vec<String>> = node.reasons.iter().map(key).collect();
            let Some(mut taints) = taints.filter(|taints| !taints.is_empty()) else { continue };
            taints.sort();
            taints.dedup();
            let fit = node.remaining().map_or(0, |remaining| query.slots(&remaining));
            if fit == 0 {
                continue;
            }
            match rooms.iter_mut().find(|room| room.taints == taints) {
                Some(room) => {
                    room.nodes += 1;
                    room.replicas += fit;
                }
                None => rooms.push(TaintedRoom { taints, nodes: 1, replicas: fit }),
            }
        }
        rooms.sort_by_key(|room| std::cmp::Reverse(room.replicas));
        rooms
    }

    /// The usable node that comes nearest to holding a replica, and what it lacks.
    pub fn nearest_fit(&self, replica: &Replica) -> Option<(&str, Resources)> {
        let lacks = |node: &NodeHeadroom| {
            let left = node.remaining()?.minus(&node.demand);
            let lack = |name: &str, asked: Amount| (asked - left.get(name).max(0)).max(0);
            let present = || replica.footprint().present();
            // In thousandths of what is asked for, so that cores and bytes can be compared.
            let worst = present().map(|(name, asked)| lack(name, asked) * 1000 / asked).max()?;
            let lacking = present()
                .fold(Resources::default(), |sum, (name, asked)| sum.with(name, lack(name, asked)));
            Some((worst, lacking))
        };
        let usable = self.nodes.iter().filter(|node| node.is_usable());
        let nearest = usable.filter_map(|node| Some((lacks(node)?, node.name.as_str())));
        let ((worst, lacking), name) = nearest.min_by_key(|((worst, _), _)| *worst)?;
        (worst > 0).then_some((name, lacking))
    }
}

/// Measures the headroom of `ledger`.
pub fn measure(ledger: &Ledger, query: &Query) -> Headroom {
    let unoffered = ledger.unoffered();
    let placed = (!query.pods_unknown).then(|| demand::place_for(ledger, query));
    let mut kept = placed.as_deref().map(demand::kept).unwrap_or_default();
    let mut nodes: Vec<_> = ledger
        .nodes()
        .filter_map(|(name, account)| {
            node_headroom(account, query, &unoffered, kept.remove(name).unwrap_or_default())
        })
        .collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(usage) = &query.usage {
        limit_to_idle(&mut nodes, usage, &query.reserve);
    }
    let idle = query.usage.as_ref().and_then(|usage| {
        let usable = || nodes.iter().filter(|node| node.is_usable());
        let known: Vec<Amount> = usable().filter_map(|node| usage.idle(node)).collect();
        let is_known = !known.is_empty() || usable().next().is_none();
        is_known.then(|| known.into_iter().map(|idle| idle.max(0)).sum())
    });
    let usable = Totals::over(nodes.iter().filter(|node| node.is_usable()), query.pods_unknown);
    let all = Totals::over(nodes.iter().filter(|node| node.is_known()), query.pods_unknown);
    let demand = placed.as_deref().map(PaidDemand::of);
    let mut reserve = query.reserve.of(&usable.allocatable);
    if query.usage.is_some() {
        // It is part of each node's idle CPU instead.
        reserve.set(CPU, 0);
    }
    let less_demand_and_reserve = |sum: &Option<Resources>| {
        let mut left = sum.as_ref()?.minus(&demand.as_ref()?.placeable);
        left.subtract(&reserve);
        Some(left.without(usable.unknown.iter().map(|name| &**name)).into_owned())
    };
    let remaining = less_demand_and_reserve(&usable.remaining);
    let free = less_demand_and_reserve(&usable.free);
    let is_known = !usable.unknown.iter().any(|name| query.replica.footprint().get(name) != 0);
    let fit = usable
        .slots
        .filter(|_| is_known)
        .zip(remaining.as_ref())
        .map(|(slots, remaining)| fit(slots, remaining, &query.replica))
        .map(|fit| fit.beside_holes(query, &nodes))
        .map(|fit| fit.of_workload(query, &nodes));
    let reserve = query.reserve.of(&usable.allocatable);
    let holes = query.reserve.hole().filter(|_| !query.pods_unknown).map(|hole| {
        let usable = nodes.iter().filter(|node| node.is_usable());
        let free = usable.filter_map(|node| Some(node.free()?.minus(&node.demand)));
        free.map(|free| slots(&free, &hole.pod)).sum()
    });
    Headroom { nodes, usable, all, unoffered, demand, reserve, holes, remaining, free, fit, idle }
}

/// Lowers the slots of each node to what its idle CPU allows, less its part of the reserve. Where
/// that is unknown, they are unknown, too.
fn limit_to_idle(nodes: &mut [NodeHeadroom], query: &UsageQuery, reserve: &Reserve) {
    let mut whole = Resources::default();
    for node in nodes.iter().filter(|node| node.is_usable()) {
        add(Some(&mut whole), node.allocatable.as_ref());
    }
    let reserve = reserve.of(&whole).get(CPU);
    let whole = whole.get(CPU);
    for node in nodes {
        let cpu = node.allocatable.as_ref().map_or(0, |allocatable| allocatable.get(CPU));
        let part = usage::part_of_reserve(reserve, cpu, whole);
        let by_usage = query.idle(node).map(|idle| (idle - part).max(0) / query.burn.max(1));
        node.slots =
            node.slots.zip(by_usage).map(|(by_requests, by_usage)| by_requests.min(by_usage));
    }
}

fn node_headroom(
    account: &NodeAccount,
    query: &Query,
    unoffered: &Unoffered,
    demand: Resources,
) -> Option<NodeHeadroom> {
    let record = account.record.as_ref()?;
    if !query.selects(record) {
        return None;
    }
    let mut reasons = record.unusable(&query.placement);
    if account.unknown_pods > 0 && record.allocatable.is_ok() {
        let what = if account.unknown_pods == 1 { "1 pod" } else { "some pods" };
        reasons.insert(0, Unusable::Unknown(format!("{what} on it cannot be counted")));
    }
    let pods_known = !query.pods_unknown && account.unknown_pods == 0;
    let mut unknown = account.unknown_resources();
    unknown.extend(unoffered.names().map(Box::from));
    unknown.sort_unstable();
    unknown.dedup();
    let mut node = NodeHeadroom {
        name: record.name.to_string(),
        labels: Arc::clone(&record.labels),
        annotated_pool: record.annotated_pool.clone(),
        reasons,
        capacity: Resources::clone(&record.capacity),
        allocatable: record.allocatable.as_deref().ok().cloned(),
        limits: account.limits().filter(|_| pods_known).cloned(),
        paid: pods_known.then(|| account.paid.clone()),
        opportunistic: pods_known.then(|| account.opportunistic.clone()),
        running: account.running,
        unknown,
        demand,
        shared: account.shared_devices(),
        slots: None,
    };
    let asks_unknown = node.unknown.iter().any(|name| query.replica.footprint().get(name) != 0);
    node.slots = match node.remaining() {
        Some(_) if !node.is_usable() => Some(0),
        Some(remaining) if !asks_unknown => Some(query.slots(&remaining.minus(&node.demand))),
        _ => None,
    };
    Some(node)
}

/// Number of replicas that fit into `remaining`.
fn slots(remaining: &Resources, replica: &Replica) -> Amount {
    let of = |(name, amount): (&str, Amount)| remaining.get(name).max(0) / amount;
    replica.footprint().present().map(of).min().unwrap_or(0)
}

fn fit(slots: Amount, remaining: &Resources, replica: &Replica) -> Fit {
    let by_resource = replica
        .footprint()
        .present()
        .map(|(name, amount)| (remaining.get(name).max(0) / amount, name))
        .min_by_key(|(replicas, _)| *replicas);
    match by_resource {
        Some((replicas, name)) if replicas < slots => {
            Fit { replicas, limit: Limit::Remaining(name.to_owned()) }
        }
        _ => Fit { replicas: slots, limit: Limit::Slots },
    }
}

impl Fit {
    /// With the holes of the reserve left free.
    fn beside_holes(self, query: &Query, nodes: &[NodeHeadroom]) -> Self {
        let Some(hole) = query.reserve.hole() else { return self };
        let place = if query.one_per_node { 1 } else { 0 };
        let with_place = |resources: Resources| resources.with(ONE_PER_NODE, place);
        let usable = nodes.iter().filter(|node| node.is_usable());
        let nodes: Vec<HoleNode> = usable
            .filter_map(|node| {
                let running = if query.is_of_workload { node.running } else { 0 };
                let free = with_place(node.remaining()?.minus(&node.demand));
                Some(HoleNode { free, running })
            })
            .collect();
        let replica = Replica::from_footprint(with_place(query.replica.footprint().clone()));
        let replicas = hole.most_replicas(&replica, &nodes);
        if replicas < self.replicas { Self { replicas, limit: Limit::Hole } } else { self }
    }

    /// With the running replicas of the workload on nodes that are not usable, and at most its own
    /// maximum.
    fn of_workload(mut self, query: &Query, nodes: &[NodeHeadroom]) -> Self {
        if query.is_of_workload {
            let elsewhere = nodes.iter().filter(|node| !node.is_usable());
            self.replicas += elsewhere.map(|node| node.running).sum::<Amount>();
        }
        match query.max_replicas.map(Amount::from) {
            Some(most) if self.replicas >= most => {
                Self { replicas: most, limit: Limit::MaxReplicas }
            }
            _ => self,
        }
    }
}

impl Totals {
    /// Sums over `nodes`.
    pub fn over<'n>(nodes: impl Iterator<Item = &'n NodeHeadroom>, pods_unknown: bool) -> Self {
        let zero = || (!pods_unknown).then(Resources::default);
        let mut totals = Self {
            limits: zero(),
            paid: zero(),
            opportunistic: zero(),
            remaining: zero(),
            free: zero(),
            overcommit: zero(),
            slots: (!pods_unknown).then_some(0),
            ..Self::default()
        };
        let mut are_slots_known = false;
        let mut shared: HashSet<&(Box<str>, DeviceId)> = HashSet::new();
        for node in nodes {
            totals.nodes += 1;
            totals.unknown.extend(node.unknown.iter().cloned());
            are_slots_known |= node.slots.is_some();
            let remaining = node.remaining();
            add(Some(&mut totals.allocatable), node.allocatable.as_ref());
            totals.capacity.add(&node.capacity);
            match &node.limits {
                Some(limits) => add(totals.limits.as_mut(), Some(limits)),
                None => totals.limits = None,
            }
            add(totals.paid.as_mut(), node.paid.as_ref());
            add(totals.opportunistic.as_mut(), node.opportunistic.as_ref());
            let above_zero = |r: Resources| r.map(|amount| amount.max(0));
            let above = remaining.clone().map(above_zero);
            let free = node.free().map(above_zero);
            let below = remaining.as_ref().map(|r| r.map(|amount| (-amount).max(0)));
            add(totals.remaining.as_mut(), above.as_ref());
            add(totals.free.as_mut(), free.as_ref());
            add(totals.overcommit.as_mut(), below.as_ref());
            totals.slots = totals.slots.map(|sum| sum + node.slots.unwrap_or(0));
            for device in node.shared.iter().filter(|device| !shared.insert(device)) {
                let sums = [&mut totals.remaining, &mut totals.free].into_iter().flatten();
                for sum in sums.chain([&mut totals.allocatable]) {
                    sum.set(&device.0, (sum.get(&device.0) - 1).max(0));
                }
            }
        }
        totals.unknown.sort_unstable();
        totals.unknown.dedup();
        let Self { unknown, allocatable, .. } = &mut totals;
        unknown.retain(|name| allocatable.get(name) == 0);
        totals.slots = totals.slots.filter(|_| are_slots_known || totals.nodes == 0);
        totals
    }
}

fn add(sum: Option<&mut Resources>, amount: Option<&Resources>) {
    if let (Some(sum), Some(amount)) = (sum, amount) {
        sum.add(amount);
    }
}
