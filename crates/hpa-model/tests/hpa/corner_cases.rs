//! The corner cases measured on the real controller, one test each (hpa.md 3.6), and those of
//! the text around them.

use super::support::lab::*;
use hpa_model::*;

fn spec_with(change: impl FnOnce(&mut HpaSpec)) -> HpaSpec {
    let mut spec = table_spec();
    change(&mut spec);
    spec
}

fn exact_both_ways(spec: &mut HpaSpec) {
    let behavior = spec.behavior.as_mut().expect("a behavior");
    for rules in [&mut behavior.scale_up, &mut behavior.scale_down] {
        rules.as_mut().expect("rules").tolerance = Some(Tolerance::from_nano(0));
    }
}

fn gated() -> ControllerConfig {
    let mut config = ControllerConfig::default();
    config.gates.scale_to_zero = true;
    config
}

#[test]
fn from_2_served_5_gives_5() {
    assert_eq!(Lab::new(table_spec(), 2).serve(&["5"]), 5);
}

#[test]
fn from_5_served_4_2_stays_5_and_over_allocates() {
    assert_eq!(Lab::new(table_spec(), 5).serve(&["4.2"]), 5);
}

#[test]
fn from_5_served_0_gives_the_minimum() {
    let mut lab = Lab::new(table_spec(), 5);
    assert_eq!(lab.serve(&["0"]), 1);
    let limited = lab.conditions().scaling_limited;
    assert_eq!(limited, Some(ScalingLimited::TooFewReplicas));
}

#[test]
fn from_1_served_minus_1m_gives_the_maximum() {
    let mut lab = Lab::new(table_spec(), 1);
    assert_eq!(lab.serve(&["-1m"]), 5);
    assert_eq!(lab.settle(&["-1m"]), 50);
    let limited = lab.conditions().scaling_limited;
    assert_eq!(limited, Some(ScalingLimited::TooManyReplicas));
}

#[test]
fn from_20_served_18_1_stays_20_inside_the_tolerance() {
    assert_eq!(Lab::new(table_spec(), 20).settle(&["18.1"]), 20);
}

#[test]
fn from_20_served_17_9_gives_18_outside_the_tolerance() {
    assert_eq!(Lab::new(table_spec(), 20).settle(&["17.9"]), 18);
}

#[test]
fn from_18_served_21_9_gives_22_and_22_1_keeps_it() {
    let mut lab = Lab::new(table_spec(), 18);
    assert_eq!(lab.serve(&["21.9"]), 22);
    assert_eq!(lab.settle(&["22.1"]), 22);
}

#[test]
fn items_10_and_minus_3_add_up_to_7() {
    assert_eq!(Lab::new(table_spec(), 4).settle(&["10", "-3"]), 7);
}

#[test]
fn items_minus_3_and_10_give_the_maximum() {
    assert_eq!(Lab::new(table_spec(), 4).settle(&["-3", "10"]), 50);
}

#[test]
fn tolerance_0_is_exact_at_19_000() {
    assert_eq!(Lab::new(spec_with(exact_both_ways), 20).settle(&["19.000"]), 19);
}

#[test]
fn tolerance_0_rounds_19_001_up_to_20() {
    assert_eq!(Lab::new(spec_with(exact_both_ways), 20).settle(&["19.001"]), 20);
}

#[test]
fn tolerance_0_rounds_19_0000001_up_to_the_next_milli() {
    assert_eq!(milli("19.0000001"), 19_001);
    let mut lab = Lab::new(spec_with(exact_both_ways), 20);
    assert_eq!(lab.settle(&["19.0000001"]), 20);
}

#[test]
fn a_failing_metrics_api_holds_the_count() {
    for error in [MetricError::Fetch, MetricError::NoItems] {
        let mut lab = Lab::new(table_spec(), 7);
        lab.serve(&["7"]);
        assert_eq!(lab.run(&[Sample::Failed(error)]), 7);
        let outcome = lab.last.expect("a run");
        assert_eq!(outcome.action, Action::Held);
        let active = outcome.conditions.scaling_active;
        assert_eq!(active, Some(ScalingActive::FailedGetMetric(0, error)));
        assert_eq!(outcome.desired_replicas, 7);
        assert_eq!(lab.controller.current_metrics(), [MetricStatus::Failed(error)]);
    }
}

#[test]
fn an_empty_list_of_items_holds_the_count() {
    let mut lab = Lab::new(table_spec(), 7);
    assert_eq!(lab.run(&[Sample::External(&[])]), 7);
    let active = lab.conditions().scaling_active;
    let expected = ScalingActive::FailedGetMetric(0, MetricError::NoItems);
    assert_eq!(active, Some(expected));
}

#[test]
fn at_0_with_the_gate_off_scaling_is_disabled() {
    let mut lab = Lab::new(table_spec(), 0);
    assert_eq!(lab.serve(&["5"]), 0);
    assert_eq!(lab.last.expect("a run").action, Action::Disabled);
    let active = lab.conditions().scaling_active;
    assert_eq!(active, Some(ScalingActive::ScalingDisabled));
}

#[test]
fn with_the_gate_off_min_0_is_refused() {
    let spec = spec_with(|spec| spec.min_replicas = Some(0));
    let gates = KubernetesVersion::V1_36.default_gates();
    let refusal = validate(&spec, gates).expect_err("a refusal");
    assert_eq!(
        refusal.to_string(),
        "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"
    );
}

