//! The shared capacity, copied from the ledger as plain numbers.
//!
//! The ledger is locked only during the copy; dividing takes longer and needs no lock.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Held, IDLE_CPU, ShareRequest, UNLISTED, Uptake};
use crate::demand::{self, DemandState, FILLER_PRIORITY, FillerSelection, Fillers, PlacedPod};
use crate::ledger::{Ledger, NodeAccount, TrackId};
use crate::node::NodeRecord;
use crate::placement::Placement;
use crate::policy::Basis;
use crate::record::PodKey;
use crate::replica::{ONE_PER_NODE, Replica};
use crate::resources::{Amount, CPU, MEMORY, PODS, Resources};
use crate::usage::{NodeCpu, PaidUsage};

/// The first resources of each row, as [`Resources::basics`] has them.
const BASICS: [&str; 3] = [CPU, MEMORY, PODS];

/// Capacity to share, and the requests for it.
#[derive(Debug)]
pub struct SharedCapacity {
    pub(super) requests: Vec<Option<PreparedRequest>>,
    /// Names of the resources that count; a row has their amounts in this order.
    pub(super) names: Vec<String>,
    /// Nodes that some request can use, ordered by name.
    pub(super) nodes: Vec<SharedNode>,
    /// Requests that share a node and have running replicas there, and how many: node by node.
    standing: Vec<(usize, Amount)>,
    /// Free amounts of each node beside paid pods and those that would go there, one row after
    /// another.
    pub(super) free: Vec<Amount>,
    pub(super) classes: Vec<Class>,
    pub(super) namespaces: Vec<Namespace>,
    /// Classes that can use each kind of node.
    pub(super) kinds: Vec<Vec<usize>>,
    /// Indices of the nodes of each kind.
    pub(super) nodes_of: Vec<Vec<usize>>,
    /// Waiting pods of others, and what becomes of them.
    pub waiting: Vec<(PodKey, DemandState)>,
}

/// A request with its class and its needs as a row.
#[derive(Debug)]
pub(super) struct PreparedRequest {
    pub(super) request: ShareRequest,
    pub(super) class: usize,
    pub(super) namespace: usize,
    /// Room that a replica needs on a node, as a row: its footprint, and idle CPU on the usage
    /// basis.
    pub(super) needs: Vec<Amount>,
    /// Room that a replica takes from a node, as a row: also idle CPU on the requests basis, which
    /// needs none.
    pub(super) takes: Vec<Amount>,
    /// Running replicas on nodes that it shares.
    pub(super) standing: Amount,
    /// Running replicas on other nodes. They are part of the share as they are.
    pub(super) elsewhere: Amount,
}

/// A node that some request can use.
#[derive(Debug)]
pub(super) struct SharedNode {
    pub(super) name: Arc<str>,
    pub(super) kind: usize,
    /// Allocatable millicores.
    pub(super) cpu: Amount,
    /// The rows of `standing` in [`SharedCapacity`].
    standing: Range<usize>,
}

/// Requests of one namespace.
#[derive(Debug)]
pub(super) struct Namespace {
    name: Arc<str>,
    /// Weight of its requests together, within its limit.
    pub(super) weight: Amount,
    /// Largest part of the capacity that it gets, in billionths.
    pub(super) max_share: Amount,
}

/// Requests that can use the same nodes.
#[derive(Debug)]
pub(super) struct Class {
    placement: Arc<Placement>,
    pub(super) nodes: usize,
    /// Nodes of them whose idle CPU is unknown.
    pub(super) without_usage: usize,
    /// Nodes of them whose paid pods wait for CPU.
    pub(super) waiting: usize,
    pub(super) allocatable: Resources,
    /// Free amounts over its nodes; an overcommitted node counts as 0.
    pub(super) free: Vec<Amount>,
    pub(super) demand: Resources,
    /// `demand` as a row.
    pub(super) demand_row: Vec<Amount>,
}

impl PreparedRequest {
    /// The priority that counts against other namespaces.
    pub(super) fn tier(&self) -> i32 {
        self.request.policy.priority.min(self.request.limits.max_priority)
    }

    pub(super) fn is_by_usage(&self) -> bool {
        self.request.policy.basis == Basis::Usage
    }

    /// Whether it shares a node that these classes can use. On the usage basis it needs to know the
    /// node's idle CPU: until it does, replicas stay where they run, for the autoscaler would
    /// delete as many anywhere.
    fn shares(&self, may_use: &[usize], is_idle_known: bool) -> bool {
        may_use.contains(&self.class) && (is_idle_known || !self.is_by_usage())
    }

