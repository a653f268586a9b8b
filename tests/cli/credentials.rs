//! As whom a server is asked, and that nobody reads the secrets in between.

use std::io::Read;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::kubeconfig::Kubeconfig;
use crate::support::world::World;

use super::{NAMES, names_and};

/// A user whose credentials come from this line of shell.
fn plugin(line: &str) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "sh", "args": ["-c", line]
    }})
}

#[test]
fn a_bearer_token_is_sent_and_never_printed() {
    let server = Setup::new(World::nodes_alone()).for_token("s3cret-good").start();
    let good = Kubeconfig::of_user(&server, json!({"token": "s3cret-good"}));
    let output = TestEnv::with(&server, &good).run(names_and(&["-vvv"]));
    assert_eq!(output.code, Some(0), "{output}");
    assert!(!output.to_string().contains("s3cret"), "{output}");
    let bad = Kubeconfig::of_user(&server, json!({"token": "s3cret-bad"}));
    assert_snapshot!(TestEnv::with(&server, &bad).run(NAMES), @"
    ------- stderr -------
    error: list nodes: the API server $SERVER does not know who you are (401 Unauthorized)
     hint: log in again; see who you are with: kubectl auth whoami
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_client_certificate_is_shown() {
    let server = Setup::new(World::nodes_alone()).for_client_certificates().start();
    let user = json!({"client-certificate": "me.crt", "client-key": "me.key"});
    let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, user));
    let identity = server.user("me");
    env.write(".kube/me.crt", &identity.certificate_pem());
    env.write(".kube/me.key", &identity.key_pem());
    let output = env.run(NAMES);
    assert_eq!(output.code, Some(0), "{output}");
    let stranger = TestEnv::of(&server).run(NAMES);
    assert_eq!(stranger.code, Some(1), "{stranger}");
}

#[test]
fn a_credential_plugin_brings_a_token() {
    let server = Setup::new(World::nodes_alone()).for_token("fresh").start();
    let line = r#"echo '{"apiVersion":"client.authentication.k8s.io/v1",
        "kind":"ExecCredential","status":{"token":"fresh"}}'"#;
    let kubeconfig = Kubeconfig::of_user(&server, plugin(line));
    let output = TestEnv::with(&server, &kubeconfig).run(NAMES);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn a_credential_plugin_that_fails_is_heard() {
    let server = FakeApiServer::start(World::nodes_alone());
    let line = "echo 'your session has expired; run: cloud login' >&2; exit 7";
    let kubeconfig = Kubeconfig::of_user(&server, plugin(line));
    assert_snapshot!(TestEnv::with(&server, &kubeconfig).run(NAMES), @"
    ------- stderr -------
    your session has expired; run: cloud login
    error: cannot get credentials: sh: the credential plugin failed (exit status: 7)
     hint: log in again with the tool that your kubeconfig names, and see that it is on the PATH
    [EOF]
    [exit status: 1]
    ");
    assert!(server.requests().is_empty());
}

#[test]
fn a_credential_plugin_that_is_not_installed_is_named() {
    let server = FakeApiServer::start(World::nodes_alone());
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "no-such-login-helper"
    }});
    let output = TestEnv::with(&server, &Kubeconfig::of_user(&server, user)).run(NAMES);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: cannot get credentials: no-such-login-helper: the credential plugin is not installed
     hint: install it, and see that it is on the PATH
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn a_credential_plugin_that_talks_nonsense_is_an_error() {
    let server = FakeApiServer::start(World::nodes_alone());
    let kubeconfig = Kubeconfig::of_user(&server, plugin("echo 's3cret-token'"));
    let output = TestEnv::with(&server, &kubeconfig).run(NAMES);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: cannot get credentials: sh: the credential plugin printed something else than an ExecCredential
     hint: log in again with the tool that your kubeconfig names, and see that it is on the PATH
    [EOF]
    [exit status: 1]
    ");
}

#[test]
fn impersonation_reaches_the_server() {
    let server = FakeApiServer::start(World::nodes_alone());
    let args = ["--as", "jane@example.com", "--as-group", "dev", "--as-group", "ops team"];
    let output = TestEnv::of(&server).run(names_and(&args));
    assert_eq!(output.code, Some(0), "{output}");
    for request in server.requests() {
        assert_eq!(request.header("impersonate-user"), ["jane@example.com"]);
        assert_eq!(request.header("impersonate-group"), ["dev", "ops team"]);
    }
}

#[test]
fn a_group_is_not_impersonated_without_a_user() {
    let output = TestEnv::new().run(["top", "--as-group", "dev"]);
    assert_eq!(output.code, Some(2), "{output}");
}

#[test]
fn ctrl_c_does_not_wait_for_a_credential_plugin() {
    let server = FakeApiServer::start(World::nodes_alone());
    // As a login helper waits for a browser; this one goes when oppscale has gone.
    let line = "echo 'waiting for the browser' >&2; exec 2>&-
        while kill -0 $PPID; do sleep 0.1; done";
    let mut user = plugin(line);
    user["exec"]["interactiveMode"] = "IfAvailable".into();
    let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, user));
    let mut child = env.start(NAMES);
    let mut said = [0; "waiting for the browser\n".len()];
    child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
    signal("INT", child.id());
    assert_snapshot!(env.finish(child), @"
    [EOF]
    [exit status: 130]
    ");
}

#[test]
fn a_credential_plugin_ends_with_the_request_timeout() {
    let server = FakeApiServer::start(World::nodes_alone());
    let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, plugin("exec sleep 60")));
    assert_snapshot!(env.run(names_and(&["--request-timeout", "300ms"])), @"
    ------- stderr -------
    error: cannot get credentials: sh: the credential plugin did not end within 0.3 s
     hint: wait longer with --request-timeout=2m (0 waits for ever)
    [EOF]
    [exit status: 124]
    ");
}

#[test]
fn every_request_names_the_program_and_its_version() {
    let server = FakeApiServer::start(World::nodes_alone());
    let output = TestEnv::of(&server).run(NAMES);
    assert_eq!(output.code, Some(0), "{output}");
    let prefix = concat!("oppscale/", env!("CARGO_PKG_VERSION"), " (linux/");
    for request in server.requests() {
        assert!(request.header("user-agent")[0].starts_with(prefix), "{request}");
    }
}
