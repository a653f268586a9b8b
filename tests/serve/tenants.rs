//! What tenants can and cannot claim: the attacks on the shared capacity.

use serde_json::{Value, json};

use super::rig::{Rig, world};
use crate::support::answer::Answer;
use crate::support::authority::Authority;
use crate::support::fake_apiserver::Setup;
use crate::support::kubeconfig::Kubeconfig;
use crate::support::world::World;

const OPEN: &str = "kubectl label namespace shop oppscale.dev/opportunistic=true";

/// A copy of the miner in a namespace, without pods.
pub fn copy_of_miner(world: &World, namespace: &str, name: &str, annotations: Value) -> Value {
    let mut all = world.deployments.iter();
    let mut copy = all.find(|d| d["metadata"]["name"] == "electroneum").unwrap().clone();
    copy["metadata"]["namespace"] = namespace.into();
    copy["metadata"]["name"] = name.into();
    copy["metadata"]["uid"] = format!("{namespace}-{name}").into();
    copy["metadata"]["annotations"] = annotations;
    copy["spec"]["replicas"] = 0.into();
    copy
}

/// Opens `shop`.
fn open(world: &mut World, annotations: Value) {
    world.namespaces.retain(|namespace| namespace["metadata"]["name"] != "shop");
    let labels = json!({"oppscale.dev/opportunistic": "true"});
    world.namespaces.push(json!({"metadata": {
        "name": "shop", "uid": "ns-2", "annotations": annotations, "labels": labels
    }}));
}

/// The fit of a Deployment of `shop`, or why there is none.
fn fit_in_shop(rig: &Rig, name: &str) -> Result<String, String> {
    let path = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps";
    let answer = rig.get(&format!("{path}/{name}/oppscale_fit_replicas")).json();
    match answer["items"][0]["value"].as_str() {
        Some(value) => Ok(value.to_owned()),
        None => Err(answer["message"].as_str().unwrap().to_owned()),
    }
}

#[test]
fn a_label_alone_claims_nothing() {
    let rig = Rig::start(&[]);
    assert_eq!(rig.fit().as_deref(), Ok("121"));
    rig.server.change(|world| {
        let priority = json!({"oppscale.dev/priority": "1000000"});
        let thief = copy_of_miner(world, "shop", "thief", priority);
        world.deployments.push(thief);
    });
    rig.until("the workload is held", |rig| {
        fit_in_shop(rig, "thief").is_err_and(|why| why.contains(OPEN))
    });
    assert_eq!(rig.fit().as_deref(), Ok("121"));
    rig.oppscale.until_logged("held", |line| {
        line["reason"] == "WorkloadHeld" && line["message"].as_str().unwrap().contains(OPEN)
    });
    // Once an administrator opens the namespace, it has its fair part; no more, whatever it says.
    rig.server.change(|world| open(world, json!({})));
    rig.until("both share", |rig| fit_in_shop(rig, "thief").is_ok());
    let fair: u32 = rig.fit().unwrap().parse().unwrap();
    assert!(fair >= 60, "{fair} of 121");
    // And it is closed again at once.
    rig.server.change(|world| {
        world.namespaces.retain(|namespace| namespace["metadata"]["name"] != "shop");
    });
    rig.until("the label is gone", |rig| rig.fit().as_deref() == Ok("121"));
}

#[test]
fn top_shows_the_shares_that_are_served() {
    let rig = Rig::start(&[]);
    let run = rig.env.run(["top", "--by", "filler", "-o", "json"]);
    assert_eq!(run.code, Some(0), "{run}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let filler = &report["fillers"][0];
    assert_eq!(filler["name"], "electroneum", "{run}");
    assert_eq!(filler["fit"].to_string(), rig.fit().unwrap());
}

#[test]
fn limits_are_those_of_the_namespace() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        let asks = json!({"oppscale.dev/priority": "5", "oppscale.dev/weight": "300"});
        let mut other = copy_of_miner(world, "shop", "other", asks);
        other["spec"]["replicas"] = 1.into();
        world.deployments.push(other);
        let mut hpas = [hpa("opportunistic", "electroneum", 150), hpa("shop", "other", 150)];
        for hpa in &mut hpas {
            hpa["spec"]["behavior"]["scaleUp"]["policies"][0]["value"] = 1000.into();
        }
        world.hpas.extend(hpas);
        open(world, json!({"oppscale.dev/max-share": "10%"}));
    });
    rig.until("a tenth", |rig| fit_in_shop(rig, "other").is_ok_and(|fit| fit == "15"));
    rig.server.change(|world| open(world, json!({"oppscale.dev/max-weight": "300"})));
    rig.until("a quarter is left", |rig| {
        rig.fit().is_ok_and(|fit| (28..=33).contains(&fit.parse::<u32>().unwrap()))
    });
    rig.server.change(|world| open(world, json!({"oppscale.dev/max-priority": "5"})));
    rig.until("it goes first", |rig| rig.fit().as_deref() == Ok("0"));
    rig.server.change(|world| open(world, json!({"oppscale.dev/max-priority": "high"})));
    rig.until("the whole namespace is held", |rig| {
        fit_in_shop(rig, "other").is_err_and(|why| why.contains("max-priority"))
    });
    assert_eq!(rig.fit().as_deref(), Ok("121"));
}

