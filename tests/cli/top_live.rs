//! `oppscale top` against a server that behaves.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::fixture;
use crate::support::kubeconfig::Kubeconfig;
use crate::support::request::Request;
use crate::support::world::World;

const NODES: &str = "/api/v1/nodes";
const PODS: &str = "/api/v1/pods";

/// What is printed of the article's cluster, whichever way it is read.
fn blog_table() -> String {
    let recording = fixture("blog-cluster/nodes-pods.kubectl.json");
    let output = TestEnv::new().run(["top", "--from", recording.to_str().unwrap()]);
    assert_eq!(output.code, Some(0), "{output}");
    output.stdout
}

#[test]
fn a_live_cluster_is_read_with_two_lists_and_counted() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top"]);
    assert_snapshot!(output, @"
    NODE              STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS     PODS
    fake-00000        Ready               32           4                 16             28                96Gi         3.37Gi                  16Gi            92.6Gi     28   19/110
    fake-00004        Ready               32           4                 16             28                96Gi         3.37Gi                  16Gi            92.6Gi     28   19/110
    fake-00002        Ready               32        5.25                 15          26.75                96Gi         4.25Gi                  15Gi            91.7Gi     26   18/110
    fake-00003        Ready               32        6.25                 15          25.75                96Gi          1.3Gi                  15Gi            94.6Gi     25   18/110
    fake-00001        Ready               32        9.25                 14          22.75                96Gi          4.3Gi                  14Gi            91.6Gi     22   18/110
    fake-00005        Ready               24           4                 14             20                96Gi         3.37Gi                  14Gi            92.6Gi     20   17/110
    usable (6 nodes)                     184       32.75                 90         151.25               576Gi         19.9Gi                  90Gi             556Gi    149  109/660
    all (6 nodes)                        184       32.75                 90              -               576Gi         19.9Gi                  90Gi                 -    149  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    149 replicas of cpu=1 fit (no node has room for one more); 90 opportunistic pods are on these nodes
    [EOF]
    ");
    assert_snapshot!(server.log(), @"
    GET /api/v1/nodes?limit=500
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /apis/resource.k8s.io/v1/deviceclasses?limit=500
    ");
}

#[test]
fn a_live_cluster_counts_as_its_saved_list_does() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top"]);
    assert_eq!(output.stdout, blog_table());
}

#[test]
fn a_server_that_speaks_json_alone_is_read_all_the_same() {
    let server = Setup::new(World::blog()).pages_of(40).without_protobuf().start();
    let output = TestEnv::of(&server).run(["top"]);
    assert_eq!(output.stdout, blog_table(), "{output}");
    let accepts = "application/vnd.kubernetes.protobuf, application/json";
    let requests = server.requests();
    let of_pages = requests.iter().filter(|request| request.path.starts_with("/api/v1/"));
    assert!(of_pages.map(|request| request.header("accept")).all(|of| of == [accepts]));
}

#[test]
fn a_server_that_refuses_protobuf_is_asked_for_it_once() {
    for status in [406, 415] {
        let server = Setup::new(World::blog()).pages_of(40).without_protobuf().start();
        server.next(NODES, [Answer::Raw(status, Vec::new(), "no such type")]);
        let output = TestEnv::of(&server).run(["top"]);
        assert_eq!(output.stdout, blog_table(), "{output}");
        let mut requests = server.requests();
        requests.retain(|request| request.path.starts_with("/api/v1/"));
        let json = |request: &&Request| request.header("accept") == ["application/json"];
        assert_eq!((requests.len(), requests.iter().filter(json).count()), (5, 4), "{status}");
    }
}

