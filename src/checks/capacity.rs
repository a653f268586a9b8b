//! Checks of capacity: everything is counted, and filler pods yield.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::DeploymentCondition;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use oppscale_cluster::Snapshot;
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::{DEPLOYMENT, NAMESPACE, POD, PRIORITY_CLASS, STATEFUL_SET};
use oppscale_core::policy::{NamespaceLimits, Policy};
use oppscale_core::record::YIELD_CUTOFF;
use oppscale_core::resources::CPU;
use oppscale_core::units::plural;
use serde::Deserialize;

use super::context::{CheckContext, FILLERS, full_name, is_opportunistic};
use super::usage_basis;
use crate::shares::namespaces::open_command;

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
    findings.extend(CheckId::each(&[CheckId::FillersStart], start(context).await));
    findings.extend(CheckId::each(&[CheckId::NotHeld], not_held(context).await));
    findings.extend(CheckId::each(&[CheckId::UsageBasis], usage_basis::check(context).await));
    findings
}

/// A workload, as far as its pods are concerned.
#[derive(Deserialize)]
pub(super) struct Filler {
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    pub(super) spec: FillerSpec,
    #[serde(default)]
    status: FillerStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FillerSpec {
    pub(super) template: PodTemplateSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FillerStatus {
    conditions: Option<Vec<DeploymentCondition>>,
}

/// Whether pods of fillers can be created: their PriorityClass exists, and no quota or admission
/// refuses them.
async fn start(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    const ID: CheckId = CheckId::FillersStart;
    let (mut count, mut findings) = (0, Vec::new());
    for kind in [&DEPLOYMENT, &STATEFUL_SET] {
        let mut fillers: Vec<Filler> = context.list(kind, None, FILLERS).await?;
        fillers.retain(|filler| is_opportunistic(&filler.metadata));
        count += fillers.len();
        for filler in fillers {
            let name = format!("{} {}", kind.name, full_name(&filler.metadata));
            if let Some(finding) = cannot_start(context, filler).await? {
                findings.push(finding.about(name));
            }
        }
    }
    if count == 0 {
        return Err(Outcome::skipped(format!("there is no workload labelled {FILLERS}")));
    }
    Ok(if findings.is_empty() { vec![ID.passed_with(plural(count, "workload"))] } else { findings })
}

async fn cannot_start(
    context: &mut CheckContext<'_>,
    filler: Filler,
) -> Result<Option<Finding>, Outcome> {
    const ID: CheckId = CheckId::FillersStart;
    let class = filler.spec.template.spec.and_then(|spec| spec.priority_class_name);
    if let Some(class) = class.filter(|class| !class.is_empty()) {
        let object = PRIORITY_CLASS.object(None, &class);
        let exists = match context.exists(&object).await {
            // Who may not read it learns of a missing one by the condition.
            Err(Outcome::Denied(_)) => true,
            exists => exists?,
        };
        if !exists {
            let text = format!(
                "there is no {object}, without which none of its pods is created: it may have gone \
                 with kubectl delete -f of another filler"
            );
            let fix = "apply the manifests of this filler again: they contain the class";
            return Ok(Some(ID.failed(text).fix(fix)));
        }
    }
    let conditions = filler.status.conditions.unwrap_or_default();
    let is_refused =
        |one: &&DeploymentCondition| one.type_ == "ReplicaFailure" && one.status == "True";
    let Some(refused) = conditions.iter().find(is_refused) else { return Ok(None) };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let text = format!("{}: {}", text(&refused.reason), text(&refused.message));
    Ok(Some(ID.failed(text).fix(
        "the message names who refuses the pods: raise that ResourceQuota or LimitRange, or change \
         the workload to what its namespace admits",
    )))
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
        true => ID.passed_with(plural(snapshot.ledger.records().count(), "node")),
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
                "{} without a request of cpu, so what is used counts as free: {}",
                plural(count, "pod"),
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
        if priority >= YIELD_CUTOFF {
            let name = full_name(&pod.metadata);
            return Ok(ID
                .warning(format!(
                    "{name} is labelled, but does not yield: its priority {priority} is not below \
                     {YIELD_CUTOFF}, so it counts as paid"
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
        None => ID.passed_with(plural(pods.len(), "pod")),
    })
}

/// The metadata of a workload or a Namespace.
#[derive(Deserialize)]
struct Object {
    metadata: ObjectMeta,
}

/// Whether the annotations of labelled workloads and of their namespaces are valid, and an
/// administrator opened those namespaces.
async fn not_held(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    const ID: CheckId = CheckId::NotHeld;
    let (mut used, mut findings) = (BTreeSet::new(), Vec::new());
    for kind in [&DEPLOYMENT, &STATEFUL_SET] {
        let workloads: Vec<Object> = context.list(kind, None, FILLERS).await?;
        for Object { metadata } in workloads.into_iter().filter(|w| is_opportunistic(&w.metadata)) {
            if let Err(error) = Policy::of(annotations(&metadata)) {
                let name = format!("{} {}", kind.name, full_name(&metadata));
                findings.push(
                    ID.failed(format!("it is held, and its HPA keeps the replicas: {error}"))
                        .fix("correct the annotation where the workload comes from")
                        .about(name),
                );
            }
            used.extend(metadata.namespace);
        }
    }
    if used.is_empty() {
        return Err(Outcome::skipped(format!("there are no workloads labelled {FILLERS}")));
    }
    let open: Vec<Object> = context.list(&NAMESPACE, None, FILLERS).await?;
    let open: Vec<_> = open.into_iter().filter(|n| is_opportunistic(&n.metadata)).collect();
    for namespace in &open {
        if let Err(error) = NamespaceLimits::of(annotations(&namespace.metadata)) {
            let name = namespace.metadata.name.as_deref().unwrap_or_default();
            findings.push(
                ID.failed(format!("workloads of namespace {name} are held: {error}"))
                    .fix(format!("kubectl annotate namespace {name} --overwrite ...")),
            );
        }
    }
    used.retain(|name| !open.iter().any(|n| n.metadata.name.as_deref() == Some(name)));
    let closed: Vec<_> = used.into_iter().collect();
    if let Some(first) = closed.first() {
        findings.push(
            ID.warning(format!(
                "opportunistic workloads of these namespaces are held, for no administrator \
                 opened them: {}",
                shortened(&closed)
            ))
            .fix(format!(
                "{} if they may use idle capacity, or name them in oppscale serve --namespaces",
                open_command(first)
            )),
        );
    }
    Ok(if findings.is_empty() { vec![ID.passed()] } else { findings })
}

fn annotations(metadata: &ObjectMeta) -> impl Iterator<Item = (&str, &str)> {
    let annotations = metadata.annotations.iter().flatten();
    annotations.map(|(name, value)| (name.as_str(), value.as_str()))
}
