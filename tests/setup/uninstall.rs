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
