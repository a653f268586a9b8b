//! Every row of the table of requests that a real aggregator and HPA controller send, over
//! real TLS with a front-proxy certificate.

use serde_json::{Value, json};

use super::client::{Connection, Tls};
use super::rig::{HPA, Rig, client};
use crate::support::authority::Authority;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const CUSTOM: &str = "/apis/custom.metrics.k8s.io";
const EXTERNAL: &str = "/apis/external.metrics.k8s.io/v1beta1";
const MINER: &str = "namespaces/opportunistic/deployments.apps/electroneum";

/// Who the availability controller and the discovery manager are.
const AGGREGATOR: [(&str, &str); 2] =
    [("X-Remote-User", "system:kube-aggregator"), ("X-Remote-Group", "system:masters")];

fn both() -> Rig {
    Rig::start(&["--apis=custom,external"])
}

/// A value, with its timestamp checked and put aside.
fn timeless(mut value: Value) -> Value {
    for item in value["items"].as_array_mut().unwrap() {
        let time = item["timestamp"].as_str().unwrap().to_owned();
        assert!(time.len() == 20 && time.ends_with('Z'), "{time} is RFC 3339 in seconds");
        item.as_object_mut().unwrap().remove("timestamp");
    }
    value
}

#[test]
fn the_availability_controller_finds_every_version() {
    let rig = both();
    for path in [&format!("{CUSTOM}/v1beta1"), &format!("{CUSTOM}/v1beta2"), EXTERNAL] {
        // Five at a time, without an Accept header.
        std::thread::scope(|scope| {
            let asked: Vec<_> =
                (0..5).map(|_| scope.spawn(|| rig.get_with(path, &AGGREGATOR))).collect();
            for answer in asked {
                let answer = answer.join().unwrap();
                assert_eq!(answer.status, 200);
                assert_eq!(answer.header("content-type"), Some("application/json"));
                let list = answer.json();
                assert_eq!(list["kind"], "APIResourceList");
                assert_eq!(list["groupVersion"], path.strip_prefix("/apis/").unwrap());
                let resources = list["resources"].as_array().unwrap();
                assert!(!resources.is_empty());
                assert!(resources.iter().all(|resource| resource["verbs"] == json!(["get"])));
            }
        });
    }
    let named = |path: &str| -> Vec<(String, bool)> {
        let list = rig.get_with(path, &AGGREGATOR).json();
        let of = |resource: &Value| {
            let name = resource["name"].as_str().unwrap().to_owned();
            (name, resource["namespaced"].as_bool().unwrap())
        };
        list["resources"].as_array().unwrap().iter().map(of).collect()
    };
    let custom = named(&format!("{CUSTOM}/v1beta2"));
    assert!(custom.contains(&("deployments.apps/oppscale_fit_replicas".to_owned(), true)));
    assert!(custom.contains(&("namespaces/oppscale_fit_replicas".to_owned(), false)));
    assert!(named(EXTERNAL).contains(&("oppscale_remaining_cpu_cores".to_owned(), true)));
}

