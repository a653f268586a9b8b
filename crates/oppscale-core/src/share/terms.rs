//! What a division goes by, however replicas are allocated.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::IDLE_CPU;
use super::capacity::{Class, PreparedRequest, SharedCapacity, row};
use super::rows::{NodeAmount, fitting, quotient};
use crate::resources::{Amount, CPU};
use crate::units::WHOLE;

/// The cost of the whole cluster, of which that of a replica is a part, in bits: the most of which
/// a turn has millionths in 64 bits, twice over.
const COST_BITS: u32 = 43;
/// Further bits of the cost of one unit. So no cost below 2^63 units is off by more than 2^-17
/// before it is rounded down.
const RATE_BITS: u32 = 80;
/// More than all replicas together take, each of which takes 64 bits at most.
const UNLIMITED: Amount = Amount::MAX / 2;
/// Shares are fair to one part in so many of what a workload could have. Allocating single
/// replicas would take time proportional to their number.
const STEPS: Amount = 512;

/// What holds however replicas are allocated.
pub(super) struct Terms<'r> {
    pub(super) capacity: &'r SharedCapacity,
    /// Reserve of each request.
    pub(super) reserves: Vec<Vec<Amount>>,
    /// Millicores that each request on the usage basis reserves of idle CPU.
    pub(super) idle_reserves: Vec<Amount>,
    /// The shape of each request: replicas of one shape fit on the same nodes.
    pub(super) shapes: Vec<usize>,
    /// Index of idle CPU in a row, if some request is on the usage basis.
    pub(super) idle: Option<usize>,
    /// Resources that each namespace gets at most; `None` if it may get all, which replicas that
    /// have room on their nodes never go beyond.
    pub(super) most_of: Vec<Option<Vec<Amount>>>,
    /// Resources of all nodes.
    whole: Vec<Whole>,
    pub(super) costs: Vec<Amount>,
    pub(super) steps: Vec<Amount>,
    /// Whether two classes have a node in common, or are the same.
    pub(super) meets: Vec<Vec<bool>>,
    /// Weights of those that share nodes with the requests of a class.
    weights: Vec<Weights>,
    /// Requests by basis and by the priority that counts against other namespaces, the highest
    /// first.
    pub(super) tiers: Vec<Vec<usize>>,
}

/// All of one resource.
struct Whole {
    amount: Amount,
    /// Cost of one unit.
    rate: Amount,
}

impl Whole {
    fn of(amount: Amount) -> Self {
        let amount = amount.max(1);
        Self { amount, rate: ((1 << (COST_BITS + RATE_BITS)) - 1) / amount + 1 }
    }

    /// The part that this many units are, rounded down; above the whole where there are not as many.
    /// That is rare, and a division takes ten times as long.
    fn cost(&self, units: Amount) -> Amount {
        match units <= self.amount {
            true => (units * self.rate) >> RATE_BITS,
            false => quotient(units << COST_BITS, self.amount),
        }
    }
}

/// Weights of what has a node in common with a class.
struct Weights {
    /// Sum over the requests of each namespace.
    within: Vec<Amount>,
    /// Sum over the namespaces.
    beside: Amount,
}

impl<'r> Terms<'r> {
    /// Those of a capacity.
    pub(super) fn of(capacity: &'r SharedCapacity) -> Self {
        let width = capacity.names.len();
        let mut whole = vec![0; width];
        for node in capacity.free.chunks_exact(width) {
            whole.iter_mut().zip(node).for_each(|(sum, free)| *sum += Amount::from((*free).max(0)));
        }
        let of_all = |make: &dyn Fn(&PreparedRequest) -> Amount| -> Vec<Amount> {
            capacity.requests.iter().map(|prepared| prepared.as_ref().map_or(0, make)).collect()
        };
        let alone = numbered(capacity).count() < 2;
        let most_of = capacity.namespaces.iter().map(|namespace| {
            let most = whole.iter().map(|whole| whole * namespace.max_share / WHOLE);
            (namespace.max_share < WHOLE).then(|| most.collect())
        });
        let most_of = most_of.collect();
        let whole: Vec<Whole> = whole.into_iter().map(Whole::of).collect();
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
        let mut tiers: BTreeMap<(bool, Reverse<i32>), Vec<usize>> = BTreeMap::new();
        for (number, prepared) in numbered(capacity) {
            let tier = (prepared.is_by_usage(), Reverse(prepared.tier()));
            tiers.entry(tier).or_default().push(number);
        }
        let meets = meets(capacity);
        Self {
            capacity,
            reserves,
            shapes: shapes(capacity, &idle_reserves),
            idle_reserves,
            idle: capacity.names.iter().position(|name| name == IDLE_CPU),
            most_of,
            costs: of_all(&|prepared| largest_cost(prepared.needs.iter().copied(), &whole)),
            steps: of_all(&|prepared| step(capacity, prepared, alone)),
            weights: weights(capacity, &meets),
            meets,
            tiers: tiers.into_values().collect(),
            whole,
        }
    }

