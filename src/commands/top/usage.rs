//! The usage basis of `oppscale top`: what is idle now counts, by one reading of metrics.k8s.io.

use oppscale_cluster::Snapshot;
use oppscale_core::error::Error;
use oppscale_core::headroom::{Headroom, Query};
use oppscale_core::policy::Policy;
use oppscale_core::resources::{Amount, CPU};
use oppscale_core::units::{amount, plural};
use oppscale_core::usage::NodeCpu;

use super::args::TopArgs;

/// The query on the usage basis.
///
/// # Errors
/// If the usage of nodes, or what a replica burns, is unknown.
pub(super) fn query(
    args: &TopArgs,
    query: Query,
    policy: &Policy,
    snapshot: &Snapshot,
) -> Result<Query, Error> {
    let usage = snapshot.usage.as_ref().filter(|usage| !usage.nodes.is_empty());
    let usage = usage.ok_or_else(|| {
        Error::failure("idle CPU is unknown: metrics.k8s.io has no usage of nodes")
            .hint("oppscale check --only OPP-MET-001,OPP-MET-002,OPP-MET-003 shows why")
    })?;
    let stated = args.replica.first().map(|replica| replica.footprint().get(CPU));
    let by_size = stated.or_else(|| query.burn_by_size());
    let burn = args.burn.or(policy.burn).map(Amount::from).or(by_size);
    let burn = burn.filter(|burn| *burn > 0).ok_or_else(|| {
        Error::usage("the cores that a replica uses are unknown").hint("name them: --burn 1")
    })?;
    let nodes = usage.nodes.iter().map(|(name, used)| {
        let own = usage.own.get(name).map_or(0, |own| own.get(CPU));
        (name.as_str(), NodeCpu::Peak((used.get(CPU) - own).max(0)))
    });
    Ok(query.on_usage_basis(nodes.collect(), burn))
}

/// The sentence about the basis below the table.
pub(super) fn note(headroom: &Headroom, query: &Query) -> Option<String> {
    let usage = query.usage.as_ref()?;
    let Some(idle) = headroom.idle else {
        return Some(
            "usage basis: the usage of every node is unknown, and so is idle CPU".to_owned(),
        );
    };
    let usable = headroom.nodes.iter().filter(|node| node.is_usable());
    let unknown = usable.filter(|node| usage.paid.of(&node.name).is_none()).count();
    let unknown = match unknown {
        0 => String::new(),
        _ => {
            let nodes = plural(unknown, "node");
            format!("; the usage of {nodes} is unknown, and no more replicas fit there")
        }
    };
    Some(format!(
        "usage basis: {} of {} cores are idle now, a replica burns {}{unknown}. The server counts the \
         peak of 5 minutes instead",
        amount(CPU, idle),
        amount(CPU, headroom.usable.allocatable.get(CPU)),
        amount(CPU, usage.burn)
    ))
}
