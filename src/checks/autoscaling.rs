//! HPAs of opportunistic workloads, judged by the HPA model.

use serde_json::Value;

use crate::filler::{KEDA_OWNS, correct_hpa};
use crate::scenario;
use hpa_model::simulation::MetricModel;
use hpa_model::verdict::{LoopContext, Stability, judge, uses_fit_replicas};
use hpa_model::{ControllerConfig, KubernetesVersion};
use oppscale_cluster::autoscaler::{HPA, HPA_API};
use oppscale_cluster::{Autoscaler, ClusterError, Request, WorkloadRef};
use oppscale_core::check::Outcome;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;
use oppscale_core::reserve::Reserve;

use super::doctor::{Doctor, Found};
use super::server::{STATEFUL_SETS, WORKLOADS, WORKLOADS_RIGHT};

const HPAS: &str = "/apis/autoscaling/v2/horizontalpodautoscalers";
const RIGHT: &str = "--verb=list --resource=horizontalpodautoscalers.autoscaling";
const ALL: [&str; 4] = ["OPP-HPA-001", "OPP-HPA-002", "OPP-HPA-003", "OPP-HPA-004"];
/// Each is judged against a list of the cluster's pods; more than these are not.
const JUDGED: usize = 20;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let hpas: Vec<Listed> = match doctor.list(HPAS, RIGHT).await {
        Ok(hpas) => hpas.into_iter().filter_map(Listed::of).collect(),
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
    let ours: Vec<&Listed> = hpas.iter().filter(|l| is_ours(&l.hpa, &workloads)).collect();
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
    for listed in ours.iter().take(JUDGED) {
        let (hpa, name) = (&listed.hpa, listed.hpa.full_name());
        let (outcome, fix) = judged(doctor, listed).await;
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
fn is_ours(hpa: &Autoscaler, workloads: &[(&str, Value)]) -> bool {
    let is_labelled = workloads.iter().any(|(kind, workload)| {
        let text = |field: &str| workload["metadata"][field].as_str().unwrap_or_default();
        hpa.scales(text("namespace"), kind, text("name"))
            && workload["metadata"]["labels"][OPPORTUNISTIC_LABEL] == "true"
    });
    is_labelled || hpa.spec().is_ok_and(|spec| uses_fit_replicas(&spec))
}

async fn judged(doctor: &Doctor<'_>, listed: &Listed) -> (Outcome, Option<String>) {
    let unknown = |why: String| (Outcome::Unknown(why), None);
    let hpa = &listed.hpa;
    let (namespace, target) = (hpa.namespace(), hpa.target());
    let version = doctor.release.as_ref().map(|release| format!("1.{}", release.minor));
    let version: KubernetesVersion = version.and_then(|v| v.parse().ok()).unwrap_or_default();
    let config = ControllerConfig::of(version);
    let spec = match hpa.spec() {
        Ok(spec) => spec,
        Err(invalid) => return unknown(invalid.to_string()),
    };
    let reference = format!("{namespace}/{}/{}", target.kind, target.name);
    let reference: WorkloadRef = match reference.parse() {
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
    let is_served = uses_fit_replicas(&spec);
    let metric = match is_served {
        true => MetricModel::oppscale(Reserve::Cpu(0)),
        // What such a metric measures cannot be seen; the article's is the usual one.
        false => MetricModel::article(),
    };
    let assumed = if is_served {
        ""
    } else {
        " (taking its metric for free cores, its own pods counted, scraped every 30 s)"
    };
    let verdict = match judge(&spec, &config, &metric, &LoopContext::of(&setup)) {
        Ok(verdict) => verdict,
        Err(error) => return (Outcome::Skipped(error.to_string()), None),
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
    let text = format!("{}{assumed}", verdict.why);
    match verdict.stability {
        Stability::Oscillating | Stability::Saturated { .. } => (Outcome::Failed(text), fix),
        Stability::WithinTolerance => (Outcome::Warning(text), fix),
        Stability::Stable => (Outcome::Passed(Some(text)), None),
    }
}

fn rivals(hpas: &[Listed], hpa: &Autoscaler, name: &str, found: &mut Found) {
    let target = hpa.target();
    let others: Vec<_> = hpas
        .iter()
        .filter(|other| other.hpa.scales(hpa.namespace(), &target.kind, &target.name))
        .map(|other| other.hpa.full_name())
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

fn condition(hpa: &Autoscaler, name: &str, found: &mut Found) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match hpa.condition("ScalingActive") {
        // KEDA goes to zero past its HPA, which then rests.
        Some(condition)
            if condition.reason.as_deref() == Some("ScalingDisabled")
                && hpa.scaled_object().is_some() =>
        {
            let text = "KEDA has scaled to zero".to_owned();
            found.about(ALL[2], Some(name), Outcome::Passed(Some(text)), None);
        }
        Some(condition) if condition.status == "False" => found.about(
            ALL[2],
            Some(name),
            Outcome::Failed(format!("{}: {}", text(&condition.reason), text(&condition.message))),
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

fn floor(hpa: &Autoscaler, name: &str, found: &mut Found) {
    let (least, _) = hpa.bounds();
    match least {
        0 | 1 => found.about(ALL[3], Some(name), Outcome::Passed(None), None),
        _ => found.about(
            ALL[3],
            Some(name),
            Outcome::Warning(format!(
                "minReplicas is {least}: so many stay, however much paid work asks for"
            )),
            Some(
                match hpa.scaled_object().is_some() {
                    true => "set minReplicaCount: 0 in its ScaledObject",
                    false => "set minReplicas: 1, or 0 where the gate HPAScaleToZero is on",
                }
                .to_owned(),
            ),
        ),
    }
}
