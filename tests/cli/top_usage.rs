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
    NODE              STATE  ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  USAGE  SLOTS     PODS
    fake-00000        Ready           32       4             16         28    0.5     28   19/110
    fake-00004        Ready           32       4             16         28    4.5     28   19/110
    fake-00002        Ready           32    5.25             15      26.75    2.5     26   18/110
    fake-00003        Ready           32    6.25             15      25.75    3.5     25   18/110
    fake-00001        Ready           32    9.25             14      22.75    1.5     22   18/110
    fake-00005        Ready           24       4             14         20    5.5     20   17/110
    usable (6 nodes)                 184   32.75             90     151.25     18    149  109/660
    all (6 nodes)                    184   32.75             90          -     18    149  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm asks for 40 cpu; the largest usable node has 32
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
    NAMESPACE      WORKLOAD                       OTHERS  OPPORTUNISTIC  USAGE  PODS
    shop           deployment/checkout                12              0    1.5     6
    shop           deployment/sample-metrics-app       8              0    0.5     2
    shop           deployment/podlevel                 6              0      1     2
    shop           deployment/sandbox-runner        5.25              0   0.75     3
    kube-system    daemonset/node-agent              1.5              0      3     6
    opportunistic  deployment/electroneum              0             90   22.5    90

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm asks for 40 cpu; the largest usable node has 32
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
    name,cpu_others_millicores,cpu_opportunistic_millicores,cpu_usage_millicores,memory_others_bytes,memory_opportunistic_bytes,memory_usage_bytes,pods_others,pods_opportunistic,pods_usage,ephemeral-storage_others_bytes,ephemeral-storage_opportunistic_bytes,ephemeral-storage_usage_bytes
    shop,31250,0,3750,19809697792,0,1006632960,13,0,,0,0,
    kube-system,1500,0,3000,1660944384,0,805306368,6,0,,0,0,
    opportunistic,0,90000,22500,0,96636764160,6039797760,0,90,,0,0,
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
    NODE              STATE  ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  USAGE  SLOTS     PODS
    fake-00000        Ready           32       4             16         28      -     28   19/110
    fake-00004        Ready           32       4             16         28      -     28   19/110
    fake-00002        Ready           32    5.25             15      26.75      -     26   18/110
    fake-00003        Ready           32    6.25             15      25.75      -     25   18/110
    fake-00001        Ready           32    9.25             14      22.75      -     22   18/110
    fake-00005        Ready           24       4             14         20      -     20   17/110
    usable (6 nodes)                 184   32.75             90     151.25      -    149  109/660
    all (6 nodes)                    184   32.75             90          -      -    149  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm asks for 40 cpu; the largest usable node has 32
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
    name,memory_others_bytes,memory_opportunistic_bytes,memory_usage_bytes,ephemeral-storage_others_bytes,ephemeral-storage_opportunistic_bytes,ephemeral-storage_usage_bytes
    shop,19809697792,0,1006632960,0,0,
    kube-system,1660944384,0,805306368,0,0,
    opportunistic,0,96636764160,6039797760,0,0,
    [EOF]
    ");
    let json: serde_json::Value =
        serde_json::from_str(&env.run([&args[..], &["-o", "json"]].concat()).stdout).unwrap();
    assert_eq!(json["nodes"][0]["resources"]["ephemeral-storage"]["usage"], json!(null));
}
