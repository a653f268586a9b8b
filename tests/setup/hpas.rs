//! `oppscale check`: HPAs of opportunistic workloads, and the one that KEDA makes.

use serde_json::{Value, json};

use http::Method;

use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::place::Place;
use crate::support::world::{World, json_of};

use super::checks::{check, of, server};

#[test]
fn the_articles_hpa_is_judged_and_corrected() {
    let server = server();
    server.store().change(|store| {
        let list = json_of("blog-cluster/deployments.json");
        for deployment in list["items"].as_array().unwrap() {
            let name = deployment["metadata"]["name"].as_str().unwrap();
            let namespace = deployment["metadata"]["namespace"].as_str().unwrap();
            let mut deployment = deployment.clone();
            deployment["kind"] = "Deployment".into();
            store.put(&format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}"), "x", deployment);
        }
        store.put(
            "/apis/autoscaling/v2/namespaces/opportunistic/horizontalpodautoscalers/electroneum",
            "x",
            json!({
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "electroneum", "namespace": "opportunistic"},
                "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "electroneum"},
                    "minReplicas": 15, "maxReplicas": 150,
                    "metrics": [{"type": "Object", "object": {
                        "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "metrics"},
                        "metric": {"name": "cpu_capacity_remaining"},
                        "target": {"type": "Value", "value": "30"}
                    }}]
                },
                "status": {"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetObjectMetric", "message": "no metrics"}]}
            }),
        );
        let path = "/apis/apps/v1/namespaces/opportunistic/deployments/electroneum";
        let mut filler = store.objects[path].value.clone();
        filler["metadata"]["labels"]["oppscale.dev/opportunistic"] = "true".into();
        store.put(path, "x", filler);
    });
    let output = check(&server, &["-o", "json", "--only", "autoscaling"]);
    let (result, text) = of(&output, "OPP-HPA-001");
    assert_eq!(result, "error", "{output}");
    assert!(
        text.contains("name: oppscale_fit_replicas") && text.contains("type: AverageValue"),
        "{text}"
    );
    assert_eq!(of(&output, "OPP-HPA-003").0, "error");
    assert!(of(&output, "OPP-HPA-004").1.contains("minReplicas is 15"));
    assert_eq!(of(&output, "OPP-HPA-002").0, "success");
}

#[test]
fn the_hpa_that_keda_makes_for_ours_is_right() {
    let server = server();
    server.store().change(|store| {
        let list = json_of("blog-cluster/deployments.json");
        let of = |one: &&Value| one["metadata"]["name"] == "electroneum";
        let mut filler = list["items"].as_array().unwrap().iter().find(of).unwrap().clone();
        filler["kind"] = "Deployment".into();
        filler["metadata"]["labels"]["oppscale.dev/opportunistic"] = "true".into();
        store.put("/apis/apps/v1/namespaces/opportunistic/deployments/electroneum", "x", filler);
        let series = "oppscale_fit_replicas{namespace=\"opportunistic\",workload=\"electroneum\"}";
        store.put(
            "/apis/autoscaling/v2/namespaces/opportunistic/horizontalpodautoscalers/keda-hpa-electroneum",
            "keda",
            json!({
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {
                    "name": "keda-hpa-electroneum", "namespace": "opportunistic",
                    "ownerReferences": [{"kind": "ScaledObject", "name": "electroneum"}]
                },
                "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "electroneum"},
                    "minReplicas": 1, "maxReplicas": 150,
                    "metrics": [{"type": "External", "external": {
                        "metric": {
                            "name": format!("s0-metric-api-{series}"),
                            "selector": {"matchLabels": {"scaledobject.keda.sh/name": "electroneum"}}
                        },
                        "target": {"type": "AverageValue", "averageValue": "1"}
                    }}],
                    "behavior": {
                        "scaleDown": {"stabilizationWindowSeconds": 0, "tolerance": "0"},
                        "scaleUp": {"stabilizationWindowSeconds": 60, "tolerance": "0"}
                    }
                },
                "status": {"conditions": [{
                    "type": "ScalingActive", "status": "False", "reason": "ScalingDisabled",
                    "message": "scaling is disabled since the replica count of the target is zero"
                }]}
            }),
        );
    });
    let output = check(&server, &["-o", "json", "--only", "autoscaling"]);
    assert_eq!(output.code, Some(0), "{output}");
    for id in ["OPP-HPA-001", "OPP-HPA-002", "OPP-HPA-003", "OPP-HPA-004"] {
        assert_eq!(of(&output, id).0, "success", "{id}: {output}");
    }
}

