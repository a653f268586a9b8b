//! `spec.behavior` in whole runs: directions, policies, windows, and what they remember.

use super::support::lab::*;
use hpa_model::*;

pub fn up(rules: ScalingRules) -> HpaSpec {
    let mut spec = table_spec();
    spec.behavior.as_mut().expect("a behavior").scale_up = Some(rules);
    spec
}

fn down(rules: ScalingRules) -> HpaSpec {
    let mut spec = table_spec();
    spec.behavior.as_mut().expect("a behavior").scale_down = Some(rules);
    spec
}

pub fn policies(list: &[(PolicyType, i32, i32)]) -> Option<Vec<Policy>> {
    let policy = |&(kind, value, period_seconds)| Policy { kind, value, period_seconds };
    Some(list.iter().map(policy).collect())
}

#[test]
fn disabled_directions_do_not_move() {
    let disabled = ScalingRules {
        select_policy: Some(SelectPolicy::Disabled),
        stabilization_window_seconds: Some(0),
        ..ScalingRules::default()
    };
    assert_eq!(Lab::new(up(disabled.clone()), 5).settle(&["20"]), 5);
    let mut lab = Lab::new(down(disabled), 5);
    assert_eq!(lab.settle(&["1"]), 5);
    let limited = lab.conditions().scaling_limited;
    assert_eq!(limited, Some(ScalingLimited::ScaleDownLimit));
    assert_eq!(lab.settle(&["9"]), 9);
}

/// Disabled policies stop the metrics, not `maxReplicas`.
#[test]
fn disabled_scale_down_still_obeys_the_maximum() {
    let disabled =
        ScalingRules { select_policy: Some(SelectPolicy::Disabled), ..ScalingRules::default() };
    assert_eq!(Lab::new(down(disabled), 70).serve(&["1"]), 50);
}

#[test]
fn select_policy_chooses_the_smallest_or_largest_change() {
    let list = policies(&[(PolicyType::Pods, 2, 15), (PolicyType::Percent, 50, 15)]);
    for (select, upwards, downwards) in
        [(None, 15, 5), (Some(SelectPolicy::Max), 15, 5), (Some(SelectPolicy::Min), 12, 8)]
    {
        let rules = ScalingRules {
            stabilization_window_seconds: Some(0),
            select_policy: select,
            policies: list.clone(),
            ..ScalingRules::default()
        };
        assert_eq!(Lab::new(up(rules.clone()), 10).serve(&["40"]), upwards);
        assert_eq!(Lab::new(down(rules), 10).serve(&["1"]), downwards);
    }
}

#[test]
fn a_window_on_scale_up_takes_the_lowest_recommendation() {
    let rules = ScalingRules { stabilization_window_seconds: Some(60), ..ScalingRules::default() };
    let mut lab = Lab::new(up(rules), 10);
    lab.serve(&["10"]);
    let steps: Vec<u32> = (0..5).map(|_| lab.serve(&["18"])).collect();
    assert_eq!(steps, [10, 10, 10, 18, 18]);
    // A short peak is ignored.
    assert_eq!(lab.serve(&["30"]), 18);
    assert_eq!(lab.conditions().able_to_scale, Some(AbleToScale::ScaleUpStabilized));
    assert_eq!(lab.settle(&["18"]), 18);
}

#[test]
fn scaling_by_others_is_not_counted_against_the_policy() {
    let rules = ScalingRules {
        policies: policies(&[(PolicyType::Pods, 4, 600)]),
        ..ScalingRules::default()
    };
    let mut lab = Lab::new(up(rules), 5);
    assert_eq!(lab.serve(&["40"]), 9);
    assert_eq!(lab.serve(&["40"]), 9);
    lab.replicas = 20;
    assert_eq!(lab.serve(&["40"]), 20, "the period began with 20 - 4, plus 4");
    lab.now_ms += 700_000;
    assert_eq!(lab.serve(&["40"]), 24);
}

/// Scale-down events raise what scale-up starts from, and the reverse.
#[test]
fn events_of_both_directions_make_the_period_start() {
    let rules = ScalingRules {
        stabilization_window_seconds: Some(0),
        policies: policies(&[(PolicyType::Pods, 2, 300)]),
        ..ScalingRules::default()
    };
    let mut lab = Lab::new(up(rules), 10);
    assert_eq!(lab.serve(&["4"]), 4);
    assert_eq!(lab.serve(&["30"]), 12, "four now, six removed, two allowed");
}

/// Scale-up events live as long as scale-up policies look back, here 15 s, although the
/// scale-down policy asks for 60.
#[test]
fn events_the_other_direction_still_needs_are_overwritten() {
    let rules = ScalingRules {
        stabilization_window_seconds: Some(0),
        policies: policies(&[(PolicyType::Percent, 1, 60)]),
        ..ScalingRules::default()
    };
    let mut lab = Lab::new(down(rules), 5);
    assert_eq!(lab.serve(&["10"]), 10);
    assert_eq!(lab.serve(&["20"]), 20);
    // Both rises are within 60 s, which would allow trunc(5 * 0.99) = 4.
    assert_eq!(lab.serve(&["1"]), 9);
}

#[test]
fn an_edited_window_revives_recommendations_that_are_still_there() {
    let mut lab = Lab::new(table_spec(), 10);
    lab.serve(&["20"]);
    lab.spec.behavior.as_mut().expect("a behavior").scale_down =
        Some(ScalingRules { stabilization_window_seconds: Some(300), ..ScalingRules::default() });
    assert_eq!(lab.serve(&["3"]), 20);
    assert_eq!(lab.conditions().able_to_scale, Some(AbleToScale::ScaleDownStabilized));
}

#[test]
fn a_restart_forgets_the_recommendations_but_not_the_status() {
    let mut spec = table_spec();
    spec.behavior = None;
    let mut lab = Lab::new(spec, 10);
    lab.serve(&["20"]);
    assert_eq!(lab.serve(&["3"]), 20);
    lab.controller.restart();
    // The first run afterwards remembers what it finds.
    assert_eq!(lab.serve(&["3"]), 20);
    assert!(lab.controller.last_scale_ms().is_some());
    lab.controller.restart();
    lab.replicas = 5;
    assert_eq!(lab.serve(&["3"]), 5);
}

#[test]
fn stored_fills_both_directions() {
    let mut spec = table_spec();
    spec.behavior = Some(Behavior::default());
    spec.metrics.clear();
    let stored = spec.stored(KubernetesVersion::V1_36.default_gates());
    assert_eq!(stored.min_replicas, Some(1));
    assert_eq!(stored.metrics[0].target, MetricTarget::average_utilization(80));
    let behavior = stored.behavior.expect("a behavior");
    let (up, down) = (behavior.scale_up.expect("up"), behavior.scale_down.expect("down"));
    assert_eq!(up.stabilization_window_seconds, Some(0));
    assert_eq!(up.select_policy, Some(SelectPolicy::Max));
    let expected = policies(&[(PolicyType::Pods, 4, 15), (PolicyType::Percent, 100, 15)]);
    assert_eq!(up.policies, expected);
    assert_eq!(down.stabilization_window_seconds, None);
    assert_eq!(down.policies, policies(&[(PolicyType::Percent, 100, 15)]));
}
