//! `oppscale init --grant-cluster-admin`: what is granted goes, however the run ends.

use serde_json::json;

use crate::support::answer::Answer;
use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::store::Inner;

use super::install::{SERVICE, init, server};

const BINDING: &str =
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/oppscale-bootstrap-admin";

/// A role that the plan reads once the grant is in effect.
const ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale";

/// A server whose user lacks a permission, and may grant it, or only bind cluster-admin.
fn limited(grants_roles: bool) -> FakeApiServer {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("patch", "secrets");
        if !grants_roles {
            store.rights.deny("escalate", "clusterroles.rbac.authorization.k8s.io");
        }
        store.user = "dev".to_owned();
    });
    server
}

fn left(server: &FakeApiServer) -> Vec<String> {
    let paths = server.store().paths();
    paths.into_iter().filter(|path| path.ends_with("/oppscale-bootstrap-admin")).collect()
}

#[test]
fn a_grant_is_taken_back_however_the_run_ends() {
    type Change = fn(&mut Inner);
    let cases: [(Change, i32); 3] = [
        (|_| {}, 0),
        // Owned by somebody else.
        (
            |store| {
                let foreign = json!({
                    "kind": "APIService", "metadata": {"name": "v1beta1.custom.metrics.k8s.io"},
                    "spec": {"service": {"namespace": "x", "name": "y"}}
                });
                store.put(SERVICE, "helm", foreign);
            },
            4,
        ),
        // Not ready in time.
        (|store| store.deployments_start = false, 124),
    ];
    for (change, code) in cases {
        for grants_roles in [true, false] {
            let server = limited(grants_roles);
            server.store().change(change);
            let output = init(&server, &["--grant-cluster-admin", "--timeout", "1s"]);
            assert_eq!(output.code, Some(code), "{output}");
            let what = match grants_roles {
                true => "granted the permissions that dev lacks until the end of this run",
                false => "granted cluster-admin to dev until the end of this run",
            };
            assert!(output.stderr.contains(what), "{output}");
            let undo = "undo it with: kubectl delete clusterrolebinding oppscale-bootstrap-admin";
            assert!(output.stderr.contains(undo), "{output}");
            assert!(server.writes().contains(&format!("DELETE {BINDING}")), "{output}");
            assert_eq!(left(&server), Vec::<String>::new(), "{output}");
        }
    }
}

#[test]
fn roles_in_a_namespace_that_the_user_may_not_read_are_granted_too() {
    let server = limited(true);
    server.store().change(|store| store.rights.deny("get", "namespaces"));
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(left(&server), Vec::<String>::new(), "{output}");
}

/// The roles go at the end of the run, and the namespace that they needed stays.
#[test]
fn a_namespace_that_the_grant_created_counts_as_a_change() {
    let server = limited(true);
    server.store().change(|store| {
        let foreign = json!({
            "kind": "APIService", "metadata": {"name": "v1beta1.custom.metrics.k8s.io"},
            "spec": {"service": {"namespace": "x", "name": "y"}}
        });
        store.put(SERVICE, "helm", foreign);
    });
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(4), "{output}");
    let words = "1 of 1 changes were made:\n      created Namespace oppscale\n";
    assert!(output.stderr.contains(words), "{output}");
}

#[test]
fn a_refused_grant_is_not_called_in_effect() {
    let server = limited(false);
    server.store().change(|store| {
        for verb in ["create", "delete"] {
            store.rights.deny(verb, "clusterrolebindings.rbac.authorization.k8s.io");
        }
    });
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(!output.stderr.contains("in effect"), "{output}");
}

#[test]
fn who_may_grant_roles_gets_the_missing_rules_and_not_cluster_admin() {
    let server = limited(true);
    server.always(ROLE, Answer::Silence);
    let env = TestEnv::of(&server);
    let running = env.start(["init", "--image", "i", "--yes", "--grant-cluster-admin"]);
    server.wait_for(ROLE);
    let binding = server.store().object(BINDING).unwrap();
    assert_eq!(binding["roleRef"]["name"], "oppscale-bootstrap-admin");
    let role =
        "/apis/rbac.authorization.k8s.io/v1/namespaces/oppscale/roles/oppscale-bootstrap-admin";
    let role = server.store().object(role).unwrap();
    assert_eq!(
        role["rules"],
        json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["patch"]}])
    );
    signal("INT", running.id());
    assert_eq!(env.finish(running).code, Some(130));
    assert_eq!(left(&server), Vec::<String>::new());
}

