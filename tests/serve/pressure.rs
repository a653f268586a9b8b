//! The pressure guard: nodes whose paid pods wait for CPU have no slots on the usage basis.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{self, Rig};
use super::usage::{READING, metrics, world};
use crate::support::answer::Answer;
use crate::support::authority::{Authority, ServerName};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::kubeconfig::Kubeconfig;
use crate::support::world::World;

/// A reading of a node comes a minute after the one before.
const NEXT: Duration = Duration::from_secs(120);
const NODES: usize = 6;
/// What fits without the guard, and without the 24 idle cores of a node.
const ALL: &str = "136";
const HELD: &str = "112";

/// The article's cluster with a workload on the usage basis, which 136 of its replicas fit.
fn setup(proxies: &Authority) -> Setup {
    let basis = json!({"oppscale.dev/basis": "usage", "oppscale.dev/burn": "1"});
    let mut world = world(proxies, basis);
    world.metrics = Some(metrics(&world, 8));
    Setup::new(world)
}

/// Where the API server is asked for a node's summary.
fn summary_path(node: usize) -> String {
    format!("/api/v1/nodes/fake-0000{node}/proxy/stats/summary")
}

/// A summary: the pods of `world` on a node, of which the `app` waited for these percent of the
/// last minute, and others hardly.
fn summary(world: &World, node: usize, app: &str, percent: f64) -> Answer {
    let name = format!("fake-0000{node}");
    let psi = |waited: f64| {
        let stall = json!({"total": 1_000_000, "avg10": 0, "avg60": waited, "avg300": 0});
        json!({"time": "2026-11-23T19:55:00Z", "usageNanoCores": 1, "psi": {"full": stall, "some": stall}})
    };
    let pods = world.pods.iter().filter(|pod| pod["spec"]["nodeName"] == name.as_str());
    let pods: Vec<Value> = pods
        .map(|pod| {
            let metadata = &pod["metadata"];
            let waited = if metadata["labels"]["app"] == app { percent } else { 0.4 };
            let mirrored = &metadata["annotations"]["kubernetes.io/config.mirror"];
            let uid = if mirrored.is_null() { &metadata["uid"] } else { mirrored };
            let reference = json!({
                "name": metadata["name"], "namespace": metadata["namespace"], "uid": uid
            });
            json!({"podRef": reference, "containers": [], "cpu": psi(waited)})
        })
        .collect();
    let body = json!({"node": {"nodeName": name, "cpu": psi(90.0)}, "pods": pods}).to_string();
    Answer::Raw(200, vec![("content-type", "application/json")], body.leak())
}

/// Lets every node be calm, but for this app on the first.
fn answer(server: &FakeApiServer, app: &str, percent: f64) {
    let world = rig::world(&Authority::new("any"));
    for node in 0..NODES {
        let percent = if node == 0 { percent } else { 0.4 };
        server.always(&summary_path(node), summary(&world, node, app, percent));
    }
}

fn start(proxies: Authority, server: FakeApiServer, args: &[&str]) -> Rig {
    let kubeconfig = Kubeconfig::of(&server);
    Rig::of(proxies, server, &kubeconfig, args)
}

/// `oppscale_pressure_nodes`: waiting, calm, limited and unknown.
fn counts(rig: &Rig) -> Option<[String; 4]> {
    let scrape = rig.web("/metrics").body;
    let count = |state: &str| {
        let series = format!("oppscale_pressure_nodes{{state=\"{state}\"}} ");
        Some(scrape.lines().find_map(|line| line.strip_prefix(&series))?.to_owned())
    };
    Some([count("waiting")?, count("calm")?, count("limited")?, count("unknown")?])
}

fn has_counts(rig: &Rig, wanted: [&str; 4]) -> bool {
    counts(rig).is_some_and(|counts| counts == wanted)
}

#[test]
#[ignore = "slow: waits a minute"]
fn a_node_whose_paid_pods_begin_to_wait_has_no_slots() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    answer(&server, "node-agent", 5.0);
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.until_in(READING, "calm", |rig| has_counts(rig, ["0", "6", "0", "0"]));
    rig.until_in(READING, "filled", |rig| rig.fit().as_deref() == Ok(ALL));
    answer(&rig.server, "node-agent", 12.5);
    rig.until_in(NEXT, "held", |rig| rig.fit().as_deref() == Ok(HELD));
    assert!(has_counts(&rig, ["1", "5", "0", "0"]), "{:?}", counts(&rig));
    let scrape = rig.web("/metrics").body;
    let line = scrape.lines().find(|line| line.starts_with("oppscale_workload_waiting_nodes{"));
    assert!(line.is_some_and(|line| line.ends_with(" 1")), "{line:?}");
    assert!(rig.web("/").body.contains("1 node held: paid pods wait for CPU"));
    let line = rig.oppscale.until_logged("held", |line| line["reason"] == "PressureHeld");
    assert_eq!(line["node"], "fake-00000");
    assert!(line["pod"].as_str().unwrap().contains("/node-agent-"), "{line}");
    assert!(line["message"].as_str().unwrap().contains("12.5 % of the last minute"), "{line}");
    // Each node was read once a minute at most.
    let requests = rig.server.requests();
    let of_first = requests.iter().filter(|request| request.path == summary_path(0));
    assert_eq!(of_first.count(), 2);
}

