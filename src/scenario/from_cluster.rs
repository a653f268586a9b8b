//! A cluster as it was read, as the start of a simulation: its usable nodes, and what is paid
//! for now as a load that does not change.
//!
//! What is lost: which pod stands where (the simulated scheduler places them anew), node
//! selectors, affinity and spreading of paid pods, and paid pods on nodes that the workload
//! may not use.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use hpa_model::simulation::{
    BuiltInScenario, Load, NodePool, PAID_USAGE, PaidApp, PodTemplate, SchedulerOptions, Setup,
};
use oppscale_cluster::history::{HistoryError, Player};
use oppscale_cluster::{ResolvedWorkload, Snapshot};
use oppscale_core::demand::{self, PlacedPod};
use oppscale_core::headroom::Query;
use oppscale_core::ledger::Group;
use oppscale_core::node::NodeRecord;
use oppscale_core::policy::Basis;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, Resources};

/// Length of the simulation, milliseconds.
const LENGTH_MS: u64 = 3_600_000;

/// Pods that are the same to a scheduler: their workload, and what each takes.
pub(super) type PodShape = (String, Vec<(String, Amount)>);

/// Requests of pods on the usable nodes, paid and filler.
pub(super) struct Present<'s> {
    nodes: Vec<&'s NodeRecord>,
    /// Paid pods, with waiting ones that would go to such a node.
    pub(super) paid: BTreeMap<PodShape, u32>,
    /// The workload's own.
    own: BTreeMap<Vec<(String, Amount)>, u32>,
}

impl<'s> Present<'s> {
    pub(super) fn of(snapshot: &'s Snapshot, workload: &ResolvedWorkload) -> Self {
        let query = Query {
            placement: workload.placement.clone(),
            filler_priority: workload.priority,
            ..Query::default()
        };
        let mut nodes: Vec<&NodeRecord> = snapshot.ledger.records().collect();
        nodes.retain(|node| node.is_usable(&query.placement));
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let is_usable: HashSet<&str> = nodes.iter().map(|node| node.name.as_ref()).collect();
        let mut paid: BTreeMap<PodShape, u32> = BTreeMap::new();
        let mut own: BTreeMap<Vec<(String, Amount)>, u32> = BTreeMap::new();
        for pod in snapshot.ledger.bound().filter(|pod| is_usable.contains(pod.node)) {
            match pod.opportunistic {
                true => *own.entry(shape(pod.footprint)).or_default() += 1,
                false => *paid.entry((name(pod.group), shape(pod.footprint))).or_default() += 1,
            }
        }
        let placed = demand::place_for(&snapshot.ledger, &query);
        for (_, pod) in placed.iter().filter_map(PlacedPod::kept_on) {
            *paid.entry((name(&pod.group), shape(&pod.footprint))).or_default() += 1;
        }
        Self { nodes, paid, own }
    }

    /// The usable nodes' capacities, equal ones together.
    pub(super) fn pools(&self) -> Vec<NodePool> {
        pools(&self.nodes)
    }
}

