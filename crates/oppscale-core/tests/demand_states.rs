//! States of waiting paid pods, where workloads may use different nodes.

use std::sync::Arc;

use oppscale_core::demand::DemandState;
use oppscale_core::ledger::{Group, Ledger, PodCounts};
use oppscale_core::model::{Node, Pod, PodSpec};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::placement::Placement;
use oppscale_core::policy::{NamespaceLimits, Policy};
use oppscale_core::record::{PodKey, PodRecord};
use oppscale_core::replica::Replica;
use oppscale_core::share::{Counting, ShareRequest, SharedCapacity, Uptake};
use oppscale_core::usage::PaidUsage;
use serde_json::{Value, json};

fn ledger(pods: &[Value]) -> Ledger {
    let mut ledger = Ledger::default();
    for (name, cpu, taints) in [
        ("general", "4", json!([])),
        ("spot", "16", json!([{"key": "spot", "effect": "NoSchedule"}])),
    ] {
        let node = json!({
            "metadata": {"name": name, "labels": {"pool": name}}, "spec": {"taints": taints},
            "status": {
                "allocatable": {"cpu": cpu, "memory": "64Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]
            }
        });
        let text = node.to_string();
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&text).unwrap()));
    }
    for pod in pods {
        let text = pod.to_string();
        let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
        ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
    }
    ledger
}

fn pod(name: &str, cpu: &str, more: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}
    });
    for (key, value) in more.as_object().unwrap() {
        pod["spec"][key] = value.clone();
    }
    pod
}

fn tolerant() -> Value {
    json!({"tolerations": [{"key": "spot", "operator": "Exists"}]})
}

fn states(ledger: &Ledger, placements: &[&Placement]) -> Vec<(PodKey, DemandState)> {
    let request = |placement: &&Placement| {
        Ok(ShareRequest {
            replica: Replica::default(),
            namespace: "idle".into(),
            limits: NamespaceLimits::default(),
            placement: Arc::new((*placement).clone()),
            pod_priority: None,
            cpu_limit: 0,
            policy: Policy::default(),
            uptake: Uptake::UNLIMITED,
        })
    };
    let requests: Vec<_> = placements.iter().map(request).collect();
    let mut found = SharedCapacity::of(ledger, &requests, &PaidUsage::default()).waiting;
    found.sort();
    found
}

#[test]
fn a_node_is_usable_when_any_workload_may_use_it() {
    let ledger = ledger(&[
        pod("a-small", "2", &json!({})),
        pod("b-spot", "8", &tolerant()),
        pod("c-huge", "32", &tolerant()),
        pod("d-gated", "2", &json!({"schedulingGates": [{"name": "x"}]})),
    ]);
    let of = |placements: &[&Placement]| -> Vec<DemandState> {
        states(&ledger, placements).into_iter().map(|(_, state)| state).collect()
    };
    let (anywhere, text) = (Placement::default(), tolerant().to_string());
    let spec: PodSpec<'_> = serde_json::from_str(&text).unwrap();
    let spot = Placement::of(&spec).unwrap();
    use DemandState::{Elsewhere, Gated, Placeable, Unplaceable};
    for without in [&[][..], &[&anywhere]] {
        assert_eq!(of(without), [Placeable, Elsewhere, Unplaceable, Gated]);
    }
    assert_eq!(of(&[&anywhere, &spot]), [Placeable, Placeable, Unplaceable, Gated]);
}

#[test]
fn pods_of_workloads_that_are_tracked_are_counted_and_not_paid() {
    let owner = json!([{"kind": "StatefulSet", "name": "own", "uid": "u", "controller": true}]);
    let mut pods =
        vec![pod("own-0", "1", &json!({"nodeName": "general"})), pod("own-1", "1", &json!({}))];
    pods.iter_mut().for_each(|pod| pod["metadata"]["ownerReferences"] = owner.clone());
    pods.push(pod("paid", "1", &json!({})));
    let mut ledger = ledger(&pods);
    assert_eq!(states(&ledger, &[]).len(), 2, "nobody is served yet");
    let group = |name: &str| Group {
        namespace: "shop".into(),
        kind: "StatefulSet".into(),
        name: name.into(),
    };
    ledger.track([group("other"), group("own")].into_iter().zip(0..));
    assert_eq!(
        states(&ledger, &[]),
        [(PodKey::of_parts("paid", "shop", "paid"), DemandState::Placeable)]
    );
    let mut counting = Counting::default();
    let mut counted = |ledger: &mut Ledger| {
        counting.update(ledger);
        counting.pod_counts(2)
    };
    let own = |placed| PodCounts { placed, waiting: 1, unyielding: 0 };
    assert_eq!(counted(&mut ledger), [PodCounts::default(), own(1)]);
    ledger.delete_pod(&PodKey::of_parts("own-0", "shop", "own-0"));
    assert_eq!(counted(&mut ledger), [PodCounts::default(), own(0)]);
}
