//! What can be counted, and whether opportunistic pods give way.

use std::collections::BTreeMap;

use oppscale_cluster::{self, ClusterError, Request};
use oppscale_core::check::Outcome;
use oppscale_core::resources::CPU;

use super::doctor::{Doctor, Found, unknown};

/// Opportunistic pods, as far as a page goes.
pub(super) const PODS: &str =
    "/api/v1/pods?limit=500&labelSelector=oppscale.dev%2Fopportunistic%3Dtrue";
pub(super) const PODS_RIGHT: &str = "--verb=list --resource=pods";
/// How many are named.
const NAMED: usize = 5;
/// The longest grace period that paid work should wait for, seconds.
const GRACE: i64 = 30;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    match oppscale_cluster::read(doctor.cluster, &Request::default(), &()).await {
        Ok((snapshot, _)) => counted(&snapshot, found),
        Err(error) => {
            let outcome = match error.downcast_ref::<ClusterError>() {
                Some(error) => unknown(error),
                None => Outcome::Unknown(error.to_string()),
            };
            found.add("OPP-CAP-001", outcome.clone());
            found.add("OPP-CAP-002", outcome);
        }
    }
    yields(doctor, found).await;
}

fn counted(snapshot: &oppscale_cluster::Snapshot, found: &mut Found) {
    let total = snapshot.ledger.records().count();
    let unknown: Vec<_> = snapshot
        .ledger
        .records()
        .filter_map(|node| Some(format!("{} ({})", node.name, node.allocatable.as_ref().err()?)))
        .collect();
    match unknown.len() {
        0 => found.pass("OPP-CAP-001", format!("{total} nodes")),
        _ => found.fixed_by(
            "OPP-CAP-001",
            Outcome::Warning(format!(
                "what they offer is unknown, and counts as nothing: {}",
                some(&unknown)
            )),
            "kubectl describe node NAME; kubelet reports status.allocatable",
        ),
    }
    if let Some(why) = &snapshot.pods_unknown {
        let outcome = match snapshot.rights_missing {
            true => Outcome::denied(PODS_RIGHT),
            false => Outcome::Unknown(why.clone()),
        };
        return found.add("OPP-CAP-002", outcome);
    }
    let malformed: Vec<_> = snapshot
        .ledger
        .unknown()
        .map(|pod| format!("{}/{} ({})", pod.namespace, pod.name, pod.problem))
        .collect();
    if !malformed.is_empty() {
        let text = format!("pods that cannot be counted: {}", some(&malformed));
        return found.add("OPP-CAP-002", Outcome::Warning(text));
    }
    let mut silent: BTreeMap<String, usize> = BTreeMap::new();
    for pod in snapshot.ledger.bound().filter(|pod| pod.footprint.get(CPU) == 0) {
        let group = pod.group;
        let name = format!("{}/{} {}", group.namespace, group.kind.to_lowercase(), group.name);
        *silent.entry(name).or_default() += 1;
    }
    let pods: usize = silent.values().sum();
    let silent: Vec<_> = silent.into_keys().collect();
    match pods {
        0 => found.add("OPP-CAP-002", Outcome::Passed(None)),
        _ => found.fixed_by(
            "OPP-CAP-002",
            Outcome::Warning(format!(
                "{pods} pods request no cpu, so their room counts as free: {}",
                some(&silent)
            )),
            "kubectl set resources deploy/NAME --requests=cpu=100m, or a LimitRange in the \
             namespace",
        ),
    }
}

fn some(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}

async fn yields(doctor: &mut Doctor<'_>, found: &mut Found) {
    const ID: &str = "OPP-CAP-003";
    let mut pods = match doctor.list(PODS, PODS_RIGHT).await {
        Ok(pods) => pods,
        Err(outcome) => return found.add(ID, outcome),
    };
    pods.retain(|pod| pod["metadata"]["labels"]["oppscale.dev/opportunistic"] == "true");
    if pods.is_empty() {
        return found.skip(ID, "there are no pods labelled oppscale.dev/opportunistic=true");
    }
    let name = |pod: &serde_json::Value| super::prometheus::full_name(pod);
    let high = pods.iter().find(|pod| pod["spec"]["priority"].as_i64().unwrap_or(0) >= 0);
    let slow = pods
        .iter()
        .find(|pod| pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30) > GRACE);
    if let Some(pod) = high {
        return found.fixed_by(
            ID,
            Outcome::Warning(format!(
                "{} has priority {}: the scheduler does not evict it for paid pods of priority 0",
                name(pod),
                pod["spec"]["priority"].as_i64().unwrap_or(0)
            )),
            "give it a PriorityClass of value -1000 with preemptionPolicy Never: oppscale \
             render-hpa writes one",
        );
    }
    match slow {
        Some(pod) => found.fixed_by(
            ID,
            Outcome::Warning(format!(
                "{} may take {} s to end, and paid pods wait for it",
                name(pod),
                pod["spec"]["terminationGracePeriodSeconds"]
            )),
            "set terminationGracePeriodSeconds: 5",
        ),
        None => found.pass(ID, format!("{} pods", pods.len())),
    }
}
