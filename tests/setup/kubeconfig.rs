//! `oppscale kubeconfig`: a token that ends, and can be revoked.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::store::TOKEN;
use crate::support::world::World;

const REVOKER: &str = "/api/v1/namespaces/oppscale/secrets/oppscale-kubeconfig-ci";

pub fn server() -> FakeApiServer {
    let server = Setup::new(World::nodes_alone()).storing().start();
    server.store().change(|store| {
        let object = |kind: &str, metadata: Value| {
            json!({"apiVersion": "v1", "kind": kind, "metadata": metadata})
        };
        store.put("/api/v1/namespaces/oppscale", "x", object("Namespace", json!({"name": "oppscale"})));
        store.put(
            "/api/v1/namespaces/oppscale/serviceaccounts/ci",
            "x",
            object("ServiceAccount", json!({"name": "ci", "namespace": "oppscale"})),
        );
    });
    server
}

pub fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn a_kubeconfig_holds_what_is_needed_to_use_it() {
    let server = server();
    let env = TestEnv::of(&server);
    let output = env.run(["kubeconfig", "--sa", "ci"]);
    assert_eq!(output.code, Some(0), "{output}");
    let config = yaml(&output.stdout);
    assert_eq!(config["current-context"], "oppscale-ci");
    assert_eq!(config["users"][0]["user"]["token"], TOKEN);
    assert_eq!(config["clusters"][0]["cluster"]["server"], "$SERVER");
    assert!(config["clusters"][0]["cluster"]["certificate-authority-data"].is_string());
    assert_snapshot!(output.stderr, @"
    note: the token expires on 2027-01-01 00:00 UTC; to revoke it earlier:
          oppscale kubeconfig -n oppscale --serviceaccount ci --revoke
    ");
    // It leads to the cluster: the program itself can use it.
    let text = output.stdout.replace("$SERVER", &server.url());
    env.write("ci.kubeconfig", &text);
    let used = env.run(["top", "--kubeconfig", "ci.kubeconfig"]);
    assert_eq!(used.code, Some(0), "{used}");
    let bearer = server.requests().last().unwrap().header("authorization").join("");
    assert_eq!(bearer, format!("Bearer {TOKEN}"));
    // The token lives with a Secret.
    let posts = server.requests();
    let request = posts.iter().find(|request| request.path.ends_with("/token")).unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["spec"]["boundObjectRef"]["name"], "oppscale-kubeconfig-ci");
    assert!(body["spec"]["boundObjectRef"]["uid"].as_str().is_some_and(|uid| !uid.is_empty()));
    assert_eq!(body["spec"]["expirationSeconds"], 3600);
}

