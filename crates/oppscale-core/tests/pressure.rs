//! Nodes without slots, because their paid pods wait for CPU.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use oppscale_core::ledger::Ledger;
use oppscale_core::model::Pod;
use oppscale_core::pressure::{
    Ending, HOLD, NodePressure, PodPressure, PressureChange, PressureCounts, PressureGuard,
    PressureReading, Unread,
};
use oppscale_core::record::{PodKey, PodRecord, PodState};
use oppscale_core::resources::{Amount, CPU, PODS, Resources};
use oppscale_core::usage::{NodeCpu, PaidUsage};
use proptest::prelude::*;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
/// The default of `serve`, in percent.
const THRESHOLD: f64 = 5.0;

fn waited(percent: f64) -> Result<NodePressure, Unread> {
    Ok(known(Some(("shop/cart", percent)), &[]))
}

fn known(longest: Option<(&str, f64)>, missing: &[u128]) -> NodePressure {
    NodePressure::Known {
        longest: longest.map(|(pod, percent)| (pod.into(), percent)),
        missing: missing.iter().map(|key| PodKey::of_uid(*key)).collect(),
    }
}

fn guard() -> PressureGuard {
    PressureGuard::new(THRESHOLD)
}

#[test]
fn a_node_is_held_until_its_paid_pods_have_not_waited_for_five_minutes() {
    let mut guard = guard();
    assert_eq!(guard.apply(Duration::ZERO, "n1", waited(5.0)), None, "not above the threshold");
    assert!(!guard.is_held(Duration::ZERO, "n1"));
    let held = Some(PressureChange::Held("shop/cart".into(), 5.1));
    assert_eq!(guard.apply(MINUTE, "n1", waited(5.1)), held);
    assert_eq!(guard.apply(2 * MINUTE, "n1", waited(60.0)), None, "it is held already");
    for minute in 3..7 {
        assert_eq!(guard.apply(minute * MINUTE, "n1", waited(0.0)), None);
        assert!(guard.is_held(minute * MINUTE, "n1"), "{minute}");
    }
    assert_eq!(guard.apply(7 * MINUTE, "n1", waited(0.0)), Some(PressureChange::Released));
    assert!(!guard.is_held(7 * MINUTE, "n1"));
}

#[test]
fn a_node_that_is_not_read_any_more_is_not_held_for_ever() {
    let mut guard = guard();
    guard.apply(Duration::ZERO, "n1", waited(50.0));
    for minute in 1..15 {
        guard.apply(minute * MINUTE, "n1", Err(Unread::Failed));
        assert!(guard.is_held(minute * MINUTE, "n1"), "an overloaded kubelet does not answer");
    }
    assert!(!guard.is_held(15 * MINUTE, "n1"));
    let released = Some(PressureChange::Released);
    assert_eq!(
        guard.apply(15 * MINUTE, "n1", Err(Unread::Failed)),
        released,
        "its hold has lapsed"
    );
    assert_eq!(guard.apply(16 * MINUTE, "n1", Err(Unread::Failed)), None, "once");
    // Neither is one whose pods have got CPU limits, or whose kubelet has stopped to tell.
    for silent in [NodePressure::Limited, NodePressure::Unknown] {
        guard.apply(Duration::ZERO, "n2", waited(50.0));
        assert_eq!(guard.apply(14 * MINUTE, "n2", Ok(silent.clone())), None);
        assert!(!guard.is_held(15 * MINUTE, "n2"));
        assert_eq!(guard.apply(15 * MINUTE, "n2", Ok(silent)), released);
    }
}

#[test]
fn what_cannot_be_told_is_unknown_and_not_calm() {
    let mut guard = guard();
    let readings = [
        ("waits", waited(50.0)),
        ("calm", waited(1.0)),
        ("empty", Ok(known(None, &[]))),
        ("limited", Ok(NodePressure::Limited)),
        ("no psi", Ok(NodePressure::Unknown)),
        ("silent", Err(Unread::Failed)),
    ];
    let names: Vec<&str> = readings.iter().map(|(name, _)| *name).chain(["unread"]).collect();
    for (name, reading) in readings {
        guard.apply(Duration::ZERO, name, reading);
    }
    let counts = guard.counts(Duration::ZERO, names.iter().copied());
    assert_eq!(counts, PressureCounts { waiting: 1, calm: 2, limited: 1, unknown: 3 });
    let later = guard.counts(11 * MINUTE, names);
    assert_eq!(
        later,
        PressureCounts { waiting: 1, calm: 0, limited: 0, unknown: 6 },
        "readings grow old"
    );
}

