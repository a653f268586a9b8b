//! Workloads on the usage basis: what is idle counts, by what metrics.k8s.io says.

use std::time::Duration;

use serde_json::json;

use super::rig::{self, Rig};
use crate::support::authority::Authority;
use crate::support::fake_apiserver::Setup;
use crate::support::world::{Metrics, World};

/// Two intervals of 15 s, on a busy machine.
const READING: Duration = Duration::from_secs(60);

/// Every node uses 8 cores, and the first one these.
fn metrics(world: &World, first: u32) -> Metrics {
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
fn world(proxies: &Authority, annotations: serde_json::Value) -> World {
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
