//! Workloads of any kind that has a `/scale` subresource: counted, rendered for and served.
//!
//! Argo's Rollout is in the table of kinds. LeaderWorkerSet is not: API discovery finds it.

use serde_json::{Value, json};

use crate::render::{object, render};
use crate::serve::rig::{self, Rig};
use crate::support::answer::Answer;
use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::kubeconfig::Kubeconfig;
use crate::support::world::World;

/// A custom kind: group, version, kind, plural.
type Custom = (&'static str, &'static str, &'static str, &'static str);

const ROLLOUT: Custom = ("argoproj.io", "v1alpha1", "Rollout", "rollouts");
const LEADER_WORKER_SET: Custom =
    ("leaderworkerset.x-k8s.io", "v1", "LeaderWorkerSet", "leaderworkersets");

fn answer(value: &Value) -> Answer {
    let text: &'static str = value.to_string().leak();
    Answer::Raw(200, vec![("content-type", "application/json")], text)
}

/// The article's miner as an object of this kind, which controls its ReplicaSets.
fn miner((group, version, kind, _): Custom, world: &mut World) -> Value {
    let miner = world.deployments.iter().find(|d| d["metadata"]["name"] == "electroneum");
    let mut miner = miner.unwrap().clone();
    miner["apiVersion"] = format!("{group}/{version}").into();
    miner["kind"] = kind.into();
    miner["metadata"]["labels"]["oppscale.dev/opportunistic"] = "true".into();
    for set in world.replica_sets.iter_mut() {
        let owner = &mut set["metadata"]["ownerReferences"][0];
        if owner["name"] == "electroneum" {
            owner["apiVersion"] = miner["apiVersion"].clone();
            owner["kind"] = kind.into();
        }
    }
    world.deployments.retain(|d| d["metadata"]["name"] != "electroneum");
    miner
}

/// Lets a server have the kind, and this object of it.
fn offer(server: &FakeApiServer, (group, version, kind, plural): Custom, miner: &Value) {
    let of = format!("{group}/{version}");
    let preferred = json!({"groupVersion": of, "version": version});
    let listed = json!({"name": group, "versions": [preferred], "preferredVersion": preferred});
    let mut alone = listed.clone();
    (alone["kind"], alone["apiVersion"]) = ("APIGroup".into(), "v1".into());
    server.always(&format!("/apis/{group}"), answer(&alone));
    let groups = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [listed]});
    server.always("/apis", answer(&groups));
    let resource = |name: &str, kind: &str| json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["get"]});
    let resources = [resource(plural, kind), resource(&format!("{plural}/scale"), "Scale")];
    let resources = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": of, "resources": resources
    });
    server.always(&format!("/apis/{of}"), answer(&resources));
    let (namespace, name) = (&miner["metadata"]["namespace"], &miner["metadata"]["name"]);
    let path = format!(
        "/apis/{of}/namespaces/{}/{plural}/{}",
        namespace.as_str().unwrap(),
        name.as_str().unwrap()
    );
    server.always(&path, answer(miner));
    let labels = miner["spec"]["selector"]["matchLabels"].as_object().unwrap();
    let labels: Vec<_> =
        labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
    let scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": miner["metadata"],
        "spec": {"replicas": 90}, "status": {"replicas": 90, "selector": labels.join(",")}
    });
    server.always(&format!("{path}/scale"), answer(&scale));
    let list = json!({
        "kind": format!("{kind}List"), "apiVersion": of, "metadata": {"resourceVersion": "1"},
        "items": [miner]
    });
    let all = format!("/apis/{of}/{plural}");
    server.always(&all, answer(&list));
    // It is listed, and cannot be watched.
    server.always(&format!("{all}?watch"), Answer::Recorded("400-bad-limit"));
}

fn top(server: &FakeApiServer, workload: &str) -> String {
    let output = TestEnv::of(server).run(["top", "--workload", workload]);
    assert_eq!(output.code, Some(0), "{output}");
    output.stdout
}

