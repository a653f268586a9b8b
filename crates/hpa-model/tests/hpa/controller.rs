//! Whole runs: conditions, events, several metrics, other hands on the scale.

use super::behavior::{policies, up};
use super::support::lab::*;
use hpa_model::*;

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
    let observation = Observation { scale: None, ..seen(5, &[]) };
    lab.observe(&observation);
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
    let observation =
        Observation { update_accepted: false, ..seen(5, &[Sample::External(&[20_000])]) };
    assert_eq!(lab.observe(&observation), 5);
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
        let observation = Observation { selector, ..seen(5, &[Sample::External(&[20_000])]) };
        assert_eq!(lab.observe(&observation), 5);
        assert_eq!(rendered(&lab)[1].2, reason);
        assert_eq!(lab.events()[1].0, "FailedComputeMetricsReplicas");
    }
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
