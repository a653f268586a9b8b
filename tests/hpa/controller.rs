//! Whole runs: conditions, events, several metrics, other hands on the scale, versions.

use super::support::lab::*;
use oppscale::core::hpa::*;

fn two_metrics() -> HpaSpec {
    let mut spec = table_spec();
    spec.metrics = vec![
        external(MetricTarget::average_value(1000)),
        MetricSpec {
            source: MetricSource::External(MetricIdentifier::named("queue")),
            target: MetricTarget::average_value(2000),
        },
    ];
    spec
}

fn up(rules: ScalingRules) -> HpaSpec {
    let mut spec = table_spec();
    spec.behavior.as_mut().expect("a behavior").scale_up = Some(rules);
    spec
}

fn down(rules: ScalingRules) -> HpaSpec {
    let mut spec = table_spec();
    spec.behavior.as_mut().expect("a behavior").scale_down = Some(rules);
    spec
}

fn policies(list: &[(PolicyType, i32, i32)]) -> Option<Vec<Policy>> {
    let policy = |&(kind, value, period_seconds)| Policy { kind, value, period_seconds };
    Some(list.iter().map(policy).collect())
}

fn rendered(lab: &Lab) -> Vec<(&'static str, bool, &'static str, String)> {
    lab.conditions()
        .render(&lab.spec, "default")
        .into_iter()
        .map(|c| (c.kind, c.status, c.reason, c.message))
        .collect()
}

#[test]
fn a_rescale_says_what_it_did() {
    let mut lab = Lab::new(table_spec(), 2);
    lab.serve(&["5"]);
    assert_eq!(
        rendered(&lab),
        [
            (
                "AbleToScale",
                true,
                "SucceededRescale",
                "the HPA controller was able to update the target scale to 5".to_owned()
            ),
            (
                "ScalingActive",
                true,
                "ValidMetricFound",
                "the HPA was able to successfully calculate a replica count from external metric free(nil)"
                    .to_owned()
            ),
            (
                "ScalingLimited",
                false,
                "DesiredWithinRange",
                "the desired count is within the acceptable range".to_owned()
            ),
        ]
    );
    let event = "New size: 5; reason: external metric free(nil) above target".to_owned();
    assert_eq!(lab.events(), [("SuccessfulRescale", event)]);
    assert_eq!(lab.controller.last_scale_ms(), Some(lab.now_ms));
    lab.serve(&["5"]);
    assert_eq!(rendered(&lab)[0].2, "ReadyForNewScale");
    assert!(lab.events().is_empty());
    lab.serve(&["1"]);
    let event = "New size: 1; reason: All metrics below target".to_owned();
    assert_eq!(lab.events(), [("SuccessfulRescale", event)]);
}

#[test]
fn a_failed_metric_says_why() {
    let mut lab = Lab::new(table_spec(), 2);
    lab.run(&[Sample::External(&[])]);
    let cause = "unable to get external metric default/free/nil: \
                 no metrics returned from external metrics API";
    let (kind, status, reason, message) = rendered(&lab).remove(1);
    assert_eq!((kind, status, reason), ("ScalingActive", false, "FailedGetExternalMetric"));
    assert_eq!(message, format!("the HPA was unable to compute the replica count: {cause}"));
    let computed = format!(
        "invalid metrics (1 invalid out of 1), first error is: failed to get free external \
         metric value: failed to get free external metric: {cause}"
    );
    let expected =
        [("FailedGetExternalMetric", cause.to_owned()), ("FailedComputeMetricsReplicas", computed)];
    assert_eq!(lab.events(), expected);
}

#[test]
fn selectors_with_labels_print_as_in_go() {
    let mut spec = table_spec();
    spec.metrics[0].source = MetricSource::External(MetricIdentifier {
        name: "free".to_owned(),
        match_labels: Some([("app".to_owned(), "web".to_owned())].into()),
    });
    let mut lab = Lab::new(spec, 2);
    lab.serve(&["2"]);
    assert!(rendered(&lab)[1].3.ends_with(
        "external metric free(&LabelSelector{MatchLabels:map[string]string{app: web,},\
         MatchExpressions:[]LabelSelectorRequirement{},})"
    ));
}

#[test]
fn the_highest_of_two_metrics_wins() {
    let mut lab = Lab::new(two_metrics(), 5);
    let run = lab.run(&[Sample::External(&[6000]), Sample::External(&[16_000])]);
    assert_eq!(run, 8);
    let active = lab.conditions().scaling_active;
    assert_eq!(active, Some(ScalingActive::ValidMetricFound(1)));
}

