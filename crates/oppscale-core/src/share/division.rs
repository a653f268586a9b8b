//! Divides the capacity, some replicas at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::capacity::{PreparedRequest, SharedCapacity, row};
use super::{Allocation, ONE_PER_NODE, Share, ShareLimit, ShareRequest};
use crate::headroom::Limit;
use crate::resources::{Amount, Resources};
use crate::units::WHOLE as WHOLE_SHARE;

/// The whole cluster, of which a replica's cost is a part.
const WHOLE: Amount = 1 << 50;
/// Shares are fair to one part in so many of what a workload could have. Allocating single
/// replicas would take time proportional to their number.
const STEPS: Amount = 512;

/// The turn of a request, with its index: the smallest comes first. Dominant share of its namespace
/// for the namespace's weight, priority within the namespace, and its own for its weight.
type QueueEntry = Reverse<(Amount, Reverse<i32>, Amount, usize)>;

struct Division<'r> {
    capacity: &'r SharedCapacity,
    free: Vec<Amount>,
    /// Resources allocated on the nodes of each class.
    used: Vec<Vec<Amount>>,
    /// Reserve of each request.
    reserves: Vec<Vec<Amount>>,
    held: Vec<Amount>,
    /// Resources allocated to each namespace.
    used_by: Vec<Vec<Amount>>,
    /// Resources of all nodes.
    whole: Vec<Amount>,
    costs: Vec<Amount>,
    steps: Vec<Amount>,
}

