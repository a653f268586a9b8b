//! Places one waiting pod after another.
//!
//! Pods with the same node rules share the set of nodes that admit them, and a tree over it
//! (see [`RoomTree`]); pods that are alike in everything share the answer once there is no
//! room, for room only shrinks. So a pod costs the logarithm of the number of nodes. Each
//! distinct set of rules is checked once against each node whose labels match.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::room_tree::{RoomTree, has_room, score};
use super::{DemandState, Fillers, PlacedPod};
use crate::ledger::{Ledger, NodeAccount, Unoffered, Waiting};
use crate::node::NodeRecord;
use crate::placement::Placement;
use crate::record::PodKey;
use crate::resources::{Amount, CPU, MEMORY, PODS, Resources};
use crate::units::quantity_text;

/// Room of which it is unknown how much there is: there might be enough.
const UNKNOWN_ROOM: Amount = Amount::MAX / 4;

/// Nodes that are compared for a preemption: `minCandidateNodesAbsolute` of the scheduler (1.36).
/// It compares a tenth of the nodes if that is more, from a node that chance decides.
const CANDIDATES: usize = 100;

pub(super) struct Placer<'l> {
    unoffered: Unoffered,
    /// Names of the resources that waiting pods request. A row has their amounts in this order.
    names: Vec<&'l str>,
    /// Nodes, sorted by size, so that a tree over them is searched quickly.
    nodes: Vec<Site<'l>>,
    by_name: HashMap<&'l str, usize>,
    /// Nodes by the value of each label that some pod requires.
    by_label: HashMap<&'l str, HashMap<&'l str, Vec<usize>>>,
    /// Free resources of each node beside all of its pods, one row after another.
    free: Vec<Amount>,
    /// Free resources of each node after preempting every filler whose priority is below that of
    /// the current pod.
    open: Vec<Amount>,
    has_fillers: bool,
    /// Footprints of fillers on nodes, by priority.
    filler_rows: Vec<(i32, usize, Vec<Amount>)>,
    /// Priorities of fillers that may be preempted by the next pod, ascending.
    preemptible: Vec<i32>,
    /// The lowest priority of all fillers.
    lowest: Option<i32>,
    rules: Vec<Rules>,
    rules_of: HashMap<*const Placement, usize>,
    shapes: HashMap<ShapeKey, Shape>,
    /// Room that was taken from nodes, in order.
    taken: Vec<(usize, Arc<[Amount]>)>,
    /// Nodes that are lost for now, ascending.
    lost: Vec<usize>,
    /// Trees that were searched since the loss: of these rules, over the open room or not.
    searched: Vec<(usize, bool)>,
    /// Shapes for which there is no room since the loss.
    full: Vec<ShapeKey>,
    /// The resources in the order in which a reason names them.
    order: Vec<usize>,
    /// Fillers of each node, the most important first, where they stay until they are evicted;
    /// `None` where pods are placed as if fillers were not there.
    fillers: Option<Vec<Vec<Filler>>>,
    /// By how much evictions raised the free room of which node.
    evicted: Vec<(usize, Vec<Amount>)>,
}

/// A filler that may be evicted.
struct Filler {
    needs: Vec<Amount>,
    is_evicted: bool,
}

/// A node.
struct Site<'l> {
    record: &'l NodeRecord,
    account: &'l NodeAccount,
    /// Whether its room is known.
    is_known: bool,
    is_usable: bool,
}

/// The nodes for one set of node rules.
struct Rules {
    /// Nodes that node selector and affinity allow.
    selected: Vec<usize>,
    /// Selected nodes that admit the pods now.
    admitting: Vec<usize>,
    free: Option<RoomTree>,
    open: Option<RoomTree>,
}

/// Footprint, node rules, priority, and whether the pod preempts: equal pods are alike. The
/// ledger keeps each footprint and placement once, so their addresses tell them apart.
type ShapeKey = (*const Resources, *const Placement, i32, bool);

