//! Applications under load, recorded beside a real kube-controller-manager: a metrics API computed
//! each metric from the load and the pods that were ready. The model takes the same course.

use hpa_model::Change;
use hpa_model::application::{
    Application, ApplicationSetup, Demand, Measure, MetricPath, Run, Target, simulate,
};
use hpa_model::simulation::SyncTiming;
use serde::Deserialize;

use crate::hpa::support::scenario;

/// How many phases are tried.
const SEEDS: u64 = 512;

/// What a recording says beside the HPA, as in `golden/README.md`.
#[derive(Deserialize)]
struct File {
    duration_seconds: u64,
    application: ApplicationFile,
    metrics: Vec<MetricFile>,
}

#[derive(Deserialize)]
struct ApplicationFile {
    /// Seconds and the load from then on.
    demand: Vec<(u64, f64)>,
    capacity: f64,
    #[serde(default)]
    queues: bool,
    request_milli: Option<u64>,
    start_seconds: u64,
    grace_seconds: u64,
}

#[derive(Deserialize)]
struct MetricFile {
    path: PathFile,
}

#[derive(Deserialize)]
struct PathFile {
    measure: String,
    period_seconds: u64,
    window_seconds: u64,
    #[serde(default)]
    delay_seconds: u64,
}

fn path(file: &PathFile) -> MetricPath {
    MetricPath {
        measure: match file.measure.as_str() {
            "cpu" => Measure::Cpu,
            "work_of_pod" => Measure::WorkOfPod(1.0),
            "demand" => Measure::Demand(1.0),
            "demand_per_pod" => Measure::DemandPerPod(1.0),
            "queue" => Measure::Queue(1.0),
            other => panic!("measure {other:?}"),
        },
        period_ms: file.period_seconds * 1000,
        window_ms: file.window_seconds * 1000,
        delay_ms: file.delay_seconds * 1000,
    }
}

fn setup(json: &str) -> ApplicationSetup {
    let file: File = serde_json::from_str(json).unwrap();
    let series = scenario::parse(json);
    let application = &file.application;
    let end_ms = file.duration_seconds * 1000;
    let steps = &application.demand;
    let ends = steps.iter().skip(1).map(|(at, _)| at * 1000 - 1).chain([end_ms]);
    let points =
        steps.iter().zip(ends).flat_map(|((at, load), end)| [(at * 1000, *load), (end, *load)]);
    ApplicationSetup {
        spec: series.spec,
        config: series.config,
        timing: SyncTiming::default(),
        application: Application {
            request_milli: application.request_milli,
            reserved_milli: 1000,
            request_bytes: None,
            target_load: 1.0,
            capacity: application.capacity,
            milli_per_unit: 1000.0,
            start_ms: application.start_seconds * 1000,
            warmup_ms: 0,
            cold_share: 1.0,
            grace_ms: application.grace_seconds * 1000,
            queues: application.queues,
        },
        demand: Demand::recorded(points),
        metrics: file.metrics.iter().map(|metric| path(&metric.path)).collect(),
        target: Target::Scalable,
        start_replicas: series.start_replicas,
        end_ms,
        sample_ms: 60_000,
        seed: 1,
    }
}

/// How far the run is from the recording, milliseconds; `None` where its counts are others.
fn apart(run: &Run, recorded: &[Change]) -> Option<u64> {
    let ours: Vec<_> = run.rescales.iter().map(|rescale| rescale.to).collect();
    let theirs: Vec<_> = recorded.iter().map(|change| change.spec_replicas).collect();
    let pairs = run.rescales.iter().zip(recorded);
    let apart = pairs.map(|(ours, theirs)| ours.at_ms.abs_diff(theirs.at_ms)).max();
    (ours == theirs).then_some(apart.unwrap_or(0))
}

/// Checks one recording. The phases of the syncs and of each measurement are drawn from the seed:
/// where the course depends on them, some of many seeds has those of the recording.
fn check(name: &str, least: usize) {
    let setup = setup(&scenario::file(&format!("load/{name}.json")));
    let mut recorded = scenario::recorded(&scenario::file(&format!("load/{name}.csv")));
    recorded.remove(0);
    let run = |seed| simulate(&ApplicationSetup { seed, ..setup.clone() }).unwrap();
    let runs: Vec<Run> = (1..=SEEDS).map(run).collect();
    let apart: Vec<u64> = runs.iter().filter_map(|run| apart(run, &recorded)).collect();
    let nearest = apart.iter().min().copied();
    let alike = |run: &&Run| {
        let pairs = run.rescales.iter().zip(&recorded);
        pairs.take_while(|(ours, theirs)| ours.to == theirs.spec_replicas).count()
    };
    if least == SEEDS as usize {
        assert!(apart.iter().all(|ms| *ms <= 30_000), "{name}: two periods at most: {apart:?}");
    }
    assert!(
        apart.len() >= least && nearest.is_some_and(|ms| ms <= 15_000),
        "{name}: {} of {SEEDS} have the counts, the nearest is {nearest:?} ms off: {recorded:?}, {:?}",
        apart.len(),
        runs.iter().max_by_key(alike).map(|run| &run.rescales)
    );
}

macro_rules! recordings {
    ($($test:ident $name:literal $least:literal)*) => {
        $(#[test] fn $test() { check($name, $least); })*

        #[test]
        fn no_recording_is_forgotten() {
            let mut files: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/load"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
                .collect();
            files.sort();
            assert_eq!(files, [$($name),*]);
        }
    };
}

// The counts of the others depend on when the metric was measured between two syncs.
recordings! {
    cpu "cpu" 512
    external "external" 1
    object "object" 1
    pods "pods" 1
    pods_window "pods-window" 1
    queue "queue" 1
}
