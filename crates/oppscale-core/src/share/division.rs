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

use super::capacity::{PreparedRequest, SharedCapacity, shape_row, unlisted};
use super::queue::{OwnTurn, Queue, Waiting};
use super::rows::{
    NodeAmount, fitting, fitting_of, has_room, missing, missing_for, on_node, quotient, take,
};
use super::seats::{Seats, Standing};
use super::terms::{Terms, numbered};
use super::{Allocation, IDLE_CPU, IdleCpu, Share, ShareLimit, UNLISTED, Uptake};
use crate::headroom::Limit;
use crate::hole::{Hole, HoleCount, HoleFillers, HoleLimit};
use crate::replica::ONE_PER_NODE;
use crate::resources::{Amount, CPU, Resources};
use crate::usage::part_of_reserve;

/// Number of replicas that the hole of a request allows.
#[derive(Debug, Clone, Copy)]
struct HoleBound {
    /// Replicas of the request, wherever further ones of others go.
    replicas: Amount,
    /// Weight of further replicas of all requests together.
    weight: Amount,
}

struct Division<'t> {
    terms: &'t Terms<'t>,
    capacity: &'t SharedCapacity,
    free: Vec<NodeAmount>,
    /// Replicas on each node.
    seats: Seats<'t>,
    /// Free capacity of each class beyond demand.
    left: Vec<Vec<Amount>>,
    /// Turn of each request whose replicas stay where they run.
    turn_of: Vec<Option<usize>>,
    /// Replicas of each request that stay where they run.
    standing: Vec<Amount>,
    /// Number of replicas that the hole of each request allows.
    holes: Vec<Option<HoleBound>>,
    /// Replicas allocated to each request.
    held: Vec<Amount>,
    /// Resources allocated to each namespace.
    used_by: Vec<Vec<Amount>>,
    /// Dominant share of each namespace for its weight, once it has been asked for.
    dominant: Vec<Cell<Option<u64>>>,
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
    let terms = Terms::of(capacity);
    let mut fair = Division::new(&terms, &is_unscaled);
    fair.seat_standing(&is_unscaled, &[]);
    fair.trim(&of_all(&|_| 0));
    fair.fill(&claims);
    let fair = fair.held;
    let mut division = Division::new(&terms, &|_| true);
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
            report(Allocation { node: &node.name, request, replicas: replicas.into() });
        }
    }
    let shares = capacity.requests.iter().enumerate();
    shares.map(|(number, prepared)| Some(division.share(number, prepared.as_ref()?))).collect()
}

