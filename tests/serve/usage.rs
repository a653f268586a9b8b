//! Workloads on the usage basis: what is idle counts, by what metrics.k8s.io says.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{self, Rig};
use crate::support::authority::Authority;
use crate::support::fake_apiserver::Setup;
use crate::support::world::{Metrics, World};

/// Two intervals of 15 s, on a busy machine.
pub const READING: Duration = Duration::from_secs(60);

/// Every node uses 8 cores, and the first one these.
pub fn metrics(world: &World, first: u32) -> Metrics {
    let nodes = world.nodes.iter().zip(0..).map(|(node, number)| {
        let cpu = if number == 0 { first } else { 8 };
        json!({
            "metadata": {"name": node["metadata"]["name"]}, "window": "15s",
            "usage": {"cpu": format!("{cpu}"), "memory": "8Gi"}
        })
    });
    Metrics { nodes: nodes.collect(), pods: Vec::new() }
}

/// The article's cluster, whose miner requests little and burns a core, and does not run.
pub fn world(proxies: &Authority, annotations: serde_json::Value) -> World {
    let mut world = rig::world(proxies);
    world.pods.retain(|pod| pod["metadata"]["labels"]["app"] != "electroneum");
    let mut miners = world.deployments.iter_mut();
    let miner = miners.find(|miner| miner["metadata"]["name"] == "electroneum").unwrap();
    miner["metadata"]["annotations"] = annotations;
    miner["spec"]["replicas"] = 0.into();
    let container = &mut miner["spec"]["template"]["spec"]["containers"][0];
    container["resources"]["requests"]["cpu"] = "10m".into();
    world
}

#[test]
fn idle_cpu_is_filled_and_what_is_unknown_is_not() {
    let proxies = Authority::new("front-proxy-ca");
    let basis = json!({"oppscale.dev/basis": "usage", "oppscale.dev/burn": "1"});
    let setup = Setup::new(world(&proxies, basis));
    let rig = Rig::with(proxies, setup, &[]);
    // Without metrics-server nothing is idle, and nothing is full.
    rig.until("held", |rig| {
        rig.fit().is_err_and(|(status, why)| {
            status == 503 && why.contains("metrics-server is not installed")
        })
    });
    // 24 of 32 cores are idle on five nodes, and 16 of 24 on one.
    rig.server.change(|world| world.metrics = Some(metrics(world, 8)));
    rig.until_in(READING, "filled", |rig| rig.fit().as_deref() == Ok("136"));
    let scrape = rig.web("/metrics").body;
    for (series, value) in [
        ("oppscale_workload_idle_cpu_cores", "136"),
        ("oppscale_workload_burn_cpu_cores", "1"),
        ("oppscale_workload_crowded_pods", "0"),
        ("oppscale_workload_unknown_usage_nodes", "0"),
    ] {
        let line = scrape.lines().find(|line| line.starts_with(&format!("{series}{{")));
        let line = line.unwrap_or_else(|| panic!("no {series}"));
        assert!(line.contains("electroneum") && line.ends_with(&format!(" {value}")), "{line}");
    }
    assert!(scrape.contains("oppscale_usage_age_seconds "), "{scrape}");
    assert!(rig.web("/").body.contains("usage basis · burn 1"));
    // Usage that rises counts at the next reading.
    rig.server.change(|world| world.metrics = Some(metrics(world, 30)));
    rig.until_in(READING, "less is idle", |rig| rig.fit().as_deref() == Ok("114"));
}

#[test]
fn without_a_burn_nothing_is_offered() {
    let proxies = Authority::new("front-proxy-ca");
    let basis = json!({"oppscale.dev/basis": "usage"});
    let setup = Setup::new(world(&proxies, basis));
    let rig = Rig::with(proxies, setup, &[]);
    rig.until("held", |rig| {
        rig.fit().is_err_and(|(status, why)| status == 503 && why.contains("oppscale.dev/burn"))
    });
}

/// A held workload's pods start, too, and what they burn is neither paid usage nor idle.
#[test]
#[ignore = "slow: waits half a minute"]
fn pods_that_start_while_their_workload_is_held_are_no_paid_peak() {
    let proxies = Authority::new("front-proxy-ca");
    let basis = json!({"oppscale.dev/basis": "usage", "oppscale.dev/burn": "1"});
    let mut world = world(&proxies, basis);
    world.metrics = Some(metrics(&world, 8));
    let rig = Rig::with(proxies, Setup::new(world), &[]);
    rig.until_in(READING, "filled", |rig| rig.fit().as_deref() == Ok("136"));
    // Its namespace has an invalid limit, and 12 of its pods start on the first node.
    let limit = |world: &mut World, limit: &str| {
        world.namespaces[0]["metadata"]["annotations"] = json!({"oppscale.dev/max-share": limit});
    };
    rig.server.change(|world| {
        limit(world, "most");
        let node = world.nodes[0]["metadata"]["name"].clone();
        let recorded = World::blog().pods;
        let miner = |pod: &&Value| pod["metadata"]["labels"]["app"] == "electroneum";
        for pod in recorded.iter().filter(miner).take(12) {
            let mut pod = pod.clone();
            pod["spec"]["nodeName"] = node.clone();
            pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "10m".into();
            world.pods.push(pod);
        }
        world.metrics = Some(metrics(world, 20));
    });
    rig.until("held", |rig| rig.fit().is_err_and(|(status, _)| status == 503));
    let readings = |rig: &Rig| {
        let requests = rig.server.requests();
        requests.iter().filter(|one| one.path.contains("metrics.k8s.io/v1beta1/nodes")).count()
    };
    let before = readings(&rig);
    rig.until_in(READING, "read twice", |rig| readings(rig) > before + 1);
    rig.server.change(|world| limit(world, "100%"));
    rig.until("served again", |rig| rig.fit().is_ok());
    assert_eq!(rig.fit().as_deref(), Ok("136"));
}
