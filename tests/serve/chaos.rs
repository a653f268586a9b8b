//! An API server that misbehaves at random: `serve` and `top --watch` end with the count of a fresh
//! look, and neither fails.
//!
//! A run of some seconds, or of `OPPSCALE_CHAOS_SECONDS`; `OPPSCALE_CHAOS_SEED` draws
//! another one.

use std::time::{Duration, Instant};

use super::faults::{add_paid_pods, settles};
use super::rig::Rig;
use crate::cli::top_watch::{WATCH, agrees};
use crate::support::answer::{Answer, Framing};
use crate::support::stream::JsonStream;
use crate::support::watch::Ending;

/// Length of a run, in seconds, unless the environment says otherwise.
const SECONDS: u64 = 15;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((value ^ (value >> 31)) % end as u64) as usize
    }

    fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What is asked for, and how.
const PATHS: [&str; 9] = [
    "/api/v1/nodes",
    "/api/v1/pods",
    "/apis/apps/v1/deployments",
    "/api/v1/nodes?watch",
    "/api/v1/pods?watch",
    "/apis/apps/v1/deployments?watch",
    "/api/v1/nodes?stream",
    "/api/v1/pods?stream",
    "/api/v1/namespaces?watch",
];

fn answers() -> Vec<Answer> {
    let status = |code| Answer::Raw(code, Vec::new(), "no");
    vec![
        status(400),
        status(404),
        status(409),
        status(422),
        status(500),
        status(502),
        status(503),
        status(504),
        Answer::Raw(429, vec![("retry-after", "1")], "too many requests"),
        Answer::Raw(503, vec![("retry-after", "1")], "starting"),
        Answer::Recorded("410-old-version"),
        Answer::Recorded("410-expired-continue"),
        Answer::HangUp,
        Answer::Cut(Framing::Chunked),
        Answer::Cut(Framing::ContentLength),
        Answer::Silence,
        Answer::SilenceInTheMiddle,
        Answer::Raw(200, Vec::new(), ""),
        Answer::Raw(200, Vec::new(), "<html>log in</html>\n"),
        Answer::Raw(200, vec![("content-type", "application/json")], "{\"type\":\"ADDED\"}\n"),
        Answer::Raw(200, vec![("content-type", "application/json")], "{}\n{}\n"),
        Answer::Raw(
            200,
            vec![("content-type", "application/vnd.kubernetes.protobuf;stream=watch")],
            "\0\0\0\u{8}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}",
        ),
    ]
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[ignore = "slow: faults for half a minute"]
fn an_api_server_that_misbehaves_at_random() {
    let seed = variable("OPPSCALE_CHAOS_SEED").unwrap_or(1);
    let seconds = variable("OPPSCALE_CHAOS_SECONDS").unwrap_or(SECONDS);
    let mut random = Random(seed);
    let mut rig = Rig::start(&["--max-staleness=3s", "--request-timeout=3s"]);
    let args = [&WATCH[..], &["--watch-life=1s", "--request-timeout=3s"]].concat();
    let mut stream = JsonStream::start(&rig.env, &args);
    agrees(&mut stream, &rig.env);
    let start = Instant::now();
    let mut round: i64 = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..8 {
            round += 1;
            let pause = Duration::from_millis(random.below(400) as u64);
            match random.below(9) {
                0 => rig.server.end_watches(Ending::HalfALine),
                1 => rig.server.end_watches(Ending::Garbage),
                2 => rig.server.end_watches(Ending::Gone),
                3 => rig.server.end_watches(Ending::Whole),
                4 => rig.server.compact(),
                5 => {
                    rig.server.silence_watches(true);
                    std::thread::sleep(pause);
                    rig.server.silence_watches(false);
                }
                6 => {
                    rig.server.kill();
                    std::thread::sleep(pause);
                    rig.server.restart();
                }
                _ => {
                    let path = random.choose(&PATHS);
                    rig.server.always(path, random.choose(&answers()).clone());
                    rig.server.end_watches(Ending::Whole);
                    std::thread::sleep(pause);
                    rig.server.always(path, Answer::Serve);
                }
            }
            rig.server.change(|world| {
                let is_burst = |pod: &serde_json::Value| {
                    pod["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("burst-"))
                };
                if round % 3 == 0 {
                    world.pods.retain(|pod| !is_burst(pod));
                }
                add_paid_pods(world, round);
            });
        }
        // What was answered with silence is silent until it is given up.
        rig.server.end_watches(Ending::Whole);
        settles(&rig);
        agrees(&mut stream, &rig.env);
        assert_eq!(rig.web("/livez").status, 200);
    }
    let (code, said) = stream.interrupt();
    assert_eq!(code, Some(130), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
