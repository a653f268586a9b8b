//! Nodes without slots, because their paid pods wait for CPU.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use oppscale_core::ledger::Ledger;
use oppscale_core::pressure::{
    DEFAULT_THRESHOLD, HOLD, NodePressure, PodPressure, PressureChange, PressureCounts,
    PressureGuard, PressureReading,
};
use oppscale_core::record::{PodKey, PodRecord, PodState};
use oppscale_core::resources::{Amount, CPU, PODS, Resources};
use oppscale_core::usage::{NodeCpu, PaidUsage};
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

fn waited(percent: f64) -> Option<NodePressure> {
    Some(NodePressure::Waited("shop/cart".into(), percent))
}

fn guard() -> PressureGuard {
    PressureGuard::new(DEFAULT_THRESHOLD)
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
        guard.apply(minute * MINUTE, "n1", None);
        assert!(guard.is_held(minute * MINUTE, "n1"), "an overloaded kubelet does not answer");
    }
    assert!(!guard.is_held(15 * MINUTE, "n1"));
    let released = Some(PressureChange::Released);
    assert_eq!(guard.apply(15 * MINUTE, "n1", None), released, "its hold has lapsed");
    assert_eq!(guard.apply(16 * MINUTE, "n1", None), None, "once");
    // Neither is one whose pods have got CPU limits, or whose kubelet has stopped to tell.
    for silent in [NodePressure::Limited, NodePressure::Unknown] {
        guard.apply(Duration::ZERO, "n2", waited(50.0));
        assert_eq!(guard.apply(14 * MINUTE, "n2", Some(silent.clone())), None);
        assert!(!guard.is_held(15 * MINUTE, "n2"));
        assert_eq!(guard.apply(15 * MINUTE, "n2", Some(silent)), released);
    }
}

#[test]
fn what_cannot_be_told_is_unknown_and_not_calm() {
    let mut guard = guard();
    let readings = [
        ("waits", waited(50.0)),
        ("calm", waited(1.0)),
        ("empty", Some(NodePressure::NoPaidPods)),
        ("limited", Some(NodePressure::Limited)),
        ("no psi", Some(NodePressure::Unknown)),
        ("silent", None),
    ];
    let names: Vec<&str> = readings.iter().map(|(name, _)| *name).chain(["unread"]).collect();
    for (name, reading) in readings {
        guard.apply(Duration::ZERO, name, reading);
    }
    let counts = guard.counts(Duration::ZERO, names.iter().copied());
    assert_eq!(counts, PressureCounts { waiting: 1, calm: 2, unknown: 4 });
    let later = guard.counts(11 * MINUTE, names);
    assert_eq!(later, PressureCounts { waiting: 1, calm: 0, unknown: 6 }, "readings grow old");
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

/// A pod on node `n1`, with this key, CPU request, CPU limit if limits are read, and whether it is
/// a filler.
fn apply(ledger: &mut Ledger, key: u128, cpu: Amount, limit: Option<Amount>, opportunistic: bool) {
    let name = format!("p{key}");
    ledger.apply_pod(PodRecord {
        key: PodKey::of_uid(key),
        namespace: "shop",
        name: &name,
        workload: ("ReplicaSet", "cart"),
        opportunistic,
        yields: opportunistic,
        terminating: false,
        claims: Vec::new(),
        limits: limit.map(|limit| Resources::default().with(CPU, limit)),
        state: PodState::Bound {
            node: "n1",
            footprint: Resources::default().with(CPU, cpu).with(PODS, 1),
        },
    });
}

fn pressure(key: u128, waiting: Option<f64>) -> PodPressure {
    PodPressure { key: PodKey::of_uid(key), name: format!("shop/p{key}").into(), waiting }
}

#[test]
fn only_paid_pods_count_that_request_cpu_and_have_no_limit_of_it() {
    let mut ledger = Ledger::default();
    apply(&mut ledger, 1, 10, Some(0), true);
    apply(&mut ledger, 2, 0, Some(0), false);
    let mut reading = PressureReading {
        pods: (1..=6).map(|key| pressure(key, Some(f64::from(key as u32) * 10.0))).collect(),
        has_psi: true,
    };
    assert_eq!(NodePressure::of("n1", &reading, &ledger), NodePressure::NoPaidPods);
    apply(&mut ledger, 3, 1000, Some(2000), false);
    assert_eq!(NodePressure::of("n1", &reading, &ledger), NodePressure::Limited);
    apply(&mut ledger, 6, 1000, None, false);
    assert_eq!(
        NodePressure::of("n1", &reading, &ledger),
        NodePressure::Limited,
        "of unknown limit"
    );
    apply(&mut ledger, 4, 1000, Some(0), false);
    let fourth = NodePressure::Waited("shop/p4".into(), 40.0);
    assert_eq!(NodePressure::of("n1", &reading, &ledger), fourth);
    assert_eq!(
        NodePressure::of("n2", &reading, &ledger),
        NodePressure::NoPaidPods,
        "of another node"
    );
    apply(&mut ledger, 5, 1000, Some(0), false);
    let fifth = NodePressure::Waited("shop/p5".into(), 50.0);
    assert_eq!(NodePressure::of("n1", &reading, &ledger), fifth);
    reading.pods.reverse();
    assert_eq!(NodePressure::of("n1", &reading, &ledger), fifth, "in any order");
    reading.pods = vec![pressure(4, None)];
    assert_eq!(NodePressure::of("n1", &reading, &ledger), NodePressure::Unknown);
    reading.has_psi = false;
    assert_eq!(NodePressure::of("n1", &reading, &ledger), NodePressure::Unknown);
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
            if percent > DEFAULT_THRESHOLD {
                last = Some(now);
            }
            let expected = last.is_some_and(|at| now - at < HOLD);
            prop_assert_eq!(guard.is_held(now, "n1"), expected, "at {:?}", now);
            prop_assert_eq!(guard.held(now).count(), usize::from(expected));
        }
    }
}
