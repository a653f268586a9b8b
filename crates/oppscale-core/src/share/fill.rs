//! Hands the room out, some replicas at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::room::{Asking, Room, row};
use super::{Offer, Share, ShareLimit};
use crate::headroom::Limit;
use crate::resources::{Amount, Resources};

/// A replica's cost is a part of the cluster; this is the whole.
const WHOLE: Amount = 1 << 50;
/// Shares come out even to one part in so many of what a workload could have. Handing out
/// single replicas would take as long as there are replicas.
const STEPS: Amount = 512;

/// Who holds the least for its weight comes first; then who stands first in the list.
type Turn = Reverse<(Amount, usize)>;

struct Filling<'r> {
    room: &'r Room,
    free: Vec<Amount>,
    /// What was handed out on the nodes of each class.
    used: Vec<Vec<Amount>>,
    /// What must stay free for each claimant.
    reserves: Vec<Vec<Amount>>,
    held: Vec<Amount>,
    costs: Vec<Amount>,
    steps: Vec<Amount>,
}

pub(super) fn divide(room: &Room, mut tell: impl FnMut(Offer<'_>)) -> Vec<Option<Share>> {
    let mut filling = Filling::new(room);
    let mut tiers: BTreeMap<Reverse<i32>, Vec<usize>> = BTreeMap::new();
    for (number, asking) in numbered(room) {
        tiers.entry(Reverse(asking.claimant.policy.priority)).or_default().push(number);
    }
    for members in tiers.values() {
        filling.fill(members, &mut tell);
    }
    let shares = room.claimants.iter().enumerate();
    shares.map(|(number, asking)| Some(filling.share(number, asking.as_ref()?))).collect()
}

fn numbered(room: &Room) -> impl Iterator<Item = (usize, &Asking)> {
    room.claimants.iter().enumerate().filter_map(|(n, asking)| Some((n, asking.as_ref()?)))
}

impl<'r> Filling<'r> {
    fn new(room: &'r Room) -> Self {
        let width = room.names.len();
        let mut whole = vec![0; width];
        for node in room.free.chunks_exact(width) {
            whole.iter_mut().zip(node).for_each(|(sum, free)| *sum += (*free).max(0));
        }
        let of_all = |make: &dyn Fn(&Asking) -> Amount| {
            room.claimants.iter().map(|asking| asking.as_ref().map_or(0, make)).collect()
        };
        let alone = numbered(room).count() < 2;
        let steps = of_all(&|asking| step(room, asking, alone));
        let costs = of_all(&|asking| cost(&asking.needs, &whole));
        let reserves = room.claimants.iter().map(|asking| {
            let Some(asking) = asking else { return Vec::new() };
            let class = &room.classes[asking.class];
            row(&room.names, &asking.claimant.policy.reserve.of(&class.allocatable))
        });
        Self {
            room,
            free: room.free.clone(),
            used: vec![vec![0; width]; room.classes.len()],
            reserves: reserves.collect(),
            held: vec![0; room.claimants.len()],
            costs,
            steps,
        }
    }

    /// Hands out what is free to `members`, who are of one priority.
    fn fill(&mut self, members: &[usize], tell: &mut impl FnMut(Offer<'_>)) {
        let may_use = |kind: &Vec<usize>| -> Vec<usize> {
            let class = |n: &usize| self.room.claimants[*n].as_ref().map(|asking| asking.class);
            let may = |n: &usize| class(n).is_some_and(|class| kind.contains(&class));
            members.iter().copied().filter(may).collect()
        };
        let mut kinds: Vec<(usize, Vec<usize>)> =
            self.room.kinds.iter().map(may_use).enumerate().collect();
        let mut nodes_of: Vec<Vec<usize>> = vec![Vec::new(); kinds.len()];
        for (number, node) in self.room.nodes.iter().enumerate() {
            nodes_of[node.kind].push(number);
        }
        // The first node of a kind tells kinds apart that as many may use: kinds are
        // numbered as they come, and nodes come by name.
        kinds.sort_by_key(|(kind, members)| (members.len(), *kind));
        for (kind, members) in kinds {
            self.fill_kind(&members, &nodes_of[kind], tell);
        }
    }

    fn fill_kind(&mut self, members: &[usize], nodes: &[usize], tell: &mut impl FnMut(Offer<'_>)) {
        let room = self.room;
        let width = room.names.len();
        let mut turns: BinaryHeap<Turn> = members.iter().map(|n| self.turn(*n)).collect();
        // Below this on any resource, a node has nothing for anybody.
        let least: Vec<Amount> = (0..width)
            .map(|at| {
                let needs = members.iter().filter_map(|n| room.claimants[*n].as_ref());
                needs.map(|asking| asking.needs[at]).min().unwrap_or(0)
            })
            .collect();
        let mut without_place: Vec<usize> = Vec::new();
        for node in nodes {
            let at = node * width;
            while let Some(Reverse((_, number))) = turns.peek().copied() {
                if fitting(&self.free[at..at + width], &least) == 0 {
                    break;
                }
                turns.pop();
                let Some(asking) = room.claimants[number].as_ref() else { continue };
                let most = self.wants(number, asking);
                // Who may have no more will not be asked again: what is left only shrinks.
                if most == 0 {
                    continue;
                }
                let here = fitting(&self.free[at..at + width], &asking.needs);
                let replicas = here.min(most).min(self.steps[number]);
                if replicas == 0 {
                    without_place.push(number);
                    continue;
                }
                self.take(*node, number, asking, replicas);
                tell(Offer { node: &room.nodes[*node].name, claimant: number, replicas });
                turns.push(self.turn(number));
            }
            for number in without_place.drain(..) {
                turns.push(self.turn(number));
            }
        }
    }

    fn turn(&self, number: usize) -> Turn {
        let weight = self.room.claimants[number]
            .as_ref()
            .map_or(1, |asking| Amount::from(asking.claimant.policy.weight));
        // In millionths, so that weights up to a million still tell costs apart.
        Reverse((self.held[number] * self.costs[number] * 1_000_000 / weight, number))
    }

    /// How many more replicas a claimant may have by its own limits.
    fn wants(&self, number: usize, asking: &Asking) -> Amount {
        let held = self.held[number];
        let most = asking.claimant.policy.max_replicas;
        let below_most = most.map_or(Amount::MAX, |most| (Amount::from(most) - held).max(0));
        below_most.min(fitting(&self.left(number, asking), &asking.needs))
    }

    /// What a claimant sees free beyond demand and reserve.
    fn left(&self, number: usize, asking: &Asking) -> Vec<Amount> {
        let class = &self.room.classes[asking.class];
        let used = &self.used[asking.class];
        let reserve = &self.reserves[number];
        let free = class.free.iter().zip(&class.demand_row);
        let taken = reserve.iter().zip(used);
        free.zip(taken).map(|((free, demand), (r, used))| free - demand - r - used).collect()
    }

    fn take(&mut self, node: usize, number: usize, asking: &Asking, replicas: Amount) {
        let width = self.room.names.len();
        let free = &mut self.free[node * width..(node + 1) * width];
        for (free, need) in free.iter_mut().zip(&asking.needs) {
            *free -= need * replicas;
        }
        for class in &self.room.kinds[self.room.nodes[node].kind] {
            for (used, need) in self.used[*class].iter_mut().zip(&asking.needs) {
                *used += need * replicas;
            }
        }
        self.held[number] += replicas;
    }

    fn share(&self, number: usize, asking: &Asking) -> Share {
        let room = self.room;
        let class = &room.classes[asking.class];
        let left = self.left(number, asking);
        let (held, policy) = (self.held[number], &asking.claimant.policy);
        let weight = Amount::from(policy.weight);
        let beside: Amount = numbered(room)
            .filter(|(_, other)| self.meet(asking.class, other.class))
            .map(|(_, other)| Amount::from(other.claimant.policy.weight))
            .sum();
        let mut remaining = Resources::default();
        for ((name, need), left) in room.names.iter().zip(&asking.needs).zip(&left) {
            remaining.set(name, (held * need + (*left).max(0) * weight / beside.max(1)).max(0));
        }
        let used_up = room.names.iter().zip(&asking.needs).zip(&left);
        let limit = if policy.max_replicas.is_some_and(|most| held >= Amount::from(most)) {
            ShareLimit::MaxReplicas
        } else {
            let by = used_up
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
        a == b || self.room.kinds.iter().any(|kind| kind.contains(&a) && kind.contains(&b))
    }
}

/// How many replicas a claimant is handed at a time.
fn step(room: &Room, asking: &Asking, alone: bool) -> Amount {
    // Nobody to come to terms with: the steps may be as large as the room.
    if alone { Amount::MAX } else { (could_have(room, asking) / STEPS).max(1) }
}

/// How many replicas a claimant could have at most if it were alone: what is free over all,
/// as if it were one node.
fn could_have(room: &Room, asking: &Asking) -> Amount {
    fitting(&room.classes[asking.class].free, &asking.needs)
}

/// How many times `needs` goes into `free`.
fn fitting(free: &[Amount], needs: &[Amount]) -> Amount {
    let of = |(free, need): (&Amount, &Amount)| (*need > 0).then(|| (*free).max(0) / need);
    free.iter().zip(needs).filter_map(of).min().unwrap_or(0)
}

/// The largest part that a replica takes of any resource; never 0.
fn cost(needs: &[Amount], whole: &[Amount]) -> Amount {
    let part = |(need, whole): (&Amount, &Amount)| need * WHOLE / (*whole).max(1);
    needs.iter().zip(whole).map(part).max().unwrap_or(0).max(1)
}
