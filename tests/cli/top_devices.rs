//! `oppscale top`: extended resources and devices, whoever counts them.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

/// Runs `oppscale top --from counting/FILE ARGS`.
fn top(file: &str, args: &[&str]) -> CommandOutput {
    let file = fixture(&format!("counting/{file}"));
    let mut all = vec!["top", "--from", file.to_str().unwrap()];
    all.extend(args);
    TestEnv::new().run(all)
}

/// Runs `oppscale top -o json` on these objects.
fn counted(items: &[Value], args: &[&str]) -> (Value, CommandOutput) {
    let env = TestEnv::new();
    env.write("list", &json!({ "kind": "List", "apiVersion": "v1", "items": items }).to_string());
    let mut all = vec!["top", "-o", "json", "--from", "list"];
    all.extend(args);
    let output = env.run(all);
    let value = serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output}"));
    (value, output)
}

/// A ready node of 8 cores that lists `extended` as well.
fn node(name: &str, extended: Value) -> Value {
    let mut allocatable = json!({ "cpu": "8", "memory": "32Gi", "pods": "110" });
    for (name, amount) in extended.as_object().unwrap() {
        allocatable[name] = amount.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "uid": format!("node-{name}") },
        "status": {
            "allocatable": allocatable, "conditions": [{ "type": "Ready", "status": "True" }]
        }
    })
}

/// A pod with these requests, on `node` unless that is empty.
fn pod(name: &str, node: &str, requests: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": "shop", "uid": format!("pod-{name}") },
        "spec": { "nodeName": node, "containers": [{ "name": "c", "resources": { "requests": requests } }] },
        "status": { "phase": if node.is_empty() { "Pending" } else { "Running" } }
    })
}

#[test]
fn a_resource_that_pods_hold_and_no_node_lists_is_unknown_and_never_a_shortage() {
    insta::assert_snapshot!(top("16-hami.json", &["--resource", "nvidia.com/gpumem"]), @"
    NODE             STATE  ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  SLOTS   PODS
    g1               Ready            ?    3000              0          ?     28  1/110
    usable (1 node)                   ?    3000              0          ?     28  1/110
    all (1 node)                      ?    3000              0          -     28  1/110

    unknown: what is left of nvidia.com/gpumem, which pods request and no node lists
    waiting paid pods request nvidia.com/gpumem 3000
    24 replicas of cpu=1 fit (cpu runs out); 0 opportunistic pods are on these nodes
    ------- stderr -------
    note: all pods are of namespace shop; without -A kubectl saves one namespace only, and pods of others would be missing here
    [EOF]
    ");
}

#[test]
fn a_pod_that_waits_for_an_unlisted_resource_keeps_its_cpu() {
    for (file, remaining) in [
        ("05-dra-extended.json", 12_000),
        ("05b-dra-implicit.json", 6_000),
        ("16-hami.json", 24_000),
    ] {
        let output = top(file, &["-o", "json"]);
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        let usable = &report["totals"]["usable"]["resources"];
        assert_eq!(usable["cpu"]["remaining"], remaining, "{file}");
        assert_eq!(report["paidDemand"]["unplaceable"], json!([]), "{file}");
        assert!(!output.stdout.contains(": -"), "a negative amount in {output}");
    }
}

#[test]
fn a_node_whose_device_plugin_went_is_short_of_its_devices() {
    insta::assert_snapshot!(top("17-plugin-gone.json", &[]), @"
    NODE             STATE  ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  SLOTS   PODS
    g1               Ready           32       0              0         32     32  1/110
    usable (1 node)                  32       0              0         32     32  1/110
    all (1 node)                     32       0              0          -     32  1/110

    overcommitted: nvidia.com/gpu 2
    32 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ------- stderr -------
    note: all pods are of namespace shop; without -A kubectl saves one namespace only, and pods of others would be missing here
    [EOF]
    ");
}

#[test]
fn a_replica_that_requests_an_unlisted_resource_fits_an_unknown_number_of_times() {
    let output = top("16-hami.json", &["--replica", "cpu=1,nvidia.com/gpumem=3000"]);
    assert!(
        output.stdout.contains("replicas of cpu=1,nvidia.com/gpumem=3000 that fit: unknown"),
        "{output}"
    );
    let output = top(
        "16-hami.json",
        &["--replica", "cpu=1,nvidia.com/gpumem=3000", "--fail-below", "replicas=1"],
    );
    assert!(output.stderr.contains("what remains is unknown, below 1"), "{output}");
}

#[test]
fn an_unreadable_extended_resource_is_unknown_and_the_rest_of_its_node_counts() {
    for (bad, why) in [
        (json!("abc"), "\"abc\" is not a quantity"),
        (json!("-1"), "-1 is negative"),
        (json!("1e30"), "1e30 is out of range"),
        (json!("170141183460469231731687303715.8841057271"), "is out of range"),
        (json!("16Ei"), "16Ei is out of range"),
        (json!(""), "is empty"),
    ] {
        let bad = node("n1", json!({ "nvidia.com/gpu": bad }));
        let good = node("n2", json!({ "nvidia.com/gpu": "4" }));
        let held = pod("p", "n1", json!({ "cpu": "1", "nvidia.com/gpu": "1" }));
        let (report, output) = counted(&[bad.clone(), good, held.clone()], &[]);
        assert_eq!(report["nodes"][1]["name"], "n1", "{output}");
        let n1 = &report["nodes"][1]["resources"];
        assert_eq!(n1["cpu"]["remaining"], 7000, "{output}");
        let gpu = json!({
            "allocatable": null, "others": 1, "opportunistic": 0, "remaining": null, "free": null
        });
        assert_eq!(n1["nvidia.com/gpu"], gpu, "{output}");
        let usable = &report["totals"]["usable"];
        assert_eq!(usable["nodes"], 2);
        assert_eq!(usable["resources"]["nvidia.com/gpu"]["remaining"], 4);
        assert_eq!(usable["overcommit"]["nvidia.com/gpu"], 0);
        assert_eq!(report["unknown"][0]["resource"], "nvidia.com/gpu");
        let warning = "nvidia.com/gpu of node n1 is unknown: status.allocatable.nvidia.com/gpu: ";
        assert!(output.stderr.contains(warning) && output.stderr.contains(why), "{output}");
        // Alone, nothing is known of the resource; what does not need it is counted.
        let (report, _) = counted(&[bad, held], &["--replica", "cpu=1"]);
        assert_eq!(report["totals"]["usable"]["fitReplicas"], 7);
        assert_eq!(
            report["totals"]["usable"]["resources"]["nvidia.com/gpu"]["allocatable"],
            Value::Null
        );
    }
}

#[test]
fn a_pod_may_wait_for_a_resource_whose_amount_on_a_node_is_unreadable() {
    let node = node("n1", json!({ "nvidia.com/gpu": "x" }));
    let waiting = pod("p", "", json!({ "cpu": "2", "nvidia.com/gpu": "1" }));
    let (report, output) = counted(&[node, waiting], &[]);
    assert_eq!(report["totals"]["usable"]["resources"]["cpu"]["remaining"], 6000, "{output}");
}

#[test]
fn an_amount_beyond_every_integer_is_out_of_range_and_not_negative() {
    let output = top("quantity-overflow.json", &[]);
    let why = "memory: 170141183460469231731687303715.8841057271 is out of range";
    assert!(output.stderr.contains(why), "{output}");
}
