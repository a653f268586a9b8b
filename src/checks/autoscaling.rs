//! Checks of the HPAs of opportunistic workloads, with the HPA model.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use crate::filler::{KEDA_OWNS, correct_hpa};
use crate::scenario;
use hpa_model::simulation::MetricModel;
use hpa_model::verdict::{LoopContext, Stability, judge, uses_fit_replicas};
use hpa_model::{ControllerConfig, KubernetesVersion};
use oppscale_cluster::autoscaler::{HPA, HPA_API};
use oppscale_cluster::{Autoscaler, ClusterError, KindRef, Request};
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::reserve::Reserve;

use super::context::{CheckContext, is_opportunistic, unknown};

const HPAS: &str = "/apis/autoscaling/v2/horizontalpodautoscalers";
const PERMISSION: &str = "--verb=list --resource=horizontalpodautoscalers.autoscaling";
const ALL: [CheckId; 4] =
    [CheckId::HpaStable, CheckId::SingleHpa, CheckId::HpaActive, CheckId::HpaFloor];
/// The number of HPAs that are judged: each takes a list of the cluster's pods.
const MAX_JUDGED: usize = 20;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let hpas: Vec<Listed> = match context.list(HPAS, PERMISSION).await {
        Ok(hpas) => hpas.into_iter().filter_map(Listed::of).collect(),
        Err(outcome) => return CheckId::each(&ALL, Err(outcome)),
    };
    let mut findings = Vec::new();
    let mut workloads = Vec::new();
    let targets: BTreeSet<String> = hpas.iter().map(|listed| target_kind(&listed.hpa)).collect();
    for target in targets {
        let labelled = match labelled(context, &target).await {
            Ok(labelled) => labelled,
            // Which HPAs scale opportunistic workloads is unknown then. Those whose metric shows
            // it are judged all the same.
            Err(outcome) => {
                findings = CheckId::each(&ALL, Err(outcome));
                continue;
            }
        };
        workloads.extend(labelled.into_iter().map(|metadata| (target.clone(), metadata)));
    }
    let ours: Vec<_> = hpas.iter().filter(|l| is_ours(&l.hpa, &workloads)).collect();
    if findings.is_empty() && ours.is_empty() {
        let why = "no HPA scales an opportunistic workload";
        return CheckId::each(&ALL, Err(Outcome::skipped(why)));
    }
    for listed in ours.iter().take(MAX_JUDGED) {
        let (hpa, name) = (&listed.hpa, listed.hpa.full_name());
        let stable = CheckId::HpaStable.or_outcome(judged(context, listed).await);
        let found = [stable, single(&hpas, hpa, &name), condition(hpa), floor(hpa)];
        findings.extend(found.map(|finding| finding.about(&name)));
    }
    if ours.len() > MAX_JUDGED {
        let text = format!("{} more HPAs were not judged", ours.len() - MAX_JUDGED);
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
    let path =
        format!("{}?labelSelector=oppscale.dev%2Fopportunistic%3Dtrue", kind.list_path(None));
    let items = context.list::<Workload>(&path, &kind.permission("list")).await?;
    Ok(items.into_iter().map(|item| item.metadata).collect())
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

impl Listed {
    fn of(mut object: Value) -> Option<Self> {
        // Items of a list do not state their kind.
        object["apiVersion"] = HPA_API.into();
        object["kind"] = HPA.into();
        Some(Self { hpa: serde_json::from_value(object.clone()).ok()?, object })
    }
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

async fn judged(context: &CheckContext<'_>, listed: &Listed) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::HpaStable;
    let hpa = &listed.hpa;
    let (namespace, target) = (hpa.namespace(), hpa.target());
    let version = context.version.as_ref().map(|version| format!("1.{}", version.minor));
    let version: KubernetesVersion = version.and_then(|v| v.parse().ok()).unwrap_or_default();
    let config = ControllerConfig::of(version);
    let spec = hpa.spec().map_err(|invalid| Outcome::Unknown(invalid.to_string()))?;
    let reference = format!("{namespace}/{}/{}", target_kind(hpa), target.name);
    let reference = reference.parse().map_err(Outcome::Unknown)?;
    let request = Request { workload: Some(reference), ..Request::default() };
    let read = oppscale_cluster::read(context.cluster, &request, &()).await;
    let (snapshot, workload) = read.map_err(unknown)?;
    if let Some(why) = &snapshot.pods_unknown {
        return Ok(ID.unknown(format!("pods are unknown: {why}")));
    }
    let mut setup = scenario::observed(&snapshot, &workload);
    setup.filler.autoscaler.config = config;
    let (metric, assumption) = match uses_fit_replicas(&spec) {
        true => (MetricModel::oppscale(Reserve::Cpu(0)), ""),
        // What such a metric measures is not visible; the article's is the usual one.
        false => (
            MetricModel::article(),
            " (assuming that its metric is free cores, with its own pods counted, scraped every \
             30 s)",
        ),
    };
    let verdict = judge(&spec, &config, &metric, &LoopContext::of(&setup))
        .map_err(|error| Outcome::skipped(error.to_string()))?;
    let text = format!("{}{assumption}", verdict.why);
    let finding = match verdict.stability {
        Stability::Oscillating | Stability::Saturated { .. } => ID.failed(text),
        Stability::WithinTolerance => ID.warning(text),
        Stability::Stable => return Ok(ID.passed_with(text)),
    };
    let fix = verdict.correction.as_ref().and_then(|correction| {
        let changes: Vec<_> = correction.changes.iter().map(|change| change.text()).collect();
        let reserve = correction.metric.reserve;
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
    let others: Vec<_> = same.map(Autoscaler::full_name).filter(|other| other != of).collect();
    match others.is_empty() {
        true => CheckId::SingleHpa.passed(),
        false => CheckId::SingleHpa
            .failed(format!("{} scales the same workload: they fight", others.join(", ")))
            .fix("keep one of them"),
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