#[test]
fn pods_behind_a_custom_owner_count_as_a_deployments_do() {
    let expected = top(&FakeApiServer::start(World::blog()), "opportunistic/deploy/electroneum");
    for (kind, names) in [
        (ROLLOUT, &["rollout", "ro", "rollouts.argoproj.io"][..]),
        (LEADER_WORKER_SET, &["leaderworkerset", "leaderworkersets.leaderworkerset.x-k8s.io"]),
    ] {
        let mut world = World::blog();
        let miner = miner(kind, &mut world);
        let server = FakeApiServer::start(world);
        offer(&server, kind, &miner);
        for name in names {
            assert_eq!(
                top(&server, &format!("opportunistic/{name}/electroneum")),
                expected,
                "{name}"
            );
        }
    }
}

#[test]
fn a_kind_that_no_hpa_can_scale_is_refused() {
    let server = FakeApiServer::start(World::blog());
    let refused = |workload: &str| {
        let output = TestEnv::of(&server).run(["top", "--workload", workload]);
        assert_ne!(output.code, Some(0), "{output}");
        output.stderr
    };
    assert!(refused("job/x").contains("a Job has no scale subresource"));
    assert!(refused("scaledobjects.keda.sh/x").contains("has no scale subresource"));
    assert!(refused("trainer/x").contains("the API server has no kind \"trainer\""));
}

#[test]
fn an_hpa_is_rendered_for_any_scalable_kind() {
    for (api_version, kind) in [
        ("argoproj.io/v1alpha1", "Rollout"),
        ("apps.kruise.io/v1alpha1", "CloneSet"),
        ("apps/v1", "StatefulSet"),
    ] {
        let file = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": "farm"},
            "spec": {
                "replicas": 3, "selector": {"matchLabels": {"app": "farm"}}, "serviceName": "farm",
                "template": {
                    "metadata": {"labels": {"app": "farm"}},
                    "spec": {"containers": [{
                        "name": "render", "image": "farm:1",
                        "resources": {"requests": {"cpu": "1500m", "memory": "2Gi"}}
                    }]}
                }
            }
        });
        let env = TestEnv::new();
        env.write("farm.yaml", &file.to_string());
        let output = render(&env, &["--workload", "farm.yaml"]);
        assert_eq!(output.code, Some(0), "{output}");
        let target = json!({"apiVersion": api_version, "kind": kind, "name": "farm"});
        let hpa = object(&output.stdout, "HorizontalPodAutoscaler");
        assert_eq!(hpa["spec"]["scaleTargetRef"], target);
        assert_eq!(hpa["spec"]["metrics"][0]["object"]["describedObject"], target);
        let workload = object(&output.stdout, kind);
        assert_eq!(workload["metadata"]["labels"]["oppscale.dev/opportunistic"], "true");
        let pod = &workload["spec"]["template"]["spec"];
        assert_eq!(pod["priorityClassName"], "opportunistic.farm");
        assert_eq!(workload["spec"]["replicas"], Value::Null, "they are the HPA's");
        assert_eq!(workload["spec"]["strategy"], Value::Null, "only a Deployment has this one");
    }
}

#[test]
fn a_kind_that_an_administrator_names_is_served() {
    let (group, _, kind, plural) = LEADER_WORKER_SET;
    let flag = format!("--workload-kind={plural}.{group}");
    let proxies = Authority::new("front-proxy-ca");
    let mut world = rig::world(&proxies);
    let miner = miner(LEADER_WORKER_SET, &mut world);
    let server = FakeApiServer::start(world);
    offer(&server, LEADER_WORKER_SET, &miner);
    let kubeconfig = Kubeconfig::of(&server);
    let rig = Rig::of(proxies, server, &kubeconfig, &[&flag]);
    let path = format!(
        "/apis/custom.metrics.k8s.io/v1beta2/namespaces/opportunistic/{plural}.{group}/electroneum/\
         oppscale_fit_replicas"
    );
    rig.until("served", |rig| rig.get(&path).status == 200);
    let answer: Value = serde_json::from_str(&rig.get(&path).body).unwrap();
    let object = &answer["items"][0]["describedObject"];
    assert_eq!(object["kind"], kind);
    assert_eq!(object["apiVersion"], "leaderworkerset.x-k8s.io/v1");
    assert_ne!(answer["items"][0]["value"], "0", "{answer}");
}
