//! One node: what it offers, what stands on it, and who has been promised room.

use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, Resources};

use super::pod::PodId;

/// What a pod asks the scheduler for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    pub(super) footprint: &'a Resources,
    /// Its priority, as the place among all priorities in use.
    pub(super) level: usize,
    /// The pod's number, which tells its own promise from those of others.
    pub(super) number: u64,
}

/// A pod that has been promised room: `status.nominatedNodeName`.
#[derive(Clone, Debug)]
pub(super) struct Nominee {
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
    pub(super) allocatable: Resources,
    /// What all pods here occupy, those being deleted included.
    pub(super) requested: Resources,
    /// The part of it that is paid for.
    pub(super) others: Resources,
    /// The same by priority.
    pub(super) levels: Vec<Resources>,
    pub(super) pods: Vec<PodId>,
    /// The highest priority first, then the oldest promise.
    pub(super) nominees: Vec<Nominee>,
    /// Replicas that fit beside paid pods.
    pub(super) slots: Amount,
    /// Replicas that fit beside everything.
    pub(super) free_slots: Amount,
}

/// The share of a node that `amounts` are, cpu and memory added up, in 2^20ths.
///
/// The score of NodeResourcesFit before it is cut to whole numbers from 0 to 100. Rounding
/// down each part keeps the order: who asks for no more has no greater share.
pub(super) fn share(amounts: &Resources, allocatable: &Resources) -> i64 {
    let of = |name: &str| match allocatable.get(name) {
        0 => 0,
        capacity => amounts.get(name).saturating_mul(1 << 20) / capacity,
    };
    i64::try_from(of(CPU) + of(MEMORY)).unwrap_or(i64::MAX)
}

/// How many replicas fit into `left`: the rule of `headroom`.
pub(super) fn slots(left: &Resources, replica: &Replica) -> Amount {
    let by_resource = replica.footprint().present();
    by_resource.map(|(name, each)| left.get(name).max(0) / each).min().unwrap_or(0)
}

impl Node {
    /// An empty node.
    pub(super) fn new(class: usize, allocatable: Resources, levels: usize) -> Self {
        Self {
            class,
            allocatable,
            requested: Resources::default(),
            others: Resources::default(),
            levels: vec![Resources::default(); levels],
            pods: Vec::new(),
            nominees: Vec::new(),
            slots: 0,
            free_slots: 0,
        }
    }

    /// Whether the pod fits beside all that stands here or was promised room before it.
    pub(super) fn fits(&self, ask: Ask<'_>) -> bool {
        self.fits_beside(ask, &self.requested)
    }

    /// Whether the pod fits beside `taken` and beside promises to pods that are no less important
    /// (`RunFilterPluginsWithNominatedPods`).
    pub(super) fn fits_beside(&self, ask: Ask<'_>, taken: &Resources) -> bool {
        ask.footprint.present().all(|(name, amount)| {
            amount + taken.get(name) + self.promised(ask, name) <= self.allocatable.get(name)
        })
    }

    /// Whether the pod would fit if every pod of lower priority were gone.
    pub(super) fn fits_after_preemption(&self, ask: Ask<'_>) -> bool {
        let lower_exist = self.levels[..ask.level].iter().any(|sum| sum.present().next().is_some());
        lower_exist
            && ask.footprint.present().all(|(name, amount)| {
                let kept: Amount = self.levels[ask.level..].iter().map(|sum| sum.get(name)).sum();
                amount + kept + self.promised(ask, name) <= self.allocatable.get(name)
            })
    }

    /// Takes note of a promise.
    pub(super) fn nominate(&mut self, nominee: Nominee) {
        let at = self.nominees.partition_point(|other| other.level >= nominee.level);
        self.nominees.insert(at, nominee);
    }

    /// What is promised to others that come before the pod.
    ///
    /// Upstream lets a promised pod also wait for those of the same priority that were promised
    /// the node after it. Here it does not, so that it waits for its own victims only.
    fn promised(&self, ask: Ask<'_>, name: &str) -> Amount {
        let others = self.nominees.iter().take_while(|nominee| nominee.number != ask.number);
        others.filter(|nominee| nominee.level >= ask.level).map(|n| n.footprint.get(name)).sum()
    }
}
