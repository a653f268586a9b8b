//! `oppscale top --watch`: a line for every change, and the truth after every fault.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::answer::{Answer, Framing};
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::stream::JsonStream;
use crate::support::tools::preload_of_faketime;
use crate::support::watch::Ending;
use crate::support::world::World;

/// Lines at once, and watches that live long enough not to matter.
pub const WATCH: [&str; 3] = ["top", "--watch", "--interval=100ms"];

pub fn remaining(line: &Value) -> i64 {
    line["totals"]["usable"]["resources"]["cpu"]["remaining"].as_i64().unwrap()
}

pub fn is_following(line: &Value) -> bool {
    let state = |kind: &str| line["connection"][kind]["state"] == "following";
    state("nodes") && state("pods")
}

/// What a fresh look says, in the same words.
fn fresh(env: &TestEnv) -> Value {
    let output = env.run(["top", "-o", "json"]);
    assert_eq!(output.code, Some(0), "{output}");
    serde_json::from_str(&output.stdout).unwrap()
}

/// Waits until the stream says what a fresh look says, both feeds up.
pub fn agrees(stream: &mut JsonStream, env: &TestEnv) -> Value {
    let fresh = fresh(env);
    stream.until("what a fresh list says", |line| {
        let parts = ["totals", "paidDemand", "unknown", "pods"];
        is_following(line) && parts.iter().all(|part| line[part] == fresh[part])
    })
}

#[test]
fn every_change_is_a_line_and_nothing_else_is() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &WATCH);
    let first = stream.until("following", is_following);
    assert!(first["time"].as_str().unwrap().ends_with('Z'), "{first}");
    assert!(first.get("nodes").is_none(), "rows only when they are asked for");
    let before = remaining(&first);
    server.change(|world| world.add_guest("guest", 3));
    let line = stream.until("the guest counts", |line| remaining(line) == before - 3000);
    assert_eq!(line["connection"]["pods"]["state"], "following");
    // A status that counts for nothing.
    server
        .change(|world| world.pod("guest")["status"]["startTime"] = "2026-11-24T00:00:00Z".into());
    assert!(stream.is_quiet_for(Duration::from_millis(400)));
    server.change(|world| world.pod("guest")["status"]["phase"] = "Succeeded".into());
    stream.until("it has ended", |line| remaining(line) == before);
    server.change(|world| world.nodes.truncate(5));
    stream.until("a node is gone", |line| line["totals"]["all"]["nodes"] == 5);
    let line = agrees(&mut stream, &env);
    assert_eq!(line["unknown"][0]["problem"].as_str().unwrap().split(' ').nth(1), Some("pods"));
    assert_eq!(stream.interrupt(), (Some(130), String::new()));
}

/// What slots do not consider is noted once, however many lines there are.
#[test]
fn rules_between_pods_of_the_workload_are_noted_once() {
    let server = FakeApiServer::start(World::spread());
    let env = TestEnv::of(&server);
    let workload = ["--workload", "opportunistic/deploy/electroneum"];
    let mut stream = JsonStream::start(&env, &[&WATCH[..], &workload].concat());
    let first = stream.until("following", is_following);
    let before = remaining(&first);
    server.change(|world| world.add_guest("guest", 3));
    stream.until("the guest counts", |line| remaining(line) == before - 3000);
    let (code, stderr) = stream.interrupt();
    assert_eq!(code, Some(130));
    let note = "note: the pod template has topologySpreadConstraints, which slots do not consider: \
                fewer replicas may find a node";
    assert_eq!(stderr.matches(note).count(), 1, "{stderr}");
}

/// Nothing waits for whoever does not read the messages, such as a log shipper that hangs.
#[test]
fn a_stderr_that_nobody_reads_stops_no_line() {
    let server = FakeApiServer::start(World::spread());
    let env = TestEnv::of(&server);
    // A note comes before the first line, and log lines behind it.
    let args = ["--workload=opportunistic/deploy/electroneum", "-vv"];
    let mut stream = JsonStream::start_unread(&env, &[&WATCH[..], &args].concat());
    let before = remaining(&stream.until("following", is_following));
    server.change(|world| world.add_guest("guest", 3));
    stream.until("the guest counts", |line| remaining(line) == before - 3000);
    assert_eq!(stream.interrupt().0, Some(130));
}