#[test]
fn with_one_broken_metric_up_works_and_down_does_not() {
    let broken = Sample::Failed(MetricError::Fetch);
    let mut lab = Lab::new(two_metrics(), 5);
    assert_eq!(lab.run(&[broken, Sample::External(&[16_000])]), 8);
    assert_eq!(lab.events()[0].0, "FailedGetExternalMetric");
    assert_eq!(lab.events()[1].0, "SuccessfulRescale");
    assert_eq!(lab.run(&[broken, Sample::External(&[4_000])]), 8);
    assert_eq!(lab.last.expect("a run").action, Action::Held);
    assert_eq!(lab.run(&[Sample::External(&[8_000]), broken]), 8);
    assert_eq!(lab.last.expect("a run").action, Action::Unchanged);
}

/// Fewer answers than metrics: the rest has failed.
#[test]
fn a_missing_answer_is_a_failure() {
    let mut lab = Lab::new(two_metrics(), 5);
    assert_eq!(lab.run(&[Sample::External(&[1_000])]), 5);
    assert_eq!(lab.run(&[]), 5);
}

#[test]
fn outside_the_limits_nothing_is_measured() {
    let mut lab = Lab::new(table_spec(), 70);
    assert_eq!(lab.run(&[Sample::Failed(MetricError::Fetch)]), 50);
    let event = "New size: 50; reason: Current number of replicas above Spec.MaxReplicas";
    assert_eq!(lab.events(), [("SuccessfulRescale", event.to_owned())]);
    assert!(lab.controller.current_metrics().is_empty());
    lab.spec.min_replicas = Some(3);
    lab.replicas = 2;
    assert_eq!(lab.run(&[Sample::Failed(MetricError::Fetch)]), 3);
    let event = "New size: 3; reason: Current number of replicas below Spec.MinReplicas";
    assert_eq!(lab.events(), [("SuccessfulRescale", event.to_owned())]);
}

#[test]
fn an_unreadable_scale_stops_the_run() {
    let mut lab = Lab::new(table_spec(), 5);
    lab.serve(&["5"]);
    let seen = Observation {
        scale: None,
        selector: Selector::Valid,
        pods: Pods::Counted { total: 5, ready: 5 },
        metrics: &[],
        update_accepted: true,
    };
    lab.observe(&seen);
    assert_eq!(lab.last.expect("a run").action, Action::ScaleUnknown);
    assert_eq!(rendered(&lab)[0].2, "FailedGetScale");
    assert_eq!(lab.controller.current_metrics().len(), 1);
}

#[test]
fn a_refused_scale_is_no_scale_event() {
    let rules = ScalingRules {
        policies: policies(&[(PolicyType::Pods, 2, 60)]),
        ..ScalingRules::default()
    };
    let mut lab = Lab::new(up(rules), 5);
    let seen = Observation {
        scale: Some(Scale { spec_replicas: 5, status_replicas: 5 }),
        selector: Selector::Valid,
        pods: Pods::Counted { total: 5, ready: 5 },
        metrics: &[Sample::External(&[20_000])],
        update_accepted: false,
    };
    assert_eq!(lab.observe(&seen), 5);
    assert_eq!(rendered(&lab)[0].2, "FailedUpdateScale");
    assert_eq!(lab.last.expect("a run").desired_replicas, 0);
    assert_eq!(lab.serve(&["20"]), 7);
    assert_eq!(lab.serve(&["20"]), 7);
}

