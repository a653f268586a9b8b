//! Scenario files as `docs/series.md` describes them, and recordings to compare with.

use std::collections::BTreeMap;
use std::path::Path;

use hpa_model::*;
use serde::Deserialize;

use super::lab::milli;
use super::lab::scaled;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    kubernetes: Option<String>,
    #[serde(rename = "sync_period_seconds")]
    sync_period: Option<f64>,
    #[serde(rename = "first_sync_seconds")]
    first_sync: Option<f64>,
    #[serde(rename = "run_seconds")]
    run: Option<f64>,
    #[serde(rename = "duration_seconds")]
    duration: Option<f64>,
    #[serde(rename = "start_replicas")]
    start_replicas: Option<u32>,
    #[serde(rename = "pod_start_seconds")]
    pod_start: Option<f64>,
    #[serde(rename = "pod_stop_seconds")]
    pod_stop: Option<f64>,
    #[serde(rename = "feature_gates", default)]
    gates: BTreeMap<String, bool>,
    min_replicas: Option<u32>,
    max_replicas: u32,
    behavior: Option<BehaviorFile>,
    metrics: Vec<MetricFile>,
    #[serde(rename = "manual_scale", default)]
    manual: Vec<ManualFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BehaviorFile {
    scale_up: Option<RulesFile>,
    scale_down: Option<RulesFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesFile {
    stabilization_window_seconds: Option<i32>,
    select_policy: Option<String>,
    policies: Option<Vec<PolicyFile>>,
    tolerance: Option<Quantity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyFile {
    r#type: String,
    value: i32,
    period_seconds: i32,
}

#[derive(Deserialize)]
struct MetricFile {
    r#type: String,
    name: Option<String>,
    target: TargetFile,
    served: Option<Vec<ServedFile>>,
    closed_loop: Option<LoopFile>,
    pod_request: Option<Quantity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetFile {
    r#type: Option<String>,
    value: Option<Quantity>,
    average_value: Option<Quantity>,
    average_utilization: Option<i32>,
}

#[derive(Deserialize)]
struct ServedFile {
    at_seconds: f64,
    value: Items,
}

#[derive(Deserialize)]
struct LoopFile {
    base_milli: i64,
    minus_milli_per_status_replica: i64,
    refresh_seconds: f64,
    phase_seconds: Option<f64>,
}

#[derive(Deserialize)]
struct ManualFile {
    at_seconds: f64,
    replicas: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Quantity {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Items {
    One(Quantity),
    Many(Vec<Quantity>),
}

impl Quantity {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

fn ms(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

fn metric(file: &MetricFile) -> MetricSpec {
    let identifier = MetricIdentifier::named(file.name.as_deref().unwrap_or("metric"));
    let resource = ResourceName::from(file.name.as_deref().unwrap_or("cpu"));
    let source = match file.r#type.as_str() {
        "External" => MetricSource::External(identifier),
        "Object" => MetricSource::Object {
            metric: identifier,
            kind: "Service".to_owned(),
            name: "object".to_owned(),
        },
        "Pods" => MetricSource::Pods(identifier),
        "Resource" => MetricSource::Resource(resource),
        other => panic!("metric type {other:?}"),
    };
    let of = |quantity: &Option<Quantity>| quantity.as_ref().map(|q| milli(&q.text()));
    let (value, average_value) = (of(&file.target.value), of(&file.target.average_value));
    let kind = match file.target.r#type.as_deref() {
        Some("Value") => TargetType::Value,
        Some("AverageValue") => TargetType::AverageValue,
        Some("Utilization") => TargetType::Utilization,
        None if value.is_some() => TargetType::Value,
        None if average_value.is_some() => TargetType::AverageValue,
        None => TargetType::Utilization,
        Some(other) => panic!("target type {other:?}"),
    };
    MetricSpec {
        source,
        target: MetricTarget {
            kind,
            value,
            average_value,
            average_utilization: file.target.average_utilization,
        },
    }
}

fn feed(file: &MetricFile) -> MetricFeed {
    let serving = match (&file.closed_loop, &file.served) {
        (Some(looped), _) => FeedSource::ClosedLoop {
            base_milli: looped.base_milli,
            minus_milli_per_status_replica: looped.minus_milli_per_status_replica,
            refresh_ms: ms(looped.refresh_seconds),
            phase_ms: ms(looped.phase_seconds.unwrap_or(0.0)),
        },
        (None, served) => FeedSource::Recorded(served.iter().flatten().map(answer).collect()),
    };
    let request = file.pod_request.as_ref();
    MetricFeed {
        serving,
        pod_request_milli: request.map_or(Some(1000), |q| Some(milli(&q.text()))),
    }
}

fn answer(served: &ServedFile) -> MetricAnswer {
    let items: Vec<String> = match &served.value {
        Items::One(one) => vec![one.text()],
        Items::Many(many) => many.iter().map(Quantity::text).collect(),
    };
    let answer = if items.iter().any(|item| item == "error") {
        Err(MetricError::Fetch)
    } else {
        Ok(items.iter().map(|item| milli(item)).collect())
    };
    MetricAnswer { at_ms: ms(served.at_seconds), answer }
}

fn rules(file: &RulesFile) -> ScalingRules {
    ScalingRules {
        stabilization_window_seconds: file.stabilization_window_seconds,
        select_policy: file.select_policy.as_deref().map(|text| match text {
            "Max" => SelectPolicy::Max,
            "Min" => SelectPolicy::Min,
            "Disabled" => SelectPolicy::Disabled,
            other => panic!("selectPolicy {other:?}"),
        }),
        policies: file.policies.as_ref().map(|policies| {
            policies
                .iter()
                .map(|policy| Policy {
                    kind: match policy.r#type.as_str() {
                        "Pods" => PolicyType::Pods,
                        "Percent" => PolicyType::Percent,
                        other => panic!("policy type {other:?}"),
                    },
                    value: policy.value,
                    period_seconds: policy.period_seconds,
                })
                .collect()
        }),
        tolerance: file
            .tolerance
            .as_ref()
            .map(|q| Tolerance::from_nano(scaled(&q.text(), 1_000_000_000))),
    }
}

/// Reads a scenario file.
pub fn parse(json: &str) -> Series {
    let file: File = serde_json::from_str(json).unwrap();
    let version: KubernetesVersion =
        file.kubernetes.as_deref().map_or(Ok(KubernetesVersion::default()), str::parse).unwrap();
    let mut config = ControllerConfig::of(version);
    // Only a cluster with the gate on can have recorded it.
    config.gates.scale_to_zero |= file.min_replicas == Some(0);
    for (name, on) in &file.gates {
        match name.as_str() {
            "HPAScaleToZero" => config.gates.scale_to_zero = *on,
            "HPAConfigurableTolerance" => config.gates.configurable_tolerance = *on,
            other => panic!("feature gate {other:?}"),
        }
    }
    let sync_period_ms = ms(file.sync_period.unwrap_or(15.0));
    let last = file
        .metrics
        .iter()
        .flat_map(|metric| metric.served.iter().flatten())
        .map(|served| served.at_seconds)
        .chain(file.manual.iter().map(|manual| manual.at_seconds))
        .fold(0.0, f64::max);
    Series {
        config,
        spec: HpaSpec {
            min_replicas: file.min_replicas,
            max_replicas: file.max_replicas,
            metrics: file.metrics.iter().map(metric).collect(),
            behavior: file.behavior.as_ref().map(|behavior| Behavior {
                scale_up: behavior.scale_up.as_ref().map(rules),
                scale_down: behavior.scale_down.as_ref().map(rules),
            }),
        },
        start_replicas: file.start_replicas.unwrap_or(file.min_replicas.unwrap_or(1)),
        sync_period_ms,
        first_run_ms: file.first_sync.map_or_else(|| Series::first_run_after(sync_period_ms), ms),
        run_ms: file.run.map_or(Series::RUN_MS, ms),
        status_delay_ms: Series::STATUS_DELAY_MS,
        pod_start_ms: ms(file.pod_start.unwrap_or(1.0)),
        pod_stop_ms: ms(file.pod_stop.unwrap_or(1.0)),
        feeds: file.metrics.iter().map(feed).collect(),
        manual_scales: file
            .manual
            .iter()
            .map(|manual| ManualScale { at_ms: ms(manual.at_seconds), replicas: manual.replicas })
            .collect(),
        edits: Vec::new(),
        end_ms: ms(file.duration.unwrap_or(f64::max(900.0, last + 60.0))),
    }
}

/// The changes of `spec_replicas` in a recording.
pub fn recorded(csv: &str) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for line in csv.lines().skip(1) {
        let columns: Vec<_> = line.split(',').collect();
        let spec_replicas = columns[2].parse().unwrap();
        if changes.last().map(|change| change.spec_replicas) != Some(spec_replicas) {
            changes.push(Change { at_ms: ms(columns[0].parse().unwrap()), spec_replicas });
        }
    }
    changes
}

/// The text of a file in `tests/golden`.
pub fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read_to_string(path).unwrap()
}
