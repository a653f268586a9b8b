//! `oppscale top --from`: saved lists, every output, every view.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::describe::{assert_as_described, described};
use crate::support::fixture;
use crate::support::world::World;

const BLOG: &str = "blog-cluster/nodes-pods.kubectl.json";
const MIXED: &str = "mixed-cluster/nodes-pods.kubectl.json";

/// Runs `oppscale top --from FIXTURE ARGS`.
fn top(name: &str, args: &[&str]) -> CommandOutput {
    let file = fixture(name);
    let mut all = vec!["top", "--from", file.to_str().unwrap()];
    all.extend(args);
    TestEnv::new().run(all)
}

fn json(output: &CommandOutput) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// Runs on `text` as standard input.
fn top_stdin(text: &str, args: &[&str]) -> CommandOutput {
    let env = TestEnv::new();
    env.write("list", text);
    let mut all = vec!["top", "--from", "list"];
    all.extend(args);
    env.run(all)
}

#[test]
fn the_articles_cluster_is_counted_to_the_millicore() {
    insta::assert_snapshot!(top(BLOG, &["--reserve", "30"]), @"
    NODE              STATE  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS     PODS
    fake-00000        Ready               32           4                 16             28                96Gi         3.37Gi                  16Gi            92.6Gi     28   19/110
    fake-00004        Ready               32           4                 16             28                96Gi         3.37Gi                  16Gi            92.6Gi     28   19/110
    fake-00002        Ready               32        5.25                 15          26.75                96Gi         4.25Gi                  15Gi            91.7Gi     26   18/110
    fake-00003        Ready               32        6.25                 15          25.75                96Gi          1.3Gi                  15Gi            94.6Gi     25   18/110
    fake-00001        Ready               32        9.25                 14          22.75                96Gi          4.3Gi                  14Gi            91.6Gi     22   18/110
    fake-00005        Ready               24           4                 14             20                96Gi         3.37Gi                  14Gi            92.6Gi     20   17/110
    usable (6 nodes)                     184       32.75                 90         121.25               576Gi         19.9Gi                  90Gi             556Gi    149  109/660
    all (6 nodes)                        184       32.75                 90              -               576Gi         19.9Gi                  90Gi                 -    149  109/660

    unplaceable: pod shop/too-big-5b4cdb94ff-hjwhm requests 40 cpu; the largest usable node has 32
    reserve: cpu 30
    121 replicas of cpu=1 fit (cpu runs out); 90 opportunistic pods are on these nodes
    [EOF]
    ");
}

/// Nodes with a pod that the recording's kubectl (1.32) did not count as the scheduler
/// does: one that is being resized, or has pod-level resources.
fn counted_otherwise(list: &Value) -> Vec<&str> {
    let is_resizing = |pod: &&Value| {
        let conditions = pod["status"]["conditions"].as_array();
        let resizing = |c: &Value| c["type"] == "PodResizePending";
        conditions.is_some_and(|c| c.iter().any(resizing)) || pod["spec"]["resources"].is_object()
    };
    let items = list["items"].as_array().unwrap();
    items.iter().filter(is_resizing).filter_map(|pod| pod["spec"]["nodeName"].as_str()).collect()
}

#[test]
fn every_node_has_what_kubectl_describe_says() {
    for cluster in ["blog-cluster", "mixed-cluster"] {
        let text =
            std::fs::read_to_string(fixture(&format!("{cluster}/describe-nodes.txt"))).unwrap();
        let list = fixture(&format!("{cluster}/nodes-pods.kubectl.json"));
        let list: Value = serde_json::from_str(&std::fs::read_to_string(list).unwrap()).unwrap();
        let counted = json(&top(&format!("{cluster}/nodes-pods.kubectl.json"), &["-o", "json"]));
        let described = described(&text);
        assert!(described.len() >= 6, "{cluster}");
        let mut compared = 0;
        for node in counted["nodes"].as_array().unwrap() {
            let name = node["name"].as_str().unwrap();
            if counted_otherwise(&list).contains(&name) {
                continue;
            }
            assert_as_described(node, &described);
            compared += 1;
        }
        assert!(compared >= described.len() - 3, "{cluster}: {compared}");
    }
}

#[test]
fn every_form_of_the_same_list_counts_the_same() {
    let file = |name: &str| fixture(&format!("mixed-cluster/{name}"));
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let expected = top(MIXED, &["-o", "json"]).stdout;
    assert!(expected.len() > 1000);
    assert_eq!(top("mixed-cluster/nodes-pods.kubectl.yaml", &["-o", "json"]).stdout, expected);
    let env = TestEnv::new();
    let (nodes, pods) = (file("nodes.json"), file("pods.json"));
    let (nodes, pods) = (nodes.to_str().unwrap(), pods.to_str().unwrap());
    assert_eq!(env.run(["top", "-o", "json", "--from", pods, nodes]).stdout, expected);
    assert_eq!(env.run(["top", "-o", "json", "--from", pods, "--from", nodes]).stdout, expected);
    let one_after_the_other = read("pods.json") + &read("nodes.json");
    assert_eq!(top_stdin(&one_after_the_other, &["-o", "json"]).stdout, expected);
    let documents = format!("---\n{}\n---\n{}", read("nodes.json"), read("pods.json"));
    assert_eq!(top_stdin(&documents, &["-o", "json"]).stdout, expected);
}

#[test]
fn unusable_nodes_are_kept_apart_with_their_reason() {
    let counted = json(&top(MIXED, &["-o", "json"]));
    let state = |name: &str| {
        let nodes = counted["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|node| node["name"] == name).unwrap();
        (
            node["usable"].as_bool().unwrap(),
            node["state"].as_str().unwrap().to_owned(),
            node["reasons"].to_string(),
        )
    };
    for (name, word, reason) in [
        ("draining-0", "Draining", r#"["draining: taint ToBeDeletedByClusterAutoscaler"]"#),
        ("karpenter-0", "Draining", r#"["draining: taint karpenter.sh/disrupted"]"#),
        ("gpu-0", "Tainted", r#"["taint nvidia.com/gpu=present:NoSchedule"]"#),
        ("small-1", "Cordoned", r#"["cordoned"]"#),
        ("small-2", "NotReady", r#"["not ready"]"#),
        ("virtual-0", "Unknown", r#"["unknown: status.allocatable: is missing"]"#),
    ] {
        assert_eq!(state(name), (false, word.to_owned(), reason.to_owned()), "{name}");
    }
    assert_eq!(state("big-0"), (true, "Ready".to_owned(), "[]".to_owned()));
    let totals = &counted["totals"];
    assert_eq!((&totals["usable"]["nodes"], &totals["all"]["nodes"]), (&8.into(), &14.into()));
    let unknown =
        counted["nodes"].as_array().unwrap().iter().find(|n| n["name"] == "virtual-0").unwrap();
    assert!(unknown["slots"].is_null());
    assert!(unknown["resources"]["cpu"]["allocatable"].is_null());
    assert_eq!(unknown["resources"]["cpu"]["others"], 2000);
}

#[test]
fn a_workload_brings_its_shape_its_tolerations_and_its_pods() {
    let file = |name: &str| fixture(&format!("mixed-cluster/{name}")).to_str().unwrap().to_owned();
    let from = ["nodes.json", "pods.json", "deployments.json"].map(file);
    let env = TestEnv::new();
    let run = |workload: &str| {
        let mut args = vec!["top", "-o", "json", "--workload", workload, "--from"];
        args.extend(from.iter().map(String::as_str));
        env.run(args)
    };
    let counted = json(&run("opportunistic/deploy/electroneum"));
    assert_eq!(counted["replica"].to_string(), r#"{"cpu":1000,"memory":1073741824,"pods":1}"#);
    assert_eq!(counted["totals"]["usable"]["resources"]["pods"]["opportunistic"], 90);
    let paid = json(&run("shop/deployment/checkout"));
    assert_eq!(
        paid["totals"]["all"]["resources"]["cpu"]["opportunistic"], 12_000,
        "six of 2 cores"
    );
    assert_eq!(
        json(&run("app=checkout"))["totals"]["all"]["resources"]["cpu"]["opportunistic"],
        12_000
    );
    // Its own reserve and maximum count unless a flag gives another, as in the server.
    let mut deployments: Value =
        serde_json::from_str(&std::fs::read_to_string(&from[2]).unwrap()).unwrap();
    for deployment in deployments["items"].as_array_mut().unwrap() {
        if deployment["metadata"]["name"] == "electroneum" {
            deployment["metadata"]["annotations"] = serde_json::json!({"oppscale.dev/reserve": "30", "oppscale.dev/max-replicas": "95"});
        }
    }
    env.write("annotated.json", &deployments.to_string());
    let annotated = |more: &[&str]| {
        let mut args = vec!["top", "-o", "json", "--workload", "opportunistic/deploy/electroneum"];
        args.extend(more);
        args.extend(["--from", &from[0], &from[1], "annotated.json"]);
        json(&env.run(args))
    };
    let counted = annotated(&[]);
    assert_eq!(counted["reserve"]["cpu"], 30_000);
    assert_eq!(counted["totals"]["usable"]["fitReplicas"], 95);
    assert_eq!(counted["totals"]["usable"]["limitedBy"], "max-replicas");
    assert_eq!(annotated(&["--reserve", "40"])["reserve"]["cpu"], 40_000);
    let absent = run("shop/deploy/absent");
    assert_eq!(absent.code, Some(2));
    assert!(absent.stderr.contains("the saved lists hold no shop/deployment/absent"), "{absent}");
}

/// A node and pods, one of each way to be wrong.
const MALFORMED: &str = r#"
{"kind":"List","items":[
 {"kind":"Node","metadata":{"name":"a","uid":"1"},"status":{"allocatable":{"cpu":"8","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}},
 {"kind":"Node","metadata":{"name":"b","uid":"2"},"status":{"allocatable":{"cpu":"8","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}},
 {"kind":"Node","metadata":{"name":"c","uid":"3"},"status":{"allocatable":{"cpu":"-8","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}},
 {"kind":"Node","metadata":{"name":"d","uid":"4"},"status":{"allocatable":{"cpu":"8","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}},
 {"kind":"Node","metadata":{"name":"d","uid":"5"},"status":{"allocatable":{"cpu":"4","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}},
 {"kind":"Node","metadata":{"name":"e","uid":"6"},"status":{"allocatable":{"cpu":"8","pods":"10"},"conditions":[{"type":"Ready","status":"True"}]}},
 {"kind":"Pod","metadata":{"name":"fine","namespace":"x","uid":"7"},"spec":{"nodeName":"a","containers":[{"name":"c","resources":{"requests":{"cpu":"3"}}}]}},
 {"kind":"Pod","metadata":{"name":"typo","namespace":"x","uid":"8"},"spec":{"nodeName":"b","containers":[{"name":"c","resources":{"requests":{"cpu":"1x"}}}]}},
 {"kind":"Pod","metadata":{"name":"empty","namespace":"x","uid":"9"},"spec":{"nodeName":"b","containers":[]}},
 {"kind":"Pod","metadata":{"name":"strange","namespace":"x","uid":"10"},"spec":{"nodeName":"e","containers":"none"}}
]}"#;

#[test]
fn what_is_malformed_is_named_and_the_rest_counts() {
    insta::assert_snapshot!(top_stdin(MALFORMED, &[]), @r#"
    NODE             STATE    CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS  PODS
    a                Ready                  8           3                  0              5                   0              0                     0                 0      5  1/10
    b                Unknown                8           ?                  ?              ?                   0              ?                     ?                 ?      ?  ?/10
    c                Unknown                ?           0                  0              ?                   ?              0                     0                 ?      ?     0
    d                Unknown                ?           0                  0              ?                   ?              0                     0                 ?      ?     0
    e                Unknown                8           ?                  ?              ?                   0              ?                     ?                 ?      ?  ?/10
    usable (1 node)                         8           3                  0              5                   0              0                     0                 0      5  1/10
    all (1 node)                            8           3                  0              -                   0              0                     0                 -      5  1/10

    5 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ------- stderr -------
    note: all pods are of namespace x; without -A kubectl saves one namespace only, and pods of others would be missing here
    warning: node c is unknown: status.allocatable.cpu: -8 is negative
    warning: node d is unknown: another node has the same name
    warning: pod x/empty is unknown: spec.containers: is missing; so is what remains on node b
    warning: pod x/strange is unknown: is no Pod: invalid type: string "none", expected a sequence at line 1 column 113; so is what remains on node e
    warning: pod x/typo is unknown: spec.containers[0] "c".resources.requests.cpu: "1x" has the unknown suffix "x"; expected one of n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent; so is what remains on node b
    [EOF]
    "#);
}

#[test]
fn views_sort_and_filter() {
    insta::assert_snapshot!(top(MIXED, &["--by", "pool=pool", "--sort", "name", "-q"]).stdout, @"
    POOL              NODES  CPU-ALLOCATABLE  CPU-OTHERS  CPU-OPPORTUNISTIC  CPU-REMAINING  MEMORY-ALLOCATABLE  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  MEMORY-REMAINING  SLOTS      PODS
    (none)              6/7              184       32.75                 90         151.25               576Gi         19.9Gi                  90Gi             556Gi    149   109/660
    gpu                 0/2              127        36.5                  0              0              1006Gi          192Gi                     0                 0      0     5/220
    karpenter           0/1             7.91        0.25                  0              0                29Gi          264Mi                     0                 0      0     1/110
    small               1/3            11.76        0.75                  0           3.67              20.4Gi          792Mi                     0            6.54Gi      3      3/87
    std                 1/2           207.39        48.8                  0         142.94              1.52Ti         4.56Gi                     0            1.46Ti    142     8/360
    usable (8 nodes)                  379.42       81.55                 90         297.86              2.03Ti         24.5Gi                  90Gi            2.01Ti    294   117/939
    all (14 nodes)                    538.06      119.05                 90              -              3.11Ti          218Gi                  90Gi                 -    294  126/1437

    294 replicas of cpu=1 fit (no node has room for one more); 90 opportunistic pods are on these nodes
    ");
    insta::assert_snapshot!(top(MIXED, &["-n", "shop", "--sort", "pods:desc", "--resource", "cpu,memory"]).stdout, @"
    NAMESPACE  WORKLOAD                       CPU-OTHERS  CPU-OPPORTUNISTIC  MEMORY-OTHERS  MEMORY-OPPORTUNISTIC  PODS
    shop       deployment/checkout                    12                  0            6Gi                     0     6
    shop       deployment/sandbox-runner            5.25                  0         6.35Gi                     0     3
    shop       deployment/train                       36                  0          192Gi                     0     3
    shop       deployment/podlevel                     6                  0            6Gi                     0     2
    shop       deployment/sample-metrics-app           8                  0          100Mi                     0     2
    shop       deployment/too-big                     40                  0            1Gi                     0     1
    shop       pod/deleting                            5                  0            1Gi                     0     1
    shop       pod/fraction                          0.3                  0         1.05Gi                     0     1
    shop       pod/no-requests                         0                  0              0                     0     1
    shop       pod/on-virtual                          2                  0            1Gi                     0     1
    shop       pod/order-matters                       1                  0              0                     0     1
    shop       pod/resizing                            2                  0            1Gi                     0     1
               total (12 workloads)               117.55                  0          215Gi                     0    23

    294 replicas of cpu=1 fit (no node has room for one more); 90 opportunistic pods are on these nodes
    ");
    insta::assert_snapshot!(top(MIXED, &["-l", "pool in (gpu,small)", "--show-unusable", "--resource", "nvidia.com/gpu", "--sort", "name"]).stdout, @"
    NODE             STATE     ALLOCATABLE  OTHERS  OPPORTUNISTIC  REMAINING  SLOTS   PODS
    gpu-0            Tainted             8       6              0          2      0  4/110
    gpu-1            Tainted             8       0              0          8      0  1/110
    small-0          Ready               0       0              0          0      3   1/29
    small-1          Cordoned            0       0              0          0      0   1/29
    small-2          NotReady            0       0              0          0      0   1/29
    usable (1 node)                      0       0              0          0      3   1/29
    all (5 nodes)                       16       6              0          -      3  8/307

    3 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ");
    insta::assert_snapshot!(top(BLOG, &["--by", "namespace", "-o", "csv"]).stdout, @"
    name,cpu_requests_millicores,cpu_others_millicores,cpu_opportunistic_millicores,memory_requests_bytes,memory_others_bytes,memory_opportunistic_bytes,pods_requests,pods_others,pods_opportunistic,ephemeral-storage_requests_bytes,ephemeral-storage_others_bytes,ephemeral-storage_opportunistic_bytes
    shop,31250,31250,0,19809697792,19809697792,0,13,13,0,0,0,0
    kube-system,1500,1500,0,1660944384,1660944384,0,6,6,0,0,0,0
    opportunistic,90000,0,90000,96636764160,0,96636764160,90,0,90,0,0,0
    ");
    insta::assert_snapshot!(top(BLOG, &["-o", "name", "--sort", "slots:asc"]).stdout, @r"
    node/fake-00005
    node/fake-00001
    node/fake-00003
    node/fake-00002
    node/fake-00000
    node/fake-00004
    ");
}

#[test]
fn the_label_that_names_a_pool_is_chosen_for_each_node() {
    const POOLS: &str = "counting/24-mixed-pools.json";
    let names = |args: &[&str]| {
        let args = [&["-o", "json", "--sort", "name"], args].concat();
        let rows = json(&top(POOLS, &args))["pools"].clone();
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--by", "pool"]), ["", "general", "old", "spot", "system"]);
    assert_eq!(names(&["--by", "pool=karpenter.sh/nodepool"]), ["", "general", "spot"]);
}

/// Cluster API and OKE annotate a node with its owner, and label it with nothing.
#[test]
fn pools_of_annotations_are_found_and_recorded() {
    let node = |name: &str, annotations: &str| {
        format!(
            r#"{{"kind":"Node","metadata":{{"name":"{name}","annotations":{annotations}}},
                "status":{{"allocatable":{{"cpu":"8","pods":"9"}}}}}}"#
        )
    };
    let set = |suffix: &str| {
        format!(
            r#"{{"cluster.x-k8s.io/owner-kind":"MachineSet","cluster.x-k8s.io/owner-name":"md-0-{suffix}"}}"#
        )
    };
    let oke = r#"{"oci.oraclecloud.com/node-pool-id":"ocid1.nodepool.oc1"}"#;
    let text = [node("a", &set("x7k2p")), node("b", &set("dd4fk")), node("c", oke)].join("\n");
    let pools = json(&top_stdin(&text, &["--by", "pool", "-o", "json"]))["pools"].clone();
    let pools: Vec<_> = pools
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| (pool["name"].as_str().unwrap().to_owned(), pool["nodes"].clone()))
        .collect();
    assert_eq!(pools.len(), 2);
    assert_eq!(pools[0].0, "md-0");
    assert_eq!(pools[1].0, "ocid1.nodepool.oc1");
}

/// By the Jobs where they are saved, too, and by the name that a CronJob gives them where not.
#[test]
fn jobs_of_one_cron_job_are_one_workload() {
    let node = r#"{"kind":"Node","metadata":{"name":"n","uid":"0"},"status":{"allocatable":{"cpu":"8","pods":"9"}}}"#;
    let pod = |number: u32, job: &str| {
        format!(
            r#"{{"kind":"Pod","metadata":{{"name":"p{number}","namespace":"shop","uid":"{number}",
                "ownerReferences":[{{"apiVersion":"batch/v1","kind":"Job","name":"{job}","controller":true}}]}},
                "spec":{{"nodeName":"n","containers":[{{"name":"c","resources":{{"requests":{{"cpu":"1"}}}}}}]}}}}"#
        )
    };
    let job = |name: &str, owner: &str| {
        format!(
            r#"{{"kind":"Job","apiVersion":"batch/v1","metadata":{{"name":"{name}","namespace":"shop","uid":"j-{name}",
                "ownerReferences":[{owner}]}}}}"#
        )
    };
    let pods = [
        pod(1, "backup-29406780"),
        pod(2, "backup-29406790"),
        pod(3, "by-hand"),
        pod(4, "migrate-29406780"),
        pod(5, "import-20260131"),
    ];
    let workloads = |objects: &[String]| {
        let output =
            top_stdin(&objects.join("\n"), &["--by", "workload", "-o", "json", "--sort", "name"]);
        let rows = json(&output)["workloads"].clone();
        let row = |row: &Value| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            format!("{} {} {}", text("kind"), text("name"), row["resources"]["cpu"]["others"])
        };
        rows.as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let of_pods = [&[node.to_owned()], &pods[..]].concat();
    assert_eq!(
        workloads(&of_pods),
        [
            "CronJob backup 2000",
            "CronJob migrate 1000",
            "Job by-hand 1000",
            "Job import-20260131 1000",
        ]
    );
    let cron_job =
        r#"{"apiVersion":"batch/v1","kind":"CronJob","name":"backup","controller":true}"#;
    let jobs = [job("by-hand", cron_job), job("migrate-29406780", "")];
    assert_eq!(
        workloads(&[&of_pods[..], &jobs].concat()),
        ["CronJob backup 3000", "Job import-20260131 1000", "Job migrate-29406780 1000"]
    );
}

#[test]
fn thresholds_end_with_one_for_scripts() {
    let code = |limits: &str| top(BLOG, &["-q", "--fail-below", limits]).code;
    assert_eq!(code("cpu=151250m"), Some(0));
    assert_eq!(code("cpu=151251m"), Some(1));
    assert_eq!(code("memory=1Gi,replicas=149"), Some(0));
    assert_eq!(code("memory=1Gi,replicas=150"), Some(1));
    let failed = top(BLOG, &["--fail-below", "cpu=200"]);
    assert!(failed.stderr.contains("cpu: 151250m remains, below 200"), "{failed}");
    assert!(failed.stdout.contains("fake-00000"), "the table is printed all the same");
}

#[test]
fn a_pods_number_is_explained_line_by_line() {
    let name = "sandbox-runner-68756989bc-q4q6c";
    insta::assert_snapshot!(top(BLOG, &["--explain", &format!("shop/{name}")]), @r"
    shop/sandbox-runner-68756989bc-q4q6c: on node fake-00000

    container run  cpu 1500m  memory 2Gi     added
    overhead       cpu 250m  memory 120Mi    added, from the RuntimeClass
    TOTAL          cpu 1750m  memory 2168Mi  what the scheduler sets aside
    [EOF]
    ");
    let absent = top(BLOG, &["--explain", name]);
    assert_eq!(absent.code, Some(2));
    assert!(
        absent.stderr.contains(&format!("the saved lists hold no pod default/{name}")),
        "{absent}"
    );
}

#[test]
fn a_reserve_is_in_any_resource_or_a_place_for_a_pod() {
    let counted = |name, reserve, replica| {
        json(&top(name, &["--reserve", reserve, "--replica", replica, "-o", "json"]))
    };
    let fit = |report: &Value| report["totals"]["usable"]["fitReplicas"].as_i64().unwrap();
    let tolerated = ["--tolerate", "nvidia.com/gpu", "--replica", "cpu=1,nvidia.com/gpu=1"];
    let gpus = |reserve| {
        let args = [&tolerated[..], &["--reserve", reserve, "-o", "json"]].concat();
        json(&top(MIXED, &args))
    };
    let (all, one_less) = (gpus("0"), gpus("nvidia.com/gpu=1"));
    assert_eq!(one_less["reserve"]["nvidia.com/gpu"], 1);
    assert!(fit(&all) > 0, "{all}");
    assert_eq!(fit(&one_less), fit(&all) - 1);
    assert_eq!(one_less["totals"]["usable"]["limitedBy"], "nvidia.com/gpu");
    assert_eq!(fit(&gpus("nvidia.com/gpu=100%")), 0);
    // 4 cores in sum, and 4 cores on one node wherever the replicas go.
    let (sum, hole) = (counted(BLOG, "4", "cpu=1"), counted(BLOG, "pod:cpu=4", "cpu=1"));
    assert_eq!(hole["reserve"], sum["reserve"]);
    assert!(fit(&hole) < fit(&sum) && fit(&hole) > 0, "{hole}");
    assert_eq!(hole["totals"]["usable"]["limitedBy"], "hole");
    assert_eq!(hole["hole"]["count"], 1);
    assert_eq!(hole["hole"]["pod"], serde_json::json!({"cpu": 4000, "pods": 1}));
    assert_eq!(sum.get("hole"), None);
    let table = top(BLOG, &["--reserve", "2xpod:cpu=4", "--once"]);
    assert!(table.stdout.contains("2 places for a paid pod of cpu=4:"), "{table}");
    assert!(table.stdout.contains("(more could take the place that is reserved for a paid pod)"));
}

#[test]
fn what_was_typed_wrong_ends_with_two() {
    for (args, words) in [
        (&["--sort", "size"][..], "expected pod, name"),
        (&["--replica", "cpu"], "expected RESOURCE=QUANTITY"),
        (&["--replica", "cpu=0"], "asks for nothing"),
        (&["--replica", "nvidia.com/gpu=500m"], "counted in whole units"),
        (&["--reserve", "110%"], "from 0% to 100%"),
        (&["--reserve", "gpu=1"], "such as nvidia.com/gpu"),
        (&["--reserve", "0xpod:cpu=4"], "expected 1 to 10 places"),
        (&["--reserve", "pod:cpu"], "the place for a pod: \"cpu\" is not a replica"),
        (&["--reserve", "1", "--target-utilization", "85%"], "cannot be used with"),
        (&["--by", "rack"], "pool=LABEL"),
        (&["--by", "pool"], "no node has a label that usually names its pool"),
        (&["--by", "pool=pool", "-n", "shop"], "takes no selection of pods"),
        (&["--by", "namespace", "--sort", "slots"], "a column that these rows do not have"),
        (&["-l", "a in b"], "is not a label selector"),
        (&["--workload", "miner"], "[NAMESPACE/]KIND/NAME"),
        (&["--fail-below", "cpu"], "expected RESOURCE=QUANTITY"),
        (&["--request-timeout", "soon"], "expected a duration"),
        (&["--as-group", "admins"], "--as"),
    ] {
        let output = top(BLOG, args);
        assert_eq!(output.code, Some(2), "{args:?}: {output}");
        assert!(output.stderr.contains(words), "{args:?}: {output}");
        assert_eq!(output.stdout, "", "{args:?}");
    }
}

#[test]
fn input_that_is_no_list_says_what_would_be() {
    for (text, words) in [
        ("", "list is empty"),
        ("{\"kind\":\"List\",\"items\":[", "list is not valid JSON (truncated?)"),
        ("a: [", "list is not valid YAML (truncated?)"),
        ("just words", "something that is no Kubernetes object"),
        ("{\"kind\":\"PodList\",\"items\":[]}", "there are no nodes"),
        ("{\"items\":[]}", "an object without a kind"),
        ("{\"history\":{}}", "hint: play a capacity history with --replay"),
    ] {
        let output = top_stdin(text, &[]);
        assert_eq!(output.code, Some(1), "{text}: {output}");
        assert!(output.stderr.contains(words), "{text}: {output}");
        assert_eq!(output.stdout, "");
    }
    let absent = TestEnv::new().run(["top", "--from", "absent.json"]);
    assert_eq!(absent.code, Some(1));
    assert!(absent.stderr.contains("cannot read absent.json"), "{absent}");
}

#[test]
fn a_resource_is_shown_once() {
    assert_eq!(top(BLOG, &["--resource", "cpu,memory"]).stderr, "");
    assert_eq!(top(BLOG, &["--resource", "cpu,"]).code, Some(2));
    let once = top(BLOG, &["--resource", "memory"]);
    assert_eq!(top(BLOG, &["--resource", "memory,memory"]).stdout, once.stdout);
}

/// A terminal obeys some characters, and whoever may name a node in a file may write them.
#[test]
fn names_of_a_file_do_nothing_to_a_terminal() {
    let text = std::fs::read_to_string(fixture(BLOG)).unwrap();
    let text = text.replace("fake-00003", "fake\\u001b[31m\\n\\u0000");
    let output = top_stdin(&text, &[]);
    assert!(output.stdout.contains("\nfake\u{fffd}[31m\u{fffd}\u{fffd}  "), "{output}");
    assert!(!output.stdout.contains('\u{1b}'), "{output}");
}

#[test]
fn nodes_without_pods_are_not_taken_for_empty_nodes() {
    let output = top("blog-cluster/nodes.json", &["-o", "json"]);
    let counted = json(&output);
    assert_eq!(counted["pods"], "unknown");
    assert_eq!(counted["totals"]["usable"]["resources"]["cpu"]["allocatable"], 184_000);
    assert!(counted["totals"]["usable"]["resources"]["cpu"]["remaining"].is_null());
    assert!(counted["nodes"][0]["slots"].is_null());
    assert!(output.stderr.contains("pods are unknown"), "{output}");
    assert_eq!(top("blog-cluster/nodes.json", &["--fail-below", "cpu=1"]).code, Some(1));
}

#[test]
fn yaml_keeps_strings_that_yaml_readers_take_for_something_else() {
    let list = r#"{"kind":"List","items":[
        {"kind":"Node","metadata":{"name":"no","labels":{"pool":"on"}},"status":{"allocatable":{"cpu":"8","pods":"9"}}},
        {"kind":"Pod","metadata":{"name":"p","namespace":"1e3"},"spec":{"nodeName":"no","containers":[{"name":"c"}]}}]}"#;
    let nodes = top_stdin(list, &["-o", "yaml"]).stdout;
    assert!(nodes.contains("name: \"no\"\n"), "{nodes}");
    let pools = top_stdin(list, &["-o", "yaml", "--by", "pool"]).stdout;
    assert!(pools.contains("name: \"on\"\n"), "{pools}");
    let namespaces = top_stdin(list, &["-o", "yaml", "--by", "namespace"]).stdout;
    assert!(namespaces.contains("name: \"1e3\"\n"), "{namespaces}");
}

/// JSON may escape any character of any key and value.
#[test]
fn escaped_keys_are_the_keys_they_spell() {
    let plain = r#"{"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"status":{
            "allocatable":{"cpu":"4","memory":"8Gi","pods":"110"},
            "conditions":[{"type":"Ready","status":"True"}]}},
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default"},
         "spec":{"nodeName":"n","containers":[{"name":"c","resources":{"requests":{"cpu":"1500m"}}}]},
         "status":{"phase":"Running"}}]}"#;
    let mut escaped = String::new();
    for c in plain.chars() {
        match c.is_ascii_alphanumeric() {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    let (plain, escaped) =
        (top_stdin(plain, &["-o", "json"]), top_stdin(&escaped, &["-o", "json"]));
    assert_eq!(json(&plain)["nodes"][0]["resources"]["cpu"]["remaining"], 2500, "{plain}");
    assert_eq!(escaped.stdout, plain.stdout);
}

/// Two pods with the same port of the host, or that keep apart by its name, do not share a node.
#[test]
fn rules_between_pods_of_the_workload_count_or_are_noted() {
    let top = |change: &dyn Fn(&mut Value)| {
        let mut world = World::blog();
        change(&mut world.deployment_mut("electroneum")["spec"]["template"]["spec"]);
        let env = TestEnv::new();
        env.write("cluster.json", &world.saved());
        let args = ["top", "--from", "cluster.json", "-n", "opportunistic", "--once"];
        let output = env.run([&args[..], &["--workload", "deployment/electroneum"]].concat());
        let fit = output.stdout.lines().rev().find(|line| line.contains(" replicas of ")).unwrap();
        (fit.split(' ').next().unwrap().to_owned(), output.stderr)
    };
    let (fit, notes) = top(&|_| {});
    assert_eq!(fit, "149");
    assert!(!notes.contains("one replica only") && !notes.contains("do not consider"), "{notes}");
    let term = |key: &str| json!([{"topologyKey": key, "labelSelector": {"matchLabels": {"app": "electroneum"}}}]);
    let required = |key: &str| json!({"requiredDuringSchedulingIgnoredDuringExecution": term(key)});
    let (fit, notes) = top(&|pod| {
        pod["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    });
    assert_eq!(fit, "6");
    assert!(notes.contains("a node holds one replica only"), "{notes}");
    let (fit, _) = top(&|pod| {
        pod["affinity"] = json!({"podAntiAffinity": required("kubernetes.io/hostname")});
    });
    assert_eq!(fit, "6");
    let zone = "topology.kubernetes.io/zone";
    let (fit, notes) = top(&|pod| {
        pod["affinity"] = json!({"podAntiAffinity": required(zone), "podAffinity": required(zone)});
        pod["topologySpreadConstraints"] =
            json!([{"maxSkew": 1, "topologyKey": zone, "whenUnsatisfiable": "DoNotSchedule"}]);
    });
    assert_eq!(fit, "149");
    assert!(notes.contains("which slots do not consider"), "{notes}");
    let rules =
        "a required podAntiAffinity and a required podAffinity and topologySpreadConstraints";
    assert!(notes.contains(rules), "{notes}");
}

#[test]
fn a_full_disk_behind_stdout_is_named() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_oppscale"));
    let output = command.arg("top").arg("--from").arg(fixture(BLOG)).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("error: cannot write standard output: No space left"), "{stderr}");
}

/// Nodes without a pool have a row, which has no name.
#[test]
fn names_of_pools_are_those_of_pools() {
    let names = top(MIXED, &["--by", "pool=pool", "-o", "name", "--show-unusable", "-q"]).stdout;
    let mut names: Vec<_> = names.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["gpu", "karpenter", "small", "std"]);
}

/// One of a thing is not several.
#[test]
fn counts_of_one_are_in_the_singular() {
    let env = TestEnv::new();
    let status = json!({"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}]});
    let node = json!({"kind": "Node", "metadata": {"name": "a"}, "status": status});
    let pods = json!({"kind": "PodList", "items": []});
    env.write("list", &json!({"kind": "List", "items": [node, pods]}).to_string());
    let output = env.run(["top", "--from", "list", "--replica", "cpu=2"]);
    assert!(output.stdout.contains("\n1 replica of cpu=2 fits ("), "{output}");
    let args = [
        "--workload",
        "miner",
        "--image",
        "x@sha256:0",
        "--pool",
        "http://pool:1",
        "--wallet",
        "w",
        "--worker",
        "a",
    ];
    let sized = ["--replica", "cpu=1,memory=1Gi", "--reserve", "1", "--explain=table"];
    let from = ["render-hpa", "--from", "list", "--kubernetes-version", "1.36"];
    let output = env.run([&from[..], &args, &sized].concat());
    for part in
        ["1 of 2 cores; ", "on 1 usable node; 2 cores less 0", " 1 replica of cpu=1,memory=1Gi\n"]
    {
        assert!(output.stderr.contains(part), "{part}: {output}");
    }
}
