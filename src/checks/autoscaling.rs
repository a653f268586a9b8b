//! HPAs of opportunistic workloads, judged by the HPA model.

use serde_json::{Value, json};

use crate::render::simulation::manifest::corrected;
use crate::scenario::{self, Document, Manifest};
use hpa_model::simulation::MetricModel;
use hpa_model::verdict::{
    LoopContext, Stability, is_fit_replicas_metric, judge, uses_fit_replicas,
};
use hpa_model::{ControllerConfig, KubernetesVersion};
use oppscale_cluster::{self, ClusterError, Request, WorkloadRef};
use oppscale_core::check::Outcome;
use oppscale_core::reserve::Reserve;

use super::doctor::{Doctor, Found};
use super::server::{STATEFUL_SETS, WORKLOADS, WORKLOADS_RIGHT};

const HPAS: &str = "/apis/autoscaling/v2/horizontalpodautoscalers";
const RIGHT: &str = "--verb=list --resource=horizontalpodautoscalers.autoscaling";
const ALL: [&str; 4] = ["OPP-HPA-001", "OPP-HPA-002", "OPP-HPA-003", "OPP-HPA-004"];
/// Each is judged against a list of the cluster's pods; more than these are not.
const JUDGED: usize = 20;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let hpas = match doctor.list(HPAS, RIGHT).await {
        Ok(hpas) => hpas,
        Err(outcome) => {
            for id in ALL {
                found.add(id, outcome.clone());
            }
            return;
        }
    };
    let mut workloads = Vec::new();
    let mut unseen = None;
    for (kind, path) in [("Deployment", WORKLOADS), ("StatefulSet", STATEFUL_SETS)] {
        match doctor.list(path, WORKLOADS_RIGHT).await {
            Ok(items) => workloads.extend(items.into_iter().map(|item| (kind, item))),
            Err(outcome) => unseen = Some(outcome),
        }
    }
    let ours: Vec<&Value> = hpas.iter().filter(|hpa| is_ours(hpa, &workloads)).collect();
    if let Some(outcome) = unseen {
        // Which HPAs are of opportunistic workloads is not known; those that say so by their
        // metric are judged all the same.
        for id in ALL {
            found.add(id, outcome.clone());
        }
    } else if ours.is_empty() {
        for id in ALL {
            found.skip(id, "no HPA scales an opportunistic workload");
        }
        return;
    }
    for hpa in ours.iter().take(JUDGED) {
        let name = super::prometheus::full_name(hpa);
        let (outcome, fix) = judged(doctor, hpa).await;
        found.about(ALL[0], Some(&name), outcome, fix);
        rivals(&hpas, hpa, &name, found);
        condition(hpa, &name, found);
        floor(hpa, &name, found);
    }
    if ours.len() > JUDGED {
        let text = format!("{} more HPAs were not judged", ours.len() - JUDGED);
        found.add(ALL[0], Outcome::Unknown(text));
    }
}

fn target(hpa: &Value) -> (&str, &str, &str) {
    let reference = &hpa["spec"]["scaleTargetRef"];
    (
        hpa["metadata"]["namespace"].as_str().unwrap_or_default(),
        reference["kind"].as_str().unwrap_or_default(),
        reference["name"].as_str().unwrap_or_default(),
    )
}

/// Whether it scales an opportunistic workload, by the workload's label or by its metric.
fn is_ours(hpa: &Value, workloads: &[(&str, Value)]) -> bool {
    let (namespace, kind, name) = target(hpa);
    let labelled = workloads.iter().any(|(of, workload)| {
        kind == *of
            && workload["metadata"]["namespace"] == namespace
            && workload["metadata"]["name"] == name
            && workload["metadata"]["labels"]["oppscale.dev/opportunistic"] == "true"
    });
    let metrics = hpa["spec"]["metrics"].as_array().into_iter().flatten();
    let mut named = metrics.flat_map(|metric| [&metric["object"], &metric["external"]]);
    labelled
        || named.any(|metric| metric["metric"]["name"].as_str().is_some_and(is_fit_replicas_metric))
}

