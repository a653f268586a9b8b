//! Divides the capacity, starting from where replicas run.
//!
//! 1. The fair number of replicas of each request, of what it claims, is counted on empty nodes.
//! 2. Running replicas are seated where they are, and those below their fair number get free
//!    places.
//! 3. Where that is not enough, they take the places of those above theirs.
//! 4. What is still free is offered to all.
//!
//! In each step the requests basis goes first. Replicas on the usage basis that are then beyond a
//! node's idle CPU move or are taken back.

use std::borrow::Cow;
use std::cell::{Cell, LazyCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::capacity::{PreparedRequest, SharedCapacity, row, shape_row, unlisted};
use super::queue::{OwnTurn, Queue, Waiting};
use super::seats::Seats;
use super::{Allocation, IDLE_CPU, IdleCpu, Share, ShareLimit, UNLISTED, Uptake};
use crate::headroom::Limit;
use crate::hole::{Hole, HoleCount, HoleFillers, HoleLimit};
use crate::replica::ONE_PER_NODE;
use crate::resources::{Amount, CPU, Resources};
use crate::units::WHOLE;
use crate::usage::part_of_reserve;

/// The whole cluster, of which a replica's cost is a part: the most of which a turn has millionths
/// in 64 bits, twice over.
const COST_SCALE: Amount = 1 << 43;
/// Shares are fair to one part in so many of what a workload could have. Allocating single
/// replicas would take time proportional to their number.
const STEPS: Amount = 512;

/// Number of replicas that the hole of a request allows.
#[derive(Debug, Clone, Copy)]
struct HoleBound {
    /// Replicas of the request, wherever further ones of others go.
    replicas: Amount,
    /// Weight of further replicas of all requests together.
    weight: Amount,
}

struct Division<'r> {
    capacity: &'r SharedCapacity,
    free: Vec<Amount>,
    /// Replicas on each node.
    seats: Seats,
    /// Resources allocated on the nodes of each class.
    used: Vec<Vec<Amount>>,
    /// Reserve of each request.
    reserves: Vec<Vec<Amount>>,
    /// Millicores that each request on the usage basis reserves of idle CPU.
    idle_reserves: Vec<Amount>,
    /// The shape of each request: replicas of one shape fit on the same nodes.
    shapes: Vec<usize>,
    /// Index of idle CPU in a row, if some request is on the usage basis.
    idle: Option<usize>,
    /// Replicas of each request that stay where they run.
    standing: Vec<Amount>,
    /// Number of replicas that the hole of each request allows.
    holes: Vec<Option<HoleBound>>,
    /// Replicas allocated to each request.
    held: Vec<Amount>,
    /// Resources allocated to each namespace.
    used_by: Vec<Vec<Amount>>,
    /// Resources that each namespace gets at most.
    most_of: Vec<Vec<Amount>>,
    /// Dominant share of each namespace for its weight, once it has been asked for.
    dominant: Vec<Cell<Option<u64>>>,
    /// Resources of all nodes.
    whole: Vec<Amount>,
    costs: Vec<Amount>,
    steps: Vec<Amount>,
    /// Requests by basis and by the priority that counts against other namespaces, the highest
    /// first.
    tiers: Vec<Vec<usize>>,
}

