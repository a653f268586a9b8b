//! Remaining, slots and fit replicas.

use oppscale_core::headroom::{Fit, Headroom, Limit, Query, measure};
use oppscale_core::ledger::Ledger;
use oppscale_core::model::{Node, Pod};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::record::PodRecord;
use oppscale_core::resources::{CPU, MEMORY, PODS};

/// A ledger of nodes `(name, allocatable)` and pods `(name, node, requests, own)`.
fn ledger(nodes: &[(&str, &str)], pods: &[(&str, &str, &str, bool)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (name, allocatable) in nodes {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}"}},"status":{{"allocatable":{allocatable}}}}}"#
        );
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&json).unwrap()));
    }
    for (name, node, requests, own) in pods {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"d","labels":{{"oppscale.dev/opportunistic":"{own}"}}}},
            "spec":{{"nodeName":"{node}","containers":[{{"name":"c","resources":{{"requests":{requests}}}}}]}}}}"#
        );
        let pod: Pod<'_> = serde_json::from_str(&json).unwrap();
        ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
    }
    ledger
}

fn query(replica: &str, reserve: &str) -> Query {
    Query {
        replica: replica.parse().unwrap(),
        reserve: reserve.parse().unwrap(),
        ..Query::default()
    }
}

fn fit(headroom: &Headroom) -> Fit {
    headroom.fit.clone().unwrap()
}

const NODE: &str = r#"{"cpu":"8","memory":"16Gi","pods":"110"}"#;

