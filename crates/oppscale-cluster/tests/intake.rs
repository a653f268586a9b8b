//! A list counts the same whether it is skimmed or read whole.

use oppscale_cluster::SnapshotBuilder;
use oppscale_core::headroom::{Query, measure};
use oppscale_core::ownership::Ownership;
use serde_json::{Value, json};

/// A file of the fixtures that all crates share.
fn fixture(path: &str) -> std::path::PathBuf {
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")).join(path)
}

/// Everything that a ledger holds, in a stable order.
fn contents(builder: SnapshotBuilder) -> Vec<String> {
    let snapshot = builder.finish();
    let ledger = &snapshot.ledger;
    let nodes = ledger.nodes().map(|(name, account)| format!("{name}: {account:?}"));
    let bound = ledger.bound().map(|pod| format!("{pod:?}"));
    let waiting = ledger.waiting().map(|pod| format!("{pod:?}"));
    let unknown = ledger.unknown().map(|pod| format!("{pod:?}"));
    let mut contents: Vec<_> = nodes.chain(bound).chain(waiting).chain(unknown).collect();
    contents.sort();
    contents
}

fn masked(list: &str) -> Vec<String> {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    builder.pod_page(list.as_bytes()).unwrap();
    contents(builder)
}

fn whole(list: &Value) -> Vec<String> {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    for pod in list["items"].as_array().unwrap() {
        builder.raw_pod(&pod.to_string());
    }
    contents(builder)
}

/// Every pod of the footprint table, stored by an API server, and one of each rule about
/// where an unscheduled pod may go.
fn varied() -> Value {
    let table: Value =
        serde_json::from_str(include_str!("../../oppscale-core/tests/golden/podrequests.json"))
            .unwrap();
    let mut items: Vec<Value> =
        table.as_array().unwrap().iter().map(|row| row["pod"].clone()).collect();
    let affinity = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]}}});
    let containers =
        json!([{"name": "c", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}}]);
    for (field, value) in [
        ("tolerations", json!([{"key": "gpu", "operator": "Exists"}])),
        ("nodeSelector", json!({"pool": "gpu"})),
        ("affinity", affinity),
        ("schedulingGates", json!([{"name": "wait"}])),
        ("overhead", json!({"cpu": "100m"})),
        ("priority", json!(-7)),
        ("priorityClassName", json!("system-node-critical")),
        ("preemptionPolicy", json!("Never")),
    ] {
        items.push(json!({"metadata": {}, "spec": {"containers": containers, field: value}}));
    }
    items.push(json!({
        "metadata": {"creationTimestamp": "2026-11-29T09:00:00Z"},
        "spec": {"containers": containers}, "status": {"nominatedNodeName": "n1"}
    }));
    for (number, item) in items.iter_mut().enumerate() {
        item["metadata"]["uid"] = json!(format!("00000000-0000-0000-0000-{number:012}"));
        item["metadata"]["name"] = json!(format!("pod-{number}"));
        item["metadata"]["namespace"] = json!("d");
        item["metadata"]["labels"] =
            json!({"oppscale.dev/opportunistic": (number % 2 == 0).to_string()});
        item["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": number % 3 == 0}]);
    }
    json!({"kind": "PodList", "metadata": {}, "items": items})
}

#[test]
fn a_skimmed_list_counts_as_the_whole_one() {
    let mut lists = vec![varied()];
    for cluster in ["blog-cluster", "mixed-cluster"] {
        let text = std::fs::read_to_string(fixture(&format!("{cluster}/pods.json"))).unwrap();
        lists.push(serde_json::from_str(&text).unwrap());
    }
    for list in lists {
        let expected = whole(&list);
        assert!(expected.len() > 30);
        assert_eq!(masked(&list.to_string()), expected);
        assert_eq!(masked(&format!("{list:#}")), expected, "indented");
    }
}

#[test]
fn pods_may_come_without_their_nodes() {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    builder.pod_page(varied().to_string().as_bytes()).unwrap();
    let headroom = measure(&builder.finish().ledger, &Query::default());
    assert!(headroom.nodes.is_empty());
    assert_eq!(headroom.fit.unwrap().replicas, 0);
}
