//! A capacity history as a simulation: its nodes, and what was paid for over its time.
//!
//! Besides what [`super::observed`] loses, nodes that came or went are lost: those of the
//! beginning stay.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::observed::{Alike, Present, app, observed};
use hpa_model::simulation::{Load, NodePool, Setup};
use oppscale_cluster::ResolvedWorkload;
use oppscale_cluster::history::{HistoryError, Player};

/// How many times the paid load is looked at: a step in 1,000 of a chart's width is nothing,
/// and a look at a large cluster takes some milliseconds.
const LOOKS: u32 = 1000;
/// The shortest time between two looks: the HPA looks every 15 s.
const SHORTEST: Duration = Duration::from_secs(1);

/// What was recorded, ready to be simulated.
#[derive(Debug)]
pub struct Recorded {
    /// The cluster at the beginning, with the paid load over time.
    pub setup: Setup,
    /// What the user should know of it.
    pub warnings: Vec<String>,
}

/// Reads a capacity history.
///
/// # Errors
/// When the file is none, or is damaged.
pub fn recorded(path: &Path) -> Result<Recorded, HistoryError> {
    let mut player = Player::open(path)?;
    let (replica, placement) = player.workload();
    let workload = ResolvedWorkload { replica, placement, ..ResolvedWorkload::default() };
    let (start, end) = (player.start(), player.end());
    let pause = (end.saturating_sub(start) / LOOKS).max(SHORTEST);
    let mut setup = player.cluster_state().read(|snapshot, _| observed(snapshot, &workload));
    let mut paid = Paid::default();
    let mut has_nodes_changed = false;
    let mut blind = 0_u32;
    loop {
        let at_ms = player.position().saturating_sub(start).as_millis();
        let at_ms = u64::try_from(at_ms).unwrap_or(u64::MAX);
        player.cluster_state().read(|snapshot, _| {
            if snapshot.pods_unknown.is_some() {
                // What was paid for then is taken for what it was before.
                blind += 1;
                return;
            }
            let present = Present::of(snapshot, &workload);
            has_nodes_changed |= !same(&present.pools(), &setup.nodes);
            paid.look(at_ms, present.paid);
        });
        let Some(next) = player.next_at() else { break };
        player.advance(next.max((player.position() + pause).min(end)))?;
    }
    let length = u64::try_from(end.saturating_sub(start).as_millis()).unwrap_or(u64::MAX);
    setup.paid = paid.0.into_iter().map(|(alike, (_, load))| app(alike, load)).collect();
    setup.end_ms = length.max(1);
    let mut warnings = Vec::new();
    if has_nodes_changed {
        warnings.push(format!(
            "{}: nodes came, went or changed; those of its beginning are simulated",
            path.display()
        ));
    }
    if blind > 0 {
        warnings.push(format!(
            "{}: pods were unknown for a part of it; what was paid for is taken not to have changed",
            path.display()
        ));
    }
    Ok(Recorded { setup, warnings })
}

/// Paid pods over time: how many there were last, and the load so far.
#[derive(Default)]
struct Paid(BTreeMap<Alike, (u32, Load)>);

impl Paid {
    fn look(&mut self, at_ms: u64, mut counts: BTreeMap<Alike, u32>) {
        for (alike, (known, load)) in &mut self.0 {
            let count = counts.remove(alike).unwrap_or(0);
            if count != *known {
                *load = std::mem::take(load).step(at_ms, count);
                *known = count;
            }
        }
        for (alike, count) in counts {
            let before = if at_ms > 0 { Load::constant(0) } else { Load::default() };
            self.0.insert(alike, (count, before.step(at_ms, count)));
        }
    }
}

fn same(a: &[NodePool], b: &[NodePool]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| a.count == b.count && a.allocatable == b.allocatable)
}
