//! The shared capacity, copied from the ledger as plain numbers.
//!
//! The ledger is locked only during the copy; dividing takes longer and needs no lock.

use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::rows::{NodeAmount, on_node};
use super::seats::{Running, Standing};
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
#[derive(Debug, PartialEq)]
pub struct SharedCapacity {
    pub(super) requests: Vec<Option<PreparedRequest>>,
    /// Names of the resources that count; a row has their amounts in this order.
    pub(super) names: Vec<String>,
    /// Nodes, ordered by name. Those that no request can use have nothing free.
    pub(super) nodes: Vec<SharedNode>,
    /// The index in `nodes` of each place in the ledger; none that exists for a vacant one.
    at: Vec<u32>,
    /// Running replicas on each node of the requests that share it.
    pub(super) running: Running,
    /// Free amounts of each node beside paid pods and those that would go there, one row after
    /// another.
    pub(super) free: Vec<NodeAmount>,
    /// The same beside the running replicas, too: below 0 where not all of them fit.
    pub(super) left: Vec<NodeAmount>,
    pub(super) classes: Vec<Class>,
    pub(super) namespaces: Vec<Namespace>,
    /// Classes that can use each kind of node.
    pub(super) kinds: Vec<Vec<usize>>,
    /// Indices of the nodes of each kind.
    pub(super) nodes_of: Vec<Vec<usize>>,
    /// Nodes on which something is kept for waiting pods of others: what would be free, and left,
    /// without them.
    kept: BTreeMap<usize, (Vec<NodeAmount>, Vec<NodeAmount>)>,
    /// Waiting pods of others, and what becomes of them.
    pub waiting: Vec<(PodKey, DemandState)>,
    /// What paid pods use; nothing on the requests basis.
    usage: PaidUsage,
    /// Millicores that a pod of each request keeps busy; empty on the requests basis.
    cpu: Vec<Amount>,
}

/// A request with its class and its needs as a row.
#[derive(Debug, PartialEq)]
pub(super) struct PreparedRequest {
    pub(super) request: ShareRequest,
    pub(super) class: usize,
    pub(super) namespace: usize,
    /// Room that a replica needs on a node, as a row: its footprint, and idle CPU on the usage
    /// basis.
    pub(super) needs: Vec<NodeAmount>,
    /// Room that a replica takes from a node, as a row: also idle CPU on the requests basis, which
    /// needs none.
    pub(super) takes: Vec<NodeAmount>,
    /// Running replicas on nodes that it shares.
    pub(super) standing: Amount,
    /// Running replicas on other nodes. They are part of the share as they are.
    pub(super) elsewhere: Amount,
}

/// A node.
#[derive(Debug, PartialEq)]
pub(super) struct SharedNode {
    pub(super) name: Arc<str>,
    pub(super) kind: usize,
    /// Allocatable millicores.
    pub(super) cpu: Amount,
}

/// What an account adds to the capacity.
struct Part<'a> {
    /// Classes that can use the node.
    may_use: Vec<usize>,
    /// `None` if no class can.
    allocatable: Option<&'a Resources>,
    is_idle_known: bool,
    /// Whether paid pods wait for CPU.
    waits: bool,
    /// Requests that share the node and have running replicas there, and how many.
    standing: Vec<Standing>,
    /// The same of those that do not share it.
    elsewhere: Vec<Standing>,
    /// Free amounts beside paid pods.
    free: Vec<NodeAmount>,
}

impl Part<'_> {
    /// Allocatable millicores.
    fn cpu(&self) -> Amount {
        self.allocatable.map_or(0, |allocatable| allocatable.get(CPU))
    }
}

/// Requests of one namespace.
#[derive(Debug, PartialEq)]
pub(super) struct Namespace {
    name: Arc<str>,
    /// Weight of its requests together, within its limit.
    pub(super) weight: Amount,
    /// Largest part of the capacity that it gets, in billionths.
    pub(super) max_share: Amount,
}

