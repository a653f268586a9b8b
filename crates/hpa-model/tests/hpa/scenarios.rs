//! Scenarios nobody recorded, told by hand: what else a series file may hold.

use super::support::scenario;
use hpa_model::*;

fn counts(json: &str) -> Vec<u32> {
    let changes = replay(&scenario::parse(json)).expect("a valid scenario");
    changes.iter().map(|change| change.spec_replicas).collect()
}

const WINDOWS_0: &str = r#"{"scaleDown": {"stabilizationWindowSeconds": 0}}"#;

fn external(target: &str, served: &str) -> String {
    format!(r#"{{"type": "External", "target": {target}, "served": {served}}}"#)
}

fn served(list: &[(u32, &str)]) -> String {
    let one = |(at, value): &(u32, &str)| format!(r#"{{"at_seconds": {at}, "value": "{value}"}}"#);
    format!("[{}]", list.iter().map(one).collect::<Vec<_>>().join(","))
}

fn average(list: &[(u32, &str)]) -> String {
    external(r#"{"type": "AverageValue", "averageValue": "1"}"#, &served(list))
}

#[test]
fn only_what_is_needed_is_required() {
    let metric = average(&[(0, "3")]);
    assert_eq!(counts(&format!(r#"{{"maxReplicas": 9, "metrics": [{metric}]}}"#)), [1, 3]);
}

#[test]
fn an_error_holds_until_it_is_over() {
    let metric = average(&[(0, "8"), (60, "error"), (300, "5")]);
    let json = format!(
        r#"{{"maxReplicas": 9, "start_replicas": 2, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
    );
    assert_eq!(counts(&json), [2, 6, 8, 5]);
}

#[test]
fn before_the_first_value_the_api_fails() {
    let metric = average(&[(100, "3")]);
    let json = format!(r#"{{"maxReplicas": 9, "start_replicas": 6, "metrics": [{metric}]}}"#);
    let changes = replay(&scenario::parse(&json)).expect("a valid scenario");
    assert_eq!(changes.last().map(|change| change.spec_replicas), Some(3));
    // The initial recommendation is as old as the first run.
    assert!(changes[1].at_ms > 300_000);
}

#[test]
fn two_metrics_and_one_of_them_failing() {
    let (one, two) =
        (average(&[(0, "6"), (120, "2")]), average(&[(0, "4"), (60, "error"), (240, "1")]));
    let json = format!(
        r#"{{"maxReplicas": 20, "start_replicas": 3, "behavior": {WINDOWS_0}, "metrics": [{one},{two}]}}"#
    );
    assert_eq!(counts(&json), [3, 6, 2]);
}

#[test]
fn min_0_means_that_the_gate_was_on() {
    let metric = average(&[(0, "4"), (60, "0"), (120, "2"), (180, "0")]);
    let json = format!(
        r#"{{"minReplicas": 0, "maxReplicas": 9, "start_replicas": 4, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
    );
    assert_eq!(counts(&json), [4, 0, 2, 0]);
}

#[test]
fn a_gate_said_to_be_off_refuses_min_0() {
    let metric = average(&[(0, "4")]);
    let json = format!(
        r#"{{"minReplicas": 0, "maxReplicas": 9, "feature_gates": {{"HPAScaleToZero": false}}, "metrics": [{metric}]}}"#
    );
    let error = replay(&scenario::parse(&json)).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the HPA is invalid: spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"
    );
}

#[test]
fn min_0_with_value_wakes_by_the_ratio() {
    let metric = external(
        r#"{"type": "Value", "value": "10"}"#,
        &served(&[(0, "0"), (120, "25"), (240, "10")]),
    );
    let json = format!(
        r#"{{"minReplicas": 0, "maxReplicas": 9, "start_replicas": 1, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
    );
    // From zero ceil(25/10), then times the ready pods, as far as the policies let it.
    assert_eq!(counts(&json)[..4], [1, 0, 3, 7]);
}

#[test]
fn disabled_and_min_policies() {
    let metric = average(&[(0, "12"), (120, "2")]);
    let behavior = r#"{
        "scaleDown": {"selectPolicy": "Disabled"},
        "scaleUp": {"selectPolicy": "Min", "policies": [
            {"type": "Pods", "value": 3, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15}]}}"#;
    let json = format!(
        r#"{{"maxReplicas": 20, "start_replicas": 1, "behavior": {behavior}, "metrics": [{metric}]}}"#
    );
    assert_eq!(counts(&json), [1, 2, 4, 7, 10, 12]);
}

#[test]
fn object_metrics_take_negative_values_calmly() {
    let metric = format!(
        r#"{{"type": "Object", "target": {{"type": "AverageValue", "averageValue": "1"}}, "served": {}}}"#,
        served(&[(0, "4"), (60, "-2")])
    );
    let json = format!(
        r#"{{"maxReplicas": 9, "start_replicas": 2, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
    );
    assert_eq!(counts(&json), [2, 4, 1]);
}

#[test]
fn items_are_added_in_their_order() {
    let metric = external(
        r#"{"averageValue": "1"}"#,
        r#"[{"at_seconds": 0, "value": ["10", "-3"]}, {"at_seconds": 60, "value": ["-3", "10"]}]"#,
    );
    let json = format!(
        r#"{{"maxReplicas": 20, "start_replicas": 7, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
    );
    assert_eq!(counts(&json), [7, 14, 20]);
}

/// `Value` multiplies ready pods: with slow pods the same load asks again and again for the same.
#[test]
fn slow_pods_slow_value_down() {
    let metric = external(r#"{"type": "Value", "value": "10"}"#, &served(&[(0, "15"), (50, "10")]));
    let json = |start: u32| {
        format!(
            r#"{{"maxReplicas": 99, "start_replicas": 4, "pod_start_seconds": {start}, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
        )
    };
    assert_eq!(counts(&json(1)), [4, 6, 9, 14]);
    assert_eq!(counts(&json(60)), [4, 6]);
}

#[test]
fn cpu_utilization_counts_ready_pods_only() {
    let metric = format!(
        r#"{{"type": "Resource", "name": "cpu", "pod_request": "500m", "target": {{"type": "Utilization", "averageUtilization": 50}}, "served": {}}}"#,
        served(&[(0, "400m"), (40, "250m"), (300, "100m")])
    );
    let json = format!(
        r#"{{"maxReplicas": 20, "start_replicas": 5, "behavior": {WINDOWS_0}, "metrics": [{metric}]}}"#
    );
    let found = counts(&json);
    assert_eq!(found[..2], [5, 8], "80 % of 50 %");
    assert_eq!(found.last(), Some(&1), "proportional down to the minimum: {found:?}");
}

#[test]
fn a_closed_loop_on_average_value_settles() {
    let json = r#"{"maxReplicas": 200, "start_replicas": 10, "metrics": [{
        "type": "External", "target": {"averageValue": "3"},
        "closed_loop": {"base_milli": 160000, "minus_milli_per_status_replica": 1000, "refresh_seconds": 15}}]}"#;
    let found = counts(json);
    // n = (160 - n) / 3; the window of 300 s keeps the overshoot for a while.
    assert!(found.iter().all(|count| *count <= 54), "{found:?}");
    let last = found.last().copied().unwrap_or_default();
    assert!((36..=44).contains(&last), "{found:?}");
}

#[test]
fn hands_on_the_scale_are_changes_too() {
    let metric = average(&[(0, "4")]);
    let json = format!(
        r#"{{"maxReplicas": 9, "start_replicas": 4, "metrics": [{metric}],
            "manual_scale": [{{"at_seconds": 100, "replicas": 8}}, {{"at_seconds": 5, "replicas": 30}}]}}"#
    );
    let changes = replay(&scenario::parse(&json)).expect("a valid scenario");
    // The first run finds 30 and remembers it: for 300 s no less than the maximum will do, not
    // even the 8 of another hand.
    let counts: Vec<u32> = changes.iter().map(|change| change.spec_replicas).collect();
    assert_eq!(counts, [4, 30, 9, 8, 9, 4]);
    assert_eq!((changes[1].at_ms, changes[3].at_ms), (5_000, 100_000));
}

#[test]
fn edits_take_effect_at_the_next_run() {
    let metric = average(&[(0, "4")]);
    let json = format!(r#"{{"maxReplicas": 9, "start_replicas": 4, "metrics": [{metric}]}}"#);
    let mut series = scenario::parse(&json);
    let mut spec = series.spec.clone();
    spec.min_replicas = Some(6);
    series.edits = vec![Edit { at_ms: 100_000, spec }];
    let changes = replay(&series).expect("a valid scenario");
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[1].spec_replicas, 6);
    assert!((100_000..115_200).contains(&changes[1].at_ms));
}

#[test]
fn contradictions_are_errors() {
    let metric = average(&[(0, "4")]);
    let mut series = scenario::parse(&format!(r#"{{"maxReplicas": 9, "metrics": [{metric}]}}"#));
    series.feeds.clear();
    let expected = SeriesError::Feeds { metrics: 1, feeds: 0 };
    assert_eq!(replay(&series), Err(expected));
    series.sync_period_ms = 0;
    let error = replay(&series).expect_err("no time");
    assert_eq!(error.to_string(), "the sync period must be positive");
}