#[test]
fn nodes_with_fillers_are_read_first_and_each_once_a_minute() {
    let mut guard = guard();
    let nodes: HashSet<Arc<str>> = (0..10).map(|n| format!("n{n}").into()).collect();
    let has_fillers = |node: &str| node == "n7" || node == "n8";
    let due = guard.due(Duration::ZERO, &nodes, has_fillers, 3);
    assert_eq!(due.iter().map(|node| &**node).collect::<Vec<_>>(), ["n7", "n8", "n0"]);
    for node in due {
        guard.apply(Duration::ZERO, &node, waited(0.0));
    }
    let second = Duration::from_secs(1);
    let due = guard.due(second, &nodes, has_fillers, 3);
    assert_eq!(due.iter().map(|node| &**node).collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    guard.apply(second, "n3", waited(50.0));
    let due = guard.due(MINUTE + second, &nodes, has_fillers, 20);
    let due: Vec<_> = due.iter().map(|node| &**node).collect();
    assert_eq!(due, ["n1", "n2", "n4", "n5", "n6", "n9", "n7", "n8", "n3", "n0"]);
    // A node that is gone is forgotten.
    guard.due(MINUTE, &HashSet::<Arc<str>>::new(), has_fillers, 20);
    assert!(!guard.is_held(MINUTE, "n3"));
}

/// As many nodes with fillers as can be read in a minute leave time for the others.
#[test]
fn no_reading_grows_old_in_the_largest_clusters() {
    const NODES: usize = 5000;
    let name = |n: usize| Arc::<str>::from(format!("n{n:04}"));
    let nodes: HashSet<Arc<str>> = (0..NODES).map(name).collect();
    for fillers in [1200, 4900].map(name) {
        let mut guard = guard();
        let has_fillers = |node: &str| *node < *fillers;
        // Half an hour of rounds, as the server has them.
        for round in 0..120 {
            let now = Duration::from_secs(15) * round;
            for node in guard.due(now, &nodes, has_fillers, 300) {
                guard.apply(now, &node, waited(0.0));
            }
            if round % 20 == 19 {
                let counts = guard.counts(now, nodes.iter().map(|node| &**node));
                assert_eq!(counts.unknown, 0, "{fillers} {now:?}");
            }
        }
    }
}

/// A paid pod on node `n1` that is ready, with this key, CPU request, and CPU limit if limits are
/// read.
fn paid(key: u128, cpu: Amount, limit: Option<Amount>) -> PodRecord<'static> {
    let footprint = Resources::default().with(CPU, cpu).with(PODS, 1);
    let state = PodState::Bound { node: "n1", footprint };
    PodRecord {
        ready: true,
        limits: limit.map(|limit| Resources::default().with(CPU, limit)),
        ..PodRecord::paid(PodKey::of_uid(key), "shop", "any", state)
    }
}

fn pressure(key: u128, waiting: Option<f64>) -> PodPressure {
    PodPressure { key: PodKey::of_uid(key), name: format!("shop/p{key}").into(), waiting }
}

fn pressure_of(node: &str, reading: &PressureReading, ledger: &Ledger) -> NodePressure {
    let all = NodePressure::of_all(&[(node.into(), reading.clone())], ledger).remove(0);
    let is_incomplete = matches!(&all, NodePressure::Known { missing, .. } if !missing.is_empty());
    let alone = NodePressure::of(node, reading, ledger);
    assert_eq!(alone, (!is_incomplete).then(|| all.clone()));
    all
}

/// Each node gets its own missing pods, in one pass over those of all.
#[test]
fn nodes_that_miss_pods_are_told_apart() {
    let mut ledger = Ledger::default();
    let on = |node, key| {
        let footprint = Resources::default().with(CPU, 100);
        PodRecord { state: PodState::Bound { node, footprint }, ..paid(key, 0, Some(0)) }
    };
    for (node, key) in [("n1", 1), ("n1", 2), ("n2", 3), ("n3", 4), ("n4", 5)] {
        ledger.apply_pod(on(node, key));
    }
    let reading = |node: &str, pods, has_psi| (node.into(), PressureReading { pods, has_psi });
    let readings = [
        reading("n1", vec![pressure(2, Some(9.0))], true),
        reading("n2", vec![pressure(3, Some(1.0))], true),
        reading("n3", vec![], true),
        reading("n4", vec![], false),
        reading("gone", vec![], true),
    ];
    let expected = [
        known(Some(("shop/p2", 9.0)), &[1]),
        known(Some(("shop/p3", 1.0)), &[]),
        known(None, &[4]),
        NodePressure::Unknown,
        NodePressure::Unknown,
    ];
    assert_eq!(NodePressure::of_all(&readings, &ledger), expected);
    for ((node, reading), expected) in readings.iter().zip(expected) {
        assert_eq!(pressure_of(node, reading, &ledger), expected, "{node}");
    }
}

