//! Cases of upstream's `replica_calculator_test.go`, with its numbers: two containers per pod,
//! both using `level` and requesting the same; CPU initialization 2 min, readiness delay 10 s.

use hpa_model::*;

const NOW_MS: u64 = 1_000_000;

/// A pod by a letter: R ready, U unready, H started just now, P pending, F failed, D being deleted.
fn pod(letter: char) -> Pod {
    Pod {
        phase: match letter {
            'P' => Phase::Pending,
            'F' => Phase::Failed,
            _ => Phase::Running,
        },
        deleting: letter == 'D',
        started_ms: Some(if letter == 'H' { NOW_MS } else { 0 }),
        ready: Some(ReadyCondition {
            status: if "RH".contains(letter) { ReadyStatus::True } else { ReadyStatus::False },
            since_ms: 0,
        }),
    }
}

fn readings(levels: &[i64], pods: usize, request: Option<i64>, per_pod: i64) -> Vec<PodReading> {
    (0..pods.max(levels.len()))
        .map(|index| PodReading {
            value: levels.get(index).map(|level| level * per_pod),
            request: request.map(|request| request * per_pod),
            timestamp_ms: 0,
            window_ms: 60_000,
        })
        .collect()
}

fn config() -> ControllerConfig {
    ControllerConfig {
        cpu_initialization_ms: 120_000,
        initial_readiness_delay_ms: 10_000,
        ..ControllerConfig::default()
    }
}

