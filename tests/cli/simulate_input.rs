//! `oppscale simulate`: manifests and scenarios of one's own, and what is wrong with them.

use crate::support::bin::{CommandOutput, TestEnv};

const HPA: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: miner
  namespace: idle
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: miner}
  minReplicas: 15
  maxReplicas: 150
  metrics:
  - type: Object
    object:
      describedObject: {apiVersion: v1, kind: Service, name: capacity}
      metric: {name: remaining}
      target: {type: AverageValue, averageValue: 1}
  behavior:
    scaleDown: {tolerance: 50m, stabilizationWindowSeconds: 0}
";

const SCENARIO: &str = "\
nodes:
- {count: 4, cpu: 8, memory: 32Gi}
paid:
- name: shop
  cpu: 2
  rows:
  - {at: 0, replicas: 2}
  - {at: 10m, replicas: 2}
  - {at: 20m, replicas: 10, ramp: true}
- name: batch
  rows:
  - {at: 5m, replicas: 1, cpu: 4}
  - {at: 6m, replicas: 3, cpu: 1500m}
filler: {cpu: 500m, min_replicas: 2}
";

const SERIES: &str = r#"{
  "maxReplicas": 9,
  "metrics": [
    {"type": "External", "target": {"averageValue": "1"},
     "served": [{"at_seconds": 0, "value": "3"}]}
  ]
}"#;

/// Runs with `text` as the file of a flag, in a form that was changed once.
fn changed(flag: &str, text: &str, from: &str, to: &str) -> CommandOutput {
    assert!(text.contains(from), "{from}");
    let env = TestEnv::new();
    env.write("file", &text.replacen(from, to, 1));
    env.run(["simulate", flag, "file"])
}