#[derive(Clone)]
struct Shape {
    rules: usize,
    needs: Arc<[Amount]>,
    /// Whether no node has room.
    is_full: bool,
    /// Final state of such pods then, once it is asked for.
    end: Option<(DemandState, Option<Arc<str>>)>,
}

impl<'l> Placer<'l> {
    pub(super) fn new(
        ledger: &'l Ledger,
        fillers: &Fillers<'_>,
        queue: &[(&'l PodKey, &'l Waiting)],
        unoffered: Unoffered,
    ) -> Self {
        let mut names: Vec<&str> = [CPU, MEMORY, PODS].into();
        for (name, _) in queue.iter().flat_map(|(_, pod)| pod.footprint.present()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut nodes: Vec<Site<'l>> = ledger
            .nodes()
            .filter_map(|(_, account)| {
                let record = account.record.as_ref()?;
                let is_known = record.allocatable.is_ok() && account.unknown_pods == 0;
                let is_usable = is_known && (fillers.is_usable)(record);
                Some(Site { record, account, is_known, is_usable })
            })
            .collect();
        nodes.sort_by_cached_key(|site| {
            let of = |name| site.record.allocatable.as_ref().map_or(0, |all| all.get(name));
            ([CPU, MEMORY].map(of), &site.record.name)
        });
        let (mut free, mut open, mut filler_rows) = (Vec::new(), Vec::new(), Vec::new());
        for (number, site) in nodes.iter().enumerate() {
            let start = free.len();
            free.extend(names.iter().map(|name| site.free(name)));
            open.extend_from_slice(&free[start..]);
            for (priority, sum) in fillers.on(site.account) {
                let row: Vec<Amount> = names.iter().map(|name| sum.get(name)).collect();
                if row.iter().any(|amount| *amount != 0) {
                    open[start..].iter_mut().zip(&row).for_each(|(open, held)| *open += held);
                    filler_rows.push((priority, number, row));
                }
            }
        }
        let preemptible = fillers.priorities();
        Self {
            unoffered,
            by_name: nodes.iter().enumerate().map(|(at, site)| (&*site.record.name, at)).collect(),
            by_label: HashMap::new(),
            order: (0..names.len()).collect(),
            names,
            nodes,
            free,
            open,
            has_fillers: !filler_rows.is_empty(),
            filler_rows,
            lowest: preemptible.first().copied(),
            preemptible,
            rules: Vec::new(),
            rules_of: HashMap::new(),
            shapes: HashMap::new(),
            taken: Vec::new(),
            lost: Vec::new(),
            searched: Vec::new(),
            full: Vec::new(),
            fillers: None,
            evicted: Vec::new(),
        }
    }

    /// Places pods from now on as the scheduler does: into free room, and only if there is none by
    /// evicting fillers of one node. `fillers` gives those of a node, the most important first.
    pub(super) fn evicting<'f, I>(mut self, fillers: impl Fn(&str) -> I) -> Self
    where
        I: IntoIterator<Item = &'f Resources>,
    {
        let of = |footprint: &Resources| Filler {
            needs: self.names.iter().map(|name| footprint.get(name)).collect(),
            is_evicted: false,
        };
        let sites = self.nodes.iter();
        self.fillers = Some(
            sites.map(|site| fillers(&site.record.name).into_iter().map(of).collect()).collect(),
        );
        self
    }

    /// Loses nodes until [`Self::undo`], before the pods of `queue` are placed.
    pub(super) fn lose(&mut self, nodes: &[&str], queue: &[(&'l PodKey, &'l Waiting)]) {
        self.lost = nodes.iter().filter_map(|name| self.by_name.get(name).copied()).collect();
        self.lost.sort_unstable();
        // With one name beside those that are always there, the order is the same for all.
        let basics = [CPU, MEMORY, PODS].len();
        if self.names.len() > basics + 1 {
            self.order.truncate(0);
            self.order.extend(0..basics);
            for (name, _) in queue.iter().flat_map(|(_, pod)| pod.footprint.present()) {
                let number = self.names.iter().position(|known| *known == name);
                if let Some(number) = number.filter(|number| !self.order.contains(number)) {
                    self.order.push(number);
                }
            }
        }
    }

    /// Takes back every placement, and gives lost nodes back. There must be one priority of fillers
    /// at most: then none are protected for good.
    pub(super) fn undo(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        let mut nodes: Vec<usize> = taken.iter().map(|(node, _)| *node).collect();
        for (node, needs) in &taken {
            self.change(*node, needs, |room, need| *room += need);
        }
        for (node, gain) in std::mem::take(&mut self.evicted) {
            let free = &mut self.free[node * gain.len()..(node + 1) * gain.len()];
            free.iter_mut().zip(&gain).for_each(|(free, gain)| *free -= gain);
            let fillers = self.fillers.iter_mut().flat_map(|fillers| &mut fillers[node]);
            fillers.for_each(|filler| filler.is_evicted = false);
        }
        nodes.append(&mut self.lost);
        nodes.sort_unstable();
        nodes.dedup();
        for (rules, is_open) in std::mem::take(&mut self.searched) {
            let Rules { free, open, .. } = &mut self.rules[rules];
            let (room, tree) = if is_open { (&self.open, open) } else { (&self.free, free) };
            let Some(tree) = tree else { continue };
            tree.regain();
            for &node in &nodes {
                let row = row(room, node, self.names.len());
                tree.update(node, row, self.nodes[node].score(row));
            }
            tree.changes = 0;
        }
        for shape in self.full.drain(..) {
            if let Some(shape) = self.shapes.get_mut(&shape) {
                (shape.is_full, shape.end) = (false, None);
            }
        }
    }

    /// Places a pod that comes after all that were placed before.
    pub(super) fn place(&mut self, key: &'l PodKey, pod: &'l Waiting) -> PlacedPod<'l> {
        let nowhere =
            |state, reason| PlacedPod { key, pod, state, node: None, preempts: false, reason };
        if pod.gated {
            return nowhere(DemandState::Gated, None);
        }
        let Some((node, preempts)) = self.seat(pod) else {
            let (state, reason) = self.end(pod);
            return nowhere(state, reason);
        };
        let site = &self.nodes[node];
        let state = if site.is_usable { DemandState::Placeable } else { DemandState::Elsewhere };
        PlacedPod { key, pod, state, node: Some(&site.record.name), preempts, reason: None }
    }