    pub(super) fn is_scaled(&self) -> bool {
        self.request.uptake != Uptake::Unscaled
    }
}

impl SharedCapacity {
    /// The capacity in `ledger`, which tracks the requests in the order given. `usage` is what paid
    /// pods use: of no account on the requests basis.
    pub fn of(ledger: &Ledger, requests: &[Result<ShareRequest, Held>], usage: &PaidUsage) -> Self {
        let names = names(ledger, requests);
        let mut classes: Vec<Class> = Vec::new();
        let mut namespaces: Vec<Namespace> = Vec::new();
        let prepared: Vec<Option<PreparedRequest>> = requests
            .iter()
            .map(|request| {
                let request = request.clone().ok()?;
                let class = class_of(&mut classes, &request.placement, names.len());
                let namespace = namespace_of(&mut namespaces, &request);
                let needs = needs(&names, &request);
                let takes = takes(&names, &request, &needs);
                let (standing, elsewhere) = (0, 0);
                Some(PreparedRequest {
                    request,
                    class,
                    namespace,
                    needs,
                    takes,
                    standing,
                    elsewhere,
                })
            })
            .collect();
        let mut capacity = Self {
            requests: prepared,
            names,
            nodes: Vec::new(),
            standing: Vec::new(),
            free: Vec::new(),
            classes,
            namespaces,
            kinds: Vec::new(),
            nodes_of: Vec::new(),
            waiting: Vec::new(),
        };
        let cpu = requests.iter().map(|request| match request {
            Ok(request) => request.cpu(),
            Err(held) => held.cpu,
        });
        capacity.add_nodes(ledger, usage, &cpu.collect::<Vec<_>>());
        capacity.add_demand(ledger);
        for class in &mut capacity.classes {
            class.demand_row = row(&capacity.names, &class.demand);
        }
        capacity
    }

    /// Requests that share a node and have running replicas there, and how many.
    pub(super) fn standing_on(&self, node: &SharedNode) -> &[(usize, Amount)] {
        &self.standing[node.standing.clone()]
    }

    /// `cpu` are the millicores that a pod of each request keeps busy.
    fn add_nodes(&mut self, ledger: &Ledger, usage: &PaidUsage, cpu: &[Amount]) {
        let mut kinds: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut accounts: Vec<(&Arc<str>, &NodeAccount)> = ledger.accounts().collect();
        // Most come in this order, for they were listed in it.
        accounts.sort_by_key(|(name, _)| *name);
        self.nodes.reserve(accounts.len());
        self.free.reserve(accounts.len() * self.names.len());
        let mut last_kind = 0;
        let mut may_use = Vec::new();
        for (name, account) in accounts {
            may_use.clear();
            let allocatable = self.usable(account, &mut may_use).filter(|_| !may_use.is_empty());
            let Some(allocatable) = allocatable else {
                self.add_running(account, |_| false);
                continue;
            };
            let idle = usage.idle(name, allocatable.get(CPU));
            let is_held = usage.of(name) == Some(NodeCpu::Waiting);
            let shares = |prepared: &PreparedRequest| prepared.shares(&may_use, idle.is_some());
            let standing = self.add_running(account, shares);
            let first_free = self.free.len();
            self.add_free(account, allocatable, idle, cpu, shares);
            for class in &may_use {
                let class = &mut self.classes[*class];
                class.nodes += 1;
                class.without_usage += usize::from(idle.is_none());
                class.waiting += usize::from(is_held);
                class.allocatable.add(allocatable);
                for (sum, free) in class.free.iter_mut().zip(&self.free[first_free..]) {
                    *sum += (*free).max(0);
                }
            }
            if self.kinds.get(last_kind) != Some(&may_use) {
                last_kind = kinds.get(&may_use).copied().unwrap_or(self.kinds.len());
                if last_kind == self.kinds.len() {
                    kinds.insert(may_use.clone(), last_kind);
                    self.kinds.push(may_use.clone());
                    self.nodes_of.push(Vec::new());
                }
            }
            let (name, kind, cpu) = (Arc::clone(name), last_kind, allocatable.get(CPU));
            self.nodes_of[kind].push(self.nodes.len());
            self.nodes.push(SharedNode { name, kind, cpu, standing });
        }
    }

