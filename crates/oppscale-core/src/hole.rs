//! Places that stay free for paid pods, so that such a pod starts without preemption.
//!
//! A sum that stays free is spread over the nodes, so that perhaps no node has room for one large
//! pod. A hole is such room on a single node.
//!
//! The scheduler chooses the nodes of fillers and by default spreads them, which closes every hole.
//! So as many replicas are offered as leave the holes wherever they go: replicas that run stay
//! where they are, and further ones may not suffice to close the holes. Closing them costs the sum
//! of what closes each node's, so one replica less always leaves one.
//!
//! Where the holes are not free, because a paid pod has come or a filler was moved, the fewest
//! replicas are given up that make one. The ReplicaSet chooses which (of two on the crowded node
//! first), so that this may take several syncs.
//!
//! Requests decide, as in the scheduler, on either basis.

use std::fmt;

use super::replica::Replica;
use super::reserve::check_name;
use super::resources::{Amount, Resources};

/// Most holes of a reserve: the time to count them grows with their square.
const MAX_COUNT: u32 = 10;
/// More than any number of replicas, and few enough to be added up.
const NEVER: Amount = Amount::MAX >> 32;

/// Places for paid pods of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Number of such pods, at least 1.
    pub count: u32,
    /// Requests of one of them.
    pub pod: Replica,
}

/// A node that fillers can use.
#[derive(Debug, Clone)]
pub struct HoleNode {
    /// Free resources beside paid pods and those that would go there.
    pub free: Resources,
    /// Replicas of the filler that run there.
    pub running: Amount,
}

impl Hole {
    /// Splits what stands before `[COUNTx]pod:SHAPE` from it.
    pub(super) fn split(text: &str) -> Result<(Option<&str>, Option<Self>), String> {
        let Some((before, shape)) = text.split_once("pod:") else { return Ok((Some(text), None)) };
        let (portions, count) = match before.rsplit_once('+') {
            Some((portions, count)) => (Some(portions), count),
            None => (None, before),
        };
        let number = |count: &str| {
            let digits = count.strip_suffix('x')?;
            let is_plain = digits.starts_with(|c: char| c.is_ascii_digit());
            let count = digits.parse().ok().filter(|_| is_plain)?;
            (1..=MAX_COUNT).contains(&count).then_some(count)
        };
        let count = if count.is_empty() { Some(1) } else { number(count) };
        let count = count.ok_or_else(|| {
            format!("expected 1 to {MAX_COUNT} places and one shape: 15%+2xpod:cpu=4,memory=8Gi")
        })?;
        let pod: Replica = shape.parse().map_err(|error: super::replica::ReplicaError| {
            format!("the place for a pod: {error}")
        })?;
        for (name, _) in pod.footprint().present() {
            check_name(name)?;
        }
        Ok((portions, Some(Self { count, pod })))
    }

    /// Most replicas, running ones included, that may be on `nodes`.
    pub fn most_replicas(&self, replica: &Replica, nodes: &[HoleNode]) -> Amount {
        let names: Vec<&str> = [&self.pod, replica]
            .iter()
            .flat_map(|shape| shape.footprint().present())
            .map(|(name, _)| name)
            .collect();
        let row = |resources: &Resources| -> Vec<Amount> {
            names.iter().map(|name| resources.get(name)).collect()
        };
        let takes = row(replica.footprint());
        let fillers = HoleFillers::of(names.len(), [(takes.as_slice(), 1)]);
        let count = |is_running: bool| {
            let mut holes = HoleCount::new(self.count, row(self.pod.footprint()));
            for node in nodes {
                let running = if is_running { node.running } else { 0 };
                let mut free = row(&node.free);
                let taken = takes.iter().map(|take| take * running);
                free.iter_mut().zip(taken).for_each(|(free, taken)| *free -= taken);
                holes.add_node(&free, &fillers, (&takes, running));
            }
            holes
        };
        let running: Amount = nodes.iter().map(|node| node.running).sum();
        match (count(true).limit(), count(false).limit()) {
            (HoleLimit::Further(further), _) => running + further,
            (HoleLimit::Fewer(fewer), HoleLimit::Fewer(_)) => (running - fewer).max(0),
            // So many leave a hole wherever they run.
            (HoleLimit::Fewer(fewer), HoleLimit::Further(any)) => (running - fewer).max(any),
        }
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "pod:{}", self.pod),
            count => write!(f, "{count}xpod:{}", self.pod),
        }
    }
}

/// The fillers that may go to a node, as far as they close holes: by the columns of a row.
#[derive(Debug, Clone)]
pub(crate) struct HoleFillers(Vec<Column>);

/// Amounts of one resource that fillers request.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    /// The least that a replica takes, 0 too; `None` without fillers.
    least: Option<Amount>,
    /// Of those that take some.
    taking: Option<Taking>,
}

#[derive(Debug, Clone, Copy)]
struct Taking {
    /// Whatever replicas there are, they take a multiple of this.
    step: Amount,
    /// The most that a replica takes.
    most: Amount,
    /// Weight of a replica of the filler that has the least weight for what it takes.
    weight: Amount,
    /// Requests of a replica of that filler.
    takes: Amount,
}

impl HoleFillers {
    /// Fillers by what a replica takes, a row of `width`, and what it counts for in
    /// [`HoleLimit::Further`], which is positive.
    pub(crate) fn of<'r>(
        width: usize,
        fillers: impl IntoIterator<Item = (&'r [Amount], Amount)>,
    ) -> Self {
        let mut columns = vec![Column::default(); width];
        for (row, weight) in fillers {
            for (column, &takes) in columns.iter_mut().zip(row) {
                column.least = Some(column.least.map_or(takes, |least| least.min(takes)));
                if takes > 0 {
                    let own = Taking { step: takes, most: takes, weight, takes };
                    column.taking = Some(column.taking.map_or(own, |known| known.with(own)));
                }
            }
        }
        Self(columns)
    }
}

