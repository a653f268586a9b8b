//! A long run of `serve` in a large, restless cluster: 5,000 nodes, 2,000 events a second, tenants
//! that come and go, serving certificates that are rotated, an API server that restarts every
//! minute. Memory stays flat, answers are right, and no request fails.
//!
//! `cargo test --test integration soak -- --ignored --nocapture` takes two minutes, or
//! `OPPSCALE_SOAK_SECONDS`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::faults::settles;
use super::rig::{Rig, serving, world, write_certificate};
use super::tenants::copy_of_miner;
use crate::support::authority::Authority;
use crate::support::fake_apiserver::Setup;
use crate::support::watch::Edit;
use crate::support::world::World;

const NODES: usize = 5_000;
const PODS: usize = 20_000;
/// Events in each tick.
const EVENTS: usize = 100;
const TICK: Duration = Duration::from_millis(50);
/// The longest run that is not asked for.
const SECONDS: u64 = 120;
/// Growth of memory that is no leak: allocators keep pages of a peak.
const SLACK: u64 = 16 << 20;

/// A paid pod of a tenth of a core.
fn paid(world: &World, number: usize) -> Value {
    let mut pod = world.guest(&format!("paid-{number}"), 1);
    pod["spec"]["nodeName"] = format!("node-{:04}", number % NODES).into();
    pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "100m".into();
    pod
}

fn large_world(proxies: &Authority) -> World {
    let mut world = world(proxies);
    let node = world.nodes[0].clone();
    world.nodes.extend((0..NODES).map(|number| {
        let mut node = node.clone();
        let name = format!("node-{number:04}");
        node["metadata"]["name"] = name.as_str().into();
        node["metadata"]["uid"] = format!("uid-of-{name}").into();
        node["metadata"]["labels"]["kubernetes.io/hostname"] = name.into();
        node
    }));
    let pods: Vec<_> = (0..PODS).map(|number| paid(&world, number)).collect();
    world.pods.extend(pods);
    world
}

/// A namespace that is open, and its filler.
fn tenant(world: &World, number: usize) -> [(&'static str, Value); 2] {
    let name = format!("tenant-{number}");
    let namespace = json!({"metadata": {
        "name": name, "uid": format!("uid-of-{name}"),
        "labels": {"oppscale.dev/opportunistic": "true"}
    }});
    let weight = json!({"oppscale.dev/weight": (number % 100 + 1).to_string()});
    [("namespaces", namespace), ("deployments", copy_of_miner(world, &name, "filler", weight))]
}

/// Asks for the metric until told to stop; counts the answers, and keeps the first failure.
fn ask(rig: &Rig, stop: &AtomicBool, asked: &AtomicU64) -> Option<String> {
    while !stop.load(Ordering::Relaxed) {
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rig.fit()));
        match answer {
            Ok(Ok(_)) => asked.fetch_add(1, Ordering::Relaxed),
            Ok(Err(refused)) => return Some(format!("{refused:?}")),
            Err(_) => return Some("the connection failed".to_owned()),
        };
        std::thread::sleep(Duration::from_millis(200));
    }
    None
}

#[test]
#[ignore = "by hand: takes OPPSCALE_SOAK_SECONDS"]
#[allow(clippy::print_stderr)] // Whoever runs it by hand watches it.
fn soak() {
    let seconds = std::env::var("OPPSCALE_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(SECONDS));
    let proxies = Authority::new("front-proxy-ca");
    let setup = Setup::new(large_world(&proxies));
    let mut rig = Rig::with(proxies, setup, &[]);
    let sample = World::blog();
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let (mut events, mut number, mut tenants, mut restarts, mut rotations) = (0, PODS, 0, 0, 0);
    let mut memory: Vec<u64> = Vec::new();
    let (mut minute, mut present) = (0, 0);
    while start.elapsed() < length {
        minute += 1;
        stop.store(false, Ordering::Relaxed);
        let end = (start + length).min(Instant::now() + Duration::from_secs(60));
        let failure = std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask(&rig, &stop, &asked));
            let mut tick: usize = 0;
            let began = Instant::now();
            while Instant::now() < end {
                tick += 1;
                for event in 0..EVENTS {
                    number += 1;
                    // Pods of others come first in the list, and stay.
                    let at = sample.pods.len() + number * 7919 % PODS;
                    match event % 10 {
                        // A pod goes, and the last one takes its place; another comes.
                        0 => rig.server.edit("pods", Edit::Remove(at)),
                        1 => rig.server.edit("pods", Edit::Add(paid(&sample, number))),
                        // A heartbeat of a node.
                        2 => {
                            let at = sample.nodes.len() + number * 31 % NODES;
                            rig.server.change_one("nodes", at, |node| {
                                node["metadata"]["annotations"]["heartbeat"] =
                                    number.to_string().into();
                            });
                        }
                        _ => rig.server.change_one("pods", at.min(PODS - 1), |pod| {
                            pod["status"]["observed"] = number.into();
                        }),
                    }
                    events += 1;
                }
                if tick.is_multiple_of(40) {
                    for (path, object) in tenant(&sample, tenants) {
                        rig.server.edit(path, Edit::Add(object));
                    }
                    tenants += 1;
                    present += 1;
                }
                if tick % 200 == 100 {
                    write_certificate(&rig.env, &serving(&rig.authority));
                    rotations += 1;
                }
                if tick.is_multiple_of(100) {
                    memory.push(rig.oppscale.memory());
                }
                let due = TICK * u32::try_from(tick).unwrap();
                std::thread::sleep(due.saturating_sub(began.elapsed()));
            }
            stop.store(true, Ordering::Relaxed);
            asking.join().unwrap()
        });
        assert_eq!(failure, None, "minute {minute}\n{}", rig.oppscale.log_text());
        for at in (0..present).rev() {
            rig.server.edit("namespaces", Edit::Remove(sample.namespaces.len() + at));
            rig.server.edit("deployments", Edit::Remove(sample.deployments.len() + at));
        }
        present = 0;
        rig.server.kill();
        std::thread::sleep(Duration::from_secs(2));
        // Without the API server, the last state is served.
        assert!(rig.fit().is_ok());
        rig.server.restart();
        restarts += 1;
        settles(&rig);
        eprintln!(
            "minute {minute}: {events} events, {tenants} tenants, {rotations} rotations, {} MiB",
            rig.oppscale.memory() >> 20
        );
    }
    assert!(!rig.oppscale.log_text().contains("panicked"), "{}", rig.oppscale.log_text());
    let metrics = rig.web("/metrics").body;
    assert!(metrics.contains("oppscale_panics_total 0"), "{metrics}");
    let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len().max(1) as u64;
    // The first quarter fills what is kept.
    let quarter = memory.len() / 4;
    let (early, late) = (mean(&memory[quarter..2 * quarter]), mean(&memory[3 * quarter..]));
    eprintln!(
        "{events} events in {:.0} s, {} answers, {restarts} restarts, memory {} to {} MiB",
        start.elapsed().as_secs_f64(),
        asked.load(Ordering::Relaxed),
        early >> 20,
        late >> 20
    );
    assert!(late < early + early / 10 + SLACK, "memory grows: {memory:?}");
}