pub(super) fn divide(
    capacity: &SharedCapacity,
    mut report: impl FnMut(Allocation<'_>),
) -> Vec<Option<Share>> {
    let of_all = |cap: &dyn Fn(&PreparedRequest) -> Amount| -> Vec<Amount> {
        let requests = capacity.requests.iter();
        requests.map(|request| request.as_ref().map_or(0, cap)).collect()
    };
    let claims = of_all(&|prepared| match prepared.request.uptake {
        Uptake::Unscaled => prepared.standing,
        Uptake::Scaled { reach, max } => reach.min(max) - prepared.elsewhere,
    });
    let maxima = of_all(&|prepared| match prepared.request.uptake {
        Uptake::Unscaled => prepared.standing,
        Uptake::Scaled { max, .. } => max - prepared.elsewhere,
    });
    let is_unscaled = |prepared: &PreparedRequest| !prepared.is_scaled();
    let mut fair = Division::new(capacity, &is_unscaled);
    fair.seat_standing(&is_unscaled, &[]);
    fair.trim(&of_all(&|_| 0));
    fair.fill(&claims);
    let fair = fair.held;
    let mut division = Division::new(capacity, &|_| true);
    division.seat_standing(&|_| true, &fair);
    division.trim(&fair);
    division.fill(&fair);
    division.displace(&fair);
    division.fill(&maxima);
    division.fill(&of_all(&|_| Amount::MAX));
    division.settle(&fair);
    division.fill_usage(&maxima);
    division.fill_usage(&of_all(&|_| Amount::MAX));
    for (number, node) in capacity.nodes.iter().enumerate() {
        for (request, replicas) in division.seats.on(number).filter(|(_, replicas)| *replicas > 0) {
            report(Allocation { node: &node.name, request, replicas });
        }
    }
    let shares = capacity.requests.iter().enumerate();
    shares.map(|(number, prepared)| Some(division.share(number, prepared.as_ref()?))).collect()
}

fn numbered(capacity: &SharedCapacity) -> impl Iterator<Item = (usize, &PreparedRequest)> {
    capacity.requests.iter().enumerate().filter_map(|(n, prepared)| Some((n, prepared.as_ref()?)))
}

impl<'r> Division<'r> {
    /// Nothing is allocated yet; replicas of the requests that are seated stay where they run.
    fn new(capacity: &'r SharedCapacity, is_seated: &dyn Fn(&PreparedRequest) -> bool) -> Self {
        let width = capacity.names.len();
        let mut whole = vec![0; width];
        for node in capacity.free.chunks_exact(width) {
            whole.iter_mut().zip(node).for_each(|(sum, free)| *sum += (*free).max(0));
        }
        let of_all = |make: &dyn Fn(&PreparedRequest) -> Amount| -> Vec<Amount> {
            capacity.requests.iter().map(|prepared| prepared.as_ref().map_or(0, make)).collect()
        };
        let alone = numbered(capacity).count() < 2;
        let steps = of_all(&|prepared| step(capacity, prepared, alone));
        let costs = of_all(&|prepared| cost(&prepared.needs, &whole));
        let mut idle_reserves = vec![0; capacity.requests.len()];
        let mut reserves = vec![Vec::new(); capacity.requests.len()];
        for (number, prepared) in numbered(capacity) {
            let class = &capacity.classes[prepared.class];
            let mut reserve = prepared.request.policy.reserve.of(&class.allocatable);
            if prepared.is_by_usage() {
                idle_reserves[number] = reserve.get(CPU);
                reserve.set(CPU, 0);
            }
            reserves[number] = row(&capacity.names, &reserve);
        }
        let shapes = shapes(capacity, &idle_reserves);
        let mut tiers: BTreeMap<(bool, Reverse<i32>), Vec<usize>> = BTreeMap::new();
        for (number, prepared) in numbered(capacity) {
            let tier = (prepared.is_by_usage(), Reverse(prepared.tier()));
            tiers.entry(tier).or_default().push(number);
        }
        let standing = of_all(&|prepared| if is_seated(prepared) { prepared.standing } else { 0 });
        let idle = capacity.names.iter().position(|name| name == IDLE_CPU);
        // The same for each request that reserves a hole; most often none does.
        let fillers = LazyCell::new(|| hole_fillers(capacity, &|_, one| is_seated(one), &costs));
        let mut holes = vec![None; capacity.requests.len()];
        for (number, _) in numbered(capacity) {
            holes[number] = hole_bound(capacity, number, is_seated, &costs, idle, &fillers);
        }
        let most_of = capacity.namespaces.iter().map(|namespace| {
            whole.iter().map(|whole| whole * namespace.max_share / WHOLE).collect()
        });
        Self {
            capacity,
            free: capacity.free.clone(),
            seats: Seats::new(capacity.nodes.len(), capacity.seats()),
            used: vec![vec![0; width]; capacity.classes.len()],
            reserves,
            idle_reserves,
            shapes,
            idle,
            standing,
            holes,
            held: vec![0; capacity.requests.len()],
            used_by: vec![vec![0; width]; capacity.namespaces.len()],
            most_of: most_of.collect(),
            dominant: vec![Cell::new(None); capacity.namespaces.len()],
            whole,
            costs,
            steps,
            tiers: tiers.into_values().collect(),
        }
    }

    /// Seats running replicas where they are. Where not all fit, those that nothing scales down
    /// keep their place, then those of higher priority, then those below their `fair` number.
    fn seat_standing(&mut self, is_seated: &dyn Fn(&PreparedRequest) -> bool, fair: &[Amount]) {
        let capacity = self.capacity;
        let turns = numbered(capacity).filter(|(_, prepared)| is_seated(prepared));
        let mut turns: Vec<_> = turns
            .map(|(number, prepared)| {
                let is_above = fair.get(number).is_some_and(|fair| prepared.standing > *fair);
                let tier = (prepared.is_by_usage(), Reverse(prepared.tier()));
                (prepared.is_scaled(), tier, is_above, number)
            })
            .collect();
        turns.sort_unstable();
        let mut turn_of = vec![None; capacity.requests.len()];
        for (turn, (.., number)) in turns.into_iter().enumerate() {
            turn_of[number] = Some(turn);
        }
        let mut standing = Vec::new();
        let mut seated = vec![vec![0; capacity.requests.len()]; capacity.kinds.len()];
        for (node, shared) in capacity.nodes.iter().enumerate() {
            let running = capacity.standing_on(shared).iter();
            standing.extend(running.filter_map(|(number, replicas)| {
                let prepared = capacity.requests[*number].as_ref()?;
                Some((turn_of[*number]?, *number, *replicas, prepared))
            }));
            standing.sort_unstable_by_key(|(turn, ..)| *turn);
            for (_, number, replicas, prepared) in standing.drain(..) {
                let free = self.free_for(node, number, prepared);
                let fits = fitting_of(replicas, || free.iter().copied(), &prepared.needs);
                if fits > 0 {
                    self.seat(node, number, prepared, fits);
                    seated[shared.kind][number] += fits;
                }
            }
        }
        // In one go: there are many times as many seats as requests.
        for (kind, seated) in seated.into_iter().enumerate() {
            for (number, prepared) in numbered(capacity).filter(|(number, _)| seated[*number] > 0) {
                self.account(kind, number, prepared, seated[number]);
            }
        }
    }

    /// Takes replicas back that are beyond the request's own maximum or its namespace's share, and
    /// those above their `fair` number for which the reserve does not suffice.
    fn trim(&mut self, fair: &[Amount]) {
        let capacity = self.capacity;
        for tier in (0..self.tiers.len()).rev() {
            for number in self.tiers[tier].clone() {
                let Some(prepared) = capacity.requests[number].as_ref() else { continue };
                let beyond_maximum = self.held[number] - own_maximum(prepared).max(0);
                self.take_back(number, prepared, beyond_maximum);
                let beyond_share = missing(self.left_of_share(prepared.namespace), &prepared.needs);
                self.take_back(number, prepared, beyond_share);
                let beyond_hole = self.held[number] - self.beside_hole(number, prepared);
                let beyond_reserve =
                    missing(self.left(number, prepared), &prepared.needs).max(beyond_hole);
                let above_fair = self.held[number] - fair.get(number).copied().unwrap_or(0);
                self.take_back(number, prepared, beyond_reserve.min(above_fair));
            }
        }
    }

    /// Takes back some replicas of a request, on the last nodes.
    fn take_back(&mut self, number: usize, prepared: &PreparedRequest, mut replicas: Amount) {
        for node in (0..self.seats.nodes()).rev() {
            if replicas <= 0 {
                return;
            }
            let taken = self.seats.of(node, number).min(replicas);
            self.add(node, number, prepared, -taken);
            replicas -= taken;
        }
    }

    /// Allocates what is free until each request has as many replicas as `caps` says, the highest
    /// priority first.
    fn fill(&mut self, caps: &[Amount]) {
        for members in self.tiers.clone() {
            self.fill_tier(&members, caps);
        }
    }

    /// As [`Self::fill`], for the usage basis only.
    fn fill_usage(&mut self, caps: &[Amount]) {
        for members in self.tiers.clone() {
            let by_usage = |n: &usize| self.capacity.requests[*n].as_ref();
            if members.first().and_then(by_usage).is_some_and(PreparedRequest::is_by_usage) {
                self.fill_tier(&members, caps);
            }
        }
    }

    /// Takes replicas on the usage basis back where the requests basis has taken their idle CPU,
    /// the lowest priority first, and gives them other places up to `caps`.
    fn settle(&mut self, caps: &[Amount]) {
        let Some(at) = self.idle else { return };
        for members in self.tiers.clone().into_iter().rev() {
            for number in members.into_iter().rev() {
                let prepared = self.capacity.requests[number].as_ref();
                let Some(prepared) = prepared.filter(|one| one.is_by_usage()) else { continue };
                for node in 0..self.seats.nodes() {
                    let idle = self.free_on(node)[at];
                    let seated = self.seats.of(node, number);
                    if idle < 0 && seated > 0 && prepared.is_scaled() {
                        let needs = prepared.needs[at].max(1);
                        self.add(node, number, prepared, -seated.min((needs - 1 - idle) / needs));
                    }
                }
            }
        }
        self.fill_usage(caps);
    }

    /// Allocates what is free to `members`, which have one priority.
    fn fill_tier(&mut self, members: &[usize], caps: &[Amount]) {
        let may_use = |kind: &Vec<usize>| -> Vec<usize> {
            let class =
                |n: &usize| self.capacity.requests[*n].as_ref().map(|prepared| prepared.class);
            let may = |n: &usize| class(n).is_some_and(|class| kind.contains(&class));
            members.iter().copied().filter(may).collect()
        };
        let mut kinds: Vec<(usize, Vec<usize>)> =
            self.capacity.kinds.iter().map(may_use).enumerate().collect();
        // Kinds that equally many can use are ordered by their first node: kinds are numbered as
        // they come, and nodes come by name.
        kinds.sort_by_key(|(kind, members)| (members.len(), *kind));
        for (kind, members) in kinds.into_iter().filter(|(_, members)| !members.is_empty()) {
            self.fill_nodes(&members, kind, caps);
        }
    }

    fn fill_nodes(&mut self, members: &[usize], kind: usize, caps: &[Amount]) {
        let capacity = self.capacity;
        let width = capacity.names.len();
        let waiting = members.iter().filter_map(|number| {
            let prepared = capacity.requests[*number].as_ref()?;
            Some(Waiting {
                shape: self.shapes[*number],
                namespace: prepared.namespace,
                dominant: self.dominant(prepared),
                turn: self.own_turn(*number, prepared),
            })
        });
        let shapes = self.shapes.iter().max().map_or(0, |last| last + 1);
        let mut queue = Queue::new(waiting, shapes);
        // A node with less than this of any resource fits no replica.
        let least: Vec<Amount> = (0..width)
            .map(|at| {
                let needs = members.iter().filter_map(|n| capacity.requests[*n].as_ref());
                needs.map(|prepared| prepared.needs[at]).min().unwrap_or(0)
            })
            .collect();
        for node in capacity.nodes_of[kind].iter().copied() {
            while !queue.is_empty() && has_room(self.free_on(node), &least) {
                let fits = |number: usize| {
                    let prepared = capacity.requests[number].as_ref();
                    prepared.is_some_and(|prepared| {
                        has_room(&self.free_for(node, number, prepared), &prepared.needs)
                    })
                };
                let dominant = |number: usize| {
                    capacity.requests[number].as_ref().map_or(0, |one| self.dominant(one))
                };
                let Some(first) = queue.first(fits, dominant) else { break };
                let number = first.request;
                let Some(prepared) = capacity.requests[number].as_ref() else { break };
                let most = self.steps[number].min(caps[number] - self.held[number]);
                let here = self.fitting_on(node, number, prepared);
                let replicas = self.wants(number, prepared, here.min(most));
                // Free capacity only shrinks.
                if replicas == 0 {
                    first.leave();
                    continue;
                }
                self.add(node, number, prepared, replicas);
                first.wait(self.dominant(prepared), self.own_turn(number, prepared));
            }
            queue.next_node();
        }
    }

    /// Gives those below their `fair` number the places of those above theirs.
    fn displace(&mut self, fair: &[Amount]) {
        let capacity = self.capacity;
        for number in self.tiers.concat() {
            let Some(prepared) = capacity.requests[number].as_ref() else { continue };
            for node in 0..capacity.nodes.len() {
                if self.held[number] >= fair[number] {
                    break;
                }
                let kind = &capacity.kinds[capacity.nodes[node].kind];
                while kind.contains(&prepared.class)
                    && self.held[number] < fair[number]
                    && self.make_place(node, number, prepared, fair)
                {
                    self.add(node, number, prepared, 1);
                }
            }
        }
    }

    /// Makes a place on a node for one replica of a request, if replicas of others there that are
    /// above their `fair` number suffice.
    fn make_place(
        &mut self,
        node: usize,
        number: usize,
        prepared: &PreparedRequest,
        fair: &[Amount],
    ) -> bool {
        let capacity = self.capacity;
        let mut taken: Vec<(usize, Amount)> = Vec::new();
        let seats: Vec<_> = self.seats.on(node).collect();
        for (other, seated) in seats {
            let missing = missing_for(&self.free_for(node, number, prepared), &prepared.needs);
            if missing.is_none() && self.wants(number, prepared, 1) > 0 {
                break;
            }
            let Some(of_other) = capacity.requests[other].as_ref() else { continue };
            let most = seated.min(self.held[other] - fair[other]);
            if other == number || most <= 0 || !of_other.is_scaled() {
                continue;
            }
            // As many as free what is missing, or all if they do not.
            let enough = missing.map_or(1, |missing| {
                let of = |(missing, need): (&Amount, &Amount)| match (*missing, *need) {
                    (0, _) => 0,
                    (_, 0) => Amount::MAX,
                    (missing, need) => (missing + need - 1) / need,
                };
                missing.iter().zip(&of_other.takes).map(of).max().unwrap_or(0)
            });
            let replicas = enough.min(most);
            self.add(node, other, of_other, -replicas);
            taken.push((other, replicas));
        }
        let free = self.free_for(node, number, prepared);
        let has_place =
            missing_for(&free, &prepared.needs).is_none() && self.wants(number, prepared, 1) > 0;
        if !has_place {
            for (other, replicas) in taken {
                if let Some(of_other) = capacity.requests[other].as_ref() {
                    self.add(node, other, of_other, replicas);
                }
            }
        }
        has_place
    }

    /// The dominant share of a request's namespace for the namespace's weight.
    fn dominant(&self, prepared: &PreparedRequest) -> u64 {
        let known = &self.dominant[prepared.namespace];
        let dominant = known.get().unwrap_or_else(|| {
            let namespace = &self.capacity.namespaces[prepared.namespace];
            let cost = cost(&self.used_by[prepared.namespace], &self.whole);
            weighted(cost, namespace.weight)
        });
        known.set(Some(dominant));
        dominant
    }

    /// The turn of a request among those of its tier and namespace.
    fn own_turn(&self, number: usize, prepared: &PreparedRequest) -> OwnTurn {
        let policy = &prepared.request.policy;
        let own = weighted(self.held[number] * self.costs[number], policy.weight.into());
        (Reverse(policy.priority), own, number as u32)
    }

    /// Number of further replicas, at most `most`, within the request's own limits.
    fn wants(&self, number: usize, prepared: &PreparedRequest, most: Amount) -> Amount {
        let own = own_maximum(prepared).min(self.beside_hole(number, prepared));
        let most = most.min(own - self.held[number]).max(0);
        let most = fitting_of(most, || self.left(number, prepared), &prepared.needs);
        fitting_of(most, || self.left_of_share(prepared.namespace), &prepared.needs)
    }

    /// The most replicas of a request that leave its hole free, beside those that are allocated to
    /// others.
    fn beside_hole(&self, number: usize, prepared: &PreparedRequest) -> Amount {
        let Some(HoleBound { replicas, weight }) = self.holes[number] else { return Amount::MAX };
        let others = numbered(self.capacity)
            .filter(|(other, _)| *other != number)
            .filter(|(_, other)| self.meet(prepared.class, other.class));
        let added = others
            .map(|(n, _)| (self.held[n] - self.standing[n]).max(0) * self.costs[n])
            .sum::<Amount>();
        replicas + (weight - added).max(0) / self.costs[number]
    }

    /// Amount of each resource that a namespace may still get.
    fn left_of_share(&self, namespace: usize) -> impl Iterator<Item = Amount> {
        let used = self.most_of[namespace].iter().zip(&self.used_by[namespace]);
        used.map(|(most, used)| most - used)
    }

    /// Free capacity beyond demand and reserve, for a request. Idle CPU counts by node alone.
    fn left(&self, number: usize, prepared: &PreparedRequest) -> impl Iterator<Item = Amount> {
        let class = &self.capacity.classes[prepared.class];
        let free = class.free.iter().zip(&class.demand_row);
        let taken = self.reserves[number].iter().zip(&self.used[prepared.class]);
        free.zip(taken).enumerate().map(|(at, ((free, demand), (reserve, used)))| {
            match self.idle == Some(at) {
                true => Amount::from(i64::MAX),
                false => free - demand - reserve - used,
            }
        })
    }

    /// Number of further replicas of a request that fit on a node.
    fn fitting_on(&self, node: usize, number: usize, prepared: &PreparedRequest) -> Amount {
        fitting(self.free_for(node, number, prepared).iter().copied(), &prepared.needs)
    }

    /// Room of a node for a request: idle CPU without the part of its reserve.
    fn free_for(
        &self,
        node: usize,
        number: usize,
        prepared: &PreparedRequest,
    ) -> Cow<'_, [Amount]> {
        let free = self.free_on(node);
        // Of most requests there is none, and its part of a node takes a division.
        let reserves_idle = self.idle_reserves[number] > 0;
        match self.idle {
            Some(at) if reserves_idle => {
                let mut free = free.to_vec();
                free[at] -= self.idle_reserve(node, number, prepared);
                Cow::Owned(free)
            }
            _ => Cow::Borrowed(free),
        }
    }

    /// The part of a request's reserve that stays free of a node's idle CPU, by the node's size.
    fn idle_reserve(&self, node: usize, number: usize, prepared: &PreparedRequest) -> Amount {
        let whole = self.capacity.classes[prepared.class].allocatable.get(CPU);
        part_of_reserve(self.idle_reserves[number], self.capacity.nodes[node].cpu, whole)
    }

    fn free_on(&self, node: usize) -> &[Amount] {
        let width = self.capacity.names.len();
        &self.free[node * width..(node + 1) * width]
    }

    /// Allocates replicas of a request on a node, or takes them back if the number is negative.
    fn add(&mut self, node: usize, number: usize, prepared: &PreparedRequest, replicas: Amount) {
        if replicas == 0 {
            return;
        }
        self.seat(node, number, prepared, replicas);
        self.account(self.capacity.nodes[node].kind, number, prepared, replicas);
    }

    /// The part of [`Self::add`] that is the node's.
    fn seat(&mut self, node: usize, number: usize, prepared: &PreparedRequest, replicas: Amount) {
        let width = self.capacity.names.len();
        let free = &mut self.free[node * width..(node + 1) * width];
        for (free, take) in free.iter_mut().zip(&prepared.takes) {
            *free -= take * replicas;
        }
        self.seats.add(node, number, replicas);
    }

    /// The part of [`Self::add`] that is the cluster's, for nodes of a kind.
    fn account(
        &mut self,
        kind: usize,
        number: usize,
        prepared: &PreparedRequest,
        replicas: Amount,
    ) {
        for class in &self.capacity.kinds[kind] {
            for (used, take) in self.used[*class].iter_mut().zip(&prepared.takes) {
                *used += take * replicas;
            }
        }
        for (used, need) in self.used_by[prepared.namespace].iter_mut().zip(&prepared.needs) {
            *used += need * replicas;
        }
        self.dominant[prepared.namespace].set(None);
        self.held[number] += replicas;
    }

    fn share(&self, number: usize, prepared: &PreparedRequest) -> Share {
        let capacity = self.capacity;
        let class = &capacity.classes[prepared.class];
        let left: Vec<Amount> = self.left(number, prepared).collect();
        let (held, policy) = (self.held[number], &prepared.request.policy);
        let (part, whole) = self.weight_of(prepared);
        let mut remaining = Resources::default();
        for ((name, need), left) in capacity.names.iter().zip(&prepared.needs).zip(&left) {
            if name == IDLE_CPU || name == UNLISTED {
                continue;
            }
            remaining.set(name, (held * need + (*left).max(0) * part / whole.max(1)).max(0));
        }
        let most = policy.max_replicas.map_or(Amount::MAX, Amount::from);
        let fit = (held + prepared.elsewhere).min(most);
        let used_up = capacity.names.iter().zip(&prepared.needs).zip(&left);
        let is_share_used = fitting(self.left_of_share(prepared.namespace), &prepared.needs) == 0
            && capacity.namespaces[prepared.namespace].max_share < WHOLE;
        let limit = match prepared.request.uptake {
            _ if fit >= most => ShareLimit::Headroom(Limit::MaxReplicas),
            _ if is_share_used => ShareLimit::MaxShare,
            Uptake::Scaled { reach, .. } if fit == reach => ShareLimit::NextSync,
            _ if self.beside_hole(number, prepared) <= held => ShareLimit::Headroom(Limit::Hole),
            _ if self.is_idle_used(number, prepared) => ShareLimit::IdleCpu,
            _ => {
                let by = used_up
                    .filter(|((name, _), _)| !name.starts_with(ONE_PER_NODE))
                    .filter(|((_, need), left)| **need > 0 && *left < *need)
                    .map(|((name, _), _)| name.clone())
                    .next();
                let shape = &prepared.request.replica;
                let by = match by.as_deref() {
                    Some(UNLISTED) => unlisted(&capacity.names, shape).map(str::to_owned),
                    _ => by,
                };
                ShareLimit::Headroom(by.map_or(Limit::Slots, Limit::Remaining))
            }
        };
        Share {
            fit,
            running: prepared.standing + prepared.elsewhere,
            limit,
            remaining,
            usable_nodes: class.nodes,
            allocatable: class.allocatable.clone(),
            demand: class.demand.clone(),
            reserve: policy.reserve.of(&class.allocatable),
            idle: self.idle_cpu(number, prepared),
        }
    }

    /// Whether no node has idle CPU for one more replica of a request on the usage basis.
    fn is_idle_used(&self, number: usize, prepared: &PreparedRequest) -> bool {
        let Some(at) = self.idle.filter(|_| prepared.is_by_usage()) else { return false };
        self.nodes_of(prepared)
            .all(|node| self.free_for(node, number, prepared)[at] < prepared.needs[at])
    }

    fn idle_cpu(&self, number: usize, prepared: &PreparedRequest) -> Option<IdleCpu> {
        let at = self.idle.filter(|_| prepared.is_by_usage())?;
        let class = &self.capacity.classes[prepared.class];
        let crowded = self.nodes_of(prepared).map(|node| {
            let mut standing = self.capacity.standing_on(&self.capacity.nodes[node]).iter();
            let standing = standing.find(|(of, _)| *of == number).map_or(0, |(_, count)| *count);
            (standing - self.seats.of(node, number)).max(0)
        });
        Some(IdleCpu {
            millicores: class.free[at],
            burn: prepared.needs[at],
            unknown_nodes: class.without_usage,
            waiting_nodes: class.waiting,
            crowded: crowded.sum(),
        })
    }

    /// The nodes that a request can use.
    fn nodes_of(&self, prepared: &PreparedRequest) -> impl Iterator<Item = usize> {
        let capacity = self.capacity;
        let class = prepared.class;
        (0..capacity.nodes.len())
            .filter(move |node| capacity.kinds[capacity.nodes[*node].kind].contains(&class))
    }

    /// The part of a request in what no workload takes, and the whole of which it is a part: by its
    /// weight within its namespace, and by the namespace's weight beside those that it shares nodes
    /// with.
    fn weight_of(&self, prepared: &PreparedRequest) -> (Amount, Amount) {
        let (mut within, mut beside) = (0, 0);
        let mut counted = vec![false; self.capacity.namespaces.len()];
        for (_, other) in numbered(self.capacity) {
            if !self.meet(prepared.class, other.class) {
                continue;
            }
            if other.namespace == prepared.namespace {
                within += Amount::from(other.request.policy.weight);
            }
            if !std::mem::replace(&mut counted[other.namespace], true) {
                beside += self.capacity.namespaces[other.namespace].weight.max(1);
            }
        }
        let namespace = self.capacity.namespaces[prepared.namespace].weight.max(1);
        (namespace * Amount::from(prepared.request.policy.weight), beside * within)
    }

    /// Whether two classes have a node in common, or are the same.
    fn meet(&self, a: usize, b: usize) -> bool {
        a == b || self.capacity.kinds.iter().any(|kind| kind.contains(&a) && kind.contains(&b))
    }
}

