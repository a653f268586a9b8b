//! `oppscale top`: rows of pods and containers, trees, filters, columns, shapes, and what if.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::fixture;
use crate::support::world::World;

const BLOG: &str = "blog-cluster/nodes-pods.kubectl.json";
const MIXED: &str = "mixed-cluster/nodes-pods.kubectl.json";

fn top(name: &str, args: &[&str]) -> CommandOutput {
    let file = fixture(name);
    let from = ["top", "-q", "--from", file.to_str().unwrap()];
    TestEnv::new().run(from.iter().chain(args))
}

fn json(name: &str, args: &[&str]) -> Value {
    let output = top(name, &[args, &["-o", "json"]].concat());
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// A list of nodes `(name, cores, taint)` and pods `(name, node, cores, labels)` of namespaces.
fn cluster(nodes: &[(&str, u32, &str)], pods: &[(&str, &str, u32)]) -> TestEnv {
    let node = |(name, cores, taint): &(&str, u32, &str)| {
        let taints = match taint.is_empty() {
            true => json!([]),
            false => json!([{ "key": taint, "effect": "NoSchedule" }]),
        };
        json!({
            "kind": "Node", "apiVersion": "v1",
            "metadata": { "name": name, "uid": name, "labels": {
                "topology.kubernetes.io/zone": format!("zone-{}", &name[..1]), "pool": "p" } },
            "spec": { "taints": taints },
            "status": {
                "allocatable": { "cpu": cores, "memory": "64Gi", "pods": "110" },
                "capacity": { "cpu": cores + 1, "memory": "65Gi", "pods": "110" },
                "conditions": [{ "type": "Ready", "status": "True" }],
            },
        })
    };
    let pod = |(name, node, cores): &(&str, &str, u32)| {
        let (namespace, name) = name.split_once('/').unwrap();
        json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": { "name": name, "namespace": namespace, "uid": name, "labels": { "app": name } },
            "spec": { "nodeName": node, "priority": 7, "containers": [
                { "name": "app", "resources": {
                    "requests": { "cpu": cores.to_string() },
                    "limits": { "cpu": (2 * cores).to_string(), "memory": "1Gi" } } },
            ] },
            "status": { "phase": if node.is_empty() { "Pending" } else { "Running" },
                        "qosClass": "Burstable" },
        })
    };
    let namespaces = ["shop", "web"].map(|name| {
        json!({ "kind": "Namespace", "apiVersion": "v1",
            "metadata": { "name": name, "labels": { "team": name } } })
    });
    let items: Vec<_> =
        nodes.iter().map(node).chain(pods.iter().map(pod)).chain(namespaces).collect();
    let env = TestEnv::new();
    let list = json!({ "kind": "List", "apiVersion": "v1", "items": items });
    env.write("list", &list.to_string());
    env
}

const NODES: [(&str, u32, &str); 3] = [("a1", 8, ""), ("a2", 8, ""), ("b1", 8, "")];

fn run(env: &TestEnv, args: &[&str]) -> CommandOutput {
    env.run(["top", "-q", "--from", "list"].iter().chain(args))
}

