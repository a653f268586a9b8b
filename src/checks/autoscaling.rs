//! Checks of the HPAs of opportunistic workloads, with the HPA model.

use std::collections::{BTreeSet, HashMap};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use super::context::{CheckContext, FILLERS, is_opportunistic, unknown};
use crate::filler::{KEDA_OWNS, correct_hpa};
use crate::scenario;
use hpa_model::application::ambiguous;
use hpa_model::simulation::MetricModel;
use hpa_model::verdict::{LoopContext, Stability, judge, uses_fit_replicas};
use hpa_model::{ControllerConfig, KubernetesVersion};
use oppscale_cluster::autoscaler::{HPA, HPA_API};
use oppscale_cluster::typed;
use oppscale_cluster::{
    Autoscaler, ClusterError, KindRef, Request, ResolvedWorkload, Snapshot, WorkloadRef,
};
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds;
use oppscale_core::ownership::Ownership;
use oppscale_core::units::plural;

const ALL: [CheckId; 4] =
    [CheckId::HpaStable, CheckId::SingleHpa, CheckId::HpaActive, CheckId::HpaFloor];
/// The number of HPAs that are judged: each takes two requests for its workload.
const MAX_JUDGED: usize = 50;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let Hpas { all, ours, unknown } = match Hpas::list(context).await {
        Ok(hpas) => hpas,
        Err(outcome) => return CheckId::each(&ALL, Err(outcome)),
    };
    let mut findings = match unknown {
        Some(outcome) => CheckId::each(&ALL, Err(outcome)),
        None if ours.is_empty() => {
            let why = "no HPA scales an opportunistic workload";
            return CheckId::each(&ALL, Err(Outcome::skipped(why)));
        }
        None => Vec::new(),
    };
    for listed in ours.iter().filter_map(|at| all.get(*at)).take(MAX_JUDGED) {
        let (hpa, name) = (&listed.hpa, listed.hpa.full_name());
        let stable = CheckId::HpaStable.or_outcome(judged(context, listed).await);
        let found = [stable, single(&all, hpa, &name), condition(hpa), floor(hpa)];
        findings.extend(found.map(|finding| finding.about(&name)));
    }
    if ours.len() > MAX_JUDGED {
        let text = format!("{} not judged", plural(ours.len() - MAX_JUDGED, "more HPA"));
        findings.push(CheckId::HpaStable.unknown(text));
    }
    findings
}

/// The kind that an HPA scales, as the command line takes it: `Deployment.apps`.
fn target_kind(hpa: &Autoscaler) -> String {
    let target = hpa.target();
    let group = target.api_version.as_deref().and_then(|version| version.rsplit_once('/'));
    group.map_or_else(|| target.kind.clone(), |(group, _)| format!("{}.{group}", target.kind))
}

/// The opportunistic workloads of a kind; none if the cluster does not have the kind.
async fn labelled(context: &mut CheckContext<'_>, kind: &str) -> Result<Vec<ObjectMeta>, Outcome> {
    let Ok(kind) = kind.parse::<KindRef>() else { return Ok(Vec::new()) };
    let kind = match kind.resolve(context.cluster).await {
        Ok(kind) => kind,
        Err(error) if error.downcast_ref::<ClusterError>().is_some() => return Err(unknown(error)),
        Err(_) => return Ok(Vec::new()),
    };
    let items = context.list::<Workload>(kind, None, FILLERS).await?;
    Ok(items.into_iter().map(|item| item.metadata).collect())
}

/// The HPAs of the cluster.
struct Hpas {
    all: Vec<Listed>,
    /// Indexes of those that scale opportunistic workloads.
    ours: Vec<usize>,
    /// Why further ones may scale opportunistic workloads, if workloads could not be listed.
    unknown: Option<Outcome>,
}

/// The metadata of a workload.
#[derive(Deserialize)]
struct Workload {
    metadata: ObjectMeta,
}

/// An HPA of the cluster, as an object and decoded.
struct Listed {
    object: Value,
    hpa: Autoscaler,
}