/// A pod that its CPU limit throttles waits, too, and fillers, which wait most of all, are no paid
/// pods.
#[test]
fn pods_with_a_cpu_limit_and_fillers_hold_no_node() {
    for app in ["sample-metrics-app", "electroneum"] {
        let proxies = Authority::new("front-proxy-ca");
        let server = setup(&proxies).start();
        let world = rig::world(&Authority::new("any"));
        for node in 0..NODES {
            server.always(&summary_path(node), summary(&world, node, app, 99.0));
        }
        let rig = start(proxies, server, &["--pressure-guard=proxy"]);
        rig.until_in(READING, "calm", |rig| has_counts(rig, ["0", "6", "0", "0"]));
        rig.until_in(READING, "filled", |rig| rig.fit().as_deref() == Ok(ALL));
    }
}

/// The kubelet has a static pod's own uid, and the API that of its mirror pod.
#[test]
fn a_static_pod_that_waits_holds_its_node() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    let make_static = |world: &mut World| {
        let agents = world.pods.iter_mut();
        for pod in agents.filter(|pod| pod["metadata"]["labels"]["app"] == "node-agent") {
            let node = pod["spec"]["nodeName"].clone();
            pod["metadata"]["annotations"] = json!({
                "kubernetes.io/config.hash": "9d3a5f1c6b2e4d7f8a0b1c2d3e4f5a6b",
                "kubernetes.io/config.mirror": "9d3a5f1c6b2e4d7f8a0b1c2d3e4f5a6b",
                "kubernetes.io/config.source": "file"
            });
            pod["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "v1", "kind": "Node", "name": node, "controller": true,
                "uid": "5f7d6c1e-0000-4000-8000-000000000001"
            }]);
        }
    };
    server.change(make_static);
    let mut world = rig::world(&Authority::new("any"));
    make_static(&mut world);
    for node in 0..NODES {
        let percent = if node == 0 { 12.5 } else { 0.4 };
        server.always(&summary_path(node), summary(&world, node, "node-agent", percent));
    }
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.until_in(READING, "read", |rig| has_counts(rig, ["1", "5", "0", "0"]));
    rig.until_in(READING, "held", |rig| rig.fit().as_deref() == Ok(HELD));
}

#[test]
fn a_node_whose_kubelet_leaves_out_a_paid_pod_is_unknown() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    answer(&server, "node-agent", 0.4);
    let mut world = rig::world(&Authority::new("any"));
    world.pods.retain(|pod| pod["metadata"]["labels"]["app"] != "node-agent");
    server.always(&summary_path(2), summary(&world, 2, "node-agent", 0.4));
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.until_in(READING, "read", |rig| has_counts(rig, ["0", "5", "0", "1"]));
    let line = rig.oppscale.until_logged("unknown", |line| line["reason"] == "PressureUnknown");
    let message = line["message"].as_str().unwrap();
    let words = "1 of 6 nodes is unknown, and they are not held: node fake-00002: its kubelet reports \
                 nothing of a paid pod";
    assert!(message.contains(words), "{message}");
}

#[test]
fn the_threshold_can_be_chosen() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    answer(&server, "node-agent", 12.5);
    let args = ["--pressure-guard=proxy", "--pressure-threshold=20%"];
    let rig = start(proxies, server, &args);
    rig.until_in(READING, "calm", |rig| has_counts(rig, ["0", "6", "0", "0"]));
}

#[test]
fn without_the_permission_the_guard_is_off_and_says_so() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    for node in 0..NODES {
        server.always(&summary_path(node), Answer::Recorded("403-nodes"));
    }
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.until_in(READING, "filled", |rig| rig.fit().as_deref() == Ok(ALL));
    let line = rig.oppscale.until_logged("unknown", |line| line["reason"] == "PressureUnknown");
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("they are not held") && message.contains("nodes/proxy"), "{message}");
    assert!(has_counts(&rig, ["0", "0", "0", "6"]), "{:?}", counts(&rig));
}

/// One kubelet that refuses, which whoever runs its node can let it do, turns the guard off for
/// that node alone; and a kind of problem that is new is logged.
#[test]
#[ignore = "slow: waits a minute"]
fn a_refusal_by_one_kubelet_leaves_the_others_guarded() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    answer(&server, "node-agent", 0.4);
    server.always(&summary_path(1), Answer::Recorded("403-nodes"));
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.until_in(READING, "read", |rig| has_counts(rig, ["0", "5", "0", "1"]));
    answer(&rig.server, "node-agent", 12.5);
    rig.until_in(NEXT, "held", |rig| rig.fit().as_deref() == Ok(HELD));
    rig.oppscale.until_logged("read again", |line| line["reason"] == "PressureRead");
}

