//! The cluster at a glance: sums, and one row for each node.

use std::sync::Arc;

use super::board::Board;
use oppscale_core::ledger::NodeAccount;
use oppscale_core::placement::Placement;
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::selector::Labels;

/// Sums over the nodes of which all is known.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// How many nodes there are.
    pub nodes: usize,
    /// How many of them no workload without tolerations could use now.
    pub unusable: usize,
    /// How many could not be counted, and are in no sum.
    pub unknown: usize,
    /// What the machines have.
    pub capacity: Resources,
    /// What pods may take.
    pub allocatable: Resources,
    /// What pods of others occupy.
    pub paid: Resources,
    /// What pods of the workloads that are served occupy.
    pub opportunistic: Resources,
    /// How many pods wait for a node.
    pub waiting: usize,
}

/// A node.
#[derive(Debug, Clone)]
pub struct NodeRow {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Arc<Labels<'static>>,
    /// `Ready`, or a word for why it cannot be used.
    pub state: &'static str,
    /// Why, in full.
    pub reasons: Vec<String>,
    /// Why it could not be counted, if so. The amounts are 0 then.
    pub unknown: Option<String>,
    /// What pods may take.
    pub allocatable: Resources,
    /// What pods of others occupy.
    pub paid: Resources,
    /// What pods of the workloads that are served occupy.
    pub opportunistic: Resources,
}

impl NodeRow {
    /// What is left beside others.
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
                row.allocatable = allocatable.clone();
                (row.paid, row.opportunistic) = sides(account);
            }
        }
        Some(row)
    }
}

/// What others occupy, and what workloads that are served do. Pods that are labelled
/// opportunistic but belong to no workload that is served are others here: nobody takes
/// them down.
fn sides(account: &NodeAccount) -> (Resources, Resources) {
    let mut own = Resources::default();
    account.tallies().for_each(|(_, tally)| own.add(tally));
    let mut others = account.paid.clone();
    others.add(&account.opportunistic);
    others.subtract(&own);
    (others, own)
}

/// The sums. The workloads must have been counted before.
pub fn totals(board: &Board) -> Totals {
    let _ = board.counted();
    board.cluster_state().read(|snapshot, _| {
        let ledger = &snapshot.ledger;
        let mut totals = Totals { waiting: ledger.waiting().count(), ..Totals::default() };
        for (_, account) in ledger.nodes() {
            let Some(record) = &account.record else { continue };
            totals.nodes += 1;
            totals.unusable += usize::from(!record.is_usable(&Placement::default()));
            match &record.allocatable {
                Ok(allocatable) if account.unknown_pods == 0 => {
                    totals.capacity.add(&record.capacity);
                    totals.allocatable.add(allocatable);
                    let (others, own) = sides(account);
                    totals.paid.add(&others);
                    totals.opportunistic.add(&own);
                }
                _ => totals.unknown += 1,
            }
        }
        totals
    })
}

/// The nodes, by name.
pub fn nodes(board: &Board) -> Vec<NodeRow> {
    let _ = board.counted();
    let mut rows: Vec<NodeRow> = board.cluster_state().read(|snapshot, _| {
        snapshot.ledger.nodes().filter_map(|(_, account)| NodeRow::of(account)).collect()
    });
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}
