//! `oppscale top`: extended resources and devices, whoever counts them.

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::fixture;
use crate::support::stream::JsonStream;
use crate::support::world::{Devices, List, World};

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
    // A list without pods would be one of which pods are unknown.
    let items: Vec<_> = items.iter().cloned().chain([pod("idle", "n1", json!({}))]).collect();
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
    g1               Ready            ?    3000              0          ?     24  1/110
    usable (1 node)                   ?    3000              0          ?     24  1/110
    all (1 node)                      ?    3000              0          -     24  1/110

    unknown: the remaining nvidia.com/gpumem, which no node has in status.allocatable
    waiting paid pods request cpu 4, nvidia.com/gpu 1, nvidia.com/gpumem 3000
    24 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
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
    NODE             STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS   PODS
    g1               Ready               32           0                  0             32                32Gi              0                     0              32Gi     32  1/110
    usable (1 node)                      32           0                  0             32                32Gi              0                     0              32Gi     32  1/110
    all (1 node)                         32           0                  0              -                32Gi              0                     0                 -     32  1/110

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
            "allocatable": null, "requests": 1, "others": 1, "opportunistic": 0,
            "remaining": null, "free": null
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

/// An object of `resource.k8s.io/v1`.
fn dra(kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": { "name": name }, "spec": spec
    })
}

/// The DeviceClass `gpu`: devices of the driver `gpu.example.com`.
fn gpu_class() -> Value {
    class("gpu", "device.driver == 'gpu.example.com'")
}

fn class(name: &str, expression: &str) -> Value {
    dra("DeviceClass", name, json!({ "selectors": [{ "cel": { "expression": expression } }] }))
}

/// A slice, the only one of the pool `pool`, with these devices.
fn slice(pool: &str, access: Value, devices: Value) -> Value {
    let mut spec = json!({
        "driver": "gpu.example.com", "devices": devices,
        "pool": { "name": pool, "generation": 1, "resourceSliceCount": 1 }
    });
    for (key, value) in access.as_object().unwrap() {
        spec[key] = value.clone();
    }
    dra("ResourceSlice", &format!("{pool}-slice"), spec)
}

fn on_node(name: &str) -> Value {
    json!({ "nodeName": name })
}

fn devices(count: usize) -> Value {
    (0..count).map(|number| json!({ "name": format!("gpu-{number}") })).collect()
}

/// A claim of the namespace `shop` for a device of the class `gpu`, which holds `device` of `pool`
/// for these pods.
fn claim(name: &str, pool: &str, device: &str, pods: &[&str]) -> Value {
    let mut claim = dra(
        "ResourceClaim",
        name,
        json!({ "devices": { "requests": [{ "name": "r", "exactly": { "deviceClassName": "gpu" } }] } }),
    );
    claim["metadata"]["namespace"] = json!("shop");
    let result =
        json!({ "request": "r", "driver": "gpu.example.com", "pool": pool, "device": device });
    let reserved: Vec<_> = pods
        .iter()
        .map(|pod| json!({ "resource": "pods", "name": pod, "uid": format!("pod-{pod}") }))
        .collect();
    claim["status"] =
        json!({ "allocation": { "devices": { "results": [result] } }, "reservedFor": reserved });
    claim
}

/// A pod of one core that uses this claim.
fn claiming_pod(name: &str, node: &str, claim: &str) -> Value {
    let mut pod = pod(name, node, json!({ "cpu": "1" }));
    pod["spec"]["resourceClaims"] = json!([{ "name": "gpu", "resourceClaimName": claim }]);
    pod
}

/// Allocatable, others, remaining and free of a resource, of a row or of totals.
fn amounts(of: &Value, resource: &str) -> [Value; 4] {
    ["allocatable", "others", "remaining", "free"].map(|f| of["resources"][resource][f].clone())
}

