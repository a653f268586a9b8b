//! Events on workloads that are held.

use std::thread;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::rig::Rig;
use super::tenants::copy_of_miner;
use crate::support::answer::Answer;

const EVENTS: &str = "/api/v1/namespaces/shop/events";

/// The Events that the server tried to create in `shop`.
fn events(rig: &Rig) -> Vec<Value> {
    let requests = rig.server.requests();
    let posts = requests.iter().filter(|r| r.method == Method::POST && r.path == EVENTS);
    posts.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// Labels a workload in `shop`, which is not open.
fn hold(rig: &Rig, name: &str) {
    rig.server.change(|world| {
        let held = copy_of_miner(world, "shop", name, json!({}));
        world.deployments.push(held);
    });
}

#[test]
fn a_held_workload_gets_an_event_with_the_reason() {
    let rig = Rig::start(&[]);
    rig.server.always(EVENTS, Answer::Raw(201, vec![("content-type", "application/json")], "{}"));
    hold(&rig, "thief");
    rig.until("an event", |rig| !events(rig).is_empty());
    let event = &events(&rig)[0];
    assert_eq!(event["involvedObject"]["kind"], "Deployment");
    assert_eq!(event["involvedObject"]["apiVersion"], "apps/v1");
    assert_eq!(event["involvedObject"]["name"], "thief");
    assert_eq!(event["involvedObject"]["uid"], "shop-thief", "kubectl describe selects by uid");
    assert_eq!(event["metadata"]["namespace"], "shop");
    assert_eq!((&event["reason"], &event["type"]), (&"WorkloadHeld".into(), &"Warning".into()));
    let message = event["message"].as_str().unwrap();
    assert!(message.contains("kubectl label namespace shop"), "{message}");
    let name = event["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("thief."), "{name}");
    // The same reason is written once, and that of another workload has another name.
    hold(&rig, "other");
    rig.until("another", |rig| events(rig).len() == 2);
    thread::sleep(Duration::from_secs(5));
    let all = events(&rig);
    assert_eq!(all.len(), 2);
    assert_ne!(all[0]["metadata"]["name"], all[1]["metadata"]["name"]);
    // A served workload has none.
    assert!(rig.server.writes().iter().all(|write| write.ends_with(EVENTS)));
}

#[test]
fn a_refusal_of_events_is_logged_once_and_not_tried_again() {
    let rig = Rig::start(&[]);
    rig.server.always(EVENTS, Answer::Recorded("403-pods"));
    for name in ["one", "two", "three"] {
        hold(&rig, name);
    }
    rig.until("all were tried", |rig| events(rig).len() == 3);
    let line = rig.oppscale.until_logged("refused", |line| line["reason"] == "EventRefused");
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("--verb=create --resource=events"), "{message}");
    thread::sleep(Duration::from_secs(5));
    assert_eq!(events(&rig).len(), 3);
    assert_eq!(rig.oppscale.log_text().matches("EventRefused").count(), 1);
}

/// Its status and reason are those of a missing permission: only the details differ.
#[test]
fn an_event_that_admission_refuses_is_no_missing_permission() {
    let rig = Rig::start(&[]);
    let by_quota = r#"{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "events \"two.1\" is forbidden: exceeded quota", "reason": "Forbidden",
        "details": {"name": "two.1", "kind": "events"}, "code": 403}"#;
    let answers = [
        Answer::Recorded("403-namespace-terminating"),
        Answer::Raw(403, vec![("content-type", "application/json")], by_quota),
    ];
    rig.server.next(EVENTS, answers);
    hold(&rig, "one");
    hold(&rig, "two");
    rig.until("both were tried", |rig| events(rig).len() == 2);
    thread::sleep(Duration::from_secs(5));
    assert!(!rig.oppscale.log_text().contains("EventRefused"), "{}", rig.oppscale.log_text());
    // The server's own permission is still reported when it is missing.
    rig.server.always(EVENTS, Answer::Recorded("403-pods"));
    hold(&rig, "three");
    rig.oppscale.until_logged("refused", |line| line["reason"] == "EventRefused");
}
