//! What differs between Kubernetes 1.33 and 1.37.

use super::support::lab::*;
use hpa_model::*;

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
fn versions_read_like_git_versions() {
    assert_eq!("v1.36.2".parse(), Ok(KubernetesVersion::V1_36));
    assert_eq!("1.33".parse(), Ok(KubernetesVersion::V1_33));
    let error = "1.29.0".parse::<KubernetesVersion>().expect_err("too old");
    assert_eq!(
        error.to_string(),
        "Kubernetes \"1.29.0\" is not modelled: the HPA model knows 1.33 to 1.37"
    );
}
