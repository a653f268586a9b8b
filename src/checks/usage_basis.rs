//! The check of workloads on the usage basis: whether idle CPU can be counted for them, and whether
//! paid pods go before them.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use oppscale_cluster::{Snapshot, containers};
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::defaulting::{footprint_of_template, is_guaranteed};
use oppscale_core::kinds::{DEPLOYMENT, NODE_METRICS, STATEFUL_SET};
use oppscale_core::limits;
use oppscale_core::model;
use oppscale_core::policy::{Basis, Policy};
use oppscale_core::resources::{Amount, CPU, MEMORY};
use oppscale_core::units::{counted, plural, quantity_text};
use oppscale_core::usage::{MAX_REQUEST, REQUEST};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::capacity::Filler;
use super::context::{CheckContext, CheckTarget, FILLERS, full_name, is_opportunistic};

const ID: CheckId = CheckId::UsageBasis;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    let (mut count, mut findings) = (0, Vec::new());
    for kind in [&DEPLOYMENT, &STATEFUL_SET] {
        let mut fillers: Vec<Filler> = context.list(kind, None, FILLERS).await?;
        fillers.retain(|filler| is_opportunistic(&filler.metadata));
        for filler in fillers {
            let annotations = filler.metadata.annotations.iter().flatten();
            let policy = Policy::of(annotations.map(|(name, value)| (&**name, &**value)));
            // The server holds one whose policy is invalid, whatever its basis.
            let Some(policy) = policy.ok().filter(|policy| policy.basis == Basis::Usage) else {
                continue;
            };
            count += 1;
            let name = format!("{} {}", kind.name, full_name(&filler.metadata));
            let pod = filler.spec.template.spec.unwrap_or_default();
            let own = match Replica::of(&pod) {
                Ok(replica) => {
                    let mut own = of_pod(&pod, &replica, policy.burn.map(Amount::from));
                    let snapshot = &context.snapshot().await?.snapshot;
                    own.extend(memory_to_spare(snapshot, replica.memory));
                    own
                }
                Err(problem) => {
                    let text = format!("its pod template cannot be counted: {problem}");
                    vec![ID.failed(text).fix("write quantities such as 500m or 1Gi")]
                }
            };
            findings.extend(own.into_iter().map(|finding| finding.about(name.clone())));
        }
    }
    if count == 0 {
        return Err(Outcome::skipped("no workload is on the usage basis"));
    }
    if context.read_list::<IgnoredAny>(&NODE_METRICS, None, "").await?.is_none() {
        let text = "metrics.k8s.io is not served, so idle CPU is unknown and workloads on the usage \
                    basis are held";
        findings.push(ID.failed(text).fix(context.distribution.install_metrics_server()));
    }
    let without_guard = without_guard(context).await;
    let snapshot = &context.snapshot().await?.snapshot;
    findings.extend(paid_without_requests(snapshot));
    if findings.is_empty() {
        findings.push(ID.passed_with(plural(count, "workload")));
    }
    findings.extend(exclusive_cores(snapshot));
    findings.extend(without_guard);
    Ok(findings)
}

/// Requests, limits and QoS class of a template's pods.
struct Replica {
    /// Millicores that it requests.
    cpu: Amount,
    /// Millicores that it may use; `None` if a container has no limit.
    cpu_limit: Option<Amount>,
    /// Bytes that it requests.
    memory: Amount,
    is_guaranteed: bool,
}

impl Replica {
    fn of(pod: &PodSpec) -> anyhow::Result<Self> {
        let json = serde_json::to_string(pod)?;
        let template: model::PodSpec<'_> = serde_json::from_str(&json)?;
        let footprint = footprint_of_template(&template)?;
        let cpu_limit = limits::cpu_of_template(&template)?;
        Ok(Self {
            cpu: footprint.get(CPU),
            cpu_limit: (cpu_limit > 0).then_some(cpu_limit),
            memory: footprint.get(MEMORY),
            is_guaranteed: is_guaranteed(&template)?,
        })
    }
}

