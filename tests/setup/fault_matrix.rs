//! Every request of the commands that change a cluster, answered wrongly from there on: the command
//! recovers, or ends with a sentence and a documented exit code, and the next run on a healthy
//! server finds what is half done and finishes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use oppscale::certificates::CaBundle;
use serde_json::json;

use crate::support::answer::{Answer, Framing};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::managed::Managed;
use crate::support::world::World;

use super::install::{self, SECRET, SERVICE, init};

/// Runs at once: most of a run is waiting.
const RUNS: usize = 24;

type Objects = BTreeMap<String, Managed>;

/// A command, and how the next run ends what it left.
struct Case {
    args: &'static str,
    /// What the cluster holds before.
    before: fn() -> Objects,
    /// Runs on the healed server, and what must be so then.
    finish: fn(&FakeApiServer, &TestEnv, &Objects),
}

const CASES: [Case; 8] = [
    Case {
        args: "init --image registry.example/oppscale:0.1 --yes --timeout 3s",
        before: fresh,
        finish: |server, env, healthy| {
            let _ = succeeds(env, "init --image registry.example/oppscale:0.1 --yes --timeout 10s");
            let again = succeeds(env, "init --yes");
            assert!(again.stdout.contains("nothing to change"), "{again}");
            assert_eq!(paths(server), healthy.keys().cloned().collect(), "the same objects");
        },
    },
    Case {
        args: "init --image registry.example/oppscale:0.2 --yes --timeout 3s",
        before: remembered,
        finish: |server, env, healthy| {
            let _ = succeeds(env, "init --image registry.example/oppscale:0.2 --yes --timeout 10s");
            for (path, object) in healthy {
                let live = server.store().object(path).unwrap();
                assert_eq!(live["spec"], object.value["spec"], "{path} is as its flags made it");
                assert_eq!(live["value"], object.value["value"], "{path}");
            }
            assert_eq!(paths(server), healthy.keys().cloned().collect(), "the same objects");
        },
    },
    Case {
        args: "uninstall --yes",
        before: installed,
        finish: |server, env, healthy| {
            let _ = succeeds(env, "uninstall --yes");
            assert_eq!(paths(server), healthy.keys().cloned().collect(), "nothing is left");
        },
    },
    Case {
        args: "certs renew --force --timeout 3s",
        before: installed,
        finish: |server, env, _| {
            let _ = succeeds(env, "certs renew --timeout 10s");
            let service = server.store().object(SERVICE).unwrap();
            let bundle = CaBundle::decode(service["spec"]["caBundle"].as_str().unwrap()).unwrap();
            let secret = server.store().object(SECRET).unwrap();
            let ca = CaBundle::decode(secret["data"]["ca.crt"].as_str().unwrap()).unwrap();
            assert!(bundle == ca, "the CA of the Secret alone is trusted");
        },
    },
    Case {
        args: "certs generate --to-secret",
        before: fresh_with_namespace,
        finish: |server, env, _| {
            let _ = succeeds(env, "certs generate --to-secret");
            assert!(server.store().object(SECRET).is_some());
        },
    },
    Case {
        args: "certs status",
        before: installed,
        finish: |_, env, _| {
            let _ = succeeds(env, "certs status");
        },
    },
    Case {
        args: "kubeconfig --serviceaccount ci --create --output-file k",
        before: fresh_with_namespace,
        finish: |server, env, healthy| {
            if let Ok(text) = std::fs::read_to_string(env.path("k")) {
                assert!(text.contains("token: "), "whole, or not there: {text}");
            }
            let _ = succeeds(env, "kubeconfig --serviceaccount ci --create --output-file k");
            assert!(std::fs::read_to_string(env.path("k")).unwrap().contains("token: "));
            assert_eq!(paths(server), healthy.keys().cloned().collect(), "the same objects");
        },
    },
    Case {
        args: "render-hpa --image ghcr.io/acme/sweep:1 --name sweep -n idle",
        before: fresh,
        finish: |_, env, _| {
            let _ = succeeds(env, "render-hpa --image ghcr.io/acme/sweep:1 --name sweep -n idle");
        },
    },
];

fn faults() -> Vec<(&'static str, Answer)> {
    vec![
        ("500", Answer::Raw(500, Vec::new(), "no")),
        ("hung in the middle", Answer::SilenceInTheMiddle),
        ("429", Answer::Raw(429, vec![("retry-after", "0")], "too many requests")),
        ("cut", Answer::Cut(Framing::ContentLength)),
        ("hung", Answer::Silence),
        ("hung up", Answer::HangUp),
        ("410", Answer::Recorded("410-expired-continue")),
        ("garbage", Answer::Raw(200, Vec::new(), "<html>log in</html>")),
        ("nothing", Answer::Raw(200, Vec::new(), "")),
    ]
}

fn fresh() -> Objects {
    install::server().store().change(|store| store.objects.clone())
}