    /// As [`Self::place`], without asking what keeps a pod off every node.
    pub(super) fn seat(&mut self, pod: &'l Waiting) -> Option<(usize, bool)> {
        if pod.gated {
            return None;
        }
        let (key, shape) = self.shape(pod);
        if shape.is_full {
            return None;
        }
        let is_outranked = self.is_outranked(pod);
        let may_preempt = pod.queueing.preempts && self.has_fillers && !is_outranked;
        let found = if is_outranked && self.fillers.is_none() {
            None
        } else {
            if !is_outranked {
                self.protect_fillers_from(pod.queueing.priority);
            }
            self.find(pod, shape.rules, &shape.needs, may_preempt)
        };
        match found {
            Some((node, preempts)) => {
                if preempts {
                    self.evict(node, &shape.needs);
                }
                self.change(node, &shape.needs, |room, need| *room -= need);
                self.taken.push((node, shape.needs));
            }
            None => {
                self.full.push(key);
                if let Some(shape) = self.shapes.get_mut(&key) {
                    // What is left of evicted fillers may do for pods that evict none.
                    shape.is_full = may_preempt || self.fillers.is_none();
                }
            }
        }
        found
    }

    fn shape(&mut self, pod: &'l Waiting) -> (ShapeKey, Shape) {
        let queueing = &pod.queueing;
        let (footprint, placement) = (Arc::as_ptr(&pod.footprint), Arc::as_ptr(&pod.placement));
        let key = (footprint, placement, queueing.priority, queueing.preempts);
        if let Some(shape) = self.shapes.get(&key) {
            return (key, shape.clone());
        }
        let (rules, needs) = (self.rules(&pod.placement), self.needs(pod).into());
        let shape = Shape { rules, needs, is_full: false, end: None };
        self.shapes.insert(key, shape.clone());
        (key, shape)
    }

