//! The usage basis in a simulation: paid pods use a part of what they request, and fillers burn
//! what is left, by weight.
//!
//! On each node the weights are requests, as the kubelet sets them. As long as all get what they
//! want, fillers burn what they can. Where they do not, CPU is divided by weight between the paid
//! pods and the fillers, and what paid pods wanted and did not get is lost.

use std::time::Duration;

use oppscale_core::policy::Basis;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU};
use oppscale_core::usage::{
    INTERVAL, NodeSample, OwnPod, UsageReading, UsageTracker, part_of_reserve,
};

use super::demand::Demand;
use super::load::Load;
use super::nodes::{Node, Nodes, slots};

/// Time between two readings of usage, milliseconds.
pub(super) const READING_MS: u64 = INTERVAL.as_millis() as u64;
/// The whole of what paid pods request, in the unit of their usage.
const THOUSANDTHS: Amount = 1000;

/// Default usage of paid pods, in thousandths of their requests.
pub const PAID_USAGE: u32 = 250;

/// Usage of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageModel {
    /// Basis of the metric. On the requests basis, usage is only accounted for.
    pub basis: Basis,
    /// Millicores that a replica of the filler burns if it gets them; positive.
    pub burn_milli: Amount,
    /// Usage of paid pods over time, in thousandths of their requests.
    pub paid: Load,
}

/// CPU of a node, millicores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeUse {
    /// CPU that paid pods get.
    pub(super) paid: Amount,
    /// CPU that paid pods want beyond that.
    pub(super) paid_lost: Amount,
    /// CPU that fillers burn.
    pub(super) burnt: Amount,
    /// CPU that would be idle without fillers.
    pub(super) idle: Amount,
}

/// Usage as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    tracker: UsageTracker,
    count: u64,
}

impl UsageModel {
    pub(super) fn is_by_usage(&self) -> bool {
        self.basis == Basis::Usage
    }

    /// CPU usage of a node at a moment, millicores.
    pub(super) fn of_node(&self, node: &Node, replica: &Replica, at_ms: u64) -> NodeUse {
        let sums = &node.sums;
        let allocatable = sums.allocatable.get(CPU);
        let requested = sums.paid.get(CPU);
        let weight = sums.requested.get(CPU) - requested;
        let request = replica.footprint().get(CPU).max(1);
        let wanted = weight / request * self.burn_milli;
        let wanted_by_paid = requested * Amount::from(self.paid.level(at_ms)) / THOUSANDTHS;
        let idle = (allocatable - wanted_by_paid).max(0);
        // By weight a filler gets its part even where paid pods want all.
        let part = allocatable * weight / (weight + requested).max(1);
        let burnt = wanted.min(idle.max(part));
        let paid = wanted_by_paid.min(allocatable - burnt);
        NodeUse { paid, paid_lost: wanted_by_paid - paid, burnt, idle }
    }

    /// Reads the usage of all nodes.
    pub(super) fn read(
        &self,
        readings: &mut Readings,
        nodes: &Nodes,
        replica: &Replica,
        at_ms: u64,
    ) {
        readings.count += 1;
        let (mut reading, mut own) = (UsageReading::default(), Vec::new());
        for (number, node) in nodes.iter().enumerate() {
            let used = self.of_node(node, replica, at_ms);
            let name = number.to_string();
            let sample = NodeSample {
                cpu: used.paid + used.burnt,
                timestamp: Some(readings.count.to_string().into()),
                window: INTERVAL,
            };
            // The fillers of a node count as one.
            reading.pods.insert(name.clone(), used.burnt);
            own.push(OwnPod {
                id: name.as_str().into(),
                node: name.as_str().into(),
                burn: used.burnt,
            });
            reading.nodes.insert(name, sample);
        }
        let all: Vec<Amount> = nodes.iter().map(|node| node.sums.allocatable.get(CPU)).collect();
        let allocatable = |name: &str| all.get(name.parse::<usize>().ok()?).copied();
        readings.tracker.apply(Duration::from_millis(at_ms), &reading, &own, allocatable);
    }

    /// Replicas that fit by the last readings, in all.
    pub(super) fn fit(
        &self,
        readings: &Readings,
        nodes: &Nodes,
        demand: &Demand,
        reserve: &Reserve,
        at_ms: u64,
    ) -> Amount {
        let paid = readings.tracker.paid(Duration::from_millis(at_ms));
        let whole = nodes.total.allocatable.get(CPU);
        let reserve = reserve.of(&nodes.total.allocatable).get(CPU);
        let slots = nodes.iter().enumerate().filter_map(|(number, node)| {
            let allocatable = node.sums.allocatable.get(CPU);
            let part = part_of_reserve(reserve, allocatable, whole);
            let idle = paid.idle(&number.to_string(), allocatable)? - part;
            let slots = match demand.on(number) {
                Some(kept) => slots(
                    &node.sums.allocatable.minus(&node.sums.paid).minus(kept),
                    nodes.replica(),
                ),
                None => node.sums.slots,
            };
            Some(slots.min(idle.max(0) / self.burn_milli.max(1)))
        });
        slots.sum()
    }
}
