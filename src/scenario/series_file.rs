//! Series files, as docs/series.md describes them: one HPA, and what its metrics answered.

use std::collections::BTreeMap;

use oppscale_cluster::Autoscaler;
use oppscale_cluster::autoscaler::quantities_as_text;
use oppscale_cluster::typed;
use serde::Deserialize;
use serde_json::{Value, json};

use hpa_model::{
    ControllerConfig, FeedSource, HpaSpec, KubernetesVersion, ManualScale, MetricAnswer,
    MetricError, MetricFeed, Series, TargetType,
};

use super::source_file::{SourceFile, SourceFileError};
use super::wire::{Amount, Answer, Count, Seconds};

/// Shortest length of a replay, milliseconds.
const SHORTEST_MS: u64 = 900_000;
/// Time that it goes on after the last entry, milliseconds.
const AFTER_LAST_MS: u64 = 60_000;

/// The file. Keys that it does not know are other people's notes.
#[derive(Debug, Deserialize)]
struct File {
    kubernetes: Option<String>,
    sync_period_seconds: Option<Seconds>,
    first_sync_seconds: Option<Seconds>,
    run_seconds: Option<Seconds>,
    duration_seconds: Option<Seconds>,
    start_replicas: Option<Count>,
    pod_start_seconds: Option<Seconds>,
    pod_stop_seconds: Option<Seconds>,
    #[serde(default)]
    feature_gates: BTreeMap<String, bool>,
    #[serde(rename = "minReplicas")]
    min_replicas: Option<Count>,
    #[serde(rename = "maxReplicas")]
    max_replicas: Count,
    behavior: Option<Value>,
    metrics: Vec<MetricFile>,
    #[serde(default)]
    manual_scale: Vec<ManualFile>,
}