/// The setup of a cluster as it is now. A workload on the usage basis whose burn is known stays on
/// it; what paid pods use is assumed.
pub fn from_cluster(snapshot: &Snapshot, workload: &ResolvedWorkload) -> Setup {
    let present = Present::of(snapshot, workload);
    let mut setup = BuiltInScenario::Blog.setup();
    setup.nodes = present.pools();
    setup.scheduler = SchedulerOptions::default();
    setup.paid =
        present.paid.into_iter().map(|(shape, count)| app(shape, Load::constant(count))).collect();
    setup.end_ms = LENGTH_MS;
    let replicas = present.own.values().sum();
    let largest_group = present.own.into_iter().max_by_key(|(_, count)| *count);
    let replica = workload.replica.clone().or_else(|| largest_group.map(|(of, _)| replica(&of)));
    let replica = replica.unwrap_or_default();
    let burn = workload.policy.burn.filter(|_| workload.policy.basis == Basis::Usage);
    let burn = burn.map(Amount::from);
    let each = burn.unwrap_or_else(|| replica.footprint().get(CPU)).max(1);
    let room: Amount = present
        .nodes
        .iter()
        .filter_map(|node| node.allocatable.as_ref().ok())
        .map(|allocatable| (allocatable.get(CPU) / each).max(0))
        .map(|replicas| if workload.rules.is_one_per_node { replicas.min(1) } else { replicas })
        .sum();
    let filler = &mut setup.filler;
    filler.template.replica = replica;
    filler.start_replicas = replicas;
    let spec = &mut filler.autoscaler.spec;
    let room = u32::try_from(room).unwrap_or(u32::MAX).clamp(1, 1_000_000);
    (spec.min_replicas, spec.max_replicas) = (Some(1), room);
    if workload.rules.is_one_per_node {
        setup.hold_one_filler_per_node();
    }
    if burn.is_some() {
        setup.on_usage_basis(burn, Load::constant(PAID_USAGE));
    }
    setup
}

fn name(group: &Group) -> String {
    format!("{}/{}/{}", group.namespace, group.kind.to_lowercase(), group.name)
}

fn shape(footprint: &Resources) -> Vec<(String, Amount)> {
    footprint.present().map(|(name, amount)| (name.to_owned(), amount)).collect()
}

fn replica(shape: &[(String, Amount)]) -> Replica {
    let add = |sum: Resources, (name, amount): &(String, Amount)| sum.with(name, *amount);
    Replica::from_footprint(shape.iter().fold(Resources::default(), add))
}

pub(super) fn app((name, shape): PodShape, load: Load) -> PaidApp {
    let template = PodTemplate { replica: replica(&shape), ..PodTemplate::paid(0) };
    PaidApp::scripted(&name, template, load)
}

/// Equal nodes together, in the order of their first names.
fn pools(nodes: &[&NodeRecord]) -> Vec<NodePool> {
    let mut pools: Vec<NodePool> = Vec::new();
    for allocatable in nodes.iter().filter_map(|node| node.allocatable.as_deref().ok()) {
        match pools.iter_mut().find(|pool| pool.allocatable == *allocatable) {
            Some(pool) => pool.count += 1,
            None => pools.push(NodePool { count: 1, allocatable: allocatable.clone() }),
        }
    }
    pools
}

/// Number of samples of the paid load: a thousandth of a chart's width is invisible, and a sample
/// of a large cluster takes some milliseconds.
const SAMPLES: u32 = 1000;
/// Shortest time between two samples: the HPA syncs every 15 s.
const SHORTEST: Duration = Duration::from_secs(1);

/// A recorded cluster, ready to be simulated.
#[derive(Debug)]
pub struct Recorded {
    /// The cluster at the beginning, with the paid load over time.
    pub setup: Setup,
    /// Basis of the workload, which `setup` has only if the burn is known, too.
    pub basis: Basis,
    /// Notes for the user.
    pub warnings: Vec<String>,
}