/// What must be free for a replica: its needs, and the reserve of idle CPU beside it, with the class
/// whose nodes it is a part of.
type Shape<'c> = (&'c [Amount], Option<(Amount, usize)>);

/// Numbers the requests by their shapes.
fn shapes(capacity: &SharedCapacity, idle_reserves: &[Amount]) -> Vec<usize> {
    let mut numbers: HashMap<Shape<'_>, usize> = HashMap::new();
    let mut shapes = vec![0; capacity.requests.len()];
    for (number, prepared) in numbered(capacity) {
        let reserve = idle_reserves[number];
        let reserve = (reserve > 0).then_some((reserve, prepared.class));
        let next = numbers.len();
        shapes[number] = *numbers.entry((&*prepared.needs, reserve)).or_insert(next);
    }
    shapes
}

/// What the hole that a request reserves allows beside the running replicas of those that are
/// seated; `None` if it reserves none.
fn hole_bound(
    capacity: &SharedCapacity,
    number: usize,
    is_seated: &dyn Fn(&PreparedRequest) -> bool,
    costs: &[Amount],
    idle: Option<usize>,
    fillers: &LazyCell<Vec<HoleFillers>, impl FnOnce() -> Vec<HoleFillers>>,
) -> Option<HoleBound> {
    let prepared = capacity.requests[number].as_ref()?;
    let hole = prepared.request.policy.reserve.hole()?;
    let own = (number, prepared);
    let running = if is_seated(prepared) { prepared.standing } else { 0 };
    Some(match hole_limit(capacity, own, hole, &|_, one| is_seated(one), idle, fillers) {
        HoleLimit::Further(weight) => HoleBound { replicas: running, weight },
        HoleLimit::Fewer(fewer) => {
            // So many leave a hole wherever they run.
            let is_other = |n, one: &PreparedRequest| n != number && is_seated(one);
            let fillers = hole_fillers(capacity, &is_other, costs);
            let alone = match hole_limit(capacity, own, hole, &is_other, idle, &fillers) {
                HoleLimit::Further(weight) => weight / costs[number],
                HoleLimit::Fewer(_) => 0,
            };
            HoleBound { replicas: (running - fewer).max(alone), weight: 0 }
        }
    })
}