/// The problems of a workload's pods on the usage basis.
fn of_pod(pod: &PodSpec, replica: &Replica, burn: Option<Amount>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match (burn, replica.cpu_limit) {
        (None, None) => findings.push(
            ID.failed("the cores that a replica uses are unknown, so the workload is held")
                .fix("annotate it: oppscale.dev/burn: \"1\""),
        ),
        (Some(burn), Some(limit)) if limit < burn => findings.push(
            ID.warning(format!(
                "its CPU limit {} throttles a replica below the {} that it is counted with",
                quantity_text(CPU, limit),
                quantity_text(CPU, burn)
            ))
            .fix("take the CPU limit out: weights protect paid pods without one"),
        ),
        _ => {}
    }
    if replica.is_guaranteed {
        findings.push(
            ID.failed(
                "its pods are Guaranteed: under the CPU manager's static policy they get cores of \
                 their own, and do not yield",
            )
            .fix("take the CPU limit out, or raise it above the request"),
        );
    } else if replica.cpu > MAX_REQUEST {
        findings.push(
            ID.warning(format!(
                "a replica requests {} of cpu: paid pods that want CPU get little more than it does",
                quantity_text(CPU, replica.cpu)
            ))
            .fix("request 10m of cpu: oppscale render-hpa --basis usage writes it"),
        );
    }
    let exceeds = |one: &&Container| {
        limit(one, MEMORY).is_none_or(|limit| request(one, MEMORY).unwrap_or(0) < limit)
    };
    if let Some(container) = containers::of_pod(pod).find(exceeds) {
        findings.push(
            ID.warning(format!(
                "container {} may use more memory than it requests, and memory does not yield",
                container.name
            ))
            .fix("limit its memory to what it requests"),
        );
    }
    findings
}

/// Whether some node has the memory that a replica requests.
fn memory_to_spare(snapshot: &Snapshot, needed: Amount) -> Option<Finding> {
    let mut nodes = snapshot.ledger.nodes();
    let has_place = nodes.any(|(_, account)| {
        let allocatable = account.record.as_ref().and_then(|node| node.allocatable.as_ref().ok());
        allocatable
            .is_some_and(|allocatable| allocatable.get(MEMORY) - account.paid.get(MEMORY) >= needed)
    });
    let text = format!(
        "no node has {} of memory left beside paid pods: idle CPU does not help, for memory counts \
         by requests on either basis",
        quantity_text(MEMORY, needed)
    );
    (!has_place && needed > 0).then(|| ID.warning(text).fix("request less memory for a replica"))
}

/// Paid pods whose weight is no larger than a filler's.
fn paid_without_requests(snapshot: &Snapshot) -> Option<Finding> {
    let paid = snapshot.ledger.bound().filter(|pod| !pod.opportunistic);
    let without = paid.filter(|pod| pod.footprint.get(CPU) < REQUEST).count();
    (without > 0).then(|| {
        ID.warning(format!(
            "{} with a request of less than 10m of cpu: under contention fillers on the usage basis \
             get as much CPU",
            plural(without, "paid pod")
        ))
        .fix("kubectl set resources deploy/NAME --requests=cpu=100m")
    })
}

/// A note that the server's pressure guard is off; none where there is no server to tell.
async fn without_guard(context: &mut CheckContext<'_>) -> Option<Finding> {
    let CheckTarget { namespace, service, .. } = &context.target;
    let deployment = DEPLOYMENT.object(Some(namespace), service);
    let deployment: Value = context.read(&deployment).await.ok()??;
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array()?;
    let mut args = containers.iter().filter_map(|container| container["args"].as_array()).flatten();
    let is_on = args.any(|arg| arg.as_str().is_some_and(|arg| arg.starts_with("--pressure-guard")));
    (!is_on).then(|| {
        ID.passed_with(
            "the pressure guard is off: nodes whose paid pods wait for CPU keep their slots; \
             oppscale init --extra-arg=--pressure-guard=kubelet turns it on",
        )
    })
}

/// A note on cores that the kubelet may keep for paid pods. Its CPU manager policy is in no object
/// of the API: `configz` takes `nodes/proxy`.
fn exclusive_cores(snapshot: &Snapshot) -> Option<Finding> {
    let paid = snapshot.ledger.bound().filter(|pod| !pod.opportunistic);
    let cores = paid.filter_map(|pod| {
        let (limits, cpu) = (pod.limits?, pod.footprint.get(CPU));
        let is_guaranteed =
            [CPU, MEMORY].iter().all(|name| limits.get(name) == pod.footprint.get(name));
        (is_guaranteed && cpu > 0 && cpu % 1000 == 0).then_some(cpu)
    });
    let (count, cores) = cores.fold((0, 0), |(count, sum), cpu| (count + 1, sum + cpu));
    (count > 0).then(|| {
        ID.passed_with(format!(
            "{} with {} in all: on nodes with the static CPU manager policy fillers cannot run \
             on these, though they count as idle when unused",
            plural(count, "Guaranteed paid pod"),
            counted(&quantity_text(CPU, cores), "whole core")
        ))
    })
}

fn request(container: &Container, name: &str) -> Option<Amount> {
    containers::request(container.resources.as_ref(), name)
}

fn limit(container: &Container, name: &str) -> Option<Amount> {
    containers::limit(container.resources.as_ref(), name)
}
