//! Where paid pods without a node would go, and what that leaves for the filler.
//!
//! The rule is that of [`oppscale_core::demand`], with its tree: by priority, nominated pods first,
//! then by age, each on the node with the greatest free share beside paid pods. Every node admits
//! every pod here. oppscale keeps nothing for pods whose priority is not above the filler's; a
//! metric of cores, which anybody may measure, knows no priorities.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use oppscale_core::demand::room_tree::{RoomTree, has_room, score};
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};

use super::metric::MetricUnit;
use super::nodes::{Node, Nodes};
use super::pod::PodId;
use super::world::{FILLER, World};

/// Paid demand that is placed.
#[derive(Clone, Debug, Default)]
pub(super) struct Demand {
    /// The state of the cluster that it was placed in.
    pub(super) state: (u64, u64),
    /// The sum of the pods that found a node.
    pub(super) placed: Resources,
    /// Room that is kept on each node for them.
    kept: BTreeMap<usize, Resources>,
}

impl Demand {
    /// A sum over all nodes of a figure that depends on what is kept on a node. `all` is the sum
    /// while nothing is kept.
    pub(super) fn corrected(
        &self,
        all: Amount,
        nodes: &Nodes,
        figure: impl Fn(&Node, &Resources) -> Amount,
    ) -> Amount {
        let nothing = Resources::default();
        let lost = self.kept.iter().map(|(at, kept)| {
            let node = &nodes[*at];
            figure(node, &nothing) - figure(node, kept)
        });
        all - lost.sum::<Amount>()
    }

    /// The room that is kept on a node.
    pub(super) fn on(&self, node: usize) -> Option<&Resources> {
        self.kept.get(&node)
    }
}

/// Where pods find room that may preempt fillers, or that may not.
struct Room {
    /// Free resources, one row a node, in the order of size.
    rows: Vec<Vec<Amount>>,
    tree: RoomTree,
}

impl Room {
    fn new(nodes: &Nodes, names: &[&str], left: impl Fn(&Node, &str) -> Amount) -> Self {
        let row = |at: &usize| names.iter().map(|name| left(&nodes[*at], name)).collect();
        let rows: Vec<Vec<Amount>> = nodes.by_size().iter().map(row).collect();
        let places: Vec<usize> = (0..rows.len()).collect();
        let scored = |place: usize| (rows[place].as_slice(), rank(nodes, place, &rows[place]));
        let tree = RoomTree::new(&places, names.len(), 0, scored);
        Self { rows, tree }
    }

    fn take(&mut self, nodes: &Nodes, place: usize, needs: &[Amount]) {
        let row = &mut self.rows[place];
        row.iter_mut().zip(needs).for_each(|(room, need)| *room -= need);
        let rank = rank(nodes, place, row);
        self.tree.update(place, row, rank);
    }
}

fn rank(nodes: &Nodes, place: usize, row: &[Amount]) -> i64 {
    score(Some(&nodes[nodes.by_size()[place]].sums.allocatable), row)
}

impl World {
    /// The demand state of each paid pod without a node.
    pub(super) fn demand(&self) -> Demand {
        let state = (self.nodes.changes, self.waiting_changes);
        match self.placed.state == state {
            true => self.placed.clone(),
            false => self.place_demand(state, self.unit),
        }
    }

    /// Remembers what becomes of them, for as long as nothing changes.
    pub(super) fn update_demand(&mut self) {
        let state = (self.nodes.changes, self.waiting_changes);
        if self.placed.state != state {
            self.placed = self.place_demand(state, self.unit);
        }
    }

    /// Places them for a metric of this unit.
    pub(super) fn place_demand(&self, state: (u64, u64), unit: MetricUnit) -> Demand {
        let mut demand = Demand { state, ..Demand::default() };
        let filler = self.workloads[FILLER].level;
        let queue = self.waiting_paid(match unit {
            MetricUnit::FitReplicas => filler + 1,
            MetricUnit::Cores => 0,
        });
        if queue.is_empty() {
            return demand;
        }
        let mut names = vec![CPU, MEMORY, PODS];
        for (_, _, _, id) in &queue {
            let asked = self.workloads[self.pods[*id].workload].template.replica.footprint();
            names.extend(
                asked.present().map(|(name, _)| name).filter(|n| ![CPU, MEMORY, PODS].contains(n)),
            );
        }
        names[3..].sort_unstable();
        names.dedup();
        let nodes = &self.nodes;
        let left = |node: &Node, name: &str, taken: &Resources| {
            node.sums.allocatable.get(name) - taken.get(name)
        };
        let mut open = Room::new(nodes, &names, |node, name| left(node, name, &node.sums.paid));
        let mut free =
            Room::new(nodes, &names, |node, name| left(node, name, &node.sums.requested));
        let place_of: BTreeMap<usize, usize> =
            nodes.by_size().iter().enumerate().map(|(place, at)| (*at, place)).collect();
        // Room only shrinks: of pods that are alike none finds any after one that did not.
        let mut without_room = BTreeSet::new();
        for (_, _, _, id) in queue {
            let pod = &self.pods[id];
            if without_room.contains(&pod.workload) {
                continue;
            }
            let owner = &self.workloads[pod.workload];
            let footprint = owner.template.replica.footprint();
            let needs: Vec<Amount> = names.iter().map(|name| footprint.get(name)).collect();
            let may_preempt = owner.template.preempts || owner.level <= filler;
            let room = if may_preempt { &open } else { &free };
            let nominated = pod.nominated.and_then(|at| place_of.get(&at).copied());
            let nominated = nominated.filter(|place| has_room(&room.rows[*place], &needs));
            let Some(place) = nominated.or_else(|| room.tree.best(&needs)) else {
                without_room.insert(pod.workload);
                continue;
            };
            open.take(nodes, place, &needs);
            free.take(nodes, place, &needs);
            demand.placed.add(footprint);
            demand.kept.entry(nodes.by_size()[place]).or_default().add(footprint);
        }
        demand
    }

    /// Paid pods without a node that have at least this priority, in the order of the scheduler's
    /// queue.
    fn waiting_paid(&self, least: usize) -> Vec<(Reverse<usize>, bool, u64, PodId)> {
        let paid = self.with_pending.iter().map(|at| &self.workloads[*at]);
        let mut queue: Vec<_> = paid
            .filter(|owner| !owner.is_filler && owner.level >= least)
            .flat_map(|owner| {
                let turn = |id: &PodId| {
                    let pod = &self.pods[*id];
                    (Reverse(owner.level), pod.nominated.is_none(), pod.number, *id)
                };
                owner.nominated.iter().chain(&owner.waiting).map(turn)
            })
            .collect();
        queue.sort_unstable();
        queue
    }
}