/// The row of a node.
fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["nodes"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn devices_are_allocatable_held_and_free_by_class_node_and_in_all() {
    let of_rack = |name: &str| {
        let mut node = node(name, json!({}));
        node["metadata"]["labels"] = json!({ "rack": "a" });
        node
    };
    let items = [
        of_rack("n1"),
        of_rack("n2"),
        gpu_class(),
        slice("n1", on_node("n1"), devices(4)),
        slice("n2", on_node("n2"), devices(2)),
        claim("c1", "n1", "gpu-0", &["p1"]),
        claim("c2", "n2", "gpu-1", &["p2", "p3"]),
        claim("idle", "n2", "gpu-0", &[]),
        claiming_pod("p1", "n1", "c1"),
        // Both use one claim: its device is held once.
        claiming_pod("p2", "n2", "c2"),
        claiming_pod("p3", "n2", "c2"),
    ];
    let (report, output) = counted(&items, &["--replica", "cpu=1,device:gpu=1"]);
    let gpu = "device:gpu";
    assert_eq!(amounts(row(&report, "n1"), gpu), [4, 1, 3, 3].map(Value::from), "{output}");
    assert_eq!(amounts(row(&report, "n2"), gpu), [2, 2, 0, 0].map(Value::from), "{output}");
    let usable = &report["totals"]["usable"];
    assert_eq!(amounts(usable, gpu), [6, 3, 3, 3].map(Value::from));
    assert_eq!((&usable["slots"], &usable["fitReplicas"]), (&json!(3), &json!(3)));
    let (report, _) = counted(&items, &["--by", "pool=rack"]);
    assert_eq!(amounts(&report["pools"][0], gpu), [6, 3, 3, 3].map(Value::from));
    let env = TestEnv::new();
    env.write("list", &json!({ "kind": "List", "items": items }).to_string());
    let by_workload = ["top", "--from", "list", "--resource", gpu, "--by", "workload"];
    insta::assert_snapshot!(env.run(by_workload), @"
    NAMESPACE  WORKLOAD             OTHERS  OPPORTUNISTIC  PODS
    shop       pod/p1                    1              0     1
    shop       pod/p2                    1              0     1
    shop       pod/p3                    0              0     1
               total (3 workloads)       2              0     3

    13 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ------- stderr -------
    note: all pods are of namespace shop; without -A kubectl saves one namespace only, and pods of others would be missing here
    [EOF]
    ");
}

#[test]
fn only_complete_pools_of_the_newest_generation_count() {
    let mut stale = slice("n1", on_node("n1"), devices(8));
    stale["metadata"]["name"] = json!("old");
    let mut newest = slice("n1", on_node("n1"), devices(2));
    newest["spec"]["pool"]["generation"] = json!(2);
    let items = [node("n1", json!({})), gpu_class(), stale, newest.clone()];
    let (report, output) = counted(&items, &[]);
    assert_eq!(report["nodes"][0]["resources"]["device:gpu"]["allocatable"], 2, "{output}");
    // Half of the pool is no pool.
    newest["spec"]["pool"]["resourceSliceCount"] = json!(2);
    let items = [node("n1", json!({})), gpu_class(), newest];
    let (report, output) = counted(&items, &["--replica", "cpu=1,device:gpu=1"]);
    assert_eq!(
        amounts(&report["nodes"][0], "device:gpu"),
        [Value::Null, json!(0), Value::Null, Value::Null]
    );
    assert_eq!(report["nodes"][0]["resources"]["cpu"]["remaining"], 8000);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], Value::Null);
    let warning = "device:gpu of node n1 is unknown: pool n1 of driver gpu.example.com is incomplete: 1 of 2 slices";
    assert!(output.stderr.contains(warning), "{output}");
}