    /// Free capacity of a class beyond demand. Idle CPU counts by node alone.
    pub(super) fn left_of(&self, class: &Class) -> Vec<Amount> {
        let mut left: Vec<Amount> =
            class.free.iter().zip(&class.demand_row).map(|(free, demand)| free - demand).collect();
        if let Some(at) = self.idle {
            left[at] = UNLIMITED;
        }
        left
    }

    /// Largest part that these amounts are of any resource; never 0.
    pub(super) fn cost(&self, amounts: &[Amount]) -> Amount {
        largest_cost(amounts.iter().copied(), &self.whole)
    }

    /// The part of a request in what no workload takes, and the whole of which it is a part: by its
    /// weight within its namespace, and by the namespace's weight beside those that it shares nodes
    /// with.
    pub(super) fn weight_of(&self, prepared: &PreparedRequest) -> (Amount, Amount) {
        let Weights { within, beside } = &self.weights[prepared.class];
        let namespace = weight_of_namespace(self.capacity, prepared.namespace);
        let own = Amount::from(prepared.request.policy.weight);
        (namespace * own, beside * within[prepared.namespace])
    }
}

fn weight_of_namespace(capacity: &SharedCapacity, namespace: usize) -> Amount {
    capacity.namespaces[namespace].weight.max(1)
}

/// Which classes have a node in common with which.
fn meets(capacity: &SharedCapacity) -> Vec<Vec<bool>> {
    let classes = capacity.classes.len();
    let mut meets = vec![vec![false; classes]; classes];
    for (class, meets) in meets.iter_mut().enumerate() {
        meets[class] = true;
        let kinds = capacity.kinds.iter().filter(|kind| kind.contains(&class));
        kinds.flatten().for_each(|other| meets[*other] = true);
    }
    meets
}

/// The weights beside the requests of each class.
fn weights(capacity: &SharedCapacity, meets: &[Vec<bool>]) -> Vec<Weights> {
    // Of requests that have both in common there are few.
    let mut sums: BTreeMap<(usize, usize), Amount> = BTreeMap::new();
    for (_, prepared) in numbered(capacity) {
        let sum = sums.entry((prepared.class, prepared.namespace)).or_default();
        *sum += Amount::from(prepared.request.policy.weight);
    }
    let of_class = |meets: &Vec<bool>| {
        let mut weights = Weights { within: vec![0; capacity.namespaces.len()], beside: 0 };
        for ((_, namespace), sum) in sums.iter().filter(|((class, _), _)| meets[*class]) {
            // Weights are at least 1.
            if weights.within[*namespace] == 0 {
                weights.beside += weight_of_namespace(capacity, *namespace);
            }
            weights.within[*namespace] += sum;
        }
        weights
    };
    meets.iter().map(of_class).collect()
}

/// The requests that are not held, with their index.
pub(super) fn numbered(
    capacity: &SharedCapacity,
) -> impl Iterator<Item = (usize, &PreparedRequest)> {
    capacity.requests.iter().enumerate().filter_map(|(n, prepared)| Some((n, prepared.as_ref()?)))
}

/// What must be free for a replica: its needs, and the reserve of idle CPU beside it, with the class
/// whose nodes it is a part of.
type Shape<'c> = (&'c [NodeAmount], Option<(Amount, usize)>);

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

/// Number of replicas allocated at a time.
fn step(capacity: &SharedCapacity, prepared: &PreparedRequest, alone: bool) -> Amount {
    // A single workload gets all in one step.
    if alone { Amount::MAX } else { (could_have(capacity, prepared) / STEPS).max(1) }
}

/// Upper bound of replicas if the request were alone: all free capacity as one node.
fn could_have(capacity: &SharedCapacity, prepared: &PreparedRequest) -> Amount {
    fitting(capacity.classes[prepared.class].free.iter().copied(), &prepared.needs)
}

/// Largest part that these amounts are of any resource; never 0.
fn largest_cost<A: Into<Amount>>(amounts: impl Iterator<Item = A>, whole: &[Whole]) -> Amount {
    let parts = amounts.zip(whole).map(|(amount, whole)| whole.cost(amount.into()));
    parts.max().unwrap_or(0).max(1)
}
