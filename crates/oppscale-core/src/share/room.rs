//! The room that is shared, taken out of the ledger as plain numbers.
//!
//! The ledger is locked only while this is made; dividing takes longer and needs no lock.

use std::collections::HashMap;

use super::Claimant;
use crate::ledger::{Ledger, NodeAccount, Waiting};
use crate::node::NodeRecord;
use crate::placement::Placement;
use crate::resources::{Amount, CPU, MEMORY, PODS, Resources};

/// What there is to share, and who asks for it.
#[derive(Debug)]
pub struct Room {
    pub(super) claimants: Vec<Option<Asking>>,
    /// The resources that count, by name: the place in the list is their place in a row.
    pub(super) names: Vec<String>,
    /// The nodes that some claimant may use, by name.
    pub(super) nodes: Vec<RoomNode>,
    /// What is free on each node, one row after another.
    pub(super) free: Vec<Amount>,
    pub(super) classes: Vec<Class>,
    /// For each kind of node, which classes may use it.
    pub(super) kinds: Vec<Vec<usize>>,
}

/// A claimant, prepared.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) claimant: Claimant,
    pub(super) class: usize,
    /// What a replica takes, in the order of the names.
    pub(super) needs: Vec<Amount>,
}

/// A node that somebody may use.
#[derive(Debug)]
pub(super) struct RoomNode {
    pub(super) name: String,
    pub(super) kind: usize,
}

/// Claimants that may use the same nodes.
#[derive(Debug)]
pub(super) struct Class {
    placement: Placement,
    pub(super) nodes: usize,
    pub(super) allocatable: Resources,
    /// What is free on its nodes; what one is short of is never netted.
    pub(super) free: Vec<Amount>,
    pub(super) demand: Resources,
    /// The same, in the order of the names.
    pub(super) demand_row: Vec<Amount>,
}

impl Room {
    /// The room in `ledger`, which tracks the claimants in the order given. `None` stands
    /// for one that is held.
    pub fn of(ledger: &Ledger, claimants: &[Option<Claimant>]) -> Self {
        let names = names(claimants);
        let mut classes: Vec<Class> = Vec::new();
        let asking: Vec<Option<Asking>> = claimants
            .iter()
            .map(|claimant| {
                let claimant = claimant.clone()?;
                let class = class_of(&mut classes, &claimant.placement, names.len());
                let needs = row(&names, claimant.replica.footprint());
                Some(Asking { claimant, class, needs })
            })
            .collect();
        let mut room = Self {
            claimants: asking,
            names,
            nodes: Vec::new(),
            free: Vec::new(),
            classes,
            kinds: Vec::new(),
        };
        let mut usable: Vec<Vec<&NodeRecord>> = vec![Vec::new(); room.classes.len()];
        room.add_nodes(ledger, &mut usable);
        room.add_demand(ledger, &usable);
        for class in &mut room.classes {
            class.demand_row = row(&room.names, &class.demand);
        }
        room
    }

    fn add_nodes<'l>(&mut self, ledger: &'l Ledger, usable: &mut [Vec<&'l NodeRecord>]) {
        let mut kinds: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut accounts: Vec<(&NodeRecord, &NodeAccount)> =
            ledger.nodes().filter_map(|(_, a)| Some((a.record.as_ref()?, a))).collect();
        accounts.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        for (record, account) in accounts {
            let Ok(allocatable) = &record.allocatable else { continue };
            // What stands there cannot be told, so neither can what is free.
            if account.unknown_pods > 0 {
                continue;
            }
            let may_use: Vec<usize> = (0..self.classes.len())
                .filter(|class| record.is_usable(&self.classes[*class].placement))
                .collect();
            if may_use.is_empty() {
                continue;
            }
            let free = self.free_on(account, allocatable);
            for class in &may_use {
                usable[*class].push(record);
                let class = &mut self.classes[*class];
                class.nodes += 1;
                class.allocatable.add(allocatable);
                for (sum, free) in class.free.iter_mut().zip(&free) {
                    *sum += (*free).max(0);
                }
            }
            let count = self.kinds.len();
            let kind = *kinds.entry(may_use).or_insert_with_key(|classes| {
                self.kinds.push(classes.clone());
                count
            });
            self.nodes.push(RoomNode { name: record.name.to_string(), kind });
            self.free.extend(free);
        }
    }

    /// What is free beside everybody but those who share.
    fn free_on(&self, account: &NodeAccount, allocatable: &Resources) -> Vec<Amount> {
        let shares = |id| matches!(self.claimants.get(id as usize), Some(Some(_)));
        let free = |name: &String| {
            let own = account.tallies().filter(|(id, _)| shares(*id));
            let own: Amount = own.map(|(_, own)| own.get(name)).sum();
            let (paid, opportunistic) = (&account.paid, &account.opportunistic);
            allocatable.get(name) - paid.get(name) - opportunistic.get(name) + own
        };
        self.names.iter().map(free).collect()
    }

    fn add_demand(&mut self, ledger: &Ledger, usable: &[Vec<&NodeRecord>]) {
        // Pods of one workload wait in hundreds, all alike; each shape is looked at once.
        let mut shapes: HashMap<(*const Resources, *const ()), Vec<(&Waiting, Amount)>> =
            HashMap::new();
        let paid =
            |pod: &&Waiting| !pod.opportunistic && !pod.gated && !ledger.is_tracked(&pod.group);
        for pod in ledger.waiting().filter(paid) {
            let key = (
                std::sync::Arc::as_ptr(&pod.footprint),
                std::sync::Arc::as_ptr(&pod.group).cast::<()>(),
            );
            let alike = shapes.entry(key).or_default();
            match alike.iter_mut().find(|(known, _)| known.placement == pod.placement) {
                Some((_, count)) => *count += 1,
                None => alike.push((pod, 1)),
            }
        }
        for (pod, count) in shapes.values().flatten() {
            for (class, nodes) in self.classes.iter_mut().zip(usable) {
                if nodes.iter().any(|node| node.could_hold(&pod.placement, &pod.footprint)) {
                    class.demand.add(&pod.footprint.map(|amount| amount * count));
                }
            }
        }
    }
}

/// Cpu, memory and pods, and what else some replica asks for.
fn names(claimants: &[Option<Claimant>]) -> Vec<String> {
    let mut names: Vec<String> = [CPU, MEMORY, PODS].map(str::to_owned).into();
    for claimant in claimants.iter().flatten() {
        for (name, _) in claimant.replica.footprint().present() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn class_of(classes: &mut Vec<Class>, placement: &Placement, width: usize) -> usize {
    match classes.iter().position(|class| class.placement == *placement) {
        Some(at) => at,
        None => {
            classes.push(Class {
                placement: placement.clone(),
                nodes: 0,
                allocatable: Resources::default(),
                free: vec![0; width],
                demand: Resources::default(),
                demand_row: Vec::new(),
            });
            classes.len() - 1
        }
    }
}

/// The amounts of `resources` in the order of `names`.
pub(super) fn row(names: &[String], resources: &Resources) -> Vec<Amount> {
    names.iter().map(|name| resources.get(name)).collect()
}
