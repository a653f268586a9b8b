//! Waiting paid pods are placed: what is kept for them, and what is not.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

fn run(command: &str, file: &str, args: &[&str]) -> CommandOutput {
    let file = fixture(&format!("counting/{file}"));
    TestEnv::new().run([&[command, "--from", file.to_str().unwrap()], args].concat())
}

/// The report of `top`, and the footer of its table.
fn top(file: &str, args: &[&str]) -> (Value, String) {
    let output = run("top", file, &[args, &["-o", "json"]].concat());
    let report = serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output}"));
    let table = run("top", file, args).stdout;
    (report, table.split_once("\n\n").unwrap().1.to_owned())
}

#[test]
fn pods_that_never_fit_beside_daemon_sets_keep_nothing() {
    let (report, footer) = top("11-ds-overhead.json", &[]);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 9);
    assert_eq!(report["paidDemand"]["unplaceable"].as_array().unwrap().len(), 2);
    insta::assert_snapshot!(footer, @"
    unplaceable: pod shop/big-0 requests 3800m cpu; DaemonSet and static pods leave at most 3500m of a node
    unplaceable: pod shop/big-1 requests 3800m cpu; DaemonSet and static pods leave at most 3500m of a node
    9 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ");
}

#[test]
fn pods_pinned_to_a_full_pool_take_nothing_from_an_idle_one() {
    for (file, pods) in [("14-pinned-pool.json", 20), ("14b-pinned-pool.json", 60)] {
        let (report, footer) = top(file, &[]);
        assert_eq!(report["totals"]["usable"]["fitReplicas"], 40, "{file}");
        let demand = &report["paidDemand"];
        assert_eq!(demand["placeable"], json!({}), "{file}");
        assert_eq!(demand["blocked"]["pods"], pods, "{file}");
        let line = format!(
            "nothing is kept for cpu {pods}: {pods} paid pods wait for other paid pods to end"
        );
        assert!(footer.starts_with(&line), "{footer}");
    }
    // The paid load of a simulation is that of the full pool, not of pods that cannot run.
    let simulated = run("simulate", "14b-pinned-pool.json", &["-o", "json"]);
    assert!(simulated.code == Some(0), "{simulated}");
    let simulated = run("simulate", "14b-pinned-pool.json", &[]);
    assert!(simulated.stdout.contains("16.6"), "8 of 48 cores: {simulated}");
}

#[test]
fn slots_are_counted_after_each_pod_has_its_node() {
    let (report, footer) = top("15b-frag.json", &["--replica", "cpu=2"]);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 100);
    assert_eq!(report["totals"]["usable"]["limitedBy"], "slots");
    assert_eq!(report["paidDemand"]["placeable"], json!({"cpu": 105_000, "pods": 50}));
    assert!(footer.starts_with("waiting paid pods request cpu 105\n"), "{footer}");
}

#[test]
fn pods_below_the_fillers_priority_keep_nothing_from_them() {
    let (report, footer) = top("25-placeholders.json", &[]);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 16);
    assert_eq!(report["paidDemand"]["outranked"], json!({"cpu": 12_000, "pods": 4}));
    insta::assert_snapshot!(footer, @"
    nothing is kept for cpu 12: 4 paid pods have no higher priority than the filler, so they cannot preempt it
    16 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ");
}