/// The fillers of each kind of node that may have more replicas than those that are seated.
fn hole_fillers(
    capacity: &SharedCapacity,
    is_seated: &dyn Fn(usize, &PreparedRequest) -> bool,
    costs: &[Amount],
) -> Vec<HoleFillers> {
    let of_kind = capacity.kinds.iter().map(|kind| {
        let may_use = numbered(capacity).filter(|(n, other)| {
            let running = if is_seated(*n, other) { other.standing } else { 0 };
            kind.contains(&other.class) && own_maximum(other) > running
        });
        let rows = may_use.map(|(n, other)| (other.takes.as_slice(), costs[n]));
        HoleFillers::of(capacity.names.len(), rows)
    });
    of_kind.collect()
}

/// What one hole of a request allows beside the running replicas of those that are seated.
fn hole_limit(
    capacity: &SharedCapacity,
    (number, prepared): (usize, &PreparedRequest),
    hole: &Hole,
    is_seated: &dyn Fn(usize, &PreparedRequest) -> bool,
    idle: Option<usize>,
    fillers: &[HoleFillers],
) -> HoleLimit {
    let mut holes = HoleCount::new(hole.count, shape_row(&capacity.names, &hole.pod));
    let rows = capacity.free.chunks_exact(capacity.names.len());
    for (node, row) in capacity.nodes.iter().zip(rows) {
        if !capacity.kinds[node.kind].contains(&prepared.class) {
            continue;
        }
        let mut free = row.to_vec();
        let mut own = 0;
        for (of, replicas) in capacity.standing_on(node) {
            let other = capacity.requests[*of].as_ref();
            let Some(other) = other.filter(|one| is_seated(*of, one)) else {
                continue;
            };
            free.iter_mut().zip(&other.takes).for_each(|(free, take)| *free -= take * replicas);
            own += if *of == number { *replicas } else { 0 };
        }
        if let Some(at) = idle {
            // The scheduler does not see it.
            free[at] = Amount::from(i64::MAX);
        }
        holes.add_node(&free, &fillers[node.kind], (&prepared.takes, own));
    }
    holes.limit()
}