#[test]
fn namespaces_can_be_named_on_the_command_line() {
    let rig = Rig::start(&["--namespaces", "shop,batch"]);
    let why = rig.fit().unwrap_err();
    assert!(why.0 == 503 && why.1.contains("--namespaces"), "{why:?}");
    rig.server.change(|world| {
        let other = copy_of_miner(world, "shop", "other", json!({}));
        world.deployments.push(other);
    });
    rig.until("shop is open", |rig| fit_in_shop(rig, "other").is_ok());
}

#[test]
fn without_namespaces_everything_is_held() {
    let proxies = Authority::new("front-proxy-ca");
    let server = Setup::new(world(&proxies)).start();
    for path in ["/api/v1/namespaces", "/api/v1/namespaces?watch"] {
        server.always(path, Answer::Recorded("403-pods"));
    }
    let kubeconfig = Kubeconfig::of(&server);
    let rig = Rig::of(proxies, server, &kubeconfig, &[]);
    rig.until("held", |rig| {
        rig.fit().is_err_and(|(status, why)| {
            status == 503 && why.contains("--verb=list,watch --resource=namespaces")
        })
    });
}

/// An HPA that scales a Deployment by 10 replicas each 30 s.
fn hpa(namespace: &str, name: &str, max: u32) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace, "uid": format!("hpa-{namespace}-{name}")},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1, "maxReplicas": max,
            "behavior": {"scaleUp": {"policies": [
                {"type": "Pods", "value": 10, "periodSeconds": 30}]}},
            "metrics": [{"type": "Object", "object": {
                "describedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "metric": {"name": "oppscale_fit_replicas"},
                "target": {"type": "AverageValue", "averageValue": "1"}}}]
        }
    })
}

fn sum(rig: &Rig, name: &str) -> u32 {
    let other = fit_in_shop(rig, name).unwrap().parse::<u32>().unwrap();
    rig.fit().unwrap().parse::<u32>().unwrap() + other
}

#[test]
fn a_filler_that_is_added_takes_what_it_can_take_up() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        open(world, json!({}));
        world.hpas.push(hpa("opportunistic", "electroneum", 150));
        let mut other =
            copy_of_miner(world, "shop", "other", json!({"oppscale.dev/reserve": "30"}));
        other["spec"]["replicas"] = 1.into();
        world.deployments.push(other);
    });
    // Without an HPA it has only what nobody else can have.
    rig.until("it is served", |rig| fit_in_shop(rig, "other").as_deref() == Ok("0"));
    assert_eq!(rig.fit().as_deref(), Ok("121"));
    rig.server.change(|world| world.hpas.push(hpa("shop", "other", 150)));
    // It claims 11, the first claims 100, and of the 10 that nobody claims its due is more.
    rig.until("it claims 11", |rig| fit_in_shop(rig, "other").as_deref() == Ok("21"));
    assert_eq!(sum(&rig, "other"), 121);
    // The HPA of the first is at its maximum: the rest is the other's, though not claimed at once.
    rig.server.change(|world| {
        world.hpas.iter_mut().for_each(|hpa| {
            if hpa["metadata"]["namespace"] == "opportunistic" {
                hpa["spec"]["maxReplicas"] = 90.into();
            }
        });
    });
    rig.until("the first ends at 90", |rig| rig.fit().as_deref() == Ok("90"));
    assert_eq!(sum(&rig, "other"), 121);
}

