//! Every request of a command, answered wrongly in every way: it recovers, or ends with a sentence
//! and a documented exit code, and never with half an answer.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::Value;

use crate::support::answer::{Answer, Framing};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::world::World;

use super::dry_run;

/// Runs at once: most of a run is waiting.
const RUNS: usize = 24;

/// A command, and the server that it asks.
struct Case {
    /// `$SERVER` stands for its URL.
    args: &'static [&'static str],
    start: fn() -> (FakeApiServer, TestEnv),
}

const CASES: [Case; 8] = [
    Case { args: &["top"], start: blog },
    Case { args: &["top", "--usage"], start: blog },
    Case {
        args: &["top", "--workload", "opportunistic/deploy/electroneum", "-o", "json"],
        start: blog,
    },
    Case { args: &["top", "--by", "namespace"], start: blog },
    Case { args: &["check"], start: blog },
    Case { args: &["why", "shop/web"], start: dry_run::cluster },
    Case {
        args: &[
            "simulate",
            "--live",
            "--hpa",
            "same.yaml",
            "--sync-period",
            "200ms",
            "--duration",
            "3s",
            "-o",
            "json",
        ],
        start: dry_run::cluster,
    },
    Case {
        args: &["simulate", "--hpa", "same.yaml", "--prometheus", "$SERVER", "--query", "load"],
        start: prometheus,
    },
];

fn blog() -> (FakeApiServer, TestEnv) {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let env = TestEnv::of(&server);
    (server, env)
}

fn prometheus() -> (FakeApiServer, TestEnv) {
    let (_, env) = dry_run::cluster();
    let server = Setup::new(World::nodes_alone()).plain().start();
    let series = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},
        "values":[[1700000000,"1"],[1700003600,"5"],[1700007200,"1"]]}]}}"#;
    server.always("/api/v1/query_range", Answer::Raw(200, Vec::new(), series));
    (server, env)
}

fn faults() -> Vec<(&'static str, Answer)> {
    vec![
        ("500", Answer::Raw(500, Vec::new(), "no")),
        ("429", Answer::Raw(429, vec![("retry-after", "0")], "too many requests")),
        ("hang in the middle", Answer::SilenceInTheMiddle),
        ("hang", Answer::Silence),
        ("cut", Answer::Cut(Framing::ContentLength)),
        ("hung up", Answer::HangUp),
        ("410", Answer::Recorded("410-expired-continue")),
        ("garbage", Answer::Raw(200, Vec::new(), "<html>log in</html>")),
        ("nothing", Answer::Raw(200, Vec::new(), "")),
    ]
}

/// A run whose requests take so long at most.
fn run(server: &FakeApiServer, env: &TestEnv, args: &[&str], timeout: &str) -> CommandOutput {
    let url = server.url();
    let args = args.iter().map(|arg| if *arg == "$SERVER" { url.as_str() } else { *arg });
    env.run(args.chain(["--request-timeout", timeout]))
}

/// Tries one of so many of all requests with all kinds of faults.
fn try_faults(step: usize) {
    let mut cases = Vec::new();
    for case in &CASES {
        let (server, env) = (case.start)();
        let healthy = run(&server, &env, case.args, "30s");
        assert!(matches!(healthy.code, Some(0 | 1)), "{:?}: {healthy}", case.args);
        let requests = server.requests();
        let reads = requests.iter().filter(|request| !request.is_write());
        let paths: BTreeSet<String> = reads.map(|request| request.path.clone()).collect();
        assert!(!paths.is_empty());
        let stdout = std::sync::Arc::new(healthy.stdout);
        for path in paths {
            for (name, answer) in faults() {
                cases.push((case, path.clone(), name, answer, stdout.clone()));
            }
        }
    }
    let cases = Mutex::new(cases.into_iter().step_by(step));
    std::thread::scope(|scope| {
        for _ in 0..RUNS {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().next() else { return };
                    let (Case { args: command, start }, path, name, answer, healthy) = case;
                    let (server, env) = start();
                    server.always(&path, answer);
                    let output = run(&server, &env, command, "2s");
                    let what = format!("{command:?} when {path} is {name}");
                    assert!(!output.stderr.contains("panicked"), "{what}: {output}");
                    // docs: 1 a finding or failure, 3 permissions or unknown, 124 a time limit.
                    assert!(matches!(output.code, Some(0 | 1 | 3 | 124)), "{what}: {output}");
                    if command.contains(&"--live") && output.code == Some(0) {
                        // It goes on, and counts what it could not read.
                        let last = output.stdout.lines().last().unwrap();
                        let summary: Value = serde_json::from_str(last).unwrap();
                        let has_failed = summary["summary"]["failed"] != 0;
                        let decides = path.starts_with("/api/v1/namespaces/shop/pods")
                            || path.starts_with("/apis/metrics.k8s.io/");
                        assert!(has_failed || !decides, "{what}: {output}");
                    } else if command[0] == "check" {
                        // What it could not read is a result of its own.
                        assert!(!output.stdout.is_empty() || output.code != Some(0), "{what}");
                    } else if output.code == Some(0) {
                        let is_told = !output.stderr.is_empty();
                        assert!(output.stdout == *healthy || is_told, "{what}: {output}");
                    } else {
                        let is_told = ["error: ", "warning: "].iter().any(|label| {
                            output.stderr.lines().any(|line| {
                                line.strip_prefix(label).is_some_and(|words| words.len() > 10)
                            })
                        });
                        assert!(is_told, "{what}: {output}");
                    }
                }
            });
        }
    });
}

#[test]
fn a_sample_of_the_requests_may_fail() {
    // Not a multiple of the number of faults: each comes in turn.
    try_faults(151);
}

#[test]
#[ignore = "slow: 800 runs"]
fn every_request_may_fail_in_every_way() {
    try_faults(1);
}
