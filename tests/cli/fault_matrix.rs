//! Every request of a command, answered wrongly in every way: it recovers, or ends with a sentence
//! and a documented exit code, and never with half an answer.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::support::answer::{Answer, Framing};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::world::World;

/// Runs at once: most of a run is waiting.
const RUNS: usize = 12;

const COMMANDS: [&[&str]; 5] = [
    &["top"],
    &["top", "--usage"],
    &["top", "--workload", "opportunistic/deploy/electroneum", "-o", "json"],
    &["top", "--by", "namespace"],
    &["check"],
];

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
fn run(server: &FakeApiServer, command: &[&str], timeout: &str) -> CommandOutput {
    TestEnv::of(server).run([command, &["--request-timeout", timeout]].concat())
}

/// Tries one of so many of all requests with all kinds of faults.
fn try_faults(step: usize) {
    let world = || World::blog().with_metrics();
    let mut cases = Vec::new();
    for command in COMMANDS {
        let server = FakeApiServer::start(world());
        let healthy = run(&server, command, "30s");
        assert!(matches!(healthy.code, Some(0 | 1)), "{command:?}: {healthy}");
        let requests = server.requests();
        let reads = requests.iter().filter(|request| !request.is_write());
        let paths: BTreeSet<String> = reads.map(|request| request.path.clone()).collect();
        assert!(!paths.is_empty());
        let stdout = std::sync::Arc::new(healthy.stdout);
        for path in paths {
            for (name, answer) in faults() {
                cases.push((command, path.clone(), name, answer, stdout.clone()));
            }
        }
    }
    let cases = Mutex::new(cases.into_iter().step_by(step));
    std::thread::scope(|scope| {
        for _ in 0..RUNS {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().next() else { return };
                    let (command, path, name, answer, healthy) = case;
                    let server = FakeApiServer::start(world());
                    server.always(&path, answer);
                    let output = run(&server, command, "2s");
                    let what = format!("{command:?} when {path} is {name}");
                    assert!(!output.stderr.contains("panicked"), "{what}: {output}");
                    // docs: 1 a finding or failure, 3 permissions or unknown, 124 a time limit.
                    assert!(matches!(output.code, Some(0 | 1 | 3 | 124)), "{what}: {output}");
                    if command[0] == "check" {
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
    try_faults(10);
}

#[test]
#[ignore = "slow: 500 runs"]
fn every_request_may_fail_in_every_way() {
    try_faults(1);
}
