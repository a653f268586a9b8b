//! HPAs in files, judged without a cluster by the judge of `simulate`.

use hpa_model::ControllerConfig;
use hpa_model::application::{ApplicationSetup, Demand, SteadyState, Target, ambiguous, judge};
use hpa_model::simulation::SyncTiming;
use hpa_model::verdict::uses_fit_replicas;
use oppscale_cluster::autoscaler::{HPA, SCALED_OBJECT};
use oppscale_core::check::{CheckId, Finding};

use crate::scenario::{
    self, Manifest, MetricAssumptions, PodAssumptions, SourceFile, StatedPod, WorkloadFile,
};

/// Judges the HPAs of files, each with the workload in its file. Files without one are passed over.
pub fn judge_manifests(files: &[SourceFile]) -> Vec<Finding> {
    let config = ControllerConfig::default();
    let mut findings = Vec::new();
    for file in files {
        // A file that cannot be read has its own finding.
        let Ok((objects, _)) = file.objects(&[HPA, SCALED_OBJECT]) else { continue };
        if objects.is_empty() {
            continue;
        }
        match scenario::manifests(file, config.gates) {
            Err(refused) => findings.push(
                CheckId::HpaStable
                    .failed(refused.to_string())
                    .about(&file.name)
                    .fix("correct the field: the API server refuses the HPA as it is"),
            ),
            Ok(manifests) => {
                let targets = scenario::targets(&manifests);
                for (manifest, target) in manifests.iter().zip(targets) {
                    let about = format!("{}: {}", file.name, manifest.name());
                    let found = judged(file, manifest, target, config);
                    findings.extend(found.into_iter().map(|finding| finding.about(&about)));
                }
            }
        }
    }
    findings
}

fn judged(
    file: &SourceFile,
    manifest: &Manifest,
    target: Target,
    config: ControllerConfig,
) -> Vec<Finding> {
    const ID: CheckId = CheckId::HpaStable;
    match &target {
        Target::Scalable => {}
        Target::NoScale(why) => {
            let text = format!("the controller cannot read the scale of its target: {why}");
            return vec![ID.failed(text).fix("correct spec.scaleTargetRef")];
        }
        Target::Paused { .. } => {
            return vec![ID.skipped("its ScaledObject is paused, so KEDA deletes the HPA")];
        }
        Target::Shared { others, bounds } => {
            let text = ambiguous(others, "the same target", *bounds);
            return vec![CheckId::SingleHpa.failed(text).fix("keep one, with the metrics of all")];
        }
    }
    if uses_fit_replicas(&manifest.spec) {
        let why = "it fills idle capacity, so its verdict depends on the cluster: oppscale check \
                   judges it there, and oppscale simulate --from on saved lists";
        return vec![ID.skipped(why)];
    }
    let workload = match scenario::workload(file, manifest) {
        Ok(workload) => workload,
        Err(error) => return vec![ID.failed(error.to_string())],
    };
    let reading_of = |workload: Option<&WorkloadFile>| {
        let pod = PodAssumptions::of(workload, &manifest.spec, &StatedPod::default());
        let reading = MetricAssumptions::of(manifest, None, &pod);
        (reading.application(&pod), reading)
    };
    let (application, reading) = reading_of(workload.as_ref());
    let setup = ApplicationSetup {
        spec: manifest.spec.clone(),
        config,
        timing: SyncTiming::default(),
        application,
        demand: Demand::default(),
        metrics: reading.paths,
        target,
        start_replicas: 1,
        end_ms: 1_000,
        sample_ms: 1_000,
        seed: 1,
    };
    let verdict = match judge(&setup) {
        Ok(verdict) => verdict,
        Err(error) => return vec![ID.unknown(error.to_string())],
    };
    let finding = match (&verdict.steady_state, reading.question) {
        (SteadyState::Inert, _) => ID.failed(verdict.why),
        (SteadyState::OneWay { .. }, _) => ID.warning(verdict.why),
        (_, Some(question)) => ID.unknown(question),
        (SteadyState::Oscillates { .. } | SteadyState::Saturated { .. }, None) => {
            ID.failed(verdict.why)
        }
        (SteadyState::Slow { .. }, None) => ID.warning(verdict.why),
        (SteadyState::Settles { .. }, None) => ID.passed_with(verdict.why),
    };
    vec![finding]
}