#[test]
fn partitions_of_one_device_share_its_counters() {
    let part = |name: &str, profile: &str, memory: u32| {
        json!({
            "name": name, "attributes": { "profile": { "string": profile } },
            "consumesCounters": [{
                "counterSet": "gpu-0", "counters": { "memory": { "value": format!("{memory}Gi") } }
            }]
        })
    };
    let parts = json!([
        part("whole", "whole", 40),
        part("half-0", "half", 20),
        part("half-1", "half", 20),
        part("part-0", "part", 5),
        part("part-1", "part", 5),
        part("part-2", "part", 5)
    ]);
    let counters = json!([{ "name": "gpu-0", "counters": { "memory": { "value": "40Gi" } } }]);
    let mut counters =
        slice("n1", json!({ "nodeName": "n1", "sharedCounters": counters }), json!([]));
    let mut slice = slice("n1", on_node("n1"), parts);
    for (number, slice) in [&mut counters, &mut slice].into_iter().enumerate() {
        slice["metadata"]["name"] = json!(format!("slice-{number}"));
        slice["spec"]["pool"]["resourceSliceCount"] = json!(2);
    }
    let profile = |name: &str| {
        class(name, &format!("device.attributes['gpu.example.com'].profile == '{name}'"))
    };
    let mut items = vec![
        node("n1", json!({})),
        gpu_class(),
        profile("whole"),
        profile("half"),
        profile("part"),
        counters,
        slice,
    ];
    let free = |items: &[Value]| {
        let (report, output) = counted(items, &[]);
        ["whole", "half", "part"].map(|class| {
            // A resource of which there is nothing at all is left out.
            let resource = format!("device:{class}");
            let Some(_) = report["nodes"][0]["resources"].get(&resource) else { return [0; 3] };
            let [allocatable, held, free, _] = amounts(&report["nodes"][0], &resource);
            let amount = |amount: Value| amount.as_i64().unwrap_or_else(|| panic!("{output}"));
            [allocatable, held, free].map(amount)
        })
    };
    assert_eq!(free(&items), [[1, 0, 1], [2, 0, 2], [3, 0, 3]]);
    items.push(claim("c1", "n1", "part-1", &["p1"]));
    items.push(claiming_pod("p1", "n1", "c1"));
    // What is left, 35Gi, is no whole device and one half.
    assert_eq!(free(&items), [[0, 0, 0], [1, 0, 1], [3, 1, 2]]);
    items.push(claim("c2", "n1", "half-0", &["p2"]));
    items.push(claiming_pod("p2", "n1", "c2"));
    assert_eq!(free(&items), [[0, 0, 0], [1, 1, 0], [3, 1, 2]]);
}

#[test]
fn a_shared_device_is_allocated_as_often_as_its_capacity_lasts() {
    let nic = json!([{
        "name": "gpu-0", "allowMultipleAllocations": true,
        "capacity": { "bandwidth": { "value": "10", "requestPolicy": { "default": "3" } } }
    }]);
    let mut items = vec![node("n1", json!({})), gpu_class(), slice("n1", on_node("n1"), nic)];
    let (report, _) = counted(&items, &[]);
    assert_eq!(amounts(&report["nodes"][0], "device:gpu"), [3, 0, 3, 3].map(Value::from));
    let mut held = claim("c1", "n1", "gpu-0", &["p1"]);
    held["status"]["allocation"]["devices"]["results"][0]["consumedCapacity"] =
        json!({ "bandwidth": "5" });
    items.extend([held, claiming_pod("p1", "n1", "c1")]);
    let (report, output) = counted(&items, &[]);
    assert_eq!(
        amounts(&report["nodes"][0], "device:gpu"),
        [2, 1, 1, 1].map(Value::from),
        "{output}"
    );
}

#[test]
fn a_device_that_several_nodes_reach_counts_once_in_sums() {
    let nodes: Vec<_> = (0..3)
        .map(|number| {
            let mut node = node(&format!("n{number}"), json!({}));
            node["metadata"]["labels"] = json!({ "rack": if number < 2 { "a" } else { "b" } });
            node
        })
        .collect();
    let selector = json!({ "nodeSelector": { "nodeSelectorTerms": [{ "matchExpressions": [
        { "key": "rack", "operator": "In", "values": ["a"] }
    ] }] } });
    let mut per_device = devices(1);
    per_device[0]["nodeName"] = json!("n2");
    let mut items = nodes;
    items.extend([
        gpu_class(),
        slice("rack-a", selector, devices(4)),
        slice("everywhere", json!({ "allNodes": true }), devices(1)),
        slice("mixed", json!({ "perDeviceNodeSelection": true }), per_device),
        claim("c1", "rack-a", "gpu-3", &["p1"]),
        claiming_pod("p1", "n1", "c1"),
    ]);
    let (report, output) = counted(&items, &["--replica", "cpu=1,device:gpu=1"]);
    let allocatable =
        |name| amounts(row(&report, name), "device:gpu").map(|amount| amount.as_i64().unwrap());
    assert_eq!(allocatable("n0"), [4, 0, 4, 4], "{output}");
    assert_eq!(allocatable("n1"), [5, 1, 4, 4]);
    assert_eq!(allocatable("n2"), [2, 0, 2, 2]);
    let usable = &report["totals"]["usable"];
    assert_eq!(amounts(usable, "device:gpu"), [6, 1, 5, 5].map(Value::from), "{output}");
    assert_eq!(usable["fitReplicas"], 5);
}