pub(super) fn divide(
    capacity: &SharedCapacity,
    mut report: impl FnMut(Allocation<'_>),
) -> Vec<Option<Share>> {
    let mut division = Division::new(capacity);
    let mut tiers: BTreeMap<Reverse<i32>, Vec<usize>> = BTreeMap::new();
    for (number, prepared) in numbered(capacity) {
        let ShareRequest { policy, limits, .. } = &prepared.request;
        let tier = policy.priority.min(limits.max_priority);
        tiers.entry(Reverse(tier)).or_default().push(number);
    }
    for members in tiers.values() {
        division.divide_tier(members, &mut report);
    }
    let shares = capacity.requests.iter().enumerate();
    shares.map(|(number, prepared)| Some(division.share(number, prepared.as_ref()?))).collect()
}

fn numbered(capacity: &SharedCapacity) -> impl Iterator<Item = (usize, &PreparedRequest)> {
    capacity.requests.iter().enumerate().filter_map(|(n, prepared)| Some((n, prepared.as_ref()?)))
}

impl<'r> Division<'r> {
    fn new(capacity: &'r SharedCapacity) -> Self {
        let width = capacity.names.len();
        let mut whole = vec![0; width];
        for node in capacity.free.chunks_exact(width) {
            whole.iter_mut().zip(node).for_each(|(sum, free)| *sum += (*free).max(0));
        }
        let of_all = |make: &dyn Fn(&PreparedRequest) -> Amount| {
            capacity.requests.iter().map(|prepared| prepared.as_ref().map_or(0, make)).collect()
        };
        let alone = numbered(capacity).count() < 2;
        let steps = of_all(&|prepared| step(capacity, prepared, alone));
        let costs = of_all(&|prepared| cost(&prepared.needs, &whole));
        let reserves = capacity.requests.iter().map(|prepared| {
            let Some(prepared) = prepared else { return Vec::new() };
            let class = &capacity.classes[prepared.class];
            row(&capacity.names, &prepared.request.policy.reserve.of(&class.allocatable))
        });
        Self {
            capacity,
            free: capacity.free.clone(),
            used: vec![vec![0; width]; capacity.classes.len()],
            reserves: reserves.collect(),
            held: vec![0; capacity.requests.len()],
            used_by: vec![vec![0; width]; capacity.namespaces.len()],
            whole,
            costs,
            steps,
        }
    }

    /// Divides what is free between `members`, which have one priority.
    fn divide_tier(&mut self, members: &[usize], report: &mut impl FnMut(Allocation<'_>)) {
        let may_use = |kind: &Vec<usize>| -> Vec<usize> {
            let class =
                |n: &usize| self.capacity.requests[*n].as_ref().map(|prepared| prepared.class);
            let may = |n: &usize| class(n).is_some_and(|class| kind.contains(&class));
            members.iter().copied().filter(may).collect()
        };
        let mut kinds: Vec<(usize, Vec<usize>)> =
            self.capacity.kinds.iter().map(may_use).enumerate().collect();
        let mut nodes_of: Vec<Vec<usize>> = vec![Vec::new(); kinds.len()];
        for (number, node) in self.capacity.nodes.iter().enumerate() {
            nodes_of[node.kind].push(number);
        }
        // Kinds that equally many can use are ordered by their first node: kinds are numbered as
        // they come, and nodes come by name.
        kinds.sort_by_key(|(kind, members)| (members.len(), *kind));
        for (kind, members) in kinds {
            self.divide_nodes(&members, &nodes_of[kind], report);
        }
    }

    fn divide_nodes(
        &mut self,
        members: &[usize],
        nodes: &[usize],
        report: &mut impl FnMut(Allocation<'_>),
    ) {
        let capacity = self.capacity;
        let width = capacity.names.len();
        let mut queue: BinaryHeap<QueueEntry> =
            members.iter().map(|n| self.queue_entry(*n)).collect();
        // A node with less than this of any resource fits no replica.
        let least: Vec<Amount> = (0..width)
            .map(|at| {
                let needs = members.iter().filter_map(|n| capacity.requests[*n].as_ref());
                needs.map(|prepared| prepared.needs[at]).min().unwrap_or(0)
            })
            .collect();
        let mut without_place: Vec<usize> = Vec::new();
        for node in nodes {
            let at = node * width;
            while let Some(Reverse((.., number))) = queue.peek().copied() {
                if fitting(&self.free[at..at + width], &least) == 0 {
                    break;
                }
                // Its namespace may have got more since it was queued.
                let turn = self.queue_entry(number);
                if queue.pop() != Some(turn) {
                    queue.push(turn);
                    continue;
                }
                let Some(prepared) = capacity.requests[number].as_ref() else { continue };
                let most = self.wants(number, prepared);
                // A request at its limit leaves the queue: free capacity only shrinks.
                if most == 0 {
                    continue;
                }
                let here = fitting(&self.free[at..at + width], &prepared.needs);
                let replicas = here.min(most).min(self.steps[number]);
                if replicas == 0 {
                    without_place.push(number);
                    continue;
                }
                self.take(*node, number, prepared, replicas);
                report(Allocation { node: &capacity.nodes[*node].name, request: number, replicas });
                queue.push(self.queue_entry(number));
            }
            for number in without_place.drain(..) {
                queue.push(self.queue_entry(number));
            }
        }
    }

    fn queue_entry(&self, number: usize) -> QueueEntry {
        let Some(prepared) = self.capacity.requests[number].as_ref() else {
            return Reverse((0, Reverse(0), 0, number));
        };
        let namespace = &self.capacity.namespaces[prepared.namespace];
        let policy = &prepared.request.policy;
        // In millionths, so that weights up to a million still report costs apart.
        let weighted = |share: Amount, weight: Amount| share * 1_000_000 / weight.max(1);
        let of_namespace = cost(&self.used_by[prepared.namespace], &self.whole);
        Reverse((
            weighted(of_namespace, namespace.weight),
            Reverse(policy.priority),
            weighted(self.held[number] * self.costs[number], policy.weight.into()),
            number,
        ))
    }

    /// Number of further replicas within the request's own limits.
    fn wants(&self, number: usize, prepared: &PreparedRequest) -> Amount {
        let held = self.held[number];
        let most = prepared.request.policy.max_replicas;
        let below_most = most.map_or(Amount::MAX, |most| (Amount::from(most) - held).max(0));
        below_most
            .min(fitting(&self.left(number, prepared), &prepared.needs))
            .min(fitting(&self.left_of_share(prepared.namespace), &prepared.needs))
    }

    /// What a namespace may still get of each resource.
    fn left_of_share(&self, namespace: usize) -> Vec<Amount> {
        let share = self.capacity.namespaces[namespace].max_share;
        let used = self.whole.iter().zip(&self.used_by[namespace]);
        used.map(|(whole, used)| whole * share / WHOLE_SHARE - used).collect()
    }

    /// Free capacity beyond demand and reserve, for a request.
    fn left(&self, number: usize, prepared: &PreparedRequest) -> Vec<Amount> {
        let class = &self.capacity.classes[prepared.class];
        let used = &self.used[prepared.class];
        let reserve = &self.reserves[number];
        let free = class.free.iter().zip(&class.demand_row);
        let taken = reserve.iter().zip(used);
        free.zip(taken).map(|((free, demand), (r, used))| free - demand - r - used).collect()
    }

    fn take(&mut self, node: usize, number: usize, prepared: &PreparedRequest, replicas: Amount) {
        let width = self.capacity.names.len();
        let free = &mut self.free[node * width..(node + 1) * width];
        for (free, need) in free.iter_mut().zip(&prepared.needs) {
            *free -= need * replicas;
        }
        for class in &self.capacity.kinds[self.capacity.nodes[node].kind] {
            for (used, need) in self.used[*class].iter_mut().zip(&prepared.needs) {
                *used += need * replicas;
            }
        }
        for (used, need) in self.used_by[prepared.namespace].iter_mut().zip(&prepared.needs) {
            *used += need * replicas;
        }
        self.held[number] += replicas;
    }

    fn share(&self, number: usize, prepared: &PreparedRequest) -> Share {
        let capacity = self.capacity;
        let class = &capacity.classes[prepared.class];
        let left = self.left(number, prepared);
        let (held, policy) = (self.held[number], &prepared.request.policy);
        let weight = Amount::from(policy.weight);
        let beside: Amount = numbered(capacity)
            .filter(|(_, other)| self.meet(prepared.class, other.class))
            .map(|(_, other)| Amount::from(other.request.policy.weight))
            .sum();
        let mut remaining = Resources::default();
        for ((name, need), left) in capacity.names.iter().zip(&prepared.needs).zip(&left) {
            remaining.set(name, (held * need + (*left).max(0) * weight / beside.max(1)).max(0));
        }
        let used_up = capacity.names.iter().zip(&prepared.needs).zip(&left);
        let limit = if policy.max_replicas.is_some_and(|most| held >= Amount::from(most)) {
            ShareLimit::MaxReplicas
        } else if fitting(&self.left_of_share(prepared.namespace), &prepared.needs) == 0
            && capacity.namespaces[prepared.namespace].max_share < WHOLE_SHARE
        {
            ShareLimit::MaxShare
        } else {
            let by = used_up
                .filter(|((name, _), _)| !name.starts_with(ONE_PER_NODE))
                .filter(|((_, need), left)| **need > 0 && *left < *need)
                .map(|((name, _), _)| name.clone())
                .next();
            ShareLimit::Headroom(by.map_or(Limit::Slots, Limit::Remaining))
        };
        Share {
            fit: held,
            limit,
            remaining,
            usable_nodes: class.nodes,
            allocatable: class.allocatable.clone(),
            demand: class.demand.clone(),
            reserve: policy.reserve.of(&class.allocatable),
        }
    }

    /// Whether two classes have a node in common, or are the same.
    fn meet(&self, a: usize, b: usize) -> bool {
        a == b || self.capacity.kinds.iter().any(|kind| kind.contains(&a) && kind.contains(&b))
    }
}

/// Number of replicas allocated at a time.
fn step(capacity: &SharedCapacity, prepared: &PreparedRequest, alone: bool) -> Amount {
    // A single workload gets all in one step.
    if alone { Amount::MAX } else { (could_have(capacity, prepared) / STEPS).max(1) }
}

/// Upper bound of replicas if the request were alone: all free capacity as one node.
fn could_have(capacity: &SharedCapacity, prepared: &PreparedRequest) -> Amount {
    fitting(&capacity.classes[prepared.class].free, &prepared.needs)
}

/// How many times `needs` goes into `free`.
fn fitting(free: &[Amount], needs: &[Amount]) -> Amount {
    let of = |(free, need): (&Amount, &Amount)| (*need > 0).then(|| (*free).max(0) / need);
    free.iter().zip(needs).filter_map(of).min().unwrap_or(0)
}

/// Largest part that a replica takes of any resource; never 0.
fn cost(needs: &[Amount], whole: &[Amount]) -> Amount {
    let part = |(need, whole): (&Amount, &Amount)| need * WHOLE / (*whole).max(1);
    needs.iter().zip(whole).map(part).max().unwrap_or(0).max(1)
}