    /// Whether the pod's priority is not above that of any filler.
    fn is_outranked(&self, pod: &Waiting) -> bool {
        self.lowest.is_some_and(|lowest| pod.queueing.priority <= lowest)
    }

    /// The node for the pod, and whether fillers must go from it.
    fn find(
        &mut self,
        pod: &Waiting,
        rules: usize,
        needs: &[Amount],
        may_preempt: bool,
    ) -> Option<(usize, bool)> {
        let width = self.names.len();
        let room = if may_preempt { &self.open } else { &self.free };
        let nominated = self.by_name.get(&*pod.queueing.nominated_node).copied().filter(|node| {
            self.rules[rules].admitting.binary_search(node).is_ok()
                && self.lost.binary_search(node).is_err()
                && has_room(row(room, *node, width), needs)
        });
        let node = match nominated {
            Some(node) => node,
            None if self.fillers.is_none() => self.tree(rules, may_preempt).best(needs)?,
            None => match self.tree(rules, false).best(needs) {
                Some(node) => node,
                None if may_preempt => self.cheapest(rules, needs)?,
                None => return None,
            },
        };
        Some((node, !has_room(row(&self.free, node, width), needs)))
    }

    /// The node where the fewest fillers must go: as `pickOneNodeForPreemption` (1.36), among
    /// [`CANDIDATES`] nodes. Of equal ones, the node with the greatest share of room beside
    /// fillers.
    fn cheapest(&mut self, rules: usize, needs: &[Amount]) -> Option<usize> {
        // Most pods that find no free room find none beside fillers either: the tree knows.
        self.tree(rules, true).best(needs)?;
        let open = |node: usize| row(&self.open, node, self.names.len());
        let admitting = self.rules[rules].admitting.iter().copied();
        let candidates = admitting
            .filter(|node| self.lost.binary_search(node).is_err() && has_room(open(*node), needs))
            .take(CANDIDATES);
        let mut room = Vec::with_capacity(needs.len());
        candidates.min_by_key(|&node| {
            let mut victims = 0;
            self.each_victim(node, needs, &mut room, |_| victims += 1);
            (victims, Reverse(self.nodes[node].score(open(node))))
        })
    }

    /// Calls `each` with the fillers that must leave a node, and puts into `room` what is then free
    /// beside the pod: as `SelectVictimsOnNode` (1.36), all go, and come back by importance while
    /// the pod fits beside them. What the pod does not request is not compared: an overcommitted
    /// node may lack it already.
    fn each_victim(
        &self,
        node: usize,
        needs: &[Amount],
        room: &mut Vec<Amount>,
        mut each: impl FnMut(usize),
    ) {
        room.clear();
        room.extend(
            row(&self.open, node, needs.len()).iter().zip(needs).map(|(room, need)| room - need),
        );
        let fillers = self.fillers.iter().flat_map(|fillers| fillers[node].iter().enumerate());
        for (number, filler) in fillers.filter(|(_, filler)| !filler.is_evicted) {
            let mut compared = room.iter().zip(&filler.needs).zip(needs);
            match compared.all(|((room, held), need)| *need == 0 || held <= room) {
                true => room.iter_mut().zip(&filler.needs).for_each(|(room, held)| *room -= held),
                false => each(number),
            }
        }
    }