#[test]
fn a_selector_beyond_the_supported_part_of_cel_makes_its_class_unknown() {
    let items = [
        node("n1", json!({})),
        gpu_class(),
        class("odd", "device.attributes.exists(domain, domain == 'x')"),
        slice("n1", on_node("n1"), devices(2)),
    ];
    let (report, output) = counted(&items, &[]);
    assert_eq!(report["nodes"][0]["resources"]["device:gpu"]["remaining"], 2);
    assert_eq!(report["nodes"][0]["resources"]["device:odd"]["remaining"], Value::Null);
    assert!(
        output.stderr.contains("a CEL selector of DeviceClass odd cannot be evaluated"),
        "{output}"
    );
}

#[test]
fn tainted_devices_are_not_offered_and_devices_without_a_slice_stay_held() {
    let mut pool = devices(3);
    pool[0]["taints"] = json!([{ "key": "broken", "effect": "NoExecute" }]);
    let items = [
        node("n1", json!({})),
        gpu_class(),
        slice("n1", on_node("n1"), pool),
        claim("c1", "n1", "gone", &["p1"]),
        claiming_pod("p1", "n1", "c1"),
    ];
    let (report, output) = counted(&items, &[]);
    assert_eq!(
        amounts(&report["nodes"][0], "device:gpu"),
        [3, 1, 2, 2].map(Value::from),
        "{output}"
    );
}

#[test]
fn a_claim_that_was_not_read_makes_the_devices_of_its_node_unknown() {
    let items = [
        node("n1", json!({})),
        node("n2", json!({})),
        gpu_class(),
        slice("n1", on_node("n1"), devices(2)),
        slice("n2", on_node("n2"), devices(2)),
        claiming_pod("p1", "n1", "not-saved"),
    ];
    let (report, output) = counted(&items, &[]);
    assert_eq!(row(&report, "n1")["resources"]["device:gpu"]["remaining"], Value::Null, "{output}");
    assert_eq!(row(&report, "n2")["resources"]["device:gpu"]["remaining"], 2);
    assert_eq!(row(&report, "n1")["resources"]["cpu"]["remaining"], 7000);
}

#[test]
fn waiting_pods_with_claims_keep_the_devices_that_they_request() {
    let mut waiting = claim("c1", "", "", &[]);
    waiting["status"] = json!({});
    waiting["spec"]["devices"]["requests"][0]["exactly"]["count"] = json!(2);
    let mut too_many = waiting.clone();
    too_many["metadata"]["name"] = json!("c2");
    too_many["spec"]["devices"]["requests"][0]["exactly"]["count"] = json!(5);
    let items = [
        node("n1", json!({})),
        gpu_class(),
        slice("n1", on_node("n1"), devices(4)),
        waiting,
        too_many,
        claiming_pod("p1", "", "c1"),
        claiming_pod("p2", "", "c2"),
    ];
    let (report, output) = counted(&items, &["--replica", "cpu=1,device:gpu=1"]);
    assert_eq!(report["totals"]["usable"]["resources"]["device:gpu"]["remaining"], 2, "{output}");
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 2);
    assert_eq!(report["paidDemand"]["unplaceable"][0]["name"], "p2");
}

/// A Deployment of the namespace `shop` whose pods use the claim template `single`, and the
/// template with these devices.
fn filler(devices: Value) -> [Value; 2] {
    let mut template =
        dra("ResourceClaimTemplate", "single", json!({ "spec": { "devices": devices } }));
    template["metadata"]["namespace"] = json!("shop");
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "idle", "namespace": "shop", "uid": "idle" },
        "spec": {
            "selector": { "matchLabels": { "app": "idle" } },
            "template": {
                "metadata": { "labels": { "app": "idle" } },
                "spec": {
                    "containers": [{ "name": "c", "resources": { "requests": { "cpu": "1" } } }],
                    "resourceClaims": [{ "name": "gpu", "resourceClaimTemplateName": "single" }]
                }
            }
        }
    });
    [template, deployment]
}

