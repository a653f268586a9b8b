//! The live screen of `oppscale top` on a real pseudo-terminal.

use std::iter;
use std::process::Command;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::fixture;
use crate::support::terminal::{OPPSCALE, Terminal};
use crate::support::watch::Ending;
use crate::support::world::World;

const TOP: &[&str] = &["top", "--reserve", "30"];

/// A server, and the screen that shows it.
fn screen(world: World) -> (FakeApiServer, Terminal) {
    let server = FakeApiServer::start(world);
    let terminal = Terminal::of(&TestEnv::of(&server), 80, 24, TOP);
    (server, terminal)
}

/// The whole frame: the footer comes last.
fn whole(terminal: &mut Terminal) -> String {
    terminal.see("a whole frame", |text| text.contains("live") && text.contains("q quit"))
}

fn node(world: &World, name: &str) -> Value {
    let mut node = world.nodes[0].clone();
    node["metadata"] = json!({"name": name, "uid": format!("uid-of-{name}")});
    node
}

/// The first name in the table.
fn first_row(text: &str) -> &str {
    let heading = text.lines().position(|line| line.starts_with("NODE")).unwrap();
    text.lines().nth(heading + 1).unwrap().split_whitespace().next().unwrap_or_default()
}

#[test]
fn it_starts_with_everything_and_gives_the_terminal_back() {
    let (_server, mut terminal) = screen(World::blog());
    let text = whole(&mut terminal);
    // How long the history is depends on how quick the machine is.
    let is_chart = |line: &str| line.trim_start().chars().all(|c| "▁▂▃▄▅▆▇█▓░·".contains(c));
    let text: Vec<_> = text.lines().filter(|line| !is_chart(line)).collect();
    let text = text.join("\n");
    let spark = text.lines().find(|line| line.contains("remaining")).unwrap();
    let text = text.replace(spark, "CPU  remaining 121.25");
    assert_snapshot!(text, @"
    oppscale top  fake  v1.36.2  6 nodes usable                                 live
    121 replicas of cpu=1 fit (cpu runs out), 90 run; 1 paid pod unplaceable
    CPU   66% ██▉▓▓▓▓▓▓▓▓░░··· █ paid 32.75  ▓ filler 90   ░ reserve 30 · free 31.25
    MEM   19% ▌▓▓············· █ paid 19.9Gi ▓ filler 90Gi ░ reserve 0  · free 466Gi
    CPU  remaining 121.25
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (6)
    NODE       STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU          SLOTS    PODS
    fake-00000 Ready        32      4      16     28   62 █▌▓▓▓▓▓▓····    28  19/110
    fake-00004 Ready        32      4      16     28   62 █▌▓▓▓▓▓▓····    28  19/110
    fake-00002 Ready        32   5.25      15  26.75   63 ██▓▓▓▓▓▓····    26  18/110
    fake-00003 Ready        32   6.25      15  25.75   66 ██▍▓▓▓▓▓····    25  18/110
    fake-00001 Ready        32   9.25      14  22.75   72 ███▌▓▓▓▓▓···    22  18/110
    fake-00005 Ready        24      4      14     20   75 ██▓▓▓▓▓▓▓···    20  17/110
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    ");
    assert!(terminal.parser.screen().alternate_screen());
    terminal.press("q");
    let text = terminal.end(0);
    assert!(!text.contains("oppscale top  "), "nothing of it stays: {text}");
}

#[test]
fn saved_lists_are_shown_on_the_same_screen() {
    let file = fixture("blog-cluster/nodes-pods.kubectl.json");
    let args = ["top", "--reserve", "30", "--from", file.to_str().unwrap()];
    let mut terminal = Terminal::start(120, 40, &args, &[]);
    let text = terminal
        .see("a whole frame", |text| text.contains("saved list") && text.contains("q quit"));
    assert!(text.contains("121 replicas of cpu=1 fit"), "{text}");
    assert!(text.contains("1 paid pod unplaceable"), "{text}");
    terminal.press("4");
    terminal.see_text("deployment/checkout");
    terminal.press("!");
    terminal.see_text("deployment/checkout");
    terminal.press("5");
    terminal.see_text("HPAs are read from a cluster only");
    terminal.press("?");
    terminal.see_text("close this");
    terminal.press("q");
    terminal.see("the help closed", |text| !text.contains("close this"));
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn an_event_is_on_the_screen_and_nothing_is_written_while_nothing_changes() {
    let (server, mut terminal) = screen(World::blog());
    whole(&mut terminal);
    server.change(|world| world.add_guest("guest", 3));
    terminal.see("the guest", |text| text.contains("118 replicas") && text.contains("35.75"));
    terminal.watch_for(Duration::from_millis(300));
    let written = terminal.watch_for(Duration::from_millis(1500));
    assert_eq!(written, 0, "bytes written while nothing changed");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn keys_sort_filter_and_open() {
    let (server, mut terminal) = screen(World::blog());
    assert_eq!(first_row(&whole(&mut terminal)), "fake-00000");
    terminal.press("o");
    terminal.see("sorted by others", |text| first_row(text) == "fake-00001");
    terminal.press("o");
    terminal.see("the other way round", |text| first_row(text) == "fake-00000");
    terminal.press("/0003");
    terminal.see("filtered", |text| text.contains("/0003 (1/6)") && !text.contains("fake-00001"));
    terminal.press("\r\r");
    let text = terminal.see("the node's pods", |text| {
        text.contains("nodes > pods on fake-00003") && text.contains("occupies")
    });
    assert!(text.contains("(18)") && text.contains("filler "), "{text}");
    terminal.press("\u{1b}[F");
    let text = terminal.see("the last pod explained", |text| text.contains("container agent"));
    assert!(text.contains("kube-system/node-agent-"), "{text}");
    let asked = server.requests().into_iter().filter(|request| {
        let selector = request.parameter("fieldSelector").unwrap_or_default();
        request.path == "/api/v1/pods" && selector.contains("spec.nodeName=fake-00003")
    });
    assert_eq!(asked.count(), 1, "{}", server.log());
    // What comes to the node is seen while it is open.
    server.change(|world| {
        let mut pod = world.guest("newcomer", 1);
        pod["spec"]["nodeName"] = "fake-00003".into();
        world.pods.push(pod);
    });
    terminal.see_text("newcomer");
    terminal.press("\u{1b}");
    terminal.see("back, still filtered", |text| text.contains("/0003 (1/6)"));
    terminal.press("\r");
    terminal.see("the same node again", |text| {
        text.contains("nodes > pods on fake-00003") && text.contains("(19)")
    });
    terminal.press("\u{1b}");
    terminal.see("back once more", |text| text.contains("/0003 (1/6)"));
    terminal.press("\u{1b}");
    terminal.see("everything", |text| text.contains("(6)") && text.contains("fake-00005"));
    terminal.press("\u{1b}q");
    let _ = terminal.end(0);
}

#[test]
fn a_cluster_without_hpas_is_told_from_one_that_has_not_answered() {
    let mut world = World::blog();
    world.hpas.clear();
    let (_server, mut terminal) = screen(world);
    whole(&mut terminal);
    terminal.press("5");
    let text = terminal.see("the answer", |text| text.contains("no HPA"));
    assert!(!text.contains("reading"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn the_hpa_of_opportunistic_work_is_shown() {
    let (server, mut terminal) = screen(World::blog());
    whole(&mut terminal);
    terminal.press("5");
    let text = terminal.see_text("FailedGetObjectMetric");
    assert!(text.contains("opportunistic/electroneum scales deployment/electroneum"), "{text}");
    assert!(text.contains("metric cpu_capacity_remaining unknown/30k"), "{text}");
    server.always(
        "/apis/autoscaling/v2/horizontalpodautoscalers",
        Answer::Raw(403, vec![("content-type", "application/json")], FORBIDDEN_HPAS),
    );
    terminal.see("the refusal", |text| {
        text.contains("! list HorizontalPodAutoscalers: hpas are forbidden")
            && text.contains("--resource=horizontalpodautoscalers.autoscaling")
    });
    terminal.press("q");
    let _ = terminal.end(0);
}

const FORBIDDEN_HPAS: &str =
    r#"{"kind":"Status","status":"Failure","message":"hpas are forbidden","code":403}"#;

/// Idle CPU is read every 15 s, and the basis can be switched.
#[test]
fn the_usage_basis_counts_what_is_idle() {
    let server = FakeApiServer::start(World::blog().with_metrics());
    let args = [TOP, &["--basis=usage", "--burn=1"]].concat();
    let mut terminal = Terminal::of(&TestEnv::of(&server), 120, 30, &args);
    // Of 184 cores paid pods use 2.5, as the nodes' usage less that of the fillers' pods tells.
    let text = terminal.see("idle CPU", |text| text.contains("cores idle"));
    let line = text.lines().nth(1).unwrap();
    assert!(line.starts_with("148 replicas of cpu=10m fit ("), "{line}");
    assert!(line.contains(", 90 run, usage basis: 181.5 cores idle, burn 1"), "{line}");
    terminal.press("b");
    let text = terminal.see("requests", |text| text.contains("121 replicas of cpu=1 fit"));
    assert!(!text.contains("usage basis"), "{text}");
    terminal.press("b");
    terminal.see("idle CPU again", |text| text.contains("cores idle"));
    terminal.press("q");
    terminal.end(0);
}

/// The usage of a workload's pods is read, not that of every pod of the cluster.
#[test]
fn the_usage_basis_reads_the_pods_of_the_workload_only() {
    for (workload, path, labels) in [
        ("opportunistic/deploy/electroneum", "/namespaces/opportunistic/pods", "app=electroneum"),
        ("app=electroneum", "/pods", "app=electroneum"),
        ("", "/pods", "oppscale.dev/opportunistic=true"),
    ] {
        let server = FakeApiServer::start(World::blog().with_metrics());
        let mut args = [TOP, &["--basis=usage", "--burn=1"]].concat();
        if !workload.is_empty() {
            args.extend(["--workload", workload]);
        }
        let mut terminal = Terminal::of(&TestEnv::of(&server), 120, 30, &args);
        terminal.see("idle CPU", |text| text.contains("cores idle"));
        let root = "/apis/metrics.k8s.io/v1beta1";
        let requests = server.requests().into_iter();
        let of_pods: Vec<_> = requests
            .filter(|one| one.path.starts_with(root) && one.path.ends_with("/pods"))
            .map(|one| {
                let labels = one.parameter("labelSelector").unwrap_or_default().to_owned();
                (one.path.trim_start_matches(root).to_owned(), labels)
            })
            .collect();
        assert!(!of_pods.is_empty(), "{workload}");
        for asked in of_pods {
            assert_eq!(asked, (path.to_owned(), labels.to_owned()), "{workload}");
        }
    }
}

#[test]
fn idle_cpu_that_cannot_be_read_is_unknown() {
    let server = FakeApiServer::start(World::blog());
    let args = [TOP, &["--basis=usage", "--burn=1"]].concat();
    let mut terminal = Terminal::of(&TestEnv::of(&server), 120, 30, &args);
    terminal.see("why", |text| text.contains("idle CPU is unknown: metrics.k8s.io is not served"));
    terminal.press("b");
    terminal.see("requests", |text| text.contains("121 replicas of cpu=1 fit"));
}

#[test]
fn rules_between_pods_of_the_workload_are_noted() {
    let server = FakeApiServer::start(World::spread());
    let args = [TOP, &["--workload", "opportunistic/deploy/electroneum"]].concat();
    let mut terminal = Terminal::of(&TestEnv::of(&server), 120, 30, &args);
    terminal.see("the note", |text| {
        text.contains("the pod template has topologySpreadConstraints, which slots do not consider")
    });
}

#[test]
fn any_size_is_drawn() {
    let (_server, mut terminal) = screen(World::blog());
    whole(&mut terminal);
    terminal.resize(40, 10);
    terminal.see_text("hidden: other resources, history");
    terminal.resize(10, 3);
    terminal.resize(1, 1);
    terminal.resize(120, 40);
    let text = terminal
        .see("the whole again", |text| text.contains("fake-00005") && text.contains("x resource"));
    assert!(!text.contains("hidden"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn a_lost_connection_is_told_and_comes_back() {
    let (mut server, mut terminal) = screen(World::blog());
    whole(&mut terminal);
    server.kill();
    let text = terminal.see_text("! reconnecting: ");
    assert!(text.contains("fake-00000 Ready        32      4      16     28"), "kept: {text}");
    assert!(!text.lines().next().unwrap().contains("live"), "{text}");
    terminal.see("its age", |text| text.lines().next().unwrap().contains("stale "));
    server.restart();
    server.change(|world| world.nodes.truncate(5));
    terminal.press("R");
    let text = terminal.see("live again", |text| {
        text.lines().next().unwrap().contains("live") && text.contains("5 nodes")
    });
    assert!(!text.contains("reconnecting"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn connecting_anew_gives_up_a_request_that_hangs() {
    let (server, mut terminal) = screen(World::blog());
    whole(&mut terminal);
    server.always("/api/v1/nodes?watch", Answer::Silence);
    server.end_watches(Ending::Whole);
    // The next watch is asked for at once, and is never answered.
    std::thread::sleep(Duration::from_secs(1));
    server.always("/api/v1/nodes?watch", Answer::Serve);
    server.change(|world| world.nodes.truncate(5));
    let start = Instant::now();
    terminal.press("R");
    terminal.see("the change", |text| text.contains("5 nodes"));
    assert!(start.elapsed() < Duration::from_secs(10), "after {:?}", start.elapsed());
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn what_changes_nothing_still_proves_the_data_current() {
    let server = FakeApiServer::start(World::blog());
    let args = [TOP, &["--watch-life", "1s"]].concat();
    let mut terminal = Terminal::of(&TestEnv::of(&server), 80, 24, &args);
    whole(&mut terminal);
    // Data is stale when it is older than the life of a watch and 10 s for its renewal.
    terminal.watch_for(Duration::from_secs(12));
    let text = terminal.see("a whole frame", |text| text.contains("q quit"));
    assert!(text.lines().next().unwrap().ends_with(" live"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn refused_pods_are_told_with_what_to_do() {
    let server = FakeApiServer::start(World::blog());
    for path in ["/api/v1/pods", "/api/v1/pods?watch"] {
        server.always(path, Answer::Recorded("403-pods"));
    }
    let mut terminal = Terminal::of(&TestEnv::of(&server), 100, 24, TOP);
    let text = terminal.see("refused", |text| {
        text.contains("pods refused") && text.contains("kubectl create clusterrole oppscale-view")
    });
    assert!(text.contains("fake-00000 Ready        32      ?"), "{text}");
    terminal.press("\r");
    terminal.see("refused in the pane too", |text| text.contains("! list pods"));
    // An administrator grants the right.
    for path in ["/api/v1/pods", "/api/v1/pods?watch"] {
        server.always(path, Answer::Serve);
    }
    terminal.press("R");
    let text = terminal.see("counted, and the pods", |text| {
        text.contains("121 replicas") && text.contains("occupies")
    });
    assert!(text.lines().next().unwrap().ends_with("live"), "{text}");
    assert!(!text.contains("! list pods"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn an_empty_cluster_is_said_to_be_empty() {
    let mut world = World::nodes_alone();
    world.nodes.clear();
    let (server, mut terminal) = screen(world);
    terminal.see_text("there are no nodes");
    let template = node(&World::blog(), "first");
    server.change(|world| world.nodes.push(template));
    let text = terminal.see_text("first");
    assert!(text.contains("1 node usable"), "{text}");
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn five_hundred_nodes_scroll_and_the_choice_stays() {
    let mut world = World::nodes_alone();
    let names = (0..500).map(|number| format!("node-{number:03}"));
    world.nodes = names.map(|name| node(&world, &name)).collect();
    let (server, mut terminal) = screen(world);
    terminal.see("the first", |text| text.contains("(500)") && text.contains("node-000"));
    terminal.press("G");
    terminal.see("the last", |text| text.contains("node-499") && !text.contains("node-000"));
    terminal.press("g");
    terminal.see("the first again", |text| text.contains("node-000"));
    // The wheel, as a terminal tells it.
    terminal.press("\u{1b}[<65;5;12M");
    terminal.see("three rows on", |text| first_row(text) == "node-003");
    terminal.press("/499\r");
    terminal.see("found", |text| first_row(text) == "node-499");
    terminal.press("\u{1b}");
    let text = terminal.see("everything again", |text| text.contains("(500)"));
    assert!(text.contains("node-499"), "the choice stays on its row: {text}");
    // The chosen node gets others and is the last one by what remains; it stays in sight.
    terminal.press("r");
    terminal.see("the first by name again", |text| text.contains("node-499"));
    server.change(|world| world.nodes.retain(|node| node["metadata"]["name"] != "node-499"));
    terminal.see("its neighbour", |text| text.contains("(499)") && !text.contains("node-499"));
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn ctrl_c_and_signals_give_the_terminal_back() {
    let server = FakeApiServer::start(World::nodes_alone());
    let env = TestEnv::of(&server);
    for name in ["KEY", "TERM", "INT", "HUP"] {
        let mut terminal = Terminal::of(&env, 80, 24, TOP);
        whole(&mut terminal);
        match name {
            "KEY" => terminal.press("\u{3}"),
            name => terminal.signal(name),
        }
        let _ = terminal.end(130);
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_its_message() {
    let tests = std::env::current_exe().unwrap();
    let name = "cli::top_screen::opens_a_screen_and_panics";
    let args = ["--ignored", "--exact", "--nocapture", name];
    let text = Terminal::other(tests.to_str().unwrap(), &args).end(101);
    assert!(text.contains("a bug, say"), "{text}");
}

#[test]
#[ignore = "run by the test above, on a terminal of its own"]
fn opens_a_screen_and_panics() {
    let _screen = oppscale::terminal::Screen::open(true).unwrap();
    panic!("a bug, say");
}

#[test]
fn ctrl_z_stops_and_fg_goes_on() {
    let server = FakeApiServer::start(World::blog());
    let mut terminal = Terminal::job(&TestEnv::of(&server), 80, 24, TOP);
    for by_key in [true, false] {
        whole(&mut terminal);
        match by_key {
            true => terminal.press("\u{1a}"),
            false => terminal.signal("TSTP"),
        }
        terminal.parser.screen_mut().set_size(60.try_into().unwrap(), 132.try_into().unwrap());
        let text = terminal.see("stopped", |text| text.ends_with("\nstopped"));
        terminal.assert_restored(&text);
        terminal.parser.screen_mut().set_size(24.try_into().unwrap(), 80.try_into().unwrap());
        terminal.press("\n");
        whole(&mut terminal);
        assert!(terminal.parser.screen().alternate_screen());
    }
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn where_nobody_could_continue_it_ctrl_z_does_nothing() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    // A session in a container whose first process has one from outside, as `kubectl exec` has.
    let nested = "setsid --wait sh -c '\"$@\"; exit $?' sh \"$@\"; exit $?";
    let container = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    let may_unshare = Command::new("unshare").args(container).arg("true").output();
    let may_unshare = may_unshare.is_ok_and(|output| output.status.success());
    let nested = [&container, &["sh", "-c", nested, "sh", OPPSCALE][..], TOP].concat();
    let nested = || Terminal::program("unshare", env.home(), (80, 24), &nested, &[]);
    let plain = Terminal::of(&env, 80, 24, TOP);
    for mut terminal in iter::once(plain).chain(may_unshare.then(nested)) {
        whole(&mut terminal);
        terminal.press("\u{1a}n");
        terminal.see("still there", |text| text.contains("NODE↑") || text.contains("NODE      ↑"));
        terminal.press("q");
        let _ = terminal.end(0);
    }
}

#[test]
fn plain_terminals_get_what_they_can_show() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let ascii = &[("LC_ALL", "C"), ("NO_COLOR", "1")];
    let mut terminal = Terminal::with(&env, 80, 24, TOP, ascii);
    let text = whole(&mut terminal);
    assert!(text.is_ascii(), "{text}");
    let screen = terminal.parser.screen();
    for (row, column) in (0..24).flat_map(|row| (0..80).map(move |column| (row, column))) {
        let color = screen.cell(row, column).map(vt100::Cell::fgcolor);
        assert_eq!(color, Some(vt100::Color::Default), "{row}, {column}");
    }
    terminal.press("q");
    let _ = terminal.end(0);
    for (args, term) in [(TOP, "dumb"), (&["top", "--once"], "xterm")] {
        let terminal = Terminal::with(&env, 100, 24, args, &[("TERM", term)]);
        let text = terminal.end(0);
        assert!(text.contains("usable (6 nodes)"), "one table: {text}");
    }
}

#[test]
fn a_server_that_is_slow_to_begin_with_is_waited_for_in_sight() {
    let server = FakeApiServer::start(World::blog());
    for path in ["/api/v1/nodes", "/api/v1/nodes?watch"] {
        server.always(path, Answer::Silence);
    }
    let mut terminal = Terminal::of(&TestEnv::of(&server), 80, 24, TOP);
    terminal.see_text("listing nodes (");
    assert!(!terminal.parser.screen().alternate_screen());
    terminal.press("\u{3}");
    let _ = terminal.end(130);
}

#[test]
fn what_is_logged_meanwhile_does_not_stand_on_the_line_of_progress() {
    let server = FakeApiServer::start(World::blog());
    for path in ["/api/v1/nodes", "/api/v1/nodes?watch"] {
        server.always(path, Answer::Silence);
    }
    for kind in ["resourceslices", "deviceclasses", "resourceclaims"] {
        for query in ["", "?watch"] {
            let path = format!("/apis/resource.k8s.io/v1/{kind}{query}");
            server.always(&path, Answer::HangUp);
        }
    }
    let mut terminal = Terminal::of(&TestEnv::of(&server), 160, 40, TOP);
    let both = |text: &str| text.contains("listing nodes (") && text.contains("tries=2");
    let text = terminal.see("a line of the log and the progress", both);
    let progress = text.lines().find(|line| line.contains("listing nodes (")).unwrap();
    assert!(!progress.contains("WARN"), "{text}");
    assert_eq!(text.matches("listing nodes (").count(), 1, "{text}");
    terminal.press("\u{3}");
    let _ = terminal.end(130);
}

#[test]
fn the_simulated_cluster_is_shown_while_its_burst_happens() {
    let mut terminal = Terminal::start(120, 40, &["top", "--demo", "--speed", "600"], &[]);
    let text = terminal.see("a whole frame", |text| {
        text.contains("replay ") && text.contains("600x") && text.contains("q quit")
    });
    assert!(text.contains("a simulated cluster") && text.contains("node-6"), "{text}");
    terminal.see("filler that makes room", |text| text.contains("paid 90 "));
    terminal.press("4");
    terminal.see_text("deployment/sample");
    terminal.press("1 ");
    terminal.see_text("paused");
    terminal.press("%");
    terminal.see("percentages", |text| {
        text.lines().any(|line| line.contains("node-1") && line.contains('%'))
    });
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn what_fails_at_once_is_told_without_a_screen() {
    let server = FakeApiServer::start(World::blog());
    for path in ["/api/v1/nodes", "/api/v1/nodes?watch"] {
        server.always(path, Answer::Recorded("403-nodes"));
    }
    let terminal = Terminal::of(&TestEnv::of(&server), 132, 24, TOP);
    let text = terminal.end(3);
    assert!(text.contains("error: list nodes: nodes is forbidden"), "{text}");
}