#[test]
fn the_discovery_manager_gets_both_groups_in_one_list() {
    let rig = both();
    let accept = format!(
        "{AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    );
    let answer = rig.get_with("/apis", &[AGGREGATOR[0], AGGREGATOR[1], ("Accept", &accept)]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some(AGGREGATED), "compared letter by letter");
    let list = answer.json();
    assert_eq!(list["kind"], "APIGroupDiscoveryList");
    assert_eq!(list["apiVersion"], "apidiscovery.k8s.io/v2");
    let external = &list["items"][1];
    assert_eq!(external["metadata"]["name"], "external.metrics.k8s.io");
    assert_eq!(
        external["versions"][0]["resources"][0],
        json!({
            "resource": "oppscale_fit_replicas",
            "responseKind": {"group": "", "version": "", "kind": "ExternalMetricValueList"},
            "scope": "Namespaced", "singularResource": "", "verbs": ["get"]
        })
    );
    let versions: Vec<_> =
        list["items"][0]["versions"].as_array().unwrap().iter().map(|v| &v["version"]).collect();
    assert_eq!(versions, ["v1beta2", "v1beta1"]);
    // Without aggregated discovery, a client falls back to the legacy list.
    let legacy = rig.get_with("/apis", &[AGGREGATOR[0], ("Accept", "application/json")]).json();
    assert_eq!(legacy["kind"], "APIGroupList");
    assert_eq!(legacy["groups"][0]["preferredVersion"]["version"], "v1beta2");
    // The fallback comes without groups.
    let fallback = [("X-Remote-User", "system:kube-aggregator"), ("Accept", "application/json")];
    assert_eq!(rig.get_with(EXTERNAL, &fallback).json()["kind"], "APIResourceList");
}

#[test]
fn openapi_is_there_and_empty() {
    let rig = both();
    let who = ("X-Remote-User", "system:aggregator");
    let v2 = rig.get_with("/openapi/v2", &[who, ("Accept", "application/json")]);
    assert_eq!((v2.status, &v2.json()["swagger"]), (200, &json!("2.0")));
    assert_eq!(v2.json()["paths"], json!({}));
    assert_eq!(rig.get_with("/openapi/v3", &[who]).json(), json!({"paths": {}}));
}

#[test]
fn the_hpa_reads_an_object_metric_in_both_versions() {
    let rig = both();
    let object = json!({
        "kind": "Deployment", "namespace": "opportunistic", "name": "electroneum",
        "apiVersion": "apps/v1"
    });
    for resource in ["deployments.apps", "deployments"] {
        let path = |version: &str, metric: &str| {
            format!("{CUSTOM}/{version}/namespaces/opportunistic/{resource}/electroneum/{metric}")
        };
        let answer = rig.get(&path("v1beta2", "oppscale_fit_replicas"));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            timeless(answer.json()),
            json!({
                "kind": "MetricValueList", "apiVersion": "custom.metrics.k8s.io/v1beta2",
                "metadata": {},
                "items": [{
                    "describedObject": object,
                    "metric": {"name": "oppscale_fit_replicas", "selector": null},
                    "value": "121"
                }]
            })
        );
        assert_eq!(
            timeless(rig.get(&path("v1beta1", "oppscale_remaining_cpu_cores")).json()),
            json!({
                "kind": "MetricValueList", "apiVersion": "custom.metrics.k8s.io/v1beta1",
                "metadata": {},
                "items": [{
                    "describedObject": object, "metricName": "oppscale_remaining_cpu_cores",
                    "value": "121250m", "selector": null
                }]
            })
        );
    }
    // The selector of a metric chooses series; this object has one.
    let path = format!("{CUSTOM}/v1beta2/{MINER}/oppscale_fit_replicas?metricLabelSelector=");
    let selected = |selector: &str| rig.get(&format!("{path}{selector}"));
    let one = selected("deployment+in+%28electroneum%2Cother%29%2C%21statefulset");
    assert_eq!(one.json()["items"][0]["value"], "121");
    let none = selected("deployment+notin+%28electroneum%29");
    assert_eq!(none.status, 404);
    let message = none.json()["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("does not match deployment notin (electroneum)"), "{message}");
    // What top says of the same cluster, and the article's metric in its unit.
    let metric = |name| rig.metric("electroneum", name);
    assert_eq!(metric("cpu_capacity_remaining").unwrap(), "121250");
    let memory = metric("oppscale_remaining_memory_bytes").unwrap();
    assert!(memory.ends_with("i"), "{memory}");
}

#[test]
fn the_hpa_reads_an_external_metric_by_its_labels() {
    let rig = both();
    let path =
        |query: &str| format!("{EXTERNAL}/namespaces/opportunistic/oppscale_fit_replicas{query}");
    for query in [
        "",
        "?labelSelector=deployment%3Delectroneum",
        "?labelSelector=workload+in+%28electroneum%2Cother%29%2Ckind%21%3DStatefulSet",
        "?labelSelector=%21statefulset",
    ] {
        let answer = rig.get(&path(query));
        assert_eq!(answer.status, 200, "{query} {answer:?}");
        assert_eq!(
            timeless(answer.json()),
            json!({
                "kind": "ExternalMetricValueList",
                "apiVersion": "external.metrics.k8s.io/v1beta1",
                "metadata": {},
                "items": [{
                    "metricName": "oppscale_fit_replicas",
                    "metricLabels": {
                        "oppscale.dev/opportunistic": "true",
                        "namespace": "opportunistic", "kind": "Deployment",
                        "workload": "electroneum", "deployment": "electroneum"
                    },
                    "value": "121"
                }]
            })
        );
    }
    for (query, status, words) in [
        (
            "?labelSelector=deployment%3Dother",
            404,
            "no opportunistic workload that matches deployment",
        ),
        ("?labelSelector=a+b", 400, "not a label selector"),
    ] {
        let answer = rig.get(&path(query));
        assert_eq!(answer.status, status);
        assert!(answer.json()["message"].as_str().unwrap().contains(words), "{answer:?}");
    }
}

/// An HPA would add two values up and give the sum to one of the workloads.
#[test]
fn an_external_metric_of_two_workloads_is_refused() {
    let rig = both();
    rig.server.change(|world| {
        let mut twin = world.deployments[0].clone();
        let filler = world.deployments.iter().find(|d| d["metadata"]["name"] == "electroneum");
        twin.clone_from(filler.unwrap());
        twin["metadata"]["name"] = "twin".into();
        twin["metadata"]["uid"] = "7c4ff4d5-3f2c-4b5a-9f57-000000000002".into();
        world.deployments.push(twin);
    });
    let path = format!("{EXTERNAL}/namespaces/opportunistic/oppscale_fit_replicas");
    rig.until("two workloads", |rig| rig.get(&path).status == 400);
    let message = rig.get(&path).json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("deployment=electroneum or deployment=twin"), "{message}");
    let one = rig.get(&format!("{path}?labelSelector=deployment%3Dtwin")).json();
    // The first keeps its 90 pods, for nothing scales it down; the rest of the 121 is the other's.
    assert_eq!(one["items"][0]["value"], "31");
    assert_eq!(rig.fit().unwrap(), "90");
}

