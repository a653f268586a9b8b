//! Paid pods that wait, own pods, policies and HPAs: what `/metrics` tells of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::prometheus::series;
use super::rig::{Rig, world};
use crate::support::answer::Answer;
use crate::support::authority::Authority;
use crate::support::fake_apiserver::Setup;
use crate::support::fixture;
use crate::support::watch::Ending;
use crate::support::world::{List, World};

const COUNT: &str = "oppscale_paid_pod_wait_seconds_count";
const PLACEABLE: &str = r#"oppscale_paid_waiting_pods{state="placeable"}"#;
const LONGEST: &str = "oppscale_paid_longest_wait_seconds";

/// A paid pod of one core that waits for a node.
fn waiting(world: &World, name: &str) -> Value {
    let mut pod = world.guest(name, 1);
    pod["spec"]["nodeName"] = Value::Null;
    pod["status"]["phase"] = "Pending".into();
    pod
}

fn add_waiting(rig: &Rig, name: &str) {
    rig.server.change(|world| {
        let pod = waiting(world, name);
        world.pods.push(pod);
    });
}

fn bind(world: &mut World, name: &str) {
    let node = world.nodes[0]["metadata"]["name"].clone();
    world.pod(name)["spec"]["nodeName"] = node;
}

fn number(rig: &Rig, name: &str) -> f64 {
    let text = rig.web("/metrics").body;
    series(&text, name).unwrap_or_else(|| panic!("{name}\n{text}")).parse().unwrap()
}

fn until(rig: &Rig, name: &str, value: f64) {
    rig.until(&format!("{name} {value}"), |rig| number(rig, name) == value);
}