#[test]
fn signals_take_the_grant_back_and_what_kill_leaves_is_found() {
    for name in ["INT", "TERM", "HUP", "KILL"] {
        let server = limited(false);
        server.always(ROLE, Answer::Silence);
        let env = TestEnv::of(&server);
        let running = env.start(["init", "--image", "i", "--yes", "--grant-cluster-admin"]);
        server.wait_for(ROLE);
        assert!(server.store().object(BINDING).is_some());
        signal(name, running.id());
        let output = env.finish(running);
        server.always(ROLE, Answer::Serve);
        if name != "KILL" {
            assert_eq!(output.code, Some(130), "{name}: {output}");
            assert_eq!(left(&server), Vec::<String>::new(), "{name}: {output}");
            continue;
        }
        assert!(server.store().object(BINDING).is_some());
        let words = "left ClusterRoleBinding oppscale-bootstrap-admin: dev has ClusterRole \
                     cluster-admin";
        let check = env.run(["check", "--only", "OPP-RBA-005"]);
        assert_eq!(check.code, Some(1), "{check}");
        assert!(check.stdout.contains(words), "{check}");
        let uninstall = env.run(["uninstall", "--dry-run"]);
        assert!(uninstall.stderr.contains(words), "{uninstall}");
        assert!(
            uninstall.stdout.contains("delete  ClusterRoleBinding oppscale-bootstrap-admin"),
            "{uninstall}"
        );
        let shown = init(&server, &["--dry-run=server"]);
        assert!(shown.stderr.contains(words), "{shown}");
        assert!(server.store().object(BINDING).is_some(), "a dry run deletes nothing");
        // The next run needs no flag to take it back.
        let next = init(&server, &[]);
        assert_eq!(next.code, Some(0), "{next}");
        assert!(next.stderr.contains(words), "{next}");
        assert_eq!(left(&server), Vec::<String>::new(), "{next}");
        assert_eq!(env.run(["check", "--only", "OPP-RBA-005"]).code, Some(0));
    }
}

/// A signal may come while the request is under way.
#[test]
fn a_grant_that_is_requested_and_not_yet_answered_goes_too() {
    let server = limited(false);
    let list = BINDING.rsplit_once('/').unwrap().0;
    server.always(list, Answer::Silence);
    let env = TestEnv::of(&server);
    let running = env.start(["init", "--image", "i", "--yes", "--grant-cluster-admin"]);
    server.wait_for(list);
    server.store().change(|store| {
        let binding = json!({
            "kind": "ClusterRoleBinding", "metadata": {"name": "oppscale-bootstrap-admin"},
            "roleRef": {"name": "cluster-admin"}, "subjects": [{"kind": "User", "name": "dev"}]
        });
        store.put(BINDING, "oppscale", binding);
    });
    signal("TERM", running.id());
    let output = env.finish(running);
    assert_eq!(output.code, Some(130), "{output}");
    assert!(server.store().object(BINDING).is_none(), "{output}");
}

/// `nohup` has SIGHUP ignored, and that stays so.
#[test]
fn an_ignored_hangup_stays_ignored() {
    let server = server();
    let env = TestEnv::of(&server);
    let running = env.start_as(&["nohup"], ["init", "--image", "i", "--yes"], &[]);
    server.wait_for("/version");
    signal("HUP", running.id());
    let output = env.finish(running);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn a_grant_is_not_made_unasked_nor_needlessly_nor_with_the_binding_of_another() {
    let server = limited(false);
    let args = ["init", "--image", "i", "--grant-cluster-admin"];
    let output = TestEnv::of(&server).run(args);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(server.writes().is_empty(), "without --yes and a terminal nothing is changed");
    // A binding of that name for somebody else is neither used nor deleted.
    server.store().change(|store| {
        let binding = json!({
            "kind": "ClusterRoleBinding", "metadata": {"name": "oppscale-bootstrap-admin"},
            "roleRef": {"name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve"}]
        });
        store.put(BINDING, "x", binding);
    });
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(server.store().object(BINDING).is_some());
    // Who may do everything needs none.
    let server = super::install::server();
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("may do everything already"), "{output}");
    assert!(!server.writes().iter().any(|write| write.contains(BINDING)));
}