#[test]
fn slots_of_a_workload_follow_its_claim_template() {
    let mut pool = devices(6);
    for (number, device) in pool.as_array_mut().unwrap().iter_mut().enumerate() {
        device["attributes"] = json!({
            "memory": { "int": if number < 4 { 80 } else { 40 } }, "numa": { "int": number % 3 }
        });
    }
    let exactly = |request: Value| json!([{ "name": "r", "exactly": request }]);
    let plain = json!({ "deviceClassName": "gpu" });
    let large = json!({ "deviceClassName": "gpu", "selectors": [
        { "cel": { "expression": "device.attributes['gpu.example.com'].memory >= 80" } }
    ] });
    let pair = json!({ "deviceClassName": "gpu", "count": 2 });
    let all = json!({ "deviceClassName": "gpu", "allocationMode": "All" });
    let odd =
        json!({ "deviceClassName": "gpu", "selectors": [{ "cel": { "expression": "device.x" } }] });
    let numa = json!([{ "matchAttribute": "gpu.example.com/numa" }]);
    let either = json!([{ "name": "r", "firstAvailable": [
        { "name": "a", "deviceClassName": "none" }, { "name": "b", "deviceClassName": "gpu" }
    ] }]);
    // One device is held by a paid pod: gpu-1, of the large ones and of NUMA node 1.
    for (requests, constraints, slots) in [
        (exactly(plain), json!([]), json!(5)),
        (exactly(large), json!([]), json!(3)),
        (exactly(pair.clone()), json!([]), json!(2)),
        (exactly(pair), numa, json!(2)),
        (exactly(all), json!([]), json!(0)),
        (either, json!([]), json!(5)),
        (exactly(odd), json!([]), Value::Null),
    ] {
        let mut items = vec![
            node("n1", json!({})),
            gpu_class(),
            slice("n1", on_node("n1"), pool.clone()),
            claim("c1", "n1", "gpu-1", &["p1"]),
            claiming_pod("p1", "n1", "c1"),
        ];
        items.extend(filler(json!({ "requests": requests, "constraints": constraints })));
        let (report, output) = counted(&items, &["--workload", "shop/deploy/idle"]);
        assert_eq!(report["totals"]["usable"]["fitReplicas"], slots, "{requests} {output}");
        // What the filler's own pods hold is room for its replicas.
        let mut own = claiming_pod("own", "n1", "c2");
        own["metadata"]["labels"] = json!({ "app": "idle" });
        own["metadata"]["ownerReferences"] =
            json!([{ "kind": "Deployment", "name": "idle", "uid": "idle", "controller": true }]);
        items.extend([claim("c2", "n1", "gpu-0", &["own"]), own]);
        let (report, output) = counted(&items, &["--workload", "shop/deploy/idle"]);
        assert_eq!(report["totals"]["usable"]["fitReplicas"], slots, "{requests} {output}");
    }
}

/// The article's cluster with four devices on its first node, one of which is held.
/// The scheduler of Kubernetes 1.36.2 gives three pods a device each, two of them with a taint.
#[test]
fn a_claim_that_tolerates_the_taints_of_devices_gets_them() {
    let mut pool = devices(3);
    pool[0]["taints"] = json!([{ "key": "bad", "value": "y", "effect": "NoSchedule" }]);
    pool[1]["taints"] = json!([{ "key": "bad", "effect": "NoExecute" }]);
    let request = |tolerations: Value| {
        json!({ "requests": [{ "name": "r",
            "exactly": { "deviceClassName": "gpu", "tolerations": tolerations } }] })
    };
    for (tolerations, slots) in [
        (json!([]), 1),
        (json!([{ "key": "bad", "operator": "Exists" }]), 3),
        (json!([{ "key": "bad", "operator": "Exists", "effect": "NoExecute" }]), 2),
        (json!([{ "key": "bad", "value": "y" }]), 2),
        (json!([{ "key": "other", "operator": "Exists" }]), 1),
    ] {
        let mut items =
            vec![node("n1", json!({})), gpu_class(), slice("n1", on_node("n1"), pool.clone())];
        items.extend(filler(request(tolerations.clone())));
        let (report, output) = counted(&items, &["--workload", "shop/deploy/idle"]);
        let fit = &report["totals"]["usable"]["fitReplicas"];
        assert_eq!(fit, slots, "{tolerations}: {output}");
    }
}

