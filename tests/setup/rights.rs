//! Rights of `oppscale init`: each missing in turn, all of them, and the grant that is asked for.

use super::install::{init, server};

/// Each right that an installation takes, missing in turn.
#[test]
fn each_missing_right_is_named_with_the_smallest_grant() {
    for (resource, rule) in [
        ("namespaces", "namespaces"),
        ("clusterroles.rbac.authorization.k8s.io", "clusterroles"),
        ("clusterrolebindings.rbac.authorization.k8s.io", "clusterrolebindings"),
        ("rolebindings.rbac.authorization.k8s.io", "rolebindings"),
        ("apiservices.apiregistration.k8s.io", "apiservices"),
        ("secrets", "secrets"),
        ("services", "services"),
        ("serviceaccounts", "serviceaccounts"),
        ("deployments.apps", "deployments"),
        ("poddisruptionbudgets.policy", "poddisruptionbudgets"),
    ] {
        let server = server();
        server.store().change(|store| {
            store.rights.deny("patch", resource);
            store.user = "dev".to_owned();
        });
        let output = init(&server, &[]);
        assert_eq!(output.code, Some(3), "{resource}: {output}");
        let refusal = format!("cannot patch resource \"{rule}\"");
        let words = [refusal, format!("you may not patch {rule}")];
        assert!(words.iter().any(|text| output.stderr.contains(text)), "{output}");
        assert!(
            output.stdout.contains("kind: ClusterRole\n") || output.stdout.contains("kind: Role\n"),
            "{output}"
        );
        assert!(output.stdout.contains("name: oppscale-installer"), "{output}");
        assert!(output.stdout.contains("name: dev"), "{output}");
        assert!(!output.stdout.contains("cluster-admin"), "{output}");
        assert!(output.stdout.contains(rule), "{output}");
        assert!(server.writes().is_empty());
    }
}

#[test]
fn who_may_nothing_is_told_all_of_it() {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("*", "*");
        store.user = "dev".to_owned();
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(3), "{output}");
    for resource in
        ["namespaces", "secrets", "services", "deployments", "apiservices", "poddisruptionbudgets"]
    {
        assert!(output.stdout.contains(resource), "{resource}: {output}");
    }
    assert!(server.writes().is_empty());
}

#[test]
fn cluster_admin_is_granted_only_when_asked_and_taken_back() {
    let server = server();
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output
            .stderr
            .contains("undo it with: kubectl delete clusterrolebinding oppscale-bootstrap-admin"),
        "{output}"
    );
    let binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/oppscale-bootstrap-admin";
    assert!(server.writes().contains(&format!("DELETE {binding}")));
    assert!(server.store().object(binding).is_none());
}