#[test]
fn unusable_selectors_hold_the_count() {
    for (selector, reason) in [
        (Selector::Missing, "InvalidSelector"),
        (Selector::Unparsable, "InvalidSelector"),
        (Selector::Ambiguous, "AmbiguousSelector"),
    ] {
        let mut lab = Lab::new(table_spec(), 5);
        let seen = Observation {
            scale: Some(Scale { spec_replicas: 5, status_replicas: 5 }),
            selector,
            pods: Pods::Counted { total: 5, ready: 5 },
            metrics: &[Sample::External(&[20_000])],
            update_accepted: true,
        };
        assert_eq!(lab.observe(&seen), 5);
        assert_eq!(rendered(&lab)[1].2, reason);
        assert_eq!(lab.events()[1].0, "FailedComputeMetricsReplicas");
    }
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

/// The reason stays empty when only old recommendations move the count.
#[test]
fn content_metrics_can_still_scale() {
    let mut spec = table_spec();
    spec.behavior = None;
    let mut lab = Lab::new(spec, 10);
    lab.serve(&["20"]);
    lab.replicas = 10;
    assert_eq!(lab.serve(&["10"]), 20);
    assert_eq!(lab.events(), [("SuccessfulRescale", "New size: 20; reason: ".to_owned())]);
}

#[test]
fn before_1_34_a_negative_sum_gives_the_minimum() {
    for (version, expected) in [
        (KubernetesVersion::V1_33, 1),
        (KubernetesVersion::V1_34, 40),
        (KubernetesVersion::V1_37, 40),
    ] {
        let config = ControllerConfig::of(version);
        let mut lab = Lab::on(config, table_spec(), 20);
        assert_eq!(lab.serve(&["-1m"]), expected, "{version:?}");
    }
}

#[test]
fn a_huge_value_wraps_before_1_35() {
    let mut spec = table_spec();
    spec.metrics = vec![external(MetricTarget::value(1))];
    for (version, expected) in [(KubernetesVersion::V1_34, 1), (KubernetesVersion::V1_35, 40)] {
        let mut lab = Lab::on(ControllerConfig::of(version), spec.clone(), 20);
        assert_eq!(lab.serve(&["1G"]), expected, "{version:?}");
    }
}

#[test]
fn a_huge_object_average_wraps_unless_saturated() {
    let mut spec = table_spec();
    spec.metrics = vec![object(MetricTarget::average_value(1))];
    let mut config = ControllerConfig::of(KubernetesVersion::V1_36);
    let sample = [Sample::Object(3_000_000_000)];
    assert_eq!(Lab::on(config, spec.clone(), 20).run(&sample), 1);
    config.saturate_replicas = true;
    assert_eq!(Lab::on(config, spec, 20).run(&sample), 40);
}

#[test]
fn before_1_35_tolerance_is_dropped_silently() {
    let mut spec = table_spec();
    let behavior = spec.behavior.as_mut().expect("a behavior");
    let rules = behavior.scale_down.as_mut().expect("rules");
    rules.tolerance = Some(Tolerance::from_nano(0));
    for (version, expected) in [
        (KubernetesVersion::V1_33, 20),
        (KubernetesVersion::V1_34, 20),
        (KubernetesVersion::V1_35, 19),
    ] {
        let stored = spec.stored(version.default_gates());
        let mut lab = Lab::on(ControllerConfig::of(version), stored, 20);
        assert_eq!(lab.serve(&["19"]), expected, "{version:?}");
        let mut lab = Lab::on(ControllerConfig::of(version), spec.clone(), 20);
        assert_eq!(lab.serve(&["19"]), expected, "{version:?}, unstored");
    }
}

/// Up to 1.35 the controller did not ask who had scaled to zero.
#[test]
fn before_1_36_min_0_wakes_from_a_manual_zero() {
    let mut spec = table_spec();
    spec.min_replicas = Some(0);
    let mut lab = Lab::on(ControllerConfig::of(KubernetesVersion::V1_35), spec, 0);
    assert_eq!(lab.serve(&["2.5"]), 3);
    assert_eq!(lab.conditions().scaled_to_zero, None);
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

#[test]
fn tolerances_are_the_controllers_floats() {
    for (nano, float, text) in [
        (100_000_000, 0.1, "100m"),
        (30_000_000, 0.03, "30m"),
        (0, 0.0, "0"),
        (1_000_000_000, 1.0, "1"),
        (1_500, 1.5e-6, "1500n"),
    ] {
        let tolerance = Tolerance::from_nano(nano);
        assert!((tolerance.as_f64() - float).abs() <= f64::EPSILON * float);
        assert_eq!(tolerance.to_string(), text);
    }
}

#[test]
fn versions_read_like_git_versions() {
    assert_eq!("v1.36.2".parse(), Ok(KubernetesVersion::V1_36));
    assert_eq!("1.33".parse(), Ok(KubernetesVersion::V1_33));
    let error = "1.29.0".parse::<KubernetesVersion>().expect_err("too old");
    assert_eq!(
        error.to_string(),
        "Kubernetes \"1.29.0\" is not modelled: the HPA model knows 1.33 to 1.37"
    );
}