/// The last node of unknown pressure may be deleted rather than read.
#[test]
fn the_pressure_of_nodes_is_read_again_without_the_node_that_refused() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    answer(&server, "node-agent", 0.4);
    server.always(&summary_path(1), Answer::Recorded("403-nodes"));
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.oppscale.until_logged("unknown", |line| line["reason"] == "PressureUnknown");
    rig.server.change(|world| world.nodes.retain(|node| node["metadata"]["name"] != "fake-00001"));
    rig.oppscale.until_logged("read again", |line| line["reason"] == "PressureRead");
}

/// What an API server, or a kubelet behind it, sends as an error is read to 64 KiB and no further.
#[test]
fn an_error_without_an_end_is_cut() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    for node in 0..NODES {
        server.always(&summary_path(node), Answer::Endless(500));
    }
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    let line = rig.oppscale.until_logged("unknown", |line| line["reason"] == "PressureUnknown");
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("500") && message.contains("xxx..."), "{message}");
    assert!(message.len() < 1000, "{message}");
}

/// Broken kubelets cost their own nodes the guard, and nobody else anything.
#[test]
fn silence_garbage_and_endless_bodies_are_unknown_pressure() {
    let proxies = Authority::new("front-proxy-ca");
    let server = setup(&proxies).start();
    answer(&server, "node-agent", 50.0);
    let raw =
        |body: &'static str| Answer::Raw(200, vec![("content-type", "application/json")], body);
    server.always(&summary_path(1), Answer::Silence);
    server.always(&summary_path(2), raw("<html>not a summary</html>"));
    let endless = format!("{{\"node\": \"{}\"}}", "x".repeat(9 << 20));
    server.always(&summary_path(3), raw(endless.leak()));
    server.always(
        &summary_path(4),
        raw(r#"{"node": {"cpu": {"psi": {"some": {"total": 0, "avg60": 0}}}}}"#),
    );
    let rig = start(proxies, server, &["--pressure-guard=proxy"]);
    rig.until_in(READING, "read", |rig| has_counts(rig, ["1", "1", "0", "4"]));
    rig.until_in(READING, "held", |rig| rig.fit().as_deref() == Ok(HELD));
    let line = rig.oppscale.until_logged("unknown", |line| line["reason"] == "PressureUnknown");
    assert!(line["message"].as_str().unwrap().contains("of 4 of 6 nodes is unknown"), "{line}");
}

#[test]
fn nothing_is_read_without_the_flag_or_without_a_workload_on_the_usage_basis() {
    let by_requests = |proxies: &Authority| Setup::new(rig::world(proxies));
    for (setup, args) in [
        (setup as fn(&Authority) -> Setup, &[][..]),
        (by_requests, &["--pressure-guard=proxy"][..]),
    ] {
        let proxies = Authority::new("front-proxy-ca");
        let server = setup(&proxies).start();
        answer(&server, "node-agent", 99.0);
        let rig = start(proxies, server, args);
        rig.until_in(READING, "counted", |rig| rig.fit().is_ok());
        assert_eq!(counts(&rig), None);
        assert!(!rig.server.log().contains("/proxy/"));
    }
}

/// Directly, `get nodes/stats` is enough, and no kubelet gets the token that cannot prove its name.
#[test]
fn kubelets_are_asked_directly_if_they_can_be_trusted() {
    let proxies = Authority::new("front-proxy-ca");
    let kubelet = Setup::new(World::nodes_alone())
        .certificate(ServerName::Named("fake-00000"))
        .for_token("the-token-of-oppscale")
        .start();
    let world = rig::world(&Authority::new("any"));
    kubelet.always("/stats/summary", summary(&world, 0, "node-agent", 60.0));
    let port: u16 = kubelet.url().rsplit(':').next().unwrap().parse().unwrap();
    let server = setup(&proxies).for_token("the-token-of-oppscale").start();
    server.change(|world| {
        for node in world.nodes.iter_mut() {
            node["status"]["addresses"] = json!([
                {"type": "Hostname", "address": node["metadata"]["name"]},
                {"type": "InternalIP", "address": "127.0.0.1"}
            ]);
            node["status"]["daemonEndpoints"] = json!({"kubeletEndpoint": {"Port": port}});
        }
    });
    let user = json!({"token": "the-token-of-oppscale"});
    let kubeconfig = Kubeconfig::of_user(&server, user);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubelet-ca.crt");
    std::fs::write(&file, kubelet.ca_pem().unwrap()).unwrap();
    let authority = format!("--kubelet-certificate-authority={}", file.display());
    let rig = Rig::of(proxies, server, &kubeconfig, &["--pressure-guard=kubelet", &authority]);
    // The certificate is for the first node's name alone.
    rig.until_in(READING, "read", |rig| has_counts(rig, ["1", "0", "0", "5"]));
    rig.until_in(READING, "held", |rig| rig.fit().as_deref() == Ok(HELD));
    assert_eq!(kubelet.requests().len(), 1, "{}", kubelet.log());
    assert!(!rig.server.log().contains("/proxy/"));
}