#[test]
fn lines_come_no_faster_than_the_interval_and_with_rows_where_asked() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let args = ["top", "--watch", "--interval", "700ms", "--by", "node"];
    let mut stream = JsonStream::start(&env, &args);
    let first = stream.until("following", is_following);
    assert_eq!(first["nodes"].as_array().unwrap().len(), 6);
    let start = Instant::now();
    for cores in 1..=20 {
        server.change(|world| {
            world.pods.retain(|pod| pod["metadata"]["name"] != "guest");
            world.add_guest("guest", cores);
        });
    }
    let mut lines = 0;
    let wanted = remaining(&first) - 20_000;
    loop {
        lines += 1;
        if remaining(stream.next()) == wanted {
            break;
        }
    }
    // The first change is told at once; each further line takes its interval.
    let most = 2 + start.elapsed().as_millis() / 700;
    assert!(lines <= most, "twenty changes became {lines} lines in {:?}", start.elapsed());
}

#[test]
fn lists_are_streamed_where_the_server_can_and_paged_elsewhere() {
    let requests = |setup: Setup| {
        let server = setup.start();
        let env = TestEnv::of(&server);
        let mut stream = JsonStream::start(&env, &WATCH);
        stream.until("following", is_following);
        agrees(&mut stream, &env);
        drop(stream);
        let log = server.log();
        log.lines().filter(|line| line.contains("pods")).map(str::to_owned).collect::<Vec<_>>()
    };
    let streamed = requests(Setup::new(World::blog()));
    assert!(streamed[0].contains("sendInitialEvents=true"), "{streamed:?}");
    let paged = requests(Setup::new(World::blog()).without_streaming());
    assert!(paged[0].contains("limit=500"), "{paged:?}");
    assert!(paged[1].contains("watch=true") && paged[1].contains("resourceVersion=930"));
    let refused = requests(Setup::new(World::blog()).refusing_to_stream());
    assert!(refused[0].contains("sendInitialEvents=true"), "{refused:?}");
    assert!(refused[1].contains("limit=500"), "{refused:?}");
}

#[test]
fn a_streamed_list_that_is_cut_behind_its_end_is_not_read_again() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &WATCH);
    stream.until("following", is_following);
    server.end_watches(Ending::HalfALine);
    server.change(|world| world.add_guest("after", 2));
    agrees(&mut stream, &env);
    drop(stream);
    let log = server.log();
    let lists = log.matches("sendInitialEvents=true").count();
    assert_eq!(lists, 3, "nodes, pods and device classes, once: {log}");
}

/// Follows, lets `fault` happen while things change, and compares with a fresh list.
fn survives(setup: Setup, args: &[&str], fault: impl FnOnce(&mut FakeApiServer)) -> Value {
    let mut server = setup.start();
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &[&WATCH[..], args].concat());
    let first = stream.until("following", is_following);
    let full = remaining(&first);
    server.change(|world| world.add_guest("before", 1));
    fault(&mut server);
    server.change(|world| {
        world.pods.retain(|pod| pod["metadata"]["name"] != "before");
        world.add_guest("after", 2);
    });
    let line = agrees(&mut stream, &env);
    assert_eq!(remaining(&line), full - 2000);
    line
}

#[test]
fn a_server_that_is_killed_and_comes_back_is_followed_again() {
    survives(Setup::new(World::blog()), &[], |server| {
        server.kill();
        std::thread::sleep(Duration::from_millis(700));
        // While nobody could look.
        server.change(|world| world.nodes[5]["spec"]["unschedulable"] = true.into());
        server.change(|world| world.nodes[5]["spec"]["unschedulable"] = false.into());
        server.change(|world| world.add_guest("meanwhile", 1));
        server.change(|world| world.pods.retain(|pod| pod["metadata"]["name"] != "meanwhile"));
        server.restart();
    });
}