#[test]
fn a_replica_may_request_devices_by_the_implicit_resource_of_their_class() {
    let implicit = "deviceclass.resource.kubernetes.io/gpu";
    let mut items =
        vec![node("n1", json!({})), gpu_class(), slice("n1", on_node("n1"), devices(3))];
    let (report, output) = counted(&items, &["--replica", &format!("cpu=1,{implicit}=1")]);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 3, "{output}");
    let [_, mut deployment] = filler(json!({}));
    let spec = &mut deployment["spec"]["template"]["spec"];
    spec["resourceClaims"] = json!([]);
    spec["containers"][0]["resources"]["limits"] = json!({ implicit: "1" });
    items.push(deployment);
    let (report, output) = counted(&items, &["--workload", "shop/deploy/idle"]);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 3, "{output}");
    assert_eq!(report["replica"]["device:gpu"], 1, "{output}");
}

fn with_devices() -> World {
    let devices = Devices {
        classes: vec![gpu_class()].into(),
        slices: vec![slice("n", on_node("fake-00000"), devices(4))].into(),
        claims: vec![claim("c", "n", "gpu-0", &[])].into(),
        templates: List::default(),
    };
    World { devices: Some(devices), ..World::blog() }
}

#[test]
fn devices_are_read_from_the_api_where_there_are_classes() {
    let server = FakeApiServer::start(with_devices());
    let args = ["top", "-o", "json", "--replica", "cpu=1,device:gpu=1"];
    let output = TestEnv::of(&server).run(args);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(
        amounts(row(&report, "fake-00000"), "device:gpu"),
        [4, 1, 3, 3].map(Value::from),
        "{output}"
    );
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 3);
    let lists = server.requests().into_iter().filter(|r| r.path.contains("resource.k8s.io"));
    assert_eq!(lists.count(), 3, "{}", server.log());
}

