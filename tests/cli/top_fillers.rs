//! `oppscale top --by filler`: the share of each filler.

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::world::World;

fn filler(namespace: &str, name: &str, cpu: &str, annotations: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations,
            "labels": {"oppscale.dev/opportunistic": "true"}},
        "spec": {"template": {"spec": {"containers": [{"name": "c",
            "resources": {"requests": {"cpu": cpu}}}]}}}})
}

fn pod(namespace: &str, name: &str, node: &str, cpu: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "uid": name},
        "spec": {"nodeName": node, "containers": [{"name": "c",
            "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"phase": "Running"}})
}

/// 16 of 20 cores are left.
fn cluster() -> Value {
    let node = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"allocatable": {"cpu": "10", "memory": "64Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let mut running = pod("idle", "batch-1", "b", "2");
    running["metadata"]["labels"] =
        json!({"oppscale.dev/opportunistic": "true", "pod-template-hash": "1"});
    running["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1",
        "kind": "ReplicaSet", "name": "batch-1", "uid": "r", "controller": true}]);
    running["spec"]["priority"] = (-1000).into();
    let open = json!({"oppscale.dev/opportunistic": "true"});
    json!({"apiVersion": "v1", "kind": "List", "items": [
        node("a"), node("b"), pod("shop", "web", "a", "4"), running,
        filler("idle", "batch", "2", json!({})),
        filler("idle", "crawler", "1", json!({"oppscale.dev/max-replicas": "3"})),
        filler("shop", "miner", "1", json!({"oppscale.dev/priority": "1000000"})),
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "shop",
            "name": "web"}, "spec": {"template": {"spec": {"containers": []}}}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "idle", "labels": open}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    ]})
}

fn top(args: &[&str]) -> CommandOutput {
    let env = TestEnv::new();
    env.write("list", &cluster().to_string());
    env.run(["top", "--from", "list", "--by", "filler"].iter().chain(args))
}