impl Taking {
    fn with(self, other: Self) -> Self {
        let is_lighter =
            other.weight.saturating_mul(self.takes) < self.weight.saturating_mul(other.takes);
        let lightest = if is_lighter { other } else { self };
        Self { step: divisor(self.step, other.step), most: self.most.max(other.most), ..lightest }
    }
}

/// Number of replicas that the holes allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoleLimit {
    /// Further replicas of this weight together, wherever they go.
    Further(Amount),
    /// The holes are not free: so many replicas less would make them, at best. More than there are
    /// if none would.
    Fewer(Amount),
}

/// Count of the holes that nodes have, and of what closes or makes them.
#[derive(Debug)]
pub(crate) struct HoleCount {
    /// Requests of the pod of a hole, as a row.
    needs: Vec<Amount>,
    /// Least weight of further replicas that leaves at most 0, 1, … holes.
    closing: Vec<Amount>,
    /// Fewest replicas to take away for 0, 1, … holes.
    making: Vec<Amount>,
}

impl HoleCount {
    /// No nodes yet.
    pub(crate) fn new(count: u32, needs: Vec<Amount>) -> Self {
        let mut making = vec![NEVER; count as usize + 1];
        making[0] = 0;
        Self { needs, closing: vec![0; count as usize], making }
    }

    /// Adds a node with these free amounts beside all pods, the fillers that may go there, and what
    /// one of them takes that already has replicas there.
    pub(crate) fn add_node(
        &mut self,
        free: &[Amount],
        fillers: &HoleFillers,
        (takes, running): (&[Amount], Amount),
    ) {
        let count = self.closing.len();
        let here = free.iter().zip(&self.needs).filter(|(_, need)| **need > 0);
        let here = here.map(|(free, need)| (*free).max(0) / need).min().unwrap_or(0);
        let here = usize::try_from(here).unwrap_or(count).min(count);
        if here > 0 {
            let closing: Vec<Amount> =
                (0..here).map(|left| self.closing_weight(left, free, fillers)).collect();
            // From the last, so that each is still without this node.
            for left in (0..count).rev() {
                let with = |here: usize| {
                    self.closing[left - here] + closing.get(here).copied().unwrap_or(0)
                };
                self.closing[left] =
                    (0..=here.min(left)).map(with).min().unwrap_or(NEVER).min(NEVER);
            }
        }
        let making: Vec<Amount> = (0..=count)
            .map(|holes| match holes <= here {
                true => 0,
                false => self.fewest_less(holes, free, takes, running),
            })
            .take_while(|replicas| *replicas < NEVER)
            .collect();
        for holes in (1..=count).rev() {
            let with = |here: usize| self.making[holes - here] + making[here];
            let most = holes.min(making.len().saturating_sub(1));
            self.making[holes] = (0..=most).map(with).min().unwrap_or(NEVER).min(NEVER);
        }
    }

    /// Least weight of replicas on a node that leaves at most `left` holes there.
    fn closing_weight(&self, left: usize, free: &[Amount], fillers: &HoleFillers) -> Amount {
        // More replicas than this do not fit.
        let fitting = (0..free.len()).filter_map(|at| {
            let least = fillers.0[at].least.filter(|least| *least > 0)?;
            Some(free[at].max(0) / least)
        });
        let fitting = fitting.min().unwrap_or(NEVER);
        let needed = self.needs.iter().enumerate().filter(|(_, need)| **need > 0);
        let weights = needed.filter_map(|(at, need)| {
            let Taking { step, most, weight, takes } = fillers.0[at].taking?;
            let slack = free[at] - need * (left as Amount + 1);
            // Replicas take multiples of the step.
            let closing = (slack.max(-1).div_euclid(step) + 1) * step;
            // A tenant may ask for so much that no node could have it.
            let weight = (closing.saturating_mul(weight) / takes).min(NEVER);
            (closing <= free[at].min(most.saturating_mul(fitting))).then_some(weight)
        });
        weights.min().unwrap_or(NEVER)
    }

    /// Fewest replicas to take away from a node, of those running, for so many holes there.
    fn fewest_less(
        &self,
        holes: usize,
        free: &[Amount],
        takes: &[Amount],
        running: Amount,
    ) -> Amount {
        let fewest = self.needs.iter().zip(free.iter().zip(takes)).map(|(need, (free, take))| {
            match need * holes as Amount - free {
                _ if *need == 0 => 0,
                ..=0 => 0,
                _ if *take == 0 => NEVER,
                missing => (missing + take - 1) / take,
            }
        });
        let fewest = fewest.max().unwrap_or(0);
        if fewest > running { NEVER } else { fewest }
    }

    /// Number of replicas that these holes allow.
    pub(crate) fn limit(&self) -> HoleLimit {
        match (self.making.last(), self.closing.last()) {
            (Some(0), Some(closing)) => HoleLimit::Further(closing - 1),
            (fewest, _) => HoleLimit::Fewer(fewest.copied().unwrap_or(NEVER)),
        }
    }
}

/// Greatest common divisor of two amounts that are not negative.
fn divisor(a: Amount, b: Amount) -> Amount {
    if b == 0 { a } else { divisor(b, a % b) }
}