#[test]
fn namespaces_nodes_and_lists_are_objects_too() {
    let rig = both();
    let get = |path: &str| rig.get(&format!("{CUSTOM}/v1beta2/{path}"));
    // The name in the HPA's spec is ignored; the HPA's own namespace is asked for.
    let namespace = get("namespaces/opportunistic/metrics/oppscale_fit_replicas").json();
    assert_eq!(namespace["items"][0]["value"], "121");
    assert_eq!(
        namespace["items"][0]["describedObject"],
        json!({"kind": "Namespace", "name": "opportunistic", "apiVersion": "v1"})
    );
    // Cluster-scoped objects are asked for below a namespace, and by others at the root.
    for path in ["namespaces/opportunistic/nodes/fake-00002", "nodes/fake-00002"] {
        let node = get(&format!("{path}/oppscale_remaining_cpu_cores")).json();
        assert_eq!(node["items"][0]["value"], "26750m", "{path}");
        assert_eq!(node["items"][0]["describedObject"]["kind"], "Node");
    }
    for star in ["*", "%2A"] {
        let nodes = get(&format!("nodes/{star}/oppscale_remaining_memory_bytes")).json();
        assert_eq!(nodes["items"].as_array().unwrap().len(), 6);
        let all = "namespaces/opportunistic/deployments.apps";
        let all = get(&format!("{all}/{star}/oppscale_fit_replicas?labelSelector=app%3Dx")).json();
        assert_eq!(all["items"], json!([]));
    }
    let pods = "namespaces/opportunistic/pods/*/oppscale_fit_replicas";
    let pods = get(&format!("{pods}?labelSelector=app%3Delectroneum"));
    assert_eq!(pods.status, 404);
    let message = pods.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("use a metric of type Object"), "{message}");
}