#[test]
fn rows_of_pods_have_node_owner_priority_and_qos() {
    let env = cluster(&NODES, &[("shop/x", "a1", 2), ("web/y", "b1", 1), ("web/z", "", 1)]);
    insta::assert_snapshot!(run(&env, &["--by", "pod", "--resource", "cpu"]), @"
    NAMESPACE  POD             NODE  OWNER  PRIORITY  QOS        OTHERS  OPPORTUNISTIC
    shop       x               a1    pod/x         7  Burstable       2              0
    web        y               b1    pod/y         7  Burstable       1              0
               total (2 pods)                                         3              0

    waiting paid pods request cpu 1
    20 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    insta::assert_snapshot!(run(&env, &["--by", "container", "--resource", "cpu", "-o", "wide"]), @"
    NAMESPACE  POD  CONTAINER             TYPE  NODE  OWNER  PHASE    PRIORITY  QOS        OTHERS  OPPORTUNISTIC  LIMITS
    shop       x    app                   app   a1    pod/x  Running         7  Burstable       2              0       4
    web        y    app                   app   b1    pod/y  Running         7  Burstable       1              0       2
                    total (2 containers)                                                        3              0       6

    waiting paid pods request cpu 1
    20 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    // A pod that waits is shown where its phase is asked for.
    let names = |args: &[&str]| run(&env, &[args, &["-o", "name"]].concat()).stdout;
    assert_eq!(names(&["--by", "pod", "--phase", "pending"]), "pod/z\n");
    assert_eq!(names(&["--by", "pod", "--phase", "Failed"]), "");
}

#[test]
fn limits_capacity_and_percentages_are_in_every_output() {
    let env = cluster(&NODES, &[("shop/x", "a1", 2), ("web/y", "b1", 1)]);
    let output = run(&env, &["-o", "json", "--percent", "--limits"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let cpu = &report["nodes"].as_array().unwrap().iter().find(|n| n["name"] == "a1").unwrap()["resources"]
        ["cpu"];
    assert_eq!(cpu["capacity"], 9000);
    assert_eq!(cpu["requests"], 2000);
    assert_eq!(cpu["limits"], 4000);
    assert_eq!(cpu["limitsPercent"], 50.0);
    assert_eq!(report["totals"]["usable"]["resources"]["cpu"]["limits"], 6000);
    let columns = "name,cpu.requests,cpu.limits%,memory.limits";
    insta::assert_snapshot!(run(&env, &["--columns", columns, "--sort-by", "cpu.limits%"]), @"
    NODE              CPU-REQUESTS  CPU-LIMITS%  MEMORY-LIMITS
    a1                           2          50%            1Gi
    b1                           1          25%            1Gi
    a2                           0           0%              0
    usable (3 nodes)             3          25%            2Gi
    all (3 nodes)                3          25%            2Gi

    21 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    let csv = run(&env, &["-o", "csv", "--columns", columns, "--no-headers", "--sort-by", "name"]);
    assert_eq!(csv.stdout, "a1,2000,50,1073741824\na2,0,0,0\nb1,1000,25,1073741824\n");
    insta::assert_snapshot!(run(&env, &["--percent", "--resource", "cpu", "--by", "namespace"]), @"
    NAMESPACE              OTHERS  OPPORTUNISTIC  PODS
    shop                   2 (8%)         0 (0%)     1
    web                    1 (4%)         0 (0%)     1
    total (2 namespaces)  3 (12%)         0 (0%)     2

    21 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    insta::assert_snapshot!(run(&env, &["--available", "-L", "topology.kubernetes.io/zone"]), @"
    NODE              STATE  ZONE    CPU-FREE/ALL  MEMORY-FREE/ALL  SLOTS   PODS
    a2                Ready  zone-a           8/8        64Gi/64Gi      8  0/110
    b1                Ready  zone-b           7/8        64Gi/64Gi      7  1/110
    a1                Ready  zone-a           6/8        64Gi/64Gi      6  1/110
    usable (3 nodes)                        21/24      192Gi/192Gi     21  2/330
    all (3 nodes)                            ?/24          ?/192Gi     21  2/330

    21 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
}

#[test]
fn filters_of_pods_leave_what_remains_alone() {
    let env = cluster(
        &[("a1", 8, ""), ("a2", 8, "gpu")],
        &[("shop/x", "a1", 2), ("web/y", "a1", 1), ("web/w", "a2", 1)],
    );
    let rows = |args: &[&str]| {
        let output = run(
            &env,
            &[args, &["--no-headers", "-o", "csv", "--columns", "name,cpu.requests"]].concat(),
        );
        output.stdout
    };
    assert_eq!(rows(&["-n", "web", "--by", "node"]), "a1,1000\na2,1000\n");
    assert_eq!(rows(&["--pod-selector", "app=x", "--by", "pod"]), "x,2000\n");
    assert_eq!(rows(&["--namespace-selector", "team=shop"]), "x,2000\n");
    assert_eq!(
        rows(&["--namespace-selector", "team", "-n", "web", "--by", "namespace"]),
        "web,2000\n"
    );
    assert_eq!(rows(&["--no-taint"]), "a1,3000\n");
    assert_eq!(rows(&["--taint", "gpu:NoSchedule"]), "a2,1000\n");
    assert_eq!(rows(&["-A", "--by", "namespace"]), "shop,2000\nweb,2000\n");
    let wrong = run(&env, &["--taint", "gpu:NoShedule"]);
    assert!(wrong.stderr.contains("did you mean NoSchedule?"), "{wrong}");
    assert_eq!(wrong.code, Some(2));
}

#[test]
fn a_tree_has_each_row_above_its_parts() {
    let env = cluster(&NODES, &[("shop/x", "a1", 2), ("web/y", "a1", 1), ("web/w", "b1", 1)]);
    insta::assert_snapshot!(run(&env, &["--tree", "--resource", "cpu"]), @"
    NODE/POD  OWNER  PRIORITY  QOS        STATE  ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  SLOTS   PODS
    a2                                    Ready            8       0              0          8      8  0/110
    b1                                    Ready            8       1              0          7      7  1/110
    - web/w   pod/w         7  Burstable                   -       1              0          -
    a1                                    Ready            8       3              0          5      5  2/110
    - shop/x  pod/x         7  Burstable                   -       2              0          -
    - web/y   pod/y         7  Burstable                   -       1              0          -

    20 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    insta::assert_snapshot!(run(&env, &["--by", "namespace", "--tree", "--resource", "cpu"]), @"
    NAMESPACE/WORKLOAD/POD  NODE  PRIORITY  QOS        OTHERS  OPPORTUNISTIC  PODS
    shop                                                    2              0     1
    - pod/x                                                 2              0     1
      - x                   a1           7  Burstable       2              0
    web                                                     2              0     2
    - pod/w                                                 1              0     1
      - w                   b1           7  Burstable       1              0
    - pod/y                                                 1              0     1
      - y                   a1           7  Burstable       1              0

    20 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    insta::assert_snapshot!(run(&env, &["--tree=resource,node,pod"]), @"
    RESOURCE/NODE/POD  OWNER  PRIORITY  QOS        ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  SLOTS   PODS
    cpu                                                     24       4              0         20     20  3/330
    - a2                                                     8       0              0          8      8  0/110
    - b1                                                     8       1              0          7      7  1/110
      - web/w          pod/w         7  Burstable            -       1              0          -
    - a1                                                     8       3              0          5      5  2/110
      - shop/x         pod/x         7  Burstable            -       2              0          -
      - web/y          pod/y         7  Burstable            -       1              0          -
    memory                                               192Gi       0              0      192Gi     20  3/330
    - a1                                                  64Gi       0              0       64Gi      5  2/110
    - a2                                                  64Gi       0              0       64Gi      8  0/110
    - b1                                                  64Gi       0              0       64Gi      7  1/110

    20 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    [EOF]
    ");
    let output = run(&env, &["--tree=namespace,pod", "-o", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let web = report["tree"].as_array().unwrap().iter().find(|row| row["name"] == "web").unwrap();
    assert_eq!(
        (&web["level"], web["children"].as_array().unwrap().len()),
        (&"namespace".into(), 2)
    );
    for (levels, words) in [("pod,node", "below a pod"), ("nod", "did you mean node?")] {
        let wrong = run(&env, &[&format!("--tree={levels}")]);
        assert!(wrong.stderr.contains(words), "{wrong}");
    }
}

#[test]
fn several_shapes_have_a_column_of_slots_each() {
    let report = json(BLOG, &["--replica", "cpu=1", "--replica", "cpu=8,memory=8Gi"]);
    let alone = json(BLOG, &["--replica", "cpu=8,memory=8Gi"]);
    let [many, one] = [&report, &alone].map(|report| &report["totals"]["usable"]);
    assert_eq!(many["shapes"][0]["fitReplicas"], one["fitReplicas"]);
    let nodes = report["nodes"].as_array().unwrap().iter().zip(alone["nodes"].as_array().unwrap());
    for (row, alone) in nodes {
        assert_eq!(row["furtherSlots"]["cpu=8,memory=8Gi"], alone["slots"]);
    }
}

#[test]
fn what_does_not_fit_is_told_with_where_it_would() {
    let output = top(MIXED, &["--replica", "nvidia.com/gpu=1"]);
    let line = "10 would on 2 nodes tainted nvidia.com/gpu: --tolerate nvidia.com/gpu";
    assert!(output.stdout.contains(line), "{output}");
    let report = json(MIXED, &["--replica", "nvidia.com/gpu=1", "--tolerate", "nvidia.com/gpu"]);
    assert_eq!(report["totals"]["usable"]["fitReplicas"], 10);
    let env = cluster(&NODES, &[("shop/x", "a1", 2)]);
    let output = run(&env, &["--replica", "cpu=10"]);
    assert!(output.stdout.contains("node a2 comes nearest; it lacks cpu 2"), "{output}");
}

#[test]
fn a_reserve_of_memory_limits_what_fits() {
    let env = cluster(&NODES, &[("shop/x", "a1", 1)]);
    let fit = |reserve| {
        let args = ["--replica", "cpu=1,memory=8Gi", "--reserve", reserve, "-o", "json"];
        let report: Value = serde_json::from_str(&run(&env, &args).stdout).unwrap();
        report["totals"]["usable"]["fitReplicas"].as_i64().unwrap()
    };
    assert_eq!(fit("cpu=2"), 21);
    assert_eq!(fit("cpu=2,memory=128Gi"), 8);
}

#[test]
fn a_lost_node_is_survived_if_its_paid_pods_find_a_place() {
    let pods = [("shop/x", "a1", 6), ("shop/y", "a2", 6), ("web/z", "b1", 1)];
    let env = cluster(&NODES, &pods);
    let fine = run(&env, &["--without", "a1"]);
    assert_eq!(fine.code, Some(0), "{fine}");
    assert!(
        fine.stdout.contains("without a1: 1 paid pod (cpu 6) must move, all find a place"),
        "{fine}"
    );
    // Both nodes of the zone are too many for the third one.
    let zone = run(&env, &["--without", "topology.kubernetes.io/zone=zone-a"]);
    assert_eq!(zone.code, Some(1), "{zone}");
    assert!(zone.stdout.contains("2 paid pods (cpu 12) must move, 1 find no place"), "{zone}");
    assert!(zone.stdout.contains("no place for pod shop/y: every node that could hold it is full"));
    let added = run(
        &env,
        &["--without", "topology.kubernetes.io/zone=zone-a", "--add", "1xcpu=8,memory=8Gi"],
    );
    assert_eq!(added.code, Some(0), "{added}");
    let any = run(&env, &["--survive", "1"]);
    assert_eq!(any.code, Some(0), "{any}");
    assert!(any.stdout.contains("the loss of any one node is survived (3 tried)"), "{any}");
    let zone = run(&env, &["--survive", "zone", "-o", "json"]);
    assert_eq!(zone.code, Some(1), "{zone}");
    let report: Value = serde_json::from_str(&zone.stdout).unwrap();
    assert_eq!(report["whatIf"]["survive"]["notSurvived"], json!(["zone-a"]));
    let wrong = run(&env, &["--without", "a11"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean a1?"), "{wrong}");
}

/// Clusters of a real control plane (Kubernetes 1.36.2), and for each node and each zone the pods
/// that its scheduler left pending after the loss, when the other pods were created again.
#[test]
fn pods_of_a_lost_node_are_placed_as_the_scheduler_placed_them() {
    let folder = fixture("node-loss");
    let mut cases = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let env = TestEnv::new();
        env.write("list", &case["cluster"].to_string());
        let top = |args: &[&str]| {
            let output = env.run([&["top", "--from", "list", "-o", "json"], args].concat());
            let report: Value = serde_json::from_str(&output.stdout).unwrap();
            (output.code, report["whatIf"].clone())
        };
        for (domain, flag, key) in
            [("node", "1", ""), ("zone", "zone", "topology.kubernetes.io/zone=")]
        {
            let losses = case["losses"][domain].as_object().unwrap();
            let fatal: Vec<&String> = losses
                .iter()
                .filter(|(_, pods)| **pods != json!([]))
                .map(|(name, _)| name)
                .collect();
            let (code, report) = top(&["--survive", flag]);
            let what = format!("{path:?} {domain}: {report:#}");
            assert_eq!(code, Some(i32::from(!fatal.is_empty())), "{what}");
            assert_eq!(report["survive"]["notSurvived"], json!(fatal), "{what}");
            let pods = |name: &str| losses[name].as_array().unwrap().len();
            let worst = pods(report["survive"]["worst"]["name"].as_str().unwrap());
            assert_eq!(Some(worst), losses.keys().map(|name| pods(name)).max(), "{what}");
            for (name, pending) in losses {
                let (_, report) = top(&["--without", &format!("{key}{name}")]);
                let without_place = report["without"]["withoutPlace"].as_array().unwrap();
                let names: Vec<&Value> = without_place.iter().map(|pod| &pod["name"]).collect();
                assert_eq!(&json!(names), pending, "{path:?} without {name}: {report:#}");
                cases += 1;
            }
        }
    }
    assert!(cases >= 40, "{cases}");
}

#[test]
fn idle_capacity_has_a_price() {
    let env = cluster(&NODES, &[("shop/x", "a1", 6)]);
    let price = ["--price", "cpu=0.01,memory=0.001"];
    let report = run(&env, &[&price[..], &["-o", "json"]].concat());
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let usable = &report["monthlyCost"]["usable"];
    // 24 cores and 192 GiB for 730 hours; six cores are requested.
    assert_eq!(usable["allocatable"], 315.36);
    assert_eq!(usable["idle"], 271.56);
    assert_eq!(report["monthlyCost"]["pools"]["p"]["idle"], 271.56);
    let table = run(&env, &price);
    assert!(table.stdout.contains("a month of usable nodes costs 315; 272 of it idles"), "{table}");
}

#[test]
fn usage_of_pods_and_their_containers_is_one_list() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let env = TestEnv::of(&server);
    let args = ["top", "--usage", "--by", "pod", "-n", "shop", "-o", "json"];
    let report: Value = serde_json::from_str(&env.run(args).stdout).unwrap();
    let rows = report["podRows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["resources"]["cpu"]["usage"].as_i64() > Some(0)), "{report}");
    let log = server.log();
    assert_eq!(log.matches("metrics.k8s.io").count(), 1, "{log}");
}
