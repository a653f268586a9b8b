//! What goes wrong around a server: afterwards it answers as a fresh count would.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Connection;
use super::rig::{ANY, HPA, Oppscale, PATIENCE, Rig, serving, world, write_certificate};
use crate::support::answer::Answer;
use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::Setup;
use crate::support::kubeconfig::Kubeconfig;
use crate::support::tools::preload_of_faketime;
use crate::support::watch::Ending;
use crate::support::world::World;

pub const FIT: &str = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/opportunistic/\
                   deployments.apps/electroneum/oppscale_fit_replicas";

/// What `top` counts from scratch, on the same cluster with the same reserve.
fn fresh_count(rig: &Rig) -> String {
    let run = rig.env.run([
        "top",
        "--workload",
        "opportunistic/deploy/electroneum",
        "--reserve",
        "30",
        "-o",
        "json",
    ]);
    assert_eq!(run.code, Some(0), "{run}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    report["totals"]["usable"]["fitReplicas"].to_string()
}

/// A paid pod of 4 cores more on each of the first nodes.
pub fn add_paid_pods(world: &mut World, round: i64) {
    let paid = world.pods.iter().find(|pod| {
        pod["metadata"]["namespace"] == "shop"
            && pod["status"]["phase"] == "Running"
            && pod["spec"]["nodeName"].is_string()
    });
    let mut pod = paid.unwrap().clone();
    pod["metadata"]["name"] = format!("burst-{round}").into();
    pod["metadata"]["uid"] = format!("00000000-0000-4000-9000-{round:012}").into();
    let nodes = world.nodes.len();
    pod["spec"]["nodeName"] = world.nodes[round as usize % nodes]["metadata"]["name"].clone();
    world.pods.push(pod);
}

pub fn settles(rig: &Rig) {
    let expected = fresh_count(rig);
    let start = Instant::now();
    loop {
        let fit = rig.fit();
        if fit.as_ref() == Ok(&expected) {
            return;
        }
        let log = || rig.oppscale.log_text();
        assert!(start.elapsed() < PATIENCE, "{expected} fit, but {fit:?} is served\n{}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a workload may claim is bounded by its HPA.
#[test]
fn hpas_that_cannot_be_read_any_more_make_the_data_stale() {
    let path = "/apis/autoscaling/v2/horizontalpodautoscalers";
    let rig = Rig::start(&["--max-staleness=3s"]);
    assert_eq!(rig.fit().unwrap(), "121");
    let down = Answer::Raw(503, Vec::new(), "down");
    rig.server.always(path, down.clone());
    rig.server.always(&format!("{path}?watch"), down);
    rig.server.end_watches(Ending::Whole);
    rig.until("stale", |rig| matches!(rig.fit(), Err((503, _))));
    let (_, message) = rig.fit().unwrap_err();
    assert!(message.contains("the 3s that --max-staleness allows"), "{message}");
    rig.until("blind", |rig| rig.web("/metrics").body.contains("\noppscale_blind 1\n"));
    rig.server.heal();
    settles(&rig);
}

#[test]
fn an_api_server_that_dies_and_comes_back() {
    let mut rig = Rig::start(&["--max-staleness=3s"]);
    assert_eq!(rig.fit().unwrap(), "121");
    rig.server.kill();
    rig.until("stale", |rig| matches!(rig.fit(), Err((503, _))));
    let (_, message) = rig.fit().unwrap_err();
    assert!(message.starts_with("oppscale: the data is "), "{message}");
    assert!(message.contains("the 3s that --max-staleness allows"), "{message}");
    // Discovery and readiness stay: without them, no namespace could be deleted.
    let list = "/apis/custom.metrics.k8s.io/v1beta2";
    assert_eq!(rig.get(list).status, 200);
    assert_eq!(rig.web("/readyz").status, 200);
    assert!(rig.web("/").body.contains("<b>Stale</b>"));
    // The log looks each second: what was shorter than that is not in it.
    rig.oppscale.until_logged("stale", |line| line["reason"] == "Stale");
    rig.server.restart();
    rig.server.change(|world| add_paid_pods(world, 1));
    settles(&rig);
    rig.oppscale.until_logged("seeing", |line| line["reason"] == "Fresh");
}

#[test]
fn who_would_rather_yield_than_hold() {
    let mut rig = Rig::start(&["--max-staleness=3s", "--on-stale=zero"]);
    rig.server.kill();
    rig.until("nothing fits", |rig| rig.fit().as_deref() == Ok("0"));
    assert_eq!(rig.metric("electroneum", "oppscale_remaining_cpu_cores").unwrap(), "0");
    rig.server.restart();
    rig.until("121 fit again", |rig| rig.fit().as_deref() == Ok("121"));
}

/// What a right that is withdrawn leaves is blindness, too, but not at once: an API server
/// that starts refuses what it will allow a moment later.
#[test]
fn a_right_that_is_withdrawn() {
    for (policy, then) in [("hold", Err(503)), ("zero", Ok("0"))] {
        let rig = Rig::start(&["--max-staleness=3s", &format!("--on-stale={policy}")]);
        for path in ["/api/v1/pods", "/api/v1/pods?watch"] {
            rig.server.always(path, Answer::Recorded("403-pods"));
        }
        rig.server.compact();
        rig.server.end_watches(Ending::Gone);
        rig.until("refused", |rig| {
            rig.fit().is_err_and(|(code, why)| code == 503 && why.contains("cannot be read"))
        });
        std::thread::sleep(Duration::from_secs(4));
        let fit = rig.fit();
        let said = fit.as_deref().map_err(|(code, _)| *code);
        assert_eq!(said, then, "{policy}: {fit:?}");
    }
}

/// What may only be listed is listed as often as `--max-staleness` needs it.
#[test]
fn a_right_to_watch_that_is_withdrawn() {
    let rig = Rig::start(&["--max-staleness=6s"]);
    rig.server.always("/api/v1/pods?watch", Answer::Recorded("403-pods"));
    rig.server.end_watches(Ending::Whole);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(9) {
        assert_eq!(rig.fit().unwrap(), "121");
        std::thread::sleep(Duration::from_millis(100));
    }
    rig.server.change(|world| add_paid_pods(world, 1));
    settles(&rig);
    assert!(!rig.oppscale.log_text().contains("\"Stale\""), "{}", rig.oppscale.log_text());
}

/// Probes must be answered meanwhile, or the kubelet kills a server that could only wait.
#[test]
fn an_api_server_that_says_nothing_at_the_start() {
    let proxies = Authority::new("front-proxy-ca");
    let server = Setup::new(world(&proxies)).start();
    for path in ["/version", "/api/v1/nodes", "/api/v1/nodes?watch"] {
        server.always(path, Answer::Silence);
    }
    let env = TestEnv::of(&server);
    let oppscale = Oppscale::launch(&env, &["--self-signed"], ANY, ANY);
    let begin = Instant::now();
    let probe = |path| Connection::open(oppscale.web, None)?.get(path, &[]);
    assert_eq!(probe("/livez").unwrap().status, 200);
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    let answer = probe("/readyz").unwrap();
    assert_eq!(
        (answer.status, &*answer.body),
        (503, "not ready: nodes have not been listed yet\n")
    );
}

/// Twice a second, in every way.
#[test]
fn watches_that_are_cut_again_and_again() {
    let rig = Rig::start(&[]);
    let endings = [Ending::HalfALine, Ending::Garbage, Ending::Gone, Ending::Whole];
    for round in 0..24 {
        // Each round, a pod comes and the one of the round before goes.
        rig.server.change(|world| {
            let last = format!("burst-{}", round - 1);
            world.pods.retain(|pod| pod["metadata"]["name"] != last.as_str());
            add_paid_pods(world, round);
        });
        rig.server.end_watches(endings[round as usize % endings.len()]);
        std::thread::sleep(Duration::from_millis(500));
        assert!(rig.fit().is_ok(), "the last that was heard is served on");
    }
    settles(&rig);
}

#[test]
fn a_history_that_is_forgotten() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        add_paid_pods(world, 7);
        world.pods.retain(|pod| pod["metadata"]["name"] != "burst-7");
    });
    rig.server.compact();
    rig.server.end_watches(Ending::Gone);
    rig.server.change(|world| add_paid_pods(world, 8));
    settles(&rig);
}

#[test]
fn a_token_that_is_rotated() {
    let proxies = Authority::new("front-proxy-ca");
    let server = Setup::new(world(&proxies)).for_token("one").start();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "one").unwrap();
    let kubeconfig = Kubeconfig::of_user(&server, json!({"tokenFile": token}));
    let rig = Rig::of(proxies, server, &kubeconfig, &[]);
    assert_eq!(rig.fit().unwrap(), "121");
    std::fs::write(&token, "two").unwrap();
    rig.server.rotate_token("two");
    rig.server.end_watches(Ending::Whole);
    rig.server.change(|world| add_paid_pods(world, 3));
    // The client library reads the file again after 50 s. A kubelet replaces a token long
    // before it expires.
    let patience = Duration::from_secs(90);
    rig.until_in(patience, "the change is seen", |rig| rig.fit().is_ok_and(|fit| fit == "119"));
    assert_eq!(fresh_count(&rig), "119");
}