impl Hpas {
    async fn list(context: &mut CheckContext<'_>) -> Result<Self, Outcome> {
        let objects: Vec<Value> = context.list(&kinds::HPA, None, "").await?;
        let all: Vec<Listed> = objects.into_iter().filter_map(Listed::of).collect();
        let (mut workloads, mut unknown) = (Vec::new(), None);
        let targets: BTreeSet<String> = all.iter().map(|l| target_kind(&l.hpa)).collect();
        for target in targets {
            match labelled(context, &target).await {
                Ok(labelled) => workloads.extend(labelled.into_iter().map(|m| (target.clone(), m))),
                // HPAs whose metric shows their purpose are judged all the same.
                Err(outcome) => unknown = Some(outcome),
            }
        }
        let is_ours = |listed: &Listed| is_ours(&listed.hpa, &workloads);
        let ours = all.iter().enumerate().filter(|(_, listed)| is_ours(listed));
        let ours = ours.map(|(at, _)| at).collect();
        Ok(Self { all, ours, unknown })
    }
}

impl Listed {
    fn of(mut object: Value) -> Option<Self> {
        // Items of a list do not state their kind.
        object["apiVersion"] = HPA_API.into();
        object["kind"] = HPA.into();
        Some(Self { hpa: typed::read(&object).ok()?, object })
    }
}

/// The nodes and pods of the cluster, read once for all checks, and the workloads of the judged
/// HPAs.
pub(super) struct ClusterSnapshot {
    pub(super) snapshot: Snapshot,
    /// By the full name of the HPA.
    workloads: HashMap<String, Result<ResolvedWorkload, Outcome>>,
}

impl CheckContext<'_> {
    /// The nodes and pods, read once for all checks of a run.
    pub(super) async fn snapshot(&mut self) -> Result<&mut ClusterSnapshot, Outcome> {
        let read = match self.snapshot.take() {
            Some(read) => read,
            None => ClusterSnapshot::read(self).await,
        };
        self.snapshot.insert(read).as_mut().map_err(|outcome| outcome.clone())
    }
}

impl ClusterSnapshot {
    async fn read(context: &mut CheckContext<'_>) -> Result<Self, Outcome> {
        let mut workloads = HashMap::new();
        if context.judges_hpas
            && let Ok(Hpas { all, ours, .. }) = Hpas::list(context).await
        {
            for listed in ours.iter().filter_map(|at| all.get(*at)).take(MAX_JUDGED) {
                let workload = workload_of(context, &listed.hpa).await;
                workloads.insert(listed.hpa.full_name(), workload);
            }
        }
        let owners =
            workloads.values().flatten().filter_map(|workload| match &workload.ownership {
                Ownership::Workload(own) => Some(own.clone()),
                Ownership::Labels(_) => None,
            });
        let request = Request { grouped: owners.collect(), limits: true, ..Request::default() };
        let read = oppscale_cluster::read(context.cluster, &request, &()).await;
        let (snapshot, _) = read.map_err(unknown)?;
        Ok(Self { snapshot, workloads })
    }
}

/// The workload that an HPA scales.
async fn workload_of(
    context: &CheckContext<'_>,
    hpa: &Autoscaler,
) -> Result<ResolvedWorkload, Outcome> {
    let (namespace, target) = (hpa.namespace(), hpa.target());
    let reference = format!("{namespace}/{}/{}", target_kind(hpa), target.name);
    let reference: WorkloadRef = reference.parse().map_err(Outcome::Unknown)?;
    reference.resolve(context.cluster, namespace).await.map_err(unknown)
}

/// Whether it scales an opportunistic workload, by the workload's label or by its metric.
fn is_ours(hpa: &Autoscaler, workloads: &[(String, ObjectMeta)]) -> bool {
    let (target, target_kind) = (hpa.target(), target_kind(hpa));
    let is_labelled = workloads.iter().any(|(kind, workload)| {
        *kind == target_kind
            && workload.namespace.as_deref() == Some(hpa.namespace())
            && workload.name.as_deref() == Some(&*target.name)
            && is_opportunistic(workload)
    });
    is_labelled || hpa.spec().is_ok_and(|spec| uses_fit_replicas(&spec))
}

