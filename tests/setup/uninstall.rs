//! `oppscale uninstall`: the API first, and only what is ours.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bin::TestEnv;

use super::install::{CONFIG_MAP, init, server};

#[test]
fn uninstalling_deletes_the_api_first_and_leaves_nothing_of_ours() {
    let server = server();
    let _ = init(&server, &[]);
    let before = server.writes().len();
    let plan = TestEnv::of(&server).run(["uninstall", "--dry-run"]);
    assert_snapshot!(plan, @"
    delete  APIService v1beta1.custom.metrics.k8s.io
    delete  APIService v1beta2.custom.metrics.k8s.io
    delete  Deployment oppscale/oppscale
    delete  PodDisruptionBudget oppscale/oppscale
    delete  NetworkPolicy oppscale/oppscale
    delete  Service oppscale/oppscale
    delete  Secret oppscale/oppscale-tls
    delete  RoleBinding kube-system/oppscale-auth-reader
    delete  ClusterRoleBinding oppscale
    delete  ClusterRole oppscale
    delete  ServiceAccount oppscale/oppscale
    delete  Namespace oppscale
    [EOF]
    ");
    let refused = TestEnv::of(&server).run(["uninstall"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert_eq!(server.writes().len(), before);
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    let deleted = &server.writes()[before..];
    assert!(
        deleted[0].contains("/apiservices/") && deleted[1].contains("/apiservices/"),
        "{deleted:?}"
    );
    assert!(deleted.last().unwrap().ends_with("/namespaces/oppscale"), "{deleted:?}");
    assert_eq!(server.store().paths(), [CONFIG_MAP]);
    let again = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(again.stdout, "nothing to delete\n");
}

#[test]
fn a_mistyped_namespace_is_no_finished_uninstallation() {
    let server = server();
    let _ = init(&server, &[]);
    let before = server.writes().len();
    for args in [&["-n", "opscale"][..], &["--service", "opscale"]] {
        let output = TestEnv::of(&server).run([&["uninstall", "--yes"], args].concat());
        assert_eq!(output.code, Some(2), "{args:?}: {output}");
        let hint = "did you mean -n oppscale --service oppscale?";
        assert!(output.stderr.contains(hint), "{args:?}: {output}");
    }
    assert_eq!(server.writes().len(), before);
}

#[test]
fn uninstalling_touches_only_what_carries_our_labels() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        store.put("/api/v1/namespaces/oppscale/configmaps/theirs", "x", json!({"kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "oppscale"}}));
        store.put("/apis/apps/v1/namespaces/opp/deployments/miner", "x", json!({"kind": "Deployment", "metadata": {"name": "miner", "namespace": "opp", "labels": {"app.kubernetes.io/managed-by": "oppscale"}}}));
    });
    let output = TestEnv::of(&server).run(["uninstall", "--yes", "--keep-namespace"]);
    assert_eq!(output.code, Some(0), "{output}");
    let mut left = server.store().paths();
    left.retain(|path| path != CONFIG_MAP);
    assert_eq!(
        left,
        [
            "/api/v1/namespaces/oppscale",
            "/api/v1/namespaces/oppscale/configmaps/theirs",
            "/apis/apps/v1/namespaces/opp/deployments/miner",
        ]
    );
}

#[test]
fn uninstalling_without_rights_changes_nothing() {
    let server = server();
    let _ = init(&server, &[]);
    let before = server.writes().len();
    server.store().change(|store| store.rights.deny("list", "apiservices.apiregistration.k8s.io"));
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert_eq!(server.writes().len(), before);
}

/// Not every installation has objects of these kinds, so that whoever could install may not list
/// them.
#[test]
fn a_kind_that_may_not_be_listed_and_need_not_be_there_prevents_nothing() {
    for kind in [
        "priorityclasses.scheduling.k8s.io",
        "networkpolicies.networking.k8s.io",
        "servicemonitors.monitoring.coreos.com",
        "prometheusrules.monitoring.coreos.com",
    ] {
        let server = server();
        let _ = init(&server, &["--network-policy", "off"]);
        server.store().change(|store| {
            store.groups.insert("monitoring.coreos.com".to_owned());
            store.rights.deny("list", kind);
        });
        let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
        assert_eq!(output.code, Some(0), "{output}");
        let note = format!("note: you may not list {kind}: if oppscale installed some");
        assert!(output.stderr.contains(&note), "{output}");
        // The rule's alert on a server that is gone is no harmless rest.
        let fires = output.stderr.contains("fires the alert\n      OppscaleAbsent");
        assert_eq!(fires, kind.starts_with("prometheusrules"), "{output}");
        assert_eq!(server.store().paths(), [CONFIG_MAP], "{output}");
    }
}

#[test]
fn a_namespace_in_which_others_live_is_kept() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        store.put("/api/v1/namespaces/oppscale/persistentvolumeclaims/data", "x", json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "oppscale"}}));
        store.put("/api/v1/namespaces/oppscale/configmaps/kube-root-ca.crt", "x", json!({"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt", "namespace": "oppscale"}}));
        store.put("/api/v1/namespaces/oppscale/serviceaccounts/default", "x", json!({"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "oppscale"}}));
    });
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output.stderr.contains(
            "namespace oppscale is kept: it has other tenants: PersistentVolumeClaim data\n"
        ),
        "{output}"
    );
    assert!(server.store().object("/api/v1/namespaces/oppscale").is_some());
    assert!(
        server.store().object("/api/v1/namespaces/oppscale/persistentvolumeclaims/data").is_some()
    );
    // What every namespace has by itself keeps none.
    server.store().change(|store| {
        store.objects.remove("/api/v1/namespaces/oppscale/persistentvolumeclaims/data")
    });
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.stdout, "delete  Namespace oppscale\n1 object deleted\n", "{output}");
}

