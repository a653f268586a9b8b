//! `oppscale top --watch` while credentials change: what was seen goes on to be seen.

use std::time::Duration;

use serde_json::{Value, json};

use super::top_watch::{WATCH, is_following, remaining};
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::kubeconfig::Kubeconfig;
use crate::support::stream::JsonStream;
use crate::support::watch::Ending;
use crate::support::world::World;

/// A server that knows the token `first`.
fn server() -> FakeApiServer {
    Setup::new(World::blog()).for_token("first").start()
}

/// The user of a plugin whose script is `token.sh`.
fn plugin(mode: &str) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": mode,
        "command": "sh", "args": ["token.sh"]
    }})
}

/// What a plugin prints.
fn credential(token: &str, expires: Option<&str>) -> String {
    let mut status = json!({"token": token});
    if let Some(expires) = expires {
        status["expirationTimestamp"] = expires.into();
    }
    let (version, kind) = ("client.authentication.k8s.io/v1", "ExecCredential");
    json!({"apiVersion": version, "kind": kind, "status": status}).to_string()
}

/// Follows, lets the token become `second` by `rotate`, and sees what happens then.
fn survives(server: &FakeApiServer, env: &TestEnv, rotate: impl FnOnce()) {
    let mut stream = JsonStream::start(env, &WATCH);
    let full = remaining(&stream.until("following", is_following));
    server.rotate_token("second");
    rotate();
    server.end_watches(Ending::Whole);
    server.change(|world| world.add_guest("after", 2));
    stream.until("the change is seen", |line| remaining(line) == full - 2000 && is_following(line));
}

#[test]
fn a_plugin_is_asked_again_when_its_token_ends_and_when_it_is_refused() {
    // One that is about to expire is asked for with every request; one that does not say when
    // it does, or says too late, once the server does not know it any more.
    for expires in [Some("2026-01-01T00:00:00Z"), None, Some("2099-01-01T00:00:00Z")] {
        let server = server();
        let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, plugin("Never")));
        let give = |token| {
            env.write("token.sh", &format!("echo '{}'", credential(token, expires)));
        };
        give("first");
        survives(&server, &env, || give("second"));
    }
}

#[test]
fn a_token_file_is_read_again_when_its_token_is_refused() {
    let server = server();
    let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, json!({"tokenFile": "token"})));
    env.write(".kube/token", "first");
    survives(&server, &env, || env.write(".kube/token", "second"));
}

#[test]
fn a_kubeconfig_is_read_again_but_leads_nowhere_else() {
    let (server, other) = (server(), FakeApiServer::start(World::blog()));
    let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, json!({"token": "first"})));
    let elsewhere = json!({"server": other.url(), "insecure-skip-tls-verify": true});
    let config = |user: &str, cluster: Value| {
        Kubeconfig::new("other")
            .cluster("fake", json!({"server": server.url(), "certificate-authority": "ca.crt"}))
            .cluster("other", elsewhere.clone())
            .user("fake", json!({"token": user}))
            .context("fake", json!({"cluster": cluster, "user": "fake"}))
            .context("other", json!({"cluster": "other", "user": "fake"}))
            .text()
    };
    // Somebody logs in again, and then works with another cluster.
    survives(&server, &env, || env.write(".kube/config", &config("second", "fake".into())));
    // The same context stands for another server.
    server.rotate_token("first");
    env.write(".kube/config", &Kubeconfig::of_user(&server, json!({"token": "first"})).text());
    let mut stream = JsonStream::start(&env, &WATCH);
    stream.until("following", is_following);
    server.rotate_token("third");
    env.write(".kube/config", &config("third", "other".into()));
    server.end_watches(Ending::Whole);
    stream.until("it leads elsewhere", |line| {
        line["connection"]["pods"]["why"].as_str().is_some_and(|why| why.contains("now leads to"))
    });
    assert_eq!(other.log(), "", "nobody else is asked");
}

#[test]
fn a_plugin_that_fails_meanwhile_is_heard_and_not_let_at_the_terminal() {
    let server = server();
    let env = TestEnv::with(&server, &Kubeconfig::of_user(&server, plugin("IfAvailable")));
    env.write("token.sh", &format!("echo '{}'", credential("first", None)));
    let mut stream = JsonStream::start(&env, &WATCH);
    stream.until("following", is_following);
    // So old are credentials that may have ended.
    std::thread::sleep(Duration::from_secs(1));
    env.write("token.sh", "echo 'your session has ended: log in' >&2; exit 1");
    server.rotate_token("second");
    server.end_watches(Ending::Whole);
    stream.until("why", |line| {
        let why = line["connection"]["pods"]["why"].as_str().unwrap_or_default();
        why.contains("the credential plugin failed") && why.contains("log in")
    });
    env.write("token.sh", &format!("echo '{}'", credential("second", None)));
    stream.until("following again", is_following);
    let (code, warnings) = stream.interrupt();
    assert_eq!(code, Some(130));
    assert!(warnings.contains("the credential plugin failed"), "{warnings}");
}