    /// Evicts the fillers that must leave a node for a pod of these needs.
    fn evict(&mut self, node: usize, needs: &[Amount]) {
        let (mut victims, mut room) = (Vec::new(), Vec::new());
        self.each_victim(node, needs, &mut room, |victim| victims.push(victim));
        let Some(fillers) = &mut self.fillers else { return };
        for victim in victims {
            fillers[node][victim].is_evicted = true;
        }
        let free = &mut self.free[node * needs.len()..(node + 1) * needs.len()];
        let gain = free.iter_mut().zip(room.iter().zip(needs)).map(|(free, (room, need))| {
            let gain = room + need - *free;
            *free += gain;
            gain
        });
        self.evicted.push((node, gain.collect()));
    }

    /// The tree over the free or the open room of nodes that admit pods of these rules.
    fn tree(&mut self, rules: usize, is_open: bool) -> &RoomTree {
        let Rules { admitting, free, open, .. } = &mut self.rules[rules];
        let (room, tree) = if is_open { (&self.open, open) } else { (&self.free, free) };
        let (nodes, taken, width) = (&self.nodes, &self.taken, self.names.len());
        let of = |node: usize| {
            let row = row(room, node, width);
            (row, nodes[node].score(row))
        };
        let tree = tree.get_or_insert_with(|| RoomTree::new(admitting, width, taken.len(), of));
        for (node, _) in &taken[tree.changes..] {
            let (room, score) = of(*node);
            tree.update(*node, room, score);
        }
        tree.changes = taken.len();
        if !tree.has_loss {
            tree.lose(&self.lost);
            self.searched.push((rules, is_open));
        }
        tree
    }

    fn change(&mut self, node: usize, needs: &[Amount], change: impl Fn(&mut Amount, &Amount)) {
        let at = node * needs.len();
        for room in [&mut self.free, &mut self.open] {
            let row = &mut room[at..at + needs.len()];
            row.iter_mut().zip(needs).for_each(|(room, need)| change(room, need));
        }
    }

    /// Fillers of this or a higher priority stay from now on: the pods that follow have at most
    /// this priority.
    fn protect_fillers_from(&mut self, priority: i32) {
        while let Some(level) = self.preemptible.pop_if(|level| *level >= priority) {
            for (_, node, held) in self.filler_rows.iter().filter(|(of, ..)| *of == level) {
                let at = node * held.len();
                let row = &mut self.open[at..at + held.len()];
                row.iter_mut().zip(held).for_each(|(open, held)| *open -= held);
            }
            self.rules.iter_mut().for_each(|rules| rules.open = None);
        }
    }

    /// The demand state of a pod that no node has room for.
    fn end(&mut self, pod: &'l Waiting) -> (DemandState, Option<Arc<str>>) {
        let (key, shape) = self.shape(pod);
        if let Some(end) = shape.end {
            return end;
        }
        let Rules { selected, admitting, .. } = &self.rules[shape.rules];
        let beside_standing = |node: &usize| {
            let site = &self.nodes[*node];
            // Pods that cannot be counted leave no more than the counted ones do.
            self.lost.binary_search(node).is_err()
                && (site.record.allocatable.is_err()
                    || self.names.iter().zip(&*shape.needs).all(|(name, need)| {
                        *need == 0 || *need <= site.beside(name, &site.account.standing)
                    }))
        };
        // The largest nodes are last.
        let end = if admitting.iter().rev().any(beside_standing) {
            let is_outranked = self.is_outranked(pod);
            (if is_outranked { DemandState::Outranked } else { DemandState::Blocked }, None)
        } else if selected.iter().rev().any(beside_standing) {
            (DemandState::Elsewhere, None)
        } else {
            (DemandState::Unplaceable, Some(self.reason(selected, &shape.needs).into()))
        };
        if let Some(shape) = self.shapes.get_mut(&key) {
            shape.end = Some(end.clone());
        }
        end
    }