#[test]
fn who_lives_in_a_namespace_that_may_not_be_looked_through_is_not_deleted() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| store.rights.deny("list", "persistentvolumeclaims"));
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("other tenants of it are unknown"), "{output}");
    assert!(server.store().object("/api/v1/namespaces/oppscale").is_some());
}

/// render-hpa makes namespaces too: `init` may move in, but `uninstall` must not tear them down.
#[test]
fn a_namespace_of_workloads_is_neither_taken_nor_deleted() {
    let server = server();
    let path = "/api/v1/namespaces/idle";
    server.store().change(|store| {
        store.put(path, "kubectl", json!({"kind": "Namespace", "metadata": {"name": "idle", "labels": {"app.kubernetes.io/managed-by": "oppscale"}}}));
    });
    let output = init(&server, &["-n", "idle"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("keep    Namespace idle"), "{output}");
    let output = TestEnv::of(&server).run(["uninstall", "--yes", "-n", "idle"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(!output.stdout.contains("Namespace"), "{output}");
    assert!(server.store().object(path).is_some());
}

#[test]
fn an_api_of_others_that_leads_to_our_server_keeps_it() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        store.put(
            "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io",
            "x",
            json!({
                "kind": "APIService", "metadata": {"name": "v1beta1.external.metrics.k8s.io"},
                "spec": {"service": {"namespace": "oppscale", "name": "oppscale"}}
            }),
        );
    });
    let before = server.writes().len();
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(
        output.stderr.contains("v1beta1.external.metrics.k8s.io (without our labels)"),
        "{output}"
    );
    assert_eq!(server.writes().len(), before);
}

#[test]
fn a_right_to_delete_that_is_missing_is_found_before_anything_is_deleted() {
    let server = server();
    let _ = init(&server, &[]);
    let before = server.writes().len();
    server.store().change(|store| store.rights.deny("delete", "services"));
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(output.stderr.contains("you may not delete services in oppscale"), "{output}");
    assert_eq!(server.writes().len(), before);
}

#[test]
fn workloads_go_only_when_asked_and_only_opportunistic_ones() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        for (name, label) in [("miner", "true"), ("shop", "no")] {
            store.put(&format!("/apis/apps/v1/namespaces/idle/deployments/{name}"), "x", json!({"kind": "Deployment", "metadata": {"name": name, "namespace": "idle", "labels": {"oppscale.dev/opportunistic": label}}}));
            store.put(&format!("/apis/autoscaling/v2/namespaces/idle/horizontalpodautoscalers/{name}"), "x", json!({
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": name, "namespace": "idle", "labels": {"app.kubernetes.io/managed-by": "oppscale"}},
                "spec": {"scaleTargetRef": {"kind": "Deployment", "name": name}}
            }));
        }
        store.put("/apis/autoscaling/v2/namespaces/idle/horizontalpodautoscalers/theirs", "x", json!({
            "kind": "HorizontalPodAutoscaler", "metadata": {"name": "theirs", "namespace": "idle"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "miner"}}
        }));
        // Each filler's own class goes with it; what others made or share stays.
        for (class, manager) in
            [("idle.miner", "oppscale"), ("idle.batch", "somebody"), ("idle.shop", "oppscale")]
        {
            store.put(&format!("/apis/scheduling.k8s.io/v1/priorityclasses/{class}"), "x", json!({
                "kind": "PriorityClass", "metadata": {
                    "name": class, "labels": {"app.kubernetes.io/managed-by": manager}
                }
            }));
        }
        store.groups.insert("keda.sh".to_owned());
        // KEDA's HPA has the labels of the ScaledObject, and would be made again.
        store.put("/apis/keda.sh/v1alpha1/namespaces/idle/scaledobjects/batch", "x", json!({
            "kind": "ScaledObject", "metadata": {"name": "batch", "namespace": "idle"}
        }));
        store.put("/apis/autoscaling/v2/namespaces/idle/horizontalpodautoscalers/keda-hpa-batch", "keda", json!({
            "kind": "HorizontalPodAutoscaler",
            "metadata": {
                "name": "keda-hpa-batch", "namespace": "idle",
                "labels": {"app.kubernetes.io/managed-by": "oppscale"},
                "ownerReferences": [{"kind": "ScaledObject", "name": "batch"}]
            },
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "batch"}}
        }));
    });
    let output = TestEnv::of(&server).run(["uninstall", "--yes", "--delete-workloads"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.starts_with("delete  APIService"), "{output}");
    assert!(output.stderr.contains("Deployment idle/shop is kept"), "{output}");
    let mut left = server.store().paths();
    left.retain(|path| path.contains("/idle/"));
    let classes = ["idle.miner", "idle.batch", "idle.shop"].map(|class| {
        server.store().object(&format!("/apis/scheduling.k8s.io/v1/priorityclasses/{class}"))
    });
    assert_eq!(classes.map(|class| class.is_some()), [false, true, true]);
    assert_eq!(
        left,
        [
            "/apis/apps/v1/namespaces/idle/deployments/shop",
            // The garbage collector's to take.
            "/apis/autoscaling/v2/namespaces/idle/horizontalpodautoscalers/keda-hpa-batch",
            "/apis/autoscaling/v2/namespaces/idle/horizontalpodautoscalers/theirs",
        ]
    );
}