#[test]
#[ignore = "slow: each way takes seconds"]
fn a_watch_goes_on_where_it_ended_however_it_ended() {
    for ending in [Ending::Whole, Ending::HalfALine, Ending::Garbage, Ending::Gone] {
        for setup in [Setup::new(World::blog()), Setup::new(World::blog()).without_streaming()] {
            survives(setup, &[], |server| server.end_watches(ending));
        }
    }
}

#[test]
fn what_is_known_never_falls_to_zero_while_the_list_is_read_again() {
    let server = Setup::new(World::blog()).pages_of(10).without_streaming().start();
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &WATCH);
    let full = remaining(&stream.until("following", is_following));
    let pods = server.requests().len();
    server.compact();
    server.end_watches(Ending::Whole);
    server.change(|world| world.add_guest("after", 2));
    loop {
        let line = stream.next();
        assert!(remaining(line) == full || remaining(line) == full - 2000, "{line}");
        if remaining(line) == full - 2000 && is_following(line) {
            break;
        }
    }
    agrees(&mut stream, &env);
    let again = server.log().lines().skip(pods).filter(|line| line.contains("limit=500")).count();
    assert!(again >= 10, "410 leads to a new list: {}", server.log());
}

/// A pod without a name is known by its number in the list, which used to grow with each try.
#[test]
fn a_page_that_is_read_again_counts_pods_without_a_name_once() {
    let mut world = World::blog();
    let node = world.nodes[0]["metadata"]["name"].clone();
    world.pods.insert(45, json!({"metadata": {}, "spec": {"nodeName": node}}));
    let server = Setup::new(world).pages_of(40).without_streaming().start();
    server.next("/api/v1/pods", [Answer::Serve, Answer::Cut(Framing::Chunked)]);
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &WATCH);
    // The cut page is for this stream, not for the fresh look.
    stream.until("following", is_following);
    let line = agrees(&mut stream, &env);
    assert_eq!(line["unknown"].as_array().map(Vec::len), Some(1), "{line}");
}

#[test]
fn a_watch_that_falls_silent_is_noticed() {
    survives(Setup::new(World::blog()), &["--watch-life=1s"], |server| {
        server.silence_watches(true);
        server.end_watches(Ending::Whole);
        // Nothing tells the client that these watches are dead.
        std::thread::sleep(Duration::from_secs(2));
        server.silence_watches(false);
    });
}

#[test]
fn a_server_that_speaks_json_alone_is_followed_all_the_same() {
    for ending in [Ending::Whole, Ending::HalfALine, Ending::Garbage, Ending::Gone] {
        survives(Setup::new(World::blog()).without_protobuf(), &[], |server| {
            server.end_watches(ending);
        });
    }
    let paged = Setup::new(World::blog()).without_protobuf().without_streaming();
    survives(paged, &["--watch-life=1s"], |_| {});
}

#[test]
#[ignore = "slow: each error takes seconds"]
fn a_server_that_answers_with_errors_is_tried_again() {
    for answer in [
        Answer::Raw(503, vec![], "no endpoints"),
        Answer::Raw(429, vec![("retry-after", "1")], "slow down"),
        Answer::Raw(200, vec![], "<html>log in</html>\n"),
        Answer::Recorded("401-unauthorized"),
        Answer::Recorded("410-old-version"),
        Answer::HangUp,
    ] {
        survives(Setup::new(World::blog()), &[], |server| {
            server.next("/api/v1/pods?watch", [answer.clone(), answer.clone()]);
            server.end_watches(Ending::Whole);
        });
    }
}

#[test]
fn pods_that_may_not_be_read_are_unknown_until_they_may() {
    let server = FakeApiServer::start(World::blog());
    server.always("/api/v1/pods", Answer::Recorded("403-pods"));
    server.always("/api/v1/pods?watch", Answer::Recorded("403-pods"));
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &WATCH);
    let line = stream.until("refused", |line| line["connection"]["pods"]["state"] == "refused");
    assert_eq!(line["pods"], "unknown", "{line}");
    assert_eq!(line["totals"]["usable"]["resources"]["cpu"]["remaining"], Value::Null);
}