#[test]
fn slices_that_cannot_be_read_make_devices_unknown_and_nothing_else() {
    for (path, answer) in [
        ("resourceslices", Answer::Recorded("403-pods")),
        ("resourceclaims", Answer::Recorded("403-pods")),
        (
            "resourceslices",
            Answer::Raw(200, vec![], "{\"kind\":\"ResourceSliceList\",\"items\":[{\"spec\":3}]}"),
        ),
        ("deviceclasses", Answer::Recorded("403-pods")),
    ] {
        let server = FakeApiServer::start(with_devices());
        server.always(&format!("/apis/resource.k8s.io/v1/{path}"), answer);
        let env = TestEnv::of(&server);
        let output = env.run(["top", "--replica", "cpu=1,device:gpu=1"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(
            output.stdout.contains("replicas of cpu=1,device:gpu=1 that fit: unknown"),
            "{output}"
        );
        assert_eq!(output.stderr.matches("devices are unknown: ").count(), 1, "{output}");
        // Nobody asks for devices: nothing is said of them.
        let output = env.run(["top"]);
        assert!(
            !output.stderr.contains("devices") && output.stdout.contains("149 replicas"),
            "{output}"
        );
    }
}

/// Follows the cluster for replicas of a core and a device.
fn follow(env: &TestEnv) -> JsonStream {
    JsonStream::start(
        env,
        &["top", "--watch", "--interval=100ms", "--by=node", "--replica=cpu=1,device:gpu=1"],
    )
}

fn fit(line: &Value) -> &Value {
    &line["totals"]["usable"]["fitReplicas"]
}

#[test]
fn devices_are_followed() {
    let server = FakeApiServer::start(with_devices());
    let env = TestEnv::of(&server);
    let mut stream = follow(&env);
    let line = stream.until("three devices are free", |line| fit(line) == 3);
    assert_eq!(amounts(row(&line, "fake-00000"), "device:gpu"), [4, 1, 3, 3].map(Value::from));
    // A pod takes a device; its claim comes after it.
    let on_first = |name: &str, claim: &str| {
        let mut pod = claiming_pod(name, "fake-00000", claim);
        pod["metadata"]["labels"] = json!({});
        pod
    };
    server.change(|world| world.pods.push(on_first("p1", "c1")));
    let unread = stream.until("its claim was not read", |line| fit(line).is_null());
    assert_eq!(row(&unread, "fake-00000")["resources"]["device:gpu"]["free"], Value::Null);
    server.change(|world| {
        world.devices.as_mut().unwrap().claims.push(claim("c1", "n", "gpu-1", &["p1"]));
    });
    let line = stream.until("two are left", |line| fit(line) == 2);
    assert_eq!(amounts(row(&line, "fake-00000"), "device:gpu"), [4, 2, 2, 2].map(Value::from));
    // It ends, and its claim with it.
    server.change(|world| {
        world.pod("p1")["status"]["phase"] = json!("Succeeded");
        world.devices.as_mut().unwrap().claims.pop();
    });
    stream.until("three again", |line| fit(line) == 3);
    // The driver of another node publishes its devices, and that of the first one goes.
    server.change(|world| {
        let devices = world.devices.as_mut().unwrap();
        devices.slices = vec![slice("m", on_node("fake-00001"), self::devices(2))].into();
        devices.claims.clear();
    });
    let line = stream.until("two of another node", |line| fit(line) == 2);
    assert_eq!(amounts(row(&line, "fake-00001"), "device:gpu"), [2, 0, 2, 2].map(Value::from));
    assert_eq!(row(&line, "fake-00000")["resources"]["device:gpu"]["allocatable"], 0);
    // A node comes whose devices were there before it.
    server.change(|world| {
        let mut node = world.nodes[0].clone();
        node["metadata"] = json!({"name": "new", "uid": "new", "labels": {}});
        world.nodes.push(node);
        let devices = world.devices.as_mut().unwrap();
        devices.slices.push(slice("new", on_node("new"), self::devices(5)));
    });
    stream.until("those of the new node", |line| fit(line) == 7);
    // The last class goes.
    server.change(|world| world.devices.as_mut().unwrap().classes.clear());
    stream.until("no class, no devices", |line| fit(line) == 0);
}

#[test]
fn a_cluster_that_gets_devices_while_it_is_followed_has_them() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(
        &env,
        &[
            "top",
            "--watch",
            "--interval=100ms",
            "--watch-life=1s",
            "--by=node",
            "--replica=cpu=1,device:gpu=1",
        ],
    );
    stream.until("no devices", |line| fit(line) == 0);
    let asked = || {
        let of_devices = |path: &str| path.contains("resource.k8s.io");
        let requests = server.requests();
        let paths = requests.iter().map(|request| request.path.as_str());
        paths.filter(|path| of_devices(path)).all(|path| path.contains("deviceclasses"))
    };
    assert!(asked(), "nothing but classes is asked for: {}", server.log());
    server.change(|world| world.devices = with_devices().devices);
    stream.until("three devices", |line| fit(line) == 3);
}

#[test]
fn devices_that_may_not_be_followed_are_unknown_until_they_may() {
    for path in ["deviceclasses", "resourceslices", "resourceclaims"] {
        let path = format!("/apis/resource.k8s.io/v1/{path}");
        // Streamed lists are not scripted.
        let server = Setup::new(with_devices()).without_streaming().start();
        server.always(&path, Answer::Recorded("403-pods"));
        let env = TestEnv::of(&server);
        let mut stream = JsonStream::start(
            &env,
            &["top", "--watch", "--watch-life=1s", "--replica=cpu=1,device:gpu=1"],
        );
        let line = stream.until("pods count", |line| {
            let cpu = &line["totals"]["usable"]["resources"]["cpu"];
            cpu["remaining"].is_number()
        });
        assert_eq!(fit(&line), &Value::Null, "{path}");
        server.always(&path, Answer::Serve);
        stream.until("three devices", |line| fit(line) == 3);
    }
}

#[test]
fn a_history_has_devices_as_they_were() {
    let server = FakeApiServer::start(with_devices());
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(
        &env,
        &[
            "top",
            "--watch",
            "--interval=100ms",
            "--by=node",
            "--replica=cpu=1,device:gpu=1",
            "--record=history",
        ],
    );
    stream.until("three devices are free", |line| fit(line) == 3);
    server.change(|world| {
        world.pods.push(claiming_pod("p1", "fake-00000", "c1"));
        world.devices.as_mut().unwrap().claims.push(claim("c1", "n", "gpu-1", &["p1"]));
    });
    stream.until("two are left", |line| fit(line) == 2);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    drop(stream);
    let output = env.run(["top", "--replay=history", "--watch", "--by=node"]);
    assert_eq!(output.code, Some(0), "{output}");
    let line: Value = serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(fit(&line), 2, "the replica is recorded, too: {output}");
    assert_eq!(row(&line, "fake-00000")["resources"]["device:gpu"]["remaining"], 2, "{output}");
}
