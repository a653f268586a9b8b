//! `top --record` and `top --replay`: what was recorded is what is played.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hpa_model::simulation::{PaidApp, PaidScaling};
use oppscale_cluster::history::Player;
use oppscale_core::headroom::{self, Query};
use serde_json::{Value, json};

use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::stream::JsonStream;
use crate::support::watch::Ending;
use crate::support::world::World;

const REPLAY: [&str; 3] = ["top", "--replay", "history"];

/// Follows and records, lets `happen` things, and ends when they have been seen.
fn record(env: &TestEnv, server: &FakeApiServer, happen: impl FnOnce(&FakeApiServer)) -> Value {
    let args = ["top", "--watch", "--interval=100ms", "--record", "history"];
    let mut stream = JsonStream::start(env, &args);
    let first = stream.until("listed", |line| line["connection"]["pods"]["state"] == "following");
    happen(server);
    let fresh = env.run(["top", "-o", "json"]);
    let fresh: Value = serde_json::from_str(&fresh.stdout).unwrap();
    if fresh["totals"] == first["totals"] {
        let _ = stream.interrupt();
        return first;
    }
    let last = stream.until("what happened", |line| {
        let up = |kind: &str| line["connection"][kind]["state"] == "following";
        line["totals"] == fresh["totals"]
            && line["unknown"] == fresh["unknown"]
            && up("nodes")
            && up("pods")
    });
    assert_eq!(stream.interrupt().0, Some(130));
    last
}

/// The lines of a replay.
fn replay(env: &TestEnv) -> Vec<Value> {
    let output = env.run(REPLAY);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output}");
    output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn untimed(mut line: Value) -> Value {
    line.as_object_mut().unwrap().remove("time");
    line
}

fn events(server: &FakeApiServer) {
    for step in 0..3 {
        server.change(|world| {
            world.pod("electroneum")["spec"]["nodeName"] = format!("fake-0000{step}").into();
            world.pods.push(json!({
                "metadata": {"name": format!("waits-{step}"), "namespace": "paid", "uid": format!("uid-{step}")},
                "spec": {
                    "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}],
                    "nodeSelector": {"zone": "none"},
                    "tolerations": [{"key": "a", "operator": "Exists"}]
                },
                "status": {"phase": "Pending"}
            }));
            world.pods.push(json!({
                "metadata": {"name": format!("bad-{step}"), "namespace": "paid", "uid": format!("bad-{step}")},
                "spec": {
                    "nodeName": "fake-00004",
                    "containers": [{"name": "c", "resources": {"requests": {"cpu": "1x"}}}]
                },
                "status": {"phase": "Running"}
            }));
            world.nodes[3]["spec"]["unschedulable"] = (step == 1).into();
        });
        std::thread::sleep(Duration::from_millis(1100));
    }
    server.change(|world| {
        world.pods.retain(|pod| pod["metadata"]["name"] != "bad-0");
        world.nodes.remove(5);
    });
    server.end_watches(Ending::Gone);
}

#[test]
fn a_replay_ends_with_what_was_seen_last() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let last = record(&env, &server, events);
    let lines = replay(&env);
    assert!(lines.len() >= 4, "each second is a moment: {}", lines.len());
    assert_eq!(untimed(lines.last().unwrap().clone()), untimed(last.clone()));
    assert!(lines.windows(2).all(|two| two[0]["time"].as_str() < two[1]["time"].as_str()));
    let names = |line: &Value| line["unknown"].to_string().contains("bad-2");
    assert!(!names(&lines[0]) && names(&last), "{last}");
}

#[test]
fn a_history_cut_off_at_some_bytes_is_played_up_to_there() {
    cut_off(101);
}

#[test]
#[ignore = "slow: plays a history for each of its bytes"]
fn a_history_cut_off_at_any_byte_is_played_up_to_there() {
    cut_off(1);
}

