use insta::assert_snapshot;
use ratatui::buffer::Cell;
use ratatui::crossterm::event::KeyCode;
use ratatui::style::{Color, Modifier};

use crate::live::hpas::HpaItem;
use crate::live::query::QueryError;
use crate::live::source::Replay;
use crate::live::testing::{Bench, setup};
use crate::terminal::{Theme, testing};
use oppscale_cluster::Snapshot;
use oppscale_cluster::follow::Phase;
use std::path::Path;
use std::time::Duration;

#[test]
fn eighty_by_twenty_four_shows_everything() {
    let mut bench = Bench::blog();
    assert_snapshot!(bench.screen(80, 24), @"
    oppscale top  admin@blog  v1.36.2  6 nodes usable                           live
    121 replicas of cpu=1 fit (cpu runs out), 90 run; 1 paid pod unplaceable
    CPU   66% ██▉▒▒▒▒▒▒▒▒░░··· █ paid 32.75  ▒ filler 90   ░ reserve 30 · free 31.25
    MEM   19% ▌▒▒············· █ paid 19.9Gi ▒ filler 90Gi ░ reserve 0  · free 466Gi
    CPU  remaining 121.25
                                                                                   ·
                                                                                   ░
                                                                                   ▒
                                                                                   ▒
                                                                                   ▒
                                                                                   █
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (6)
    NODE       STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU          SLOTS    PODS
    fake-00000 Ready        32      4      16     28   62 █▌▒▒▒▒▒▒····    28  19/110
    fake-00004 Ready        32      4      16     28   62 █▌▒▒▒▒▒▒····    28  19/110
    fake-00002 Ready        32   5.25      15  26.75   63 ██▒▒▒▒▒▒····    26  18/110
    fake-00003 Ready        32   6.25      15  25.75   66 ██▍▒▒▒▒▒····    25  18/110
    fake-00001 Ready        32   9.25      14  22.75   72 ███▌▒▒▒▒▒···    22  18/110
    fake-00005 Ready        24      4      14     20   75 ██▒▒▒▒▒▒▒···    20  17/110




    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    ");
}

#[test]
fn forty_by_ten_says_what_is_hidden() {
    let mut bench = Bench::blog();
    assert_snapshot!(bench.screen(40, 10), @"
    admin@blog  v1.36.2  6/6 nodes      live
    fit 121 (cpu runs out), 90 run; 1 unpla…
    CPU   66% █▍▒▒▒░░· █32.75 ▒90 ░30 ·31.25
     1 nodes 2 3 4 5                     (6)
    NODE       FILLER ↓REMAIN CPU      SLOTS
    fake-00000      16     28 █▒▒▒▒···    28
    fake-00004      16     28 █▒▒▒▒···    28
    fake-00002      15  26.75 █▍▒▒▒···    26
    hidden: other resources, history, PODS,…
    q quit  ? help  Enter pods  / filter
    ");
}

#[test]
fn unusable_nodes_are_told_apart() {
    let mut bench = Bench::of("mixed-cluster", setup());
    bench.code(KeyCode::Char('u'));
    bench.code(KeyCode::Char('w'));
    assert_snapshot!(bench.screen(150, 30), @"
    oppscale top  admin@blog  v1.36.2  8 of 15 nodes usable: 1 Cordoned, 2 Draining, 1 NotReady, 2 Tainted, 1 Unknown                                 live
    294 replicas of cpu=1 fit (no node has room for one more), 90 run
    CPU   45% ██████████████████▌▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒··············································· █ paid 81.55  ▒ filler 90   ░ reserve 0 · free 207.86
    MEM    5% █▒▒▒▒················································································· █ paid 24.5Gi ▒ filler 90Gi ░ reserve 0 · free 1.92Ti
    FPGA  50% ███████████████████████████████████████████··········································· █ paid 1      ▒ filler 0    ░ reserve 0 · free 1
    GPU     -                                                                                        █ paid 0      ▒ filler 0    ░ reserve 0 · free 0
    CPU  remaining 297.86                                                                                                                                █
    ! node gone-7 is unknown: 1 pod is bound to it, but there is no such node
    ! node virtual-0 is unknown: status.allocatable: is missing
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                                                                                              (15)
    NODE        STATE     ALLOC OTHERS FILLER ↓REMAIN   FREE REQ% CPU     MEM-OTHERS MEM-REMAIN FPGA-REMAIN GPU-REMAIN SLOTS    PODS WHY
    big-0       Ready     191.5  48.55       0 142.94 142.94   25 █▊·····      4.3Gi     1.46Ti           1          0   142   7/250
    gpu-1       Tainted    63.5   0.25       0  63.25  63.25    0 ·······      264Mi      502Gi           0          8     0   1/110 taint nvidia.com/gpu…
    fake-00000  Ready        32      4      16     28     12   62 ▉▒▒▒···     3.37Gi     92.6Gi           0          0    28  19/110
    fake-00004  Ready        32      4      16     28     12   62 ▉▒▒▒···     3.37Gi     92.6Gi           0          0    28  19/110
    gpu-0       Tainted    63.5  36.25       0  27.25  27.25   57 ████···      192Gi      310Gi           0          2     0   4/110 taint nvidia.com/gpu…
    fake-00002  Ready        32   5.25      15  26.75  11.75   63 █▏▒▒···     4.25Gi     91.7Gi           0          0    26  18/110
    fake-00003  Ready        32   6.25      15  25.75  10.75   66 █▍▒▒▒··      1.3Gi     94.6Gi           0          0    25  18/110
    fake-00001  Ready        32   9.25      14  22.75   8.75   72 ██▒▒▒··      4.3Gi     91.6Gi           0          0    22  18/110
    fake-00005  Ready        24      4      14     20      6   75 █▏▒▒▒··     3.37Gi     92.6Gi           0          0    20  17/110
    draining-0  Draining  15.89   0.25       0  15.64  15.64    1 ▏······      264Mi     59.7Gi           0          0     0   1/110 draining: taint ToBe…
    karpenter-0 Draining   7.91   0.25       0   7.66   7.66    3 ▎······      264Mi     28.7Gi           0          0     0   1/110 draining: taint karp…
    small-0     Ready      3.92   0.25       0   3.67   3.67    6 ▌······      264Mi     6.54Gi           0          0     3    1/29
    small-1     Cordoned   3.92   0.25       0   3.67   3.67    6 ▌······      264Mi     6.54Gi           0          0     0    1/29 cordoned
    small-2     NotReady   3.92   0.25       0   3.67   3.67    6 ▌······      264Mi     6.54Gi           0          0     0    1/29 not ready
    virtual-0   Unknown       ?      2       0      ?      ?    ? ?              1Gi          ?           ?          ?     ?       1 unknown: status.allo…


    hidden: GPU-FILLER, FPGA-FILLER, LIMITS, GPU-OTHERS, FPGA-OTHERS, MEM-FILLER
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w narrow  Tab view  x resource  ! hide notices
    ");
}

/// The screen from the line above the table on.
fn below_totals(bench: &mut Bench) -> String {
    let screen = bench.screen(80, 14);
    let shown = screen.lines().skip_while(|line| !line.ends_with(')'));
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_typed_name_that_nothing_has_is_noticed() {
    let typed = oppscale_cluster::RequestedNames {
        resources: vec![("--resource", "mem".to_owned())],
        ..Default::default()
    };
    let mut bench = Bench::of("blog-cluster", crate::live::Setup { typed, ..setup() });
    let screen = bench.screen(100, 20);
    let notice =
        "! --resource: no node has the resource mem, and no pod requests it; did you mean memory?";
    assert!(screen.contains(notice), "{screen}");
}

#[test]
fn namespaces_pools_and_workloads() {
    let mut bench = Bench::of("mixed-cluster", setup());
    bench.code(KeyCode::Char('2'));
    assert_snapshot!(bench.screen(80, 12), @"
    oppscale top  admin@blog  v1.36.2  8 of 15 nodes usable: 1 Cordoned, 2 Dr…  live
    294 replicas of cpu=1 fit (no node has room for one more), 90 run
    CPU   45% ███▌▒▒▒········· █ paid 81.55  ▒ filler 90   ░ reserve 0 · free 207.86
    MEM    5% ▎··············· █ paid 24.5Gi ▒ filler 90Gi ░ reserve 0 · free 1.92Ti
    ! node gone-7 is unknown: 1 pod is bound to it, but there is no such node
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (3)
    NAMESPACE    ↓OTHERS  FILLER SHARE% CPU                                     PODS
    shop          117.55       0     30 ███████████▏                              23
    kube-system      3.5       0      0 ▍                                         14
    opportunistic      0      90     23 ▒▒▒▒▒▒▒▒▒                                 90
    hidden: other resources, history, notices
    q quit  ? help  Enter workloads  / filter  f freeze  w wide  Tab view
    ");
    bench.code(KeyCode::Enter);
    assert_snapshot!(below_totals(&mut bench), @"
    namespaces > workloads of shop                                              (12)
    NAMESPACE  WORKLOAD                     ↓OTHERS  FILLER SHARE% CPU          PODS
    shop       deployment/too-big                40       0     10 █               1
    shop       deployment/train                  36       0      9 ▉               3
    shop       deployment/checkout               12       0      3 ▎               6
    hidden: other resources
    q quit  ? help  Enter where  Esc back  / filter  f freeze  w wide  Tab view
    ");
    bench.code(KeyCode::Enter);
    assert_snapshot!(below_totals(&mut bench), @"
    namespaces > workloads of shop > nodes of shop/deployment/too-big            (1)
    NODE  OTHERS  FILLER SHARE% CPU                                        ↓PODS
    big-0     40       0     10 ████▎                                          1


    hidden: other resources
    q quit  ? help  Enter node  Esc back  / filter  f freeze  w wide  Tab view
    ");
    bench.code(KeyCode::Char('3'));
    assert_snapshot!(below_totals(&mut bench), @"
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (5)
    POOL      NODES  ALLOC OTHERS FILLER ↓REMAIN REQ% CPU            SLOTS      PODS
    (none)      6/7    184  32.75      90 151.25   66 ██▍▒▒▒▒▒▒····    149   109/660
    std         1/2 207.39   48.8       0 142.94   23 ███··········    142     8/360
    small       1/3  11.76   0.75       0   3.67    6 ▉············      3      3/87
    hidden: other resources
    q quit  ? help  Enter nodes  / filter  f freeze  w wide  Tab view  x resource
    ");
}

#[test]
fn before_pods_are_listed_nothing_of_them_is_shown() {
    let mut bench = Bench::blog();
    bench.hear(|health| {
        health.pods.phase = Phase::Listing(12_345);
        health.pods.fresh_at = None;
    });
    assert_snapshot!(bench.screen(80, 12), @"
    oppscale top  admin@blog  v1.36.2  6 nodes usable           listing pods… 12,345
    replicas of cpu=1 that fit: unknown
    CPU    ?                                            █ paid ? · allocatable 184
    MEM    ?                                            █ paid ? · allocatable 576Gi
    CPU  remaining ?
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (6)
    NODE       STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU          SLOTS    PODS
    fake-00000 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00001 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00002 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00003 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    ");
}

#[test]
fn refused_pods_come_with_what_to_do() {
    let mut bench = Bench::blog();
    bench.hear(|health| {
        let why = "pods is forbidden: User \"dev\" cannot list resource \"pods\"".to_owned();
        let hint = "an administrator can grant it:\nkubectl create clusterrole oppscale-view";
        health.pods.phase = Phase::Refused { why, hint: Some(hint.to_owned()) };
        health.pods.fresh_at = None;
    });
    assert_snapshot!(bench.screen(80, 16), @r#"
    oppscale top  admin@blog  v1.36.2  6 nodes usable                   pods refused
    replicas of cpu=1 that fit: unknown
    CPU    ?                                            █ paid ? · allocatable 184
    MEM    ?                                            █ paid ? · allocatable 576Gi
    CPU  remaining ?
    ! pods are unknown: pods is forbidden: User "dev" cannot list resource "pods"
    an administrator can grant it:
    kubectl create clusterrole oppscale-view
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (6)
    NODE       STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU          SLOTS    PODS
    fake-00000 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00001 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00002 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00003 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    fake-00004 Ready        32      ?       ?      ?    ? ?                ?   ?/110
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    "#);
}

#[test]
fn a_lost_connection_keeps_the_last_data_with_its_age() {
    let mut bench = Bench::blog();
    bench.hear(|health| {
        for feed in [&mut health.nodes, &mut health.pods] {
            let why = "cannot reach the API server: Connection refused".to_owned();
            feed.phase = Phase::Reconnecting { why, tries: 3, next_try: None };
        }
    });
    bench.pass(37);
    let screen = bench.screen(80, 14);
    let first = screen.lines().next().unwrap();
    assert!(first.ends_with("reconnecting, try 3, stale 37s"), "{screen}");
    assert!(screen.contains("! reconnecting: cannot reach the API server"), "{screen}");
    assert!(screen.contains("fake-00000 Ready        32      4      16     28"), "{screen}");
}

#[test]
fn an_empty_cluster_is_said_to_be_empty() {
    let mut bench = Bench::with(Snapshot::default(), setup());
    assert_snapshot!(bench.screen(80, 12), @"
    oppscale top  admin@blog  v1.36.2  0 nodes usable                           live
    0 replicas of cpu=1 fit (no node has room for one more), 0 run
    CPU     -                               █ paid 0 ▒ filler 0 ░ reserve 0 · free 0
    MEM     -                               █ paid 0 ▒ filler 0 ░ reserve 0 · free 0
    CPU  remaining 0
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                         (0)
    NODE  STATE     ALLOC OTHERS FILLER ↓REMAIN REQ% CPU               SLOTS    PODS
    there are no nodes



    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w wide  Tab view
    ");
    for (tab, text) in [('2', "no pod has a node"), ('3', "there are no nodes")] {
        bench.code(KeyCode::Char(tab));
        let screen = bench.screen(80, 12);
        assert!(screen.contains(text), "{screen}");
    }
}

#[test]
fn hpas_tell_what_is_wrong_with_them() {
    let mut bench = Bench::blog();
    bench.code(KeyCode::Char('5'));
    bench.state.unix_now = 1_795_489_200 + 90;
    let list = include_str!("../../../tests/fixtures/blog-cluster/hpa.json");
    let list: serde_json::Value = serde_json::from_str(list).unwrap();
    let mut hpa = HpaItem::parse(&list["items"][0].to_string()).unwrap();
    hpa.scaled = Some(1_795_489_200);
    bench.state.take_hpas(Ok(vec![hpa]));
    assert_snapshot!(bench.screen(100, 20), @"
    oppscale top  admin@blog  v1.36.2  6 nodes usable                                               live
    121 replicas of cpu=1 fit (cpu runs out), 90 run; 1 paid pod unplaceable
    CPU   66% ██████▍▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░······ █ paid 32.75  ▒ filler 90   ░ reserve 30 · free 31.25
    MEM   19% █▎▒▒▒▒▒····························· █ paid 19.9Gi ▒ filler 90Gi ░ reserve 0  · free 466Gi
    CPU  remaining 121.25                                                                              █
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs                                             (1)
    NAMESPACE     HPA↑        TARGET                REPLICAS MIN/MAX SCALED STATUS          METRIC
    opportunistic electroneum deployment/electron…        90  15/150    90s FailedGetObjec… cpu_capacit…
    opportunistic/electroneum scales deployment/electroneum: 90 replicas, 0 desired, 15 to 150; last
    scaled 90s ago
      metric cpu_capacity_remaining unknown/30k
      AbleToScale True SucceededGetScale: the HPA controller was able to get the target's current scale
      ScalingActive False FailedGetObjectMetric: the HPA was unable to compute the replica count: unable
      to get metric cpu_capacity_remaining: Service on opportunistic cluster-metrics/unable to fetch
      metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered




    q quit  ? help  / filter  f freeze  u all  w wide  Tab view  x resource
    ");
    let why = "list HorizontalPodAutoscalers: not found (404 page not found)".to_owned();
    bench.state.take_hpas(Err(QueryError { why, hint: None }));
    let screen = bench.screen(100, 20);
    assert!(screen.contains("! list HorizontalPodAutoscalers: not found"), "{screen}");
    assert!(screen.contains("electroneum"), "the last answer stays: {screen}");
}

#[test]
fn percentages_take_the_place_of_amounts() {
    let mut bench = Bench::blog();
    let row = |bench: &mut Bench| {
        let screen = bench.screen(100, 24);
        screen.lines().find(|line| line.starts_with("fake-00000")).unwrap().to_owned()
    };
    bench.type_in("%");
    let percent = row(&mut bench);
    // Of 32 cores; what is allocatable has no percentage.
    for word in ["32", "12%", "50%", "87%"] {
        assert!(percent.split_whitespace().any(|cell| cell == word), "{word}: {percent}");
    }
    bench.type_in("%");
    assert!(!row(&mut bench).contains('%'), "amounts again");
    bench.type_in("w");
    assert!(bench.screen(200, 24).contains("LIMITS"), "where limits are known");
    bench.state.setup.has_cluster = false;
    assert!(!bench.screen(200, 24).contains("LIMITS"), "a recording has none");
}

#[test]
fn a_record_shows_where_it_is() {
    let mut bench = Bench::blog();
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    bench.state.setup.has_cluster = false;
    bench.state.replay = Some(Replay {
        name: "day.cap".into(),
        position: minutes(12) + Duration::from_secs(31),
        length: minutes(60),
        speed: 8.0,
        paused: true,
    });
    let screen = bench.screen(80, 24);
    assert!(
        screen.lines().next().unwrap().ends_with("replay 12:31 of 60:00 8x paused"),
        "{screen}"
    );
    assert!(screen.lines().last().unwrap().contains("space go on"), "{screen}");
    assert!(screen.lines().last().unwrap().contains("Enter workloads"), "{screen}");
    bench.code(KeyCode::Enter);
    let screen = bench.screen(80, 24);
    assert!(screen.contains("nodes > workloads on fake-00000"), "{screen}");
    assert!(screen.contains("deployment/checkout"), "workloads stand for pods: {screen}");
    bench.type_in("5");
    assert!(bench.screen(80, 24).contains("HPAs are read from a cluster only"));
}

#[test]
fn a_slower_pace_and_a_frozen_screen_are_told() {
    let mut bench = Bench::blog();
    bench.type_in("++");
    let screen = bench.screen(80, 24);
    assert!(screen.lines().next().unwrap().ends_with("every 400ms  live"), "{screen}");
    bench.type_in("+++f");
    let screen = bench.screen(80, 24);
    assert!(screen.lines().next().unwrap().ends_with("FROZEN  every 3s  live"), "{screen}");
    assert!(screen.lines().last().unwrap().contains("f go on"), "{screen}");
}

#[test]
fn names_are_text_whatever_they_hold() {
    let mut bench = Bench::blog();
    bench.state.setup.context = "a\u{1b}[2Jb\u{202e}c".to_owned();
    let screen = bench.screen(80, 24);
    assert!(screen.contains("a�[2Jb�c"), "{screen}");
}

#[test]
fn without_unicode_all_is_ascii_and_without_colour_nothing_is_coloured() {
    for tab in ['1', '2', '3', '4', '5', '?'] {
        for (width, height) in [(80, 24), (40, 10), (120, 40)] {
            let mut bench = Bench::blog();
            bench.state.setup.theme = Theme { unicode: false, palette: None };
            bench.hear(|health| health.pods.phase = Phase::Listing(12_345));
            bench.code(KeyCode::Char(tab));
            let terminal = bench.draw(width, height);
            for cell in &terminal.backend().buffer().content {
                assert!(cell.symbol().is_ascii(), "{} in {tab}", cell.symbol());
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            }
        }
    }
}

#[test]
fn no_size_is_too_small_to_draw() {
    for key in [KeyCode::Char('1'), KeyCode::Char('5'), KeyCode::Char('?'), KeyCode::Enter] {
        let mut bench = Bench::of("mixed-cluster", setup());
        bench.code(key);
        for width in (0..100).step_by(3) {
            // Even heights and odd ones in turn.
            for height in (width % 2..30).step_by(2) {
                bench.draw(width, height);
            }
        }
    }
}

/// The heading of the table, after these keys.
fn heading(bench: &mut Bench, keys: &str) -> String {
    bench.type_in(keys);
    let screen = bench.screen(80, 24);
    screen.lines().find(|line| line.starts_with("NODE")).unwrap_or_default().to_owned()
}

/// The line above the table, and the last one.
fn around(bench: &mut Bench, width: u16, height: u16) -> String {
    let screen = bench.screen(width, height);
    let lines: Vec<_> = screen.lines().collect();
    let head = lines.iter().position(|line| line.starts_with("NODE")).unwrap();
    format!("{}\n{}", lines[head - 1], lines[lines.len() - 1])
}

#[test]
fn the_arrow_stands_by_its_own_heading_alone() {
    let mut bench = Bench::blog();
    let mut lines = String::new();
    for keys in ["r", "o", "a", "i", "s", "p", "t", "n", "r>"] {
        lines += &(heading(&mut bench, keys) + "\n");
    }
    bench.state.setup.theme = Theme { unicode: false, palette: None };
    lines += &heading(&mut bench, "o");
    assert_snapshot!(lines, @"
    NODE       STATE     ALLOC OTHERS FILLER ↑REMAIN REQ% CPU          SLOTS    PODS
    NODE       STATE    ALLOC ↓OTHERS  FILLER REMAIN REQ% CPU          SLOTS    PODS
    NODE       STATE    ↓ALLOC OTHERS  FILLER REMAIN REQ% CPU          SLOTS    PODS
    NODE       STATE     ALLOC OTHERS ↓FILLER REMAIN REQ% CPU          SLOTS    PODS
    NODE       STATE     ALLOC OTHERS  FILLER REMAIN REQ% CPU         ↓SLOTS    PODS
    NODE       STATE     ALLOC OTHERS  FILLER REMAIN REQ% CPU          SLOTS   ↓PODS
    NODE       STATE↑    ALLOC OTHERS  FILLER REMAIN REQ% CPU          SLOTS    PODS
    NODE↑      STATE     ALLOC OTHERS  FILLER REMAIN REQ% CPU          SLOTS    PODS
    NODE       STATE     ALLOC OTHERS  FILLER REMAIN ↓REQ CPU          SLOTS    PODS
    NODE       STATE    ALLOC >OTHERS  FILLER REMAIN REQ% CPU          SLOTS    PODS
    ");
}

#[test]
fn a_long_filter_leaves_the_tabs_and_its_cursor_on_the_screen() {
    let mut bench = Bench::blog();
    bench.type_in(
        "/a filter that is much longer than any screen that anybody would look at here, so its end",
    );
    assert_snapshot!(around(&mut bench, 80, 24), @"
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs  /…t here, so its end (0/6)
    /…at is much longer than any screen that anybody would look at here, so its end
    ");
    assert_snapshot!(around(&mut bench, 40, 10), @"
     1 nodes 2 3 4 5  /…re, so its end (0/6)
    /…nybody would look at here, so its end
    ");
}

#[test]
fn what_is_hidden_is_told_in_as_many_words_as_there_is_room_for() {
    let mut bench = Bench::of("mixed-cluster", setup());
    let mut lines = String::new();
    for width in [80, 40, 30, 20] {
        lines += around(&mut bench, width, 12).lines().next().unwrap();
        lines += "\n";
    }
    assert_snapshot!(lines, @"
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs      (9), 6 unusable hidden
     1 nodes 2 3 4 5  (9), 6 unusable hidden
     1 nodes         (9), 6 hidden
     1 nodes      (9), …
    ");
}

#[test]
fn help_scrolls_where_not_all_of_it_fits() {
    let mut bench = Bench::blog();
    bench.screen(40, 10);
    bench.type_in("?");
    assert_snapshot!(bench.screen(40, 10), @"
    ┌ keys ────────────────────────────────┐
    │ q, Ctrl-C     quit                   │
    │ arrows j k    choose a row; PgUp     │
    │               PgDn, g G Home End     │
    │ Enter         open what is chosen    │
    │ Esc           close, clear the       │
    │               filter, go back        │
    │ Tab 1 to 5    nodes, namespaces,     │
    │ lines 1 to 7 of 36; j k scroll       │
    └──────────────────────────────────────┘
    ");
    bench.type_in("jjk");
    bench.code(KeyCode::Down);
    assert!(bench.screen(40, 10).contains(" lines 3 to 9 of 36"), "{}", bench.screen(40, 10));
    for _ in 0..5 {
        bench.code(KeyCode::PageDown);
    }
    let screen = bench.screen(40, 10);
    assert!(screen.contains("close this") && screen.contains("lines 30 to 36 of 36"), "{screen}");
    bench.type_in("k");
    assert!(bench.screen(40, 10).contains(" lines 29 to 35 of 36"));
    bench.type_in("??");
    assert!(bench.screen(40, 10).contains(" lines 1 to 7 of 36"), "it begins anew");
    assert!(!bench.screen(80, 24).contains("j k scroll"), "all of it fits");
}

#[test]
fn names_of_hidden_nodes_take_no_room() {
    let mut bench = Bench::of("mixed-cluster", setup());
    let before = heading(&mut bench, "");
    bench.node(
        r#"{"metadata": {"name": "a-cordoned-node-with-a-name-that-is-very-long"},
            "spec": {"unschedulable": true}, "status": {
            "allocatable": {"cpu": "8", "pods": "10"},
            "conditions": [{"type": "Ready", "status": "True"}]}}"#,
    );
    assert_eq!(heading(&mut bench, ""), before);
    assert_ne!(heading(&mut bench, "u"), before);
}

#[test]
fn wide_shows_free_and_why_at_eighty_columns() {
    let mut bench = Bench::of("mixed-cluster", setup());
    bench.type_in("uw");
    let screen = bench.screen(80, 24);
    let table = screen.lines().skip_while(|line| !line.starts_with("NODE"));
    assert_snapshot!(table.collect::<Vec<_>>().join("\n"), @"
    NODE        STATE    OTHERS FILLER ↓REMAIN   FREE MEM-REMAIN SLOTS WHY
    big-0       Ready     48.55       0 142.94 142.94     1.46Ti   142
    gpu-1       Tainted    0.25       0  63.25  63.25      502Gi     0 taint nvidia…
    fake-00000  Ready         4      16     28     12     92.6Gi    28
    fake-00004  Ready         4      16     28     12     92.6Gi    28
    gpu-0       Tainted   36.25       0  27.25  27.25      310Gi     0 taint nvidia…
    fake-00002  Ready      5.25      15  26.75  11.75     91.7Gi    26
    fake-00003  Ready      6.25      15  25.75  10.75     94.6Gi    25
    fake-00001  Ready      9.25      14  22.75   8.75     91.6Gi    22
    fake-00005  Ready         4      14     20      6     92.6Gi    20
    draining-0  Draining   0.25       0  15.64  15.64     59.7Gi     0 draining: ta…
    karpenter-0 Draining   0.25       0   7.66   7.66     28.7Gi     0 draining: ta…
    hidden: GPU-FILLER, FPGA-FILLER, LIMITS, GPU-OTHERS, FPGA-OTHERS, MEM-FILLER, M…
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w narrow  Tab view
    ");
}

/// Columns that only a wide terminal has are known to be zeros as soon as it is wide.
#[test]
fn a_wide_terminal_leaves_columns_of_zeros_out_before_the_bar() {
    let mut bench = Bench::of("mixed-cluster", setup());
    let screen = bench.screen(200, 50);
    let heading = screen.lines().find(|line| line.starts_with("NODE")).unwrap();
    assert!(heading.contains(" CPU ") && heading.contains("FPGA-OTHERS"), "{heading}");
    assert!(!heading.contains("GPU-FILLER"), "{heading}");
}

/// The chosen row must not show what is free as requested.
#[test]
fn the_chosen_row_keeps_the_colours_of_its_bar() {
    let mut bench = Bench::blog();
    bench.state.setup.theme = testing::theme();
    let terminal = bench.draw(80, 24);
    let buffer = terminal.backend().buffer();
    let row = |y: u16| (0..80).map(move |x| &buffer[(x, y)]);
    let is_bar = |cell: &&Cell| ["█", "▌", "▓", "·"].contains(&cell.symbol());
    let colors = |y| row(y).filter(is_bar).map(|cell| (cell.fg, cell.modifier)).collect::<Vec<_>>();
    let is_chosen = |y: &u16| row(*y).any(|cell| cell.modifier.contains(Modifier::REVERSED));
    let chosen = (0..24).rfind(is_chosen).unwrap();
    assert_eq!(colors(chosen), colors(chosen + 1), "fake-00000 and fake-00004 are alike");
    assert!(colors(chosen).len() > 8);
}

/// Only areas are coloured by what they stand for; text keeps the terminal's foreground unless
/// it warns.
#[test]
fn text_has_no_colour_of_a_part() {
    let mut bench = Bench::blog();
    bench.state.setup.theme = testing::theme();
    for key in "12345".chars() {
        bench.type_in(&key.to_string());
        let terminal = bench.draw(120, 40);
        let palette = testing::theme().palette.unwrap();
        for cell in &terminal.backend().buffer().content {
            let is_text = cell.symbol().chars().all(char::is_alphanumeric);
            let is_part = [palette.paid, palette.filler, palette.waiting].contains(&cell.fg);
            assert!(!(is_text && is_part), "{cell:?}");
            assert!(![Color::Blue, Color::DarkGray, Color::Yellow].contains(&cell.fg));
        }
    }
}

#[test]
fn the_screenshot_of_the_readme_is_what_is_drawn() {
    let mut bench = Bench::blog();
    bench.state.setup.theme = testing::theme();
    let terminal = bench.draw(100, 16);
    testing::pin_screenshot(
        "top.svg",
        terminal.backend().buffer(),
        "oppscale top on a busy cluster",
    );
}

/// Writes pictures of the screens, to be looked at: `target/pictures`.
#[test]
#[ignore = "writes pictures for people"]
fn pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    for scheme in testing::SCHEMES {
        for (width, height) in [(80, 24), (120, 40), (200, 50)] {
            for fixture in ["blog-cluster", "mixed-cluster"] {
                let mut bench = Bench::of(fixture, setup());
                bench.state.setup.theme = testing::theme();
                let terminal = bench.draw(width, height);
                let svg = testing::svg(terminal.backend().buffer(), &scheme, "oppscale top");
                let file = format!("top-{fixture}-{width}x{height}-{}.svg", scheme.name);
                std::fs::write(folder.join(file), svg).unwrap();
            }
        }
    }
}