/// Not Deployments and StatefulSets alone: whatever an HPA scales.
#[test]
fn the_hpa_of_a_custom_workload_is_checked() {
    let server = server();
    server.store().change(|store| {
        store.groups.insert("argoproj.io".into());
        let metadata = json!({"name": "r", "namespace": "opp", "labels": {"oppscale.dev/opportunistic": "true"}});
        store.put(
            "/apis/argoproj.io/v1alpha1/namespaces/opp/rollouts/r",
            "x",
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata}),
        );
        store.put(
            "/apis/autoscaling/v2/namespaces/opp/horizontalpodautoscalers/r",
            "x",
            json!({
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "r", "namespace": "opp"},
                "spec": {
                    "scaleTargetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "r"},
                    "minReplicas": 15, "maxReplicas": 150
                }
            }),
        );
    });
    let output = check(&server, &["-o", "json", "--only", "autoscaling"]);
    assert!(of(&output, "OPP-HPA-004").1.contains("minReplicas is 15"), "{output}");
}

/// Puts a labelled Deployment of this name, and its HPA, into the namespace `opportunistic`.
pub fn put_filler(server: &FakeApiServer, name: &str) {
    let list = json_of("blog-cluster/deployments.json");
    let is_filler = |one: &&Value| one["metadata"]["name"] == "electroneum";
    let mut filler = list["items"].as_array().unwrap().iter().find(is_filler).unwrap().clone();
    filler["kind"] = "Deployment".into();
    filler["metadata"]["name"] = name.into();
    filler["metadata"]["labels"]["oppscale.dev/opportunistic"] = "true".into();
    let hpa = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "opportunistic"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1, "maxReplicas": 150,
            "metrics": [{"type": "Object", "object": {
                "describedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "metric": {"name": "oppscale_fit_replicas"},
                "target": {"type": "AverageValue", "averageValue": "1"}
            }}]
        }
    });
    server.store().change(|store| {
        store.put(
            &format!("/apis/apps/v1/namespaces/opportunistic/deployments/{name}"),
            "x",
            filler,
        );
        let hpas = "/apis/autoscaling/v2/namespaces/opportunistic/horizontalpodautoscalers";
        store.put(&format!("{hpas}/{name}"), "x", hpa);
    });
}

/// The controller stops HPAs of one target; they do not move it.
#[test]
fn hpas_of_one_workload_stop_each_other() {
    let server = server();
    put_filler(&server, "miner");
    let path = "/apis/autoscaling/v2/namespaces/opportunistic/horizontalpodautoscalers/";
    let miner = format!("{path}miner");
    let mut other = server.store().change(|store| store.objects[&miner].value.clone());
    for (name, words) in [
        ("b", "opportunistic/b scales the same workload, so the controller stops both"),
        (
            "c",
            "opportunistic/b, opportunistic/c scale the same workload, so the controller stops them \
             all",
        ),
    ] {
        other["metadata"]["name"] = name.into();
        let other = other.clone();
        server.store().change(|store| store.put(&format!("{path}{name}"), "x", other));
        let output = check(&server, &["-o", "json", "--only", "OPP-HPA-002"]);
        assert!(output.stdout.contains(words), "{words}: {output}");
        assert!(output.stdout.contains("keep one, with the metrics of all"), "{output}");
    }
}