#[test]
fn a_filler_has_its_fit_and_its_limit() {
    insta::assert_snapshot!(top(&[]).stdout, @"
    NAMESPACE  FILLER              FIT  HAS  SHARE%  LIMITED BY
    idle       deployment/batch      6    1      60  cpu
    idle       deployment/crawler    3    0      15  max-replicas
    shop       deployment/miner      -    -       -  held
    ");
}

#[test]
fn every_output_has_them() {
    let list: Value = serde_json::from_str(&top(&["-o", "json"]).stdout).unwrap();
    let fillers = list["fillers"].as_array().unwrap();
    let row = |name: &str| fillers.iter().find(|filler| filler["name"] == name).unwrap();
    let figures = |name: &str| {
        ["fit", "running", "sharePercent", "limitedBy"].map(|figure| row(name)[figure].clone())
    };
    assert_eq!(figures("batch"), [json!(6), json!(1), json!(60), json!("cpu")]);
    assert_eq!(figures("crawler"), [json!(3), json!(0), json!(15), json!("max-replicas")]);
    assert_eq!(figures("miner"), [Value::Null, Value::Null, Value::Null, json!("held")]);
    let why = row("miner")["reasons"][0].as_str().unwrap();
    assert!(why.contains("kubectl label namespace shop"), "{why}");
    let csv = top(&["-o", "csv"]).stdout;
    assert!(
        csv.starts_with("namespace,kind,name,reasons,fit,running,sharePercent,limitedBy\n"),
        "{csv}"
    );
    assert!(
        csv.contains("\nidle,Deployment,crawler,its own max-replicas,3,0,15,max-replicas\n"),
        "{csv}"
    );
    let names = top(&["-o", "name", "-n", "idle"]).stdout;
    assert_eq!(names, "idle/deployment/batch\nidle/deployment/crawler\n");
    assert!(top(&["-o", "wide"]).stdout.contains("its own max-replicas"));
    assert_eq!(top(&["--sort-by", "sharePercent:asc", "-o", "name"]).code, Some(0));
}

#[test]
fn the_policy_is_that_of_each_filler() {
    let refused = top(&["--reserve", "30"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("the policy of its own annotations"), "{refused}");
    for flags in [["--replica", "cpu=2"], ["--tolerate", "spot"]] {
        assert_eq!(top(&flags).code, Some(2), "{flags:?}");
    }
}

#[test]
fn saved_lists_may_come_from_a_pipe() {
    let env = TestEnv::new();
    env.write("list", &cluster().to_string());
    let piped = ["sh", "-c", r#"exec "$0" "$@" < list"#];
    let args = ["top", "--from", "-", "--by", "filler"];
    let output = env.finish(env.start_as(&piped, args, &[]));
    assert_eq!(output.stdout, top(&[]).stdout, "{output}");
}

#[test]
fn what_shares_do_not_follow_is_refused_by_its_flag() {
    for flags in [
        &["-l", "pool=a"][..],
        &["--taint", "gpu"],
        &["--no-taint"],
        &["--tree"],
        &["--workload", "app=web"],
        &["--reserve", "15%"],
        &["--survive", "1"],
        &["--phase", "Running"],
    ] {
        let refused = top(flags);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused}");
        let words = "does not go with rows of fillers: they are the shares that oppscale serve";
        assert!(refused.stderr.contains(words), "{flags:?}: {refused}");
        assert!(flags[0] == "-l" || refused.stderr.contains(flags[0]), "{flags:?}: {refused}");
    }
    for flags in [&["--demo", "--once"][..], &["--basis", "usage"], &["--usage"]] {
        let refused = TestEnv::new().run([&["top", "--by", "filler"], flags].concat());
        assert_eq!(refused.code, Some(2), "{refused}");
        let words = format!("{} does not go with rows of fillers", flags.join(" "));
        let words = words.replace(" --once", "");
        assert!(refused.stderr.contains(&words), "{flags:?}: {refused}");
    }
}

/// Pages of one object, and one whose version expires after the first: then the list is read whole.
#[test]
fn lists_of_a_cluster_are_read_page_by_page() {
    let items = cluster()["items"].as_array().unwrap().clone();
    let mut world = World::nodes_alone();
    for (kind, collection) in [
        ("Node", &mut world.nodes),
        ("Pod", &mut world.pods),
        ("Deployment", &mut world.deployments),
        ("Namespace", &mut world.namespaces),
    ] {
        *collection = items.iter().filter(|item| item["kind"] == kind).cloned().collect();
        for (number, item) in collection.iter_mut().enumerate() {
            item["metadata"]["uid"] = format!("{kind}-{number}").into();
        }
    }
    world.hpas.clear();
    let server = Setup::new(world.clone()).start();
    let whole = TestEnv::of(&server).run(["top", "--by", "filler"]);
    assert!(whole.stdout.contains("deployment/crawler"), "{whole}");
    let server = Setup::new(world).pages_of(1).start();
    let paged = TestEnv::of(&server).run(["top", "--by", "filler"]);
    assert_eq!(paged.stdout, whole.stdout, "{paged}");
    let pages = |server: &FakeApiServer| {
        let requests = server.requests().into_iter();
        let namespaces = requests.filter(|request| request.path == "/api/v1/namespaces");
        namespaces.map(|request| request.parameter("limit").map(str::to_owned)).collect::<Vec<_>>()
    };
    let limit = Some("500".to_owned());
    assert_eq!(pages(&server), [limit.clone(), limit.clone()], "{}", server.log());
    server.next("/api/v1/namespaces", [Answer::Recorded("410-expired-continue")]);
    let expired = TestEnv::of(&server).run(["top", "--by", "filler"]);
    assert_eq!(expired.stdout, whole.stdout, "{expired}");
    assert_eq!(pages(&server)[2..], [limit, None], "{}", server.log());
}

#[test]
fn shares_are_unknown_where_pods_are() {
    let env = TestEnv::new();
    let mut list = cluster();
    list["items"].as_array_mut().unwrap().retain(|item| item["kind"] != "Pod");
    env.write("list", &list.to_string());
    let output = env.run(["top", "--from", "list", "--by", "filler", "-o", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    for filler in report["fillers"].as_array().unwrap() {
        assert_eq!(filler["fit"], Value::Null, "{filler}");
        assert_eq!(filler["limitedBy"], "held", "{filler}");
        let why = filler["reasons"][0].as_str().unwrap();
        assert!(why.contains("pods are unknown: there are no pods"), "{filler}");
    }
}
