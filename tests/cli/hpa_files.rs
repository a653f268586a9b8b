//! `oppscale simulate -f`: HPAs of every version and in every file that people have.

use crate::support::bin::TestEnv;
use crate::support::fixture;

/// The API server refuses each of these for this field.
#[test]
fn an_invalid_manifest_is_refused_by_its_field() {
    let of_files = [
        (
            "01-noapiversion",
            "line 12: the API server would refuse HorizontalPodAutoscaler crunch: spec.scaleTargetRef.apiVersion: Invalid value: \"\": apiVersion must specify API group",
        ),
        (
            "04-slashes",
            "spec.scaleTargetRef.apiVersion: Invalid value: \"apps/v1/x\": unexpected GroupVersion",
        ),
        ("05-nokind", "spec.scaleTargetRef.kind: Required value"),
        ("07-nameslash", "spec.scaleTargetRef.name: Invalid value: \"a/b\""),
        ("12-label", "metadata.labels: Invalid value: \"b c\""),
        ("42-selunknown", "spec.metrics[0].external.metric.selector.matchLabel: unknown field"),
        (
            "46-twoblocks",
            "spec.metrics[0].object: Forbidden: must populate the given metric source only",
        ),
    ];
    for (name, words) in of_files {
        let file = fixture(&format!("hpa/refused/{name}.yaml"));
        assert_refused(&TestEnv::new(), &file.display().to_string(), words);
    }
    // The same file with one field changed.
    let valid = std::fs::read_to_string(fixture("hpa/s31-expr.yaml")).unwrap();
    for (from, to, words) in [
        ("name: crunch, namespace", "name: '', namespace", "metadata.name: Required value"),
        ("name: crunch, namespace", "name: Crunch, namespace", "metadata.name: Invalid value"),
        ("namespace: idle", "namespace: Idle_1", "metadata.namespace: Invalid value"),
        ("team: a", "\"-team\": a", "metadata.labels: Invalid value: \"-team\""),
        ("apiVersion: apps/v1, ", "apiVersion: v1, ", "apiVersion must specify API group"),
        (
            "kind: Deployment, name: crunch}",
            "kind: Deployment, name: ''}",
            "spec.scaleTargetRef.name: Required",
        ),
        (
            "name: oppscale_fit_replicas",
            "name: ''",
            "spec.metrics[0].external.metric.name: Required",
        ),
        ("operator: In", "operator: Includes", "matchExpressions[0].operator: Unsupported value"),
        ("values: [crunch]", "values: []", "matchExpressions[0].values: Required value"),
        ("operator: In", "operator: Exists", "matchExpressions[0].values: Forbidden"),
        ("key: deployment", "key: a b", "matchExpressions[0].key: Invalid value"),
    ] {
        assert!(valid.contains(from), "{from}");
        let env = TestEnv::new();
        env.write("hpa.yaml", &valid.replacen(from, to, 1));
        assert_refused(&env, "hpa.yaml", words);
    }
}

