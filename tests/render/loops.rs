//! The numbers on the article's cluster, and what the HPA model says of the result.

use serde_json::Value;

use super::{IMAGE, MINER, blog, object, render, render_for};
use crate::support::bin::TestEnv;

#[test]
fn keda_looks_every_5_seconds_where_it_may_go_to_zero() {
    let batch = ["--workload", "batch", "--image", IMAGE, "--pipeline", "keda"];
    let spec = |args: &[&str]| {
        let output = render(&TestEnv::new(), args);
        object(&output.stdout, "ScaledObject")["spec"].clone()
    };
    let zero = spec(&batch);
    assert_eq!((&zero["pollingInterval"], &zero["cooldownPeriod"]), (&5.into(), &0.into()));
    // With a floor its HPA does all, and KEDA warns of fields that mean nothing.
    let floor = spec(&[&batch[..], &["--min", "2"]].concat());
    assert_eq!(floor["minReplicaCount"], 2);
    assert!(floor["pollingInterval"].is_null() && floor["cooldownPeriod"].is_null(), "{floor}");
}

#[test]
fn numbers_on_the_articles_cluster_are_explained() {
    let args = [&MINER[..], &["-n", "idle", "--explain=table"]].concat();
    let output = render(&TestEnv::new(), &args);
    assert_eq!(output.code, Some(0), "{output}");
    let hpa = object(&output.stdout, "HorizontalPodAutoscaler");
    assert_eq!(
        (&hpa["spec"]["minReplicas"], &hpa["spec"]["maxReplicas"]),
        (&1.into(), &172.into())
    );
    let deployment = object(&output.stdout, "Deployment");
    assert_eq!(deployment["metadata"]["annotations"]["oppscale.dev/reserve"], "10");
    assert!(deployment["spec"]["replicas"].is_null(), "replicas are the HPA's");
    insta::assert_snapshot!(output.stderr, @r"
    NUMBER        VALUE                         WHERE IT COMES FROM
    requests      cpu=1,memory=256Mi            loses least of the nodes' cpu, empty and now: 1 loses 2.0 %, 2 loses 4.1 %, 4 loses 8.9 %, 8 loses 20.8 %, 16 loses 42.4 %
    reserve       10                            growth 4.2 (0.2 cores/s taken for granted: one 4-core pod in 20 s, over 21 s: metric age 1, sync 15, window 0, grace 5) + largest paid pod 4 + tolerance 0 + one replica 1 = 9.2 cores
    maxReplicas   172                           178 slots at zero paid load on 6 usable nodes; 184 cores less 1.5 for DaemonSets less the reserve of 10 hold 172
    hard          cpu=172,memory=43Gi,pods=172  172 replicas of cpu=1,memory=256Mi
    minReplicas   1                             the least that an HPA keeps before 1.37; a floor never yields by itself
    averageValue  1                             the metric is the number of replicas that fit, own pods and reserve excluded
    scaleDown     at once                       paid work waits for nothing but one sync and the grace period
    scaleUp       after 60 s, by half or 10     what is free for less than a minute is not worth a pod's start
    tolerance     0                             every core counts; 10 % of the replicas would be overlooked
    verdict       stable                        The metric states how many replicas fit and does not depend on how many run, so the HPA settles whatever the delay
    autoscaler    none: priority -1000          nobody adds nodes; the class would keep Cluster Autoscaler from it (no node autoscaler found in the saved nodes)
    ");
}

/// Rendered for a version, put on the same cluster by `simulate`, and judged there.
fn verdict(version: &str, args: &[&str]) -> Value {
    let env = TestEnv::new();
    let rendered = render_for(&env, version, args);
    assert_eq!(rendered.code, Some(0), "{rendered}");
    env.write("hpa.yaml", &rendered.stdout);
    let reserve =
        object(&rendered.stdout, "Deployment")["metadata"]["annotations"]["oppscale.dev/reserve"]
            .as_str()
            .unwrap()
            .to_owned();
    let output = env.run([
        "simulate",
        "--from",
        &blog(),
        "--hpa",
        "hpa.yaml",
        "--reserve-in-metric",
        &reserve,
        "--kubernetes-version",
        version,
        "--duration",
        "10m",
        "-o",
        "json",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn the_rendered_hpa_is_stable() {
    let json = verdict("1.36", &MINER);
    let entry = &json["configurations"][0];
    assert_eq!(entry["verdict"]["finding"], "stable", "{entry:#}");
}

#[test]
fn before_1_35_it_says_what_the_missing_tolerance_costs() {
    let mut args = MINER.to_vec();
    args.push("--explain=table");
    let output = render_for(&TestEnv::new(), "1.34", &args);
    assert!(!output.stdout.contains("tolerance:"), "the server would drop it");
    assert!(
        output.stderr.contains("before 1.35 it cannot be set: the HPA overlooks up to 17.8 cores"),
        "{output}"
    );
    let reserve = object(&output.stdout, "Deployment");
    assert_eq!(reserve["metadata"]["annotations"]["oppscale.dev/reserve"], "27");
    let json = verdict("1.34", &MINER);
    assert_eq!(json["configurations"][0]["verdict"]["finding"], "stableWithinTolerance");
}

#[test]
fn from_1_37_and_with_keda_all_is_given_back() {
    let hpa = render_for(&TestEnv::new(), "1.37", &MINER);
    assert_eq!(object(&hpa.stdout, "HorizontalPodAutoscaler")["spec"]["minReplicas"], 0);
    let keda = render(&TestEnv::new(), &[&MINER[..], &["--pipeline", "keda"]].concat());
    assert_eq!(object(&keda.stdout, "ScaledObject")["spec"]["minReplicaCount"], 0);
}

#[test]
fn growth_is_given_or_measured() {
    let env = TestEnv::new();
    let scenario = "nodes: [{count: 2, cpu: 32, memory: 64Gi}]\n\
        paid:\n- name: a\n  cpu: 2\n  rows: [{at: 0, replicas: 1}, {at: 60, replicas: 31}]\n";
    env.write("load.yaml", scenario);
    let reserve = |more: &[&str]| {
        let args = [&MINER[..], more, &["--explain=table"]].concat();
        let output = render(&env, &args);
        assert_eq!(output.code, Some(0), "{output}");
        let line =
            output.stderr.lines().find(|line| line.starts_with("reserve")).unwrap().to_owned();
        let annotations = &object(&output.stdout, "Deployment")["metadata"]["annotations"];
        (annotations["oppscale.dev/reserve"].as_str().unwrap().to_owned(), line)
    };
    // 21 s of 1 core/s, 4 for the largest pod, 1 for rounding.
    let (given, line) = reserve(&["--growth", "60/m"]);
    assert_eq!(given, "26");
    assert!(line.contains("1 cores/s as given"), "{line}");
    let (measured, line) = reserve(&["--growth", "load.yaml"]);
    assert_eq!(measured, "26");
    assert!(line.contains("1 cores/s in the fastest minute of load.yaml"), "{line}");
    // As `top --record` writes it: 10 pods of 3 cores within a minute.
    let mut history = String::from(
        r#"{"history":{"version":1,"started":"2026-11-24T00:00:00Z","server":"https://a"}}
{"kubernetes":"v1.36.2"}
{"workload":{"replica":{"cpu":1000,"pods":1},"placement":{}}}
{"host":[0,"a"]}
{"group":[0,"shop","Deployment","checkout"]}
{"footprint":[0,{"cpu":3000,"pods":1}]}
{"node":{"metadata":{"name":"a","uid":"1"},"spec":{},"status":{"allocatable":{"cpu":"64","memory":"64Gi","pods":"110"},"conditions":[{"type":"Ready","status":"True"}]}}}
{"t":0}
"#,
    );
    for pod in 0..10 {
        history.push_str(&format!(
            "{{\"pod\":[\"{pod:032x}\",0,0,0,0]}}\n{{\"t\":{}}}\n",
            60_000 + pod * 5_000
        ));
    }
    env.write("monday.history", &history);
    let (recorded, line) = reserve(&["--growth", "monday.history"]);
    assert!(line.contains("0.5 cores/s in the fastest minute of monday.history"), "{line}");
    assert_eq!(recorded, "16");
    assert_eq!(reserve(&["--target-utilization", "85%"]).0, "15%");
}
