//! All nodes, with running sums over them and an order in which the scheduler finds room.
//!
//! Equal nodes form a class. Within a class the score of a node after taking a pod orders the
//! nodes as its free share does before, so one sorted set per class serves every pod, and the
//! scheduler tries few nodes instead of all.

use std::collections::BTreeSet;

use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, Resources};

use super::pod::{PodId, Pods};
use super::setup::{NodePool, Strategy};
use super::workload::Workload;

/// The nodes of the cluster.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    list: Vec<Node>,
    classes: Vec<Class>,
    replica: Replica,
    /// The nodes, the smallest first: the order in which demand is placed.
    by_size: Vec<usize>,
    pub(super) total: Sums,
    /// Number of times that a pod was bound or released.
    pub(super) changes: u64,
}

/// The running sums of a node, or of all nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub(super) allocatable: Resources,
    /// Requests of all pods, those being deleted included.
    pub(super) requested: Resources,
    /// The part of paid pods.
    pub(super) paid: Resources,
    /// Replicas of the filler that fit beside paid pods, node by node.
    pub(super) slots: Amount,
    /// Replicas of the filler that fit into the free resources.
    pub(super) free_slots: Amount,
}

#[derive(Clone, Debug)]
struct Class {
    allocatable: Resources,
    /// Nodes by their free share.
    by_free: BTreeSet<(i64, usize)>,
}

impl Nodes {
    /// Empty nodes; slots are counted in `replica`.
    pub(super) fn new(pools: &[NodePool], replica: &Replica, levels: usize) -> Self {
        let mut nodes = Self {
            list: Vec::new(),
            classes: Vec::new(),
            replica: replica.clone(),
            by_size: Vec::new(),
            total: Sums::default(),
            changes: 0,
        };
        for pool in pools {
            let known = nodes.classes.iter().position(|c| c.allocatable == pool.allocatable);
            let class = known.unwrap_or_else(|| {
                let allocatable = pool.allocatable.clone();
                nodes.classes.push(Class { allocatable, by_free: BTreeSet::new() });
                nodes.classes.len() - 1
            });
            let slots = slots(&pool.allocatable, replica);
            for _ in 0..pool.count {
                let allocatable = pool.allocatable.clone();
                nodes.total.allocatable.add(&allocatable);
                nodes.total.slots += slots;
                nodes.total.free_slots += slots;
                let sums = Sums { allocatable, slots, free_slots: slots, ..Sums::default() };
                nodes.classes[class].by_free.insert((sums.free_share(), nodes.list.len()));
                nodes.list.push(Node {
                    class,
                    sums,
                    levels: vec![Resources::default(); levels],
                    pods: Vec::new(),
                    nominated: Vec::new(),
                    terminating_fillers: 0,
                });
            }
        }
        nodes.by_size = (0..nodes.list.len()).collect();
        let list = &nodes.list;
        nodes
            .by_size
            .sort_by_key(|at| [CPU, MEMORY].map(|name| list[*at].sums.allocatable.get(name)));
        nodes
    }

    /// The replica that slots are counted in.
    pub(super) fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The numbers of the nodes, the smallest node first.
    pub(super) fn by_size(&self) -> &[usize] {
        &self.by_size
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Every node.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.list.iter()
    }

    /// The node that the scheduler gives to the pod, if there is room anywhere.
    pub(super) fn best(&self, request: PodRequest<'_>, strategy: Strategy) -> Option<usize> {
        let mut best: Option<(i64, usize)> = None;
        for class in &self.classes {
            let taken = share(request.footprint, &class.allocatable);
            // A node with a smaller free share is short of something.
            let mut with_room = class.by_free.range((taken, 0)..);
            let fits = |entry: &&(i64, usize)| self.list[entry.1].fits(request);
            let found = match strategy {
                Strategy::LeastAllocated => with_room.rfind(fits),
                Strategy::MostAllocated => with_room.find(fits),
            };
            let Some(&(free, node)) = found else { continue };
            let left = free - taken;
            let better = best.is_none_or(|(other, _)| match strategy {
                Strategy::LeastAllocated => left > other,
                Strategy::MostAllocated => left < other,
            });
            if better {
                best = Some((left, node));
            }
        }
        best.map(|(_, node)| node)
    }

    /// The node that a filler on the usage basis gets: one with the fewest, as its soft spreading
    /// over nodes has it.
    pub(super) fn with_fewest_fillers(&self, request: PodRequest<'_>) -> Option<usize> {
        let with_room = self.list.iter().enumerate().filter(|(_, node)| node.fits(request));
        let fillers = |node: &Node| node.sums.requested.get(CPU) - node.sums.paid.get(CPU);
        with_room.min_by_key(|(_, node)| fillers(node)).map(|(at, _)| at)
    }

    /// Binds a pod to a node.
    pub(super) fn occupy(&mut self, at: usize, id: PodId, owner: &Workload, pods: &mut Pods) {
        pods[id].node = Some(at);
        pods[id].place_on_node = self.list[at].pods.len();
        self.list[at].pods.push(id);
        self.change(at, owner, Resources::add);
    }

    /// Takes a pod that has ended off its node.
    pub(super) fn release(&mut self, at: usize, id: PodId, owner: &Workload, pods: &mut Pods) {
        let place = pods[id].place_on_node;
        self.list[at].pods.swap_remove(place);
        if let Some(moved) = self.list[at].pods.get(place) {
            pods[*moved].place_on_node = place;
        }
        self.list[at].terminating_fillers -= Amount::from(owner.is_filler);
        self.change(at, owner, Resources::subtract);
    }