pub fn outcome(
    metric: MetricSpec,
    current: u32,
    pods: &str,
    sample: Sample<'_>,
) -> Result<(u32, MetricValue), MetricError> {
    let spec = HpaSpec { max_replicas: 1_000, metrics: vec![metric], ..HpaSpec::default() };
    let pods: Vec<Pod> = pods.chars().map(pod).collect();
    let mut controller = Controller::new(config());
    let outcome = controller.run(
        NOW_MS,
        &spec,
        &Observation {
            scale: Some(Scale { spec_replicas: current, status_replicas: current }),
            selector: Selector::Valid,
            pods: Pods::Listed(&pods),
            metrics: &[sample],
            update_accepted: true,
        },
    );
    match controller.current_metrics() {
        [MetricStatus::Failed(error)] => Err(*error),
        [MetricStatus::Current(value)] => {
            let replicas = outcome.proposed_replicas.expect("a proposal");
            Ok((u32::try_from(replicas).expect("a count"), *value))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn cpu_utilization() {
    let ok =
        |replicas, percent, average| Ok((replicas, MetricValue::Utilization { percent, average }));
    for (name, current, levels, pods, target, expected) in [
        ("ScaleUp", 3, &[300, 500, 700][..], "RRR", 30, ok(5, 50, 1000)),
        ("ScaleUpUnreadyLessScale", 3, &[300, 500, 700], "URR", 30, ok(4, 60, 1200)),
        ("ScaleUpHotCpuLessScale", 3, &[300, 500, 700], "HRR", 30, ok(4, 60, 1200)),
        ("ScaleUpUnreadyNoScale", 3, &[400, 500, 700], "RUU", 30, ok(3, 40, 800)),
        ("ScaleUpIgnoresFailedPods", 2, &[500, 700], "RRFF", 30, ok(4, 60, 1200)),
        ("ScaleUpIgnoresDeletionPods", 2, &[500, 700], "RRDD", 30, ok(4, 60, 1200)),
        ("ScaleDown", 5, &[100, 300, 500, 250, 250], "RRRRR", 50, ok(3, 28, 560)),
        ("ScaleDownExcludeUnreadyPods", 5, &[100, 300, 500, 250, 250], "RRRUU", 50, ok(2, 30, 600)),
        ("ScaleDownExcludeUnscheduledPods", 5, &[100], "RPPPP", 50, ok(1, 10, 200)),
        ("ScaleDownIgnoreHotCpuPods", 5, &[100, 300, 500, 250, 250], "RRRHH", 50, ok(2, 30, 600)),
        (
            "SuperfluousMetrics",
            4,
            &[4000, 9500, 3000, 7000, 3200, 2000],
            "RRRR",
            100,
            ok(24, 587, 11_750),
        ),
        ("MissingMetrics", 4, &[400, 95], "RRRR", 100, ok(3, 24, 495)),
        ("EmptyMetrics", 4, &[], "", 30, Err(MetricError::NoItems)),
        ("MissingMetricsNoChangeEq", 2, &[1000], "RR", 100, ok(2, 100, 2000)),
        ("MissingMetricsNoChangeGt", 2, &[1900], "RR", 100, ok(2, 190, 3800)),
        ("MissingMetricsNoChangeLt", 2, &[600], "RR", 100, ok(2, 60, 1200)),
        ("MissingMetricsUnreadyChange", 3, &[100, 450], "URR", 50, ok(3, 45, 900)),
        ("MissingMetricsUnreadyScaleUp", 3, &[100, 2000], "URR", 50, ok(4, 200, 4000)),
        ("MissingMetricsUnreadyScaleDown", 4, &[100, 100, 100], "URRR", 50, ok(3, 10, 200)),
        ("DuringRollingUpdateWithMaxSurge", 2, &[100, 100], "RRR", 50, ok(2, 10, 200)),
    ] {
        let readings = readings(levels, pods.len(), Some(1000), 2);
        assert_eq!(
            outcome(cpu(target), current, pods, Sample::Pods(&readings)),
            expected,
            "{name}"
        );
    }
    let without_request = readings(&[200], 1, None, 2);
    let found = outcome(cpu(30), 1, "R", Sample::Pods(&without_request));
    assert_eq!(found, Err(MetricError::MissingRequest), "EmptyCPURequest");
}

/// A cpu metric with a target in per cent.
fn cpu(target: i32) -> MetricSpec {
    MetricSpec {
        source: MetricSource::Resource(ResourceName::Cpu),
        target: MetricTarget::average_utilization(target),
    }
}

/// Only readings of pods that are not in the list: `TestReplicaCalcDisjointResourcesMetrics`.
#[test]
fn disjoint_metrics_match_no_pod() {
    let mut readings = readings(&[0, 100], 2, Some(1000), 2);
    readings[0].value = None;
    let found = outcome(cpu(100), 1, "R", Sample::Pods(&readings));
    assert_eq!(found, Err(MetricError::NoKnownPods));
}

/// Missing pods count as the target when that is above 100 %.
#[test]
fn missing_metrics_scale_down_target_over_100() {
    let mut readings = readings(&[200, 100, 100], 4, Some(1000), 2);
    readings[2].request = Some(4000);
    readings[3].request = Some(4000);
    let found = outcome(cpu(300), 4, "URRR", Sample::Pods(&readings));
    let value = MetricValue::Utilization { percent: 6, average: 200 };
    assert_eq!(found, Ok((2, value)));
}

#[test]
fn pods_metrics() {
    for (name, current, levels, pods, target, expected) in [
        ("ScaleUpCM", 3, &[20_000, 10_000, 30_000][..], "RRR", 15_000, (4, 20_000)),
        ("UnreadyHotCpuNoLessScale", 3, &[50_000, 10_000, 30_000], "RRU", 15_000, (6, 30_000)),
        ("WouldScaleDown", 3, &[50_000, 15_000, 30_000], "URU", 15_000, (7, 31_666)),
        ("ScaleDownCM", 5, &[12_000; 5], "RRRRR", 20_000, (3, 12_000)),
        ("ToleranceCM", 3, &[20_000, 21_000, 21_000], "RRR", 20_000, (3, 20_666)),
        ("NoChangeEq", 5, &[20_000, 19_000, 21_000], "RRRRR", 20_000, (5, 20_000)),
        ("MaxSurgeCM", 2, &[10_000, 10_000], "RRR", 17_000, (2, 10_000)),
    ] {
        let readings = readings(levels, pods.len(), None, 1);
        let metric = MetricSpec {
            source: MetricSource::Pods(MetricIdentifier::named("qps")),
            target: MetricTarget::average_value(target),
        };
        let found = outcome(metric, current, pods, Sample::Pods(&readings));
        let expected = (expected.0, MetricValue::AverageValue(expected.1));
        assert_eq!(found, Ok(expected), "{name}");
    }
}

/// `TestGroupPods`.
#[test]
fn group_pods() {
    let minute = 60_000;
    let of = |started: u64, status, since_ms, timestamp_ms, window_ms, is_cpu| {
        let pod = Pod {
            phase: Phase::Running,
            deleting: false,
            started_ms: Some(started),
            ready: Some(ReadyCondition { status, since_ms }),
        };
        let reading = PodReading { value: Some(1), request: None, timestamp_ms, window_ms };
        group_pod(&pod, Some(&reading), is_cpu, NOW_MS, &config())
    };
    let (yes, no) = (ReadyStatus::True, ReadyStatus::False);
    let fresh = NOW_MS - minute;
    // During the initialization period: a whole window since the last change of readiness.
    assert_eq!(of(fresh, yes, NOW_MS - 30_000, NOW_MS, 30_000, true), PodGroup::Ready);
    assert_eq!(of(fresh, yes, NOW_MS - 30_000, NOW_MS, 60_000, true), PodGroup::Unready);
    assert_eq!(of(fresh, no, fresh, NOW_MS, 0, true), PodGroup::Unready);
    assert_eq!(of(fresh, no, fresh, NOW_MS, 0, false), PodGroup::Ready);
    assert_eq!(of(fresh, ReadyStatus::Unknown, fresh, NOW_MS, 0, true), PodGroup::Ready);
    // Afterwards: only pods that were never ready.
    let old = NOW_MS - 3 * minute;
    assert_eq!(
        of(old, yes, NOW_MS - 3 * minute, NOW_MS - 2 * minute, 60_000, true),
        PodGroup::Ready
    );
    assert_eq!(of(old, no, NOW_MS - minute, NOW_MS, 60_000, true), PodGroup::Ready);
    assert_eq!(of(old, no, old + 5_000, NOW_MS, 60_000, true), PodGroup::Unready);
}