#[test]
fn free_agrees_with_remaining() {
    insta::assert_snapshot!(
        run("top", "pool-free.json", &["--by", "pool", "-o", "wide", "--resource", "cpu"]).stdout, @"
    POOL             NODES  ALLOCATABLE  OTHERS  OPPORTUNISTIC  LIMITS  REMAINING  FREE  SLOTS   PODS
    a                  1/2           20       4              9       0          6     6      6  2/220
    usable (1 node)                  10       4              0       0          6     6      6  1/110
    all (2 nodes)                    20       4              9       0          -     -      6  2/220

    6 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ");
}

/// A cluster of one node of 4 cores with paid pods of 1, a DaemonSet's of 0.5 and a filler of 2,
/// and one waiting pod.
fn explained(spec: &Value) -> String {
    let env = TestEnv::new();
    let pod = |name: &str, kind: &str, cpu: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "namespace": "shop", "uid": name,
                "labels": {"oppscale.dev/opportunistic": (kind == "Filler").to_string()},
                "ownerReferences": [{"kind": kind, "name": "o", "uid": "o", "controller": true}]
            },
            "spec": {
                "nodeName": "n1",
                "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]
            },
            "status": {"phase": "Running"}
        })
    };
    let mut waiting = pod("waits", "Job", "1");
    waiting["spec"]["nodeName"] = "".into();
    for (key, value) in spec.as_object().unwrap() {
        waiting["spec"][key] = value.clone();
    }
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "n1"},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}]
        }
    });
    let pods =
        [pod("paid", "Job", "1"), pod("agent", "DaemonSet", "500m"), pod("own", "Filler", "2")];
    let items: Vec<Value> = [node, waiting].into_iter().chain(pods).collect();
    env.write("list", &json!({"kind": "List", "apiVersion": "v1", "items": items}).to_string());
    let output = env.run(["top", "--from", "list", "--explain", "shop/waits"]);
    output.stdout.rsplit_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn the_explanation_of_a_waiting_pod_tells_where_it_would_go_or_why_nowhere() {
    let cpu = |cpu: &str| json!([{"name": "c", "resources": {"requests": {"cpu": cpu}}}]);
    let all = [
        json!({}),
        json!({"containers": cpu("500m")}),
        json!({"preemptionPolicy": "Never"}),
        json!({"priority": -2000}),
        json!({"containers": cpu("3")}),
        json!({"containers": cpu("3600m")}),
        json!({"containers": cpu("5")}),
        json!({"nodeSelector": {"pool": "none"}}),
        json!({"schedulingGates": [{"name": "x"}]}),
    ];
    let text: Vec<String> = all.iter().map(explained).collect();
    insta::assert_snapshot!(text.concat(), @"
    It would go to node n1, beside cpu 1 of paid pods, cpu 500m of DaemonSet and static pods.
    Opportunistic pods must make room for it there.
    It would go to node n1, beside cpu 1 of paid pods, cpu 500m of DaemonSet and static pods.
    It has room there beside all other pods.
    Every node that could hold it is full, and it does not preempt opportunistic pods (preemptionPolicy Never). Nothing is kept for it.
    Its priority (-2000) is not above that of opportunistic pods (-1000). Nothing is kept for it.
    Every node that could hold it is full of paid pods. Nothing is kept for it until some of them end.
    No node can hold it: requests 3600m cpu; DaemonSet and static pods leave at most 3500m of a node. Nothing is kept for it.
    No node can hold it: requests 5 cpu; the largest usable node has 4. Nothing is kept for it.
    No node can hold it: no node meets its node selector and required affinity. Nothing is kept for it.
    Scheduling gates hold it back. Nothing is kept for it.
    ");
}

/// Random clusters with what kube-scheduler 1.36.2 did with their waiting pods (`bound`, `waits`,
/// and `gone` if it preempted them), and how many of `slots` + 5 fillers it then bound.
#[test]
fn waiting_pods_and_slots_are_what_the_real_scheduler_made_of_them() {
    let recorded = std::fs::read_to_string(fixture("counting/scheduled-1.36.2.jsonl")).unwrap();
    let mut cases = 0;
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["case"].as_str().unwrap();
        let env = TestEnv::new();
        let list = |items: &Value| json!({ "apiVersion": "v1", "kind": "List", "items": items });
        env.write("waiting.json", &list(&case["items"]).to_string());
        let bound = case["bound"].as_object().unwrap();
        let waits = case["waits"].as_array().unwrap().iter().map(|pod| pod.as_str().unwrap());
        let pods =
            bound.keys().map(|pod| (pod.as_str(), true)).chain(waits.map(|pod| (pod, false)));
        for (pod, is_bound) in pods {
            let pod = format!("{name}/{pod}");
            let output = env.run(["top", "--from", "waiting.json", "--explain", &pod]);
            assert_eq!(output.code, Some(0), "{output}");
            let has_node = output.stdout.contains("It would go to node");
            assert_eq!(has_node, is_bound, "{pod}: {output}");
        }
        let gone = case["gone"].as_array().unwrap();
        let mut items = case["items"].as_array().unwrap().clone();
        items.retain(|item| !gone.contains(&item["metadata"]["name"]));
        for item in &mut items {
            let node = item["metadata"]["name"].as_str().and_then(|name| bound.get(name));
            if let (Some(node), "Pod") = (node, item["kind"].as_str().unwrap()) {
                item["spec"]["nodeName"] = node.clone();
                item["status"]["phase"] = json!("Running");
            }
        }
        env.write("settled.json", &list(&json!(items)).to_string());
        let workload = format!("{name}/deployment/fill");
        let args = ["top", "--from", "settled.json", "--workload", &workload, "-o", "json"];
        let output = env.run(args);
        let report: Value =
            serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output}"));
        assert_eq!(report["totals"]["usable"]["fitReplicas"], case["slots"], "{name}: {output}");
        cases += 1;
    }
    assert_eq!(cases, 24);
}