/// Requests that can use the same nodes.
#[derive(Debug, PartialEq)]
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
        let mut capacity = Self::without_nodes(ledger, requests, usage);
        capacity.add_nodes(ledger);
        capacity.number_kinds();
        capacity.add_demand(ledger);
        capacity
    }

    /// The same as [`Self::of`] from an earlier one of the same ledger. `changed` are the accounts
    /// that are others since then, by their places, with those that they were. `None` if more has
    /// changed than amounts on nodes.
    pub(super) fn updated(
        self,
        ledger: &Ledger,
        changed: impl IntoIterator<Item = (usize, Option<Arc<NodeAccount>>)>,
        requests: &[Result<ShareRequest, Held>],
        usage: &PaidUsage,
    ) -> Option<Self> {
        let mut next = self.with_accounts(ledger, changed)?;
        if next.replace_requests(ledger, requests, usage)? {
            next.count_left();
        }
        next.add_demand(ledger);
        Some(next)
    }

    /// The part of [`Self::updated`] that is the accounts', without what is kept for waiting pods.
    pub(super) fn with_accounts(
        mut self,
        ledger: &Ledger,
        changed: impl IntoIterator<Item = (usize, Option<Arc<NodeAccount>>)>,
    ) -> Option<Self> {
        self.give_back_demand();
        let mut is_other_kind = false;
        let mut others: HashMap<usize, Vec<Standing>> = HashMap::new();
        for (place, before) in changed {
            let (before, now) = (before?, ledger.account_at(place)?);
            match (before.name(), now.name()) {
                (None, None) => continue,
                (old, new) if old != new => return None,
                _ => {}
            }
            let at = *self.at.get(place)? as usize;
            let (old, new) = (self.part_of(&before), self.part_of(now));
            self.count(&old, -1);
            self.count(&new, 1);
            let (kind, row) = (self.kind_of(&new.may_use), self.row_of(at));
            let left: Vec<_> = self.left_of(&new.free, &new.standing).collect();
            let node = self.nodes.get_mut(at)?;
            is_other_kind |= node.kind != kind;
            (node.kind, node.cpu) = (kind, new.cpu());
            self.free[row.clone()].copy_from_slice(&new.free);
            self.left[row].copy_from_slice(&left);
            match self.running.on_mut(at) {
                same if same.len() == new.standing.len() => same.copy_from_slice(&new.standing),
                _ => drop(others.insert(at, new.standing)),
            }
        }
        if !others.is_empty() {
            self.replace_standing(&others);
        }
        if is_other_kind {
            self.number_kinds();
        }
        Some(self)
    }

    /// The requests, as if there were no nodes.
    fn without_nodes(
        ledger: &Ledger,
        requests: &[Result<ShareRequest, Held>],
        usage: &PaidUsage,
    ) -> Self {
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
        let cpu = requests.iter().map(|request| match request {
            Ok(request) => request.cpu(),
            Err(held) => held.cpu,
        });
        let (usage, cpu) = match names.iter().any(|name| name == IDLE_CPU) {
            true => (usage.clone(), cpu.collect()),
            false => (PaidUsage::default(), Vec::new()),
        };
        Self {
            requests: prepared,
            names,
            nodes: Vec::new(),
            at: Vec::new(),
            running: Running::default(),
            free: Vec::new(),
            left: Vec::new(),
            classes,
            namespaces,
            kinds: Vec::new(),
            nodes_of: Vec::new(),
            kept: BTreeMap::new(),
            waiting: Vec::new(),
            usage,
            cpu,
        }
    }

    /// Takes in the requests and usage of now. Whether replicas take other amounts than before, or
    /// `None` if accounts have other parts.
    fn replace_requests(
        &mut self,
        ledger: &Ledger,
        requests: &[Result<ShareRequest, Held>],
        usage: &PaidUsage,
    ) -> Option<bool> {
        // Most often they are the same, and count by requests alone.
        let known = self.requests.iter().map(|one| one.as_ref().map(|one| &one.request));
        if self.cpu.is_empty()
            && known.eq(requests.iter().map(|one| one.as_ref().ok()))
            && names(ledger, requests) == self.names
        {
            return Some(false);
        }
        let next = Self::without_nodes(ledger, requests, usage);
        if !next.has_rows_of(self) {
            return None;
        }
        let mut is_other_take = false;
        let before = std::mem::replace(&mut self.requests, next.requests);
        for (new, old) in self.requests.iter_mut().flatten().zip(before.into_iter().flatten()) {
            (new.standing, new.elsewhere) = (old.standing, old.elsewhere);
            is_other_take |= new.takes != old.takes;
        }
        self.namespaces = next.namespaces;
        Some(is_other_take)
    }

    /// Whether an account has the same part in both.
    fn has_rows_of(&self, other: &Self) -> bool {
        let key = |prepared: &Option<PreparedRequest>| {
            prepared.as_ref().map(|prepared| (prepared.class, prepared.is_by_usage()))
        };
        fn placement(class: &Class) -> &Placement {
            &class.placement
        }
        self.names == other.names
            && self.requests.iter().map(key).eq(other.requests.iter().map(key))
            && self.classes.iter().map(placement).eq(other.classes.iter().map(placement))
            && self.cpu == other.cpu
            && self.usage == other.usage
    }

    /// Where the row of a node is.
    pub(super) fn row_of(&self, node: usize) -> Range<usize> {
        let width = self.names.len();
        node * width..(node + 1) * width
    }

    fn add_nodes(&mut self, ledger: &Ledger) {
        let mut accounts: Vec<(&Arc<str>, usize, &NodeAccount)> = ledger.places().collect();
        // Most come in this order, for they were listed in it.
        accounts.sort_by_key(|(name, ..)| *name);
        self.nodes.reserve(accounts.len());
        self.free.reserve(accounts.len() * self.names.len());
        for (name, place, account) in accounts {
            let part = self.part_of(account);
            self.count(&part, 1);
            let (kind, cpu) = (self.kind_of(&part.may_use), part.cpu());
            self.running.push(&part.standing);
            self.free.extend(part.free);
            if self.at.len() <= place {
                self.at.resize(place + 1, u32::MAX);
            }
            self.at[place] = self.nodes.len() as u32;
            self.nodes.push(SharedNode { name: Arc::clone(name), kind, cpu });
        }
        self.count_left();
    }

    /// The part of a node in the capacity. One that no request can use has none but its pods.
    fn part_of<'a>(&self, account: &'a NodeAccount) -> Part<'a> {
        let mut may_use = Vec::new();
        let usable = self.usable(account, &mut may_use).filter(|_| !may_use.is_empty());
        let (idle, waits) = match (account.name(), usable) {
            (Some(name), Some(usable)) => {
                let waits = self.usage.of(name) == Some(NodeCpu::Waiting);
                (self.usage.idle(name, usable.get(CPU)), waits)
            }
            _ => (None, false),
        };
        let shares = |prepared: &PreparedRequest| prepared.shares(&may_use, idle.is_some());
        let (mut standing, mut elsewhere) = (Vec::new(), Vec::new());
        for (number, tally) in account.tallies().filter(|(_, tally)| tally.active > 0) {
            let number = number as usize;
            let Some(Some(prepared)) = self.requests.get(number) else { continue };
            let side = if shares(prepared) { &mut standing } else { &mut elsewhere };
            side.push((number, tally.active.into()));
        }
        standing.sort_unstable();
        let free = match usable {
            Some(allocatable) => self.free_of(account, allocatable, idle, shares),
            None => vec![0; self.names.len()],
        };
        Part {
            allocatable: usable,
            is_idle_known: idle.is_some(),
            waits,
            may_use,
            standing,
            elsewhere,
            free,
        }
    }

    /// What running replicas leave of a row.
    pub(super) fn left_of<'a>(
        &'a self,
        free: &'a [NodeAmount],
        standing: &'a [Standing],
    ) -> impl Iterator<Item = NodeAmount> + 'a {
        free.iter().enumerate().map(|(at, free)| {
            let taken = standing.iter().filter_map(|(number, replicas)| {
                let take = self.requests[*number].as_ref()?.takes[at];
                Some(Amount::from(take) * Amount::from(*replicas))
            });
            on_node(Amount::from(*free) - taken.sum::<Amount>())
        })
    }

    /// Takes a part into the sums, or out of them with a sign of -1.
    fn count(&mut self, part: &Part<'_>, sign: i8) {
        let one = isize::from(sign);
        let shift = |number: &mut usize, by: bool| {
            *number = number.saturating_add_signed(if by { one } else { 0 });
        };
        for class in &part.may_use {
            let class = &mut self.classes[*class];
            shift(&mut class.nodes, true);
            shift(&mut class.without_usage, !part.is_idle_known);
            shift(&mut class.waiting, part.waits);
            match (part.allocatable, sign) {
                (Some(allocatable), 1) => class.allocatable.add(allocatable),
                (Some(allocatable), _) => class.allocatable.subtract(allocatable),
                (None, _) => {}
            }
            for (sum, free) in class.free.iter_mut().zip(&part.free) {
                *sum += Amount::from(sign) * Amount::from((*free).max(0));
            }
        }
        for (number, replicas) in &part.standing {
            if let Some(prepared) = &mut self.requests[*number] {
                prepared.standing += Amount::from(sign) * Amount::from(*replicas);
            }
        }
        for (number, replicas) in &part.elsewhere {
            if let Some(prepared) = &mut self.requests[*number] {
                prepared.elsewhere += Amount::from(sign) * Amount::from(*replicas);
            }
        }
    }

    /// The kind of the nodes that these classes can use.
    fn kind_of(&mut self, may_use: &[usize]) -> usize {
        // Most often that of the node before.
        let last = self.nodes.last().map(|node| node.kind);
        let is_last = |last: &usize| self.kinds.get(*last).is_some_and(|kind| kind == may_use);
        let known = || self.kinds.iter().position(|kind| kind == may_use);
        last.filter(is_last).or_else(known).unwrap_or_else(|| {
            self.kinds.push(may_use.to_vec());
            self.kinds.len() - 1
        })
    }

    /// Numbers the kinds in the order of their first nodes, whatever changed before.
    fn number_kinds(&mut self) {
        let mut numbers = vec![None; self.kinds.len()];
        let known = std::mem::take(&mut self.kinds);
        self.nodes_of.clear();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let number = *numbers[node.kind].get_or_insert_with(|| {
                self.kinds.push(known[node.kind].clone());
                self.nodes_of.push(Vec::new());
                self.kinds.len() - 1
            });
            node.kind = number;
            self.nodes_of[number].push(at);
        }
    }

    /// Counts what running replicas leave of each node.
    fn count_left(&mut self) {
        let rows = self.free.chunks_exact(self.names.len()).enumerate();
        self.left = rows.flat_map(|(at, free)| self.left_of(free, self.running.on(at))).collect();
    }

    /// Replaces the running replicas on some nodes.
    fn replace_standing(&mut self, others: &HashMap<usize, Vec<Standing>>) {
        let mut next = Running::with_capacity(self.nodes.len(), self.running.len());
        for at in 0..self.nodes.len() {
            next.push(others.get(&at).map_or(self.running.on(at), |other| &**other));
        }
        self.running = next;
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

    /// A row of the free amounts beside all pods but those of the workloads that share the node.
    /// Unknown idle CPU is none.
    fn free_of(
        &self,
        account: &NodeAccount,
        allocatable: &Resources,
        idle: Option<Amount>,
        shares: impl Fn(&PreparedRequest) -> bool,
    ) -> Vec<NodeAmount> {
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
                let burnt = unseated.map(|(id, tally)| {
                    tally.sum.get(PODS) * self.cpu.get(id as usize).unwrap_or(&0)
                });
                return idle.map_or(0, |idle| idle - burnt.sum::<Amount>());
            }
            let own = account.tallies().filter(|(id, _)| shares(*id));
            let own: Amount = own.map(|(_, own)| own.sum.get(name)).sum();
            allocatable.get(name) - paid.get(name) - opportunistic.get(name) + own
        };
        let further = self.names[BASICS.len()..].iter().map(free);
        basics.into_iter().chain(further).map(on_node).collect()
    }

    /// Takes off what is kept for waiting pods of others.
    fn add_demand(&mut self, ledger: &Ledger) {
        // Most often no pod waits.
        let nodes: LazyCell<HashMap<&str, usize>, _> = LazyCell::new(|| {
            let nodes = self.nodes.iter().enumerate();
            let usable = nodes.filter(|(_, node)| !self.kinds[node.kind].is_empty());
            usable.map(|(at, node)| (&*node.name, at)).collect()
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
        let kept = placed.iter().filter_map(PlacedPod::kept_on);
        let kept = kept.filter_map(|(node, pod)| Some((*nodes.get(node)?, &*pod.footprint)));
        let kept: Vec<(usize, &Resources)> = kept.collect();
        for (at, footprint) in kept {
            for class in &self.kinds[self.nodes[at].kind] {
                self.classes[*class].demand.add(footprint);
            }
            let row = self.row_of(at);
            let rows = [&mut self.free[row.clone()], &mut self.left[row]];
            let before = || (rows[0].to_vec(), rows[1].to_vec());
            self.kept.entry(at).or_insert_with(before);
            for row in rows {
                for (free, name) in row.iter_mut().zip(&self.names) {
                    *free = on_node(Amount::from(*free) - footprint.get(name));
                }
            }
        }
        self.waiting = placed.iter().map(|pod| (pod.key.clone(), pod.state)).collect();
        for class in &mut self.classes {
            class.demand_row = row(&self.names, &class.demand);
        }
    }

    /// Undoes [`Self::add_demand`].
    fn give_back_demand(&mut self) {
        for (at, (free, left)) in std::mem::take(&mut self.kept) {
            let row = self.row_of(at);
            self.free[row.clone()].copy_from_slice(&free);
            self.left[row].copy_from_slice(&left);
        }
        for class in &mut self.classes {
            class.demand = Resources::default();
        }
    }
}

/// Amounts that a node must have free for a replica.
fn needs(names: &[String], request: &ShareRequest) -> Vec<NodeAmount> {
    let burn = request.burn().unwrap_or(0);
    let mut needs = shape_row(names, &request.replica);
    if let Some(at) = names.iter().position(|name| name == IDLE_CPU) {
        needs[at] = burn;
    }
    needs.into_iter().map(on_node).collect()
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
fn takes(names: &[String], request: &ShareRequest, needs: &[NodeAmount]) -> Vec<NodeAmount> {
    let cpu = on_node(request.cpu());
    let take = |(name, need): (&String, &NodeAmount)| if name == IDLE_CPU { cpu } else { *need };
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
        let amounts = shapes.flat_map(|shape| shape.footprint().present());
        for (name, _) in amounts.filter(|(name, _)| !BASICS.contains(name)) {
            let is_listed = *listed.entry(name).or_insert_with(|| {
                name.starts_with(ONE_PER_NODE) || allocatable().any(|node| node.get(name) != 0)
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