#[test]
fn only_paid_pods_count_that_request_cpu_and_have_no_limit_of_it() {
    let mut ledger = Ledger::default();
    ledger.apply_pod(PodRecord { opportunistic: true, ..paid(1, 10, Some(0)) });
    ledger.apply_pod(paid(2, 0, Some(0)));
    let mut reading = PressureReading {
        pods: (1..=6).map(|key| pressure(key, Some(f64::from(key as u32) * 10.0))).collect(),
        has_psi: true,
    };
    assert_eq!(pressure_of("n1", &reading, &ledger), known(None, &[]));
    ledger.apply_pod(paid(3, 1000, Some(2000)));
    assert_eq!(pressure_of("n1", &reading, &ledger), NodePressure::Limited);
    ledger.apply_pod(paid(6, 1000, None));
    assert_eq!(pressure_of("n1", &reading, &ledger), NodePressure::Limited, "of unknown limit");
    ledger.apply_pod(paid(4, 1000, Some(0)));
    let fourth = known(Some(("shop/p4", 40.0)), &[]);
    assert_eq!(pressure_of("n1", &reading, &ledger), fourth);
    let elsewhere = PodState::Bound { node: "n2", footprint: Resources::default() };
    ledger.apply_pod(PodRecord { state: elsewhere, ..paid(9, 0, Some(0)) });
    assert_eq!(pressure_of("n2", &reading, &ledger), known(None, &[]), "of another node");
    assert_eq!(pressure_of("n3", &reading, &ledger), NodePressure::Unknown, "gone");
    ledger.apply_pod(paid(5, 1000, Some(0)));
    let fifth = known(Some(("shop/p5", 50.0)), &[]);
    assert_eq!(pressure_of("n1", &reading, &ledger), fifth);
    reading.pods.reverse();
    assert_eq!(pressure_of("n1", &reading, &ledger), fifth, "in any order");
    reading.pods = vec![pressure(4, None), pressure(5, Some(50.0))];
    let fourth_is_missing = known(Some(("shop/p5", 50.0)), &[4]);
    assert_eq!(pressure_of("n1", &reading, &ledger), fourth_is_missing, "no figure");
    reading.pods = vec![pressure(5, Some(50.0))];
    assert_eq!(pressure_of("n1", &reading, &ledger), fourth_is_missing, "left out");
    // A pod that is not ready may have no container that runs, of which a kubelet tells nothing.
    ledger.apply_pod(PodRecord { ready: false, ..paid(4, 1000, Some(0)) });
    assert_eq!(pressure_of("n1", &reading, &ledger), fifth);
    reading.pods = vec![pressure(4, Some(40.0))];
    let fifth_is_missing = known(Some(("shop/p4", 40.0)), &[5]);
    assert_eq!(pressure_of("n1", &reading, &ledger), fifth_is_missing, "a ready one");
    reading.pods = vec![pressure(1, Some(99.0))];
    assert_eq!(pressure_of("n1", &reading, &ledger), known(None, &[5]));
    reading.has_psi = false;
    assert_eq!(pressure_of("n1", &reading, &ledger), NodePressure::Unknown);
}

/// The kubelet knows a static pod by the hash of its manifest; the API, by its mirror pod's uid.
#[test]
fn a_static_pod_is_found_by_its_name() {
    let mirror = json!({"metadata": {
        "name": "etcd-n1", "namespace": "kube-system", "uid": "c3a7f6b0-0001-4000-8000-000000000001",
        "annotations": {"kubernetes.io/config.mirror": "9d3a5f1c6b2e4d7f8a0b1c2d3e4f5a6b"}
    }});
    let mirror = mirror.to_string();
    let mirror: Pod<'_> = serde_json::from_str(&mirror).unwrap();
    let mut ledger = Ledger::default();
    let key = PodKey::of(&mirror.metadata);
    ledger.apply_pod(PodRecord { key: key.clone(), ..paid(0, 250, Some(0)) });
    let pressure = |uid, name: &str| PodPressure {
        key: PodKey::of_parts(uid, "kube-system", "etcd-n1"),
        name: name.into(),
        waiting: Some(30.0),
    };
    let of = |pods| pressure_of("n1", &PressureReading { pods, has_psi: true }, &ledger);
    let waited = known(Some(("kube-system/etcd-n1", 30.0)), &[]);
    for uid in ["9d3a5f1c6b2e4d7f8a0b1c2d3e4f5a6b", ""] {
        assert_eq!(of(vec![pressure(uid, "kube-system/etcd-n1")]), waited, "{uid}");
    }
    let missing = NodePressure::Known { longest: None, missing: vec![key] };
    assert_eq!(of(vec![pressure("9d3a", "shop/etcd-n1")]), missing, "another pod");
}