#[test]
fn own_pods_do_not_reduce_what_remains_for_them() {
    let ledger = ledger(
        &[("a", NODE)],
        &[("paid", "a", r#"{"cpu":"3"}"#, false), ("filler", "a", r#"{"cpu":"2"}"#, true)],
    );
    let headroom = measure(&ledger, &query("cpu=1", "0"));
    assert_eq!(headroom.nodes[0].remaining().unwrap().get(CPU), 5000);
    assert_eq!(headroom.nodes[0].slots, Some(5));
    assert_eq!(fit(&headroom), Fit { replicas: 5, limit: Limit::Slots });
}

#[test]
fn a_sum_of_free_cores_is_not_placeable() {
    let ledger = ledger(
        &[("a", NODE), ("b", NODE)],
        &[("p", "a", r#"{"cpu":"5"}"#, false), ("q", "b", r#"{"cpu":"5"}"#, false)],
    );
    let headroom = measure(&ledger, &query("cpu=4", "0"));
    assert_eq!(headroom.remaining.as_ref().unwrap().get(CPU), 6000);
    assert_eq!(fit(&headroom), Fit { replicas: 0, limit: Limit::Slots });
}

#[test]
fn overcommit_on_one_node_is_not_netted_against_another() {
    let ledger = ledger(
        &[("a", NODE), ("b", NODE)],
        &[("p", "a", r#"{"cpu":"10"}"#, false), ("q", "b", r#"{"cpu":"1"}"#, false)],
    );
    let headroom = measure(&ledger, &query("cpu=1", "0"));
    assert_eq!(headroom.nodes[0].remaining().unwrap().get(CPU), -2000, "not clamped per node");
    assert_eq!(headroom.usable.remaining.as_ref().unwrap().get(CPU), 7000);
    assert_eq!(headroom.usable.overcommit.as_ref().unwrap().get(CPU), 2000);
    assert_eq!(fit(&headroom).replicas, 7);
}

#[test]
fn every_resource_that_a_replica_asks_for_limits_it() {
    let gpu = r#"{"cpu":"64","memory":"64Gi","pods":"4","nvidia.com/gpu":"8"}"#;
    let ledger =
        ledger(&[("a", gpu)], &[("p", "a", r#"{"nvidia.com/gpu":"3","memory":"61Gi"}"#, false)]);
    for (replica, slots) in [
        ("cpu=1", 3),
        ("cpu=32", 2),
        ("cpu=1,memory=2Gi", 1),
        ("nvidia.com/gpu=2", 2),
        ("nvidia.com/gpu=6", 0),
        ("example.com/fpga=1", 0),
    ] {
        let headroom = measure(&ledger, &query(replica, "0"));
        assert_eq!(headroom.nodes[0].slots, Some(slots), "{replica}");
    }
}

#[test]
fn demand_and_reserve_come_off_the_whole() {
    let ledger = ledger(
        &[("a", NODE), ("b", NODE)],
        &[
            ("wants", "", r#"{"cpu":"6"}"#, false),
            ("typo", "", r#"{"cpu":"40"}"#, false),
            ("own", "", r#"{"cpu":"1"}"#, true),
        ],
    );
    let headroom = measure(&ledger, &query("cpu=1", "25%"));
    let demand = headroom.demand.clone().unwrap();
    assert_eq!(demand.placeable.get(CPU), 6000);
    assert_eq!(demand.unplaceable.len(), 1);
    assert_eq!(demand.unplaceable[0].reason, "requests 40 cpu; the largest usable node has 8");
    assert_eq!(headroom.remaining.as_ref().unwrap().get(CPU), 16_000 - 6000 - 4000);
    assert_eq!(headroom.remaining.as_ref().unwrap().get(MEMORY), 24 << 30);
    assert_eq!(headroom.remaining.as_ref().unwrap().get(PODS), 219);
    assert_eq!(fit(&headroom), Fit { replicas: 6, limit: Limit::Remaining("cpu".into()) });
}

#[test]
fn a_reserve_beyond_what_is_free_fits_nothing_and_is_not_hidden() {
    let ledger = ledger(&[("a", NODE)], &[]);
    let headroom = measure(&ledger, &query("cpu=1", "30"));
    assert_eq!(headroom.remaining.as_ref().unwrap().get(CPU), -22_000);
    assert_eq!(fit(&headroom).replicas, 0);
}

#[test]
fn a_node_with_an_uncountable_pod_is_in_no_total() {
    let ledger = ledger(&[("a", NODE), ("b", NODE)], &[("p", "a", r#"{"cpu":"1x"}"#, false)]);
    let headroom = measure(&ledger, &query("cpu=1", "0"));
    assert_eq!(headroom.nodes[0].paid, None);
    assert_eq!(headroom.nodes[0].slots, None);
    assert_eq!((headroom.usable.nodes, headroom.all.nodes), (1, 1));
    assert_eq!(headroom.usable.allocatable.get(CPU), 8000);
}

#[test]
fn with_pods_unknown_nothing_is_said_of_them() {
    let ledger = ledger(&[("a", NODE)], &[]);
    let headroom = measure(&ledger, &Query { pods_unknown: true, ..Query::default() });
    assert_eq!(headroom.usable.allocatable.get(CPU), 8000);
    assert!(headroom.usable.paid.is_none() && headroom.usable.slots.is_none());
    assert!(headroom.fit.is_none() && headroom.remaining.is_none() && headroom.demand.is_none());
}

/// Two pods with the same port of the host do not share a node, wherever replicas are counted.
#[test]
fn a_node_holds_one_replica_of_those_that_keep_apart() {
    let one = |reserve: &str| Query { one_per_node: true, ..query("cpu=1", reserve) };
    let [five, two] = ["5", "2"].map(|cpu| format!(r#"{{"cpu":"{cpu}","pods":"110"}}"#));
    let nodes = [("a", &*five), ("b", &*two), ("c", &*two)];
    let counted = measure(&ledger(&nodes, &[]), &one("pod:cpu=4"));
    assert_eq!(fit(&counted), Fit { replicas: 3, limit: Limit::Slots });
    // On the smallest node that holds the pod, one replica closes its place.
    let counted = measure(&ledger(&nodes, &[]), &one("pod:cpu=5"));
    assert_eq!(fit(&counted), Fit { replicas: 0, limit: Limit::Hole });
    // So does one that runs there, and the others stay.
    let running = [("f", "a", r#"{"cpu":"1"}"#, true), ("g", "b", r#"{"cpu":"1"}"#, true)];
    let workload = Query { is_of_workload: true, ..one("pod:cpu=5") };
    let counted = measure(&ledger(&nodes, &running), &workload);
    assert_eq!(fit(&counted), Fit { replicas: 1, limit: Limit::Hole });

    let mut ledger = Ledger::default();
    let node = format!(
        r#"{{"metadata":{{"name":"t"}},"spec":{{"taints":[{{"key":"gpu","effect":"NoSchedule"}}]}},
            "status":{{"allocatable":{NODE}}}}}"#
    );
    ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&node).unwrap()));
    for (query, replicas) in [(query("cpu=1", "0"), 8), (one("0"), 1)] {
        let rooms = measure(&ledger, &query).tainted_room(&query);
        assert_eq!(rooms.iter().map(|room| room.replicas).collect::<Vec<_>>(), [replicas]);
    }
}