/// One list of all pods serves the count and every HPA; it used to be one for each.
#[test]
fn the_pods_are_listed_once_however_many_hpas_are_judged() {
    let server = server();
    for number in 0..20 {
        put_filler(&server, &format!("filler-{number}"));
    }
    put_filler(&server, "electroneum");
    let output = check(&server, &["-o", "json", "--only", "capacity,autoscaling"]);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = json["categories"].as_array().unwrap().iter();
    let checks = checks.flat_map(|category| category["checks"].as_array().unwrap());
    let judged = checks.filter(|check| check["id"] == "OPP-HPA-001").count();
    assert_eq!(judged, 21, "{output}");
    let requests = server.requests();
    let of_all = requests.iter().filter(|request| {
        request.path == "/api/v1/pods" && request.parameter("labelSelector").is_none()
    });
    assert_eq!(of_all.count(), 1, "{}", server.log());
    let nodes = requests.iter().filter(|request| request.path == "/api/v1/nodes");
    assert_eq!(nodes.count(), 2, "one for the distribution: {}", server.log());
}

/// A workload's own reserve is the one that its metric leaves free: the correction used to suggest
/// two cores in its place, and to one who keeps more free than the loop needs.
#[test]
fn a_correction_keeps_the_reserve_of_the_workload() {
    for minor in ["33", "36"] {
        let mut world = World::blog();
        world.version["minor"] = minor.into();
        world.version["gitVersion"] = format!("v1.{minor}.0").into();
        let server = Setup::new(world).storing().start();
        put_filler(&server, "electroneum");
        let annotate = |reserve: &str| {
            server.store().change(|store| {
                let path = "/apis/apps/v1/namespaces/opportunistic/deployments/electroneum";
                let mut filler = store.objects[path].value.clone();
                filler["metadata"]["annotations"]["oppscale.dev/reserve"] = reserve.into();
                store.put(path, "x", filler);
            });
        };
        let fix = || {
            let output = check(&server, &["-o", "json", "--only", "OPP-HPA-001"]);
            let (result, text) = of(&output, "OPP-HPA-001");
            assert_eq!(result, "warning", "1.{minor}: {output}");
            text
        };
        annotate("15%");
        let text = fix();
        assert!(!text.contains("Subtract a reserve"), "1.{minor}: {text}");
        assert!(text.contains("oppscale.dev/reserve=15%"), "1.{minor}: {text}");
        // Less than the loop needs is still corrected.
        annotate("1m");
        let text = fix();
        assert!(text.contains("Subtract a reserve"), "1.{minor}: {text}");
        assert!(!text.contains("oppscale.dev/reserve=1m"), "1.{minor}: {text}");
    }
}

#[test]
fn who_may_not_impersonate_reads_the_metric_themselves() {
    let server = server();
    assert_eq!(super::install::init(&server, &[]).code, Some(0));
    put_filler(&server, "electroneum");
    let metric = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/opportunistic/deployments.apps/electroneum/oppscale_fit_replicas";
    let looked = || of(&check(&server, &["-o", "json", "--only", "server"]), "OPP-SRV-003");
    let (result, text) = looked();
    // The fake server's values are old.
    assert_eq!(result, "warning", "{text}");
    assert!(text.starts_with("17 for opportunistic/electroneum"), "{text}");
    assert!(!text.contains("read as you"), "{text}");
    server.store().change(|store| store.rights.deny("impersonate", "serviceaccounts"));
    let before = server.requests().len();
    let (result, text) = looked();
    assert_eq!(result, "warning", "{text}");
    assert!(text.contains("read as you: you may not impersonate the controller"), "{text}");
    let reads: Vec<bool> = server.requests()[before..]
        .iter()
        .filter(|request| request.path == metric)
        .map(|request| !request.header("impersonate-user").is_empty())
        .collect();
    assert_eq!(reads, [true, false], "{}", server.log());
    // What the user may not read shows nothing about the controller.
    server.store().change(|store| {
        store.rights.denied.push(Place::of(metric).unwrap().need(&Method::GET));
    });
    let (result, text) = looked();
    assert_eq!(result, "unknown", "{text}");
    assert!(text.contains("missing permission: --verb=impersonate"), "{text}");
}
