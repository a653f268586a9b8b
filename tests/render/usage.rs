//! `render-hpa --basis usage`: pods that request little, and whose memory counts as ever.

use serde_json::{Value, json};

use super::{IMAGE, object, objects, render};
use crate::support::bin::{CommandOutput, TestEnv};

fn filler(more: &[&str]) -> CommandOutput {
    let own = ["--image", IMAGE, "--replica", "cpu=2,memory=1Gi", "--basis", "usage"];
    render(&TestEnv::new(), &[&own, more].concat())
}

fn resources(output: &CommandOutput) -> Value {
    let pod = &object(&output.stdout, "Deployment")["spec"]["template"]["spec"];
    pod["containers"][0]["resources"].clone()
}

#[test]
fn a_replica_requests_little_and_burns_its_size() {
    let output = filler(&["--reserve", "10%", "--explain=table"]);
    assert_eq!(output.code, Some(0), "{output}");
    let deployment = object(&output.stdout, "Deployment");
    let annotations = &deployment["metadata"]["annotations"];
    assert_eq!(annotations["oppscale.dev/basis"], "usage");
    assert_eq!(annotations["oppscale.dev/burn"], "2");
    let expected = json!({
        "requests": {"cpu": "10m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}
    });
    assert_eq!(resources(&output), expected);
    let pod = &deployment["spec"]["template"]["spec"];
    let spread = &pod["topologySpreadConstraints"][0];
    assert_eq!(spread["whenUnsatisfiable"], "ScheduleAnyway");
    assert_eq!(spread["labelSelector"], deployment["spec"]["selector"]);
    let terms = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let windows = json!({"key": "kubernetes.io/os", "operator": "NotIn", "values": ["windows"]});
    assert_eq!(terms["nodeSelectorTerms"][0]["matchExpressions"], json!([windows]));
    // The most replicas are as many as their burn allows, and the quota is of what they request.
    let max = object(&output.stdout, "HorizontalPodAutoscaler")["spec"]["maxReplicas"].clone();
    let quotas = objects(&output.stdout);
    let quota = quotas.iter().find(|o| !o["spec"]["hard"]["requests.cpu"].is_null()).unwrap();
    let cpu = oppscale_core::units::quantity_text("cpu", i128::from(max.as_i64().unwrap()) * 10);
    assert_eq!(quota["spec"]["hard"]["requests.cpu"], cpu);
    assert!(output.stderr.contains("requests 10m and burns 2"), "{output}");
    assert!(output.stderr.contains("share caches"), "{output}");
}

#[test]
fn the_burn_may_be_the_limit() {
    let output = filler(&["--burn", "1500m", "--burn-limit"]);
    let limits = json!({"cpu": "1500m", "memory": "1Gi"});
    assert_eq!(resources(&output)["limits"], limits, "{output}");
}

#[test]
fn what_would_not_yield_is_refused() {
    let deployment = |resources: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: own, namespace: own}}\nspec:\n  \
             selector: {{matchLabels: {{app: own}}}}\n  template:\n    metadata: {{labels: {{app: own}}}}\n    \
             spec:\n      containers:\n      - name: work\n        image: {IMAGE}\n        \
             resources: {resources}\n"
        )
    };
    let with = |resources: &str, more: &[&str]| {
        let env = TestEnv::new();
        env.write("own.yaml", &deployment(resources));
        render(&env, &[&["--workload", "own.yaml", "--basis", "usage"], more].concat())
    };
    for (resources, more, problem) in [
        ("{requests: {cpu: 1, memory: 1Gi}}", &["--burn", "1"][..], "requests 1 of cpu"),
        ("{requests: {cpu: 10m, memory: 1Gi}}", &[], "--burn 1"),
        ("{limits: {cpu: 100m, memory: 1Gi}}", &[], "Guaranteed"),
    ] {
        let output = with(resources, more);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains(problem), "{output}");
    }
    let output =
        with("{requests: {cpu: 10m, memory: 1Gi}, limits: {memory: 1Gi}}", &["--burn", "1"]);
    assert_eq!(output.code, Some(0), "{output}");
    let own = object(&output.stdout, "Deployment");
    assert_eq!(own["metadata"]["annotations"]["oppscale.dev/burn"], "1");
    let spread = &own["spec"]["template"]["spec"]["topologySpreadConstraints"][0];
    assert_eq!(spread["labelSelector"], own["spec"]["selector"]);
}

#[test]
fn a_burn_is_of_the_usage_basis_alone() {
    for flag in [&["--burn", "1"][..], &["--burn-limit"]] {
        let own = ["--image", IMAGE, "--replica", "cpu=2,memory=1Gi"];
        let output = render(&TestEnv::new(), &[&own, flag].concat());
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stderr.contains("add --basis usage"), "{output}");
    }
}