#[test]
fn refusals_are_status_objects_without_retry_after() {
    let rig = both();
    let paths = [
        (format!("{CUSTOM}/v1beta2/{MINER}/nonsense"), 404, "NotFound"),
        (
            format!(
                "{CUSTOM}/v1beta2/namespaces/shop/deployments.apps/checkout/oppscale_fit_replicas"
            ),
            404,
            "NotFound",
        ),
        (format!("{CUSTOM}/v1beta3/{MINER}/oppscale_fit_replicas"), 404, "NotFound"),
        ("/apis/metrics.k8s.io/v1beta1/nodes".to_owned(), 404, "NotFound"),
        ("/".to_owned(), 404, "NotFound"),
        (
            format!("{CUSTOM}/v1beta2/{MINER}/oppscale_fit_replicas?metricLabelSelector=%3D"),
            400,
            "BadRequest",
        ),
    ];
    for (path, code, reason) in paths {
        let answer = rig.get(&path);
        assert_eq!(answer.status, code, "{path}");
        let status = answer.json();
        assert_eq!(
            (&status["kind"], &status["apiVersion"], &status["status"], &status["reason"]),
            (&json!("Status"), &json!("v1"), &json!("Failure"), &json!(reason)),
            "{path}"
        );
        assert_eq!(status["code"], code);
        assert_eq!(answer.header("retry-after"), None);
    }
    let tls = rig.front_proxy();
    let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
    let path = format!("{CUSTOM}/v1beta2/{MINER}/oppscale_fit_replicas");
    let answer = connection.request("DELETE", &path, &HPA).unwrap();
    assert_eq!((answer.status, answer.json()["reason"].as_str()), (405, Some("MethodNotAllowed")));
}

#[test]
fn only_the_front_proxy_is_answered() {
    let rig = both();
    let path = format!("{CUSTOM}/v1beta2/{MINER}/oppscale_fit_replicas");
    let ask = |identity: Option<&crate::support::authority::Identity>, headers: &[(&str, &str)]| {
        let tls = Tls::new(&rig.authority.pem(), identity);
        Connection::open(rig.oppscale.api, Some(&tls)).unwrap().get(&path, headers).unwrap()
    };
    let strangers = Authority::new("front-proxy-ca");
    let server = rig.proxies.signed(|params| {
        params.distinguished_name.push(rcgen::DnType::CommonName, "front-proxy-client");
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let expired = rig.proxies.signed(|params| {
        params.distinguished_name.push(rcgen::DnType::CommonName, "front-proxy-client");
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    let proxy = client(&rig.proxies, "front-proxy-client");
    let cases = [
        ("no client certificate", ask(None, &HPA)),
        ("is not valid", ask(Some(&client(&strangers, "front-proxy-client")), &HPA)),
        ("not an allowed name", ask(Some(&client(&rig.proxies, "somebody")), &HPA)),
        ("is not valid", ask(Some(&server), &HPA)),
        ("is not valid", ask(Some(&expired), &HPA)),
        ("headers name no user", ask(Some(&proxy), &[])),
        ("headers name no user", ask(Some(&proxy), &[("X-Remote-User", "")])),
    ];
    for (why, answer) in cases {
        assert_eq!(answer.status, 401, "{why}");
        let status = answer.json();
        assert_eq!(status["reason"], "Unauthorized");
        assert!(status["message"].as_str().unwrap().contains(why), "{why}: {status}");
    }
    assert_eq!(ask(Some(&proxy), &HPA).status, 200);
    // The kubelet has no certificate, and asks for nothing but its probes.
    let tls = Tls::new(&rig.authority.pem(), None);
    for probe in ["/livez", "/readyz", "/healthz"] {
        let mut connection = Connection::open(rig.oppscale.api, Some(&tls)).unwrap();
        assert_eq!(connection.get(probe, &[]).unwrap().status, 200);
    }
}

#[test]
fn a_group_that_is_not_served_is_not_there() {
    let rig = Rig::start(&[]);
    assert_eq!(rig.get(EXTERNAL).status, 404);
    let path = format!("{EXTERNAL}/namespaces/opportunistic/oppscale_fit_replicas");
    assert_eq!(rig.get(&path).status, 404);
    let groups = rig.get_with("/apis", &AGGREGATOR).json();
    assert_eq!(groups["groups"].as_array().unwrap().len(), 1);
    assert_eq!(rig.get(CUSTOM).json()["kind"], "APIGroup");
}