fn assert_refused(env: &TestEnv, file: &str, words: &str) {
    let output = env.run(["simulate", "--hpa", file]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{file}: {output}");
    assert!(output.stderr.contains(words), "{words}: {output}");
}

/// The CSV of an HPA on the article's cluster, and the notes.
fn csv(env: &TestEnv, file: &str) -> (String, String) {
    let args =
        ["simulate", "--hpa", file, "--metric", "excludes-own", "--duration", "10m", "-o", "csv"];
    let output = env.run(args);
    assert_eq!(output.code, Some(0), "{output}");
    (output.stdout, output.stderr)
}

#[test]
fn retired_versions_are_converted_and_named() {
    let env = TestEnv::new();
    let v2 = std::fs::read_to_string(fixture("hpa/s13-emptydocs.yaml")).unwrap();
    env.write("v2.yaml", &v2);
    env.write("v2beta2.yaml", &v2.replace("autoscaling/v2", "autoscaling/v2beta2"));
    let old = v2
        .replace("autoscaling/v2", "autoscaling/v2beta1")
        .replace("metric: {name: cores_left}", "metricName: cores_left")
        .replace("target: {type: AverageValue, averageValue: 1}", "targetAverageValue: 1");
    env.write("v2beta1.yaml", &old);
    let (expected, _) = csv(&env, "v2.yaml");
    for (version, last) in [("v2beta2", "1.25"), ("v2beta1", "1.24")] {
        let (found, notes) = csv(&env, &format!("{version}.yaml"));
        assert_eq!(found, expected, "{version}");
        let words = format!("autoscaling/{version} is retired: Kubernetes {last} was the last");
        assert!(notes.contains(&words), "{notes}");
    }
    env.write("mixed.yaml", &old.replace("targetAverageValue: 1", "target: {type: Value}"));
    assert_refused(
        &env,
        "mixed.yaml",
        "spec.metrics[0].external.target: HorizontalPodAutoscaler of autoscaling/v2beta1 has no \
         such field",
    );
}

#[test]
fn lists_of_any_kind_hold_hpas() {
    let env = TestEnv::new();
    let list = fixture("hpa/s08-list.yaml").display().to_string();
    let (expected, notes) = csv(&env, &list);
    assert!(notes.contains("a: annotation x is not text"), "{notes}");
    // The API server's own list: its items state no kind.
    let text = std::fs::read_to_string(&list).unwrap();
    let text = text
        .replace(
            "apiVersion: v1\nkind: List",
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscalerList",
        )
        .replace(
            "- apiVersion: autoscaling/v2\n  kind: HorizontalPodAutoscaler\n  metadata",
            "- metadata",
        );
    assert!(!text.contains("kind: HorizontalPodAutoscaler\n"), "{text}");
    env.write("typed.yaml", &text);
    assert_eq!(csv(&env, "typed.yaml").0, expected);
}

/// `kubectl get hpa,scaledobjects -o yaml` prints both, and they are one HPA.
#[test]
fn a_scaled_object_and_the_hpa_that_keda_made_of_it_are_one() {
    let env = TestEnv::new();
    let made = std::fs::read_to_string(fixture("hpa/s40-kedahpa.yaml")).unwrap();
    let object = "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n\
                  metadata: {name: worker, namespace: jobs}\nspec:\n  scaleTargetRef: {name: worker}\n  \
                  triggers: [{type: rabbitmq, metadata: {value: \"20\", mode: QueueLength}}]\n";
    env.write("both.yaml", &format!("{made}{object}"));
    env.write("one.yaml", &made);
    assert_eq!(csv(&env, "both.yaml").0, csv(&env, "one.yaml").0);
}

/// The verdict on a filler, and what it advises.
#[test]
fn a_filler_that_does_not_yield_is_told_so() {
    let scenario = fixture("hpa/p01-never.yaml").display().to_string();
    for (case, scenario, words, absent) in [
        (
            "s54-scaleDownselectPolicyDisabled",
            "burst",
            "Verdict: only up. scaleDown has selectPolicy Disabled: the replicas never fall",
            "settles whatever the delay",
        ),
        (
            "s54-scaleDownstabilizationWindowSe",
            "burst",
            "But it takes 3655s to yield half of them: metric 1s, sync 15s, window 1h, policies, grace \
             30s; paid pods wait that long.",
            "Verdict: stable",
        ),
        (
            "s54-scaleDownstabilizationWindowSe",
            "burst",
            "The nodes have 184 cores: no reserve makes up for a loop that is so slow.",
            "Verdict: within tolerance",
        ),
        (
            "s31-expr",
            &scenario,
            "with Never they wait for the HPA, although the workload's priority is below theirs",
            "Give the workload a PriorityClass",
        ),
    ] {
        let file = fixture(&format!("hpa/{case}.yaml")).display().to_string();
        let output = TestEnv::new().run(["simulate", "--scenario", scenario, "--hpa", &file]);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words), "{words}: {output}");
        assert!(!text.contains(absent), "{absent}: {output}");
        assert!(!output.stdout.contains("apiVersion"), "the manifest is for --corrected: {output}");
    }
}