fn fresh_with_namespace() -> Objects {
    let server = install::server();
    server.store().change(|store| {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "oppscale"}
        });
        store.put("/api/v1/namespaces/oppscale", "x", namespace);
        store.objects.clone()
    })
}

/// An installation with flags that a run without them has to read from it.
fn remembered() -> Objects {
    let server = install::server();
    let flags = [
        "--http-from",
        "monitoring",
        "--replicas",
        "3",
        "--apis",
        "custom,external",
        "--priority-class",
        "server=900",
    ];
    let output = init(&server, &flags);
    assert_eq!(output.code, Some(0), "{output}");
    server.store().change(|store| store.objects.clone())
}

fn installed() -> Objects {
    let server = install::server();
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(0), "{output}");
    server.store().change(|store| {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "oppscale-1", "namespace": "oppscale",
                "ownerReferences": [{"kind": "ReplicaSet", "name": "oppscale"}],
                "labels": {"app.kubernetes.io/instance": "oppscale"}
            },
            "status": {"phase": "Running"}
        });
        store.put("/api/v1/namespaces/oppscale/pods/oppscale-1", "kubelet", pod);
        store.objects.clone()
    })
}

fn server(objects: &Objects) -> FakeApiServer {
    let server = Setup::new(World::blog()).storing().start();
    server.store().change(|store| store.objects.clone_from(objects));
    server
}

fn paths(server: &FakeApiServer) -> BTreeSet<String> {
    server.store().paths().into_iter().collect()
}

fn run(env: &TestEnv, args: &str) -> CommandOutput {
    env.run(args.split(' ').chain(["--request-timeout", "1s"]))
}

fn succeeds(env: &TestEnv, args: &str) -> CommandOutput {
    let output = env.run(args.split(' '));
    assert_eq!(output.code, Some(0), "healthy, {args}: {output}");
    output
}

/// The requests to try, each by its path and how many of that path came before: the first of a
/// path, the last, and every write.
fn tried(server: &FakeApiServer) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for request in server.requests() {
        counts.entry(request.path.clone()).or_default().push(request.is_write());
    }
    let tried = counts.into_iter().flat_map(|(path, writes)| {
        let last = writes.len() - 1;
        let is_tried = move |at: usize, write: bool| at == 0 || at == last || write;
        let some = writes.into_iter().enumerate().filter(move |(at, write)| is_tried(*at, *write));
        some.map(move |(at, _)| (path.clone(), at)).collect::<Vec<_>>()
    });
    tried.collect()
}

/// Tries one of so many of all requests with all kinds of faults.
fn try_faults(step: usize) {
    let mut runs = Vec::new();
    for case in &CASES {
        let before = (case.before)();
        let healthy = server(&before);
        let output = succeeds(&TestEnv::of(&healthy), case.args);
        let after = healthy.store().change(|store| store.objects.clone());
        let shared = std::sync::Arc::new((before, after, output.stdout));
        for (path, at) in tried(&healthy) {
            for fault in faults() {
                runs.push((case, path.clone(), at, fault, std::sync::Arc::clone(&shared)));
            }
        }
    }
    let runs = Mutex::new(runs.into_iter().step_by(step));
    std::thread::scope(|scope| {
        for _ in 0..RUNS {
            scope.spawn(|| {
                loop {
                    let Some(next) = runs.lock().unwrap().next() else { return };
                    let (case, path, at, (name, answer), shared) = next;
                    let (before, after, stdout) = &*shared;
                    let what = format!("{} when request {at} of {path} is {name}", case.args);
                    let server = server(before);
                    server.next(&path, std::iter::repeat_n(Answer::Serve, at));
                    server.always(&path, answer);
                    let env = TestEnv::of(&server);
                    let output = run(&env, case.args);
                    assert!(!output.stderr.contains("panicked"), "{what}: {output}");
                    // docs: 1 a failure, 3 permissions, 4 another owner, 124 a time limit.
                    assert!(matches!(output.code, Some(0 | 1 | 3 | 124)), "{what}: {output}");
                    if output.code != Some(0) {
                        let has_sentence = output.stderr.lines().any(|line| {
                            line.strip_prefix("error: ").is_some_and(|text| text.len() > 10)
                        });
                        // Checks at the end of init are results, on stdout.
                        let is_finding = output.stdout.contains("OPP-");
                        assert!(has_sentence || is_finding, "{what}: {output}");
                    } else if case.args.starts_with("render-hpa") {
                        let is_told = !output.stderr.is_empty();
                        assert!(output.stdout == *stdout || is_told, "{what}: {output}");
                    }
                    server.heal();
                    (case.finish)(&server, &env, after);
                }
            });
        }
    });
}

#[test]
fn a_sample_of_the_requests_of_setup_may_fail() {
    // Not a multiple of the number of faults: each comes in turn.
    try_faults(401);
}

#[test]
#[ignore = "slow: 1,500 runs"]
fn every_request_of_setup_may_fail_in_every_way() {
    try_faults(1);
}
