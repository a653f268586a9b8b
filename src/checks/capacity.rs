//! Checks of capacity: everything is counted, and filler pods yield.

use std::collections::BTreeSet;

use oppscale_cluster::Snapshot;
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::POD;
use oppscale_core::resources::CPU;

use super::context::{CheckContext, full_name};

/// The number of objects that a finding names.
const MAX_NAMES: usize = 5;
/// The longest grace period that paid pods should wait for, in seconds.
const MAX_GRACE: i64 = 30;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let snapshot = context.snapshot().await;
    let counted = snapshot.map(|read| vec![nodes(&read.snapshot), pods(&read.snapshot)]);
    let ids = [CheckId::NodesKnown, CheckId::PodsCounted];
    let mut findings = CheckId::each(&ids, counted);
    findings.push(CheckId::FillerYields.or_outcome(yields(context).await));
    findings
}

fn nodes(snapshot: &Snapshot) -> Finding {
    const ID: CheckId = CheckId::NodesKnown;
    let nodes = snapshot.ledger.records();
    let unknown: Vec<_> = nodes
        .flat_map(|node| {
            let problems = node.unreadable().map(|(_, problem)| problem);
            let problems = node.allocatable.as_ref().err().into_iter().chain(problems);
            problems.map(|problem| format!("{} ({problem})", node.name))
        })
        .collect();
    match unknown.is_empty() {
        true => ID.passed_with(format!("{} nodes", snapshot.ledger.records().count())),
        false => ID
            .warning(format!(
                "nodes without a known allocatable count as nothing: {}",
                shortened(&unknown)
            ))
            .fix("kubectl describe node NAME; the kubelet reports status.allocatable"),
    }
}

fn pods(snapshot: &Snapshot) -> Finding {
    const ID: CheckId = CheckId::PodsCounted;
    match &snapshot.pods_unknown {
        Some(_) if snapshot.permissions_missing => {
            return ID.with(Outcome::denied(POD.permission("list")));
        }
        Some(why) => return ID.unknown(why),
        None => {}
    }
    let malformed: Vec<_> = snapshot
        .ledger
        .unknown()
        .map(|pod| format!("{}/{} ({})", pod.namespace, pod.name, pod.problem))
        .collect();
    if !malformed.is_empty() {
        return ID.warning(format!("pods that cannot be counted: {}", shortened(&malformed)));
    }
    let without: Vec<_> =
        snapshot.ledger.bound().filter(|pod| pod.footprint.get(CPU) == 0).collect();
    let groups = without.iter().map(|pod| pod.group);
    let groups: BTreeSet<_> = groups
        .map(|group| format!("{}/{} {}", group.namespace, group.kind.to_lowercase(), group.name))
        .collect();
    match without.len() {
        0 => ID.passed(),
        count => ID
            .warning(format!(
                "{count} pods request no cpu, so what they use counts as free: {}",
                shortened(&Vec::from_iter(groups))
            ))
            .fix(
                "kubectl set resources deploy/NAME --requests=cpu=100m, or a LimitRange in the \
                 namespace",
            ),
    }
}

fn shortened(names: &[String]) -> String {
    let (shown, rest) = names.split_at(names.len().min(MAX_NAMES));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

async fn yields(context: &mut CheckContext<'_>) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::FillerYields;
    let pods = context.filler_pods().await?;
    let mut slow = None;
    for pod in &pods {
        let Some(spec) = &pod.spec else { continue };
        let priority = spec.priority.unwrap_or(0);
        if priority >= 0 {
            let name = full_name(&pod.metadata);
            return Ok(ID
                .warning(format!(
                    "{name} has priority {priority}: the scheduler does not evict it for paid \
                     pods of priority 0"
                ))
                .fix(
                    "give it a PriorityClass of value -1000 with preemptionPolicy Never: oppscale \
                     render-hpa writes one",
                ));
        }
        let grace = spec.termination_grace_period_seconds.unwrap_or(30);
        slow = slow.or((grace > MAX_GRACE).then_some((pod, grace)));
    }
    Ok(match slow {
        Some((pod, grace)) => ID
            .warning(format!(
                "{} may take {grace} s to terminate, and paid pods wait for it",
                full_name(&pod.metadata)
            ))
            .fix("set terminationGracePeriodSeconds: 5"),
        None => ID.passed_with(format!("{} pods", pods.len())),
    })
}