async fn judged(context: &mut CheckContext<'_>, listed: &Listed) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::HpaStable;
    let hpa = &listed.hpa;
    let version = context.version.as_ref().map(|version| format!("1.{}", version.minor));
    let version: KubernetesVersion = version.and_then(|v| v.parse().ok()).unwrap_or_default();
    let config = ControllerConfig::of(version);
    let spec = hpa.spec().map_err(|invalid| Outcome::Unknown(invalid.to_string()))?;
    let ClusterSnapshot { snapshot, workloads } = context.snapshot().await?;
    let workload = workloads.get(&hpa.full_name()).cloned();
    let workload = workload.unwrap_or_else(|| Err(unknown(anyhow::anyhow!("it is new"))))?;
    if let Some(why) = &snapshot.pods_unknown {
        return Ok(ID.unknown(format!("pods are unknown: {why}")));
    }
    if let Ownership::Workload(own) = &workload.ownership {
        snapshot.ledger.set_opportunistic(|group| {
            (&*group.namespace, &*group.kind, &*group.name)
                == (&*own.namespace, &*own.kind, &*own.name)
        });
    }
    let mut setup = scenario::from_cluster(snapshot, &workload);
    setup.filler.autoscaler.config = config;
    let (metric, assumption) = match uses_fit_replicas(&spec) {
        true => (MetricModel::oppscale(workload.policy.reserve.clone()), ""),
        // What such a metric measures is not visible; the article's is the usual one.
        false => (
            MetricModel::article(),
            " (assuming that its metric is free cores, with its own pods counted, scraped every \
             30 s)",
        ),
    };
    let verdict = judge(&spec, &config, &metric, &LoopContext::of(&setup))
        .map_err(|error| Outcome::skipped(error.to_string()))?;
    // The loop is one of cores, so that the verdict knows no nodes.
    let rules = workload.placement_notes();
    let rules = match rules.is_empty() {
        true => String::new(),
        false => format!("; the verdict does not consider that {}", rules.join("; ")),
    };
    let text = format!("{}{assumption}{rules}", verdict.why);
    let finding = match verdict.stability {
        Stability::Oscillating
        | Stability::Saturated { .. }
        | Stability::OneWay { .. }
        | Stability::Inert => ID.failed(text),
        Stability::WithinTolerance | Stability::SlowToYield => ID.warning(text),
        Stability::Stable => return Ok(ID.passed_with(text)),
    };
    let fix = verdict.correction.as_ref().and_then(|correction| {
        let changes: Vec<_> = correction.changes.iter().map(|change| change.text()).collect();
        let reserve = &correction.metric.reserve;
        let yaml = match correct_hpa(&listed.object, hpa, &spec, reserve, config.gates).ok()? {
            Some(corrected) => corrected.text().ok()?,
            None => format!("{KEDA_OWNS}\n"),
        };
        Some(format!("{}\n{yaml}", changes.join(" ")))
    });
    Ok(Finding { fix, ..finding })
}

fn single(hpas: &[Listed], hpa: &Autoscaler, of: &str) -> Finding {
    let target = hpa.target();
    let same = hpas.iter().map(|other| &other.hpa);
    let same = same.filter(|other| other.scales(hpa.namespace(), &target.kind, &target.name));
    let bounds = Autoscaler::common_bounds(same.clone());
    let others: Vec<_> = same.map(Autoscaler::full_name).filter(|other| other != of).collect();
    match others.is_empty() {
        true => CheckId::SingleHpa.passed(),
        false => CheckId::SingleHpa
            .failed(ambiguous(&others, "the same workload", bounds))
            .fix("keep one, with the metrics of all"),
    }
}

fn condition(hpa: &Autoscaler) -> Finding {
    const ID: CheckId = CheckId::HpaActive;
    let Some(condition) = hpa.condition("ScalingActive") else {
        return ID.unknown("the HPA controller has not processed it yet");
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match condition.reason.as_deref() {
        // KEDA scales to zero by itself and pauses its HPA.
        Some("ScalingDisabled") if hpa.scaled_object().is_some() => {
            ID.passed_with("KEDA has scaled to zero")
        }
        _ if condition.status == "False" => ID
            .failed(format!("{}: {}", text(&condition.reason), text(&condition.message)))
            .fix("oppscale check --only server,owners shows which server should answer"),
        _ => ID.passed(),
    }
}

fn floor(hpa: &Autoscaler) -> Finding {
    match hpa.bounds().0 {
        0 | 1 => CheckId::HpaFloor.passed(),
        min => CheckId::HpaFloor
            .warning(format!(
                "minReplicas is {min}: the HPA keeps so many, however much paid pods request"
            ))
            .fix(match hpa.scaled_object().is_some() {
                true => "set minReplicaCount: 0 in its ScaledObject",
                false => "set minReplicas: 1, or 0 where the gate HPAScaleToZero is on",
            }),
    }
}
