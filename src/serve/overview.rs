//! Sums over the cluster, and a summary of each node.

use std::sync::Arc;

use super::state::{Counted, MetricsState};
use oppscale_core::ledger::NodeAccount;
use oppscale_core::placement::Placement;
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::selector::Labels;

/// Sums over the nodes that could be counted.
#[derive(Debug, Clone, Default)]
pub struct ClusterTotals {
    /// Number of nodes.
    pub nodes: usize,
    /// Nodes that a workload without tolerations cannot use now.
    pub unusable: usize,
    /// Nodes that could not be counted, and are in no sum.
    pub unknown: usize,
    /// Capacity of the nodes.
    pub capacity: Resources,
    /// Allocatable resources.
    pub allocatable: Resources,
    /// Requests of paid pods.
    pub paid: Resources,
    /// Requests of the served workloads' pods.
    pub opportunistic: Resources,
    /// Pods without a node.
    pub waiting: usize,
}

/// A node and the requests on it.
#[derive(Debug, Clone)]
pub struct NodeSummary {
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: Arc<Labels<'static>>,
    /// `Ready`, or a short reason why it cannot be used.
    pub state: &'static str,
    /// All reasons, in full.
    pub reasons: Vec<String>,
    /// Why it could not be counted; its amounts are 0 then.
    pub unknown: Option<String>,
    /// Allocatable resources.
    pub allocatable: Resources,
    /// Requests of paid pods.
    pub paid: Resources,
    /// Requests of the served workloads' pods.
    pub opportunistic: Resources,
}

impl NodeSummary {
    /// Allocatable minus paid requests.
    pub fn remaining(&self, resource: &str) -> Amount {
        self.allocatable.get(resource) - self.paid.get(resource)
    }

    fn of(account: &NodeAccount) -> Option<Self> {
        let record = account.record.as_ref()?;
        let reasons = record.unusable(&Placement::default());
        let mut row = Self {
            name: record.name.to_string(),
            labels: Arc::clone(&record.labels),
            state: reasons.first().map_or("Ready", |reason| reason.word()),
            reasons: reasons.iter().map(ToString::to_string).collect(),
            unknown: None,
            allocatable: Resources::default(),
            paid: Resources::default(),
            opportunistic: Resources::default(),
        };
        match &record.allocatable {
            Err(problem) => row.unknown = Some(problem.to_string()),
            Ok(_) if account.unknown_pods > 0 => {
                row.unknown = Some("a pod on it cannot be counted".to_owned());
                row.state = "Unknown";
            }
            Ok(allocatable) => {
                row.allocatable = Resources::clone(allocatable);
                (row.paid, row.opportunistic) = split_requests(account);
            }
        }
        Some(row)
    }
}

/// Requests of paid pods and of the served workloads. Pods with the opportunistic label that
/// belong to no served workload count as paid here: no HPA scales them down.
fn split_requests(account: &NodeAccount) -> (Resources, Resources) {
    let mut opportunistic = Resources::default();
    account.tallies().for_each(|(_, tally)| opportunistic.add(&tally.sum));
    let mut paid = account.paid.clone();
    paid.add(&account.opportunistic);
    paid.subtract(&opportunistic);
    (paid, opportunistic)
}

/// The sums. With a count, the ledger has told the workloads' pods from others.
pub fn totals(state: &MetricsState, _: &Counted) -> ClusterTotals {
    state.cluster_state().read(|snapshot, _| {
        let ledger = &snapshot.ledger;
        let mut totals =
            ClusterTotals { waiting: ledger.waiting().count(), ..ClusterTotals::default() };
        for (_, account) in ledger.nodes() {
            let Some(record) = &account.record else { continue };
            totals.nodes += 1;
            totals.unusable += usize::from(!record.is_usable(&Placement::default()));
            match &record.allocatable {
                Ok(allocatable) if account.unknown_pods == 0 => {
                    totals.capacity.add(&record.capacity);
                    totals.allocatable.add(allocatable);
                    let (paid, opportunistic) = split_requests(account);
                    totals.paid.add(&paid);
                    totals.opportunistic.add(&opportunistic);
                }
                _ => totals.unknown += 1,
            }
        }
        totals
    })
}

/// The nodes, ordered by name. They need a count, as [`totals`] do.
pub fn nodes(state: &MetricsState, _: &Counted) -> Vec<NodeSummary> {
    let mut rows: Vec<NodeSummary> = state.cluster_state().read(|snapshot, _| {
        snapshot.ledger.nodes().filter_map(|(_, account)| NodeSummary::of(account)).collect()
    });
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}