#[test]
fn paid_work_with_the_label_is_no_filler() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        for pod in world.pods.iter_mut() {
            if pod["metadata"]["namespace"] == "opportunistic" {
                pod["spec"]["priority"] = 0.into();
            }
        }
    });
    rig.until("the workload is held", |rig| {
        rig.fit().is_err_and(|(status, why)| status == 503 && why.contains("do not yield"))
    });
    // Another filler is offered what is really free.
    rig.server.change(|world| {
        open(world, json!({}));
        let other = copy_of_miner(world, "shop", "other", json!({"oppscale.dev/reserve": "30"}));
        world.deployments.push(other);
    });
    rig.until("31 are free", |rig| fit_in_shop(rig, "other").as_deref() == Ok("31"));
}

#[test]
fn rules_of_a_megabyte_hold_the_workload() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        open(world, json!({}));
        let mut large = copy_of_miner(world, "shop", "large", json!({}));
        let values: Vec<_> = (0..40_000).map(|n| format!("value-{n}")).collect();
        large["spec"]["template"]["spec"]["affinity"] = json!({"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "k", "operator": "NotIn", "values": values}]}]}}});
        world.deployments.push(large);
    });
    rig.until("held", |rig| {
        fit_in_shop(rig, "large").is_err_and(|why| why.contains("larger than 32 KiB"))
    });
    assert_eq!(rig.fit().as_deref(), Ok("121"));
}

/// A container's requests of so many resources that no node has.
fn many_requests(count: usize) -> Value {
    let mut requests = json!({"cpu": "1", "memory": "1Gi"});
    for number in 0..count {
        requests[format!("tenant.example/resource-{number}")] = "1".into();
    }
    json!({"requests": requests})
}

#[test]
#[ignore = "slow: 10,000 resources"]
fn ten_thousand_resources_hold_the_workload_and_cost_nobody_else() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        open(world, json!({}));
        let mut other = copy_of_miner(world, "shop", "other", json!({}));
        let template = &mut other["spec"]["template"]["spec"];
        template["containers"][0]["resources"] = many_requests(10_000);
        world.deployments.push(other);
        // Within the limit each: names that no node lists are one to the count.
        for number in 0..40 {
            let mut one = copy_of_miner(world, "shop", &format!("one-{number}"), json!({}));
            let mut requests = json!({"cpu": "1"});
            for resource in 0..20 {
                requests[format!("tenant.example/r{number}-{resource}")] = "1".into();
            }
            one["spec"]["template"]["spec"]["containers"][0]["resources"] =
                json!({"requests": requests});
            world.deployments.push(one);
        }
        // A pod that waits, and one that a tenant bound past the scheduler.
        let node = world.nodes[0]["metadata"]["name"].clone();
        for (name, node) in [("waits", Value::Null), ("bound", node)] {
            world.pods.push(json!({
                "metadata": {"name": name, "namespace": "shop", "uid": name},
                "spec": {"nodeName": node, "containers": [{"name": "c", "resources": many_requests(10_000)}]},
                "status": {"phase": if node.is_null() { "Pending" } else { "Running" }},
            }));
        }
    });
    rig.until("the workload is held", |rig| {
        fit_in_shop(rig, "other")
            .is_err_and(|why| why.contains("requests more than 32 different resources"))
    });
    // What the bound pod takes of cpu counts; its node still does, too.
    rig.until("the others are counted", |rig| rig.fit().as_deref() == Ok("120"));
    rig.until("one within the limit is", |rig| fit_in_shop(rig, "one-0").as_deref() == Ok("0"));
}

fn set_ready(world: &mut World, nodes: usize, status: &str) {
    for node in world.nodes.iter_mut().take(nodes) {
        let conditions = node["status"]["conditions"].as_array_mut().unwrap();
        let ready = conditions.iter_mut().find(|condition| condition["type"] == "Ready");
        ready.unwrap()["status"] = status.into();
    }
}

#[test]
fn most_nodes_that_are_down_at_once_change_nothing() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| set_ready(world, 6, "Unknown"));
    rig.until("held", |rig| {
        rig.fit()
            .is_err_and(|(status, why)| status == 503 && why.contains("6 of 6 nodes are not ready"))
    });
    rig.server.change(|world| set_ready(world, 6, "True"));
    rig.until("121 fit", |rig| rig.fit().as_deref() == Ok("121"));
    // Of one that is down, the running pods are part of the fit.
    rig.server.change(|world| set_ready(world, 1, "Unknown"));
    rig.until("no pod elsewhere is deleted", |rig| {
        rig.fit().is_ok_and(|fit| fit != "121" && fit.parse::<u32>().unwrap() >= 90)
    });
}