#[test]
fn a_paid_pod_waits_and_gets_its_node() {
    let rig = Rig::start(&[]);
    assert_eq!(number(&rig, PLACEABLE), 0.0);
    assert_eq!(number(&rig, LONGEST), 0.0);
    assert_eq!(number(&rig, r#"oppscale_paid_waiting_pods{state="unplaceable"}"#), 1.0);
    assert_eq!(number(&rig, COUNT), 0.0);
    add_waiting(&rig, "burst");
    until(&rig, PLACEABLE, 1.0);
    std::thread::sleep(Duration::from_millis(1100));
    assert!(number(&rig, LONGEST) > 1.0);
    rig.server.change(|world| bind(world, "burst"));
    until(&rig, COUNT, 1.0);
    // A count of the shares may be as old as two of its kind take.
    until(&rig, PLACEABLE, 0.0);
    assert_eq!(number(&rig, LONGEST), 0.0);
    let text = rig.web("/metrics").body;
    let bucket = |le: &str| {
        series(&text, &format!("oppscale_paid_pod_wait_seconds_bucket{{le=\"{le}\"}}")).unwrap()
    };
    assert_eq!([bucket("1.0"), bucket("30.0"), bucket("+Inf")], ["0", "1", "1"]);
    let seconds = number(&rig, "oppscale_paid_pod_wait_seconds_sum");
    assert!((1.0..30.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_wait_whose_begin_or_end_was_not_seen_is_not_measured() {
    let proxies = Authority::new("front-proxy-ca");
    let mut world = world(&proxies);
    let early = waiting(&world, "early");
    world.pods.push(early);
    let rig = Rig::with(proxies, Setup::new(world), &[]);
    until(&rig, PLACEABLE, 1.0);
    assert!(number(&rig, LONGEST) > 0.0, "for at least so long");
    // One that vanishes, and one that is seen first in a list that is read again.
    add_waiting(&rig, "short");
    until(&rig, PLACEABLE, 2.0);
    rig.server.change(|world| world.pods.retain(|pod| pod["metadata"]["name"] != "short"));
    until(&rig, PLACEABLE, 1.0);
    rig.server.silence_watches(true);
    add_waiting(&rig, "unseen");
    rig.server.compact();
    rig.server.silence_watches(false);
    rig.server.end_watches(Ending::Gone);
    until(&rig, PLACEABLE, 2.0);
    rig.server.change(|world| {
        bind(world, "early");
        bind(world, "unseen");
    });
    until(&rig, PLACEABLE, 0.0);
    add_waiting(&rig, "seen");
    until(&rig, PLACEABLE, 1.0);
    rig.server.change(|world| bind(world, "seen"));
    until(&rig, COUNT, 1.0);
}

#[test]
fn a_gated_pod_does_not_wait_yet() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        let mut pod = waiting(world, "gated");
        pod["spec"]["schedulingGates"] = json!([{"name": "quota"}]);
        world.pods.push(pod);
    });
    until(&rig, r#"oppscale_paid_waiting_pods{state="gated"}"#, 1.0);
    assert_eq!(number(&rig, PLACEABLE), 0.0);
    std::thread::sleep(Duration::from_secs(2));
    rig.server.change(|world| world.pod("gated")["spec"]["schedulingGates"] = json!([]));
    until(&rig, PLACEABLE, 1.0);
    assert!(number(&rig, LONGEST) < 2.0, "gates are no wait");
    rig.server.change(|world| bind(world, "gated"));
    until(&rig, COUNT, 1.0);
    // A node that no opportunistic workload may use is elsewhere.
    rig.server.change(|world| {
        world.nodes[0]["spec"]["unschedulable"] = true.into();
        let mut pod = waiting(world, "pinned");
        let host = &world.nodes[0]["metadata"]["labels"]["kubernetes.io/hostname"];
        pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": host});
        world.pods.push(pod);
    });
    until(&rig, r#"oppscale_paid_waiting_pods{state="elsewhere"}"#, 1.0);
}

const MINER: &str = r#"namespace="opportunistic",kind="Deployment",workload="electroneum""#;

#[test]
fn own_pods_are_not_paid_whatever_their_labels() {
    let rig = Rig::start(&[]);
    let own = |state: &str| format!("oppscale_workload_pods{{{MINER},state=\"{state}\"}}");
    assert_eq!((number(&rig, &own("placed")), number(&rig, &own("waiting"))), (90.0, 0.0));
    rig.server.change(|world| {
        for name in ["labelled", "plain"] {
            let mut pod = world.pod("electroneum").clone();
            pod["metadata"]["name"] = name.into();
            pod["metadata"]["uid"] = format!("uid-of-{name}").into();
            if name == "plain" {
                let labels = pod["metadata"]["labels"].as_object_mut().unwrap();
                labels.remove("oppscale.dev/opportunistic");
            }
            pod["spec"]["nodeName"] = Value::Null;
            pod["status"]["phase"] = "Pending".into();
            world.pods.push(pod);
        }
    });
    until(&rig, &own("waiting"), 2.0);
    assert_eq!(number(&rig, PLACEABLE), 0.0);
    rig.server.change(|world| {
        bind(world, "labelled");
        bind(world, "plain");
    });
    until(&rig, &own("placed"), 92.0);
    assert_eq!((number(&rig, &own("waiting")), number(&rig, COUNT)), (0.0, 0.0));
}

#[test]
fn policies_and_hpas_of_served_workloads_are_told() {
    let rig = Rig::start(&["--max-staleness=3s"]);
    let text = rig.web("/metrics").body;
    let of_miner = |name: &str| format!("oppscale_workload_{name}{{{MINER}}}");
    assert_eq!(series(&text, &of_miner("reserve_cpu_cores")).as_deref(), Some("30"));
    for absent in ["reserve_memory_bytes", "max_replicas", "oppscale_hpa_"] {
        assert!(!text.contains(absent), "{absent}\n{text}");
    }
    rig.server.change(|world| {
        let filler = |d: &&mut Value| d["metadata"]["name"] == "electroneum";
        let filler = world.deployments.iter_mut().find(filler).unwrap();
        filler["metadata"]["annotations"]["oppscale.dev/reserve"] = "25%".into();
        filler["metadata"]["annotations"]["oppscale.dev/max-replicas"] = "150".into();
        world.hpas = World::blog().hpas;
        let mut other = world.hpas[0].clone();
        other["metadata"]["name"] = "other".into();
        other["metadata"]["uid"] = "other".into();
        other["spec"]["scaleTargetRef"]["name"] = "shop".into();
        world.hpas.push(other);
    });
    until(&rig, &of_miner("reserve_cpu_cores"), 46.0);
    until(&rig, &of_miner("max_replicas"), 150.0);
    assert!(number(&rig, &of_miner("reserve_memory_bytes")) > 1e9);
    let hpa = |what: &str| format!("oppscale_hpa_{what}_replicas{{{MINER},hpa=\"HPA\"}}");
    let name = World::blog().hpas[0]["metadata"]["name"].as_str().unwrap().to_owned();
    for (what, path) in [
        ("current", "/status/currentReplicas"),
        ("desired", "/status/desiredReplicas"),
        ("min", "/spec/minReplicas"),
        ("max", "/spec/maxReplicas"),
    ] {
        let value = World::blog().hpas[0].pointer(path).unwrap().as_f64().unwrap();
        let series_name = hpa(what).replace("HPA", &name);
        rig.until(&series_name, |rig| rig.web("/metrics").body.contains(&series_name));
        until(&rig, &series_name, value);
    }
    let text = rig.web("/metrics").body;
    assert!(!text.contains("hpa=\"other\""), "{text}");
    assert!(text.contains("oppscale_watch_age_seconds{resource=\"horizontalpodautoscalers\"}"));
    rig.server.silence_watches(true);
    rig.until("stale", |rig| rig.web("/metrics").body.contains("\noppscale_blind 1\n"));
    let text = rig.web("/metrics").body;
    for absent in ["oppscale_hpa_", "oppscale_workload_", "oppscale_paid_waiting", LONGEST] {
        assert!(!text.contains(absent), "{absent}\n{text}");
    }
    // Counters go on, or their rates would jump.
    assert!(text.contains("\noppscale_paid_pod_wait_seconds_count 0\n"), "{text}");
}

#[test]
fn hpas_that_may_not_be_read_are_left_out() {
    let proxies = Authority::new("front-proxy-ca");
    let mut world = world(&proxies);
    world.hpas = World::blog().hpas;
    let server = Setup::new(world).start();
    let path = "/apis/autoscaling/v2/horizontalpodautoscalers";
    let forbidden = Answer::Recorded("403-nodes");
    server.always(path, forbidden.clone());
    server.always(&format!("{path}?watch"), forbidden);
    let kubeconfig = crate::support::kubeconfig::Kubeconfig::of(&server);
    let rig = Rig::of(proxies, server, &kubeconfig, &[]);
    until(&rig, &format!("oppscale_fit_replicas{{{MINER}}}"), 121.0);
    assert!(!rig.web("/metrics").body.contains("oppscale_hpa_"));
}

#[test]
fn the_metric_is_the_fit_that_top_counts() {
    for (file, fit) in [
        ("11-ds-overhead.json", "9"),
        ("14b-pinned-pool.json", "40"),
        ("15b-frag.json", "250"),
        ("25-placeholders.json", "16"),
    ] {
        let proxies = Authority::new("front-proxy");
        let mut world = world(&proxies);
        let text = std::fs::read_to_string(fixture(&format!("counting/{file}"))).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        let of = |kind: &str| -> List {
            let items = list["items"].as_array().unwrap().iter();
            items.filter(|item| item["kind"] == kind).cloned().collect()
        };
        (world.nodes, world.pods) = (of("Node"), of("Pod"));
        let filler =
            world.deployments.iter_mut().find(|d| d["metadata"]["name"] == "electroneum").unwrap();
        filler["metadata"]["annotations"]["oppscale.dev/reserve"] = "0".into();
        let rig = Rig::with(proxies, Setup::new(world), &[]);
        assert_eq!(rig.fit().as_deref(), Ok(fit), "{file}");
    }
}