/// Number of replicas allocated at a time.
fn step(capacity: &SharedCapacity, prepared: &PreparedRequest, alone: bool) -> Amount {
    // A single workload gets all in one step.
    if alone { Amount::MAX } else { (could_have(capacity, prepared) / STEPS).max(1) }
}

/// Upper bound of replicas if the request were alone: all free capacity as one node.
fn could_have(capacity: &SharedCapacity, prepared: &PreparedRequest) -> Amount {
    fitting(capacity.classes[prepared.class].free.iter().copied(), &prepared.needs)
}

/// The most replicas that a request's own policy lets it have on usable nodes.
fn own_maximum(prepared: &PreparedRequest) -> Amount {
    let most = prepared.request.policy.max_replicas;
    most.map_or(Amount::MAX, |most| Amount::from(most) - prepared.elsewhere)
}

/// Number of times that `needs` fits into `free`.
fn fitting(free: impl Iterator<Item = Amount>, needs: &[Amount]) -> Amount {
    let mut most = None;
    for (free, need) in free.zip(needs).filter(|(_, need)| **need > 0) {
        if free < *need {
            return 0;
        }
        let times = quotient(free, *need);
        most = Some(most.map_or(times, |most: Amount| most.min(times)));
    }
    most.unwrap_or(0)
}

