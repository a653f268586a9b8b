//! What the API server refuses, word for word.

use super::support::lab::*;
use hpa_model::*;

fn refusal(change: impl FnOnce(&mut HpaSpec)) -> String {
    let mut spec = table_spec();
    change(&mut spec);
    let gates = KubernetesVersion::V1_36.default_gates();
    validate(&spec, gates).err().map_or_else(String::new, |invalid| invalid.to_string())
}

fn rules(change: impl FnOnce(&mut ScalingRules)) -> String {
    refusal(|spec| {
        let behavior = spec.behavior.as_mut().expect("a behavior");
        change(behavior.scale_down.as_mut().expect("rules"));
    })
}

fn policy(value: i32, period_seconds: i32) -> String {
    rules(|rules| {
        let kind = PolicyType::Pods;
        rules.policies = Some(vec![Policy { kind, value, period_seconds }]);
    })
}

fn target(change: impl FnOnce(&mut MetricTarget)) -> String {
    refusal(|spec| change(&mut spec.metrics[0].target))
}

#[test]
fn the_table_hpa_is_fine() {
    assert_eq!(refusal(|_| ()), "");
}

#[test]
fn limits() {
    assert_eq!(
        refusal(|spec| spec.min_replicas = Some(60)),
        "spec.maxReplicas: Invalid value: 50: must be greater than or equal to `minReplicas`"
    );
    assert_eq!(
        refusal(|spec| spec.max_replicas = 0),
        "[spec.maxReplicas: Required value: must be set and greater than 0, \
         spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`]"
    );
}

#[test]
fn scale_to_zero_needs_the_gate_and_a_metric() {
    let gates = KubernetesVersion::V1_37.default_gates();
    let mut spec = table_spec();
    spec.min_replicas = Some(0);
    assert_eq!(validate(&spec, gates), Ok(()));
    spec.metrics = vec![MetricSpec {
        source: MetricSource::Resource(ResourceName::Cpu),
        target: MetricTarget::average_utilization(80),
    }];
    assert_eq!(
        validate(&spec, gates).expect_err("a refusal").to_string(),
        "spec.metrics: Forbidden: must specify at least one Object or External metric to support \
         scaling to zero replicas"
    );
}

#[test]
fn targets() {
    assert_eq!(
        target(|target| target.value = Some(1)),
        "spec.metrics[0].external.target.value: Forbidden: may not set both a target value for \
         metric and a per-pod target"
    );
    assert_eq!(
        target(|target| target.average_value = None),
        "spec.metrics[0].external.target.averageValue: Required value: must set either a target \
         value for metric or a per-pod target"
    );
    for (milli, text) in [(0, "0"), (-1500, "-1500m"), (-2_000_000, "-2k")] {
        assert_eq!(
            target(|target| target.average_value = Some(milli)),
            format!(
                "spec.metrics[0].external.target.averageValue: Invalid value: \"{text}\": must be positive"
            )
        );
    }
    assert_eq!(
        refusal(|spec| spec.metrics[0] = MetricSpec {
            source: MetricSource::Resource(ResourceName::Cpu),
            target: MetricTarget::average_utilization(0),
        }),
        "spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0"
    );
    let both = MetricTarget { value: Some(1), ..MetricTarget::average_value(1) };
    assert_eq!(refusal(|spec| spec.metrics[0] = object(both)), "");
}

#[test]
fn names() {
    assert_eq!(
        refusal(|spec| spec.metrics[0].source = MetricSource::External(MetricIdentifier::default())),
        "spec.metrics[0].external.metric.name: Required value: must specify a metric name"
    );
    assert_eq!(
        refusal(
            |spec| spec.metrics[0].source = MetricSource::External(MetricIdentifier::named("a/b"))
        ),
        "spec.metrics[0].external.metric.name: Invalid value: \"a/b\": may not contain '/'"
    );
}

#[test]
fn windows() {
    let path = "spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value:";
    assert_eq!(
        rules(|rules| rules.stabilization_window_seconds = Some(-1)),
        format!("{path} -1: must be greater than or equal to zero")
    );
    assert_eq!(
        rules(|rules| rules.stabilization_window_seconds = Some(3601)),
        format!("{path} 3601: must be less than or equal to 3600")
    );
    assert_eq!(rules(|rules| rules.stabilization_window_seconds = Some(3600)), "");
}

#[test]
fn policies() {
    let path = "spec.behavior.scaleDown.policies";
    assert_eq!(
        rules(|rules| rules.policies = Some(vec![])),
        format!("{path}: Required value: must specify at least one Policy")
    );
    assert_eq!(
        policy(0, 15),
        format!("{path}[0].value: Invalid value: 0: must be greater than zero")
    );
    assert_eq!(
        policy(1, 0),
        format!("{path}[0].periodSeconds: Invalid value: 0: must be greater than zero")
    );
    assert_eq!(
        policy(1, 1801),
        format!("{path}[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800")
    );
    assert_eq!(policy(1, 1800), "");
}

#[test]
fn tolerance() {
    let mut spec = table_spec();
    let behavior = spec.behavior.as_mut().expect("a behavior");
    let up = behavior.scale_up.as_mut().expect("rules");
    up.tolerance = Some(Tolerance::from_nano(-100_000_000));
    let refused = validate(&spec, KubernetesVersion::V1_35.default_gates());
    assert_eq!(
        refused.expect_err("a refusal").to_string(),
        "spec.behavior.scaleUp.tolerance: Invalid value: \"-100m\": must be greater than or equal to 0"
    );
    // Without the gate the field is dropped before it is checked.
    assert_eq!(validate(&spec, KubernetesVersion::V1_34.default_gates()), Ok(()));
}