#[test]
fn with_the_gate_on_min_0_goes_to_0_and_back_and_to_0() {
    let mut lab = Lab::on(gated(), spec_with(|spec| spec.min_replicas = Some(0)), 4);
    assert_eq!(lab.serve(&["0"]), 0);
    assert_eq!(lab.conditions().scaled_to_zero, Some(true));
    assert_eq!(lab.serve(&["0"]), 0);
    assert_eq!(lab.serve(&["2.5"]), 3);
    assert_eq!(lab.conditions().scaled_to_zero, Some(false));
    assert_eq!(lab.serve(&["0"]), 0);
}

#[test]
fn with_the_gate_on_a_manual_0_disables() {
    let mut lab = Lab::on(gated(), spec_with(|spec| spec.min_replicas = Some(0)), 4);
    lab.serve(&["6"]);
    lab.replicas = 0;
    assert_eq!(lab.settle(&["9"]), 0);
    assert_eq!(lab.last.expect("a run").action, Action::Disabled);
}

#[test]
fn raising_min_from_0_to_2_while_at_zero_gives_2() {
    let mut lab = Lab::on(gated(), spec_with(|spec| spec.min_replicas = Some(0)), 4);
    lab.serve(&["0"]);
    lab.spec.min_replicas = Some(2);
    assert_eq!(lab.serve(&["0"]), 2);
    let Some(Action::Rescaled { reason, .. }) = lab.last.map(|outcome| outcome.action) else {
        panic!("no rescale");
    };
    assert_eq!(reason, RescaleReason::BelowMin);
}

#[test]
fn without_behavior_3_served_40_doubles_every_run() {
    let mut lab = Lab::new(spec_with(|spec| spec.behavior = None), 3);
    let steps: Vec<u32> = (0..5).map(|_| lab.serve(&["40"])).collect();
    assert_eq!(steps, [6, 12, 24, 40, 40]);
}

#[test]
fn without_behavior_the_first_step_goes_to_4() {
    let mut lab = Lab::new(spec_with(|spec| spec.behavior = None), 1);
    assert_eq!(lab.serve(&["40"]), 4);
}

#[test]
fn object_average_value_minus_2_gives_the_minimum() {
    let spec = spec_with(|spec| spec.metrics = vec![object(MetricTarget::average_value(1000))]);
    let mut lab = Lab::new(spec, 20);
    assert_eq!(lab.run(&[Sample::Object(-2000)]), 1);
}

// Not in the table, but in the text.

/// One negative sample with default windows keeps the maximum for 300 s.
#[test]
fn one_negative_sample_poisons_the_default_window() {
    let mut lab = Lab::new(spec_with(|spec| spec.behavior = None), 10);
    lab.serve(&["10"]);
    lab.serve(&["-1m"]);
    let poisoned_at = lab.now_ms;
    lab.settle_until(50, &["10"]);
    while lab.serve(&["10"]) == 50 {}
    let held = lab.now_ms - poisoned_at;
    assert!((300_000..=316_000).contains(&held), "held for {held} ms");
}

/// kubernetes#140956: with no pods the average is a division by zero.
#[test]
fn without_pods_the_status_shows_the_smallest_integer() {
    let mut lab = Lab::new(table_spec(), 3);
    let pods = Pods::Counted { total: 0, ready: 0 };
    let observation = Observation {
        scale: Some(Scale { spec_replicas: 3, status_replicas: 0 }),
        pods,
        ..seen(3, &[Sample::External(&[2500])])
    };
    assert_eq!(lab.observe(&observation), 3);
    let status = MetricStatus::Current(MetricValue::AverageValue(i64::MIN));
    assert_eq!(lab.controller.current_metrics(), [status]);
}

/// `AverageValue` holds `status.replicas`, not `spec.replicas`: a surge ratchets.
#[test]
fn inside_the_tolerance_the_status_replicas_win() {
    let mut lab = Lab::new(table_spec(), 20);
    let observation = Observation {
        scale: Some(Scale { spec_replicas: 20, status_replicas: 22 }),
        pods: Pods::Counted { total: 22, ready: 20 },
        ..seen(20, &[Sample::External(&[20_000])])
    };
    assert_eq!(lab.observe(&observation), 22);
}

/// `Value` multiplies the ready pods: none ready, minimum; none at all, held.
#[test]
fn value_with_no_ready_pods_gives_the_minimum_and_without_pods_holds() {
    let spec = spec_with(|spec| spec.metrics = vec![external(MetricTarget::value(1000))]);
    let mut lab = Lab::new(spec.clone(), 9);
    let none_ready = Pods::Counted { total: 9, ready: 0 };
    assert_eq!(lab.run_with(&[Sample::External(&[5000])], none_ready), 1);
    let mut lab = Lab::new(spec, 9);
    let none = Pods::Counted { total: 0, ready: 0 };
    assert_eq!(lab.run_with(&[Sample::External(&[5000])], none), 9);
    let failure = ScalingActive::FailedGetMetric(0, MetricError::NoPods);
    assert_eq!(lab.conditions().scaling_active, Some(failure));
}