/// Number of `replicas` that fit into `free`. Most often all do, which takes no division.
fn fitting_of<I: Iterator<Item = Amount>>(
    replicas: Amount,
    free: impl Fn() -> I,
    needs: &[Amount],
) -> Amount {
    let needed = || free().zip(needs).filter(|(_, need)| **need > 0);
    let all_fit = needed().all(|(free, need)| need * replicas <= free);
    if all_fit && needs.iter().any(|need| *need > 0) {
        return replicas;
    }
    replicas.min(fitting(free(), needs))
}

/// Whether `needs` fits into `free` at all: whether [`fitting`] is above 0.
fn has_room(free: &[Amount], needs: &[Amount]) -> bool {
    free.iter().zip(needs).all(|(free, need)| *need <= 0 || free >= need)
        && needs.iter().any(|need| *need > 0)
}

/// A share for a weight, in millionths, so that weights up to a million still report costs apart.
fn weighted(share: Amount, weight: Amount) -> u64 {
    let turn = quotient(share * 1_000_000, weight.max(1));
    u64::try_from(turn).unwrap_or(u64::MAX)
}

/// `amount / by` of numbers that are not negative. Division of 128 bits takes many times as long as
/// that of 64, in which nearly all amounts fit.
fn quotient(amount: Amount, by: Amount) -> Amount {
    match (u64::try_from(amount), u64::try_from(by)) {
        (Ok(amount), Ok(by)) => (amount / by).into(),
        _ => amount / by,
    }
}

/// Number of times that `needs` must be given back so that nothing is below 0.
fn missing(left: impl Iterator<Item = Amount>, needs: &[Amount]) -> Amount {
    let of =
        |(left, need): (Amount, &Amount)| (*need > 0).then(|| ((-left).max(0) + need - 1) / need);
    left.zip(needs).filter_map(of).max().unwrap_or(0)
}

/// Resource that `free` lacks for one replica of these `needs`; `None` if it has all.
fn missing_for(free: &[Amount], needs: &[Amount]) -> Option<Vec<Amount>> {
    let of = |(free, need): (&Amount, &Amount)| match *need {
        0 => 0,
        need => (need - (*free).max(0)).max(0),
    };
    let missing: Vec<Amount> = free.iter().zip(needs).map(of).collect();
    missing.iter().any(|missing| *missing > 0).then_some(missing)
}

/// Largest part that a replica takes of any resource; never 0.
fn cost(needs: &[Amount], whole: &[Amount]) -> Amount {
    let part = |(need, whole): (&Amount, &Amount)| match *need {
        0 => 0,
        need => quotient(need * COST_SCALE, (*whole).max(1)),
    };
    needs.iter().zip(whole).map(part).max().unwrap_or(0).max(1)
}
