//! What the live screen of `oppscale top` shows on a real pseudo-terminal, state by state.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::terminal::Terminal;
use crate::support::world::World;

const TOP: &[&str] = &["top", "--reserve", "30"];

fn screen(world: World) -> (FakeApiServer, Terminal) {
    let server = FakeApiServer::start(world);
    let mut terminal = Terminal::of(&TestEnv::of(&server), 80, 24, TOP);
    // What is typed before would be read as lines.
    terminal.see("a whole frame", |text| text.contains("live") && text.contains("q quit"));
    (server, terminal)
}

/// Waits until the screen is so, and gives it without what differs from run to run: the
/// session's history and what is blank, how long ago things were, and the server's port.
fn shown(terminal: &mut Terminal, what: &str, is_there: impl Fn(&str) -> bool) -> String {
    let text = terminal.see(what, |text| is_there(text) && text.contains("q quit"));
    let line = |line: &str| {
        let line = match line.split_once("  ").filter(|_| line.contains(" remaining ")) {
            Some(_) => line.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
            None => line.to_owned(),
        };
        let line = match line.split_once("reconnecting, try") {
            Some((before, _)) => format!("{}  reconnecting, try …", before.trim_end()),
            None => line,
        };
        match line.split_once("127.0.0.1:") {
            Some((before, rest)) => {
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{before}127.0.0.1:…{rest}")
            }
            None => line,
        }
    };
    let lines = text.lines().filter(|line| !is_chart(line)).map(line);
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Whether a line is blank or a row of the chart.
fn is_chart(line: &str) -> bool {
    line.trim_start().chars().all(|c| "▁▂▃▄▅▆▇█▓░·".contains(c))
}

fn quit(mut terminal: Terminal) {
    terminal.press("q");
    let _ = terminal.end(0);
}

#[test]
fn sorted_by_what_others_have_the_least_first() {
    let (_server, mut terminal) = screen(World::blog());
    terminal.press("o");
    terminal.press("o");
    let text = shown(&mut terminal, "sorted", |text| text.contains("OTHERS") && text.contains("↑"));
    assert_snapshot!(text, @"
    oppscale top  fake  v1.36.2  6 nodes usable                                 live
    121 replicas of cpu=1 fit (cpu runs out), 90 run; 1 paid pod unplaceable
    CPU   66% ██▉▓▓▓▓▓▓▓▓░░··· █ paid 32.75  ▓ filler 90   ░ reserve 30 · free 31.25
    MEM   19% ▌▓▓············· █ paid 19.9Gi ▓ filler 90Gi ░ reserve 0  · free 466Gi
    CPU remaining 121.25
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (6)
    NODE       STATE    ALLOC ↑OTHERS  FILLER REMAIN REQ% CPU          SLOTS    PODS
    fake-00000 Ready        32      4      16     28   62 █▌▓▓▓▓▓▓····    28  19/110
    fake-00004 Ready        32      4      16     28   62 █▌▓▓▓▓▓▓····    28  19/110
    fake-00005 Ready        24      4      14     20   75 ██▓▓▓▓▓▓▓···    20  17/110
    fake-00002 Ready        32   5.25      15  26.75   63 ██▓▓▓▓▓▓····    26  18/110
    fake-00003 Ready        32   6.25      15  25.75   66 ██▍▓▓▓▓▓····    25  18/110
    fake-00001 Ready        32   9.25      14  22.75   72 ███▌▓▓▓▓▓···    22  18/110
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    ");
    quit(terminal);
}

#[test]
fn filtered_by_two_words() {
    let (_server, mut terminal) = screen(World::blog());
    terminal.press("4/deploy shop");
    let text = shown_prompt(&mut terminal);
    assert_snapshot!(text, @"
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs          /deploy shop (4/6)
    NAMESPACE  WORKLOAD                     ↓OTHERS  FILLER SHARE% CPU          PODS
    shop       deployment/checkout               12       0      6 ▋               6
    shop       deployment/sample-metrics-app      8       0      4 ▍               2
    shop       deployment/podlevel                6       0      3 ▎               2
    shop       deployment/sandbox-runner       5.25       0      2 ▎               3
    /deploy shop   Enter keeps  Esc clears
    ");
    terminal.press("\r");
    quit(terminal);
}

fn shown_prompt(terminal: &mut Terminal) -> String {
    let text = terminal
        .see("a filter", |text| text.contains("Esc clears") && text.contains("/deploy shop ("));
    let lines = text.lines().skip(5).filter(|line| !is_chart(line));
    let lines: Vec<_> = lines.map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn a_workload_and_where_it_stands() {
    let (_server, mut terminal) = screen(World::blog());
    terminal.press("4/electro\r\r");
    let text = shown(&mut terminal, "its nodes", |text| text.contains("nodes of opportunistic"));
    assert_snapshot!(text, @"
    oppscale top  fake  v1.36.2  6 nodes usable                                 live
    121 replicas of cpu=1 fit (cpu runs out), 90 run; 1 paid pod unplaceable
    CPU   66% ██▉▓▓▓▓▓▓▓▓░░··· █ paid 32.75  ▓ filler 90   ░ reserve 30 · free 31.25
    MEM   19% ▌▓▓············· █ paid 19.9Gi ▓ filler 90Gi ░ reserve 0  · free 466Gi
    CPU remaining 121.25
    workloads > nodes of opportunistic/deployment/electroneum                    (6)
    NODE       OTHERS  FILLER SHARE% CPU                                       ↓PODS
    fake-00000      0      16      8 ▓▓▓                                          16
    fake-00004      0      16      8 ▓▓▓                                          16
    fake-00002      0      15      8 ▓▓▓                                          15
    fake-00003      0      15      8 ▓▓▓                                          15
    fake-00001      0      14      7 ▓▓▓                                          14
    fake-00005      0      14      7 ▓▓▓                                          14
    q quit  ? help  Enter node  Esc back  / filter  f freeze  w wide  Tab view
    ");
    quit(terminal);
}

#[test]
fn a_server_that_is_gone() {
    let (mut server, mut terminal) = screen(World::blog());
    server.kill();
    let text = shown(&mut terminal, "lost", |text| {
        let first = text.lines().next().unwrap_or_default();
        // Until both feeds have tried anew, one of them may tell how its watch was cut.
        let is_refused =
            text.contains("refused (os error") && text.matches("! reconnecting").count() == 1;
        first.contains("reconnecting, try") && is_refused
    });
    assert_snapshot!(text, @"
    oppscale top  fake  v1.36.2  6 nodes usable  reconnecting, try …
    121 replicas of cpu=1 fit (cpu runs out), 90 run; 1 paid pod unplaceable
    CPU   66% ██▉▓▓▓▓▓▓▓▓░░··· █ paid 32.75  ▓ filler 90   ░ reserve 30 · free 31.25
    MEM   19% ▌▓▓············· █ paid 19.9Gi ▓ filler 90Gi ░ reserve 0  · free 466Gi
    CPU remaining 121.25
    ! reconnecting: cannot reach the API server https://127.0.0.1:…: Connection
    refused (os error 111)
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
    quit(terminal);
}

#[test]
fn pods_that_are_refused() {
    let server = FakeApiServer::start(World::blog());
    for path in ["/api/v1/pods", "/api/v1/pods?watch"] {
        server.always(path, Answer::Recorded("403-pods"));
    }
    let mut terminal = Terminal::of(&TestEnv::of(&server), 80, 24, TOP);
    let text = shown(&mut terminal, "refused", |text| text.contains("pods refused"));
    assert_snapshot!(text, @r#"
    oppscale top  fake  v1.36.2  6 nodes usable                         pods refused
    replicas of cpu=1 that fit: unknown
    CPU    ?                                            █ paid ? · allocatable 184
    MEM    ?                                            █ paid ? · allocatable 576Gi
    CPU remaining ?
    ! pods are unknown: list pods: pods is forbidden: User "dev" cannot list
    resource "pods" in API group "" at the cluster scope (403 Forbidden)
    an administrator can grant it:
    kubectl create clusterrole oppscale-view --verb=list,watch --resource=nodes,pods
    kubectl create clusterrolebinding oppscale-view --clusterrole=oppscale-view
    --user=dev
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (6)
    NODE       STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU          SLOTS    PODS
    fake-00000 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00001 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00002 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00003 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00004 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00005 Ready        24      ?       ?      ?    ? ?                ?   ?/110
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    "#);
    quit(terminal);
}

#[test]
fn an_empty_cluster() {
    let mut world = World::nodes_alone();
    world.nodes.clear();
    let (_server, mut terminal) = screen(world);
    let text = shown(&mut terminal, "empty", |text| text.contains("there are no nodes"));
    assert_snapshot!(text, @"
    oppscale top  fake  v1.36.2  0 nodes usable                                 live
    0 replicas of cpu=1 fit (no node has room for one more), 0 run
    CPU     -                            █ paid 0 ▓ filler 0 ░ reserve 30 · free -30
    MEM     -                            █ paid 0 ▓ filler 0 ░ reserve 0  · free 0
    CPU remaining -30
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (0)
    NODE  STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU               SLOTS    PODS
    there are no nodes
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    ");
    quit(terminal);
}

#[test]
fn the_end_of_five_hundred_nodes_on_a_small_screen() {
    let mut world = World::nodes_alone();
    let node = |number| {
        let mut node = world.nodes[0].clone();
        node["metadata"] = json!({"name": format!("node-{number:03}"), "uid": format!("{number}")});
        node
    };
    world.nodes = (0..500).map(node).collect();
    let (_server, mut terminal) = screen(world);
    terminal.resize(40, 10);
    terminal.press("G");
    let text = shown(&mut terminal, "the last", |text| text.contains("node-499"));
    assert_snapshot!(text, @"
    fake  v1.36.2  500/500 nodes        live
    fit 15970 (cpu runs out), 0 run
    CPU    0% ············· █0 ▓0 ░30 ·15970
     1 nodes 2 3 4 5                   (500)
    NODE     STATE   ↓REMAIN CPU       SLOTS
    node-497 Ready        32 ·········    32
    node-498 Ready        32 ·········    32
    node-499 Ready        32 ·········    32
    hidden: other resources, history, REQ%,…
    q quit  ? help  Enter pods  / filter
    ");
    quit(terminal);
}