/// Cuts off a history at one of so many bytes behind its first moment.
fn cut_off(step: usize) {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let _ = record(&env, &server, events);
    let whole = std::fs::read(env.path("history")).unwrap();
    let moments = played(&env.path("history")).unwrap();
    let first = whole.windows(5).position(|window| window == b"{\"t\":").unwrap();
    let cut = env.path("cut");
    for length in (0..first).step_by(997).chain((first..=whole.len()).step_by(step)) {
        std::fs::write(&cut, &whole[..length]).unwrap();
        match played(&cut) {
            Ok(seen) => assert!(moments.starts_with(&seen), "{length} bytes"),
            Err(why) => assert!(length <= first + 20, "{length} bytes: {why}"),
        }
    }
}

/// The remaining millicores at each moment.
fn played(path: &Path) -> Result<Vec<i128>, String> {
    let mut player = Player::open(path).map_err(|error| error.to_string())?;
    let mut seen = Vec::new();
    loop {
        seen.push(remaining(&player));
        match player.next_at() {
            Some(next) => player.advance(next).map_err(|error| error.to_string())?,
            None => return Ok(seen),
        }
    }
}

fn remaining(player: &Player) -> i128 {
    player.cluster_state().read(|snapshot, _| {
        headroom::measure(&snapshot.ledger, &Query::default()).usable.remaining.unwrap().get("cpu")
    })
}

#[test]
fn a_player_goes_back_as_it_went_forth() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let _ = record(&env, &server, events);
    let mut player = Player::open(&env.path("history")).unwrap();
    let mut seen = vec![(player.position(), remaining(&player))];
    while let Some(next) = player.next_at() {
        player.advance(next).unwrap();
        seen.push((player.position(), remaining(&player)));
    }
    let changes = player.cluster_state().changes();
    for (at, amount) in seen.iter().rev().chain(&seen) {
        let before = *changes.borrow();
        player.seek(*at).unwrap();
        assert!(*changes.borrow() - before <= 1, "nobody sees it half played");
        assert_eq!(remaining(&player), *amount, "at {at:?}");
    }
    player.seek(Duration::MAX).unwrap();
    assert_eq!(player.position(), player.end());
}