async fn judged(doctor: &Doctor<'_>, hpa: &Value) -> (Outcome, Option<String>) {
    let unknown = |why: String| (Outcome::Unknown(why), None);
    let (namespace, kind, name) = target(hpa);
    let version = doctor.release.as_ref().map(|release| format!("1.{}", release.minor));
    let version: KubernetesVersion = version.and_then(|v| v.parse().ok()).unwrap_or_default();
    let config = ControllerConfig::of(version);
    let manifest = match manifest(hpa, &config) {
        Ok(manifest) => manifest,
        Err(error) => return unknown(error.to_string()),
    };
    let reference: WorkloadRef = match format!("{namespace}/{kind}/{name}").parse() {
        Ok(reference) => reference,
        Err(error) => return unknown(error),
    };
    let request = Request { workload: Some(reference), ..Request::default() };
    let (snapshot, workload) = match oppscale_cluster::read(doctor.cluster, &request, &()).await {
        Ok(read) => read,
        Err(error) => {
            return match error.downcast_ref::<ClusterError>() {
                Some(error) => (super::doctor::unknown(error), None),
                None => unknown(error.to_string()),
            };
        }
    };
    if let Some(why) = &snapshot.pods_unknown {
        return unknown(format!("pods are unknown: {why}"));
    }
    let mut setup = scenario::observed(&snapshot, &workload);
    setup.filler.autoscaler.config = config;
    let is_served = uses_fit_replicas(&manifest.spec);
    let nature = match is_served {
        true => MetricModel::oppscale(Reserve::Cpu(0)),
        // What such a metric measures cannot be seen; the article's is the usual one.
        false => MetricModel::article(),
    };
    let assumed = if is_served {
        ""
    } else {
        " (taking its metric for free cores, its own pods counted, scraped every 30 s)"
    };
    let verdict = match judge(&manifest.spec, &config, &nature, &LoopContext::of(&setup)) {
        Ok(verdict) => verdict,
        Err(error) => return (Outcome::Skipped(error.to_string()), None),
    };
    let fix = verdict.correction.as_ref().and_then(|correction| {
        let changes: Vec<_> = correction.changes.iter().map(|change| change.text()).collect();
        let yaml = corrected(&manifest, correction).ok()?;
        Some(format!("{}\n{yaml}", changes.join(" ")))
    });
    let text = format!("{}{assumed}", verdict.why);
    match verdict.stability {
        Stability::Oscillating | Stability::Saturated { .. } => (Outcome::Failed(text), fix),
        Stability::WithinTolerance => (Outcome::Warning(text), fix),
        Stability::Stable => (Outcome::Passed(Some(text)), None),
    }
}

/// The HPA as it would stand in a file.
fn manifest(hpa: &Value, config: &ControllerConfig) -> anyhow::Result<Manifest> {
    let metadata = &hpa["metadata"];
    let object = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "spec": hpa["spec"]
    });
    let document = Document::new(super::prometheus::full_name(hpa), object.to_string());
    let manifests = scenario::manifests(&document, config.gates)?;
    manifests.into_iter().next().ok_or_else(|| anyhow::anyhow!("there is no HPA"))
}

fn rivals(hpas: &[Value], hpa: &Value, name: &str, found: &mut Found) {
    let others: Vec<_> = hpas
        .iter()
        .filter(|other| target(other) == target(hpa))
        .map(super::prometheus::full_name)
        .filter(|other| other != name)
        .collect();
    match others.is_empty() {
        true => found.about(ALL[1], Some(name), Outcome::Passed(None), None),
        false => found.about(
            ALL[1],
            Some(name),
            Outcome::Failed(format!("{} scales the same workload: they fight", others.join(", "))),
            Some("keep one of them".to_owned()),
        ),
    }
}

fn condition(hpa: &Value, name: &str, found: &mut Found) {
    let conditions = hpa["status"]["conditions"].as_array().into_iter().flatten();
    let mut active = conditions.filter(|condition| condition["type"] == "ScalingActive");
    let text =
        |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    match active.next() {
        // KEDA goes to zero past its HPA, which then rests.
        Some(condition) if condition["reason"] == "ScalingDisabled" && is_kedas(hpa) => {
            let text = "KEDA has scaled to zero".to_owned();
            found.about(ALL[2], Some(name), Outcome::Passed(Some(text)), None);
        }
        Some(condition) if condition["status"] == "False" => found.about(
            ALL[2],
            Some(name),
            Outcome::Failed(format!(
                "{}: {}",
                text(condition, "reason"),
                text(condition, "message")
            )),
            Some("oppscale check --only server,owners tells who should answer".to_owned()),
        ),
        Some(_) => found.about(ALL[2], Some(name), Outcome::Passed(None), None),
        None => found.about(
            ALL[2],
            Some(name),
            Outcome::Unknown("the HPA controller has not looked at it yet".to_owned()),
            None,
        ),
    }
}

/// Whether KEDA made it, for a ScaledObject.
fn is_kedas(hpa: &Value) -> bool {
    let owners = hpa["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    owners.into_iter().any(|owner| owner["kind"] == "ScaledObject")
}

fn floor(hpa: &Value, name: &str, found: &mut Found) {
    let least = hpa["spec"]["minReplicas"].as_i64().unwrap_or(1);
    match least {
        0 | 1 => found.about(ALL[3], Some(name), Outcome::Passed(None), None),
        _ => found.about(
            ALL[3],
            Some(name),
            Outcome::Warning(format!(
                "minReplicas is {least}: so many stay, however much paid work asks for"
            )),
            Some(
                match is_kedas(hpa) {
                    true => "set minReplicaCount: 0 in its ScaledObject",
                    false => "set minReplicas: 1, or 0 where the gate HPAScaleToZero is on",
                }
                .to_owned(),
            ),
        ),
    }
}