fn is_own_on(pod: &Value, node: usize) -> bool {
    pod["metadata"]["namespace"] == "opportunistic"
        && pod["spec"]["nodeName"] == format!("fake-{node:05}")
        && pod["status"]["phase"] == "Running"
}

#[test]
fn pods_and_workloads_that_are_garbage() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        world.pods.push(json!({"metadata": {"name": "odd", "namespace": "shop", "uid": "odd"},
            "spec": {"nodeName": "fake-00005", "containers": "none"}}));
        world.pods.push(json!({"metadata": {"name": 7}}));
        world.deployments.push(json!({
            "metadata": {"name": "odd", "namespace": "shop", "uid": "odd2",
                "labels": {"oppscale.dev/opportunistic": "true"}},
            "spec": {"template": {"spec": {"containers": [{"name": "c",
                "resources": {"requests": {"cpu": "lots"}}}]}}}
        }));
        world.deployments.push(json!({
            "metadata": {"name": "odder", "namespace": "shop", "uid": "odd3",
                "labels": {"oppscale.dev/opportunistic": "true"}, "annotations": "none"}
        }));
    });
    let path = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps";
    let get = |name: &str| rig.get(&format!("{path}/{name}/oppscale_fit_replicas"));
    rig.until("the workload is held", |_| get("odd").status == 503);
    let message = get("odd").json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("oppscale holds Deployment shop/odd: its pod template"), "{message}");
    rig.until("the other one, too", |_| get("odder").status == 503);
    settles(&rig);
    // The node whose pod cannot be counted is in no sum: 20 free cores less. Replicas that run
    // there stay in the fit.
    let own = world(&Authority::new("other")).pods.iter().filter(|pod| is_own_on(pod, 5)).count();
    let fit = (101 + own).to_string();
    rig.until("fewer fit", |rig| rig.fit().is_ok_and(|now| now == fit));
    let held = rig
        .oppscale
        .until_logged("held", |line| line["reason"] == "WorkloadHeld" && line["name"] == "odd");
    assert_eq!((&held["kind"], &held["namespace"]), (&json!("Deployment"), &json!("shop")));
}