    /// The reason why no node of `selected` can hold a pod of these needs.
    fn reason(&self, selected: &[usize], needs: &[Amount]) -> String {
        let is_left = |node: &&usize| self.lost.binary_search(node).is_err();
        if !selected.iter().any(|node| is_left(&node)) && self.nodes.len() > self.lost.len() {
            return "no node meets its node selector and required affinity".to_owned();
        }
        let largest = |room: &dyn Fn(&Site<'l>) -> Amount| {
            let left = selected.iter().filter(is_left);
            left.map(|node| room(&self.nodes[*node])).max().unwrap_or(0)
        };
        let nothing = Resources::default();
        let named = || self.order.iter().map(|at| (self.names[*at], &needs[*at]));
        let asked = || named().filter(|(_, need)| **need > 0);
        for (name, need) in asked() {
            let has = largest(&|site| site.beside(name, &nothing));
            if *need > has {
                let (asks, has) = (quantity_text(name, *need), quantity_text(name, has));
                return format!("requests {asks} {name}; the largest usable node has {has}");
            }
        }
        for (name, need) in asked() {
            let left = largest(&|site| site.beside(name, &site.account.standing));
            if *need > left {
                let (asks, left) = (quantity_text(name, *need), quantity_text(name, left.max(0)));
                return format!(
                    "requests {asks} {name}; DaemonSet and static pods leave at most {left} of a node"
                );
            }
        }
        "no node has all that it requests at once beside its DaemonSet and static pods".to_owned()
    }

    fn needs(&self, pod: &Waiting) -> Vec<Amount> {
        let footprint = self.unoffered.strip(&pod.footprint);
        self.names.iter().map(|name| footprint.get(name)).collect()
    }

    /// The number of the rules of a placement, whose nodes are looked for at first sight.
    fn rules(&mut self, placement: &'l Arc<Placement>) -> usize {
        if let Some(number) = self.rules_of.get(&Arc::as_ptr(placement)) {
            return *number;
        }
        let mut selected = self.candidates(placement);
        let record = |node: &usize| self.nodes[*node].record;
        selected.retain(|node| placement.selects(&record(node).name, &record(node).labels));
        let admits = |node: &usize| self.nodes[*node].is_known && record(node).admits(placement);
        let admitting = selected.iter().copied().filter(admits).collect();
        self.rules.push(Rules { selected, admitting, free: None, open: None });
        self.rules_of.insert(Arc::as_ptr(placement), self.rules.len() - 1);
        self.rules.len() - 1
    }

    /// Nodes among which are all that the placement selects, ascending.
    fn candidates(&mut self, placement: &'l Placement) -> Vec<usize> {
        if let Some(names) = placement.required_names() {
            let mut found: Vec<usize> =
                names.iter().filter_map(|name| self.by_name.get(&**name).copied()).collect();
            found.sort_unstable();
            found.dedup();
            return found;
        }
        let Some((key, values)) = placement.required_label() else {
            return (0..self.nodes.len()).collect();
        };
        let by_value = self.by_label.entry(key).or_insert_with(|| {
            let mut by_value: HashMap<&str, Vec<usize>> = HashMap::new();
            for (number, site) in self.nodes.iter().enumerate() {
                if let Some(value) = site.record.labels.get(key) {
                    by_value.entry(value).or_default().push(number);
                }
            }
            by_value
        });
        let of_value = values.iter().filter_map(|value| by_value.get(&**value));
        let mut found: Vec<usize> = of_value.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Site<'_> {
    /// What is left of a resource beside what `taken` occupies; of a node of unknown size and of
    /// an unreadable resource, there might be any amount.
    fn beside(&self, name: &str, taken: &Resources) -> Amount {
        match &self.record.allocatable {
            Ok(_) if self.record.is_unreadable(name) => UNKNOWN_ROOM,
            Ok(allocatable) => allocatable.get(name) - taken.get(name),
            Err(_) => UNKNOWN_ROOM,
        }
    }

    fn free(&self, name: &str) -> Amount {
        self.beside(name, &self.account.paid) - self.account.opportunistic.get(name)
    }

    fn score(&self, room: &[Amount]) -> i64 {
        score(self.record.allocatable.as_deref().ok(), room)
    }
}

fn row(rows: &[Amount], at: usize, width: usize) -> &[Amount] {
    &rows[at * width..(at + 1) * width]
}
