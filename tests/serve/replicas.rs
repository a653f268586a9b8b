//! What a replica takes of a node beside the requests of its containers.

use serde_json::{Value, json};

use super::rig::Rig;
use crate::support::world::{Devices, List, World};

/// The pod template of the miner.
fn pod(world: &mut World) -> &mut Value {
    let miner = world.deployments.iter_mut().find(|d| d["metadata"]["name"] == "electroneum");
    &mut miner.unwrap()["spec"]["template"]["spec"]
}

fn until_fit(rig: &Rig, fit: &str) {
    rig.until(fit, |rig| rig.fit().as_deref() == Ok(fit));
}

#[test]
fn the_overhead_of_a_runtime_class_is_a_part_of_each_replica() {
    let rig = Rig::start(&[]);
    until_fit(&rig, "121");
    rig.server.change(|world| pod(world)["runtimeClassName"] = json!("kata"));
    let class = |cpu: &str| {
        json!({
            "metadata": {"name": "kata", "uid": "kata"}, "handler": "kata",
            "overhead": {"podFixed": {"cpu": cpu}}
        })
    };
    // 1.25 cores of 121.25 in the usable nodes beside the reserve of 30.
    rig.server.change(|world| world.runtime_classes.push(class("250m")));
    until_fit(&rig, "97");
    rig.server.change(|world| world.runtime_classes[0] = class("1"));
    until_fit(&rig, "60");
    rig.server.change(|world| world.runtime_classes.clear());
    until_fit(&rig, "121");
}

#[test]
fn a_node_has_one_replica_where_two_would_refuse_each_other() {
    let rig = Rig::start(&[]);
    until_fit(&rig, "121");
    rig.server.change(|world| {
        pod(world)["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    });
    until_fit(&rig, "6");
    rig.server.change(|world| {
        let labels = {
            let deployments = &world.deployments;
            let miner = deployments.iter().find(|d| d["metadata"]["name"] == "electroneum");
            miner.unwrap()["spec"]["template"]["metadata"]["labels"].clone()
        };
        let pod = pod(world);
        pod["containers"][0]["ports"] = json!([]);
        let term = json!({
            "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}
        });
        let terms = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
        pod["affinity"]["podAntiAffinity"] = terms;
    });
    until_fit(&rig, "6");
    rig.server.change(|world| pod(world)["affinity"] = Value::Null);
    until_fit(&rig, "121");
}

#[test]
fn devices_of_claims_limit_replicas_and_unknown_ones_hold_them() {
    let rig = Rig::start(&[]);
    until_fit(&rig, "121");
    rig.server.change(|world| {
        let claims = json!([{"name": "gpu", "resourceClaimTemplateName": "one"}]);
        pod(world)["resourceClaims"] = claims;
    });
    rig.until("it is held", |rig| {
        rig.fit().is_err_and(|(_, why)| why.contains("what is left of claim:one is unknown"))
    });
    let slice = json!({
        "metadata": {"name": "s", "uid": "s"},
        "spec": {
            "driver": "gpu.example.com", "nodeName": "fake-00000",
            "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": "a"}, {"name": "b"}, {"name": "c"}]
        }
    });
    let expression = json!({"cel": {"expression": "device.driver == 'gpu.example.com'"}});
    let request = json!({"name": "r", "exactly": {"deviceClassName": "gpu"}});
    rig.server.change(|world| {
        world.devices = Some(Devices {
            classes: vec![json!({
                "metadata": {"name": "gpu", "uid": "gpu"}, "spec": {"selectors": [expression]}
            })]
            .into(),
            slices: vec![slice].into(),
            claims: List::default(),
            templates: vec![json!({
                "metadata": {"name": "one", "namespace": "opportunistic", "uid": "one"},
                "spec": {"spec": {"devices": {"requests": [request]}}}
            })]
            .into(),
        });
    });
    // Watches of kinds that were not there are tried again.
    rig.until_in(std::time::Duration::from_secs(45), "three devices", |rig| {
        rig.fit().as_deref() == Ok("3")
    });
    // A paid pod takes one.
    rig.server.change(|world| {
        let claim = json!({
            "metadata": {"name": "c", "namespace": "shop", "uid": "c"},
            "spec": {"devices": {"requests": [request]}},
            "status": {
                "allocation": {"devices": {"results": [{
                    "request": "r", "driver": "gpu.example.com", "pool": "p", "device": "a"
                }]}},
                "reservedFor": [{"resource": "pods", "name": "paid", "uid": "uid-of-paid"}]
            }
        });
        world.devices.as_mut().unwrap().claims.push(claim);
    });
    until_fit(&rig, "2");
}