#[test]
fn nodes_that_may_not_be_read_end_it_at_once() {
    let server = FakeApiServer::start(World::blog());
    server.always("/api/v1/nodes", Answer::Recorded("403-nodes"));
    server.always("/api/v1/nodes?watch", Answer::Recorded("403-nodes"));
    let output = TestEnv::of(&server).run(WATCH);
    assert_eq!((output.code, output.stdout.as_str()), (Some(3), ""), "{output}");
    assert!(output.stderr.contains("--verb=list,watch --resource=nodes,pods"), "{output}");
}

#[test]
fn with_the_right_to_list_alone_the_list_is_read_again_and_again() {
    let server = FakeApiServer::start(World::blog());
    server.always("/api/v1/pods?watch", Answer::Recorded("403-pods"));
    let env = TestEnv::of(&server);
    let mut stream = JsonStream::start(&env, &WATCH);
    let line = stream.until("polling", |line| line["connection"]["pods"]["state"] == "polling");
    assert_eq!(line["pods"], "known", "{line}");
    assert_eq!(line["totals"], fresh(&env)["totals"]);
}

/// The object may be read again only after a while: its first answer is an error.
#[test]
fn own_pods_are_known_through_a_rollout() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let named = ["--workload", "opportunistic/deploy/electroneum"];
    let mut stream = JsonStream::start(&env, &[&WATCH[..], &named].concat());
    let own = |line: &Value| {
        line["totals"]["usable"]["resources"]["cpu"]["opportunistic"].as_i64().unwrap()
    };
    let before = own(&stream.until("following", is_following));
    let deployment = "/apis/apps/v1/namespaces/opportunistic/deployments/electroneum";
    server.next(deployment, [Answer::Raw(500, Vec::new(), "etcdserver: no leader")]);
    server.change(|world| {
        let mut set = world.replica_sets[0].clone();
        let owner = set["metadata"]["ownerReferences"][0]["name"].clone();
        assert_eq!(owner, "electroneum", "the fixture's first ReplicaSet");
        set["metadata"]["name"] = "electroneum-new".into();
        set["metadata"]["uid"] = "uid-of-the-new-set".into();
        world.replica_sets.push(set);
        let mut pod = world.pod("electroneum").clone();
        pod["metadata"]["name"] = "electroneum-new-1".into();
        pod["metadata"]["uid"] = "uid-of-the-new-pod".into();
        pod["metadata"]["ownerReferences"][0]["name"] = "electroneum-new".into();
        pod["metadata"]["ownerReferences"][0]["uid"] = "uid-of-the-new-set".into();
        world.pods.push(pod);
    });
    stream.until("the new pod is own", |line| own(line) == before + 1000);
}

/// Without RequestWatchProgress of etcd, the end of a streamed list never comes.
#[test]
#[ignore = "slow: each way takes seconds"]
fn a_streamed_list_that_fails_in_any_way_is_read_in_pages() {
    let faults = [
        ("silence", Answer::Silence),
        ("silence in the middle", Answer::SilenceInTheMiddle),
        ("cut", Answer::Cut(Framing::Chunked)),
        ("hung up", Answer::HangUp),
        ("500", Answer::Raw(500, Vec::new(), "no")),
        ("501", Answer::Raw(501, Vec::new(), "no")),
        ("404", Answer::Raw(404, Vec::new(), "no")),
        ("410", Answer::Raw(410, Vec::new(), "no")),
        ("garbage", Answer::Raw(200, Vec::new(), "<html>log in</html>\n")),
        ("nothing", Answer::Raw(200, Vec::new(), "")),
    ];
    std::thread::scope(|scope| {
        for (name, answer) in faults {
            scope.spawn(move || {
                let server = FakeApiServer::start(World::blog());
                for kind in ["nodes", "pods"] {
                    server.always(&format!("/api/v1/{kind}?stream"), answer.clone());
                }
                let env = TestEnv::of(&server);
                let mut stream = JsonStream::start(&env, &WATCH);
                stream.until(name, is_following);
                agrees(&mut stream, &env);
                let (code, said) = stream.interrupt();
                assert_eq!(code, Some(130), "{name}: {said}");
                let why = "nodes: not streamed, so listed in pages";
                assert!(said.contains(why), "{name}: {said}");
                if name.starts_with("silence") {
                    let note = "to list its nodes";
                    assert!(said.contains(note), "{name}: {said}");
                }
            });
        }
    });
}