    /// The allocatable resources of a node, whose classes are added to `may_use`.
    fn usable<'l>(
        &self,
        account: &'l NodeAccount,
        may_use: &mut Vec<usize>,
    ) -> Option<&'l Resources> {
        let record = account.record.as_ref()?;
        let allocatable = record.allocatable.as_ref().ok()?;
        // With unknown requests, the free amount is unknown, too.
        if account.unknown_pods > 0 {
            return None;
        }
        let classes = self.classes.iter().enumerate();
        let usable = classes.filter(|(_, class)| record.is_usable(&class.placement));
        may_use.extend(usable.map(|(number, _)| number));
        Some(allocatable)
    }

    /// Counts the running replicas on a node. The rows of those of requests that share it.
    fn add_running(
        &mut self,
        account: &NodeAccount,
        shares: impl Fn(&PreparedRequest) -> bool,
    ) -> Range<usize> {
        let first = self.standing.len();
        for (number, tally) in account.tallies().filter(|(_, tally)| tally.active > 0) {
            let number = number as usize;
            let Some(Some(prepared)) = self.requests.get_mut(number) else { continue };
            if shares(prepared) {
                prepared.standing += tally.active;
                self.standing.push((number, tally.active));
            } else {
                prepared.elsewhere += tally.active;
            }
        }
        self.standing[first..].sort_unstable();
        first..self.standing.len()
    }

    /// Adds a row of the free amounts beside all pods but those of the workloads that share the
    /// node. Unknown idle CPU is none.
    fn add_free(
        &mut self,
        account: &NodeAccount,
        allocatable: &Resources,
        idle: Option<Amount>,
        cpu: &[Amount],
        shares: impl Fn(&PreparedRequest) -> bool,
    ) {
        let request = |id: TrackId| self.requests.get(id as usize)?.as_ref();
        let shares = |id| request(id).is_some_and(&shares);
        let (paid, opportunistic) = (&account.paid, &account.opportunistic);
        let mut basics = allocatable.basics();
        let mut add = |amounts: [Amount; BASICS.len()], sign: Amount| {
            basics.iter_mut().zip(amounts).for_each(|(free, amount)| *free += sign * amount);
        };
        add(paid.basics(), -1);
        add(opportunistic.basics(), -1);
        for (_, own) in account.tallies().filter(|(id, _)| shares(*id)) {
            add(own.sum.basics(), 1);
        }
        let free = |name: &String| {
            if name.starts_with(ONE_PER_NODE) {
                return 1;
            }
            if name == IDLE_CPU {
                // Usage of own pods is no paid usage. What those burn that have no seat here, such
                // as pods of a held workload, is not idle either.
                let unseated = account.tallies().filter(|(id, _)| !shares(*id));
                let burnt = unseated
                    .map(|(id, tally)| tally.sum.get(PODS) * cpu.get(id as usize).unwrap_or(&0));
                return idle.map_or(0, |idle| idle - burnt.sum::<Amount>());
            }
            let own = account.tallies().filter(|(id, _)| shares(*id));
            let own: Amount = own.map(|(_, own)| own.sum.get(name)).sum();
            allocatable.get(name) - paid.get(name) - opportunistic.get(name) + own
        };
        self.free.extend(basics.into_iter().chain(self.names[BASICS.len()..].iter().map(free)));
    }

    /// Takes off what is kept for waiting pods of others.
    fn add_demand(&mut self, ledger: &Ledger) {
        // Most often no pod waits.
        let nodes: LazyCell<HashMap<&str, usize>, _> = LazyCell::new(|| {
            self.nodes.iter().enumerate().map(|(at, node)| (&*node.name, at)).collect()
        });
        let default = Placement::default();
        // Without workloads, the states of waiting pods are those for one without tolerations.
        let is_usable = |node: &NodeRecord| match self.classes.is_empty() {
            true => node.is_usable(&default),
            false => nodes.contains_key(&*node.name),
        };
        let priority =
            |prepared: &PreparedRequest| prepared.request.pod_priority.unwrap_or(FILLER_PRIORITY);
        let priorities: Vec<Option<i32>> =
            self.requests.iter().map(|prepared| prepared.as_ref().map(priority)).collect();
        let selection = FillerSelection::Tracked(&priorities);
        let placed = demand::place(ledger, &Fillers { selection, is_usable: &is_usable });
        let width = self.names.len();
        for (node, pod) in placed.iter().filter_map(PlacedPod::kept_on) {
            let Some(&at) = nodes.get(node) else { continue };
            let free = &mut self.free[at * width..(at + 1) * width];
            for (free, name) in free.iter_mut().zip(&self.names) {
                *free -= pod.footprint.get(name);
            }
            for class in &self.kinds[self.nodes[at].kind] {
                self.classes[*class].demand.add(&pod.footprint);
            }
        }
        self.waiting = placed.iter().map(|pod| (pod.key.clone(), pod.state)).collect();
    }
}

