//! What the capacity metric measures, and how old it is when the HPA reads it.
//!
//! The nature of the metric, not its name, decides whether a loop can converge: whether the
//! workload's filler pods are in it, whether the reserve is taken off, and whether it counts
//! cores or replicas. The accounting is that of `headroom`, kept as running sums.

use oppscale_core::hole::HoleNode;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, PODS, Resources};

use super::demand::Demand;
use super::nodes::{Node, Nodes, Sums, slots};

/// The definition of a capacity metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricModel {
    /// Whether the filler's pods lower it.
    pub filler_pods: FillersInMetric,
    /// Reserve that is subtracted.
    pub reserve: Reserve,
    /// Its unit.
    pub unit: MetricUnit,
    /// Whether it subtracts paid pods without a node.
    pub counts_demand: bool,
    /// Timing of its readings.
    pub timing: MetricTiming,
}

/// Whether a metric counts filler pods, and so falls when the workload grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillersInMetric {
    /// The metric is what is free: filler pods use it up.
    Included,
    /// The metric is what paid pods leave: filler pods do not change it.
    Excluded,
}

/// Unit of a capacity metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricUnit {
    /// Free cores over all nodes.
    Cores,
    /// Fit replicas: the smaller of the sum of slots and remaining / replica, rounded down.
    FitReplicas,
}

/// Timing of a metric: when it is read and served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTiming {
    /// Read by Prometheus every so often, and served by an adapter some time later.
    Scraped {
        /// From one scrape to the next, milliseconds, positive.
        period_ms: u64,
        /// From a scrape until its value is served, milliseconds.
        adapter_ms: u64,
    },
    /// Kept current by a watch.
    Watched {
        /// Lag of the watch, milliseconds, positive.
        lag_ms: u64,
    },
}

impl MetricModel {
    /// The metric of the article's application: free cores that filler pods lower, without a
    /// reserve, scraped every 30 s.
    #[must_use]
    pub fn article() -> Self {
        Self {
            filler_pods: FillersInMetric::Included,
            reserve: Reserve::default(),
            unit: MetricUnit::Cores,
            counts_demand: false,
            timing: MetricTiming::Scraped { period_ms: 30_000, adapter_ms: 0 },
        }
    }

    /// The metric of oppscale: replicas that fit beside paid pods and the reserve, from watches.
    #[must_use]
    pub fn oppscale(reserve: Reserve) -> Self {
        Self {
            filler_pods: FillersInMetric::Excluded,
            reserve,
            unit: MetricUnit::FitReplicas,
            counts_demand: true,
            timing: MetricTiming::Watched { lag_ms: 1_000 },
        }
    }

    /// The value in thousandths, never negative.
    pub(super) fn value_milli(&self, nodes: &Nodes, demand: &Demand, replica: &Replica) -> i64 {
        let sums = &nodes.total;
        let taken = |sums: &Sums| match self.filler_pods {
            FillersInMetric::Included => sums.requested.clone(),
            FillersInMetric::Excluded => sums.paid.clone(),
        };
        let held = self.reserve.of(&sums.allocatable);
        let (all, nothing) = (taken(sums), Resources::default());
        let placed = if self.counts_demand { &demand.placed } else { &nothing };
        let left = |name: &str| {
            let left = sums.allocatable.get(name) - all.get(name);
            (left - placed.get(name) - held.get(name)).max(0)
        };
        let milli = match self.unit {
            MetricUnit::Cores => left(CPU),
            MetricUnit::FitReplicas => {
                let mut fit = match self.filler_pods {
                    FillersInMetric::Included => sums.free_slots,
                    FillersInMetric::Excluded => sums.slots,
                };
                if self.counts_demand {
                    fit = demand.corrected(fit, nodes, |node, kept| {
                        let beside = node.sums.allocatable.minus(&taken(&node.sums));
                        slots(&beside.minus(kept), replica)
                    });
                }
                let by_resource =
                    replica.footprint().present().map(|(name, each)| left(name) / each);
                let fit = by_resource.fold(fit, Amount::min);
                fit.min(self.beside_holes(nodes, demand, replica).unwrap_or(fit)) * 1000
            }
        };
        i64::try_from(milli).unwrap_or(i64::MAX)
    }

    /// Most replicas that leave the holes of the reserve free; `None` if it has none.
    pub(super) fn beside_holes(
        &self,
        nodes: &Nodes,
        demand: &Demand,
        replica: &Replica,
    ) -> Option<Amount> {
        let hole = self.reserve.hole()?;
        let hole_node = |Node { sums, terminating_fillers, .. }: &Node| match self.filler_pods {
            FillersInMetric::Included => {
                HoleNode { free: sums.allocatable.minus(&sums.requested), running: 0 }
            }
            FillersInMetric::Excluded => HoleNode {
                free: sums.allocatable.minus(&sums.paid),
                running: sums.requested.get(PODS) - sums.paid.get(PODS) - terminating_fillers,
            },
        };
        let beside_demand = |(number, node): (usize, &Node)| {
            let mut hole_node = hole_node(node);
            if let Some(kept) = demand.on(number).filter(|_| self.counts_demand) {
                hole_node.free.subtract(kept);
            }
            hole_node
        };
        let nodes: Vec<_> = nodes.iter().enumerate().map(beside_demand).collect();
        Some(hole.most_replicas(replica, &nodes))
    }
}

impl MetricTiming {
    /// From one value to the next, milliseconds.
    #[must_use]
    pub fn period_ms(self) -> u64 {
        match self {
            Self::Scraped { period_ms, .. } => period_ms,
            Self::Watched { lag_ms } => lag_ms,
        }
    }

    /// From a value's moment until it is served, milliseconds.
    #[must_use]
    pub fn served_after_ms(self) -> u64 {
        match self {
            Self::Scraped { adapter_ms, .. } => adapter_ms,
            Self::Watched { .. } => 0,
        }
    }

    /// Highest age of a value before the next one is served, milliseconds.
    #[must_use]
    pub fn worst_age_ms(self) -> u64 {
        self.period_ms().saturating_add(self.served_after_ms())
    }
}