/// Every change is an error of code 1 with these words, and nothing on stdout.
fn assert_refused(flag: &str, text: &str, changes: &[(&str, &str, &str)]) {
    for (from, to, words) in changes {
        let output = changed(flag, text, from, to);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{to}: {output}");
        assert!(output.stderr.starts_with("error: file"), "{to}: {output}");
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
}

#[test]
fn a_manifest_that_the_api_server_would_refuse_is_refused_in_its_words() {
    assert_refused(
        "--hpa",
        HPA,
        &[
            ("maxReplicas: 150", "maxReplicas: 5", "spec.maxReplicas: Invalid value: 5: must be"),
            (
                "minReplicas: 15",
                "minReplicas: -1",
                "line 8: the API server would refuse HorizontalPodAutoscaler miner: spec.minReplicas: \
             Invalid value: -1",
            ),
            ("tolerance: 50m", "tolerance: -50m", "spec.behavior.scaleDown.tolerance"),
            ("averageValue: 1}", "averageValue: 0}", "target.averageValue: Invalid value"),
            ("averageValue: 1}", "averageValu: 1}", "line 15: spec.metrics[0].object.target"),
            (
                "type: Object",
                "type: Objekt",
                "line 11: the API server would refuse HorizontalPodAutoscaler miner: spec.metrics[0].type: \
             Unsupported value: \"Objekt\": supported values: \"ContainerResource\", \"External\"",
            ),
            (
                "autoscaling/v2",
                "autoscaling/v1",
                "spec.metrics: HorizontalPodAutoscaler of autoscaling/v1",
            ),
            ("autoscaling/v2", "autoscaling/v3", "found \"autoscaling/v3\""),
            ("kind: Hor", "kind: Ver", "expected a HorizontalPodAutoscaler or a ScaledObject"),
            ("type: AverageValue, ", "", "target.type: Required value"),
        ],
    );
    let external = "type: External\n    external:\n      metric: {name: remaining}\n      \
                    target: {type: Value, value: 3, averageValue: 1}\n  behavior:";
    let (start, end) = (HPA.find("type: Object").unwrap(), HPA.find("  behavior:").unwrap());
    let both = format!("{}{external}{}", &HPA[..start], &HPA[end + "  behavior:".len()..]);
    assert_refused(
        "--hpa",
        &both,
        &[("value: 3,", "value: 3,", "Forbidden: may not set both a target value")],
    );
}

#[test]
fn a_typo_in_a_scenario_is_told_with_its_line() {
    assert_refused(
        "--scenario",
        SCENARIO,
        &[
            (
                "replicas: 10,",
                "replica: 10,",
                "file, line 9: paid[0].rows[2].replica: unknown field",
            ),
            ("cpu: 8", "cpu: eight", "line 2: nodes[0].cpu: invalid value: string \"eight\""),
            ("10m", "30m", "paid[0].rows[2].at: 20m lies before the row above"),
            ("10m", "10x", "expected a duration such as 90 (seconds), 90s, 500ms, 20m or 1h30m"),
            ("count: 4", "count: 0", "the cluster has no node"),
            ("cpu: 2\n", "priority: 2\n", "paid[0].rows[0].cpu: expected cpu here or on the"),
            ("nodes:", "node:", "unknown field `node`, expected one of"),
            ("min_replicas: 2", "max_replicas: 0", "spec.maxReplicas"),
        ],
    );
}

#[test]
fn a_series_that_is_wrong_is_told_with_its_field() {
    assert_refused(
        "--series",
        SERIES,
        &[
            ("\"maxReplicas\": 9,", "", "missing field `maxReplicas`"),
            ("9", "-9", "file, line 2: maxReplicas: invalid value: integer `-9`, expected a whole"),
            ("External", "Extern", "line 4: metrics[0].type: unknown variant `Extern`, expected"),
            ("\"3\"", "\"3q\"", "metrics[0].served[0].value: invalid value: string \"3q\""),
            (": 0,", ": -1,", "at_seconds: invalid value: integer `-1`, expected a number"),
            ("served\"", "saved\"", "metrics[0]: expected the field served or closed_loop"),
            ("}]}", "}]", "file, line 6: expected `,` or `}`"),
            ("9,", "9, \"minReplicas\": 10,", "the HPA is invalid: spec.maxReplicas"),
            ("9,", "9, \"kubernetes\": \"1.20\",", "\"1.20\" is not modelled"),
        ],
    );
    let output = TestEnv::new().run(["simulate", "--series", "none.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.contains("cannot read none.json"), "{output}");
}

/// Each took gigabytes, or never ended.
#[test]
fn numbers_beyond_sense_are_refused_before_they_take_memory() {
    assert_refused(
        "--scenario",
        SCENARIO,
        &[
            ("count: 4", "count: 2147483647", "the number of nodes is 2147483647; at most 100000"),
            ("replicas: 3", "replicas: 2147483647", "batch-1500m is 2147483647; at most 1000000"),
            ("replicas: 10,", "replicas: 999999,", "the number of paid pods is 1000003; at most"),
            ("min_replicas: 2", "min_replicas: 2147483647", "the filler's replicas is 2147483647"),
            ("min_replicas: 2", "start_replicas: 2000000", "the filler's replicas is 2000000"),
            ("nodes:", "sample_every: 1ms\nnodes:", "the number of samples is 3600000; at most"),
            ("nodes:", "duration: 99y\nnodes:", "expected a duration"),
            ("nodes:", "duration: 36000d\nnodes:", "the length in milliseconds is"),
            ("cpu: 8", "cpu: 9007199254740992", "expected 0 to 2^53"),
        ],
    );
    assert_refused(
        "--series",
        SERIES,
        &[
            ("9,", "9, \"start_replicas\": 2147483647,", "the number of pods is 2147483647"),
            (
                "9,",
                "9, \"manual_scale\": [{\"at_seconds\": 1, \"replicas\": 2000000}],",
                "the number of pods is 2000000; at most 1000000 can be replayed",
            ),
            ("9,", "9, \"duration_seconds\": 3e9,", "the number of runs of the HPA is"),
            (
                "9,",
                "9, \"sync_period_seconds\": 0.001, \"run_seconds\": 0, \"duration_seconds\": 86400,",
                "the number of runs of the HPA is",
            ),
        ],
    );
    // The flag says nothing of how fine the samples are.
    let csv = ["--config", "naive", "-o", "csv", "--duration", "20d"];
    let env = TestEnv::new();
    env.write("file", &SCENARIO.replacen("nodes:", "sample_every: 10s\nnodes:", 1));
    let long = env.run([&["simulate", "--scenario", "file"], &csv[..]].concat());
    assert_eq!(long.code, Some(0), "{long}");
}

#[test]
fn many_sizes_of_pods_do_not_multiply() {
    let rows: String =
        (1..=20_000).map(|row| format!("  - {{at: {row}, replicas: 1, cpu: {row}m}}\n")).collect();
    let scenario = format!(
        "nodes: [{{count: 2, cpu: 32, memory: 64Gi}}]\npaid:\n- name: a\n  rows:\n{rows}duration: 1m\n"
    );
    let env = TestEnv::new();
    env.write("file", &scenario);
    let output = env.run(["simulate", "--scenario", "file", "--config", "naive", "-o", "csv"]);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn what_is_typed_wrong_is_a_usage_error() {
    for (args, words) in [
        (&["--scenario", "blogg"][..], "expected blog, burst, day or step"),
        (&["--config", "Z"], "expected one of naive, eager"),
        (&["--config", "naive", "--show", "eager"], "expected one of naive"),
        (&["--kubernetes-version", "1.12"], "1.33 to 1.37"),
        (&["--duration", "0"], "expected more than 0"),
        (&["--series", "a.json", "--seed", "1"], "cannot be used with"),
        (&["--metric", "excludes-own"], "--filename <FILE>"),
    ] {
        let output = TestEnv::new().run([&["simulate"], args].concat());
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{output}");
        assert!(output.stderr.contains(words), "{output}");
    }
}

#[test]
fn ones_own_hpa_is_compared_with_its_correction() {
    let env = TestEnv::new();
    env.write("hpa.yaml", &format!("apiVersion: v1\nkind: Namespace\n---\n{HPA}"));
    let args = ["simulate", "--hpa", "hpa.yaml", "--metric", "excludes-own"];
    let output = env.run([&args[..], &["-o", "csv"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    let rows: Vec<_> = output.stdout.lines().skip(1).collect();
    assert!(rows[0].starts_with("miner,within tolerance,"), "{output}");
    assert!(rows[1].starts_with("\"miner, corrected\",stable,"), "{output}");
    let corrected = env.run([&args[..], &["--corrected"]].concat());
    assert_eq!(corrected.code, Some(0), "{corrected}");
    for part in ["namespace: idle", "kind: Deployment\n", "tolerance: \"0\"", "averageValue: \"1\""]
    {
        assert!(corrected.stdout.contains(part), "{part}: {corrected}");
    }
    // What it prints is taken again, and needs no correction but that of its reserve.
    env.write("better.yaml", &corrected.stdout);
    let again = env.run([
        "simulate",
        "--hpa",
        "better.yaml",
        "--reserve-in-metric",
        "16",
        "--config",
        "settles-fast",
        "-o",
        "csv",
    ]);
    assert!(again.stdout.lines().nth(1).unwrap().starts_with("miner,stable,"), "{again}");
}

#[test]
fn configurations_have_names_and_for_a_release_their_letters() {
    let run = |args: &[&str]| TestEnv::new().run([&["simulate", "-o", "csv"], args].concat());
    let named = run(&["--config", "naive", "--config", "settles", "--show", "settles"]);
    assert!(named.stdout.lines().nth(1).unwrap().starts_with("naive,oscillat"), "{named}");
    let lettered = run(&["--config", "b", "--config", "G", "--show", "G"]);
    assert_eq!((lettered.code, &lettered.stdout), (Some(0), &named.stdout), "{lettered}");
}

/// The page's example is the named scenario, written out.
#[test]
fn the_scenario_of_the_page_is_the_articles() {
    let env = TestEnv::new();
    let page = include_str!("../../docs/simulate.md");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    env.write("page.yaml", example.unwrap());
    let configs = ["--config", "naive", "--config", "oppscale", "-o", "csv"];
    let written = env.run([&["simulate", "--scenario", "page.yaml"], &configs[..]].concat());
    let named = env.run([&["simulate"], &configs[..]].concat());
    assert_eq!(written.code, Some(0), "{written}");
    assert_eq!(written.stdout, named.stdout);
}

#[test]
fn a_scenario_of_ones_own_runs() {
    let env = TestEnv::new();
    env.write("own.yaml", SCENARIO);
    let output =
        env.run(["simulate", "--scenario", "own.yaml", "--config", "oppscale", "-o", "json"]);
    assert_eq!(output.code, Some(0), "{output}");
    let value: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let samples = value["configurations"][0]["samples"].as_array().unwrap();
    let paid = |minute: u64| {
        let at = samples.iter().find(|s| s["atMilliseconds"].as_u64() >= Some(minute * 60_000));
        at.unwrap()["paidMillicores"].as_u64().unwrap()
    };
    assert_eq!((paid(0), paid(8), paid(30)), (4_000, 8_500, 24_500));
    let older = env.run(["simulate", "--scenario", "own.yaml", "--kubernetes-version", "1.34"]);
    assert!(older.stdout.contains("oppscale      within tolerance"), "{older}");
}

/// What `render-hpa` renders: the HPA among all that decides how its loop goes.
const SET: &str = "\
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: opportunistic}
value: -1000
preemptionPolicy: Never
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: miner
  namespace: idle
  annotations: {oppscale.dev/reserve: \"10\"}
spec:
  selector: {matchLabels: {app: miner}}
  template:
    metadata: {labels: {app: miner}}
    spec:
      priorityClassName: opportunistic
      terminationGracePeriodSeconds: 5
      containers:
      - name: miner
        image: miner
        resources: {requests: {cpu: 500m, memory: 1Gi}}
---
";

const FIT: (&str, &str) = ("metric: {name: remaining}", "metric: {name: oppscale_fit_replicas}");

#[test]
fn what_stands_beside_an_hpa_decides_too() {
    let env = TestEnv::new();
    let hpa = HPA.replace(FIT.0, FIT.1);
    env.write("set.yaml", &format!("{SET}{hpa}"));
    let output = env.run(["simulate", "--scenario", "burst", "--hpa", "set.yaml"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(
        output.stderr,
        "note: miner: cpu=500m,memory=1Gi a replica, reserve 10, priority -1000 and a grace \
         period of 5s, as in set.yaml\n"
    );
    assert!(!output.stdout.contains("PriorityClass"), "it has one: {output}");
    assert!(output.stdout.contains("Subtracted in the metric: 10 cores"), "{output}");
    // Without its class, nobody knows who is evicted.
    let (_, without) = SET.split_once("---\n").unwrap();
    env.write("without.yaml", &format!("{without}{hpa}"));
    let output = env.run(["simulate", "--scenario", "burst", "--hpa", "without.yaml"]);
    assert!(
        output.stderr.contains(
            "PriorityClass opportunistic is not in without.yaml, so its priority is the \
             scenario's, 0"
        ),
        "{output}"
    );
    // A flag has the last word.
    let flags = ["simulate", "--hpa", "set.yaml", "--reserve-in-metric", "3"];
    let output = env.run(flags);
    assert!(output.stdout.contains("Subtracted in the metric: 3 cores"), "{output}");
    env.write("bad.yaml", &format!("{}{hpa}", SET.replace("\"10\"", "lots")));
    let output = env.run(["simulate", "--hpa", "bad.yaml"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("bad.yaml: Deployment miner: annotation "), "{output}");
}

#[test]
fn a_list_as_kubectl_prints_it_holds_hpas_too() {
    let env = TestEnv::new();
    let items: Vec<String> = HPA.lines().map(|line| format!("  {line}\n")).collect();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", items.concat().trim_start());
    env.write("list.yaml", &list);
    let printed = env.run(["simulate", "--hpa", "list.yaml", "-o", "json"]);
    assert_eq!(printed.code, Some(0), "{printed}");
    env.write("hpa.yaml", HPA);
    let alone = env.run(["simulate", "--hpa", "hpa.yaml", "-o", "json"]);
    assert_eq!(printed.stdout.replace("list.yaml", "hpa.yaml"), alone.stdout);
    env.write("list.yaml", &list.replace("maxReplicas", "maxReplica"));
    let output = env.run(["simulate", "--hpa", "list.yaml"]);
    assert!(output.stderr.contains("items[0].spec.maxReplica: unknown field"), "{output}");
}