/// Amounts that a node must have free for a replica.
fn needs(names: &[String], request: &ShareRequest) -> Vec<Amount> {
    let burn = request.burn().unwrap_or(0);
    let mut needs = shape_row(names, &request.replica);
    if let Some(at) = names.iter().position(|name| name == IDLE_CPU) {
        needs[at] = burn;
    }
    needs
}

/// Amounts that a pod of this shape requests.
pub(super) fn shape_row(names: &[String], shape: &Replica) -> Vec<Amount> {
    let mut needs = row(names, shape.footprint());
    if let Some(at) = names.iter().position(|name| name == UNLISTED) {
        needs[at] = Amount::from(unlisted(names, shape).is_some());
    }
    needs
}

/// A resource that a pod of this shape requests and no node lists.
pub(super) fn unlisted<'r>(names: &[String], shape: &'r Replica) -> Option<&'r str> {
    let mut present = shape.footprint().present().map(|(name, _)| name);
    present.find(|name| !names.iter().any(|known| known == name))
}

/// Amounts that a replica leaves less of.
fn takes(names: &[String], request: &ShareRequest, needs: &[Amount]) -> Vec<Amount> {
    let cpu = request.cpu();
    let take = |(name, need): (&String, &Amount)| if name == IDLE_CPU { cpu } else { *need };
    names.iter().zip(needs).map(take).collect()
}

/// CPU, memory, pods, and further resources that some replica or hole requests and some node lists.
fn names(ledger: &Ledger, requests: &[Result<ShareRequest, Held>]) -> Vec<String> {
    let mut names: Vec<String> = BASICS.map(str::to_owned).into();
    if requests.iter().flatten().any(|request| request.policy.basis == Basis::Usage) {
        names.push(IDLE_CPU.to_owned());
    }
    let allocatable = || ledger.records().filter_map(|record| record.allocatable.as_ref().ok());
    let mut listed: HashMap<&str, bool> = HashMap::new();
    for request in requests.iter().flatten() {
        let hole = request.policy.reserve.hole().map(|hole| &hole.pod);
        let shapes = hole.into_iter().chain([&request.replica]);
        for (name, _) in shapes.flat_map(|shape| shape.footprint().present()) {
            let is_listed = *listed.entry(name).or_insert_with(|| {
                let is_on = |resources: &Resources| resources.get(name) != 0;
                name.starts_with(ONE_PER_NODE) || allocatable().any(is_on)
            });
            let name = if is_listed { name } else { UNLISTED };
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The place of the request's namespace, with the request's weight added to it.
fn namespace_of(namespaces: &mut Vec<Namespace>, request: &ShareRequest) -> usize {
    let at = namespaces.iter().position(|namespace| namespace.name == request.namespace);
    let at = at.unwrap_or_else(|| {
        namespaces.push(Namespace {
            name: Arc::clone(&request.namespace),
            weight: 0,
            max_share: request.limits.max_share,
        });
        namespaces.len() - 1
    });
    // What nothing scales claims nothing for its namespace.
    if request.uptake != Uptake::Unscaled {
        let weight = namespaces[at].weight + Amount::from(request.policy.weight);
        namespaces[at].weight = weight.min(request.limits.max_weight.into());
    }
    at
}

fn class_of(classes: &mut Vec<Class>, placement: &Arc<Placement>, width: usize) -> usize {
    match classes.iter().position(|class| class.placement == *placement) {
        Some(at) => at,
        None => {
            classes.push(Class {
                placement: Arc::clone(placement),
                nodes: 0,
                without_usage: 0,
                waiting: 0,
                allocatable: Resources::default(),
                free: vec![0; width],
                demand: Resources::default(),
                demand_row: Vec::new(),
            });
            classes.len() - 1
        }
    }
}

/// Amounts of `resources` in the order of `names`.
pub(super) fn row(names: &[String], resources: &Resources) -> Vec<Amount> {
    names.iter().map(|name| resources.get(name)).collect()
}