#[test]
fn a_policy_that_changes_is_followed_at_once() {
    let rig = Rig::start(&[]);
    let annotate = |name: &'static str, value: &'static str| {
        rig.server.change(move |world| {
            let mut all = world.deployments.iter_mut();
            let filler = all.find(|d| d["metadata"]["name"] == "electroneum").unwrap();
            filler["metadata"]["annotations"][name] = value.into();
        });
    };
    annotate("oppscale.dev/max-replicas", "7");
    rig.until("7 fit", |rig| rig.fit().as_deref() == Ok("7"));
    annotate("oppscale.dev/max-replicas", "seven");
    rig.until("held", |rig| {
        rig.fit().is_err_and(|(code, why)| code == 503 && why.contains("seven"))
    });
    annotate("oppscale.dev/max-replicas", "150");
    rig.until("121 fit", |rig| rig.fit().as_deref() == Ok("121"));
    rig.server.change(|world| {
        let mut all = world.deployments.iter_mut();
        let filler = all.find(|d| d["metadata"]["name"] == "electroneum").unwrap();
        filler["metadata"]["labels"]["oppscale.dev/opportunistic"] = "false".into();
    });
    rig.until("not served", |rig| rig.fit().is_err_and(|(code, _)| code == 404));
}

#[test]
fn two_replicas_say_the_same() {
    let rig = Rig::start(&[]);
    rig.server.change(|world| {
        for round in 0..5 {
            add_paid_pods(world, round);
        }
    });
    let other = super::rig::Oppscale::start(&rig.env, &[]);
    let tls = rig.front_proxy();
    let value = |api| {
        let answer = Connection::open(api, Some(&tls)).unwrap().get(FIT, &HPA).unwrap();
        answer.json()["items"][0]["value"].clone()
    };
    rig.until("both agree", |rig| value(rig.oppscale.api) == value(other.api));
    assert_eq!(value(other.api), fresh_count(&rig));
}