/// What a pod is counted with may change, and whose it is.
#[test]
fn a_pod_that_no_longer_counts_is_not_missed() {
    let mut ledger = Ledger::default();
    ledger.apply_pod(paid(1, 100, Some(0)));
    let reading = PressureReading { pods: Vec::new(), has_psi: true };
    let missing = known(None, &[1]);
    assert_eq!(pressure_of("n1", &reading, &ledger), missing);
    for changed in [paid(1, 100, Some(200)), paid(1, 0, Some(0)), paid(1, 100, None)] {
        ledger.apply_pod(changed);
        assert_ne!(pressure_of("n1", &reading, &ledger), missing);
        ledger.apply_pod(paid(1, 100, Some(0)));
        assert_eq!(pressure_of("n1", &reading, &ledger), missing);
    }
    ledger.set_opportunistic(|_| true);
    assert_eq!(pressure_of("n1", &reading, &ledger), known(None, &[]));
    ledger.set_opportunistic(|_| false);
    assert_eq!(pressure_of("n1", &reading, &ledger), missing);
}

#[test]
fn a_node_whose_kubelet_leaves_out_a_paid_pod_is_unknown() {
    let mut guard = guard();
    let apply = |guard: &mut PressureGuard, minute: u32, percent, missing: &[u128]| {
        let reading = known(Some(("shop/cart", percent)), missing);
        let change = guard.apply(minute * MINUTE, "n1", Ok(reading));
        let counts = guard.counts(minute * MINUTE, ["n1"]);
        let is_unknown = guard.ending("n1") == Some(Ending::Unknown);
        let missing = if is_unknown { guard.missing_pods("n1") } else { 0 };
        (change, counts.waiting, counts.calm, counts.unknown, missing)
    };
    assert_eq!(apply(&mut guard, 0, 1.0, &[7]), (None, 0, 0, 1, 1), "from the first reading on");
    assert_eq!(apply(&mut guard, 1, 1.0, &[]), (None, 0, 1, 0, 0));
    // It began less than a reading ago.
    assert_eq!(apply(&mut guard, 2, 1.0, &[8]), (None, 0, 1, 0, 0));
    assert_eq!(apply(&mut guard, 3, 1.0, &[9]), (None, 0, 1, 0, 0), "another");
    assert_eq!(apply(&mut guard, 4, 1.0, &[8, 9]), (None, 0, 0, 1, 2));
    // What is known of the others counts nevertheless.
    let (change, waiting, .., missing) = apply(&mut guard, 5, 50.0, &[8, 9]);
    assert_eq!(change, Some(PressureChange::Held("shop/cart".into(), 50.0)));
    assert_eq!((waiting, missing), (1, 0));
    // A hold ends as that of a node that cannot be read.
    assert_eq!(apply(&mut guard, 19, 1.0, &[8, 9]).0, None);
    assert_eq!(apply(&mut guard, 20, 1.0, &[8, 9]).0, Some(PressureChange::Released));
}

#[test]
fn a_held_node_has_no_idle_cpu_and_an_unknown_one_stays_unknown() {
    let nodes =
        [("held", NodeCpu::Peak(1000)), ("free", NodeCpu::Peak(1000)), ("old", NodeCpu::Stale)];
    let mut paid: PaidUsage = nodes.into_iter().collect();
    let held: Vec<Arc<str>> = ["held", "old", "gone"].map(Arc::from).to_vec();
    paid.hold(&held);
    let idle = |node| paid.idle(node, 4000);
    assert_eq!(
        [idle("held"), idle("free"), idle("old"), idle("gone")],
        [Some(0), Some(3000), None, None]
    );
}

proptest! {
    /// The rule in one line: held if some reading of the last 5 minutes was above the threshold.
    #[test]
    fn a_node_is_held_if_and_only_if_a_pod_waited_within_the_hold(
        readings in prop::collection::vec((1_u64..200, 0.0_f64..10.0), 1..60)
    ) {
        let (mut guard, mut now, mut last) = (guard(), Duration::ZERO, None);
        for (seconds, percent) in readings {
            now += Duration::from_secs(seconds);
            guard.apply(now, "n1", waited(percent));
            if percent > THRESHOLD {
                last = Some(now);
            }
            let expected = last.is_some_and(|at| now - at < HOLD);
            prop_assert_eq!(guard.is_held(now, "n1"), expected, "at {:?}", now);
            prop_assert_eq!(guard.held(now).count(), usize::from(expected));
        }
    }
}