impl<'t> Division<'t> {
    /// Nothing is allocated yet; replicas of the requests that are seated stay where they run.
    fn new(terms: &'t Terms<'t>, is_seated: &dyn Fn(&PreparedRequest) -> bool) -> Self {
        let capacity = terms.capacity;
        let width = capacity.names.len();
        let standing = capacity.requests.iter().map(|prepared| {
            let seated = prepared.as_ref().filter(|prepared| is_seated(prepared));
            seated.map_or(0, |prepared| prepared.standing)
        });
        // The same for each request that reserves a hole; most often none does.
        let fillers =
            LazyCell::new(|| hole_fillers(capacity, &|_, one| is_seated(one), &terms.costs));
        let mut holes = vec![None; capacity.requests.len()];
        for (number, _) in numbered(capacity) {
            holes[number] = hole_bound(terms, number, is_seated, &fillers);
        }
        Self {
            terms,
            capacity,
            free: capacity.free.clone(),
            seats: Seats::new(&capacity.running),
            left: capacity.classes.iter().map(|class| terms.left_of(class)).collect(),
            turn_of: Vec::new(),
            standing: standing.collect(),
            holes,
            held: vec![0; capacity.requests.len()],
            used_by: vec![vec![0; width]; capacity.namespaces.len()],
            dominant: vec![Cell::new(None); capacity.namespaces.len()],
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
        // Most often all sit, and only nodes matter on which they do not fit.
        let all_sit = numbered(capacity).all(|(number, _)| turn_of[number].is_some());
        if all_sit {
            self.free.copy_from_slice(&capacity.left);
            self.seats.seat_running();
        }
        let mut seated = vec![vec![0; capacity.requests.len()]; capacity.kinds.len()];
        for (node, shared) in capacity.nodes.iter().enumerate() {
            let (running, seated) = (capacity.running.on(node), &mut seated[shared.kind]);
            let row = capacity.row_of(node);
            let all_fit = capacity.left[row.clone()].iter().all(|left| *left >= 0)
                && running.iter().all(|(number, _)| self.terms.idle_reserves[*number] == 0);
            if all_sit && all_fit {
                running.iter().for_each(|(number, replicas)| seated[*number] += replicas);
                continue;
            }
            if all_sit {
                self.free[row.clone()].copy_from_slice(&capacity.free[row]);
                self.seats.unseat_running(node);
            }
            let mut running: Vec<_> = running
                .iter()
                .filter_map(|(number, replicas)| Some((turn_of[*number]?, *number, *replicas)))
                .collect();
            running.sort_unstable();
            for (_, number, replicas) in running {
                let Some(prepared) = capacity.requests[number].as_ref() else { continue };
                let free = self.free_for(node, number, prepared);
                let fits = fitting_of(replicas, || free.iter().copied(), &prepared.needs);
                if fits > 0 {
                    self.seat(node, number, prepared, fits);
                    seated[number] += fits;
                }
            }
        }
        self.turn_of = turn_of;
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
        for members in self.terms.tiers.iter().rev() {
            for number in members.iter().copied() {
                let Some(prepared) = capacity.requests[number].as_ref() else { continue };
                let beyond_maximum = self.held[number] - own_maximum(prepared).max(0);
                self.take_back(number, prepared, beyond_maximum);
                let left = self.left_of_share(prepared.namespace);
                let beyond_share = left.map_or(0, |left| missing(left, &prepared.needs));
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
            let taken = self.seats.of(node, number).min(on_node(replicas));
            self.add(node, number, prepared, -taken);
            replicas -= Amount::from(taken);
        }
    }

    /// Allocates what is free until each request has as many replicas as `caps` says, the highest
    /// priority first.
    fn fill(&mut self, caps: &[Amount]) {
        for members in &self.terms.tiers {
            self.fill_tier(members, caps);
        }
    }

    /// As [`Self::fill`], for the usage basis only.
    fn fill_usage(&mut self, caps: &[Amount]) {
        for members in &self.terms.tiers {
            let by_usage = |n: &usize| self.capacity.requests[*n].as_ref();
            if members.first().and_then(by_usage).is_some_and(PreparedRequest::is_by_usage) {
                self.fill_tier(members, caps);
            }
        }
    }

    /// Takes replicas on the usage basis back where the requests basis has taken their idle CPU,
    /// the lowest priority first, and gives them other places up to `caps`.
    fn settle(&mut self, caps: &[Amount]) {
        let Some(at) = self.terms.idle else { return };
        for members in self.terms.tiers.iter().rev() {
            for number in members.iter().rev().copied() {
                let prepared = self.capacity.requests[number].as_ref();
                let Some(prepared) = prepared.filter(|one| one.is_by_usage()) else { continue };
                for node in 0..self.seats.nodes() {
                    let idle = Amount::from(self.free_on(node)[at]);
                    let seated = self.seats.of(node, number);
                    if idle < 0 && seated > 0 && prepared.is_scaled() {
                        let needs = Amount::from(prepared.needs[at].max(1));
                        let beyond = on_node((needs - 1 - idle) / needs);
                        self.add(node, number, prepared, -seated.min(beyond));
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
            self.fill_nodes(members, kind, caps);
        }
    }

    fn fill_nodes(&mut self, mut members: Vec<usize>, kind: usize, caps: &[Amount]) {
        let capacity = self.capacity;
        let width = capacity.names.len();
        members.retain(|number| self.held[*number] < caps[*number]);
        if members.is_empty() {
            return;
        }
        let waiting = members.iter().filter_map(|number| {
            let prepared = capacity.requests[*number].as_ref()?;
            Some(Waiting {
                shape: self.terms.shapes[*number],
                namespace: prepared.namespace,
                dominant: self.dominant(prepared),
                turn: self.own_turn(*number, prepared),
            })
        });
        let shapes = self.terms.shapes.iter().max().map_or(0, |last| last + 1);
        let mut queue = Queue::new(waiting, shapes);
        // A node with less than this of any resource fits no replica.
        let least: Vec<NodeAmount> = (0..width)
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
                let most = self.terms.steps[number].min(caps[number] - self.held[number]);
                let here = self.fitting_on(node, number, prepared);
                let replicas = self.wants(number, prepared, on_node(here.min(most)));
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
        for number in self.terms.tiers.iter().flatten().copied() {
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
        let mut taken: Vec<(usize, NodeAmount)> = Vec::new();
        let mut seats: Vec<_> = self.seats.on(node).collect();
        // Those that keep their place first give it last.
        seats.sort_by_key(|(other, _)| Reverse(self.turn_of[*other]));
        for (other, seated) in seats {
            let missing = missing_for(&self.free_for(node, number, prepared), &prepared.needs);
            if missing.is_none() && self.wants(number, prepared, 1) > 0 {
                break;
            }
            let Some(of_other) = capacity.requests[other].as_ref() else { continue };
            let most = seated.min(on_node(self.held[other] - fair[other]));
            if other == number || most <= 0 || !of_other.is_scaled() {
                continue;
            }
            // As many as free what is missing, or all if they do not.
            let enough = missing.map_or(1, |missing| {
                let of = |(missing, take): (&Amount, &NodeAmount)| match (*missing, *take) {
                    (0, _) => 0,
                    (_, 0) => Amount::MAX,
                    (missing, take) => (missing + Amount::from(take) - 1) / Amount::from(take),
                };
                on_node(missing.iter().zip(&of_other.takes).map(of).max().unwrap_or(0))
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
            let cost = self.terms.cost(&self.used_by[prepared.namespace]);
            weighted(cost, namespace.weight)
        });
        known.set(Some(dominant));
        dominant
    }

    /// The turn of a request among those of its tier and namespace.
    fn own_turn(&self, number: usize, prepared: &PreparedRequest) -> OwnTurn {
        let policy = &prepared.request.policy;
        let own = weighted(self.held[number] * self.terms.costs[number], policy.weight.into());
        (Reverse(policy.priority), own, number as u32)
    }

    /// Number of further replicas, at most `most`, within the request's own limits.
    fn wants(&self, number: usize, prepared: &PreparedRequest, most: NodeAmount) -> NodeAmount {
        let own = own_maximum(prepared).min(self.beside_hole(number, prepared));
        let most = most.min(on_node(own - self.held[number])).max(0);
        let most = fitting_of(most, || self.left(number, prepared), &prepared.needs);
        match self.left_of_share(prepared.namespace) {
            Some(left) => fitting_of(most, || left.clone(), &prepared.needs),
            None => most,
        }
    }

    /// The most replicas of a request that leave its hole free, beside those that are allocated to
    /// others.
    fn beside_hole(&self, number: usize, prepared: &PreparedRequest) -> Amount {
        let Some(HoleBound { replicas, weight }) = self.holes[number] else { return Amount::MAX };
        let others = numbered(self.capacity)
            .filter(|(other, _)| *other != number)
            .filter(|(_, other)| self.terms.meets[prepared.class][other.class]);
        let added = others
            .map(|(n, _)| (self.held[n] - self.standing[n]).max(0) * self.terms.costs[n])
            .sum::<Amount>();
        replicas + (weight - added).max(0) / self.terms.costs[number]
    }

    /// Amount of each resource that a namespace may still get; `None` if it may get all.
    fn left_of_share(&self, namespace: usize) -> Option<impl Iterator<Item = Amount> + Clone> {
        let most = self.terms.most_of[namespace].as_ref()?;
        let used = most.iter().zip(&self.used_by[namespace]);
        Some(used.map(|(most, used)| most - used))
    }

    /// Free capacity beyond demand and reserve, for a request.
    fn left(&self, number: usize, prepared: &PreparedRequest) -> impl Iterator<Item = Amount> {
        let left = self.left[prepared.class].iter().zip(&self.terms.reserves[number]);
        left.map(|(left, reserve)| left - reserve)
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
    ) -> Cow<'_, [NodeAmount]> {
        let free = self.free_on(node);
        // Of most requests there is none, and its part of a node takes a division.
        let reserves_idle = self.terms.idle_reserves[number] > 0;
        match self.terms.idle {
            Some(at) if reserves_idle => {
                let mut free = free.to_vec();
                let reserve = self.idle_reserve(node, number, prepared);
                free[at] = on_node(Amount::from(free[at]) - reserve);
                Cow::Owned(free)
            }
            _ => Cow::Borrowed(free),
        }
    }

    /// The part of a request's reserve that stays free of a node's idle CPU, by the node's size.
    fn idle_reserve(&self, node: usize, number: usize, prepared: &PreparedRequest) -> Amount {
        let whole = self.capacity.classes[prepared.class].allocatable.get(CPU);
        part_of_reserve(self.terms.idle_reserves[number], self.capacity.nodes[node].cpu, whole)
    }

    fn free_on(&self, node: usize) -> &[NodeAmount] {
        &self.free[self.capacity.row_of(node)]
    }

    /// Allocates replicas of a request on a node, or takes them back if the number is negative.
    fn add(
        &mut self,
        node: usize,
        number: usize,
        prepared: &PreparedRequest,
        replicas: NodeAmount,
    ) {
        if replicas == 0 {
            return;
        }
        self.seat(node, number, prepared, replicas);
        self.account(self.capacity.nodes[node].kind, number, prepared, replicas);
    }

    /// The part of [`Self::add`] that is the node's.
    fn seat(
        &mut self,
        node: usize,
        number: usize,
        prepared: &PreparedRequest,
        replicas: NodeAmount,
    ) {
        take(&mut self.free[self.capacity.row_of(node)], &prepared.takes, replicas);
        self.seats.add(node, number, replicas);
    }

    /// The part of [`Self::add`] that is the cluster's, for nodes of a kind.
    fn account(
        &mut self,
        kind: usize,
        number: usize,
        prepared: &PreparedRequest,
        replicas: NodeAmount,
    ) {
        let replicas = Amount::from(replicas);
        for class in &self.capacity.kinds[kind] {
            for (left, take) in self.left[*class].iter_mut().zip(&prepared.takes) {
                *left -= Amount::from(*take) * replicas;
            }
        }
        for (used, need) in self.used_by[prepared.namespace].iter_mut().zip(&prepared.needs) {
            *used += Amount::from(*need) * replicas;
        }
        self.dominant[prepared.namespace].set(None);
        self.held[number] += replicas;
    }

    fn share(&self, number: usize, prepared: &PreparedRequest) -> Share {
        let capacity = self.capacity;
        let class = &capacity.classes[prepared.class];
        let left: Vec<Amount> = self.left(number, prepared).collect();
        let (held, policy) = (self.held[number], &prepared.request.policy);
        let (part, whole) = self.terms.weight_of(prepared);
        let mut remaining = Resources::default();
        for ((name, need), left) in capacity.names.iter().zip(&prepared.needs).zip(&left) {
            if name == IDLE_CPU || name == UNLISTED {
                continue;
            }
            let own = held * Amount::from(*need);
            remaining.set(name, (own + (*left).max(0) * part / whole.max(1)).max(0));
        }
        let most = policy.max_replicas.map_or(Amount::MAX, Amount::from);
        let fit = (held + prepared.elsewhere).min(most);
        let used_up = capacity.names.iter().zip(&prepared.needs).zip(&left);
        let is_share_used = self
            .left_of_share(prepared.namespace)
            .is_some_and(|left| fitting(left, &prepared.needs) == 0);
        let limit = match prepared.request.uptake {
            _ if fit >= most => ShareLimit::Headroom(Limit::MaxReplicas),
            _ if is_share_used => ShareLimit::MaxShare,
            Uptake::Scaled { reach, .. } if fit == reach => ShareLimit::NextSync,
            _ if self.beside_hole(number, prepared) <= held => ShareLimit::Headroom(Limit::Hole),
            _ if self.is_idle_used(number, prepared) => ShareLimit::IdleCpu,
            _ => {
                let by = used_up
                    .filter(|((name, _), _)| !name.starts_with(ONE_PER_NODE))
                    .filter(|((_, need), left)| **need > 0 && **left < Amount::from(**need))
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
        let Some(at) = self.terms.idle.filter(|_| prepared.is_by_usage()) else { return false };
        self.nodes_of(prepared)
            .all(|node| self.free_for(node, number, prepared)[at] < prepared.needs[at])
    }

    fn idle_cpu(&self, number: usize, prepared: &PreparedRequest) -> Option<IdleCpu> {
        let at = self.terms.idle.filter(|_| prepared.is_by_usage())?;
        let class = &self.capacity.classes[prepared.class];
        let crowded = self.nodes_of(prepared).map(|node| {
            let mut standing = self.capacity.running.on(node).iter();
            let standing = standing.find(|(of, _)| *of == number).map_or(0, |(_, count)| *count);
            Amount::from((standing - self.seats.of(node, number)).max(0))
        });
        Some(IdleCpu {
            millicores: class.free[at],
            burn: prepared.needs[at].into(),
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
}

/// What the hole that a request reserves allows beside the running replicas of those that are
/// seated; `None` if it reserves none.
fn hole_bound(
    terms: &Terms<'_>,
    number: usize,
    is_seated: &dyn Fn(&PreparedRequest) -> bool,
    fillers: &LazyCell<Vec<HoleFillers>, impl FnOnce() -> Vec<HoleFillers>>,
) -> Option<HoleBound> {
    let Terms { capacity, costs, idle, .. } = terms;
    let prepared = capacity.requests[number].as_ref()?;
    let hole = prepared.request.policy.reserve.hole()?;
    let own = (number, prepared);
    let running = if is_seated(prepared) { prepared.standing } else { 0 };
    Some(match hole_limit(capacity, own, hole, &|_, one| is_seated(one), *idle, fillers) {
        HoleLimit::Further(weight) => HoleBound { replicas: running, weight },
        HoleLimit::Fewer(fewer) => {
            // So many leave a hole wherever they run.
            let is_other = |n, one: &PreparedRequest| n != number && is_seated(one);
            let fillers = hole_fillers(capacity, &is_other, costs);
            let alone = match hole_limit(capacity, own, hole, &is_other, *idle, &fillers) {
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
        let rows: Vec<_> = may_use.map(|(n, other)| (amounts(&other.takes), costs[n])).collect();
        let rows = rows.iter().map(|(takes, cost)| (takes.as_slice(), *cost));
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
    let takes = amounts(&prepared.takes);
    let rows = capacity.free.chunks_exact(capacity.names.len());
    for ((at, node), row) in capacity.nodes.iter().enumerate().zip(rows) {
        if !capacity.kinds[node.kind].contains(&prepared.class) {
            continue;
        }
        let sits = |of: usize| capacity.requests[of].as_ref().is_some_and(|one| is_seated(of, one));
        let running = capacity.running.on(at).iter().copied();
        let seated: Vec<Standing> = running.filter(|(of, _)| sits(*of)).collect();
        let mut free: Vec<Amount> = capacity.left_of(row, &seated).map(Amount::from).collect();
        let own = seated.iter().find(|(of, _)| *of == number).map_or(0, |(_, own)| *own);
        if let Some(at) = idle {
            // The scheduler does not see it.
            free[at] = Amount::from(i64::MAX);
        }
        holes.add_node(&free, &fillers[node.kind], (&takes, own.into()));
    }
    holes.limit()
}

/// A row in the width of sums.
fn amounts(row: &[NodeAmount]) -> Vec<Amount> {
    row.iter().copied().map(Amount::from).collect()
}

/// The most replicas that a request's own policy lets it have on usable nodes.
fn own_maximum(prepared: &PreparedRequest) -> Amount {
    let most = prepared.request.policy.max_replicas;
    most.map_or(Amount::MAX, |most| Amount::from(most) - prepared.elsewhere)
}

/// A share for a weight, in millionths, so that weights up to a million still report costs apart.
fn weighted(share: Amount, weight: Amount) -> u64 {
    let turn = quotient(share * 1_000_000, weight.max(1));
    u64::try_from(turn).unwrap_or(u64::MAX)
}
