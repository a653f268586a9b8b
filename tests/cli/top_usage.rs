//! `oppscale top --usage`: lists of metrics.k8s.io, and what stands there without them.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::world::World;

#[test]
fn usage_of_nodes_is_one_more_list() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let output = TestEnv::of(&server).run(["top", "--usage"]);
    assert_snapshot!(output, @"
    NODE              STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  CPU-USAGE  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  MEMORY-USAGE  SLOTS     PODS
    fake-00000        Ready               32           4                 16             28        0.5                96Gi         3.37Gi                  16Gi            92.6Gi           1Gi     28   19/110
    fake-00004        Ready               32           4                 16             28        4.5                96Gi         3.37Gi                  16Gi            92.6Gi           5Gi     28   19/110
    fake-00002        Ready               32        5.25                 15          26.75        2.5                96Gi         4.25Gi                  15Gi            91.7Gi           3Gi     26   18/110
    fake-00003        Ready               32        6.25                 15          25.75        3.5                96Gi          1.3Gi                  15Gi            94.6Gi           4Gi     25   18/110
    fake-00001        Ready               32        9.25                 14          22.75        1.5                96Gi          4.3Gi                  14Gi            91.6Gi           2Gi     22   18/110
    fake-00005        Ready               24           4                 14             20        5.5                96Gi         3.37Gi                  14Gi            92.6Gi           6Gi     20   17/110
    usable (6 nodes)                     184       32.75                 90         151.25         18               576Gi         19.9Gi                  90Gi             556Gi          21Gi    149  109/660
    all (6 nodes)                        184       32.75                 90              -         18               576Gi         19.9Gi                  90Gi                 -          21Gi    149  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    149 replicas of cpu=1 fit (no node has room for one more); 90 opportunistic pods are on these nodes
    [EOF]
    ");
    assert_snapshot!(server.log(), @"
    GET /apis/metrics.k8s.io/v1beta1/nodes
    GET /api/v1/nodes?limit=500
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /apis/resource.k8s.io/v1/deviceclasses?limit=500
    ");
}

#[test]
fn usage_of_workloads_is_one_list_of_pods() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let output = TestEnv::of(&server).run(["top", "--usage", "--by", "workload"]);
    assert_snapshot!(output, @"
    NAMESPACE      WORKLOAD                       CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-USAGE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-USAGE  PODS
    shop           deployment/checkout                    12                  0        1.5            6Gi                     0         384Mi     6
    shop           deployment/sample-metrics-app           8                  0        0.5          100Mi                     0         128Mi     2
    shop           deployment/podlevel                     6                  0          1            6Gi                     0         256Mi     2
    shop           deployment/sandbox-runner            5.25                  0       0.75         6.35Gi                     0         192Mi     3
    kube-system    daemonset/node-agent                  1.5                  0          3         1.54Gi                     0         768Mi     6
    opportunistic  deployment/electroneum                  0                 90       22.5              0                  90Gi        5.62Gi    90
                   total (6 workloads)                 32.75                 90      29.25         19.9Gi                  90Gi        7.31Gi   109

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    149 replicas of cpu=1 fit (no node has room for one more); 90 opportunistic pods are on these nodes
    [EOF]
    ");
    assert_snapshot!(server.log(), @"
    GET /apis/metrics.k8s.io/v1beta1/pods
    GET /api/v1/nodes?limit=500
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /apis/resource.k8s.io/v1/deviceclasses?limit=500
    ");
}

#[test]
fn usage_of_a_pod_that_is_read_twice_counts_once() {
    // Twice, because pages overlap, and because a page with a malformed pod is read again.
    let args = ["top", "--usage", "--by", "namespace", "-o", "csv"];
    let server = FakeApiServer::start(World::blog().with_metrics());
    let once = TestEnv::of(&server).run(args);
    let mut world = World::blog().with_metrics();
    let mut broken = world.pods.last().unwrap().clone();
    broken["metadata"]["name"] = "broken".into();
    broken["metadata"]["uid"] = "d0b1a5db-66b6-4fe9-9b43-000000000000".into();
    broken["spec"]["nodeName"] = json!(null);
    broken["spec"]["containers"] = "none".into();
    world.pods.push(broken);
    let server = Setup::new(world).pages_of(40).overlapping_by(10).start();
    let twice = TestEnv::of(&server).run(args);
    assert_eq!(twice.stdout, once.stdout);
    assert_snapshot!(twice, @r#"
    name,cpu_requests_millicores,cpu_others_millicores,cpu_opportunistic_millicores,cpu_usage_millicores,memory_requests_bytes,memory_others_bytes,memory_opportunistic_bytes,memory_usage_bytes,pods_requests,pods_others,pods_opportunistic,pods_usage,ephemeral-storage_requests_bytes,ephemeral-storage_others_bytes,ephemeral-storage_opportunistic_bytes,ephemeral-storage_usage_bytes
    shop,31250,31250,0,3750,19809697792,19809697792,0,1006632960,13,13,0,,0,0,0,
    kube-system,1500,1500,0,3000,1660944384,1660944384,0,805306368,6,6,0,,0,0,0,
    opportunistic,90000,0,90000,22500,96636764160,0,96636764160,6039797760,90,0,90,,0,0,0,
    ------- stderr -------
    warning: pod shop/broken is unknown: is no Pod: invalid type: string "none", expected a sequence at line 1 column 1550
    [EOF]
    "#);
}

#[test]
fn without_metrics_server_usage_is_a_dash_and_a_note() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top", "--usage"]);
    assert_snapshot!(output, @"
    NODE              STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  CPU-USAGE  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  MEMORY-USAGE  SLOTS     PODS
    fake-00000        Ready               32           4                 16             28          -                96Gi         3.37Gi                  16Gi            92.6Gi             -     28   19/110
    fake-00004        Ready               32           4                 16             28          -                96Gi         3.37Gi                  16Gi            92.6Gi             -     28   19/110
    fake-00002        Ready               32        5.25                 15          26.75          -                96Gi         4.25Gi                  15Gi            91.7Gi             -     26   18/110
    fake-00003        Ready               32        6.25                 15          25.75          -                96Gi          1.3Gi                  15Gi            94.6Gi             -     25   18/110
    fake-00001        Ready               32        9.25                 14          22.75          -                96Gi          4.3Gi                  14Gi            91.6Gi             -     22   18/110
    fake-00005        Ready               24           4                 14             20          -                96Gi         3.37Gi                  14Gi            92.6Gi             -     20   17/110
    usable (6 nodes)                     184       32.75                 90         151.25          -               576Gi         19.9Gi                  90Gi             556Gi             -    149  109/660
    all (6 nodes)                        184       32.75                 90              -          -               576Gi         19.9Gi                  90Gi                 -             -    149  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    149 replicas of cpu=1 fit (no node has room for one more); 90 opportunistic pods are on these nodes
    ------- stderr -------
    note: usage is shown as -: metrics.k8s.io is not served; metrics-server is not installed
    [EOF]
    ");
}

#[test]
fn without_the_right_to_metrics_usage_is_a_dash_and_a_note() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    server.always("/apis/metrics.k8s.io/v1beta1/nodes", Answer::Recorded("403-nodes"));
    let output = TestEnv::of(&server).run(["top", "--usage", "-o", "name"]);
    assert_snapshot!(output, @r#"
    node/fake-00000
    node/fake-00004
    node/fake-00002
    node/fake-00003
    node/fake-00001
    node/fake-00005
    ------- stderr -------
    note: usage is shown as -: list nodes.metrics.k8s.io: nodes is forbidden: User "dev" cannot list resource "nodes" in API group "" at the cluster scope (403 Forbidden)
    [EOF]
    "#);
}

#[test]
fn usage_of_what_metrics_server_does_not_measure_is_no_zero() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let env = TestEnv::of(&server);
    let args = ["top", "--usage", "--resource", "memory,ephemeral-storage"];
    let table = env.run(args);
    let row: Vec<_> = table.stdout.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!((row[0], row[6], row[11]), ("fake-00003", "4Gi", "-"), "{table}");
    let csv = env.run([&args[..], &["-o", "csv", "--by", "namespace"]].concat());
    assert_snapshot!(csv, @"
    name,memory_requests_bytes,memory_others_bytes,memory_opportunistic_bytes,memory_usage_bytes,ephemeral-storage_requests_bytes,ephemeral-storage_others_bytes,ephemeral-storage_opportunistic_bytes,ephemeral-storage_usage_bytes
    shop,19809697792,19809697792,0,1006632960,0,0,0,
    kube-system,1660944384,1660944384,0,805306368,0,0,0,
    opportunistic,96636764160,0,96636764160,6039797760,0,0,0,
    [EOF]
    ");
    let json: serde_json::Value =
        serde_json::from_str(&env.run([&args[..], &["-o", "json"]].concat()).stdout).unwrap();
    assert_eq!(json["nodes"][0]["resources"]["ephemeral-storage"]["usage"], json!(null));
}

#[test]
fn on_the_usage_basis_idle_cpu_counts_and_own_usage_does_not() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let env = TestEnv::of(&server);
    let output =
        env.run(["top", "--basis", "usage", "--replica", "cpu=1,memory=1Gi", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    // Nodes use 0.5 to 5.5 cores, and 14 to 16 own pods on each of them 250m.
    assert_eq!(report["usageBasis"], json!({"idleCpuMilli": 181_500, "burnMilli": 1000}));
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 181, "{output}");
    assert!(
        output.stderr.contains("181.5 of 184 cores are idle now, a replica burns 1"),
        "{output}"
    );
    // A reserve is a part of each node's idle CPU; two cores a replica halve the slots.
    let output =
        env.run(["top", "--basis", "usage", "--burn", "2", "--reserve", "50%", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 8 * 4 + 7 + 5, "{output}");
}

/// As `serve`, which offers nothing there.
#[test]
fn slots_of_a_node_without_usage_are_unknown() {
    let args = ["top", "--basis", "usage", "--replica", "cpu=1,memory=1Gi", "-o", "json"];
    let report = |world: World| -> serde_json::Value {
        let server = FakeApiServer::start(world);
        let output = TestEnv::of(&server).run(args);
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output}"))
    };
    let known = report(World::blog().with_metrics());
    let mut world = World::blog().with_metrics();
    let gone = world.metrics.as_mut().unwrap().nodes.remove(0)["metadata"]["name"].clone();
    let report_without = report(world);
    let slots = |report: &serde_json::Value| -> Vec<serde_json::Value> {
        let nodes = report["nodes"].as_array().unwrap().iter();
        nodes.filter(|node| node["name"] == gone).map(|node| node["slots"].clone()).collect()
    };
    let there = slots(&known)[0].as_i64().unwrap();
    assert!(there > 0);
    assert_eq!(slots(&report_without), [json!(null)]);
    let all = |report: &serde_json::Value| report["totals"]["usable"]["slots"].as_i64().unwrap();
    assert_eq!(all(&report_without), all(&known) - there);
    // Usage of a node that the cluster does not have tells nothing of the others.
    let mut world = World::blog().with_metrics();
    let nodes = &mut world.metrics.as_mut().unwrap().nodes;
    nodes.truncate(1);
    nodes[0]["metadata"]["name"] = "gone".into();
    let unknown = report(world);
    let usable = &unknown["totals"]["usable"];
    assert_eq!((&usable["slots"], &usable["fitReplicas"]), (&json!(null), &json!(null)));
    assert_eq!(unknown["usageBasis"]["idleCpuMilli"], json!(null));
}

#[test]
fn the_usage_basis_without_usage_or_burn_is_an_error() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let output = env.run(["top", "--basis", "usage"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("idle CPU is unknown"), "{output}");
    let output = env.run(["top", "--burn", "1"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("add --basis usage"), "{output}");
}
