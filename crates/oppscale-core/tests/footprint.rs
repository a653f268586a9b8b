//! Footprints against the kube-scheduler of 1.36, and the defaulting before them.

use oppscale_core::footprint;
use oppscale_core::model::Pod;
use oppscale_core::quantity::Quantity;
use oppscale_core::record::footprint_of;
use oppscale_core::resources::{CPU, MEMORY, Resources};
use serde_json::Value;

/// `PodRequests` results as the scheduler rounds them.
fn expected(requests: &Value) -> Resources {
    let mut resources = Resources::default().with("pods", 1);
    for (name, text) in requests.as_object().unwrap() {
        let quantity: Quantity = text.as_str().unwrap().parse().unwrap();
        let rounded = if name == CPU { quantity.milli_value() } else { quantity.value() };
        resources.set(name, i128::from(rounded.value));
    }
    resources
}

#[test]
fn every_recorded_pod_occupies_what_the_scheduler_says() {
    let table: Vec<Value> = serde_json::from_str(include_str!("golden/podrequests.json")).unwrap();
    assert_eq!(table.len(), 39);
    for row in &table {
        let name = row["name"].as_str().unwrap();
        let text = row["pod"].to_string();
        let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
        let counted = footprint::of_pod(&pod).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(counted, expected(&row["scheduler_1_36"]), "{name}");
        let milli = row["scheduler_cpu_milli"].as_i64().unwrap();
        assert_eq!(counted.get(CPU), i128::from(milli), "{name}");
    }
}

fn counted(pod: &str) -> Result<Resources, String> {
    let pod: Pod<'_> = serde_json::from_str(pod).unwrap();
    footprint_of(&pod).map_err(|error| error.to_string())
}

#[test]
fn a_pod_written_by_hand_gets_the_servers_defaults_first() {
    let pod =
        |meta: &str, spec: &str| format!(r#"{{"metadata":{{"name":"p"{meta}}},"spec":{spec}}}"#);
    let limits = r#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"2","memory":"1Gi"},"requests":{"memory":"64Mi"}}}]}"#;
    let by_hand = counted(&pod("", limits)).unwrap();
    assert_eq!((by_hand.get(CPU), by_hand.get(MEMORY)), (2000, 64 << 20));
    let stored = counted(&pod(r#","uid":"u""#, limits)).unwrap();
    assert_eq!(stored.get(CPU), 0, "a stored pod has had its defaults");

    let pod_level = r#"{"resources":{"limits":{"cpu":"4","memory":"2Gi"}},
        "containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]}"#;
    let by_hand = counted(&pod("", pod_level)).unwrap();
    assert_eq!(by_hand.get(CPU), 1000, "the containers' aggregate");
    assert_eq!(by_hand.get(MEMORY), 2 << 30, "the pod-level limit where no container asks");

    let fine = r#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"100u"}}},
        {"name":"b","resources":{"requests":{"cpu":"100u"}}}]}"#;
    assert_eq!(counted(&pod("", fine)).unwrap().get(CPU), 2, "each is rounded up to 1m");
    assert_eq!(counted(&pod(r#","uid":"u""#, fine)).unwrap().get(CPU), 1);
}

#[test]
fn what_cannot_be_counted_names_the_field() {
    let pod = |spec: &str| format!(r#"{{"metadata":{{"name":"p","uid":"u"}},"spec":{spec}}}"#);
    for (spec, message) in [
        ("{}", "spec.containers: is missing"),
        (r#"{"containers":null}"#, "spec.containers: is missing"),
        (
            r#"{"containers":[{"name":"web","resources":{"requests":{"cpu":"1x"}}}]}"#,
            "spec.containers[0] \"web\".resources.requests.cpu: \"1x\" has the unknown suffix \"x\"; \
             expected one of n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent",
        ),
        (
            r#"{"containers":[{"name":"web","resources":{"requests":{"memory":"-1Gi"}}}]}"#,
            "spec.containers[0] \"web\".resources.requests.memory: -1Gi is negative",
        ),
        (
            r#"{"containers":[{"name":"web","resources":{"requests":{"cpu":"10P"}}}]}"#,
            "cpu: 10P is out of range",
        ),
    ] {
        assert_eq!(counted(&pod(spec)).unwrap_err(), message);
    }
}

#[test]
fn numbers_and_null_are_quantities_too() {
    let pod = r#"{"metadata":{"name":"p","uid":"u"},"spec":{"containers":[
        {"name":"a","resources":{"requests":{"cpu":1.5,"memory":1e3,"nvidia.com/gpu":null}}}]}}"#;
    let counted = counted(pod).unwrap();
    assert_eq!((counted.get(CPU), counted.get(MEMORY)), (1500, 1000));
}