#[test]
fn a_history_is_simulated_with_its_paid_load_over_time() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let _ = record(&env, &server, |server| {
        std::thread::sleep(Duration::from_millis(1500));
        // Eight of the ninety fillers become paid work of another shape.
        server.change(|world| {
            for pod in world
                .pods
                .iter_mut()
                .filter(|pod| pod["metadata"]["namespace"] == "opportunistic")
                .take(8)
            {
                pod["metadata"]["labels"] = json!({});
            }
        });
        std::thread::sleep(Duration::from_millis(1500));
    });
    let output = env.run(["simulate", "--from", "history", "-o", "csv"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output}");
    let setup = oppscale::scenario::from_history(&env.path("history"), None).unwrap().setup;
    let paid = |at_ms: u64| -> i128 {
        let app = |app: &PaidApp| {
            let PaidScaling::Scripted(load) = &app.scaling else {
                panic!("recorded load is scripted")
            };
            i128::from(load.level(at_ms)) * app.template.replica.footprint().get("cpu")
        };
        setup.paid.iter().map(app).sum()
    };
    assert_eq!(paid(setup.end_ms) - paid(0), 8000, "{:?}", setup.paid);
    insta::assert_snapshot!(env.run(["simulate", "--from", "history", "--workload", "a/deploy/b"]), @"
    ------- stderr -------
    error: --workload: a capacity history knows its workload
     hint: name it when recording: oppscale top --workload ... --record FILE
    [EOF]
    [exit status: 2]
    ");
}

/// Pods that want the same port of the host do not share one of the 6 nodes in a replay either.
#[test]
fn a_history_knows_of_one_replica_a_node() {
    let mut world = World::blog();
    let template = &mut world.deployment_mut("electroneum")["spec"]["template"]["spec"];
    template["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    let mut is_first = true;
    world.pods.retain(|pod| {
        pod["metadata"]["labels"]["app"] != "electroneum" || std::mem::take(&mut is_first)
    });
    let server = FakeApiServer::start(world);
    let env = TestEnv::of(&server);
    let workload = ["--workload", "opportunistic/deployment/electroneum"];
    let args = ["top", "--watch", "--interval=100ms", "--record", "history"];
    let mut stream = JsonStream::start(&env, &[&args[..], &workload].concat());
    let fit = |line: &Value| line["totals"]["usable"]["fitReplicas"].clone();
    let last = stream.until("counted", |line| line["connection"]["pods"]["state"] == "following");
    assert_eq!(stream.interrupt().0, Some(130));
    assert_eq!(fit(&last), json!(6));
    let replayed = env.run(REPLAY);
    assert!(replayed.stderr.contains("a node holds one replica only"), "{replayed}");
    let line = replayed.stdout.lines().last().unwrap();
    assert_eq!(fit(&serde_json::from_str(line).unwrap()), json!(6));
    let harvested = || {
        let args = ["simulate", "--from", "history", "--config", "oppscale", "-o", "json"];
        let output = env.run(args);
        assert!(!output.stderr.contains("nodes changed"), "{output}");
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        let outcome = &document["configurations"][0]["outcome"];
        outcome["harvestedMilliCoreHours"].as_u64().unwrap()
    };
    let text = std::fs::read_to_string(env.path("history")).unwrap() + "{\"t\":600000}\n";
    env.write("history", &text);
    let alone = harvested();
    // An older history, which does not tell it.
    assert!(text.contains(",\"onePerNode\":true}"), "{text}");
    env.write("history", &text.replace(",\"onePerNode\":true", ""));
    assert!(alone > 0 && harvested() > 5 * alone, "{alone}");
}

/// On the usage basis a replica takes what it burns, and a history tells it.
#[test]
fn a_history_knows_of_basis_and_burn() {
    let mut world = World::blog();
    let annotations = json!({"oppscale.dev/basis": "usage", "oppscale.dev/burn": "1500m"});
    world.deployment_mut("electroneum")["metadata"]["annotations"] = annotations;
    let server = FakeApiServer::start(world);
    let env = TestEnv::of(&server);
    let args = ["top", "--watch", "--interval=100ms", "--record", "history"];
    let workload = ["--workload", "opportunistic/deployment/electroneum"];
    let mut stream = JsonStream::start(&env, &[&args[..], &workload].concat());
    stream.until("counted", |line| line["connection"]["pods"]["state"] == "following");
    assert_eq!(stream.interrupt().0, Some(130));
    let text = std::fs::read_to_string(env.path("history")).unwrap() + "{\"t\":600000}\n";
    let recorded = ",\"basis\":\"usage\",\"burn\":1500";
    assert!(text.contains(recorded), "{text}");
    let simulated = |text: &str| {
        env.write("history", text);
        let args = ["simulate", "--from", "history", "--config", "oppscale", "-o", "json"];
        let output = env.run(args);
        assert_eq!(output.code, Some(0), "{output}");
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        document["configurations"][0]["outcome"].clone()
    };
    // An older history does not tell them.
    assert_ne!(simulated(&text), simulated(&text.replace(recorded, "")));
    // The replicas that fit are those of the burn that is stated.
    let most = |burn| {
        let history = oppscale::scenario::from_history(&env.path("history"), burn).unwrap();
        history.setup.filler.autoscaler.spec.max_replicas
    };
    env.write("history", &text);
    assert_eq!(most(Some(1500)), most(None));
    assert!(most(Some(500)) > 2 * most(None), "{:?}", most(Some(500)));
    let output = env.run(["simulate", "--from", "history", "--basis", "requests"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("record a workload on the requests basis"), "{output}");
    // As from saved lists, a burn that is unknown must be stated.
    env.write("history", &text.replace(",\"burn\":1500", ""));
    let args = ["simulate", "--from", "history", "--config", "oppscale"];
    let output = env.run(args);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("the cores that a replica uses are unknown"), "{output}");
    let output = env.run([&args[..], &["--burn", "1"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
}

/// They kept their room for a grace period that was over when they were recorded as gone.
#[test]
fn recorded_pods_end_when_they_ended() {
    let env = TestEnv::new();
    env.write(
        "history",
        r#"{"history":{"version":1,"started":"2026-11-24T03:00:00Z","server":"https://x"}}
{"workload":{"replica":{"cpu":1000,"pods":1},"placement":{}}}
{"node":{"metadata":{"name":"a"},"spec":{},"status":{"allocatable":{"cpu":"8","memory":"8Gi","pods":"110"},"conditions":[{"type":"Ready","status":"True"}]}}}
{"host":[0,"a"]}
{"group":[0,"shop","Deployment","checkout"]}
{"footprint":[0,{"cpu":4000,"pods":1}]}
{"pod":["00000000000000000000000000000001",0,0,0,0]}
{"t":0}
{"gone":"00000000000000000000000000000001"}
{"t":60000}
{"t":180000}
"#,
    );
    let output = env.run(["simulate", "--from", "history", "--config", "naive", "-o", "json"]);
    assert_eq!(output.code, Some(0), "{output}");
    let value: Value = serde_json::from_str(&output.stdout).unwrap();
    let samples = value["configurations"][0]["samples"].as_array().unwrap();
    let ended = samples.iter().find(|sample| sample["paidMillicores"] == 0).unwrap();
    assert_eq!(ended["atMilliseconds"], 70_000, "the first sample after the end");
}

#[test]
fn a_killed_recording_is_continued() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let child = env.start(["top", "--record", "history"]);
    wait_for_a_moment(&env.path("history"));
    signal("KILL", child.id());
    let output = env.finish(child);
    assert!(output.stderr.contains("recording; Ctrl-C ends it"), "{output}");
    let mut text = std::fs::read(env.path("history")).unwrap();
    text.extend_from_slice(b"{\"pod\":[\"0123");
    std::fs::write(env.path("history"), &text).unwrap();
    let before = replay(&env).len();
    let last = record(&env, &server, |server| server.change(|world| world.nodes.truncate(4)));
    let lines = replay(&env);
    assert!(lines.len() > before, "{} and {before}", lines.len());
    assert_eq!(lines.last().unwrap()["totals"], last["totals"]);
    assert!(std::fs::read(env.path("history")).unwrap().starts_with(&text), "only added to");
}

/// Wherever the one before was torn: in the time of a moment, in its own beginning, in the
/// first word of the file.
#[test]
fn a_torn_recording_is_continued_and_played() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let _ = record(&env, &server, |_| {});
    let whole = std::fs::read(env.path("history")).unwrap();
    for (kept, torn) in [
        (&whole[..], &b"{\"t\":105"[..]),
        (&whole[..], b"{\"history\":{\"version\":1,\"sta"),
        (&whole[..], b"{\"pod\":[\"0123"),
        (b"", b"{\"hist"),
        (b"", b"{\"history\":{\"version\":1,\"started\":\"20"),
    ] {
        std::fs::write(env.path("history"), [kept, torn].concat()).unwrap();
        let last = record(&env, &server, |_| {});
        let lines = replay(&env);
        assert_eq!(lines.last().unwrap()["totals"], last["totals"], "{torn:?}");
    }
    // What is torn between two moments was not torn by a kill.
    let beginning = whole.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    let text = [beginning, b"{\"t\":1\n{\"t\":2}\n"].concat();
    std::fs::write(env.path("history"), text).unwrap();
    let output = env.run(REPLAY);
    assert!(output.stderr.starts_with("error: history, line 2: "), "{output}");
}

#[test]
fn amounts_that_no_cluster_has_are_refused() {
    let env = TestEnv::new();
    let begin = r#"{"history":{"version":1,"started":"2026-11-24T03:00:00Z","server":"s"}}"#;
    for amount in ["170141183460469231731687303715884105727", "-5"] {
        let footprint = format!(r#"{{"footprint":[3,{{"cpu":{amount}}}]}}"#);
        env.write("history", &format!("{begin}\n{footprint}\n{{\"t\":1}}\n"));
        let output = env.run(REPLAY);
        let words = format!("error: history, line 2: cpu: {amount} is no amount");
        assert!(output.stderr.starts_with(&words), "{output}");
    }
}

#[test]
fn two_do_not_write_one_history() {
    let server = FakeApiServer::start(World::nodes_alone());
    let env = TestEnv::of(&server);
    let child = env.start(["top", "--record", "history"]);
    wait_for_a_moment(&env.path("history"));
    insta::assert_snapshot!(env.run(["top", "--record", "history"]), @"
    ------- stderr -------
    error: history is being written by another oppscale
     hint: name another file, or end that recording first
    [EOF]
    [exit status: 1]
    ");
    // It can be looked at meanwhile, and continued afterwards.
    assert_eq!(replay(&env).len(), 1);
    signal("INT", child.id());
    assert_eq!(env.finish(child).code, Some(130));
    let _ = record(&env, &server, |server| server.change(|world| world.nodes.truncate(4)));
}

fn wait_for_a_moment(path: &PathBuf) {
    for _ in 0..600 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains("{\"t\":") {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing is recorded");
}

#[test]
fn what_is_no_history_is_left_alone_and_not_played() {
    let server = FakeApiServer::start(World::nodes_alone());
    let env = TestEnv::of(&server);
    env.write("notes.txt", "my notes\n");
    insta::assert_snapshot!(env.run(["top", "--record", "notes.txt"]), @"
    ------- stderr -------
    error: notes.txt is no capacity history, and is left alone
     hint: name a new file, or one that --record has written
    [EOF]
    [exit status: 1]
    ");
    assert_eq!(std::fs::read_to_string(env.path("notes.txt")).unwrap(), "my notes\n");
    insta::assert_snapshot!(env.run(["top", "--replay", "notes.txt"]), @"
    ------- stderr -------
    error: notes.txt is no capacity history: its first line says so
    [EOF]
    [exit status: 1]
    ");
    env.write("blank", "");
    insta::assert_snapshot!(env.run(["top", "--replay", "blank"]), @"
    ------- stderr -------
    error: blank is empty: nothing was recorded, for want of a cluster perhaps
    [EOF]
    [exit status: 1]
    ");
    insta::assert_snapshot!(env.run(["top", "--replay", "absent"]), @"
    ------- stderr -------
    error: cannot read absent
      caused by: No such file or directory (os error 2)
    [EOF]
    [exit status: 1]
    ");
    insta::assert_snapshot!(env.run(["top", "--record", "no/such/folder"]), @"
    ------- stderr -------
    error: cannot record to no/such/folder
      caused by: No such file or directory (os error 2)
    [EOF]
    [exit status: 1]
    ");
    let begin = r#"{"history":{"version":1,"started":"2026-11-24T03:00:00Z","server":"s"}}"#;
    env.write("history", &format!("{begin}\n"));
    insta::assert_snapshot!(env.run(REPLAY), @"
    ------- stderr -------
    error: history ends before the cluster was listed, so there is nothing to see
    [EOF]
    [exit status: 1]
    ");
    env.write("history", &format!("{begin}\n{{\"pod\":[\"00\",1,2,3,0]}}\n{{\"t\":5}}\n"));
    insta::assert_snapshot!(env.run(REPLAY), @"
    ------- stderr -------
    error: history, line 2: host 1 has no name before this line
    [EOF]
    [exit status: 1]
    ");
    env.write("history", &begin.replace("\"version\":1", "\"version\":2").replace("}}", "}}\n"));
    insta::assert_snapshot!(env.run(REPLAY), @"
    ------- stderr -------
    error: history has version 2 of the format; this oppscale reads up to 1
    [EOF]
    [exit status: 1]
    ");
}