    /// Applies the footprint of a pod to every sum that it is in.
    fn change(&mut self, at: usize, owner: &Workload, apply: fn(&mut Resources, &Resources)) {
        self.changes += 1;
        let footprint = owner.template.replica.footprint();
        let node = &mut self.list[at];
        let order = &mut self.classes[node.class].by_free;
        order.remove(&(node.sums.free_share(), at));
        apply(&mut node.levels[owner.level], footprint);
        let (slots_before, free_before) = (node.sums.slots, node.sums.free_slots);
        for sums in [&mut node.sums, &mut self.total] {
            apply(&mut sums.requested, footprint);
            if !owner.is_filler {
                apply(&mut sums.paid, footprint);
            }
        }
        let sums = &mut node.sums;
        order.insert((sums.free_share(), at));
        sums.free_slots = slots(&sums.allocatable.minus(&sums.requested), &self.replica);
        if !owner.is_filler {
            sums.slots = slots(&sums.allocatable.minus(&sums.paid), &self.replica);
        }
        self.total.slots += sums.slots - slots_before;
        self.total.free_slots += sums.free_slots - free_before;
    }
}

impl Sums {
    fn free_share(&self) -> i64 {
        share(&self.allocatable.minus(&self.requested), &self.allocatable)
    }
}

impl std::ops::Index<usize> for Nodes {
    type Output = Node;

    fn index(&self, at: usize) -> &Node {
        &self.list[at]
    }
}

impl std::ops::IndexMut<usize> for Nodes {
    fn index_mut(&mut self, at: usize) -> &mut Node {
        &mut self.list[at]
    }
}

/// The request of a pod to the scheduler.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodRequest<'a> {
    pub(super) footprint: &'a Resources,
    /// Its priority, as the place among all priorities in use.
    pub(super) level: usize,
    /// The pod's number, which tells its own nomination from those of other pods.
    pub(super) number: u64,
}

/// A pod that is nominated to the node (`status.nominatedNodeName`).
#[derive(Clone, Debug)]
pub(super) struct NominatedPod {
    pub(super) pod: PodId,
    pub(super) number: u64,
    pub(super) level: usize,
    pub(super) footprint: Resources,
}

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Which of the kinds of equal nodes it is.
    pub(super) class: usize,
    pub(super) sums: Sums,
    /// Requests by priority.
    pub(super) levels: Vec<Resources>,
    pub(super) pods: Vec<PodId>,
    /// The highest priority first, then the oldest promise.
    pub(super) nominated: Vec<NominatedPod>,
    /// Number of fillers on it that are being deleted.
    pub(super) terminating_fillers: Amount,
}

/// The share of a node that `amounts` are, cpu and memory added up, in 2^20ths.
///
/// The score of NodeResourcesFit before it is cut to whole numbers from 0 to 100. Rounding
/// down each part keeps the order: a request that is not larger has no greater share.
pub(super) fn share(amounts: &Resources, allocatable: &Resources) -> i64 {
    let of = |name: &str| match allocatable.get(name) {
        0 => 0,
        capacity => amounts.get(name).saturating_mul(1 << 20) / capacity,
    };
    i64::try_from(of(CPU) + of(MEMORY)).unwrap_or(i64::MAX)
}

/// Number of replicas that fit into `left`: the rule of `headroom`.
pub(super) fn slots(left: &Resources, replica: &Replica) -> Amount {
    let by_resource = replica.footprint().present();
    by_resource.map(|(name, each)| left.get(name).max(0) / each).min().unwrap_or(0)
}

impl Node {
    /// Whether the pod fits beside the pods on this node and those nominated to it before.
    pub(super) fn fits(&self, request: PodRequest<'_>) -> bool {
        self.fits_beside(request, &self.sums.requested)
    }

    /// Whether the pod fits beside `taken` and beside promises to pods that are no less important
    /// (`RunFilterPluginsWithNominatedPods`).
    pub(super) fn fits_beside(&self, request: PodRequest<'_>, taken: &Resources) -> bool {
        request.footprint.present().all(|(name, amount)| {
            amount + taken.get(name) + self.nominated_before(request, name)
                <= self.sums.allocatable.get(name)
        })
    }

    /// Whether the pod would fit if every pod of lower priority were gone.
    pub(super) fn fits_after_preemption(&self, request: PodRequest<'_>) -> bool {
        let lower_exist =
            self.levels[..request.level].iter().any(|sum| sum.present().next().is_some());
        lower_exist
            && request.footprint.present().all(|(name, amount)| {
                let kept: Amount =
                    self.levels[request.level..].iter().map(|sum| sum.get(name)).sum();
                amount + kept + self.nominated_before(request, name)
                    <= self.sums.allocatable.get(name)
            })
    }

    /// Takes note of a promise.
    pub(super) fn nominate(&mut self, nominee: NominatedPod) {
        let at = self.nominated.partition_point(|other| other.level >= nominee.level);
        self.nominated.insert(at, nominee);
    }

    /// The requests of other nominated pods that come before the pod.
    ///
    /// Upstream lets a nominated pod also wait for those of the same priority that were nominated
    /// the node after it. Here it does not, so that it waits for its own victims only.
    fn nominated_before(&self, request: PodRequest<'_>, name: &str) -> Amount {
        let paid = self.nominated.iter().take_while(|nominee| nominee.number != request.number);
        paid.filter(|nominee| nominee.level >= request.level).map(|n| n.footprint.get(name)).sum()
    }
}