#[test]
fn what_the_server_cuts_is_said_and_what_was_asked_for_is_not() {
    let server = server();
    server.store().change(|store| store.longest_token = Some(86_400));
    let env = TestEnv::of(&server);
    let output = env.run(["kubeconfig", "--sa", "ci", "--duration", "168h", "--output-file", "k"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    warning: the API server says: requested expiration of 604800 seconds shortened to 86400 seconds
    note: the token expires on 2026-11-25 03:00 UTC; to revoke it earlier:
          oppscale kubeconfig -n oppscale --serviceaccount ci --revoke
    note: written to k; try it: kubectl --kubeconfig k --context oppscale-ci auth whoami
    [EOF]
    ");
    let mode = fs::metadata(env.path("k")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn too_short_a_life_is_refused_before_anything_is_made() {
    let server = server();
    let env = TestEnv::of(&server);
    assert_snapshot!(env.run(["kubeconfig", "--sa", "ci", "--duration", "5m"]), @"
    ------- stderr -------
    error: the server issues no token of 300 s
     hint: at least --duration 10m; for one that never expires see --legacy-token
    [EOF]
    [exit status: 2]
    ");
    assert!(server.writes().is_empty());
}

#[test]
fn an_account_is_made_only_when_asked() {
    let server = server();
    let env = TestEnv::of(&server);
    assert_snapshot!(env.run(["kubeconfig", "--sa", "new"]), @"
    ------- stderr -------
    error: there is no ServiceAccount oppscale/new
     hint: create it with --create, or name another with --serviceaccount and --namespace
    [EOF]
    [exit status: 1]
    ");
    assert!(server.writes().is_empty());
    let plan = env.run(["kubeconfig", "--sa", "new", "--create", "--dry-run"]);
    assert_snapshot!(plan, @"
    create ServiceAccount oppscale/new
    create Secret oppscale/oppscale-kubeconfig-new, to which the token is bound
    request a token
    [EOF]
    ");
    assert!(server.writes().is_empty(), "a dry run of a token request makes a real token");
    assert!(!server.log().contains("/token"));
    let output = env.run(["kubeconfig", "--sa", "new", "--create"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("without permissions"), "{output}");
}

#[test]
fn revoking_deletes_the_secret_with_which_the_token_lives() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["kubeconfig", "--sa", "ci"]);
    assert!(server.store().object(REVOKER).is_some());
    assert_snapshot!(env.run(["kubeconfig", "--sa", "ci", "--revoke"]), @"
    deleted Secret oppscale/oppscale-kubeconfig-ci
    ------- stderr -------
    note: the API server rejects the tokens that were bound to it within 12 seconds
    [EOF]
    ");
    assert!(server.store().object(REVOKER).is_none());
    let again = env.run(["kubeconfig", "--sa", "ci", "--revoke"]);
    assert_eq!(again.stdout, "nothing to revoke for ServiceAccount oppscale/ci\n");
}

#[test]
fn a_token_that_never_ends_is_warned_of() {
    let server = server();
    let env = TestEnv::of(&server);
    let output = env.run(["kubeconfig", "--sa", "ci", "--legacy-token"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(yaml(&output.stdout)["users"][0]["user"]["token"], TOKEN);
    assert!(output.stderr.contains("warning: the token never expires"), "{output}");
    assert!(!server.log().contains("/token"));
}

#[test]
fn merging_keeps_what_is_there() {
    let server = server();
    let env = TestEnv::of(&server);
    let before = fs::read_to_string(env.path(".kube/config")).unwrap();
    let output = env.run(["kubeconfig", "--sa", "ci", "--merge", ".kube/config"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.stdout, "");
    let (old, new) = (yaml(&before), yaml(&fs::read_to_string(env.path(".kube/config")).unwrap()));
    assert_eq!(new["current-context"], "fake");
    for list in ["clusters", "users", "contexts"] {
        assert_eq!(new[list][0], old[list][0]);
        assert_eq!(new[list][1]["name"], "oppscale-ci");
    }
    // Again: the token is renewed, nothing is doubled.
    let _ = env.run(["kubeconfig", "--sa", "ci", "--merge", ".kube/config"]);
    let again = yaml(&fs::read_to_string(env.path(".kube/config")).unwrap());
    assert_eq!(again, new);
    // A name that leads elsewhere is not replaced.
    let other = env.run(["kubeconfig", "--sa", "ci", "--merge", ".kube/config", "--name", "fake"]);
    assert_eq!(other.code, Some(1), "{other}");
    assert!(
        other.stderr.contains("it holds another context \"fake\"")
            || other.stderr.contains("another user"),
        "{other}"
    );
    assert_eq!(yaml(&fs::read_to_string(env.path(".kube/config")).unwrap()), new);
}

#[test]
fn a_link_is_not_followed_and_nonsense_is_not_shown() {
    let server = server();
    let env = TestEnv::of(&server);
    env.write("elsewhere", "untouched");
    symlink(env.path("elsewhere"), env.path("link")).unwrap();
    let output = env.run(["kubeconfig", "--sa", "ci", "--output-file", "link"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(!output.to_string().contains(TOKEN));
    assert_eq!(fs::read_to_string(env.path("elsewhere")).unwrap(), "untouched");
    env.write("broken", "users: [{token: hush-hush");
    let output = env.run(["kubeconfig", "--sa", "ci", "--merge", "broken"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(!output.to_string().contains("hush"), "{output}");
}

#[test]
fn the_token_is_nowhere_but_where_it_belongs() {
    let server = server();
    let env = TestEnv::of(&server);
    for args in [
        &["kubeconfig", "--sa", "ci", "--output-file", "k", "-vvv"][..],
        &["kubeconfig", "--sa", "ci", "--merge", "m", "-vvv"],
        &["kubeconfig", "--sa", "ci", "--legacy-token", "--output-file", "l", "-vvv"],
    ] {
        let output = env.run(args);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(!output.to_string().contains(TOKEN), "{output}");
        assert!(!output.to_string().contains("very-secret"), "{output}");
    }
    assert!(fs::read_to_string(env.path("k")).unwrap().contains(TOKEN));
}

#[test]
fn without_the_right_the_rule_that_grants_it_is_told() {
    let server = server();
    server.store().change(|store| store.rights.deny("create", "serviceaccounts/token"));
    let output = TestEnv::of(&server).run(["kubeconfig", "--sa", "ci"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(output.stderr.contains("--verb=create --resource=serviceaccounts/token"), "{output}");
    assert_eq!(output.stdout, "");
}

#[test]
fn a_secret_of_somebody_else_is_neither_used_nor_deleted() {
    let server = server();
    let legacy = "/api/v1/namespaces/oppscale/secrets/oppscale-kubeconfig-ci-legacy";
    server.store().change(|store| {
        let other = |name: &str, labels: Value, annotations: Value| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
                "name": name, "namespace": "oppscale", "labels": labels, "annotations": annotations
            }})
        };
        store.put(REVOKER, "x", other("oppscale-kubeconfig-ci", json!({}), json!({})));
        // Ours by its label, but of another account.
        store.put(
            legacy,
            "x",
            other(
                "oppscale-kubeconfig-ci-legacy",
                json!({"app.kubernetes.io/managed-by": "oppscale"}),
                json!({"kubernetes.io/service-account.name": "admin"}),
            ),
        );
    });
    let env = TestEnv::of(&server);
    for args in [
        &["kubeconfig", "--sa", "ci"][..],
        &["kubeconfig", "--sa", "ci", "--legacy-token"],
        &["kubeconfig", "--sa", "ci", "--revoke"],
    ] {
        let output = env.run(args);
        assert_eq!(output.code, Some(4), "{output}");
        assert!(output.stderr.contains("oppscale did not create Secret oppscale/"), "{output}");
        assert_eq!(output.stdout, "");
    }
    assert!(server.writes().is_empty());
    assert!(server.store().object(legacy).is_some());
}

#[test]
fn a_file_that_holds_something_else_is_not_written_over() {
    let server = server();
    let env = TestEnv::of(&server);
    let before = fs::read_to_string(env.path(".kube/config")).unwrap();
    let output = env.run(["kubeconfig", "--sa", "ci", "--output-file", ".kube/config"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: .kube/config exists already and holds something else
     hint: --merge adds the entries to it, --force replaces it
    [EOF]
    [exit status: 2]
    ");
    assert_eq!(fs::read_to_string(env.path(".kube/config")).unwrap(), before);
    // What was made here before is renewed.
    for _ in 0..2 {
        let output = env.run(["kubeconfig", "--sa", "ci", "--output-file", "k"]);
        assert_eq!(output.code, Some(0), "{output}");
    }
    let other = env.run(["kubeconfig", "--sa", "ci", "--output-file", "k", "--name", "other"]);
    assert_eq!(other.code, Some(2), "{other}");
    let forced =
        env.run(["kubeconfig", "--sa", "ci", "--output-file", "k", "--name", "other", "--force"]);
    assert_eq!(forced.code, Some(0), "{forced}");
}

/// A token that is made and then finds no place is one that nobody holds and that works.
#[test]
fn what_is_wrong_with_files_is_found_before_there_is_a_token() {
    let server = server();
    let env = TestEnv::of(&server);
    symlink(env.path("elsewhere"), env.path("link")).unwrap();
    for args in [
        &["--output-file", "link"][..],
        &["--output-file", "nowhere/k"],
        &["--merge", ".kube/config", "--name", "fake"],
        &["--merge", "link"],
        &["--output-file", ".kube"],
    ] {
        let output = env.run([&["kubeconfig", "--sa", "ci"], args].concat());
        assert!(matches!(output.code, Some(1 | 2)), "{args:?}: {output}");
    }
    assert!(server.writes().is_empty(), "{:?}", server.writes());
}

#[test]
fn an_audience_and_an_address_are_what_was_given() {
    let server = server();
    let env = TestEnv::of(&server);
    let output = env.run([
        "kubeconfig",
        "--sa",
        "ci",
        "--audience",
        "vault",
        "--server",
        "https://api.example:6443",
        "--certificate-authority",
        ".kube/ca.crt",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    let config = yaml(&output.stdout);
    assert_eq!(config["clusters"][0]["cluster"]["server"], "https://api.example:6443");
    let requests = server.requests();
    let request = requests.iter().find(|request| request.path.ends_with("/token")).unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["spec"]["audiences"], json!(["vault"]));
}