/// Lists are the most that can be asked of a server, and an overload is no reason for one.
#[test]
#[ignore = "slow: many outages"]
fn an_overload_or_an_outage_leads_to_no_list() {
    let busy = Answer::Raw(429, vec![("retry-after", "2")], "too many requests");
    let starting = Answer::Raw(503, Vec::new(), "starting");
    let outages = [("429", Some(busy)), ("503", Some(starting)), ("refused", None)];
    std::thread::scope(|scope| {
        for (name, answer) in outages {
            scope.spawn(move || {
                let mut server = FakeApiServer::start(World::blog());
                let env = TestEnv::of(&server);
                let args = [&WATCH[..], &["--watch-life=1s"]].concat();
                let mut stream = JsonStream::start(&env, &args);
                stream.until("following", is_following);
                let before = server.requests().len();
                match &answer {
                    None => server.kill(),
                    Some(answer) => {
                        for kind in ["nodes", "pods"] {
                            server.always(&format!("/api/v1/{kind}?watch"), answer.clone());
                        }
                    }
                }
                // Longer than six tries take.
                std::thread::sleep(Duration::from_secs(12));
                match &answer {
                    None => server.restart(),
                    Some(_) => {
                        for kind in ["nodes", "pods"] {
                            server.always(&format!("/api/v1/{kind}?watch"), Answer::Serve);
                        }
                    }
                }
                server.change(|world| world.add_guest("after", 2));
                stream.until("following again", is_following);
                // Devices, which this server lacks, are asked for again and again.
                let of_capacity = |request: &crate::support::request::Request| {
                    ["/api/v1/nodes", "/api/v1/pods"].contains(&&*request.path)
                };
                let seen: Vec<_> = server.requests()[before..]
                    .iter()
                    .filter(|r| of_capacity(r))
                    .cloned()
                    .collect();
                let is_list = |request: &&crate::support::request::Request| {
                    request.parameter("watch").is_none()
                        || request.parameter("sendInitialEvents").is_some()
                };
                let lists = seen.iter().filter(is_list).count();
                assert_eq!(lists, 0, "{name}: {}", server.log());
                if name == "429" {
                    // Retry-After is 2 s, and each of two watches asked for 12 s.
                    let tries = seen.len();
                    assert!(tries <= 2 * 8 + 2, "{tries}: {}", server.log());
                }
                agrees(&mut stream, &env);
                let (code, said) = stream.interrupt();
                assert_eq!(code, Some(130), "{name}: {said}");
                let next = "going on from the last version in ";
                assert!(said.contains("WARN pods: ") && said.contains(next), "{name}: {said}");
            });
        }
    });
}

#[test]
#[ignore = "slow: waits for a clock that jumps"]
fn a_clock_that_jumps_leads_to_new_watches_and_to_no_harm() {
    let Some(preload) = preload_of_faketime() else { return };
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    env.write("clock", "+0");
    let clock = env.path("clock");
    let variables = [
        preload.split_once('=').unwrap(),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_CACHE_DURATION", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let mut stream = JsonStream::start_with(&env, &WATCH, &variables);
    let first = stream.until("following", is_following);
    let full = remaining(&first);
    let watches = |server: &FakeApiServer| server.log().matches("watch=true").count();
    for jump in ["+600s", "-600s"] {
        let before = watches(&server);
        env.write("clock", jump);
        server.change(|world| world.add_guest("after", 2));
        stream.until("the change is seen", |line| remaining(line) == full - 2000);
        for _ in 0..200 {
            if watches(&server) >= before + 2 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(watches(&server) >= before + 2, "{jump}: {}", server.log());
        server.change(|world| world.pods.retain(|pod| pod["metadata"]["name"] != "after"));
        let line = agrees(&mut stream, &env);
        assert_eq!(remaining(&line), full, "{jump}");
    }
}