#[derive(Debug, Deserialize)]
struct MetricFile {
    r#type: MetricType,
    name: Option<String>,
    target: Value,
    served: Option<Vec<ServedFile>>,
    closed_loop: Option<LoopFile>,
    pod_request: Option<Amount>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum MetricType {
    External,
    Object,
    Pods,
    Resource,
}

#[derive(Debug, Deserialize)]
struct ServedFile {
    at_seconds: Seconds,
    value: Answer,
}

#[derive(Debug, Deserialize)]
struct LoopFile {
    base_milli: i64,
    minus_milli_per_status_replica: i64,
    refresh_seconds: Seconds,
    phase_seconds: Option<Seconds>,
}

#[derive(Debug, Deserialize)]
struct ManualFile {
    at_seconds: Seconds,
    replicas: Count,
}

/// Reads a series.
///
/// # Errors
/// When a field is missing, of the wrong type, or names something that there is not.
pub fn series(source: &SourceFile) -> Result<Series, SourceFileError> {
    let file: File = source.parse()?;
    let error = |problem: String| SourceFileError::new(source, problem);
    let config = config(&file).map_err(error)?;
    if file.metrics.is_empty() {
        return Err(error("metrics: expected at least one metric".to_owned()));
    }
    let feeds: Result<_, _> = file.metrics.iter().enumerate().map(|(at, m)| feed(at, m)).collect();
    let ms = |seconds: Option<Seconds>| seconds.map(|seconds| seconds.0);
    let sync_period_ms = ms(file.sync_period_seconds).unwrap_or(15_000);
    let served = file.metrics.iter().flat_map(|metric| metric.served.iter().flatten());
    let moments = served.map(|served| served.at_seconds.0);
    let last = moments.chain(file.manual_scale.iter().map(|m| m.at_seconds.0)).max().unwrap_or(0);
    let spec = spec(&file).map_err(error)?;
    let (first_run_ms, run_ms) = usual_timing(&spec, &file, sync_period_ms);
    Ok(Series {
        config,
        start_replicas: file.start_replicas.map_or(spec.min_replicas.unwrap_or(1), |c| c.0),
        spec,
        sync_period_ms,
        first_run_ms: ms(file.first_sync_seconds).unwrap_or(first_run_ms),
        run_ms: ms(file.run_seconds).unwrap_or(run_ms),
        status_delay_ms: Series::STATUS_DELAY_MS,
        pod_start_ms: ms(file.pod_start_seconds).unwrap_or(1_000),
        pod_stop_ms: ms(file.pod_stop_seconds).unwrap_or(1_000),
        feeds: feeds.map_err(error)?,
        manual_scales: file.manual_scale.iter().map(manual_scale).collect(),
        edits: Vec::new(),
        end_ms: ms(file.duration_seconds)
            .unwrap_or_else(|| SHORTEST_MS.max(last.saturating_add(AFTER_LAST_MS))),
    })
}

/// Default timing of the HPA's syncs.
///
/// A loop on `AverageValue` takes the same course whatever the phase of its runs, only
/// sooner or later. Half a period behind the usual phase, the unknown phase of a recording
/// costs at most half a period; at the usual phase, a change of the metric close to a run
/// can cost a whole one. Other loops depend on the phase, so they keep the usual one.
fn usual_timing(spec: &HpaSpec, file: &File, sync_period_ms: u64) -> (u64, u64) {
    let usual = Series::first_run_after(sync_period_ms);
    let any_phase = file.metrics.iter().all(|metric| metric.served.is_some())
        && spec.metrics.iter().all(|metric| metric.target.kind == TargetType::AverageValue);
    if any_phase { (usual + sync_period_ms / 2, MEASURED_RUN_MS) } else { (usual, Series::RUN_MS) }
}

/// Duration of a run of the controller, from the drift of the recordings, milliseconds.
const MEASURED_RUN_MS: u64 = 35;

fn config(file: &File) -> Result<ControllerConfig, String> {
    let version = match &file.kubernetes {
        Some(text) => text.parse().map_err(|error| format!("kubernetes: {error}"))?,
        None => KubernetesVersion::default(),
    };
    let mut config = ControllerConfig::of(version);
    // Only a cluster with the gate on can have recorded it.
    config.gates.scale_to_zero |= file.min_replicas == Some(Count(0));
    for (name, on) in &file.feature_gates {
        match name.as_str() {
            "HPAScaleToZero" => config.gates.scale_to_zero = *on,
            "HPAConfigurableTolerance" => config.gates.configurable_tolerance = *on,
            other => {
                return Err(format!(
                    "feature_gates: {other:?} does not change an HPA: expected HPAScaleToZero or \
                     HPAConfigurableTolerance"
                ));
            }
        }
    }
    Ok(config)
}

/// The HPA, by way of the object that it would be.
fn spec(file: &File) -> Result<HpaSpec, String> {
    let mut hpa = json!({ "spec": {
        "minReplicas": file.min_replicas.map(|count| count.0),
        "maxReplicas": file.max_replicas.0,
        "metrics": file.metrics.iter().map(metric).collect::<Vec<_>>(),
        "behavior": file.behavior,
    }});
    quantities_as_text(&mut hpa);
    let hpa: Autoscaler = typed::read_strictly(&hpa).map_err(|refusal| refusal.to_string())?;
    hpa.spec().map_err(|invalid| invalid.to_string())
}

fn metric(file: &MetricFile) -> Value {
    let mut target = file.target.clone();
    if let Some(target) = target.as_object_mut().filter(|t| !t.contains_key("type")) {
        // It follows from the field that is set.
        let types = [("value", "Value"), ("averageValue", "AverageValue")];
        let known = types.iter().find(|(field, _)| target.contains_key(*field));
        target.insert("type".to_owned(), known.map_or("Utilization", |(_, kind)| kind).into());
    }
    let name = file.name.as_deref();
    let metric = json!({ "name": name.unwrap_or("metric") });
    // Which object it is makes no difference to a replay.
    let object = json!({ "kind": "Service", "name": "object" });
    match file.r#type {
        MetricType::External => {
            json!({ "type": "External", "external": { "metric": metric, "target": target } })
        }
        MetricType::Object => json!({
            "type": "Object",
            "object": { "describedObject": object, "metric": metric, "target": target },
        }),
        MetricType::Pods => {
            json!({ "type": "Pods", "pods": { "metric": metric, "target": target } })
        }
        MetricType::Resource => {
            let name = name.unwrap_or("cpu");
            json!({ "type": "Resource", "resource": { "name": name, "target": target } })
        }
    }
}

fn feed(at: usize, file: &MetricFile) -> Result<MetricFeed, String> {
    let serving = match (&file.closed_loop, &file.served) {
        (Some(LoopFile { refresh_seconds: Seconds(0), .. }), _) => {
            return Err(format!("metrics[{at}].closed_loop.refresh_seconds: expected more than 0"));
        }
        (Some(closed), _) => FeedSource::ClosedLoop {
            base_milli: closed.base_milli,
            minus_milli_per_status_replica: closed.minus_milli_per_status_replica,
            refresh_ms: closed.refresh_seconds.0,
            phase_ms: closed.phase_seconds.map_or(0, |phase| phase.0),
        },
        (None, Some(served)) => FeedSource::Recorded(served.iter().map(answer).collect()),
        (None, None) => {
            return Err(format!("metrics[{at}]: expected the field served or closed_loop"));
        }
    };
    let pod_request_milli = Some(file.pod_request.map_or(1000, Amount::milli));
    Ok(MetricFeed { serving, pod_request_milli })
}

fn answer(file: &ServedFile) -> MetricAnswer {
    let answer = match &file.value {
        Answer::Items(items) => Ok(items.iter().map(|item| item.milli()).collect()),
        Answer::Error => Err(MetricError::Fetch),
    };
    MetricAnswer { at_ms: file.at_seconds.0, answer }
}

fn manual_scale(file: &ManualFile) -> ManualScale {
    ManualScale { at_ms: file.at_seconds.0, replicas: file.replicas.0 }
}