#[test]
fn lists_are_read_page_by_page() {
    let server = Setup::new(World::blog()).pages_of(40).start();
    let output = TestEnv::of(&server).run(["top"]);
    assert_eq!(output.stdout, blog_table(), "{output}");
    assert_snapshot!(server.log(), @"
    GET /api/v1/nodes?limit=500
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed&continue=v930&40+/=
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed&continue=v930&80+/=
    GET /apis/resource.k8s.io/v1/deviceclasses?limit=500
    ");
}

#[test]
fn a_pod_on_two_pages_counts_once() {
    let server = Setup::new(World::blog()).pages_of(40).overlapping_by(10).start();
    let output = TestEnv::of(&server).run(["top"]);
    assert_eq!(output.stdout, blog_table(), "{output}");
    assert_eq!(output.code, Some(0));
}

#[test]
fn a_list_that_expires_is_read_anew_and_what_went_meanwhile_is_forgotten() {
    let server = Setup::new(World::blog()).pages_of(40).start();
    // The first page holds a paid pod of three cores that is gone when the list restarts.
    let gone = |world: &mut World| world.pods.retain(|pod| pod["spec"]["nodeName"] != "fake-00000");
    server.next(PODS, [Answer::Serve, Answer::Serve, Answer::Compacted(gone)]);
    let output = TestEnv::of(&server).run(["top", "-l", "kubernetes.io/hostname=fake-00000"]);
    assert_snapshot!(output, @"
    NODE             STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS   PODS
    fake-00000       Ready               32           0                  0             32                96Gi              0                     0              96Gi     32  0/110
    usable (1 node)                      32           0                  0             32                96Gi              0                     0              96Gi     32  0/110
    all (1 node)                         32           0                  0              -                96Gi              0                     0                 -     32  0/110

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    32 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    assert_snapshot!(server.log(), @"
    GET /api/v1/nodes?limit=500
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed&continue=v930&40+/=
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed&continue=v930&80+/=
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed&continue=v931&40+/=
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed&continue=v931&80+/=
    GET /apis/resource.k8s.io/v1/deviceclasses?limit=500
    ");
}

#[test]
fn large_answers_come_compressed() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top", "-o", "csv"]);
    let requests = server.requests();
    // The list of pods is far beyond the size from which the server compresses.
    assert_eq!(requests[1].header("accept-encoding"), ["gzip"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.stdout.lines().count(), 7, "{output}");
}

#[test]
fn a_workload_brings_its_shape_and_its_own_pods() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top", "--workload", "shop/deploy/checkout"]);
    assert_snapshot!(output, @"
    NODE              STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS     PODS
    fake-00000        Ready               32          18                  2             14                96Gi         18.3Gi                   1Gi            77.6Gi      7   19/110
    fake-00004        Ready               32          18                  2             14                96Gi         18.3Gi                   1Gi            77.6Gi      7   19/110
    fake-00002        Ready               32       18.25                  2          13.75                96Gi         18.2Gi                   1Gi            77.7Gi      6   18/110
    fake-00003        Ready               32       19.25                  2          12.75                96Gi         15.3Gi                   1Gi            80.6Gi      6   18/110
    fake-00001        Ready               32       21.25                  2          10.75                96Gi         17.3Gi                   1Gi            78.6Gi      5   18/110
    fake-00005        Ready               24          16                  2              8                96Gi         16.3Gi                   1Gi            79.6Gi      4   17/110
    usable (6 nodes)                     184      110.75                 12          73.25               576Gi          103Gi                   6Gi             472Gi     35  109/660
    all (6 nodes)                        184      110.75                 12              -               576Gi          103Gi                   6Gi                 -     35  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    35 replicas of cpu=2,memory=1Gi fit (no node has room for one more); 6 opportunistic pods are on these nodes
    [EOF]
    ");
    assert_snapshot!(server.log(), @"
    GET /apis/apps/v1/namespaces/shop/deployments/checkout
    GET /apis/apps/v1/namespaces/shop/replicasets
    GET /api/v1/nodes?limit=500
    GET /api/v1/pods?limit=500&fieldSelector=status.phase!=Succeeded,status.phase!=Failed
    GET /apis/resource.k8s.io/v1/deviceclasses?limit=500
    ");
}

#[test]
fn without_the_right_to_replica_sets_own_pods_are_known_by_name() {
    let server = FakeApiServer::start(World::blog());
    let args = ["top", "--workload", "shop/deploy/checkout"];
    let allowed = TestEnv::of(&server).run(args);
    let path = "/apis/apps/v1/namespaces/shop/replicasets";
    server.always(path, Answer::Recorded("403-pods"));
    let refused = TestEnv::of(&server).run(args);
    assert_eq!(refused.stdout, allowed.stdout);
    assert_eq!(refused.code, Some(0), "{refused}");
}

#[test]
fn a_workload_is_looked_for_in_the_namespace_of_the_context() {
    let server = FakeApiServer::start(World::blog());
    let context = json!({"cluster": "fake", "user": "fake", "namespace": "opportunistic"});
    let kubeconfig = Kubeconfig::of(&server).context("miner", context);
    let output = TestEnv::with(&server, &kubeconfig).run([
        "top",
        "--context",
        "miner",
        "--workload",
        "deploy/electroneum",
        "-o",
        "name",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    let path = "/apis/apps/v1/namespaces/opportunistic/deployments/electroneum";
    assert_eq!(server.requests()[0].path, path);
}

#[test]
fn a_workload_that_is_not_there_is_an_error() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top", "--workload", "shop/deploy/none"]);
    assert_snapshot!(output, @r#"
    ------- stderr -------
    error: get Deployment shop/none: not found on $SERVER (deployments "none" not found)
    [EOF]
    [exit status: 2]
    "#);
}

#[test]
fn a_pod_is_explained_with_one_request() {
    let mut world = World::blog();
    let name = world.pod("checkout-")["metadata"]["name"].as_str().unwrap().to_owned();
    let server = FakeApiServer::start(world);
    let mut env = TestEnv::of(&server);
    env.call(name.clone(), "$POD");
    let output = env.run(["top", "--explain", &format!("shop/{name}")]);
    assert_snapshot!(output, @"
    shop/$POD: on node fake-00004

    container app           cpu 750m  memory 768Mi  added
    init container migrate  cpu 2  memory 1Gi       with the sidecars before it
    sidecar mesh            cpu 200m  memory 128Mi  added; runs beside what follows
    all running             cpu 950m  memory 896Mi  containers and sidecars
    init peak               cpu 2  memory 1Gi       the greater of the two counts, per resource
    TOTAL                   cpu 2  memory 1Gi       what the scheduler sets aside
    [EOF]
    ");
    assert_eq!(server.log(), format!("GET /api/v1/namespaces/shop/pods/{name}\n"));
}

#[test]
fn a_pod_that_is_not_there_cannot_be_explained() {
    let server = FakeApiServer::start(World::blog());
    let output = TestEnv::of(&server).run(["top", "--explain", "none", "-n", "shop"]);
    assert_snapshot!(output, @r#"
    ------- stderr -------
    error: get pod shop/none: not found on $SERVER (pods "none" not found)
     hint: name it with its namespace: --explain NAMESPACE/POD
    [EOF]
    [exit status: 2]
    "#);
}

#[test]
fn a_malformed_pod_in_the_middle_of_a_page_makes_its_node_unknown_and_no_other() {
    let mut world = World::blog();
    let pod = world.pod("sandbox-runner-");
    pod["metadata"]["name"] = "broken".into();
    pod["spec"]["containers"] = "none".into();
    let server = FakeApiServer::start(world);
    let output = TestEnv::of(&server).run(["top"]);
    assert_snapshot!(output, @r#"
    NODE              STATE    CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS    PODS
    fake-00000        Ready                 32           4                 16             28                96Gi         3.37Gi                  16Gi            92.6Gi     28  19/110
    fake-00004        Ready                 32           4                 16             28                96Gi         3.37Gi                  16Gi            92.6Gi     28  19/110
    fake-00002        Ready                 32        5.25                 15          26.75                96Gi         4.25Gi                  15Gi            91.7Gi     26  18/110
    fake-00003        Ready                 32        6.25                 15          25.75                96Gi          1.3Gi                  15Gi            94.6Gi     25  18/110
    fake-00001        Ready                 32        9.25                 14          22.75                96Gi          4.3Gi                  14Gi            91.6Gi     22  18/110
    fake-00005        Unknown               24           ?                  ?              ?                96Gi              ?                     ?                 ?      ?   ?/110
    usable (5 nodes)                       160       28.75                 76         131.25               480Gi         16.6Gi                  76Gi             463Gi    129  92/550
    all (5 nodes)                          160       28.75                 76              -               480Gi         16.6Gi                  76Gi                 -    129  92/550

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    129 replicas of cpu=1 fit (no node has room for one more); 76 opportunistic pods are on these nodes
    ------- stderr -------
    warning: pod shop/broken is unknown: is no Pod: invalid type: string "none", expected a sequence at line 1 column 2001; so is what remains on node fake-00005
    [EOF]
    "#);
}

#[test]
fn ctrl_c_ends_a_slow_list_with_130() {
    let server = FakeApiServer::start(World::blog());
    server.always(PODS, Answer::Silence);
    let env = TestEnv::of(&server);
    let child = env.start(["top", "--request-timeout", "0"]);
    server.wait_for(PODS);
    signal("INT", child.id());
    assert_snapshot!(env.finish(child), @"
    [EOF]
    [exit status: 130]
    ");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let mut child = env.start(["top"]);
    // As `head -1` does once it has its line.
    drop(child.stdout.take());
    let output = env.finish(child);
    assert_eq!(server.requests().len(), 3);
    assert_snapshot!(output, @"[EOF]");
}

#[test]
fn more_than_five_hundred_pods_take_several_pages() {
    let mut world = World::blog();
    let twin = world.pod("electroneum-").clone();
    world.pods = (0..1_200_u64)
        .map(|number| {
            let mut pod = twin.clone();
            pod["metadata"]["uid"] = format!("00000000-0000-0000-0000-{number:012}").into();
            pod["metadata"]["name"] = format!("electroneum-{number}").into();
            pod
        })
        .collect();
    let server = FakeApiServer::start(world);
    let output = TestEnv::of(&server).run(["top", "--by", "namespace", "-o", "csv"]);
    assert_snapshot!(output, @"
    name,cpu_requests_millicores,cpu_others_millicores,cpu_opportunistic_millicores,memory_requests_bytes,memory_others_bytes,memory_opportunistic_bytes,pods_requests,pods_others,pods_opportunistic,ephemeral-storage_requests_bytes,ephemeral-storage_others_bytes,ephemeral-storage_opportunistic_bytes
    opportunistic,1200000,0,1200000,1288490188800,0,1288490188800,1200,0,1200,0,0,0
    [EOF]
    ");
    assert_eq!(server.requests().iter().filter(|request| request.path == PODS).count(), 3);
}
