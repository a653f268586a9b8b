//! The ledger against a fresh count, over random histories.

use std::collections::BTreeMap;
use std::sync::Arc;

use oppscale_core::ledger::Ledger;
use oppscale_core::model::{Node, Pod};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::record::{PodKey, PodRecord};
use oppscale_core::resources::Resources;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Change {
    Pod {
        id: u8,
        node: Option<u8>,
        cpu: u16,
        own: bool,
        phase: &'static str,
        broken: bool,
        gpu: bool,
        daemon: bool,
    },
    DeletePod(u8),
    Node {
        id: u8,
        cpu: u16,
    },
    DeleteNode(u8),
    ResetPods,
    ResetNodes,
    /// A new list, which names the pods of these numbers, and comes to its end or not.
    Relist {
        named: u16,
        whole: bool,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let phase = prop::sample::select(vec!["Running", "Pending", "Succeeded", "Failed", "Unknown"]);
    let pod = (
        0_u8..12,
        prop::option::of(0_u8..4),
        0_u16..5,
        any::<bool>(),
        phase,
        prop::bool::weighted(0.1),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(id, node, cpu, own, phase, broken, gpu, daemon)| Change::Pod {
            id,
            node,
            cpu,
            own,
            phase,
            broken,
            gpu,
            daemon,
        });
    prop_oneof![
        20 => pod,
        5 => (0_u8..12).prop_map(Change::DeletePod),
        4 => (0_u8..4, 1_u16..9).prop_map(|(id, cpu)| Change::Node { id, cpu }),
        2 => (0_u8..4).prop_map(Change::DeleteNode),
        1 => Just(Change::ResetPods),
        1 => Just(Change::ResetNodes),
        3 => (any::<u16>(), any::<bool>()).prop_map(|(named, whole)| Change::Relist { named, whole }),
    ]
}

fn pod_json(change: &Change) -> String {
    let Change::Pod { id, node, cpu, own, phase, broken, gpu, daemon } = change else {
        unreachable!()
    };
    let node = node.map(|n| format!(r#""nodeName":"node-{n}","#)).unwrap_or_default();
    let cpu = if *broken { "1x".to_owned() } else { format!("{cpu}") };
    let owner = if *daemon { r#"{"kind":"DaemonSet","name":"d","controller":true}"# } else { "" };
    let gpu = if *gpu { r#","nvidia.com/gpu":"1""# } else { "" };
    format!(
        r#"{{"metadata":{{"name":"pod-{id}","namespace":"ns","uid":"00000000-0000-0000-0000-0000000000{id:02}",
        "labels":{{"oppscale.dev/opportunistic":"{own}"}},"ownerReferences":[{owner}]}},
        "spec":{{{node}"priority":{id},"containers":[{{"name":"c","resources":{{"requests":{{"cpu":"{cpu}"{gpu}}}}}}}]}},
        "status":{{"phase":"{phase}"}}}}"#
    )
}

/// Applies a change that came after `before`.
fn apply_after(ledger: &mut Ledger, before: &[Change], change: &Change) {
    let Change::Relist { named, whole } = change else { return apply(ledger, change) };
    ledger.begin_pods();
    for pod in survivors(before) {
        if matches!(&pod, Change::Pod { id, .. } if named >> id & 1 == 1) {
            apply(ledger, &pod);
        }
    }
    if *whole {
        ledger.end_pods();
    }
}

fn apply(ledger: &mut Ledger, change: &Change) {
    match change {
        Change::Pod { .. } => {
            let json = pod_json(change);
            let pod: Pod<'_> = serde_json::from_str(&json).unwrap();
            let _ = ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
        }
        Change::DeletePod(id) => {
            let json =
                format!(r#"{{"metadata":{{"uid":"00000000-0000-0000-0000-0000000000{id:02}"}}}}"#);
            let pod: Pod<'_> = serde_json::from_str(&json).unwrap();
            let _ = ledger.delete_pod(&PodKey::of(&pod.metadata));
        }
        Change::Node { id, cpu } => {
            let json = format!(
                r#"{{"metadata":{{"name":"node-{id}"}},"status":{{"allocatable":{{"cpu":"{cpu}"}}}}}}"#
            );
            let node: Node<'_> = serde_json::from_str(&json).unwrap();
            let _ = ledger.apply_node(NodeRecord::of(node));
        }
        Change::DeleteNode(id) => {
            let _ = ledger.delete_node(&format!("node-{id}"));
        }
        Change::ResetPods => ledger.reset_pods(),
        Change::ResetNodes => ledger.reset_nodes(),
        Change::Relist { .. } => unreachable!("it needs what came before"),
    }
}

/// What is left of a history: the last word on each object, in another order.
fn survivors(history: &[Change]) -> Vec<Change> {
    let mut pods = BTreeMap::new();
    let mut nodes = BTreeMap::new();
    for change in history {
        match change {
            Change::Pod { id, .. } => drop(pods.insert(*id, change.clone())),
            Change::DeletePod(id) => drop(pods.remove(id)),
            Change::Node { id, .. } => drop(nodes.insert(*id, change.clone())),
            Change::DeleteNode(id) => drop(nodes.remove(id)),
            Change::ResetPods => pods.clear(),
            Change::ResetNodes => nodes.clear(),
            Change::Relist { named, whole: true } => pods.retain(|id, _| named >> id & 1 == 1),
            Change::Relist { whole: false, .. } => {}
        }
    }
    pods.into_values().rev().chain(nodes.into_values()).collect()
}

type Account = (Option<Arc<NodeRecord>>, [Resources; 3], usize);

fn accounts(ledger: &Ledger) -> BTreeMap<String, Account> {
    ledger
        .nodes()
        .map(|(name, account)| {
            let account = (
                account.record.clone(),
                [&account.paid, &account.opportunistic, &account.standing].map(Clone::clone),
                account.unknown_pods,
            );
            (name.to_owned(), account)
        })
        .collect()
}

fn waiting(ledger: &Ledger) -> Vec<String> {
    let mut waiting: Vec<_> = ledger
        .waiting()
        .map(|w| format!("{} {:?} {} {:?}", w.name, w.footprint, w.opportunistic, w.queueing))
        .collect();
    waiting.sort();
    waiting
}

proptest! {
    #[test]
    fn no_history_makes_it_drift(history in prop::collection::vec(change(), 0..60)) {
        let mut lived = Ledger::default();
        let mut fresh = Ledger::default();
        for (at, change) in history.iter().enumerate() {
            apply_after(&mut lived, &history[..at], change);
        }
        for change in survivors(&history) {
            apply(&mut fresh, &change);
        }
        prop_assert_eq!(accounts(&lived), accounts(&fresh));
        prop_assert_eq!(waiting(&lived), waiting(&fresh));
        let unknown = |ledger: &Ledger| {
            let pods = ledger.unknown();
            pods.map(|p| (p.name.clone(), p.node.clone(), p.problem.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(unknown(&lived), unknown(&fresh));
        prop_assert_eq!(lived.bound().count(), fresh.bound().count());
    }
}

#[test]
fn a_pod_may_come_before_its_node_and_stay_after_it() {
    let mut ledger = Ledger::default();
    let pod = Change::Pod {
        id: 1,
        node: Some(1),
        cpu: 2,
        own: false,
        phase: "Running",
        broken: false,
        gpu: false,
        daemon: true,
    };
    apply(&mut ledger, &pod);
    assert_eq!(ledger.records().count(), 0);
    apply(&mut ledger, &Change::Node { id: 1, cpu: 8 });
    assert_eq!(accounts(&ledger)["node-1"].1[0].get("cpu"), 2000);
    apply(&mut ledger, &Change::DeleteNode(1));
    apply(&mut ledger, &Change::Node { id: 1, cpu: 8 });
    assert_eq!(accounts(&ledger)["node-1"].1[0].get("cpu"), 2000);
    apply(&mut ledger, &Change::DeletePod(1));
    apply(&mut ledger, &Change::DeleteNode(1));
    assert!(accounts(&ledger).is_empty(), "nothing is kept of what is gone");
}

#[test]
fn a_waiting_pod_keeps_its_turn_in_the_queue() {
    let mut ledger = Ledger::default();
    let apply = |ledger: &mut Ledger, metadata: &str, spec: &str, status: &str| {
        let json = format!(
            r#"{{"metadata":{{"name":"p","namespace":"n","uid":"u"{metadata}}},
            "spec":{{"containers":[{{"name":"c"}}]{spec}}},"status":{{{status}}}}}"#
        );
        let pod: Pod<'_> = serde_json::from_str(&json).unwrap();
        let has_changed = ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
        let queueing = ledger.waiting().next().unwrap().queueing.clone();
        (has_changed, queueing.priority, queueing.preempts, queueing.nominated_node.to_string())
    };
    assert_eq!(apply(&mut ledger, "", "", ""), (true, 0, true, String::new()));
    assert_eq!(apply(&mut ledger, "", "", ""), (false, 0, true, String::new()));
    let never = r#","priority":-5,"preemptionPolicy":"Never""#;
    assert_eq!(apply(&mut ledger, "", never, ""), (true, -5, false, String::new()));
    let class = r#","priorityClassName":"system-cluster-critical""#;
    let nominated = r#""nominatedNodeName":"n1""#;
    assert_eq!(
        apply(&mut ledger, "", class, nominated),
        (true, 2_000_000_000, true, "n1".to_owned())
    );
    let created = r#","creationTimestamp":"2026-11-29T09:00:00Z""#;
    assert!(apply(&mut ledger, created, class, nominated).0);
    assert!(!apply(&mut ledger, created, class, nominated).0);
}