/// Reads a capacity history. `burn`, in millicores, replaces the recorded one.
///
/// # Errors
/// When the file is not a capacity history, or is damaged.
pub fn from_history(path: &Path, burn: Option<i64>) -> Result<Recorded, HistoryError> {
    let mut player = Player::open(path)?;
    let mut workload = player.workload();
    workload.policy.burn = burn.or(workload.policy.burn);
    let (start, end) = (player.start(), player.end());
    let pause = (end.saturating_sub(start) / SAMPLES).max(SHORTEST);
    let (mut setup, nodes) = player.cluster_state().read(|snapshot, _| {
        (from_cluster(snapshot, &workload), Present::of(snapshot, &workload).pools())
    });
    let mut paid = Paid::default();
    let mut has_nodes_changed = false;
    let mut unknown = 0_u32;
    loop {
        let at_ms = player.position().saturating_sub(start).as_millis();
        let at_ms = u64::try_from(at_ms).unwrap_or(u64::MAX);
        player.cluster_state().read(|snapshot, _| {
            if snapshot.pods_unknown.is_some() {
                // Keeps the sample before, since pods are unknown.
                unknown += 1;
                return;
            }
            let present = Present::of(snapshot, &workload);
            has_nodes_changed |= !same(&present.pools(), &nodes);
            paid.sample(at_ms, present.paid);
        });
        let Some(next) = player.next_at() else { break };
        player.advance(next.max((player.position() + pause).min(end)))?;
    }
    let length = u64::try_from(end.saturating_sub(start).as_millis()).unwrap_or(u64::MAX);
    setup.paid = paid.0.into_iter().map(|(shape, (_, load))| app(shape, load)).collect();
    for app in &mut setup.paid {
        // A recorded pod is gone when its containers have ended: its grace period is over.
        app.template.grace_ms = 0;
    }
    setup.end_ms = length.max(1);
    let mut warnings = Vec::new();
    if has_nodes_changed {
        warnings.push(format!(
            "{}: nodes changed during the recording; the simulation uses those at its start",
            path.display()
        ));
    }
    if unknown > 0 {
        warnings.push(format!(
            "{}: pods were unknown for a part of it; what was paid for is taken not to have changed",
            path.display()
        ));
    }
    Ok(Recorded { setup, basis: workload.policy.basis, warnings })
}

/// Pods of a workload over time in a capacity history, waiting ones included: moments in
/// milliseconds since its start, and counts that hold from there. `namespace` is empty for any.
///
/// # Errors
/// When the file is not a capacity history, or is damaged.
pub fn recorded_pods(
    path: &Path,
    (namespace, kind, name): (&str, &str, &str),
) -> Result<Vec<(u64, u32)>, HistoryError> {
    let is_it = |group: &Group| {
        (&*group.kind, &*group.name) == (kind, name)
            && (namespace.is_empty() || &*group.namespace == namespace)
    };
    let mut player = Player::open(path)?;
    let start = player.start();
    let mut counts: Vec<(u64, u32)> = Vec::new();
    loop {
        let at_ms = player.position().saturating_sub(start).as_millis();
        player.cluster_state().read(|snapshot, _| {
            // Keeps the count before, since pods are unknown.
            if snapshot.pods_unknown.is_some() {
                return;
            }
            let bound = snapshot.ledger.bound().filter(|pod| is_it(pod.group)).count();
            let waiting = snapshot.ledger.waiting().filter(|pod| is_it(&pod.group)).count();
            let count = u32::try_from(bound + waiting).unwrap_or(u32::MAX);
            if counts.last().is_none_or(|(_, last)| *last != count) {
                counts.push((u64::try_from(at_ms).unwrap_or(u64::MAX), count));
            }
        });
        let Some(next) = player.next_at() else { break };
        player.advance(next.max(player.position() + SHORTEST).min(player.end()))?;
    }
    let end = player.end().saturating_sub(start).as_millis();
    if let Some((_, last)) = counts.last().copied() {
        counts.push((u64::try_from(end).unwrap_or(u64::MAX), last));
    }
    Ok(counts)
}

/// Paid pods over time: how many there were last, and the load so far.
#[derive(Default)]
struct Paid(BTreeMap<PodShape, (u32, Load)>);

impl Paid {
    fn sample(&mut self, at_ms: u64, mut counts: BTreeMap<PodShape, u32>) {
        for (shape, (known, load)) in &mut self.0 {
            let count = counts.remove(shape).unwrap_or(0);
            if count != *known {
                *load = std::mem::take(load).step(at_ms, count);
                *known = count;
            }
        }
        for (shape, count) in counts {
            let before = if at_ms > 0 { Load::constant(0) } else { Load::default() };
            self.0.insert(shape, (count, before.step(at_ms, count)));
        }
    }
}

fn same(a: &[NodePool], b: &[NodePool]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| a.count == b.count && a.allocatable == b.allocatable)
}