#[test]
fn a_server_that_is_told_to_stop() {
    let mut rig = Rig::start(&["--shutdown-delay=1s"]);
    let mut kept = Connection::open(rig.oppscale.api, Some(&rig.front_proxy())).unwrap();
    kept.get(FIT, &HPA).unwrap();
    crate::support::bin::signal("TERM", rig.oppscale.id());
    let begin = Instant::now();
    rig.until("not ready", |rig| rig.web("/readyz").status == 503);
    // Whoever still comes is still answered, and told to connect elsewhere.
    let answer = kept.get(FIT, &HPA).unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(kept.get(FIT, &HPA).is_err(), "the connection has ended");
    assert_eq!(rig.oppscale.wait(), Some(0));
    assert!(begin.elapsed() >= Duration::from_millis(900));
    rig.oppscale.until_logged("stopped", |line| line["message"] == "stopped");
    rig.restart(&["--shutdown-delay=1h"]);
    assert_eq!(rig.oppscale.end_with("INT"), Some(130), "at a terminal nobody waits");
}

/// A step of the wall clock makes nothing old: with `zero`, it would end all fillers.
#[test]
fn a_wall_clock_that_is_set_changes_no_age() {
    let Some(preload) = preload_of_faketime() else { return };
    let proxies = Authority::new("front-proxy-ca");
    let server = Setup::new(world(&proxies)).start();
    let env = TestEnv::of(&server);
    let authority = Authority::new("serving-ca");
    write_certificate(&env, &serving(&authority));
    env.write("clock", "+0");
    let clock = format!("FAKETIME_TIMESTAMP_FILE={}", env.path("clock").display());
    let program = ["env", &preload, &clock, "FAKETIME_CACHE_DURATION=1", "DONT_FAKE_MONOTONIC=1"];
    let oppscale = Oppscale::launch_as(&env, &program, &["--on-stale=zero"], ANY, ANY);
    oppscale.until_logged("ready", |line| line["message"] == "ready");
    let rig = Rig { server, env, proxies, authority, oppscale };
    assert_eq!(rig.fit().unwrap(), "121");
    for step in ["+40d", "-40d"] {
        rig.env.write("clock", step);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(8) {
            assert_eq!(rig.fit().as_deref(), Ok("121"), "{step}");
            std::thread::sleep(Duration::from_millis(100));
        }
        let text = rig.web("/metrics").body;
        assert!(text.contains("oppscale_blind 0"), "{step}: {text}");
    }
    rig.oppscale.until_logged("the step", |line| {
        line["message"].as_str().is_some_and(|text| text.starts_with("the clock jumped"))
    });
    rig.server.change(|world| add_paid_pods(world, 1));
    settles(&rig);
}

#[test]
fn a_clock_that_is_ten_minutes_off() {
    let Some(preload) = preload_of_faketime() else { return };
    for offset in ["-10m", "+10m"] {
        let rig = Rig::start_as(&["env", &preload, &format!("FAKETIME={offset}")], &[]);
        assert_eq!(rig.fit().unwrap(), "121", "{offset}");
        rig.server.change(|world| add_paid_pods(world, 1));
        settles(&rig);
    }
}
